//! The one integration test binary.

#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "tests read files and fail loudly"
)]

mod action;
mod applications;
mod applicationsets;
mod arenas;
mod bad_input;
mod blame;
mod blind;
mod changes;
mod cli;
mod corpus_applications;
mod corpus_incidents;
mod corpus_ownership;
mod docs;
mod environments;
mod fetch;
mod fleet;
mod flux;
mod fuzz;
mod helm_corpus;
mod helm_limits;
mod incidents;
mod kustomize_corpus;
mod kustomize_fuzz;
mod kustomize_limits;
mod literals;
mod mistakes;
mod origins;
mod packaging;
mod picture;
mod places;
mod questions;
mod reading;
mod rules;
mod screens;
mod silence;
mod tidy;
mod yaml;

/// Where real repositories are unpacked, if they are: tests that need them say so and pass.
fn corpus() -> Option<std::path::PathBuf> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/corpus");
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: there is no corpus in target/corpus");
    None
}
