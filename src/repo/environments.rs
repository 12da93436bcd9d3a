//! Assumed releases: what deploys a chart is often not in Git (Terraform, a CI job, another repository), but the values of
//! its environments are.
//!
//! Recognised by the names of files alone, and for files that lie outside of the chart by the chart's name or by being the
//! only chart there, confirmed by their keys. `releases:` of the configuration says it where names do not tell.
//! Nothing is rendered here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::origin::Place;
use crate::source::{Dir, TreePath};
use crate::yaml::{Entry, Node};

use super::{Scan, Workspace, is_environment};

/// Directories that hold values of environments, each file or directory in them being one.
const CONTAINERS: [&str; 8] =
    ["values", "env", "envs", "environments", "environment", "helm-values", "values-files", "ci"];

/// Values that every environment gets, below its own.
const COMMON: [&str; 10] =
    ["common", "shared", "base", "global", "globals", "default", "defaults", "all", "_common", "_shared"];

/// What files are called that show what values could be, or that are not values.
const SHOWS: [&str; 8] = ["example", "examples", "sample", "template", "tpl", "schema", "secret", "secrets"];

/// More environments than any chart has.
const MAX_ENVIRONMENTS: usize = 64;

/// How many directories above a chart are looked at.
const LEVELS: usize = 3;

/// A release of a chart that no app of this repository makes.
#[derive(Debug, Clone)]
pub struct AssumedRelease {
    /// The chart.
    pub chart: Dir,
    /// What tells it from the chart's other releases: `prod`.
    pub environment: SmolStr,
    /// Values files, the last one wins.
    pub values: Vec<TreePath>,
    /// `.Release.Name`; empty when nothing says.
    pub name: SmolStr,
    /// `.Release.Namespace`; empty when nothing says.
    pub namespace: SmolStr,
    /// The cluster; empty when nothing says.
    pub cluster: SmolStr,
    /// The entry of `releases:` that declares it.
    pub declared: Option<Place>,
    /// Values for a test of the chart (`ci/`): what they make is never deployed.
    pub is_test: bool,
}

impl AssumedRelease {
    /// The values files, as `apps` shows them.
    pub fn words(&self) -> String {
        let names: Vec<&str> = self.values.iter().map(TreePath::as_str).collect();
        let names = if names.is_empty() { "its own values".to_owned() } else { names.join(", ") };
        if self.declared.is_some() { format!("declared: {names}") } else { format!("assumed: {names}") }
    }
}

/// Finds assumed releases.
pub(super) struct Environments<'a> {
    workspace: &'a Workspace,
    scan: &'a Scan,
    /// YAML files by their directory.
    files: FxHashMap<TreePath, Vec<&'a TreePath>>,
    /// Directories by the one above.
    dirs: FxHashMap<TreePath, BTreeSet<TreePath>>,
}

impl<'a> Environments<'a> {
    pub(super) fn new(workspace: &'a Workspace, scan: &'a Scan) -> Self {
        let mut files: FxHashMap<TreePath, Vec<&TreePath>> = FxHashMap::default();
        let mut dirs: FxHashMap<TreePath, BTreeSet<TreePath>> = FxHashMap::default();
        for path in &scan.files {
            let Some(mut dir) = path.parent() else { continue };
            let known = files.contains_key(&dir);
            files.entry(dir.clone()).or_default().push(path);
            if known {
                continue;
            }
            while let Some(above) = dir.parent() {
                if !dirs.entry(above.clone()).or_default().insert(dir) {
                    break;
                }
                dir = above;
            }
        }
        Self { workspace, scan, files, dirs }
    }

    /// What `releases:` declares, in its order.
    pub(super) fn declared(&self) -> Vec<AssumedRelease> {
        let releases = self.workspace.config.releases.iter().filter_map(|release| {
            let path = TreePath::root().join(&release.chart.value).ok()?;
            let values: Vec<TreePath> = release
                .values
                .iter()
                .filter_map(|text| TreePath::root().join(text.value.trim_start_matches("./")).ok())
                .collect();
            let text = |text: &Option<crate::config::Text>| {
                text.as_ref().map(|text| text.value.clone()).unwrap_or_default()
            };
            let environment =
                release.environment.as_ref().or(release.name.as_ref()).map(|it| it.value.clone());
            let environment = environment.or_else(|| {
                let last = values.last()?;
                Some(stem(last.file_name()).into())
            });
            Some(AssumedRelease {
                chart: Dir::new(Arc::clone(&self.workspace.tree), path),
                environment: environment.unwrap_or_default(),
                values,
                name: text(&release.name),
                namespace: text(&release.namespace),
                cluster: text(&release.cluster),
                declared: Some(release.place),
                is_test: false,
            })
        });
        releases.collect()
    }

