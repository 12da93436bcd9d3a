//! `unmatched-selector`: see the page.

use rustc_hash::FxHashMap;

use crate::finding::Confidence;
use crate::k8s;
use crate::near::is_slip;
use crate::origin::Place;
use crate::repo::{AppKind, Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, meta, missing, selectors, workloads};
use crate::world::{Selectable, World};
use crate::yaml::Node;

meta!("unmatched-selector", "references", Warning, Recommended, "0.1.0", "A selector selects nothing.");

pub(crate) struct UnmatchedSelector;

/// A selector of an object: where it is, and whether it is a plain map.
fn selector(object: &ObjectFacts) -> Option<(&Node, &'static str, bool)> {
    let node = object.node.as_deref()?;
    match (object.group.as_str(), object.kind.as_str()) {
        ("", "Service") => {
            let external = node.at_path(&["spec", "type"]).and_then(Node::as_str) == Some("ExternalName");
            let selector = node.at_path(&["spec", "selector"]).filter(|_| !external)?;
            Some((selector, "spec.selector", true))
        }
        ("policy", "PodDisruptionBudget") => {
            Some((node.at_path(&["spec", "selector"])?, "spec.selector", false))
        }
        ("networking.k8s.io", "NetworkPolicy") => {
            Some((node.at_path(&["spec", "podSelector"])?, "spec.podSelector", false))
        }
        ("monitoring.coreos.com", "PodMonitor" | "ServiceMonitor") => {
            Some((node.at_path(&["spec", "selector"])?, "spec.selector", false))
        }
        _ => None,
    }
}

/// The label of an object that can be selected: a pod's, or of a Service its own.
fn label<'a>(target: &'a ObjectFacts, name: &str) -> Option<&'a str> {
    match &target.pod {
        Some(pod) => match name {
            name if is_set_later(name) => Some(&target.name),
            _ => pod.label(name),
        },
        None => target.node.as_deref()?.at_path(&["metadata", "labels"])?.get(name)?.scalar_text(),
    }
}

/// Whether a selector fits the Service `kubernetes`, which every API server makes of itself in `default`.
fn selects_api_server(selector: &Node, namespaces: Option<&[&str]>) -> bool {
    let label = |name: &str| match name {
        "component" => Some("apiserver"),
        "provider" => Some("kubernetes"),
        _ => None,
    };
    namespaces.is_none_or(|names| names.contains(&"default")) && k8s::selects(selector, &label)
}

/// Whether labels are those of pods that installers of clusters bring: kubeadm's static pods, DNS, the proxy.
fn is_of_cluster(labels: &[crate::yaml::Entry]) -> bool {
    let names = [
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kube-proxy",
        "kube-dns",
        "kubelet",
        "coredns",
        "metrics-server",
    ];
    let is_name = |entry: &crate::yaml::Entry| {
        matches!(entry.key.text.as_str(), "component" | "k8s-app" | "app.kubernetes.io/name" | "app" | "tier")
            && entry
                .value
                .scalar_text()
                .is_some_and(|value| names.contains(&value) || value == "control-plane")
    };
    !labels.is_empty() && labels.iter().any(is_name)
}

/// Labels that controllers add to the pods that they make of a workload.
fn is_set_later(key: &str) -> bool {
    matches!(
        key,
        "statefulset.kubernetes.io/pod-name"
            | "apps.kubernetes.io/pod-index"
            | "batch.kubernetes.io/job-name"
            | "job-name"
    )
}

/// Labels that controllers set on pods they make at run time: nothing in a repository shows those pods.
fn is_of_runtime(key: &str) -> bool {
    // Who leads, Patroni, Vault and operators of Redis write down on their own pods.
    let Some((domain, _)) = key.split_once('/') else {
        return matches!(
            key,
            "role"
                | "spilo-role"
                | "redisfailovers-role"
                | "redis-role"
                | "vault-active"
                | "vault-initialized"
                | "vault-perf-standby"
                | "vault-sealed"
                | "vault-version"
        );
    };
    !matches!(domain, "app.kubernetes.io" | "k8s-app")
}

