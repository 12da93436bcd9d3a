//! The rules about `kustomize`: a file each. This one is written by `cargo bless rules`.

use super::Rule;

mod deprecated_kustomize_field;
mod kustomize_build_failure;
mod no_op_patch;
mod outside_kustomization_root;
mod unmatched_image;
mod unmatched_patch;
mod unmatched_replacement;
mod unpinned_remote_base;
mod unreferenced_manifest;
mod volatile_selector_label;

/// All of them, by name.
pub(super) const RULES: &[&dyn Rule] = &[
    &deprecated_kustomize_field::DeprecatedKustomizeField,
    &kustomize_build_failure::KustomizeBuildFailure,
    &no_op_patch::NoOpPatch,
    &outside_kustomization_root::OutsideKustomizationRoot,
    &unmatched_image::UnmatchedImage,
    &unmatched_patch::UnmatchedPatch,
    &unmatched_replacement::UnmatchedReplacement,
    &unpinned_remote_base::UnpinnedRemoteBase,
    &unreferenced_manifest::UnreferencedManifest,
    &volatile_selector_label::VolatileSelectorLabel,
];
