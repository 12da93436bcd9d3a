//! `denied-by-policy`: see the page.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::admission::{Action, Decision, Outcome, RULES_BUDGET};
use crate::cel::Budget;
use crate::finding::{Confidence, Finding, GivenBy, Missing, ObjectRef, Severity};
use crate::origin::Spot;
use crate::repo::{
    self, App, AppId, Inventory, Object, Rendered, RenderedPolicies, Request, Source, Workspace,
};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "denied-by-policy",
    "security",
    Error,
    Recommended,
    "0.2.0",
    "An admission policy of the repository refuses an object."
);

pub(crate) struct DeniedByPolicy;

impl Rule for DeniedByPolicy {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, _: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        // Without the values that somebody deploys it with, a chart's objects may lack their parts.
        if cx.is_chart_alone() {
            return;
        }
        let pool = Budget::new(RULES_BUDGET);
        for object in rendered.objects.iter().filter(|object| !object.is_helm_test()) {
            let (decisions, surely) =
                cx.workspace.tree_policies().decide(object, Request::Create, cx.workspace, &pool);
            // The whole object is looked through only where something is said.
            let is_open = !decisions.is_empty() && repo::holds_variable(&object.node);
            for decision in decisions {
                if !cx.may_be_with(decision.place.at.file) {
                    continue;
                }
                let is_open = is_open || cx.workspace.tree_policies().is_open(decision.place.at.file);
                report(decision, object, None, Certainty { surely, is_open }, cx);
            }
        }
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let policies = inventory.facts.get(|| RenderedPolicies::of(inventory, cx.workspace));
        let apps: Vec<AppId> = policies.apps().collect();
        let again = |id: &AppId| judge_again(*id, &policies, inventory, cx);
        let all: Vec<Again> = apps.par_iter().filter_map(again).collect();
        let mut told = Told::default();
        for mut again in all {
            told.apps.insert(again.app);
            told.said.append(&mut again.said);
            cx.take(again.findings);
        }
        inventory.facts.get(|| told);
    }

    fn mend_together(&self, findings: &mut [&mut Finding], inventory: &Inventory, _: &Workspace) {
        let told = inventory.facts.get(Told::default);
        if told.apps.is_empty() {
            return;
        }
        let again: BTreeSet<&str> =
            told.apps.iter().filter_map(|id| Some(&*inventory.app(*id)?.app.name)).collect();
        for finding in findings {
            // A file says so, and what is rendered of it, or an exception that is, does not.
            if finding.apps.iter().all(|app| again.contains(&**app))
                && finding.object.is_some()
                && !told.said.contains(&key(finding))
            {
                finding.confidence = Confidence::Possible;
                finding.severity = finding.severity.min(Confidence::Possible.most());
            }
        }
    }
}

/// What was said when all policies were known.
#[derive(Debug, Default)]
struct Told {
    apps: BTreeSet<AppId>,
    said: BTreeSet<Key>,
}

type Key = (String, Option<ObjectRef>);

fn key(finding: &Finding) -> Key {
    (finding.message.clone(), finding.object.as_ref().map(|it| ObjectRef { field: None, ..it.clone() }))
}

/// The same of one app.
struct Again {
    app: AppId,
    findings: Vec<Finding>,
    said: BTreeSet<Key>,
}

