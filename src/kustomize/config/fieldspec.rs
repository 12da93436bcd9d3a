//! Field specs: which fields of which kinds a transformer changes.
//!
//! Mirrors `api/types/fieldspec.go` and `api/filters/fieldspec`.

use std::borrow::Cow;

use smol_str::SmolStr;

use crate::k8s::Gvk;
use crate::yaml::{Data, Entry, Map, Node, Style};

use super::super::failure::{Failure, Result, Wrap};
use super::super::resid::{ResId, ShownGvk, gvk_sort_text, is_selected, kind_rank};
use super::super::rnode;
use super::super::setter::Setter;

/// A field of a kind. Empty parts of the kind mean any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldSpec {
    /// The kind.
    pub gvk: Gvk,
    /// The path, `spec/template/metadata/labels`; `[]` behind a field says that it is a list.
    pub path: SmolStr,
    /// Whether the path is made where it is missing.
    pub create: bool,
}

/// What to make at the end of a path that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Create {
    /// Nothing: a missing path is left alone, whatever the field spec says.
    Nothing,
    /// A scalar for the setter to fill.
    Scalar,
    /// A mapping for the setter to put an entry into.
    Map,
}

/// What is done with a field that was found.
pub(in super::super) type SetField<'f> = dyn FnMut(&mut Node, &mut Setter<'_>) -> Result<()> + 'f;

impl FieldSpec {
    /// Whether this applies to a kind.
    pub(in super::super) fn is_for(&self, gvk: &Gvk) -> bool {
        is_selected(gvk, &self.gvk)
    }

    /// As kustomize prints it.
    pub(in super::super) fn shown_gvk(&self) -> String {
        ShownGvk(&self.gvk).to_string()
    }

    /// Finds the field in `object` and hands it to `set`; a path that is missing is no failure.
    pub(in super::super) fn apply(
        &self,
        object: &mut Node,
        id: &ResId,
        create: Create,
        setter: &mut Setter<'_>,
        set: &mut SetField<'_>,
    ) -> Result<()> {
        if !self.is_for(&id.gvk) {
            return Ok(());
        }
        let create = if self.create { create } else { Create::Nothing };
        let path = match self.path.strip_prefix('/') {
            Some(rest) => rest,
            None => &self.path,
        };
        visit(object, Some(path), create, setter, set)
            .wrap(|| format!("considering field '{}' of object {id}", self.path))
    }

    /// Orders as kustomize sorts field specs.
    fn sort_key(&self) -> (i32, String) {
        (kind_rank(&self.gvk.kind), gvk_sort_text(&self.gvk))
    }
}

/// The first part of a path and what is left of it.
fn first_part(path: &str) -> (Cow<'_, str>, Option<&str>) {
    let Some((mut first, mut rest)) = path.split_once('/') else { return (Cow::Borrowed(path), None) };
    if !first.ends_with('\\') {
        return (Cow::Borrowed(first), Some(rest));
    }
    let mut part = String::new();
    loop {
        match first.strip_suffix('\\') {
            Some(head) => {
                part.push_str(head);
                part.push('/');
            }
            None => {
                part.push_str(first);
                return (Cow::Owned(part), Some(rest));
            }
        }
        match rest.split_once('/') {
            Some((next, after)) => (first, rest) = (next, after),
            None => {
                part.push_str(rest);
                return (Cow::Owned(part), None);
            }
        }
    }
}

fn visit(
    node: &mut Node,
    path: Option<&str>,
    create: Create,
    setter: &mut Setter<'_>,
    set: &mut SetField<'_>,
) -> Result<()> {
    let Some(path) = path else { return set(node, setter) };
    if node.scalar().is_some() {
        let refused = || Failure::at(node.place(), "expected sequence or mapping node");
        return if node.is_null() { Ok(()) } else { Err(refused()) };
    }
    match &mut node.data {
        Data::Scalar(_) => Ok(()),
        Data::Seq(items) => {
            for item in items {
                visit(item, Some(path), create, setter, set).wrap(|| {
                    let parts = rnode::split_path(path, '/');
                    format!("visit traversal on path: [{}]", parts.join(" "))
                })?;
            }
            Ok(())
        }
        Data::Map(_) => visit_map(node, path, create, setter, set),
    }
}

