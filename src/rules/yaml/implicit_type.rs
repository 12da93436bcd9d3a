//! `implicit-type`: see the page.

use crate::finding::Severity;
use crate::k8s::PodTemplate;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Node, Style};

meta!(
    "implicit-type",
    "yaml",
    Error,
    Recommended,
    "0.1.0",
    "A boolean or number stands where Kubernetes wants a string."
);

pub(crate) struct ImplicitType;

impl Rule for ImplicitType {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let mut check = Check { object, cx };
        check.metadata(&object.node, "");
        match (object.group.as_str(), object.kind.as_str()) {
            ("", "ConfigMap") => check.map(object.at(&["data"]), "data"),
            ("", "Secret") => {
                check.map(object.at(&["data"]), "data");
                check.map(object.at(&["stringData"]), "stringData");
            }
            ("", "Service" | "ReplicationController") => {
                check.map(object.at(&["spec", "selector"]), "spec.selector");
            }
            ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") => {
                check.map(object.at(&["spec", "selector", "matchLabels"]), "spec.selector.matchLabels");
            }
            _ => {}
        }
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        check.pod(&pod);
    }
}

struct Check<'o, 'c, 'a> {
    object: &'o Object,
    cx: &'c mut Context<'a>,
}

impl Check<'_, '_, '_> {
    fn metadata(&mut self, owner: &Node, path: &str) {
        for key in ["labels", "annotations"] {
            let path =
                if path.is_empty() { format!("metadata.{key}") } else { format!("{path}.metadata.{key}") };
            self.map(owner.at_path(&["metadata", key]), &path);
        }
    }

    fn pod(&mut self, pod: &PodTemplate<'_>) {
        let template = pod.path.trim_end_matches("spec").trim_end_matches('.');
        if !template.is_empty()
            && let Some(metadata) = pod.metadata
        {
            for key in ["labels", "annotations"] {
                self.map(metadata.get(key), &format!("{template}.metadata.{key}"));
            }
        }
        self.map(pod.spec.get("nodeSelector"), &format!("{}.nodeSelector", pod.path));
        for container in pod.containers() {
            for (index, variable) in container.node.items(&["env"]).iter().enumerate() {
                if let Some(value) = variable.get("value") {
                    self.scalar(value, &|| container.path(pod, &format!("env[{index}].value")));
                }
            }
            for list in ["command", "args"] {
                for (index, item) in container.node.items(&[list]).iter().enumerate() {
                    self.scalar(item, &|| container.path(pod, &format!("{list}[{index}]")));
                }
            }
        }
    }

    fn map(&mut self, map: Option<&Node>, path: &str) {
        for entry in map.map(Node::entries).unwrap_or_default() {
            self.scalar(&entry.value, &|| format!("{path}.{}", entry.key.text));
        }
    }

    /// The tree is canonical: what is plain here is no string, whatever it looked like in the file.
    fn scalar(&mut self, node: &Node, field: &dyn Fn() -> String) {
        let Some(text) = node.scalar().filter(|_| node.style == Style::Plain && !node.is_null()) else {
            return;
        };
        let field = &*field();
        let what = if matches!(text.as_str(), "true" | "false") { "a boolean" } else { "a number" };
        let field_name =
            field.rsplit_once('[').filter(|(_, rest)| rest.ends_with(']')).map_or(field, |(list, _)| list);
        // kustomize-controller adds its own labels to those that it can read: where one is no text, it reads none.
        let dropped = self.cx.is_of_flux() && field.starts_with("metadata.labels.");
        let message = if dropped {
            format!(
                "{what} stands in `{field_name}`, where Kubernetes takes strings only: Flux drops all labels of the object"
            )
        } else {
            format!("{what} stands in `{field_name}`, where Kubernetes takes strings only")
        };
        let is_secret = self.object.kind == "Secret";
        let report =
            self.cx.report(node.place(), message).object(self.object, Some(field)).help("put it in quotes");
        let report = if dropped { report.at_most(Severity::Warning) } else { report };
        // `yes` was meant to be `yes`, not `true`.
        drop(report.mend(|at, mender| {
            let fix = mender.quote(at)?.changing([field]);
            (!is_secret).then_some(fix)
        }));
    }
}
