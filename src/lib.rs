#![doc = include_str!("README.md")]
#![cfg_attr(
    test,
    allow(clippy::allow_attributes, clippy::disallowed_methods, reason = "tests make scratch files")
)]

mod admission;
mod argocd;
mod cache;
mod cel;
mod cli;
mod config;
mod diff;
mod download;
mod editor;
mod explain;
pub mod facade;
mod fetch;
mod finding;
mod fix;
mod flux;
mod git;
mod golang;
mod gotemplate;
mod helm;
mod k8s;
mod kustomize;
mod lint;
mod lock;
mod near;
mod origin;
mod output;
mod relations;
mod repo;
mod report;
mod review;
mod rules;
mod schema;
mod source;
mod sprig;
mod world;
mod yaml;
