//! Which branch the apps of one repository follow, and which few follow another.

use std::collections::{BTreeMap, BTreeSet};

use crate::argocd::Source;
use crate::origin::Place;
use crate::repo::{AppEntry, Inventory, Spec};
use crate::source::repository_key;

/// An app that follows a branch which most apps of the same repository do not.
pub(super) struct Stray<'a> {
    /// The app.
    pub(super) entry: &'a AppEntry,
    /// The source.
    pub(super) source: &'a Source,
    /// The branch it follows.
    pub(super) revision: &'a str,
    /// Where that is written; its origin is in the app's own origins.
    pub(super) place: Place,
    /// The branch that most follow.
    pub(super) most: &'a str,
    /// How many do.
    pub(super) count: usize,
}

/// All strays, by repository and branch. Where half of the apps follow something else, nobody strays.
pub(super) fn strays(inventory: &Inventory) -> Vec<Stray<'_>> {
    let mut repositories: BTreeMap<String, Vec<(&AppEntry, &Source)>> = BTreeMap::new();
    for entry in &inventory.apps {
        let Spec::Argo(application) = &entry.app.spec else { continue };
        for source in application.sources.iter().filter(|source| follows_branch(source)) {
            repositories.entry(repository_key(source.repo_url())).or_default().push((entry, source));
        }
    }
    let mut strays = Vec::new();
    for uses in repositories.values() {
        let default = default_branch(uses);
        let branch = |source: &Source| match source.target_revision().trim_start_matches("refs/heads/") {
            "" | "HEAD" => default.to_owned(),
            name => name.to_owned(),
        };
        let mut by_branch: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
        for (entry, source) in uses {
            by_branch.entry(branch(source)).or_default().insert(entry.app.id);
        }
        let Some((most, apps)) = by_branch.iter().max_by_key(|(_, apps)| apps.len()) else { continue };
        let named =
            uses.iter().find(|(_, source)| branch(source) == *most && !source.target_revision().is_empty());
        let most_written = named.map_or("HEAD", |(_, source)| source.target_revision());
        for (entry, source) in uses {
            let own = branch(source);
            let few = by_branch.get(&own).map_or(0, BTreeSet::len);
            // A work branch beside the main one is a stray even if many follow it.
            let settled = if is_work_branch(&own) && !is_work_branch(most) {
                few >= apps.len()
            } else {
                few * 2 >= apps.len()
            };
            if own == *most || settled {
                continue;
            }
            let Some(revision) = &source.target_revision else { continue };
            strays.push(Stray {
                entry,
                source,
                revision: &revision.value,
                place: revision.place,
                most: most_written,
                count: apps.len(),
            });
        }
    }
    strays
}

/// What `HEAD` means among these: `main` or `master`, if only one of them is followed.
fn default_branch(uses: &[(&AppEntry, &Source)]) -> &'static str {
    let follows = |name: &str| uses.iter().any(|(_, source)| source.target_revision() == name);
    match (follows("main"), follows("master")) {
        (true, false) => "main",
        (false, true) => "master",
        _ => "HEAD",
    }
}

/// Whether the source follows a branch, rather than a tag, a commit or a range of versions.
fn follows_branch(source: &Source) -> bool {
    let revision = source.target_revision();
    let is_commit = revision.len() >= 7 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_version = revision.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    let is_constraint = revision.contains(['*', '^', '~', '>', '<', '=']);
    source.chart.is_none()
        && !source.is_oci()
        && !revision.contains("{{")
        && !revision.contains("${")
        && !is_commit
        && !is_version
        && !is_constraint
        && !revision.starts_with("refs/tags/")
}

/// Whether a branch is named like work in progress: `feature/x`, `fix-y`, `wip`.
pub(super) fn is_work_branch(revision: &str) -> bool {
    const WORDS: [&str; 13] = [
        "feature",
        "features",
        "feat",
        "fix",
        "bugfix",
        "hotfix",
        "bug",
        "wip",
        "topic",
        "spike",
        "experiment",
        "pr",
        "renovate",
    ];
    let name = revision.trim_start_matches("refs/heads/").to_lowercase();
    let first = name.split(['/', '-', '_']).next().unwrap_or_default();
    WORDS.contains(&first)
}
