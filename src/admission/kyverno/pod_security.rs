//! `validate.podSecurity`: a level of the Pod Security Standards, without the controls that it excludes. Mirrors `pkg/pss`.
//!
//! Standards are those of Kubernetes 1.25 and later. An exclusion of single fields, and one for a whole pod of what its containers lack,
//! decide otherwise upstream than they read: they are not executed.

use crate::k8s::{Control, PodSecurityLevel, PodTemplate, Violation, violations};
use crate::yaml::{Data, Node};

use super::super::policy::Subject;
use super::jmespath::Stop;
use super::scalar::wildcard;
use super::text;
use super::validate::{At, Verdict};

/// The first minor version whose standards are those of today.
const SINCE: u32 = 25;

/// A control as exclusions call it.
fn control(name: &str) -> Option<Control> {
    Some(match name {
        "Capabilities" => Control::Capabilities,
        "Seccomp" => Control::SeccompProfile,
        "Privileged Containers" => Control::PrivilegedContainers,
        "Host Ports" => Control::HostPorts,
        "/proc Mount Type" => Control::ProcMount,
        "HostProcess" => Control::HostProcess,
        "SELinux" => Control::SeLinux,
        "Host Namespaces" => Control::HostNamespaces,
        "HostPath Volumes" => Control::HostPathVolumes,
        "Sysctls" => Control::Sysctls,
        "AppArmor" => Control::AppArmor,
        "Privilege Escalation" => Control::PrivilegeEscalation,
        "Running as Non-root" => Control::RunAsNonRoot,
        "Running as Non-root user" => Control::RunAsUser,
        "Volume Types" => Control::VolumeTypes,
        _ => return None,
    })
}

/// Why a block cannot be executed about anything.
pub(super) fn unsupported(block: &Node) -> Option<String> {
    let level = text(block, &["level"]).unwrap_or_default();
    if PodSecurityLevel::from_name(level).is_none() {
        return Some(format!("its `podSecurity` has no level `{level}`"));
    }
    match text(block, &["version"]) {
        None | Some("" | "latest") => None,
        Some(version) => {
            let minor = version.strip_prefix("v1.").and_then(|it| it.parse::<u32>().ok());
            let is_known = minor.is_some_and(|minor| minor >= SINCE);
            (!is_known).then(|| format!("its `podSecurity` is of version `{version}`"))
        }
    }
}

/// What the standards say about the pods of an object.
pub(super) fn judge(block: &Node, subject: &Subject<'_>, seen: &Node) -> Result<Verdict, Stop> {
    let Some(level) = text(block, &["level"]).and_then(PodSecurityLevel::from_name) else {
        return Ok(Verdict::Skips);
    };
    let Some(pod) = PodTemplate::of(subject.group, subject.kind, seen) else { return Ok(Verdict::Skips) };
    // Everything is also held against the list of volumes that the restricted level allows.
    let of_level = |found: Vec<Violation>| -> Vec<Violation> {
        let mut found: Vec<Violation> = found.into_iter().filter(|it| it.level <= level).collect();
        if level == PodSecurityLevel::Restricted {
            let paths: Vec<Violation> =
                found.iter().filter(|it| it.control == Control::HostPathVolumes).cloned().collect();
            found.extend(paths.into_iter().map(|it| Violation { control: Control::VolumeTypes, ..it }));
        }
        found
    };
    let mut left = of_level(violations(&pod));
    for exclude in block.items(&["exclude"]) {
        if left.is_empty() {
            break;
        }
        let name = text(exclude, &["controlName"]).unwrap_or_default();
        let Some(excluded) = control(name) else {
            return Err(Stop::Unsupported(format!("it excludes the control `{name}`")));
        };
        if !left.iter().any(|it| it.control == excluded) {
            continue;
        }
        if text(exclude, &["restrictedField"]).is_some_and(|it| !it.is_empty()) {
            return Err(Stop::Unsupported("it excludes fields of controls".to_owned()));
        }
        let images: Vec<&str> = exclude.items(&["images"]).iter().filter_map(Node::as_str).collect();
        if images.is_empty() {
            let of_pod = |it: &Violation| it.lacks.is_none() && !it.field.contains("ontainers[");
            if left.iter().any(|it| it.control == excluded && it.lacks.is_some()) {
                return Err(Stop::Unsupported(format!("it excludes `{name}` for whole pods")));
            }
            left.retain(|it| it.control != excluded || !of_pod(it));
        } else {
            if left
                .iter()
                .any(|it| it.control == excluded && !it.field.contains("ontainers[") && it.lacks.is_none())
            {
                return Err(Stop::Unsupported(format!(
                    "it excludes `{name}` for images, which is said of the pod"
                )));
            }
            let spec = without_images(pod.spec, &images);
            let others = PodTemplate { spec: &spec, metadata: pod.metadata, path: pod.path };
            let still: Vec<Violation> = of_level(violations(&others));
            left.retain(|it| it.control != excluded);
            left.extend(still.into_iter().filter(|it| it.control == excluded));
        }
    }
    let Some(first) = left.first() else { return Ok(Verdict::Passes) };
    let message = left.iter().map(|it| it.message.as_str()).collect::<Vec<_>>().join("; ");
    let path = first.field.split(['.', '[', ']']).filter(|name| !name.is_empty());
    Ok(Verdict::Breaks { message, at: At::Path(path.map(ToOwned::to_owned).collect()) })
}

