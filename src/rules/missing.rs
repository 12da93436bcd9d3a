//! What the `missing-*` rules share: go through the references of a kind, ask the world, report each missing object once
//! per app.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::{Confidence, Severity};
use crate::k8s::is_built_in;
use crate::origin::Place;
use crate::relations::{Reference, Via};
use crate::repo::{AppEntry, AppKind, Inventory, Labels, ObjectFacts, Workspace};
use crate::schema;
use crate::source::{Span, TreePath};
use crate::world::near_miss::{self, Evidence};
use crate::world::{Answer, Counterparts, Scripts, Slips, World};
use crate::yaml::Node;

use super::Context;
use super::habits::Habits;
use super::idle::{Made, unused};

/// What to do about a class that somebody else may bring.
pub(super) const PLATFORM: &str =
    "name a class that is there, or declare the one that the platform brings under `external:`";

/// Namespaces that every cluster or the installation of its GitOps tool brings.
pub(super) fn is_brought_along(namespace: &str) -> bool {
    matches!(namespace, "default" | "argocd" | "argo-cd" | "flux-system")
        || namespace.starts_with("openshift")
        || namespace.starts_with("kube-")
}

/// A rule's own words and exceptions.
pub(super) struct Missing<'a> {
    /// Which references the rule is about.
    pub(super) about: &'a dyn Fn(&ObjectFacts, &Reference) -> bool,
    /// Names that are made outside of every repository.
    pub(super) known: &'a dyn Fn(&ObjectFacts, &Reference) -> bool,
    /// What to do.
    pub(super) help: &'a str,
    /// Whether custom resources of unknown operators in the namespace make it less than certain: they may make the object.
    pub(super) doubts: bool,
    /// How sure it is at most: a field names an object, a text may mean one.
    pub(super) sure: Confidence,
}

