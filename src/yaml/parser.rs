//! Tokens to events: libyaml's state machine.
//!
//! One call of [`Parser::document`] reads one document into a list of events. Nothing recurses; what nests is
//! kept on a stack of states. Names of states and messages are libyaml's (`parserc.go` of go-yaml).

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use super::scanner::{Chars, Forbidden, Scanner, Stage, TagParts, Token, TokenKind, Trouble};
use super::{Dialect, Style};

/// Kinds of events inside of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventKind {
    Alias,
    Scalar,
    SequenceStart,
    SequenceEnd,
    MappingStart,
    MappingEnd,
}

/// An event: small and copied around.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    pub(super) kind: EventKind,
    pub(super) style: Style,
    /// The bytes of a scalar or alias; of a collection its first token (start event) or last token (end event).
    pub(super) start: u32,
    pub(super) end: u32,
    /// The text of a scalar, the name of an alias.
    pub(super) chars: Chars,
    /// Index into [`Parser::props`] plus one; zero for none.
    pub(super) props: u32,
    /// For an alias the event that its anchor names; for a collection's start the index of its end.
    pub(super) link: u32,
}

/// Tag and anchor of a node.
#[derive(Debug, Clone, Default)]
pub(super) struct Props {
    pub(super) tag: Option<SmolStr>,
    pub(super) anchor: Option<SmolStr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    BlockSequenceFirstEntry,
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingFirstKey,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirstEntry,
    FlowSequenceEntry,
    FlowSequenceEntryMappingKey,
    FlowSequenceEntryMappingValue,
    FlowSequenceEntryMappingEnd,
    FlowMappingFirstKey,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
    DocumentEnd,
}

type Result<T> = std::result::Result<T, Trouble>;

/// The parser over one text.
pub(super) struct Parser<'t> {
    pub(super) scanner: Scanner<'t>,
    /// Events of the current document.
    pub(super) events: Vec<Event>,
    /// Tags and anchors of the current document.
    pub(super) props: Vec<Props>,
    /// Where the latest document that was begun starts.
    pub(super) document_start: u32,
    /// Offset behind the current document's own start marker, where looking for the next one may begin.
    pub(super) content_start: u32,
    /// Whether the next document may go without `---`.
    implicit: bool,
    state: State,
    states: Vec<State>,
    /// Where the open collections began, for messages.
    marks: Vec<u32>,
    /// Indices of the start events of open collections.
    open: Vec<u32>,
    anchors: FxHashMap<SmolStr, u32>,
    tag_directives: Vec<TagParts>,
}

impl<'t> Parser<'t> {
    /// A parser that begins at byte `start`. Only the first document of a stream may be implicit.
    ///
    /// The dialect decides which of several errors is found first; both find the same documents good.
    pub(super) fn new(
        text: &'t str,
        start: usize,
        forbidden: Option<Forbidden>,
        implicit: bool,
        dialect: Dialect,
    ) -> Self {
        Self {
            scanner: Scanner::new(text, start, forbidden, dialect),
            events: Vec::new(),
            props: Vec::new(),
            document_start: start as u32,
            content_start: start as u32,
            implicit,
            state: State::DocumentEnd,
            states: Vec::new(),
            marks: Vec::new(),
            open: Vec::new(),
            anchors: FxHashMap::default(),
            tag_directives: Vec::new(),
        }
    }

    /// Reads the next document into [`events`](Self::events); answers whether there was one.
    pub(super) fn document(&mut self) -> Result<bool> {
        self.events.clear();
        self.props.clear();
        self.anchors.clear();
        self.states.clear();
        self.marks.clear();
        self.open.clear();
        if !self.begin_document()? {
            return Ok(false);
        }
        while self.state != State::DocumentEnd {
            let event = self.next_event()?;
            self.push(event)?;
        }
        // The end of a document is the token that cannot continue it.
        if self.scanner.peek()?.kind == TokenKind::DocumentEnd {
            self.scanner.skip_token();
        }
        self.tag_directives.clear();
        Ok(true)
    }

