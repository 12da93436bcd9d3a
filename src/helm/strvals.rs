//! The little language behind `--set` and its relatives.
//!
//! Mirrors `pkg/strvals/{parser,literal_parser}.go` of Helm, panics that it recovers from included.

use smol_str::SmolStr;

use crate::origin::{Origin, Origins, Place, Step};
use crate::yaml::{Data, Key, Map, Node, go_quote};

use super::coalesce::{Log, OverrideKind, stand_over};
use super::int64::{INT64, is_int64};

/// `strvals.MaxIndex`.
const MAX_INDEX: usize = 65_536;

/// `strvals.MaxNestedNameLevel`.
const MAX_NESTED_NAME_LEVEL: usize = 30;

/// Lists inside of lists (`a[0][0]`). Helm has no bound of its own.
const MAX_NESTED_LISTS: usize = 64;

/// Nulls that one parameter may fill lists up with. Helm has no bound of its own.
const MAX_PADDING: usize = 1 << 20;

/// Which flag a parameter came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SetKind {
    /// `--set-json`.
    Json,
    /// `--set`: numbers, booleans and null are told from strings.
    Typed,
    /// `--set-string`: everything is a string.
    String,
    /// `--set-file`: values are paths of files, whose content is set.
    File,
    /// `--set-literal`: everything behind the first `=` is a string.
    Literal,
}

impl SetKind {
    /// The flag.
    pub fn flag(self) -> &'static str {
        match self {
            Self::Json => "--set-json",
            Self::Typed => "--set",
            Self::String => "--set-string",
            Self::File => "--set-file",
            Self::Literal => "--set-literal",
        }
    }
}

/// How values of a parameter are made and told about.
pub(super) struct Setting<'a> {
    /// Which flag it is: `--set`, `--set-string`, ...
    pub kind: SetKind,
    /// Where the parameter is written.
    pub place: Place,
    /// What is told.
    pub log: &'a mut Log,
    /// The steps that values go through.
    pub origins: &'a mut Origins,
    /// Reads the file that `--set-file` names.
    pub read: &'a mut dyn FnMut(&str) -> Result<SmolStr, String>,
}

/// Why the parser does not go on.
enum Stop {
    /// The text is at its end.
    End,
    /// Helm's words.
    Refused(String),
}

/// Sets what `text` says in `base`.
pub(super) fn parse<'a>(text: &'a str, base: &mut Map, into: Setting<'a>) -> Result<(), String> {
    let origin = into.origins.add(Origin::new(into.place.at, Step::Parameter).from(into.place.origin));
    let place = Place { at: into.place.at, origin };
    let mut parser = Parser { rest: text, place, path: Vec::new(), in_list: 0, padding: 0, into };
    loop {
        match parser.key(base, 0) {
            Ok(()) => {}
            Err(Stop::End) => return Ok(()),
            Err(Stop::Refused(words)) => return Err(words),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
    place: Place,
    path: Vec<SmolStr>,
    /// How many lists the parser is in; what happens there is not told as an override.
    in_list: usize,
    /// Nulls that fill lists up to an index, so far.
    padding: usize,
    into: Setting<'a>,
}

fn refused<T>(words: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Refused(words.into()))
}

/// A character as Go prints it with `%q`.
fn quoted_rune(c: char) -> String {
    match c {
        '\'' => "'\\''".to_owned(),
        '"' => "'\"'".to_owned(),
        c => format!("'{}'", go_quote(c.encode_utf8(&mut [0; 4])).trim_matches('"')),
    }
}

/// What Go says when a value is not of the type that it is taken for.
fn conversion<T>(found: &Node, wanted: &str) -> Result<T, Stop> {
    let found = match &found.data {
        Data::Map(_) => "map[string]interface {}",
        Data::Seq(_) => "[]interface {}",
        Data::Scalar(_) if found.as_str().is_some() => "string",
        Data::Scalar(_) if found.as_bool().is_some() => "bool",
        Data::Scalar(_) if found.is_null() => "nil",
        Data::Scalar(_) if is_int64(found) => "int64",
        Data::Scalar(_) => "float64",
    };
    refused(format!("unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}"))
}

