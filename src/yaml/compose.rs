//! Events to trees.
//!
//! Aliases and merge keys are expanded here, so that nobody above has to know of them. The number of nodes that
//! aliases may produce is bounded by go-yaml's own rule, nesting by [`MAX_DEPTH`].

use std::ops::Range;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::origin::{Locate, OriginId, Place};
use crate::source::Span;

use super::Dialect;
use super::lines::LineCounter;
use super::parser::{Event, EventKind, Parser, Props};
use super::resolve::{self, Scalar};
use super::scanner::{Chars, Scanner};
use super::{Data, Entry, GoLines, Key, Map, Node, Style, YamlProblem, YamlProblemKind};

/// How deep collections may nest. Every tree is walked by recursion somewhere, on threads with two megabytes of
/// stack; go-yaml stops at 10,000, real manifests stay below 60.
pub const MAX_DEPTH: usize = 256;

type Result<T> = std::result::Result<T, Box<YamlProblem>>;

/// Builds the tree of one document.
pub(super) struct Composer<'a, 't, L: Locate + ?Sized> {
    scanner: &'a Scanner<'t>,
    events: &'a [Event],
    props: &'a [Props],
    locate: &'a mut L,
    /// The text is the file itself: spans then include quotes and brackets.
    verbatim: bool,
    dialect: Dialect,
    /// Counters of go-yaml's rule against excessive aliasing.
    decoded: u32,
    aliased: u32,
    alias_depth: u32,
    /// The aliases being expanded, outermost first.
    active: Vec<usize>,
    lines: LineCounter<'t>,
    problems: &'a mut Vec<YamlProblem>,
    pub(super) merge_order_matters: bool,
}

/// A mapping under construction. Lookup is linear while it is small.
#[derive(Default)]
struct MapBuilder {
    entries: Vec<Entry>,
    /// Which entries came from a merge key; empty while none did.
    merged: Vec<bool>,
    index: FxHashMap<SmolStr, usize>,
    /// Where the first child and the last child are written, merge keys included.
    ends: Option<(Place, Span)>,
}

/// From this size on a mapping under construction keeps an index of its keys.
const INDEX_FROM: usize = 16;

impl MapBuilder {
    fn find(&self, key: &str) -> Option<usize> {
        if self.entries.len() < INDEX_FROM {
            self.entries.iter().position(|entry| entry.key.text == key)
        } else {
            self.index.get(key).copied()
        }
    }

    fn is_merged(&self, index: usize) -> bool {
        self.merged.get(index).copied().unwrap_or(false)
    }

    fn push(&mut self, entry: Entry, merged: bool) {
        self.entries.push(entry);
        if merged || !self.merged.is_empty() {
            self.merged.resize(self.entries.len() - 1, false);
            self.merged.push(merged);
        }
        let len = self.entries.len();
        if len >= INDEX_FROM {
            let from = if len == INDEX_FROM { 0 } else { len - 1 };
            for (index, entry) in self.entries.iter().enumerate().skip(from) {
                self.index.insert(entry.key.text.clone(), index);
            }
        }
    }

    fn replace(&mut self, index: usize, entry: Entry, merged: bool) {
        if let Some(old) = self.entries.get_mut(index) {
            *old = entry;
        }
        if let Some(flag) = self.merged.get_mut(index) {
            *flag = merged;
        }
    }
}

impl<'a, 't, L: Locate + ?Sized> Composer<'a, 't, L> {
    /// A composer of the document that `parser` has just read; `lines` stands at or before its beginning.
    pub(super) fn new(
        parser: &'a Parser<'t>,
        dialect: Dialect,
        locate: &'a mut L,
        verbatim: bool,
        lines: LineCounter<'t>,
        problems: &'a mut Vec<YamlProblem>,
    ) -> Self {
        Self {
            scanner: &parser.scanner,
            events: &parser.events,
            props: &parser.props,
            locate,
            verbatim,
            dialect,
            // The document itself is counted too.
            decoded: 1,
            aliased: 0,
            alias_depth: 0,
            active: Vec::new(),
            lines,
            problems,
            merge_order_matters: false,
        }
    }

    /// The tree; `None` for an empty document.
    pub(super) fn root(&mut self) -> Result<Option<Node>> {
        match self.events.first() {
            None => Ok(None),
            // Nothing at all between two markers is an empty document, not a null.
            Some(event)
                if event.kind == EventKind::Scalar && event.start == event.end && event.props == 0 =>
            {
                Ok(None)
            }
            Some(_) => self.node(0, 0).map(Some),
        }
    }