    /// The environments of a chart that no app deploys, by name.
    pub(super) fn of(&self, chart: &TreePath) -> Vec<AssumedRelease> {
        let Ok(file) = self.workspace.tree.read(&chart.child("Chart.yaml")) else { return Vec::new() };
        let stream = self.workspace.cache.stream(&file);
        let root = stream.documents.first().and_then(|document| document.root.as_ref());
        let text = |key: &str| {
            root.and_then(|root| root.get(key))
                .and_then(Node::scalar)
                .map(SmolStr::as_str)
                .unwrap_or_default()
        };
        if text("type") == "library" {
            return Vec::new();
        }
        let names: BTreeSet<&str> =
            [text("name"), chart.file_name()].into_iter().filter(|name| !name.is_empty()).collect();
        let mut layers: BTreeMap<Vec<String>, Vec<TreePath>> = BTreeMap::new();
        // What is not called like an environment may be values of another chart, which a template reads as text.
        let has_own = self.workspace.tree.is_file(&chart.child("values.yaml"));
        let ours = |(tokens, path): &(Vec<String>, TreePath)| {
            tokens.first().is_none_or(|it| it == "ci")
                || !has_own
                || tokens.iter().any(|it| it.split(['-', '_', '.']).any(is_environment))
                || self.fits(path, chart, root)
        };
        add(&mut layers, self.candidates(chart, &names).into_iter().filter(ours).collect());
        self.drop_aliases(&mut layers);
        let mut above = chart.parent();
        for _ in 0..LEVELS {
            let Some(dir) = above else { break };
            let found = self.candidates(&dir, &names);
            // Whose values these are is told by the chart's name, or there is only this one.
            let alone = self.scan.charts.iter().filter(|other| other.starts_with(&dir)).nth(1).is_none();
            let ours = |path: &TreePath| {
                let below = path.strip_prefix(&dir).unwrap_or_default();
                let named = names.iter().any(|name| is_named(below, name));
                (named || alone) && self.fits(path, chart, root)
            };
            add(&mut layers, found.into_iter().filter(|(_, path)| ours(path)).collect());
            above = dir.parent();
        }
        let mut common: Vec<TreePath> = layers.remove(&Vec::new()).unwrap_or_default();
        // A file that says its own name where the others say theirs is an environment, though it is called like what all share: a
        // site called `base`.
        let says_own = |path: &TreePath| {
            let (word, key) = self.own_name(path)?;
            let mut others = layers.values().flatten().peekable();
            (others.peek().is_some() && others.all(|other| self.sets(other, &key))).then_some(word)
        };
        let named: Vec<(&str, TreePath)> =
            common.iter().filter_map(|path| Some((says_own(path)?, path.clone()))).collect();
        common.retain(|path| !named.iter().any(|(_, own)| own == path));
        for (name, path) in named {
            layers.entry(vec![name.to_owned()]).or_default().push(path);
        }
        let environments: Vec<Vec<String>> = layers.keys().take(MAX_ENVIRONMENTS).cloned().collect();
        let release = |environment: SmolStr, values: Vec<TreePath>| AssumedRelease {
            chart: Dir::new(Arc::clone(&self.workspace.tree), chart.clone()),
            is_test: environment.starts_with("ci/"),
            environment,
            values,
            name: SmolStr::default(),
            namespace: SmolStr::default(),
            cluster: SmolStr::default(),
            declared: None,
        };
        let releases = environments.iter().map(|environment| {
            let below = (1..=environment.len()).filter_map(|n| layers.get(environment.get(..n)?));
            let values = common.iter().chain(below.flatten()).cloned().collect();
            release(environment.join("/").into(), values)
        });
        releases.collect()
    }

