//! What the two programs say to each other, a line of JSON each.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::cache::Want;

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Start {
    /// The cache directory.
    pub cache: PathBuf,
    /// How many downloads run at the same time.
    pub jobs: usize,
    /// Seconds that one request may take.
    pub timeout: u64,
    /// Hosts that may be spoken to; `None` for any.
    pub allow_hosts: Option<Vec<String>>,
    /// Whether addresses of this machine and of its link may be spoken to.
    pub allow_local: bool,
}

/// Something to download.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// What the reply is called.
    pub id: usize,
    /// What is wanted.
    pub want: Want,
    /// What the lock says it is: nothing else will do.
    #[serde(default)]
    pub fixed: Option<Fixed>,
    /// Look again even if the cache knows it.
    #[serde(default)]
    pub refresh: bool,
}

/// What a lock says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fixed {
    /// The version.
    pub version: String,
    /// The digest, as [`Content`](crate::cache::Content) writes it.
    pub content: String,
}

/// What became of a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reply {
    /// The request.
    pub id: usize,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is in the cache now.
    Here {
        /// The version that it is.
        version: String,
        /// The digest.
        content: String,
        /// Bytes that were downloaded for it; 0 when it was there.
        bytes: u64,
    },
    /// It could not be had; why.
    Failed(String),
    /// It is nothing that can be downloaded; why.
    Skipped(String),
}
