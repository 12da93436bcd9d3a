//! Rendering one app: the one `match` that knows all engines.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::argocd::{self, Renderer};
use crate::cache::Want;
use crate::finding::{Cause, Incomplete, Missing, Problem, ProblemKind};
use crate::flux;
use crate::helm::{self, Chart, ClusterVersion, Release, ReleaseOptions, UserValues, ValuesLayer};
use crate::kustomize::{self, DroppedField, NoOp};
use crate::origin::{Origins, Placed, Step};
use crate::output::{Output, Substitution};
use crate::source::{Dir, TreePath};
use crate::yaml::{Dialect, Node};

use super::app::{App, Spec, Status};
use super::flux::shows_another;
use super::schemas::rendered_definitions;
use super::showcase::{has_capitals, has_tokens};
use super::trace::{Misses, Trace};
use super::unfinished::unfinished;
use super::{AssumedRelease, Object, Workspace};

/// What an app renders to.
#[derive(Debug, Default)]
pub struct Rendered {
    /// The objects, in the order the tool prints them.
    pub objects: Vec<Object>,
    /// What engines met.
    pub problems: Vec<Problem>,
    /// The steps that places of objects and problems refer to.
    pub origins: Origins,
    /// Why the real tool would fail.
    pub failed: Option<String>,
    /// Why objects are missing or stand in for others.
    pub incomplete: Vec<Incomplete>,
    /// Applications of a set, by name, for clusters that are assumed, with the cluster.
    pub assumed: Vec<(SmolStr, SmolStr)>,
    /// Entries of kustomizations that did nothing.
    pub no_ops: Vec<NoOp>,
    /// Values of charts that were rendered.
    pub releases: Vec<Release>,
    /// Names that `postBuild` of a Kustomization knows.
    pub variables: Vec<Placed<SmolStr>>,
    /// Fields of a kustomization that Flux drops.
    pub dropped: Vec<DroppedField>,
    /// The directory that a Kustomization built, when it is one of this repository.
    pub dir: Option<TreePath>,
    /// References to variables that Flux substitutes.
    pub substitutions: Vec<Substitution>,
    /// Files of the linted tree that were read or looked for.
    pub files: BTreeSet<TreePath>,
    /// What a fetch would bring and this render lacks.
    pub wants: BTreeSet<Want>,
    /// Charts whose templates were not executed: only what the app is made from was asked for ([`render_inputs`]).
    pub(super) unexecuted: Vec<Arc<Chart>>,
    /// Positions of the objects by name, found when first asked for.
    named: OnceLock<FxHashMap<SmolStr, Vec<u32>>>,
}

/// How files begin that git-crypt has locked.
const GIT_CRYPT: &[u8] = b"\0GITCRYPT\0";

