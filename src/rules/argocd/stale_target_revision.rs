//! `stale-target-revision`: see the page.

use std::collections::{BTreeMap, BTreeSet};

use crate::argocd::Source;
use crate::origin::Place;
use crate::repo::{AppId, Identity, Inventory, Spec};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::repository_key;

meta!(
    "stale-target-revision",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "An Application of this repository follows a branch that the others have left."
);

pub(crate) struct StaleTargetRevision;

/// One use of a revision.
struct Follower {
    app: AppId,
    place: Place,
}

impl Rule for StaleTargetRevision {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let mut followers: BTreeMap<String, BTreeMap<&str, Vec<Follower>>> = BTreeMap::new();
        for entry in &inventory.apps {
            let Spec::Argo(application) = &entry.app.spec else { continue };
            for source in &application.sources {
                let (Some(revision), true) = (&source.target_revision, is_branch_of_this(source, cx)) else { continue };
                let key = repository_key(source.repo_url());
                let by_revision = followers.entry(key).or_default();
                let list = by_revision.entry(revision.value.as_str()).or_default();
                list.push(Follower { app: entry.app.id, place: revision.place });
            }
        }
        for by_revision in followers.values() {
            let apps = |list: &Vec<Follower>| list.iter().map(|follower| follower.app).collect::<BTreeSet<_>>().len();
            let Some((main, most)) =
                by_revision.iter().map(|(revision, list)| (*revision, apps(list))).max_by_key(|(_, count)| *count)
            else {
                continue;
            };
            for (revision, list) in by_revision.iter().filter(|(revision, _)| **revision != main) {
                let few = apps(list);
                // Where half of the apps follow something else, nothing is left behind.
                if few * 2 >= most {
                    continue;
                }
                for follower in list {
                    let others = if most == 1 { "the other app follows" } else { "apps of this repository follow" };
                    let message = format!("`{revision}` is a branch of its own: {most} {others} `{main}`");
                    cx.report(follower.place, message)
                        .apps([follower.app])
                        .help(format!("follow `{main}`, or pin a tag or commit if the app must stay behind"));
                }
            }
        }
    }
}

/// Whether the source follows a branch of this repository, rather than a tag, a commit or another repository.
fn is_branch_of_this(source: &Source, cx: &Context<'_>) -> bool {
    let revision = source.target_revision();
    let is_commit = revision.len() >= 7 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_version = revision.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    let is_constraint = revision.contains(['*', '^', '~', '>', '<', '=']);
    source.chart.is_none()
        && !source.is_oci()
        && !revision.is_empty()
        && !revision.contains("{{")
        && !is_commit
        && !is_version
        && !is_constraint
        && !revision.starts_with("refs/tags/")
        && cx.workspace.checkouts.identity(source.repo_url()) != Identity::Other
}