impl Rule for UnmatchedSelector {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        peers(inventory, world, cx);
        for object in &inventory.objects {
            // What no app deploys is a building block: others may add what it selects, but not what it just misses.
            let deployed = missing::is_deployed(inventory, object);
            let Some((selector, field, plain)) = selector(object) else { continue };
            if (plain && selector.entries().is_empty())
                || (!plain && k8s::selects_all(selector))
                || object.hook
            {
                continue;
            }
            let services = object.kind == "ServiceMonitor";
            let namespaces = selectors::namespaces(object);
            if services && selects_api_server(selector, namespaces.as_deref()) {
                continue;
            }
            let wanted = |target: &&ObjectFacts| {
                (if services { target.is("", "Service") } else { target.pod.is_some() })
                    && namespaces.as_ref().is_none_or(|names| {
                        names.contains(&target.namespace.as_str()) || target.namespace.is_empty()
                    })
                    && world.may_serve(target.app, object.app)
            };
            let selects = |target: &ObjectFacts| {
                let label = |name: &str| label(target, name);
                if plain { k8s::selects_map(selector, &label) } else { k8s::selects(selector, &label) }
            };
            // Most selectors select something, and that is soon found.
            let labels = if plain {
                selector.entries()
            } else {
                selector.get("matchLabels").map(Node::entries).unwrap_or_default()
            };
            let what = if services { Selectable::Services } else { Selectable::Pods };
            // What is told by labels alone is looked up; everything else is gone through.
            let told = labels
                .iter()
                .all(|entry| !is_set_later(&entry.key.text) && entry.value.scalar_text().is_some());
            let names = namespaces.as_deref().filter(|names| told && names.iter().all(|it| !it.is_empty()));
            // Operators make the Service of their own metrics when they run.
            let of_operator = |target: &ObjectFacts| {
                services
                    && target.pod.is_some()
                    && (target.name.contains("operator") || target.name.contains("controller"))
                    && selects(target)
            };
            let targets: Vec<&ObjectFacts> = match names {
                Some(names) => {
                    let spaces = || names.iter().flat_map(|name| [*name, ""]);
                    let all =
                        |what| spaces().flat_map(move |it| world.labelled(object.app, what, it, labels));
                    let mut any = spaces().flat_map(|name| world.selectable(object.app, what, name));
                    if all(what).any(selects)
                        || any.next().is_none()
                        || services && all(Selectable::Pods).any(of_operator)
                    {
                        continue;
                    }
                    spaces().flat_map(|it| world.nearly_labelled(object.app, what, it, labels)).collect()
                }
                None => {
                    let all = selectors::candidates(&world, object, namespaces.as_deref());
                    let targets: Vec<&ObjectFacts> = all.iter().copied().filter(wanted).collect();
                    // Where nothing could be selected at all, the pods come from somewhere else.
                    if targets.is_empty()
                        || targets.iter().any(|target| selects(target))
                        || all.into_iter().any(of_operator)
                    {
                        continue;
                    }
                    targets
                }
            };
            // What the cluster itself runs there is in no repository: its control plane, its DNS, its proxy.
            let of_cluster = |names: &Vec<&str>| names.contains(&"kube-system");
            if namespaces.as_ref().is_none_or(of_cluster) && is_of_cluster(labels) {
                continue;
            }
            let keys: Vec<&str> = if plain {
                selector.entries().iter().map(|it| it.key.text.as_str()).collect()
            } else {
                k8s::selector_keys(selector)
            };
            let opaque = |namespace: &str| {
                world.open(object.app, namespace, namespace.is_empty()).is_some()
                    || world.has_operator(object.app, namespace)
            };
            // What is selected has all the values: one that nothing unseen says is enough to know that it is not there.
            let values: Vec<&str> = labels.iter().filter_map(|entry| entry.value.scalar_text()).collect();
            let may_have = |namespace: &str| {
                opaque(namespace) && values.iter().all(|value| world.may_say(object.app, namespace, value))
            };
            let anywhere = |holds: &dyn Fn(&str) -> bool| {
                namespaces.as_ref().map_or_else(|| holds(""), |names| names.iter().any(|name| holds(name)))
            };
            // Only those of its own app count: they are few.
            let own = || {
                inventory.objects_of(object.app).iter().filter(|target| {
                    let there = |names: &[&str]| {
                        target.namespace.is_empty() || names.contains(&target.namespace.as_str())
                    };
                    wanted(target) && namespaces.as_deref().is_none_or(there)
                })
            };
            let unseen = anywhere(&may_have);
            // Pods that are not seen may have the very label, but hardly one that misses ours by a letter.
            let missed = slip(own(), object, labels, !unseen);
            let absent = || {
                namespaces
                    .iter()
                    .flatten()
                    .any(|namespace| values.iter().any(|value| world.is_of_absent_system(namespace, value)))
            };
            if keys.iter().any(|key| is_of_runtime(key))
                || missed.is_none() && (!deployed || unseen || absent())
            {
                continue;
            }
            let open = !deployed || anywhere(&opaque);
            let sure = if open { Confidence::Likely } else { Confidence::Certain };
            let word = if services { "Service" } else { "pod" };
            let message = format!("{} `{}` selects no {word}", object.kind, object.name);
            let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
            let mut object_ref = object.to_ref(cluster);
            object_ref.field = Some(field.to_owned());
            let close = closest(selector, &targets, plain).filter(|_| missed.is_none());
            let near = near(own(), labels).filter(|_| close.is_none() && missed.is_none());
            // In the open only what it just misses speaks for a slip.
            if sure == Confidence::Likely && close.is_none() && near.is_none() && missed.is_none() {
                continue;
            }
            let mut report = cx
                .report(selector.place(), message)
                .apps([object.app])
                .object_ref(object_ref)
                .confidence(sure);
            if let Some((target, place, words, help)) = missed {
                let words = format!("{} `{}` has {words}", target.kind, target.name);
                report = report.related(target.place, words).help(help).related(place, "this label");
            }
            if let Some(target) = near {
                report = report.related(target.place, "this one has other values of those labels");
            }
            if let Some((target, key, value)) = close {
                let words = match label(target, key) {
                    Some(has) => format!("{} `{}` has `{key}: {has}`", target.kind, target.name),
                    None => format!("{} `{}` has no label `{key}`", target.kind, target.name),
                };
                report =
                    report.related(target.place, words).help(format!("`{key}: {value}` selects nothing"));
            }
        }
    }
}

