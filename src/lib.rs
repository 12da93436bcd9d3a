#![doc = include_str!("README.md")]
#![cfg_attr(
    test,
    allow(clippy::allow_attributes, clippy::disallowed_methods, reason = "tests make scratch files")
)]

pub mod finding;
pub mod origin;
pub mod source;
pub mod yaml;
