//! The one integration test binary.

mod yaml;
