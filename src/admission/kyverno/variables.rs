//! `{{ variables }}` in texts, lists and maps. Mirrors `pkg/engine/variables`.

use std::borrow::Cow;

use smol_str::SmolStr;

use crate::yaml::{Data, Node};

use super::jmespath::{Stop, Value};

/// A text is looked through no more often than that: what is put in may have variables, too.
const MAX_ROUNDS: usize = 100;

/// Where variables get their values from.
pub(super) trait Variables {
    /// The value of an expression.
    fn query(&self, query: &str) -> Result<Value, Stop>;
}

/// The first variable of a text that no backslash stands before: where it begins and ends.
pub(super) fn first(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("{{")).map(|at| at + from) {
        let is_escaped = at > 0 && bytes.get(at - 1) == Some(&b'\\');
        if !is_escaped && let Some(end) = end(bytes, at + 2) {
            return Some((at, end));
        }
        from = at + 1;
    }
    None
}

/// The end of a variable whose inside begins there: pairs of single braces may be in it.
fn end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(at + 2),
            b'}' => return None,
            b'{' => {
                let inner = bytes.get(at + 1..)?;
                let length = inner.iter().position(|byte| matches!(byte, b'{' | b'}'))?;
                if inner.get(length) != Some(&b'}') {
                    return None;
                }
                at += length + 2;
            }
            _ => at += 1,
        }
    }
}

/// The expression of a variable, and whether what it stands for is not looked through.
pub(super) fn expression(variable: &str) -> (Cow<'_, str>, bool) {
    let inner = variable.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(variable);
    // All pairs go, those of a map at the end of an expression included, as upstream has it.
    let inner: Cow<'_, str> = if inner.contains("{{") || inner.contains("}}") {
        inner.replace("{{", "").replace("}}", "").into()
    } else {
        inner.into()
    };
    let trim = |text: Cow<'_, str>| -> String { text.trim().to_owned() };
    match inner.trim().strip_prefix('-') {
        Some(rest) => (rest.trim().to_owned().into(), true),
        None => (trim(inner).into(), false),
    }
}

/// Whether a tree has variables or `$(references)`.
pub(super) fn has_variable(node: &Node) -> bool {
    let is = |text: &str| text.contains("{{") || text.contains("$(");
    node.as_str().is_some_and(is)
        || node.seq_or_empty().iter().any(has_variable)
        || node.entries().iter().any(|entry| is(&entry.key.text) || has_variable(&entry.value))
}

/// A tree with its variables replaced.
pub(super) fn substitute(node: &Node, variables: &dyn Variables) -> Result<Value, Stop> {
    Ok(match &node.data {
        Data::Seq(items) => {
            let each = items.iter().map(|item| substitute(item, variables));
            Value::list(each.collect::<Result<_, _>>()?)
        }
        Data::Map(map) => {
            let each = map.iter().map(|entry| {
                let Value::Text(key) = in_text(&entry.key.text, variables)? else {
                    return Err(Stop::Failed("a key is no text".to_owned()));
                };
                Ok((key, substitute(&entry.value, variables)?))
            });
            Value::map(each.collect::<Result<Vec<_>, Stop>>()?)
        }
        Data::Scalar(text) if node.as_str().is_some() => in_text(text, variables)?,
        Data::Scalar(_) => Value::of(node),
    })
}

/// A text with its variables replaced; one that is nothing but a variable is what that stands for.
pub(super) fn in_text(text: &str, variables: &dyn Variables) -> Result<Value, Stop> {
    if text.contains("$(") {
        return Err(Stop::Unsupported("it uses references, `$(...)`".to_owned()));
    }
    let mut text = Cow::Borrowed(text);
    // What is put in as it is is not looked through, but stands there escaped.
    for _ in 0..MAX_ROUNDS {
        let Some((start, end)) = first(&text) else {
            return Ok(Value::Text(SmolStr::new(text.replace("\\{{", "{{"))));
        };
        let variable = text.get(start..end).unwrap_or_default();
        let (expression, is_shallow) = expression(variable);
        if expression == "@" {
            return Err(Stop::Unsupported("it uses `{{@}}`".to_owned()));
        }
        let value = variables.query(&expression)?;
        if start == 0 && end == text.len() {
            return Ok(value);
        }
        let mut put = match value {
            Value::Text(text) => text.to_string(),
            other => other.to_json()?,
        };
        if is_shallow {
            put = put.replace("{{", "\\{{");
        }
        let (before, behind) = (text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default());
        text = Cow::Owned(format!("{before}{put}{behind}"));
    }
    Err(Stop::Unsupported("its variables stand for variables without end".to_owned()))
}
