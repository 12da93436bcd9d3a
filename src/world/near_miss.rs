//! Evidence for a dangling reference where the world is open: an object of ours that the name just misses. Absence alone says
//! nothing there; a namesake of another kind or in another namespace, or a file that nothing lists, does.

use smol_str::SmolStr;

use crate::finding::{Confidence, Missing};
use crate::origin::Place;
use crate::relations::{self, Keys, Reference, Via};
use crate::repo::{AppEntry, AppKind, Inventory, ObjectFacts, Status};
use crate::schema;
use crate::source::TreePath;
use crate::yaml::Node;

use super::{Answer, World};

/// What speaks for it that a reference dangles.
pub struct Evidence {
    /// What follows the name in the message.
    pub why: String,
    /// What to do, where that is known better than the rule knows it.
    pub help: Option<String>,
    /// What it just misses, and how.
    pub shown: Option<(Place, String)>,
    /// A file that defines it, although nothing renders that file.
    pub file: Option<TreePath>,
    /// Whether what is wrong is the kind beside the name.
    pub kind: bool,
    /// How sure that makes it.
    pub sure: Confidence,
}

/// Kinds that are taken for each other: the fields that name them hold a kind beside the name, or belong to one of two alike.
const KIN: [(&str, &[&str]); 6] = [
    ("apps", &["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"]),
    ("cert-manager.io", &["Issuer", "ClusterIssuer"]),
    ("external-secrets.io", &["SecretStore", "ClusterSecretStore"]),
    ("gateway.networking.k8s.io", &["Gateway", "GatewayClass"]),
    ("rbac.authorization.k8s.io", &["Role", "ClusterRole"]),
    ("", &["Secret", "ConfigMap"]),
];

/// Looks for evidence that what `reference` of an object names is not there, as `namespace` is where it looks.
pub fn find(
    inventory: &Inventory,
    world: World<'_>,
    object: &ObjectFacts,
    namespace: &str,
    reference: &Reference,
) -> Option<Evidence> {
    let entry = inventory.app(object.app)?;
    if let Some(evidence) = of_release(inventory, world, object, namespace, reference) {
        return Some(evidence);
    }
    if reference.via == Via::Dns || reference.kind == "Service" {
        return service(inventory, world, object, namespace, reference);
    }
    if let Some(evidence) = swapped(world, object, namespace, reference) {
        return Some(evidence);
    }
    // A value or a field of a custom resource may mean an object of another kind, but hardly one of another name.
    let of_known_chart = || {
        reference.via == Via::Values
            && !relations::chart_may_make(object.node.as_deref(), &object.name, &reference.name)
    };
    let field = reference.via == Via::Field || reference.kind == "Gateway" || of_known_chart();
    field
        .then(|| kin(world, object, namespace, reference))
        .flatten()
        .or_else(|| elsewhere(inventory, world, object, namespace, reference))
        .or_else(|| {
            let path = world.unlisted(object.app, &reference.kind, namespace, &reference.name)?;
            Some(Evidence {
                why: format!("`{path}` defines it, but no app renders that file"),
                help: Some("list the file among the `resources` of the kustomization".to_owned()),
                shown: None,
                file: Some(path.clone()),
                kind: false,
                sure: Confidence::Likely,
            })
        })
        .or_else(|| absent(world, entry, object, namespace, reference))
}

/// An object of that name whose kind is another one of two that are taken for each other.
fn kin(world: World<'_>, object: &ObjectFacts, namespace: &str, reference: &Reference) -> Option<Evidence> {
    let (_, kinds) = KIN
        .iter()
        .find(|(group, kinds)| *group == reference.group && kinds.contains(&reference.kind.as_str()))?;
    let others = kinds.iter().filter(|kind| **kind != reference.kind);
    let found = others.flat_map(|kind| world.named(object.app, &reference.group, kind, &reference.name));
    // Data of one name is often both, and the Secret is not in Git: only what has the key, within one app, is a slip.
    let has_key = |it: &ObjectFacts| {
        let Some(key) = &reference.key else { return true };
        let node = it.node.as_deref();
        node.is_none_or(|node| {
            let mut sections = ["data", "stringData"].into_iter().filter_map(|section| node.get(section));
            sections.any(|section| section.get(key).is_some())
        })
    };
    let near = |it: &&ObjectFacts| {
        let is_there = it.kind.starts_with("Cluster") || it.namespace == namespace && !namespace.is_empty();
        it.app == object.app && (!reference.group.is_empty() || has_key(it))
            || !reference.group.is_empty() && is_there
    };
    let here =
        |it: &&ObjectFacts| it.namespace.is_empty() || namespace.is_empty() || it.namespace == namespace;
    let found = found.filter(near).find(here)?;
    Some(Evidence {
        why: format!("but that name is a {}", found.kind),
        help: Some(format!(
            "say {} where it says {}, or add the {}",
            found.kind, reference.kind, reference.kind
        )),
        shown: Some((found.place, format!("this {} has the name", found.kind))),
        file: None,
        kind: true,
        sure: Confidence::Likely,
    })
}

