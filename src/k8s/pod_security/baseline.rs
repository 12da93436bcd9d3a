//! The controls of the baseline level, apart from seccomp.

use crate::k8s::PodTemplate;
use crate::yaml::Node;

use super::PodSecurityLevel::Baseline;
use super::{Control, Violation, contexts, who, wrong};

/// Capabilities that containers have anyway.
const CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Sysctls that stay within the pod.
const SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

const SELINUX_TYPES: &[&str] =
    &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

pub(super) fn check(pod: &PodTemplate<'_>, found: &mut Vec<Violation>) {
    host(pod, found);
    for (context, path, who) in contexts(pod) {
        security_context(context, &path, &who, found);
    }
    app_armor_annotations(pod, found);
}

fn host(pod: &PodTemplate<'_>, found: &mut Vec<Violation>) {
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        if let Some(node) = pod.spec.get(key).filter(|node| node.as_bool() == Some(true)) {
            let field = format!("{}.{key}", pod.path);
            wrong(found, Control::HostNamespaces, Baseline, field, node, format!("`{key}` is not allowed"));
        }
    }
    for (index, volume) in pod.spec.items(&["volumes"]).iter().enumerate() {
        if let Some(node) = volume.get("hostPath") {
            let name = volume.get("name").and_then(Node::as_str).unwrap_or_default();
            let field = format!("{}.volumes[{index}].hostPath", pod.path);
            let message = format!("volume `{name}` is a hostPath, which is not allowed");
            wrong(found, Control::HostPathVolumes, Baseline, field, node, message);
        }
    }
    for container in pod.containers() {
        for (index, port) in container.node.items(&["ports"]).iter().enumerate() {
            if let Some(node) =
                port.get("hostPort").filter(|node| node.as_i64().is_some_and(|port| port != 0))
            {
                let field = container.path(pod, &format!("ports[{index}].hostPort"));
                let message = format!("{} uses a hostPort, which is not allowed", who(&container));
                wrong(found, Control::HostPorts, Baseline, field, node, message);
            }
        }
    }
    for (index, sysctl) in pod.spec.items(&["securityContext", "sysctls"]).iter().enumerate() {
        let Some(node) = sysctl.get("name") else { continue };
        if let Some(name) = node.as_str().filter(|name| !SYSCTLS.contains(name)) {
            let field = format!("{}.securityContext.sysctls[{index}].name", pod.path);
            wrong(found, Control::Sysctls, Baseline, field, node, format!("sysctl `{name}` is not allowed"));
        }
    }
}

fn security_context(context: &Node, path: &str, who: &str, found: &mut Vec<Violation>) {
    if let Some(node) = context.get("privileged").filter(|node| node.as_bool() == Some(true)) {
        let message = format!("{who} is privileged, which is not allowed");
        wrong(found, Control::PrivilegedContainers, Baseline, format!("{path}.privileged"), node, message);
    }
    let process = context.at_path(&["windowsOptions", "hostProcess"]);
    if let Some(node) = process.filter(|node| node.as_bool() == Some(true)) {
        let message = format!("{who} is a hostProcess, which is not allowed");
        let field = format!("{path}.windowsOptions.hostProcess");
        wrong(found, Control::HostProcess, Baseline, field, node, message);
    }
    for (index, node) in context.items(&["capabilities", "add"]).iter().enumerate() {
        if let Some(name) = node.as_str().filter(|name| !CAPABILITIES.contains(name)) {
            let message = format!("{who} adds capability `{name}`, which is not allowed");
            let field = format!("{path}.capabilities.add[{index}]");
            wrong(found, Control::Capabilities, Baseline, field, node, message);
        }
    }
    if let Some(node) = context.get("procMount")
        && let Some(value) = node.as_str().filter(|value| !matches!(*value, "" | "Default"))
    {
        let message = format!("{who} has procMount `{value}`, which is not allowed");
        wrong(found, Control::ProcMount, Baseline, format!("{path}.procMount"), node, message);
    }
    if let Some(options) = context.get("seLinuxOptions") {
        for key in ["type", "user", "role"] {
            let Some(node) = options.get(key) else { continue };
            let Some(value) = node.as_str() else { continue };
            if if key == "type" { !SELINUX_TYPES.contains(&value) } else { !value.is_empty() } {
                let message = format!("{who} has the seLinuxOptions {key} `{value}`, which is not allowed");
                wrong(
                    found,
                    Control::SeLinux,
                    Baseline,
                    format!("{path}.seLinuxOptions.{key}"),
                    node,
                    message,
                );
            }
        }
    }
    if let Some(node) = context.at_path(&["appArmorProfile", "type"])
        && let Some(value) = node.as_str().filter(|value| !matches!(*value, "RuntimeDefault" | "Localhost"))
    {
        let message = format!("{who} has appArmorProfile `{value}`, which is not allowed");
        wrong(found, Control::AppArmor, Baseline, format!("{path}.appArmorProfile.type"), node, message);
    }
}

fn app_armor_annotations(pod: &PodTemplate<'_>, found: &mut Vec<Violation>) {
    let annotations = pod.metadata.and_then(|metadata| metadata.get("annotations")).map(Node::entries);
    for entry in annotations.unwrap_or_default() {
        let Some(container) = entry.key.text.strip_prefix("container.apparmor.security.beta.kubernetes.io/")
        else {
            continue;
        };
        let value = entry.value.as_str().unwrap_or_default();
        if !(value.is_empty() || value == "runtime/default" || value.starts_with("localhost/")) {
            let message =
                format!("container `{container}` has AppArmor profile `{value}`, which is not allowed");
            let field =
                format!("{}.metadata.annotations[{}]", pod.path.trim_end_matches(".spec"), entry.key.text);
            wrong(found, Control::AppArmor, Baseline, field, &entry.value, message);
        }
    }
}
