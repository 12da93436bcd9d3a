//! Origins and the arena that holds them.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::source::Span;

use super::Step;

/// Names an [`Origin`] in an [`Origins`] arena.
///
/// [`OriginId::WRITTEN`] is no entry of any arena. On a node it says "as written, at the node's own span": parsed
/// files need no arena and can be shared between renders. On text it says "from nowhere in particular".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OriginId {
    index: u32,
    /// The arena that gave it. Builds with debug assertions look whether it is asked of that arena or of a copy.
    #[cfg(debug_assertions)]
    arena: u32,
}

impl OriginId {
    /// No recorded step: the node stands as its file has it.
    pub const WRITTEN: Self = Self {
        index: 0,
        #[cfg(debug_assertions)]
        arena: 0,
    };

    /// The place in the order of an arena, from 1; 0 for [`OriginId::WRITTEN`].
    pub fn index(self) -> usize {
        self.index as usize
    }

    /// Whether this is [`OriginId::WRITTEN`].
    pub fn is_written(self) -> bool {
        self.index == 0
    }
}

/// Inputs of one step that are compared one by one.
const FEW: usize = 16;

/// One step in the making of a value. All links lead to older entries of the same arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Where the step is written. `None` where no file says it (a default of the tool).
    pub at: Option<Span>,
    /// What the step did.
    pub by: Step,
    /// The value that this step moved or computed from.
    pub from: OriginId,
    /// What this step displaced; for template steps, the call frame instead.
    pub under: OriginId,
    /// The next of several inputs, when this entry is itself an input of a [`Step::Joined`] or [`Step::Computed`].
    pub and: OriginId,
}

impl Origin {
    /// A step at `at` with no links.
    pub fn new(at: Span, by: Step) -> Self {
        Self { at: Some(at), by, from: OriginId::WRITTEN, under: OriginId::WRITTEN, and: OriginId::WRITTEN }
    }

    /// A step that no file writes.
    pub fn nowhere(by: Step) -> Self {
        Self { at: None, by, from: OriginId::WRITTEN, under: OriginId::WRITTEN, and: OriginId::WRITTEN }
    }

    /// With `from` set.
    #[must_use]
    pub fn from(self, from: OriginId) -> Self {
        Self { from, ..self }
    }

    /// With `under` set.
    #[must_use]
    pub fn under(self, under: OriginId) -> Self {
        Self { under, ..self }
    }
}

/// A place in a source file and the chain that leads from there to the rendered value: what every node has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The exact bytes.
    pub at: Span,
    /// The chain, in the arena of the render that made the node.
    pub origin: OriginId,
}

impl Place {
    /// A place in a file as written.
    pub fn written(at: Span) -> Self {
        Self { at, origin: OriginId::WRITTEN }
    }
}

/// A place with the arena that its chain is in. Apps keep the arena that their own object was made in; the inventory
/// keeps the one of all facts: a place alone does not tell which.
#[derive(Debug, Clone, Copy)]
pub struct Spot<'a> {
    /// The place.
    pub place: Place,
    /// The arena.
    pub origins: &'a Origins,
}

/// A decoded value and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where.
    pub place: Place,
}

impl<T> Placed<T> {
    /// A value at a place.
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }
}

/// Renames ids of an arena that was appended to another; see [`Origins::append`].
#[derive(Debug, Clone, Copy)]
pub struct Shift {
    by: u32,
    #[cfg(debug_assertions)]
    arena: u32,
}

impl Shift {
    /// The id in the arena that was appended to.
    pub fn apply(self, id: OriginId) -> OriginId {
        if id.is_written() {
            return id;
        }
        OriginId {
            index: id.index.saturating_add(self.by),
            #[cfg(debug_assertions)]
            arena: self.arena,
        }
    }
}

/// The arena of one render. Append-only; dropped with the render.
///
/// An id means something in the arena that gave it and in copies of that arena, nowhere else; with debug assertions, asking
/// another arena panics. Only [`append`](Self::append), [`compact`](Self::compact) and [`extract`](Self::extract) carry ids
/// over, and rename them.
#[derive(Debug, Default)]
pub struct Origins {
    list: Vec<Origin>,
    #[cfg(debug_assertions)]
    tags: Tags,
}

