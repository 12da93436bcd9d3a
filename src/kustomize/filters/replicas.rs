//! `replicas`.
//!
//! Mirrors `ReplicaCountTransformer` (`api/internal/builtins`) and `api/filters/replicacount`.

use crate::origin::Step;

use super::super::config::{Create, FieldSpec};
use super::super::context::Context;
use super::super::failure::{Failure, Wrap};
use super::super::kustomization::Replica;
use super::super::resmap::ResMap;
use super::super::setter::Tag;

/// Sets how many replicas workloads have that have, or had, the name.
pub(in crate::kustomize) fn apply(
    resmap: &mut ResMap,
    replica: &Replica,
    specs: &[FieldSpec],
    cx: &mut Context<'_>,
) {
    let count = replica.count.value.to_string();
    let place = replica.count.place;
    let mut found = false;
    for spec in specs {
        for index in resmap.with_any_id(&replica.name, |id| spec.is_for(&id.gvk)) {
            found = true;
            let Some(resource) = resmap.get_mut(index) else { continue };
            let result = super::change_one(resource, cx, place, Step::ReplicasSet, |resource, setter| {
                let id = resource.id.clone();
                spec.apply(&mut resource.node, &id, Create::Scalar, setter, &mut |node, setter| {
                    super::set_scalar(node, setter, &count, Tag::Int)
                })
            });
            cx.check(result.or_at(place));
        }
    }
    if !found {
        let kinds: Vec<String> = specs.iter().map(FieldSpec::shown_gvk).collect();
        let message = format!(
            "resource with name {} does not match a config with the following GVK [{}]",
            replica.name,
            kinds.join(" ")
        );
        cx.fail(Failure::at(replica.place, message).follows());
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_kustomize_does() {
        super::super::testing::check(include_str!("../../../fixtures/kustomize/replicas.yaml"));
    }
}
