//! Values of users, charts and the charts inside of them become one tree.
//!
//! Mirrors `pkg/chart/common/util/coalesce.go` of Helm 4.1. Coalescing deletes what is null; merging keeps it, so that
//! a null of a parent still deletes the default of the chart inside.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind};
use crate::origin::{Origin, OriginId, Origins, Place, Step};
use crate::yaml::{Data, Key, Node, format_g};

use super::ChartTree;
use super::tables::{Slot, TableId, Tables, Value};

/// What became of a value that lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OverrideKind {
    /// Another value stands in its place.
    Replaced,
    /// Both are tables and became one.
    Merged,
    /// A null deleted it.
    Nulled,
    /// A table met something else: Helm warns, or ignores one of the two.
    TypeChanged,
}

/// A value that stands over others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// Keys from the root of the top chart's values.
    pub path: Vec<SmolStr>,
    /// The value that is in force.
    pub winner: Place,
    /// The values below it, the nearest first.
    pub losers: Vec<Place>,
    /// What became of the nearest of them.
    pub kind: OverrideKind,
}

/// What is told about values on the way.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// What takes something away that other values provide, by the path of the key.
    pub overrides: BTreeMap<Vec<SmolStr>, Override>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl Log {
    /// Reports a problem once.
    pub(super) fn report(&mut self, problem: Problem) {
        let known = |other: &Problem| other.message == problem.message && other.place == problem.place;
        if !self.problems.iter().any(known) {
            self.problems.push(problem);
        }
    }
}

/// One pass over values.
pub(super) struct Coalescer<'a> {
    /// The tables that the values are in.
    pub tables: &'a mut Tables,
    /// The steps that values go through.
    pub origins: &'a mut Origins,
    /// What is told.
    pub log: &'a mut Log,
    /// Whether overrides and warnings are told: passes that only decide which charts take part are silent.
    pub record: bool,
    /// Where in the top chart's values the pass is.
    pub path: Vec<SmolStr>,
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

