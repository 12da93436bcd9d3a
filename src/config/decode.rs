//! Reading a mapping of known keys: unknown ones and wrong types become problems with a caret.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind, Severity};
use crate::near::did_you_mean;
use crate::origin::Placed;
use crate::source::Sources;
use crate::yaml::Node;

/// The words of `fail-on`.
pub(super) const FAIL_ON: [(&str, Option<Severity>); 4] = [
    ("error", Some(Severity::Error)),
    ("warning", Some(Severity::Warning)),
    ("note", Some(Severity::Note)),
    ("never", None),
];

/// Collects what is wrong with a configuration file.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    pub(super) problems: Vec<Problem>,
    /// Where numbers are read as they are written.
    pub(super) sources: Option<Arc<Sources>>,
}

impl Decoder {
    pub(super) fn wrong(&mut self, node: &Node, message: impl Into<String>) {
        self.problems.push(Problem::at(ProblemKind::Syntax, node.place(), message));
    }

    /// Calls `read` for every entry of a mapping; `read` answers whether it knew the key.
    pub(super) fn mapping(
        &mut self,
        node: &Node,
        what: &str,
        known: &[&str],
        mut read: impl FnMut(&mut Self, &str, &Node),
    ) {
        let Some(map) = node.as_map() else {
            if !node.is_null() {
                self.wrong(node, format!("{what} must be a mapping"));
            }
            return;
        };
        for entry in map {
            if known.contains(&entry.key.text.as_str()) {
                read(self, &entry.key.text, &entry.value);
            } else {
                let message = format!("{what} has no key `{}`", entry.key.text);
                let problem = Problem::at(ProblemKind::Syntax, entry.key.place(), message);
                self.problems.push(match did_you_mean(&entry.key.text, known.iter().copied()) {
                    Some(close) => problem.help(format!("did you mean `{close}`?")),
                    None => problem.help(format!("known keys: {}", known.join(", "))),
                });
            }
        }
    }

    pub(super) fn items<'a>(&mut self, node: &'a Node, what: &str) -> &'a [Node] {
        match node.as_seq() {
            Some(items) => items,
            None => {
                if !node.is_null() {
                    self.wrong(node, format!("{what} must be a list"));
                }
                &[]
            }
        }
    }

    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<Placed<SmolStr>> {
        // `kubernetes: 1.33` without quotes means what it says.
        match node.scalar() {
            Some(text) if !node.is_null() => Some(Placed::new(text.clone(), node.place())),
            _ => {
                self.wrong(node, format!("{what} must be a string"));
                None
            }
        }
    }

    /// A version: YAML reads `1.30` as the number 1.3, and what is written is meant.
    pub(super) fn version(&mut self, node: &Node, what: &str) -> Option<Placed<SmolStr>> {
        let text = self.text(node, what)?;
        let file = self.sources.as_ref().and_then(|sources| sources.get(node.at.file));
        let written = file.as_ref().map_or("", |file| file.slice(node.at));
        let is_number =
            written.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
        let value = if is_number { SmolStr::new(written) } else { text.value };
        Some(Placed::new(value, node.place()))
    }

    pub(super) fn texts(&mut self, node: &Node, what: &str) -> Vec<Placed<SmolStr>> {
        if node.scalar().is_some() && !node.is_null() {
            return self.text(node, what).into_iter().collect();
        }
        self.items(node, what).iter().filter_map(|item| self.text(item, what)).collect()
    }

    pub(super) fn flag(&mut self, node: &Node, what: &str) -> Option<bool> {
        let flag = node.as_bool();
        if flag.is_none() {
            self.wrong(node, format!("{what} must be true or false"));
        }
        flag
    }

    /// One of a fixed set of words.
    pub(super) fn choice<T: Copy>(&mut self, node: &Node, what: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(node, what)?;
        // YAML 1.1 reads `off` as false and `on` as true; here they are words.
        let word = match text.value.as_str() {
            "false" => "off",
            "true" => "on",
            word => word,
        };
        if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == word) {
            return Some(*choice);
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let problem = Problem::at(ProblemKind::Syntax, node.place(), format!("{what} cannot be `{word}`"));
        let help = did_you_mean(word, names.iter().copied()).map_or_else(
            || format!("one of {}", names.join(", ")),
            |close| format!("did you mean `{close}`?"),
        );
        self.problems.push(problem.help(help));
        None
    }
}
