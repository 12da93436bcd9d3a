//! `.gitops-lint.lock`: what remote names meant when they were fetched, so that a lint of one commit is the same
//! everywhere.
//!
//! Ranges, branches and moving tags resolve here and nowhere else. The file is written by `gitops-lint fetch` and read by
//! everything that renders.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::cache::{Content, Kind, Known, Want};
use crate::finding::{Problem, ProblemKind};
use crate::origin::Place;
use crate::source::{SourceFile, Span};
use crate::yaml::{Cache, Node};

/// The name of the file, beside the configuration.
pub const FILE_NAME: &str = ".gitops-lint.lock";

/// The format that is written and read.
const VERSION: &str = "1";

/// What the first lines of the file say.
const HEAD: &str = "# Written by `gitops-lint fetch`: what charts, repositories and files from elsewhere are. Commit it, so that every\n\
                    # machine lints the same; `gitops-lint fetch --update` looks for newer ones.\n";

/// The content of a lock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    entries: BTreeMap<Want, Known>,
}

impl Lock {
    /// What something is.
    pub fn get(&self, want: &Want) -> Option<&Known> {
        self.entries.get(want)
    }

    /// Writes down what something is.
    pub fn set(&mut self, want: Want, known: Known) {
        self.entries.insert(want, known);
    }

    /// Keeps the entries that `keep` wants.
    pub fn retain(&mut self, keep: impl Fn(&Want) -> bool) {
        self.entries.retain(|want, _| keep(want));
    }

    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Want, &Known)> {
        self.entries.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The text of the file: the same entries give the same bytes.
    pub fn to_text(&self) -> String {
        let mut out = format!("{HEAD}version: {VERSION}\nfetched:\n");
        for (want, known) in &self.entries {
            let lines = [
                ("url", want.url.as_str()),
                ("name", &want.name),
                ("wanted", &want.version),
                ("version", &known.version),
            ];
            let _ = writeln!(out, "- kind: {}", want.kind.as_str());
            for (key, value) in lines.into_iter().filter(|(_, value)| !value.is_empty()) {
                let _ = writeln!(out, "  {key}: {}", quoted(value));
            }
            let _ = writeln!(out, "  digest: {}", known.content);
        }
        out
    }

    /// Reads the file; what is wrong with it has a place.
    pub fn read(file: &Arc<SourceFile>, cache: &Cache) -> Result<Self, Problem> {
        let stream = cache.stream(file);
        let wrong = |at: Span, words: &str| {
            Problem::at(ProblemKind::Syntax, Place::written(at), words)
                .help(format!("resolve it by hand, or delete `{FILE_NAME}` and run `gitops-lint fetch`"))
        };
        if let Some(problem) = stream.problems.first() {
            return Err(wrong(problem.at, &problem.message));
        }
        let root = stream.documents.first().and_then(|document| document.root.as_ref());
        let Some(root) = root else { return Err(wrong(Span::start_of(file.id()), "the lock is empty")) };
        match root.get("version") {
            Some(version) if version.scalar().is_some_and(|it| it == VERSION) => {}
            Some(version) => {
                let words =
                    format!("the lock has another format than {VERSION}: it was written by another release");
                return Err(wrong(version.at, &words));
            }
            None => return Err(wrong(root.at, "the lock does not say its `version`")),
        }
        let mut lock = Self::default();
        for entry in root.items(&["fetched"]) {
            let text = |key: &str| entry.get(key).and_then(Node::scalar).map(ToString::to_string);
            let kind = text("kind").and_then(|kind| Kind::from_name(&kind));
            let Some(kind) = kind else { return Err(wrong(entry.at, "the entry has no known `kind`")) };
            let Some(url) = text("url") else { return Err(wrong(entry.at, "the entry has no `url`")) };
            let content: Content = match text("digest").unwrap_or_default().parse() {
                Ok(content) => content,
                Err(words) => return Err(wrong(entry.get("digest").map_or(entry.at, |it| it.at), &words)),
            };
            let want = Want {
                kind,
                url,
                name: text("name").unwrap_or_default(),
                version: text("wanted").unwrap_or_default(),
            };
            lock.set(want, Known { version: text("version").unwrap_or_default(), content });
        }
        Ok(lock)
    }
}

/// Text as a YAML scalar on one line.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/:@+-".contains(c);
    let first = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if first && text.chars().all(plain) && !text.ends_with(':') {
        return text.to_owned();
    }
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn read(text: &str) -> Result<Lock, String> {
        let sources = Sources::new();
        let file = sources.add(FILE_NAME, text.as_bytes().to_vec());
        Lock::read(&file, &Cache::new(sources)).map_err(|problem| problem.message)
    }

    #[test]
    fn reads_what_it_writes() {
        let mut lock = Lock::default();
        let content = Content::of(b"x");
        for (want, version) in [
            (Want::chart("https://h.example/charts", "a", ">=1.2 <2 || \"x\""), "1.9.0"),
            (Want::chart("oci://h.example/charts", "a", "1.0"), "1.0"),
            (Want::git("git@h.example:o/r.git", "main"), "0123456789abcdef0123456789abcdef01234567"),
            (Want::git("https://h.example/r", "# no: comment"), ""),
            (Want::file("https://h.example/a.yaml?x=1&y=%20"), ""),
        ] {
            lock.set(want, Known { version: version.to_owned(), content: content.clone() });
        }
        let text = lock.to_text();
        assert_eq!(read(&text), Ok(lock), "{text}");
        assert!(text.contains("\n- kind: chart\n  url: https://h.example/charts\n  name: a\n"), "{text}");
    }

    #[test]
    fn says_what_is_wrong() {
        let entry =
            |digest: &str| format!("version: 1\nfetched:\n- {{kind: chart, url: u, digest: '{digest}'}}\n");
        for (text, want) in [
            ("", "the lock is empty"),
            ("version: 2\n", "another format"),
            ("fetched: []\n", "does not say its `version`"),
            ("version: 1\nfetched:\n- {url: x}\n", "no known `kind`"),
            ("version: 1\nfetched:\n- {kind: git}\n", "no `url`"),
            (&entry("sha256:../../x"), "is no digest"),
            ("version: 1\nfetched:\n<<<<<<< HEAD\n- {}\n=======\n", ""),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(want), "{text}: {error}");
        }
    }
}
