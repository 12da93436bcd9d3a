//! ApplicationSets: generators make parameter sets, the template turns each into an Application.
//!
//! Mirrors `applicationset/controllers/template`, `applicationset/generators` and `applicationset/utils` of argo-cd. What needs
//! a live system (`scmProvider`, `pullRequest`, `plugin`, `clusterDecisionResource`) takes its parameters from the
//! configuration, or is listed as not expanded.

mod assumed;
mod clusters;
mod combine;
mod engine;
mod fast;
mod functions;
mod generator;
mod git;
mod interpolate;
mod params;
mod patch;
mod patterns;
mod selector;
mod template;

use std::collections::BTreeSet;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::config::Config;
use crate::finding::ProblemKind;
use crate::origin::{Origins, Place, Placed};
use crate::output::Output;
use crate::source::{Remotes, Sources};
use crate::yaml::{Cache, Node};

use engine::Engine;

pub use clusters::{cluster_secret_of, is_cluster_secret};
pub use params::Params;

use super::Application;
use super::application::{Text, text};

/// An Argo CD ApplicationSet.
#[derive(Debug, Clone)]
pub struct ApplicationSet {
    /// `metadata.name`.
    pub name: SmolStr,
    /// `metadata.namespace`; empty when absent. Generated Applications live there.
    pub namespace: Text,
    /// Where the name is written, else the whole object.
    pub place: Place,
    /// `spec.goTemplate`.
    pub go_template: bool,
    /// `spec.goTemplateOptions`.
    pub go_template_options: Vec<SmolStr>,
    /// The whole object.
    pub node: Arc<Node>,
}

impl ApplicationSet {
    /// Decodes an ApplicationSet. The node is canonical.
    pub fn new(node: Arc<Node>) -> Self {
        let metadata = node.get("metadata");
        let name = metadata.and_then(|metadata| text(metadata, "name"));
        let namespace = metadata.and_then(|metadata| text(metadata, "namespace"));
        let options =
            node.at_path(&["spec"]).map(|spec| spec.items(&["goTemplateOptions"])).unwrap_or_default();
        Self {
            place: name.as_ref().map_or_else(|| node.place(), |name| name.place),
            name: name.map(|name| name.value).unwrap_or_default(),
            namespace: namespace.unwrap_or_else(|| Placed::new(SmolStr::default(), node.place())),
            go_template: node.at_path(&["spec", "goTemplate"]).and_then(Node::as_bool).unwrap_or(false),
            go_template_options: options.iter().filter_map(Node::as_str).map(SmolStr::new).collect(),
            node,
        }
    }

    /// `spec.generators`.
    pub fn generators(&self) -> &[Node] {
        self.node.items(&["spec", "generators"])
    }

    /// The kinds of its generators, in order, children behind their parents.
    pub fn generator_names(&self) -> Vec<&'static str> {
        fn add(blocks: &[Node], depth: u32, names: &mut Vec<&'static str>) {
            for block in blocks {
                for kind in generator::KINDS {
                    let Some(generator) = block.get(kind) else { continue };
                    if !names.contains(&kind) {
                        names.push(kind);
                    }
                    if depth < 3 {
                        add(generator.items(&["generators"]), depth + 1, names);
                    }
                }
            }
        }
        let mut names = Vec::new();
        add(self.generators(), 0, &mut names);
        names
    }

    /// Where the set looks for content as it is written: `(repoURL, path, revision)` of its template and of its git
    /// generators, with the pattern where it is one. Paths are cut before the first wildcard or parameter; a URL with
    /// parameters is left out.
    pub fn git_paths(&self) -> Vec<(String, String, String, Option<String>)> {
        fn add(blocks: &[Node], depth: u32, found: &mut Vec<(String, String, String, Option<String>)>) {
            for block in blocks {
                if let Some(git) = block.get("git") {
                    let text = |key: &str| git.get(key).and_then(Node::as_str).unwrap_or_default();
                    let items = git.items(&["directories"]).iter().chain(git.items(&["files"]));
                    for path in items.filter_map(|item| item.get("path")?.as_str()) {
                        found.push((
                            text("repoURL").to_owned(),
                            fixed_part(path),
                            text("revision").to_owned(),
                            Some(path.to_owned()),
                        ));
                    }
                }
                for nested in ["matrix", "merge"].iter().filter_map(|kind| block.get(kind)) {
                    if depth < 3 {
                        add(nested.items(&["generators"]), depth + 1, found);
                    }
                }
            }
        }
        let mut found = Vec::new();
        add(self.generators(), 0, &mut found);
        if let Some(node) = self.template() {
            for source in Application::new(Arc::new(node.clone())).sources {
                if source.is_helm_chart() || source.is_oci() {
                    continue;
                }
                let path = fixed_part(source.path());
                let pattern = (path.len() < source.path().len()).then(|| source.path().to_owned());
                found.push((
                    source.repo_url().to_owned(),
                    path,
                    source.target_revision().to_owned(),
                    pattern,
                ));
            }
        }
        found.retain(|(url, _, revision, _)| !url.contains("{{") && !revision.contains("{{"));
        found
    }

    /// Labels of clusters that its clusters generators select by.
    pub fn cluster_labels(&self) -> BTreeSet<SmolStr> {
        fn add(blocks: &[Node], depth: u32, found: &mut BTreeSet<SmolStr>) {
            for block in blocks {
                let chosen = block.get("clusters").and_then(|clusters| clusters.get("selector"));
                found.extend(
                    selector::keys(chosen).filter(|key| *key != super::SECRET_TYPE).map(SmolStr::new),
                );
                for nested in ["matrix", "merge"].iter().filter_map(|kind| block.get(kind)) {
                    if depth < 3 {
                        add(nested.items(&["generators"]), depth + 1, found);
                    }
                }
            }
        }
        let mut found = BTreeSet::new();
        add(self.generators(), 0, &mut found);
        found
    }

    /// `spec.template`.
    pub fn template(&self) -> Option<&Node> {
        self.node.at_path(&["spec", "template"])
    }
}

