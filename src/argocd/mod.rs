//! Argo CD: what its Applications, ApplicationSets and AppProjects mean, and how a source is rendered.
//!
//! Behaviour follows argo-cd 3.5 (see the file names of `reposerver/`, `util/` and `applicationset/` in the modules).
//! This module renders one source at a time and asks [`Remotes`](crate::source::Remotes) where content is; which apps
//! exist is the business of `repo`.

mod application;
mod applicationset;
mod build_env;
mod build_options;
mod detect;
mod directory;
mod helm;
mod jq;
mod kustomize;
mod lua;
mod project;
pub mod rbac;
mod render;
mod resource_filter;
mod revision;
mod scoped;
mod settings;
mod settings_keys;
mod source_overrides;
mod sync_position;
mod tracking;
mod value_files;

pub use application::{Application, IN_CLUSTER, Source, Text};
pub use applicationset::{ApplicationSet, Environment, cluster_secret_of, expand, is_cluster_secret};
pub use build_env::BuildEnv;
pub use build_options::BuildOptions;
pub use detect::{Tool, detect, names_tool};
pub use directory::DirectoryOptions;
pub use jq::jq_problem;
pub use lua::lua_fault;
pub use project::{Project, ProjectDestination, ProjectRole, ResourceRestriction, SyncWindow};
pub use render::{NO_REVISION, Renderer};
pub use resource_filter::ResourceFilter;
pub use revision::{is_constraint, pick_tag, pick_version};
pub use scoped::{Scoped, text as secret_text};
pub use settings::{BUILD_OPTIONS, Settings};
pub use settings_keys::{KnownKey, setting_key};
pub use sync_position::{Phase, SyncPosition};
pub use tracking::{track, tracking_id};
pub use value_files::{Target, ValueFile, value_files};

/// The label that says what a Secret is for Argo CD: a repository, a cluster.
const SECRET_TYPE: &str = "argocd.argoproj.io/secret-type";
