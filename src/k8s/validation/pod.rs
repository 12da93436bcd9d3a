//! Pods: names, network, security, scheduling.

use std::collections::{BTreeMap, BTreeSet};

use crate::k8s::{ContainerKind, PodTemplate};
use crate::yaml::Node;

use super::at::{At, Found, final_text};
use super::selectors::{label_selector, labels, negative, node_selector, node_selector_term, tolerations};
use super::shape::Shape;
use super::{container, volume};

/// A pod, and what it is part of.
pub(super) struct Pod<'a> {
    /// Its spec.
    pub(super) spec: At<'a>,
    /// Whether it is a Pod itself, not the template of one.
    pub(super) is_pod: bool,
}

impl Pod<'_> {
    fn os(&self) -> &str {
        self.spec.node.at_path(&["os", "name"]).and_then(Node::as_str).unwrap_or_default()
    }

    pub(super) fn is_windows(&self) -> bool {
        self.os() == "windows"
    }

    pub(super) fn is_linux(&self) -> bool {
        self.os() == "linux"
    }
}

pub(super) fn check(template: &PodTemplate<'_>, is_pod: bool, found: &mut Found) {
    let pod = Pod { spec: At::root(template.spec, template.path), is_pod };
    let spec = &pod.spec;
    if !spec.is_map() {
        return;
    }
    found.fill(spec, &["containers"]);
    names(&pod, found);
    for kind in [ContainerKind::Init, ContainerKind::Main, ContainerKind::Ephemeral] {
        for container in spec.items(kind.field()) {
            container::check(&container, kind, &pod, found);
            if let Some(context) = container.get("securityContext") {
                host_process(spec, &context, found);
            }
        }
    }
    host_ports(&pod, found);
    if spec.is_filled("ephemeralContainers") {
        let words = "`ephemeralContainers` cannot be set: they are added to a pod that runs";
        found.not_with(spec, "ephemeralContainers", words);
    }
    for volume in spec.items("volumes") {
        volume::check(&volume, found);
    }
    identity(&pod, found);
    dns(spec, found);
    security(&pod, found);
    affinity(spec, found);
    tolerations(spec, found);
    spread(spec, found);
    labels(spec, "nodeSelector", found);
    gates(&pod, found);
    if let Some(resources) = spec.get("resources") {
        for section in ["requests", "limits"] {
            for (entry, value) in resources.entries(section) {
                let name = entry.key.text.as_str();
                if !matches!(name, "cpu" | "memory") && !name.starts_with("hugepages-") && !name.contains('$')
                {
                    found.wrong_key(&value, entry, format!("`{name}` is no resource of a whole pod"), None);
                }
            }
        }
        found.not_with(&resources, "claims", "`claims` belong to containers, not to the whole pod");
    }
    for (entry, value) in spec.entries("overhead") {
        if let Some(why) = container::resource_name_error(&entry.key.text) {
            let colon = if why.is_empty() { "" } else { ": " };
            found.wrong_key(&value, entry, format!("`{}` is no resource{colon}{why}", entry.key.text), None);
        }
        if negative(value.node) {
            found.wrong(&value, "a quantity must not be negative");
        }
    }
    for claim in spec.items("resourceClaims").filter(At::is_map) {
        found.fill(&claim, &["name"]);
        found.shape(&claim, "name", Shape::Label);
        found.one_field(&claim, &["resourceClaimName", "resourceClaimTemplateName"], 1);
        found.shape(&claim, "resourceClaimName", Shape::Subdomain);
        found.shape(&claim, "resourceClaimTemplateName", Shape::Subdomain);
    }
    annotations(template, found);
}

/// Names of containers.
fn names(pod: &Pod<'_>, found: &mut Found) {
    let mut seen: BTreeMap<&str, ContainerKind> = BTreeMap::new();
    for kind in [ContainerKind::Init, ContainerKind::Main, ContainerKind::Ephemeral] {
        for container in pod.spec.items(kind.field()) {
            let Some(node) = container.get("name") else { continue };
            let Some(name) = container.node.get("name").and_then(final_text).filter(|name| !name.is_empty())
            else {
                continue;
            };
            if let Some(why) = Shape::Label.error(name) {
                found.wrong(&node, format!("`{name}` cannot be the name of a container: {why}"));
            } else if seen.insert(name, kind).is_some_and(|other| other != kind) {
                // Within one list the schema tells.
                let who = match kind {
                    ContainerKind::Ephemeral => "an ephemeral container and another one",
                    _ => "an init container and a container",
                };
                found.wrong(&node, format!("{who} are both called `{name}`"));
            }
        }
    }
}

