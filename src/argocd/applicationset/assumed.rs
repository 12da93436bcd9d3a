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
use super::{ApplicationSet, Environment, lacks_metadata, selector, template};

/// More clusters than are worth a guess.
const MAX_CLUSTERS: usize = 64;

/// More Applications than are worth a guess.
const MAX_APPLICATIONS: usize = 2_000;

/// Directories beside those of clusters that are none.
const COMMON: [&str; 14] = [
    "all",
    "base",
    "bases",
    "common",
    "components",
    "default",
    "defaults",
    "example",
    "examples",
    "global",
    "lib",
    "shared",
    "template",
    "templates",
];

/// A cluster that the repository shows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    name: SmolStr,
    server: Option<SmolStr>,
    labels: BTreeMap<SmolStr, SmolStr>,
    place: Place,
    /// An element of a `merge` names it.
    is_listed: bool,
}

/// An Application for a cluster that is assumed.
#[derive(Debug)]
pub(super) struct Assumed {
    pub(super) application: Node,
    pub(super) name: SmolStr,
    pub(super) cluster: SmolStr,
}

/// A parameter of the clusters generator, as texts name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Param {
    Name,
    Label(SmolStr),
}

/// One component of a path that parameters fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// What other generators fill in, between texts.
    Any(String, String),
    /// What a cluster fills in, between texts.
    Of(String, Param, String),
}

/// Paths of a repository that are called after clusters.
#[derive(Debug, Clone)]
struct Pattern {
    url: SmolStr,
    revision: SmolStr,
    parts: Vec<Part>,
    /// Begins with a path of another generator, which has any number of components.
    is_below: bool,
    is_file: bool,
    place: Place,
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
        pattern.find(environment, &mut found);
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

/// Reads paths with parameters.
struct Reader<'n> {
    go: bool,
    /// `values` of the clusters generator.
    values: Option<&'n Node>,
    /// Elements of a list say a name of their own.
    named_by_list: bool,
}

impl Reader<'_> {
    /// A path that says at least one word of its own, and has what a cluster fills in.
    fn pattern(
        &self,
        (url, revision): (SmolStr, SmolStr),
        node: &Node,
        path: Option<&str>,
        is_file: bool,
    ) -> Option<Pattern> {
        let path = path.or_else(|| node.as_str())?.trim_start_matches("./").trim_matches('/');
        if !path.contains("{{") || url.contains("{{") || revision.contains("{{") || path.contains("**") {
            return None;
        }
        let mut texts = components(path)?;
        let is_below = texts.first().is_some_and(|text| self.is_path(text));
        if is_below {
            texts.remove(0);
        }
        let parts: Vec<Part> = texts.iter().map(|text| self.part(text)).collect::<Option<_>>()?;
        let says = |part: &Part| match part {
            Part::Text(_) => true,
            Part::Any(before, after) => !before.is_empty() || !after.is_empty(),
            Part::Of(before, _, after) => !before.is_empty() || !after.trim_end_matches(".yaml").is_empty(),
        };
        let has = parts.iter().any(|part| matches!(part, Part::Of(..)));
        (has && parts.iter().any(says)).then(|| Pattern {
            url,
            revision,
            parts,
            is_below,
            is_file,
            place: node.place(),
        })
    }

    /// Whether a component is the whole path of a git generator.
    fn is_path(&self, text: &str) -> bool {
        let tag = text.strip_prefix("{{").and_then(|it| it.strip_suffix("}}")).map(str::trim);
        tag == Some(if self.go { ".path.path" } else { "path" })
    }

    fn part(&self, text: &str) -> Option<Part> {
        let wild = |text: &str| text.contains(['*', '?', '[']);
        let Some((before, rest)) = text.split_once("{{") else {
            return Some(if wild(text) {
                Part::Any(String::new(), String::new())
            } else {
                Part::Text(text.to_owned())
            });
        };
        let (tag, after) = rest.split_once("}}")?;
        if after.contains("{{") || wild(before) || wild(after) {
            let other = self.param(tag, 0).is_none() && !after.contains("{{");
            return other.then(|| Part::Any(String::new(), String::new()));
        }
        let (before, after) = (before.to_owned(), after.to_owned());
        Some(match self.param(tag, 0) {
            Some(param) => Part::Of(before, param, after),
            None => Part::Any(before, after),
        })
    }

    /// What a tag takes of a cluster; `None` for everything else.
    fn param(&self, tag: &str, depth: u32) -> Option<Param> {
        let tag = tag.trim().trim_matches('-').trim();
        let name = if self.go {
            if let Some(index) = tag.strip_prefix("index .metadata.labels ") {
                let key = index.trim().trim_matches(['"', '`']);
                return (!key.contains([' ', '"'])).then(|| Param::Label(key.into()));
            }
            tag.strip_prefix('.')?
        } else {
            tag
        };
        if name.contains([' ', '|', '(']) {
            return None;
        }
        if name == "name" {
            return (!self.named_by_list).then_some(Param::Name);
        }
        if let Some(label) = name.strip_prefix("metadata.labels.") {
            return Some(Param::Label(label.into()));
        }
        let value = self.values?.get(name.strip_prefix("values.")?)?.as_str()?;
        let inner = value.trim().strip_prefix("{{")?.strip_suffix("}}").filter(|it| !it.contains("{{"))?;
        if depth > 0 { None } else { self.param(inner, depth + 1) }
    }
}