fn visit_map(
    node: &mut Node,
    path: &str,
    create: Create,
    setter: &mut Setter<'_>,
    set: &mut SetField<'_>,
) -> Result<()> {
    let (part, rest) = first_part(path);
    let (name, is_list) = match part.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (part.as_ref(), false),
    };
    if name.is_empty() {
        return Err(Failure::at(node.place(), "cannot set or create an empty field name"));
    }
    let create_here = create != Create::Nothing && !is_list;
    let found = match node.as_map().and_then(|map| map.index_of(name)) {
        Some(index) => Some(index),
        // Names that the path syntax gives a meaning: numbers, `-`, `[a=b]`.
        None if rnode::list_number(name).is_some()
            || matches!(name, "-" | "*")
            || rnode::is_list_index(name) =>
        {
            rnode::index_of(node, name).wrap(|| format!("fieldName: {name}"))?
        }
        None => None,
    };
    let index = match found {
        Some(index) => index,
        None if create_here => {
            let data = match (rest, create) {
                (Some(_), _) | (None, Create::Map) => Data::Map(Map::new()),
                (None, _) => Data::Scalar(SmolStr::default()),
            };
            let value = Node { style: Style::Plain, ..setter.empty(data) };
            let key = setter.key(name);
            let Some(map) = node.as_map_mut() else { return Ok(()) };
            map.push(Entry { key, value });
            map.len() - 1
        }
        None => return Ok(()),
    };
    let Some(field) = rnode::child_mut(node, index) else { return Ok(()) };
    if field.is_null() && field.scalar().is_some() && found.is_some() {
        // A null becomes what the path says it should be.
        let data = match (rest, create) {
            _ if is_list => Some(Data::Seq(Vec::new())),
            _ if !create_here => None,
            (Some(_), _) | (None, Create::Map) => Some(Data::Map(Map::new())),
            (None, _) => None,
        };
        if let Some(data) = data {
            let place = setter.step();
            *field = Node::new(data, place);
        }
    }
    visit(field, rest, create, setter, set)
}

/// Adds field specs to others. One that is there already is left out; one that contradicts is a failure.
pub(in super::super) fn merge_specs(into: &mut Vec<FieldSpec>, incoming: &[FieldSpec]) -> Result<()> {
    for spec in incoming {
        match into.iter().find(|known| is_selected(&known.gvk, &spec.gvk) && known.path == spec.path) {
            Some(known) if known.create != spec.create => return Err(Failure::new("conflicting fieldspecs")),
            Some(_) => {}
            None => into.push(spec.clone()),
        }
    }
    Ok(())
}

/// Sorts field specs as kustomize does.
pub(super) fn sort_specs(specs: &mut [FieldSpec]) {
    specs.sort_by_cached_key(FieldSpec::sort_key);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_paths_apart() {
        for (path, part, rest) in [
            ("a", "a", None),
            ("a/b/c", "a", Some("b/c")),
            ("a\\/b/c", "a/b", Some("c")),
            ("a\\/b\\/c", "a/b/c", None),
            ("", "", None),
        ] {
            assert_eq!(first_part(path), (Cow::Borrowed(part), rest), "{path}");
        }
    }

    #[test]
    fn merges() {
        let spec = |kind: &str, path: &str, create| FieldSpec {
            gvk: Gvk::new("", "", kind),
            path: path.into(),
            create,
        };
        let mut specs = vec![spec("A", "x", true)];
        merge_specs(&mut specs, &[spec("A", "x", true), spec("B", "x", false)]).unwrap();
        assert_eq!(specs.len(), 2);
        // A spec for all kinds counts as known when any kind has its path.
        merge_specs(&mut specs, &[spec("", "x", true)]).unwrap();
        assert_eq!(specs.len(), 2);
        assert_eq!(
            merge_specs(&mut specs, &[spec("B", "x", true)]).unwrap_err().message,
            "conflicting fieldspecs"
        );
    }
}
