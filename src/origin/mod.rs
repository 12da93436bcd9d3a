//! Where a rendered scalar comes from: the chain of steps that made it, and text that remembers its pieces.
//!
//! An [`Origin`] is one step: somebody wrote this, a patch set it, a template printed it. Origins link to the
//! step before, so that a rendered field leads back to every line that had a say in it. They live in an
//! [`Origins`] arena, one per render, and are named by a 4-byte [`OriginId`].
//!
//! [`Text`] is a string whose byte ranges carry origins: what the template engine prints into. A [`SourceMap`]
//! reads it back: from a range of rendered text to the place in a source file.
//!
//! This module does not know who uses it: no YAML, no templates, no Kubernetes.

mod arena;
mod source_map;
mod step;
mod text;

pub use arena::{Origin, OriginId, Origins, Place, Placed, Shift, Spot};
pub use source_map::{Locate, Shifted, SourceMap, Verbatim};
pub use step::{Name, Step};
pub use text::Text;
