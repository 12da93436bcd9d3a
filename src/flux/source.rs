//! Where the content of a source is on this machine.
//!
//! Mirrors what `gitrepository_controller.go`, `ocirepository_controller.go` and `helmchart_controller.go` of
//! source-controller fetch, without fetching.

use smol_str::SmolStr;

use crate::finding::{Missing, Problem, ProblemKind};
use crate::origin::Place;
use crate::source::{Dir, Found, TreePath};
use crate::yaml::Node;

use super::helm_release::ChartTemplate;
use super::reference::{Inputs, ObjectName};
use super::{Renderer, artifact_generator};

/// The source that a bootstrap makes, in this repository or not.
const BOOTSTRAP: &str = "flux-system";

/// Where content is.
#[derive(Debug, Clone)]
pub(super) enum Located {
    /// The root of the source, and what stands in for what, if so.
    Root(Dir, Option<String>),
    /// Not on this machine.
    Absent {
        /// What is missing then.
        missing: Missing,
        reason: String,
        help: Option<String>,
    },
}

fn absent(missing: Missing, reason: impl Into<String>) -> Located {
    Located::Absent { missing, reason: reason.into(), help: None }
}

fn of_found(found: Found, missing: Missing) -> Located {
    match found {
        Found::Here(dir) => Located::Root(dir, None),
        Found::Instead(dir, note) => Located::Root(dir, Some(note)),
        Found::Missing { reason, help } => Located::Absent { missing, reason, help: Some(help) },
    }
}

/// The server of a Bucket, and the bucket with the prefix of its objects.
fn bucket(node: &Node) -> Option<(String, String)> {
    let endpoint = text(node, "endpoint")?.trim_end_matches('/');
    let server = endpoint.split_once("://").map_or(endpoint, |(_, server)| server);
    let server = match text(node, "region") {
        // A bucket is asked where it lies.
        Some(region) if server == "s3.amazonaws.com" => format!("s3.{region}.amazonaws.com"),
        _ => server.to_owned(),
    };
    let is_plain = node.at_path(&["spec", "insecure"]).and_then(Node::as_bool) == Some(true);
    let scheme = if is_plain { "http" } else { "https" };
    let prefix = text(node, "prefix").map_or_else(String::new, |prefix| format!("/{prefix}"));
    Some((format!("{scheme}://{server}"), format!("{}{prefix}", text(node, "bucketName")?)))
}

/// `spec.ref` of a GitRepository: what is checked out (`commit`, else `name`, `semver`, `tag`, `branch`).
pub fn git_revision(source: &Node) -> &str {
    let reference = |key: &str| {
        let text = source.at_path(&["spec", "ref", key])?.as_str()?;
        (!text.is_empty()).then_some(text)
    };
    ["commit", "name", "semver", "tag", "branch"].into_iter().find_map(reference).unwrap_or("master")
}

/// `spec.url` of a source.
pub fn source_url(source: &Node) -> Option<&str> {
    source.at_path(&["spec", "url"])?.as_str()
}

/// A field of a source's spec.
fn text<'n>(source: &'n Node, key: &str) -> Option<&'n str> {
    source.at_path(&["spec", key])?.as_str()
}

/// `spec.ref` of an OCIRepository: `digest`, else `semver`, `tag`, `latest`.
fn oci_version(source: &Node) -> &str {
    let reference = |key: &str| source.at_path(&["spec", "ref", key])?.as_str();
    ["digest", "semver", "tag"].into_iter().find_map(reference).unwrap_or("latest")
}

