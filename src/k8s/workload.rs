//! Pods inside of workloads: one view for every kind that makes pods.

use crate::yaml::Node;

/// A pod as some workload makes it.
#[derive(Debug, Clone, Copy)]
pub struct PodTemplate<'a> {
    /// The pod's `spec`.
    pub spec: &'a Node,
    /// The pod's `metadata`.
    pub metadata: Option<&'a Node>,
    /// Path from the object to `spec`: `spec.template.spec`.
    pub path: &'static str,
}

/// Which list of a pod a container stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContainerKind {
    /// `initContainers`
    Init,
    /// `containers`
    Main,
    /// `ephemeralContainers`
    Ephemeral,
}

impl ContainerKind {
    /// The field of the pod spec.
    pub fn field(self) -> &'static str {
        match self {
            Self::Init => "initContainers",
            Self::Main => "containers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }

    /// `container`, `init container` or `ephemeral container`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Init => "init container",
            Self::Main => "container",
            Self::Ephemeral => "ephemeral container",
        }
    }
}

/// A container of a pod.
#[derive(Debug, Clone, Copy)]
pub struct Container<'a> {
    /// Its list.
    pub kind: ContainerKind,
    /// Its index there.
    pub index: usize,
    /// The container.
    pub node: &'a Node,
}

impl<'a> Container<'a> {
    /// `name`, or the empty string.
    pub fn name(&self) -> &'a str {
        self.node.get("name").and_then(Node::as_str).unwrap_or_default()
    }

    /// Path from the object: `spec.template.spec.containers[0]`, then `rest`.
    pub fn path(&self, pod: &PodTemplate<'_>, rest: &str) -> String {
        let dot = if rest.is_empty() { "" } else { "." };
        format!("{}.{}[{}]{dot}{rest}", pod.path, self.kind.field(), self.index)
    }
}

impl<'a> PodTemplate<'a> {
    /// The pod that an object of this group and kind makes; `None` for other kinds.
    pub fn of(group: &str, kind: &str, object: &'a Node) -> Option<Self> {
        let (path, template): (&'static str, &[&str]) = match (group, kind) {
            ("", "Pod") => ("spec", &[]),
            ("", "PodTemplate") => ("template.spec", &["template"]),
            ("batch", "CronJob") => {
                ("spec.jobTemplate.spec.template.spec", &["spec", "jobTemplate", "spec", "template"])
            }
            ("", "ReplicationController")
            | ("apps" | "extensions", "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet")
            | ("batch", "Job")
            | ("argoproj.io", "Rollout")
            | ("apps.openshift.io", "DeploymentConfig")
            | ("serving.knative.dev", "Service") => ("spec.template.spec", &["spec", "template"]),
            _ => return None,
        };
        let template = object.at_path(template)?;
        Some(Self { spec: template.get("spec")?, metadata: template.get("metadata"), path })
    }

    /// All containers: init, main, ephemeral.
    pub fn containers(&self) -> impl Iterator<Item = Container<'a>> + use<'a> {
        let spec = self.spec;
        [ContainerKind::Init, ContainerKind::Main, ContainerKind::Ephemeral].into_iter().flat_map(
            move |kind| {
                let list = spec.items(&[kind.field()]);
                list.iter().enumerate().map(move |(index, node)| Container { kind, index, node })
            },
        )
    }
}