impl Rendered {
    /// The objects of a name, in order, once everything is rendered.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &Object> {
        let named = self.named.get_or_init(|| {
            let mut named: FxHashMap<SmolStr, Vec<u32>> = FxHashMap::default();
            for (at, object) in self.objects.iter().enumerate() {
                named.entry(object.name.clone()).or_default().push(at as u32);
            }
            named
        });
        let positions = named.get(name).into_iter().flatten();
        positions.filter_map(|at| self.objects.get(*at as usize))
    }

    /// Takes everything but the objects, which it answers.
    fn take(&mut self, output: Output) -> Vec<Node> {
        self.problems = output.problems;
        self.failed = output.failed;
        self.incomplete = output.incomplete;
        self.assumed = output.assumed;
        self.no_ops = output.no_ops;
        self.releases = output.releases;
        self.substitutions = output.substitutions;
        self.dir = output.dir;
        self.files = output.files;
        self.variables = output.variables;
        self.dropped = output.dropped;
        self.unexecuted = output.unexecuted;
        output.objects
    }

    /// What git-crypt has locked is no YAML in this clone, and nobody can say here what it is once it is unlocked.
    fn excuse_encrypted(&mut self, workspace: &Workspace) {
        for problem in &mut self.problems {
            let file = problem.place.and_then(|place| workspace.sources.get(place.at.file));
            let Some(file) = file.filter(|file| file.bytes().starts_with(GIT_CRYPT)) else { continue };
            let words = format!("git-crypt has locked `{}`", file.name());
            self.incomplete.push(Incomplete::new(Missing::Content, words.clone()));
            (problem.kind, problem.message) = (ProblemKind::Unavailable, words);
            self.failed = None;
        }
    }

    /// An Application that is called `shop-ENV`, or deploys `apps/__ENV__`, is one only once some program has filled that in.
    fn excuse_unfilled(&mut self, app: &App) {
        if self.failed.is_none() {
            return;
        }
        let is_unfilled = |problem: &&mut Problem| match problem.kind {
            ProblemKind::Render => problem.message.starts_with("release name ") && has_capitals(&app.name),
            ProblemKind::MissingPath => has_tokens(&problem.message),
            _ => false,
        };
        for problem in self.problems.iter_mut().filter(is_unfilled) {
            let words = "some program fills in its names first".to_owned();
            self.incomplete.push(Incomplete::new(Missing::Content, words.clone()));
            (problem.kind, problem.message) = (ProblemKind::Unavailable, words);
            self.failed = None;
        }
    }

    /// A file with tokens that some program replaces is no YAML yet, and nothing says that it is built as it is.
    fn excuse_templates(&mut self, app: &App, workspace: &Workspace) {
        if self.failed.is_none() {
            return;
        }
        let unread =
            |problem: &&mut Problem| matches!(problem.kind, ProblemKind::Kustomize | ProblemKind::Syntax);
        for problem in self.problems.iter_mut().filter(unread) {
            let file = problem.place.and_then(|place| workspace.sources.get(place.at.file));
            let Some(file) = file else { continue };
            let words = if has_tokens(file.text_or_empty()) {
                format!("`{}` has tokens such as `<NAME>`, which some program replaces first", file.name())
            } else if let Some(words) = unfinished(app, &file, problem, workspace) {
                words
            } else {
                continue;
            };
            self.incomplete.push(Incomplete::new(Missing::Content, words.clone()));
            (problem.kind, problem.message) = (ProblemKind::Unavailable, words);
            self.failed = None;
        }
    }

    /// How far it got.
    pub fn status(&self) -> Status {
        match (self.failure(), self.incomplete.is_empty(), self.objects.is_empty()) {
            (Some(_), ..) => Status::Failed,
            (None, true, _) => Status::Rendered,
            (None, false, false) => Status::Partial,
            (None, false, true) => Status::Skipped,
        }
    }

    /// Why not all the way, for people.
    pub fn reason(&self) -> Option<String> {
        self.failure().map(str::to_owned).or_else(|| self.incomplete.first().map(Incomplete::reason))
    }

    /// Why the real tool would fail; nothing where that may follow from what is not on this machine.
    fn failure(&self) -> Option<&str> {
        let failed = self.failed.as_deref()?;
        let met = self.problems.iter().find(|problem| problem.message == failed);
        let doubtful = met.is_some_and(|problem| self.may_follow_from_absence(problem));
        // A missing file of values is why, and is told.
        let certain = self.problems.iter().find(|it| {
            matches!(it.kind, ProblemKind::Syntax | ProblemKind::MissingValuesFile | ProblemKind::MissingPath)
        });
        if doubtful && !self.incomplete.is_empty() {
            return certain.map(|problem| problem.message.as_str());
        }
        Some(failed)
    }

    /// Whether a problem may be there only because inputs of the app are not: not on this machine, or not readable.
    pub fn may_follow_from_absence(&self, problem: &Problem) -> bool {
        match problem.kind {
            ProblemKind::Render | ProblemKind::ValuesSchema => {
                self.problems.iter().any(|problem| problem.kind.is_absence())
            }
            ProblemKind::Kustomize if *problem.cause() == Cause::Unmatched => {
                let lacks = |it: &Incomplete| it.missing != Missing::StandIn;
                let before = self.problems.iter().take_while(|it| !std::ptr::eq(*it, problem));
                let absent = |it: &Problem| {
                    matches!(
                        it.kind,
                        ProblemKind::Unavailable | ProblemKind::MissingDependency | ProblemKind::Kustomize
                    )
                };
                // What a patch looks for may be in the resource that is missing.
                self.incomplete.iter().any(lacks) || before.into_iter().any(absent)
            }
            _ => false,
        }
    }
}

