//! Which objects a policy or binding is about: `matchConstraints` and `matchResources`.

use crate::k8s::{selector_keys, selects, selects_all};
use crate::yaml::Node;

use super::policy::{Subject, Surroundings};

/// The label that every Namespace has.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// Whether it is about the object; `Err` says what would have to be known. `rules`: whether rules must be there.
pub(super) fn matches(
    resources: Option<&Node>,
    rules: bool,
    subject: &Subject<'_>,
    world: &dyn Surroundings,
) -> Result<bool, String> {
    let Some(resources) = resources.filter(|it| !it.is_null()) else { return Ok(!rules) };
    let wanted = resources.items(&["resourceRules"]);
    let named = if wanted.is_empty() { !rules } else { wanted.iter().any(|rule| has(rule, subject)) };
    let excluded = resources.items(&["excludeResourceRules"]).iter().any(|rule| has(rule, subject));
    // By default the API server converts what is about another version.
    let converts = resources.get("matchPolicy").and_then(Node::as_str) != Some("Exact");
    let of_kind = |rule: &Node| {
        let all = |field| is_listed(rule, field, &[]);
        !all("resources") && !all("apiGroups") && has_but_for_version(rule, subject)
    };
    let otherwise = !named && converts && wanted.iter().any(of_kind);
    if !named && !otherwise || excluded {
        return Ok(false);
    }
    if let Some(selector) = resources.get("objectSelector").filter(|it| !it.is_null()) {
        let chosen = |node: &Node| {
            let labels = node.at_path(&["metadata", "labels"]);
            selects(selector, &|name| labels?.get(name)?.scalar_text())
        };
        if !chosen(subject.node) && !subject.old.is_some_and(chosen) {
            return Ok(false);
        }
    }
    if otherwise {
        return Err(format!("it is about another version of {} than {}", subject.kind, subject.version));
    }
    match resources.get("namespaceSelector") {
        Some(selector) if !selects_all(selector) => in_namespaces(selector, subject, world),
        _ => Ok(true),
    }
}

fn in_namespaces(selector: &Node, subject: &Subject<'_>, world: &dyn Surroundings) -> Result<bool, String> {
    if subject.group.is_empty() && subject.kind == "Namespace" {
        let labels = subject.node.at_path(&["metadata", "labels"]);
        let label = |name: &str| {
            if name == NAME_LABEL { Some(subject.name) } else { labels?.get(name)?.scalar_text() }
        };
        return Ok(selects(selector, &label));
    }
    // Objects outside of namespaces are never left out.
    if !subject.namespaced {
        return Ok(true);
    }
    if selector_keys(selector).iter().all(|key| *key == NAME_LABEL) {
        return Ok(selects(selector, &|_| Some(subject.namespace)));
    }
    let Some(namespace) = world.namespace(subject.namespace) else {
        return Err(format!("the labels of namespace `{}` are not known here", subject.namespace));
    };
    let labels = namespace.at_path(&["metadata", "labels"]);
    let label = |name: &str| {
        if name == NAME_LABEL { Some(subject.namespace) } else { labels?.get(name)?.scalar_text() }
    };
    Ok(selects(selector, &label))
}

fn is_listed(rule: &Node, field: &str, wanted: &[&str]) -> bool {
    rule.items(&[field]).iter().filter_map(Node::as_str).any(|it| it == "*" || wanted.contains(&it))
}

/// Whether a rule names the kind of the object.
fn has(rule: &Node, subject: &Subject<'_>) -> bool {
    is_listed(rule, "apiVersions", &[subject.version]) && has_but_for_version(rule, subject)
}

fn has_but_for_version(rule: &Node, subject: &Subject<'_>) -> bool {
    let listed = |field: &str, wanted: &[&str]| is_listed(rule, field, wanted);
    let scope = match rule.get("scope").and_then(Node::as_str) {
        Some("Namespaced") => subject.namespaced,
        Some("Cluster") => !subject.namespaced,
        _ => true,
    };
    let names = rule.items(&["resourceNames"]);
    listed("operations", &[subject.operation()])
        && listed("apiGroups", &[subject.group])
        && listed("resources", &["*/*", &resource(subject.kind)])
        && scope
        && (names.is_empty() || names.iter().any(|name| name.as_str() == Some(subject.name)))
}

/// The resource of a kind, as `meta.UnsafeGuessKindToResource` guesses it, which is right for Kubernetes' own kinds.
pub(super) fn resource(kind: &str) -> String {
    let singular = kind.to_lowercase();
    if singular == "endpoints" {
        return singular;
    }
    match singular.strip_suffix('y') {
        Some(stem) if !singular.ends_with("ey") && !singular.ends_with("ay") => format!("{stem}ies"),
        _ if singular.ends_with('s') => format!("{singular}es"),
        _ => format!("{singular}s"),
    }
}