/// What a selector just misses in its own app: a label whose key or value is a letter off, or those of what has its own name. With the
/// label of the selector, and words about both.
fn slip<'a>(
    own: impl Iterator<Item = &'a ObjectFacts>,
    object: &ObjectFacts,
    labels: &[crate::yaml::Entry],
    namesakes: bool,
) -> Option<(&'a ObjectFacts, Place, String, String)> {
    let has = |target: &ObjectFacts, entry: &crate::yaml::Entry| {
        entry.value.scalar_text().is_some_and(|value| label(target, &entry.key.text) == Some(value))
    };
    let mut found = None;
    for target in own {
        let mut wrong = labels.iter().filter(|entry| !has(target, entry));
        let Some(entry) = wrong.next() else { continue };
        let (key, Some(value)) = (entry.key.text.as_str(), entry.value.scalar_text()) else { continue };
        let told = if wrong.next().is_some() {
            None
        } else if let Some(theirs) = label(target, key) {
            // What has the name of the selecting object is what it selects, whatever the value is.
            // Rollouts give the pods of their experiments labels of their own.
            let namesake = namesakes
                && object.is("", "Service")
                && target.name == object.name
                && target.pod.is_some()
                && k8s::is_built_in(&target.group);
            (namesake || theirs.len() > 3 && is_slip(value, theirs))
                .then(|| (entry.value.place(), key.to_owned(), theirs.to_owned()))
        } else {
            let theirs = target.pod.iter().flat_map(|pod| &pod.labels);
            let mut theirs = theirs.filter(|(other, its)| its == value && is_slip(key, other));
            theirs.next().map(|(other, its)| (entry.value.place(), other.to_string(), its.to_string()))
        };
        let Some((place, their_key, theirs)) = told else { continue };
        let words = format!("`{their_key}: {theirs}`");
        match &found {
            None => {
                let help = format!("did you mean {words}? `{key}: {value}` selects nothing");
                found = Some((target, place, words, help));
            }
            // Two that are alike say nothing about which is meant.
            Some((_, _, known, _)) if *known != words => return None,
            Some(_) => {}
        }
    }
    found
}

/// The one target of the same app that has all labels of a selector, with other values: who writes the one writes the other.
fn near<'a>(
    mut own: impl Iterator<Item = &'a ObjectFacts>,
    labels: &[crate::yaml::Entry],
) -> Option<&'a ObjectFacts> {
    let (Some(target), None) = (own.next(), own.next()) else { return None };
    let has = !labels.is_empty() && labels.iter().all(|entry| label(target, &entry.key.text).is_some());
    has.then_some(target)
}

/// The target that all labels but one select, with that label.
fn closest<'a>(
    selector: &'a Node,
    targets: &[&'a ObjectFacts],
    plain: bool,
) -> Option<(&'a ObjectFacts, &'a str, &'a str)> {
    let labels = if plain { Some(selector) } else { selector.get("matchLabels") };
    let entries = labels?.entries();
    targets.iter().find_map(|target| {
        let mut wrong =
            entries.iter().filter(|entry| label(target, &entry.key.text) != entry.value.scalar_text());
        let first = wrong.next()?;
        (wrong.next().is_none() && entries.len() > 1).then_some((
            *target,
            first.key.text.as_str(),
            first.value.scalar_text()?,
        ))
    })
}

