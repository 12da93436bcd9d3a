//! `pattern`: a tree that an object must match, with anchors. Mirrors `pkg/engine/validate` and `pkg/engine/anchor`.

use crate::yaml::{Data, Entry, Key, Map, Node};

use super::jmespath::{Steps, Stop as GaveUp};
use super::scalar;

/// What comes of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::admission) enum Match {
    /// The object matches.
    Holds,
    /// A condition of the pattern does not hold: it says nothing about the object.
    Skips,
    /// It does not, at this path.
    Fails(Vec<String>),
}

/// Patterns nest no deeper than that.
const MAX_DEPTH: usize = 128;

/// What comes of a pattern; `Err` where that takes more steps than there are.
pub(in crate::admission) fn matches(
    object: &Node,
    pattern: &Node,
    steps: &Steps,
) -> std::result::Result<Match, GaveUp> {
    match (Ask { steps }).element(Some(object), pattern, &Vec::new()) {
        Ok(()) => Ok(Match::Holds),
        Err(Stop::Skip { .. }) => Ok(Match::Skips),
        Err(Stop::Fail(path)) => Ok(Match::Fails(path)),
        Err(Stop::GaveUp(why)) => Err(why),
    }
}

enum Stop {
    /// `direct`: told by an anchor itself, rather than by what is below.
    Skip {
        direct: bool,
    },
    Fail(Vec<String>),
    /// Nothing is known about it.
    GaveUp(GaveUp),
}

/// What is asked, and what that may take.
struct Ask<'s> {
    steps: &'s Steps,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Condition,
    Global,
    Negation,
    Equality,
    Existence,
}

impl Anchor {
    /// The anchor around a name.
    fn around(self, name: &str) -> String {
        let sign = match self {
            Self::Condition => "",
            Self::Global => "<",
            Self::Negation => "X",
            Self::Equality => "=",
            Self::Existence => "^",
        };
        format!("{sign}({name})")
    }
}

/// `=(name)`: the anchor and the name.
fn anchor(key: &str) -> Option<(Anchor, &str)> {
    let key = key.trim();
    let (kind, rest) = match key.chars().next()? {
        '(' => (Anchor::Condition, key),
        '<' => (Anchor::Global, key.get(1..)?),
        'X' => (Anchor::Negation, key.get(1..)?),
        '=' => (Anchor::Equality, key.get(1..)?),
        '^' => (Anchor::Existence, key.get(1..)?),
        _ => return None,
    };
    let name = rest.strip_prefix('(')?.strip_suffix(')').filter(|name| !name.is_empty())?;
    Some((kind, name))
}

fn has_anchor(node: &Node) -> bool {
    node.entries().iter().any(|entry| anchor(&entry.key.text).is_some() || has_anchor(&entry.value))
        || node.seq_or_empty().iter().any(has_anchor)
}

fn at(path: &[String], name: &str) -> Vec<String> {
    path.iter().cloned().chain([name.to_owned()]).collect()
}

type Result = std::result::Result<(), Stop>;

