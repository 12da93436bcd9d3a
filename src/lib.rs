#![doc = include_str!("README.md")]
#![cfg_attr(
    test,
    allow(clippy::allow_attributes, clippy::disallowed_methods, reason = "tests make scratch files")
)]

pub mod admission;
pub mod argocd;
pub mod cache;
pub mod cel;
pub mod cli;
pub mod config;
pub mod diff;
pub mod download;
pub mod editor;
pub mod explain;
pub mod fetch;
pub mod finding;
pub mod fix;
pub mod flux;
pub mod git;
pub mod golang;
pub mod gotemplate;
pub mod helm;
pub mod k8s;
pub mod kustomize;
pub mod lint;
pub mod lock;
mod near;
pub mod origin;
pub mod output;
pub mod relations;
pub mod repo;
pub mod report;
pub mod review;
pub mod rules;
pub mod schema;
pub mod source;
pub mod sprig;
pub mod world;
pub mod yaml;
