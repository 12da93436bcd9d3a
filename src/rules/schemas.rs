//! What rules about schemas share.

use smol_str::SmolStr;

use crate::origin::Place;
use crate::repo::Object;
use crate::schema::{Found, KindInfo, Meant, Violation, What, published_kinds};
use crate::yaml::Node;

use super::Context;

/// What the schema of its kind refuses in an object. Nothing where it will change before it is applied.
pub(super) fn violations<'o>(object: &'o Object, cx: &Context<'_>) -> &'o [Violation] {
    // Without the values that somebody deploys it with, a chart's objects may lack their parts.
    // The schema of schemas is not worth the time.
    if cx.is_chart_alone() || object.group == "apiextensions.k8s.io" {
        return &[];
    }
    cx.violations(object)
}

/// Kinds of Argo CD and Flux, which have rules of their own about fields.
pub(super) fn is_of_controller(group: &str, kind: &str) -> bool {
    group == crate::flux::SOURCE_GROUP || defines_apps(group, kind)
}

/// Whether an object is its metadata alone: whoever applies it labels or annotates one that something else makes.
pub(super) fn is_bare(object: &Object) -> bool {
    let known = ["apiVersion", "kind", "metadata"];
    let mut entries = object.node.entries().iter();
    let notes = ["labels", "annotations"].iter().any(|key| object.at(&["metadata", key]).is_some());
    !defines_apps(&object.group, &object.kind)
        && notes
        && entries.all(|entry| known.contains(&entry.key.text.as_str()))
}

/// Kinds that define apps. They are judged where they are defined, rendered or not.
pub(super) fn defines_apps(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        ("argoproj.io", "Application" | "ApplicationSet" | "AppProject")
            | ("kustomize.toolkit.fluxcd.io", "Kustomization")
            | ("helm.toolkit.fluxcd.io", "HelmRelease")
    )
}

/// Whether the schema is that of a well-known project, of which newer versions may have and want something else.
pub(super) fn is_published(object: &Object, cx: &Context<'_>) -> bool {
    matches!(cx.workspace.schema_of(object, cx.minor()), Found::Published(..))
}

/// Whether it is known from one revision of its project only, so that others may well have other fields.
pub(super) fn is_known_once(object: &Object, cx: &Context<'_>) -> bool {
    let api_version = object.at(&["apiVersion"]).and_then(Node::as_str).unwrap_or_default();
    let known = |it: &&KindInfo| it.once && it.kind == object.kind.as_str() && it.api_version == api_version;
    is_published(object, cx) && published_kinds().iter().any(|it| known(&it))
}

/// Whether a kind is usually installed with a definition that says nothing of its fields, so that the API server takes anything: the
/// controller decides, and reads an amount also where it is a number.
pub(super) fn is_installed_bare(object: &Object) -> bool {
    let kinds = ["Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow"];
    object.group == "argoproj.io" && kinds.contains(&object.kind.as_str())
}

/// A field that a kind of Argo CD or Flux does not have.
pub(super) struct UnknownField {
    /// The key.
    pub(super) place: Place,
    /// The field.
    pub(super) name: SmolStr,
    /// Path of the mapping that holds it: `spec.source`.
    pub(super) parent: String,
    /// What was probably meant.
    pub(super) meant: Option<Meant>,
}

/// The fields of an object of Argo CD or Flux that its kind does not have, in written order.
pub(super) fn unknown_fields(node: &Node, cx: &Context<'_>) -> Vec<UnknownField> {
    let Some(object) = Object::new(node.clone()) else { return Vec::new() };
    let unknown = |violation: &Violation| match &violation.what {
        What::UnknownField { name, parent, meant, .. } => Some(UnknownField {
            place: violation.place,
            name: name.clone(),
            parent: plain(parent),
            meant: meant.clone().map(|meant| match meant {
                Meant::Below(path) => Meant::Below(plain(&path)),
                name @ Meant::Name(_) => name,
            }),
        }),
        _ => None,
    };
    cx.violations(&object).iter().filter_map(unknown).collect()
}

/// An object in a sentence that holds for all objects of its kind: what one line causes in many is told once.
pub(super) struct Said<'o>(&'o str);

impl<'o> Said<'o> {
    pub(super) fn of(object: &'o Object) -> Self {
        Self(&object.kind)
    }

    /// `a Deployment`, `an Ingress`.
    pub(super) fn one(&self) -> String {
        let article = if self.0.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" };
        format!("{article} {}", self.0)
    }
}

/// A path without numbers: `spec.template.spec.containers`.
pub(super) fn plain(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        let Some((inside, after)) = after.split_once(']') else { break };
        if !inside.bytes().all(|byte| byte.is_ascii_digit()) {
            plain.push('[');
            plain.push_str(inside);
            plain.push(']');
        }
        rest = after;
    }
    plain.push_str(rest);
    plain
}
