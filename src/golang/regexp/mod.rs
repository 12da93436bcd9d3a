//! Go's `regexp` (RE2 syntax), on top of the `regex` crate: linear time, no look-around, no back references.
//!
//! The two differ in what an expression may look like, in `\d`, `\s`, `\w` and `\b`, which are ASCII in Go, and in how
//! a replacement names groups; texts found are the same.
//!
//! Not restated: Go accepts groups nested up to 1000 deep and expressions of any length; here fewer are enough. `\B`
//! takes letters beyond ASCII for letters.

mod chars;
mod class;
mod engine;
mod translate;

use std::fmt;

use super::unicode;
use engine::{Engine, Groups};

/// Why an expression cannot be used, in Go's words: ``error parsing regexp: missing closing ): `(a` ``.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegexpError {
    code: &'static str,
    expression: String,
}

impl RegexpError {
    fn new(code: &'static str, expression: &str) -> Self {
        Self { code, expression: expression.to_owned() }
    }
}

impl fmt::Display for RegexpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error parsing regexp: {}: `{}`", self.code, self.expression)
    }
}

impl std::error::Error for RegexpError {}

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Regexp {
    engine: Engine,
    /// Go's expression.
    expression: String,
    /// The names of the groups by number; empty for group 0 and for those without.
    names: Vec<String>,
}

impl Regexp {
    /// `regexp.Compile`.
    pub fn new(expression: &str) -> Result<Self, RegexpError> {
        let translated = translate::translate(expression)?;
        let engine = Engine::new(&translated.pattern)
            .ok_or_else(|| RegexpError::new("expression too large", expression))?;
        Ok(Self { engine, expression: expression.to_owned(), names: translated.names })
    }

    /// The expression as it was given.
    pub fn as_str(&self) -> &str {
        &self.expression
    }

    /// The names of the groups (`SubexpNames`): empty for group 0, the whole match, and for groups without a name.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// `MatchString`: whether there is a match anywhere.
    pub fn is_match(&self, text: &str) -> bool {
        self.engine.is_match(text)
    }

    /// `FindString`; where Go says `""`, `None` tells no match from an empty one.
    pub fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.engine.spans(text).next().and_then(|found| text.get(found))
    }

    /// `FindStringSubmatch`: the first match and its groups; a group that took no part is `None`.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Vec<Option<&'t str>>> {
        let groups = self.engine.groups(text).next()?;
        Some(groups.into_iter().map(|group| text.get(group?)).collect())
    }

    /// `FindAllString`: the matches, but no more than `limit` if that is not negative.
    pub fn find_all<'t>(&self, text: &'t str, limit: i64) -> Vec<&'t str> {
        self.engine.spans(text).take(count(limit)).filter_map(|found| text.get(found)).collect()
    }

    /// `ReplaceAllString`: `$1`, `${1}` and `${name}` in the replacement stand for groups, `$$` for a dollar sign.
    pub fn replace_all(&self, text: &str, replacement: &str) -> String {
        self.replace_all_func(text, |groups, out| self.expand(replacement, text, groups, out))
    }

    /// `ReplaceAllLiteralString`.
    pub fn replace_all_literal(&self, text: &str, replacement: &str) -> String {
        self.replace_all_func(text, |_, out| out.push_str(replacement))
    }

    fn replace_all_func(&self, text: &str, mut write: impl FnMut(&Groups, &mut String)) -> String {
        let mut out = String::with_capacity(text.len());
        let mut end = 0;
        for groups in self.engine.groups(text) {
            let Some(Some(found)) = groups.first() else { continue };
            out.push_str(text.get(end..found.start).unwrap_or_default());
            write(&groups, &mut out);
            end = found.end;
        }
        out.push_str(text.get(end..).unwrap_or_default());
        out
    }

    /// `Expand`: writes a replacement.
    fn expand(&self, template: &str, text: &str, groups: &Groups, out: &mut String) {
        let part = |number: usize| groups.get(number).cloned().flatten().and_then(|group| text.get(group));
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            rest = after;
            if let Some(after) = rest.strip_prefix('$') {
                out.push('$');
                rest = after;
                continue;
            }
            let Some((name, after)) = group_name(rest) else {
                out.push('$');
                continue;
            };
            rest = after;
            let group = match group_number(name) {
                Some(number) => part(number),
                // Of groups with the same name the first that took part.
                None => self
                    .names
                    .iter()
                    .enumerate()
                    .filter(|(_, own)| *own == name)
                    .find_map(|(number, _)| part(number)),
            };
            out.push_str(group.unwrap_or_default());
        }
        out.push_str(rest);
    }

    /// `Split`: at most `limit` parts if that is not negative.
    pub fn split<'t>(&self, text: &'t str, limit: i64) -> Vec<&'t str> {
        if limit == 0 {
            return Vec::new();
        }
        if !self.expression.is_empty() && text.is_empty() {
            return vec![""];
        }
        let mut parts = Vec::new();
        let (mut start, mut end) = (0, 0);
        for found in self.engine.spans(text).take(count(limit)) {
            if limit > 0 && parts.len() + 1 == count(limit) {
                break;
            }
            end = found.start;
            // An empty match at the very start parts nothing.
            if found.end != 0 {
                parts.push(text.get(start..end).unwrap_or_default());
            }
            start = found.end;
        }
        if end != text.len() {
            parts.push(text.get(start..).unwrap_or_default());
        }
        parts
    }
}

