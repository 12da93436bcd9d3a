//! The fields that Argo CD's kinds have. What is not among them is dropped by the API server without a word.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::finding::did_you_mean;
use crate::yaml::{Data, Entry, Map, Node};

/// A field that its type does not have.
#[derive(Debug, Clone)]
pub struct UnknownField<'a> {
    /// The field.
    pub entry: &'a Entry,
    /// Path of the mapping that holds it: `spec.source`.
    pub parent: String,
    /// What was probably meant: a field of the same mapping, or the path of the mapping that has this field.
    pub meant: Option<Meant>,
}

/// What an unknown field was probably meant to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// Another field of the same mapping.
    Name(&'static str),
    /// This field, in the mapping at this path.
    Below(String),
}

/// What may stand behind a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Scalar,
    Any,
    Type(&'static str),
}

type Types = BTreeMap<&'static str, Vec<(&'static str, Content)>>;

static TYPES: LazyLock<Types> = LazyLock::new(|| {
    let lines = include_str!("fields.txt").lines().filter(|line| !line.starts_with('#'));
    let types = lines.filter_map(|line| {
        let (name, fields) = line.split_once(": ")?;
        let field = |word: &'static str| match (word.split_once(':'), word.strip_suffix('*')) {
            (Some((field, of)), _) => (field, Content::Type(of)),
            (None, Some(field)) => (field, Content::Any),
            (None, None) => (word, Content::Scalar),
        };
        Some((name, fields.split(' ').map(field).collect()))
    });
    types.collect()
});

/// Objects nest no deeper than their schema, but lists of lists could.
const MAX_DEPTH: u32 = 32;

/// The fields of an Application, ApplicationSet or AppProject that its schema does not have, in written order. Of
/// an unknown field nothing below is looked at; keys that a template fills in are left alone.
pub fn unknown_fields<'a>(kind: &str, object: &'a Node) -> Vec<UnknownField<'a>> {
    let mut found = Vec::new();
    if let Some((name, _)) = TYPES.get_key_value(kind) {
        visit(object, name, "", &mut found, 0);
    }
    found
}

fn visit<'a>(node: &'a Node, of: &'static str, path: &str, found: &mut Vec<UnknownField<'a>>, depth: u32) {
    let Some(fields) = TYPES.get(of).filter(|_| depth < MAX_DEPTH) else { return };
    match &node.data {
        Data::Scalar(_) => {}
        Data::Seq(items) => items.iter().for_each(|item| visit(item, of, path, found, depth + 1)),
        Data::Map(map) => {
            for entry in map {
                let key = entry.key.text.as_str();
                match fields.iter().find(|(name, _)| *name == key) {
                    Some((_, Content::Type(of))) => {
                        visit(&entry.value, of, &join(path, key), found, depth + 1);
                    }
                    Some(_) => {}
                    None if key.contains("{{") => {}
                    None => {
                        let meant = meant(key, of, fields, path, map);
                        found.push(UnknownField { entry, parent: path.to_owned(), meant });
                    }
                }
            }
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// A typo of a field that is not used yet, or a field that ended up one or two levels too high or too low.
fn meant(
    key: &str,
    of: &'static str,
    fields: &[(&'static str, Content)],
    path: &str,
    used: &Map,
) -> Option<Meant> {
    let free = fields.iter().map(|(name, _)| *name).filter(|name| used.get(name).is_none());
    if let Some(name) = did_you_mean(key, free) {
        return Some(Meant::Name(name));
    }
    if path == "metadata"
        && (key == "spec"
            || TYPES.get("ApplicationSpec").is_some_and(|it| it.iter().any(|(name, _)| *name == key)))
    {
        let place = if key == "spec" { "the top level" } else { "spec" };
        return Some(Meant::Below(place.to_owned()));
    }
    below(key, of, path, 2).or_else(|| above(key, path)).map(Meant::Below)
}

/// The nearest mapping below that has the field.
fn below(key: &str, of: &str, path: &str, levels: u32) -> Option<String> {
    let children = || {
        TYPES.get(of).into_iter().flatten().filter_map(|(name, content)| match content {
            Content::Type(of) => Some((*name, *of)),
            _ => None,
        })
    };
    let has = |of: &str| TYPES.get(of).is_some_and(|fields| fields.iter().any(|(name, _)| *name == key));
    // `source` rather than `sources`, and what people write rather than what the API offers for rare cases.
    let direct = children().find(|(name, of)| has(of) && !matches!(*name, "operation" | "sourceHydrator"));
    match direct {
        Some((name, _)) => Some(join(path, name)),
        None if levels > 1 => children().find_map(|(name, of)| below(key, of, &join(path, name), levels - 1)),
        None => None,
    }
}

/// The nearest mapping above that has the field.
fn above(key: &str, path: &str) -> Option<String> {
    let mut at = path.rsplit_once('.').map(|(parent, _)| parent);
    while let Some(parent) = at {
        let is_spec = matches!(parent, "spec" | "spec.template.spec");
        let has = |of: &str| TYPES.get(of).is_some_and(|fields| fields.iter().any(|(name, _)| *name == key));
        if is_spec && has("ApplicationSpec") {
            return Some(parent.to_owned());
        }
        if parent.ends_with("syncPolicy") && has("SyncPolicy") {
            return Some(parent.to_owned());
        }
        at = parent.rsplit_once('.').map(|(parent, _)| parent);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::parse;

    #[test]
    fn every_type_that_is_named_exists() {
        let named = TYPES.values().flatten().filter_map(|(_, content)| match content {
            Content::Type(of) => Some(*of),
            _ => None,
        });
        for of in named {
            assert!(TYPES.contains_key(of), "{of}");
        }
        assert!(TYPES.len() > 50);
    }

    #[test]
    fn finds_unknown_fields() {
        let below = |path: &str| Some(Meant::Below(path.to_owned()));
        for (kind, text, want) in [
            ("Application", "spec: {helm: {}}", Some(("spec", "helm", below("spec.source")))),
            ("Application", "spec: {health: {}}", Some(("spec", "health", None))),
            (
                "Application",
                "spec: {source: {repoUrl: x}}",
                Some(("spec.source", "repoUrl", Some(Meant::Name("repoURL")))),
            ),
            (
                "Application",
                "spec: {syncPolicy: {automated: {syncOptions: []}}}",
                Some(("spec.syncPolicy.automated", "syncOptions", below("spec.syncPolicy"))),
            ),
            ("Application", "spec: {source: {helm: {valuesObject: {any: thing}}}}", None),
            ("Application", "metadata: {labels: {any: thing}}", None),
            (
                "ApplicationSet",
                "spec: {template: {spec: {sources: [{pth: x}]}}}",
                Some(("spec.template.spec.sources", "pth", Some(Meant::Name("path")))),
            ),
            ("ApplicationSet", "spec: {generators: [{list: {elements: [{any: 1}]}}]}", None),
            ("ApplicationSet", "spec: {template: {spec: {'{{x}}': 1}}}", None),
            ("ConfigMap", "any: thing", None),
        ] {
            let file = Sources::new().add("a.yaml", text.into());
            let root = parse(&file).documents.remove(0).root.unwrap();
            let found = unknown_fields(kind, &root);
            let found =
                found.first().map(|it| (it.parent.as_str(), it.entry.key.text.as_str(), it.meant.clone()));
            assert_eq!(found, want, "{text}");
        }
    }
}
