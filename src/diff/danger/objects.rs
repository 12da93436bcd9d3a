//! Objects that go, come, or become others.

use serde_json::Value as Json;

use crate::diff::{FieldChange, How, Left};
use crate::finding::{ObjectRef, Severity};

use super::{Cx, Prune, at, text_at, who};

/// What holds data.
const DATA: [(&str, &str); 6] = [
    ("", "PersistentVolumeClaim"),
    ("", "PersistentVolume"),
    ("", "Namespace"),
    ("apps", "StatefulSet"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("storage.k8s.io", "StorageClass"),
];

/// What brings traffic.
const TRAFFIC: [(&str, &str); 9] = [
    ("", "Service"),
    ("networking.k8s.io", "Ingress"),
    ("extensions", "Ingress"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("gateway.networking.k8s.io", "GRPCRoute"),
    ("networking.istio.io", "VirtualService"),
    ("networking.istio.io", "Gateway"),
    ("traefik.io", "IngressRoute"),
];

/// What limits and protects.
const PROTECTION: [(&str, &str); 6] = [
    ("networking.k8s.io", "NetworkPolicy"),
    ("cilium.io", "CiliumNetworkPolicy"),
    ("policy", "PodDisruptionBudget"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("", "ResourceQuota"),
    ("", "LimitRange"),
];

/// Kinds whose new name alone is no danger: nobody but those who name them minds.
const HARMLESS: [&str; 4] = ["ConfigMap", "Secret", "Job", "Pod"];

pub(super) fn look(cx: &mut Cx<'_>) {
    match cx.object.how {
        How::Removed => {
            removed(cx);
            refused_deletion(cx);
        }
        How::Renamed => renamed(cx),
        How::Added => added(cx),
        How::Same => {
            refused(cx);
            unserved(cx);
        }
        How::Moved => unserved(cx),
    }
}

/// Rules about the change itself.
fn refused(cx: &mut Cx<'_>) {
    if cx.app.forced || cx.object.own.anew {
        return;
    }
    let object = cx.object;
    for refusal in &object.refused {
        let verb = if refusal.warns { "warns about" } else { "refuses" };
        let message = format!("{} {verb} the change of {}: {}", refusal.by, cx.who(), refusal.words);
        let inside = |field: &&FieldChange| {
            let rest = field.path.strip_prefix(refusal.field.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let field = object.fields.iter().filter(|_| !refusal.field.is_empty()).find(inside);
        let severity = if refusal.warns { Severity::Warning } else { super::severity_of("refused-update") };
        let help = "leave the field as it was, or delete the object first";
        cx.tell_at("refused-update", severity, field, message, help);
    }
}

/// Policies about deletions.
fn refused_deletion(cx: &mut Cx<'_>) {
    if stays(cx) {
        return;
    }
    for refusal in &cx.object.refused {
        let verb = if refusal.warns { "warns about" } else { "refuses" };
        let message = format!("{} {verb} the deletion of {}: {}", refusal.by, cx.who(), refusal.words);
        // By hand it may never come to that.
        let is_sure = cx.app.prune == Prune::Always && !refusal.warns;
        let severity = if is_sure { super::severity_of("refused-update") } else { Severity::Warning };
        let help = "keep the object, or change the policy before";
        cx.tell_at("refused-update", severity, None, message, help);
    }
}

/// What is still applied, in words: the first with its place.
fn left(all: &[Left]) -> String {
    let Some(first) = all.first() else { return String::new() };
    let at = first.at.as_ref().map_or_else(String::new, |(file, line)| format!(" ({file}:{line})"));
    let more = match all.len() - 1 {
        0 => String::new(),
        count => format!(", and {count} more"),
    };
    format!("{} in `{}`{at}{more}", who(&first.object), first.app)
}

/// Versions of a kind that its definition does not serve any more.
fn unserved(cx: &mut Cx<'_>) {
    let Some(dropped) = &cx.object.dropped else { return };
    if let Some(stored) = &dropped.stored {
        let message = format!(
            "{} loses `{stored}`, in which its objects are stored: the API server refuses that while `status.storedVersions` has it",
            cx.who()
        );
        let field = version_field(cx, stored);
        let help = "store all objects in another version, and take the old one out of `status.storedVersions`, first";
        cx.tell("dropped-version", field.as_ref(), message, help);
        return;
    }
    let versions: Vec<String> = dropped.versions.iter().map(|it| format!("`{it}`")).collect();
    let (severity, rest) = match left(&dropped.left) {
        left if left.is_empty() => (Severity::Warning, "what is written in it is refused".to_owned()),
        left => (Severity::Error, format!("{left} is written in it")),
    };
    let message = format!("{} does not serve {} any more: {rest}", cx.who(), versions.join(" and "));
    let field = dropped.versions.first().and_then(|version| version_field(cx, version));
    cx.tell_at(
        "dropped-version",
        severity,
        field.as_ref(),
        message,
        "write everything in a version that stays, before",
    );
}

/// The change of a version's entry.
fn version_field(cx: &Cx<'_>, version: &str) -> Option<FieldChange> {
    let entry = format!("spec.versions[{version}]");
    cx.object.fields.iter().find(|field| field.path.starts_with(&entry)).cloned()
}

/// Whether something keeps the object although its app does not have it any more.
fn is_kept(before: Option<&Json>) -> bool {
    let annotation = |name: &str| text_at(before, &["metadata", "annotations", name]);
    let options = annotation("argocd.argoproj.io/sync-options");
    options.split(',').any(|it| matches!(it.trim(), "Prune=false" | "Delete=false"))
        || annotation("kustomize.toolkit.fluxcd.io/prune").eq_ignore_ascii_case("disabled")
        || annotation("helm.sh/resource-policy") == "keep"
}

/// Hooks come and go by themselves.
fn is_hook(value: Option<&Json>) -> bool {
    let hook = |name: &str| at(value, &["metadata", "annotations", name]).is_some();
    hook("argocd.argoproj.io/hook") || hook("helm.sh/hook")
}

/// Whether what its app does not have any more is not deleted by that.
fn stays(cx: &Cx<'_>) -> bool {
    let before = cx.object.fields.first().and_then(|field| field.before.as_ref());
    is_kept(before) || is_hook(before) || cx.object.own.stays || cx.app.prune == Prune::Never
}

fn removed(cx: &mut Cx<'_>) {
    if stays(cx) {
        return;
    }
    let object = &cx.object.object;
    let kind = (object.group.as_str(), object.kind.as_str());
    let (name, help) = if DATA.contains(&kind) {
        (
            "deleted-data",
            "look for a backup, or keep it: `argocd.argoproj.io/sync-options: Prune=false`, `kustomize.toolkit.fluxcd.io/prune: disabled`",
        )
    } else if TRAFFIC.contains(&kind) {
        ("deleted-traffic", "look who still uses it")
    } else if PROTECTION.contains(&kind) {
        ("deleted-protection", "look what takes its place")
    } else {
        return;
    };
    let (words, most) = match cx.app.prune {
        Prune::Always => ("is deleted", Severity::Error),
        Prune::ByHand => ("is deleted by the next sync with pruning", Severity::Warning),
        _ => ("is not applied any more, and deleted where its app prunes", Severity::Warning),
    };
    let what = match kind.1 {
        "StatefulSet" => ", and its claims stay behind",
        "Namespace" => ", with everything in it",
        "CustomResourceDefinition" => ", with every object of its kind",
        "PersistentVolumeClaim" => ", and its volume with it unless it is retained",
        _ => "",
    };
    let left = cx.object.dropped.as_ref().map(|it| left(&it.left)).unwrap_or_default();
    let left = if left.is_empty() { left } else { format!(": {left}") };
    let message = format!("{} {words}{what}{left}", cx.who());
    let severity = super::severity_of(name).min(most);
    cx.tell_at(name, severity, None, message, help);
}

fn renamed(cx: &mut Cx<'_>) {
    let Some(was) = cx.object.was.clone() else { return };
    let object = &cx.object.object;
    // A served version is another view of one object.
    let same = was.name == object.name && was.namespace == object.namespace && was.cluster == object.cluster;
    if HARMLESS.contains(&object.kind.as_str()) || same && was.kind == object.kind {
        return;
    }
    let kind = (was.group.as_str(), was.kind.as_str());
    let cluster = |object: &ObjectRef| object.cluster.clone().unwrap_or_default();
    let becomes = if was.name != object.name {
        format!("becomes `{}`", object.name)
    } else if was.namespace != object.namespace {
        format!("goes from namespace `{}` to `{}`", was.namespace, object.namespace)
    } else if was.cluster != object.cluster {
        format!("goes from cluster `{}` to `{}`", cluster(&was), cluster(object))
    } else {
        "becomes one of another API group".to_owned()
    };
    let message = format!("{} {becomes}: the old one is deleted, the new one starts from nothing", who(&was));
    if DATA.contains(&kind) && cx.app.prune != Prune::Never {
        cx.tell("deleted-data", None, message, "move the data first, or keep the name");
    } else {
        cx.tell("renamed-object", None, message, "keep the name, or look for what still says the old one");
    }
}

fn added(cx: &mut Cx<'_>) {
    let after = cx.object.fields.first().and_then(|field| field.after.clone());
    let kind = cx.object.object.kind.as_str();
    if matches!(kind, "ClusterRoleBinding" | "RoleBinding")
        && text_at(after.as_ref(), &["roleRef", "name"]) == "cluster-admin"
    {
        let message = format!("{} makes its subjects cluster-admin", cx.who());
        cx.tell("new-cluster-admin", None, message, "bind a role with the rights that are needed");
    }
}
