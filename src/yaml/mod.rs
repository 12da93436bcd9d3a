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
//! The steps, one file each: `scanner` (characters to tokens), `parser` (tokens to events), `compose`
//! (events to trees: aliases, merge keys, limits), `read` (whole files, going on behind errors), `resolve`
//! (what scalars mean, per dialect).
//!
//! Scalars stay text until somebody asks: Helm, kubectl and Argo CD (`sigs.k8s.io/yaml`, YAML 1.1 booleans) and
//! kustomize (go-yaml v3) read the same bytes differently.
//!
//! Where the two libraries differ, both are right about what they read:
//!
//! | | `Dialect::Sigs` | `Dialect::V3` |
//! |---|---|---|
//! | `yes`, `on`, `y` and so on | booleans | strings |
//! | an unquoted date | the string as written | a string in RFC 3339 |
//! | a merge key behind a key that it repeats | the merged value wins | the written value wins |
//! | keys that are numbers, booleans, dates | strings | an error below the top level |
//! | a null key | an error | no entry at the top level |
//! | a repeated key | the last one wins | an error: [`YamlProblemKind::DuplicateKey`] |
//! | which of two syntax errors is named | the first | often the one behind it |
//!
//! Not followed: `V3` refuses keys with tags of one's own (`!x key: v`); and go-yaml skips the first character of
//! every line of a file that begins with two byte order marks.
//!
//! What to call: [`Cache`] for files; [`parse_text`] for rendered text; then [`Node::canonicalize`], after which
//! nobody has to know the dialect; [`emit`](emit()), [`emit_text`] and [`Node::to_json`] to write; [`edit`] to change
//! source text.
//!
//! This module does not know Kubernetes.

mod add;
mod analysis;
mod block;
mod cache;
mod compose;
mod dialect;
mod digest;
mod document;
pub mod edit;
mod embedded;
mod emit;
mod json;
mod lines;
mod mistake;
mod node;
mod number;
mod parser;
mod read;
mod resolve;
mod scanner;
mod sort;
mod timestamp;

pub use crate::golang::strconv::{format_g, format_json, quote as go_quote};
pub use block::line_of_text;
pub use cache::Cache;
pub use compose::MAX_DEPTH;
pub use dialect::Dialect;
pub use digest::digest;
pub use document::{Comment, Document, GoLines, Stream, YamlProblem, YamlProblemKind};
pub use embedded::Embedded;
pub use emit::{EmitStyle, emit, emit_text};
pub use json::{JsonStyle, write_json_string};
pub use node::{Data, Entry, Key, Map, Node, Style};
pub(crate) use read::parse_verbatim;
pub use read::{parse, parse_as, parse_text};
pub use resolve::Scalar;
