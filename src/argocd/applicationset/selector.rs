//! Label selectors over parameters and cluster labels.
//!
//! Mirrors `applicationset/utils/selector.go`: values are not validated, `NotIn` and `DoesNotExist` match absent keys.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::argocd::SECRET_TYPE;
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

/// The labels that a selector asks for, in the order in which they are written.
pub(super) fn keys(selector: Option<&Node>) -> impl Iterator<Item = &str> {
    let labels = selector.and_then(|selector| selector.get("matchLabels")).map(Node::entries);
    let expressions = selector.map(|selector| selector.items(&["matchExpressions"]));
    let labels = labels.unwrap_or_default().iter().map(|entry| entry.key.text.as_str());
    let expressions = expressions.unwrap_or_default().iter();
    labels.chain(expressions.filter_map(|expression| expression.get("key")?.as_str()))
}

/// The labels of a cluster that is assumed to be selected, as far as a selector says them; `None` where what is known of it speaks
/// against that, or nothing speaks for it. `is_called` tells whether its name has a word.
pub(super) fn assume(
    selector: Option<&Node>,
    mut labels: BTreeMap<SmolStr, SmolStr>,
    is_called: &dyn Fn(&str) -> bool,
) -> Option<BTreeMap<SmolStr, SmolStr>> {
    let Some(selector) = selector else { return Some(labels) };
    // That a cluster has something switched on says nothing about what it is called.
    let is_switch = |value: &str| matches!(value, "true" | "enabled" | "yes" | "on");
    let mut require = |key: &str, values: &[&str]| {
        let fits = match labels.get(key) {
            Some(known) => values.contains(&known.as_str()),
            None => values.iter().any(|value| is_switch(value) || is_called(value)),
        };
        let value = values.iter().find(|value| is_switch(value) || is_called(value));
        if let Some(value) = value.filter(|_| fits) {
            labels.entry(key.into()).or_insert_with(|| SmolStr::new(value));
        }
        fits
    };
    for entry in selector.get("matchLabels").map(Node::entries).unwrap_or_default() {
        let value = entry.value.scalar().map(SmolStr::as_str).unwrap_or_default();
        if entry.key.text != SECRET_TYPE && !require(&entry.key.text, &[value]) {
            return None;
        }
    }
    for expression in selector.items(&["matchExpressions"]) {
        let text = |key| expression.get(key).and_then(Node::scalar).map(SmolStr::as_str).unwrap_or_default();
        let values: Vec<&str> =
            expression.items(&["values"]).iter().filter_map(Node::scalar).map(SmolStr::as_str).collect();
        let fits = match text("operator") {
            "In" => text("key") == SECRET_TYPE || require(text("key"), &values),
            "NotIn" => !values.iter().any(|value| is_called(value)),
            "Exists" | "DoesNotExist" => true,
            _ => false,
        };
        if !fits {
            return None;
        }
    }
    // What is known may contradict what was not looked at: labels that must not be there, or have another value.
    let get = |key: &str| labels.get(key).map(ToString::to_string);
    let contradicts = selector.items(&["matchExpressions"]).iter().any(|expression| {
        let operator = expression.get("operator").and_then(Node::as_str);
        matches!(operator, Some("NotIn" | "DoesNotExist")) && !matches_expression(expression, &get)
    });
    (!contradicts).then_some(labels)
}

/// Who reads a selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// Kubernetes, over the labels of cluster Secrets: values must be valid label values.
    Kubernetes,
    /// The ApplicationSet controller, over parameters: any value will do.
    Parameters,
}

