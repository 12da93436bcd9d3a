//! The transformers that the fields of a kustomization stand for, one file each.
//!
//! Mirrors `api/filters` and the builtin plugins around them (`api/internal/builtins`). A transformer changes every
//! resource that it can; what it cannot change is a failure of the build, which it records in the [`Context`] before
//! it goes on with the next resource. The first failure recorded is the one that kustomize would stop at. Whatever is
//! set goes through a [`Setter`].
//!
//! Strategic merge patches are not here: see `merge2`. Neither are name references and generators.

pub(in crate::kustomize) mod annotations;
pub(in crate::kustomize) mod images;
pub(in crate::kustomize) mod json6902;
pub(in crate::kustomize) mod labels;
pub(in crate::kustomize) mod namespace;
mod path_matcher;
pub(in crate::kustomize) mod prefix_suffix;
pub(in crate::kustomize) mod replacements;
pub(in crate::kustomize) mod replicas;
#[cfg(test)]
mod testing;
pub(in crate::kustomize) mod vars;

use crate::finding::ProblemKind;
use crate::origin::{Place, Step};
use crate::yaml::{Data, MAX_DEPTH, Node};

use super::context::Context;
use super::failure::{Failure, Result, Wrap};
use super::resmap::ResMap;
use super::resource::Resource;
use super::rnode::{self, Kind};
use super::setter::{Setter, Tag};

/// Changes all resources with `change`, which gets a setter that writes for the line at `place`. Failures are
/// recorded, at `place` unless they know better; ids are read again.
fn change_all(
    resmap: &mut ResMap,
    cx: &mut Context<'_>,
    place: Place,
    by: Step,
    mut change: impl FnMut(&mut Resource, &mut Setter<'_>) -> Result<()>,
) {
    for resource in resmap.all_mut().iter_mut().filter(|resource| !resource.gone) {
        let result = change_one(resource, cx, place, by, &mut change);
        cx.check(result.or_at(place));
    }
}

/// Changes one resource with `change` and reads its id again.
fn change_one(
    resource: &mut Resource,
    cx: &mut Context<'_>,
    place: Place,
    by: Step,
    change: impl FnOnce(&mut Resource, &mut Setter<'_>) -> Result<()>,
) -> Result<()> {
    // The aliases are lent to the setter, which changes a resource that holds them.
    let mut aliases = std::mem::take(&mut resource.aliases);
    let mut setter = Setter::new(cx.origins, &mut aliases, place, by);
    let result = change(resource, &mut setter);
    setter.settle_aliases(&mut resource.node);
    resource.aliases = aliases;
    resource.refresh(&mut cx.schemas);
    result
}

/// Sets a scalar, as `FieldSetter` without a name does: lists and mappings are refused.
fn set_scalar(node: &mut Node, setter: &mut Setter<'_>, text: &str, tag: Tag) -> Result<()> {
    rnode::expect(node, Kind::Scalar)?;
    setter.set(node, text, tag);
    Ok(())
}

/// How many nodes may be copied on behalf of one entry: a document can double with every step.
const MAX_COPIED: usize = 1_000_000;

/// Bounds what trees can grow to when parts of them are copied into themselves.
#[derive(Debug, Default)]
struct Budget {
    copied: usize,
}

impl Budget {
    /// Counts what is copied.
    fn copy(&mut self, node: &Node) -> Result<()> {
        self.copied = self.copied.saturating_add(node.count());
        if self.copied > MAX_COPIED {
            return Err(
                Failure::new(format!("more than {MAX_COPIED} values are copied")).kind(ProblemKind::Limit)
            );
        }
        Ok(())
    }

    /// Refuses to nest deeper than the reader does: everything behind relies on that bound.
    fn nest(above: usize, node: &Node) -> Result<()> {
        if above.saturating_add(depth(node)) > MAX_DEPTH {
            let message = format!("exceeded max depth of {MAX_DEPTH}");
            return Err(Failure::new(message).kind(ProblemKind::Limit));
        }
        Ok(())
    }
}

/// How deep a tree is nested, which is bounded.
fn depth(node: &Node) -> usize {
    match &node.data {
        Data::Scalar(_) => 1,
        Data::Seq(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Data::Map(map) => 1 + map.iter().map(|entry| depth(&entry.value)).max().unwrap_or(0),
    }
}
