//! `missing-ignore-differences`: see the page.

use crate::argocd::Application;
use crate::repo::{App, Object, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "missing-ignore-differences",
    "argocd",
    Warning,
    Strict,
    "0.1.0",
    "A controller fills in a field of an object, and the app does not ignore the difference."
);

pub(crate) struct MissingIgnoreDifferences;

/// A field that a controller fills in or changes.
struct Filled {
    group: &'static str,
    kind: &'static str,
    field: &'static str,
    by: &'static str,
    /// Whether it will, for this object.
    when: fn(&Object) -> bool,
}

const FILLED: &[Filled] = &[
    Filled {
        group: "route.openshift.io",
        kind: "Route",
        field: "/spec/host",
        by: "the router",
        when: |object| {
            object.at(&["spec", "host"]).is_none_or(|host| host.as_str().is_none_or(str::is_empty))
        },
    },
    Filled {
        group: "admissionregistration.k8s.io",
        kind: "ValidatingWebhookConfiguration",
        field: "/webhooks/0/clientConfig/caBundle",
        by: "whoever issues its certificate",
        when: has_ca_bundle,
    },
    Filled {
        group: "admissionregistration.k8s.io",
        kind: "MutatingWebhookConfiguration",
        field: "/webhooks/0/clientConfig/caBundle",
        by: "whoever issues its certificate",
        when: has_ca_bundle,
    },
    Filled {
        group: "apiregistration.k8s.io",
        kind: "APIService",
        field: "/spec/caBundle",
        by: "whoever issues its certificate",
        when: |object| object.at(&["spec", "caBundle"]).is_some_and(is_placeholder),
    },
    Filled {
        group: "apiextensions.k8s.io",
        kind: "CustomResourceDefinition",
        field: "/spec/conversion/webhook/clientConfig/caBundle",
        by: "whoever issues its certificate",
        when: |object| {
            object
                .at(&["spec", "conversion", "webhook", "clientConfig", "caBundle"])
                .is_some_and(is_placeholder)
        },
    },
    Filled {
        group: "",
        kind: "PersistentVolumeClaim",
        field: "/spec/volumeName",
        by: "the volume controller",
        when: |object| object.at(&["spec", "volumeName"]).is_some_and(is_placeholder),
    },
];

/// Written down, but empty or a stand-in: what comes from the cluster differs.
fn is_placeholder(node: &Node) -> bool {
    node.as_str().is_none_or(|text| text.len() < 16)
}

fn has_ca_bundle(object: &Object) -> bool {
    let bundle = |hook: &Node| hook.at_path(&["clientConfig", "caBundle"]).is_some_and(is_placeholder);
    object.at(&["webhooks"]).is_some_and(|hooks| hooks.seq_or_empty().iter().any(bundle))
}

impl Rule for MissingIgnoreDifferences {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let Some(application) = app.application() else { return };
        for object in &rendered.objects {
            let filled = FILLED.iter().filter(|it| object.is(it.group, it.kind) && (it.when)(object));
            for it in filled.filter(|_| !is_covered(application, object)) {
                let message = format!(
                    "{} fills in `{}` of {} `{}`: the app stays OutOfSync",
                    it.by,
                    it.field.trim_start_matches('/').replace('/', "."),
                    it.kind,
                    object.name
                );
                cx.report(object.place(), message)
                    .object(object, None)
                    .help(format!("ignore `{}` of {} in `ignoreDifferences`", it.field, it.kind));
            }
        }
    }
}

/// Whether any entry speaks of the object: whoever wrote it knew.
fn is_covered(application: &Application, object: &Object) -> bool {
    let text = |entry: &Node, key: &str| entry.get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
    application.node.items(&["spec", "ignoreDifferences"]).iter().any(|entry| {
        let kind = text(entry, "kind");
        let name = text(entry, "name");
        (kind == object.kind || kind == "*") && (name.is_empty() || name == object.name)
    })
}
