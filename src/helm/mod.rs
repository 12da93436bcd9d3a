//! Helm charts: loading, values, dependencies, manifests, as Helm 4.1 does it.
//!
//! The steps of `helm template`, one file each: `load` (a directory or archive becomes a [`Chart`]), `dependencies`
//! (which subcharts take part, under which names), `coalesce` (the values that templates see), `schema`, and behind
//! the template engine `manifest` (which documents there are, in which order). Nothing here executes templates.
//!
//! A chart is loaded once and shared; what one render makes of it is a [`ChartTree`] over it.
//!
//! This module does not know Argo CD.

mod chart;
mod coalesce;
mod decode;
mod dependencies;
mod ignore;
mod load;
mod metadata;
mod strvals;
mod tables;
mod tree;
mod user_values;

pub use chart::{Chart, ChartFile};
pub use coalesce::{Override, OverrideKind};
pub use dependencies::{Prepared, prepare};
pub use load::load_values;
pub use metadata::{Dependency, Metadata};
pub use strvals::{SetKind, is_int64};
pub use tree::ChartTree;
pub use user_values::{UserValues, ValuesLayer};
