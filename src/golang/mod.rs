//! What Go libraries do that every engine leans on: glob dialects, versions, times, regular expressions.
//!
//! Each file restates one library's behaviour, named at its top. Nothing here knows YAML, templates or Kubernetes.

mod glob;

pub use glob::Glob;
