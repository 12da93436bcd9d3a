//! Flux: what its Kustomizations, HelmReleases and sources mean, and how one is rendered.
//!
//! Behaviour follows kustomize-controller 1.9, helm-controller 1.6, source-controller 1.9 and `fluxcd/pkg` (see the
//! file names in the modules). Which apps exist is the business of `repo`.

pub mod envsubst;