    /// Stores an event and links it to its partner: ends to starts, aliases to anchors.
    fn push(&mut self, mut event: Event) -> Result<()> {
        let index = self.events.len() as u32;
        match event.kind {
            EventKind::SequenceStart | EventKind::MappingStart => self.open.push(index),
            EventKind::SequenceEnd | EventKind::MappingEnd => {
                if let Some(start) = self.open.pop().and_then(|start| self.events.get_mut(start as usize)) {
                    start.link = index;
                }
            }
            EventKind::Alias => {
                let name = self.scanner.chars(event.chars);
                match self.anchors.get(&name) {
                    Some(target) => event.link = *target,
                    None => {
                        return Err(Trouble {
                            stage: Stage::Composer,
                            problem: format_smolstr!("unknown anchor '{name}' referenced"),
                            at: event.start,
                            context: None,
                        });
                    }
                }
            }
            EventKind::Scalar => {}
        }
        let anchor = (event.props as usize)
            .checked_sub(1)
            .and_then(|at| self.props.get(at))
            .and_then(|props| props.anchor.clone());
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, index);
        }
        self.events.push(event);
        Ok(())
    }

    fn peek(&mut self) -> Result<Token> {
        self.scanner.peek()
    }

    fn skip(&mut self) {
        self.scanner.skip_token();
    }

    fn pop_state(&mut self) {
        self.state = self.states.pop().unwrap_or(State::DocumentEnd);
    }

    fn trouble(problem: &'static str, at: u32, context: Option<(&'static str, u32)>) -> Trouble {
        Trouble { stage: Stage::Parser, problem: SmolStr::new_static(problem), at, context }
    }

    fn begin_document(&mut self) -> Result<bool> {
        // Trouble with its first token belongs to the document that begins here.
        self.document_start = self.scanner.position();
        self.content_start = self.document_start;
        let mut token = self.peek()?;
        if !self.implicit {
            while token.kind == TokenKind::DocumentEnd {
                self.skip();
                token = self.peek()?;
            }
        }
        let directive = matches!(
            token.kind,
            TokenKind::VersionDirective | TokenKind::TagDirective | TokenKind::DocumentStart
        );
        if token.kind == TokenKind::StreamEnd {
            return Ok(false);
        }
        self.document_start = token.start;
        self.content_start = token.start;
        let implicit = std::mem::take(&mut self.implicit) && !directive;
        if implicit {
            self.process_directives()?;
            let event = self.node(true, false, State::DocumentEnd)?;
            self.push(event)?;
        } else {
            self.process_directives()?;
            let marker = self.peek()?;
            if marker.kind != TokenKind::DocumentStart {
                return Err(Self::trouble("did not find expected <document start>", marker.start, None));
            }
            self.content_start = marker.end;
            self.skip();
            let event = self.document_content()?;
            self.push(event)?;
        }
        Ok(true)
    }

    fn document_content(&mut self) -> Result<Event> {
        let token = self.peek()?;
        if matches!(
            token.kind,
            TokenKind::VersionDirective
                | TokenKind::TagDirective
                | TokenKind::DocumentStart
                | TokenKind::DocumentEnd
                | TokenKind::StreamEnd
        ) {
            self.state = State::DocumentEnd;
            return Ok(Self::empty_scalar(self.content_start));
        }
        self.node(true, false, State::DocumentEnd)
    }

    fn process_directives(&mut self) -> Result<()> {
        let mut version = false;
        let mut token = self.peek()?;
        loop {
            match token.kind {
                TokenKind::VersionDirective => {
                    if version {
                        return Err(Self::trouble("found duplicate %YAML directive", token.start, None));
                    }
                    let parts = self.scanner.tag_parts(token.chars);
                    if parts.handle != "1" || parts.suffix != "1" {
                        return Err(Self::trouble("found incompatible YAML document", token.start, None));
                    }
                    version = true;
                }
                TokenKind::TagDirective => {
                    let parts = self.scanner.tag_parts(token.chars);
                    if self.tag_directives.iter().any(|known| known.handle == parts.handle) {
                        return Err(Self::trouble("found duplicate %TAG directive", token.start, None));
                    }
                    self.tag_directives.push(parts);
                }
                _ => break,
            }
            self.skip();
            token = self.peek()?;
        }
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.tag_directives.iter().any(|known| known.handle == handle) {
                self.tag_directives.push(TagParts {
                    handle: SmolStr::new_static(handle),
                    suffix: SmolStr::new_static(prefix),
                });
            }
        }
        Ok(())
    }

    fn next_event(&mut self) -> Result<Event> {
        match self.state {
            State::BlockSequenceFirstEntry => self.block_sequence_entry(true),
            State::BlockSequenceEntry => self.block_sequence_entry(false),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingFirstKey => self.block_mapping_key(true),
            State::BlockMappingKey => self.block_mapping_key(false),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirstEntry => self.flow_sequence_entry(true),
            State::FlowSequenceEntry => self.flow_sequence_entry(false),
            State::FlowSequenceEntryMappingKey => self.flow_sequence_entry_mapping_key(),
            State::FlowSequenceEntryMappingValue => self.flow_sequence_entry_mapping_value(),
            State::FlowSequenceEntryMappingEnd => {
                let token = self.peek()?;
                self.state = State::FlowSequenceEntry;
                Ok(Self::event(EventKind::MappingEnd, token.start, token.start))
            }
            State::FlowMappingFirstKey => self.flow_mapping_key(true),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(false),
            State::FlowMappingEmptyValue => self.flow_mapping_value(true),
            // The loop in `document` ends before it asks for more.
            State::DocumentEnd => Ok(Self::empty_scalar(self.content_start)),
        }
    }

    fn event(kind: EventKind, start: u32, end: u32) -> Event {
        Event { kind, style: Style::Plain, start, end, chars: Chars::Slice(start, start), props: 0, link: 0 }
    }

    fn empty_scalar(at: u32) -> Event {
        Self::event(EventKind::Scalar, at, at)
    }

    /// A node; `after` is the state to go on with when it is complete.
    fn node(&mut self, block: bool, indentless_sequence: bool, after: State) -> Result<Event> {
        let first = self.peek()?;
        if first.kind == TokenKind::Alias {
            self.state = after;
            self.skip();
            return Ok(Event { chars: first.chars, ..Self::event(EventKind::Alias, first.start, first.end) });
        }
        let start = first.start;
        let mut end = first.start;
        let mut token = first;
        let mut props = 0;
        if matches!(token.kind, TokenKind::Anchor | TokenKind::Tag) {
            (token, end, props) = self.properties(token)?;
        }
        let event = |kind, end| Event { props, ..Self::event(kind, start, end) };
        let has_tag = (props as usize)
            .checked_sub(1)
            .and_then(|at| self.props.get(at))
            .is_some_and(|props| props.tag.is_some());
        if indentless_sequence && token.kind == TokenKind::BlockEntry {
            self.states.push(after);
            self.state = State::IndentlessSequenceEntry;
            return Ok(Event { start: token.start, ..event(EventKind::SequenceStart, token.end) });
        }
        let (kind, style, state) = match token.kind {
            TokenKind::Scalar => {
                self.state = after;
                self.skip();
                return Ok(Event {
                    style: token.style,
                    start: token.start,
                    chars: token.chars,
                    ..event(EventKind::Scalar, token.end)
                });
            }
            TokenKind::FlowSequenceStart => {
                (EventKind::SequenceStart, Style::Flow, State::FlowSequenceFirstEntry)
            }
            TokenKind::FlowMappingStart => (EventKind::MappingStart, Style::Flow, State::FlowMappingFirstKey),
            TokenKind::BlockSequenceStart if block => {
                (EventKind::SequenceStart, Style::Plain, State::BlockSequenceFirstEntry)
            }
            TokenKind::BlockMappingStart if block => {
                (EventKind::MappingStart, Style::Plain, State::BlockMappingFirstKey)
            }
            _ if has_tag || props > 0 => {
                self.state = after;
                return Ok(Event {
                    start: end,
                    chars: Chars::Slice(end, end),
                    ..event(EventKind::Scalar, end)
                });
            }
            _ => {
                let context = if block { "while parsing a block node" } else { "while parsing a flow node" };
                return Err(Self::trouble(
                    "did not find expected node content",
                    token.start,
                    Some((context, start)),
                ));
            }
        };
        self.states.push(after);
        self.state = state;
        Ok(Event { style, start: token.start, ..event(kind, token.end) })
    }

    /// Reads tag and anchor in either order. Answers the token behind them, their end and the index of the props.
    fn properties(&mut self, first: Token) -> Result<(Token, u32, u32)> {
        let mut props = Props::default();
        let mut token = first;
        let mut end = first.end;
        let mut tag = None;
        for _ in 0..2 {
            match token.kind {
                TokenKind::Anchor if props.anchor.is_none() => {
                    props.anchor = Some(self.scanner.chars(token.chars));
                }
                TokenKind::Tag if tag.is_none() => tag = Some(token),
                _ => break,
            }
            end = token.end;
            self.skip();
            token = self.peek()?;
        }
        if let Some(tag) = tag {
            let parts = self.scanner.tag_parts(tag.chars);
            let long = if parts.handle.is_empty() {
                Some(parts.suffix)
            } else {
                self.tag_directives
                    .iter()
                    .find(|known| known.handle == parts.handle)
                    .map(|known| format_smolstr!("{}{}", known.suffix, parts.suffix))
            };
            match long {
                Some(long) if !long.is_empty() => props.tag = Some(long),
                // `!<>` cannot be scanned, so an empty tag comes from a handle.
                _ => {
                    return Err(Self::trouble(
                        "found undefined tag handle",
                        tag.start,
                        Some(("while parsing a node", first.start)),
                    ));
                }
            }
        }
        self.props.push(props);
        Ok((token, end, self.props.len() as u32))
    }

    fn block_sequence_entry(&mut self, first: bool) -> Result<Event> {
        if first {
            let token = self.peek()?;
            self.marks.push(token.start);
            self.skip();
        }
        let token = self.peek()?;
        match token.kind {
            TokenKind::BlockEntry => {
                self.skip();
                let next = self.peek()?;
                if matches!(next.kind, TokenKind::BlockEntry | TokenKind::BlockEnd) {
                    self.state = State::BlockSequenceEntry;
                    return Ok(Self::empty_scalar(token.end));
                }
                self.node(true, false, State::BlockSequenceEntry)
            }
            TokenKind::BlockEnd => Ok(self.collection_end(EventKind::SequenceEnd, token)),
            _ => Err(self.collection_trouble(
                "did not find expected '-' indicator",
                token,
                "while parsing a block collection",
            )),
        }
    }

    fn collection_end(&mut self, kind: EventKind, token: Token) -> Event {
        self.pop_state();
        self.marks.pop();
        self.skip();
        Self::event(kind, token.start, token.end)
    }

    fn collection_trouble(&mut self, problem: &'static str, token: Token, context: &'static str) -> Trouble {
        let mark = self.marks.pop().unwrap_or(token.start);
        Self::trouble(problem, token.start, Some((context, mark)))
    }

    fn indentless_sequence_entry(&mut self) -> Result<Event> {
        let token = self.peek()?;
        if token.kind != TokenKind::BlockEntry {
            self.pop_state();
            return Ok(Self::event(EventKind::SequenceEnd, token.start, token.start));
        }
        self.skip();
        let next = self.peek()?;
        if matches!(
            next.kind,
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd
        ) {
            self.state = State::IndentlessSequenceEntry;
            return Ok(Self::empty_scalar(token.end));
        }
        self.node(true, false, State::IndentlessSequenceEntry)
    }

    fn block_mapping_key(&mut self, first: bool) -> Result<Event> {
        if first {
            let token = self.peek()?;
            self.marks.push(token.start);
            self.skip();
        }
        let token = self.peek()?;
        match token.kind {
            TokenKind::Key => {
                self.skip();
                let next = self.peek()?;
                if matches!(next.kind, TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd) {
                    self.state = State::BlockMappingValue;
                    return Ok(Self::empty_scalar(token.end));
                }
                self.node(true, true, State::BlockMappingValue)
            }
            TokenKind::BlockEnd => Ok(self.collection_end(EventKind::MappingEnd, token)),
            _ => Err(self.collection_trouble(
                "did not find expected key",
                token,
                "while parsing a block mapping",
            )),
        }
    }

    fn block_mapping_value(&mut self) -> Result<Event> {
        let token = self.peek()?;
        if token.kind != TokenKind::Value {
            self.state = State::BlockMappingKey;
            return Ok(Self::empty_scalar(token.start));
        }
        self.skip();
        let next = self.peek()?;
        if matches!(next.kind, TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd) {
            self.state = State::BlockMappingKey;
            return Ok(Self::empty_scalar(token.end));
        }
        self.node(true, true, State::BlockMappingKey)
    }

    fn flow_sequence_entry(&mut self, first: bool) -> Result<Event> {
        if first {
            let token = self.peek()?;
            self.marks.push(token.start);
            self.skip();
        }
        let mut token = self.peek()?;
        if token.kind != TokenKind::FlowSequenceEnd {
            if !first {
                if token.kind != TokenKind::FlowEntry {
                    return Err(self.collection_trouble(
                        "did not find expected ',' or ']'",
                        token,
                        "while parsing a flow sequence",
                    ));
                }
                self.skip();
                token = self.peek()?;
            }
            if token.kind == TokenKind::Key {
                self.state = State::FlowSequenceEntryMappingKey;
                self.skip();
                return Ok(Event {
                    style: Style::Flow,
                    ..Self::event(EventKind::MappingStart, token.start, token.end)
                });
            }
            if token.kind != TokenKind::FlowSequenceEnd {
                return self.node(false, false, State::FlowSequenceEntry);
            }
        }
        Ok(self.collection_end(EventKind::SequenceEnd, token))
    }

    fn flow_sequence_entry_mapping_key(&mut self) -> Result<Event> {
        let token = self.peek()?;
        if matches!(token.kind, TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
            // Upstream takes the token here although it belongs to what follows.
            self.skip();
            self.state = State::FlowSequenceEntryMappingValue;
            return Ok(Self::empty_scalar(token.end));
        }
        self.node(false, false, State::FlowSequenceEntryMappingValue)
    }

    fn flow_sequence_entry_mapping_value(&mut self) -> Result<Event> {
        let token = self.peek()?;
        if token.kind == TokenKind::Value {
            self.skip();
            let next = self.peek()?;
            if !matches!(next.kind, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                return self.node(false, false, State::FlowSequenceEntryMappingEnd);
            }
        }
        self.state = State::FlowSequenceEntryMappingEnd;
        Ok(Self::empty_scalar(if token.kind == TokenKind::Value { token.end } else { token.start }))
    }

    fn flow_mapping_key(&mut self, first: bool) -> Result<Event> {
        if first {
            let token = self.peek()?;
            self.marks.push(token.start);
            self.skip();
        }
        let mut token = self.peek()?;
        if token.kind != TokenKind::FlowMappingEnd {
            if !first {
                if token.kind != TokenKind::FlowEntry {
                    return Err(self.collection_trouble(
                        "did not find expected ',' or '}'",
                        token,
                        "while parsing a flow mapping",
                    ));
                }
                self.skip();
                token = self.peek()?;
            }
            if token.kind == TokenKind::Key {
                self.skip();
                let next = self.peek()?;
                if matches!(next.kind, TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                    self.state = State::FlowMappingValue;
                    return Ok(Self::empty_scalar(token.end));
                }
                return self.node(false, false, State::FlowMappingValue);
            }
            if token.kind != TokenKind::FlowMappingEnd {
                return self.node(false, false, State::FlowMappingEmptyValue);
            }
        }
        Ok(self.collection_end(EventKind::MappingEnd, token))
    }

    fn flow_mapping_value(&mut self, empty: bool) -> Result<Event> {
        let token = self.peek()?;
        if !empty && token.kind == TokenKind::Value {
            self.skip();
            let next = self.peek()?;
            if !matches!(next.kind, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                return self.node(false, false, State::FlowMappingKey);
            }
            self.state = State::FlowMappingKey;
            return Ok(Self::empty_scalar(token.end));
        }
        self.state = State::FlowMappingKey;
        Ok(Self::empty_scalar(token.start))
    }
}