    fn event(&self, index: usize) -> Option<Event> {
        self.events.get(index).copied()
    }

    fn props(&self, event: Event) -> Option<&Props> {
        self.props.get((event.props as usize).checked_sub(1)?)
    }

    fn tag(&self, event: Event) -> Option<Box<str>> {
        self.props(event)?.tag.as_deref().map(Box::from)
    }

    /// Index of the event behind the node that begins at `index`.
    fn after(&self, index: usize) -> usize {
        match self.event(index) {
            Some(event) if matches!(event.kind, EventKind::SequenceStart | EventKind::MappingStart) => {
                event.link as usize + 1
            }
            _ => index + 1,
        }
    }

    /// How many nodes lie directly below the collection at `index`.
    fn count_children(&self, index: usize, end: usize) -> usize {
        let mut at = index + 1;
        let mut count = 0;
        while at < end {
            at = self.after(at);
            count += 1;
        }
        count
    }

    fn place(&mut self, range: Range<u32>) -> Place {
        // libyaml's end of the stream may lie one behind the text.
        let len = self.scanner.len();
        self.locate.locate((range.start as usize).min(len)..(range.end as usize).min(len))
    }

    /// The bytes of a scalar: with quotes in a file, without in rendered text.
    fn scalar_range(&self, event: Event) -> Range<u32> {
        if self.verbatim {
            return event.start..event.end;
        }
        match event.chars {
            Chars::Slice(start, end) => start..end,
            Chars::Cooked(index) => match event.style {
                Style::SingleQuoted | Style::DoubleQuoted => event.start + 1..event.end.saturating_sub(1),
                Style::Literal | Style::Folded => {
                    let content = self.scanner.cooked.get(index as usize).map_or(0, |cooked| cooked.content);
                    content.min(event.end)..event.end
                }
                Style::Plain | Style::Flow => event.start..event.end,
            },
        }
    }

    /// Gives the document up.
    fn refuse<T>(&mut self, kind: YamlProblemKind, event: Event, message: impl Into<String>) -> Result<T> {
        let at = self.place(event.start..event.end).at;
        let go_lines = GoLines::default();
        Err(Box::new(YamlProblem {
            kind,
            message: message.into(),
            at,
            context: None,
            go_lines,
            v3_message: None,
        }))
    }

    /// go-yaml's rule against documents that are mostly made by aliases.
    fn count(&mut self, event: Event) -> Result<()> {
        self.decoded += 1;
        if self.alias_depth > 0 {
            self.aliased += 1;
        }
        if self.aliased > 100 && self.decoded > 1000 {
            const LOW: f64 = 400_000.0;
            const HIGH: f64 = 4_000_000.0;
            let decoded = f64::from(self.decoded);
            let allowed = if decoded <= LOW {
                0.99
            } else if decoded >= HIGH {
                0.10
            } else {
                0.99 - 0.89 * ((decoded - LOW) / (HIGH - LOW))
            };
            if f64::from(self.aliased) / decoded > allowed {
                let message = "document contains excessive aliasing";
                return self.refuse(YamlProblemKind::Limit, event, message);
            }
        }
        Ok(())
    }

    fn node(&mut self, index: usize, depth: usize) -> Result<Node> {
        let Some(event) = self.event(index) else {
            // Parsed documents are complete, so this is never reached.
            return Ok(Node::plain("", Place { at: self.place(0..0).at, origin: OriginId::WRITTEN }));
        };
        self.count(event)?;
        if depth > MAX_DEPTH {
            let message = format!("exceeded max depth of {MAX_DEPTH}");
            return self.refuse(YamlProblemKind::Limit, event, message);
        }
        match event.kind {
            EventKind::Scalar => {
                let range = self.scalar_range(event);
                let place = self.place(range);
                Ok(Node {
                    data: Data::Scalar(self.scanner.chars(event.chars)),
                    at: place.at,
                    origin: place.origin,
                    style: event.style,
                    tag: self.tag(event),
                })
            }
            EventKind::Alias => {
                self.enter_alias(index, event)?;
                let node = self.node(event.link as usize, depth);
                self.leave_alias();
                node
            }
            EventKind::SequenceStart => self.sequence(index, event, depth),
            EventKind::MappingStart => {
                let mut builder = MapBuilder::default();
                self.map_into(index, depth, &mut builder, false)?;
                let place = self.collection_place(event, builder.ends);
                let data = Data::Map(Map::from_entries(builder.entries));
                Ok(Node { style: event.style, tag: self.tag(event), ..Node::new(data, place) })
            }
            // Ends are skipped by whoever reads the collection.
            EventKind::SequenceEnd | EventKind::MappingEnd => {
                Ok(Node::plain("", Place { at: self.place(0..0).at, origin: OriginId::WRITTEN }))
            }
        }
    }

