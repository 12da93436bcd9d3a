//! Apps that a change cannot reach: what they may read is known without rendering them, none of it differs, and nothing of it can
//! bring forth other apps. Whatever cannot be told from the text is rendered.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::source::{EntryKind, Found, TreePath};
use crate::yaml::{Data, Node};

use super::app::{App, Spec};
use super::environments::AssumedRelease;
use super::{KUSTOMIZATION_NAMES, Workspace};

/// Steps from directory to directory that are followed.
const MAX_DEPTH: u32 = 32;

/// What differs between two states of a repository.
#[derive(Debug)]
pub struct Change {
    paths: Vec<TreePath>,
    /// All files of one state, in order.
    files: [Vec<TreePath>; 2],
    parts: [Mutex<FxHashMap<TreePath, Option<Arc<Part>>>>; 2],
}

/// One of the two states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// How it was.
    Before,
    /// How it is.
    After,
}

/// What building a directory may read, beside remote content.
#[derive(Debug, Default)]
struct Part {
    /// Directories with all below them, and files.
    roots: BTreeSet<TreePath>,
    words: Words,
}

/// What texts say that may become objects.
#[derive(Debug, Default, Clone, Copy)]
struct Words {
    argo: bool,
    application: bool,
    flux: bool,
    named: bool,
}

impl Words {
    fn of(text: &str) -> Self {
        Self {
            argo: text.contains("argoproj.io/v"),
            application: text.contains("Application"),
            flux: text.contains("fluxcd"),
            named: text.contains("ConfigMap")
                || text.contains("Secret")
                || text.contains("configMapGenerator")
                || text.contains("secretGenerator"),
        }
    }

    fn add(&mut self, other: Self) {
        self.argo |= other.argo;
        self.application |= other.application;
        self.flux |= other.flux;
        self.named |= other.named;
    }

    /// Whether apps, or what `keeps_named` apps name, may come of it.
    fn may_matter(self, keeps_named: bool) -> bool {
        self.argo && self.application || self.flux || keeps_named && self.named
    }
}

impl Change {
    /// Compares two states that share their sources, file by file.
    pub fn between(before: &Workspace, after: &Workspace) -> Self {
        let list = |workspace: &Workspace| {
            let mut files = workspace.tree.files();
            files.sort_unstable();
            files
        };
        let files = [list(before), list(after)];
        let all: BTreeSet<&TreePath> = files.iter().flatten().collect();
        let all: Vec<&TreePath> = all.into_iter().collect();
        let differs = |path: &&&TreePath| {
            let id = |workspace: &Workspace| workspace.tree.read(path).map(|file| file.id());
            id(before) != id(after)
        };
        let paths = all.par_iter().filter(differs).map(|path| (*path).clone()).collect();
        Self { paths, files, parts: Default::default() }
    }

    /// What an app that the change cannot reach may read: its files; nothing where it may be reached.
    pub(super) fn passes(
        &self,
        app: &App,
        workspace: &Workspace,
        keeps_named: bool,
        state: State,
    ) -> Option<BTreeSet<TreePath>> {
        let looker = Looker { change: self, workspace, state };
        let part = looker.of_app(app)?;
        if part.words.may_matter(keeps_named) || self.meets(&part.roots) {
            return None;
        }
        let listed = || part.roots.iter().flat_map(|root| looker.below(root)).cloned().collect();
        Some(if app.kind.is_loose() { listed() } else { BTreeSet::new() })
    }

    fn meets(&self, roots: &BTreeSet<TreePath>) -> bool {
        self.paths.iter().any(|path| {
            let mut at = Some(path.clone());
            while let Some(dir) = at {
                if roots.contains(&dir) {
                    return true;
                }
                at = dir.parent();
            }
            false
        })
    }
}

struct Looker<'a> {
    change: &'a Change,
    workspace: &'a Workspace,
    state: State,
}

impl<'a> Looker<'a> {
    fn index(&self) -> usize {
        usize::from(self.state == State::After)
    }

