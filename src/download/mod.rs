//! Downloading: the only code that opens sockets. It runs in a program of its own, `gitops-lint-fetch`, so that the one
//! that lints contains none of it.
//!
//! The two programs talk in lines of JSON: [`Start`] and [`Request`]s come in, a [`Reply`] goes out for each. What is
//! downloaded lies in the [cache](crate::cache) before it is spoken of. Discovery, the lock and everything that is printed
//! are the other program's.
//!
//! What a repository writes decides where this connects to, so every address is looked at first
//! (`guard::Guard`), also those that a redirect leads to; credentials go to the host that they are for and
//! nowhere else; everything that a server sends is bounded in size and time.

mod auth;
mod aws;
mod bucket;
mod charts;
mod daemon;
mod environment;
mod files;
mod git;
mod guard;
mod http;
mod index;
mod limits;
mod oci;
mod packet;
mod serve;
mod ssh;
mod url;
mod wire;

pub use environment::Environment;
pub use serve::serve;
pub use wire::{Fixed, Outcome, Reply, Request, Start};

/// Why something could not be downloaded, in words: lower-case start, no final period, no credentials.
type Failure = String;
