//! sprig 3.3: the function library of Helm's templates, one file per family.
//!
//! Mirrors `Masterminds/sprig` v3.3.0. Functions that only move text keep its pieces' origins; of everything else the
//! engine records that it was computed, and from what.

mod args;
mod crypto;
mod dates;
mod defaults;
mod dict;
mod encoding;
mod goutils;
mod list;
mod math;
mod paths;
mod random;
mod regex;
mod semver;
mod stand_in;
mod strings;
#[cfg(test)]
mod testing;
mod types;
mod xstrings;

use crate::gotemplate::Function;

/// The tables of all families.
pub static TABLES: &[&[Function]] = &[
    crypto::FUNCTIONS,
    dates::FUNCTIONS,
    defaults::FUNCTIONS,
    dict::FUNCTIONS,
    encoding::FUNCTIONS,
    list::FUNCTIONS,
    math::FUNCTIONS,
    paths::FUNCTIONS,
    random::FUNCTIONS,
    regex::FUNCTIONS,
    semver::FUNCTIONS,
    strings::FUNCTIONS,
    types::FUNCTIONS,
];
