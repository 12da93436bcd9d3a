//! `namespace-mismatch`: see the page.

use std::collections::BTreeSet;

use crate::repo::{App, Object, Rendered, Status, is_environment};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "namespace-mismatch",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "Nothing of an Application lands in its destination namespace."
);

pub(crate) struct NamespaceMismatch;

impl Rule for NamespaceMismatch {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let Some(application) = app.application() else { return };
        let Some(destination) = application.destination.namespace.as_ref().filter(|it| !it.value.is_empty())
        else {
            return;
        };
        // Apps of apps live in the control plane's namespace whatever the destination says.
        let is_argo = |object: &&Object| object.group == "argoproj.io";
        if rendered.status() != Status::Rendered || rendered.objects.iter().any(|object| is_argo(&object)) {
            return;
        }
        let namespaced: Vec<&Object> =
            rendered.objects.iter().filter(|object| !object.namespace.is_empty()).collect();
        let namespaces: BTreeSet<&str> = namespaced.iter().map(|object| object.namespace.as_str()).collect();
        let wanted = destination.value.as_str();
        let ([first, ..], [actual]) = (namespaced.as_slice(), &*namespaces.into_iter().collect::<Vec<_>>())
        else {
            return;
        };
        if *actual == wanted
            || !(is_variant(actual, wanted) || application.has_sync_option("CreateNamespace=true"))
        {
            return;
        }
        // The namespace is made elsewhere and kept on purpose when a Namespace object of that name is rendered.
        if rendered.objects.iter().any(|object| object.is("", "Namespace") && object.name == wanted) {
            return;
        }
        let what = match namespaced.len() {
            1 => "the only object goes".to_owned(),
            2 => "both objects go".to_owned(),
            count => format!("all {count} objects go"),
        };
        let message = format!("{what} to namespace `{actual}`, none to the destination `{wanted}`");
        let report = cx.report(destination.place, message);
        let report = match first.at(&["metadata", "namespace"]) {
            Some(namespace) => report.related(namespace.place(), "this namespace wins"),
            None => report,
        };
        report
            .object(first, Some("metadata.namespace"))
            .help(format!("set the destination to `{actual}`, or remove the namespace from the manifests"));
    }
}

/// Whether one name is the other with the name of an environment in front or behind: `users` and `users-dev`.
fn is_variant(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let behind = long.strip_prefix(short).and_then(|rest| rest.strip_prefix('-'));
    let before = long.strip_suffix(short).and_then(|rest| rest.strip_suffix('-'));
    behind.or(before).is_some_and(is_environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_variants() {
        for (a, b, want) in [
            ("users", "users-dev", true),
            ("dev-users", "users", true),
            ("users-ns", "users-ns-dev", true),
            ("users", "orders", false),
            ("openshift-gitops", "openshift-gitops-operator", false),
            ("users", "users", false),
        ] {
            assert_eq!(is_variant(a, b), want, "{a} {b}");
        }
    }
}