/// Reports every reference that nothing provides.
pub(super) fn report(inventory: &Inventory, cx: &mut Context<'_>, rule: &Missing<'_>) {
    let world = World::new(inventory, &cx.workspace.config);
    // By consumer's app and the object that is missing: all places that name it.
    type Named<'a> = Vec<(&'a ObjectFacts, &'a Reference)>;
    let mut groups: BTreeMap<(u32, &str, &str, &str), Named<'_>> = BTreeMap::new();
    // What an object works without, in some way.
    let mut optional: BTreeMap<(u32, &str, &str, &str), Named<'_>> = BTreeMap::new();
    for object in inventory.objects.iter().filter(|object| is_applied(inventory, object)) {
        for reference in object.references.iter().filter(|it| (rule.about)(object, it)) {
            let namespace = reference.namespace.as_deref().unwrap_or(&object.namespace);
            let key = (object.app.0, reference.kind.as_str(), namespace, reference.name.as_str());
            if reference.optional && reference.via != Via::Field {
                continue;
            }
            let named = if reference.optional { &mut optional } else { &mut groups };
            let named = named.entry(key).or_default();
            // A name with several keys is one place.
            if named.last().is_none_or(|(_, last)| last.place != reference.place) {
                named.push((object, reference));
            }
        }
    }
    let workspace = cx.workspace;
    let scripts = OnceCell::new();
    let scripts = || scripts.get_or_init(|| Scripts::of(inventory, workspace));
    let by_hand = |reference: &Reference| {
        Scripts::make(&reference.kind).then(scripts)?.made(&reference.kind, &reference.name)
    };
    let sources = cx.sources();
    // Files of which apps render something.
    let rendered: OnceCell<BTreeSet<Arc<str>>> = OnceCell::new();
    let counterparts = OnceCell::new();
    let counterparts = || counterparts.get_or_init(|| Counterparts::new(inventory, world, sources));
    let habits = OnceCell::new();
    let habits = || habits.get_or_init(|| Habits::of(world, groups.values()));
    let made = OnceCell::new();
    let made = || made.get_or_init(|| Made::of(inventory, workspace));
    let mut slips = Slips::new(world);
    // Of what may be missing without harm only what is misspelt is told.
    for (&(_, _, namespace, _), group) in optional.iter().filter(|(key, _)| !groups.contains_key(*key)) {
        let Some((object, reference)) = group.first().copied() else { continue };
        if !matches!(world.look_up(object.app, &object.namespace, reference), Answer::Provided(..))
            && !(rule.known)(object, reference)
            && !is_told(inventory, object, namespace, reference)
            && by_hand(reference).is_none()
            && world.external(&reference.group, &reference.kind, namespace, &reference.name).is_none()
            && let Some(near) = slips.of(object, namespace, reference)
        {
            tell(inventory, cx, group, &near, rule);
        }
    }
    for (&(_, _, namespace, _), group) in &groups {
        let Some((object, reference)) = group.first().copied() else { continue };
        let counterpart = || counterparts().find(object.app, object.place, namespace, reference);
        let known = (rule.known)(object, reference);
        // A Service of others is called by its name, not nearly like one of ours.
        if is_told(inventory, object, namespace, reference) || known && reference.kind != "Service" {
            continue;
        }
        match world.look_up(object.app, &object.namespace, reference) {
            Answer::Provided(..) => {}
            _ if known => {
                let free =
                    world.external(&reference.group, &reference.kind, namespace, &reference.name).is_none()
                        && by_hand(reference).is_none();
                if let Some(near) = slips.of(object, namespace, reference).filter(|_| free) {
                    tell(inventory, cx, group, &near, rule);
                }
            }
            // Nobody knows what else there is where manifests are applied by hand.
            answer
                if matches!(answer, Answer::Unknown(_))
                    || reference.via == Via::Custom
                    || object.is("", "Chart")
                    || !is_deployed(inventory, object) =>
            {
                let declared =
                    world.external(&reference.group, &reference.kind, namespace, &reference.name).is_some();
                // A custom resource that names what is written somewhere, if only for whoever applies it by hand, means that.
                let by_name = reference.via == Via::Custom
                    && world.is_written(&reference.kind, &reference.name)
                    && world.unlisted(object.app, &reference.kind, namespace, &reference.name).is_none();
                if by_name || runs_elsewhere(inventory, object, reference) {
                    continue;
                }
                let Some(meant) = counterpart() else {
                    let near = near_miss::find(inventory, world, object, namespace, reference);
                    let usual = is_deployed(inventory, object) && reference.via == Via::Field;
                    let near = near.or_else(|| slips.of(object, namespace, reference));
                    let near = near.or_else(|| habits().against(reference).filter(|_| usual));
                    if let Some(near) = near.filter(|_| !declared && by_hand(reference).is_none()) {
                        tell(inventory, cx, group, &near, rule);
                    }
                    continue;
                };
                // An operator that we know nothing about calls what it makes after what it acts on.
                if !meant.elsewhere
                    && world.has_unknown_operator(object.app, namespace, Some(reference.name.as_str()))
                {
                    continue;
                }
                let place = shown(inventory, workspace, Some((meant.object.place, meant.words)));
                if by_hand(reference).is_none() {
                    one(
                        inventory,
                        cx,
                        group,
                        "which nothing provides",
                        (&meant.help, meant.name.as_deref()),
                        Confidence::Likely,
                        place,
                    );
                }
            }
            Answer::Unknown(_) => {}
            // Somebody applies it by hand.
            Answer::Unapplied(path) if scripts().applies(path) => {}
            Answer::Unapplied(path) => {
                let rendered = rendered.get_or_init(|| {
                    let applied = inventory.objects.iter().filter(|object| is_deployed(inventory, object));
                    applied
                        .filter_map(|object| Some(sources.get(object.place.at.file)?.name().clone()))
                        .collect()
                });
                let why = if rendered.contains(path.as_str()) {
                    format!(
                        "`{path}` defines it, but what apps render of that file is called otherwise or lies elsewhere"
                    )
                } else {
                    format!("`{path}` defines it, but no app renders that file")
                };
                let shown = files_of(inventory, workspace, path);
                one(inventory, cx, group, &why, (rule.help, None), Confidence::Likely, shown);
            }
            Answer::Missing(elsewhere) => {
                // An operator that we know nothing about may make it; most call what they make after what they act on.
                let operator = |name| rule.doubts && world.has_unknown_operator(object.app, namespace, name);
                // What a chart that is not here does with its values, or makes, is known by habit only.
                let scope = schema::is_cluster_scoped(&reference.group, &reference.kind);
                let by_habit =
                    || reference.via == Via::Values || world.open(object.app, namespace, scope).is_some();
                // So may what this app gives the right to.
                let own_maker = || {
                    reference.kind == "Secret"
                        && inventory.objects_of(object.app).iter().any(|it| it.makes_secrets)
                };
                let sure = if operator(Some(reference.name.as_str())) || rule.doubts && own_maker() {
                    Confidence::Possible
                } else if operator(None) || by_habit() {
                    Confidence::Likely
                } else {
                    Confidence::Certain
                };
                if let Some(at) = by_hand(reference) {
                    made_by_hand(inventory, cx, object, reference, at);
                    continue;
                }
                let meant = counterpart();
                let slip = if meant.is_none() { slips.of(object, namespace, reference) } else { None };
                let slip_help = slip.as_ref().and_then(|slip| slip.help.as_deref());
                let help = meant.as_ref().map_or(slip_help.unwrap_or(rule.help), |meant| &meant.help);
                let place = meant.as_ref().map(|meant| (meant.object.place, meant.words.clone()));
                let place =
                    place.or_else(|| elsewhere.map(|other| (other.place, where_is(other, namespace))));
                let place = place.or_else(|| slip.as_ref().and_then(|slip| slip.shown.clone()));
                let place = place.or_else(|| unused(inventory, workspace, made(), object, reference));
                let name = meant.as_ref().and_then(|meant| meant.name.as_deref());
                one(
                    inventory,
                    cx,
                    group,
                    "which nothing provides",
                    (help, name),
                    sure.min(rule.sure),
                    shown(inventory, workspace, place),
                );
            }
        }
    }
}

