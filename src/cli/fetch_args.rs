//! The command line of `fetch` and `cache`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cache::Kind;

use super::args::CommonArgs;

/// Arguments of `fetch`.
#[derive(Debug, Args)]
pub(super) struct FetchArgs {
    /// The root of the repository
    #[arg(default_value = ".")]
    pub(super) path: PathBuf,
    /// Say what would be fetched
    #[arg(long, conflicts_with = "offline")]
    pub(super) dry_run: bool,
    /// Fetch nothing; look whether everything is there and as it was
    #[arg(long, conflicts_with = "update")]
    pub(super) offline: bool,
    /// Look for newer ones of what the lock knows: ranges, branches, moving tags
    #[arg(long)]
    pub(super) update: bool,
    /// Only these kinds: chart, oci-chart, oci-artifact, git, file, bucket
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = parse_kind)]
    pub(super) only: Vec<Kind>,
    /// How much is fetched at the same time
    #[arg(long, value_name = "N", default_value = "8")]
    pub(super) jobs: usize,
    /// Seconds that one request may take
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    pub(super) timeout: u64,
    /// Speak to these hosts only: h.example, h.example:8443, *.h.example
    #[arg(long, value_name = "HOST", value_delimiter = ',', help_heading = "Security")]
    pub(super) allow_hosts: Option<Vec<String>>,
    /// Also speak to this machine and to addresses of its link, where clouds keep credentials
    #[arg(long, help_heading = "Security")]
    pub(super) allow_local: bool,
    /// List what was there already as well
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// No signs of life
    #[arg(short, long)]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

/// What to do with the cache.
#[derive(Debug, Subcommand)]
pub(super) enum CacheCommand {
    /// Print where it is
    Dir(CacheArgs),
    /// Remove what is not needed any more
    Prune(PruneArgs),
}

/// Arguments of every command about the cache.
#[derive(Debug, Args)]
pub(super) struct CacheArgs {
    /// Where it is (default: gitops-lint in the user's cache directory)
    #[arg(long, value_name = "DIR")]
    pub(super) cache_dir: Option<PathBuf>,
}

/// Arguments of `cache prune`.
#[derive(Debug, Args)]
pub(super) struct PruneArgs {
    /// Remove the oldest until this much is left
    #[arg(long, value_name = "MIB")]
    pub(super) max_size: Option<u64>,
    /// Remove what was fetched longer ago
    #[arg(long, value_name = "DAYS")]
    pub(super) older_than: Option<u32>,
    /// Keep what the lock of this repository names; may be repeated
    #[arg(long, value_name = "PATH")]
    pub(super) keep: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) cache: CacheArgs,
}

fn parse_kind(text: &str) -> Result<Kind, String> {
    let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    Kind::from_name(text).ok_or_else(|| format!("kinds are {}", known.join(", ")))
}