    /// Values files of environments in and around a directory: what their names say beside `values` and the names of the
    /// chart (nothing for what all environments get), and the file.
    fn candidates(&self, dir: &TreePath, names: &BTreeSet<&str>) -> Vec<(Vec<String>, TreePath)> {
        let mut found = Vec::new();
        let mut take = |path: &TreePath, base: &TreePath, prefix: Option<&str>, loose: bool| {
            let below = path.strip_prefix(base).unwrap_or_default();
            if let Some(mut tokens) = tokens(below, names, loose)
                && self.is_values(path)
            {
                if let Some(prefix) = prefix {
                    tokens.insert(0, prefix.to_owned());
                }
                found.push((tokens, path.clone()));
            }
        };
        for path in self.files.get(dir).into_iter().flatten() {
            take(path, dir, None, false);
        }
        for below in self.dirs.get(dir).into_iter().flatten() {
            let name = below.file_name();
            if self.scan.charts.contains(below) || self.scan.kustomizations.contains_key(below) {
                continue;
            }
            if CONTAINERS.contains(&name) {
                let prefix = (name == "ci").then_some("ci");
                for path in self.below(below, 2) {
                    take(path, below, prefix, true);
                }
            } else if is_environment(name) {
                for path in self.files.get(below).into_iter().flatten() {
                    take(path, dir, None, false);
                }
            }
        }
        found
    }

    /// Takes out what is a link to a file that is there as well, as `ci/prod-values.yaml` may be.
    fn drop_aliases(&self, layers: &mut BTreeMap<Vec<String>, Vec<TreePath>>) {
        let tree = &self.workspace.tree;
        let there: BTreeSet<TreePath> = layers.values().flatten().cloned().collect();
        for paths in layers.values_mut() {
            let is_alias =
                |path: &TreePath| tree.resolve(path).is_ok_and(|to| to != *path && there.contains(&to));
            paths.retain(|path| !is_alias(path));
        }
        layers.retain(|_, paths| !paths.is_empty());
    }

    /// The word of [`COMMON`] in a file's name and the key at the top of the file whose value is that word.
    fn own_name(&self, path: &TreePath) -> Option<(&'static str, SmolStr)> {
        let stem = stem(path.file_name());
        let word = COMMON.into_iter().find(|word| without(stem, "values") == Some(word) || stem == *word)?;
        let root = self.root(path)?;
        let is_it = |entry: &&Entry| entry.value.scalar().is_some_and(|text| text == word);
        Some((word, root.entries().iter().find(is_it)?.key.text.clone()))
    }

    /// Whether a file has a key at its top.
    fn sets(&self, path: &TreePath, key: &str) -> bool {
        self.root(path).is_some_and(|root| root.get(key).is_some())
    }

    fn root(&self, path: &TreePath) -> Option<Node> {
        let file = self.workspace.tree.read(path).ok()?;
        let stream = self.workspace.cache.stream(&file);
        stream.documents.first()?.root.clone()
    }

    /// Files in a directory and so many levels below it.
    fn below(&self, dir: &TreePath, levels: usize) -> Vec<&'a TreePath> {
        let mut found: Vec<&TreePath> = self.files.get(dir).into_iter().flatten().copied().collect();
        if levels > 0 {
            let dirs = self.dirs.get(dir).into_iter().flatten();
            found.extend(dirs.flat_map(|dir| self.below(dir, levels - 1)));
        }
        found
    }

    /// Whether a file can be values: a mapping that is no manifest, not encrypted, read by no kustomization.
    fn is_values(&self, path: &TreePath) -> bool {
        if self.scan.is_resource(path) || self.scan.is_input(path) {
            return false;
        }
        let Ok(file) = self.workspace.tree.read(path) else { return false };
        let stream = self.workspace.cache.stream(&file);
        let Some(root) = stream.documents.first().and_then(|document| document.root.as_ref()) else {
            return false;
        };
        root.as_map().is_some()
            && root.get("kind").is_none()
            && root.at_path(&["sops", "mac"]).is_none()
            && root.get("dependencies").is_none_or(|_| root.get("apiVersion").is_none())
    }

    /// Whether at least half of the keys of a file are such as the chart reads: those of its `values.yaml`, its
    /// dependencies, and `global`.
    fn fits(&self, path: &TreePath, chart: &TreePath, chart_yaml: Option<&Node>) -> bool {
        let Some(values) = self.root(path) else { return false };
        let own = self.root(&chart.child("values.yaml"));
        let mut known: BTreeSet<SmolStr> =
            own.iter().flat_map(Node::entries).map(|it| it.key.text.clone()).collect();
        known.insert("global".into());
        for dependency in chart_yaml.map(|root| root.items(&["dependencies"])).unwrap_or_default() {
            for key in ["name", "alias"] {
                known.extend(dependency.get(key).and_then(Node::as_str).map(SmolStr::new));
            }
        }
        let keys = values.entries();
        let fitting = keys.iter().filter(|entry| known.contains(&entry.key.text)).count();
        fitting > 0 && fitting * 2 >= keys.len()
    }
}