/// What is refused about a selector, and where.
pub(super) fn problem(selector: &Node, reader: Reader) -> Option<(Place, String)> {
    let wrong_key = |key: &str| {
        (!is_qualified_name(key))
            .then(|| format!("error parsing label selector: \"{key}\" is no valid label key"))
    };
    let wrong_value = |value: &str| {
        let wrong = reader == Reader::Kubernetes && !is_label_value(value);
        wrong.then(|| format!("error parsing label selector: \"{value}\" is no valid label value"))
    };
    let text = |node: &Node| node.as_str().unwrap_or_default().to_owned();
    for entry in selector.get("matchLabels").map(Node::entries).unwrap_or_default() {
        if let Some(message) = wrong_key(&entry.key.text).or_else(|| wrong_value(&text(&entry.value))) {
            return Some((entry.value.place(), message));
        }
    }
    for expression in selector.items(&["matchExpressions"]) {
        let operator = expression.get("operator").map(text).unwrap_or_default();
        let values = expression.items(&["values"]);
        let wrong = match operator.as_str() {
            "In" | "NotIn" if values.is_empty() => Some(
                "error parsing label selector: for 'in', 'notin' operators, values set can't be empty"
                    .to_owned(),
            ),
            "Exists" | "DoesNotExist" if !values.is_empty() => Some(
                "error parsing label selector: values set must be empty for exists and does not exist"
                    .to_owned(),
            ),
            "In" | "NotIn" | "Exists" | "DoesNotExist" => None,
            other => Some(format!(
                "error parsing label selector: \"{other}\" is not a valid pod selector operator"
            )),
        };
        let wrong = wrong
            .or_else(|| wrong_key(&expression.get("key").map(text).unwrap_or_default()))
            .or_else(|| values.iter().find_map(|value| wrong_value(&text(value))));
        if let Some(message) = wrong {
            return Some((expression.place(), message));
        }
    }
    None
}

/// `validation.IsQualifiedName`: a name, perhaps behind a DNS subdomain and a slash.
fn is_qualified_name(key: &str) -> bool {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let label = |part: &str| {
        let inner = part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
        inner && !part.is_empty() && !part.starts_with('-') && !part.ends_with('-')
    };
    let subdomain = prefix.is_none_or(|prefix| prefix.len() <= 253 && prefix.split('.').all(label));
    subdomain && !name.is_empty() && is_label_value(name)
}

/// `validation.IsValidLabelValue`.
fn is_label_value(value: &str) -> bool {
    let inner = value.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'));
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    inner && value.len() <= 63 && edge(value.chars().next()) && edge(value.chars().next_back())
}

/// Whether a selector block selects by anything at all.
pub(super) fn is_empty(selector: Option<&Node>) -> bool {
    selector.is_none_or(|selector| {
        let labels = selector.get("matchLabels").map(Node::entries).unwrap_or_default();
        labels.is_empty() && selector.items(&["matchExpressions"]).is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::{Dialect, parse};

    fn selector(text: &str) -> Node {
        let file = Sources::new().add("s", text.into());
        let mut node = parse(&file).documents.remove(0).root.unwrap();
        node.canonicalize(Dialect::Sigs).unwrap();
        node
    }

    #[test]
    fn selects_as_the_controller_does() {
        for (text, env, want) in [
            ("{}", None, true),
            ("{matchLabels: {env: prod}}", Some("prod"), true),
            ("{matchLabels: {env: prod}}", None, false),
            ("{matchExpressions: [{key: env, operator: In, values: [a, prod]}]}", Some("prod"), true),
            ("{matchExpressions: [{key: env, operator: In, values: [a]}]}", None, false),
            ("{matchExpressions: [{key: env, operator: NotIn, values: [prod]}]}", None, true),
            ("{matchExpressions: [{key: env, operator: NotIn, values: [prod]}]}", Some("prod"), false),
            ("{matchExpressions: [{key: env, operator: Exists}]}", Some(""), true),
            ("{matchExpressions: [{key: env, operator: DoesNotExist}]}", None, true),
            ("{matchExpressions: [{key: env, operator: DoesNotExist}]}", Some("x"), false),
        ] {
            let get = |key: &str| env.filter(|_| key == "env").map(str::to_owned);
            assert_eq!(matches(Some(&selector(text)), get), want, "{text} {env:?}");
        }
    }

    #[test]
    fn refuses_what_the_tools_refuse() {
        use Reader::{Kubernetes, Parameters};
        for (text, reader, wrong) in [
            ("{matchLabels: {server: 'https://x'}}", Parameters, false),
            ("{matchLabels: {server: 'https://x'}}", Kubernetes, true),
            ("{matchLabels: {env: '{{env}}'}}", Kubernetes, true),
            ("{matchLabels: {example.com/env: ''}}", Kubernetes, false),
            ("{matchLabels: {'path[0]': a}}", Parameters, true),
            ("{matchExpressions: [{key: env, operator: in, values: [a]}]}", Parameters, true),
            ("{matchExpressions: [{key: env, operator: In}]}", Parameters, true),
            ("{matchExpressions: [{key: env, operator: Exists, values: [a]}]}", Parameters, true),
        ] {
            assert_eq!(problem(&selector(text), reader).is_some(), wrong, "{text}");
        }
    }
}
