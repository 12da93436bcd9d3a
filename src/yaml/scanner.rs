//! Characters to tokens, by libyaml's rules as go-yaml has them.
//!
//! The scanner is the only part that looks at characters. It never recurses and never looks at a byte more than
//! a small number of times, so any input takes time linear in its length. It does not stop to explain itself:
//! the shape follows `scannerc.go` of go-yaml v2 (v3 scans alike but for comments), and where it looks odd,
//! upstream is odd.
//!
//! Positions are byte offsets. libyaml counts columns in characters, we count bytes: the two differ only behind a
//! non-ASCII character, where no token can open a block collection, so no decision depends on it.

use std::collections::VecDeque;

use smol_str::SmolStr;

use super::{Dialect, Style};

/// Kinds of tokens, in libyaml's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    StreamEnd,
    VersionDirective,
    TagDirective,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Anchor,
    Tag,
    Scalar,
}

/// Where the text of a scalar or name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chars {
    /// In the input as it is: `start..end`.
    Slice(u32, u32),
    /// Folded or unescaped: an index into [`Scanner::cooked`].
    Cooked(u32),
}

/// A token: small and copied around.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// Style of a scalar.
    pub(super) style: Style,
    pub(super) start: u32,
    pub(super) end: u32,
    /// Text of a scalar, anchor or alias; for tags and directives an index into [`Scanner::tags`].
    pub(super) chars: Chars,
}

/// Text that does not stand in the input as it is.
#[derive(Debug)]
pub(super) struct Cooked {
    pub(super) text: SmolStr,
    /// For a block scalar where its content begins; for others zero.
    pub(super) content: u32,
}

/// A tag (`handle`, `suffix`), a `%TAG` directive (`handle`, `prefix`) or a `%YAML` directive (two numbers).
#[derive(Debug, Default, Clone)]
pub(super) struct TagParts {
    pub(super) handle: SmolStr,
    pub(super) suffix: SmolStr,
}

/// Why scanning or parsing stopped.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    /// Which stage found it: go-yaml counts lines differently for each.
    pub(super) stage: Stage,
    /// What is wrong, in go-yaml's words.
    pub(super) problem: SmolStr,
    /// Where it was noticed.
    pub(super) at: u32,
    /// What was being read, and where it began.
    pub(super) context: Option<(&'static str, u32)>,
}

/// The stage that found a [`Trouble`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Reader,
    Scanner,
    Parser,
    Composer,
}

/// A plain or quoted scalar that goes on behind its line.
#[derive(Debug, Clone, Copy)]
pub(super) struct LongScalar {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) quoted: bool,
}

/// A comment and whether something stands before it on its line.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawComment {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) trailing: bool,
}

/// Something that the specification forbids and libyaml lets pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerated {
    pub(super) what: &'static str,
    /// The character that should not be here.
    pub(super) at: u32,
}

#[derive(Debug, Clone, Copy)]
struct SimpleKey {
    possible: bool,
    required: bool,
    token_number: usize,
    at: usize,
    /// How many line breaks lie before `at`, to know whether the line ended since.
    line: usize,
    column: usize,
}

/// libyaml's limits on nesting; the tree builder stops long before.
const MAX_DEPTH: usize = 10_000;
/// How many characters an implicit key may be long.
const MAX_KEY_CHARS: usize = 1024;
/// go-yaml reads its input in chunks of this many bytes and refuses a chunk with a forbidden character as a whole.
const READ_CHUNK: usize = 512;

type Result<T> = std::result::Result<T, Trouble>;

/// The scanner over one text, beginning at one document.
pub(super) struct Scanner<'t> {
    text: &'t str,
    /// The bytes up to the first character that YAML forbids.
    bytes: &'t [u8],
    forbidden: Option<Forbidden>,
    /// How many tokens behind the next one must be scanned before it is given out: none for go-yaml v2, two for
    /// v3, which looks for comments there. It decides which of two errors is found first, nothing else.
    lookahead: usize,
    pos: usize,
    line: usize,
    line_start: usize,
    stream_started: bool,
    stream_ended: bool,
    tokens: VecDeque<Token>,
    tokens_parsed: usize,
    token_available: bool,
    indent: isize,
    indents: Vec<isize>,
    flow_level: usize,
    simple_key_allowed: bool,
    simple_keys: Vec<SimpleKey>,
    /// Levels of possible simple keys by token number, oldest first; entries may be stale.
    candidates: VecDeque<(usize, usize)>,
    /// The innermost flow collection whose bad indentation was reported.
    reported_flow: bool,
    pub(super) cooked: Vec<Cooked>,
    pub(super) tags: Vec<TagParts>,
    pub(super) comments: Vec<RawComment>,
    pub(super) tolerated: Vec<Tolerated>,
    /// Scalars of more than one line.
    pub(super) long: Vec<LongScalar>,
}

const BLANK: u8 = 1;
const BREAK: u8 = 2;
/// First byte of a character that may be a line break (NEL, LS, PS).
const LEAD: u8 = 4;
const FLOW: u8 = 8;
const COLON: u8 = 16;
const ALPHA: u8 = 32;
const URI: u8 = 64;
/// The end of the input.
const NUL: u8 = 128;

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which would stop at a bad index")]
static CLASS: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut byte = 0;
    while byte < 256 {
        let char = byte as u8;
        table[byte] = match char {
            0 => NUL,
            b' ' | b'\t' => BLANK,
            b'\n' | b'\r' => BREAK,
            0xc2 | 0xe2 => LEAD,
            b'?' => FLOW | URI,
            b',' | b'[' | b']' => FLOW | URI,
            b'{' | b'}' => FLOW,
            b':' => COLON | URI,
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-' => ALPHA | URI,
            b';' | b'/' | b'@' | b'&' | b'=' | b'+' | b'$' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'('
            | b')' | b'%' => URI,
            _ => 0,
        };
        byte += 1;
    }
    table
};