/// Peers of a NetworkPolicy that name a namespace by the label `name`, which nobody sets.
fn peers(inventory: &Inventory, world: World<'_>, cx: &mut Context<'_>) {
    // Namespaces by their label `name`.
    let mut labelled: FxHashMap<&str, Vec<&ObjectFacts>> = FxHashMap::default();
    for namespace in inventory.of_kind("Namespace").filter(|it| it.group.is_empty()) {
        let label = namespace.node.as_deref().and_then(|node| node.at_path(&["metadata", "labels", "name"]));
        if let Some(label) = label.and_then(Node::scalar_text) {
            labelled.entry(label).or_default().push(namespace);
        }
    }
    for object in inventory.objects.iter().filter(|it| it.is("networking.k8s.io", "NetworkPolicy")) {
        let chart = inventory.app(object.app).is_none_or(|entry| entry.app.kind == AppKind::Chart);
        let Some(node) = object.node.as_deref().filter(|_| !chart) else { continue };
        for (list, peers) in [("ingress", "from"), ("egress", "to")] {
            for (index, rule) in node.items(&["spec", list]).iter().enumerate() {
                for (item, peer) in rule.items(&[peers]).iter().enumerate() {
                    let field = format!("spec.{list}[{index}].{peers}[{item}].namespaceSelector.matchLabels");
                    misspelt_namespace(inventory, object, peer, &field, cx);
                    let Some(label) = peer.at_path(&["namespaceSelector", "matchLabels", "name"]) else {
                        continue;
                    };
                    let Some(name) =
                        label.as_str().filter(|name| lacks_label(world, labelled.get(name), object, name))
                    else {
                        continue;
                    };
                    let message = format!(
                        "{} `{}` selects namespaces with the label `name: {name}`, which no namespace has",
                        object.kind, object.name
                    );
                    let field = format!("{field}.name");
                    // Those that the cluster comes with may have been labelled by hand.
                    let sure =
                        if OWN_NAMESPACES.contains(&name) { Confidence::Likely } else { Confidence::Certain };
                    cx.report(label.place(), message)
                        .apps([object.app])
                        .object_ref(workloads::field_ref(inventory, object, &field))
                        .confidence(sure)
                        .help(format!("every namespace has the label `kubernetes.io/metadata.name: {name}`"))
                        .mend(|at, mender| {
                            let fix = mender.rename(at, "name", "kubernetes.io/metadata.name")?;
                            let list = format!("spec.{list}");
                            Some(fix.changing([list.as_str()]).not_safe())
                        });
                }
            }
        }
    }
}

/// A peer whose namespace nothing creates, and which one that is here misses by a letter.
fn misspelt_namespace(
    inventory: &Inventory,
    object: &ObjectFacts,
    peer: &Node,
    field: &str,
    cx: &mut Context<'_>,
) {
    const LABEL: &str = "kubernetes.io/metadata.name";
    let label = peer.at_path(&["namespaceSelector", "matchLabels", LABEL]);
    let Some((label, name)) = label.and_then(|label| Some((label, label.as_str()?))) else { return };
    if OWN_NAMESPACES.contains(&name) || inventory.has_namespace(object.app, name) {
        return;
    }
    let mut known = inventory.of_kind("Namespace").map(|it| it.name.as_str()).chain(OWN_NAMESPACES);
    let Some(meant) = known.find(|it| it.len() > 3 && is_slip(name, it)) else { return };
    let message =
        format!("{} `{}` selects the namespace `{name}`, which nothing creates", object.kind, object.name);
    cx.report(label.place(), message)
        .apps([object.app])
        .object_ref(workloads::field_ref(inventory, object, &format!("{field}[{LABEL}]")))
        .help(format!("did you mean `{meant}`?"))
        .likely();
}

/// The namespaces that Kubernetes makes itself.
const OWN_NAMESPACES: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

/// Whether it can be told that no namespace is labelled with this name: those that Kubernetes makes are not, and those made
/// here show their labels.
fn lacks_label(
    world: World<'_>,
    labelled: Option<&Vec<&ObjectFacts>>,
    object: &ObjectFacts,
    name: &str,
) -> bool {
    if labelled.into_iter().flatten().any(|it| world.may_serve(it.app, object.app)) {
        return false;
    }
    let own = OWN_NAMESPACES.contains(&name);
    let mut named = world.named(object.app, "", "Namespace", name);
    own || named.any(|it| it.group.is_empty())
}
