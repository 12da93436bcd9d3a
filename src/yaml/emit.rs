//! Trees as YAML, byte for byte as the tools write it.
//!
//! [`EmitStyle::Sigs`] is `sigs.k8s.io/yaml`'s `Marshal` (Helm's `toYaml`, the output of kubectl and kustomize):
//! JSON first, then go-yaml v2. The other styles are go-yaml v3's encoder. Both sort keys and choose styles of
//! scalars by the same analysis, which is libyaml's; how a scalar was written does not matter.
//!
//! All of this wants canonical trees; see [`Node::canonicalize`].

use std::borrow::Cow;
use std::fmt;

use smol_str::{SmolStr, ToSmolStr as _};

use crate::origin::{OriginId, Origins, Place, Text, Verbatim};

use super::analysis::{analyze, escape, has_break, is_base60, is_break, is_printable, is_word};
use super::json::{Canonical, canonical};
use super::number::{self, Number};
use super::resolve::is_plain_string;
use super::sort::sort_entries;
use super::{Data, Dialect, Entry, JsonStyle, Map, Node, Style, parse_text};

/// Which program's output to reproduce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmitStyle {
    /// `sigs.k8s.io/yaml.Marshal`: two blanks per level, sequences not indented below their key, plain and quoted
    /// scalars folded behind column 80.
    Sigs,
    /// go-yaml v3's encoder: nothing is folded.
    V3 {
        /// Blanks per level, 2 to 9.
        indent: u8,
        /// Whether sequences stand below their key without further indentation.
        compact: bool,
    },
}

impl EmitStyle {
    /// Helm's `toYamlPretty`.
    pub const PRETTY: Self = Self::V3 { indent: 2, compact: false };
    /// kustomize's `kyaml` encoder.
    pub const KYAML: Self = Self::V3 { indent: 2, compact: true };
}

/// Why the tools cannot write a tree. Helm's `toYaml` prints nothing then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmitError {
    /// In their words.
    pub message: &'static str,
    /// The key or value that is to blame.
    pub place: Place,
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

/// The tree as YAML, with a final line break.
pub fn emit(node: &Node, style: EmitStyle) -> Result<String, EmitError> {
    let mut emitter = Emitter::new(String::new(), style);
    emitter.document(node)?;
    Ok(emitter.out)
}

/// The tree as YAML that remembers where each key and scalar comes from. What stands between them (indentation,
/// `: `, `- `) comes from `around`. Nodes as written get an entry in `origins`.
pub fn emit_text(
    node: &Node,
    style: EmitStyle,
    origins: &mut Origins,
    around: OriginId,
) -> Result<Text, EmitError> {
    let sink = Traced { text: Text::new(), origins, around, value: around };
    let mut emitter = Emitter::new(sink, style);
    emitter.document(node)?;
    Ok(emitter.out.text)
}

/// Where the emitter writes to.
trait Sink {
    /// Structure: what stands between values.
    fn structure(&mut self, text: &str);
    /// The key or scalar that the next pieces belong to.
    fn begin(&mut self, place: Place);
    /// A piece of the value begun last: `offset` bytes into it.
    fn value(&mut self, text: &str, offset: usize);
}

impl Sink for String {
    fn structure(&mut self, text: &str) {
        self.push_str(text);
    }

    fn begin(&mut self, _: Place) {}

    fn value(&mut self, text: &str, _: usize) {
        self.push_str(text);
    }
}

struct Traced<'a> {
    text: Text,
    origins: &'a mut Origins,
    around: OriginId,
    value: OriginId,
}

impl Sink for Traced<'_> {
    fn structure(&mut self, text: &str) {
        self.text.push_str(text, self.around);
    }

    fn begin(&mut self, place: Place) {
        self.value = self.origins.entry(place);
    }

    fn value(&mut self, text: &str, offset: usize) {
        self.text.push_part(text, self.value, offset as u32);
    }
}

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parent {
    Root,
    Sequence,
    Mapping,
}

struct Emitter<S> {
    out: S,
    style: EmitStyle,
    best_indent: i32,
    best_width: usize,
    indent: i32,
    column: usize,
    /// Whether the last character written was white space that separates.
    whitespace: bool,
    /// Whether nothing but indentation and indicators stand on the line.
    indention: bool,
}

const SPACES: &str = "                                                                ";