fn class(byte: u8) -> u8 {
    CLASS.get(byte as usize).copied().unwrap_or(0)
}

/// Length of the line break that begins at `at`; zero when there is none.
pub(super) fn break_len(bytes: &[u8], at: usize) -> usize {
    let byte = |offset: usize| bytes.get(at + offset).copied().unwrap_or(0);
    match byte(0) {
        b'\n' => 1,
        b'\r' => 1 + usize::from(byte(1) == b'\n'),
        0xc2 if byte(1) == 0x85 => 2,
        0xe2 if byte(1) == 0x80 && matches!(byte(2), 0xa8 | 0xa9) => 3,
        _ => 0,
    }
}

/// A character that YAML does not allow in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Forbidden {
    pub(super) at: usize,
    /// From where on go-yaml would notice: the chunk of input that the character is in, counted from the last
    /// line before it that begins with `---`, since the tools parse documents one by one.
    limit: usize,
}

/// Finds the first character from `from` on that YAML does not allow.
pub(super) fn find_forbidden(text: &str, from: usize) -> Option<Forbidden> {
    let bytes = text.as_bytes();
    let mut at = from;
    let suspicious = |byte: u8| byte < 0x20 || byte == 0x7f || byte == 0xc2 || byte == 0xef;
    while let Some(offset) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| suspicious(*byte))) {
        at += offset;
        let char = text.get(at..).and_then(|rest| rest.chars().next())?;
        match char {
            '\t' | '\n' | '\r' | '\u{85}' => {}
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                let mut document = from;
                while let Some(next) = next_document_marker(bytes.get(..at).unwrap_or_default(), document + 1)
                {
                    document = next;
                }
                let chunk = document + (at - document) / READ_CHUNK * READ_CHUNK;
                // A marker itself is not refused, so that the document before it stays whole.
                let limit = if document > from { chunk.max(document + 8) } else { chunk };
                return Some(Forbidden { at, limit });
            }
            _ => {}
        }
        at += char.len_utf8();
    }
    None
}

/// The start of the next line that begins with `---` and a blank, looking from `from` on.
pub(super) fn next_document_marker(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?;
        let line_start = at == 0 || matches!(bytes.get(at - 1), Some(b'\n' | b'\r'));
        if line_start
            && rest.starts_with(b"---")
            && matches!(rest.get(3), None | Some(b' ' | b'\t' | b'\n' | b'\r'))
        {
            return Some(at);
        }
        at += rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'))? + 1;
    }
}

impl<'t> Scanner<'t> {
    /// A scanner that begins at byte `start`: the beginning of the text or of a line.
    pub(super) fn new(text: &'t str, start: usize, forbidden: Option<Forbidden>, dialect: Dialect) -> Self {
        let visible = forbidden.map_or(text.len(), |found| found.at);
        Self {
            text,
            bytes: text.as_bytes().get(..visible).unwrap_or_default(),
            forbidden,
            lookahead: if dialect == Dialect::V3 { 2 } else { 0 },
            pos: start,
            line: 0,
            line_start: start,
            stream_started: false,
            stream_ended: false,
            tokens: VecDeque::with_capacity(16),
            tokens_parsed: 0,
            token_available: false,
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            simple_key_allowed: false,
            simple_keys: Vec::new(),
            candidates: VecDeque::new(),
            reported_flow: false,
            cooked: Vec::new(),
            tags: Vec::new(),
            comments: Vec::new(),
            tolerated: Vec::new(),
            long: Vec::new(),
        }
    }

    /// Number of bytes of the text.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// How far the scanner has read.
    pub(super) fn position(&self) -> u32 {
        self.pos.min(self.text.len()) as u32
    }

    /// The part `start..end` of the text.
    pub(super) fn slice(&self, start: u32, end: u32) -> &'t str {
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    /// The text of a token.
    pub(super) fn chars(&self, chars: Chars) -> SmolStr {
        match chars {
            Chars::Slice(start, end) => SmolStr::new(self.slice(start, end)),
            Chars::Cooked(index) => {
                self.cooked.get(index as usize).map_or_else(SmolStr::default, |cooked| cooked.text.clone())
            }
        }
    }

    /// The parts of a tag or directive token.
    pub(super) fn tag_parts(&self, chars: Chars) -> TagParts {
        match chars {
            Chars::Cooked(index) => self.tags.get(index as usize).cloned().unwrap_or_default(),
            Chars::Slice(..) => TagParts::default(),
        }
    }

    fn at(&self, index: usize) -> u8 {
        self.bytes.get(index).copied().unwrap_or(0)
    }

    fn here(&self) -> u8 {
        self.at(self.pos)
    }

    fn column(&self) -> usize {
        self.pos - self.line_start
    }

    fn break_at(&self, index: usize) -> usize {
        break_len(self.bytes, index)
    }

    fn is_blank(&self, index: usize) -> bool {
        matches!(self.at(index), b' ' | b'\t')
    }

    fn is_breakz(&self, index: usize) -> bool {
        let class = class(self.at(index));
        class & (BREAK | NUL) != 0 || class & LEAD != 0 && self.break_at(index) > 0
    }

    fn is_blankz(&self, index: usize) -> bool {
        let class = class(self.at(index));
        class & (BLANK | BREAK | NUL) != 0 || class & LEAD != 0 && self.break_at(index) > 0
    }

    /// Moves past the line break at the current position, if there is one.
    fn skip_line(&mut self) {
        let len = self.break_at(self.pos);
        if len > 0 {
            self.pos += len;
            self.line += 1;
            self.line_start = self.pos;
        }
    }

    /// Moves past a line break and appends what it stands for.
    fn read_line(&mut self, to: &mut String) {
        match self.break_at(self.pos) {
            0 => return,
            3 => to.push_str(self.text.get(self.pos..self.pos + 3).unwrap_or("")),
            _ => to.push('\n'),
        }
        self.skip_line();
    }