/// The components of a path before the first that holds a wildcard or a parameter.
fn fixed_part(path: &str) -> String {
    let fixed = path.split('/').take_while(|part| !part.contains(['*', '?', '[', '{']));
    fixed.collect::<Vec<_>>().join("/")
}

/// Everything that generators look at.
#[derive(Debug)]
pub struct Environment<'a> {
    /// Where repositories are.
    pub remotes: &'a dyn Remotes,
    /// Clusters and generator fixtures.
    pub config: &'a Config,
    /// Cluster Secrets of the repository, canonical.
    pub cluster_secrets: &'a [Arc<Node>],
    /// Parsed files.
    pub cache: &'a Cache,
    /// All files.
    pub sources: &'a Arc<Sources>,
}

/// Expands an ApplicationSet into its Applications, in generator order. Steps go into `origins`.
///
/// Argo CD applies nothing while one generator or one Application is wrong; here the others are answered all the
/// same, and `failed` says what stops it.
pub fn expand(set: &ApplicationSet, environment: &Environment<'_>, origins: &mut Origins) -> Output {
    let mut cx = generator::Generators::new(set, environment, origins);
    let Some(base) = set.template() else {
        cx.problem(set.place, "the ApplicationSet has no template");
        return cx.output;
    };
    let mut names = BTreeSet::new();
    for block in set.generators() {
        for (own, sets) in cx.run(block) {
            let merged = own.map_or_else(|| base.clone(), |own| template::merge(own, base));
            for params in sets {
                let mut engine = Engine::new(set, &params, cx.origins, environment.sources);
                match template::render(&merged, &params, &mut engine) {
                    // What the labels of a cluster say is known only where the cluster is.
                    Ok(node) if !cx.output.incomplete.is_empty() && lacks_metadata(&node, base) => {}
                    Ok(node) => cx.add(node, &mut names),
                    Err(problem) => {
                        let gave_up = problem.kind == ProblemKind::Limit;
                        cx.wrong(*problem);
                        // What one set of parameters is too much for, thousands of them are as well.
                        if gave_up {
                            return cx.output;
                        }
                    }
                }
            }
        }
    }
    let unlisted = std::mem::take(&mut cx.unlisted);
    let mut output = cx.output;
    if !unlisted.is_empty() {
        assume(set, environment, origins, (&names, &unlisted), &mut output);
    }
    output
}

/// Adds the Applications for clusters that the repository shows, and says which clusters these are.
fn assume(
    set: &ApplicationSet,
    environment: &Environment<'_>,
    origins: &mut Origins,
    (names, unlisted): (&BTreeSet<SmolStr>, &BTreeSet<String>),
    output: &mut Output,
) {
    let assumed = assumed::expand(set, environment, origins, names);
    let clusters: BTreeSet<String> = assumed.iter().map(|it| format!("`{}`", it.cluster)).collect();
    for one in assumed {
        output.assumed.push((one.name, one.cluster));
        output.objects.push(one.application);
    }
    if clusters.is_empty() {
        return;
    }
    let words = clusters.into_iter().collect::<Vec<_>>().join(", ");
    let help = |help: &mut Option<String>| {
        let before = help.take().unwrap_or_default();
        *help = Some(format!("{before}; assumed from names of the repository: {words}"));
    };
    output.incomplete.iter_mut().filter(|it| unlisted.contains(&it.words)).for_each(|it| help(&mut it.help));
    output.problems.iter_mut().filter(|it| unlisted.contains(&it.message)).for_each(|it| help(&mut it.help));
}

/// Whether a parameter of the metadata of a cluster is missing where Argo CD decides by it what is generated.
fn lacks_metadata(application: &Node, template: &Node) -> bool {
    let go = says(template, ".metadata.", 0);
    let lacks = |text: &str| {
        text.contains("{{metadata.") || text.contains("{{ metadata.") || go && text.contains("<no value>")
    };
    let deciding = [&["metadata", "name"][..], &["spec"]];
    deciding.iter().filter_map(|path| application.at_path(path)).any(|node| any_text(node, &lacks, 0))
}

fn says(node: &Node, words: &str, depth: u32) -> bool {
    any_text(node, &|text| text.contains(words), depth)
}

/// Whether some scalar of a tree has a property.
fn any_text(node: &Node, has: &dyn Fn(&str) -> bool, depth: u32) -> bool {
    depth < 100
        && (node.as_str().is_some_and(has)
            || node.seq_or_empty().iter().any(|item| any_text(item, has, depth + 1))
            || node.entries().iter().any(|entry| any_text(&entry.value, has, depth + 1)))
}