    /// The files of a directory with all below it, or the file itself.
    fn below(&self, root: &TreePath) -> &'a [TreePath] {
        let files = self.change.files.get(self.index()).map(Vec::as_slice).unwrap_or_default();
        if root.is_root() {
            return files;
        }
        let prefix = format!("{root}/");
        let own = files.binary_search(root).ok().and_then(|at| files.get(at..=at));
        let start = files.partition_point(|path| path.as_str() < prefix.as_str());
        let rest = files.get(start..).unwrap_or_default();
        let end = rest.partition_point(|path| path.as_str().starts_with(&prefix));
        own.or_else(|| rest.get(..end)).unwrap_or_default()
    }

    fn of_app(&self, app: &App) -> Option<Part> {
        let mut part = Part::default();
        match &app.spec {
            Spec::Argo(application) => {
                let node = app.node.as_deref()?.get("spec")?;
                let mut dirs = vec![TreePath::root()];
                for source in &application.sources {
                    if source.chart.is_some() || source.node.get("plugin").is_some() {
                        return None;
                    }
                    let found = self.workspace.remotes().git(source.repo_url(), source.target_revision());
                    let Found::Here(dir) = found else { return None };
                    let root = TreePath::root();
                    if dir.tree.id(&root) != self.workspace.tree.id(&root) {
                        return None;
                    }
                    if source.path.is_some() {
                        let dir = dir.path.join(source.path()).ok()?;
                        self.add(&dir, &mut part, 0)?;
                        dirs.push(dir);
                    }
                }
                let mut words = Words::default();
                let mut texts = Vec::new();
                scalars(node, &mut texts);
                for text in texts {
                    words.add(Words::of(text));
                    self.add_named(text, &dirs, &mut part)?;
                }
                part.words.add(words);
            }
            Spec::Overlay(dir) | Spec::Chart(dir) => self.add(&dir.path, &mut part, 0)?,
            Spec::Release(release) => {
                let AssumedRelease { chart, values, .. } = release.as_ref();
                self.add(&chart.path, &mut part, 0)?;
                for path in values {
                    self.add(path, &mut part, 0)?;
                }
            }
            Spec::ArgoSet(_) | Spec::FluxKustomization(..) | Spec::FluxRelease(..) | Spec::Manifests(_) => {
                return None;
            }
        }
        Some(part)
    }

    /// What a text of an Application may name: a path from the root, from a source, or behind `$name/`.
    fn add_named(&self, text: &str, dirs: &[TreePath], part: &mut Part) -> Option<()> {
        if text.contains(['\n', ' ']) || matches!(text, "" | "." | "./" | "/") || text.contains("://") {
            return Some(());
        }
        if text.contains(['*', '?', '{']) {
            return None;
        }
        let text = match text.strip_prefix('$') {
            Some(rest) => rest.split_once('/').map_or("", |(_, rest)| rest),
            None => text,
        };
        for dir in dirs {
            let paths = [dir.join(text), dir.join_rooted(text)];
            for path in paths.into_iter().flatten().filter(|path| !path.is_root()) {
                match self.workspace.tree.kind(&path) {
                    Some(EntryKind::File) => self.add(&path, part, 0)?,
                    // A word that is the name of a directory is most often a word.
                    Some(EntryKind::Dir) if text.contains('/') => self.add(&path, part, 0)?,
                    _ => drop(part.roots.insert(path)),
                }
            }
        }
        Some(())
    }

    /// Adds what reading a directory with all below it, or a file, may lead to; `None` where that cannot be told.
    fn add(&self, root: &TreePath, part: &mut Part, depth: u32) -> Option<()> {
        if part.roots.contains(root) {
            return Some(());
        }
        let found = self.part(root, depth)?;
        part.roots.extend(found.roots.iter().cloned());
        part.words.add(found.words);
        Some(())
    }

    fn part(&self, root: &TreePath, depth: u32) -> Option<Arc<Part>> {
        let parts = self.change.parts.get(self.index())?;
        let known = parts.lock().unwrap_or_else(PoisonError::into_inner).get(root).cloned();
        if let Some(known) = known {
            return known;
        }
        let mut part = Part { roots: [root.clone()].into(), ..Part::default() };
        let found = (depth < MAX_DEPTH).then(|| self.look(root, &mut part, depth)).flatten();
        let found = found.map(|()| Arc::new(part));
        parts.lock().unwrap_or_else(PoisonError::into_inner).insert(root.clone(), found.clone());
        found
    }

    fn look(&self, root: &TreePath, part: &mut Part, depth: u32) -> Option<()> {
        let tree = &self.workspace.tree;
        for path in self.below(root) {
            let (name, dir) = (path.file_name(), path.parent()?);
            // What a link leads to, and what is packed, is not looked into.
            let packed = [".tgz", ".tar", ".gz", ".zip"].iter().any(|end| name.ends_with(end));
            if packed || name.starts_with(".argocd-source") || tree.resolve(path).ok().as_ref() != Some(path)
            {
                return None;
            }
            let file = tree.read(path).ok()?;
            part.words.add(Words::of(file.text_or_empty()));
            let is_chart = matches!(name, "Chart.yaml" | "requirements.yaml");
            if !is_chart && !KUSTOMIZATION_NAMES.contains(&name) {
                continue;
            }
            let stream = self.workspace.cache.stream(&file);
            let mut texts: Vec<&str> = Vec::new();
            for node in stream.documents.iter().filter_map(|document| document.root.as_ref()) {
                if is_chart {
                    let dependencies = node.items(&["dependencies"]).iter();
                    for repository in dependencies.filter_map(|it| it.get("repository")?.scalar()) {
                        texts.push(
                            repository.strip_prefix("file://").or(repository.is_empty().then_some(""))?,
                        );
                    }
                } else {
                    scalars(node, &mut texts);
                }
            }
            for text in texts {
                self.add_relative(text, &dir, part, depth)?;
            }
        }
        Some(())
    }

    /// What leads out of the directory of a kustomization or chart; what is below is read anyway.
    fn add_relative(&self, text: &str, dir: &TreePath, part: &mut Part, depth: u32) -> Option<()> {
        let hosts = ["github.com/", "gitlab.com/", "bitbucket.org/", "git@"];
        if text.contains("//") || text.contains("?ref=") || hosts.iter().any(|host| text.starts_with(host)) {
            return None;
        }
        if !text.contains("..") {
            return Some(());
        }
        let words = text.split(|c: char| c.is_whitespace() || matches!(c, '=' | '"' | '\'' | ','));
        for word in std::iter::once(text).chain(words).filter(|word| word.contains("..")) {
            let Ok(path) = dir.join(word) else { continue };
            if self.workspace.tree.kind(&path).is_some() {
                self.add(&path, part, depth + 1)?;
            } else {
                part.roots.insert(path);
            }
        }
        Some(())
    }
}

