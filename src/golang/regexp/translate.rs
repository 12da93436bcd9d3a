//! Reads an expression as Go's `regexp/syntax` does, finds its mistakes in the same order, and writes it again for the
//! `regex` crate, in a form whose meaning the two share.
//!
//! Flags are written at each piece they concern (`(?i:a)`), so that nothing depends on how long a flag lasts.

use super::RegexpError;
use super::class;

/// Go refuses counts above this, also multiplied.
const MAX_REPEAT: u32 = 1000;
/// Longer expressions are refused as too large: a bound on the work, where Go has one on memory.
const MAX_LEN: usize = 1 << 16;
/// How deep groups may nest. Go allows 1000; the compiler of the `regex` crate is recursive.
pub(super) const MAX_DEPTH: usize = 200;

/// An expression for the `regex` crate.
pub(super) struct Translated {
    pub(super) pattern: String,
    /// The names of the groups by number; group 0 and those without have an empty one.
    pub(super) names: Vec<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_newline: bool,
    ungreedy: bool,
}

/// One item of a sequence.
struct Piece {
    text: String,
    /// Whether a repetition operator must not be put right behind it.
    repeated: bool,
    /// How often its innermost part is repeated, at most.
    weight: u32,
    /// How many groups it holds.
    groups: usize,
}

/// An open group, or the whole expression.
struct Frame {
    open: &'static str,
    /// The alternatives before the current one.
    done: String,
    pieces: Vec<Piece>,
    weight: u32,
    groups: usize,
    /// The flags to go back to.
    flags: Flags,
}

pub(super) struct Parser<'a> {
    whole: &'a str,
    /// What is left of it.
    pub(super) rest: &'a str,
    flags: Flags,
    frames: Vec<Frame>,
    frame: Frame,
    names: Vec<String>,
}

/// Reads an expression.
pub(super) fn translate(pattern: &str) -> Result<Translated, RegexpError> {
    if pattern.len() > MAX_LEN {
        return Err(RegexpError::new("expression too large", pattern));
    }
    let mut parser = Parser {
        whole: pattern,
        rest: pattern,
        flags: Flags::default(),
        frames: Vec::new(),
        frame: Frame::new("", Flags::default()),
        names: vec![String::new()],
    };
    // The text from the last repetition operator on, if that was the last token.
    let mut last_repeat = None;
    while let Some(char) = parser.peek() {
        last_repeat = parser.token(char, last_repeat)?;
    }
    if !parser.frames.is_empty() {
        return Err(RegexpError::new("missing closing )", pattern));
    }
    Ok(Translated { pattern: parser.frame.finish().text, names: parser.names })
}

impl Frame {
    fn new(open: &'static str, flags: Flags) -> Self {
        Self {
            open,
            done: String::new(),
            pieces: Vec::new(),
            weight: 1,
            groups: usize::from(open == "("),
            flags,
        }
    }

    fn end_alternative(&mut self) {
        for piece in self.pieces.drain(..) {
            self.done.push_str(&piece.text);
            self.weight = self.weight.max(piece.weight);
            self.groups += piece.groups;
        }
    }

    fn finish(mut self) -> Piece {
        self.end_alternative();
        let close = if self.open.is_empty() { "" } else { ")" };
        Piece {
            text: format!("{}{}{close}", self.open, self.done),
            repeated: false,
            weight: self.weight,
            groups: self.groups,
        }
    }
}