impl<S: Sink> Emitter<S> {
    fn new(out: S, style: EmitStyle) -> Self {
        let (best_indent, best_width) = match style {
            EmitStyle::Sigs => (2, 80),
            EmitStyle::V3 { indent, .. } => (i32::from(indent.clamp(2, 9)), usize::MAX),
        };
        Self { out, style, best_indent, best_width, indent: -1, column: 0, whitespace: true, indention: true }
    }

    fn is_sigs(&self) -> bool {
        self.style == EmitStyle::Sigs
    }

    fn document(&mut self, node: &Node) -> Result<(), EmitError> {
        self.node(node, Parent::Root)?;
        self.write_indent();
        Ok(())
    }

    fn node(&mut self, node: &Node, parent: Parent) -> Result<(), EmitError> {
        match &node.data {
            Data::Scalar(text) => self.scalar(text, node.style, node.place(), parent, false),
            Data::Seq(items) if items.is_empty() => {
                self.empty_collection("[]", node);
                Ok(())
            }
            Data::Map(map) if map.is_empty() => {
                self.empty_collection("{}", node);
                Ok(())
            }
            Data::Seq(items) => self.sequence(items, parent),
            Data::Map(map) => self.mapping(map, parent),
        }
    }

    fn empty_collection(&mut self, brackets: &str, node: &Node) {
        if !self.whitespace {
            self.structure(" ");
        }
        self.out.begin(node.place());
        self.out.value(brackets, 0);
        self.column += 2;
        self.whitespace = false;
        self.indention = false;
    }

    fn sequence(&mut self, items: &[Node], parent: Parent) -> Result<(), EmitError> {
        let outer = self.indent;
        let in_mapping = parent == Parent::Mapping;
        match self.style {
            EmitStyle::Sigs => self.increase_indent(parent, false, in_mapping && !self.indention),
            EmitStyle::V3 { compact, .. } => {
                let compact = in_mapping && (self.column == 0 || !self.indention) && compact;
                self.increase_indent(parent, false, false);
                if compact && outer >= 0 {
                    self.indent -= 2;
                }
            }
        }
        for item in items {
            self.write_indent();
            self.write_indicator("-", true, true);
            self.node(item, Parent::Sequence)?;
        }
        self.indent = outer;
        Ok(())
    }

    fn mapping(&mut self, map: &Map, parent: Parent) -> Result<(), EmitError> {
        let outer = self.indent;
        self.increase_indent(parent, false, false);
        let dialect = if self.is_sigs() { Dialect::Sigs } else { Dialect::V3 };
        let mut entries: Vec<&Entry> = map.iter().collect();
        sort_entries(&mut entries, dialect);
        for entry in entries {
            self.write_indent();
            let key = self.checked(&entry.key.text, Style::DoubleQuoted, entry.key.place(), true)?;
            let simple = key.len() <= 128 && !has_break(&key);
            if !simple {
                self.write_indicator("?", true, true);
            }
            self.scalar_text(&key, true, entry.key.place(), Parent::Mapping, simple);
            if simple {
                self.write_indicator(":", false, false);
            } else {
                self.write_indent();
                self.write_indicator(":", true, true);
            }
            self.node(&entry.value, Parent::Mapping)?;
        }
        self.indent = outer;
        Ok(())
    }

    /// Puts the indentation one level deeper. `flow` is libyaml's word for everything that is no block collection.
    fn increase_indent(&mut self, parent: Parent, flow: bool, indentless: bool) {
        if self.indent < 0 {
            self.indent = if flow { self.best_indent } else { 0 };
        } else if indentless {
            // Stays where it is.
        } else if self.is_sigs() {
            self.indent += self.best_indent;
        } else if parent == Parent::Sequence {
            self.indent += 2;
        } else {
            self.indent = self.best_indent * ((self.indent + self.best_indent) / self.best_indent);
        }
    }

    fn structure(&mut self, text: &str) {
        self.out.structure(text);
        self.column += text.len();
    }

    fn value(&mut self, text: &str, offset: usize) {
        self.out.value(text, offset);
        self.column += text.chars().count();
    }

    /// Breaks the line; inside of a value the break belongs to it.
    fn put_break(&mut self, value: Option<usize>) {
        match value {
            Some(offset) => self.out.value("\n", offset),
            None => self.out.structure("\n"),
        }
        self.column = 0;
        if !self.is_sigs() {
            self.indention = true;
        }
    }

    fn write_indent(&mut self) {
        self.write_indent_in(None);
    }

