//! `custom-rule`: see the page.

use smol_str::SmolStr;

use crate::admission::{Alone, OfApp, Other, Others, OwnSubject, RULES_BUDGET, Said};
use crate::cel::Budget;
use crate::repo::{App, AppEntry, Inventory, ObjectFacts, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta, missing};
use crate::yaml::Node;

meta!(
    "custom-rule",
    "repo",
    Error,
    Recommended,
    "0.2.0",
    "An object breaks a rule of your own, from `rules.d`."
);

pub(crate) struct CustomRule;

impl Rule for CustomRule {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        // Without the values that somebody deploys it with, a chart's objects may lack their parts.
        if cx.is_chart_alone() {
            return;
        }
        let of_app = OfApp { name: &app.name, namespace: &app.namespace, cluster: &app.cluster };
        let pool = Budget::new(RULES_BUDGET);
        for rule in cx.workspace.own_rules().rules.iter().filter(|rule| !rule.reads_others()) {
            if pool.is_spent() {
                let message =
                    format!("rule `{}` was not checked: the rules take too many steps together", rule.name);
                cx.report(rule.place, message).possible();
                break;
            }
            for object in rendered.objects.iter().filter(|object| !object.is_helm_test()) {
                let subject = OwnSubject {
                    node: &object.node,
                    group: &object.group,
                    kind: &object.kind,
                    namespace: &object.namespace,
                    app: of_app,
                };
                match rule.judge(&subject, &Alone, &pool) {
                    None => {}
                    Some(Said::Unchecked(why)) => {
                        let message = format!("rule `{}` was not checked: {why}", rule.name);
                        cx.report(rule.place, message).object(object, None).possible();
                    }
                    Some(Said::Broken(words, field)) => {
                        let path: Vec<&str> = field.split('.').filter(|name| !name.is_empty()).collect();
                        let node = object.at(&path).filter(|_| !path.is_empty());
                        let place = node.map_or_else(|| object.place(), Node::place);
                        let message = format!("`{}`: {words}", rule.name);
                        let mut report = cx
                            .report(place, message)
                            .related(rule.place, "the rule")
                            .object(object, node.map(|_| field.as_str()))
                            .severity(rule.severity);
                        if let Some(help) = &rule.help {
                            report = report.help(help.as_str());
                        }
                        drop(report);
                    }
                }
            }
        }
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let pool = Budget::new(RULES_BUDGET);
        for rule in cx.workspace.own_rules().rules.iter().filter(|rule| rule.reads_others()) {
            for object in inventory.objects.iter().filter(|it| missing::is_deployed(inventory, it)) {
                let (Some(node), Some(entry)) = (object.node.as_deref(), inventory.app(object.app)) else {
                    continue;
                };
                let app = &entry.app;
                let subject = OwnSubject {
                    node,
                    group: &object.group,
                    kind: &object.kind,
                    namespace: &object.namespace,
                    app: OfApp { name: &app.name, namespace: &app.namespace, cluster: &app.cluster },
                };
                let beside = Beside { inventory, object };
                let mut object_ref = object.to_ref(&app.cluster);
                match rule.judge(&subject, &beside, &pool) {
                    None => {}
                    Some(Said::Unchecked(why)) => {
                        let message = format!("rule `{}` was not checked: {why}", rule.name);
                        cx.report(rule.place, message).apps([object.app]).object_ref(object_ref).possible();
                    }
                    Some(Said::Broken(words, field)) => {
                        let path: Vec<&str> = field.split('.').filter(|name| !name.is_empty()).collect();
                        let at = node.at_path(&path).filter(|_| !path.is_empty());
                        object_ref.field = at.map(|_| field.clone());
                        let mut report = cx
                            .report(at.map_or(object.place, Node::place), format!("`{}`: {words}", rule.name))
                            .related(rule.place, "the rule")
                            .apps([object.app])
                            .object_ref(object_ref)
                            .severity(rule.severity);
                        if let Some(help) = &rule.help {
                            report = report.help(help.as_str());
                        }
                        // What is missed may be where nobody here can look.
                        if inventory.is_open_for(object.app, true) {
                            report.likely();
                        }
                    }
                }
            }
        }
    }
}

/// What of the inventory is on the cluster of an object.
struct Beside<'a> {
    inventory: &'a Inventory,
    object: &'a ObjectFacts,
}

impl Beside<'_> {
    fn other<'f>(&'f self, facts: &'f ObjectFacts) -> Option<Other<'f>> {
        let entry: &AppEntry = self.inventory.app(facts.app)?;
        Some(Other {
            group: &facts.group,
            kind: &facts.kind,
            namespace: &facts.namespace,
            name: &facts.name,
            app: &entry.app.name,
            node: facts.node.as_deref(),
        })
    }

    fn is_near(&self, facts: &ObjectFacts) -> bool {
        self.inventory.may_meet(facts.app, self.object.app)
    }
}

impl Others for Beside<'_> {
    fn of_kind<'a>(&'a self, kind: &str) -> Vec<Other<'a>> {
        let near = self.inventory.of_kind(kind).filter(|facts| self.is_near(facts));
        near.filter_map(|facts| self.other(facts)).collect()
    }

    fn references(&self) -> Vec<[SmolStr; 4]> {
        let each = self.object.references.iter().map(|it| {
            let namespace = it.namespace.clone().unwrap_or_else(|| self.object.namespace.clone());
            [it.group.clone(), it.kind.clone(), namespace, it.name.clone()]
        });
        each.collect()
    }

    fn referrers(&self) -> Vec<Other<'_>> {
        let names = |facts: &&ObjectFacts| {
            facts.references.iter().any(|it| {
                it.name == self.object.name
                    && it.kind == self.object.kind
                    && it.namespace.as_ref().unwrap_or(&facts.namespace) == &self.object.namespace
            })
        };
        let near = self.inventory.referring(&self.object.name).filter(|facts| self.is_near(facts));
        near.filter(names).filter_map(|facts| self.other(facts)).collect()
    }
}
