//! The schemas that a repository gives: definitions of custom resources among its files, and the version of Kubernetes
//! that an app is deployed to.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::finding::{Confidence, GivenBy};
use crate::schema::{
    Against, Def, Definition, Definitions, Found, Kubernetes, LAST_MINOR, Scope, Violation, check,
    check_change, compile, file_names, find_custom, find_native, find_published, scope,
};
use crate::source::{Dir, EntryKind, FileId, SourceFile, Span, Tree, TreePath};
use crate::yaml::{Dialect, Node};

use super::{App, Object, Scan, ScannedDocument, Workspace};

/// Definitions among the files of the tree, read group by group when somebody asks for one.
#[derive(Debug, Default)]
pub struct TreeDefinitions {
    groups: BTreeMap<SmolStr, (Vec<ScannedDocument>, OnceLock<Definitions>)>,
}

impl TreeDefinitions {
    pub(super) fn of(scan: &Scan) -> Self {
        let mut groups: BTreeMap<SmolStr, (Vec<ScannedDocument>, OnceLock<Definitions>)> = BTreeMap::new();
        let definitions = scan.documents.iter().filter(|it| it.kind == "CustomResourceDefinition");
        for document in definitions.filter(|it| it.group == "apiextensions.k8s.io") {
            // A definition is called after what it defines: `certificates.cert-manager.io`.
            let Some((_, group)) = document.name.split_once('.') else { continue };
            groups.entry(group.into()).or_default().0.push(document.clone());
        }
        Self { groups }
    }

    /// Puts into `hasher` which documents of which files there are.
    pub(super) fn mark(&self, tree: &dyn Tree, hasher: &mut impl Hasher) {
        for document in self.groups.values().flat_map(|(documents, _)| documents) {
            (&document.path, document.index, tree.read(&document.path).map(|file| file.id())).hash(hasher);
        }
    }

    fn find<'a>(&'a self, workspace: &Workspace, group: &str, kind: &str) -> &'a [Arc<Definition>] {
        let Some((documents, loaded)) = self.groups.get(group) else { return &[] };
        let load = || {
            let mut definitions = Definitions::default();
            let nodes = documents.iter().filter_map(|document| document.node(workspace));
            nodes.filter_map(|node| Definition::read(&Arc::new(node))).for_each(|it| definitions.add(it));
            definitions
        };
        loaded.get_or_init(load).find(group, kind)
    }
}

/// Definitions in `crds/` of the charts that were fetched, read group by group. What an app installs or leaves out to be
/// installed by others is the same: whoever installs it takes the definitions from there.
#[derive(Debug, Default)]
pub(super) struct FetchedDefinitions {
    groups: BTreeMap<SmolStr, (Vec<Arc<SourceFile>>, OnceLock<Definitions>)>,
}

impl FetchedDefinitions {
    pub(super) fn of(workspace: &Workspace) -> Self {
        let mut groups: BTreeMap<SmolStr, (Vec<Arc<SourceFile>>, OnceLock<Definitions>)> = BTreeMap::new();
        for chart in workspace.checkouts.fetched().charts() {
            for file in definition_files(&chart) {
                // Which file is about which group is read off its lines: reading all of them as YAML takes a second.
                let text = file.text_or_empty();
                let groups_here = text.lines().filter_map(|line| line.strip_prefix("  group:"));
                let groups_here: BTreeSet<&str> =
                    groups_here.map(|group| group.trim().trim_matches(['"', '\''])).collect();
                for group in groups_here {
                    groups.entry(group.into()).or_default().0.push(Arc::clone(&file));
                }
            }
        }
        Self { groups }
    }

    fn find<'a>(&'a self, workspace: &Workspace, group: &str, kind: &str) -> &'a [Arc<Definition>] {
        let Some((files, loaded)) = self.groups.get(group) else { return &[] };
        let load = || {
            let mut definitions = Definitions::default();
            for file in files {
                for document in &workspace.cache.stream(file).documents {
                    let Some(mut node) = document.root.clone() else { continue };
                    if node.canonicalize(Dialect::Sigs).is_ok()
                        && let Some(definition) = Definition::read(&Arc::new(node))
                    {
                        definitions.add(definition);
                    }
                }
            }
            definitions
        };
        loaded.get_or_init(load).find(group, kind)
    }
}