impl Ask<'_> {
    fn scalar(&self, value: Option<&Node>, pattern: &Node) -> std::result::Result<bool, Stop> {
        scalar::matches(value, pattern, self.steps).map_err(Stop::GaveUp)
    }

    /// The first of some items that does not match.
    fn first_other(&self, items: &[Node], pattern: &Node) -> std::result::Result<Option<usize>, Stop> {
        for (index, item) in items.iter().enumerate() {
            if !self.scalar(Some(item), pattern)? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// Whether one of some items matches.
    fn is_there(&self, items: &[Node], wanted: &Node, path: &[String]) -> std::result::Result<bool, Stop> {
        for item in items {
            match self.element(Some(item), wanted, path) {
                Ok(()) => return Ok(true),
                Err(Stop::GaveUp(why)) => return Err(Stop::GaveUp(why)),
                Err(_) => {}
            }
        }
        Ok(false)
    }

    fn element(&self, object: Option<&Node>, pattern: &Node, path: &[String]) -> Result {
        let fail = || Err(Stop::Fail(path.to_vec()));
        if path.len() > MAX_DEPTH {
            return fail();
        }
        match &pattern.data {
            Data::Map(wanted) => match object.map(|object| &object.data) {
                Some(Data::Map(map)) => self.mapping(map, wanted, path),
                _ => fail(),
            },
            Data::Seq(wanted) => match object.map(|object| &object.data) {
                Some(Data::Seq(items)) => self.list(items, wanted, path),
                _ => fail(),
            },
            Data::Scalar(_) => {
                let good = match object.map(|object| &object.data) {
                    Some(Data::Seq(items)) => self.first_other(items, pattern)?.is_none(),
                    _ => self.scalar(object, pattern)?,
                };
                if good { Ok(()) } else { fail() }
            }
        }
    }

    fn handle(&self, map: &Map, key: &str, pattern: &Node, path: &[String]) -> Result {
        let Some((kind, name)) = anchor(key) else {
            let value = map.get(key).filter(|value| !value.is_null());
            if pattern.as_str() == Some("*") {
                return if value.is_some() { Ok(()) } else { Err(Stop::Fail(at(path, key))) };
            }
            return self.element(value, pattern, &at(path, key));
        };
        let below = at(path, name);
        match (kind, map.get(name)) {
            (Anchor::Negation, Some(_)) => Err(Stop::Fail(below)),
            (Anchor::Condition | Anchor::Global, Some(value)) => {
                self.element(Some(value), pattern, &below).map_err(|stop| match stop {
                    Stop::GaveUp(_) => stop,
                    _ => Stop::Skip { direct: true },
                })
            }
            (Anchor::Condition, None) => Err(Stop::Skip { direct: true }),
            (Anchor::Equality, Some(value)) => self.element(Some(value), pattern, &below),
            (Anchor::Existence, Some(value)) => {
                let (Data::Seq(items), Data::Seq(wanted)) = (&value.data, &pattern.data) else {
                    return Err(Stop::Fail(below));
                };
                for wanted in wanted {
                    if wanted.as_map().is_none() || !self.is_there(items, wanted, &below)? {
                        return Err(Stop::Fail(below));
                    }
                }
                Ok(())
            }
            (Anchor::Negation | Anchor::Equality | Anchor::Existence | Anchor::Global, None) => Ok(()),
        }
    }

    fn mapping(&self, map: &Map, wanted: &Map, path: &[String]) -> Result {
        let expanded = expanded(map, wanted);
        let wanted = expanded.as_ref().unwrap_or(wanted);
        let mut anchors: Vec<(&str, &Node)> = Vec::new();
        let mut others: Vec<(&str, &Node)> = Vec::new();
        for entry in wanted {
            let key = entry.key.text.as_str();
            match anchor(key) {
                Some((kind, _)) if kind != Anchor::Global => anchors.push((key, &entry.value)),
                _ => others.push((key, &entry.value)),
            }
        }
        anchors.sort_by_key(|(key, _)| *key);
        others.sort_by_key(|(key, _)| *key);
        let mut applied = 0;
        let mut skips: Vec<bool> = Vec::new();
        for (key, value) in anchors {
            match self.handle(map, key, value, path) {
                Ok(()) => applied += 1,
                Err(Stop::Skip { direct }) => skips.push(direct),
                Err(stop) if matches!(stop, Stop::GaveUp(_)) || !skips.contains(&true) => return Err(stop),
                Err(_) => {}
            }
        }
        if !skips.is_empty() && (applied == 0 || skips.contains(&true)) {
            return Err(Stop::Skip { direct: false });
        }
        // Conditions are asked before what they decide about.
        let (first, last): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|(key, value)| anchor(key).is_some() || has_anchor(value));
        first.into_iter().rev().chain(last).try_for_each(|(key, value)| self.handle(map, key, value, path))
    }

    fn list(&self, items: &[Node], wanted: &[Node], path: &[String]) -> Result {
        let Some(first) = wanted.first() else { return Err(Stop::Fail(path.to_vec())) };
        let pairs: Vec<(&Node, &Node)> = match &first.data {
            Data::Map(_) => items.iter().map(|item| (item, first)).collect(),
            Data::Scalar(_) => {
                return match self.first_other(items, first)? {
                    None => Ok(()),
                    Some(index) => Err(Stop::Fail(at(path, &index.to_string()))),
                };
            }
            Data::Seq(_) if items.len() < wanted.len() => return Err(Stop::Fail(path.to_vec())),
            Data::Seq(_) => items.iter().zip(wanted).collect(),
        };
        let (mut applied, mut skipped) = (0, 0);
        for (index, (item, wanted)) in pairs.into_iter().enumerate() {
            match self.element(Some(item), wanted, &at(path, &index.to_string())) {
                Ok(()) => applied += 1,
                Err(Stop::Skip { .. }) => skipped += 1,
                fail => return fail,
            }
        }
        if applied == 0 && skipped > 0 { Err(Stop::Skip { direct: false }) } else { Ok(()) }
    }
}

/// Keys of labels and annotations with wildcards become those that the object has. Mirrors `ExpandInMetadata`.
fn expanded(map: &Map, wanted: &Map) -> Option<Map> {
    let is_open = |text: &str| text.contains(['*', '?']);
    let (metadata, has) = (named(wanted, "metadata")?, map.get("metadata")?);
    let mut new_metadata = metadata.value.as_map()?.clone();
    let mut is_changed = false;
    for tag in ["labels", "annotations"] {
        let Some(entry) = named(&new_metadata, tag) else { continue };
        let (Some(wanted), Some(has)) = (entry.value.as_map(), has.get(tag).map(Node::entries)) else {
            continue;
        };
        if !wanted.iter().any(|it| is_open(&it.key.text)) {
            continue;
        }
        let mut new = Map::new();
        // What is no text is dropped, as upstream has it.
        for it in wanted.iter().filter(|it| it.value.as_str().is_some()) {
            let (kind, name) =
                anchor(&it.key.text).map_or((None, it.key.text.as_str()), |(kind, name)| (Some(kind), name));
            let found = has.iter().find(|has| is_open(name) && scalar::wildcard(name, &has.key.text));
            let name = found.map_or(name, |has| has.key.text.as_str());
            let key = kind.map_or_else(|| name.to_owned(), |kind| kind.around(name));
            new.insert(Key::new(key, it.key.place()), it.value.clone());
        }
        let key = entry.key.text.clone();
        if let Some(value) = new_metadata.get_mut(&key) {
            *value = Node::map(new, value.place());
            is_changed = true;
        }
    }
    let mut new = wanted.clone();
    let value = new.get_mut(&metadata.key.text.clone()).filter(|_| is_changed)?;
    *value = Node::map(new_metadata, value.place());
    Some(new)
}

/// The entry of a name, with an anchor or without.
fn named<'m>(map: &'m Map, name: &str) -> Option<&'m Entry> {
    map.iter()
        .find(|entry| entry.key.text == name || anchor(&entry.key.text).is_some_and(|(_, it)| it == name))
}
