//! `invalid-name-or-label`: see the page.

use crate::finding::Confidence;
use crate::k8s::{self, PodTemplate};
use crate::repo::{Object, has_capitals, has_tokens};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "invalid-name-or-label",
    "workload",
    Error,
    Recommended,
    "0.1.0",
    "A name, label or annotation is not allowed by Kubernetes."
);

pub(crate) struct InvalidNameOrLabel;

impl Rule for InvalidNameOrLabel {
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
        if let Some(node) = object.at(&["metadata", "name"])
            && let Some(name) = node.scalar_text().filter(|name| is_final(name))
        {
            let why = if node.as_str().is_none() && !node.is_null() {
                Some("it is not a string".to_owned())
            } else {
                name_error(object, name)
            };
            // A part of the name that only values can say is not there yet.
            let is_cut =
                cx.are_values_assumed() && (name.starts_with(['-', '.']) || name.ends_with(['-', '.']));
            if let Some(why) = why.filter(|_| !is_cut) {
                let article = if object.kind.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" };
                let message = format!("`{name}` cannot be the name of {article} {}: {why}", object.kind);
                // An overlay that builds on this one gives a namespace another name. `shop-ENV` is filled in before it is applied,
                // by a script or by whoever copies it.
                let sure = if has_tokens(name) {
                    Some(Confidence::Possible)
                } else if has_capitals(name) {
                    Some(cx.completed(object).map_or(Confidence::Likely, |_| Confidence::Possible))
                } else {
                    cx.completed(object).filter(|_| object.is("", "Namespace"))
                };
                let report = cx.report(node.place(), message).object(object, Some("metadata.name"));
                if let Some(sure) = sure {
                    report.confidence(sure);
                }
            }
        }
        if let Some(metadata) = object.at(&["metadata"]) {
            check(metadata, "metadata", object, cx);
        }
        if let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node)
            && let Some(metadata) = pod.metadata.filter(|_| pod.path != "spec")
        {
            check(metadata, &format!("{}.metadata", pod.path.trim_end_matches(".spec")), object, cx);
        }
    }
}

/// Whether a text is what reaches the cluster: placeholders of other tools, and what SOPS encrypted, do not.
fn is_final(text: &str) -> bool {
    !text.is_empty() && !text.contains(['$', '{', '<']) && !text.starts_with("ENC[")
}

fn name_error(object: &Object, name: &str) -> Option<String> {
    match (object.group.as_str(), object.kind.as_str()) {
        ("", "Service" | "Namespace") => k8s::dns_label_error(name),
        ("batch", "CronJob") if name.len() > 52 => {
            Some(format!("it has {} characters, 52 are allowed", name.len()))
        }
        ("rbac.authorization.k8s.io" | "authorization.openshift.io", _) => k8s::path_segment_error(name),
        ("policy", "PodDisruptionBudget") => k8s::path_segment_error(name),
        // Kinds of OpenShift and some aggregated servers have laws of their own.
        (group, _) if group.ends_with("openshift.io") => None,
        _ => k8s::dns_subdomain_error(name),
    }
}

fn check(metadata: &Node, path: &str, object: &Object, cx: &mut Context<'_>) {
    for section in ["labels", "annotations"] {
        for entry in metadata.get(section).map(Node::entries).unwrap_or_default() {
            let (key, one) = (entry.key.text.as_str(), section.trim_end_matches('s'));
            let field = || format!("{path}.{section}[{key}]");
            if let Some(why) =
                (is_final(key) || key.is_empty()).then(|| k8s::qualified_name_error(key)).flatten()
            {
                cx.report(
                    entry.key.place(),
                    format!("`{key}` cannot be the key of a {one}: {why}")
                        .replace("a annotation", "an annotation"),
                )
                .object(object, Some(&field()));
            }
            let value = &entry.value;
            if value.is_null() {
                continue;
            }
            if value.as_str().is_none() {
                let message = format!("the value of {one} `{key}` is not a string");
                cx.report(value.place(), message).object(object, Some(&field())).help("put it in quotes");
            } else if let Some(text) = value.as_str().filter(|text| section == "labels" && is_final(text))
                && let Some(why) = k8s::label_value_error(text)
            {
                let message = format!("`{text}` cannot be the value of label `{key}`: {why}");
                cx.report(value.place(), message).object(object, Some(&field()));
            }
        }
    }
}