/// The one object of that kind and name in another namespace of the same app, where nothing else uses it.
fn elsewhere(
    inventory: &Inventory,
    world: World<'_>,
    object: &ObjectFacts,
    namespace: &str,
    reference: &Reference,
) -> Option<Evidence> {
    if namespace.is_empty() || schema::is_cluster_scoped(&reference.group, &reference.kind) {
        return None;
    }
    // A policy or an operator may copy it; of a field that says what must be there, only policies are asked.
    let field = reference.via == Via::Field;
    let copies = |it: &ObjectFacts| {
        it.place.at != object.place.at
            && (!field || it.group == "kyverno.io")
            && world.may_serve(it.app, object.app)
    };
    if inventory.mentioning(&reference.name).any(copies) {
        return None;
    }
    let found = world.named(object.app, &reference.group, &reference.kind, &reference.name);
    let mut found = found.filter(|it| it.app == object.app && !it.namespace.is_empty());
    let (Some(found), None) = (found.next(), found.next()) else { return None };
    let is_used = inventory.referring(&reference.name).any(|it| {
        it.references.iter().any(|its| {
            its.kind == reference.kind
                && its.name == reference.name
                && its.namespace.as_ref().unwrap_or(&it.namespace) == &found.namespace
        })
    });
    (found.namespace != namespace && !is_used).then(|| Evidence {
        why: format!("but the one of that name is in namespace `{}`", found.namespace),
        help: Some(format!("move one of them: `{}` looks in namespace `{namespace}`", object.name)),
        shown: Some((found.place, format!("this {} is in namespace `{}`", found.kind, found.namespace))),
        file: None,
        kind: false,
        sure: Confidence::Likely,
    })
}

/// Data that is called like the key which is asked for: name and key are the wrong way round.
fn swapped(
    world: World<'_>,
    object: &ObjectFacts,
    namespace: &str,
    reference: &Reference,
) -> Option<Evidence> {
    let key = reference.key.as_ref().filter(|key| **key != reference.name)?;
    let other = Reference { name: key.clone(), key: None, ..reference.clone() };
    let Answer::Provided(providers, keys) = world.look_up(object.app, namespace, &other) else { return None };
    let fits = |keys: &Keys| match keys {
        Keys::Known(keys) => keys.contains(&reference.name),
        Keys::Unknown => true,
    };
    // What may have any name says nothing.
    let told = |it: &&&ObjectFacts| {
        it.name == *key
            || it.provides.iter().any(|it| it.kind == reference.kind && it.name.exact() == Some(key))
    };
    let provider = providers.iter().find(told).filter(|_| fits(&keys))?;
    Some(Evidence {
        why: format!("but `{key}`, the key that it asks for, is the name of a {}", reference.kind),
        help: Some(format!("name and key are the wrong way round: name `{key}`, key `{}`", reference.name)),
        shown: Some((provider.place, format!("this is `{key}`"))),
        file: None,
        kind: false,
        sure: Confidence::Likely,
    })
}

