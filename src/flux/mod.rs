//! Flux: what its Kustomizations, HelmReleases and sources mean, and how one is rendered.
//!
//! Behaviour follows kustomize-controller 1.9, helm-controller 1.6, source-controller 1.9 and `fluxcd/pkg` (see the
//! file names in the modules). This module renders one object at a time: it is given the objects that one names
//! ([`Inputs`]) and asks [`Remotes`](crate::source::Remotes) where content is. Which apps exist is the business of
//! `repo`.

#[cfg(test)]
mod against_flux;
mod artifact;
pub mod artifact_generator;
mod bootstrap;
mod build;
pub mod envsubst;
mod helm;
mod helm_release;
mod kustomization;
mod metadata;
mod reference;
mod removed;
mod source;
mod substitute;
mod values;

pub use artifact::{ArtifactTree, ignore_files};
pub use bootstrap::Bootstrap;
pub use build::{Artifacts, Renderer};
pub use helm_release::{ChartTemplate, HelmRelease, ValuesReference};
pub use kustomization::Kustomization;
pub use reference::{Input, Inputs, ObjectName, SOURCE_GROUP, SOURCE_KINDS};
pub use removed::{RemovedApi, removed_api};
pub use source::{below, git_revision, source_url};
