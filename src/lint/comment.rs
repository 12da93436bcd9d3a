//! Suppressing comments: how they are found in a file, read, and which lines they speak of.
//!
//! ```text
//! # gitops-lint: ignore[rule, other-rule] why
//! # gitops-lint: ignore[rule] until 2027-01-31: release freeze
//! # gitops-lint: ignore-file[rule] why
//! {{- /* gitops-lint: ignore[rule] in a template */}}
//! ```

use std::ops::RangeInclusive;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::source::{SourceFile, Span, relaxed_len};
use crate::yaml::Cache;

/// What all directives begin with.
const MARK: &str = "gitops-lint:";

/// How many comments of one file are heeded: each is held against each finding of the file.
const MOST: usize = 5_000;

/// A comment that suppresses rules.
#[derive(Debug)]
pub(super) struct Suppression {
    /// The comment's own bytes, from the mark on.
    pub(super) at: Span,
    /// The rules, as written.
    pub(super) rules: Vec<(String, Span)>,
    /// The last day on which it counts, `YYYY-MM-DD`.
    pub(super) until: Option<String>,
    /// Why.
    pub(super) reason: String,
    /// The lines that it speaks of, from 0.
    pub(super) lines: RangeInclusive<usize>,
}

/// A directive that cannot be read.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) at: Span,
    pub(super) message: String,
    pub(super) help: String,
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Comments {
    pub(super) suppressions: Vec<Suppression>,
    pub(super) wrong: Vec<Wrong>,
    /// Whether there are more suppressions than are heeded.
    full: bool,
}

/// Reads the directives of a file. `yaml` tells whether it is a YAML file, where what looks like a comment may be
/// part of a string.
pub(super) fn read(file: &Arc<SourceFile>, yaml: bool, cache: &Cache) -> Comments {
    let mut comments = Comments::default();
    let text = file.text_or_empty();
    if !text.contains(MARK) {
        return comments;
    }
    let mut blocks = Blocks::default();
    if yaml {
        for comment in &cache.stream(file).comments {
            let body = file.slice(comment.at).trim_start_matches('#');
            let offset = comment.at.end - body.len() as u32;
            comments.directive(file, offset, body, comment.trailing, &mut blocks);
        }
        return comments;
    }
    for line in 0..file.line_starts().len() {
        let Some(span) = file.line_span(line) else { continue };
        let words = file.slice(span);
        // The mark tells comments from other text with a `#`, colours say.
        let Some((before, body)) = words.find(MARK).and_then(|at| words.split_at_checked(at)) else {
            continue;
        };
        let opening = before.trim_end();
        if !opening.ends_with('#') && !opening.ends_with("/*") {
            continue;
        }
        let offset = span.end - body.len() as u32;
        let lead = opening.trim_end_matches(['#', '*', '/', '-', '{', ' ', '\t']);
        comments.directive(file, offset, body, !lead.is_empty(), &mut blocks);
    }
    comments
}

impl Comments {
    /// Reads one comment, without its `#`. `offset` is where `body` begins in the file.
    fn directive(&mut self, file: &SourceFile, offset: u32, body: &str, trailing: bool, blocks: &mut Blocks) {
        let words = body.trim_start();
        let Some(words) = words.strip_prefix(MARK) else { return };
        let words = words.split("*/").next().unwrap_or_default();
        let start = offset + (body.len() - body.trim_start().len()) as u32;
        let end = start + (MARK.len() + words.trim_end().len()) as u32;
        let at = Span::new(file.id(), start, end);
        match directive(words, start + MARK.len() as u32, at) {
            Ok(_) if self.suppressions.len() >= relaxed_len(MOST) => {
                // Told once, at the first that is not heeded.
                if !std::mem::replace(&mut self.full, true) {
                    let most = relaxed_len(MOST);
                    let message = format!(
                        "this comment is not heeded, nor is any below it: the file has more than {most} that suppress findings"
                    );
                    let help =
                        "put `ignore-file[rule]` on top, or `ignore` for the path into the configuration";
                    self.wrong.push(Wrong { at, message, help: help.to_owned() });
                }
            }
            Ok((whole_file, rules, until, reason)) => {
                let line = file.line_index(start);
                let lines = match (whole_file, trailing) {
                    (true, _) => 0..=usize::MAX,
                    (false, true) => line..=line,
                    (false, false) => line..=blocks.below(file, line).unwrap_or(line),
                };
                self.suppressions.push(Suppression { at, rules, until, reason, lines });
            }
            Err(wrong) => self.wrong.push(wrong),
        }
    }
}