/// The version of the cluster that an app deploys to: as configured, else as the repository shows it.
fn kube_version(app: &App, workspace: &Workspace) -> Option<ClusterVersion> {
    let said = configured_version(app, workspace).map(|text| ClusterVersion { text, is_assumed: false });
    said.or_else(|| {
        let shown = workspace.shown_versions().for_app(Some(app));
        shown.first().map(|it| ClusterVersion { text: it.version.clone(), is_assumed: true })
    })
}

/// The configured version of the cluster that an app deploys to, or the version for all.
pub(super) fn configured_version(app: &App, workspace: &Workspace) -> Option<SmolStr> {
    let config = &workspace.config;
    let is_it = |cluster: &&crate::config::Cluster| {
        let server = cluster.server.as_ref().map_or("", |server| server.value.as_str());
        app.cluster == cluster.name.value || (!server.is_empty() && app.cluster == server)
    };
    let own = config.clusters.iter().find(is_it).and_then(|cluster| cluster.kubernetes.as_ref());
    own.or(config.kubernetes.as_ref()).map(|version| version.value.clone())
}

/// What renders the Flux objects of an app.
fn flux_renderer<'a>(app: &App, workspace: &'a Workspace, misses: &'a Misses<'_>) -> flux::Renderer<'a> {
    flux::Renderer {
        tree: &workspace.tree,
        bootstrap: workspace.bootstrap(),
        remotes: misses,
        cache: &workspace.cache,
        charts: &workspace.charts,
        artifacts: &workspace.artifacts,
        kube_version: kube_version(app, workspace),
        flavors: workspace.control_plane().engines.flux,
    }
}

/// Renders a chart that nothing deploys: with nothing but its own values, or with those of an assumed release.
fn chart(
    app: &App,
    dir: &Dir,
    assumed: Option<&AssumedRelease>,
    (workspace, trace): (&Workspace, &Trace<'_>),
    origins: &mut Origins,
) -> Output {
    let renderer = Renderer {
        remotes: trace,
        settings: &workspace.control_plane().settings,
        cache: &workspace.cache,
        charts: &workspace.charts,
        kube_version: kube_version(app, workspace),
        flavors: workspace.control_plane().engines.other,
        only_inputs: false,
    };
    let loaded = workspace.charts.load(dir, &workspace.cache);
    let mut output = Output::default();
    output.take_problems(loaded.problems.clone());
    let Some(chart) = &loaded.chart else { return output };
    let chart = &helm::with_vendored(chart, trace, &workspace.charts, &workspace.cache);
    let or = |text: Option<&SmolStr>, other: &'static str| {
        text.filter(|text| !text.is_empty()).cloned().unwrap_or(SmolStr::new_static(other))
    };
    let name = or(assumed.map(|it| &it.name), "release-name");
    let namespace = or(assumed.map(|it| &it.namespace), "default");
    let mut options =
        ReleaseOptions::new(Placed::new(name, app.place), namespace).for_flavor(renderer.flavors.helm);
    options.include_crds = true;
    let mut values = UserValues::new(app.place);
    for path in assumed.map(|it| it.values.as_slice()).unwrap_or_default() {
        let layer = match dir.tree.read(path) {
            Ok(file) => helm::load_values(&workspace.cache, &file, ""),
            Err(error) => {
                let words = format!("values file `{path}`: {error}");
                Err(Box::new(Problem::at(ProblemKind::MissingValuesFile, app.place, words)))
            }
        };
        match layer {
            Ok(node) => values.add(ValuesLayer { node, by: Step::ValuesFile }, origins),
            Err(problem) => output.take_problems(vec![*problem]),
        }
    }
    if let Some(version) = kube_version(app, workspace) {
        // One that cannot be read was told with the configuration.
        let _ = options.for_cluster(&version);
    }
    let release = helm::render(chart, values, &options, origins, &workspace.cache);
    output.take_problems(release.problems.clone());
    output.take_release(release, &options, renderer.cache);
    output
}

