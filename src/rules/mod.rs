//! The rules: what is checked. Each is a page under `rules/` and a file in the folder of its subject.
//!
//! A new rule is two new files and nothing else: write `rules/<subject>/<name>.md` and
//! `src/rules/<subject>/<name>.rs`, then run `cargo bless rules`, which rewrites the lists in the `mod.rs` of the folders.

// Subjects and helpers: a folder of rules is listed in its `mod.rs`.
mod api_versions;
mod argocd;
mod context;
mod flux;
mod flux_apps;
mod habits;
mod helm;
mod idle;
mod images;
mod kustomize;
mod mend;
mod missing;
mod missing_keys;
mod no_ops;
mod own;
mod pod_security;
mod problems;
mod projects;
mod references;
mod registry;
mod repo;
mod rule;
mod schema;
mod schemas;
mod security;
mod selectors;
mod siblings;
mod spellings;
mod workload;
mod workloads;
mod yaml;

pub use context::{Context, Report};
pub use problems::{ELSEWHERE, doubt, rules_about};
pub use registry::{AnyRule, Named, Registry, unknown};
pub(crate) use rule::meta;
pub use rule::{Preset, Rule, RuleMeta};

/// Every rule that is built in, by subject and name.
pub fn all() -> impl Iterator<Item = &'static dyn Rule> {
    SUBJECTS.into_iter().flatten().copied()
}

// Written by `cargo bless rules` from the folders.
const SUBJECTS: [&[&dyn Rule]; 10] = [
    argocd::RULES,
    flux::RULES,
    helm::RULES,
    kustomize::RULES,
    references::RULES,
    repo::RULES,
    schema::RULES,
    security::RULES,
    workload::RULES,
    yaml::RULES,
];
// End of what is written.
