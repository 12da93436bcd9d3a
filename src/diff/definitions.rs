//! What changes in apps as they are defined, and what becomes of what an app does not have any more.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::finding::ObjectRef;
use crate::repo::{App, AppEntry, AppKind, Object, Status};
use crate::yaml::Node;

use super::cause::{Line, Lines};
use super::compare;
use super::danger::Prune;
use super::mask::Masks;
use super::sides::{Pair, Seen, Side, Sight};
use super::{Cause, Diff, FieldChange};

/// An app whose own object differs.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The app, by a name that means it alone.
    pub app: String,
    /// Its object.
    pub object: ObjectRef,
    /// Whether it is a chart of a Helm repository, whose revision is a version.
    pub chart: bool,
    /// What differs.
    pub fields: Vec<FieldChange>,
}

/// An app that is not rendered in full on a side: more may differ than is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Open {
    /// The app.
    pub app: String,
    /// Why.
    pub reason: String,
    /// Whether it was rendered in full before: the change breaks it.
    pub is_new: bool,
    /// Number of objects that it has now, where it is rendered in full since the change, and what they were is not known.
    pub mended: Option<usize>,
    /// Whether the change touches a file that it reads, or its definition. Otherwise nothing changes in it.
    pub touched: bool,
}

/// Finds lines that cause something by number, and adds those that are new.
pub(super) struct Numbers<'a> {
    lines: &'a Lines<'a>,
    causes: &'a mut Vec<Cause>,
    known: FxHashMap<Line, usize>,
}

impl<'a> Numbers<'a> {
    pub(super) fn new(lines: &'a Lines<'a>, causes: &'a mut Vec<Cause>) -> Self {
        let known = causes.iter().enumerate().map(|(number, cause)| (cause.line.clone(), number)).collect();
        Self { lines, causes, known }
    }

    fn of(&mut self, line: Line) -> usize {
        let next = self.causes.len();
        let number = *self.known.entry(line.clone()).or_insert(next);
        if number == next {
            self.causes.push(Cause::new(line, self.lines, true));
        }
        number
    }
}

/// Takes out definitions that some app applies, which are told there, and counts what causes the others.
pub(super) fn unrendered(diff: &mut Diff) {
    let told: FxHashSet<(SmolStr, SmolStr, SmolStr)> =
        diff.objects().map(|it| identity(&it.object)).collect();
    diff.definitions.retain(|definition| !told.contains(&identity(&definition.object)));
    for definition in &diff.definitions {
        let mut counted = FxHashSet::default();
        for at in definition.fields.iter().filter_map(|field| field.cause) {
            if let Some(cause) = diff.causes.get_mut(at) {
                cause.fields += 1;
                cause.objects += usize::from(counted.insert(at));
            }
        }
    }
    // What nothing is led to any more is no cause.
    let kept: Vec<bool> = diff.causes.iter().map(|cause| cause.objects > 0).collect();
    let mut numbers = Vec::with_capacity(kept.len());
    let mut next = 0;
    for is_kept in &kept {
        numbers.push(next);
        next += usize::from(*is_kept);
    }
    let mut is_kept = kept.iter();
    diff.causes.retain(|_| is_kept.next() == Some(&true));
    let objects = diff.apps.iter_mut().flat_map(|app| &mut app.objects).flat_map(|object| &mut object.fields);
    for field in objects.chain(diff.definitions.iter_mut().flat_map(|definition| &mut definition.fields)) {
        field.cause = field.cause.and_then(|at| numbers.get(at).copied());
    }
}

fn identity(object: &ObjectRef) -> (SmolStr, SmolStr, SmolStr) {
    (object.kind.clone(), object.namespace.clone(), object.name.clone())
}

/// The apps of both sides whose own objects differ.
pub(super) fn definitions(
    pairs: &[Pair],
    base: &Side<'_>,
    head: &Side<'_>,
    lines: &Lines<'_>,
    numbers: &mut Numbers<'_>,
) -> Vec<Definition> {
    let differing = pairs.iter().filter_map(|pair| {
        let (old, new) = (&base.entry(pair.base?)?.app, &head.entry(pair.head?)?.app);
        let (a, b) = (old.node.as_deref()?, new.node.as_deref()?);
        (crate::yaml::digest(a) != crate::yaml::digest(b)).then_some((head.name(pair.head?), new, a, b))
    });
    differing.filter_map(|(name, app, a, b)| one(name, app, (a, b), lines, numbers)).collect()
}

fn one(
    name: String,
    app: &App,
    (a, b): (&Node, &Node),
    lines: &Lines<'_>,
    numbers: &mut Numbers<'_>,
) -> Option<Definition> {
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
            cause: line.map(|line| numbers.of(line)),
            likely: false,
        };
        fields.push(change);
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
pub(super) fn open(
    pairs: &[Pair],
    seen: &[Seen],
    base: &Side<'_>,
    head: &Side<'_>,
    lines: &Lines<'_>,
) -> Vec<Open> {
    let mut all = Vec::new();
    let seen: FxHashMap<Pair, &Seen> = seen.iter().map(|seen| (seen.pair, seen)).collect();
    for pair in pairs {
        let sides = || [base.entry_of(pair.base), head.entry_of(pair.head)].into_iter().flatten();
        let definition =
            |entry: Option<&AppEntry>| entry.and_then(|it| it.app.node.as_deref()).map(crate::yaml::digest);
        let is_touched = || {
            definition(base.entry_of(pair.base)) != definition(head.entry_of(pair.head))
                || sides().any(|entry| {
                    let own = entry.app.path.iter().chain(&entry.files);
                    own.into_iter().any(|path| lines.differ_in(path))
                })
        };
        let seen = seen.get(pair);
        let entry = |side: &'_ Side<'_>, at: Option<usize>, sight: Option<&Sight>| {
            let entry = side.entry(at?)?;
            let (status, reason) = match sight {
                Some(sight) => (sight.status, sight.reason.clone()),
                None => (entry.status, entry.reason.clone()),
            };
            Some((side.name(at?), status, reason))
        };
        let was = entry(base, pair.base, seen.and_then(|it| it.base.as_ref()));
        let is = entry(head, pair.head, seen.and_then(|it| it.head.as_ref()));
        // Where the reason is that of the old side, it is gone.
        let whole = is.as_ref().filter(|(_, status, _)| *status == Status::Rendered).and_then(|_| {
            let sight = seen.and_then(|it| it.head.as_ref()).map(|sight| sight.objects);
            sight.or_else(|| Some(head.entry_of(pair.head)?.objects))
        });
        let was_full = was.as_ref().is_none_or(|(_, status, _)| *status == Status::Rendered);
        for (side, (app, status, reason)) in
            [(true, is), (false, was)].into_iter().filter_map(|(side, it)| Some((side, it?)))
        {
            if status != Status::Rendered {
                let reason = reason.unwrap_or_default();
                let is_new = side && was_full;
                let touched = is_new || is_touched();
                let mended = whole.filter(|_| !side);
                all.push(Open { app, reason, is_new, mended, touched });
                break;
            }
        }
    }
    all.sort_by(|a, b| (b.is_new, b.touched).cmp(&(a.is_new, a.touched)).then_with(|| a.cmp(b)));
    all
}
