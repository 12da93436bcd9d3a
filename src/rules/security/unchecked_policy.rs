//! `unchecked-policy`: see the page.

use crate::repo::{Inventory, RenderedPolicies};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "unchecked-policy",
    "security",
    Note,
    Strict,
    "0.2.0",
    "An admission policy of the repository is not executed here, or not in every case."
);

pub(crate) struct UncheckedPolicy;

impl Rule for UncheckedPolicy {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let rendered = inventory.facts.get(|| RenderedPolicies::of(inventory, cx.workspace));
        let written = cx.workspace.tree_policies().share(cx.workspace).gaps;
        for gap in written.into_iter().chain(rendered.share().gaps.iter().cloned()) {
            let who = match gap.rule.as_str() {
                "" => format!("policy `{}`", gap.policy),
                rule => format!("rule `{rule}` of policy `{}`", gap.policy),
            };
            let not = if gap.whole { "not executed" } else { "not executed where it comes to that" };
            cx.report(gap.place, format!("{who} is {not}: {}", gap.why))
                .help("try what it is about on a cluster, or with the policy engine's own program");
        }
    }
}