impl Coalescer<'_> {
    /// Puts the defaults of `chart` and of the charts inside of it below `dest`. `merge` keeps nulls.
    pub(super) fn coalesce(&mut self, chart: &ChartTree, dest: TableId, prefix: &str, merge: bool) {
        self.values(chart, dest, prefix, merge);
        let prefix = join(prefix, &chart.name);
        for sub in &chart.dependencies {
            let name = &sub.name;
            let inner = match self.tables.get(dest, name) {
                Some(Value::Table(inner)) => *inner,
                other => {
                    if let Some(Value::Leaf(leaf)) = other {
                        let message = format!("type mismatch on {name}: {}", go_verb_t(leaf));
                        let problem = Problem::at(ProblemKind::Render, leaf.place(), message);
                        self.log.report(problem.help("values of a chart have to be a mapping"));
                    }
                    let place = sub.values_place();
                    let inner = self.tables.add(place);
                    let key = Key::new(name.clone(), place);
                    self.tables.set(dest, Slot { key, value: Value::Table(inner) });
                    inner
                }
            };
            self.path.push(name.clone());
            self.globals(inner, dest, &prefix);
            self.coalesce(sub, inner, &prefix, merge);
            self.path.pop();
        }
    }

    /// `coalesceValues`: the defaults of one chart.
    fn values(&mut self, chart: &ChartTree, dest: TableId, prefix: &str, merge: bool) {
        let Some(defaults) = chart.values else { return };
        let prefix = join(prefix, &chart.name);
        // The pass that counts is the last one: without charts inside, nobody needs the defaults after it.
        let is_last = self.record && self.path.is_empty() && chart.dependencies.is_empty();
        let defaults = if is_last { defaults } else { self.tables.copy(defaults) };
        for slot in self.tables.take(defaults) {
            let key = slot.key.text.clone();
            match (self.tables.get(dest, &key), &slot.value) {
                (None, _) => self.tables.set(dest, slot),
                (Some(over), _) if over.is_null() && !merge => {
                    self.overridden(dest, &slot, OverrideKind::Nulled);
                    self.tables.remove(dest, &key);
                }
                (Some(Value::Table(over)), Value::Table(under)) => {
                    let (over, under) = (*over, *under);
                    self.overridden(dest, &slot, OverrideKind::Merged);
                    // Nulls in the section of a chart inside are for that chart to see.
                    let merge = merge || chart.dependencies.iter().any(|sub| sub.name == key);
                    self.path.push(key.clone());
                    self.tables(over, under, &join(&prefix, &key), merge);
                    self.path.pop();
                }
                (Some(Value::Table(_)), under) => {
                    if !under.is_null() {
                        self.warn(dest, &slot, &format!("skipped value for {prefix}.{key}: Not a table."));
                        self.overridden(dest, &slot, OverrideKind::TypeChanged);
                    }
                }
                (Some(Value::Leaf(over)), under) => {
                    let kind = match under {
                        _ if over.is_null() => OverrideKind::Nulled,
                        Value::Table(_) => OverrideKind::TypeChanged,
                        Value::Leaf(_) => OverrideKind::Replaced,
                    };
                    if !under.is_null() {
                        self.overridden(dest, &slot, kind);
                    }
                }
            }
        }
    }

    /// `coalesceTablesFullKey`: puts `src` below `dst`. What is taken over from `src` is shared with it.
    pub(super) fn tables(&mut self, dst: TableId, src: TableId, prefix: &str, merge: bool) {
        if dst == src {
            return;
        }
        let nulls = self.tables.nulls(dst);
        for index in 0.. {
            let Some(slot) = self.tables.slot(src, index).cloned() else { break };
            let key = slot.key.text.clone();
            match (self.tables.get(dst, &key), &slot.value) {
                (None, _) => self.tables.set(dst, slot),
                (Some(over), under) if over.is_null() => {
                    if !merge && !under.is_null() {
                        self.overridden(dst, &slot, OverrideKind::Nulled);
                        self.tables.remove(dst, &key);
                    }
                }
                (Some(Value::Table(over)), Value::Table(under)) => {
                    let (over, under) = (*over, *under);
                    self.overridden(dst, &slot, OverrideKind::Merged);
                    self.path.push(key.clone());
                    self.tables(over, under, &join(prefix, &key), merge);
                    self.path.pop();
                }
                (Some(Value::Leaf(_)), Value::Table(_)) => {
                    let words = format!("cannot overwrite table with non table for {}", join(prefix, &key));
                    self.warn(dst, &slot, &words);
                    self.overridden(dst, &slot, OverrideKind::TypeChanged);
                }
                (Some(Value::Table(_)), under) => {
                    if !under.is_null() {
                        let key = join(prefix, &key);
                        let words = format!("destination for {key} is a table. Ignoring non-table value");
                        self.warn(dst, &slot, &words);
                        self.overridden(dst, &slot, OverrideKind::TypeChanged);
                    }
                }
                (Some(Value::Leaf(_)), under) => {
                    if !under.is_null() {
                        self.overridden(dst, &slot, OverrideKind::Replaced);
                    }
                }
            }
        }
        // Helm writes the nulls of `dst` into `src`, which shows where `src` is in use elsewhere: imported values.
        for null in nulls {
            self.tables.set(src, null);
        }
    }

    /// `coalesceGlobals`: puts the globals of `src`, a chart's values, over those of `dest`, the values of a chart
    /// inside of it.
    fn globals(&mut self, dest: TableId, src: TableId, prefix: &str) {
        const GLOBAL: &str = "global";
        let source = match self.tables.get(src, GLOBAL) {
            Some(Value::Table(id)) => Some(*id),
            Some(Value::Leaf(leaf)) => {
                let message = "warning: skipping globals because source global is not a table.";
                let problem = Problem::at(ProblemKind::Warning, leaf.place(), message);
                self.tell(problem);
                return;
            }
            None => None,
        };
        let inner = match self.tables.get(dest, GLOBAL) {
            Some(Value::Table(id)) => *id,
            Some(Value::Leaf(leaf)) => {
                let message = "warning: skipping globals because destination global is not a table.";
                let problem = Problem::at(ProblemKind::Warning, leaf.place(), message);
                self.tell(problem);
                return;
            }
            None => {
                let place = source.and_then(|id| self.tables.place(&Value::Table(id)));
                let Some(place) = place.or_else(|| self.tables.place(&Value::Table(dest))) else { return };
                let inner = self.tables.add(place);
                let key = Key::new(SmolStr::new_static(GLOBAL), place);
                self.tables.set(dest, Slot { key, value: Value::Table(inner) });
                inner
            }
        };
        let Some(source) = source else { return };
        self.path.push(SmolStr::new_static(GLOBAL));
        for index in 0.. {
            let Some(slot) = self.tables.slot(source, index).cloned() else { break };
            let key = slot.key.text.clone();
            match (&slot.value, self.tables.get(inner, &key)) {
                (Value::Table(id), under) => {
                    let under = under.cloned();
                    match under {
                        Some(Value::Leaf(leaf)) => {
                            let message =
                                format!("Conflict: cannot merge map onto non-map for \"{key}\". Skipping.");
                            self.tell(Problem::at(ProblemKind::Warning, leaf.place(), message));
                        }
                        under => {
                            let copy = self.tables.shallow_copy(*id);
                            if let Some(Value::Table(under)) = under {
                                self.path.push(key.clone());
                                self.tables(copy, under, &join(prefix, &key), true);
                                self.path.pop();
                            }
                            self.tables.set(inner, Slot { key: slot.key.clone(), value: Value::Table(copy) });
                        }
                    }
                }
                (Value::Leaf(leaf), Some(Value::Table(_))) => {
                    let message = format!("key {key} is table. Skipping");
                    let problem = Problem::at(ProblemKind::Warning, leaf.place(), message);
                    self.tell(problem);
                }
                (Value::Leaf(_), under) => {
                    let under = under.cloned();
                    self.tables.set(inner, slot.clone());
                    if let Some(value) = under {
                        self.overridden(inner, &Slot { key: slot.key, value }, OverrideKind::Replaced);
                    }
                }
            }
        }
        self.path.pop();
    }

    fn tell(&mut self, problem: Problem) {
        if self.record {
            self.log.report(problem);
        }
    }

    fn warn(&mut self, dest: TableId, loser: &Slot, words: &str) {
        let winner = self.tables.get(dest, &loser.key.text).and_then(|value| self.tables.place(value));
        if let (Some(winner), Some(under)) = (winner, self.tables.place(&loser.value)) {
            let problem = Problem::at(ProblemKind::Warning, winner, format!("warning: {words}"));
            self.tell(problem.related(under, "the other value"));
        }
    }

    /// Notes that the value of a key in `dest` stands over the one in `loser`.
    fn overridden(&mut self, dest: TableId, loser: &Slot, kind: OverrideKind) {
        if !self.record {
            return;
        }
        let key = &loser.key.text;
        let Some(value) = self.tables.get(dest, key) else { return };
        let (Some(winner), Some(under)) = (self.tables.place(value), self.tables.place(&loser.value)) else {
            return;
        };
        let mut path = self.path.clone();
        path.push(key.clone());
        if self.log.add(path, winner, under, kind)
            && let Some(Value::Leaf(node)) = self.tables.get_mut(dest, key)
        {
            node.origin = stand_over(node.place(), under, self.origins);
        }
    }
}

