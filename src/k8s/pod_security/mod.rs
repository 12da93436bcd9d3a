//! The Pod Security Standards: what the `baseline` and `restricted` levels forbid.
//!
//! Mirrors `k8s.io/pod-security-admission/policy`. Each violation names the field that would have to change: where it is
//! missing, the nearest block that could hold it.

use crate::origin::Place;
use crate::yaml::Node;

use super::{Container, PodTemplate};

mod baseline;
mod restricted;
mod seccomp;

/// A level of the standards, as in the label `pod-security.kubernetes.io/enforce`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodSecurityLevel {
    /// Anything goes.
    Privileged,
    /// No known privilege escalation.
    Baseline,
    /// Hardened.
    Restricted,
}

impl PodSecurityLevel {
    /// The level of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "privileged" => Some(Self::Privileged),
            "baseline" => Some(Self::Baseline),
            "restricted" => Some(Self::Restricted),
            _ => None,
        }
    }
}

/// A control of the standards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Control {
    /// `seccompProfile` must be `RuntimeDefault` or `Localhost`.
    SeccompProfile,
    /// No `hostProcess` containers of Windows.
    HostProcess,
    /// No `hostNetwork`, `hostPID`, `hostIPC`.
    HostNamespaces,
    /// No `privileged` containers.
    PrivilegedContainers,
    /// No capabilities beyond the usual; restricted: drop `ALL`, add `NET_BIND_SERVICE` at most.
    Capabilities,
    /// No `hostPath` volumes.
    HostPathVolumes,
    /// No `hostPort`s.
    HostPorts,
    /// `appArmorProfile` must not be switched off.
    AppArmor,
    /// `seLinuxOptions` only of the container types.
    SeLinux,
    /// `procMount` must be the default.
    ProcMount,
    /// Safe sysctls only.
    Sysctls,
    /// Volumes of the harmless types only.
    VolumeTypes,
    /// `allowPrivilegeEscalation: false`.
    PrivilegeEscalation,
    /// `runAsNonRoot: true`.
    RunAsNonRoot,
    /// `runAsUser` must not be 0.
    RunAsUser,
}

/// Something that a level forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The control.
    pub control: Control,
    /// The least strict level that forbids it.
    pub level: PodSecurityLevel,
    /// Path of the field from the object.
    pub field: String,
    /// The value, or the block that lacks it.
    pub place: Place,
    /// What is wrong, ready for a message.
    pub message: String,
    /// The key that the block lacks.
    pub lacks: Option<&'static str>,
}

/// Everything that some level forbids about a pod.
pub fn violations(pod: &PodTemplate<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    seccomp::check(pod, &mut found);
    baseline::check(pod, &mut found);
    restricted::check(pod, &mut found);
    found
}

/// Whether the pod says that it runs on Windows, where some controls do not apply.
fn is_windows(pod: &PodTemplate<'_>) -> bool {
    pod.spec.at_path(&["os", "name"]).and_then(Node::as_str) == Some("windows")
}

/// Adds a violation at a node.
fn wrong(
    found: &mut Vec<Violation>,
    control: Control,
    level: PodSecurityLevel,
    field: String,
    node: &Node,
    message: String,
) {
    found.push(Violation { control, level, field, place: node.place(), message, lacks: None });
}

/// The security context of the pod, then those of its containers, with the path of each and who it is for.
fn contexts<'a>(pod: &PodTemplate<'a>) -> Vec<(&'a Node, String, String)> {
    let own = pod
        .spec
        .get("securityContext")
        .map(|it| (it, format!("{}.securityContext", pod.path), "the pod".to_owned()));
    let containers = pod.containers().filter_map(|container| {
        let context = container.node.get("securityContext")?;
        Some((context, container.path(pod, "securityContext"), who(&container)))
    });
    own.into_iter().chain(containers).collect()
}

/// A container in words.
fn who(container: &Container<'_>) -> String {
    format!("{} `{}`", container.kind.noun(), container.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::{Cache, Dialect};

    fn controls(spec: &str) -> Vec<(Control, PodSecurityLevel)> {
        let sources = Sources::new();
        let text = format!("kind: Pod\nspec:\n{spec}");
        let tree = crate::source::MemoryTree::of(&sources, [("pod.yaml", text.as_str())]);
        let path = crate::source::TreePath::new("pod.yaml").unwrap();
        let file = crate::source::Tree::read(&tree, &path).unwrap();
        let stream = Cache::new(sources).stream(&file);
        let mut root = stream.documents[0].root.clone().unwrap();
        root.canonicalize(Dialect::Sigs).unwrap();
        let pod = PodTemplate::of("", "Pod", &root).unwrap();
        violations(&pod).into_iter().map(|it| (it.control, it.level)).collect()
    }

    #[test]
    fn judges_pods() {
        use Control::{
            AppArmor, Capabilities, HostNamespaces, HostPathVolumes, HostPorts, PrivilegeEscalation,
            PrivilegedContainers, ProcMount, RunAsNonRoot, RunAsUser, SeLinux, SeccompProfile, Sysctls,
            VolumeTypes,
        };
        use PodSecurityLevel::{Baseline, Restricted};
        let good = "  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\n  containers:\n  - name: a\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}";
        let container = |more: &str| format!("{good}{more}}}\n");
        let pod = |more: &str| format!("{good}}}\n  {more}\n");
        assert_eq!(controls(&container("")), vec![]);
        let bare = vec![
            (SeccompProfile, Restricted),
            (RunAsNonRoot, Restricted),
            (PrivilegeEscalation, Restricted),
            (Capabilities, Restricted),
        ];
        assert_eq!(controls("  containers: [{name: a}]\n"), bare);
        for (spec, want) in [
            (container(", privileged: true"), vec![(PrivilegedContainers, Baseline)]),
            (container(", procMount: Unmasked"), vec![(ProcMount, Baseline)]),
            (container(", runAsUser: 0"), vec![(RunAsUser, Restricted)]),
            (container(", runAsNonRoot: false"), vec![(RunAsNonRoot, Restricted)]),
            (container(", seLinuxOptions: {type: spc_t}"), vec![(SeLinux, Baseline)]),
            (container(", appArmorProfile: {type: Unconfined}"), vec![(AppArmor, Baseline)]),
            (pod("hostNetwork: true"), vec![(HostNamespaces, Baseline)]),
            (pod("volumes: [{name: x, hostPath: {path: /}}]"), vec![(HostPathVolumes, Baseline)]),
            (pod("volumes: [{name: x, nfs: {path: /}}]"), vec![(VolumeTypes, Restricted)]),
            (pod("volumes: [{name: x, emptyDir: {}}]"), vec![]),
            (pod("initContainers: [{name: i, ports: [{hostPort: 80}], securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]"), vec![(HostPorts, Baseline)]),
            ("  os: {name: windows}\n  securityContext: {runAsNonRoot: true, sysctls: [{name: kernel.msgmax}]}\n  containers: [{name: a}]\n".into(), vec![(Sysctls, Baseline)]),
        ] {
            assert_eq!(controls(&spec), want, "{spec}");
        }
        let added = controls(
            "  securityContext: {runAsNonRoot: true, seccompProfile: {type: Localhost}}\n  containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [SYS_ADMIN, NET_BIND_SERVICE]}}}]\n",
        );
        assert_eq!(added, vec![(Capabilities, Baseline), (Capabilities, Restricted)]);
    }
}
