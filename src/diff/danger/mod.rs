//! What is dangerous about a change: what it deletes, what the API server will refuse, what gains rights, what stops to run.
//!
//! Each danger has a name, a line of evidence and, where the change is right on purpose, a way to say so: `--allow NAME`.

mod apps;
mod fields;
mod objects;

use serde_json::Value as Json;

use crate::finding::{ObjectRef, Severity};

use super::cause::Line;
use super::{AppChange, Diff, FieldChange, ObjectChange};

/// A kind of danger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DangerMeta {
    /// Kebab-case; reads well after "allow".
    pub name: &'static str,
    /// How bad it is unless more is known.
    pub severity: Severity,
    /// What it is, in a sentence.
    pub summary: &'static str,
    /// The whole page, `rules/changes/<name>.md`.
    pub page: &'static str,
}

/// `danger!("kebab-case-name", Error, "summary")` includes the page `rules/changes/kebab-case-name.md`.
macro_rules! danger {
    ($name:literal, $severity:ident, $summary:literal) => {
        DangerMeta {
            name: $name,
            severity: Severity::$severity,
            summary: $summary,
            page: include_str!(concat!("../../../rules/changes/", $name, ".md")),
        }
    };
}

/// Every kind, in the order of the documentation.
pub const DANGERS: [DangerMeta; 18] = [
    danger!(
        "deleted-data",
        Error,
        "What holds data is deleted: claims, volumes, StatefulSets, Namespaces, definitions of custom resources."
    ),
    danger!(
        "deleted-traffic",
        Error,
        "What brings traffic is deleted: Services, Ingresses, Gateways and routes."
    ),
    danger!(
        "deleted-protection",
        Warning,
        "What limits or protects is deleted: NetworkPolicies, PodDisruptionBudgets, autoscalers, quotas."
    ),
    danger!(
        "renamed-object",
        Warning,
        "An object gets another identity: the old one is deleted, a new one is created."
    ),
    danger!("immutable-field", Error, "A field changes that the API server does not let anybody change."),
    danger!(
        "refused-update",
        Error,
        "A policy of the repository, or the definition of a custom resource, does not let the change through."
    ),
    danger!(
        "dropped-version",
        Error,
        "The definition of a custom resource does not serve, or store, a version any more."
    ),
    danger!("stopped-workload", Warning, "A workload goes to no replicas, or is suspended."),
    danger!("privilege-gain", Error, "A container may do more on its node than before."),
    danger!("new-cluster-admin", Error, "Somebody becomes cluster-admin."),
    danger!(
        "wider-role",
        Warning,
        "A role gets rules with wildcards, or rights with which one gets all others."
    ),
    danger!("image-downgrade", Warning, "A container gets an older version of its image."),
    danger!("major-chart-bump", Warning, "A chart goes to another major version."),
    danger!("moved-app", Error, "An app goes to another project, cluster or namespace."),
    danger!("loosened-sync", Warning, "Syncing an app becomes more forceful, or looks away from more."),
    danger!(
        "removed-finalizer",
        Warning,
        "A finalizer is removed: deleting the object does not wait for what it guards any more."
    ),
    danger!("unapplied-app", Error, "An app is not applied any more."),
    danger!("wide-radius", Note, "One line changes unusually much."),
];

/// What is dangerous, and what shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Danger {
    /// Its kind: a name of [`DANGERS`].
    pub name: &'static str,
    /// How bad it is here.
    pub severity: Severity,
    /// The app, by a name that means it alone; empty for what is not about one.
    pub app: String,
    /// The object.
    pub object: Option<ObjectRef>,
    /// The field; empty for the whole.
    pub field: String,
    /// The line of the change that causes it.
    pub line: Option<Line>,
    /// What is dangerous: lower-case start, no final period.
    pub message: String,
    /// What to look at before it is merged.
    pub help: &'static str,
}

/// Whether what an app does not have any more is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prune {
    /// At once.
    Always,
    /// When somebody syncs with pruning.
    ByHand,
    /// It stays in the cluster.
    Never,
    /// Nothing says.
    #[default]
    Unknown,
}

/// Finds what is dangerous: the worst first, then by app and object.
pub(super) fn find(diff: &Diff) -> Vec<Danger> {
    let mut found = Vec::new();
    for app in &diff.apps {
        let gone = app.how == super::How::Removed;
        if gone {
            apps::unapplied(app, diff, &mut found);
        }
        for object in &app.objects {
            let mut cx = Cx { diff, app, object, found: &mut found };
            objects::look(&mut cx);
            fields::look(&mut cx);
        }
    }
    for definition in &diff.definitions {
        apps::look(definition, diff, &mut found);
    }
    apps::bumped(diff, &mut found);
    apps::radius(diff, &mut found);
    found.sort_by(|a, b| {
        let key = |it: &Danger| (std::cmp::Reverse(it.severity), order(it.name), it.app.clone());
        key(a).cmp(&key(b)).then_with(|| a.object.cmp(&b.object)).then_with(|| a.field.cmp(&b.field))
    });
    found
}

fn order(name: &str) -> usize {
    DANGERS.iter().position(|it| it.name == name).unwrap_or(DANGERS.len())
}

/// How bad a kind is by itself.
fn severity_of(name: &str) -> Severity {
    DANGERS.iter().find(|it| it.name == name).map_or(Severity::Warning, |it| it.severity)
}

/// An object that is looked at.
struct Cx<'a> {
    diff: &'a Diff,
    app: &'a AppChange,
    object: &'a ObjectChange,
    found: &'a mut Vec<Danger>,
}

impl Cx<'_> {
    fn tell(&mut self, name: &'static str, field: Option<&FieldChange>, message: String, help: &'static str) {
        self.tell_at(name, severity_of(name), field, message, help);
    }

    fn tell_at(
        &mut self,
        name: &'static str,
        severity: Severity,
        field: Option<&FieldChange>,
        message: String,
        help: &'static str,
    ) {
        let cause = field.or(self.object.fields.first()).and_then(|field| field.cause);
        self.found.push(Danger {
            name,
            severity,
            app: self.app.name.clone(),
            object: Some(self.object.object.clone()),
            field: field.map(|field| field.path.clone()).unwrap_or_default(),
            line: cause.and_then(|at| self.diff.causes.get(at)).map(|cause| cause.line.clone()),
            message,
            help,
        });
    }

    /// What the object is called in a sentence.
    fn who(&self) -> String {
        who(self.object.was.as_ref().unwrap_or(&self.object.object))
    }
}

fn who(object: &ObjectRef) -> String {
    format!("{} `{}`", object.kind, object.name)
}

/// A value on a way of keys.
fn at<'j>(value: Option<&'j Json>, path: &[&str]) -> Option<&'j Json> {
    path.iter().try_fold(value?, |value, key| value.get(*key))
}

fn text_at<'j>(value: Option<&'j Json>, path: &[&str]) -> &'j str {
    at(value, path).and_then(Json::as_str).unwrap_or_default()
}

/// A value in a sentence.
fn shown(value: Option<&Json>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Json::String(text)) => format!("`{text}`"),
        Some(Json::Object(_) | Json::Array(_)) => "another value".to_owned(),
        Some(other) => format!("`{other}`"),
    }
}
