//! `custom-rule`: see the page.

use crate::admission::{OfApp, OwnSubject, Said};
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
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
        for rule in &cx.workspace.own_rules().rules {
            for object in rendered.objects.iter().filter(|object| !object.is_helm_test()) {
                let subject = OwnSubject {
                    node: &object.node,
                    group: &object.group,
                    kind: &object.kind,
                    namespace: &object.namespace,
                    app: of_app,
                };
                match rule.judge(&subject) {
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
}
