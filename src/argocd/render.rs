//! Renders an Application: every source with its tool, then what Argo CD does to all objects.
//!
//! Mirrors `GenerateManifests` of `reposerver/repository/repository.go`.

use crate::finding::{Cause, Incomplete, Missing, Problem, ProblemKind};
use crate::helm::{self, ChartCache};
use crate::kustomize::Flavors;
use crate::origin::{Origins, Place};
use crate::output::Output;
use crate::source::{Dir, Found, Remotes};
use crate::yaml::{Cache, Data, Node};

use super::{Application, BuildEnv, DirectoryOptions, Settings, Source, Tool, detect, names_tool};
use super::{directory, source_overrides, tracking};

/// Renders Applications with everything they need to know.
#[derive(Debug)]
pub struct Renderer<'a> {
    /// Where content is.
    pub remotes: &'a dyn Remotes,
    /// What the control plane is set to.
    pub settings: &'a Settings,
    /// Parsed files.
    pub cache: &'a Cache,
    /// Loaded charts.
    pub charts: &'a ChartCache,
    /// The version of the cluster that the application deploys to, as far as it is configured.
    pub kube_version: Option<helm::ClusterVersion>,
    /// The engines of this Argo CD.
    pub flavors: Flavors,
    /// Whether charts stop once all is read: nobody wants the objects yet.
    pub only_inputs: bool,
}

impl Renderer<'_> {
    /// Renders an Application. Steps go into `origins`.
    pub fn render(&self, app: &Application, origins: &mut Origins) -> Output {
        let mut output = Output::default();
        if app.sources.is_empty() {
            let message = "spec.source or spec.sources is required".to_owned();
            output.problems.push(Problem::at(ProblemKind::Render, app.place, message.clone()));
            output.failed = Some(message);
        }
        for source in &app.sources {
            self.source(app, source, origins, &mut output);
        }
        output.objects = output.objects.into_iter().flat_map(exploded).collect();
        tracking::mark(app, self.settings, &mut output, origins);
        self.exclude(app, &mut output);
        output
    }

    /// Leaves out what the control plane is told not to manage.
    fn exclude(&self, app: &Application, output: &mut Output) {
        let cluster = app.destination.cluster();
        let mut excluded = Vec::new();
        output.objects.retain(|object| {
            let text = |key: &str| object.get(key).and_then(Node::as_str).unwrap_or_default();
            let (group, kind) =
                (text("apiVersion").rsplit_once('/').map_or("", |(group, _)| group), text("kind"));
            let drop = self.settings.excludes(group, kind, &cluster);
            if drop {
                let name = object.at_path(&["metadata", "name"]).and_then(Node::as_str).unwrap_or_default();
                let message = format!("resource {group}/{kind} {name} is excluded in the settings");
                let help =
                    "Argo CD does not apply it: remove it, or change `resource.exclusions` in argocd-cm";
                excluded.push(Problem::at(ProblemKind::Warning, object.place(), message).help(help));
            }
            !drop
        });
        output.problems.append(&mut excluded);
    }

    fn source(&self, app: &Application, source: &Source, origins: &mut Origins, output: &mut Output) {
        if source.repo_url().is_empty() {
            // Argo CD would refuse it, but what is written may be filled in before it is applied.
            let help = "write the URL, or leave the file out with `exclude:` if it is a template";
            unavailable(output, source, "the source names no repository (`repoURL`)", help);
            return;
        }
        if let Some((place, words)) = incomplete_spec(app, source) {
            output.problems.push(Problem::at(ProblemKind::Render, place, words.clone()));
            output.failed.get_or_insert(words);
            return;
        }
        if app.multi && source.is_ref_only() {
            return;
        }
        let place = source.repo_url.as_ref().map_or(source.place, |url| url.place);
        let found = if source.is_oci() {
            self.remotes.artifact(source.repo_url(), source.target_revision())
        } else if let Some(chart) = &source.chart {
            self.remotes.chart(source.repo_url(), &chart.value, source.target_revision())
        } else {
            self.remotes.git(source.repo_url(), source.target_revision())
        };
        let root = match found {
            Found::Here(dir) => dir,
            Found::Instead(dir, note) => {
                output.incomplete.push(Incomplete::new(Missing::StandIn, note));
                dir
            }
            Found::Missing { reason, help } => {
                let problem = Problem::at(ProblemKind::Unavailable, place, reason).help(help);
                let missing = if source.is_helm_chart() { Missing::Chart } else { Missing::Content };
                output.lack(missing, problem);
                return;
            }
        };
        let dir = match app_dir(source, &root) {
            Ok(dir) => dir,
            Err(problem) => {
                output.fail(problem);
                return;
            }
        };
        let overridden = match source_overrides::apply(app, source, &dir, origins, self.cache) {
            Ok(overridden) => overridden,
            Err(problem) => {
                output.fail(problem);
                return;
            }
        };
        let source = overridden.as_ref().unwrap_or(source);
        let tool = match detect(&source.node, &dir, self.settings) {
            Ok(tool) => tool,
            Err(words) => {
                output.problems.push(Problem::at(ProblemKind::Render, source.place, words.clone()));
                output.failed.get_or_insert(words);
                return;
            }
        };
        let env = BuildEnv { app_name: self.settings.instance_name(app), ..BuildEnv::of(app, source) };
        let may_be_a_plugins = self.settings.plugins_discover
            && matches!(tool, Tool::Helm | Tool::Kustomize)
            && !names_tool(&source.node);
        let earlier = (may_be_a_plugins && output.failed.is_none()).then(|| output.clone());
        match tool {
            Tool::Directory => {
                let options = DirectoryOptions::new(source.node.get("directory"));
                let mut manifests =
                    directory::read(&dir, &options, self.settings.enables("jsonnet"), self.cache);
                for problem in &manifests.problems {
                    if problem.kind == ProblemKind::Unavailable {
                        output.incomplete.push(Incomplete::of(Missing::Content, problem));
                    } else {
                        output.failed.get_or_insert(problem.message.clone());
                    }
                }
                output.problems.append(&mut manifests.problems);
                output.objects.append(&mut manifests.objects);
            }
            Tool::Plugin => {
                let name = source.node.at_path(&["plugin", "name"]).and_then(Node::as_str);
                let words = match name {
                    Some(name) => format!("config management plugins such as `{name}` are not run"),
                    None => "config management plugins are not run".to_owned(),
                };
                unavailable(output, source, &words, DECLARE);
                self.without_plugin(app, source, &dir, &env, origins, output);
            }
            Tool::Helm => self.helm(app, source, &dir, &env, origins, output),
            Tool::Kustomize => self.kustomize(source, &dir, &env, origins, output),
        }
        if let Some(earlier) = earlier.filter(|_| output.failed.is_some()) {
            // Which directories a plugin takes its commands say, which are not run. What its tool cannot render, it may.
            *output = earlier;
            let words = "it may be rendered by a config management plugin that finds its directories itself, which is not run";
            unavailable(output, source, words, DECLARE);
        }
    }
}

