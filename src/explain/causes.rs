//! The whole chain behind a value, in order: who set it, who was overridden and how, through which functions, which
//! template, patch or parameter consumed it.
//!
//! [`repo::chain`](crate::repo::chain) picks the labels of a finding from the same steps; here nothing is left out.

use std::fmt::Write as _;

use rustc_hash::FxHashMap;

use crate::helm::{Override, OverrideKind};
use crate::origin::{Origin, OriginId, Origins, Place, Step};
use crate::repo::Rendered;
use crate::source::Span;
use crate::yaml::{Cache, Data, Node};

use super::addressed::addresses;

/// A chain that is longer is cut: nobody reads it, and hostile input can make it as long as it likes.
const MAX_CAUSES: usize = 256;

/// How deep steps may refer to steps. Real chains have a dozen.
const MAX_DEPTH: u32 = 200;

/// What a line had to do with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The value, or a part of it, is written there.
    Set,
    /// Another value stood there, and lost.
    Overridden(OverrideKind),
    /// A function made something else of it.
    Computed,
    /// It was taken from where it is set and put where it is found: a template action, a parameter, a replacement.
    Consumed,
    /// The template that consumes it was called there.
    Called,
    /// It directs a patch to the value: a merge key, the `path` of an operation.
    Matched,
    /// Without what is written there it would not be rendered at all, or otherwise: a condition looks at it.
    Decided,
}

/// One line that had a say in a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// In which way.
    pub role: Role,
    /// What happened there.
    pub by: Step,
    /// Where; `None` for what no file says, such as the name of a release.
    pub at: Option<Span>,
    /// The key of the values, when it is one.
    pub key: Option<String>,
    /// Whether the owner of the repository edits that line.
    pub editable: bool,
}

/// Tells chains of one render.
#[derive(Debug)]
pub struct Teller<'a> {
    origins: &'a Origins,
    cache: &'a Cache,
    /// Keys of values by where they are written.
    keys: FxHashMap<Span, String>,
    /// What became of the nearest value below, by where the winner is written.
    kinds: FxHashMap<Span, OverrideKind>,
}

impl<'a> Teller<'a> {
    /// A teller for the chains of a render. Its releases know keys of values and how they were overridden.
    pub fn new(rendered: &'a Rendered, cache: &'a Cache) -> Self {
        let Rendered { origins, releases, .. } = rendered;
        let mut teller = Self { origins, cache, keys: FxHashMap::default(), kinds: FxHashMap::default() };
        for release in releases {
            teller.name_keys(&release.values, &mut String::new());
            for Override { path, winner, losers, kind } in &release.overrides {
                let key = path.join(".");
                for place in losers.iter().chain([winner]) {
                    teller.keys.entry(place.at).or_insert_with(|| key.clone());
                }
                teller.kinds.entry(winner.at).or_insert(*kind);
            }
        }
        teller
    }

    fn name_keys(&mut self, node: &Node, path: &mut String) {
        let length = path.len();
        if length > 0 {
            self.keys.entry(node.at).or_insert_with(|| path.clone());
        }
        match &node.data {
            Data::Scalar(_) => {}
            Data::Seq(items) => {
                for (index, item) in items.iter().enumerate() {
                    let _ = write!(path, "[{index}]");
                    self.name_keys(item, path);
                    path.truncate(length);
                }
            }
            Data::Map(map) => {
                for entry in map {
                    if length > 0 {
                        path.push('.');
                    }
                    path.push_str(&entry.key.text);
                    self.name_keys(&entry.value, path);
                    path.truncate(length);
                }
            }
        }
    }

    /// The chain behind a place.
    pub fn causes(&self, place: Place) -> Vec<Cause> {
        let mut walk = Walk {
            teller: self,
            data: Vec::new(),
            computed: Vec::new(),
            consumed: Vec::new(),
            called: Vec::new(),
            decided: Vec::new(),
            seen: Vec::new(),
        };
        if place.origin.is_written() {
            walk.push_data(Role::Set, Step::Written, Some(place.at));
        } else {
            walk.data(place.origin, 0);
        }
        walk.refine(place.at);
        let mut causes = walk.data;
        let patched: Vec<(Step, Span)> = causes
            .iter()
            .filter(|cause| cause.by.is_patch())
            .filter_map(|cause| Some((cause.by, cause.at?)))
            .collect();
        for (by, at) in patched {
            causes.extend(addresses(self.cache, by, at).into_iter().map(|at| Cause {
                role: Role::Matched,
                by,
                at: Some(at),
                key: None,
                editable: true,
            }));
        }
        causes.append(&mut walk.computed);
        causes.append(&mut walk.consumed);
        causes.append(&mut walk.called);
        causes.append(&mut walk.decided);
        let mut known: Vec<Cause> = Vec::with_capacity(causes.len());
        for cause in causes {
            if known.len() < MAX_CAUSES && !known.iter().any(|other| is_told(other, &cause)) {
                known.push(cause);
            }
        }
        known
    }
}

/// Whether one cause leaves nothing to say about another.
fn is_told(known: &Cause, cause: &Cause) -> bool {
    if known.at.is_none() || cause.at.is_none() {
        return known.role == cause.role && known.by == cause.by && known.at == cause.at;
    }
    let same = known.at == cause.at;
    match (known.role, cause.role) {
        (a, b) if a == b => same,
        // A line that set the value is not told again as one that it stands over, or that leads to it.
        (Role::Set, Role::Overridden(_) | Role::Matched) => same,
        // A mapping that has to be there is told by what is in it.
        (Role::Set, Role::Decided) => match (known.at, cause.at) {
            (Some(a), Some(b)) => a.file == b.file && b.start <= a.start && a.end <= b.end,
            _ => false,
        },
        _ => false,
    }
}

