//! Paths of fields as people write them: `spec.containers[0].image`, or a JSON pointer.

use std::fmt::{self, Write as _};

use smol_str::{SmolStr, ToSmolStr as _};

use crate::near::did_you_mean;
use crate::yaml::{Data, Node};

/// Fields named in a message; more would bury it.
const NAMED: usize = 8;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Into a mapping.
    Key(SmolStr),
    /// Into a sequence, from 0.
    Index(usize),
}

/// The path of a field that exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FieldPath(pub Vec<Part>);

impl fmt::Display for FieldPath {
    /// As people write it; keys that would be read otherwise stand in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            match part {
                Part::Index(at) => write!(f, "[{at}]")?,
                Part::Key(key) if key.is_empty() || key.contains(['.', '[', ']', '/']) => {
                    write!(f, "[{}]", crate::yaml::go_quote(key))?;
                }
                Part::Key(key) => {
                    if index > 0 {
                        f.write_char('.')?;
                    }
                    f.write_str(key)?;
                }
            }
        }
        Ok(())
    }
}

impl FieldPath {
    /// The last key on the way, which says most about a field.
    pub fn last_key(&self) -> &str {
        let keys = self.0.iter().rev().filter_map(|part| match part {
            Part::Key(key) => Some(key.as_str()),
            Part::Index(_) => None,
        });
        keys.into_iter().next().unwrap_or_default()
    }

    /// The keys on the way.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Key(key) => Some(key.as_str()),
            Part::Index(_) => None,
        })
    }

    /// Finds the field that `text` names in a tree: by its whole path, else by the end of its path where only one
    /// field ends so. The answer to what is not there names what is near.
    pub fn find<'n>(text: &str, root: &'n Node) -> Result<(Self, &'n Node), String> {
        let written = written_parts(text);
        let mut path = Self::default();
        match descend(root, &written, &mut path) {
            Ok(node) => Ok((path, node)),
            Err(missing) => {
                let mut ends = Vec::new();
                visit(root, &mut Self::default(), &mut |path, node| {
                    if path.ends_with(&written) {
                        ends.push((path.clone(), node));
                    }
                });
                match ends.len() {
                    0 => Err(missing),
                    1 => ends.pop().ok_or(missing),
                    more => {
                        let named: Vec<String> =
                            ends.iter().take(NAMED).map(|(path, _)| format!("  {path}")).collect();
                        let rest = if more > NAMED {
                            format!("\n  and {} more", more - NAMED)
                        } else {
                            String::new()
                        };
                        Err(format!("`{text}` could be one of\n{}{rest}", named.join("\n")))
                    }
                }
            }
        }
    }

    fn ends_with(&self, written: &[Written]) -> bool {
        let Some(start) = self.0.len().checked_sub(written.len()) else { return false };
        let tail = self.0.iter().skip(start);
        tail.zip(written).all(|(part, written)| match part {
            Part::Key(key) => *key == written.text,
            Part::Index(at) => at.to_smolstr() == written.text,
        })
    }
}

/// Calls `visit` with every node below `node`, itself included, and its path.
pub(super) fn visit<'n>(node: &'n Node, path: &mut FieldPath, visitor: &mut dyn FnMut(&FieldPath, &'n Node)) {
    visitor(path, node);
    match &node.data {
        Data::Scalar(_) => {}
        Data::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                path.0.push(Part::Index(index));
                visit(item, path, visitor);
                path.0.pop();
            }
        }
        Data::Map(map) => {
            for entry in map {
                path.0.push(Part::Key(entry.key.text.clone()));
                visit(&entry.value, path, visitor);
                path.0.pop();
            }
        }
    }
}

/// A part of a path before it met a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Written {
    text: SmolStr,
    /// From a dotted path, where a key with dots in it falls into several parts.
    dotted: bool,
}

fn written_parts(text: &str) -> Vec<Written> {
    if let Some(pointer) = text.strip_prefix('/') {
        let unescaped = pointer.split('/').map(|part| part.replace("~1", "/").replace("~0", "~"));
        return unescaped.map(|part| Written { text: part.into(), dotted: false }).collect();
    }
    let mut parts = Vec::new();
    let mut rest = text.trim_start_matches('.');
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (part, behind) = match inner.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    let inner = inner.get(1..).unwrap_or_default();
                    let (part, behind) = inner.split_once(quote).unwrap_or((inner, ""));
                    (part, behind.strip_prefix(']').unwrap_or(behind))
                }
                _ => inner.split_once(']').unwrap_or((inner, "")),
            };
            parts.push(Written { text: part.into(), dotted: false });
            rest = behind.strip_prefix('.').unwrap_or(behind);
            continue;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (part, behind) = rest.split_at(end);
        parts.push(Written { text: part.into(), dotted: true });
        rest = behind.strip_prefix('.').unwrap_or(behind);
    }
    parts
}