/// Renders an app again, for policies that apps render.
fn judge_again(
    id: AppId,
    policies: &RenderedPolicies,
    inventory: &Inventory,
    whole: &Context<'_>,
) -> Option<Again> {
    let entry = inventory.app(id)?;
    let app = &entry.app;
    let rendered = repo::render(app, whole.workspace);
    let partial = rendered.incomplete.iter().any(|it| it.missing != Missing::StandIn);
    let mut cx = whole.again(app, &rendered.origins).partial(partial);
    if cx.is_chart_alone() {
        return None;
    }
    let pool = Budget::new(RULES_BUDGET);
    let alone_pool = Budget::new(RULES_BUDGET);
    // Those that are said for the second time are not told twice.
    let (mut said, mut known) = (BTreeSet::new(), Vec::new());
    for object in rendered.objects.iter().filter(|object| !object.is_helm_test()) {
        let decisions = policies.decide(id, object, cx.workspace, &pool);
        let is_open = !decisions.is_empty() && repo::holds_variable(&object.node);
        let alone = if decisions.iter().any(|(_, from)| from.app.is_none()) {
            cx.workspace.tree_policies().decide(object, Request::Create, cx.workspace, &alone_pool).0
        } else {
            Vec::new()
        };
        for (decision, from) in decisions {
            if from.app.is_none() && !cx.may_be_with(decision.place.at.file) {
                continue;
            }
            known.push(from.app.is_none() && alone.contains(&decision));
            let surely = is_sure(from, id, inventory, cx.workspace);
            let certainty = Certainty { surely, is_open: is_open || from.is_open };
            report(decision, object, from.app.map(|_| inventory), certainty, &mut cx);
        }
    }
    let findings = cx.into_findings();
    said.extend(findings.iter().map(key));
    let new = findings.into_iter().zip(known).filter(|(_, known)| !known).map(|(it, _)| it);
    Some(Again { app: id, findings: new.collect(), said })
}

/// Whether a policy is on the cluster of an app for sure: one root and one destination lead to both.
fn is_sure(from: Source, id: AppId, inventory: &Inventory, workspace: &Workspace) -> bool {
    let Some(of) = from.app else { return workspace.tree_policies().of_one_cluster(workspace) };
    match (inventory.app(of), inventory.app(id)) {
        _ if of == id => true,
        (Some(a), Some(b)) => a.root == b.root && a.app.cluster == b.app.cluster,
        _ => false,
    }
}

/// How sure a decision is.
#[derive(Clone, Copy)]
struct Certainty {
    /// The policy is one of the object's cluster.
    surely: bool,
    /// Variables are left in the policy or in the object.
    is_open: bool,
}

/// Reports what a policy decides; `rendered` has the places of one that an app renders.
fn report(
    decision: Decision,
    object: &Object,
    rendered: Option<&Inventory>,
    certainty: Certainty,
    cx: &mut Context<'_>,
) {
    let policy = &decision.policy;
    let spot = rendered.map(|inventory| Spot { place: decision.place, origins: &inventory.origins });
    let words = match decision.outcome {
        Outcome::Violated(words) | Outcome::Failed(words) => words,
        Outcome::Unchecked(why) => {
            let message = format!("policy `{policy}` was not checked: {why}");
            match spot {
                Some(spot) => cx.report(spot, message).possible(),
                None => cx.report(decision.place, message).possible(),
            };
            return;
        }
    };
    let said = match decision.action {
        Action::Deny => "refuses",
        Action::Warn => "warns about",
        Action::Audit => "notes",
    };
    let message = format!("policy `{policy}` {said} {} `{}`: {words}", object.kind, object.name);
    let path: Vec<&str> = decision.field.split('.').filter(|name| !name.is_empty()).collect();
    let field = object.at(&path).filter(|_| !path.is_empty()).map(Node::place);
    let place = decision.at.or(field).unwrap_or_else(|| object.place());
    let field = (!path.is_empty()).then_some(decision.field.as_str());
    let report = cx.report(place, message);
    let report = match spot {
        Some(spot) => report.related(spot, "the policy"),
        // One that nothing applies is an example, or lies in wait.
        None => {
            let policy = GivenBy { files: vec![decision.place.at.file], otherwise: Confidence::Possible };
            report.given_by(Some(policy)).related(decision.place, "the policy")
        }
    };
    let report = report.object(object, field).help("change the object, or the policy and what it matches");
    let report = match decision.action {
        Action::Deny => report,
        Action::Warn | Action::Audit => report.at_most(Severity::Warning),
    };
    // What a variable stands for that nothing here defines may please the policy, and so may who applies it; another cluster may have
    // other policies.
    if certainty.is_open || decision.by_who {
        report.possible();
    } else if !certainty.surely {
        report.likely();
    }
}
