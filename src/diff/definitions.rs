//! What changes in apps as they are defined, and what becomes of what an app does not have any more.

use crate::finding::ObjectRef;
use crate::repo::{App, AppKind, Object, Status};
use crate::yaml::Node;

use super::cause::{Line, Lines};
use super::compare;
use super::danger::Prune;
use super::mask::Masks;
use super::sides::{Pair, Side};
use super::{FieldChange, Open, digest};

/// An app whose own object differs.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The app, by a name that means it alone.
    pub app: String,
    /// Its object.
    pub object: ObjectRef,
    /// Whether it is a chart of a Helm repository, whose revision is a version.
    pub chart: bool,
    /// What differs, and the line of the change behind each.
    pub fields: Vec<(FieldChange, Option<Line>)>,
}

/// The apps of both sides whose own objects differ.
pub(super) fn definitions(
    pairs: &[Pair],
    base: &Side<'_>,
    head: &Side<'_>,
    lines: &Lines<'_>,
) -> Vec<Definition> {
    let differing = pairs.iter().filter_map(|pair| {
        let (old, new) = (&base.entry(pair.base?)?.app, &head.entry(pair.head?)?.app);
        let (a, b) = (old.node.as_deref()?, new.node.as_deref()?);
        (digest::digest(a) != digest::digest(b)).then_some((head.name(pair.head?), new, a, b))
    });
    differing.filter_map(|(name, app, a, b)| one(name, app, (a, b), lines)).collect()
}

fn one(name: String, app: &App, (a, b): (&Node, &Node), lines: &Lines<'_>) -> Option<Definition> {
    let (old, new) = (Object::new(a.clone())?, Object::new(b.clone())?);
    let mut masks = Masks::default();
    let mut fields = Vec::new();
    for difference in compare::compare(&old, &new) {
        masks.used = false;
        let mut shown = |value: &Option<compare::Value<'_>>| {
            let value = value.as_ref()?;
            Some(masks.value(&new, &difference.path, value.node, value.around.last().copied()))
        };
        let (before, after) = (shown(&difference.base), shown(&difference.head));
        let sides = [&difference.head, &difference.base];
        let line = sides.into_iter().flatten().find_map(|value| {
            let own = lines.of_span(value.node.at);
            own.or_else(|| lines.of_span(value.key?.at))
        });
        let change = FieldChange {
            path: difference.path.to_string(),
            before,
            after,
            secret: masks.used,
            follows: false,
            reordered: difference.reordered,
            cause: None,
            likely: false,
        };
        fields.push((change, line));
    }
    let of = |source: &Node| source.get("chart").is_some_and(|chart| chart.scalar().is_some());
    let has_chart =
        b.at_path(&["spec", "source"]).is_some_and(of) || b.items(&["spec", "sources"]).iter().any(of);
    let object = new.to_ref(&app.cluster, None);
    let chart = app.kind == AppKind::HelmRelease || has_chart;
    (!fields.is_empty()).then_some(Definition { app: name, object, chart, fields })
}

/// What becomes of an object that `app` has no more; `gone` where the app itself is gone.
pub(super) fn prune_of(app: &App, gone: bool) -> Prune {
    let Some(node) = app.node.as_deref() else { return Prune::Unknown };
    let on = |path: &[&str]| node.at_path(path).and_then(Node::as_bool);
    let options = || node.items(&["spec", "syncPolicy", "syncOptions"]).iter().filter_map(Node::as_str);
    match app.kind {
        AppKind::Application if gone => {
            let finalizers = node.items(&["metadata", "finalizers"]).iter().filter_map(Node::as_str);
            let cascades = finalizers.into_iter().any(|it| it.starts_with("resources-finalizer.argocd"));
            if cascades { Prune::Always } else { Prune::Never }
        }
        AppKind::Application if options().any(|it| it == "Prune=false") => Prune::Never,
        AppKind::Application if on(&["spec", "syncPolicy", "automated", "prune"]) == Some(true) => {
            Prune::Always
        }
        AppKind::Application => Prune::ByHand,
        AppKind::Kustomization if on(&["spec", "prune"]) == Some(true) => Prune::Always,
        AppKind::Kustomization => Prune::Never,
        AppKind::HelmRelease => Prune::Always,
        _ => Prune::Unknown,
    }
}

/// Whether an app replaces what cannot be changed.
pub(super) fn is_forced(app: &App) -> bool {
    let Some(node) = app.node.as_deref() else { return false };
    let options = node.items(&["spec", "syncPolicy", "syncOptions"]).iter().filter_map(Node::as_str);
    let argo = options.into_iter().any(|it| matches!(it, "Replace=true" | "Force=true"));
    argo || node.at_path(&["spec", "force"]).and_then(Node::as_bool) == Some(true)
}

/// The apps that are not rendered in full.
pub(super) fn open(pairs: &[Pair], base: &Side<'_>, head: &Side<'_>) -> Vec<Open> {
    let mut all = Vec::new();
    for pair in pairs {
        let entry = |side: &'_ Side<'_>, at: Option<usize>| {
            let entry = side.entry(at?)?;
            Some((side.name(at?), entry.status, entry.reason.clone()))
        };
        let (was, is) = (entry(base, pair.base), entry(head, pair.head));
        let was_full = was.as_ref().is_none_or(|(_, status, _)| *status == Status::Rendered);
        for (side, (app, status, reason)) in
            [(true, is), (false, was)].into_iter().filter_map(|(side, it)| Some((side, it?)))
        {
            if status != Status::Rendered {
                let reason = reason.unwrap_or_default();
                all.push(Open { app, reason, is_new: side && was_full });
                break;
            }
        }
    }
    all.sort_by(|a, b| b.is_new.cmp(&a.is_new).then_with(|| a.cmp(b)));
    all
}
