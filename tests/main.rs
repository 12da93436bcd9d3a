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
mod analysis;
mod applications;
mod applicationsets;
mod arenas;
mod assumed_clusters;
mod bad_input;
mod blame;
mod blind;
mod changes;
mod cli;
mod comment;
mod configuration;
mod corpus_applications;
mod corpus_incidents;
mod corpus_ownership;
mod danger;
mod docs;
mod editor;
mod editor_answers;
mod environments;
mod evidence;
mod fetch;
mod fix;
mod flags;
mod fleet;
mod flux;
mod fuzz;
#[path = "../fuzz/mod.rs"]
mod fuzz_targets;
mod helm_corpus;
mod helm_limits;
mod hostile;
mod incidents;
mod kinds;
mod kustomize_corpus;
mod kustomize_fuzz;
mod kustomize_limits;
mod literals;
mod misses;
mod mistakes;
mod objects;
mod origins;
mod own_rules;
mod packaging;
mod picture;
mod places;
mod policies;
mod questions;
mod reading;
mod references;
mod reports;
mod review;
mod revisions;
mod rules;
mod screens;
mod silence;
mod taint;
mod tidy;
mod yaml;

/// Where real repositories are unpacked, if they are: tests that need them say so and pass.
fn corpus() -> Option<std::path::PathBuf> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/corpus");
    if path.is_dir() {
        return Some(path);
    }
    skipped("there is no corpus in target/corpus");
    None
}

/// Says that a test proves nothing in this run. The test harness keeps what `eprintln` writes to itself when a test passes,
/// so this goes past it.
fn skipped(why: &str) {
    use std::io::Write;
    let thread = std::thread::current();
    let line = format!("\nSKIPPED {}: {why}\n", thread.name().unwrap_or("a test"));
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
