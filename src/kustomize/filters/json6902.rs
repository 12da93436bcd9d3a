//! JSON patches (RFC 6902): `patchesJson6902`, and those among `patches`.
//!
//! Mirrors `api/filters/patchjson6902` and `gopkg.in/evanphx/json-patch.v4`, which is lenient: what stands before the first `/` of a path does not count, a
//! missing key can be replaced, indexes may be negative.

use smol_str::SmolStr;

use crate::finding::Cause;
use crate::origin::{Place, Step};
use crate::yaml::{Data, Dialect, Entry, Key, Node, Style, format_g};

use super::super::context::{Context, NoOpKind};
use super::super::failure::{Failure, Result, Wrap};
use super::super::resource::{Resource, stringify};
use super::super::rnode;
use super::super::setter::Setter;

/// Applies the operations of a patch, a canonical list, to a resource.
pub(in crate::kustomize) fn apply(
    resource: &mut Resource,
    operations: &Node,
    cx: &mut Context<'_>,
) -> Result<()> {
    let mut effects = Vec::new();
    let result =
        super::change_one(resource, cx, operations.place(), Step::JsonPatched, |resource, setter| {
            patch(resource, operations.seq_or_empty(), setter, &mut effects)
        });
    for (operation, effect) in operations.seq_or_empty().iter().zip(effects) {
        let Some(path) = operation.get("path") else { continue };
        let what = || format!("`{}`", path.as_str().unwrap_or_default());
        cx.note_use(NoOpKind::PatchEffect, path.place(), effect, what);
    }
    result
}

/// A JSON type as Go's messages name it.
fn go_kind(node: &Node) -> &'static str {
    match &node.data {
        Data::Map(_) => "object",
        Data::Seq(_) => "array",
        Data::Scalar(_) if node.as_bool().is_some() => "bool",
        Data::Scalar(_) => "number",
    }
}

/// Patches one resource. What is remembered about it can be seen by the patch, but not be changed. `effects` tells which
/// of the operations changed something.
fn patch(
    resource: &mut Resource,
    operations: &[Node],
    setter: &mut Setter<'_>,
    effects: &mut Vec<bool>,
) -> Result<()> {
    setter.forget_aliases();
    resource
        .node
        .canonicalize(Dialect::V3)
        .map_err(|problem| Failure::at(Place::written(problem.at), problem.go_message(Dialect::V3)))?;
    let memory = resource.memory.clone();
    resource.expose();
    let mut patcher = Patcher { root: &mut resource.node, setter };
    let result = operations.iter().try_for_each(|operation| {
        let place = operation.place();
        effects.push(!patcher.is_idle(operation));
        patcher.apply(operation).or_at(place)
    });
    rebuild(&mut resource.node);
    resource.hide();
    let seen = std::mem::replace(&mut resource.memory, memory);
    (resource.memory.origin, resource.memory.transformations) = (seen.origin, seen.transformations);
    let metadata = resource.node.as_map_mut().and_then(|map| map.get_mut("metadata"));
    if let Some(metadata) = metadata.and_then(Node::as_map_mut) {
        match metadata.get_mut("annotations").map(|node| node.as_map_mut()) {
            Some(Some(annotations)) => stringify(annotations),
            // kustomize writes the annotations again; what it cannot read as such is gone.
            Some(None) => {
                metadata.remove("annotations");
            }
            None => {}
        }
    }
    result
}

/// Turns a tree into what it is after it was written as JSON and read again: all numbers went through floats.
fn rebuild(node: &mut Node) {
    renumber(node);
    rnode::restyle(node);
}

fn renumber(node: &mut Node) {
    match &mut node.data {
        Data::Scalar(text) if node.style == Style::Plain => {
            if text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
                && let Ok(number) = text.parse()
            {
                *text = format_g(number);
            }
        }
        Data::Scalar(_) => {}
        Data::Seq(items) => items.iter_mut().for_each(renumber),
        Data::Map(map) => map.iter_mut().for_each(|entry| renumber(&mut entry.value)),
    }
}

