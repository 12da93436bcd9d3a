//! The hash behind the names of generated objects.
//!
//! Mirrors `api/hasher/hasher.go` and `HashTransformer` of `api/internal/builtins`.

use sha2::{Digest, Sha256};

use crate::origin::{Place, Step};
use crate::yaml::{Dialect, JsonStyle, Node, write_json_string};

use super::context::Context;
use super::failure::{Failure, Result};
use super::resmap::ResMap;
use super::resource::Resource;
use super::setter::{Setter, Tag};

/// Adds hashes to the names of what generators made.
pub(super) fn add_to_names(resources: &mut ResMap, cx: &mut Context<'_>) -> Result<()> {
    let mut failed = Ok(());
    for resource in resources.all_mut().iter_mut().filter(|resource| resource.memory.needs_hash) {
        match hash(resource) {
            Ok(hash) => rename(resource, &hash, cx),
            Err(failure) => failed = failed.and(Err(failure)),
        }
    }
    failed
}

fn rename(resource: &mut Resource, hash: &str, cx: &mut Context<'_>) {
    resource.store_previous_id();
    let name = format!("{}-{hash}", resource.id.name);
    let place = resource.generated.unwrap_or_else(|| resource.node.place());
    let mut setter = Setter::new(cx.origins, &mut resource.aliases, place, Step::HashSuffixed);
    let metadata = resource.node.as_map_mut().and_then(|map| map.get_mut("metadata"));
    if let Some(node) = metadata.and_then(Node::as_map_mut).and_then(|map| map.get_mut("name")) {
        setter.extend(node, name, Tag::Str);
    }
    setter.settle_aliases(&mut resource.node);
    resource.refresh(&mut cx.schemas);
}

/// The name of every object: kustomize looks for a field `metadata/name`, which no object has.
const NO_NAME: &str = "\"\"";

/// The hash of an object.
fn hash(resource: &Resource) -> Result<String> {
    let node = &resource.node;
    let mut json = String::from("{");
    let mut members: Vec<(&str, String)> = Vec::new();
    let quoted = |text: &str| {
        let mut out = String::new();
        write_json_string(&mut out, text, true);
        out
    };
    match resource.id.gvk.kind.as_str() {
        "ConfigMap" => {
            if let Some(binary) = mapping(node, "binaryData")? {
                members.push(("binaryData", binary));
            }
            members.push(("data", value(node, "data")?));
            members.push(("kind", quoted("ConfigMap")));
            members.push(("name", NO_NAME.to_owned()));
        }
        "Secret" => {
            members.push(("data", value(node, "data")?));
            members.push(("kind", quoted("Secret")));
            members.push(("name", NO_NAME.to_owned()));
            if let Some(texts) = mapping(node, "stringData")? {
                members.push(("stringData", texts));
            }
            members.push(("type", value(node, "type")?));
        }
        // Of other kinds kustomize hashes its own data structure, pointers and all; nothing else generates them.
        kind => members.push(("kind", quoted(kind))),
    }
    for (index, (key, value)) in members.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        json.push_str(&quoted(key));
        json.push(':');
        json.push_str(value);
    }
    json.push('}');
    Ok(encode(&Sha256::digest(json.as_bytes())))
}

/// A field as JSON: empty text when it is missing, the raw text of a scalar.
fn value(node: &Node, field: &str) -> Result<String> {
    let Some(field) = node.get(field) else { return Ok("\"\"".to_owned()) };
    if let Some(text) = field.scalar() {
        let mut out = String::new();
        write_json_string(&mut out, text, true);
        return Ok(out);
    }
    let mut canonical = field.clone();
    canonical
        .canonicalize(Dialect::V3)
        .map_err(|problem| Failure::at(Place::written(problem.at), problem.go_message(Dialect::V3)))?;
    Ok(canonical.to_json(JsonStyle { escape_html: true, ..JsonStyle::default() }))
}

fn mapping(node: &Node, field: &str) -> Result<Option<String>> {
    match node.get(field) {
        Some(found) if found.as_map().is_some() => value(node, field).map(Some),
        _ => Ok(None),
    }
}

/// Ten letters and digits that make no words.
fn encode(digest: &[u8]) -> String {
    const LETTERS: [char; 16] =
        ['g', 'h', '2', 'k', '4', '5', '6', '7', '8', '9', 'm', 'b', 'c', 'd', 't', 'f'];
    let halves = digest.iter().take(5).flat_map(|byte| [byte >> 4, byte & 15]);
    halves.filter_map(|half| LETTERS.get(usize::from(half))).collect()
}
