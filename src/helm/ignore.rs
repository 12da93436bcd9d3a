//! `.helmignore`: which files of a directory belong to a chart.
//!
//! Mirrors `pkg/ignore/rules.go` of Helm. The rules look like those of `.gitignore` and are not: a negated rule
//! ignores everything that it does *not* match, and there is no `**`.

use crate::golang::path_match::PathPattern;

/// One line of the file.
#[derive(Debug, Clone)]
struct Rule {
    pattern: PathPattern,
    /// Begins with `!`.
    negate: bool,
    /// Ends with `/`.
    must_dir: bool,
    /// Without a slash in it: the pattern is for the last component alone.
    base_only: bool,
}

/// The rules of a `.helmignore`, Helm's own included.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    rules: Vec<Rule>,
}

impl Rules {
    /// Reads the text of a `.helmignore`. The answer has the rules up to the first line that Helm refuses; Helm's
    /// words come with the index (from 0) of that line.
    pub(super) fn parse(text: &str) -> (Self, Option<(usize, &'static str)>) {
        let mut rules = Self::default();
        let mut refused = None;
        for (index, line) in text.lines().enumerate() {
            if let Err(words) = rules.add(line) {
                refused = Some((index, words));
                break;
            }
        }
        (rules.with_defaults(), refused)
    }

    /// With the rule that every chart has: dot files directly below `templates/` are no templates.
    pub(super) fn with_defaults(mut self) -> Self {
        // The pattern is well formed.
        let _ = self.add("templates/.?*");
        self
    }

    fn add(&mut self, line: &str) -> Result<(), &'static str> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if line.contains("**") {
            return Err("double-star (**) syntax is not supported");
        }
        let malformed = "syntax error in pattern";
        PathPattern::new(line).map_err(|_| malformed)?;
        let negate = line.starts_with('!');
        let rest = line.strip_prefix('!').unwrap_or(line);
        let must_dir = rest.ends_with('/');
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let base_only = !rest.contains('/');
        // What Helm cuts off cannot make a pattern malformed that was not.
        let pattern = PathPattern::new(rest.strip_prefix('/').unwrap_or(rest)).map_err(|_| malformed)?;
        self.rules.push(Rule { pattern, negate, must_dir, base_only });
        Ok(())
    }

    /// Whether `path`, relative to the chart, does not belong to it.
    pub(super) fn ignores(&self, path: &str, is_dir: bool) -> bool {
        for rule in &self.rules {
            let name =
                if rule.base_only { path.rsplit_once('/').map_or(path, |(_, name)| name) } else { path };
            if rule.negate {
                if rule.must_dir && !is_dir || !rule.pattern.matches(name) {
                    return true;
                }
            } else if (is_dir || !rule.must_dir) && rule.pattern.matches(name) {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Helm 4.1.4 packs of a chart with such a `.helmignore`.
    #[test]
    fn ignores_like_helm() {
        for (text, path, is_dir, want) in [
            ("*.txt", "a/b.txt", false, true),
            ("a/*.txt", "b/a/c.txt", false, false),
            ("/a.txt", "a.txt", false, true),
            ("/a.txt", "b/a.txt", false, false),
            ("docs/", "docs", true, true),
            ("docs/", "docs", false, false),
            ("docs/", "x/docs", true, true),
            ("# x\n\n  b  ", "b", false, true),
            ("!keep.txt", "Chart.yaml", false, true),
            ("!keep.txt", "keep.txt", false, false),
            ("", "templates/.hidden", false, true),
            ("", "templates/a/.hidden", false, false),
            ("[a-c].yaml", "b.yaml", false, true),
        ] {
            let (rules, refused) = Rules::parse(text);
            assert_eq!(refused, None);
            assert_eq!(rules.ignores(path, is_dir), want, "{text:?} {path}");
        }
        for (text, want) in [
            ("a\n**/b", (1, "double-star (**) syntax is not supported")),
            ("[", (0, "syntax error in pattern")),
        ] {
            assert_eq!(Rules::parse(text).1, Some(want));
        }
    }
}