/// A Service or route that is called after a release of which is known what it makes, and it makes others only.
pub fn of_release(
    inventory: &Inventory,
    world: World<'_>,
    object: &ObjectFacts,
    namespace: &str,
    reference: &Reference,
) -> Option<Evidence> {
    if !(reference.kind == "Service" || reference.kind.ends_with("Route")) || namespace.is_empty() {
        return None;
    }
    let name = reference.name.as_str();
    let is_after = |it: &&ObjectFacts| {
        it.group == "helm.toolkit.fluxcd.io"
            && name
                .strip_prefix(it.name.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let releases = world.of_kind_in(object.app, namespace, "HelmRelease").filter(is_after);
    let release = releases.max_by_key(|it| it.name.len())?;
    // Of a chart that may make anything nothing is known.
    if release.provides.iter().any(|it| it.kind == relations::ANYTHING || it.before.is_some())
        || world.is_operated_alike(object.app, namespace, name)
        || world.has_unknown_operator(object.app, namespace, Some(name))
        || inventory.apps_named(name).any(|entry| entry.app.name.as_ref() != release.name)
    {
        return None;
    }
    let mut made: Vec<&str> = release
        .provides
        .iter()
        .filter(|it| it.kind == reference.kind)
        .filter_map(|it| it.name.exact())
        .map(SmolStr::as_str)
        .collect();
    made.dedup();
    let first = made.first()?;
    Some(Evidence {
        why: format!("but HelmRelease `{}` makes {}", release.name, listed(&made)),
        help: Some(format!("did you mean `{first}`?")),
        shown: Some((release.place, format!("makes {}", listed(&made)))),
        file: None,
        kind: false,
        sure: Confidence::Likely,
    })
}

/// Names in a sentence, of which the first few are enough.
fn listed(names: &[&str]) -> String {
    let first: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > first.len() { " and others" } else { "" };
    format!("{}{more}", first.join(", "))
}

/// The Service that a name or a port just misses.
pub fn service(
    inventory: &Inventory,
    world: World<'_>,
    object: &ObjectFacts,
    namespace: &str,
    reference: &Reference,
) -> Option<Evidence> {
    nowhere(inventory, world, object, namespace, reference)
        .or_else(|| by_port(inventory, world, object, namespace, reference))
}

/// The one Service of that name, where nothing at all deploys to the namespace that a DNS name says.
fn nowhere(
    inventory: &Inventory,
    world: World<'_>,
    object: &ObjectFacts,
    namespace: &str,
    reference: &Reference,
) -> Option<Evidence> {
    if !is_nowhere(inventory, object, namespace, reference) {
        return None;
    }
    let found = world.named(object.app, "", "Service", &reference.name);
    let mut found = found.filter(|it| it.namespace != namespace && !it.namespace.is_empty());
    let Some(first) = found.next() else { return of_other(inventory, world, object, namespace, reference) };
    if found.any(|it| it.namespace != first.namespace) {
        return None;
    }
    Some(Evidence {
        why: format!("but that Service is in namespace `{}`", first.namespace),
        help: Some(format!("say `{}.{}`", reference.name, first.namespace)),
        shown: Some((first.place, format!("this Service is in namespace `{}`", first.namespace))),
        file: None,
        kind: false,
        sure: Confidence::Likely,
    })
}

/// Ports that any Service may have.
const USUAL_PORTS: [&str; 12] =
    ["http", "https", "web", "metrics", "grpc", "api", "tcp", "ui", "main", "80", "443", "8080"];

/// The one Service of the same app that has the port which is asked for: by a name of its own, or by its number where it is called
/// nearly alike and nothing uses it.
fn by_port(
    inventory: &Inventory,
    world: World<'_>,
    object: &ObjectFacts,
    namespace: &str,
    reference: &Reference,
) -> Option<Evidence> {
    let port = reference.key.as_ref().filter(|port| !USUAL_PORTS.contains(&port.as_str()))?;
    let name = reference.name.as_str();
    // A release makes Services that are called after it.
    let is_after =
        |made_by: &str| name == made_by || name.strip_prefix(made_by).is_some_and(|it| it.starts_with('-'));
    let made = || {
        world.is_operated_alike(object.app, namespace, name)
            || world.has_unknown_operator(object.app, namespace, Some(name))
            || inventory.apps_named(name).any(|entry| entry.app.id != object.app)
            || world.of_kind_in(object.app, namespace, "HelmRelease").any(|it| is_after(&it.name))
    };
    if reference.via != Via::Field || namespace.is_empty() || made() {
        return None;
    }
    let services = || {
        inventory.objects_of(object.app).iter().filter(|it| it.is("", "Service") && it.namespace == namespace)
    };
    let has = |it: &&ObjectFacts| {
        let ports = it.node.as_deref().map(|node| node.items(&["spec", "ports"])).unwrap_or_default();
        ports
            .iter()
            .any(|own| ["name", "port"].iter().any(|key| own.get(key).and_then(Node::scalar) == Some(port)))
    };
    let mut having = services().filter(has);
    let (Some(found), None) = (having.next(), having.next()) else { return None };
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    let is_used = || {
        inventory.referring(&found.name).any(|it| {
            it.references
                .iter()
                .any(|its| its.kind == "Service" && its.name == found.name && its.via != Via::Dns)
        })
    };
    let alike = || found.name.starts_with(name) || name.starts_with(found.name.as_str());
    let speaks = if is_number { alike() && !is_used() } else { found.name != *name };
    speaks.then(|| Evidence {
        why: format!("which nothing provides, but Service `{}` has the port `{port}`", found.name),
        help: Some(format!("did you mean `{}`?", found.name)),
        shown: Some((found.place, "this Service has the port".to_owned())),
        file: None,
        kind: false,
        sure: Confidence::Likely,
    })
}

/// The one app or release that a Service is called after, which deploys to another namespace.
fn of_other(
    inventory: &Inventory,
    world: World<'_>,
    object: &ObjectFacts,
    namespace: &str,
    reference: &Reference,
) -> Option<Evidence> {
    let mut name = reference.name.as_str();
    // `web-0.web` is a pod of a StatefulSet, behind the Service that it names.
    let ordinal = name.rsplit_once('-').map_or("", |(_, end)| end);
    if !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    loop {
        let named = inventory.apps_named(name).filter(|entry| {
            world.may_serve(entry.app.id, object.app)
                && matches!(entry.app.kind, AppKind::HelmRelease | AppKind::Application)
                && !entry.app.target_namespace.is_empty()
        });
        let named: Vec<&AppEntry> = named.collect();
        if let Some(first) = named.first() {
            let target = &first.app.target_namespace;
            let one = named.iter().all(|it| it.app.target_namespace == *target);
            return (one && *target != namespace).then(|| Evidence {
                why: format!(
                    "but `{name}` is deployed to namespace `{target}`, and nothing to `{namespace}`"
                ),
                help: Some(format!("say `{}.{target}`", reference.name)),
                shown: None,
                file: None,
                kind: false,
                sure: Confidence::Likely,
            });
        }
        name = name.rsplit_once('-')?.0;
    }
}

/// Whether a reference to a Service says a namespace that nothing of the repository deploys to.
pub fn is_nowhere(
    inventory: &Inventory,
    object: &ObjectFacts,
    namespace: &str,
    reference: &Reference,
) -> bool {
    reference.namespace.is_some() && !namespace.is_empty() && !inventory.has_namespace(object.app, namespace)
}

/// Absence in an app that was rendered in full, of a kind that apps bring along themselves, and where nothing that is not seen is
/// called alike.
fn absent(
    world: World<'_>,
    entry: &AppEntry,
    object: &ObjectFacts,
    namespace: &str,
    reference: &Reference,
) -> Option<Evidence> {
    let own = reference.group.is_empty()
        && matches!(reference.kind.as_str(), "PersistentVolumeClaim" | "ConfigMap" | "ServiceAccount");
    // Another revision of the same repository stands in for itself.
    let lacks = entry.incomplete.iter().any(|it| it.missing != Missing::StandIn);
    let whole =
        matches!(entry.status, Status::Rendered | Status::Partial) && !lacks && !entry.app.provisional;
    // A chart does not make the claim that it is told is there.
    let told = reference.via == Via::Values && reference.kind == "PersistentVolumeClaim";
    let namesake = || {
        if told {
            let mut mentioning = world.inventory.mentioning(&reference.name);
            mentioning.any(|it| world.may_serve(it.app, object.app))
        } else {
            world.has_namesake(object.app, namespace, &reference.name)
        }
    };
    if !own
        || !whole
        || entry.app.kind.is_loose()
        || !(told || reference.via == Via::Field)
        || namespace.is_empty()
        || namesake()
    {
        return None;
    }
    Some(Evidence {
        why: "which nothing provides".to_owned(),
        help: None,
        shown: None,
        file: None,
        kind: false,
        sure: Confidence::Likely,
    })
}