/// The files below `crds/` of a chart and of those in its `charts/`, in order.
fn definition_files(chart: &Dir) -> Vec<Arc<SourceFile>> {
    let mut out = Vec::new();
    let mut dirs = vec![(chart.path.child("crds"), true), (chart.path.child("charts"), false)];
    while let Some((dir, is_crds)) = dirs.pop() {
        for entry in chart.tree.list(&dir).unwrap_or_default() {
            let path = dir.child(&entry.name);
            let name = entry.name.as_str();
            match entry.kind {
                EntryKind::Dir => dirs.push((path, is_crds || name == "crds")),
                EntryKind::File if is_crds && (name.ends_with(".yaml") || name.ends_with(".yml")) => {
                    out.extend(chart.tree.read(&path));
                }
                _ => {}
            }
        }
    }
    out
}

/// The definitions among an app's own objects, for groups of which no file of the tree defines anything.
pub(super) fn rendered_definitions(objects: &[Object], workspace: &Workspace) -> Arc<Definitions> {
    let mut definitions = Definitions::default();
    let known = |object: &Object| {
        let group = object.name.split_once('.').map(|(_, group)| group);
        group.is_some_and(|group| workspace.tree_definitions().groups.contains_key(group))
    };
    let objects =
        objects.iter().filter(|object| object.is("apiextensions.k8s.io", "CustomResourceDefinition"));
    for object in objects.filter(|object| !known(object)) {
        if let Some(definition) = Definition::read(&Arc::new(object.node.clone())) {
            definitions.add(definition);
        }
    }
    Arc::new(definitions)
}

/// Schemas by their files; `None` where a file holds none.
pub(super) type SchemaFiles = Mutex<FxHashMap<FileId, Option<Arc<Def>>>>;

/// The minor version of Kubernetes, and whether somebody said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minor {
    /// The 33 of 1.33; the newest known one where nobody says.
    pub number: u32,
    /// Whether the configuration says so, or the repository shows it.
    pub exact: bool,
    /// Where the repository shows it: what follows is likely at most.
    pub shown: Option<Span>,
}

/// The 33 of `1.33`, `v1.33.2`.
fn minor(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').nth(1)?.parse().ok()
}

/// Marks what the newest Kubernetes takes: whether it is wrong depends on the version of the cluster.
fn doubt(found: &mut [Violation], object: &Object, secret: bool) {
    let api_version = object.at(&["apiVersion"]).and_then(Node::as_str).unwrap_or_default();
    let Some(Found::Native(kubernetes, def)) =
        find_native(&object.group, api_version, &object.kind, LAST_MINOR, false)
    else {
        return;
    };
    let newest = check(
        def,
        &object.node,
        Against { kubernetes, exact: false, native: true, secret, partial: object.is_part },
    );
    for violation in found {
        violation.of_minor = !newest.iter().any(|it| it.place == violation.place);
    }
}

impl Workspace {
    /// The version of Kubernetes on the cluster that an app goes to.
    pub fn minor_of(&self, app: Option<&App>) -> Minor {
        let version = match app {
            Some(app) => super::render::configured_version(app, self),
            None => self.config.kubernetes.as_ref().map(|version| version.value.clone()),
        };
        if let Some(number) = version.as_deref().and_then(minor) {
            return Minor { number, exact: true, shown: None };
        }
        match self.shown_versions().for_app(app).first() {
            Some(it) => Minor { number: it.minor, exact: true, shown: Some(it.at) },
            None => Minor { number: LAST_MINOR, exact: false, shown: None },
        }
    }

    fn definitions_of<'a>(&'a self, object: &'a Object) -> &'a [Arc<Definition>] {
        let own = object.definitions.find(&object.group, &object.kind);
        if own.is_empty() { self.shared_definitions(&object.group, &object.kind) } else { own }
    }

    /// The definitions of a kind that every app sees: among the files of the tree, else in charts that were fetched.
    fn shared_definitions(&self, group: &str, kind: &str) -> &[Arc<Definition>] {
        let written = self.tree_definitions().find(self, group, kind);
        if written.is_empty() && group.contains('.') {
            return self.fetched_definitions().find(self, group, kind);
        }
        written
    }

    /// What is known about the kind of an object.
    pub fn schema_of<'a>(&'a self, object: &'a Object, minor: Minor) -> Found<'a> {
        let api_version = match object.group.as_str() {
            "" => object.version.clone(),
            group => smol_str::format_smolstr!("{group}/{}", object.version),
        };
        let native = find_native(&object.group, &api_version, &object.kind, minor.number, minor.exact);
        native.unwrap_or_else(|| match find_custom(self.definitions_of(object), &object.version) {
            Found::Unknown => {
                let file = self.schema_file(object, minor.number).map(Found::File);
                let published = || find_published(&api_version, &object.kind, minor.number);
                file.or_else(published).unwrap_or(Found::Unknown)
            }
            found => found,
        })
    }