struct Walk<'a> {
    teller: &'a Teller<'a>,
    data: Vec<Cause>,
    computed: Vec<Cause>,
    consumed: Vec<Cause>,
    called: Vec<Cause>,
    decided: Vec<Cause>,
    seen: Vec<OriginId>,
}

impl Walk<'_> {
    fn cause(&self, role: Role, by: Step, at: Option<Span>) -> Cause {
        let key = at.and_then(|at| self.teller.keys.get(&at).cloned());
        Cause { role, by, at, key, editable: true }
    }

    fn push_data(&mut self, role: Role, by: Step, at: Option<Span>) {
        let cause = self.cause(role, by, at);
        self.data.push(cause);
    }

    fn enter(&mut self, id: OriginId, depth: u32) -> Option<Origin> {
        if id.is_written() || depth > MAX_DEPTH || self.seen.len() > 4 * MAX_CAUSES || self.seen.contains(&id)
        {
            return None;
        }
        self.seen.push(id);
        self.teller.origins.get(id).copied()
    }

    fn all(&mut self, inputs: &[OriginId], depth: u32) {
        for input in inputs {
            self.data(*input, depth + 1);
        }
    }

    /// Follows a value to where it is set.
    fn data(&mut self, id: OriginId, depth: u32) {
        let Some(origin) = self.enter(id, depth) else { return };
        let inputs: Vec<OriginId> = self.teller.origins.inputs(id).collect();
        match origin.by {
            Step::Joined => self.all(&inputs, depth),
            Step::Computed(_) => {
                self.all(&inputs, depth);
                let cause = self.cause(Role::Computed, origin.by, origin.at);
                self.computed.push(cause);
            }
            Step::Templated => {
                self.all(&inputs, depth);
                if inputs.is_empty() {
                    // The action prints something that knows no place; the action is all there is to show.
                    self.push_data(Role::Set, Step::TemplateText, origin.at);
                } else {
                    let cause = self.cause(Role::Consumed, origin.by, origin.at);
                    self.consumed.push(cause);
                }
                self.frames(origin.under, depth + 1);
            }
            Step::TemplateText => {
                self.push_data(Role::Set, origin.by, origin.at);
                self.frames(origin.under, depth + 1);
            }
            Step::Included | Step::Decided => {
                self.seen.pop();
                self.frames(id, depth);
            }
            // What these put there is written elsewhere.
            by if by.moves() && !inputs.is_empty() => {
                self.all(&inputs, depth);
                let cause = self.cause(Role::Consumed, origin.by, origin.at);
                self.consumed.push(cause);
                self.overridden(origin.under, origin.at, depth + 1);
            }
            _ => {
                self.push_data(Role::Set, origin.by, origin.at);
                self.all(&inputs, depth);
                self.overridden(origin.under, origin.at, depth + 1);
            }
        }
    }

    /// Follows what a value at `winner` displaced.
    fn overridden(&mut self, id: OriginId, winner: Option<Span>, depth: u32) {
        let Some(origin) = self.enter(id, depth) else { return };
        let kind = winner
            .and_then(|winner| self.teller.kinds.get(&winner))
            .copied()
            .unwrap_or(OverrideKind::Replaced);
        let inputs: Vec<OriginId> = self.teller.origins.inputs(id).collect();
        let passes = origin.by.makes();
        if !passes || inputs.is_empty() {
            self.push_data(Role::Overridden(kind), origin.by, origin.at);
        }
        for input in inputs {
            self.overridden(input, winner, depth + 1);
        }
        if !passes {
            self.overridden(origin.under, None, depth + 1);
        }
    }

    /// Follows the templates that run each other, the innermost first.
    fn frames(&mut self, id: OriginId, depth: u32) {
        let mut id = id;
        for depth in depth..MAX_DEPTH {
            let Some(origin) = self.enter(id, depth) else { return };
            if origin.by == Step::Decided {
                self.decided(&origin, depth + 1);
            } else if origin.at.is_some() {
                let cause = self.cause(Role::Called, origin.by, origin.at);
                self.called.push(cause);
            }
            id = origin.under;
        }
    }

    /// Follows a condition to the values that it looks at.
    fn decided(&mut self, origin: &Origin, depth: u32) {
        let mut todo = vec![(origin.from, depth)];
        while let Some((id, depth)) = todo.pop() {
            // What has been told as part of the value need not be told again, so ids count once.
            let Some(step) = self.enter(id, depth) else { continue };
            let passes = step.by.makes();
            if !passes && step.by != Step::TemplateText && step.at.is_some() {
                let cause = self.cause(Role::Decided, step.by, step.at);
                self.decided.push(cause);
            }
            todo.push((step.and, depth + 1));
            todo.push((step.from, depth + 1));
        }
    }

    /// The place of the value itself is more exact than that of the step that brought it.
    fn refine(&mut self, at: Span) {
        let within = |cause: &&mut Cause| {
            cause.role == Role::Set
                && cause
                    .at
                    .is_some_and(|wide| wide.file == at.file && wide.start <= at.start && at.end <= wide.end)
        };
        if let Some(cause) = self.data.iter_mut().find(within) {
            cause.at = Some(at);
        }
    }
}
