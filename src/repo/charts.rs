//! Charts that are named by Helm repository, name and version: found among vendored directories and archives.
//!
//! What holds a `Chart.yaml` of that name and version is taken for the chart, wherever it lies: in the linted tree, in
//! a directory of `charts.paths`, in Helm's own cache. From which repository it came is written nowhere.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::argocd::pick_version;
use crate::golang::semver::Version;
use crate::source::{ArchiveLimits, Dir, FileId, Sources, Tree, TreePath, open_archive};
use crate::yaml::{Cache, Node};

/// Vendored charts.
#[derive(Debug, Default)]
pub struct ChartIndex {
    /// Where charts may lie; the first that has a version wins.
    places: Vec<Arc<dyn Tree>>,
    /// Where archives lie that are named by their content, as Helm 4 keeps what it downloaded (`content/ab/abcd.chart`).
    /// They are opened when nothing else has a chart.
    content: Option<Arc<dyn Tree>>,
    cache: Option<Arc<Cache>>,
    /// The content of archives by the archive and the name of its chart, once it was asked for; shared by the states of a
    /// repository.
    opened: Arc<Mutex<FxHashMap<(FileId, SmolStr), Opened>>>,
    known: OnceLock<BTreeMap<SmolStr, Vec<Vendored>>>,
    known_by_content: OnceLock<BTreeMap<SmolStr, Vec<Vendored>>>,
}

/// A chart that is on this machine.
#[derive(Debug)]
struct Vendored {
    version: SmolStr,
    /// The directory that holds it, or the archive.
    at: Dir,
    /// Whether it is an archive.
    packed: bool,
}

/// The content of an archive; `None` when it is not what its name says.
type Opened = Arc<OnceLock<Option<Dir>>>;

impl ChartIndex {
    /// Charts below the given trees.
    pub fn new(places: Vec<Arc<dyn Tree>>, cache: Arc<Cache>) -> Self {
        Self { places, cache: Some(cache), ..Self::default() }
    }

    /// With a directory of archives that are named by their content.
    #[must_use]
    pub fn with_content(self, content: Option<Arc<dyn Tree>>) -> Self {
        Self { content, ..self }
    }

    /// The same places for another state of one of the trees.
    #[must_use]
    pub(super) fn beside(&self, old: &Arc<dyn Tree>, new: &Arc<dyn Tree>) -> Self {
        let place = |tree: &Arc<dyn Tree>| Arc::clone(if Arc::ptr_eq(tree, old) { new } else { tree });
        Self {
            places: self.places.iter().map(place).collect(),
            content: self.content.clone(),
            cache: self.cache.clone(),
            opened: Arc::clone(&self.opened),
            ..Self::default()
        }
    }

    /// Where parsed files are kept.
    pub(super) fn cache(&self) -> Option<&Arc<Cache>> {
        self.cache.as_ref()
    }

    /// Whether it is known where charts may lie.
    pub fn has_places(&self) -> bool {
        !self.places.is_empty()
    }

    /// Looks a chart up; else the versions of it that are there.
    pub fn find(&self, name: &str, version: &str) -> Result<Dir, Vec<&str>> {
        // A chart of an OCI registry is named by its path.
        let short = name.rsplit('/').next().unwrap_or(name);
        self.among(self.known(), short, version)
            .or_else(|versions| self.among(self.known_by_content(), short, version).map_err(|_| versions))
    }

    fn known(&self) -> &BTreeMap<SmolStr, Vec<Vendored>> {
        self.known.get_or_init(|| {
            let mut known: BTreeMap<SmolStr, Vec<Vendored>> = BTreeMap::new();
            let Some(cache) = &self.cache else { return known };
            for tree in &self.places {
                for path in tree.files() {
                    if let Some((name, vendored)) = vendored(tree, &path, cache) {
                        known.entry(name).or_default().push(vendored);
                    }
                }
            }
            known
        })
    }

    fn known_by_content(&self) -> &BTreeMap<SmolStr, Vec<Vendored>> {
        self.known_by_content.get_or_init(|| {
            let mut known: BTreeMap<SmolStr, Vec<Vendored>> = BTreeMap::new();
            let (Some(tree), Some(cache)) = (&self.content, &self.cache) else { return known };
            for path in tree.files().into_iter().filter(|path| path.file_name().ends_with(".chart")) {
                let archive = Dir::new(Arc::clone(tree), path);
                let Some(content) = unpack(&archive, cache.sources()) else { continue };
                // A chart is a directory of its own name.
                let charts = content.files().into_iter().filter(|path| path.file_name() == "Chart.yaml");
                let mut tops =
                    charts.filter_map(|path| path.parent().filter(|dir| dir.components().count() == 1));
                let Some(at) = tops.next().map(|top| Dir::new(content, top)) else { continue };
                if let Some((name, version)) = identity(&at, cache) {
                    known.entry(name).or_default().push(Vendored { version, at, packed: false });
                }
            }
            known
        })
    }

