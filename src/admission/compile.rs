//! Whether the expressions of an object can be compiled: what cannot be read, and names that nothing declares.
//!
//! Mirrors, as far as that goes without types, what `k8s.io/apiserver/pkg/admission/plugin/cel` and
//! `k8s.io/dynamic-resource-allocation/cel` compile when an object is created. Not here: types, costs, and expressions
//! that make objects, as those of mutations do.

use crate::cel::Program;
use crate::origin::Place;
use crate::yaml::Node;

/// An expression that the API server does not compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadExpression {
    /// Path of the field.
    pub path: String,
    /// The expression.
    pub place: Place,
    /// What is wrong, whole.
    pub words: String,
}

/// Types, and what functions of libraries begin with.
pub(super) const KNOWN: [&str; 32] = [
    "int",
    "uint",
    "double",
    "bool",
    "string",
    "bytes",
    "list",
    "map",
    "type",
    "null_type",
    "dyn",
    "duration",
    "timestamp",
    "optional_type",
    "google",
    "math",
    "sets",
    "strings",
    "optional",
    "base64",
    "cel",
    "ip",
    "cidr",
    "format",
    "regex",
    "lists",
    "net",
    "k8s",
    "kubernetes",
    "semver",
    "quantity",
    "url",
];

/// Expressions of an object of that kind that cannot be compiled.
pub fn bad_expressions(group: &str, kind: &str, node: &Node) -> Vec<BadExpression> {
    let mut found = Vec::new();
    match (group, kind) {
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy" | "MutatingAdmissionPolicy") => {
            policy(node, &mut found);
        }
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
        ) => {
            for (index, webhook) in node.items(&["webhooks"]).iter().enumerate() {
                conditions(webhook, &format!("webhooks[{index}]"), false, &mut found);
            }
        }
        ("resource.k8s.io", "DeviceClass") => {
            for (index, selector) in node.items(&["spec", "selectors"]).iter().enumerate() {
                let path = format!("spec.selectors[{index}].cel.expression");
                check(selector.at_path(&["cel", "expression"]), path, &["device"], &mut found);
            }
        }
        _ => {}
    }
    found
}

/// Conditions of what is asked; `param`: whether there are parameters.
fn conditions(node: &Node, path: &str, param: bool, found: &mut Vec<BadExpression>) {
    let mut names = vec!["object", "oldObject", "request", "authorizer"];
    if param {
        names.push("params");
    }
    for (index, condition) in node.items(&["matchConditions"]).iter().enumerate() {
        let path = format!("{path}.matchConditions[{index}].expression");
        check(condition.get("expression"), path, &names, found);
    }
}

fn policy(node: &Node, found: &mut Vec<BadExpression>) {
    let Some(spec) = node.get("spec") else { return };
    let param = spec.get("paramKind").is_some_and(|it| !it.is_null());
    conditions(spec, "spec", param, found);
    let mut names = vec!["object", "oldObject", "request", "authorizer", "namespaceObject", "variables"];
    if param {
        names.push("params");
    }
    for (list, fields) in [
        ("variables", &["expression"][..]),
        ("validations", &["expression", "messageExpression"]),
        ("auditAnnotations", &["valueExpression"]),
    ] {
        for (index, item) in spec.items(&[list]).iter().enumerate() {
            for field in fields {
                let path = format!("spec.{list}[{index}].{field}");
                check(item.get(field), path, &names, found);
            }
        }
    }
    mutations(spec, &names, found);
}

/// What mutations are made of, where no object is made in it.
fn mutations(spec: &Node, names: &[&str], found: &mut Vec<BadExpression>) {
    for (index, mutation) in spec.items(&["mutations"]).iter().enumerate() {
        for kind in ["jsonPatch", "applyConfiguration"] {
            let path = format!("spec.mutations[{index}].{kind}.expression");
            check(mutation.at_path(&[kind, "expression"]), path, names, found);
        }
    }
}

fn check(node: Option<&Node>, path: String, names: &[&str], found: &mut Vec<BadExpression>) {
    let Some(node) = node else { return };
    let Some(text) = node.as_str().filter(|text| !text.trim().is_empty() && !is_open(text)) else { return };
    let words = match Program::new(text) {
        Err(error) => Some(format!("the expression cannot be read: {error}")),
        Ok(program) => {
            let free = program.free_names();
            let unknown =
                free.iter().find(|name| !names.contains(&name.as_str()) && !KNOWN.contains(&name.as_str()));
            unknown.map(|name| {
                format!("the expression names `{name}`, which is not there: it has `{}`", names.join("`, `"))
            })
        }
    };
    found.extend(words.map(|words| BadExpression { path, place: node.place(), words }));
}

/// Whether something is filled in first, or an object is made, which the reader does not know.
fn is_open(text: &str) -> bool {
    let makes = |at: usize| {
        text.get(..at).is_some_and(|before| before.trim_end().ends_with(|c: char| c.is_ascii_alphanumeric()))
    };
    text.contains("${") || text.contains("{{") || text.match_indices('{').any(|(at, _)| makes(at))
}