impl Renderer<'_> {
    /// The root of the source that a Kustomization or chart reads. `path` is what it reads there.
    pub(super) fn locate(&self, source: &ObjectName, inputs: &Inputs, path: &str) -> Located {
        if source.kind == "ExternalArtifact" {
            return self.locate_artifact(source, inputs, path);
        }
        let Some(input) = inputs.get(source) else {
            // `flux bootstrap` and the Flux operator make the source of the repository itself.
            let here = below(&self.bootstrap.dir, path).is_some_and(|path| self.tree.is_dir(&path));
            let bootstrap = source.kind == "GitRepository" || source.name == BOOTSTRAP;
            if bootstrap && (here || self.bootstrap.sources.contains(&source.name)) {
                let dir = Dir::new(std::sync::Arc::clone(self.tree), self.bootstrap.dir.clone());
                return Located::Root(dir, None);
            }
            return absent(
                Missing::Content,
                format!("the {} `{}` is not in this repository", source.kind, source.name),
            );
        };
        let node = &input.node;
        match (source.kind.as_str(), source_url(node)) {
            ("GitRepository", Some(url)) => {
                of_found(self.remotes.git(url, git_revision(node)), Missing::Content)
            }
            ("OCIRepository", Some(url)) => match self.bootstrap.packed.get(url) {
                Some(dir) => Located::Root(Dir::new(std::sync::Arc::clone(self.tree), dir.clone()), None),
                None => of_found(self.remotes.artifact(url, oci_version(node)), Missing::Content),
            },
            ("Bucket", _) if text(node, "provider") == Some("azure") => absent(
                Missing::Content,
                format!("the Bucket `{}` lies with Azure, whose protocol is not spoken here", source.name),
            ),
            ("Bucket", _) => match bucket(node) {
                Some((endpoint, name)) => of_found(self.remotes.bucket(&endpoint, &name), Missing::Content),
                None => absent(Missing::Content, format!("the Bucket `{}` names no bucket", source.name)),
            },
            (kind, _) => absent(
                Missing::Content,
                format!("the content of the {kind} `{}` is not on this machine", source.name),
            ),
        }
    }

    /// What an ArtifactGenerator makes.
    fn locate_artifact(&self, source: &ObjectName, inputs: &Inputs, path: &str) -> Located {
        let lost =
            |words: &str| absent(Missing::Content, format!("the ExternalArtifact `{}` {words}", source.name));
        let Some(input) = inputs.get(source) else { return lost("is not in this repository") };
        let Some(origin) = artifact_generator::origin(&input.node, &source.name, path) else {
            return lost("is put together from parts, which is not followed");
        };
        // Artifacts of artifacts are not made by anyone yet.
        if origin.source.kind == "ExternalArtifact" {
            return lost("is made from another artifact, which is not followed");
        }
        let whole = format!("{}/{}", origin.root, path.trim_start_matches("./"));
        match self.locate(&origin.source, inputs, &whole) {
            Located::Root(dir, note) => match dir.path.join(&origin.root) {
                Ok(path) => Located::Root(dir.at(path), note),
                Err(_) => lost("leaves its source"),
            },
            absent @ Located::Absent { .. } => absent,
        }
    }

    /// The chart of an OCIRepository that a HelmRelease names with `chartRef`.
    pub(super) fn oci_chart(&self, source: &ObjectName, inputs: &Inputs) -> Located {
        let Some(input) = inputs.get(source) else {
            let reason = format!("the OCIRepository `{}` is not in this repository", source.name);
            return absent(Missing::Chart, reason);
        };
        let Some(url) = source_url(&input.node) else {
            return absent(Missing::Chart, format!("the OCIRepository `{}` has no URL", source.name));
        };
        let (registry, name) = url.trim_end_matches('/').rsplit_once('/').unwrap_or(("", url));
        of_found(self.remotes.chart(registry, name, oci_version(&input.node)), Missing::Chart)
    }

    /// The chart that a HelmRelease's template or a HelmChart names: its directory and the root of its source.
    pub(super) fn templated_chart(&self, chart: &ChartTemplate, inputs: &Inputs) -> (Located, Option<Dir>) {
        let Some(source) = &chart.source else {
            return (absent(Missing::Chart, "the chart has no `sourceRef`"), None);
        };
        if source.kind != "HelmRepository" {
            let root = match self.locate(source, inputs, &chart.chart.value) {
                Located::Root(root, note) => (root, note),
                Located::Absent { reason, help, .. } => {
                    return (Located::Absent { missing: Missing::Chart, reason, help }, None);
                }
            };
            let path = below(&root.0.path, &chart.chart.value).unwrap_or_default();
            return (Located::Root(root.0.at(path), root.1), Some(root.0));
        }
        let version = chart.version.as_ref().map_or("*", |version| version.value.as_str());
        let Some(url) = inputs.get(source).and_then(|input| source_url(&input.node).map(SmolStr::new)) else {
            let reason = format!("the HelmRepository `{}` is not in this repository", source.name);
            return (absent(Missing::Chart, reason), None);
        };
        (of_found(self.remotes.chart(&url, &chart.chart.value, version), Missing::Chart), None)
    }
}

/// A path below a directory; a leading slash means nothing.
pub fn below(dir: &TreePath, path: &str) -> Option<TreePath> {
    dir.join(path.trim_start_matches('/')).ok().filter(|joined| joined.starts_with(dir))
}

/// The problem with a source that is not here.
pub(super) fn lacking(place: Place, reason: &str, help: Option<String>) -> Problem {
    Problem { help, ..Problem::at(ProblemKind::Unavailable, place, reason) }
}

/// Where a source is named, for problems about it.
pub(super) fn place_of(source: Option<&ObjectName>, otherwise: Place) -> Place {
    source.map_or(otherwise, |source| source.place)
}
