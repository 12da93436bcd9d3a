//! Parameter sets: trees in which every value knows where it came from.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use smol_str::SmolStr;

use crate::origin::Place;
use crate::yaml::{Data, Dialect, Entry, Key, Map, Node, Scalar, format_g};

/// One set of parameters. With Go templates a tree, else a flat map of strings (`path.basename`, `metadata.labels.env`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Params {
    map: Map,
    /// Top-level mappings that several sets have in common, as references to one map of Go: which.
    shared: Vec<(SmolStr, u32)>,
}

impl Params {
    /// The parameters of a mapping.
    pub fn of(map: Map) -> Self {
        Self { map, shared: Vec::new() }
    }

    /// The parameters of another mapping that has the shared mappings of this set.
    pub(super) fn with_map(&self, map: Map) -> Self {
        Self { map, shared: self.shared.clone() }
    }

    /// Declares that the mapping of a key is shared with all sets that say the same number.
    pub(super) fn share(&mut self, key: SmolStr, id: u32) {
        self.shared.push((key, id));
    }

    /// What the mapping of a key is shared by, if it is.
    pub(super) fn shared(&self, key: &str) -> Option<u32> {
        self.shared.iter().find(|(its, _)| its == key).map(|(_, id)| *id)
    }

    /// Takes over what became of the mappings that it shares.
    pub(super) fn take_common(&mut self, common: &BTreeMap<(SmolStr, u32), Map>) {
        for shared in &self.shared {
            if let Some(made) = common.get(shared)
                && let Some(node) = self.map.get_mut(&shared.0)
            {
                node.data = Data::Map(made.clone());
            }
        }
    }

    /// The parameters as a mapping.
    pub fn map(&self) -> &Map {
        &self.map
    }

    /// Whether there are none: Argo CD returns the template as it is then.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// The value of a top-level key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.map.get(key)
    }

    /// Sets a string.
    pub fn set(&mut self, key: &str, text: impl Into<SmolStr>, place: Place) {
        self.put(key, Node::string(text, place), place);
    }

    /// Sets any value.
    pub fn put(&mut self, key: &str, value: Node, place: Place) {
        self.map.insert(Key::new(key, place), value);
    }

    /// The tree as dotted keys with Go's `%v` of every scalar, list items by index: `flatten.Flatten` with
    /// `DotStyle`.
    #[must_use]
    pub fn flattened(&self) -> Self {
        let mut flat = Self::default();
        for entry in &self.map {
            flatten(&entry.key.text, &entry.value, &mut flat, 0);
        }
        flat
    }

    /// The entries.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.map.iter()
    }
}

fn flatten(path: &str, node: &Node, flat: &mut Params, depth: u32) {
    let place = node.place();
    match &node.data {
        // Trees of parameters come from files with a bounded depth; this is the belt to those braces.
        _ if depth > 200 => {}
        Data::Map(map) if !map.is_empty() => {
            for entry in map {
                flatten(&format!("{path}.{}", entry.key.text), &entry.value, flat, depth + 1);
            }
        }
        Data::Seq(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                flatten(&format!("{path}.{index}"), item, flat, depth + 1);
            }
        }
        _ => flat.set(path, go_value(node), place),
    }
}

/// Go's `fmt.Sprintf("%v")` of a decoded JSON value: numbers are float64.
pub(super) fn go_value(node: &Node) -> SmolStr {
    match &node.data {
        Data::Scalar(_) => match node.resolve(Dialect::Sigs) {
            Some(Scalar::Null) | None => "<nil>".into(),
            Some(Scalar::Bool(value)) => if value { "true" } else { "false" }.into(),
            Some(Scalar::Int(value)) => format_g(value as f64),
            Some(Scalar::Uint(value)) => format_g(value as f64),
            Some(Scalar::Float(value)) => format_g(value),
            Some(Scalar::Str(text)) => SmolStr::from(text.as_ref()),
        },
        Data::Seq(items) => {
            let items: Vec<SmolStr> = items.iter().map(go_value).collect();
            format!("[{}]", items.join(" ")).into()
        }
        Data::Map(map) => {
            let mut entries: Vec<&Entry> = map.iter().collect();
            entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
            let mut text = String::from("map[");
            for (index, entry) in entries.iter().enumerate() {
                let space = if index == 0 { "" } else { " " };
                let _ = write!(text, "{space}{}:{}", entry.key.text, go_value(&entry.value));
            }
            text.push(']');
            text.into()
        }
    }
}

/// `SanitizeName`: lower case, what is not `[-a-z0-9.]` becomes `-`, 253 bytes at most, no `-` or `.` at the ends.
pub(super) fn sanitize_name(name: &str) -> String {
    let lower = name.to_lowercase();
    let clean: String = lower
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.' { c } else { '-' })
        .collect();
    let cut = clean.get(..253).unwrap_or(&clean);
    cut.trim_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Sources, Span};
    use crate::yaml::parse;

    #[test]
    fn flattens_like_go() {
        let file =
            Sources::new().add("p", b"a: {b: 1, c: [x, {y: true}]}\nn: null\nf: 1500000\ne: {}\n".to_vec());
        let node = parse(&file).documents.remove(0).root.unwrap();
        let Data::Map(map) = node.data else { panic!("a mapping") };
        let flat = Params::of(map).flattened();
        let shown: Vec<(String, String)> = flat
            .iter()
            .map(|entry| (entry.key.text.to_string(), entry.value.scalar().unwrap().to_string()))
            .collect();
        let want = [
            ("a.b", "1"),
            ("a.c.0", "x"),
            ("a.c.1.y", "true"),
            ("n", "<nil>"),
            ("f", "1.5e+06"),
            ("e", "map[]"),
        ];
        assert_eq!(shown, want.map(|(a, b)| (a.to_owned(), b.to_owned())));
        let _ = Span::start_of(file.id());
    }

    #[test]
    fn sanitizes() {
        for (name, want) in [("My_App/v1.2", "my-app-v1.2"), ("-x-", "x"), ("é", ""), (".", "")] {
            assert_eq!(sanitize_name(name), want);
        }
    }
}