/// The files of a chart and the charts inside of it, which is loaded once however many apps use it.
fn chart_files(chart: &Chart, workspace: &Workspace) -> BTreeSet<TreePath> {
    let values = chart.values.as_ref().and_then(|values| workspace.sources.get(values.at.file));
    let files = chart.templates.iter().chain(&chart.files).map(|file| Arc::clone(&file.file));
    let files = files.chain([Arc::clone(&chart.chart_yaml)]).chain(values);
    let mut paths: BTreeSet<TreePath> =
        files.filter_map(|file| file.home().on_disk().path().cloned()).collect();
    paths.extend(chart.dependencies.iter().flat_map(|chart| chart_files(chart, workspace)));
    paths
}

/// Whether SOPS has encrypted an object whole, its kind or name included.
pub(super) fn is_encrypted(node: &Node) -> bool {
    [&["apiVersion"][..], &["kind"], &["metadata", "name"]].iter().any(|path| {
        node.at_path(path).and_then(Node::as_str).is_some_and(|it| it.starts_with("ENC[AES256_GCM,"))
    })
}

/// Renders an app.
pub fn render(app: &App, workspace: &Workspace) -> Rendered {
    let trace = Trace::new(workspace);
    let mut rendered = render_in(app, workspace, &trace);
    rendered.wants = trace.wants();
    rendered
}

/// Reads all that an app is made from, and leaves the charts of an Application as they are.
pub(super) fn render_inputs(app: &App, workspace: &Workspace) -> Rendered {
    let trace = Trace::new(workspace);
    let mut rendered = render_as(app, workspace, &trace, true);
    rendered.wants = trace.wants();
    rendered
}

/// Renders an app from what the trace shows.
pub(super) fn render_in(app: &App, workspace: &Workspace, trace: &Trace<'_>) -> Rendered {
    render_as(app, workspace, trace, false)
}

