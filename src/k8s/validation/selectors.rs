//! Selectors of labels and of nodes, and references, which stand in many kinds.

use crate::yaml::Node;

use super::at::{At, Found, final_text};
use super::shape::Shape;

/// A mapping of labels.
pub(super) fn labels(at: &At<'_>, name: &str, found: &mut Found) {
    for (entry, value) in at.entries(name) {
        let key = entry.key.text.as_str();
        if !key.contains(['$', '{', '<'])
            && let Some(why) = Shape::Qualified.error(key)
        {
            found.wrong_key(&value, entry, format!("`{key}` cannot be the key of a label: {why}"), None);
        }
        if let Some(text) = final_text(value.node)
            && let Some(why) = Shape::LabelValue.error(text)
        {
            found.wrong(&value, format!("`{text}` cannot be the value of a label: {why}"));
        }
    }
}

/// A `LabelSelector`.
pub(super) fn label_selector(at: &At<'_>, name: &str, found: &mut Found) {
    if let Some(selector) = at.get(name) {
        label_selector_at(&selector, found);
    }
}

pub(super) fn label_selector_at(selector: &At<'_>, found: &mut Found) {
    labels(selector, "matchLabels", found);
    for item in selector.items("matchExpressions") {
        match item.text("operator") {
            "In" | "NotIn" => found.need(&item, &["values"]),
            "Exists" | "DoesNotExist" if item.is_filled("values") => {
                let words = format!("`operator: {}` takes no `values`", item.text("operator"));
                found.not_with(&item, "values", words);
            }
            "Exists" | "DoesNotExist" => {}
            "" => found.fill(&item, &["operator"]),
            _ => found.one_of(&item, "operator", &["In", "NotIn", "Exists", "DoesNotExist"]),
        }
        found.fill(&item, &["key"]);
        found.shape(&item, "key", Shape::Qualified);
        found.shapes(&item, "values", Shape::LabelValue);
    }
}

/// A `NodeSelector`; `strict`: values must be those of labels.
pub(super) fn node_selector(selector: &At<'_>, strict: bool, found: &mut Found) {
    found.fill(selector, &["nodeSelectorTerms"]);
    for term in selector.items("nodeSelectorTerms") {
        node_selector_term(&term, strict, found);
    }
}

pub(super) fn node_selector_term(term: &At<'_>, strict: bool, found: &mut Found) {
    for item in term.items("matchExpressions") {
        let values = item.node.items(&["values"]).len();
        match item.text("operator") {
            "In" | "NotIn" => found.need(&item, &["values"]),
            "Exists" | "DoesNotExist" if values > 0 => {
                found.not_with(&item, "values", "`Exists` and `DoesNotExist` take no `values`");
            }
            "Exists" | "DoesNotExist" => {}
            "Gt" | "Lt" if values != 1 => found.need_one_value(&item),
            "Gt" | "Lt" => {}
            "" => found.fill(&item, &["operator"]),
            _ => found.one_of(&item, "operator", &["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]),
        }
        found.fill(&item, &["key"]);
        found.shape(&item, "key", Shape::Qualified);
        if strict {
            found.shapes(&item, "values", Shape::LabelValue);
        }
    }
    for item in term.items("matchFields") {
        found.one_of(&item, "key", &["metadata.name"]);
        found.one_of(&item, "operator", &["In", "NotIn"]);
        found.fill(&item, &["key", "operator"]);
        if item.node.items(&["values"]).len() != 1 {
            found.need_one_value(&item);
        }
        found.shapes(&item, "values", Shape::Subdomain);
    }
}

/// A `TopologySelectorTerm` of a StorageClass.
pub(super) fn topology_term(term: &At<'_>, found: &mut Found) {
    let mut keys: Vec<&str> = Vec::new();
    for item in term.items("matchLabelExpressions") {
        found.fill(&item, &["key", "values"]);
        found.shape(&item, "key", Shape::Qualified);
        let key = item.text("key");
        if keys.contains(&key) {
            found.not_with(&item, "key", format!("`{key}` is here twice"));
        }
        keys.push(key);
        let mut values: Vec<&str> = Vec::new();
        for value in item.items("values") {
            let text = value.node.as_str().unwrap_or_default();
            if values.contains(&text) {
                found.wrong(&value, format!("`{text}` is here twice"));
            }
            values.push(text);
        }
    }
}

impl Found {
    fn need_one_value(&mut self, item: &At<'_>) {
        let words = format!("`operator: {}` takes exactly one value", item.text("operator"));
        match item.get("values").filter(|values| values.node.as_seq().is_some()) {
            Some(values) => self.wrong(&values, words),
            None => self.lack(item, "values", words, None),
        }
    }

    /// A reference to an object of the same namespace must have a name, which can be one.
    pub(super) fn local_reference(&mut self, at: &At<'_>, name: &str) {
        if let Some(reference) = at.get(name) {
            self.need(&reference, &["name"]);
            self.shape(&reference, "name", Shape::Subdomain);
        }
    }
}

/// Tolerations of pods and of runtime classes.
pub(super) fn tolerations(at: &At<'_>, found: &mut Found) {
    for toleration in at.items("tolerations").filter(At::is_map) {
        let (operator, effect) = (toleration.text("operator"), toleration.text("effect"));
        found.shape(&toleration, "key", Shape::Qualified);
        match operator {
            "Exists" if !toleration.text("value").is_empty() => {
                if let Some(value) = toleration.get("value") {
                    let words = "a toleration with `operator: Exists` cannot have a `value`";
                    found.wrong_help(&value, words, "remove the value, or use `operator: Equal`");
                }
            }
            "Exists" => {}
            "Equal" | "" => found.shape(&toleration, "value", Shape::LabelValue),
            "Lt" | "Gt" => {}
            _ => found.one_of(&toleration, "operator", &["Exists", "Equal", "Lt", "Gt"]),
        }
        if toleration.text("key").is_empty() && operator != "Exists" {
            let words = "a toleration without a `key` must have `operator: Exists`";
            let near = toleration.get("operator").or_else(|| toleration.get("effect"));
            found.wrong(near.as_ref().unwrap_or(&toleration), words);
        }
        if toleration.has("tolerationSeconds") && effect != "NoExecute" && !effect.contains(['$', '{']) {
            let words = "`tolerationSeconds` needs `effect: NoExecute`";
            found.not_with(&toleration, "tolerationSeconds", words);
        }
        found.one_of(&toleration, "effect", &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
    }
}

/// Whether a quantity is below zero.
pub(super) fn negative(node: &Node) -> bool {
    matches!(crate::k8s::node_quantity(node), Ok(Some(value)) if value < 0.0)
}