impl<'a> Parser<'a> {
    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.skip(char.len_utf8());
        Some(char)
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// What was read since the rest was `from`.
    pub(super) fn since(&self, from: &'a str) -> &'a str {
        from.get(..from.len() - self.rest.len()).unwrap_or(from)
    }

    pub(super) fn error<T>(&self, code: &'static str, from: &'a str) -> Result<T, RegexpError> {
        Err(RegexpError::new(code, self.since(from)))
    }

    pub(super) fn push(&mut self, text: String) {
        self.frame.pieces.push(Piece { text, repeated: false, weight: 1, groups: 0 });
    }

    /// Pushes a set or character, to which the flag `i` applies.
    pub(super) fn push_folded(&mut self, text: &str) {
        self.push(if self.flags.fold_case { format!("(?i:{text})") } else { text.to_owned() });
    }

    pub(super) fn literal(&mut self, code: u32) {
        match char::from_u32(code) {
            Some(char) => self.push_folded(&regex::escape(char.encode_utf8(&mut [0; 4]))),
            None => self.push(class::NOTHING.to_owned()),
        }
    }

    fn open(&mut self, open: &'static str) -> Result<(), RegexpError> {
        if self.frames.len() >= MAX_DEPTH {
            return Err(RegexpError::new("expression nests too deeply", self.whole));
        }
        let outer = std::mem::replace(&mut self.frame, Frame::new(open, self.flags));
        self.frames.push(outer);
        Ok(())
    }

    /// Reads one token, which starts with `char`. Answers with the text from it on if it was a repetition.
    fn token(&mut self, char: char, last_repeat: Option<&'a str>) -> Result<Option<&'a str>, RegexpError> {
        let start = self.rest;
        match char {
            '(' if start.starts_with("(?") => self.perl_group()?,
            '(' => {
                self.next();
                self.names.push(String::new());
                self.open("(")?;
            }
            '|' => {
                self.next();
                self.frame.end_alternative();
                self.frame.done.push('|');
            }
            ')' => {
                self.next();
                let Some(outer) = self.frames.pop() else {
                    return Err(RegexpError::new("unexpected )", self.whole));
                };
                let inner = std::mem::replace(&mut self.frame, outer);
                self.flags = inner.flags;
                self.frame.pieces.push(inner.finish());
            }
            '^' | '$' => {
                self.next();
                let text = match (char, self.flags.multi_line) {
                    ('^', false) => r"\A",
                    ('^', true) => "(?m:^)",
                    (_, false) => r"\z",
                    (_, true) => "(?m:$)",
                };
                self.push(text.to_owned());
            }
            '.' => {
                self.next();
                self.push(if self.flags.dot_newline { "(?s:.)" } else { "." }.to_owned());
            }
            '[' => {
                let text = self.class()?;
                self.push_folded(&text);
            }
            '*' | '+' | '?' => {
                self.next();
                self.repeat((u32::from(char == '+'), None), &char.to_string(), start, last_repeat)?;
                return Ok(Some(start));
            }
            '{' => match self.counts() {
                None => {
                    self.rest = start;
                    self.next();
                    self.literal('{'.into());
                }
                Some((min, max)) => {
                    if min > MAX_REPEAT || max.is_some_and(|max| max > MAX_REPEAT || min > max) {
                        return self.error("invalid repeat count", start);
                    }
                    let text = match max {
                        None => format!("{{{min},}}"),
                        Some(max) => format!("{{{min},{max}}}"),
                    };
                    self.repeat((min, max), &text, start, last_repeat)?;
                    return Ok(Some(start));
                }
            },
            '\\' => self.escape()?,
            _ => {
                self.next();
                self.literal(char.into());
            }
        }
        Ok(None)
    }

    /// Repeats the last piece. `counts` are the least and greatest number, for `{}` alone.
    fn repeat(
        &mut self,
        counts: (u32, Option<u32>),
        text: &str,
        start: &'a str,
        last_repeat: Option<&'a str>,
    ) -> Result<(), RegexpError> {
        let mut lazy = self.flags.ungreedy;
        if self.rest.starts_with('?') {
            self.next();
            lazy = !lazy;
        }
        if let Some(last) = last_repeat {
            return self.error("invalid nested repetition operator", last);
        }
        let Some(piece) = self.frame.pieces.last_mut() else {
            return self.error("missing argument to repetition operator", start);
        };
        if start.starts_with("{0}") || start.starts_with("{0,0}") {
            // The `regex` crate forgets the groups of what is never there; they must be counted all the same.
            piece.text = match piece.groups {
                0 => "(?:)".to_owned(),
                groups => format!("(?:{}{})?", class::NOTHING, "()".repeat(groups)),
            };
            piece.repeated = true;
            piece.weight = 1;
            return Ok(());
        }
        if piece.repeated {
            piece.text = format!("(?:{})", piece.text);
        }
        piece.text.push_str(text);
        if lazy {
            piece.text.push('?');
        }
        piece.repeated = true;
        if start.starts_with('{') {
            let (min, max) = counts;
            let times = max.unwrap_or(min);
            piece.weight = piece.weight.saturating_mul(times.max(1));
            if times >= 2 && piece.weight > MAX_REPEAT {
                return self.error("invalid repeat count", start);
            }
        }
        Ok(())
    }

    /// `{2}`, `{2,}`, `{2,3}`: the least and greatest number. What looks different is no repetition, but text.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        self.next();
        let min = self.count()?;
        let max = match self.next()? {
            '}' => return Some((min, Some(min))),
            ',' if self.rest.starts_with('}') => None,
            ',' => Some(self.count()?),
            _ => return None,
        };
        (self.next()? == '}').then_some((min, max))
    }

    fn count(&mut self) -> Option<u32> {
        let len = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let digits = self.rest.get(..len).filter(|digits| !digits.is_empty())?;
        self.skip(len);
        if digits.len() > 1 && digits.starts_with('0') {
            return None;
        }
        Some(digits.parse().unwrap_or(u32::MAX))
    }

    /// What begins with `(?`: a named group, flags, or a group with flags.
    fn perl_group(&mut self) -> Result<(), RegexpError> {
        let start = self.rest;
        // Go wants one more character behind the sign before it sees a name.
        let prefix = if start.starts_with("(?P<") && start.len() > 4 {
            4
        } else if start.starts_with("(?<") && start.len() > 3 {
            3
        } else {
            0
        };
        if prefix > 0 {
            let Some((before, after)) = start.split_once('>') else {
                return Err(RegexpError::new("invalid named capture", start));
            };
            self.rest = after;
            let name = before.get(prefix..).unwrap_or_default();
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                return self.error("invalid named capture", start);
            }
            self.names.push(name.to_owned());
            return self.open("(");
        }
        self.skip(2);
        let mut flags = self.flags;
        let mut value = true;
        let mut saw_flag = false;
        while let Some(char) = self.next() {
            match char {
                'i' => flags.fold_case = value,
                'm' => flags.multi_line = value,
                's' => flags.dot_newline = value,
                'U' => flags.ungreedy = value,
                '-' if value => {
                    value = false;
                    saw_flag = false;
                    continue;
                }
                ':' | ')' if value || saw_flag => {
                    if char == ':' {
                        self.open("(?:")?;
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            saw_flag = true;
        }
        self.error("invalid or unsupported Perl syntax", start)
    }
}