/// Whole file, rules, last day, reason.
type Directive = (bool, Vec<(String, Span)>, Option<String>, String);

fn directive(words: &str, offset: u32, at: Span) -> Result<Directive, Wrong> {
    const HELP: &str = "write `# gitops-lint: ignore[rule, ...] why`, with `until YYYY-MM-DD:` before the reason if \
                        it shall end";
    let fail = |at: Span, message: String| Wrong { at, message, help: HELP.to_owned() };
    let rest = words.trim_start();
    let verb_end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
    let (verb, rest) = rest.split_at(verb_end);
    let whole_file = match verb {
        "ignore" => false,
        "ignore-file" => true,
        _ => return Err(fail(at, format!("`{verb}` is no directive of gitops-lint"))),
    };
    let inner = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let Some((list, rest)) = inner else {
        return Err(fail(at, "the comment does not say which rules it suppresses".to_owned()));
    };
    let list_start = offset + (words.len() - rest.len() - 1 - list.len()) as u32;
    let mut rules = Vec::new();
    let mut from = 0;
    for part in list.split(',') {
        let name = part.trim();
        let start = list_start + (from + part.len() - part.trim_start().len()) as u32;
        from += part.len() + 1;
        if !name.is_empty() {
            rules.push((name.to_owned(), Span::new(at.file, start, start + name.len() as u32)));
        }
    }
    if rules.is_empty() {
        return Err(fail(at, "the comment does not say which rules it suppresses".to_owned()));
    }
    let mut rest = rest.trim();
    let mut until = None;
    if let Some(after) = rest.strip_prefix("until ") {
        let after = after.trim_start();
        let end = after.find([' ', ':', ',']).unwrap_or(after.len());
        let (day, reason) = after.split_at(end);
        if !is_date(day) {
            return Err(fail(at, format!("`{day}` is no date")));
        }
        until = Some(day.to_owned());
        rest = reason;
    }
    let reason = rest.trim_start_matches([':', ',', '-', ' ']).trim().to_owned();
    Ok((whole_file, rules, until, reason))
}

/// Whether a text is a day of the calendar, as `YYYY-MM-DD`.
pub fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
        return false;
    }
    let (year, month, day): (u32, u32, u32) =
        (year.parse().unwrap_or(0), month.parse().unwrap_or(0), day.parse().unwrap_or(0));
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// The blocks that comments on lines of their own speak of. Many comments may stand above one block, which is then measured once.
#[derive(Default)]
struct Blocks {
    /// Of the comment read last: its line, and the line that its block begins at.
    latest: Option<(usize, Option<usize>)>,
    /// By the line that a block begins at, the one that it ends at.
    ends: FxHashMap<usize, usize>,
}

impl Blocks {
    /// The last line that a comment speaks of: itself, the line below it, and the block which that opens.
    fn below(&mut self, file: &SourceFile, comment: usize) -> Option<usize> {
        let line = |index: usize| file.line_span(index).map(|span| file.slice(span));
        // Comments come in the order of their lines, and those that stand together have one block.
        let first = match self.latest {
            Some((above, first)) if above < comment && first.is_none_or(|first| comment < first) => first,
            _ => (comment + 1..)
                .map_while(|at| Some((at, line(at)?)))
                .find(|(_, text)| !passed(text))
                .map(|(at, _)| at),
        };
        self.latest = Some((comment, first));
        let first = first?;
        if let Some(last) = self.ends.get(&first) {
            return Some(*last);
        }
        let opening = line(first)?;
        let (base, item) = (indent(opening), opening.trim_start().starts_with('-'));
        let mut last = first;
        let mut at = first + 1;
        while let Some(text) = line(at) {
            let inside =
                indent(text) > base || (!item && indent(text) == base && text.trim().starts_with("- "));
            if !passed(text) {
                if !inside {
                    break;
                }
                last = at;
            }
            at += 1;
        }
        self.ends.insert(first, last);
        Some(last)
    }
}