/// Ports of the host: each once. Init containers run one after the other: each may have them.
fn host_ports(pod: &Pod<'_>, found: &mut Found) {
    let mut seen: BTreeSet<(i64, String)> = BTreeSet::new();
    for container in pod.spec.items("containers") {
        for port in container.items("ports") {
            let Some(number) = port.int("hostPort").filter(|number| *number != 0) else { continue };
            let protocol = if port.is_filled("protocol") { port.text("protocol") } else { "TCP" };
            if !seen.insert((number, format!("{protocol} {}", port.text("hostIP")))) {
                found.not_with(&port, "hostPort", format!("port {number} of the host is taken twice"));
            }
        }
    }
}

/// Names that the pod has or refers to, and its time.
fn identity(pod: &Pod<'_>, found: &mut Found) {
    let spec = &pod.spec;
    for name in ["serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName"] {
        found.shape(spec, name, Shape::Subdomain);
    }
    // What it was called once stands in for it.
    if !spec.is_filled("serviceAccountName") {
        found.shape(spec, "serviceAccount", Shape::Subdomain);
    }
    found.shape(spec, "hostname", Shape::Label);
    found.shape(spec, "subdomain", Shape::Label);
    found.range(spec, "activeDeadlineSeconds", 1, i64::from(i32::MAX));
    found.one_of(spec, "preemptionPolicy", &["Never", "PreemptLowerPriority"]);
    for alias in spec.items("hostAliases") {
        found.shape(&alias, "ip", Shape::Ip);
        found.fill(&alias, &["ip"]);
        found.shapes(&alias, "hostnames", Shape::Subdomain);
    }
    if spec.is_true("shareProcessNamespace") && spec.is_true("hostPID") {
        found.not_with(
            spec,
            "shareProcessNamespace",
            "`shareProcessNamespace` and `hostPID` exclude each other",
        );
    }
    if spec.is_false("hostUsers") {
        for name in ["hostNetwork", "hostPID", "hostIPC"].into_iter().filter(|name| spec.is_true(name)) {
            found.not_with(spec, name, format!("`{name}` cannot be set with `hostUsers: false`"));
        }
        for container in spec.items("containers").filter(|it| it.is_filled("volumeDevices")) {
            found.not_with(&container, "volumeDevices", "devices cannot be used with `hostUsers: false`");
        }
    }
    if spec.is_filled("hostnameOverride") {
        for name in ["setHostnameAsFQDN", "hostNetwork"].into_iter().filter(|name| spec.is_true(name)) {
            found.not_with(
                spec,
                "hostnameOverride",
                format!("`hostnameOverride` and `{name}` exclude each other"),
            );
        }
        found.shape(spec, "hostnameOverride", Shape::Subdomain);
    }
    if let Some(os) = spec.get("os").filter(At::is_map) {
        found.fill(&os, &["name"]);
        found.one_of(&os, "name", &["linux", "windows"]);
    }
}

fn dns(spec: &At<'_>, found: &mut Found) {
    let is_none = spec.text("dnsPolicy") == "None";
    if is_none && spec.node.items(&["dnsConfig", "nameservers"]).is_empty() {
        let words = "`dnsPolicy: None` needs at least one name server in `dnsConfig`";
        found.not_with(spec, "dnsPolicy", words);
    }
    let Some(config) = spec.get("dnsConfig") else { return };
    found.shapes(&config, "nameservers", Shape::Ip);
    found.shapes(&config, "searches", Shape::Search);
    for (name, most) in [("nameservers", 3), ("searches", 32)] {
        if config.node.items(&[name]).len() > most {
            found.not_with(&config, name, format!("`{name}` has more than {most} entries"));
        }
    }
    for option in config.items("options").filter(At::is_map) {
        found.need(&option, &["name"]);
    }
}

