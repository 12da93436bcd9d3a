//! What rules about schemas share.

use crate::repo::Object;
use crate::schema::Violation;

use super::Context;

/// What the schema of its kind refuses in an object. Nothing where something else judges the object better, or where it
/// will change before it is applied.
pub(super) fn violations<'o>(object: &'o Object, cx: &Context<'_>) -> &'o [Violation] {
    // Without the values that somebody deploys it with, a chart's objects may lack their parts.
    if cx.is_chart_alone() || is_judged_elsewhere(&object.group, &object.kind) {
        return &[];
    }
    cx.violations(object)
}

/// Kinds that have rules of their own about fields.
fn is_judged_elsewhere(group: &str, kind: &str) -> bool {
    match group {
        "argoproj.io" => matches!(kind, "Application" | "ApplicationSet" | "AppProject"),
        "apiextensions.k8s.io" => true,
        group => group.ends_with(".toolkit.fluxcd.io"),
    }
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
