//! Renders a Kustomization: its directory as kustomize-controller builds it, then what is done to every object.
//!
//! Mirrors `build` of `internal/controller/kustomization_controller.go` and
//! `fluxcd/pkg/kustomize/kustomize_generator.go`.

use std::sync::{Arc, Mutex, PoisonError};

use smol_str::SmolStr;

use crate::finding::{Cause, Incomplete, Missing, Problem, ProblemKind};
use crate::helm::{self, ChartCache};
use crate::kustomize::{self, Draft, Flavors, Image, LoadRestrictor, Options, Reader, Reorder};
use crate::origin::{Name, Origins, Place};
use crate::output::Output;
use crate::source::{Dir, EntryKind, Remotes, TracingTree, Tree, TreeId, TreePath};
use crate::yaml::{Cache, Dialect, Key, Node};

use super::artifact::IgnoreRules;
use super::metadata::set_metadata;
use super::reference::{Inputs, Text, flag, text, texts};
use super::source::{Located, below, lacking, place_of};
use super::substitute::{Substituter, Variables};
use super::{ArtifactTree, Bootstrap, Kustomization};

/// Renders Flux objects with everything they need to know.
#[derive(Debug)]
pub struct Renderer<'a> {
    /// This repository.
    pub tree: &'a Arc<dyn Tree>,
    /// What `flux bootstrap` or the Flux operator made of this repository.
    pub bootstrap: &'a Bootstrap,
    /// Where other content is.
    pub remotes: &'a dyn Remotes,
    /// Parsed files.
    pub cache: &'a Cache,
    /// Loaded charts.
    pub charts: &'a ChartCache,
    /// Packed sources.
    pub artifacts: &'a Artifacts,
    /// The version of the cluster that is deployed to, as far as it is configured.
    pub kube_version: Option<helm::ClusterVersion>,
    /// The engines of these controllers.
    pub flavors: Flavors,
}

/// A packed tree.
#[derive(Debug)]
struct Packed {
    /// What it was made from.
    from: TreeId,
    /// The directory that it begins with.
    path: TreePath,
    /// `spec.ignore`.
    ignore: Option<SmolStr>,
    rules: Arc<IgnoreRules>,
}

/// What sources leave out of trees, each found once.
#[derive(Debug, Default)]
pub struct Artifacts {
    made: Mutex<Vec<Packed>>,
}

impl Artifacts {
    /// The tree of `root`, packed with `ignore`.
    fn pack(&self, root: &Dir, ignore: Option<&str>) -> Dir {
        let from = root.tree.id(&TreePath::root());
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let known = made.iter().find(|packed| {
            packed.from == from && packed.path == root.path && packed.ignore.as_deref() == ignore
        });
        let rules = match known {
            Some(packed) => {
                // Whoever watches this tree learns what the rules are made from.
                packed.rules.files().for_each(|path| drop(root.tree.read(path)));
                Arc::clone(&packed.rules)
            }
            None => {
                let rules = Arc::new(IgnoreRules::of(root.tree.as_ref(), &root.path, ignore));
                let (path, ignore) = (root.path.clone(), ignore.map(SmolStr::new));
                made.push(Packed { from, path, ignore, rules: Arc::clone(&rules) });
                rules
            }
        };
        Dir::new(Arc::new(ArtifactTree::new(Arc::clone(&root.tree), rules)), root.path.clone())
    }
}

/// Names of the steps that no line of a kustomization says.
const OWNER: Name = Name::new(&"owner labels");

/// How deep manifests may lie below a directory without a kustomization.
const MAX_DEPTH: u32 = 64;