    fn enter_alias(&mut self, index: usize, event: Event) -> Result<()> {
        if self.active.contains(&index) {
            let name = self.scanner.chars(event.chars);
            let message = format!("anchor '{name}' value contains itself");
            return self.refuse(YamlProblemKind::Syntax, event, message);
        }
        self.active.push(index);
        self.alias_depth += 1;
        Ok(())
    }

    fn leave_alias(&mut self) {
        self.active.pop();
        self.alias_depth -= 1;
    }

    fn sequence(&mut self, index: usize, event: Event, depth: usize) -> Result<Node> {
        // Trees live long, so they are made without slack.
        let mut items = Vec::with_capacity(self.count_children(index, event.link as usize));
        let mut ends = None;
        let mut at = index + 1;
        while at < event.link as usize {
            let item = self.node(at, depth + 1)?;
            let place = self.written_place(at, &item);
            ends = Some((ends.map_or(place, |(first, _)| first), place.at));
            items.push(item);
            at = self.after(at);
        }
        let place = self.collection_place(event, ends);
        Ok(Node { style: event.style, tag: self.tag(event), ..Node::new(Data::Seq(items), place) })
    }

    /// Where a child is written: for an alias that is the alias, not what it stands for.
    fn written_place(&mut self, index: usize, node: &Node) -> Place {
        match self.event(index) {
            Some(event) if event.kind == EventKind::Alias => self.place(event.start..event.end),
            _ => node.place(),
        }
    }

    fn collection_place(&mut self, event: Event, ends: Option<(Place, Span)>) -> Place {
        match ends {
            Some((first, last)) if !(self.verbatim && event.style == Style::Flow) => {
                Place { at: first.at.cover(last), origin: first.origin }
            }
            _ => {
                let end = self.event(event.link as usize).map_or(event.end, |end| end.end);
                self.place(event.start..end.max(event.end))
            }
        }
    }

    /// Reads the entries of the mapping at `index` into `builder`; `merging` when they come through a merge key.
    fn map_into(
        &mut self,
        index: usize,
        depth: usize,
        builder: &mut MapBuilder,
        merging: bool,
    ) -> Result<()> {
        let Some(start) = self.event(index) else { return Ok(()) };
        builder.entries.reserve_exact(self.count_children(index, start.link as usize) / 2);
        let mut merges: Vec<(usize, Event)> = Vec::new();
        let mut at = index + 1;
        while at < start.link as usize {
            let Some(key_event) = self.event(at) else { break };
            let value = self.after(at);
            if self.is_merge(key_event) {
                if let Some((_, first)) = merges.last().copied() {
                    let at = self.place(key_event.start..key_event.end).at;
                    let first = self.place(first.start..first.end).at;
                    self.push_duplicate("<<", at, Some(first), key_event);
                }
                merges.push((value, key_event));
                if !merging {
                    let first = self.place(key_event.start..key_event.end);
                    let last = self.merged_end(value, first.at);
                    builder.ends = Some((builder.ends.map_or(first, |(first, _)| first), last));
                }
                if self.dialect == Dialect::Sigs {
                    // v2 applies a merge where it stands: it overrides what was set before it.
                    self.merge(value, depth, builder)?;
                }
            } else {
                let key = self.key(at, key_event, depth)?;
                // The value of a key that an outer mapping already has is read for its problems alone.
                let node = self.node(value, depth + 1)?;
                if !merging {
                    let first = if key_event.kind == EventKind::Alias {
                        self.place(key_event.start..key_event.end)
                    } else {
                        key.place()
                    };
                    let last = self.written_place(value, &node).at;
                    builder.ends = Some((builder.ends.map_or(first, |(first, _)| first), last));
                }
                self.set(builder, Entry { key, value: node }, key_event, merging);
            }
            at = self.after(value);
        }
        if self.dialect == Dialect::V3
            && let Some((value, _)) = merges.last().copied()
        {
            self.merge(value, depth, builder)?;
        }
        Ok(())
    }

    /// The end of a merge key's value, which is no node of the tree: an alias or brackets, else the key's own.
    fn merged_end(&mut self, value: usize, key: Span) -> Span {
        let last = self.after(value) - 1;
        match self.event(last) {
            Some(event) if event.end > event.start => self.place(event.start..event.end).at,
            _ => key,
        }
    }