/// Reports the references to a kind of class, which live outside of namespaces and are named by those who need one.
pub(super) fn report_class(
    inventory: &Inventory,
    cx: &mut Context<'_>,
    (group, kind): (&str, &str),
    known: &dyn Fn(&str) -> bool,
    help: &str,
) {
    // Where none is defined at all, they are made outside of this repository.
    if !inventory.objects.iter().any(|object| object.is(group, kind)) {
        return;
    }
    let rule = Missing {
        about: &|_, reference| reference.group == group && reference.kind == kind,
        known: &|_, reference| known(&reference.name),
        help,
        doubts: false,
        sure: Confidence::Certain,
    };
    report(inventory, cx, &rule);
}

/// Whether an issuer of the whole cluster takes its Secrets from a namespace that is not known: that of cert-manager.
fn runs_elsewhere(inventory: &Inventory, object: &ObjectFacts, reference: &Reference) -> bool {
    let here = reference.namespace.as_deref().unwrap_or_default();
    let release = |it: &ObjectFacts| it.kind == "HelmRelease" && it.namespace == here;
    let deployed = || {
        inventory.apps_named("cert-manager").any(|entry| entry.app.target_namespace == here)
            || inventory.of_kind("HelmRelease").any(|it| it.name == "cert-manager" && release(it))
    };
    reference.via == Via::Custom
        && object.group == "cert-manager.io"
        && object.namespace.is_empty()
        && !deployed()
}

/// Whether an object is applied as it is: by an app, or by hand.
pub(super) fn is_applied(inventory: &Inventory, object: &ObjectFacts) -> bool {
    // Of a chart nobody knows the values that it is deployed with.
    let as_it_is = |entry: &AppEntry| entry.app.kind != AppKind::Chart && !entry.app.provisional;
    is_deployed(inventory, object) || inventory.app(object.app).is_some_and(as_it_is)
}

/// What no app deploys is a building block: others may add what it lacks.
pub(super) fn is_deployed(inventory: &Inventory, object: &ObjectFacts) -> bool {
    inventory.app(object.app).is_some_and(|entry| !entry.app.kind.is_loose())
}

/// Whether another program of the namespace is told the name of a ConfigMap or Secret: it may make it.
fn is_told(inventory: &Inventory, object: &ObjectFacts, namespace: &str, reference: &Reference) -> bool {
    let told = |other: &ObjectFacts| {
        is_built_in(&other.group)
            && other.place != object.place
            && (other.namespace.is_empty() || other.namespace == namespace)
    };
    matches!(reference.kind.as_str(), "ConfigMap" | "Secret")
        && inventory.mentioning(&reference.name).any(told)
}

/// The line to edit of what belongs to the story.
fn shown(
    inventory: &Inventory,
    workspace: &Workspace,
    place: Option<(Place, String)>,
) -> Option<(Span, String)> {
    place.map(|(place, words)| (Labels::of(place, &inventory.origins, workspace).primary.at, words))
}

/// A file that defines what is missing, and the kustomization beside it, which does not list it.
fn files_of(inventory: &Inventory, workspace: &Workspace, path: &TreePath) -> Vec<(Span, String)> {
    let kustomization = path.parent().and_then(|dir| inventory.scan.kustomizations.get(&dir));
    let listed = kustomization.filter(|it| !it.resources.contains(path)).map(|it| &it.file);
    let named = [(Some(path), "defines it"), (listed, "does not list that file")];
    let start = |path: &TreePath| {
        let file = workspace.tree.read(path).ok()?;
        let end = file.line_span(0).map_or(0, |line| line.end);
        Some(Span::new(file.id(), 0, end))
    };
    named.iter().filter_map(|(path, words)| Some((start((*path)?)?, (*words).to_owned()))).collect()
}

