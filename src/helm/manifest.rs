//! Rendered templates become manifests, in the order in which Helm installs them.
//!
//! Mirrors `pkg/release/v1/util/{manifest,manifest_sorter,kind_sorter}.go` and what `helm template` prints. A document
//! that Helm cannot read is a problem; the others are still there.

use std::ops::Range;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind};
use crate::golang::bytes;
use crate::origin::{Locate, Origins, Place, SourceMap, Text};
use crate::source::{SourceFile, Sources, Span};
use crate::yaml::{Cache, Dialect, Node, YamlProblemKind, parse_text};

use super::decode::{Decoder, field};
use super::{ChartTree, Flavor};

/// A template after execution.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// `p/charts/sub/templates/x.yaml`.
    pub name: SmolStr,
    /// What it printed.
    pub text: Text,
    /// Where text that knows no origin is said to come from: the template.
    pub at: Span,
}

/// A document that a chart renders to.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The template, as behind `# Source:`.
    pub name: SmolStr,
    /// The document without white space around it.
    pub text: Text,
    /// The object, canonical; `None` for a document of comments, and where only text was asked for.
    pub node: Option<Node>,
    /// `kind`; empty when absent.
    pub kind: SmolStr,
    /// The events of `helm.sh/hook`, `test-success` as `test`; empty for what is no hook.
    pub hooks: Vec<&'static str>,
}

/// A file below `crds/`, which no template engine sees.
#[derive(Debug, Clone)]
pub struct Crd {
    /// As behind `# Source:`.
    pub name: SmolStr,
    /// The file: any number of documents.
    pub file: Arc<SourceFile>,
}

