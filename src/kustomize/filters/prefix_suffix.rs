//! `namePrefix` and `nameSuffix`.
//!
//! Mirrors `PrefixTransformer`, `SuffixTransformer` (`api/internal/builtins`) and `api/filters/{prefix,suffix}`.

use crate::k8s::Gvk;
use crate::origin::Step;

use super::super::config::{Create, FieldSpec};
use super::super::context::Context;
use super::super::kustomization::Text;
use super::super::resid::ResId;
use super::super::resmap::ResMap;
use super::super::rnode::{self, Kind};
use super::super::setter::Tag;

/// On which side of a name something is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kustomize) enum Affix {
    Prefix,
    Suffix,
}

/// The one field whose change is a change of name.
const NAME: &str = "metadata/name";

/// Puts a prefix or suffix to names. The names that resources had are remembered, and so is what was put to them:
/// name references look at both.
pub(in crate::kustomize) fn apply(
    resmap: &mut ResMap,
    affix: Affix,
    text: &Text,
    specs: &[FieldSpec],
    cx: &mut Context<'_>,
) {
    super::change_all(resmap, cx, text.place, Step::NameAffixed, |resource, setter| {
        let original = resource.original_id();
        if is_skipped(&original) {
            return Ok(());
        }
        for spec in specs.iter().filter(|spec| spec.is_for(&original.gvk)) {
            if spec.path == NAME && !text.value.is_empty() {
                match affix {
                    Affix::Prefix => resource.memory.prefixes.push(text.value.clone()),
                    Affix::Suffix => resource.memory.suffixes.push(text.value.clone()),
                }
                resource.store_previous_id();
            }
            let id = resource.id.clone();
            spec.apply(&mut resource.node, &id, Create::Scalar, setter, &mut |node, setter| {
                rnode::expect(node, Kind::Scalar)?;
                let old = rnode::raw(node);
                let new = match affix {
                    Affix::Prefix => format!("{}{old}", text.value),
                    Affix::Suffix => format!("{old}{}", text.value),
                };
                setter.extend(node, new, Tag::Open);
                Ok(())
            })?;
        }
        Ok(())
    });
}

/// Kinds whose names mean something to the cluster.
fn is_skipped(id: &ResId) -> bool {
    let Gvk { group, kind, .. } = &id.gvk;
    matches!(kind.as_str(), "CustomResourceDefinition" | "Namespace")
        || (kind == "APIService" && group == "apiregistration.k8s.io")
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_kustomize_does() {
        super::super::testing::check(include_str!("../../../fixtures/kustomize/prefix_suffix.yaml"));
    }
}