struct Patcher<'n, 's, 'o> {
    root: &'n mut Node,
    setter: &'s mut Setter<'o>,
}

const MISSING: &str = "missing value";

fn missing(message: impl std::fmt::Display) -> Box<Failure> {
    Failure::new(format!("{message}: {MISSING}")).because(Cause::Unmatched)
}

impl Patcher<'_, '_, '_> {
    /// Whether an operation sets what is there already.
    fn is_idle(&mut self, operation: &Node) -> bool {
        let kind = operation.get("op").and_then(Node::as_str);
        let Some(path) = operation.get("path").and_then(Node::as_str) else { return false };
        let Some(value) = operation.get("value").filter(|_| matches!(kind, Some("add" | "replace"))) else {
            return false;
        };
        let Some((container, key)) = find(self.root, path) else { return false };
        // Adding to a list inserts.
        if kind == Some("add") && container.as_seq().is_some() {
            return false;
        }
        get(container, &key).ok().flatten().is_some_and(|known| same(known, value))
    }

    fn apply(&mut self, operation: &Node) -> Result<()> {
        let kind = operation.get("op").and_then(Node::as_str).unwrap_or("unknown");
        if let Some(path) = operation.get("path") {
            self.setter.cause(path.place());
        }
        match kind {
            "add" => self.add(operation),
            "remove" => self.remove(operation),
            "replace" => self.replace(operation),
            "move" => self.move_value(operation),
            "test" => self.test(operation),
            "copy" => self.copy(operation),
            _ => Err(Failure::new(format!("Unexpected kind: {kind}"))),
        }
    }

    fn add(&mut self, operation: &Node) -> Result<()> {
        let path = pointer(operation, "path").map_err(|_| missing("add operation failed to decode path"))?;
        let value = Self::value(operation, path)?;
        let Some(target) = find(self.root, path) else {
            let message = format!("add operation does not apply: doc is missing path: \"{path}\"");
            return Err(missing(message));
        };
        add(target, value, self.setter).wrap(|| format!("error in add for path: '{path}'"))
    }

    fn remove(&mut self, operation: &Node) -> Result<()> {
        let path =
            pointer(operation, "path").map_err(|_| missing("remove operation failed to decode path"))?;
        let Some(target) = find(self.root, path) else {
            let message = format!("remove operation does not apply: doc is missing path: \"{path}\"");
            return Err(missing(message));
        };
        remove(target).map(drop).wrap(|| format!("error in remove for path: '{path}'"))
    }

    fn replace(&mut self, operation: &Node) -> Result<()> {
        let path =
            pointer(operation, "path").wrap(|| "replace operation failed to decode path".to_owned())?;
        let value = Self::value(operation, path)?;
        if path.is_empty() {
            if value.as_map().is_none() {
                return Err(Failure::new("replace operation value must be object or array"));
            }
            self.setter.displace(self.root, value);
            return Ok(());
        }
        let Some((container, key)) = find(self.root, path) else {
            return Err(missing(format!("replace operation does not apply: doc is missing path: {path}")));
        };
        match &mut container.data {
            Data::Seq(items) => {
                let index = existing_index(&key, items.len());
                let Some(item) = index.ok().and_then(|index| items.get_mut(index)) else {
                    return Err(missing(format!(
                        "replace operation does not apply: doc is missing key: {path}"
                    )));
                };
                self.setter.displace(item, value);
            }
            _ => set_key(container, &key, value, self.setter),
        }
        Ok(())
    }

    fn move_value(&mut self, operation: &Node) -> Result<()> {
        let from = pointer(operation, "from").wrap(|| "move operation failed to decode from".to_owned())?;
        let Some((container, key)) = find(self.root, from) else {
            return Err(missing(format!("move operation does not apply: doc is missing from path: {from}")));
        };
        let value = remove((container, key.clone())).wrap(|| format!("error in move for path: '{key}'"))?;
        let path = pointer(operation, "path").wrap(|| "move operation failed to decode path".to_owned())?;
        super::check_depth(path.matches('/').count(), &value)?;
        let Some(target) = find(self.root, path) else {
            let message = format!("move operation does not apply: doc is missing destination path: {path}");
            return Err(missing(message));
        };
        add(target, value, self.setter).wrap(|| format!("error in move for path: '{path}'"))
    }

    fn copy(&mut self, operation: &Node) -> Result<()> {
        let from = pointer(operation, "from").wrap(|| "copy operation failed to decode from".to_owned())?;
        let Some((container, key)) = find(self.root, from) else {
            return Err(missing(format!("copy operation does not apply: doc is missing from path: {from}")));
        };
        let value = get(container, &key).wrap(|| format!("error in copy for from: '{from}'"))?.cloned();
        let path = pointer(operation, "path").map_err(|_| missing("copy operation failed to decode path"))?;
        let value = value.unwrap_or_else(|| Node::null(operation.place()));
        super::check_growth(self.root, path.matches('/').count(), &value)?;
        let Some(target) = find(self.root, path) else {
            let message = format!("copy operation does not apply: doc is missing destination path: {path}");
            return Err(missing(message));
        };
        add(target, value, self.setter).wrap(|| "error while adding value during copy".to_owned())
    }

    fn test(&mut self, operation: &Node) -> Result<()> {
        let path = pointer(operation, "path").wrap(|| "test operation failed to decode path".to_owned())?;
        let wanted = operation.get("value");
        let failed = || Failure::new(format!("testing value {path} failed: test failed"));
        if path.is_empty() {
            return if wanted.is_some_and(|wanted| same(self.root, wanted)) { Ok(()) } else { Err(failed()) };
        }
        let Some((container, key)) = find(self.root, path) else {
            return Err(missing(format!("test operation does not apply: is missing path: {path}")));
        };
        let value = get(container, &key).wrap(|| format!("error in test for path: '{path}'"))?;
        let equal = match (value, wanted) {
            (None, wanted) => wanted.is_none_or(is_null),
            (Some(value), Some(wanted)) => same(value, wanted),
            (Some(value), None) => is_null(value),
        };
        if equal { Ok(()) } else { Err(failed()) }
    }

    /// The value of an operation, null where it has none.
    fn value(operation: &Node, path: &str) -> Result<Node> {
        let value = operation.get("value").cloned().unwrap_or_else(|| Node::null(operation.place()));
        super::check_depth(path.matches('/').count(), &value)?;
        Ok(value)
    }
}