/// Adds files to the layers that their names tell.
fn add(layers: &mut BTreeMap<Vec<String>, Vec<TreePath>>, found: Vec<(Vec<String>, TreePath)>) {
    for (mut tokens, path) in found {
        // One name spelt twice in one directory (`test-values.yaml`, `test_values.yaml`): nobody gives both to one release.
        let beside = |paths: &Vec<TreePath>| paths.iter().any(|it| it.parent() == path.parent());
        if layers.get(&tokens).is_some_and(beside)
            && let Some(last) = tokens.last_mut()
        {
            stem(path.file_name()).clone_into(last);
        }
        layers.entry(tokens).or_default().push(path);
    }
}

/// A file's name without its extension.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Whether a part of a path is called so, alone or beside a separator: `web` in `prod/web.yaml`, `web-values-prod.yaml`.
fn is_named(path: &str, name: &str) -> bool {
    path.split('/').any(|part| {
        let part = stem(part);
        part == name
            || part.strip_prefix(name).is_some_and(|rest| rest.starts_with(['-', '_', '.']))
            || part.strip_suffix(name).is_some_and(|rest| rest.ends_with(['-', '_', '.']))
    })
}

/// What the path of a values file says beside `values` and the names of the chart: the environment, in parts. Empty for
/// values of all environments; `None` where the name is not one of values. `loose`: in a directory for values any name will do.
fn tokens(path: &str, names: &BTreeSet<&str>, loose: bool) -> Option<Vec<String>> {
    let mut parts: Vec<&str> = path.split('/').collect();
    let name = stem(parts.pop()?);
    let mut tokens: Vec<String> = parts
        .into_iter()
        .filter(|part| !names.contains(part) && *part != "values")
        .map(str::to_owned)
        .collect();
    let had_dir = !tokens.is_empty();
    let mut rest = name;
    let mut is_values = false;
    let named = |rest: &'_ str| names.iter().filter(|name| !name.is_empty()).any(|name| rest == *name);
    // `web-values-prod` and `values-web-prod` say the same.
    for _ in 0..2 {
        if let Some(shorter) = without(rest, "values") {
            rest = shorter;
            is_values = true;
        }
        is_values |= had_dir && named(rest);
        let chart = names.iter().filter(|name| !name.is_empty()).find_map(|name| without(rest, name));
        rest = chart.unwrap_or(rest);
    }
    if !is_values && !loose {
        return None;
    }
    if !rest.is_empty() {
        tokens.push(rest.to_owned());
    }
    if tokens.iter().any(|token| token.split(['-', '_', '.']).any(|part| SHOWS.contains(&part))) {
        return None;
    }
    // The chart's own values are a layer by themselves.
    if tokens.is_empty() && !had_dir && !loose {
        return None;
    }
    tokens.retain(|token| !COMMON.contains(&token.as_str()));
    Some(tokens)
}

/// A name without a word and the separator beside it; `None` when the word is not there.
fn without<'n>(name: &'n str, word: &str) -> Option<&'n str> {
    if name == word {
        return Some("");
    }
    let separators = ['-', '_', '.'];
    let after = name.strip_prefix(word).and_then(|rest| rest.strip_prefix(separators));
    after.or_else(|| name.strip_suffix(word).and_then(|rest| rest.strip_suffix(separators)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_environments() {
        let names = BTreeSet::from(["web"]);
        let prod: Option<&[&str]> = Some(&["prod"]);
        for (path, loose, want) in [
            ("values-prod.yaml", false, prod),
            ("values.prod.yaml", false, prod),
            ("values_prod.yml", false, prod),
            ("prod.values.yaml", false, prod),
            ("prod-values.yaml", false, prod),
            ("prod/values.yaml", false, prod),
            ("prod/web.yaml", false, prod),
            ("prod.yaml", true, prod),
            ("web/values-prod.yaml", true, prod),
            ("web-values-prod.yaml", false, prod),
            ("web-prod.yaml", true, prod),
            ("values-common.yaml", false, Some(&[])),
            ("prod/eu/values.yaml", true, Some(&["prod", "eu"])),
            ("values.yaml", false, None),
            ("deployment.yaml", false, None),
            ("values-example.yaml", false, None),
            ("values-prod-secrets.yaml", false, None),
        ] {
            let found = tokens(path, &names, loose);
            let found = found.as_ref().map(|it| it.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(found.as_deref(), want, "{path}");
        }
    }
}
