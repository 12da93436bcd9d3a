//! `preconditions` and `deny.conditions`: those whose keys are plain paths.

use smol_str::SmolStr;

use crate::yaml::Node;

use super::super::policy::Subject;
use super::scalar::wildcard;

/// Whether conditions hold; those that are not there do. `Err` says what is not known.
pub(super) fn hold(conditions: Option<&Node>, seen: &Node, subject: &Subject<'_>) -> Result<bool, String> {
    let Some(conditions) = conditions.filter(|it| !it.is_null()) else { return Ok(true) };
    let all =
        |list: &[Node]| list.iter().map(|it| holds(it, seen, subject)).collect::<Result<Vec<bool>, String>>();
    if let Some(list) = conditions.as_seq() {
        return Ok(all(list)?.into_iter().all(|it| it));
    }
    let (any, every) = (conditions.items(&["any"]), conditions.items(&["all"]));
    let any = any.is_empty() || all(any)?.into_iter().any(|it| it);
    Ok(any && all(every)?.into_iter().all(|it| it))
}

fn holds(condition: &Node, seen: &Node, subject: &Subject<'_>) -> Result<bool, String> {
    let text = |key: &str| condition.get(key).and_then(Node::as_str);
    let key = text("key").ok_or("a condition without a key in words")?;
    let key = resolve(key, seen, subject)?;
    let value = condition.get("value").ok_or("a condition without a value")?;
    let values: Vec<&Node> = value.as_seq().map_or_else(|| vec![value], |list| list.iter().collect());
    let values: Option<Vec<&str>> = values.into_iter().map(Node::scalar_text).collect();
    let values = values.filter(|values| !values.iter().any(|it| it.contains("{{")));
    let values = values.ok_or("a condition compares with something that is no text")?;
    // Numbers, times and quantities are compared in ways of their own.
    let is_plain = |text: &str| !text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+');
    if !is_plain(&key) || !values.iter().all(|it| is_plain(it)) {
        return Err("a condition compares numbers".to_owned());
    }
    let listed = values.iter().any(|it| wildcard(it, &key));
    match text("operator").unwrap_or_default().to_lowercase().as_str() {
        "equal" | "equals" if value.as_seq().is_none() => Ok(listed),
        "notequal" | "notequals" if value.as_seq().is_none() => Ok(!listed),
        "in" | "anyin" | "allin" => Ok(listed),
        "notin" | "anynotin" | "allnotin" => Ok(!listed),
        other => Err(format!("a condition uses the operator `{other}`")),
    }
}

/// The text that `{{ request.operation }}` or `{{ request.object.metadata.name }}` stands for.
fn resolve(key: &str, seen: &Node, subject: &Subject<'_>) -> Result<SmolStr, String> {
    if !key.contains("{{") {
        return Ok(key.into());
    }
    let unknown = || format!("a condition asks for `{key}`");
    let inner = key.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).ok_or_else(unknown)?;
    let (path, otherwise) = match inner.split_once("||") {
        Some((path, otherwise)) => (path.trim(), Some(otherwise.trim())),
        None => (inner.trim(), None),
    };
    match path {
        "request.operation" => return Ok(SmolStr::new_static("CREATE")),
        "request.namespace" => return Ok(subject.namespace.into()),
        _ => {}
    }
    let path = path.strip_prefix("request.object.").ok_or_else(unknown)?;
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let names: Vec<&str> = path.split('.').collect();
    if !names.iter().all(|name| is_name(name)) {
        return Err(unknown());
    }
    match seen.at_path(&names).filter(|it| !it.is_null()).map(Node::scalar_text) {
        Some(Some(text)) => Ok(text.into()),
        Some(None) => Err(unknown()),
        None => {
            let literal = otherwise.and_then(|it| it.strip_prefix('\'')?.strip_suffix('\''));
            literal.map(SmolStr::new).ok_or_else(unknown)
        }
    }
}