    fn trouble(&self, context: &'static str, context_at: usize, problem: &'static str) -> Trouble {
        Trouble {
            stage: Stage::Scanner,
            problem: SmolStr::new_static(problem),
            at: self.pos as u32,
            context: Some((context, context_at as u32)),
        }
    }

    fn token(&self, kind: TokenKind, start: usize) -> Token {
        Token {
            kind,
            style: Style::Plain,
            start: start as u32,
            end: self.pos as u32,
            chars: Chars::Slice(0, 0),
        }
    }

    fn cook(&mut self, text: &str, content: usize) -> Chars {
        self.cooked.push(Cooked { text: SmolStr::new(text), content: content as u32 });
        Chars::Cooked(self.cooked.len() as u32 - 1)
    }

    /// The next token without taking it.
    pub(super) fn peek(&mut self) -> Result<Token> {
        if !self.token_available {
            self.fetch_more_tokens()?;
        }
        match self.tokens.front() {
            Some(token) => Ok(*token),
            // After the end of the stream it stays at the end.
            None => Ok(self.token(TokenKind::StreamEnd, self.pos)),
        }
    }

    /// Takes the token that [`peek`](Self::peek) showed.
    pub(super) fn skip_token(&mut self) {
        self.token_available = false;
        self.tokens_parsed += 1;
        self.tokens.pop_front();
    }

    fn fetch_more_tokens(&mut self) -> Result<()> {
        loop {
            if self.tokens.len() > self.lookahead && !self.head_may_be_key()? {
                break;
            }
            if self.stream_ended {
                break;
            }
            let fetched = self.fetch_next_token();
            // Text is read in chunks; one with a forbidden character is refused before it is scanned.
            let ended = self.stream_ended || self.pos >= self.bytes.len();
            let refused = |found: &Forbidden| ended || self.pos + 4 > found.limit;
            if let Some(found) = self.forbidden.filter(refused) {
                return Err(Trouble {
                    stage: Stage::Reader,
                    problem: SmolStr::new_static("control characters are not allowed"),
                    at: found.at as u32,
                    context: None,
                });
            }
            fetched?;
        }
        self.token_available = true;
        Ok(())
    }

    /// Whether the token at the head of the queue may turn out to begin a simple key.
    fn head_may_be_key(&mut self) -> Result<bool> {
        while let Some((number, level)) = self.candidates.front().copied() {
            if number > self.tokens_parsed {
                return Ok(false);
            }
            let live = number == self.tokens_parsed
                && self.simple_keys.get(level).is_some_and(|key| key.possible && key.token_number == number);
            if live && self.simple_key_is_valid(level)? {
                return Ok(true);
            }
            self.candidates.pop_front();
        }
        Ok(false)
    }

    /// Whether the possible key of a flow level can still be one: same line, not too long.
    fn simple_key_is_valid(&mut self, level: usize) -> Result<bool> {
        let Some(key) = self.simple_keys.get(level).copied() else { return Ok(false) };
        if !key.possible {
            return Ok(false);
        }
        if key.line == self.line && !self.too_long(key.at) {
            return Ok(true);
        }
        if key.required {
            return Err(self.trouble("while scanning a simple key", key.at, "could not find expected ':'"));
        }
        if let Some(key) = self.simple_keys.get_mut(level) {
            key.possible = false;
        }
        Ok(false)
    }

    /// Whether more than 1024 characters lie between `from` and the current position.
    fn too_long(&self, from: usize) -> bool {
        let bytes = self.pos.saturating_sub(from);
        // A character has at most four bytes, so the count looks at no more than those of a key.
        bytes > MAX_KEY_CHARS
            && (bytes > 4 * MAX_KEY_CHARS
                || self.bytes.get(from..self.pos).is_some_and(|key| {
                    key.iter().filter(|byte| **byte & 0xc0 != 0x80).count() > MAX_KEY_CHARS
                }))
    }