/// A path at its slashes, other than those inside of tags. `None` where a tag is not closed.
fn components(path: &str) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut rest = path;
    while let Some(c) = rest.chars().next() {
        let taken = if rest.starts_with("{{") { rest.find("}}")? + 2 } else { c.len_utf8() };
        let (text, after) = rest.split_at_checked(taken)?;
        if text == "/" {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push_str(text);
        }
        rest = after;
    }
    parts.retain(|part| !part.is_empty());
    Some(parts)
}

impl Pattern {
    /// Adds the clusters that files and directories are called after.
    fn find(&self, environment: &Environment<'_>, into: &mut Vec<Shown>) {
        let Some(root) = found(&self.url, &self.revision, environment) else { return };
        let mut seen = BTreeSet::new();
        for file in root.tree.files() {
            let components: Vec<&str> = file.components().collect();
            let last = if self.is_file { components.len() } else { components.len().saturating_sub(1) };
            let most = last.saturating_sub(self.parts.len());
            let starts = match (self.is_below, self.is_file) {
                (false, true) if most > 0 => continue,
                (false, _) => 0..=0,
                (true, true) => most..=most,
                (true, false) => 1..=most,
            };
            for start in starts {
                let below = components.get(start..last).filter(|it| it.len() >= self.parts.len());
                let Some(params) = below.and_then(|it| self.params(it)) else { continue };
                if !seen.insert(params.clone()) {
                    continue;
                }
                let words: Vec<&str> = params.values().map(SmolStr::as_str).collect();
                let name = params.get(&Param::Name).cloned().unwrap_or_else(|| words.join("-").into());
                let labels = params.iter().filter_map(|(param, value)| match param {
                    Param::Label(key) => Some((key.clone(), value.clone())),
                    Param::Name => None,
                });
                let (labels, place) = (labels.collect(), self.place);
                into.push(Shown { name, server: None, labels, place, is_listed: false });
                if seen.len() > MAX_CLUSTERS {
                    return;
                }
            }
        }
    }

    /// What the components of a path say about a cluster.
    fn params(&self, components: &[&str]) -> Option<BTreeMap<Param, SmolStr>> {
        let between = |text: &str, before: &str, after: &str| {
            let inner = text.strip_prefix(before)?.strip_suffix(after)?;
            (!inner.is_empty()).then(|| SmolStr::new(inner))
        };
        let mut params = BTreeMap::new();
        for (part, component) in self.parts.iter().zip(components) {
            match part {
                Part::Text(text) if text == component => {}
                Part::Text(_) => return None,
                Part::Any(before, after) => {
                    between(component, before, after)?;
                }
                Part::Of(before, param, after) => {
                    let value = between(component, before, after).filter(|it| is_cluster(it))?;
                    if *params.entry(param.clone()).or_insert_with(|| value.clone()) != value {
                        return None;
                    }
                }
            }
        }
        Some(params)
    }
}

/// Whether a cluster may be called so.
fn is_cluster(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !COMMON.contains(&name.to_lowercase().as_str())
        && !name.starts_with(['.', '_'])
        && name.chars().all(allowed)
}