    fn set(&mut self, builder: &mut MapBuilder, entry: Entry, key_event: Event, merging: bool) {
        let Some(index) = builder.find(&entry.key.text) else {
            builder.push(entry, merging);
            return;
        };
        let was_merged = builder.is_merged(index);
        if merging && !was_merged {
            self.merge_order_matters = true;
        }
        if merging && self.dialect == Dialect::V3 {
            return;
        }
        // What an alias repeats was reported where it is written.
        if !merging && !was_merged && self.alias_depth == 0 {
            let first = builder.entries.get(index).map(|entry| entry.key.at);
            self.push_duplicate(&entry.key.text, entry.key.at, first, key_event);
        }
        builder.replace(index, entry, merging);
    }

    fn push_duplicate(&mut self, key: &str, at: Span, first: Option<Span>, event: Event) {
        let line = self.lines.line(event.start) + 1;
        self.problems.push(YamlProblem {
            kind: YamlProblemKind::DuplicateKey,
            message: format!("mapping key {} already defined", super::go_quote(key)),
            at,
            context: first.map(|first| (first, "first defined here".to_owned())),
            go_lines: GoLines { v2: line, v3: line },
            v3_message: None,
        });
    }

    fn is_merge(&self, event: Event) -> bool {
        if event.kind != EventKind::Scalar || self.scanner.chars(event.chars) != "<<" {
            return false;
        }
        match self.props(event).and_then(|props| props.tag.as_deref()) {
            None => event.style == Style::Plain,
            Some(tag) => tag == "!" || tag == resolve::tags::MERGE,
        }
    }

    fn key(&mut self, index: usize, event: Event, depth: usize) -> Result<Key> {
        let node = self.node(index, depth + 1)?;
        let place = node.place();
        let key = |text, style| Key { text, at: place.at, origin: place.origin, style };
        match &node.data {
            Data::Scalar(text) if node.tag.is_none() => Ok(key(text.clone(), node.style)),
            // Keys keep no tags: what the tag makes of the text is put in its place.
            Data::Scalar(_) => match node.try_resolve(self.dialect) {
                Ok(scalar @ Scalar::Str(_)) => Ok(key(scalar.to_text(), Style::DoubleQuoted)),
                Ok(Scalar::Null) => Ok(key(SmolStr::default(), Style::Plain)),
                Ok(scalar) => Ok(key(scalar.to_text(), Style::Plain)),
                Err(message) => self.refuse(YamlProblemKind::Value, event, message),
            },
            Data::Seq(_) | Data::Map(_) => {
                let message = format!("invalid map key: {}", resolve::go_syntax(&node));
                self.refuse(YamlProblemKind::ComplexKey, event, message)
            }
        }
    }

    /// Reads what a merge key names into `builder`.
    fn merge(&mut self, index: usize, depth: usize, builder: &mut MapBuilder) -> Result<()> {
        let Some(event) = self.event(index) else { return Ok(()) };
        match event.kind {
            EventKind::MappingStart | EventKind::Alias => self.merge_one(index, event, depth, builder),
            EventKind::SequenceStart => {
                let mut items = Vec::new();
                let mut at = index + 1;
                while at < event.link as usize {
                    items.push(at);
                    at = self.after(at);
                }
                if self.dialect == Dialect::Sigs {
                    // The later override the earlier, which are to win.
                    items.reverse();
                }
                for item in items {
                    let Some(event) = self.event(item) else { continue };
                    self.merge_one(item, event, depth + 1, builder)?;
                }
                Ok(())
            }
            _ => self.want_map(event),
        }
    }

    fn merge_one(
        &mut self,
        index: usize,
        event: Event,
        depth: usize,
        builder: &mut MapBuilder,
    ) -> Result<()> {
        if depth > MAX_DEPTH {
            let message = format!("exceeded max depth of {MAX_DEPTH}");
            return self.refuse(YamlProblemKind::Limit, event, message);
        }
        match event.kind {
            EventKind::MappingStart => {
                self.count(event)?;
                self.map_into(index, depth + 1, builder, true)
            }
            EventKind::Alias => {
                let target = event.link as usize;
                match self.event(target) {
                    Some(map) if map.kind == EventKind::MappingStart => {
                        self.count(event)?;
                        self.enter_alias(index, event)?;
                        let merged =
                            self.count(map).and_then(|()| self.map_into(target, depth + 1, builder, true));
                        self.leave_alias();
                        merged
                    }
                    _ => self.want_map(event),
                }
            }
            _ => self.want_map(event),
        }
    }

    fn want_map(&mut self, event: Event) -> Result<()> {
        self.refuse(YamlProblemKind::Syntax, event, "map merge requires map or sequence of maps as the value")
    }
}
