//! What objects look like: schemas of Kubernetes' own kinds and of custom resources, and the check of placed nodes
//! against them.
//!
//! Schemas come from three places: a table of all minors of Kubernetes in the binary ([`Kubernetes`]), the
//! CustomResourceDefinitions that somebody wrote ([`Definition`]), and documents of JSON Schema. All are compiled to
//! one form ([`Def`]), and one engine ([`check`](check())) applies them as the API server does: strict about fields, types
//! and required ones, and rules in CEL. Nothing is fetched.
//!
//! Not here: what the API server refuses although no schema says so, and what rules make of a violation.

mod builtin;
mod check;
mod crd;
mod def;
mod definitions;
mod format;
mod limits;
mod list;
mod near;
mod outline;
mod removed;
mod template;
mod validations;
mod violation;

#[cfg(test)]
mod golden;

pub use builtin::{KindInfo, Kubernetes, LAST_MINOR, Scope, all_kinds, published_kinds, versions};
pub use check::{Against, check, check_change};
pub use crd::{Definition, compile};
pub use def::Def;
pub use definitions::{
    Definitions, Found, find_custom, find_native, find_published, is_cluster_scoped, scope,
};
pub use outline::{Field as FieldOutline, Outline, outline};
pub use removed::removed;
pub use template::file_names;
pub use violation::{Meant, Violation, What};
