//! `unmatched-affinity`: see the page.

use smol_str::SmolStr;

use crate::finding::Confidence;
use crate::near::did_you_mean;
use crate::repo::{Inventory, ObjectFacts, PodFacts, PodTerm, PodTermKind};
use crate::rules::{Context, Rule, RuleMeta, meta, missing, workloads};
use crate::world::{Selectable, World};

meta!(
    "unmatched-affinity",
    "references",
    Warning,
    Recommended,
    "0.3.0",
    "An affinity term or a spread constraint selects no pod."
);

pub(crate) struct UnmatchedAffinity;

impl Rule for UnmatchedAffinity {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        for object in inventory.objects.iter().filter(|object| missing::is_deployed(inventory, object)) {
            let Some(pod) = object.pod.as_deref().filter(|pod| !pod.terms.is_empty()) else { continue };
            for term in &pod.terms {
                check(object, pod, term, inventory, &world, cx);
            }
        }
    }
}

fn check(
    object: &ObjectFacts,
    pod: &PodFacts,
    term: &PodTerm,
    inventory: &Inventory,
    world: &World<'_>,
    cx: &mut Context<'_>,
) {
    let own = [object.namespace.clone()];
    let namespaces = if term.namespaces.is_empty() { own.as_slice() } else { &term.namespaces };
    let wanted = || term.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let selects = |target: &ObjectFacts| target.pod.as_deref().is_some_and(|pod| pod.has_labels(wanted()));
    let spaces = || namespaces.iter().map(SmolStr::as_str).chain([""]);
    if spaces().any(|namespace| world.selectable(object.app, Selectable::Pods, namespace).any(selects)) {
        return;
    }
    let differ: Vec<&(SmolStr, SmolStr)> =
        term.labels.iter().filter(|(key, value)| pod.label(key) != Some(value.as_str())).collect();
    let is_closed = namespaces.iter().all(|namespace| {
        world.open(object.app, namespace, false).is_none() && !world.has_operator(object.app, namespace)
    });
    // Its own pods were meant: all labels but one are theirs, or the values are, under other names.
    let under_other_names = || {
        let has = |value: &SmolStr| pod.labels.iter().any(|(_, has)| has == value);
        differ.iter().all(|(key, value)| pod.label(key).is_none() && has(value))
    };
    let is_near = term.labels.len() > 1 && differ.len() == 1 || under_other_names();
    let has_keys = term.labels.iter().all(|(key, _)| pod.label(key).is_some());
    let confidence = match term.kind {
        // Only its own pods are spread.
        PodTermKind::Spread => Confidence::Certain,
        PodTermKind::Affinity if is_closed => Confidence::Certain,
        PodTermKind::AntiAffinity if is_near || is_closed && has_keys => Confidence::Likely,
        // What may be unseen, may be meant; and whatever is not there is far away.
        PodTermKind::Affinity | PodTermKind::AntiAffinity => return,
    };
    let (kind, name) = (&object.kind, &object.name);
    let labels: Vec<String> = term.labels.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    let labels = labels.join(", ");
    let message = match term.kind {
        PodTermKind::Spread => {
            format!(
                "{kind} `{name}` spreads pods with `{labels}`, and its own are none of them: nothing is spread"
            )
        }
        PodTermKind::Affinity => {
            format!("{kind} `{name}` wants to be near pods with `{labels}`, and there are none")
        }
        PodTermKind::AntiAffinity => {
            format!("{kind} `{name}` keeps away from pods with `{labels}`, and there are none")
        }
    };
    let help = match differ.first() {
        Some((key, value)) => match pod.label(key) {
            Some(has) => format!("its own pods have `{key}: {has}`"),
            None => {
                let same = pod.labels.iter().find(|(_, has)| has == value).map(|(key, _)| key.as_str());
                let near = same.or_else(|| did_you_mean(key, pod.labels.iter().map(|(key, _)| key.as_str())));
                match near.and_then(|near| Some((near, pod.label(near)?))) {
                    Some((near, has)) => format!("its own pods have no label `{key}`, but `{near}: {has}`"),
                    None => format!("its own pods have no label `{key}`"),
                }
            }
        },
        None => "correct the labels, or remove the term".to_owned(),
    };
    cx.report(term.place, message)
        .confidence(confidence)
        .apps([object.app])
        .object_ref(workloads::field_ref(inventory, object, &term.field))
        .help(help);
}
