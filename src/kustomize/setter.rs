//! The one hand that changes resources: whatever a transformer sets goes through here, so that every changed node
//! knows which line changed it and what was there before.
//!
//! It also keeps a secret of kustomize. Where a label is put into several fields of an object, kustomize puts *the
//! same* node there; who changes one of them later (a patch of `metadata.labels`) changes them all (the selector
//! too). Nodes that are the same in this sense share their origin, and [`Aliases`] remembers which origins those are.

use smol_str::SmolStr;

use crate::origin::{Origin, OriginId, Origins, Place, Step};
use crate::source::Span;
use crate::yaml::{Data, Dialect, Key, Node, Scalar, Style};

/// What a scalar is that a transformer sets: kustomize tags nodes, and the tag outlives the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// None: the text speaks for itself, unless the scalar was quoted before.
    Open,
    /// A string, whatever it looks like.
    Str,
    /// A number.
    Int,
    /// A number with a fraction.
    Float,
    /// A boolean.
    Bool,
    /// A null: refused when it is written, unless its text says null.
    Null,
    /// A date: refused when it is written, unless its text is one.
    Timestamp,
}

/// The origins of one object that several of its nodes share because they are one node for kustomize.
#[derive(Debug, Clone, Default)]
pub(super) struct Aliases(Vec<OriginId>);

impl Aliases {
    fn has(&self, id: OriginId) -> bool {
        !id.is_written() && self.0.contains(&id)
    }

    /// Forgets everything: the object was rebuilt from its text.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Changes nodes of one object on behalf of one line.
pub(super) struct Setter<'a> {
    origins: &'a mut Origins,
    aliases: &'a mut Aliases,
    /// The line that causes the change.
    at: Span,
    /// How that line came to be, when a controller wrote it.
    cause: OriginId,
    by: Step,
    /// Changes of shared nodes that the others must follow.
    pending: Vec<(OriginId, Node)>,
}

impl<'a> Setter<'a> {
    /// A hand that writes for the line at `place`.
    pub(super) fn new(origins: &'a mut Origins, aliases: &'a mut Aliases, place: Place, by: Step) -> Self {
        Self { origins, aliases, at: place.at, cause: place.origin, by, pending: Vec::new() }
    }

    /// Writes for another line from now on.
    pub(super) fn cause(&mut self, place: Place) {
        (self.at, self.cause) = (place.at, place.origin);
    }

    /// A new step at the causing line.
    pub(super) fn step(&mut self) -> Place {
        let origin = self.origins.add(Origin::new(self.at, self.by).from(self.cause));
        Place { at: self.at, origin }
    }

    fn step_over(&mut self, old: Place) -> Place {
        // What was made to be filled displaces nothing.
        let made_here = self.origins.get(old.origin).is_some_and(|step| {
            step.by == self.by
                && step.at == Some(self.at)
                && step.under.is_written()
                && step.from == self.cause
        });
        if made_here {
            return old;
        }
        let under = self.origins.entry(old);
        let origin = self.origins.add(Origin::new(self.at, self.by).from(self.cause).under(under));
        Place { at: self.at, origin }
    }

    /// A new scalar.
    pub(super) fn scalar(&mut self, text: impl Into<SmolStr>, tag: Tag) -> Node {
        let place = self.step();
        let mut node = Node::plain(text, place);
        settle(&mut node, tag);
        node
    }

    /// A new empty mapping or list on the way to a field.
    pub(super) fn empty(&mut self, data: Data) -> Node {
        let place = self.step();
        Node::new(data, place)
    }

    /// Whether a plain scalar has no kind of its own: kustomize made it, or put a text without a tag there.
    pub(super) fn is_open(&self, node: &Node) -> bool {
        // Nobody replaces one value so often, but for those who want each look at it to take long: each step is somewhere else in memory.
        const MOST: usize = 16;
        if node.style != Style::Plain || node.tag.is_some() {
            return false;
        }
        let mut next = node.origin;
        for _ in 0..MOST {
            let Some(step) = self.origins.get(next) else { return false };
            match step.by {
                Step::NameAffixed | Step::ImageReplaced => return true,
                Step::Replaced if step.under.is_written() => return step.from.is_written(),
                // A replacement leaves the kind alone.
                Step::Replaced => next = step.under,
                _ => return false,
            }
        }
        false
    }

    /// A new key.
    pub(super) fn key(&mut self, text: impl Into<SmolStr>) -> Key {
        let place = self.step();
        Key::new(text, place)
    }

    /// Sets the text of a scalar. The new value stands for itself: what was there is displaced.
    pub(super) fn set(&mut self, node: &mut Node, text: impl Into<SmolStr>, tag: Tag) {
        let place = self.step_over(node.place());
        self.put(node, text.into(), tag, place);
    }

    /// Sets the text of a scalar to something that contains or follows what was there: the place stays where the
    /// value is written, the causing line is part of the chain.
    pub(super) fn extend(&mut self, node: &mut Node, text: impl Into<SmolStr>, tag: Tag) {
        let from = self.origins.entry(node.place());
        let origin = self.origins.add(Origin::new(self.at, self.by).from(from));
        let place = Place { at: node.at, origin };
        self.put(node, text.into(), tag, place);
    }

    /// Sets the text of a scalar to something that follows or contains what another node has: `from` is that node's
    /// place. The scalar's own place stays.
    pub(super) fn mix(&mut self, node: &mut Node, text: impl Into<SmolStr>, tag: Tag, from: Place) {
        let place = Place { at: node.at, ..self.step_from(node.place(), from) };
        self.put(node, text.into(), tag, place);
    }

