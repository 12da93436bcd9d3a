//! How a patch finds what it changes: the lines beside a patched value that say where it goes.
//!
//! The steps of a render know what a patch wrote, not what it was matched by; that stands in the patch itself.

use crate::origin::Step;
use crate::source::Span;
use crate::yaml::edit::{Segment, locate};
use crate::yaml::{Cache, Node};

/// Keys by which items of a list are matched, by the list's own key; everything else goes by `name`.
const MERGE_KEYS: &[(&str, &[&str])] = &[
    ("ports", &["containerPort", "port"]),
    ("volumeMounts", &["mountPath"]),
    ("volumeDevices", &["devicePath"]),
    ("hostAliases", &["ip"]),
    ("topologySpreadConstraints", &["topologyKey"]),
];

/// The lines that direct the patched value at `at`: the `path` of a JSON patch operation, the merge keys of the list
/// items of a strategic merge patch, the outermost first. None where the patch is no file of its own.
pub(super) fn addresses(cache: &Cache, by: Step, at: Span) -> Vec<Span> {
    let Some(file) = cache.sources().get(at.file) else { return Vec::new() };
    let stream = cache.stream(&file);
    let Some((document, path)) = locate(&stream, at.start) else { return Vec::new() };
    let Some(root) = stream.documents.get(document).and_then(|document| document.root.as_ref()) else {
        return Vec::new();
    };
    match by {
        Step::JsonPatched => operation(root, &path).into_iter().collect(),
        _ => merge_keys(root, &path),
    }
}

fn operation(root: &Node, path: &[Segment]) -> Option<Span> {
    let Segment::Index(index) = path.first()? else { return None };
    Some(root.as_seq()?.get(*index)?.get("path")?.at)
}

fn merge_keys(root: &Node, path: &[Segment]) -> Vec<Span> {
    let mut keys = Vec::new();
    let mut node = root;
    let mut list = "";
    for segment in path {
        let child = match segment {
            Segment::Key(key) => {
                list = key;
                node.get(key)
            }
            Segment::Index(index) => node.as_seq().and_then(|items| items.get(*index)),
        };
        let Some(child) = child else { break };
        if matches!(segment, Segment::Index(_)) {
            let special = MERGE_KEYS.iter().find(|(name, _)| *name == list).map(|(_, keys)| *keys);
            let names = special.unwrap_or(&["name"]);
            keys.extend(names.iter().find_map(|name| child.get(name)).map(|key| key.at));
        }
        node = child;
    }
    keys
}
