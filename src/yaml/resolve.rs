//! What scalars mean: the rules of go-yaml v2 and v3.
//!
//! The same bytes mean different things to different tools. Helm, kubectl and Argo CD read through
//! `sigs.k8s.io/yaml`, which is go-yaml v2 and JSON behind it; kustomize reads through go-yaml v3.
//! [`Node::canonicalize`] settles the matter once per tree; after it nobody has to know the dialect.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rustc_hash::FxHashMap;
use smol_str::{SmolStr, ToSmolStr as _, format_smolstr};

use crate::source::Span;

use super::number::{self, Number};
use super::timestamp;
use super::{Data, Dialect, Entry, GoLines, Key, Map, Node, Style, YamlProblem, YamlProblemKind};
use crate::golang::strconv::{format_g, format_g32, format_json, quote as go_quote};

/// What a scalar means.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'a> {
    /// `null`, `~`, nothing at all.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer that needs 64 bits without a sign.
    Uint(u64),
    /// A floating point number.
    Float(f64),
    /// A string; owned where the meaning is not the spelling: `!!binary`, a timestamp for kustomize.
    Str(Cow<'a, str>),
}

/// The long forms of the tags that go-yaml knows.
pub(super) mod tags {
    pub(super) const STR: &str = "tag:yaml.org,2002:str";
    pub(in super::super) const MERGE: &str = "tag:yaml.org,2002:merge";
    pub(super) const BOOL: &str = "tag:yaml.org,2002:bool";
    pub(super) const INT: &str = "tag:yaml.org,2002:int";
    pub(super) const FLOAT: &str = "tag:yaml.org,2002:float";
    pub(super) const NULL: &str = "tag:yaml.org,2002:null";
    pub(super) const TIMESTAMP: &str = "tag:yaml.org,2002:timestamp";
    pub(super) const BINARY: &str = "tag:yaml.org,2002:binary";
}

/// Whether go-yaml looks at the text of a scalar with this tag; with any other tag it is a string.
fn is_resolvable(tag: &str) -> bool {
    matches!(tag, tags::STR | tags::BOOL | tags::INT | tags::FLOAT | tags::NULL | tags::TIMESTAMP)
}

fn short_tag(tag: &str) -> Cow<'_, str> {
    match tag.strip_prefix("tag:yaml.org,2002:") {
        Some(name) => Cow::Owned(format!("!!{name}")),
        None => Cow::Borrowed(tag),
    }
}

/// The meaning of a plain scalar, before tags; a timestamp is still apart from strings.
enum Implicit {
    Null,
    Bool(bool),
    Number(Number),
    Timestamp,
    Str,
}

impl Implicit {
    fn tag(&self) -> &'static str {
        match self {
            Self::Null => tags::NULL,
            Self::Bool(_) => tags::BOOL,
            Self::Number(Number::Float(_)) => tags::FLOAT,
            Self::Number(_) => tags::INT,
            Self::Timestamp => tags::TIMESTAMP,
            Self::Str => tags::STR,
        }
    }
}

/// go-yaml's `resolve`. `timestamps` is off under a tag that is no timestamp's.
fn implicit(text: &str, dialect: Dialect, timestamps: bool) -> Implicit {
    let Some(first) = text.bytes().next() else { return Implicit::Null };
    match first {
        b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'y' | b'Y' | b'o' | b'O' => match text {
            "~" | "null" | "Null" | "NULL" => Implicit::Null,
            "true" | "True" | "TRUE" => Implicit::Bool(true),
            "false" | "False" | "FALSE" => Implicit::Bool(false),
            "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if dialect == Dialect::Sigs => {
                Implicit::Bool(true)
            }
            "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if dialect == Dialect::Sigs => {
                Implicit::Bool(false)
            }
            _ => Implicit::Str,
        },
        b'.' => match text {
            ".nan" | ".NaN" | ".NAN" => Implicit::Number(Number::Float(f64::NAN)),
            ".inf" | ".Inf" | ".INF" => Implicit::Number(Number::Float(f64::INFINITY)),
            _ => number::parse_point_float(text)
                .map_or(Implicit::Str, |value| Implicit::Number(Number::Float(value))),
        },
        b'0'..=b'9' | b'+' | b'-' => match text {
            "+.inf" | "+.Inf" | "+.INF" => Implicit::Number(Number::Float(f64::INFINITY)),
            "-.inf" | "-.Inf" | "-.INF" => Implicit::Number(Number::Float(f64::NEG_INFINITY)),
            _ if timestamps && timestamp::parse(text).is_some() => Implicit::Timestamp,
            _ => number::parse(text, dialect == Dialect::V3).map_or(Implicit::Str, Implicit::Number),
        },
        _ => Implicit::Str,
    }
}

