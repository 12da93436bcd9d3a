//! `missing-resources`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta, workloads};

meta!(
    "missing-resources",
    "workload",
    Warning,
    Strict,
    "0.1.0",
    "A container does not say how much CPU and memory it needs.",
    "require": Texts = "what must be set; by default requests.cpu, requests.memory and limits.memory"
);

pub(crate) struct MissingResources;

impl Rule for MissingResources {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let Some(pod) = workloads::long_running(object) else { return };
        let given = cx.texts_option("require").unwrap_or_default();
        let required: &[&str] = if given.is_empty() { &DEFAULT } else { &given };
        for container in pod.containers() {
            let has = |path: &&&str| match path.split_once('.') {
                Some((section, name)) => container.node.at_path(&["resources", section, name]).is_some(),
                None => true,
            };
            // What has a limit and no request requests its limit.
            let implied = |path: &&&str| {
                path.strip_prefix("requests.")
                    .is_some_and(|name| container.node.at_path(&["resources", "limits", name]).is_some())
            };
            let missing: Vec<&str> =
                required.iter().filter(|path| !has(path) && !implied(path)).copied().collect();
            if missing.is_empty() {
                continue;
            }
            let place = container
                .node
                .get("resources")
                .or_else(|| container.node.get("name"))
                .unwrap_or(container.node)
                .place();
            let message =
                format!("{} `{}` sets no {}", container.kind.noun(), container.name(), missing.join(", "));
            let field = container.path(&pod, "resources");
            cx.report(place, message)
                .object(object, Some(&field))
                .help("set them under `resources`, from what the container was measured to use");
        }
    }
}

/// What is asked for unless the configuration says otherwise. A CPU limit slows down more than it protects.
const DEFAULT: [&str; 3] = ["requests.cpu", "requests.memory", "limits.memory"];