    /// The chart among those of a name that is meant, else the versions that are there.
    fn among<'a>(
        &self,
        known: &'a BTreeMap<SmolStr, Vec<Vendored>>,
        name: &str,
        version: &str,
    ) -> Result<Dir, Vec<&'a str>> {
        let vendored = known.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut versions: Vec<&str> = vendored.iter().map(|it| it.version.as_str()).collect();
        while let Some(picked) = pick(version, &versions) {
            let mut candidates = vendored.iter().filter(|it| it.version == picked);
            if let Some(dir) = candidates.find_map(|it| self.open(it, name)) {
                return Ok(dir);
            }
            versions.retain(|known| *known != picked);
        }
        Err(versions)
    }

    fn open(&self, vendored: &Vendored, name: &str) -> Option<Dir> {
        if !vendored.packed {
            return Some(vendored.at.clone());
        }
        let cache = self.cache.as_ref()?;
        let archive = vendored.at.tree.read(&vendored.at.path).ok()?;
        let opened = {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(opened.entry((archive.id(), name.into())).or_default())
        };
        let open = || {
            let dir = Dir::new(unpack(&vendored.at, cache.sources())?, TreePath::new(name).ok()?);
            let (found, version) = identity(&dir, cache)?;
            (found == name && version == vendored.version).then_some(dir)
        };
        opened.get_or_init(open).clone()
    }
}

/// The version that is meant among those there are; without any, the newest, as `helm pull` takes it.
fn pick<'a>(wanted: &str, versions: &[&'a str]) -> Option<&'a str> {
    pick_version(if wanted.is_empty() { "*" } else { wanted }, versions)
}

/// What a file of a tree says of a chart.
fn vendored(tree: &Arc<dyn Tree>, path: &TreePath, cache: &Cache) -> Option<(SmolStr, Vendored)> {
    if path.file_name() == "Chart.yaml" {
        let at = Dir::new(Arc::clone(tree), path.parent()?);
        let (name, version) = identity(&at, cache)?;
        return Some((name, Vendored { version, at, packed: false }));
    }
    let stem = path.file_name().strip_suffix(".tgz")?;
    // `name-1.2.3.tgz`: names may hold numbers, versions may hold dashes.
    let mut splits =
        stem.match_indices('-').filter_map(|(at, _)| Some((stem.get(..at)?, stem.get(at + 1..)?)));
    let (name, version) = splits.find(|(_, version)| Version::parse(version).is_ok())?;
    let at = Dir::new(Arc::clone(tree), path.clone());
    Some((name.into(), Vendored { version: version.into(), at, packed: true }))
}

/// Name and version in a chart's `Chart.yaml`. `None` for one that wraps a chart of the same name from elsewhere: whoever
/// asks for that one does not mean the wrapper, least of all the wrapper itself.
fn identity(dir: &Dir, cache: &Cache) -> Option<(SmolStr, SmolStr)> {
    let file = dir.tree.read(&dir.path.child("Chart.yaml")).ok()?;
    let stream = cache.stream(&file);
    let root = stream.documents.first()?.root.as_ref()?;
    let text = |key: &str| root.get(key).and_then(Node::scalar).filter(|text| !text.is_empty()).cloned();
    let name = text("name")?;
    let from_elsewhere = |dependency: &Node| {
        let repository = dependency.get("repository").and_then(Node::scalar);
        let is_url = repository.is_some_and(|url| !url.is_empty() && !url.starts_with("file:"));
        is_url && dependency.get("name").and_then(Node::scalar) == Some(&name)
    };
    if root.items(&["dependencies"]).iter().any(from_elsewhere) {
        return None;
    }
    Some((name, text("version")?))
}

/// The files in an archive.
fn unpack(archive: &Dir, sources: &Sources) -> Option<Arc<dyn Tree>> {
    let file = archive.tree.read(&archive.path).ok()?;
    Some(Arc::new(open_archive(sources, file.home(), file.bytes(), ArchiveLimits::default()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemoryTree;

    #[test]
    fn finds_by_name_and_version() {
        let sources = Sources::new();
        let chart = |name: &str, version: &str| format!("name: {name}\nversion: {version}\n");
        let tree = MemoryTree::of(
            &sources,
            [
                ("vendor/a-1.0.0/Chart.yaml", chart("a", "1.0.0").as_str()),
                ("vendor/a-1.2.0/Chart.yaml", &chart("a", "1.2.0")),
                ("vendor/a-2/Chart.yaml", &chart("a", "2.0.0-rc.1")),
                ("vendor/a-2/charts/b/Chart.yaml", &chart("b", "v3.1.0")),
                ("vendor/k8s-1thing-0.1.0.tgz", "no archive"),
                (
                    "wrapper/Chart.yaml",
                    "name: w\nversion: 1.0.0\ndependencies: [{name: w, version: 1.0.0, repository: 'https://h.example'}]\n",
                ),
                ("whole/Chart.yaml", "name: g\nversion: 1.0.0\ndependencies: [{name: g, version: '*'}]\n"),
            ],
        );
        let index = ChartIndex::new(vec![Arc::new(tree)], Arc::new(Cache::new(sources)));
        for (name, version, want) in [
            ("a", "1.0.0", Some("vendor/a-1.0.0")),
            ("a", "1.x", Some("vendor/a-1.2.0")),
            ("a", "^1.0.0", Some("vendor/a-1.2.0")),
            ("a", "*", Some("vendor/a-1.2.0")),
            ("a", "", Some("vendor/a-1.2.0")),
            ("a", "2.0.0-rc.1", Some("vendor/a-2")),
            ("a", "3.0.0", None),
            ("org/b", "3.1.0", Some("vendor/a-2/charts/b")),
            ("k8s-1thing", "0.1.0", None),
            ("nobody", "1.0.0", None),
            ("w", "1.0.0", None),
            ("g", "1.0.0", Some("whole")),
            ("it's", "~1 $(x)", None),
        ] {
            let found = index.find(name, version).ok();
            assert_eq!(found.as_ref().map(|dir| dir.path.as_str()), want, "{name} {version}");
        }
    }
}