/// What a chart renders to.
#[derive(Debug, Clone, Default)]
pub struct Manifests {
    /// Files below `crds/`, for `--include-crds`.
    pub crds: Vec<Crd>,
    /// Objects, in install order.
    pub manifests: Vec<Manifest>,
    /// Hooks, in install order of their kinds.
    pub hooks: Vec<Manifest>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// `InstallOrder`; kinds that are not here come last, by name.
const INSTALL_ORDER: &[&str] = &[
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// The end of [`INSTALL_ORDER`] that Helm 3 does not have.
const NEW_IN_4: &[&str] = &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Events of `helm.sh/hook`, as written and as meant.
const EVENTS: &[(&str, &str)] = &[
    ("pre-install", "pre-install"),
    ("post-install", "post-install"),
    ("pre-delete", "pre-delete"),
    ("post-delete", "post-delete"),
    ("pre-upgrade", "pre-upgrade"),
    ("post-upgrade", "post-upgrade"),
    ("pre-rollback", "pre-rollback"),
    ("post-rollback", "post-rollback"),
    ("test", "test"),
    ("test-success", "test"),
];

/// White space of Go's `\s`.
const SPACE: [char; 5] = ['\t', '\n', '\x0c', '\r', ' '];

/// The first separator of a text at or behind `start`: Helm 4.1's `(?:^|\s*\n)---\s*`, which takes the white space
/// around it along. Written out, because building the expression takes longer than splitting a chart.
fn separator(text: &str, start: usize) -> Option<Range<usize>> {
    let mut from = start;
    loop {
        let at = from + text.get(from..)?.find("---")?;
        let before = text.get(start..at)?;
        if at == 0 || before.ends_with('\n') {
            let behind = text.get(at + 3..)?;
            let first = start + before.trim_end_matches(SPACE).len();
            return Some(first..text.len() - behind.trim_start_matches(SPACE).len());
        }
        from = at + 1;
    }
}

/// The documents of a text (`SplitManifests`), blank ones left out.
fn split(text: &str) -> Vec<Range<usize>> {
    let trimmed = |range: Range<usize>| {
        let part = text.get(range.clone()).unwrap_or("");
        let start = range.start + part.len() - part.trim_start().len();
        start..start + part.trim().len()
    };
    let whole = trimmed(0..text.len());
    let body = text.get(whole.clone()).unwrap_or("");
    let mut documents = Vec::new();
    let mut start = 0;
    while let Some(found) = separator(body, start) {
        documents.push(whole.start + start..whole.start + found.start);
        start = found.end;
    }
    documents.push(whole.start + start..whole.end);
    documents.into_iter().filter(|range| !range.is_empty()).map(trimmed).collect()
}

/// A document as Helm reads it.
struct Read {
    node: Option<Node>,
    kind: SmolStr,
    /// Empty for what is no hook.
    hooks: Vec<&'static str>,
}

/// Reads a document. `None` for what is no part of the release; `problems` says why.
fn read(
    template: &Rendered,
    text: &str,
    locate: &mut impl Locate,
    problems: &mut Vec<Problem>,
) -> Option<Read> {
    let prefix = format!("YAML parse error on {}: ", template.name);
    let syntax = |place: Place, words: String| {
        Problem::at(ProblemKind::Render, place, format!("{prefix}error converting YAML to JSON: {words}"))
    };
    if let Some(words) = not_utf8(text) {
        problems.push(syntax(Place::written(template.at), format!("yaml: {words}")));
        return None;
    }
    let mut parsed = parse_text(text, Dialect::Sigs, locate);
    for duplicate in parsed.problems.iter().filter(|it| it.kind == YamlProblemKind::DuplicateKey) {
        let place = Place::written(duplicate.at);
        let problem = Problem::at(ProblemKind::DuplicateKey, place, duplicate.message.clone());
        problems.push(match &duplicate.context {
            Some((first, words)) => problem.related(Place::written(*first), words.clone()),
            None => problem,
        });
    }
    let mut node = None;
    if !parsed.documents.is_empty() {
        let document = parsed.documents.swap_remove(0);
        node = document.root;
        let refused =
            document.error.or_else(|| node.as_mut().and_then(|it| it.canonicalize(Dialect::Sigs).err()));
        if let Some(problem) = refused {
            problems.push(syntax(Place::written(problem.at), problem.go_message(Dialect::Sigs)));
            return None;
        }
    }
    let node = node.filter(|node| !node.is_null());
    let before = problems.len();
    let head = Head::read(node.as_ref(), &prefix, problems);
    if problems.len() > before {
        return None;
    }
    let mut hooks = Vec::new();
    for written in head.hook.iter().flat_map(|hook| hook.split(',')) {
        let written = written.trim().to_lowercase();
        match EVENTS.iter().find(|(known, _)| *known == written) {
            Some((_, event)) => hooks.push(*event),
            // Helm drops the document without a word.
            None => {
                let place = head.hook_place.unwrap_or(Place::written(template.at));
                let message = format!("skipping unknown hooks: `{written}`");
                let problem = Problem::at(ProblemKind::Warning, place, message);
                problems.push(problem.help("the object is not part of the release"));
                return None;
            }
        }
    }
    Some(Read { node, kind: head.kind, hooks })
}

/// Text whose places nobody asks for.
struct Anywhere(Span);

impl Locate for Anywhere {
    fn locate(&mut self, _: Range<usize>) -> Place {
        Place::written(self.0)
    }
}

/// A template after execution, and its documents where they are read already.
pub(super) struct Printed {
    rendered: Rendered,
    /// Without the objects; `None` if they are not read, or something about them is wrong.
    documents: Option<Vec<Manifest>>,
}

impl Printed {
    /// Leaves the documents for [`Manifests::new`] to read.
    pub(super) fn new(rendered: Rendered) -> Self {
        Self { rendered, documents: None }
    }

    /// Reads the documents without their places, for who only wants the text. This can be done on any thread: it adds nothing
    /// to the origins.
    pub(super) fn read(rendered: Rendered) -> Self {
        let mut problems = Vec::new();
        let mut document = |range: Range<usize>| {
            let text = rendered.text.slice(range);
            let read = read(&rendered, text.as_str(), &mut Anywhere(rendered.at), &mut problems)?;
            Some(Manifest::new(&rendered, text, Read { node: None, ..read }))
        };
        let documents = rendered.documents().into_iter().map_while(&mut document).collect();
        // What to say, and where, is found out again.
        let documents = Some(documents).filter(|_| problems.is_empty());
        Self { rendered, documents }
    }
}

impl Rendered {
    /// The documents, if it is a manifest.
    fn documents(&self) -> Vec<Range<usize>> {
        let base = self.name.rsplit_once('/').map_or(self.name.as_str(), |(_, base)| base);
        if base.starts_with('_') || self.name.ends_with("NOTES.txt") {
            return Vec::new();
        }
        split(self.text.as_str())
    }
}

impl Manifest {
    fn new(template: &Rendered, text: Text, read: Read) -> Self {
        Self { name: template.name.clone(), text, node: read.node, kind: read.kind, hooks: read.hooks }
    }
}

impl Manifests {
    /// Sorts what templates printed (`SortManifests`) and adds the CRDs of the charts. Steps of the objects go into
    /// `origins`.
    pub(super) fn new(
        root: &ChartTree,
        printed: Vec<Printed>,
        flavor: Flavor,
        origins: &mut Origins,
        sources: &Sources,
    ) -> Self {
        let mut all = Self {
            crds: root
                .crds()
                .into_iter()
                .map(|(name, file)| Crd { name, file: Arc::clone(&file.file) })
                .collect(),
            ..Self::default()
        };
        all.add(printed, flavor, origins, sources);
        all
    }

    fn add(&mut self, mut printed: Vec<Printed>, flavor: Flavor, origins: &mut Origins, sources: &Sources) {
        printed.sort_by(|a, b| a.rendered.name.cmp(&b.rendered.name));
        for Printed { rendered, documents } in printed {
            if let Some(documents) = documents {
                for document in documents {
                    self.push(document);
                }
                continue;
            }
            for range in rendered.documents() {
                let text = rendered.text.slice(range);
                let mut locate = SourceMap::new(&text, origins, sources, rendered.at);
                if let Some(read) = read(&rendered, text.as_str(), &mut locate, &mut self.problems) {
                    self.push(Manifest::new(&rendered, text, read));
                }
            }
        }
        let order = match flavor {
            Flavor::Helm3 => INSTALL_ORDER.strip_suffix(NEW_IN_4).unwrap_or(INSTALL_ORDER),
            Flavor::Helm4 => INSTALL_ORDER,
        };
        let rank = |manifest: &Manifest| {
            let known = order.iter().position(|kind| *kind == manifest.kind);
            let unknown = if known.is_some() { SmolStr::default() } else { manifest.kind.clone() };
            (known.unwrap_or(order.len()), unknown)
        };
        self.manifests.sort_by_cached_key(rank);
        self.hooks.sort_by_cached_key(rank);
    }

    fn push(&mut self, manifest: Manifest) {
        if manifest.hooks.is_empty() { &mut self.manifests } else { &mut self.hooks }.push(manifest);
    }

    /// The objects of `--include-crds` and `--skip-tests`: CRDs, objects, hooks. Also answers which CRDs cannot be
    /// read.
    pub fn into_objects(
        self,
        include_crds: bool,
        skip_tests: bool,
        cache: &Cache,
    ) -> (Vec<Node>, Vec<Problem>) {
        let (mut objects, mut problems) = (Vec::new(), Vec::new());
        for crd in self.crds.iter().filter(|_| include_crds) {
            for document in &cache.stream(&crd.file).documents {
                let Some(mut node) = document.root.clone() else { continue };
                match node.canonicalize(Dialect::Sigs) {
                    Ok(()) if node.is_null() => {}
                    Ok(()) => objects.push(node),
                    Err(problem) => {
                        let message = problem.go_message(Dialect::Sigs);
                        problems.push(Problem::at(ProblemKind::Syntax, Place::written(problem.at), message));
                    }
                }
            }
        }
        let hooks = self.hooks.into_iter().filter(|hook| !(skip_tests && hook.hooks.contains(&"test")));
        objects.extend(self.manifests.into_iter().chain(hooks).filter_map(|manifest| manifest.node));
        (objects, problems)
    }

    /// What `helm template` prints.
    pub fn print(&self, include_crds: bool, skip_tests: bool) -> String {
        let crds: usize = self.crds.iter().map(|crd| crd.name.len() + crd.file.bytes().len()).sum();
        let documents = self.manifests.iter().chain(&self.hooks);
        let documents: usize = documents.map(|it| it.name.len() + it.text.as_str().len()).sum();
        let count = self.crds.len() + self.manifests.len() + self.hooks.len();
        let mut out = String::with_capacity(crds + documents + 16 * count + 1);
        let piece = |out: &mut String, name: &str, text: &str| {
            for part in ["---\n# Source: ", name, "\n", text, "\n"] {
                out.push_str(part);
            }
        };
        for crd in self.crds.iter().filter(|_| include_crds) {
            piece(&mut out, &crd.name, crd.file.text_or_empty());
        }
        for manifest in &self.manifests {
            piece(&mut out, &manifest.name, manifest.text.as_str());
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
        for hook in self.hooks.iter().filter(|hook| !(skip_tests && hook.hooks.contains(&"test"))) {
            piece(&mut out, &hook.name, hook.text.as_str());
        }
        out
    }
}

/// go-yaml's words about text that is no UTF-8.
fn not_utf8(text: &str) -> Option<&'static str> {
    let bytes = bytes::of_text(text);
    let error = std::str::from_utf8(&bytes).err()?;
    let first = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
    Some(match (error.error_len(), first) {
        (None, _) => "incomplete UTF-8 octet sequence",
        (_, 0x80..=0xbf | 0xf8..) => "invalid leading UTF-8 octet",
        _ => "invalid trailing UTF-8 octet",
    })
}

/// What Helm reads of every document (`SimpleHead`).
#[derive(Default)]
struct Head {
    kind: SmolStr,
    hook: Option<SmolStr>,
    hook_place: Option<Place>,
}

impl Head {
    fn read(node: Option<&Node>, prefix: &str, problems: &mut Vec<Problem>) -> Self {
        let Some(node) = node else { return Self::default() };
        let mut decoder = Decoder { problems, prefix, owner: "SimpleHead" };
        if node.as_map().is_none() {
            decoder.mismatch(node, "Go value of type util.SimpleHead");
            return Self::default();
        }
        decoder.text(node, "apiVersion");
        let kind = decoder.text(node, "kind").map(|kind| kind.value).unwrap_or_default();
        let mut head = Self { kind, hook: None, hook_place: None };
        let Some(metadata) = field(node, "metadata") else { return head };
        if metadata.as_map().is_none() {
            let of = r#"struct { Name string "json:\"name\""; Annotations map[string]string "json:\"annotations\"" }"#;
            decoder.mismatch(metadata, &format!("Go struct field SimpleHead.metadata of type {of}"));
            return head;
        }
        decoder.owner = ".metadata";
        decoder.text(metadata, "name");
        let Some(annotations) = field(metadata, "annotations") else { return head };
        if annotations.as_map().is_none() {
            let target = "Go struct field .metadata.annotations of type map[string]string";
            decoder.mismatch(annotations, target);
            return head;
        }
        for entry in annotations.entries() {
            let value = decoder.string(&entry.value, "annotations");
            if entry.key.text == "helm.sh/hook" {
                head.hook_place = Some(entry.value.place());
                head.hook = Some(value.map(|value| value.value).unwrap_or_default());
            }
        }
        head
    }
}