impl Parser<'_> {
    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    /// Characters up to one of `stops`, which is taken too; `None` where the text ends before. A backslash takes the
    /// next character as it is, except in literals.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut taken = String::new();
        while let Some(c) = self.next() {
            match c {
                c if stops.contains(&c) => return (taken, Some(c)),
                '\\' if self.into.kind != SetKind::Literal => match self.next() {
                    Some(c) => taken.push(c),
                    None => break,
                },
                c => taken.push(c),
            }
        }
        (taken, None)
    }

    fn key(&mut self, data: &mut Map, level: usize) -> Result<(), Stop> {
        let literal = self.into.kind == SetKind::Literal;
        let stops: &[char] = if literal { &['=', '[', '.'] } else { &['=', '[', ',', '.'] };
        let (key, last) = self.until(stops);
        match last {
            None if key.is_empty() => Err(Stop::End),
            None => refused(format!("key {} has no value", go_quote(&key))),
            Some('=') => self.value(data, &key),
            Some('[') => {
                let index = self.index()?;
                let mut list = match data.get_mut(&key) {
                    None => Vec::new(),
                    Some(Node { data: Data::Seq(items), .. }) => std::mem::take(items),
                    Some(other) => return conversion(other, "[]interface {}"),
                };
                self.in_list += 1;
                let end = self.item(&mut list, index, level, 0);
                self.in_list -= 1;
                let list = Node::seq(list, self.place);
                self.put(data, &key, list);
                end
            }
            Some('.') => {
                let level = level + 1;
                if level > MAX_NESTED_NAME_LEVEL {
                    return refused(format!(
                        "value name nested level is greater than maximum supported nested level of {MAX_NESTED_NAME_LEVEL}"
                    ));
                }
                let mut fresh = Map::new();
                let there = match data.get_mut(&key) {
                    None => None,
                    Some(Node { data: Data::Map(map), .. }) => Some(map),
                    Some(other) => return conversion(other, "map[string]interface {}"),
                };
                let is_fresh = there.is_none();
                let inner = there.unwrap_or(&mut fresh);
                self.path.push(SmolStr::new(&key));
                let end = self.key(inner, level);
                self.path.pop();
                if end.is_ok() && inner.is_empty() {
                    return refused(format!("key map {} has no value", go_quote(&key)));
                }
                if is_fresh && !fresh.is_empty() {
                    let inner = Node::map(fresh, self.place);
                    self.put(data, &key, inner);
                }
                end
            }
            Some(_) => refused(format!("key {} has no value (cannot end with ,)", go_quote(&key))),
        }
    }

    /// What stands behind `key=`.
    fn value(&mut self, data: &mut Map, key: &str) -> Result<(), Stop> {
        match self.into.kind {
            SetKind::Literal => {
                let text = std::mem::take(&mut self.rest);
                self.put(data, key, Node::string(text, self.place));
                Ok(())
            }
            SetKind::Json => {
                let value = self.json()?;
                self.put(data, key, value);
                Ok(())
            }
            _ if self.rest.is_empty() => {
                self.put(data, key, Node::string("", self.place));
                Err(Stop::End)
            }
            _ => {
                let value = self.scalar_or_list()?;
                self.put(data, key, value);
                Ok(())
            }
        }
    }

    /// A JSON value and the comma behind it; nothing at all is null.
    fn json(&mut self) -> Result<Node, Stop> {
        if self.empty() {
            return Ok(Node::null(self.place));
        }
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<serde_json::Value>();
        let value = match values.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => return refused(error.to_string()),
            None => return Err(Stop::End),
        };
        self.rest = self.rest.get(values.byte_offset()..).unwrap_or("");
        self.empty();
        Ok(Node::from_value(&value, self.place))
    }

    /// Takes white space up to a comma or the end; whether there was nothing else.
    fn empty(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(',') {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => self.rest.is_empty(),
        }
    }

    fn scalar_or_list(&mut self) -> Result<Node, Stop> {
        let Some(rest) = self.rest.strip_prefix('{') else {
            let (text, _) = self.until(&[',']);
            return self.scalar(&text);
        };
        self.rest = rest;
        let mut items = Vec::new();
        loop {
            let (text, last) = self.until(&[',', '}']);
            match last {
                None => return refused("list must terminate with '}'"),
                Some('}') => {
                    self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
                    items.push(self.scalar(&text)?);
                    return Ok(Node::seq(items, self.place));
                }
                Some(_) => items.push(self.scalar(&text)?),
            }
        }
    }

    /// `typedVal`, or the content of a file.
    fn scalar(&mut self, text: &str) -> Result<Node, Stop> {
        let place = self.place;
        match self.into.kind {
            SetKind::File => match (self.into.read)(text) {
                Ok(content) => return Ok(Node::string(content, place)),
                Err(words) => return refused(words),
            },
            SetKind::Typed => {}
            _ => return Ok(Node::string(text, place)),
        }
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        Ok(match text {
            _ if is("true") => Node::bool(true, place),
            _ if is("false") => Node::bool(false, place),
            _ if is("null") => Node::null(place),
            text if text == "0" || !text.starts_with('0') => match text.parse() {
                Ok(number) => Node { tag: Some(INT64.into()), ..Node::int(number, place) },
                Err(_) => Node::string(text, place),
            },
            text => Node::string(text, place),
        })
    }

    fn index(&mut self) -> Result<i64, Stop> {
        let (text, last) = self.until(&[']']);
        if last.is_none() {
            // Helm takes the end of the text inside of an index for the end of the parameter.
            return Err(Stop::End);
        }
        text.parse::<i64>().or_else(|error| {
            let why = match error.kind() {
                std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => {
                    "value out of range"
                }
                _ => "invalid syntax",
            };
            refused(format!("error parsing index: strconv.Atoi: parsing {}: {why}", go_quote(&text)))
        })
    }

    /// What stands behind `[index]`.
    fn item(&mut self, list: &mut Vec<Node>, index: i64, level: usize, lists: usize) -> Result<(), Stop> {
        let Ok(at) = usize::try_from(index) else {
            return refused(format!("negative {index} index not allowed"));
        };
        let (text, last) = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            let runes: Vec<String> = text.chars().map(quoted_rune).collect();
            return refused(format!("unexpected data at end of array index: [{}]", runes.join(" ")));
        }
        match last {
            None => Err(Stop::End),
            Some('=') => {
                let value = match self.into.kind {
                    SetKind::Literal => Node::string(std::mem::take(&mut self.rest), self.place),
                    SetKind::Json => self.json()?,
                    _ if self.rest.is_empty() => Node::string("", self.place),
                    _ => self.scalar_or_list()?,
                };
                self.set_index(list, at, value)
            }
            Some('[') => {
                if lists >= MAX_NESTED_LISTS {
                    return refused(format!("lists are nested deeper than {MAX_NESTED_LISTS} levels"));
                }
                let next = self.index()?;
                let mut inner = match list.get_mut(at) {
                    None => Vec::new(),
                    Some(Node { data: Data::Seq(items), .. }) => std::mem::take(items),
                    Some(other) if other.is_null() => Vec::new(),
                    Some(other) => return conversion(other, "[]interface {}"),
                };
                self.item(&mut inner, next, level, lists + 1)?;
                self.set_index(list, at, Node::seq(inner, self.place))
            }
            Some(_) => {
                let mut inner = match list.get_mut(at) {
                    Some(Node { data: Data::Map(map), .. }) => std::mem::take(map),
                    _ => Map::new(),
                };
                let end = self.key(&mut inner, level);
                let exists = list.len() > at;
                if exists || end.is_ok() {
                    self.set_index(list, at, Node::map(inner, self.place))?;
                }
                end
            }
        }
    }

    /// `setIndex`: what is missing before the index is null.
    fn set_index(&mut self, list: &mut Vec<Node>, index: usize, value: Node) -> Result<(), Stop> {
        if index > MAX_INDEX {
            return refused(format!(
                "index of {index} is greater than maximum supported index of {MAX_INDEX}"
            ));
        }
        if list.len() <= index {
            self.padding += index - list.len();
            if self.padding > MAX_PADDING {
                return refused(format!("lists are filled up with more than {MAX_PADDING} nulls"));
            }
            list.resize_with(index + 1, || Node::null(self.place));
        }
        if let Some(item) = list.get_mut(index) {
            *item = value;
        }
        Ok(())
    }

    /// Sets a key; an empty one is nobody's.
    fn put(&mut self, data: &mut Map, key: &str, mut value: Node) {
        if key.is_empty() {
            return;
        }
        if let Some(old) = data.get(key).filter(|old| self.in_list == 0 && !old.is_null()) {
            let kind = match (&old.data, &value.data) {
                _ if value.is_null() => OverrideKind::Nulled,
                (Data::Map(_), Data::Map(_)) => OverrideKind::Merged,
                (Data::Map(_), _) | (_, Data::Map(_)) => OverrideKind::TypeChanged,
                _ => OverrideKind::Replaced,
            };
            let path = self.path.iter().cloned().chain([SmolStr::new(key)]).collect();
            self.into.log.add(path, value.place(), old.place(), kind);
            value.origin = stand_over(value.place(), old.place(), self.into.origins);
        }
        data.insert(Key::new(key, self.place), value);
    }
}
