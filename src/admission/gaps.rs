//! What of the policies is not executed: who, which rule, and why.

use smol_str::SmolStr;

use crate::origin::Place;
use crate::yaml::Node;

use super::policy::text;

/// A rule that is not executed, or not where it comes to a certain thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The policy.
    pub policy: SmolStr,
    /// The rule; empty where the policy is one.
    pub rule: SmolStr,
    /// What is not supported: `it uses \`apiCall\``.
    pub why: String,
    /// Whether it decides about objects; others change them, make them or verify images.
    pub validates: bool,
    /// Whether it is never executed; otherwise it is, as far as that does not matter.
    pub whole: bool,
    /// Where it is written.
    pub place: Place,
}

/// The rules of the policies of a repository, as far as they are executed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Share {
    /// Those that are not.
    pub gaps: Vec<Gap>,
    /// How many there are.
    pub rules: usize,
}

impl Share {
    /// How many decide about objects.
    pub fn validating(&self) -> usize {
        self.rules.saturating_sub(self.gaps.iter().filter(|gap| !gap.validates).count())
    }

    /// How many are executed whatever they are asked about.
    pub fn executed(&self) -> usize {
        self.rules.saturating_sub(self.gaps.len())
    }
}

const UNKNOWN_KIND: &str = "its kind is not known here";
const CHANGES: &str = "it changes objects, and is not applied";

/// What policies of this kind do that is not done here.
fn deed(group: &str, kind: &str) -> Option<&'static str> {
    Some(match (group, kind) {
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy")
        | ("policies.kyverno.io", "MutatingPolicy" | "NamespacedMutatingPolicy")
        | ("mutations.gatekeeper.sh", _) => CHANGES,
        ("policies.kyverno.io", "GeneratingPolicy" | "NamespacedGeneratingPolicy") => "it makes objects",
        ("policies.kyverno.io", "ImageValidatingPolicy" | "NamespacedImageValidatingPolicy") => {
            "it verifies images in registries"
        }
        ("policies.kyverno.io", "NamespacedValidatingPolicy") => UNKNOWN_KIND,
        ("expansion.gatekeeper.sh", "ExpansionTemplate") => "objects that controllers make are not here",
        _ => return None,
    })
}

/// Whether an object of that kind is a policy, or belongs to one.
pub fn is_policy(group: &str, kind: &str) -> bool {
    deed(group, kind).is_some()
        || match group {
            "admissionregistration.k8s.io" => {
                matches!(kind, "ValidatingAdmissionPolicy" | "ValidatingAdmissionPolicyBinding")
            }
            "kyverno.io" => matches!(kind, "ClusterPolicy" | "Policy" | "PolicyException"),
            "policies.kyverno.io" => matches!(kind, "ValidatingPolicy" | "PolicyException"),
            "templates.gatekeeper.sh" => kind == "ConstraintTemplate",
            "constraints.gatekeeper.sh" => true,
            "config.gatekeeper.sh" => kind == "Config",
            _ => false,
        }
}

/// Whether a policy may refuse something: Kyverno's may only change objects, or make others.
pub fn may_judge(group: &str, node: &Node) -> bool {
    let judges = |rule: &Node| rule.get("validate").is_some() || rule.get("verifyImages").is_some();
    let is_of_rules =
        group == "kyverno.io" && matches!(text(node, &["kind"]), Some("ClusterPolicy" | "Policy"));
    !is_of_rules || node.items(&["spec", "rules"]).iter().any(judges)
}

/// The gap that a whole object is, if it is one.
pub(super) fn of_object(group: &str, node: &Node) -> Option<Gap> {
    let why = deed(group, text(node, &["kind"])?)?;
    let name = node.at_path(&["metadata", "name"])?;
    let validates = why == UNKNOWN_KIND;
    let policy = name.as_str()?.into();
    let (rule, why) = (SmolStr::default(), why.to_owned());
    Some(Gap { policy, rule, why, validates, whole: true, place: name.place() })
}

/// The rules of a policy of Kyverno that do something else than validate.
pub(super) fn of_rules(node: &Node) -> Vec<Gap> {
    let Some(policy) = text(node, &["metadata", "name"]) else { return Vec::new() };
    let gap = |rule: &Node| {
        let why = match () {
            () if rule.get("validate").is_some() => return None,
            () if rule.get("mutate").is_some() => CHANGES,
            () if rule.get("generate").is_some() => "it makes objects",
            () if rule.get("verifyImages").is_some() => "it verifies images in registries",
            () => return None,
        };
        let name = rule.get("name");
        let place = name.map_or_else(|| rule.place(), Node::place);
        let rule = name.and_then(Node::as_str).unwrap_or_default().into();
        Some(Gap { policy: policy.into(), rule, why: why.to_owned(), validates: false, whole: true, place })
    };
    node.items(&["spec", "rules"]).iter().filter_map(gap).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Policies;
    use super::super::tests::read;

    /// What is not executed is named, with the reason.
    #[test]
    fn names_what_is_not_executed() {
        let policies = read(
        "
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: sidecar}
---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: inrego}
spec: {crd: {spec: {names: {kind: InRego}}}, targets: [{target: a, rego: package a}]}
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: several}
spec:
  rules:
  - {name: labels, mutate: {patchStrategicMerge: {}}}
  - {name: good, validate: {pattern: {metadata: {name: '?*'}}}}
  - {name: asks, context: [{name: a, apiCall: {urlPath: /}}], validate: {pattern: {metadata: {name: '{{ a }}'}}}}
  - {name: pods, validate: {podSecurity: {level: baseline}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: who}
spec: {validations: [{expression: 'request.userInfo.username != \"\"'}]}
",
    );
        let share = Policies::of(policies).share();
        let gaps: Vec<_> = share
            .gaps
            .iter()
            .map(|it| (it.policy.as_str(), it.rule.as_str(), it.why.as_str(), it.whole))
            .collect();
        let rego = if cfg!(feature = "rego") {
            "its Rego cannot be executed: not a valid rule path"
        } else {
            "its code is Rego, and this program was built without `--features rego`"
        };
        let wanted = [
            ("sidecar", "", "it changes objects, and is not applied", true),
            ("inrego", "", rego, true),
            ("several", "labels", "it changes objects, and is not applied", true),
            ("several", "asks", "it uses `apiCall`", false),
            ("who", "", "it asks for `request.userInfo`", false),
        ];
        assert_eq!(gaps, wanted);
        assert_eq!((share.executed(), share.validating(), share.rules), (2, 5, 7));
    }
}
