//! `sync-wave-inversion`: see the page.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::argocd::{Phase, SyncPosition};
use crate::finding::Severity;
use crate::origin::Place;
use crate::relations::{Reference, Via};
use crate::repo::{AppId, AppKind, Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::world::{Answer, World};
use crate::yaml::Node;

meta!(
    "sync-wave-inversion",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "An object is applied before what it needs."
);

pub(crate) struct SyncWaveInversion;

impl Rule for SyncWaveInversion {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let claims = inventory.of_kind("PersistentVolumeClaim");
        for claim in claims.filter(|object| object.is("", "PersistentVolumeClaim")) {
            if let Some(consumer) = waited_for(inventory, claim) {
                early_claim(claim, consumer, cx);
            }
        }
        let world = World::new(inventory, &cx.workspace.config);
        let positions = Positions::of(inventory);
        let mut apart: BTreeSet<AppId> = BTreeSet::new();
        for consumer in inventory.objects.iter().filter(|object| waits(object)) {
            let by_argo = |id| inventory.app(id).is_some_and(|entry| entry.app.kind == AppKind::Application);
            if !by_argo(consumer.app) {
                continue;
            }
            let mut told: BTreeSet<SyncPosition> = BTreeSet::new();
            for reference in consumer.references.iter().filter(|it| blocks(it)) {
                let Answer::Provided(providers, _) =
                    world.look_up(consumer.app, &consumer.namespace, reference)
                else {
                    continue;
                };
                // Whoever provides it in time will do.
                let own: Vec<&ObjectFacts> =
                    providers.iter().copied().filter(|it| it.app == consumer.app).collect();
                let in_time = |it: &&ObjectFacts| it.sync <= consumer.sync && it.sync.phase != Phase::Other;
                match own.first() {
                    Some(provider) if own.len() == providers.len() => {
                        if !own.iter().any(in_time) && told.insert(provider.sync) {
                            within(consumer, reference, provider, cx);
                        }
                    }
                    Some(_) => {}
                    // One reason is enough to move an app.
                    None if apart.contains(&consumer.app) => {}
                    None => {
                        if between(inventory, &positions, consumer, reference, &providers, cx).is_some() {
                            apart.insert(consumer.app);
                        }
                    }
                }
            }
        }
    }
}

/// The first pod of the app that mounts a claim, when it comes in a later wave than the claim, and the claim is not bound
/// before: with `WaitForFirstConsumer`, which most clusters have by default, both wait for each other.
fn waited_for<'a>(inventory: &'a Inventory, claim: &ObjectFacts) -> Option<&'a ObjectFacts> {
    let by_argo = inventory.app(claim.app).is_some_and(|entry| entry.app.kind == AppKind::Application);
    let node = claim.node.as_ref().filter(|_| by_argo && claim.sync.phase == Phase::Sync)?;
    let spec = |key: &str| node.at_path(&["spec", key]).and_then(Node::as_str).unwrap_or_default();
    if !spec("volumeName").is_empty() || !binds_late(inventory, spec("storageClassName")) {
        return None;
    }
    let mounts = |object: &&ObjectFacts| {
        let pod = object.pod.as_ref().filter(|_| object.namespace == claim.namespace);
        pod.is_some_and(|pod| pod.claims.iter().any(|(name, ..)| *name == claim.name))
    };
    let first = inventory.objects_of(claim.app).iter().filter(mounts).min_by_key(|object| object.sync)?;
    (first.sync.phase == Phase::Sync && first.sync > claim.sync).then_some(first)
}

/// Whether claims of a class wait for a pod: the class says so, or it is the default one and no class of the repository
/// says otherwise.
fn binds_late(inventory: &Inventory, class: &str) -> bool {
    let mut classes =
        inventory.of_kind("StorageClass").filter(|object| object.is("storage.k8s.io", "StorageClass"));
    let late = |object: &ObjectFacts| {
        let mode = object.node.as_ref().and_then(|node| node.get("volumeBindingMode")).and_then(Node::as_str);
        mode == Some("WaitForFirstConsumer")
    };
    if class.is_empty() {
        classes.all(late)
    } else {
        classes.any(|object| object.name == class && late(object))
    }
}

fn early_claim(claim: &ObjectFacts, consumer: &ObjectFacts, cx: &mut Context<'_>) {
    let (early, late) = (claim.sync.words(consumer.sync), consumer.sync.words(claim.sync));
    let message = format!(
        "PersistentVolumeClaim `{}` is applied in {early} and stays pending until {} `{}` mounts it, which comes in {late}",
        claim.name, consumer.kind, consumer.name
    );
    cx.report(claim.sync_place.or(consumer.sync_place).unwrap_or(claim.place), message)
        .related(consumer.sync_place.unwrap_or(consumer.place), "comes later")
        .apps([claim.app])
        .object_ref(claim.to_ref(""))
        .help("apply both in one wave: the sync waits for the claim, and the claim waits for the pod");
}