/// Whether a plain scalar with this text is a string, so that a writer need not quote it.
pub(super) fn is_plain_string(text: &str, dialect: Dialect) -> bool {
    matches!(implicit(text, dialect, true), Implicit::Str)
}

/// The meaning of a scalar. The error is go-yaml's message about a value that does not fit its tag.
fn resolve<'a>(
    text: &'a str,
    style: Style,
    tag: Option<&str>,
    dialect: Dialect,
) -> Result<Scalar<'a>, String> {
    let text_only = || Ok(Scalar::Str(Cow::Borrowed(text)));
    let tag = match tag {
        None if style != Style::Plain => return text_only(),
        // v3 treats the non-specific tag as none, v2 as one that it does not know.
        Some("!") if dialect == Dialect::V3 && style == Style::Plain => None,
        Some(tags::STR) => return text_only(),
        Some(tags::BINARY) => return decode_binary(text),
        Some(tag) if !is_resolvable(tag) => return text_only(),
        tag => tag,
    };
    let found = implicit(text, dialect, tag.is_none_or(|tag| tag == tags::TIMESTAMP));
    match (tag, &found) {
        (None, _) => {}
        (Some(tag), found) if tag == found.tag() => {}
        (Some(tags::FLOAT), Implicit::Number(Number::Int(value))) => return Ok(Scalar::Float(*value as f64)),
        (Some(tag), found) => {
            return Err(format!("cannot decode {} `{text}` as a {}", short_tag(found.tag()), short_tag(tag)));
        }
    }
    Ok(match found {
        Implicit::Null => Scalar::Null,
        Implicit::Bool(value) => Scalar::Bool(value),
        Implicit::Number(Number::Int(value)) => Scalar::Int(value),
        Implicit::Number(Number::Uint(value)) => Scalar::Uint(value),
        Implicit::Number(Number::Float(value)) => Scalar::Float(value),
        Implicit::Timestamp => match timestamp::parse(text) {
            Some(time) if dialect == Dialect::V3 => Scalar::Str(Cow::Owned(time.to_rfc3339())),
            _ => Scalar::Str(Cow::Borrowed(text)),
        },
        Implicit::Str => Scalar::Str(Cow::Borrowed(text)),
    })
}

/// Go's `base64.StdEncoding` skips line breaks and wants padding; bytes that are no text turn into U+FFFD in JSON.
fn decode_binary(text: &str) -> Result<Scalar<'_>, String> {
    // Go does not look at the bits behind the last byte.
    const STANDARD: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
    );
    let packed: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let bytes =
        STANDARD.decode(packed).map_err(|_| "!!binary value contains invalid base64 data".to_owned())?;
    Ok(Scalar::Str(Cow::Owned(go_utf8_lossy(&bytes))))
}

/// Bytes as Go's `encoding/json` makes text of them: one U+FFFD for every byte that is not part of a character.
fn go_utf8_lossy(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for _ in chunk.invalid() {
            text.push('\u{fffd}');
        }
    }
    text
}