impl Renderer<'_> {
    /// Renders a Kustomization. Steps go into `origins`.
    pub fn kustomization(&self, app: &Kustomization, inputs: &Inputs, origins: &mut Origins) -> Output {
        let mut output = Output::default();
        let Some(root) = self.root(app, inputs, &mut output) else { return output };
        if !self.is_here(&root) {
            self.build(app, &root, inputs, origins, &mut output);
            return output;
        }
        let watched = Arc::new(TracingTree::new(root.tree));
        let root = Dir::new(Arc::clone(&watched) as Arc<dyn Tree>, root.path);
        self.build(app, &root, inputs, origins, &mut output);
        output.files = watched.read_paths();
        output
    }

    /// Builds what a Kustomization names below the root of its source.
    fn build(
        &self,
        app: &Kustomization,
        root: &Dir,
        inputs: &Inputs,
        origins: &mut Origins,
        output: &mut Output,
    ) {
        let path_place = app.path.as_ref().map_or(app.place, |path| path.place);
        let dir = match below(&root.path, app.path()) {
            Some(path) if root.tree.is_dir(&path) => root.at(root.tree.resolve(&path).unwrap_or(path)),
            _ if output.incomplete.is_empty() => {
                let message =
                    format!("kustomization path not found: `{}`: no such file or directory", app.path());
                let problem = Problem::at(ProblemKind::MissingPath, path_place, message);
                output.fail(if app.path().contains("${") {
                    problem.because(Cause::Unresolved)
                } else {
                    problem
                });
                return;
            }
            _ => return,
        };
        output.dir = Some(dir.path.clone()).filter(|_| self.is_here(root));
        let Some(draft) = self.draft(app, &dir, origins, output) else { return };
        let options = Options {
            load_restrictor: LoadRestrictor::None,
            reorder: Reorder::None,
            remotes: self.remotes,
            flavor: self.flavors.kustomize,
            kustomization: Some(draft.node()),
            ..Options::default()
        };
        output.dropped = draft.dropped().to_vec();
        // A placeholder: nothing to build.
        if !draft.items("resources").is_empty() || draft.node().entries().len() > 1 {
            output.take_built(kustomize::build(&dir, &options, origins, self.cache));
        }
        let objects = std::mem::take(&mut output.objects);
        let variables = if app.node.at_path(&["spec", "postBuild"]).is_some_and(|build| !build.is_null()) {
            Variables::of(app, inputs, origins, output, self.bootstrap)
        } else {
            Variables::default()
        };
        for mut object in objects {
            let sources = self.cache.sources();
            let mut substituter = Substituter { variables: &variables, sources, origins, output };
            object = substituter.object(object);
            metadata(app, &mut object, origins);
            output.objects.push(object);
        }
    }

    /// Whether a packed root is this repository.
    fn is_here(&self, root: &Dir) -> bool {
        root.tree.id(&TreePath::root()) == self.tree.id(&TreePath::root())
    }

    /// The root of the source, packed.
    fn root(&self, app: &Kustomization, inputs: &Inputs, output: &mut Output) -> Option<Dir> {
        let place = place_of(app.source.as_ref(), app.place);
        let Some(source) = &app.source else {
            output.fail(Problem::at(ProblemKind::Render, place, "spec.sourceRef is required"));
            return None;
        };
        match self.locate(source, inputs, app.path()) {
            Located::Root(dir, note) => {
                output.incomplete.extend(note.map(|note| Incomplete::new(Missing::StandIn, note)));
                let spec = inputs.get(source).and_then(|input| input.node.get("spec"));
                let ignore = spec.and_then(|spec| text(spec, "ignore"));
                let includes = spec.is_some_and(|spec| !spec.items(&["include"]).is_empty());
                if includes {
                    let words = "the source includes other repositories, which are not put into it";
                    output.incomplete.push(Incomplete::new(Missing::StandIn, words));
                }
                Some(self.artifacts.pack(&dir, ignore.as_ref().map(|text| text.value.as_str())))
            }
            Located::Absent { missing, reason, help } => {
                output.lack(missing, lacking(place, &reason, help));
                None
            }
        }
    }

    /// The kustomization that is built: the directory's own or a generated one, with what the object says.
    fn draft(
        &self,
        app: &Kustomization,
        dir: &Dir,
        origins: &mut Origins,
        output: &mut Output,
    ) -> Option<Draft> {
        let mut draft = match Draft::open(dir, Reader::Flux, self.cache) {
            Ok(Some(draft)) => draft,
            Ok(None) => self.generated(app, dir, origins, output)?,
            Err(problem) => {
                output.fail(*problem);
                return None;
            }
        };
        if draft.items("resources").is_empty() && draft.get("resources").is_none() {
            // Without it kustomize would call the file empty.
            let option = Text::new("originAnnotations".into(), app.place);
            draft.set_texts("buildMetadata", &[option], app.place, origins);
        }
        let spec = app.node.get("spec")?;
        for (field, key) in
            [("targetNamespace", "namespace"), ("namePrefix", "namePrefix"), ("nameSuffix", "nameSuffix")]
        {
            if let Some(text) = text(spec, field) {
                draft.set_text(key, &text, origins);
            }
        }
        for patch in spec.items(&["patches"]) {
            draft.push_patch(patch.clone());
        }
        let ignore_missing = flag(Some(spec), "ignoreMissingComponents");
        for component in &app.components {
            if !is_local_relative(&component.value) {
                let message = format!("component path '{}' must be local and relative", component.value);
                output.fail(Problem::at(ProblemKind::Render, component.place, message));
                return None;
            }
            let is_there = dir.path.join(&component.value).is_ok_and(|path| dir.tree.kind(&path).is_some());
            if is_there || !ignore_missing {
                draft.push_text("components", component, origins);
            }
        }
        for patch in spec.items(&["patchesStrategicMerge"]) {
            draft.push("patchesStrategicMerge", strategic(patch));
        }
        for patch in spec.items(&["patchesJson6902"]) {
            draft.push("patchesJson6902", json6902(patch));
        }
        for image in spec.items(&["images"]) {
            draft.merge_image(&Image::read(image), origins);
        }
        let options = texts(spec.get("buildMetadata"));
        if !options.is_empty() {
            let place = spec.get("buildMetadata").map_or(app.place, Node::place);
            draft.set_texts("buildMetadata", &options, place, origins);
        }
        Some(draft)
    }

    /// A kustomization of all manifests below a directory that has none.
    fn generated(
        &self,
        app: &Kustomization,
        dir: &Dir,
        origins: &mut Origins,
        output: &mut Output,
    ) -> Option<Draft> {
        let mut found = Vec::new();
        scan(dir, &dir.path, &mut found, 0);
        let mut draft = Draft::empty(app.place);
        let place = app.path.as_ref().map_or(app.place, |path| path.place);
        let mut refused = false;
        for (path, kind) in found {
            if kind == EntryKind::File
                && let Err(problem) = self.decodes(dir, &path, place)
            {
                output.fail(*problem);
                refused = true;
                continue;
            }
            let entry =
                Text::new(format!("./{}", path.strip_prefix(&dir.path).unwrap_or_default()).into(), place);
            draft.push_text("resources", &entry, origins);
        }
        // Flux stops at the first file that is no manifest. What the others hold is shown all the same.
        if refused && draft.items("resources").is_empty() { None } else { Some(draft) }
    }

    /// Whether a file holds Kubernetes objects and nothing else (`resmap.Factory.SliceFromBytes`).
    fn decodes(&self, dir: &Dir, path: &TreePath, place: Place) -> Result<(), Box<Problem>> {
        let failed = |place: Place, why: &str| {
            let message = format!("failed to decode Kubernetes YAML from {path}: {why}");
            let help = "Flux reads every YAML file below a path without a kustomization.yaml: add one that lists \
                        the manifests, or exclude the file in .sourceignore";
            Box::new(Problem::at(ProblemKind::Render, place, message).help(help))
        };
        let file = dir.tree.read(path).map_err(|error| failed(place, &error.to_string()))?;
        let stream = self.cache.stream_as(&file, Dialect::V3);
        for document in &stream.documents {
            if let Some(error) = &document.error {
                return Err(failed(Place::written(error.at), &error.go_message(Dialect::V3)));
            }
            let Some(root) = document.root.as_ref().filter(|root| !root.is_null()) else { continue };
            let has = |path: &[&str]| {
                root.at_path(path).and_then(Node::scalar).is_some_and(|text| !text.is_empty())
            };
            let is_list = has(&["kind"]) && root.get("items").is_some_and(|items| items.as_seq().is_some());
            if !has(&["kind"]) {
                return Err(failed(root.place(), "missing Resource metadata: it has no `kind`"));
            }
            if !is_list && !has(&["metadata", "name"]) {
                return Err(failed(root.place(), "missing metadata.name in object"));
            }
        }
        Ok(())
    }
}

