//! Paths of repositories that are called after clusters: read from texts with parameters, and held against files.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::origin::Place;
use crate::source::Dir;
use crate::yaml::Node;

use super::assumed::{MAX_CLUSTERS, Shown};

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

/// A parameter of the clusters generator, as texts name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Param {
    Name,
    Label(SmolStr),
}

/// One component of a path that parameters fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    /// What other generators fill in, between texts.
    Any(String, String),
    /// What a cluster fills in, between texts.
    Of(String, Param, String),
}

/// Paths of a repository that are called after clusters.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    pub(super) url: SmolStr,
    pub(super) revision: SmolStr,
    parts: Vec<Part>,
    /// Begins with a path of another generator, which has any number of components.
    is_below: bool,
    is_file: bool,
    place: Place,
}

/// Reads paths with parameters.
pub(super) struct Reader<'n> {
    pub(super) go: bool,
    /// `values` of the clusters generator.
    pub(super) values: Option<&'n Node>,
    /// Elements of a list say a name of their own.
    pub(super) named_by_list: bool,
}

impl Reader<'_> {
    /// A path that says at least one word of its own, and has what a cluster fills in.
    pub(super) fn pattern(
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
    pub(super) fn find(&self, root: &Dir, into: &mut Vec<Shown>) {
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
