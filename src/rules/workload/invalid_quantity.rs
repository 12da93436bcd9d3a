//! `invalid-quantity`: see the page.

use crate::k8s::{PodTemplate, node_quantity};
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "invalid-quantity",
    "workload",
    Error,
    Recommended,
    "0.1.0",
    "A resource quantity is not one, or the request is larger than the limit."
);

pub(crate) struct InvalidQuantity;

impl Rule for InvalidQuantity {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn stands_alone(&self) -> bool {
        true
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        // Without the values that somebody deploys it with, a chart's names and images may lack their parts.
        if cx.is_chart_alone() {
            return;
        }
        if let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) {
            for container in pod.containers() {
                if let Some(resources) = container.node.get("resources") {
                    check(resources, &container.path(&pod, "resources"), false, object, cx);
                }
            }
        }
        if let Some(resources) =
            object.at(&["spec", "resources"]).filter(|_| object.is("", "PersistentVolumeClaim"))
        {
            check(resources, "spec.resources", true, object, cx);
        }
        for (index, claim) in object.node.items(&["spec", "volumeClaimTemplates"]).iter().enumerate() {
            if let Some(resources) =
                claim.at_path(&["spec", "resources"]).filter(|_| object.is("apps", "StatefulSet"))
            {
                check(
                    resources,
                    &format!("spec.volumeClaimTemplates[{index}].spec.resources"),
                    true,
                    object,
                    cx,
                );
            }
        }
    }
}

/// Fewer bytes than this no program runs in, and no volume has.
const LEAST_BYTES: f64 = 65536.0;

/// More processors than this no machine has.
const MOST_PROCESSORS: f64 = 4096.0;

/// What is a quantity, but none of this resource.
fn absurd(name: &str, section: &str, text: &str, value: f64) -> Option<(String, &'static str)> {
    let bytes = matches!(name, "memory" | "storage" | "ephemeral-storage");
    if bytes && text.ends_with('m') {
        return Some((format!("{name} is set to {value} bytes: `m` means thousandths"), "use `M` or `Mi`"));
    }
    // A small request asks for next to nothing, which is allowed.
    if bytes && value > 0.0 && value < LEAST_BYTES && (section == "limits" || name == "storage") {
        return Some((format!("{name} is set to {value} bytes"), "add the unit: `Mi` or `Gi`"));
    }
    if name == "cpu" && value > MOST_PROCESSORS {
        let help = "one processor is `1` or `1000m`; `Ki`, `Mi` and `Gi` are for bytes";
        return Some((format!("cpu is set to {value} processors, which no node has"), help));
    }
    None
}

fn check(resources: &Node, path: &str, is_claim: bool, object: &Object, cx: &mut Context<'_>) {
    for section in ["requests", "limits"] {
        for entry in resources.get(section).map(Node::entries).unwrap_or_default() {
            let name = &entry.key.text;
            let field = || format!("{path}.{section}.{name}");
            match node_quantity(&entry.value) {
                // What another tool has yet to fill in cannot be judged.
                Err(text) if text.contains(['$', '{']) => {}
                Err(text) => {
                    let message = format!("`{text}` is not a quantity");
                    let help = "units are m, k, M, G, T or Ki, Mi, Gi, Ti, without a space or a `B`";
                    let report =
                        cx.report(entry.value.place(), message).object(object, Some(&field())).help(help);
                    report.mend(|at, mender| {
                        let tidy: String = text.chars().filter(|it| !it.is_whitespace()).collect();
                        let tidy = tidy
                            .strip_suffix(['B', 'b'])
                            .unwrap_or(&tidy)
                            .replace("gi", "Gi")
                            .replace("mi", "Mi");
                        crate::k8s::quantity(&tidy)?;
                        Some(mender.set(at, text, &tidy)?.changing([field().as_str()]))
                    });
                }
                Ok(Some(value)) => {
                    let text = entry.value.scalar_text().unwrap_or_default();
                    if let Some((message, help)) = absurd(name, section, text, value) {
                        cx.report(entry.value.place(), message).object(object, Some(&field())).help(help);
                    }
                    // Of a claim, the API server looks at its size alone.
                    let counts = !is_claim || section == "requests" && name == "storage";
                    if value < 0.0 && counts {
                        let message = format!("{name} is negative");
                        cx.report(entry.value.place(), message).object(object, Some(&field()));
                    }
                }
                Ok(None) => {}
            }
        }
    }
    for entry in resources.get("requests").map(Node::entries).unwrap_or_default() {
        let Some(limit) = resources.at_path(&["limits", &entry.key.text]) else { continue };
        if let (Ok(Some(request)), Ok(Some(most))) = (node_quantity(&entry.value), node_quantity(limit))
            && request > most
        {
            let text = |node: &Node| node.scalar_text().unwrap_or_default().to_owned();
            let message = format!(
                "the {} request {} is above the limit {}",
                entry.key.text,
                text(&entry.value),
                text(limit)
            );
            cx.report(entry.value.place(), message)
                .object(object, Some(&format!("{path}.requests.{}", entry.key.text)))
                .related(limit.place(), "the limit")
                .help("lower the request or raise the limit");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_absurd_amounts() {
        for (name, section, text, want) in [
            ("cpu", "requests", "50Mi", true),
            ("cpu", "limits", "8", false),
            ("cpu", "requests", "100m", false),
            ("memory", "limits", "512m", true),
            ("memory", "limits", "256", true),
            ("memory", "requests", "256", false),
            ("memory", "limits", "0", false),
            ("memory", "limits", "268435456", false),
            ("storage", "requests", "10", true),
            ("storage", "requests", "10Gi", false),
            ("nvidia.com/gpu", "limits", "1", false),
        ] {
            let value = crate::k8s::quantity(text).unwrap();
            assert_eq!(absurd(name, section, text, value).is_some(), want, "{name} {section} {text}");
        }
    }
}