    fn save_simple_key(&mut self) -> Result<()> {
        let required = self.flow_level == 0 && self.indent == self.column() as isize;
        if self.simple_key_allowed {
            let key = SimpleKey {
                possible: true,
                required,
                token_number: self.tokens_parsed + self.tokens.len(),
                at: self.pos,
                line: self.line,
                column: self.column(),
            };
            self.remove_simple_key()?;
            let level = self.simple_keys.len().saturating_sub(1);
            if let Some(last) = self.simple_keys.last_mut() {
                *last = key;
                self.candidates.push_back((key.token_number, level));
            }
        }
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Result<()> {
        let Some(key) = self.simple_keys.last().copied() else { return Ok(()) };
        if key.possible {
            if key.required {
                return Err(self.trouble(
                    "while scanning a simple key",
                    key.at,
                    "could not find expected ':'",
                ));
            }
            if let Some(last) = self.simple_keys.last_mut() {
                last.possible = false;
            }
        }
        Ok(())
    }

    fn depth_trouble(&self, context: &'static str) -> Trouble {
        let at = self.simple_keys.last().map_or(self.pos, |key| key.at);
        self.trouble(context, at, "exceeded max depth of 10000")
    }

    /// Opens a block collection when the column is deeper than the current indentation.
    fn roll_indent(
        &mut self,
        column: usize,
        number: Option<usize>,
        kind: TokenKind,
        at: usize,
    ) -> Result<()> {
        if self.flow_level > 0 || self.indent >= column as isize {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column as isize;
        if self.indents.len() > MAX_DEPTH {
            return Err(self.depth_trouble("while increasing indent level"));
        }
        let token = Token { start: at as u32, end: at as u32, ..self.token(kind, at) };
        match number {
            Some(number) => self.insert_token(number, token),
            None => self.tokens.push_back(token),
        }
        Ok(())
    }

    fn insert_token(&mut self, number: usize, token: Token) {
        match number.checked_sub(self.tokens_parsed) {
            Some(index) => self.tokens.insert(index.min(self.tokens.len()), token),
            // The parser has that token already; upstream then puts the new one at the end.
            None => self.tokens.push_back(token),
        }
    }

    /// Closes block collections that are deeper than `column`.
    fn unroll_indent(&mut self, column: isize) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            self.tokens.push_back(self.token(TokenKind::BlockEnd, self.pos));
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn fetch_next_token(&mut self) -> Result<()> {
        if !self.stream_started {
            self.stream_started = true;
            self.simple_keys.push(SimpleKey {
                possible: false,
                required: false,
                token_number: 0,
                at: 0,
                line: 0,
                column: 0,
            });
            self.simple_key_allowed = true;
        }
        self.scan_to_next_token();
        self.unroll_indent(self.column() as isize);
        let byte = self.here();
        if byte == 0 {
            return self.fetch_stream_end();
        }
        if self.column() == 0 {
            if byte == b'%' {
                return self.fetch_directive();
            }
            if self.at_document_indicator(b'-') {
                return self.fetch_document_indicator(TokenKind::DocumentStart);
            }
            if self.at_document_indicator(b'.') {
                return self.fetch_document_indicator(TokenKind::DocumentEnd);
            }
        }
        if self.flow_level > 0 && !self.reported_flow && self.column() as isize <= self.indent {
            self.note_flow_indentation();
        }
        let in_flow = self.flow_level > 0;
        match byte {
            b'[' => self.fetch_flow_collection_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_collection_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_collection_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_collection_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if self.is_blankz(self.pos + 1) => self.fetch_block_entry(),
            b'?' if in_flow || self.is_blankz(self.pos + 1) => self.fetch_key(),
            b':' if in_flow || self.is_blankz(self.pos + 1) => self.fetch_value(),
            b'*' => self.fetch_anchor(TokenKind::Alias),
            b'&' => self.fetch_anchor(TokenKind::Anchor),
            b'!' => self.fetch_tag(),
            b'|' if !in_flow => self.fetch_block_scalar(true),
            b'>' if !in_flow => self.fetch_block_scalar(false),
            b'\'' => self.fetch_flow_scalar(true),
            b'"' => self.fetch_flow_scalar(false),
            b' ' | b'\t' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => Err(self.trouble(
                "while scanning for the next token",
                self.pos,
                "found character that cannot start any token",
            )),
            _ => self.fetch_plain_scalar(),
        }
    }

    /// A line inside of brackets that begins no deeper than the block around it.
    fn note_flow_indentation(&mut self) {
        // Only the first token of a line counts; everything before it is then blank.
        let before = self.bytes.get(self.line_start..self.pos).unwrap_or_default();
        if before.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
            self.reported_flow = true;
            self.tolerated.push(Tolerated {
                what: "a line inside of brackets must be indented deeper than the block around them",
                at: self.pos as u32,
            });
        }
    }

    fn at_document_indicator(&self, byte: u8) -> bool {
        self.at(self.pos) == byte
            && self.at(self.pos + 1) == byte
            && self.at(self.pos + 2) == byte
            && self.is_blankz(self.pos + 3)
    }

    fn fetch_stream_end(&mut self) -> Result<()> {
        if self.column() != 0 {
            // libyaml counts the end of a file without a final line break as a line of its own.
            self.pos = self.bytes.len() + 1;
            self.line += 1;
            self.line_start = self.pos;
        }
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.stream_ended = true;
        self.tokens.push_back(self.token(TokenKind::StreamEnd, self.pos));
        Ok(())
    }

    fn fetch_directive(&mut self) -> Result<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_directive()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, kind: TokenKind) -> Result<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.pos;
        self.pos += 3;
        self.tokens.push_back(self.token(kind, start));
        Ok(())
    }

    fn fetch_flow_collection_start(&mut self, kind: TokenKind) -> Result<()> {
        self.save_simple_key()?;
        self.simple_keys.push(SimpleKey {
            possible: false,
            required: false,
            token_number: self.tokens_parsed + self.tokens.len(),
            at: self.pos,
            line: self.line,
            column: self.column(),
        });
        self.flow_level += 1;
        if self.flow_level > MAX_DEPTH {
            return Err(self.depth_trouble("while increasing flow level"));
        }
        if self.flow_level == 1 {
            self.reported_flow = false;
        }
        self.simple_key_allowed = true;
        self.fetch_indicator(kind);
        Ok(())
    }

    /// The one-byte token at the current position.
    fn fetch_indicator(&mut self, kind: TokenKind) {
        let start = self.pos;
        self.pos += 1;
        self.tokens.push_back(self.token(kind, start));
    }

    fn fetch_flow_collection_end(&mut self, kind: TokenKind) -> Result<()> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            let closed = self.simple_keys.pop().map_or(0, |key| key.token_number);
            // Upstream forgets the opening bracket as a possible key here, so it reaches the parser before a `:`
            // behind the closing one is seen. Such keys are refused anyway; this keeps the message the same.
            while self.candidates.back().is_some_and(|(number, _)| *number >= closed) {
                self.candidates.pop_back();
            }
        }
        self.simple_key_allowed = false;
        self.fetch_indicator(kind);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Result<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.fetch_indicator(TokenKind::FlowEntry);
        Ok(())
    }

    fn not_allowed(&self, problem: &'static str) -> Trouble {
        Trouble { context: Some(("", self.pos as u32)), ..self.trouble("", self.pos, problem) }
    }

    fn fetch_block_entry(&mut self) -> Result<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.not_allowed("block sequence entries are not allowed in this context"));
            }
            self.roll_indent(self.column(), None, TokenKind::BlockSequenceStart, self.pos)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.fetch_indicator(TokenKind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.not_allowed("mapping keys are not allowed in this context"));
            }
            self.roll_indent(self.column(), None, TokenKind::BlockMappingStart, self.pos)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.fetch_indicator(TokenKind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<()> {
        let level = self.simple_keys.len().saturating_sub(1);
        if self.simple_key_is_valid(level)?
            && let Some(key) = self.simple_keys.last().copied()
        {
            let token =
                Token { start: key.at as u32, end: key.at as u32, ..self.token(TokenKind::Key, key.at) };
            self.insert_token(key.token_number, token);
            self.roll_indent(key.column, Some(key.token_number), TokenKind::BlockMappingStart, key.at)?;
            if let Some(key) = self.simple_keys.last_mut() {
                key.possible = false;
            }
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return Err(self.not_allowed("mapping values are not allowed in this context"));
                }
                self.roll_indent(self.column(), None, TokenKind::BlockMappingStart, self.pos)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.fetch_indicator(TokenKind::Value);
        Ok(())
    }

    fn fetch_anchor(&mut self, kind: TokenKind) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.pos;
        self.pos += 1;
        while class(self.here()) & ALPHA != 0 {
            self.pos += 1;
        }
        let empty = self.pos == start + 1;
        let ended = self.is_blankz(self.pos)
            || matches!(self.here(), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if empty || !ended {
            let context = if kind == TokenKind::Anchor {
                "while scanning an anchor"
            } else {
                "while scanning an alias"
            };
            return Err(self.trouble(
                context,
                start,
                "did not find expected alphabetic or numeric character",
            ));
        }
        let chars = Chars::Slice(start as u32 + 1, self.pos as u32);
        self.tokens.push_back(Token { chars, ..self.token(kind, start) });
        Ok(())
    }

    fn fetch_tag(&mut self) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_tag()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_block_scalar(&mut self, literal: bool) -> Result<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let token = self.scan_block_scalar(literal)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_flow_scalar(&mut self, single: bool) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let line = self.line;
        let token = self.scan_flow_scalar(single)?;
        self.note_long(line, &token, true);
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_plain_scalar(&mut self) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let line = self.line;
        let token = self.scan_plain_scalar()?;
        self.note_long(line, &token, false);
        self.tokens.push_back(token);
        Ok(())
    }

    fn note_long(&mut self, line: usize, token: &Token, quoted: bool) {
        if self.line > line {
            self.long.push(LongScalar { start: token.start, end: token.end, quoted });
        }
    }

    fn scan_to_next_token(&mut self) {
        loop {
            if self.pos == 0 && self.bytes.starts_with("\u{feff}".as_bytes()) {
                self.pos = 3;
                self.line_start = 3;
            }
            // Tabs may separate tokens, but not where a line may begin a block collection.
            let tabs = self.flow_level > 0 || !self.simple_key_allowed;
            while self.here() == b' ' || tabs && self.here() == b'\t' {
                self.pos += 1;
            }
            if self.here() == b'#' {
                self.scan_comment();
            }
            if self.break_at(self.pos) == 0 {
                return;
            }
            self.skip_line();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    /// Moves from `#` to the end of the line and remembers the comment.
    fn scan_comment(&mut self) {
        let start = self.pos;
        while !self.is_breakz(self.pos) {
            self.pos += 1;
        }
        let before = self.bytes.get(self.line_start..start).unwrap_or_default();
        let trailing = before.iter().any(|byte| !matches!(byte, b' ' | b'\t'));
        if trailing && !matches!(before.last(), Some(b' ' | b'\t')) {
            self.tolerated
                .push(Tolerated { what: "a comment needs a blank before its `#`", at: start as u32 });
        }
        self.comments.push(RawComment { start: start as u32, end: self.pos as u32, trailing });
    }

    fn skip_blanks(&mut self) {
        while self.is_blank(self.pos) {
            self.pos += 1;
        }
    }

    fn scan_directive(&mut self) -> Result<Token> {
        const CONTEXT: &str = "while scanning a directive";
        let start = self.pos;
        self.pos += 1;
        let name_start = self.pos;
        while class(self.here()) & ALPHA != 0 {
            self.pos += 1;
        }
        if self.pos == name_start {
            return Err(self.trouble(CONTEXT, start, "could not find expected directive name"));
        }
        if !self.is_blankz(self.pos) {
            return Err(self.trouble(CONTEXT, start, "found unexpected non-alphabetical character"));
        }
        let (kind, parts) = match self.text.get(name_start..self.pos) {
            Some("YAML") => {
                self.skip_blanks();
                let major = self.scan_version_number(start)?;
                if self.here() != b'.' {
                    return Err(self.trouble(
                        "while scanning a %YAML directive",
                        start,
                        "did not find expected digit or '.' character",
                    ));
                }
                self.pos += 1;
                let minor = self.scan_version_number(start)?;
                (TokenKind::VersionDirective, TagParts { handle: major, suffix: minor })
            }
            Some("TAG") => (TokenKind::TagDirective, self.scan_tag_directive(start)?),
            _ => return Err(self.trouble(CONTEXT, start, "found unknown directive name")),
        };
        let end = self.pos;
        self.skip_blanks();
        if self.here() == b'#' {
            self.scan_comment();
        }
        if !self.is_breakz(self.pos) {
            return Err(self.trouble(CONTEXT, start, "did not find expected comment or line break"));
        }
        self.skip_line();
        self.tags.push(parts);
        let chars = Chars::Cooked(self.tags.len() as u32 - 1);
        Ok(Token { kind, style: Style::Plain, start: start as u32, end: end as u32, chars })
    }

    /// A number of one or two digits, without leading zeros.
    fn scan_version_number(&mut self, start: usize) -> Result<SmolStr> {
        const CONTEXT: &str = "while scanning a %YAML directive";
        let first = self.pos;
        while self.here().is_ascii_digit() {
            if self.pos - first >= 2 {
                return Err(self.trouble(CONTEXT, start, "found extremely long version number"));
            }
            self.pos += 1;
        }
        match self.text.get(first..self.pos) {
            None | Some("") => Err(self.trouble(CONTEXT, start, "did not find expected version number")),
            Some("0" | "00") => Ok(SmolStr::new_static("0")),
            Some(digits) => Ok(SmolStr::new(digits.trim_start_matches('0'))),
        }
    }

    fn scan_tag_directive(&mut self, start: usize) -> Result<TagParts> {
        const CONTEXT: &str = "while scanning a %TAG directive";
        self.skip_blanks();
        let handle = self.scan_tag_handle(true, start)?;
        if !self.is_blank(self.pos) {
            return Err(self.trouble(CONTEXT, start, "did not find expected whitespace"));
        }
        self.skip_blanks();
        let prefix = self.scan_tag_uri(true, "", start)?;
        if !self.is_blankz(self.pos) {
            return Err(self.trouble(CONTEXT, start, "did not find expected whitespace or line break"));
        }
        Ok(TagParts { handle, suffix: prefix })
    }

    fn scan_tag(&mut self) -> Result<Token> {
        const CONTEXT: &str = "while scanning a tag";
        let start = self.pos;
        let parts = if self.at(self.pos + 1) == b'<' {
            self.pos += 2;
            let suffix = self.scan_tag_uri(false, "", start)?;
            if self.here() != b'>' {
                return Err(self.trouble(CONTEXT, start, "did not find the expected '>'"));
            }
            self.pos += 1;
            TagParts { handle: SmolStr::default(), suffix }
        } else {
            let handle = self.scan_tag_handle(false, start)?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.scan_tag_uri(false, "", start)?;
                TagParts { handle, suffix }
            } else {
                // It was no handle after all but the beginning of the tag itself.
                let suffix = self.scan_tag_uri(false, &handle, start)?;
                if suffix.is_empty() {
                    // `!` alone: the tag that says "not resolved".
                    TagParts { handle: suffix, suffix: SmolStr::new_static("!") }
                } else {
                    TagParts { handle: SmolStr::new_static("!"), suffix }
                }
            }
        };
        if !self.is_blankz(self.pos) {
            return Err(self.trouble(CONTEXT, start, "did not find expected whitespace or line break"));
        }
        self.tags.push(parts);
        let chars = Chars::Cooked(self.tags.len() as u32 - 1);
        Ok(Token { chars, ..self.token(TokenKind::Tag, start) })
    }

    fn tag_trouble(&self, directive: bool, start: usize, problem: &'static str) -> Trouble {
        let context = if directive { "while parsing a %TAG directive" } else { "while parsing a tag" };
        self.trouble(context, start, problem)
    }

    fn scan_tag_handle(&mut self, directive: bool, start: usize) -> Result<SmolStr> {
        if self.here() != b'!' {
            return Err(self.tag_trouble(directive, start, "did not find expected '!'"));
        }
        let first = self.pos;
        self.pos += 1;
        while class(self.here()) & ALPHA != 0 {
            self.pos += 1;
        }
        if self.here() == b'!' {
            self.pos += 1;
        } else if directive && self.pos != first + 1 {
            return Err(self.tag_trouble(directive, start, "did not find expected '!'"));
        }
        Ok(SmolStr::new(self.text.get(first..self.pos).unwrap_or("")))
    }

    /// Scans the characters of a tag behind `head`, whose leading `!` is dropped.
    fn scan_tag_uri(&mut self, directive: bool, head: &str, start: usize) -> Result<SmolStr> {
        let mut bytes = head.as_bytes().get(1..).unwrap_or_default().to_vec();
        let mut has_tag = !head.is_empty();
        while class(self.here()) & URI != 0 {
            if self.here() == b'%' {
                self.scan_uri_escapes(directive, start, &mut bytes)?;
            } else {
                bytes.push(self.here());
                self.pos += 1;
            }
            has_tag = true;
        }
        if !has_tag {
            return Err(self.tag_trouble(directive, start, "did not find expected tag URI"));
        }
        Ok(SmolStr::from(String::from_utf8_lossy(&bytes)))
    }

    /// Decodes `%XX` octets that make up one character.
    fn scan_uri_escapes(&mut self, directive: bool, start: usize, to: &mut Vec<u8>) -> Result<()> {
        let mut left = None;
        while left != Some(0) {
            let digits = (self.here() == b'%')
                .then(|| Some((hex(self.at(self.pos + 1))?, hex(self.at(self.pos + 2))?)))
                .flatten();
            let Some((high, low)) = digits else {
                return Err(self.tag_trouble(directive, start, "did not find URI escaped octet"));
            };
            let octet = (high << 4 | low) as u8;
            left = Some(match left {
                None => match octet {
                    0x00..=0x7f => 0,
                    0xc0..=0xdf => 1,
                    0xe0..=0xef => 2,
                    0xf0..=0xf7 => 3,
                    _ => {
                        let problem = "found an incorrect leading UTF-8 octet";
                        return Err(self.tag_trouble(directive, start, problem));
                    }
                },
                Some(_) if octet & 0xc0 != 0x80 => {
                    let problem = "found an incorrect trailing UTF-8 octet";
                    return Err(self.tag_trouble(directive, start, problem));
                }
                Some(more) => more - 1,
            });
            to.push(octet);
            self.pos += 3;
        }
        Ok(())
    }

    fn scan_block_scalar(&mut self, literal: bool) -> Result<Token> {
        const CONTEXT: &str = "while scanning a block scalar";
        let start = self.pos;
        self.pos += 1;
        let mut chomping = 0;
        let mut increment = 0;
        // The two indicators may stand in either order.
        for turn in 0..2 {
            match self.here() {
                byte @ (b'+' | b'-') if chomping == 0 => {
                    chomping = if byte == b'+' { 1 } else { -1 };
                    self.pos += 1;
                }
                b'0' if increment == 0 => {
                    return Err(self.trouble(CONTEXT, start, "found an indentation indicator equal to 0"));
                }
                byte @ b'1'..=b'9' if increment == 0 => {
                    increment = usize::from(byte - b'0');
                    self.pos += 1;
                }
                _ if turn == 0 => break,
                _ => {}
            }
        }
        self.skip_blanks();
        let mut end = self.pos;
        if self.here() == b'#' {
            self.scan_comment();
        }
        if !self.is_breakz(self.pos) {
            return Err(self.trouble(CONTEXT, start, "did not find expected comment or line break"));
        }
        self.skip_line();
        let mut indent = match increment {
            0 => 0,
            _ if self.indent >= 0 => self.indent as usize + increment,
            _ => increment,
        };
        let mut text = String::new();
        let mut leading_break = String::new();
        let mut trailing_breaks = String::new();
        self.scan_block_scalar_breaks(&mut indent, &mut trailing_breaks, start)?;
        let content = self.pos;
        let mut leading_blank = false;
        while self.column() == indent && self.here() != 0 {
            let blank = self.is_blank(self.pos);
            if !literal && !leading_blank && !blank && leading_break.starts_with('\n') {
                if trailing_breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(&leading_break);
            }
            leading_break.clear();
            text.push_str(&trailing_breaks);
            trailing_breaks.clear();
            leading_blank = blank;
            let line = self.pos;
            while !self.is_breakz(self.pos) {
                self.pos += 1;
            }
            text.push_str(self.text.get(line..self.pos).unwrap_or(""));
            end = self.pos;
            self.read_line(&mut leading_break);
            self.scan_block_scalar_breaks(&mut indent, &mut trailing_breaks, start)?;
        }
        if chomping != -1 {
            text.push_str(&leading_break);
        }
        if chomping == 1 {
            text.push_str(&trailing_breaks);
        }
        let chars = self.cook(&text, content.min(end));
        let style = if literal { Style::Literal } else { Style::Folded };
        Ok(Token { kind: TokenKind::Scalar, style, start: start as u32, end: end as u32, chars })
    }

    /// Takes indentation and empty lines in front of a line of a block scalar; finds out the indentation when
    /// `indent` is still zero.
    fn scan_block_scalar_breaks(
        &mut self,
        indent: &mut usize,
        breaks: &mut String,
        start: usize,
    ) -> Result<()> {
        let mut max_indent = 0;
        loop {
            while (*indent == 0 || self.column() < *indent) && self.here() == b' ' {
                self.pos += 1;
            }
            max_indent = max_indent.max(self.column());
            if (*indent == 0 || self.column() < *indent) && self.here() == b'\t' {
                return Err(self.trouble(
                    "while scanning a block scalar",
                    start,
                    "found a tab character where an indentation space is expected",
                ));
            }
            if self.break_at(self.pos) == 0 {
                break;
            }
            self.read_line(breaks);
        }
        if *indent == 0 {
            *indent = max_indent.max((self.indent + 1).max(1) as usize);
        }
        Ok(())
    }

    fn scan_flow_scalar(&mut self, single: bool) -> Result<Token> {
        const CONTEXT: &str = "while scanning a quoted scalar";
        let style = if single { Style::SingleQuoted } else { Style::DoubleQuoted };
        let start = self.pos;
        let quote = self.here();
        self.pos += 1;
        if let Some(len) = self.simple_quoted_len(quote) {
            let first = self.pos as u32;
            self.pos += len + 1;
            let chars = Chars::Slice(first, first + len as u32);
            return Ok(Token { style, chars, ..self.token(TokenKind::Scalar, start) });
        }
        let mut text = String::new();
        let mut noted = false;
        loop {
            if self.column() == 0 && (self.at_document_indicator(b'-') || self.at_document_indicator(b'.')) {
                return Err(self.trouble(CONTEXT, start, "found unexpected document indicator"));
            }
            if self.here() == 0 {
                return Err(self.trouble(CONTEXT, start, "found unexpected end of stream"));
            }
            let mut leading_blanks = self.scan_quoted_run(quote, start, &mut text)?;
            if self.here() == quote {
                break;
            }
            let blanks = self.pos;
            let mut whitespace_end = self.pos;
            let mut leading_break = String::new();
            let mut trailing_breaks = String::new();
            loop {
                if self.is_blank(self.pos) {
                    self.pos += 1;
                    if !leading_blanks {
                        whitespace_end = self.pos;
                    }
                } else if self.break_at(self.pos) > 0 {
                    if leading_blanks {
                        self.read_line(&mut trailing_breaks);
                    } else {
                        self.read_line(&mut leading_break);
                        leading_blanks = true;
                    }
                } else {
                    break;
                }
            }
            if leading_blanks {
                if leading_break.starts_with('\n') {
                    text.push_str(if trailing_breaks.is_empty() { " " } else { &trailing_breaks });
                } else {
                    text.push_str(&leading_break);
                    text.push_str(&trailing_breaks);
                }
                let outside = self.flow_level == 0 && self.column() as isize <= self.indent;
                if !noted && outside && self.here() != 0 {
                    noted = true;
                    self.tolerated.push(Tolerated {
                        what: "the lines of a quoted scalar must be indented deeper than the block around it",
                        at: self.pos as u32,
                    });
                }
            } else {
                text.push_str(self.text.get(blanks..whitespace_end).unwrap_or(""));
            }
        }
        self.pos += 1;
        let chars = self.cook(&text, 0);
        Ok(Token { style, chars, ..self.token(TokenKind::Scalar, start) })
    }

    /// Length of the content of a quoted scalar that needs no unescaping and stays on its line.
    fn simple_quoted_len(&self, quote: u8) -> Option<usize> {
        let rest = self.bytes.get(self.pos..)?;
        let stop = |byte: &u8| *byte == quote || *byte == b'\\' || class(*byte) & (BREAK | LEAD) != 0;
        let mut len = 0;
        loop {
            len += rest.get(len..)?.iter().position(stop)?;
            let byte = rest.get(len).copied()?;
            if byte == quote {
                let doubled = quote == b'\'' && rest.get(len + 1) == Some(&b'\'');
                return (!doubled).then_some(len);
            }
            let harmless = match byte {
                b'\\' => quote == b'\'',
                0xc2 | 0xe2 => break_len(rest, len) == 0,
                _ => false,
            };
            if !harmless {
                return None;
            }
            len += 1;
        }
    }

    /// Takes characters of a quoted scalar up to a blank, a line break or the closing quote. Answers whether it
    /// ended with an escaped line break.
    fn scan_quoted_run(&mut self, quote: u8, start: usize, text: &mut String) -> Result<bool> {
        loop {
            let run = self.pos;
            while self.here() != quote && self.here() != b'\\' && !self.is_blankz(self.pos) {
                self.pos += 1;
            }
            text.push_str(self.text.get(run..self.pos).unwrap_or(""));
            if self.is_blankz(self.pos) {
                return Ok(false);
            }
            if self.here() == quote {
                if quote == b'\'' && self.at(self.pos + 1) == b'\'' {
                    text.push('\'');
                    self.pos += 2;
                    continue;
                }
                return Ok(false);
            }
            if quote == b'\'' {
                text.push('\\');
                self.pos += 1;
                continue;
            }
            if self.break_at(self.pos + 1) > 0 {
                self.pos += 1;
                self.skip_line();
                return Ok(true);
            }
            self.scan_escape(start, text)?;
        }
    }

    fn scan_escape(&mut self, start: usize, text: &mut String) -> Result<()> {
        const CONTEXT: &str = "while parsing a quoted scalar";
        let digits = match self.at(self.pos + 1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            byte => {
                let char = match byte {
                    b'0' => '\0',
                    b'a' => '\x07',
                    b'b' => '\x08',
                    b't' | b'\t' => '\t',
                    b'n' => '\n',
                    b'v' => '\x0b',
                    b'f' => '\x0c',
                    b'r' => '\r',
                    b'e' => '\x1b',
                    b' ' => ' ',
                    b'"' => '"',
                    b'\'' => '\'',
                    b'\\' => '\\',
                    b'N' => '\u{85}',
                    b'_' => '\u{a0}',
                    b'L' => '\u{2028}',
                    b'P' => '\u{2029}',
                    _ => return Err(self.trouble(CONTEXT, start, "found unknown escape character")),
                };
                text.push(char);
                self.pos += 2;
                return Ok(());
            }
        };
        self.pos += 2;
        let mut value: u32 = 0;
        for offset in 0..digits {
            let Some(digit) = hex(self.at(self.pos + offset)) else {
                return Err(self.trouble(CONTEXT, start, "did not find expected hexdecimal number"));
            };
            // Eight digits fill 32 bits exactly.
            value = value << 4 | digit;
        }
        let Some(char) = char::from_u32(value) else {
            return Err(self.trouble(CONTEXT, start, "found invalid Unicode character escape code"));
        };
        text.push(char);
        self.pos += digits;
        Ok(())
    }

    fn scan_plain_scalar(&mut self) -> Result<Token> {
        let start = self.pos;
        let mut end = start;
        let indent = self.indent + 1;
        let stops = BLANK | BREAK | LEAD | COLON | NUL | if self.flow_level > 0 { FLOW } else { 0 };
        // Stays empty while the scalar is on one line, where it is a slice of the input.
        let mut folded = String::new();
        let mut leading_blanks = false;
        let mut leading_break = String::new();
        let mut trailing_breaks = String::new();
        let mut whitespace = start;
        loop {
            if self.column() == 0 && (self.at_document_indicator(b'-') || self.at_document_indicator(b'.')) {
                break;
            }
            if self.here() == b'#' {
                break;
            }
            let run = self.pos;
            loop {
                let byte = self.here();
                let class = class(byte);
                if class & stops == 0 {
                    self.pos += 1;
                    continue;
                }
                if class & (BLANK | BREAK | NUL) != 0 {
                    break;
                }
                if class & LEAD != 0 {
                    if self.break_at(self.pos) > 0 {
                        break;
                    }
                } else if class & COLON == 0 || self.is_blankz(self.pos + 1) {
                    break;
                }
                self.pos += 1;
            }
            if self.pos > run {
                if leading_blanks {
                    if folded.is_empty() {
                        folded.push_str(self.text.get(start..end).unwrap_or(""));
                    }
                    if leading_break.starts_with('\n') {
                        folded.push_str(if trailing_breaks.is_empty() { " " } else { &trailing_breaks });
                    } else {
                        folded.push_str(&leading_break);
                        folded.push_str(&trailing_breaks);
                    }
                    leading_break.clear();
                    trailing_breaks.clear();
                    leading_blanks = false;
                    folded.push_str(self.text.get(run..self.pos).unwrap_or(""));
                } else if !folded.is_empty() {
                    folded.push_str(self.text.get(whitespace..self.pos).unwrap_or(""));
                }
                end = self.pos;
            }
            if !self.is_blank(self.pos) && self.break_at(self.pos) == 0 {
                break;
            }
            whitespace = self.pos;
            loop {
                if self.is_blank(self.pos) {
                    if leading_blanks && (self.column() as isize) < indent && self.here() == b'\t' {
                        return Err(self.trouble(
                            "while scanning a plain scalar",
                            start,
                            "found a tab character that violates indentation",
                        ));
                    }
                    self.pos += 1;
                } else if self.break_at(self.pos) > 0 {
                    if leading_blanks {
                        self.read_line(&mut trailing_breaks);
                    } else {
                        self.read_line(&mut leading_break);
                        leading_blanks = true;
                    }
                } else {
                    break;
                }
            }
            if self.flow_level == 0 && (self.column() as isize) < indent {
                break;
            }
        }
        if leading_blanks {
            self.simple_key_allowed = true;
        }
        let chars =
            if folded.is_empty() { Chars::Slice(start as u32, end as u32) } else { self.cook(&folded, 0) };
        Ok(Token {
            kind: TokenKind::Scalar,
            style: Style::Plain,
            start: start as u32,
            end: end as u32,
            chars,
        })
    }
}

fn hex(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}
