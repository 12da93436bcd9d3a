//! Charts that are named by Helm repository, name and version: found among vendored directories and archives.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::source::Found;

/// Vendored charts, and what was asked for in vain.
#[derive(Debug, Default)]
pub struct ChartIndex {
    missing: Mutex<BTreeSet<MissingChart>>,
}

/// A chart that no vendored directory holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissingChart {
    /// URL of the Helm repository.
    pub url: String,
    /// Name.
    pub name: String,
    /// Version or constraint as written.
    pub version: String,
}

impl MissingChart {
    /// The command that fetches it.
    pub fn pull_command(&self) -> String {
        let Self { url, name, version } = self;
        if url.contains("://") && !url.starts_with("oci://") {
            format!("helm pull {name} --repo {url} --version {version}")
        } else {
            let host = url.trim_start_matches("oci://").trim_end_matches('/');
            format!("helm pull oci://{host}/{name} --version {version}")
        }
    }
}

impl ChartIndex {
    /// Looks a chart up; what is not found is remembered.
    pub fn find(&self, url: &str, name: &str, version: &str) -> Found {
        let missing =
            MissingChart { url: url.to_owned(), name: name.to_owned(), version: version.to_owned() };
        let help = format!("vendor it below a directory of `charts.paths`: {}", missing.pull_command());
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).insert(missing);
        Found::Missing { reason: format!("the chart `{name}` {version} of {url} is not vendored"), help }
    }

    /// The charts that were not found, once each.
    pub fn missing(&self) -> Vec<MissingChart> {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