impl Clone for Origins {
    /// A copy in which the ids that there are mean the same. What is added to one of the two means nothing in the other.
    fn clone(&self) -> Self {
        Self {
            list: self.list.clone(),
            #[cfg(debug_assertions)]
            tags: Tags { own: 0, of: self.tags.of.clone() },
        }
    }
}

/// Which arena gave the id of each step. This checks, and decides nothing.
#[cfg(debug_assertions)]
#[derive(Debug, Default)]
struct Tags {
    /// The arena's own number; 0 until it gives an id.
    own: u32,
    of: Vec<u32>,
}

#[cfg(debug_assertions)]
impl Tags {
    fn own(&mut self) -> u32 {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
        if self.own == 0 {
            self.own = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        self.own
    }

    fn give(&mut self) -> u32 {
        let own = self.own();
        self.of.push(own);
        own
    }

    fn give_all(&mut self, steps: usize) {
        let own = self.own();
        self.of.extend(std::iter::repeat_n(own, steps));
    }

    fn check(&self, id: OriginId) {
        let known = (id.index as usize).checked_sub(1).and_then(|index| self.of.get(index));
        assert!(id.is_written() || known == Some(&id.arena), "a place of another arena: {id:?}");
    }
}

impl Origins {
    /// An empty arena.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty arena with room for so many steps. Growing moves what there is to other memory.
    pub fn with_capacity(steps: usize) -> Self {
        Self { list: Vec::with_capacity(steps), ..Self::default() }
    }

    /// Adds a step.
    pub fn add(&mut self, origin: Origin) -> OriginId {
        self.list.push(origin);
        // More than four billion steps would be 120 GiB; the limits of the engines stop long before.
        OriginId {
            index: u32::try_from(self.list.len()).unwrap_or(u32::MAX),
            #[cfg(debug_assertions)]
            arena: self.tags.give(),
        }
    }

    /// The step; `None` for [`OriginId::WRITTEN`].
    pub fn get(&self, id: OriginId) -> Option<&Origin> {
        #[cfg(debug_assertions)]
        self.tags.check(id);
        self.list.get((id.index as usize).checked_sub(1)?)
    }

    /// The entry for a place: its origin or, for a place as written, a fresh [`Step::Written`] entry.
    pub fn entry(&mut self, place: Place) -> OriginId {
        if place.origin.is_written() { self.add(Origin::new(place.at, Step::Written)) } else { place.origin }
    }

    /// Adds a step made from several inputs, which are copied so that they can be linked. Inputs that are
    /// [`OriginId::WRITTEN`] or repeat an earlier one are left out.
    pub fn add_joined(&mut self, origin: Origin, inputs: &[OriginId]) -> OriginId {
        let mut unique: Vec<OriginId> = Vec::new();
        // A large text may be made of thousands; few are compared faster than hashed.
        let mut seen = (inputs.len() > FEW).then(FxHashSet::default);
        for input in inputs.iter().filter(|input| !input.is_written()) {
            let new = match &mut seen {
                Some(seen) => seen.insert(*input),
                None => !unique.contains(input),
            };
            if new {
                unique.push(*input);
            }
        }
        let mut next = OriginId::WRITTEN;
        for input in unique.iter().rev() {
            next = match self.get(*input).copied() {
                // A single input needs no list, so it is linked as it is.
                Some(_) if unique.len() == 1 => *input,
                Some(copy) => self.add(Origin { and: next, ..copy }),
                None => next,
            };
        }
        self.add(Origin { from: next, ..origin })
    }

    /// The inputs of a step: `from` and what follows it through `and`.
    pub fn inputs(&self, id: OriginId) -> impl Iterator<Item = OriginId> + '_ {
        let first = self.get(id).map_or(OriginId::WRITTEN, |origin| origin.from);
        let mut next = first;
        std::iter::from_fn(move || {
            let current = next;
            next = self.get(current)?.and;
            Some(current)
        })
    }