impl Node {
    /// What this scalar means to `dialect`; `None` for a collection. A value that does not fit its tag
    /// (`!!int abc`), which go-yaml refuses, is its text; [`canonicalize`](Self::canonicalize) reports it.
    pub fn resolve(&self, dialect: Dialect) -> Option<Scalar<'_>> {
        let text = self.scalar()?;
        Some(self.try_resolve(dialect).unwrap_or(Scalar::Str(Cow::Borrowed(text))))
    }

    /// Whether two trees mean the same to `dialect`: neither spelling nor the order of keys counts.
    pub fn means_same(&self, other: &Self, dialect: Dialect) -> bool {
        match (&self.data, &other.data) {
            (Data::Scalar(_), Data::Scalar(_)) => self.resolve(dialect) == other.resolve(dialect),
            (Data::Seq(a), Data::Seq(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.means_same(b, dialect))
            }
            (Data::Map(a), Data::Map(b)) => {
                let other = |entry: &Entry| b.get(&entry.key.text);
                let same = |entry: &Entry| other(entry).is_some_and(|it| entry.value.means_same(it, dialect));
                a.len() == b.len() && a.iter().all(same)
            }
            _ => false,
        }
    }

    /// What this scalar means, or go-yaml's message about a value that does not fit its tag. A collection is an
    /// empty string.
    pub(super) fn try_resolve(&self, dialect: Dialect) -> Result<Scalar<'_>, String> {
        resolve(self.scalar_text().unwrap_or(""), self.style, self.tag.as_deref(), dialect)
    }

    /// Turns the tree into what `dialect` makes of it, as plain as JSON: plain scalars are `null`, `true`,
    /// `false` or a JSON number; all other scalars and all keys are strings, marked by a quoted or block style;
    /// tags are gone; keys differ. Places stay as they are.
    ///
    /// Stops at the first thing that the tools refuse: a value that does not fit its tag, a number or key that
    /// JSON cannot hold. What comes before it is canonical then, the rest is not.
    pub fn canonicalize(&mut self, dialect: Dialect) -> Result<(), Box<YamlProblem>> {
        self.canonicalize_at(dialect, true)
    }

    fn canonicalize_at(&mut self, dialect: Dialect, top: bool) -> Result<(), Box<YamlProblem>> {
        let at = self.at;
        let tag = self.tag.take();
        match &mut self.data {
            Data::Scalar(text) => {
                if self.style != Style::Plain && tag.is_none() {
                    return Ok(());
                }
                let scalar = match resolve(text, self.style, tag.as_deref(), dialect) {
                    Ok(scalar) => scalar,
                    Err(message) => return refuse(message, at),
                };
                let (spelling, plain) = match scalar {
                    Scalar::Null => (SmolStr::new_static("null"), true),
                    Scalar::Bool(value) => (SmolStr::new_static(if value { "true" } else { "false" }), true),
                    Scalar::Int(value) => (spell_int(text, value), true),
                    Scalar::Uint(value) => (value.to_smolstr(), true),
                    Scalar::Float(value) => match format_json(value) {
                        Some(spelling) => (spelling, true),
                        None => {
                            let message = format!("json: unsupported value: {}", format_g(value));
                            return refuse(message, at);
                        }
                    },
                    Scalar::Str(Cow::Borrowed(_)) => (text.clone(), false),
                    Scalar::Str(Cow::Owned(decoded)) => (SmolStr::from(decoded), false),
                };
                *text = spelling;
                if plain {
                    self.style = Style::Plain;
                } else if self.style == Style::Plain {
                    self.style = Style::DoubleQuoted;
                }
                Ok(())
            }
            Data::Seq(items) => items.iter_mut().try_for_each(|item| item.canonicalize_at(dialect, false)),
            Data::Map(map) => {
                if top && dialect == Dialect::V3 {
                    // An object is read into a map with string keys, for which a null key is no key.
                    map.retain(|entry| {
                        entry.key.style != Style::Plain
                            || !matches!(implicit(&entry.key.text, dialect, false), Implicit::Null)
                    });
                }
                let mut renamed = false;
                for entry in map.entries_mut() {
                    renamed |= canonicalize_key(&mut entry.key, dialect, top)?;
                    entry.value.canonicalize_at(dialect, false)?;
                }
                if renamed {
                    drop_duplicates(map);
                }
                Ok(())
            }
        }
    }

    /// The text of a string. Only after [`canonicalize`](Self::canonicalize): before it, `yes` and `1` cannot be
    /// told from strings.
    pub fn as_str(&self) -> Option<&str> {
        self.scalar().filter(|_| self.style != Style::Plain).map(SmolStr::as_str)
    }

    fn as_plain(&self) -> Option<&str> {
        self.scalar().filter(|_| self.style == Style::Plain).map(SmolStr::as_str)
    }

    /// The value of a boolean. Only after [`canonicalize`](Self::canonicalize).
    pub fn as_bool(&self) -> Option<bool> {
        match self.as_plain()? {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The value of an integer, also when it is spelled as a float (`1e+06`). Only after
    /// [`canonicalize`](Self::canonicalize).
    pub fn as_i64(&self) -> Option<i64> {
        let text = self.as_plain()?;
        // Beyond 2^53 floats do not know their integers.
        let integral = |value: &f64| value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0;
        text.parse().ok().or_else(|| self.as_f64().filter(integral).map(|value| value as i64))
    }

    /// The value of a number. Only after [`canonicalize`](Self::canonicalize).
    pub fn as_f64(&self) -> Option<f64> {
        self.as_plain().filter(|text| is_json_number(text))?.parse().ok()
    }

    /// Whether this is null. May be asked at any time, since all dialects agree on it.
    pub fn is_null(&self) -> bool {
        match (&self.tag, self.as_plain()) {
            (None, Some(text)) => matches!(text, "" | "~" | "null" | "Null" | "NULL"),
            (Some(tag), _) => tag.as_ref() == tags::NULL,
            _ => false,
        }
    }

    /// The text of any scalar: a string's characters, a number's digits. May be asked at any time, but only after
    /// [`canonicalize`](Self::canonicalize) it is what the tools print.
    pub fn scalar_text(&self) -> Option<&str> {
        self.scalar().map(SmolStr::as_str)
    }
}

fn refuse<T>(message: String, at: Span) -> Result<T, Box<YamlProblem>> {
    let go_lines = GoLines::default();
    Err(Box::new(YamlProblem {
        kind: YamlProblemKind::Value,
        message,
        at,
        context: None,
        go_lines,
        v3_message: None,
    }))
}

/// Keeps the text where it is the canonical spelling already: no allocation for what most integers are.
fn spell_int(text: &SmolStr, value: i64) -> SmolStr {
    let canonical = text.as_bytes().first().is_some_and(|first| *first != b'+' && *first != b'0')
        && text.bytes().skip(1).all(|byte| byte.is_ascii_digit())
        && text != "-0";
    if canonical && !text.starts_with("-0") { text.clone() } else { value.to_smolstr() }
}

/// Makes a string of a key; answers whether its text changed.
fn canonicalize_key(key: &mut Key, dialect: Dialect, top: bool) -> Result<bool, Box<YamlProblem>> {
    let style = std::mem::replace(&mut key.style, Style::DoubleQuoted);
    if style != Style::Plain {
        key.style = style;
        return Ok(false);
    }
    let found = implicit(&key.text, dialect, true);
    if dialect == Dialect::V3 {
        // kustomize reads objects into maps with string keys at the top, where any scalar is taken by its text,
        // and into JSON further down, where only strings can be keys.
        return match found {
            Implicit::Str => Ok(false),
            _ if top => Ok(false),
            _ => refuse("json: unsupported type: map[interface {}]interface {}".to_owned(), key.at),
        };
    }
    let text = match found {
        Implicit::Str | Implicit::Timestamp => return Ok(false),
        Implicit::Bool(value) => SmolStr::new_static(if value { "true" } else { "false" }),
        Implicit::Number(Number::Int(value)) => value.to_smolstr(),
        Implicit::Number(Number::Float(value)) => match format_g32(value).as_str() {
            "+Inf" => SmolStr::new_static(".inf"),
            "-Inf" => SmolStr::new_static("-.inf"),
            "NaN" => SmolStr::new_static(".nan"),
            text => SmolStr::new(text),
        },
        Implicit::Number(Number::Uint(value)) => {
            let message = format!("unsupported map key of type: uint64, key: {value:#x}");
            return refuse(message, key.at);
        }
        Implicit::Null => {
            let message = "unsupported map key of type: %!s(<nil>), key: <nil>".to_owned();
            return refuse(message, key.at);
        }
    };
    let changed = text != key.text;
    key.text = text;
    Ok(changed || !matches!(found, Implicit::Str))
}

/// Keys that were spelled differently may mean the same: the last one wins.
fn drop_duplicates(map: &mut Map) {
    let mut seen: FxHashMap<SmolStr, usize> = FxHashMap::default();
    let mut unique: Vec<Entry> = Vec::with_capacity(map.len());
    for entry in std::mem::take(map).into_entries() {
        let index = *seen.entry(entry.key.text.clone()).or_insert(unique.len());
        match unique.get_mut(index) {
            Some(earlier) => *earlier = entry,
            None => unique.push(entry),
        }
    }
    *map = Map::from_entries(unique);
}

/// Whether a text is a number in JSON's grammar.
pub(super) fn is_json_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.as_bytes().first().is_some_and(u8::is_ascii_digit)
        && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
        && digits.parse::<f64>().is_ok()
}

