//! What is still applied of a kind whose definition goes, or of a version of it that is not served any more.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::finding::ObjectRef;
use crate::repo::{self, Object};
use crate::yaml::Node;

use super::own::is_definition;
use super::sides::Side;
use super::{AppChange, How};

/// What a change takes away from a definition of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The kind.
    pub kind: SmolStr,
    /// Its group.
    pub group: SmolStr,
    /// Versions that were served and are not any more; all of them where the definition goes.
    pub versions: Vec<SmolStr>,
    /// Versions that are served now.
    pub served: Vec<SmolStr>,
    /// The version that objects are stored in, where it goes.
    pub stored: Option<SmolStr>,
    /// What is written in them and still applied to the cluster, in the order of the apps.
    pub left: Vec<Left>,
}

/// An object that is still applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The app that applies it.
    pub app: String,
    /// The object.
    pub object: ObjectRef,
    /// Where it is written: file and line.
    pub at: Option<(Arc<str>, u32)>,
}

struct Version {
    name: SmolStr,
    served: bool,
    stored: bool,
}

fn versions(object: &Object) -> Vec<Version> {
    let on = |node: &Node, key: &str| node.get(key).and_then(Node::as_bool) == Some(true);
    let items = object.node.items(&["spec", "versions"]).iter();
    let versions = items.filter_map(|it| {
        let name = SmolStr::new(it.get("name")?.as_str()?);
        Some(Version { name, served: on(it, "served"), stored: on(it, "storage") })
    });
    versions.collect()
}

/// What becomes of a definition of a kind; `None` where it serves what it did.
pub(super) fn dropped(old: Option<&Object>, new: Option<&Object>) -> Option<Dropped> {
    let old = old.filter(|it| is_definition(it))?;
    let text = |path: &[&str]| old.node.at_path(path).and_then(Node::as_str).map(SmolStr::new);
    let (group, kind) = (text(&["spec", "group"])?, text(&["spec", "names", "kind"])?);
    let (was, is) = (versions(old), new.map(versions).unwrap_or_default());
    let served: Vec<SmolStr> = is.iter().filter(|it| it.served).map(|it| it.name.clone()).collect();
    let gone = was.iter().filter(|it| it.served && !served.contains(&it.name));
    let versions: Vec<SmolStr> = gone.map(|it| it.name.clone()).collect();
    let stored = was.iter().find(|it| it.stored && !is.iter().any(|other| other.name == it.name));
    let stored = stored.map(|it| it.name.clone());
    (!versions.is_empty() || stored.is_some()).then_some(Dropped {
        kind,
        group,
        versions,
        served,
        stored,
        left: Vec::new(),
    })
}

/// Finds what is still applied. Everything is rendered once more, and only where a definition goes.
pub(super) fn find(apps: &mut [AppChange], head: &Side<'_>) {
    let mut wanted: FxHashMap<(SmolStr, SmolStr), Vec<(usize, usize)>> = FxHashMap::default();
    for (at, app) in apps.iter().enumerate() {
        for (index, object) in app.objects.iter().enumerate() {
            let is_gone = matches!(object.how, How::Removed | How::Same | How::Moved);
            if let Some(dropped) = object.dropped.as_ref().filter(|_| is_gone) {
                let key = (dropped.group.clone(), dropped.kind.clone());
                wanted.entry(key).or_default().push((at, index));
            }
        }
    }
    if wanted.is_empty() {
        return;
    }
    let entries: Vec<usize> = (0..head.inventory.apps.len()).collect();
    let found: Vec<(SmolStr, SmolStr, SmolStr, SmolStr, Left)> = entries
        .par_iter()
        .flat_map_iter(|at| {
            let Some(entry) = head.entry(*at) else { return Vec::new() };
            let rendered = repo::render(&entry.app, head.workspace);
            let own = rendered.objects.iter();
            let own = own.filter(|it| wanted.contains_key(&(it.group.clone(), it.kind.clone())));
            let left = |object: &Object| {
                let at_file = head.workspace.sources.get(object.node.at.file);
                let line = |file: &Arc<crate::source::SourceFile>| {
                    let line = file.line_index(object.node.at.start) + 1;
                    (Arc::clone(file.name()), u32::try_from(line).unwrap_or(u32::MAX))
                };
                let cluster = &entry.app.cluster;
                let left = Left {
                    app: head.name(*at),
                    object: object.to_ref(cluster, None),
                    at: at_file.as_ref().map(line),
                };
                (object.group.clone(), object.kind.clone(), object.version.clone(), cluster.clone(), left)
            };
            own.map(left).collect()
        })
        .collect();
    for (group, kind, version, cluster, left) in found {
        for (at, index) in wanted.get(&(group, kind)).into_iter().flatten() {
            let Some(app) = apps.get_mut(*at) else { continue };
            if app.cluster != cluster {
                continue;
            }
            let object = app.objects.get_mut(*index);
            let Some(dropped) = object.and_then(|it| it.dropped.as_mut()) else { continue };
            if dropped.versions.contains(&version) {
                dropped.left.push(left.clone());
            }
        }
    }
}