    /// The definition among the files of the tree that says what an object looks like; `None` where none does, or where the app
    /// of the object brings its own.
    pub fn given_by(&self, object: &Object) -> Option<GivenBy> {
        let own = object.definitions.find(&object.group, &object.kind);
        let written = self.tree_definitions().find(self, &object.group, &object.kind);
        if !own.is_empty() || written.is_empty() {
            return None;
        }
        let api_version = smol_str::format_smolstr!("{}/{}", object.group, object.version);
        // What the project publishes is newer than most copies.
        let published = find_published(&api_version, &object.kind, LAST_MINOR).is_some();
        let otherwise = if published { Confidence::Possible } else { Confidence::Likely };
        Some(GivenBy { files: written.iter().map(|it| it.file).collect(), otherwise })
    }

    /// The schema of a kind among the files that the configuration names.
    fn schema_file(&self, object: &Object, minor: u32) -> Option<Arc<Def>> {
        if self.config.schemas.is_empty() {
            return None;
        }
        let name = |entry: &crate::config::Text| {
            file_names(&entry.value, &object.group, &object.version, &object.kind, minor)
        };
        let mut names = self.config.schemas.iter().flat_map(name);
        let file = names.find_map(|name| self.tree.read(&TreePath::new(&name).ok()?).ok())?;
        let read = || {
            let mut root = self.cache.stream(&file).documents.first()?.root.clone()?;
            root.canonicalize(Dialect::Sigs).ok()?;
            Some(Arc::new(compile(&root)))
        };
        let Ok(mut known) = self.schema_files.lock() else { return read() };
        known.entry(file.id()).or_insert_with(read).clone()
    }

    /// Where objects of a kind live; `None` where nothing here says so.
    pub fn scope_of(&self, group: &str, kind: &str) -> Option<Scope> {
        scope(group, kind, self.shared_definitions(group, kind))
    }

    /// What the schema of its kind refuses in an object. Several definitions of one kind must agree.
    pub fn violations<'o>(&self, object: &'o Object, app: Option<&App>) -> &'o [Violation] {
        object.violations.get_or_init(|| {
            let minor = self.minor_of(app);
            let (secret, partial) = (object.is("", "Secret"), object.is_part);
            let against = |kubernetes, exact, native| Against { kubernetes, exact, native, secret, partial };
            match self.schema_of(object, minor) {
                Found::Native(kubernetes, def) => {
                    let mut found = check(def, &object.node, against(kubernetes, minor.exact, true));
                    if minor.shown.is_some() && !found.is_empty() {
                        doubt(&mut found, object, secret);
                    }
                    found
                }
                // The union of versions says nothing about null.
                Found::Published(kubernetes, def) => {
                    check(def, &object.node, against(kubernetes, true, true))
                }
                Found::File(def) => {
                    let kubernetes = Kubernetes::minor(minor.number);
                    check(&def, &object.node, against(kubernetes, true, false))
                }
                Found::Custom(first) => {
                    let kubernetes = Kubernetes::minor(minor.number);
                    let against = against(kubernetes, minor.exact, false);
                    let rivals = self.definitions_of(object).iter();
                    let rivals = rivals.filter_map(|it| it.version(&object.version)).filter(|it| it.served);
                    let roots =
                        std::iter::once(first).chain(rivals.skip(1)).filter_map(|version| version.root());
                    let all = roots.map(|def| check(def, &object.node, against));
                    all.min_by_key(Vec::len).unwrap_or_default()
                }
                _ => Vec::new(),
            }
        })
    }

    /// What the rules about changes in the definition of its kind say against making `object` of `old`. Several definitions of one kind must
    /// agree.
    pub fn refused_change(&self, old: &Object, object: &Object, app: &App) -> Vec<Violation> {
        match self.schema_of(object, self.minor_of(Some(app))) {
            Found::File(def) => check_change(&def, &old.node, &object.node),
            Found::Custom(first) => {
                let rivals = self.definitions_of(object).iter();
                let rivals = rivals.filter_map(|it| it.version(&object.version)).filter(|it| it.served);
                let roots = std::iter::once(first).chain(rivals.skip(1)).filter_map(|version| version.root());
                let all = roots.map(|def| check_change(def, &old.node, &object.node));
                all.min_by_key(Vec::len).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
}