fn indent(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

/// Whether a line says nothing: it is empty, or a comment.
fn passed(text: &str) -> bool {
    let words = text.trim();
    words.is_empty() || words.starts_with('#') || words.starts_with("{{/*") || words.starts_with("{{- /*")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn read_text(name: &str, text: &str) -> Comments {
        let sources = Sources::new();
        let file = sources.add(name, text.into());
        let cache = Cache::new(sources);
        read(&file, name.ends_with(".yaml"), &cache)
    }

    #[test]
    fn reads_directives() {
        for (text, rules, until, reason, lines) in [
            ("a: 1 # gitops-lint: ignore[x] why not", "x", None, "why not", 0..=0),
            ("# gitops-lint: ignore[x, y-z]\na: 1\nb: 2\n", "x y-z", None, "", 0..=1),
            (
                "#gitops-lint: ignore[x] until 2027-01-31: freeze\na: 1",
                "x",
                Some("2027-01-31"),
                "freeze",
                0..=1,
            ),
            ("a: 1\n# gitops-lint: ignore-file[x]\nb: 2\n", "x", None, "", 0..=usize::MAX),
            ("# gitops-lint: ignore[x]\na:\n  b:\n\n    c: 1\n- d\ne: 1\n", "x", None, "", 0..=5),
            (
                "l:\n  # gitops-lint: ignore[x]\n  # more\n  - a: 1\n    b: 2\n  - c: 3\n",
                "x",
                None,
                "",
                1..=4,
            ),
        ] {
            let comments = read_text("a.yaml", text);
            assert!(comments.wrong.is_empty(), "{text}: {:?}", comments.wrong);
            let [it] = comments.suppressions.as_slice() else { panic!("{text}: {comments:?}") };
            let names: Vec<&str> = it.rules.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!((names.join(" ").as_str(), it.until.as_deref()), (rules, until), "{text}");
            assert_eq!((it.reason.as_str(), it.lines.clone()), (reason, lines), "{text}");
        }
    }

    #[test]
    fn reads_templates_and_leaves_strings() {
        let template =
            "{{- /* gitops-lint: ignore[x] why */}}\nkind: A\nspec: '#fff' # gitops-lint: ignore[y]\n";
        let comments = read_text("a.tpl", template);
        let found: Vec<_> =
            comments.suppressions.iter().map(|it| (it.rules[0].0.as_str(), it.lines.clone())).collect();
        assert_eq!(found, [("x", 0..=1), ("y", 2..=2)]);
        assert_eq!(comments.suppressions[0].reason, "why");
        let text = "a: |\n  # gitops-lint: ignore[x]\nb: '# gitops-lint: ignore[x]'\n";
        assert!(read_text("a.yaml", text).suppressions.is_empty());
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, message) in [
            ("# gitops-lint: ignore all", "the comment does not say which rules it suppresses"),
            ("# gitops-lint: ignore[]", "the comment does not say which rules it suppresses"),
            ("# gitops-lint: disable[x]", "`disable` is no directive of gitops-lint"),
            ("# gitops-lint: ignore[x] until tomorrow", "`tomorrow` is no date"),
            ("# gitops-lint: ignore[x] until 2027-02-29", "`2027-02-29` is no date"),
        ] {
            let comments = read_text("a.yaml", text);
            let messages: Vec<&str> = comments.wrong.iter().map(|wrong| wrong.message.as_str()).collect();
            assert_eq!(messages, [message], "{text}");
        }
    }

    #[test]
    fn knows_where_a_rule_is_named() {
        let sources = Sources::new();
        let file = sources.add("a.yaml", "a: 1 # gitops-lint: ignore[one,  two] x\n".into());
        let comments = read(&file, true, &Cache::new(sources));
        let names: Vec<&str> = comments.suppressions[0].rules.iter().map(|(_, at)| file.slice(*at)).collect();
        assert_eq!(names, ["one", "two"]);
        assert_eq!(file.slice(comments.suppressions[0].at), "gitops-lint: ignore[one,  two] x");
    }

    #[test]
    fn what_is_too_much_is_told_once() {
        let text = "# gitops-lint: ignore[x]\na: 1\n".repeat(MOST + 2);
        let comments = read_text("a.txt", &text);
        assert_eq!(comments.suppressions.len(), MOST);
        let [wrong] = comments.wrong.as_slice() else { panic!("{:?}", comments.wrong) };
        assert!(wrong.message.contains("more than 5000"), "{}", wrong.message);
    }
}