fn security(pod: &Pod<'_>, found: &mut Found) {
    let spec = &pod.spec;
    let Some(context) = spec.get("securityContext") else { return };
    container::shared_security(&context, found);
    found.range(&context, "fsGroup", 0, i64::from(i32::MAX));
    found.one_of(&context, "fsGroupChangePolicy", &["OnRootMismatch", "Always"]);
    found.one_of(&context, "seLinuxChangePolicy", &["Recursive", "MountOption"]);
    found.one_of(&context, "supplementalGroupsPolicy", &["Merge", "Strict"]);
    for group in context.items("supplementalGroups") {
        if group.node.as_i64().is_some_and(|id| !(0..=i64::from(i32::MAX)).contains(&id)) {
            found.wrong(&group, "the id of a group must be between 0 and 2147483647");
        }
    }
    let mut seen: Vec<&str> = Vec::new();
    for item in context.node.items(&["sysctls"]) {
        seen.extend(item.get("name").and_then(Node::as_str));
    }
    for (index, sysctl) in context.items("sysctls").enumerate() {
        found.fill(&sysctl, &["name"]);
        found.shape(&sysctl, "name", Shape::Sysctl);
        let name = sysctl.text("name");
        if seen.iter().take(index).any(|other| *other == name) && !name.is_empty() {
            found.not_with(&sysctl, "name", format!("`{name}` is set twice"));
        }
        let plain = name.replace('/', ".");
        if plain.starts_with("net.") && spec.is_true("hostNetwork") {
            found.not_with(&sysctl, "name", format!("`{name}` cannot be set in the network of the host"));
        }
        let shared = ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."];
        if shared.iter().any(|start| plain.starts_with(start)) && spec.is_true("hostIPC") {
            found.not_with(&sysctl, "name", format!("`{name}` cannot be set with `hostIPC`"));
        }
    }
    if pod.is_linux() {
        found.not_with(&context, "windowsOptions", "`windowsOptions` cannot be set for a pod of Linux");
    } else if pod.is_windows() {
        for name in [
            "appArmorProfile",
            "seLinuxOptions",
            "seccompProfile",
            "fsGroup",
            "fsGroupChangePolicy",
            "sysctls",
            "runAsUser",
            "runAsGroup",
            "supplementalGroups",
            "supplementalGroupsPolicy",
            "seLinuxChangePolicy",
        ] {
            found.not_with(&context, name, format!("`{name}` cannot be set for a pod of Windows"));
        }
        for name in ["hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"] {
            if name == "hostUsers" || spec.is_true(name) || name == "shareProcessNamespace" {
                found.not_with(spec, name, format!("`{name}` cannot be set for a pod of Windows"));
            }
        }
    }
    host_process(spec, &context, found);
}

/// A process of a host of Windows needs its network, whether the pod or a container asks for it.
fn host_process(spec: &At<'_>, context: &At<'_>, found: &mut Found) {
    let asked = context.node.at_path(&["windowsOptions", "hostProcess"]).and_then(Node::as_bool);
    if asked == Some(true) && !spec.is_true("hostNetwork") {
        found.not_with(context, "windowsOptions", "`hostProcess: true` needs `hostNetwork: true`");
    }
}

fn affinity(spec: &At<'_>, found: &mut Found) {
    const HARD: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const SOFT: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    let Some(affinity) = spec.get("affinity") else { return };
    for kind in ["podAffinity", "podAntiAffinity"] {
        let Some(rules) = affinity.get(kind) else { continue };
        for term in rules.items(HARD) {
            affinity_term(&term, found);
        }
        for item in rules.items(SOFT) {
            found.range(&item, "weight", 1, 100);
            if let Some(term) = item.get("podAffinityTerm") {
                affinity_term(&term, found);
            }
        }
    }
    let Some(nodes) = affinity.get("nodeAffinity") else { return };
    if let Some(required) = nodes.get(HARD) {
        node_selector(&required, true, found);
    }
    for item in nodes.items(SOFT) {
        found.range(&item, "weight", 1, 100);
        if let Some(preference) = item.get("preference") {
            node_selector_term(&preference, false, found);
        }
    }
}

fn affinity_term(term: &At<'_>, found: &mut Found) {
    if let Some(key) = term.get("topologyKey").filter(|key| key.node.as_str() == Some("")) {
        found.wrong(&key, "`topologyKey` is empty");
    }
    found.shape(term, "topologyKey", Shape::Qualified);
    found.shapes(term, "namespaces", Shape::Label);
    label_selector(term, "labelSelector", found);
    label_selector(term, "namespaceSelector", found);
    for name in ["matchLabelKeys", "mismatchLabelKeys"] {
        label_keys(term, name, found);
    }
}