fn descend<'n>(root: &'n Node, written: &[Written], path: &mut FieldPath) -> Result<&'n Node, String> {
    let mut node = root;
    let mut rest = written;
    while let Some((first, behind)) = rest.split_first() {
        let missing = |path: &FieldPath, known: Vec<&str>| {
            let whole = if path.0.is_empty() { "the object".to_owned() } else { format!("`{path}`") };
            let near = did_you_mean(&first.text, known.iter().copied());
            let near = match near {
                Some(near) => format!(": did you mean `{near}`?"),
                None if known.is_empty() => ": it is no mapping or list".to_owned(),
                None => {
                    let more = if known.len() > NAMED { ", ..." } else { "" };
                    let named: Vec<&str> = known.iter().copied().take(NAMED).collect();
                    format!(": it has {}{more}", named.join(", "))
                }
            };
            format!("{whole} has no `{}`{near}", first.text)
        };
        match &node.data {
            Data::Map(map) => {
                // The longest key that the parts spell: `app.kubernetes.io/name` is one key.
                let lengths = (1..=rest.len()).rev();
                let found = lengths.into_iter().find_map(|length| {
                    let taken = rest.get(..length)?;
                    if length > 1 && !taken.iter().all(|part| part.dotted) {
                        return None;
                    }
                    let key = taken.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(".");
                    Some((length, map.entry(&key)?))
                });
                let Some((length, entry)) = found else {
                    return Err(missing(path, map.iter().map(|entry| entry.key.text.as_str()).collect()));
                };
                path.0.push(Part::Key(entry.key.text.clone()));
                node = &entry.value;
                rest = rest.get(length..).unwrap_or_default();
            }
            Data::Seq(items) => {
                let named = |item: &Node| item.get("name").and_then(Node::as_str).map(SmolStr::new);
                let wanted = first.text.strip_prefix("name=").unwrap_or(&first.text);
                let index = first.text.parse::<usize>().ok();
                let index =
                    index.or_else(|| items.iter().position(|item| named(item).as_deref() == Some(wanted)));
                let Some((index, item)) = index.and_then(|index| Some((index, items.get(index)?))) else {
                    let count = items.len();
                    return Err(format!("`{path}` has {count} items: there is no `{}`", first.text));
                };
                path.0.push(Part::Index(index));
                node = item;
                rest = behind;
            }
            Data::Scalar(_) => return Err(missing(path, Vec::new())),
        }
    }
    Ok(node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::{Dialect, parse};

    #[test]
    fn finds_fields() {
        let text = "metadata: {name: web, annotations: {a.b/c: x}}\nspec:\n  replicas: 2\n  containers:\n  - {name: app, image: i}\n  - {name: side, image: j}\n";
        let file = Sources::new().add("a.yaml", text.into());
        let mut root = parse(&file).documents.swap_remove(0).root.unwrap();
        root.canonicalize(Dialect::Sigs).unwrap();
        for (written, want) in [
            ("spec.replicas", "spec.replicas"),
            ("/spec/replicas", "spec.replicas"),
            ("replicas", "spec.replicas"),
            ("spec.containers[1].image", "spec.containers[1].image"),
            ("spec.containers.1.image", "spec.containers[1].image"),
            ("spec.containers[side].image", "spec.containers[1].image"),
            ("spec.containers[name=side].image", "spec.containers[1].image"),
            ("/spec/containers/0/image", "spec.containers[0].image"),
            ("metadata.annotations.a.b/c", "metadata.annotations[\"a.b/c\"]"),
            ("metadata.annotations['a.b/c']", "metadata.annotations[\"a.b/c\"]"),
            ("/metadata/annotations/a.b~1c", "metadata.annotations[\"a.b/c\"]"),
            ("[0].image", "spec.containers[0].image"),
            ("", ""),
        ] {
            let found = FieldPath::find(written, &root).map(|(path, _)| path.to_string());
            assert_eq!(found.as_deref(), Ok(want), "{written}");
        }
        for (written, words) in [
            ("spec.replica", "`spec` has no `replica`: did you mean `replicas`?"),
            ("image", "`image` could be one of\n  spec.containers[0].image\n  spec.containers[1].image"),
            ("spec.containers[2]", "`spec.containers` has 2 items: there is no `2`"),
            ("spec.replicas.x", "`spec.replicas` has no `x`: it is no mapping or list"),
            ("status", "the object has no `status`: it has metadata, spec"),
        ] {
            assert_eq!(
                FieldPath::find(written, &root).map(|(path, _)| path),
                Err(words.to_owned()),
                "{written}"
            );
        }
    }
}