/// The spec of a pod without the containers of some images.
fn without_images(spec: &Node, images: &[&str]) -> Node {
    let mut spec = spec.clone();
    let is_one = |it: &Node| {
        let image = it.get("image").and_then(Node::as_str).unwrap_or_default();
        images.iter().any(|pattern| wildcard(pattern, image))
    };
    for name in ["containers", "initContainers", "ephemeralContainers"] {
        if let Some(list) = spec.as_map_mut().and_then(|map| map.get_mut(name))
            && let Data::Seq(items) = &mut list.data
        {
            items.retain(|it| !is_one(it));
        }
    }
    spec
}

#[cfg(test)]
mod tests {
    use super::super::super::Outcome;
    use super::super::super::tests::decide;

    /// Levels, excluded controls, and what is left undecided.
    #[test]
    fn judges_pods_by_level() {
        let policy = |block: &str| {
            format!(
                "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: p}}\nspec:\n  validationFailureAction: Enforce\n  rules:\n  \
                 - name: r\n    match: {{any: [{{resources: {{kinds: [Pod]}}}}]}}\n    validate: {{message: no, podSecurity: {{{block}}}}}\n"
            )
        };
        let object = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: shop}\nspec:\n  template:\n    spec:\n      hostNetwork: true\n      \
                      containers:\n      - {name: a, image: 'tools/a:1', securityContext: {privileged: true}}\n      - {name: b, image: 'b:1'}\n";
        let said = |block: &str| -> Vec<(Outcome, String)> {
            let all = decide(&policy(block), object);
            all.into_iter().map(|(_, outcome, field)| (outcome, field)).collect()
        };
        let privileged = "spec.template.spec.containers[0].securityContext.privileged";
        let found = said("level: baseline");
        assert!(
            matches!(&found[..], [(Outcome::Violated(words), _)] if words.contains("privileged")),
            "{found:?}"
        );
        let network = "{controlName: Host Namespaces}";
        let found = said(&format!("level: baseline, version: latest, exclude: [{network}]"));
        assert!(matches!(&found[..], [(Outcome::Violated(_), field)] if field == privileged), "{found:?}");
        let images = "{controlName: Privileged Containers, images: ['tools/*']}";
        assert_eq!(said(&format!("level: baseline, exclude: [{network}, {images}]")), []);
        assert_eq!(said("level: privileged"), []);
        for block in [
            "level: baseline, version: v1.20",
            "level: none",
            "level: baseline, exclude: [{controlName: Host Namespaces, restrictedField: spec.hostNetwork, values: ['true']}]",
            "level: restricted, exclude: [{controlName: Seccomp}]",
        ] {
            let found = said(block);
            assert!(matches!(&found[..], [(Outcome::Unchecked(_), _)]), "{block}: {found:?}");
        }
    }
}
