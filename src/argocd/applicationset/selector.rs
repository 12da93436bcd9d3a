//! Label selectors over parameters and cluster labels.
//!
//! Mirrors `applicationset/utils/selector.go`: values are not validated, `NotIn` and `DoesNotExist` match absent keys.

use crate::origin::Place;
use crate::yaml::Node;

/// Whether a `{matchLabels, matchExpressions}` block matches. An absent block matches everything.
pub(super) fn matches(selector: Option<&Node>, get: impl Fn(&str) -> Option<String>) -> bool {
    let Some(selector) = selector else { return true };
    let labels = selector.get("matchLabels").map(Node::entries).unwrap_or_default();
    let equal = labels.iter().all(|entry| {
        let want = entry.value.scalar().map(smol_str::SmolStr::as_str).unwrap_or_default();
        get(&entry.key.text).as_deref() == Some(want)
    });
    equal
        && selector.items(&["matchExpressions"]).iter().all(|expression| matches_expression(expression, &get))
}

fn matches_expression(expression: &Node, get: &impl Fn(&str) -> Option<String>) -> bool {
    let text =
        |key| expression.get(key).and_then(Node::scalar).map(smol_str::SmolStr::as_str).unwrap_or_default();
    let value = get(text("key"));
    let listed = |value: &str| {
        expression.items(&["values"]).iter().any(|item| item.scalar().is_some_and(|item| item == value))
    };
    match text("operator") {
        "In" => value.is_some_and(|value| listed(&value)),
        "NotIn" => value.is_none_or(|value| !listed(&value)),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        // Argo CD refuses an unknown operator; nothing can match it.
        _ => false,
    }
}

/// What Argo CD refuses about a selector, and where.
pub(super) fn problem(selector: &Node) -> Option<(Place, String)> {
    selector.items(&["matchExpressions"]).iter().find_map(|expression| {
        let operator = expression.get("operator");
        let text = operator.and_then(Node::as_str).unwrap_or_default();
        let values = expression.items(&["values"]).len();
        let wrong = match text {
            "In" | "NotIn" => (values == 0).then(|| {
                "error parsing label selector: for 'in', 'notin' operators, values set can't be empty"
                    .to_owned()
            }),
            "Exists" | "DoesNotExist" => (values > 0).then(|| {
                "error parsing label selector: values set must be empty for exists and does not exist"
                    .to_owned()
            }),
            other => Some(format!(
                "error parsing label selector: \"{other}\" is not a valid pod selector operator"
            )),
        };
        wrong.map(|message| (operator.unwrap_or(expression).place(), message))
    })
}

/// Whether a selector block selects by anything at all.
pub(super) fn is_empty(selector: Option<&Node>) -> bool {
    selector.is_none_or(|selector| {
        let labels = selector.get("matchLabels").map(Node::entries).unwrap_or_default();
        labels.is_empty() && selector.items(&["matchExpressions"]).is_empty()
    })
}