fn count(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// The name at the start of what follows a `$`, and what follows the name.
fn group_name(text: &str) -> Option<(&str, &str)> {
    let (braces, text) = match text.strip_prefix('{') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let in_name = |char: char| unicode::is_letter(char) || unicode::is_digit(char) || char == '_';
    let len = text.find(|char| !in_name(char)).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(len).filter(|(name, _)| !name.is_empty())?;
    Some((name, if braces { rest.strip_prefix('}')? } else { rest }))
}

/// The number a name stands for; others are names, `01` among them.
fn group_number(name: &str) -> Option<usize> {
    let number = name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    if number { name.parse().ok().filter(|number| *number < 1_000_000_000) } else { None }
}

/// `regexp.QuoteMeta`.
pub fn quote_meta(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if r"\.+*?()|[]{}^$".contains(char) {
            out.push('\\');
        }
        out.push(char);
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::translate::MAX_DEPTH;
    use super::*;
    use crate::golang::golden;

    /// What Go says: `fixtures/golang/regexp.jsonl`.
    #[test]
    fn agrees_with_go() {
        golden::check(include_str!("../../../fixtures/golang/regexp.jsonl"), |case| {
            let regexp = match Regexp::new(case.text(0)) {
                Ok(regexp) => regexp,
                Err(error) => return error.to_string().into(),
            };
            let answer = |text: &Value| {
                let text = text.as_str().unwrap();
                json!([
                    regexp.is_match(text),
                    regexp.captures(text),
                    regexp.find_all(text, -1),
                    regexp.find_all(text, 2),
                    regexp.replace_all(text, "<$0|$1x|${1}|${n}|$$|$02|$n>"),
                    regexp.replace_all_literal(text, "$0"),
                    regexp.split(text, -1),
                    regexp.split(text, 2),
                ])
            };
            case.0[1].as_array().unwrap().iter().map(answer).collect()
        });
    }

    #[test]
    fn replaces_like_go() {
        let regexp = Regexp::new("(a)(?P<n>b)?").unwrap();
        for (template, want) in [
            ("$", "$-$"),
            ("$$1", "$1-$1"),
            ("${1", "${1-${1"),
            ("${}", "${}-${}"),
            ("$1$2", "a-ab"),
            ("${1}x$n", "ax-axb"),
            ("$nx", "-"),
            ("$é$1", "a-a"),
            ("$3$99999999999999999999", "-"),
        ] {
            assert_eq!(regexp.replace_all("a-ab", template), want, "{template}");
        }
        assert_eq!(quote_meta("a.b[c]é-/"), r"a\.b\[c\]é-/");
        assert_eq!(regexp.names(), ["", "", "n"]);
    }

    #[test]
    fn large_expressions_are_refused() {
        for expression in
            [r"(\pL{100}){10}\pL{1000}\pL{1000}\pL{1000}", &"(".repeat(50_000), &"a|".repeat(50_000)]
        {
            let error = Regexp::new(expression).unwrap_err();
            assert!(matches!(error.code, "expression too large" | "expression nests too deeply"), "{error}");
        }
        let nested = format!("{}a{}", "(".repeat(MAX_DEPTH), ")".repeat(MAX_DEPTH));
        assert!(Regexp::new(&nested).unwrap().is_match("a"));
    }
}
