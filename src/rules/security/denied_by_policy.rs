//! `denied-by-policy`: see the page.

use crate::admission::{Action, Outcome, RULES_BUDGET};
use crate::cel::Budget;
use crate::finding::{Confidence, GivenBy, Severity};
use crate::repo::{self, App, Object, Rendered, Request};
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
            Self::judge(object, &pool, cx);
        }
    }
}

impl DeniedByPolicy {
    fn judge(object: &Object, pool: &Budget, cx: &mut Context<'_>) {
        let (decisions, surely) =
            cx.workspace.tree_policies().decide(object, Request::Create, cx.workspace, pool);
        // The whole object is looked through only where something is said.
        let is_open = !decisions.is_empty() && repo::holds_variable(&object.node);
        for decision in decisions {
            if !cx.may_be_with(decision.place.at.file) {
                continue;
            }
            let policy = &decision.policy;
            let words = match decision.outcome {
                Outcome::Violated(words) | Outcome::Failed(words) => words,
                Outcome::Unchecked(why) => {
                    let message = format!("policy `{policy}` was not checked: {why}");
                    cx.report(decision.place, message).possible();
                    continue;
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
            let asks_open = cx.workspace.tree_policies().is_open(decision.place.at.file);
            // One that nothing applies is an example, or lies in wait.
            let policy = GivenBy { files: vec![decision.place.at.file], otherwise: Confidence::Possible };
            let report = cx
                .report(place, message)
                .given_by(Some(policy))
                .related(decision.place, "the policy")
                .object(object, field)
                .help("change the object, or the policy and what it matches");
            let report = match decision.action {
                Action::Deny => report,
                Action::Warn | Action::Audit => report.at_most(Severity::Warning),
            };
            // What a variable stands for that nothing here defines may please the policy; another cluster may have other policies.
            if is_open || asks_open {
                report.possible();
            } else if !surely {
                report.likely();
            }
        }
    }
}
