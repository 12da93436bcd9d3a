//! Helm charts: loading, values, dependencies, manifests, as Helm 4.1 does it.
//!
//! The steps of `helm template`, one file each: `load` (a directory or archive becomes a [`Chart`]), `dependencies`
//! (which subcharts take part, under which names), `coalesce` (the values that templates see), `schema`, and behind
//! the template engine `manifest` (which documents there are, in which order). Nothing here executes templates.
//!
//! A chart is loaded once and shared; what one render makes of it is a [`ChartTree`] over it.
//!
//! This module does not know Argo CD.

#[cfg(test)]
mod against_helm;
mod cache;
mod capabilities;
mod chart;
mod coalesce;
mod confidential;
mod convert;
mod decode;
mod dependencies;
mod engine;
mod files;
mod flavor;
mod functions;
mod ignore;
mod int64;
mod load;
mod manifest;
mod metadata;
mod objects;
mod release;
mod render;
mod schema;
mod schema_outline;
mod schema_work;
mod structs;
mod strvals;
mod tables;
mod toml;
mod tree;
mod user_values;
mod values_file;
mod vendored;

pub use cache::ChartCache;
pub use capabilities::{Capabilities, ClusterVersion, KubeVersion};
pub use chart::{Chart, ChartFile};
pub use coalesce::{Override, OverrideKind};
pub use convert::to_value;
pub use dependencies::{Prepared, prepare};
pub use flavor::Flavor;
pub use functions::{HELM, Host, yaml_value};
pub use manifest::{Manifest, Manifests};
pub use metadata::{Dependency, Metadata};
pub use release::ReleaseOptions;
pub use render::{Release, render, render_text};
pub use schema::{Schema, validate_values};
pub use strvals::SetKind;
pub use tree::ChartTree;
pub use user_values::{UserValues, ValuesLayer};
pub use values_file::{load_values, read_values};
pub use vendored::with_vendored;