/// All texts in a node that are no keys.
fn scalars<'n>(node: &'n Node, into: &mut Vec<&'n str>) {
    match &node.data {
        Data::Scalar(text) => into.push(SmolStr::as_str(text)),
        Data::Seq(items) => items.iter().for_each(|item| scalars(item, into)),
        Data::Map(map) => map.iter().for_each(|entry| scalars(&entry.value, into)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::repo::{Analysis, Rendered, Untouched, analyze_changed};
    use crate::source::{MemoryTree, SharedTree, Sources, Tree};
    use crate::yaml::Cache;

    use super::*;

    fn app(name: &str, source: &str) -> (String, String) {
        let text = format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  project: default\n  destination: {{server: 'https://kubernetes.default.svc', namespace: {name}}}\n  source: {{repoURL: 'https://git.example.com/a/b.git', targetRevision: HEAD, {source}}}\n"
        );
        (format!("apps/{name}.yaml"), text)
    }

    /// Each file, changed, with the apps that are rendered for it: all others are known to stay as they are.
    #[test]
    fn apps_that_may_read_what_changed_are_rendered() {
        let mut files: Vec<(String, String)> = vec![
            app("plain", "path: plain"),
            app("built", "path: overlays/built"),
            app("chart", "path: chart, helm: {valueFiles: [../values/chart.yaml, /values/all.yaml]}"),
            app(
                "missing",
                "path: chart, helm: {valueFiles: [../values/later.yaml], ignoreMissingValueFiles: true}",
            ),
            app("above", "path: above"),
            app("remote", "path: remote"),
        ];
        for (path, text) in [
            ("plain/a.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"),
            ("base/kustomization.yaml", "resources: [a.yaml]\n"),
            ("base/a.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"),
            (
                "overlays/built/kustomization.yaml",
                "resources: [../../base]\nconfigMapGenerator: [{name: a, files: [a=../../data/a.txt]}]\ngeneratorOptions: {}\n",
            ),
            ("data/a.txt", "a\n"),
            (
                "chart/Chart.yaml",
                "apiVersion: v2\nname: chart\nversion: 1.0.0\ndependencies: [{name: lib, version: 1.0.0, repository: 'file://../lib'}]\n",
            ),
            ("chart/templates/a.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"),
            ("lib/Chart.yaml", "apiVersion: v2\nname: lib\nversion: 1.0.0\n"),
            ("values/chart.yaml", "a: 1\n"),
            ("values/all.yaml", "a: 1\n"),
            ("values/other.yaml", "a: 1\n"),
            (
                "above/child.yaml",
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: child}\nspec: {project: default, destination: {namespace: a, server: b}, source: {repoURL: 'https://git.example.com/a/b.git', path: child}}\n",
            ),
            ("child/a.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: c}\n"),
            ("remote/kustomization.yaml", "resources: ['https://github.com/a/b//c?ref=v1']\n"),
        ] {
            files.push((path.to_owned(), text.to_owned()));
        }
        // What may bring apps, or cannot be known, is always rendered.
        let always = ["above", "remote"];
        for (changed, text, reached) in [
            ("values/other.yaml", "a: 2\n", &[][..]),
            ("values/chart.yaml", "a: 2\n", &["chart"]),
            ("values/all.yaml", "a: 2\n", &["chart"]),
            ("values/later.yaml", "a: 2\n", &["missing"]),
            ("lib/values.yaml", "a: 2\n", &["chart", "missing"]),
            (
                "chart/templates/b.yaml",
                "apiVersion: v1\nkind: Service\nmetadata: {name: b}\n",
                &["chart", "missing"],
            ),
            ("base/a.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: b}\n", &["built"]),
            ("data/a.txt", "b\n", &["built"]),
            ("plain/b.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: b}\n", &["plain"]),
            ("child/a.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: d}\n", &["child"]),
        ] {
            let sources = Sources::new();
            let cache = Arc::new(Cache::new(Arc::clone(&sources)));
            let own = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
            let old = MemoryTree::of(&sources, own.clone());
            let others = own.filter(|(path, _)| *path != changed);
            let new: Arc<dyn Tree> = Arc::new(MemoryTree::of(&sources, others.chain([(changed, text)])));
            let old: Arc<dyn Tree> = Arc::new(SharedTree::new(Arc::new(old), Arc::clone(&new)));
            let (old, _) = Workspace::of_tree(old, Arc::clone(&cache), &[]);
            let (new, _) = Workspace::of_tree(new, cache, &[]);
            let change = Change::between(&old, &new);
            let on_app = |_: &Workspace, _: &App, _: &Rendered| true;
            let untouched = Untouched { change: &change, state: State::After, result: &|_| false };
            let (inventory, rendered) = analyze_changed(&new, &Analysis::default(), &on_app, untouched);
            let mut names: Vec<&str> = inventory
                .apps
                .iter()
                .zip(rendered)
                .filter(|(entry, rendered)| *rendered && !always.contains(&&*entry.app.name))
                .map(|(entry, _)| &*entry.app.name)
                .collect();
            names.sort_unstable();
            assert_eq!(names, reached, "{changed}");
        }
    }
}