    /// All steps, oldest first: a step links to older ones only.
    pub fn iter(&self) -> std::slice::Iter<'_, Origin> {
        self.list.iter()
    }

    /// Number of steps.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Moves all steps of another arena behind the own ones. Ids of the other arena are renamed by the answer.
    pub fn append(&mut self, other: Self) -> Shift {
        let shift = Shift {
            by: self.list.len() as u32,
            #[cfg(debug_assertions)]
            arena: self.tags.own(),
        };
        #[cfg(debug_assertions)]
        self.tags.give_all(other.list.len());
        self.list.extend(other.list.into_iter().map(|origin| Origin {
            from: shift.apply(origin.from),
            under: shift.apply(origin.under),
            and: shift.apply(origin.and),
            ..origin
        }));
        shift
    }

    /// Keeps only what `roots` lead to and renames the roots: facts outlive the trees they were taken from.
    pub fn compact<'a>(&mut self, roots: impl IntoIterator<Item = &'a mut OriginId>) {
        *self = self.extract(roots);
    }

    /// A copy of what `roots` lead to, with the roots renamed to it.
    #[must_use]
    pub fn extract<'a>(&self, roots: impl IntoIterator<Item = &'a mut OriginId>) -> Self {
        let mut kept = Compaction { old: self, new: Self::new(), names: FxHashMap::default() };
        for root in roots {
            *root = kept.keep(*root);
        }
        kept.new
    }
}

struct Compaction<'a> {
    old: &'a Origins,
    new: Origins,
    names: FxHashMap<OriginId, OriginId>,
}

impl Compaction<'_> {
    fn keep(&mut self, id: OriginId) -> OriginId {
        // Links lead to older entries, so a stack of unfinished ids is enough and nothing recurses.
        let mut todo = vec![id];
        while let Some(at) = todo.last().copied() {
            let done = |names: &FxHashMap<OriginId, OriginId>, id: OriginId| {
                id.is_written() || names.contains_key(&id)
            };
            let Some(origin) = self.old.get(at).copied() else {
                self.names.insert(at, OriginId::WRITTEN);
                todo.pop();
                continue;
            };
            if done(&self.names, at) {
                todo.pop();
                continue;
            }
            let links = [origin.from, origin.under, origin.and];
            // A link that does not lead backwards would loop; it cannot be made through `add`.
            let missing: Vec<OriginId> =
                links.into_iter().filter(|link| link.index < at.index && !done(&self.names, *link)).collect();
            if missing.is_empty() {
                let rename = |link: OriginId| self.names.get(&link).copied().unwrap_or_default();
                let [from, under, and] = links.map(rename);
                let new = self.new.add(Origin { from, under, and, ..origin });
                self.names.insert(at, new);
                todo.pop();
            } else {
                todo.extend(missing);
            }
        }
        self.names.get(&id).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn joins_and_compacts() {
        let file = Sources::new().add("a", b"abcdef".to_vec()).id();
        let span = |start, end| Span::new(file, start, end);
        let mut origins = Origins::new();
        let _unused = origins.add(Origin::new(span(0, 1), Step::Written));
        let a = origins.add(Origin::new(span(1, 2), Step::Written));
        let b = origins.add(Origin::new(span(2, 3), Step::ValuesFile).under(a));
        let joined = origins.add_joined(Origin::new(span(0, 6), Step::Joined), &[a, b, a]);
        let inputs = |origins: &Origins, id| -> Vec<_> {
            origins.inputs(id).map(|id| origins.get(id).unwrap().at.unwrap().start).collect()
        };
        assert_eq!(inputs(&origins, joined), [1, 2]);
        let mut root = joined;
        let before = origins.len();
        origins.compact([&mut root]);
        assert_eq!(origins.len(), before - 2, "the unused entry and the copied `b` are gone");
        assert_eq!(inputs(&origins, root), [1, 2]);
        assert_eq!(origins.inputs(OriginId::WRITTEN).count(), 0);
    }

    #[test]
    #[cfg(debug_assertions)]
    fn an_id_is_asked_of_its_own_arena() {
        let file = Sources::new().add("a", b"abcdef".to_vec()).id();
        let step = Origin::new(Span::new(file, 0, 1), Step::Written);
        let mut one = Origins::new();
        let id = one.add(step);
        let mut copy = one.clone();
        assert!(copy.get(id).is_some(), "a copy knows the ids of what it copies");
        let (here, there) = (one.add(step), copy.add(step));
        assert_eq!(here.index(), there.index());
        let asks = |origins: Origins, id| std::panic::catch_unwind(move || origins.get(id).is_some());
        assert!(asks(one.clone(), here).unwrap());
        asks(one.clone(), there).unwrap_err();
        let mut all = Origins::new();
        all.add(step);
        let shift = all.append(one);
        assert!(asks(all.clone(), shift.apply(here)).unwrap());
        asks(all, here).unwrap_err();
    }
}