/// What to do about objects that a plugin makes.
const DECLARE: &str = "declare what it makes and others refer to under `external:` in .gitops-lint.yaml";

impl Renderer<'_> {
    /// What a plugin is most likely to work on: most fill placeholders into what the tool prints that the directory is for.
    /// Where that tool fails, the plugin does something else.
    fn without_plugin(
        &self,
        app: &Application,
        source: &Source,
        dir: &Dir,
        env: &BuildEnv,
        origins: &mut Origins,
        output: &mut Output,
    ) {
        let mut trial = Output::default();
        match super::detect::discover(dir, self.settings) {
            Tool::Helm => self.helm(app, source, dir, env, origins, &mut trial),
            Tool::Kustomize => self.kustomize(source, dir, env, origins, &mut trial),
            // Of what lies in a directory that no tool claims, a plugin may read anything.
            Tool::Directory | Tool::Plugin => return,
        }
        if trial.failed.is_none() {
            output.objects.append(&mut trial.objects);
            output.incomplete.append(&mut trial.incomplete);
            trial.problems.retain(|problem| problem.kind == ProblemKind::Unavailable);
            output.problems.append(&mut trial.problems);
        }
    }
}

/// What a source lacks, in the words of `ValidatePermissions` (`util/argo/argo.go`).
fn incomplete_spec(app: &Application, source: &Source) -> Option<(Place, String)> {
    // The dry source of a hydrator is asked for a URL only.
    let hydrated = app.node.at_path(&["spec", "sourceHydrator"]).is_some_and(|it| !it.is_null());
    let nothing = source.path().is_empty() && source.chart.is_none();
    let words = match app.multi {
        _ if hydrated || !nothing => None,
        true => source.ref_name.is_none().then_some(
            "spec.source.repoURL and either source.path, source.chart, or source.ref are required for every source",
        ),
        false => Some("spec.source.repoURL and either spec.source.path or spec.source.chart are required"),
    };
    let unversioned = source.chart.is_some() && source.target_revision().is_empty();
    let words = words.or_else(|| unversioned.then_some(NO_REVISION))?;
    Some((source.place, words.to_owned()))
}

/// What Argo CD says where a chart has no version.
pub const NO_REVISION: &str = "spec.source.targetRevision is required if the manifest source is a helm chart";

/// The directory that a source names (`util/app/path/path.go`).
fn app_dir(source: &Source, root: &Dir) -> Result<Dir, Problem> {
    let Some(written) = source.path.as_ref().filter(|_| source.chart.is_none()) else {
        return Ok(root.clone());
    };
    let path = written.value.as_str();
    let problem = |what: &str| {
        let problem =
            Problem::at(ProblemKind::MissingPath, written.place, format!("`{path}`: app path {what}"));
        // Argo CD replaces neither; a script that makes manifests of templates does.
        let is_open = path.contains("{{") || path.contains("${");
        if is_open { problem.because(Cause::Unresolved) } else { problem }
    };
    if path.starts_with('/') {
        return Err(problem("is absolute").help("write it relative to the root of the repository"));
    }
    let joined = root.path.join(path).map_err(|_| problem("outside root"))?;
    match root.tree.kind(&joined) {
        Some(crate::source::EntryKind::Dir) => Ok(root.at(joined)),
        Some(_) => Err(problem("is not a directory")),
        None => Err(problem("does not exist")),
    }
}

fn unavailable(output: &mut Output, source: &Source, words: &str, help: &str) {
    output.lack(Missing::Content, Problem::at(ProblemKind::Unavailable, source.place, words).help(help));
}

/// A List becomes its items (`unstructured.IsList`: whatever has an `items` array). A list without any
/// (`items: null`) is nothing.
fn exploded(node: Node) -> Vec<Node> {
    let is_null = node.get("items").is_some_and(Node::is_null);
    if is_null && node.get("spec").is_none() && node.get("status").is_none() {
        return Vec::new();
    }
    let is_list = node.get("items").is_some_and(|items| items.as_seq().is_some());
    let Data::Map(map) = node.data else { return vec![node] };
    if !is_list {
        return vec![Node { data: Data::Map(map), ..node }];
    }
    let items =
        map.into_entries().into_iter().find(|entry| entry.key.text == "items").map(|entry| entry.value.data);
    match items {
        Some(Data::Seq(items)) => items,
        _ => Vec::new(),
    }
}