    /// Sets the text of a scalar to what another node has: `from` is that node's place, where the value is written.
    pub(super) fn copy(&mut self, node: &mut Node, text: impl Into<SmolStr>, tag: Tag, from: Place) {
        let place = self.step_from(node.place(), from);
        self.put(node, text.into(), tag, place);
    }

    /// A step that moves what stands at `from` to where `old` was.
    pub(super) fn step_from(&mut self, old: Place, from: Place) -> Place {
        let under = self.origins.entry(old);
        let at = from.at;
        let from = self.origins.entry(from);
        let origin = self.origins.add(Origin::new(self.at, self.by).from(from).under(under));
        Place { at, origin }
    }

    fn put(&mut self, node: &mut Node, text: SmolStr, tag: Tag, place: Place) {
        let old = node.origin;
        let style = if matches!(node.data, Data::Scalar(_)) { node.style } else { Style::Plain };
        *node = Node { style, ..Node::plain(text, place) };
        settle(node, tag);
        self.follow(old, node);
    }

    /// Puts another node where `node` is; both are kustomize's, so the key keeps its node.
    pub(super) fn replace(&mut self, node: &mut Node, new: Node) {
        let old = node.origin;
        *node = new;
        self.follow(old, node);
    }

    /// Puts a node that was written elsewhere (in a patch) where `node` is, which is displaced.
    pub(super) fn displace(&mut self, node: &mut Node, mut new: Node) {
        let under = self.origins.entry(node.place());
        let step = self.written_step(new.place()).under(under);
        new.origin = self.origins.add(step);
        self.adopt_children(&mut new);
        self.replace(node, new);
    }

    /// Marks a node that was written elsewhere and everything in it as brought here by this step.
    pub(super) fn adopt(&mut self, node: &mut Node) {
        let step = self.written_step(node.place());
        node.origin = self.origins.add(step);
        self.adopt_children(node);
    }

    /// The same for a key.
    pub(super) fn adopt_key(&mut self, key: &mut Key) {
        let step = self.written_step(key.place());
        key.origin = self.origins.add(step);
    }

    fn written_step(&mut self, place: Place) -> Origin {
        let step = Origin::new(place.at, self.by);
        if place.origin.is_written() { step } else { step.from(place.origin) }
    }

    fn adopt_children(&mut self, node: &mut Node) {
        match &mut node.data {
            Data::Scalar(_) => {}
            Data::Seq(items) => items.iter_mut().for_each(|item| self.adopt(item)),
            Data::Map(map) => {
                for entry in map.entries_mut() {
                    self.adopt_key(&mut entry.key);
                    self.adopt(&mut entry.value);
                }
            }
        }
    }

    /// Forgets that nodes are one node: the object is written and read again.
    pub(super) fn forget_aliases(&mut self) {
        self.aliases.clear();
        self.pending.clear();
    }

    /// Says that all nodes with this origin are one node.
    pub(super) fn share(&mut self, id: OriginId) {
        if !self.aliases.has(id) {
            self.aliases.0.push(id);
        }
    }

    fn follow(&mut self, old: OriginId, node: &Node) {
        if self.aliases.has(old) {
            self.aliases.0.push(node.origin);
            self.pending.push((old, node.clone()));
        }
    }

    /// Changes the other nodes that are the same as the changed ones. To be called when `root`, the object, is whole.
    pub(super) fn settle_aliases(&mut self, root: &mut Node) {
        let pending = std::mem::take(&mut self.pending);
        let mut groups: Vec<(Vec<OriginId>, Node)> = Vec::new();
        for (old, node) in pending {
            match groups.iter_mut().find(|(ids, _)| ids.contains(&old)) {
                Some((ids, last)) => {
                    ids.push(node.origin);
                    *last = node;
                }
                None => groups.push((vec![old, node.origin], node)),
            }
        }
        for (ids, node) in groups {
            overwrite(root, &ids, &node);
        }
    }
}

fn overwrite(at: &mut Node, ids: &[OriginId], new: &Node) {
    if ids.contains(&at.origin) {
        *at = new.clone();
        return;
    }
    match &mut at.data {
        Data::Scalar(_) => {}
        Data::Seq(items) => items.iter_mut().for_each(|item| overwrite(item, ids, new)),
        Data::Map(map) => map.iter_mut().for_each(|entry| overwrite(&mut entry.value, ids, new)),
    }
}

/// Writes a scalar so that it is what its tag says.
fn settle(node: &mut Node, tag: Tag) {
    match tag {
        Tag::Open => {}
        Tag::Str => {
            if node.style == Style::Plain && !is_plain_string(node) {
                node.style = Style::DoubleQuoted;
            }
        }
        Tag::Int => settle_as(node, "tag:yaml.org,2002:int"),
        Tag::Float => settle_as(node, "tag:yaml.org,2002:float"),
        Tag::Bool => settle_as(node, "tag:yaml.org,2002:bool"),
        Tag::Null => settle_as(node, "tag:yaml.org,2002:null"),
        Tag::Timestamp => settle_as(node, "tag:yaml.org,2002:timestamp"),
    }
}

/// Gives a plain scalar a tag. What was quoted stays so and is a string, whatever kustomize meant it to be.
fn settle_as(node: &mut Node, tag: &str) {
    if node.style == Style::Plain {
        node.tag = Some(tag.into());
    }
}

fn is_plain_string(node: &Node) -> bool {
    matches!(node.resolve(Dialect::V3), Some(Scalar::Str(std::borrow::Cow::Borrowed(_))))
}
