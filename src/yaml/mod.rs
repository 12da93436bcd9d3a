//! YAML with places: every key and value knows the bytes it was written at.
//!
//! The reader follows libyaml and go-yaml, not the YAML 1.2 grammar, because that is what kubectl, Helm,
//! kustomize, Argo CD and Flux follow: what they accept is accepted, what they refuse is an error, in their
//! words. What they tolerate although the specification does not is reported as *tolerated*.
//!
//! Scanner and parser are our own. No crate does the job: strict YAML 1.2 parsers report errors in files that
//! every Kubernetes tool reads (one in a thousand real ones) and miss what libyaml refuses, and the libyaml
//! translations either are unsafe code, which this package forbids, or panic on real files.
//!
//! The steps, one file each: [`scanner`] (characters to tokens), [`parser`] (tokens to events), [`compose`]
//! (events to trees: aliases, merge keys, limits), [`read`] (whole files, going on behind errors), [`resolve`]
//! (what scalars mean, per dialect).
//!
//! Scalars stay text until somebody asks: Helm, kubectl and Argo CD (`sigs.k8s.io/yaml`, YAML 1.1 booleans) and
//! kustomize (go-yaml v3) read the same bytes differently.
//!
//! This module does not know Kubernetes.

mod cache;
mod compose;
mod document;
pub mod edit;
mod embedded;
mod emit;
mod json;
mod lines;
mod node;
mod number;
mod parser;
mod read;
mod resolve;
mod scanner;
mod sort;
mod timestamp;

pub use cache::Cache;
pub use compose::MAX_DEPTH;
pub use document::{Comment, Document, GoLines, Stream, YamlProblem, YamlProblemKind};
pub use embedded::Embedded;
pub use emit::{EmitError, EmitStyle, emit, emit_text};
pub use json::{JsonStyle, write_json_string};
pub use node::{Data, Entry, Key, Map, Node, Style};
pub use number::{format_g, format_g32, format_json};
pub use read::{Parsed, parse, parse_as, parse_text};
pub use resolve::{Dialect, Scalar, go_quote};
