//! Where a check stands in an object, and what it found: paths are spelled only where something is wrong.

use std::fmt::Write as _;

use crate::origin::Place;
use crate::yaml::{Entry, Node};

use super::shape::Shape;

/// Something that is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Path of the field, `spec.minAvailable`.
    pub path: String,
    /// Where to point at.
    pub place: Place,
    /// What is wrong, whole.
    pub words: String,
    /// Whether something is missing, rather than wrong: a patch may leave it out.
    pub lacks: bool,
    /// What to do, where that is plain.
    pub help: Option<&'static str>,
}

/// How a value is reached from the one above.
#[derive(Clone, Copy)]
enum Step<'a> {
    Root(&'a str),
    Field(&'a str),
    Item(&'a str, usize),
    Key(&'a str, &'a str),
}

/// A value of an object, and the way to it.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    /// The value.
    pub(super) node: &'a Node,
    step: Step<'a>,
    up: Option<&'a At<'a>>,
}

impl<'a> At<'a> {
    /// The value at a path of the object.
    pub(super) fn root(node: &'a Node, path: &'a str) -> Self {
        Self { node, step: Step::Root(path), up: None }
    }

    /// A field that is there and not null.
    pub(super) fn get(&'a self, name: &'a str) -> Option<Self> {
        let node = self.node.get(name).filter(|node| !node.is_null())?;
        Some(Self { node, step: Step::Field(name), up: Some(self) })
    }

    /// The items of a field that is a list.
    pub(super) fn items(&'a self, name: &'a str) -> impl Iterator<Item = Self> {
        let items = self.node.items(&[name]).iter().enumerate();
        items.map(move |(index, node)| Self { node, step: Step::Item(name, index), up: Some(self) })
    }

    /// The entries of a field that is a mapping.
    pub(super) fn entries(&'a self, name: &'a str) -> impl Iterator<Item = (&'a Entry, Self)> {
        let entries = self.node.get(name).map(Node::entries).unwrap_or_default();
        entries.iter().map(move |entry| {
            let step = Step::Key(name, &entry.key.text);
            (entry, Self { node: &entry.value, step, up: Some(self) })
        })
    }

    /// Whether this is a mapping: what has another type is told by its schema. A null in a list is an empty one.
    pub(super) fn is_map(&self) -> bool {
        self.node.as_map().is_some() || self.node.is_null()
    }

    /// Whether a field is there and not null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.node.get(name).is_some_and(|value| !value.is_null())
    }

    /// Whether a field holds something: no empty text, list or mapping.
    pub(super) fn is_filled(&self, name: &str) -> bool {
        self.node.get(name).is_some_and(|value| !is_empty(value))
    }

    /// A field that is a text; the empty one if it is not.
    pub(super) fn text(&self, name: &str) -> &'a str {
        self.node.get(name).and_then(Node::as_str).unwrap_or_default()
    }

    /// A field that is a whole number.
    pub(super) fn int(&self, name: &str) -> Option<i64> {
        self.node.get(name).and_then(Node::as_i64)
    }

    /// A field that is `true`.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.node.get(name).and_then(Node::as_bool) == Some(true)
    }

    /// A field that is `false`.
    pub(super) fn is_false(&self, name: &str) -> bool {
        self.node.get(name).and_then(Node::as_bool) == Some(false)
    }

    /// Which of these fields are there and not null.
    pub(super) fn given(&self, names: &[&'static str]) -> Vec<&'static str> {
        names.iter().copied().filter(|name| self.has(name)).collect()
    }

    /// `spec.ports[0]`
    pub(super) fn path(&self) -> String {
        let mut text = self.up.map(At::path).unwrap_or_default();
        let dot = if text.is_empty() { "" } else { "." };
        let _ = match self.step {
            Step::Root(path) => write!(text, "{path}"),
            Step::Field(name) => write!(text, "{dot}{name}"),
            Step::Item(name, index) => write!(text, "{dot}{name}[{index}]"),
            Step::Key(name, key) => write!(text, "{dot}{name}[{key}]"),
        };
        text
    }

    /// The last part of the path, as messages say it.
    fn said(&self) -> String {
        match self.step {
            Step::Root("") => "the object".to_owned(),
            Step::Root(path) | Step::Field(path) => format!("`{}`", path.rsplit('.').next().unwrap_or(path)),
            Step::Item(name, index) => format!("`{name}[{index}]`"),
            Step::Key(name, key) => format!("`{name}[{key}]`"),
        }
    }
}

fn is_empty(node: &Node) -> bool {
    node.is_null()
        || node.scalar_text().is_some_and(str::is_empty)
        || node.as_seq().is_some_and(<[Node]>::is_empty)
        || node.as_map().is_some_and(crate::yaml::Map::is_empty)
}

/// A text that reaches the cluster as it is.
pub(super) fn final_text(node: &Node) -> Option<&str> {
    node.as_str().filter(|text| !text.contains(['$', '{', '<']))
}

/// Whether a text is one that scripts replace: `PLACEHOLDER_DOMAIN`.
fn is_token(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.len() > 5 && text.contains('_') && text.chars().all(plain)
}

/// Refusals of one object as they are found.
pub(super) struct Found(pub(super) Vec<Refusal>);

impl Found {
    fn push(&mut self, path: String, place: Place, words: String, lacks: bool, help: Option<&'static str>) {
        self.0.push(Refusal { path, place, words, lacks, help });
    }

    /// A value is not allowed.
    pub(super) fn wrong(&mut self, at: &At<'_>, words: impl Into<String>) {
        self.push(at.path(), at.node.place(), words.into(), false, None);
    }

    /// A value is not allowed, and what to do about it.
    pub(super) fn wrong_help(&mut self, at: &At<'_>, words: impl Into<String>, help: &'static str) {
        self.push(at.path(), at.node.place(), words.into(), false, Some(help));
    }

    /// A field is not allowed, if it is there.
    pub(super) fn not_with(&mut self, at: &At<'_>, name: &str, words: impl Into<String>) {
        if let Some(value) = at.get(name) {
            self.wrong(&value, words);
        }
    }

    /// The key of an entry is not allowed.
    pub(super) fn wrong_key(
        &mut self,
        at: &At<'_>,
        entry: &Entry,
        words: String,
        help: Option<&'static str>,
    ) {
        self.push(at.path(), entry.key.place(), words, false, help);
    }

    /// Something is not there: in words of its own.
    pub(super) fn lack(
        &mut self,
        at: &At<'_>,
        field: &str,
        words: impl Into<String>,
        help: Option<&'static str>,
    ) {
        let near = at.node.get("name").filter(|name| !name.is_null()).unwrap_or(at.node);
        let near = at.node.at_path(&["metadata", "name"]).filter(|_| at.up.is_none()).unwrap_or(near);
        let mut path = at.path();
        if !path.is_empty() && !field.is_empty() {
            path.push('.');
        }
        path.push_str(field);
        self.push(path, near.place(), words.into(), true, help);
    }

    /// These fields must be there and hold something.
    pub(super) fn need(&mut self, at: &At<'_>, names: &[&'static str]) {
        if at.node.as_map().is_none() && !at.node.is_null() {
            return;
        }
        for name in names.iter().copied() {
            if at.has(name) {
                self.fill(at, &[name]);
            } else {
                let words = format!("{} lacks `{name}`", at.said());
                self.lack(at, name, words, Some("add it: the API server requires it"));
            }
        }
    }

    /// These fields must hold something, if they are there; that they must be there, their schema says.
    pub(super) fn fill(&mut self, at: &At<'_>, names: &[&'static str]) {
        for name in names.iter().copied() {
            if !at.is_filled(name)
                && let Some(value) = at.get(name)
            {
                let words = format!("`{name}` must not be empty");
                self.push(value.path(), value.node.place(), words, true, None);
            }
        }
    }

    /// A field must have a shape, if it holds something.
    pub(super) fn shape(&mut self, at: &At<'_>, name: &str, shape: Shape) {
        if let Some(value) = at.get(name) {
            self.shaped(&value, name, shape);
        }
    }

    /// All items of a field must have a shape.
    pub(super) fn shapes(&mut self, at: &At<'_>, name: &str, shape: Shape) {
        let takes_nothing = matches!(shape, Shape::LabelValue | Shape::Segment);
        for item in at.items(name) {
            if !takes_nothing && (item.node.is_null() || item.node.as_str() == Some("")) {
                self.wrong(&item, format!("an entry of `{name}` is empty"));
            }
            self.shaped(&item, name, shape);
        }
    }

    /// No item of a list of texts may be null, which is read as the empty one, and is not allowed there.
    pub(super) fn not_null(&mut self, at: &At<'_>, names: &[&'static str]) {
        for name in names.iter().copied() {
            for item in at.items(name).filter(|item| item.node.is_null()) {
                self.wrong(&item, format!("an entry of `{name}` is empty"));
            }
        }
    }

    fn shaped(&mut self, value: &At<'_>, name: &str, shape: Shape) {
        if let Some(text) = final_text(value.node).filter(|text| !text.is_empty() && !is_token(text))
            && let Some(why) = shape.error(text)
        {
            self.wrong(value, format!("`{text}` cannot be `{name}`: {why}"));
        }
    }

    /// A number must be in a range.
    pub(super) fn range(&mut self, at: &At<'_>, name: &str, least: i64, most: i64) {
        let Some(value) = at.get(name) else { return };
        if value.node.as_i64().is_some_and(|number| !(least..=most).contains(&number)) {
            let words = if most == i64::MAX {
                format!("`{name}` must be at least {least}")
            } else if most == i64::from(i32::MAX) {
                format!("`{name}` must be at least {least} and at most {most}")
            } else {
                format!("`{name}` must be between {least} and {most}")
            };
            self.wrong(&value, words);
        }
    }

    /// Numbers must not be negative.
    pub(super) fn positive_or_zero(&mut self, at: &At<'_>, names: &[&'static str]) {
        for name in names {
            self.range(at, name, 0, i64::MAX);
        }
    }

    /// A text must be one of a list, which the schema does not know.
    pub(super) fn one_of(&mut self, at: &At<'_>, name: &str, allowed: &[&str]) {
        let Some(value) = at.get(name) else { return };
        if let Some(text) = final_text(value.node).filter(|text| !text.is_empty() && !allowed.contains(text))
        {
            let known: Vec<String> = allowed.iter().map(|it| format!("`{it}`")).collect();
            self.wrong(&value, format!("`{name}` must be {}, not `{text}`", known.join(" or ")));
        }
    }

    /// At most one of these fields may be there; `least` of them must.
    pub(super) fn one_field(&mut self, at: &At<'_>, names: &[&'static str], least: usize) {
        if !at.is_map() {
            return;
        }
        let given = at.given(names);
        match given.as_slice() {
            [first, second, ..] => {
                if let Some(value) = at.get(second) {
                    let words = format!("{} has both `{first}` and `{second}`: one is allowed", at.said());
                    self.wrong(&value, words);
                }
            }
            [] if least > 0 => {
                let known: Vec<String> = names.iter().map(|it| format!("`{it}`")).collect();
                let words = format!("{} needs one of {}", at.said(), known.join(", "));
                self.lack(at, "", words, None);
            }
            _ => {}
        }
    }

    /// A port of 1 to 65535; zero is nothing.
    pub(super) fn port(&mut self, at: &At<'_>, name: &str) {
        if at.int(name) != Some(0) {
            self.range(at, name, 1, 65535);
        }
    }

    /// A number of a port, or the name of one.
    pub(super) fn port_or_name(&mut self, at: &At<'_>, name: &str) {
        self.range(at, name, 1, 65535);
        let Some(value) = at.get(name) else { return };
        if value.node.as_str() == Some("") {
            self.wrong(&value, format!("`{name}` is empty"));
        }
        self.shaped(&value, name, Shape::PortName);
    }
}
