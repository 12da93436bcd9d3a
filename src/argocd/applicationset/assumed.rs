//! Clusters that nothing declares, and that the repository shows all the same: a `merge` names them beside the generator, or the
//! directories and files that the template looks for are called after them.
//!
//! Each is tried alone, and only what stands is kept: an Application whose paths exist, one of which names the cluster. What
//! else there is nobody knows, so the set stays incomplete.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smol_str::SmolStr;

use crate::argocd::application::{Application, Source};
use crate::argocd::scoped;
use crate::origin::{Origins, Place};
use crate::source::{Dir, Found, TreePath};
use crate::yaml::Node;

use super::clusters::Known;
use super::engine::Engine;
use super::generator::Generators;
use super::patterns::{Pattern, Reader};
use super::{ApplicationSet, Environment, lacks_metadata, selector, template};

/// More clusters than are worth a guess.
pub(super) const MAX_CLUSTERS: usize = 64;

/// More Applications than are worth a guess.
const MAX_APPLICATIONS: usize = 2_000;

/// A cluster that the repository shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) name: SmolStr,
    pub(super) server: Option<SmolStr>,
    pub(super) labels: BTreeMap<SmolStr, SmolStr>,
    pub(super) place: Place,
    /// An element of a `merge` names it.
    pub(super) is_listed: bool,
}

/// An Application for a cluster that is assumed.
#[derive(Debug)]
pub(super) struct Assumed {
    pub(super) application: Node,
    pub(super) name: SmolStr,
    pub(super) cluster: SmolStr,
}

/// The Applications of a set for clusters that are assumed, other than those of `names`.
pub(super) fn expand(
    set: &ApplicationSet,
    environment: &Environment<'_>,
    origins: &mut Origins,
    names: &BTreeSet<SmolStr>,
) -> Vec<Assumed> {
    let Some(base) = set.template() else { return Vec::new() };
    let mut names = names.clone();
    let mut made = Vec::new();
    for shown in shown(set, environment) {
        let cluster = shown.known();
        let mut cx = Generators::new(set, environment, origins);
        cx.assumed = Some(cluster);
        for block in set.generators() {
            for (own, sets) in cx.run(block) {
                let merged = own.map_or_else(|| base.clone(), |own| template::merge(own, base));
                for params in sets {
                    if made.len() >= MAX_APPLICATIONS {
                        return made;
                    }
                    let mut engine = Engine::new(set, &params, cx.origins, environment.sources);
                    let Ok(node) = template::render(&merged, &params, &mut engine) else { continue };
                    let name = node.at_path(&["metadata", "name"]).and_then(Node::as_str).unwrap_or_default();
                    let name = SmolStr::new(name);
                    if name.is_empty()
                        || names.contains(&name)
                        || lacks_metadata(&node, base)
                        || !shown.stands(&node, environment)
                    {
                        continue;
                    }
                    names.insert(name.clone());
                    made.push(Assumed { application: node, name, cluster: shown.name.clone() });
                }
            }
        }
    }
    made
}

impl Shown {
    fn known(&self) -> Known {
        let place = self.place;
        let labels = self.labels.iter().map(|(key, value)| (key.clone(), value.clone(), place)).collect();
        Known {
            name: self.name.clone(),
            // Where it is reached matters less than that it is another one.
            server: self.server.clone().unwrap_or_else(|| self.name.clone()),
            project: SmolStr::default(),
            labels,
            annotations: Vec::new(),
            place,
            declared: true,
        }
    }

    /// Whether a text has what is known of the cluster as a word of its own.
    fn is_said_in(&self, text: &str) -> bool {
        std::iter::once(&self.name).chain(self.labels.values()).any(|word| has_word(text, word))
    }

