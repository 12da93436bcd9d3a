//! Where a text that cannot be read went wrong, as against where reading it stopped: libyaml notices a missing quotation mark at the
//! next one, lines further down.

use std::ops::Range;

use super::scanner::{LongScalar, Trouble};

/// What somebody probably forgot.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// The bytes to mend.
    pub(super) at: Range<usize>,
    /// What is said of the place where reading stopped.
    pub(super) stopped: &'static str,
}

const QUOTE: &str = "reading stops here: the quotation mark above has no end on its line";
const COLON: &str = "reading stops here: what begins above is no key without a colon";

/// The line above that the trouble comes from, where the text shows it. `long` are the scalars of more than one line, in order.
pub(super) fn find(text: &str, trouble: &Trouble, long: &[LongScalar]) -> Option<Mistake> {
    let at = trouble.at as usize;
    let quote = |start: usize| Mistake { at: start..start + 1, stopped: QUOTE };
    let colon = |start: usize| {
        let line = line(text, start);
        let line = line.split(" #").next().unwrap_or(line);
        Mistake { at: start..start + line.trim_end().len(), stopped: COLON }
    };
    if let Some(("while scanning a quoted scalar", start)) = trouble.context {
        return (trouble.problem.starts_with("found unexpected")
            && text.get(start as usize..at)?.contains('\n'))
        .then(|| quote(start as usize));
    }
    if trouble.problem == "could not find expected ':'" {
        let start = trouble.context?.1 as usize;
        let line = line(text, start);
        let far = text.get(start + line.len()..at).is_some_and(|between| !between.is_empty());
        // Words of a text that was meant to stand further in are no key, and neither are what templates leave.
        return (far && is_key_and_value(line)).then(|| colon(start));
    }
    let last = long.iter().rev().find(|it| it.end as usize <= at)?;
    let (start, between) = (last.start as usize, text.get(last.end as usize..at)?);
    if between.contains('\n') {
        return None;
    }
    if last.quoted {
        // A text of several lines may be meant: what follows looks like YAML where it is not.
        let next = text.get(start..)?.split_once('\n')?.1.lines().next()?;
        return looks_like_structure(next).then(|| quote(start));
    }
    let before = text.get(..start)?;
    let before = before.rsplit('\n').next().unwrap_or(before);
    let begins = before.chars().all(|c| matches!(c, ' ' | '-'));
    (begins && between.trim().is_empty() && is_key_and_value(line(text, start))).then(|| colon(start))
}

/// The rest of a line.
fn line(text: &str, start: usize) -> &str {
    text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default()
}

/// Whether a line is the key of a mapping, or an entry of a list.
fn looks_like_structure(line: &str) -> bool {
    let line = line.trim_start();
    let key = line.strip_prefix("- ").unwrap_or(line).split_once(':');
    line.starts_with("- ")
        || key.is_some_and(|(key, rest)| is_key(key) && (rest.is_empty() || rest.starts_with(' ')))
}

/// Whether a line would be an entry of a mapping with a colon: a word alone or before one value, maybe with the colon at its end.
fn is_key_and_value(line: &str) -> bool {
    let line = line.split(" #").next().unwrap_or(line).trim_end();
    let key = line.split([' ', ':']).next().unwrap_or_default();
    let value = line.get(key.len()..).unwrap_or_default().trim_start_matches(':').trim();
    let one = !value.contains(' ') || value.starts_with(['"', '\'', '[', '{']);
    is_key(key) && one && !value.contains("{{")
}

/// Whether a word can be a plain key.
fn is_key(word: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/');
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && word.chars().all(inner)
}

#[cfg(test)]
mod tests {
    use crate::yaml::{Dialect, YamlProblemKind};

    /// The text at which the first problem is told.
    fn told(text: &str) -> String {
        let file = crate::source::Sources::new().add("a.yaml", text.into());
        let stream = crate::yaml::parse_as(&file, Dialect::Sigs);
        let problem = stream.problems.iter().find(|it| it.kind == YamlProblemKind::Syntax).unwrap();
        text[problem.at.start as usize..problem.at.end as usize].to_owned()
    }

    #[test]
    fn points_at_what_was_forgotten() {
        for (text, want) in [
            ("m:\n  name: \"a\n  n: b\nd:\n  x: \"1\"\n", "\""),
            ("m:\n  name: 'a\n  n: b\nd:\n  x: 1\n", "'"),
            ("m:\n  name: a\n  n b # why\nd:\n  x: 1\n", "n b"),
            ("m:\n  name a\n  n: b\n", "name a"),
            ("m:\n- name a\n  n: b\n", "name a"),
            ("m:\n  name:a\n  n: b\n", "name:a"),
            ("m\n  name: a\n", "m"),
            // A text of several lines was meant; the mark inside of it is what is wrong.
            ("m: \"some text\n  with a \"word\" inside\"\n", "w"),
            // Neither line is a key.
            ("m:\n  some words are here\n  n: b\n", ":"),
            ("m: a: b\n", ":"),
        ] {
            assert_eq!(told(text), want, "{text}");
        }
    }
}