/// Whether a sync waits until the object's pods run: it never does when they lack something.
fn waits(object: &ObjectFacts) -> bool {
    object.pod.is_some() && object.kind != "CronJob" && object.sync.phase != Phase::Other
}

/// Whether a pod cannot start without what is named.
fn blocks(reference: &Reference) -> bool {
    !reference.optional
        && reference.via == Via::Field
        && reference.group.is_empty()
        && matches!(
            reference.kind.as_str(),
            "Secret" | "ConfigMap" | "ServiceAccount" | "PersistentVolumeClaim"
        )
}

fn within(consumer: &ObjectFacts, reference: &Reference, provider: &ObjectFacts, cx: &mut Context<'_>) {
    let (early, late) = (consumer.sync.words(provider.sync), provider.sync.words(consumer.sync));
    let message = format!(
        "{} `{}` is applied in {early} and needs {} `{}`, which comes in {late}",
        consumer.kind, consumer.name, reference.kind, reference.name
    );
    let place = provider.sync_place.filter(|_| provider.sync != DEFAULT).or(consumer.sync_place);
    let place = place.unwrap_or(reference.place);
    let help = if consumer.sync.phase == provider.sync.phase {
        format!("apply {} `{}` in {early} or before", provider.kind, provider.name)
    } else {
        format!("make {} `{}` a hook of the same phase, in an earlier wave", provider.kind, provider.name)
    };
    cx.report(place, message)
        .related(reference.place, "needed here")
        .related(provider.place, "made here")
        .apps([consumer.app])
        .object_ref(consumer.to_ref(""))
        .help(help);
}

const DEFAULT: SyncPosition = SyncPosition { phase: Phase::Sync, wave: 0 };

/// Apps of one parent: the wave of the Application that provides is later than that of the one that needs.
fn between(
    inventory: &Inventory,
    positions: &Positions<'_>,
    consumer: &ObjectFacts,
    reference: &Reference,
    providers: &[&ObjectFacts],
    cx: &mut Context<'_>,
) -> Option<()> {
    let (parent, early, early_place) = positions.in_parent(inventory, consumer.app)?;
    let mut late: Option<(&ObjectFacts, SyncPosition, Option<Place>)> = None;
    for provider in providers {
        // Whoever provides it in time will do, and so may one of whom nobody knows.
        let (other, position, place) = positions.in_parent(inventory, provider.app)?;
        if other != parent || position <= early {
            return None;
        }
        late.get_or_insert((provider, position, place));
    }
    let (provider, position, place) = late?;
    // Without a health check of Application (none is built in since Argo CD 1.8), its waves wait for nothing.
    let checked = *positions.1.get_or_init(|| checks_health(cx));
    if !checked && cx.workspace.control_plane().settings.is_known() {
        return None;
    }
    let name = |id| inventory.app(id).map_or("", |entry| &entry.app.name);
    let message = format!(
        "the Application `{}` ({}) needs {} `{}` of `{}` ({})",
        name(consumer.app),
        early.words(position),
        reference.kind,
        reference.name,
        name(provider.app),
        position.words(early),
    );
    cx.report(place.or(early_place)?, message)
        .related(reference.place, "needed here")
        .related(provider.place, "made here")
        .apps([consumer.app, provider.app])
        .at_most(if checked { Severity::Error } else { Severity::Note })
        .help(format!(
            "sync `{}` before `{}`{}",
            name(provider.app),
            name(consumer.app),
            if checked {
                ""
            } else {
                "; waves of Applications wait for each other only if `argocd-cm` has a health check of them"
            }
        ));
    Some(())
}

/// Whether the repository gives Applications a health check: a key of `argocd-cm`, or of what makes it.
fn checks_health(cx: &Context<'_>) -> bool {
    cx.texts().any(|(_, file)| {
        let text = file.text_or_empty();
        text.contains("resource.customizations.health.argoproj.io_Application")
            || text.contains("resource.customizations") && text.contains("argoproj.io/Application:")
    })
}

/// Where the definitions of apps stand in the syncs of the apps that render them, and whether Argo CD waits for their health.
struct Positions<'a>(BTreeMap<(AppId, &'a str), &'a ObjectFacts>, OnceCell<bool>);

impl<'a> Positions<'a> {
    fn of(inventory: &'a Inventory) -> Self {
        let definitions = inventory.objects.iter().filter(|object| object.is("argoproj.io", "Application"));
        Self(
            definitions.map(|object| ((object.app, object.name.as_str()), object)).collect(),
            OnceCell::new(),
        )
    }

    /// The app that renders this app's definition, with the definition's place in its sync.
    fn in_parent(&self, inventory: &Inventory, app: AppId) -> Option<(AppId, SyncPosition, Option<Place>)> {
        let app = &inventory.app(app)?.app;
        let own = self.0.get(&(app.parent?, &app.name))?;
        Some((app.parent?, own.sync, own.sync_place))
    }
}
