//! Values as they may be shown: secrets are marks that tell whether two of them are equal, and nothing else.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use crate::k8s::{is_secret_key, plaintext_secret};
use crate::repo::Object;
use crate::yaml::{Data, Node, digest};

use super::compare::{Part, Path};

/// What stands for a secret; a number follows that is the same for the same secret of one object.
const MARK: &str = "********";

/// Makes marks for the secrets of one object on both sides.
#[derive(Debug, Default)]
pub(super) struct Masks {
    numbers: FxHashMap<u64, usize>,
    /// Whether something was masked since this was last cleared.
    pub(super) used: bool,
}

impl Masks {
    fn mark(&mut self, node: &Node) -> Value {
        self.used = true;
        let next = self.numbers.len() + 1;
        let number = *self.numbers.entry(digest(node)).or_insert(next);
        Value::String(format!("{MARK} ({number})"))
    }

    /// A value at a path of an object.
    pub(super) fn value(
        &mut self,
        object: &Object,
        path: &Path,
        node: &Node,
        parent: Option<&Node>,
    ) -> Value {
        let data = matches!(path.0.first(), Some(Part::Key(key)) if key == "data" || key == "stringData");
        let secret = object.is("", "Secret");
        let mut keys: Vec<&str> = path
            .0
            .iter()
            .filter_map(|part| match part {
                Part::Key(key) => Some(key.as_str()),
                _ => None,
            })
            .collect();
        self.masked(node, &mut keys, parent, (secret, secret && data))
    }

    fn masked<'n>(
        &mut self,
        node: &'n Node,
        keys: &mut Vec<&'n str>,
        parent: Option<&'n Node>,
        (secret, inside): (bool, bool),
    ) -> Value {
        match &node.data {
            Data::Scalar(text) => {
                let key = keys.last().copied().unwrap_or_default();
                // Lists of variables and parameters.
                let named = parent.filter(|_| key == "value").and_then(|it| it.get("name")?.as_str());
                let is_secret =
                    |key: &str| is_secret_key(key) || plaintext_secret(key, text, false).is_some();
                // `automountServiceAccountToken: false` is called like a secret.
                let is_switch = matches!(text.as_str(), "true" | "false");
                let called = !is_switch && (is_secret(key) || named.is_some_and(is_secret));
                if !text.is_empty() && (inside || called) {
                    return self.mark(node);
                }
                match node.to_value() {
                    Value::String(text) if text.contains(['\n', '=', ':']) => {
                        let lines: Vec<String> = text.split('\n').map(masked_line).collect();
                        let shown = lines.join("\n");
                        self.used |= shown != text;
                        Value::String(shown)
                    }
                    value => value,
                }
            }
            Data::Seq(items) => Value::Array(
                items.iter().map(|item| self.masked(item, keys, Some(node), (secret, inside))).collect(),
            ),
            Data::Map(map) => {
                let mut shown = Map::new();
                for entry in map {
                    let key = entry.key.text.as_str();
                    let inside = inside || secret && keys.is_empty() && matches!(key, "data" | "stringData");
                    keys.push(key);
                    let value = self.masked(&entry.value, keys, Some(node), (secret, inside));
                    keys.pop();
                    shown.insert(key.to_owned(), value);
                }
                Value::Object(shown)
            }
        }
    }
}

/// A line of text in which `key: value` or `key=value` may hold a secret.
pub(super) fn masked_line(line: &str) -> String {
    let Some((key, value)) = line.split_once([':', '=']) else {
        return match plaintext_secret("", line.trim(), false) {
            Some(_) => MARK.to_owned(),
            None => line.to_owned(),
        };
    };
    let name = key.trim().trim_start_matches("- ").trim_matches(['"', '\'', '{', ',', ' ']);
    let name = name.strip_prefix("export ").unwrap_or(name);
    let said = value.trim().trim_matches(['"', '\'', ',', '}', ' ']);
    let plain = said.is_empty() || said.starts_with(['{', '[', '|', '>', '$']);
    let secret = is_secret_key(name) || plaintext_secret(name, said, false).is_some();
    if secret && !plain {
        let sign = line.get(key.len()..=key.len()).unwrap_or(":");
        let gap = if value.starts_with(' ') { " " } else { "" };
        return format!("{key}{sign}{gap}{MARK}");
    }
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_secrets_are_masked() {
        for (line, want) in [
            ("password: hunter22x", "password: ********"),
            ("export DB_PASSWORD=hunter22x", "export DB_PASSWORD=********"),
            ("replicas: 3", "replicas: 3"),
            ("password: {{ .Values.password }}", "password: {{ .Values.password }}"),
            ("a line", "a line"),
        ] {
            assert_eq!(masked_line(line), want);
        }
    }
}
