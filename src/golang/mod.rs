//! What Go libraries do that every engine leans on: glob dialects, versions, times, regular expressions.
//!
//! Each file restates one library's behaviour, named at its top. Nothing here knows YAML, templates or Kubernetes.

pub mod bytes;
pub mod cron;
pub mod doublestar;
mod glob;
#[cfg(test)]
mod golden;
pub mod html_escape;
mod path_clean;
pub mod path_match;
pub mod regexp;
pub mod semver;
pub mod strconv;
pub mod time;
pub mod unicode;
pub mod url;

pub use glob::Glob;
pub use path_clean::clean_path;