    fn write_indent_in(&mut self, value: Option<usize>) {
        let indent = self.indent.max(0) as usize;
        if !self.indention || self.column > indent || self.column == indent && !self.whitespace {
            self.put_break(value);
        }
        while self.column < indent {
            let spaces = SPACES.get(..indent - self.column).unwrap_or(SPACES);
            match value {
                Some(offset) => self.out.value(spaces, offset),
                None => self.out.structure(spaces),
            }
            self.column += spaces.len();
        }
        self.whitespace = true;
        if self.is_sigs() {
            self.indention = true;
        }
    }

    fn write_indicator(&mut self, indicator: &str, need_whitespace: bool, is_indention: bool) {
        if need_whitespace && !self.whitespace {
            self.structure(" ");
        }
        self.structure(indicator);
        self.whitespace = false;
        self.indention = self.indention && is_indention;
    }

    /// The text as it comes out of the JSON that `sigs.k8s.io/yaml` writes and reads in between.
    fn checked<'t>(
        &self,
        text: &'t str,
        style: Style,
        place: Place,
        key: bool,
    ) -> Result<Cow<'t, str>, EmitError> {
        if !self.is_sigs() || style == Style::Plain {
            return Ok(Cow::Borrowed(text));
        }
        let harmless = |byte: u8| byte < 0x7f;
        if text.bytes().all(harmless) && !(key && text.len() > 160) {
            return Ok(Cow::Borrowed(text));
        }
        if text
            .chars()
            .any(|char| matches!(char, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}'))
        {
            return Err(EmitError { message: "yaml: control characters are not allowed", place });
        }
        let json = |text: &str| {
            Node::string(text, place).to_json(JsonStyle { escape_html: true, ..JsonStyle::default() })
        };
        // A key may be no longer than that and, since NEL ends a line, cannot hold one.
        if key && (text.contains('\u{85}') || json(text).chars().count() > 1024) {
            return Err(EmitError { message: "yaml: did not find expected ',' or '}'", place });
        }
        if text.contains('\u{85}') {
            // JSON does not escape NEL, and YAML folds it as a line break.
            let parsed = parse_text(&json(text), Dialect::Sigs, &mut Verbatim(place.at.file));
            let root = parsed.documents.into_iter().next().and_then(|document| document.root);
            return match root.as_ref().and_then(Node::scalar) {
                Some(folded) => Ok(Cow::Owned(folded.to_string())),
                None => Err(EmitError { message: "yaml: found unexpected document indicator", place }),
            };
        }
        Ok(Cow::Borrowed(text))
    }

    fn scalar(
        &mut self,
        text: &str,
        style: Style,
        place: Place,
        parent: Parent,
        simple_key: bool,
    ) -> Result<(), EmitError> {
        match canonical(text, style) {
            Canonical::Null => self.scalar_text("null", false, place, parent, simple_key),
            Canonical::Bool(value) => {
                let text = if value { "true" } else { "false" };
                self.scalar_text(text, false, place, parent, simple_key);
            }
            Canonical::Number(text) => {
                let text = self.number(text);
                self.scalar_text(&text, false, place, parent, simple_key);
            }
            Canonical::Str(text) => {
                let text = self.checked(text, Style::DoubleQuoted, place, false)?;
                self.scalar_text(&text, true, place, parent, simple_key);
            }
        }
        Ok(())
    }

    /// The spelling of a number.
    fn number(&self, text: &str) -> SmolStr {
        let number = match number::parse(text, false) {
            // JSON writes an integral float as an integer, and as such it is read back.
            Some(Number::Float(value)) if self.is_sigs() => {
                let json = super::format_json(value);
                json.as_deref().and_then(|json| number::parse(json, false))
            }
            other => other,
        };
        match number {
            Some(Number::Float(value)) => super::format_g(value),
            // An integer zero has no sign; a float's gets lost on the way through JSON.
            Some(Number::Int(0)) if self.is_sigs() => SmolStr::new_static("0"),
            Some(Number::Int(value)) if value != 0 => value.to_smolstr(),
            Some(Number::Uint(value)) => value.to_smolstr(),
            _ => SmolStr::new(text),
        }
    }

    /// Writes a scalar in the style that suits it. `string` says that it must not be read as anything else.
    fn scalar_text(&mut self, text: &str, string: bool, place: Place, parent: Parent, simple_key: bool) {
        let outer = self.indent;
        self.increase_indent(parent, true, false);
        self.out.begin(place);
        match self.choose_style(text, string, simple_key) {
            Style::Literal => self.write_literal(text),
            Style::SingleQuoted => self.write_single_quoted(text, !simple_key),
            Style::DoubleQuoted => self.write_double_quoted(text, !simple_key),
            Style::Plain | Style::Folded | Style::Flow => self.write_plain(text, !simple_key),
        }
        self.indent = outer;
    }

    fn choose_style(&self, text: &str, string: bool, simple_key: bool) -> Style {
        if !string {
            return Style::Plain;
        }
        if is_word(text) {
            // Most scalars: names, paths, images. Only what reads as something else is quoted.
            return if self.may_be_plain(text) { Style::Plain } else { Style::DoubleQuoted };
        }
        let analysis = analyze(text, self.is_sigs());
        let mut style = if text.contains('\n') {
            Style::Literal
        } else if self.may_be_plain(text) {
            Style::Plain
        } else {
            Style::DoubleQuoted
        };
        if simple_key && analysis.multiline {
            style = Style::DoubleQuoted;
        }
        if style == Style::Plain && (!analysis.plain_allowed || text.is_empty() && simple_key) {
            style = Style::SingleQuoted;
        }
        if style == Style::SingleQuoted && !analysis.single_quoted_allowed {
            style = Style::DoubleQuoted;
        }
        if style == Style::Literal && (!analysis.block_allowed || simple_key) {
            style = Style::DoubleQuoted;
        }
        style
    }

    /// Whether a plain scalar would be read as a string, here and by YAML 1.1.
    fn may_be_plain(&self, text: &str) -> bool {
        if self.is_sigs() {
            is_plain_string(text, Dialect::Sigs) && !is_base60(text)
        } else {
            // v3 reads `yes` as a string but quotes it for others.
            is_plain_string(text, Dialect::V3) && is_plain_string(text, Dialect::Sigs) && !is_base60(text)
        }
    }

    /// Whether a text without line breaks cannot reach the column behind which it would be folded.
    fn fits(&self, text: &str) -> bool {
        self.column.saturating_add(text.len()) < self.best_width
    }

    fn write_plain(&mut self, text: &str, allow_breaks: bool) {
        if !self.whitespace {
            self.structure(" ");
        }
        if !allow_breaks || self.fits(text) {
            self.value(text, 0);
        } else {
            let mut from = 0;
            let bytes = text.as_bytes();
            let mut spaces = false;
            for (at, byte) in text.bytes().enumerate() {
                if byte != b' ' {
                    spaces = false;
                    continue;
                }
                // The column is only known up to here, so the text before must be out first.
                self.value(text.get(from..at).unwrap_or(""), from);
                from = at;
                if !spaces && self.column > self.best_width && bytes.get(at + 1) != Some(&b' ') {
                    self.write_indent_in(Some(at));
                    from = at + 1;
                }
                self.indention = false;
                spaces = true;
            }
            self.value(text.get(from..).unwrap_or(""), from);
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn open_quote(&mut self, quote: &str) {
        if !self.whitespace {
            self.structure(" ");
        }
        self.value(quote, 0);
        self.whitespace = false;
        self.indention = false;
    }

    fn close_quote(&mut self, quote: &str, offset: usize) {
        self.value(quote, offset);
        self.whitespace = false;
        self.indention = false;
    }

    fn write_single_quoted(&mut self, text: &str, allow_breaks: bool) {
        self.open_quote("'");
        let bytes = text.as_bytes();
        let mut spaces = false;
        let mut breaks = false;
        let mut from = 0;
        for (at, char) in text.char_indices() {
            match char {
                ' ' => {
                    self.value(text.get(from..at).unwrap_or(""), from);
                    from = at;
                    let inside = at > 0 && at < text.len() - 1;
                    if allow_breaks
                        && !spaces
                        && self.column > self.best_width
                        && inside
                        && bytes.get(at + 1) != Some(&b' ')
                    {
                        self.write_indent_in(Some(at));
                        from = at + 1;
                    }
                    spaces = true;
                }
                '\n' | '\u{2028}' | '\u{2029}' => {
                    self.value(text.get(from..at).unwrap_or(""), from);
                    from = at + char.len_utf8();
                    if char == '\n' {
                        if !breaks {
                            self.put_break(Some(at));
                        }
                        self.put_break(Some(at));
                    } else {
                        self.value(text.get(at..from).unwrap_or(""), at);
                        self.column = 0;
                    }
                    self.indention = true;
                    breaks = true;
                }
                _ => {
                    if breaks {
                        self.write_indent_in(Some(at));
                    }
                    if char == '\'' {
                        self.value(text.get(from..=at).unwrap_or(""), from);
                        from = at;
                    }
                    self.indention = false;
                    spaces = false;
                    breaks = false;
                }
            }
        }
        self.value(text.get(from..).unwrap_or(""), from);
        self.close_quote("'", text.len());
    }

    fn write_double_quoted(&mut self, text: &str, allow_breaks: bool) {
        self.open_quote("\"");
        let bytes = text.as_bytes();
        // Upstream looks for a byte order mark at the beginning whatever character it is at.
        let escape_all = text.starts_with('\u{feff}');
        let mut spaces = false;
        let mut from = 0;
        for (at, char) in text.char_indices() {
            if escape_all
                || !is_printable(char)
                || matches!(char, '\n' | '\u{2028}' | '\u{2029}' | '"' | '\\')
            {
                self.value(text.get(from..at).unwrap_or(""), from);
                from = at + char.len_utf8();
                self.value(&escape(char), at);
                spaces = false;
            } else if char == ' ' {
                self.value(text.get(from..at).unwrap_or(""), from);
                from = at;
                if allow_breaks && !spaces && self.column > self.best_width && at > 0 && at < text.len() - 1 {
                    self.write_indent_in(Some(at));
                    if bytes.get(at + 1) == Some(&b' ') {
                        self.value("\\", at);
                    }
                    from = at + 1;
                }
                spaces = true;
            } else {
                spaces = false;
            }
        }
        self.value(text.get(from..).unwrap_or(""), from);
        self.close_quote("\"", text.len());
    }

    fn write_literal(&mut self, text: &str) {
        if !self.whitespace {
            self.structure(" ");
        }
        let mut hints = String::from("|");
        if text.starts_with([' ', '\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
            hints.push_str(&self.best_indent.to_string());
        }
        let mut chars = text.chars().rev();
        match chars.next() {
            Some(last) if is_break(last) => {
                if chars.next().is_none_or(is_break) {
                    hints.push('+');
                }
            }
            _ => hints.push('-'),
        }
        self.value(&hints, 0);
        self.put_break(Some(0));
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        let mut from = 0;
        while let Some(rest) = text.get(from..).filter(|rest| !rest.is_empty()) {
            let len = rest.find(is_break).unwrap_or(rest.len());
            if len > 0 {
                if breaks {
                    self.write_indent_in(Some(from));
                }
                self.value(rest.get(..len).unwrap_or(""), from);
                self.indention = false;
                breaks = false;
            }
            let at = from + len;
            if let Some(char) = rest.get(len..).and_then(|rest| rest.chars().next()) {
                if char == '\n' {
                    self.put_break(Some(at));
                } else {
                    self.value(text.get(at..at + char.len_utf8()).unwrap_or(""), at);
                    self.column = 0;
                }
                self.indention = true;
                breaks = true;
                from = at + char.len_utf8();
            } else {
                from = at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::origin::{Origin, SourceMap, Step};
    use crate::source::Sources;
    use crate::yaml::parse;

    /// What the Go libraries write for the same values: `fixtures/yaml/emit.jsonl`.
    #[test]
    fn writes_as_go_yaml() {
        let sources = Sources::new();
        let mut cases = 0;
        for line in include_str!("../../fixtures/yaml/emit.jsonl").lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let json = row["json"].as_str().unwrap();
            let file = sources.add("value.json", json.into());
            let place = Place::written(file.span());
            let node = Node::from_value(&serde_json::from_str(json).unwrap(), place);
            for (column, style) in
                [("sigs", EmitStyle::Sigs), ("pretty", EmitStyle::PRETTY), ("kyaml", EmitStyle::KYAML)]
            {
                let got = emit(&node, style);
                let refused = row.get(format!("{column}_err")).and_then(Value::as_str);
                if let Some(message) = refused {
                    let without_line = message.split_once("line ").map_or(message, |(_, rest)| rest);
                    let got = got.unwrap_err().message;
                    assert!(
                        got.ends_with(without_line.trim_start_matches("1: ")),
                        "{json}: {got} / {message}"
                    );
                } else if let Some(want) = row.get(column) {
                    cases += 1;
                    assert_eq!(got.as_deref(), Ok(want.as_str().unwrap()), "{column} of {json}");
                }
            }
            for (column, style) in [
                ("rawjson", JsonStyle::default()),
                ("prettyjson", JsonStyle { escape_html: true, pretty: true, ..JsonStyle::default() }),
            ] {
                let Some(want) = row.get(column) else { continue };
                assert_eq!(node.to_json(style), want.as_str().unwrap(), "{column} of {json}");
            }
            check_round_trip(&node, &sources);
        }
        assert!(cases > 500, "the table is there: {cases}");
    }

    /// What was written reads back as the same tree, and every value leads back to where it was.
    fn check_round_trip(node: &Node, sources: &Sources) {
        let mut origins = Origins::new();
        let around = origins.add(Origin::nowhere(Step::Written));
        let Ok(text) = emit_text(node, EmitStyle::Sigs, &mut origins, around) else { return };
        if text.as_str().contains("<<: ") {
            // The tools write a key `<<` without quotes and read it back as a merge key.
            return;
        }
        let rendered = emit(node, EmitStyle::Sigs).unwrap();
        assert_eq!(text.as_str(), rendered);
        let mut map = SourceMap::new(&text, &mut origins, sources, node.at);
        let parsed = parse_text(&rendered, Dialect::Sigs, &mut map);
        let Some(mut back) = parsed.documents.into_iter().next().and_then(|document| document.root) else {
            panic!("{rendered:?} is empty")
        };
        back.canonicalize(Dialect::Sigs).unwrap();
        // `-0` loses its sign on the way.
        let json = |node: &Node| node.to_json(JsonStyle::default()).replace(":-0,", ":0,");
        // NEL does not survive the tools' way through JSON.
        if !json(node).contains('\u{85}') {
            assert_eq!(json(&back), json(node), "{rendered}");
        }
        assert_eq!(back.at.file, node.at.file);
    }

    #[test]
    fn floats_stay_floats_where_nothing_goes_through_json() {
        let place = Place::written(Sources::new().add("a", Vec::new()).span());
        for (node, sigs, pretty, json) in [
            (Node::float(1e6, place), "1000000\n", "1e+06\n", "1000000"),
            (Node::int(1_000_000, place), "1000000\n", "1000000\n", "1000000"),
            (Node::float(0.1, place), "0.1\n", "0.1\n", "0.1"),
            (Node::float(-0.0, place), "0\n", "-0\n", "-0"),
            (Node::float(1e-7, place), "1e-07\n", "1e-07\n", "1e-7"),
            (Node::bool(true, place), "true\n", "true\n", "true"),
            (Node::null(place), "null\n", "null\n", "null"),
        ] {
            assert_eq!(emit(&node, EmitStyle::Sigs).unwrap(), sigs);
            assert_eq!(emit(&node, EmitStyle::PRETTY).unwrap(), pretty);
            assert_eq!(node.to_json(JsonStyle::default()), json);
            assert_eq!(Node::from_value(&node.to_value(), place).to_json(JsonStyle::default()), json);
        }
        assert_eq!(Node::float(1e6, place).as_i64(), Some(1_000_000));
        assert_eq!(Node::float(1.5, place).as_i64(), None);
    }

    #[test]
    fn keeps_origins() {
        let sources = Sources::new();
        let file = sources.add("a.yaml", b"b: [one, 'two']\na: |\n  l1\n  l2\n".to_vec());
        let mut root = parse(&file).documents.remove(0).root.unwrap();
        root.canonicalize(Dialect::Sigs).unwrap();
        let mut origins = Origins::new();
        let around = origins.add(Origin::nowhere(Step::Templated));
        let text = emit_text(&root, EmitStyle::Sigs, &mut origins, around).unwrap();
        assert_eq!(text.as_str(), "a: |\n  l1\n  l2\nb:\n- one\n- two\n");
        let rendered = text.as_str().to_owned();
        let mut map = SourceMap::new(&text, &mut origins, &sources, file.span());
        let back = parse_text(&rendered, Dialect::Sigs, &mut map).documents.remove(0).root.unwrap();
        let shown = |node: &Node| file.slice(node.at);
        assert_eq!(file.slice(back.entries()[0].key.at), "a");
        assert_eq!(shown(back.get("a").unwrap()), "|\n  l1\n  l2");
        assert_eq!(shown(&back.items(&["b"])[0]), "one");
        assert_eq!(shown(&back.items(&["b"])[1]), "two");
    }
}