fn where_is(other: &ObjectFacts, namespace: &str) -> String {
    if other.namespace.is_empty() || other.namespace == namespace {
        "one of that name is on another cluster".to_owned()
    } else {
        format!("one of that name is in namespace `{}`", other.namespace)
    }
}

/// Reports what evidence speaks for.
fn tell(
    inventory: &Inventory,
    cx: &mut Context<'_>,
    group: &[(&ObjectFacts, &Reference)],
    near: &Evidence,
    rule: &Missing<'_>,
) {
    let workspace = cx.workspace;
    let help = near.help.as_deref().unwrap_or(rule.help);
    let files = near.file.iter().flat_map(|path| files_of(inventory, workspace, path));
    let kind = group.first().filter(|_| near.kind).and_then(|(object, reference)| {
        let kind = beside(object, reference)?.get("kind")?;
        Some((kind.place(), format!("this says {}", reference.kind)))
    });
    let places = [near.shown.clone(), kind].into_iter();
    let related = places.filter_map(|place| shown(inventory, workspace, place)).chain(files);
    one(inventory, cx, group, &near.why, (help, None), near.sure.min(rule.sure), related);
}

/// The mapping that holds the name of a reference.
fn beside<'a>(object: &'a ObjectFacts, reference: &Reference) -> Option<&'a Node> {
    let (parent, _) = reference.field.rsplit_once('.')?;
    parent.split('.').try_fold(object.node.as_deref()?, |node, part| {
        let mut parts = part.split('[');
        let node = parts.next().filter(|key| !key.is_empty()).map_or(Some(node), |key| node.get(key))?;
        parts.try_fold(node, |node, index| {
            node.seq_or_empty().get(index.strip_suffix(']')?.parse::<usize>().ok()?)
        })
    })
}

fn one(
    inventory: &Inventory,
    cx: &mut Context<'_>,
    group: &[(&ObjectFacts, &Reference)],
    why: &str,
    (help, meant): (&str, Option<&str>),
    sure: Confidence,
    related: impl IntoIterator<Item = (Span, String)>,
) {
    let Some((object, reference)) = group.first() else { return };
    let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
    let mut object_ref = object.to_ref(cluster);
    object_ref.field = Some(reference.field.to_string());
    let message =
        format!("{} `{}` needs {} `{}`, {why}", object.kind, object.name, reference.kind, reference.name);
    let mut report = cx
        .report(reference.place, message)
        .object_ref(object_ref)
        .apps([object.app])
        .help(help)
        .confidence(sure)
        .mend(|at, mender| {
            let field = reference.field.to_string();
            Some(mender.spell(at, &reference.name, meant?)?.changing([field.as_str()]).not_safe())
        });
    if reference.via == Via::Dns {
        let namespace = reference.namespace.as_deref().unwrap_or_default();
        report =
            report.at_word(&[&format!("{}.{namespace}", reference.name), &format!("{}:", reference.name)]);
    }
    for (at, words) in related {
        report = report.related_at(at, words);
    }
    let namespace = beside(object, reference).and_then(|node| node.get("namespace"));
    if let Some(node) = namespace.filter(|_| reference.namespace.is_some()) {
        report = report.related(node.place(), "it is looked for in this namespace");
    }
    for (_, other) in group.iter().skip(1).take(3) {
        report = report.related(other.place, "needed here too");
    }
}

/// A note about an object that people make outside of what is applied.
fn made_by_hand(
    inventory: &Inventory,
    cx: &mut Context<'_>,
    object: &ObjectFacts,
    reference: &Reference,
    at: Span,
) {
    let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
    let mut object_ref = object.to_ref(cluster);
    object_ref.field = Some(reference.field.to_string());
    let message = format!(
        "{} `{}` needs {} `{}`, which is made by hand only",
        object.kind, object.name, reference.kind, reference.name
    );
    cx.report(reference.place, message)
        .severity(Severity::Note)
        .object_ref(object_ref)
        .apps([object.app])
        .related_at(at, "made here")
        .help("declare it under `external:`");
}

/// Whether a role or account is that of a GitOps controller, which needs to do everything.
pub(super) fn is_controller(name: &str) -> bool {
    matches!(
        name,
        "kustomize-controller" | "helm-controller" | "flux-operator" | "argocd-server" | "argocd-manager"
    ) || name.ends_with("argocd-application-controller")
        || name.ends_with("argocd-server")
}