fn is_null(node: &Node) -> bool {
    matches!(node.data, Data::Scalar(_)) && node.is_null()
}

/// Whether two canonical trees are the same JSON; the order of keys does not count.
fn same(a: &Node, b: &Node) -> bool {
    match (&a.data, &b.data) {
        (Data::Scalar(left), Data::Scalar(right)) => {
            left == right && (a.style == Style::Plain) == (b.style == Style::Plain)
        }
        (Data::Seq(left), Data::Seq(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(a, b)| same(a, b))
        }
        (Data::Map(left), Data::Map(right)) => {
            left.len() == right.len()
                && left.iter().all(|entry| right.get(&entry.key.text).is_some_and(|b| same(&entry.value, b)))
        }
        _ => false,
    }
}

/// A path of an operation.
fn pointer<'o>(operation: &'o Node, key: &str) -> Result<&'o str> {
    let Some(node) = operation.get(key).filter(|node| !is_null(node)) else {
        // The library writes the comma only here.
        let comma = if key == "from" { "," } else { "" };
        return Err(missing(format!("operation{comma} missing {key} field")));
    };
    node.as_str().ok_or_else(|| {
        let message = format!("json: cannot unmarshal {} into Go value of type string", go_kind(node));
        Failure::at(node.place(), message)
    })
}

/// A mapping or list and the key in it that a path leads to.
type Target<'n> = (&'n mut Node, SmolStr);

