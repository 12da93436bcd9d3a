//! Whether the target of a patch selects anything, and which resource it just misses where it does not.

use smol_str::SmolStr;

use crate::near::did_you_mean;
use crate::origin::Placed;

use super::context::{Context, Meant, Near, NoOp, NoOpKind};
use super::kustomization::Selector;
use super::resid::ResId;
use super::resmap::{ResMap, place_of};
use super::resource::Resource;

/// Notes whether the target of a patch selected something.
pub(super) fn note_use(
    selected: &[usize],
    target: &Placed<Selector>,
    resources: &ResMap,
    cx: &mut Context<'_>,
) {
    let what = || {
        let Selector { id, annotation_selector, label_selector } = &target.value;
        let parts = [
            ("group", &id.gvk.group),
            ("version", &id.gvk.version),
            ("kind", &id.gvk.kind),
            ("name", &id.name),
            ("namespace", &id.namespace),
            ("labelSelector", label_selector),
            ("annotationSelector", annotation_selector),
        ];
        let parts = parts.iter().filter(|(_, text)| !text.is_empty());
        let parts: Vec<String> = parts.map(|(key, text)| format!("{key} `{text}`")).collect();
        parts.join(", ")
    };
    let (kind, place) = (NoOpKind::PatchTarget, target.place);
    if !selected.is_empty() {
        return cx.note_use(kind, place, true, what);
    }
    let near = near(&target.value, resources);
    cx.note_missed(NoOp { kind, place, what: what(), near, meant: meant(&target.value, resources) });
}

/// The one part of a target that keeps it from the one resource which it would select otherwise; of a name or kind, if it is nearly
/// that resource's.
fn meant(target: &Selector, resources: &ResMap) -> Option<Meant> {
    type Part = (&'static str, fn(&mut ResId) -> &mut SmolStr);
    const PARTS: [Part; 5] = [
        ("group", |id| &mut id.gvk.group),
        ("version", |id| &mut id.gvk.version),
        ("kind", |id| &mut id.gvk.kind),
        ("name", |id| &mut id.name),
        ("namespace", |id| &mut id.namespace),
    ];
    let mut found: Option<Meant> = None;
    for (key, part) in PARTS {
        let mut without = target.clone();
        let from = std::mem::take(part(&mut without.id));
        // What has more meanings than its letters is no name.
        if from.is_empty() || from.contains(['|', '*', '(', '[', '\\', '^', '$', '+', '?']) {
            continue;
        }
        let Ok(selected) = resources.select(&without) else { return None };
        let text_of = |at: &usize| {
            let resource = resources.iter().nth(*at)?;
            let ids = [resource.original_id(), resource.id.clone()];
            let mut texts = ids.into_iter().map(|mut id| std::mem::take(part(&mut id)));
            let close = |text: &SmolStr| match key {
                "kind" | "name" => did_you_mean(&from, [text.as_str()]).is_some(),
                _ => !text.is_empty(),
            };
            texts.find(close)
        };
        let mut all = selected.iter().filter_map(text_of);
        let (Some(to), None) = (all.next(), all.next()) else { continue };
        // Where either of two parts may be wrong, nobody can tell which.
        if found.is_some() {
            return None;
        }
        found = Some(Meant { key, from, to });
    }
    found
}

/// The resource that has the kind and name of a target which selects nothing, but another group, version or namespace.
fn near(target: &Selector, resources: &ResMap) -> Option<Near> {
    let wanted = &target.id;
    if wanted.gvk.kind.is_empty() || wanted.name.is_empty() {
        return None;
    }
    let namesake = |resource: &&Resource| {
        let was = resource.original_id();
        resource.id.gvk.kind == wanted.gvk.kind
            && (resource.id.name == wanted.name || was.name == wanted.name)
    };
    let mut namesakes = resources.iter().filter(namesake);
    let (Some(resource), None) = (namesakes.next(), namesakes.next()) else { return None };
    let id = &resource.id;
    let differs = |wanted: &str, is: &str| !wanted.is_empty() && wanted != is;
    let was = resource.original_id();
    let place = place_of(resource);
    if differs(&wanted.gvk.group, &id.gvk.group) || differs(&wanted.gvk.version, &id.gvk.version) {
        let group = if id.gvk.group.is_empty() { String::new() } else { format!("{}/", id.gvk.group) };
        let words = format!("this {} is of `{group}{}`", id.gvk.kind, id.gvk.version);
        return Some(Near { place, words, only: true });
    }
    if differs(&wanted.namespace, &id.namespace) && differs(&wanted.namespace, &was.namespace) {
        let words = if id.namespace.is_empty() {
            format!("this {} has no namespace when the patch is applied", id.gvk.kind)
        } else {
            format!("this {} is in namespace `{}`", id.gvk.kind, id.namespace)
        };
        return Some(Near { place, words, only: false });
    }
    None
}
