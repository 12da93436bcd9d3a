//! `unresolved-secret-template`: see the page.

use std::collections::BTreeSet;

use crate::near::did_you_mean;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "unresolved-secret-template",
    "references",
    Error,
    Recommended,
    "0.2.0",
    "The template of an ExternalSecret asks for a value that it does not fetch."
);

pub(crate) struct UnresolvedSecretTemplate;

impl Rule for UnresolvedSecretTemplate {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn stands_alone(&self) -> bool {
        true
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let spec: &[&str] = match (object.group.as_str(), object.kind.as_str()) {
            ("external-secrets.io", "ExternalSecret") => &["spec"],
            ("external-secrets.io", "ClusterExternalSecret") => &["spec", "externalSecretSpec"],
            _ => return,
        };
        let Some(node) = object.at(spec) else { return };
        // What a whole entry of the store holds, or a generator makes, is not known here.
        if !node.items(&["dataFrom"]).is_empty() || node.items(&["data"]).is_empty() {
            return;
        }
        let keys: Option<BTreeSet<&str>> =
            node.items(&["data"]).iter().map(|it| it.get("secretKey").and_then(Node::as_str)).collect();
        let Some(keys) = keys.filter(|keys| !keys.iter().any(|key| key.contains(['$', '{']))) else { return };
        let Some(data) = node.at_path(&["target", "template", "data"]) else { return };
        for entry in data.entries() {
            let Some(text) = entry.value.as_str() else { continue };
            let mut told = BTreeSet::new();
            for name in asked(text) {
                if keys.contains(name) || !told.insert(name) {
                    continue;
                }
                let close = did_you_mean(name, keys.iter().copied());
                let help = match close {
                    Some(close) => format!("did you mean `.{close}`?"),
                    None => {
                        let keys = keys.iter().take(8).copied().collect::<Vec<_>>().join(", ");
                        format!("`spec.data` fetches: {keys}")
                    }
                };
                let message = format!(
                    "`{}` of {} `{}` asks for `.{name}`, which `spec.data` does not fetch",
                    entry.key.text, object.kind, object.name
                );
                let field = format!("{}.target.template.data.{}", spec.join("."), entry.key.text);
                let report = cx.report(entry.value.place(), message).object(object, Some(&field)).help(help);
                let wanted = close.and_then(|close| {
                    let fetched = node.items(&["data"]).iter();
                    let mut keys = fetched.filter_map(|it| it.get("secretKey"));
                    keys.find(|key| key.as_str() == Some(close))
                });
                if let Some(key) = wanted {
                    report.related(key.place(), "fetched under this name");
                }
            }
        }
    }
}

/// The names that a template asks its data for: `.name` and `$.name` where the dot is the data. What changes the dot, or defines
/// something, is not looked into.
fn asked(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("{{") {
        let Some((action, left)) = after.split_once("}}") else { break };
        rest = left;
        let words = action.trim_start_matches('-').trim_start();
        if words.starts_with("/*") {
            continue;
        }
        if ["range", "with", "define", "block", "template", "else with"]
            .iter()
            .any(|it| words.starts_with(it))
        {
            return Vec::new();
        }
        of_action(action, &mut names);
    }
    names
}

/// The names that one action asks for.
fn of_action<'t>(action: &'t str, names: &mut Vec<&'t str>) {
    let mut before = ' ';
    let mut quote = None;
    let mut letters = action.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match quote {
            Some(end) => {
                if letter == '\\' && end == '"' {
                    letters.next();
                } else if letter == end {
                    quote = None;
                }
            }
            None if matches!(letter, '"' | '`' | '\'') => quote = Some(letter),
            None if letter == '.' && matches!(before, ' ' | '(' | '|' | '\t' | '\n' | '-') => {
                let rest = action.get(at + 1..).unwrap_or_default();
                let end = rest.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(rest.len());
                let name = rest.get(..end).unwrap_or_default();
                if !name.is_empty() && !name.starts_with(|it: char| it.is_ascii_digit()) {
                    names.push(name);
                }
            }
            None => {}
        }
        before = letter;
    }
}

#[cfg(test)]
mod tests {
    use super::asked;

    #[test]
    fn finds_what_a_template_asks_for() {
        for (text, want) in [
            ("Bearer {{ .token }}", vec!["token"]),
            ("{{- .user | b64enc -}}:{{ (.password | toString) }}", vec!["user", "password"]),
            ("{{ index . \"a.b\" }} {{ printf \"%s .x\" .y }}", vec!["y"]),
            ("{{ range .list }}{{ .name }}{{ end }}", vec![]),
            ("{{/* .old */}}{{ .new.deep }}", vec!["new"]),
            ("no {{ end", vec![]),
        ] {
            assert_eq!(asked(text), want, "{text}");
        }
    }
}
