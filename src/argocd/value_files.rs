//! Where the entries of `helm.valueFiles` lead.
//!
//! Mirrors `resolveReferencedSources` and `getResolvedValueFiles` of `reposerver/repository/repository.go` and
//! `util/io/path/resolved.go`. Nothing is read here.

use crate::origin::Place;
use crate::source::{Dir, Found, Remotes};
use crate::yaml::Node;

use super::{Application, BuildEnv, Source};

/// One entry of `helm.valueFiles`.
#[derive(Debug, Clone)]
pub struct ValueFile {
    /// The entry as written.
    pub written: String,
    /// Where it is written.
    pub place: Place,
    /// Where it leads.
    pub target: Target,
    /// Whether it looks like `$ref/...` in an Application with a single `source`: an environment variable there, unknown and
    /// so empty, which leaves a path from the root of the repository.
    pub lost_ref: bool,
}

/// Where an entry leads.
#[derive(Debug, Clone)]
pub enum Target {
    /// A path in a tree that is on this machine; it may be missing there, and may be a glob.
    At(Dir),
    /// A path in a tree that stands in for the revision that is meant.
    StandIn(Dir),
    /// The tree is not on this machine.
    Elsewhere,
    /// A URL with this scheme, which Helm fetches.
    Remote(String),
    /// The path leaves its repository.
    Outside,
    /// `$name` of a source list in which no source has that `ref`; the names there are.
    UnknownRef(Vec<String>),
    /// `$name` of a source that is a chart.
    ChartRef,
}

/// Characters that make a path a glob for Argo CD.
const GLOB: [char; 3] = ['*', '?', '['];

impl ValueFile {
    /// Whether the path is a glob.
    pub fn is_glob(&self) -> bool {
        matches!(&self.target, Target::At(dir) | Target::StandIn(dir) if dir.path.as_str().contains(GLOB))
    }
}

/// Resolves every entry of a source's `helm.valueFiles`.
pub fn value_files(
    app: &Application,
    source: &Source,
    env: &BuildEnv,
    remotes: &dyn Remotes,
) -> Vec<ValueFile> {
    let entries = source.node.items(&["helm", "valueFiles"]);
    let resolved = entries.iter().filter_map(|entry: &Node| {
        let written = entry.as_str()?;
        let target = resolve(app, source, written, env, remotes);
        let lost_ref = !app.multi && is_lost_ref(written);
        Some(ValueFile { written: written.to_owned(), place: entry.place(), target, lost_ref })
    });
    resolved.collect()
}

/// Resolves an entry of `helm.valueFiles` or the path of one of `helm.fileParameters`.
pub(super) fn resolve(
    app: &Application,
    source: &Source,
    written: &str,
    env: &BuildEnv,
    remotes: &dyn Remotes,
) -> Target {
    // With one source there are no references: whatever begins with `$` is left to the environment.
    if let Some(rest) = written.strip_prefix('$').filter(|_| app.multi) {
        let (name, path) = rest.split_once('/').unwrap_or((rest, ""));
        let named = |source: &&Source| source.ref_name.as_ref().is_some_and(|it| it.value == name);
        let Some(other) = app.sources.iter().find(named) else {
            let name = |source: &Source| Some(source.ref_name.as_ref()?.value.to_string());
            return Target::UnknownRef(app.sources.iter().filter_map(name).collect());
        };
        if other.chart.is_some() {
            return Target::ChartRef;
        }
        return place(&remotes.git(other.repo_url(), other.target_revision()), "", path, env);
    }
    if let Some((scheme, _)) = written.split_once("://")
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    {
        // Where the control plane allows the scheme is asked first by whoever reads it.
        return match remotes.file(written) {
            Found::Here(dir) if matches!(scheme, "http" | "https") => Target::At(dir),
            _ => Target::Remote(scheme.to_owned()),
        };
    }
    let found = match &source.chart {
        _ if source.is_oci() => remotes.artifact(source.repo_url(), source.target_revision()),
        Some(chart) => remotes.chart(source.repo_url(), &chart.value, source.target_revision()),
        None => remotes.git(source.repo_url(), source.target_revision()),
    };
    let base = if source.chart.is_some() { "" } else { source.path() };
    place(&found, base, written, env)
}

/// Whether an entry begins with a variable that Argo CD does not set.
fn is_lost_ref(written: &str) -> bool {
    let name = written.strip_prefix('$').map(|rest| rest.split('/').next().unwrap_or_default());
    name.is_some_and(|name| {
        !name.is_empty() && !name.trim_start_matches('{').starts_with("ARGOCD_") && !name.starts_with('$')
    })
}

fn place(found: &Found, base: &str, path: &str, env: &BuildEnv) -> Target {
    // The commit that a revision resolves to is not known here.
    if path.contains("ARGOCD_APP_REVISION") {
        return Target::Elsewhere;
    }
    let Some(root) = found.dir() else { return Target::Elsewhere };
    let path = env.expand(path);
    let joined = match path.strip_prefix('/') {
        Some(absolute) => root.path.join(absolute.trim_start_matches('/')),
        None => root.path.join(base).and_then(|dir| dir.join(&path)),
    };
    match (joined, found) {
        (Err(_), _) => Target::Outside,
        (Ok(path), Found::Here(_)) => Target::At(root.at(path)),
        (Ok(path), _) => Target::StandIn(root.at(path)),
    }
}