/// `IsLocalRelativePath`: neither a repository nor an absolute path.
fn is_local_relative(path: &str) -> bool {
    const REMOTE: [&str; 8] =
        ["git::", "gh:", "ssh://", "https://", "http://", "git@", "github.com:", "github.com/"];
    let path = path.to_lowercase();
    !REMOTE.iter().any(|prefix| path.starts_with(prefix) && path.len() > prefix.len())
        && !path.trim_start_matches("file://").starts_with('/')
}

/// What lies below a directory, in Flux's order: directories with a kustomization, and YAML files.
fn scan(dir: &Dir, at: &TreePath, found: &mut Vec<(TreePath, EntryKind)>, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    for entry in dir.tree.list(at).unwrap_or_default() {
        if entry.ignored {
            continue;
        }
        let path = at.child(&entry.name);
        match entry.kind {
            EntryKind::Dir if !entry.link => {
                if kustomize::FILE_NAMES.iter().any(|name| dir.tree.is_file(&path.child(name))) {
                    found.push((path, EntryKind::Dir));
                } else {
                    scan(dir, &path, found, depth + 1);
                }
            }
            EntryKind::File if [".yaml", ".yml"].iter().any(|end| entry.name.ends_with(end)) => {
                found.push((path, EntryKind::File));
            }
            _ => {}
        }
    }
}

/// An entry of the old `patchesStrategicMerge`: a whole object, where kustomize wants text.
pub(super) fn strategic(patch: &Node) -> Node {
    let text = crate::yaml::emit(patch, crate::yaml::EmitStyle::Sigs).unwrap_or_default();
    Node::string(text, patch.place())
}

/// An entry of the old `patchesJson6902`: its operations are text for kustomize.
pub(super) fn json6902(patch: &Node) -> Node {
    let mut entry = patch.clone();
    let operations = patch.get("patch").map(|it| (it.to_json(crate::yaml::JsonStyle::default()), it.place()));
    if let (Some(map), Some((text, place))) = (entry.as_map_mut(), operations) {
        map.insert(Key::new("patch", place), Node::string(text, place));
    }
    entry
}

/// `spec.commonMetadata` and the labels that say who owns the object.
fn metadata(app: &Kustomization, object: &mut Node, origins: &mut Origins) {
    set_metadata(object, &app.node, "kustomize.toolkit.fluxcd.io", OWNER, origins);
}