    /// Whether all that an Application looks for in repositories that are here exists, and something of it is called after
    /// the cluster.
    fn stands(&self, application: &Node, environment: &Environment<'_>) -> bool {
        let application = Application::new(Arc::new(application.clone()));
        let mut is_shown = self.is_listed;
        for source in &application.sources {
            let root = root(source, environment);
            if let Some(root) = &root
                && !source.path().is_empty()
            {
                let Ok(path) = TreePath::new(source.path()) else { return false };
                if !root.tree.is_dir(&root.path.join(path.as_str()).unwrap_or_default()) {
                    return false;
                }
                is_shown |= self.is_said_in(source.path());
            }
            let ignores = source.node.at_path(&["helm", "ignoreMissingValueFiles"]).and_then(Node::as_bool);
            for file in source.node.items(&["helm", "valueFiles"]).iter().filter_map(Node::as_str) {
                let Some((url_source, path)) = values_path(&application.sources, source, file) else {
                    continue;
                };
                let Some(root) = self::root(url_source, environment) else { continue };
                let exists = path.is_some_and(|path| root.tree.is_file(&path));
                if !exists && ignores != Some(true) {
                    return false;
                }
                is_shown |= exists && self.is_said_in(file);
            }
        }
        is_shown
    }
}

/// Whether letters and digits do not go on at either end of a word in a text.
fn has_word(text: &str, word: &str) -> bool {
    let goes_on = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let (before, after) = (text.get(..at), text.get(at + word.len()..));
            !goes_on(before.and_then(|it| it.chars().next_back()))
                && !goes_on(after.and_then(|it| it.chars().next()))
        })
}

/// The root of a repository that is on this machine.
fn root(source: &Source, environment: &Environment<'_>) -> Option<Dir> {
    if source.is_helm_chart() || source.is_oci() {
        return None;
    }
    found(source.repo_url(), source.target_revision(), environment)
}

fn found(url: &str, revision: &str, environment: &Environment<'_>) -> Option<Dir> {
    match environment.remotes.git(url, revision) {
        Found::Here(dir) | Found::Instead(dir, _) => Some(dir),
        Found::Missing { .. } => None,
    }
}

/// Whose repository a values file of a source is in, and where; no path where it leads out of it. `None` for a URL.
fn values_path<'s>(
    sources: &'s [Source],
    own: &'s Source,
    file: &str,
) -> Option<(&'s Source, Option<TreePath>)> {
    if file.contains("://") {
        return None;
    }
    if let Some(rest) = file.strip_prefix('$') {
        let (name, path) = rest.split_once('/')?;
        let named = |source: &&Source| source.ref_name.as_ref().is_some_and(|it| it.value == name);
        return Some((sources.iter().find(named)?, TreePath::new(path).ok()));
    }
    if let Some(path) = file.strip_prefix('/') {
        return Some((own, TreePath::new(path).ok()));
    }
    let path = TreePath::new(own.path()).ok();
    Some((own, path.and_then(|path| path.join(file).ok())))
}

/// The clusters that the repository shows for the one clusters generator of a set; none for sets with several.
fn shown(set: &ApplicationSet, environment: &Environment<'_>) -> Vec<Shown> {
    let mut blocks = Vec::new();
    blocks_of(set.generators(), 0, &mut blocks);
    let mut generators =
        blocks.iter().filter_map(|(block, _)| block.get("clusters").filter(|it| !it.is_null()));
    let (Some(generator), None) = (generators.next(), generators.next()) else { return Vec::new() };
    if generator.get("flatList").and_then(Node::as_bool) == Some(true) {
        return Vec::new();
    }
    let mut found = listed(&blocks);
    for pattern in patterns(set, generator, &blocks) {
        if let Some(root) = self::found(&pattern.url, &pattern.revision, environment) {
            pattern.find(&root, &mut found);
        }
    }
    let known: BTreeSet<SmolStr> =
        environment.cluster_secrets.iter().filter_map(|secret| scoped::text(secret, "name")).collect();
    let mut seen = BTreeSet::new();
    let chosen = generator.get("selector").filter(|selector| !selector.is_null());
    found.retain(|shown| {
        !known.contains(&shown.name) && seen.insert((shown.name.clone(), shown.labels.clone()))
    });
    let mut found: Vec<Shown> = found
        .into_iter()
        .filter_map(|shown| {
            selector::assume(chosen, shown.labels.clone(), &|word| has_word(&shown.name, word))
                .map(|labels| Shown { labels, ..shown })
        })
        .collect();
    found.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
    found.truncate(MAX_CLUSTERS);
    found
}

