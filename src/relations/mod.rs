//! What one object says about others: the names that it refers to, what exists because of it, what it mentions; what operators
//! and well-known charts make of objects.
//!
//! This module knows the custom resources of many projects, and one object at a time. It does not know which other objects there
//! are: who provides what in a repository is asked of `world`.

mod app_template;
mod collector;
mod control;
mod custom;
mod dns;
mod name_index;
mod name_words;
mod operators;
mod passive;
mod provide;
mod provided;
mod reference;
mod release_values;
mod routes;

pub use app_template::unmatched;
pub use collector::{Reference, Via};
pub use control::control_references;
pub use name_index::NameIndex;
pub use name_words::{NameWords, STAGES, is_named_after};
pub use passive::is_passive;
pub use provide::{is_known_operator, keys, may_make_secrets, mentions, provides};
pub use provided::{ANYTHING, Before, Keys, NamePattern, Provided};
pub use reference::references;
pub use release_values::{
    chart_may_make, container_port_names, major, references_of_values, service_ports, values_say,
};