impl Log {
    /// Notes an override; whether it was news.
    pub(super) fn add(
        &mut self,
        path: Vec<SmolStr>,
        winner: Place,
        loser: Place,
        kind: OverrideKind,
    ) -> bool {
        if winner.at == loser.at {
            return false;
        }
        let entry = self.overrides.entry(path.clone());
        let known = entry.or_insert_with(|| Override { path, winner, losers: Vec::new(), kind });
        if known.winner.at == winner.at {
            if known.losers.iter().any(|old| old.at == loser.at) {
                return false;
            }
            known.losers.push(loser);
            return true;
        }
        // A later pass brought a stronger value: the one in force so far is the nearest loser.
        let before = known.winner;
        known.losers.retain(|old| old.at != before.at && old.at != loser.at && old.at != winner.at);
        known.losers.insert(0, before);
        if before.at != loser.at {
            known.losers.insert(0, loser);
        }
        (known.winner, known.kind) = (winner, kind);
        true
    }
}

/// Values below values below a value that are remembered; nobody has more layers.
const MAX_LAYERS: usize = 64;

/// The origin of a value that stands over another, and over all that it stood over before.
pub(super) fn stand_over(winner: Place, loser: Place, origins: &mut Origins) -> OriginId {
    let origin = origins.get(winner.origin).copied().unwrap_or_else(|| Origin::new(winner.at, Step::Written));
    let mut before = Vec::new();
    let mut next = origin.under;
    while let Some(layer) = origins.get(next).filter(|_| before.len() < MAX_LAYERS).copied() {
        next = layer.under;
        before.push(layer);
    }
    let mut under = origins.entry(loser);
    for layer in before.into_iter().rev() {
        under = origins.add(Origin { under, and: OriginId::WRITTEN, ..layer });
    }
    origins.add(Origin { under, and: OriginId::WRITTEN, ..origin })
}

/// A value as Go prints it with `%t`, which is meant for booleans.
fn go_verb_t(node: &Node) -> String {
    let inner = |node: &Node| if node.is_null() { "<nil>".to_owned() } else { go_verb_t(node) };
    match &node.data {
        Data::Seq(items) => {
            format!("[{}]", items.iter().map(inner).collect::<Vec<_>>().join(" "))
        }
        Data::Map(map) => {
            let mut entries: Vec<String> = map
                .iter()
                .map(|entry| format!("%!t(string={}):{}", entry.key.text, inner(&entry.value)))
                .collect();
            entries.sort();
            format!("map[{}]", entries.join(" "))
        }
        Data::Scalar(text) => match (node.as_str(), node.as_bool(), node.as_f64()) {
            (Some(text), ..) => format!("%!t(string={text})"),
            (_, Some(value), _) => value.to_string(),
            (_, _, Some(_)) if super::int64::is_int64(node) => format!("%!t(int64={text})"),
            (_, _, Some(value)) => format!("%!t(float64={})", format_g(value)),
            _ => "%!t(<nil>)".to_owned(),
        },
    }
}
