//! `ValueAddTransformer`: puts one text into fields, or into file paths that fields hold.
//!
//! Mirrors `ValueAddTransformer` (`api/internal/builtins`), `api/filters/valueadd` and `filesys.InsertPathPart`.

use smol_str::{SmolStr, format_smolstr};

use crate::origin::{Place, Placed, Step};
use crate::yaml::{Dialect, Node};

use super::super::context::Context;
use super::super::failure::{Failure, Result, Wrap};
use super::super::go_json::get;
use super::super::kustomization::{Selector, Text, text};
use super::super::loader::Loader;
use super::super::resmap::ResMap;
use super::super::rnode;
use super::super::setter::Tag;
use super::namespace::{self, Settings};
use super::path_matcher::{self, Create, Match};

/// The field that the transformer of namespaces sets, with all that belongs to it.
const NAMESPACE: &str = "metadata/namespace";

/// What a configuration asks for.
#[derive(Debug)]
pub(in crate::kustomize) struct ValueAdd {
    value: Text,
    targets: Vec<Target>,
}

/// A field that gets the value.
#[derive(Debug)]
struct Target {
    selector: Option<Selector>,
    path: SmolStr,
    /// Which part of the path that the field holds the value becomes, from 1; 0 replaces the field.
    position: usize,
    place: Place,
}

/// Reads a configuration, canonical. Its value is the name of the directory unless it says another.
pub(in crate::kustomize) fn read(node: &Node, loader: &Loader, cx: &mut Context<'_>) -> Result<ValueAdd> {
    let written = text(node, "value").map(|it| Placed::new(SmolStr::new(it.value.trim()), it.place));
    let value = match written.filter(|it| !it.value.is_empty()) {
        Some(value) => value,
        None => Placed::new(SmolStr::new(loader.dir().path.file_name()), node.place()),
    };
    let mut targets = targets(node)?;
    if let Some(path) = text(node, "targetFilePath").filter(|path| !path.value.is_empty()) {
        let file = loader.load(&path.value, cx).or_at(path.place)?;
        let stream = cx.cache.stream(&file);
        let root = stream.documents.first().and_then(|document| document.root.clone());
        if let Some(mut root) = root {
            let canonical = root.canonicalize(Dialect::Sigs);
            canonical.map_err(|it| Failure::at(Place::written(it.at), it.go_message(Dialect::Sigs)))?;
            targets.extend(self::targets(&root)?);
        }
    }
    if targets.is_empty() {
        return Err(Failure::at(node.place(), "must specify at least one target"));
    }
    Ok(ValueAdd { value, targets })
}

fn targets(node: &Node) -> Result<Vec<Target>> {
    let entries = get(node, "targets").map(Node::seq_or_empty).unwrap_or_default();
    let target = |entry: &Node| {
        let position = get(entry, "filePathPosition").and_then(Node::as_i64).unwrap_or(0);
        let refuse = |message: String| Err(Failure::at(entry.place(), message));
        let path = text(entry, "fieldPath").map(|path| path.value).unwrap_or_default();
        if path.is_empty() {
            return refuse("fieldPath cannot be empty".to_owned());
        }
        let Ok(position) = usize::try_from(position) else {
            return refuse(format!("value of FilePathPosition ({position}) cannot be negative"));
        };
        let selector = get(entry, "selector").filter(|it| !it.is_null()).map(Selector::read);
        Ok(Target { selector, path, position, place: entry.place() })
    };
    entries.iter().map(target).collect()
}

/// Puts the value into all fields.
pub(in crate::kustomize) fn apply(resmap: &mut ResMap, what: &ValueAdd, cx: &mut Context<'_>) -> Result<()> {
    for target in &what.targets {
        let selected = match &target.selector {
            Some(selector) => resmap.select(selector).or_at(target.place)?,
            None => (0..resmap.iter().count()).collect(),
        };
        let path = rnode::split_path(&target.path, '/');
        for index in selected {
            let Some(resource) = resmap.all_mut().get_mut(index).filter(|it| !it.gone) else { continue };
            if target.path == NAMESPACE {
                namespace::apply_to(resource, &what.value, Settings::default(), &[], cx)
                    .or_at(target.place)?;
                continue;
            }
            let place = what.value.place;
            super::change_one(resource, cx, place, Step::Replaced, |resource, setter| {
                let found = path_matcher::find(&mut resource.node, &path, Some(Create::Scalar), setter)?;
                for field in found.iter().filter_map(Match::indexes) {
                    let Some(node) = rnode::at_indexes_mut(&mut resource.node, field) else { continue };
                    let new = match target.position.checked_sub(1) {
                        None => what.value.value.clone(),
                        Some(at) => inserted(&rnode::raw(node), at, &what.value.value),
                    };
                    super::set_scalar(node, setter, &new, Tag::Str)?;
                }
                Ok(())
            })
            .or_at(target.place)?;
        }
    }
    Ok(())
}

/// A path with one part more, as the part with that index; behind all others where there are fewer.
fn inserted(path: &str, at: usize, part: &str) -> SmolStr {
    let (root, rest) = path.strip_prefix('/').map_or(("", path), |rest| ("/", rest));
    let mut parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    parts.insert(at.min(parts.len()), part);
    format_smolstr!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inserts_a_part() {
        for (path, at, want) in [
            ("", 0, "P"),
            ("/", 0, "/P"),
            ("pie", 0, "P/pie"),
            ("/raw", 4, "/raw/P"),
            ("/a/nice/warm/pie", 3, "/a/nice/warm/P/pie"),
        ] {
            assert_eq!(inserted(path, at, "P"), want, "{path} {at}");
        }
    }

    #[test]
    fn does_what_kustomize_does() {
        super::super::testing::check(include_str!("../../../fixtures/kustomize/value_add.yaml"));
    }
}