/// All generator blocks, each with the block of the `merge` that it is a child of.
fn blocks_of<'n>(blocks: &'n [Node], depth: u32, found: &mut Vec<(&'n Node, Option<&'n Node>)>) {
    for block in blocks {
        if depth == 0 {
            found.push((block, None));
        }
        for kind in ["matrix", "merge"] {
            let Some(nested) = block.get(kind).filter(|_| depth < 3) else { continue };
            let children = nested.items(&["generators"]);
            found.extend(children.iter().map(|child| (child, (kind == "merge").then_some(nested))));
            blocks_of(children, depth + 1, found);
        }
    }
}

/// Clusters that elements of a `merge` name, where it puts them together by name.
fn listed(blocks: &[(&Node, Option<&Node>)]) -> Vec<Shown> {
    let mut found = Vec::new();
    for (block, merge) in blocks {
        let Some(merge) = merge else { continue };
        let by_name = merge.items(&["mergeKeys"]).iter().any(|key| key.as_str() == Some("name"));
        // The first generator says which sets there are.
        let is_base = merge.items(&["generators"]).first().is_some_and(|it| it.get("clusters").is_some());
        let elements = block.get("list").map(|list| list.items(&["elements"])).unwrap_or_default();
        for element in elements.iter().filter(|_| by_name && is_base) {
            let text = |key: &str| element.get(key).and_then(Node::as_str).map(SmolStr::new);
            let Some(name) = text("name").filter(|name| !name.is_empty() && !name.contains("{{")) else {
                continue;
            };
            let place = element.get("name").map_or_else(|| element.place(), Node::place);
            found.push(Shown {
                name,
                server: text("server"),
                labels: BTreeMap::new(),
                place,
                is_listed: true,
            });
        }
    }
    found
}

/// The paths of a set that clusters fill in.
fn patterns(set: &ApplicationSet, generator: &Node, blocks: &[(&Node, Option<&Node>)]) -> Vec<Pattern> {
    let named_by_list = blocks.iter().any(|(block, merge)| {
        let elements = block.get("list").map(|list| list.items(&["elements"])).unwrap_or_default();
        merge.is_none() && elements.iter().any(|element| element.get("name").is_some())
    });
    let reader = Reader { go: set.go_template, values: generator.get("values"), named_by_list };
    let mut found = Vec::new();
    for (block, _) in blocks {
        let Some(git) = block.get("git") else { continue };
        let text = |key: &str| SmolStr::new(git.get(key).and_then(Node::as_str).unwrap_or_default());
        for (key, is_file) in [("directories", false), ("files", true)] {
            for path in git.items(&[key]).iter().filter_map(|item| item.get("path")) {
                found.extend(reader.pattern((text("repoURL"), text("revision")), path, None, is_file));
            }
        }
    }
    let Some(base) = set.template() else { return found };
    let application = Application::new(Arc::new(base.clone()));
    for source in &application.sources {
        let of = |source: &Source| (SmolStr::new(source.repo_url()), SmolStr::new(source.target_revision()));
        if !source.is_helm_chart()
            && !source.is_oci()
            && let Some(path) = source.node.get("path")
        {
            found.extend(reader.pattern(of(source), path, None, false));
        }
        for file in source.node.items(&["helm", "valueFiles"]) {
            let text = file.as_str().unwrap_or_default();
            let Some((owner, _)) = values_path(&application.sources, source, text) else { continue };
            if owner.is_helm_chart() || owner.is_oci() {
                continue;
            }
            let path = match text.strip_prefix('$') {
                Some(rest) => rest.split_once('/').map(|(_, path)| path.to_owned()),
                None if text.starts_with('/') => Some(text.trim_start_matches('/').to_owned()),
                None => joined(source.path(), text),
            };
            if let Some(path) = path {
                found.extend(reader.pattern(of(owner), file, Some(&path), true));
            }
        }
    }
    found
}

/// A path below another, both perhaps with parameters, without `.` and `..`.
fn joined(dir: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in dir.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