fn render_as(app: &App, workspace: &Workspace, trace: &Trace<'_>, only_inputs: bool) -> Rendered {
    let mut rendered = Rendered { origins: app.origins.as_ref().clone(), ..Rendered::default() };
    let nodes: Vec<Node> = match &app.spec {
        Spec::Argo(application) => {
            let renderer = Renderer {
                remotes: trace,
                settings: &workspace.control_plane().settings,
                cache: &workspace.cache,
                charts: &workspace.charts,
                kube_version: kube_version(app, workspace),
                flavors: workspace.control_plane().engines.argocd,
                only_inputs,
            };
            let output = renderer.render(application, &mut rendered.origins);
            rendered.take(output)
        }
        Spec::ArgoSet(set) => {
            let environment = argocd::Environment {
                remotes: trace,
                config: &workspace.config,
                cluster_secrets: &workspace.control_plane().cluster_secrets,
                cache: &workspace.cache,
                sources: &workspace.sources,
            };
            let output = argocd::expand(set, &environment, &mut rendered.origins);
            rendered.take(output)
        }
        Spec::FluxKustomization(kustomization, _)
            if app.path.as_ref().is_some_and(|path| shows_another(path, kustomization)) =>
        {
            let words = "an example without a path builds its whole source, which this repository only holds";
            rendered.incomplete.push(Incomplete::new(Missing::Content, words));
            Vec::new()
        }
        Spec::FluxKustomization(kustomization, inputs) => {
            let misses = trace.misses();
            let renderer = flux_renderer(app, workspace, &misses);
            let output = renderer.kustomization(kustomization, inputs, &mut rendered.origins);
            rendered.take(output)
        }
        Spec::FluxRelease(release, inputs) => {
            let misses = trace.misses();
            let renderer = flux_renderer(app, workspace, &misses);
            let output = renderer.helm_release(release, inputs, &mut rendered.origins);
            rendered.take(output)
        }
        Spec::Overlay(dir) => {
            let kube_version = kube_version(app, workspace);
            let options = kustomize::Options {
                // Nobody said which options it is built with, so none is held against it.
                load_restrictor: kustomize::LoadRestrictor::None,
                enable_helm: true,
                enable_plugins: true,
                remotes: trace,
                charts: Some(&workspace.charts),
                helm_kube_version: kube_version.as_ref(),
                flavor: workspace.control_plane().engines.other.kustomize,
                helm_flavor: workspace.control_plane().engines.other.helm,
                ..kustomize::Options::default()
            };
            let mut output = Output::default();
            output.take_built(kustomize::build(
                &trace.watch(dir.clone()),
                &options,
                &mut rendered.origins,
                &workspace.cache,
            ));
            let nodes = rendered.take(output);
            rendered.excuse_templates(app, workspace);
            nodes
        }
        Spec::Manifests(files) => {
            let tree = trace.watch(Dir::new(Arc::clone(&workspace.tree), TreePath::root())).tree;
            let read = files.iter().filter_map(|path| tree.read(path).ok());
            let streams: Vec<_> = read.map(|file| workspace.cache.stream(&file)).collect();
            let written = streams.iter().flat_map(|stream| &stream.documents);
            let canonical = |node: &Node| {
                let mut node = node.clone();
                // What cannot be read is told by the rules about files.
                node.canonicalize(Dialect::Sigs).ok()?;
                node.get("kind")?;
                Some(node)
            };
            written.filter_map(|document| canonical(document.root.as_ref()?)).collect()
        }
        Spec::Chart(dir) => {
            let output =
                chart(app, &trace.watch(dir.clone()), None, (workspace, trace), &mut rendered.origins);
            let nodes = rendered.take(output);
            rendered.excuse_templates(app, workspace);
            nodes
        }
        Spec::Release(release) => {
            let dir = trace.watch(release.chart.clone());
            let output = chart(app, &dir, Some(release), (workspace, trace), &mut rendered.origins);
            let nodes = rendered.take(output);
            rendered.excuse_templates(app, workspace);
            nodes
        }
    };
    rendered.excuse_encrypted(workspace);
    rendered.excuse_unfilled(app);
    rendered.files.append(&mut trace.files());
    rendered.files.extend(app.path.clone());
    for release in &rendered.releases {
        rendered.files.append(&mut chart_files(&release.root.chart, workspace));
    }
    for chart in &rendered.unexecuted {
        rendered.files.append(&mut chart_files(chart, workspace));
    }
    let mut is_locked = false;
    for node in nodes {
        let place = node.place();
        // What it is, SOPS tells whoever has the key.
        if is_encrypted(&node) {
            is_locked = true;
            continue;
        }
        match Object::new(node) {
            Some(object) => {
                rendered.objects.push(object);
            }
            None => {
                let message = "an object without a kind was rendered";
                rendered.problems.push(Problem::at(ProblemKind::Render, place, message));
            }
        }
    }
    if is_locked {
        let words = "SOPS has encrypted what an object is, too";
        rendered.incomplete.push(Incomplete::new(Missing::Content, words));
    }
    let definitions = rendered_definitions(&rendered.objects, workspace);
    for object in &mut rendered.objects {
        object.definitions = Arc::clone(&definitions);
        object.settle(&app.target_namespace, workspace);
    }
    rendered
}
