//! `invalid-custom-rule`: see the page.

use crate::repo::Inventory;
use crate::rules::{self, Context, Rule, RuleMeta, meta};

meta!(
    "invalid-custom-rule",
    "repo",
    Error,
    Recommended,
    "0.2.0",
    "A file below `rules.d` is no rule, or its examples show otherwise."
);

pub(crate) struct InvalidCustomRule;

impl Rule for InvalidCustomRule {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, _: &Inventory, cx: &mut Context<'_>) {
        let own = cx.workspace.own_rules();
        for mistake in &own.mistakes {
            cx.report(mistake.place, mistake.words.clone());
        }
        for rule in &own.rules {
            if rules::all().any(|known| known.meta().name == *rule.name || known.meta().subject == rule.name)
            {
                cx.report(
                    rule.place,
                    format!("`{}` is built in: the rule needs a name of its own", rule.name),
                );
            }
            for wrong in rule.test() {
                cx.report(rule.place, format!("the examples of `{}` show otherwise: {wrong}", rule.name));
            }
        }
    }
}
