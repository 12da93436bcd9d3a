//! The one integration test binary.

#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    reason = "tests read files and fail loudly"
)]

mod action;
mod applicationsets;
mod blind;
mod cli;
mod docs;
mod fuzz;
mod helm_corpus;
mod helm_limits;
mod incidents;
mod kustomize_corpus;
mod origins;
mod rules;
mod screens;
mod tidy;
mod yaml;