/// A value as Go's `%#v` prints what go-yaml v2 decoded: the form in which Helm shows a key that is a mapping.
pub(super) fn go_syntax(node: &Node) -> String {
    match &node.data {
        Data::Scalar(_) => match node.resolve(Dialect::Sigs) {
            None | Some(Scalar::Null) => "interface {}(nil)".to_owned(),
            Some(Scalar::Bool(value)) => value.to_string(),
            Some(Scalar::Int(value)) => value.to_string(),
            Some(Scalar::Uint(value)) => format!("{value:#x}"),
            Some(Scalar::Float(value)) => format_g(value).to_string(),
            Some(Scalar::Str(text)) => go_quote(&text),
        },
        Data::Seq(items) => {
            let items: Vec<String> = items.iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Data::Map(map) => {
            let mut entries: Vec<(SmolStr, String)> = map
                .iter()
                .map(|entry| {
                    let key = Node {
                        style: entry.key.style,
                        ..Node::plain(entry.key.text.clone(), entry.key.place())
                    };
                    (entry.key.text.clone(), format!("{}:{}", go_syntax(&key), go_syntax(&entry.value)))
                })
                .collect();
            entries.sort();
            let entries: Vec<String> = entries.into_iter().map(|(_, text)| text).collect();
            format!("map[interface {{}}]interface {{}}{{{}}}", entries.join(", "))
        }
    }
}

impl Scalar<'_> {
    /// The text that JSON and the tools' output have for it, without quotes.
    pub fn to_text(&self) -> SmolStr {
        match self {
            Self::Null => SmolStr::new_static("null"),
            Self::Bool(value) => SmolStr::new_static(if *value { "true" } else { "false" }),
            Self::Int(value) => value.to_smolstr(),
            Self::Uint(value) => value.to_smolstr(),
            Self::Float(value) => format_json(*value).unwrap_or_else(|| format_g(*value)),
            Self::Str(text) => format_smolstr!("{text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::parse;

    fn root(text: &str) -> Node {
        let file = Sources::new().add("a.yaml", text.into());
        parse(&file).documents.remove(0).root.unwrap()
    }

    /// `fixtures/yaml/read.jsonl` has the values; here is what callers see of them.
    #[test]
    fn resolves_per_dialect() {
        use Scalar::{Bool, Float, Int, Null, Str, Uint};
        let text = |text: &'static str| Str(Cow::Borrowed(text));
        for (source, sigs, v3) in [
            ("yes", Bool(true), text("yes")),
            ("true", Bool(true), Bool(true)),
            ("'yes'", text("yes"), text("yes")),
            ("~", Null, Null),
            ("017", Int(15), Int(15)),
            ("0o17", Int(15), Int(15)),
            ("-0o17", Int(-15), Int(-15)),
            ("1_000", Int(1000), Int(1000)),
            ("18446744073709551615", Uint(u64::MAX), Uint(u64::MAX)),
            ("1e3", Float(1000.0), Float(1000.0)),
            ("08", Float(8.0), Float(8.0)),
            ("1:30", text("1:30"), text("1:30")),
            ("2020-01-01", text("2020-01-01"), text("2020-01-01T00:00:00Z")),
            ("!!str 1", text("1"), text("1")),
            ("!!int '1'", Int(1), Int(1)),
            ("! 1", text("1"), Int(1)),
            ("!!int x", text("x"), text("x")),
            ("!!binary aGk=", text("hi"), text("hi")),
        ] {
            let node = root(source);
            assert_eq!(node.resolve(Dialect::Sigs), Some(sigs), "{source}");
            assert_eq!(node.resolve(Dialect::V3), Some(v3), "{source}");
        }
        assert_eq!(root("[]").resolve(Dialect::Sigs), None);
    }

    #[test]
    fn canonical_trees_need_no_dialect() {
        let mut node = root("a: yes\nb: 0x10\nc: ~\nd: !!str 1\ne: plain\nf: 1.50\non: x\n1: y\n'1': z\n");
        assert!(node.get("c").unwrap().is_null());
        let place = node.get("b").unwrap().place();
        node.canonicalize(Dialect::Sigs).unwrap();
        let get = |key: &str| node.get(key).unwrap();
        assert_eq!(get("a").as_bool(), Some(true));
        assert_eq!((get("b").as_i64(), get("b").scalar_text()), (Some(16), Some("16")));
        assert_eq!(get("b").place(), place);
        assert!(get("c").is_null() && get("c").as_str().is_none());
        assert_eq!((get("d").as_str(), get("d").as_i64()), (Some("1"), None));
        assert_eq!(get("e").as_str(), Some("plain"));
        assert_eq!(get("f").as_f64(), Some(1.5));
        assert_eq!(get("true").as_str(), Some("x"));
        assert_eq!(get("1").as_str(), Some("z"));
        assert_eq!(node.entries().len(), 8);
    }

    #[test]
    fn many_keys_that_are_numbers() {
        let text = (0..20_000).fold(String::new(), |text, key| text + &key.to_string() + ": a\n");
        let mut node = root(&text);
        node.canonicalize(Dialect::Sigs).unwrap();
        assert_eq!(node.entries().len(), 20_000);
    }

    #[test]
    fn refuses_with_a_place() {
        for (text, dialect, message, start) in [
            ("a: !!int x", Dialect::Sigs, "cannot decode !!str `x` as a !!int", 9),
            ("a: [.nan]", Dialect::Sigs, "json: unsupported value: NaN", 4),
            ("a: {~: b}", Dialect::Sigs, "unsupported map key of type: %!s(<nil>), key: <nil>", 4),
            ("a: {1: b}", Dialect::V3, "json: unsupported type: map[interface {}]interface {}", 4),
        ] {
            let error = root(text).canonicalize(dialect).unwrap_err();
            assert_eq!((error.message.as_str(), error.at.start), (message, start));
            assert_eq!(error.kind, YamlProblemKind::Value);
        }
    }

    #[test]
    fn quotes_as_go() {
        assert_eq!(go_quote("a\"b\\c\n\t\u{1}é\u{2028}"), "\"a\\\"b\\\\c\\n\\t\\x01é\\u2028\"");
    }
}
