//! The values that a user gives: files in order, then parameters.
//!
//! Mirrors `pkg/cli/values/options.go`. Helm takes parameters by their flag, whatever their order on the command line:
//! `--set-json`, `--set`, `--set-string`, `--set-file`, `--set-literal`. Callers call in that order.

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind};
use crate::origin::{Origins, Place, Step};
use crate::yaml::{Data, Map, Node};

use super::coalesce::{Log, OverrideKind, stand_over};
use super::strvals::{self, SetKind, Setting};
use super::tables::stamp;

/// Values that go over those before them.
#[derive(Debug, Clone)]
pub struct ValuesLayer {
    /// A canonical mapping, as [`load_values`](super::load_values) gives it; anything else counts as empty.
    pub node: Node,
    /// What brought them: [`Step::ValuesFile`] or [`Step::InlineValues`].
    pub by: Step,
}

/// The user's values while they are put together.
#[derive(Debug)]
pub struct UserValues {
    values: Node,
    log: Log,
}

impl UserValues {
    /// No values. `place` stands for them as a whole: the application.
    pub fn new(place: Place) -> Self {
        Self { values: Node::map(Map::new(), place), log: Log::default() }
    }

    /// Puts a layer over what is there (`MergeMaps`): tables are merged, everything else is replaced, null included.
    pub fn add(&mut self, layer: ValuesLayer, origins: &mut Origins) {
        let ValuesLayer { mut node, by } = layer;
        if node.as_map().is_none() {
            return;
        }
        stamp(&mut node, by, origins);
        merge(&mut self.values, node, &mut self.log, &mut Vec::new(), origins);
    }

    /// Sets what a parameter says, `text` being what stands behind the flag. `read` answers the content of a file for
    /// [`SetKind::File`]. A parameter that Helm refuses is a problem at `place`; what it set before its end stays.
    pub fn set(
        &mut self,
        kind: SetKind,
        text: &str,
        place: Place,
        origins: &mut Origins,
        read: &mut dyn FnMut(&str) -> Result<SmolStr, String>,
    ) {
        let words = if kind == SetKind::Json && text.trim().starts_with('{') {
            match serde_json::from_str(text.trim()) {
                Ok(value) => {
                    let layer = ValuesLayer { node: Node::from_value(&value, place), by: Step::Parameter };
                    self.add(layer, origins);
                    return;
                }
                Err(_) => format!("failed parsing --set-json data JSON: {text}"),
            }
        } else {
            let Data::Map(map) = &mut self.values.data else { return };
            let into = Setting { kind, place, log: &mut self.log, origins, read };
            match strvals::parse(text, map, into) {
                Ok(()) => return,
                Err(_) if kind == SetKind::Json => format!("failed parsing --set-json data {text}"),
                Err(words) => format!("failed parsing {} data: {words}", kind.flag()),
            }
        };
        self.log.report(Problem::at(ProblemKind::Render, place, words));
    }

    /// What there is so far.
    pub fn values(&self) -> &Node {
        &self.values
    }

    /// What was refused so far; rendering a chart tells it as well.
    pub fn problems(&self) -> &[Problem] {
        &self.log.problems
    }

    pub(super) fn into_parts(self) -> (Node, Log) {
        (self.values, self.log)
    }
}

fn merge(base: &mut Node, over: Node, log: &mut Log, path: &mut Vec<SmolStr>, origins: &mut Origins) {
    let Data::Map(over) = over.data else { return };
    let Some(map) = base.as_map_mut() else { return };
    for mut entry in over.into_entries() {
        path.push(entry.key.text.clone());
        match map.get_mut(&entry.key.text) {
            Some(old) if old.as_map().is_some() && entry.value.as_map().is_some() => {
                let loser = old.place();
                log.add(path.clone(), entry.value.place(), loser, OverrideKind::Merged);
                // The later file is where the table is looked for first.
                (old.at, old.origin) = (entry.value.at, entry.value.origin);
                merge(old, entry.value, log, path, origins);
            }
            Some(old) => {
                let kind = match (&old.data, &entry.value.data) {
                    _ if entry.value.is_null() => OverrideKind::Nulled,
                    (Data::Map(_), _) | (_, Data::Map(_)) if !old.is_null() => OverrideKind::TypeChanged,
                    _ => OverrideKind::Replaced,
                };
                log.add(path.clone(), entry.value.place(), old.place(), kind);
                entry.value.origin = stand_over(entry.value.place(), old.place(), origins);
                map.insert(entry.key, entry.value);
            }
            None => map.push(entry),
        }
        path.pop();
    }
}
