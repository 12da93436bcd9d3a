//! What the cluster says against a change that it would not say against the new object alone: admission policies of the repository that
//! are about updates or deletions, and the rules about transitions in the definition of a custom resource.
//!
//! Not here: fields of Kubernetes' own kinds that nobody may change (`danger`).

use crate::admission::{Action, Decision, Outcome};
use crate::cel::Budget;
use crate::repo::{self, App, Object, Request, Workspace};
use crate::schema::What;

/// One reason for which a change is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Who refuses: `policy \`x\``, `its definition`.
    pub by: String,
    /// What it says.
    pub words: String,
    /// The field; empty for the whole object.
    pub field: String,
    /// Whether it only warns.
    pub warns: bool,
}

/// The app that has an object now, its side, and what all of its policies may take together.
#[derive(Clone, Copy)]
pub(super) struct Home<'a> {
    pub(super) app: &'a App,
    pub(super) workspace: &'a Workspace,
    pub(super) pool: &'a Budget,
}

/// Why the change from `old` to `new` is refused.
pub(super) fn refusals(old: &Object, new: &Object, home: Home<'_>) -> Vec<Refusal> {
    let Home { app, workspace, pool } = home;
    let mut found: Vec<Refusal> = workspace
        .refused_change(old, new, app)
        .into_iter()
        .filter_map(|it| match it.what {
            What::Broken(words) => {
                Some(Refusal { by: "its definition".to_owned(), words, field: it.path, warns: false })
            }
            _ => None,
        })
        .collect();
    let decisions = told(new, Request::Update(old), home);
    if decisions.is_empty() || repo::holds_variable(&new.node) {
        return found;
    }
    // What is wrong with the object alone is a finding.
    let (alone, _) = workspace.tree_policies().decide(new, Request::Create, workspace, pool);
    let known = |it: &Decision| alone.iter().any(|of| of.policy == it.policy && of.outcome == it.outcome);
    found.extend(decisions.into_iter().filter(|it| !known(it)).filter_map(refusal));
    found
}

/// Why `old` may not go.
pub(super) fn deletion(old: &Object, home: Home<'_>) -> Vec<Refusal> {
    if repo::holds_variable(&old.node) {
        return Vec::new();
    }
    told(old, Request::Delete, home).into_iter().filter_map(refusal).collect()
}

fn refusal(decision: Decision) -> Option<Refusal> {
    let Outcome::Violated(words) = decision.outcome else { return None };
    let by = format!("policy `{}`", decision.policy);
    Some(Refusal { by, words, field: decision.field, warns: decision.action == Action::Warn })
}

/// What policies say for sure.
fn told(object: &Object, how: Request<'_>, home: Home<'_>) -> Vec<Decision> {
    let policies = home.workspace.tree_policies();
    let (decisions, surely) = policies.decide(object, how, home.workspace, home.pool);
    // What a variable stands for may please the policy; another cluster may have other policies.
    let is_told = |it: &Decision| {
        it.action != Action::Audit && surely && !it.by_who && !policies.is_open(it.place.at.file)
    };
    decisions.into_iter().filter(is_told).collect()
}
