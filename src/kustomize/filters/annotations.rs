//! `commonAnnotations`.
//!
//! Mirrors `AnnotationsTransformer` (`api/internal/builtins`) and `api/filters/annotations`.

use crate::origin::Step;

use super::super::config::FieldSpec;
use super::super::context::Context;
use super::super::kustomization::Pairs;
use super::super::resmap::ResMap;

/// Adds annotations to the given fields.
pub(in crate::kustomize) fn apply(
    resmap: &mut ResMap,
    annotations: &Pairs,
    specs: &[FieldSpec],
    cx: &mut Context<'_>,
) {
    super::labels::set_pairs(resmap, annotations, specs, Step::Annotated, cx);
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_kustomize_does() {
        super::super::testing::check(include_str!("../../../fixtures/kustomize/annotations.yaml"));
    }
}