/// Keys of labels whose values are taken from the pod: they need a selector, and stand once.
fn label_keys(at: &At<'_>, name: &str, found: &mut Found) {
    if at.is_filled(name) && !at.has("labelSelector") {
        found.not_with(at, name, format!("`{name}` needs `labelSelector`"));
    }
    found.shapes(at, name, Shape::Qualified);
}

fn spread(spec: &At<'_>, found: &mut Found) {
    for constraint in spec.items("topologySpreadConstraints").filter(At::is_map) {
        found.range(&constraint, "maxSkew", 1, i64::MAX);
        found.range(&constraint, "minDomains", 1, i64::MAX);
        found.fill(&constraint, &["topologyKey", "whenUnsatisfiable"]);
        found.shape(&constraint, "topologyKey", Shape::Qualified);
        found.one_of(&constraint, "whenUnsatisfiable", &["DoNotSchedule", "ScheduleAnyway"]);
        found.one_of(&constraint, "nodeAffinityPolicy", &["Honor", "Ignore"]);
        found.one_of(&constraint, "nodeTaintsPolicy", &["Honor", "Ignore"]);
        if constraint.text("whenUnsatisfiable") == "ScheduleAnyway" {
            found.not_with(
                &constraint,
                "minDomains",
                "`minDomains` needs `whenUnsatisfiable: DoNotSchedule`",
            );
        }
        label_selector(&constraint, "labelSelector", found);
        label_keys(&constraint, "matchLabelKeys", found);
    }
}

fn gates(pod: &Pod<'_>, found: &mut Found) {
    for gate in pod.spec.items("readinessGates") {
        found.fill(&gate, &["conditionType"]);
        found.shape(&gate, "conditionType", Shape::Qualified);
    }
    for gate in pod.spec.items("schedulingGates") {
        found.fill(&gate, &["name"]);
        found.shape(&gate, "name", Shape::Qualified);
    }
    if pod.is_pod && pod.spec.is_filled("schedulingGates") && pod.spec.is_filled("nodeName") {
        found.not_with(
            &pod.spec,
            "nodeName",
            "`nodeName` cannot be set as long as there are `schedulingGates`",
        );
    }
}

/// Annotations that fields took the place of.
fn annotations(template: &PodTemplate<'_>, found: &mut Found) {
    let Some(metadata) = template.metadata else { return };
    let path = match template.path.strip_suffix("spec") {
        Some("") | None => "metadata".to_owned(),
        Some(above) => format!("{above}metadata"),
    };
    let metadata = At::root(metadata, &path);
    let profile = |text: &str| {
        matches!(text, "runtime/default" | "docker/default" | "unconfined")
            || text.strip_prefix("localhost/").is_some_and(|rest| Shape::Descending.error(rest).is_none())
    };
    for (entry, value) in metadata.entries("annotations") {
        let Some(text) = final_text(value.node) else { continue };
        if let Some(name) = entry.key.text.strip_prefix("container.apparmor.security.beta.kubernetes.io/") {
            let mut containers = template.containers();
            if !containers.any(|container| container.name() == name) && !name.contains(['$', '{']) {
                let words = format!("the pod has no container `{name}`");
                found.wrong_key(&value, entry, words, None);
            }
            if !text.is_empty()
                && !matches!(text, "runtime/default" | "unconfined")
                && !text.starts_with("localhost/")
            {
                found.wrong(&value, format!("`{text}` is no profile of AppArmor"));
            }
        }
        let seccomp = entry.key.text.starts_with("container.seccomp.security.alpha.kubernetes.io/")
            || entry.key.text == "seccomp.security.alpha.kubernetes.io/pod";
        if seccomp && !profile(text) {
            found.wrong(&value, format!("`{text}` is no profile of seccomp"));
        }
        if entry.key.text == "controller.kubernetes.io/pod-deletion-cost" && parse_cost(text).is_none() {
            found.wrong(&value, format!("`{text}` is no integer of 32 bits"));
        }
    }
}

fn parse_cost(text: &str) -> Option<i32> {
    let plain = text.strip_prefix('-').unwrap_or(text);
    (!text.starts_with('+') && (plain == "0" || !plain.starts_with('0'))).then(|| text.parse().ok())?
}
