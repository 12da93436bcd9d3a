//! `kustomize build`, natively: kustomizations in, objects with the places of all their values out.
//!
//! Mirrors `sigs.k8s.io/kustomize/api` (see the modules). This module does not know Argo CD or Flux; `helmCharts`
//! are rendered by our own Helm engine.

#![expect(
    clippy::unnecessary_box_returns,
    clippy::boxed_local,
    reason = "failures live in boxes, so that results stay small"
)]

mod accumulator;
mod build;
mod build_metadata;
mod config;
mod context;
mod draft;
mod edit;
mod factory;
mod failure;
mod filters;
mod flavor;
mod generators;
mod go_json;
mod hash;
mod kustomization;
mod loader;
mod merge2;
mod nameref;
mod options;
mod outline;
mod patch;
mod patch_target;
mod plugins;
mod repospec;
mod resid;
mod resmap;
mod resource;
mod rewrite;
mod rnode;
mod selector;
mod setter;
mod sort;
mod target;
mod transformers;
mod words;

pub use build::{Built, build};
pub use context::{Meant, Near, NoOp, NoOpKind};
pub use draft::{Draft, Reader};
pub use edit::AddFlags;
pub use flavor::{Flavor, Flavors};
pub use go_json::DroppedField;
pub use kustomization::*;
pub use options::{LoadRestrictor, Options, Reorder};
pub use outline::outline;
pub use repospec::remote_revision;
