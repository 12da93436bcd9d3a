//! `unmatched-rolling-sync`: see the page.

use crate::repo::{App, Object, Rendered, Spec};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "unmatched-rolling-sync",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "A step of a rolling sync selects no Application, or an Application is in no step."
);

pub(crate) struct UnmatchedRollingSync;

/// Applications that are named.
const NAMED: usize = 3;

impl Rule for UnmatchedRollingSync {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let Spec::ArgoSet(set) = &app.spec else { return };
        let strategy = set.node.at_path(&["spec", "strategy"]);
        let is_rolling = strategy.and_then(|it| it.get("type")).and_then(Node::as_str) == Some("RollingSync");
        let Some(rolling) = strategy.and_then(|it| it.get("rollingSync")).filter(|_| is_rolling) else {
            return;
        };
        let apps: Vec<&Object> =
            rendered.objects.iter().filter(|object| object.is("argoproj.io", "Application")).collect();
        // Other elements may make Applications that fit.
        if app.provisional || !rendered.incomplete.is_empty() || apps.is_empty() {
            return;
        }
        let steps = rolling.items(&["steps"]);
        let mut is_told = false;
        for (index, step) in steps.iter().enumerate() {
            if apps.iter().any(|app| selects(step, app)) {
                continue;
            }
            is_told = true;
            let expressions = step.items(&["matchExpressions"]);
            let strange = expressions.iter().find_map(|it| {
                let operator = it.get("operator")?;
                let name = operator.as_str().unwrap_or_default();
                (!matches!(name, "In" | "NotIn")).then_some((operator, name))
            });
            if let Some((operator, name)) = strange {
                let message =
                    format!("step {} selects no Application: there is no operator `{name}`", index + 1);
                cx.report(operator.place(), message).help("use `In` or `NotIn`");
                continue;
            }
            let keys = expressions.iter().filter_map(|it| it.get("key")?.as_str());
            let absent = keys.clone().find(|key| !apps.iter().any(|app| label(app, key).is_some()));
            let help = match absent {
                Some(key) => format!(
                    "no generated Application has the label `{key}`: set it in `template.metadata.labels`"
                ),
                None => "correct the values, or remove the step".to_owned(),
            };
            let message =
                format!("step {} of the rolling sync selects none of the generated Applications", index + 1);
            cx.report(step.place(), message).help(help);
        }
        let left: Vec<&str> = apps
            .iter()
            .filter(|app| !steps.iter().any(|step| selects(step, app)))
            .map(|app| app.name.as_str())
            .collect();
        // A step that selects nothing was meant for them.
        if left.is_empty() || is_told {
            return;
        }
        let named: Vec<String> = left.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
        let more = left.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let named = named.join(", ");
        let message =
            format!("no step of the rolling sync selects {named}{more}: nothing syncs what is left out");
        let place = rolling.get("steps").map_or(rolling.place(), Node::place);
        cx.report(place, message).help("add a step that selects them, or sync them by hand");
    }
}

fn label<'a>(app: &'a Object, key: &str) -> Option<&'a str> {
    app.at(&["metadata", "labels"])?.get(key)?.as_str()
}

/// `buildAppDependencyList` of `applicationset/controllers/applicationset_controller.go`: without expressions, a step selects
/// nothing.
fn selects(step: &Node, app: &Object) -> bool {
    let expressions = step.items(&["matchExpressions"]);
    let holds = |expression: &Node| {
        let text = |key: &str| expression.get(key).and_then(Node::as_str).unwrap_or_default();
        let value = label(app, text("key"));
        let listed = value.is_some_and(|value| {
            expression.items(&["values"]).iter().any(|known| known.as_str() == Some(value))
        });
        match text("operator") {
            "In" => listed,
            "NotIn" => !listed,
            // An operator that does not exist matches no label, and an absent label is not looked at.
            _ => value.is_none(),
        }
    };
    !expressions.is_empty() && expressions.iter().all(holds)
}
