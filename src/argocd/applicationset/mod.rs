//! ApplicationSets: generators make parameter sets, the template turns each into an Application.
//!
//! Mirrors `applicationset/controllers/template`, `applicationset/generators` and `applicationset/utils` of argo-cd. What needs
//! a live system (`scmProvider`, `pullRequest`, `plugin`, `clusterDecisionResource`) takes its parameters from the
//! configuration, or is listed as not expanded.

mod clusters;
mod combine;
mod fast;
mod generator;
mod git;
mod params;
mod selector;
mod template;

use std::sync::Arc;

use smol_str::SmolStr;

use crate::config::Config;
use crate::finding::{Problem, ProblemKind};
use crate::origin::{Origins, Place};
use crate::source::{Remotes, Sources};
use crate::yaml::{Cache, Node};

pub use params::Params;

use super::application::text;

/// An Argo CD ApplicationSet.
#[derive(Debug, Clone)]
pub struct ApplicationSet {
    /// `metadata.name`.
    pub name: SmolStr,
    /// `metadata.namespace`.
    pub namespace: SmolStr,
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
        let options = node.at_path(&["spec"]).map(|spec| spec.items(&["goTemplateOptions"])).unwrap_or_default();
        Self {
            place: name.as_ref().map_or_else(|| node.place(), |name| name.place),
            name: name.map(|name| name.value).unwrap_or_default(),
            namespace: namespace.map(|namespace| namespace.value).unwrap_or_default(),
            go_template: node.at_path(&["spec", "goTemplate"]).and_then(Node::as_bool).unwrap_or(false),
            go_template_options: options.iter().filter_map(Node::as_str).map(SmolStr::new).collect(),
            node,
        }
    }

    /// `spec.generators`.
    pub fn generators(&self) -> &[Node] {
        self.node.items(&["spec", "generators"])
    }

    /// `spec.template`.
    pub fn template(&self) -> Option<&Node> {
        self.node.at_path(&["spec", "template"])
    }
}

/// One generated Application.
#[derive(Debug, Clone)]
pub struct Generated {
    /// The Application object.
    pub node: Node,
    /// The parameters it was made with.
    pub params: Params,
}

/// What an ApplicationSet expands to.
#[derive(Debug, Default)]
pub struct Expansion {
    /// The Applications, in generator order.
    pub applications: Vec<Generated>,
    /// What went wrong. Argo CD applies nothing while there is an error.
    pub problems: Vec<Problem>,
    /// Generators that could not be expanded, and why.
    pub unexpanded: Vec<Unexpanded>,
}

/// A generator whose parameters are not known offline.
#[derive(Debug, Clone)]
pub struct Unexpanded {
    /// `clusters`, `scmProvider`, ...
    pub generator: SmolStr,
    /// The generator's block.
    pub place: Place,
    /// Why.
    pub reason: String,
    /// What would make it known.
    pub help: String,
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
    pub sources: &'a Sources,
}

/// Expands an ApplicationSet. Steps go into `origins`.
pub fn expand(set: &ApplicationSet, environment: &Environment<'_>, origins: &mut Origins) -> Expansion {
    let mut expansion = Expansion::default();
    let Some(base) = set.template() else {
        let problem = Problem::at(ProblemKind::Render, set.place, "the ApplicationSet has no template");
        expansion.problems.push(problem);
        return expansion;
    };
    let mut cx = generator::Generators { set, environment, origins, problems: Vec::new(), unexpanded: Vec::new() };
    for block in set.generators() {
        let sets = cx.run(block, None);
        let own = generator::own_template(block);
        for params in sets {
            let merged = own.map_or_else(|| base.clone(), |own| template::merge(own, base));
            match template::render(set, &merged, &params, cx.origins, environment) {
                Ok(node) => expansion.applications.push(Generated { node, params }),
                Err(problem) => cx.problems.push(*problem),
            }
        }
    }
    expansion.problems.append(&mut cx.problems);
    expansion.unexpanded.append(&mut cx.unexpanded);
    expansion
}