fn find<'n>(root: &'n mut Node, path: &str) -> Option<Target<'n>> {
    let (_, rest) = path.split_once('/')?;
    let (parents, key) = rest.rsplit_once('/').map_or((None, rest), |(parents, key)| (Some(parents), key));
    let mut at = root;
    for part in parents.into_iter().flat_map(|parents| parents.split('/')) {
        let part = unescape(part);
        at = match &mut at.data {
            Data::Map(map) => map.get_mut(&part)?,
            Data::Seq(items) => {
                let index = existing_index(&part, items.len()).ok()?;
                items.get_mut(index)?
            }
            Data::Scalar(_) => return None,
        };
        if matches!(at.data, Data::Scalar(_)) {
            return None;
        }
    }
    Some((at, unescape(key)))
}

/// A part of a path with `~1` and `~0` replaced.
fn unescape(part: &str) -> SmolStr {
    if !part.contains('~') {
        return part.into();
    }
    // A `~1` that comes out of `~01` is not replaced again.
    let pieces = part.split("~1").map(|piece| piece.replace("~0", "~"));
    pieces.collect::<Vec<_>>().join("/").into()
}

fn atoi(key: &str) -> Result<i64> {
    key.parse().map_err(|_| Failure::new(format!("strconv.Atoi: parsing {key:?}: invalid syntax")))
}

fn invalid_index(index: i64) -> Box<Failure> {
    Failure::new(format!("Unable to access invalid index: {index}: invalid index referenced"))
        .because(Cause::Unmatched)
}

/// The index of an item that is there; negative ones count from the end.
fn existing_index(key: &str, len: usize) -> Result<usize> {
    let index = atoi(key)?;
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let from_start = if index < 0 { index.saturating_add(len) } else { index };
    usize::try_from(from_start).ok().filter(|_| from_start < len).ok_or_else(|| invalid_index(index))
}

fn get<'n>(container: &'n Node, key: &str) -> Result<Option<&'n Node>> {
    match &container.data {
        Data::Seq(items) => existing_index(key, items.len()).map(|index| items.get(index)),
        _ => Ok(container.get(key)),
    }
}

fn add((container, key): Target<'_>, mut value: Node, setter: &mut Setter<'_>) -> Result<()> {
    let Data::Seq(items) = &mut container.data else {
        set_key(container, &key, value, setter);
        return Ok(());
    };
    let index = if key == "-" {
        items.len()
    } else {
        let index = atoi(&key).wrap(|| format!("value was not a proper array index: '{key}'"))?;
        let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let from_start = if index < 0 { index.saturating_add(len).saturating_add(1) } else { index };
        let index = usize::try_from(from_start).map_err(|_| invalid_index(index))?;
        if index > items.len() {
            return Err(invalid_index(from_start));
        }
        index
    };
    setter.adopt(&mut value);
    items.insert(index, value);
    Ok(())
}

fn set_key(container: &mut Node, key: &SmolStr, mut value: Node, setter: &mut Setter<'_>) {
    let Some(map) = container.as_map_mut() else { return };
    if let Some(old) = map.get_mut(key) {
        setter.displace(old, value);
        return;
    }
    setter.adopt(&mut value);
    let key = Key { style: Style::DoubleQuoted, ..setter.key(key.clone()) };
    map.push(Entry { key, value });
}

fn remove((container, key): Target<'_>) -> Result<Node> {
    match &mut container.data {
        Data::Seq(items) => {
            let index = existing_index(&key, items.len())?;
            Ok(items.remove(index))
        }
        Data::Map(map) => match map.remove(&key) {
            Some(entry) => Ok(entry.value),
            None => Err(missing(format!("Unable to remove nonexistent key: {key}"))),
        },
        Data::Scalar(_) => Err(missing(format!("Unable to remove nonexistent key: {key}"))),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_kustomize_does() {
        super::super::testing::check(include_str!("../../../fixtures/kustomize/json6902.yaml"));
    }
}
