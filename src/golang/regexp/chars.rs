//! The parts of an expression that stand for one character: escapes, sets, classes.

use super::RegexpError;
use super::class;
use super::translate::Parser;

impl<'a> Parser<'a> {
    /// What begins with a backslash, outside of a class.
    pub(super) fn escape(&mut self) -> Result<(), RegexpError> {
        let start = self.rest;
        let text = match start.chars().nth(1) {
            Some('A') => r"\A",
            Some('b') => r"(?-u:\b)",
            // The opposite of an ASCII `\b` could match within a character, so there is none. This one differs
            // next to letters beyond ASCII.
            Some('B') => r"\B",
            Some('z') => r"\z",
            Some('C') => {
                self.skip(2);
                return self.error("invalid escape sequence", start);
            }
            Some('Q') => {
                self.skip(2);
                let (quoted, rest) = self.rest.split_once(r"\E").unwrap_or((self.rest, ""));
                self.rest = rest;
                quoted.chars().for_each(|char| self.literal(char.into()));
                return Ok(());
            }
            _ => {
                match self.set()? {
                    Some(set) => self.push_folded(&set),
                    None => {
                        let code = self.escaped_char()?;
                        self.literal(code);
                    }
                }
                return Ok(());
            }
        };
        self.skip(2);
        self.push(text.to_owned());
        Ok(())
    }

    /// `\pL`, `\p{Greek}`, `\d` and their like; `None`, and nothing read, if there is none.
    fn set(&mut self) -> Result<Option<String>, RegexpError> {
        let start = self.rest;
        let mut chars = start.chars();
        let (Some('\\'), Some(letter)) = (chars.next(), chars.next()) else { return Ok(None) };
        if let Some(set) = class::perl(letter) {
            self.skip(2);
            return Ok(Some(set.to_owned()));
        }
        if !matches!(letter, 'p' | 'P') {
            return Ok(None);
        }
        self.skip(2);
        let from = self.rest;
        let name = if from.starts_with('{') {
            let Some((name, rest)) = from.split_once('}') else {
                return Err(RegexpError::new("invalid character class range", start));
            };
            self.rest = rest;
            name.get(1..).unwrap_or_default()
        } else {
            self.next();
            self.since(from)
        };
        match class::unicode(name, letter == 'P') {
            Some(set) => Ok(Some(set)),
            None => self.error("invalid character class range", start),
        }
    }

    /// A backslash and what makes one character with it: the code of the character.
    fn escaped_char(&mut self) -> Result<u32, RegexpError> {
        let start = self.rest;
        self.next();
        let Some(char) = self.next() else {
            return Err(RegexpError::new("trailing backslash at end of expression", ""));
        };
        let octal = |char: Option<char>| {
            char.filter(|char| matches!(char, '0'..='7')).and_then(|char| char.to_digit(8))
        };
        match char {
            '0' | '1'..='7' if char == '0' || octal(self.peek()).is_some() => {
                let mut code = u32::from(char) - u32::from('0');
                for _ in 0..2 {
                    let Some(digit) = octal(self.peek()) else { break };
                    self.next();
                    code = code * 8 + digit;
                }
                return Ok(code);
            }
            'x' => {
                if let Some(code) = self.hexadecimal() {
                    return Ok(code);
                }
            }
            'a' => return Ok(7),
            'f' => return Ok(12),
            'n' => return Ok(10),
            'r' => return Ok(13),
            't' => return Ok(9),
            'v' => return Ok(11),
            char if char.is_ascii() && !char.is_ascii_alphanumeric() => return Ok(char.into()),
            _ => {}
        }
        self.error("invalid escape sequence", start)
    }

    /// What stands behind `\x`: two digits, or any number in braces. On `None`, as much is read as Go reads.
    fn hexadecimal(&mut self) -> Option<u32> {
        let first = self.next()?;
        if first != '{' {
            let high = first.to_digit(16);
            let low = self.next().and_then(|char| char.to_digit(16));
            return Some(high? * 16 + low?);
        }
        let mut code = None;
        loop {
            let char = self.next()?;
            if char == '}' {
                return code;
            }
            let next = code.unwrap_or(0) * 16 + char.to_digit(16)?;
            if next > u32::from(char::MAX) {
                return None;
            }
            code = Some(next);
        }
    }

    /// A class in brackets.
    pub(super) fn class(&mut self) -> Result<String, RegexpError> {
        let start = self.rest;
        self.next();
        let negated = self.rest.starts_with('^');
        if negated {
            self.next();
        }
        let mut members = String::new();
        let mut first = true;
        while first || !self.rest.starts_with(']') {
            first = false;
            if self.rest.starts_with("[:")
                && let Some((name, rest)) = self.rest.get(2..).unwrap_or_default().split_once(":]")
            {
                let from = self.rest;
                self.rest = rest;
                match class::posix(name) {
                    Some(set) => members.push_str(&set),
                    None => return self.error("invalid character class range", from),
                }
                continue;
            }
            if let Some(set) = self.set()? {
                members.push_str(&set);
                continue;
            }
            let from = self.rest;
            let low = self.class_char(start)?;
            let mut high = low;
            if self.rest.starts_with('-') && self.rest.len() > 1 && !self.rest.starts_with("-]") {
                self.next();
                high = self.class_char(start)?;
                if high < low {
                    return self.error("invalid character class range", from);
                }
            }
            push_range(&mut members, low, high);
        }
        self.next();
        Ok(match (members.is_empty(), negated) {
            (true, false) => class::NOTHING.to_owned(),
            (true, true) => class::EVERYTHING.to_owned(),
            (false, false) => format!("[{members}]"),
            (false, true) => format!("[^{members}]"),
        })
    }

    fn class_char(&mut self, class: &'a str) -> Result<u32, RegexpError> {
        match self.peek() {
            None => Err(RegexpError::new("missing closing ]", class)),
            Some('\\') => self.escaped_char(),
            Some(char) => {
                self.next();
                Ok(char.into())
            }
        }
    }
}

/// Adds a range to a class, without the half characters that may be in it.
fn push_range(members: &mut String, low: u32, high: u32) {
    use std::fmt::Write as _;

    let parts = [(low, high.min(0xd7ff)), (low.max(0xe000), high)];
    for (low, high) in parts {
        if low <= high {
            // Writing to a string cannot fail.
            let _ = write!(members, r"\x{{{low:x}}}-\x{{{high:x}}}");
        }
    }
}
