//! Reads fields of `Chart.yaml` and of manifests as `sigs.k8s.io/yaml` puts them into Go structs.

use smol_str::{SmolStr, format_smolstr};

use crate::finding::{Problem, ProblemKind};
use crate::origin::{Place, Placed};
use crate::yaml::{Data, Node, format_g};

/// Text with its place.
type Text = Placed<SmolStr>;

/// Decodes one file; keeps the first thing that does not fit, which is where Go's words come from.
pub(super) struct Decoder<'a> {
    /// Where mismatches go.
    pub problems: &'a mut Vec<Problem>,
    /// What messages begin with: `cannot load Chart.yaml: `.
    pub prefix: &'a str,
    /// The Go struct whose fields are read.
    pub owner: &'static str,
}

impl Decoder<'_> {
    /// Reports a value that does not fit. `target` is Go's description of where it should go.
    pub(super) fn mismatch(&mut self, node: &Node, target: &str) {
        let found = match &node.data {
            Data::Map(_) => "object",
            Data::Seq(_) => "array",
            Data::Scalar(_) if node.as_str().is_some() => "string",
            Data::Scalar(_) if node.as_bool().is_some() => "bool",
            Data::Scalar(_) => "number",
        };
        let message = format!(
            "{}error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into {target}",
            self.prefix
        );
        self.problems.push(Problem::at(ProblemKind::Render, node.place(), message));
    }

    /// The string of a key; `None` when absent, null or nothing that becomes a string.
    pub(super) fn text(&mut self, node: &Node, key: &str) -> Option<Text> {
        let value = field(node, key)?;
        self.string(value, key)
    }

    /// A scalar as a string; control characters are gone, white space is blanks (`sanitizeString`).
    pub(super) fn string(&mut self, node: &Node, key: &str) -> Option<Text> {
        if node.is_null() {
            return None;
        }
        let Some(text) = node.scalar_text() else {
            self.mismatch(node, &format!("Go struct field {}.{key} of type string", self.owner));
            return None;
        };
        let text = if node.as_str().is_some() {
            let sane = text.chars().filter_map(|c| match c {
                c if c.is_whitespace() => Some(' '),
                c => Some(c).filter(|c| !c.is_control()),
            });
            sane.collect()
        } else {
            match node.as_f64() {
                Some(value) if text.contains(['.', 'e', 'E']) => format_g(value),
                _ => format_smolstr!("{text}"),
            }
        };
        Some(Placed::new(text, node.place()))
    }

    /// The boolean of a key.
    pub(super) fn flag(&mut self, node: &Node, key: &str) -> Option<bool> {
        let value = field(node, key)?;
        let flag = value.as_bool();
        if flag.is_none() {
            self.mismatch(value, &format!("Go struct field {}.{key} of type bool", self.owner));
        }
        flag
    }

    /// The items of a key and its place; `of` is what Go calls an item.
    pub(super) fn list<'n>(&mut self, node: &'n Node, key: &str, of: &str) -> Option<(&'n [Node], Place)> {
        let value = field(node, key)?;
        let items = value.as_seq();
        if items.is_none() {
            self.mismatch(value, &format!("Go struct field {}.{key} of type []{of}", self.owner));
        }
        Some((items?, value.place()))
    }
}

/// The value of a key, spelled in any case; of several the exact one, else the last.
pub(super) fn field<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let map = node.as_map()?;
    map.get(key)
        .or_else(|| {
            let mut entries = map.iter().rev();
            entries.find(|entry| entry.key.text.eq_ignore_ascii_case(key)).map(|entry| &entry.value)
        })
        .filter(|value| !value.is_null())
}

/// The empty string at a place.
pub(super) fn nothing(place: Place) -> Text {
    Placed::new(SmolStr::default(), place)
}

/// A string node of a decoded text.
pub(super) fn string(text: &Text) -> Node {
    Node::string(text.value.clone(), text.place)
}
