//! Dependencies of a chart that are not in its `charts/`, but elsewhere on this machine.
//!
//! Beyond Helm: what `helm dependency build` would download is looked for where vendored charts lie. Argo CD and Flux run
//! that command when a dependency is missing, with the versions of `Chart.lock` where there is one.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::source::Remotes;
use crate::yaml::{Cache, Node};

use super::{Chart, ChartCache};

/// The chart with the dependencies that `remotes` has and its `charts/` has not. Those that are nowhere stay missing.
pub fn with_vendored(
    chart: &Arc<Chart>,
    remotes: &dyn Remotes,
    charts: &ChartCache,
    cache: &Cache,
) -> Arc<Chart> {
    let absent = chart.metadata.dependencies().iter().filter(|wanted| {
        let is_it = |there: &&Arc<Chart>| there.metadata.name.value == wanted.name.value;
        let repository = wanted.repository.value.as_str();
        !repository.is_empty()
            && !repository.starts_with("file://")
            && chart.dependencies.iter().find(is_it).is_none()
    });
    let mut found: Vec<Arc<Chart>> = Vec::new();
    let mut locked: Option<Vec<(SmolStr, SmolStr)>> = None;
    for wanted in absent {
        let name = &wanted.name.value;
        if found.iter().any(|known| known.metadata.name.value == *name) {
            continue;
        }
        let locked = locked.get_or_insert_with(|| lock(chart, cache));
        let version = locked.iter().find(|(known, _)| known == name).map(|(_, version)| version);
        let version = version.unwrap_or(&wanted.version.value);
        let answer = remotes.chart(&wanted.repository.value, name, version);
        let Some(dir) = answer.dir() else { continue };
        // An umbrella has the name of what it wraps more often than not.
        if chart
            .dir
            .as_ref()
            .is_some_and(|own| own.path == dir.path && own.tree.id(&own.path) == dir.tree.id(&dir.path))
        {
            continue;
        }
        let loaded = charts.load(dir, cache);
        found.extend(loaded.chart.clone().filter(|it| it.metadata.name.value == *name));
    }
    if found.is_empty() { Arc::clone(chart) } else { Arc::new(chart.with_dependencies(found)) }
}

/// Names and versions in `Chart.lock`.
fn lock(chart: &Chart, cache: &Cache) -> Vec<(SmolStr, SmolStr)> {
    let Some(dir) = &chart.dir else { return Vec::new() };
    let Ok(file) = dir.tree.read(&dir.path.child("Chart.lock")) else { return Vec::new() };
    let stream = cache.stream(&file);
    let root = stream.documents.first().and_then(|document| document.root.as_ref());
    let entries = root.map(|root| root.items(&["dependencies"])).unwrap_or_default();
    let text = |entry: &Node, key: &str| entry.get(key).and_then(Node::scalar).cloned();
    entries.iter().filter_map(|entry| Some((text(entry, "name")?, text(entry, "version")?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Dir, Found, MemoryTree, Sources, Tree, TreePath};

    /// Every chart is where its name and version say.
    #[derive(Debug)]
    struct Vendor(Arc<dyn Tree>);

    impl Remotes for Vendor {
        fn git(&self, _: &str, _: &str) -> Found {
            Found::Missing { reason: String::new(), help: String::new() }
        }

        fn chart(&self, _: &str, name: &str, version: &str) -> Found {
            match TreePath::new(&format!("vendor/{name}-{version}")) {
                Ok(path) if self.0.is_dir(&path) => Found::Here(Dir::new(Arc::clone(&self.0), path)),
                _ => Found::Missing { reason: String::new(), help: String::new() },
            }
        }
    }

    #[test]
    fn finds_dependencies_elsewhere() {
        let sources = Sources::new();
        let umbrella = "name: db\nversion: 0.1.0\ndependencies:\n\
                        - {name: db, version: 1.x, repository: https://charts.example.com}\n\
                        - {name: there, version: 1.0.0, repository: https://charts.example.com}\n\
                        - {name: own, version: 1.0.0, repository: ''}\n\
                        - {name: nowhere, version: 1.0.0, repository: https://charts.example.com}\n";
        let tree: Arc<dyn Tree> = Arc::new(MemoryTree::of(
            &sources,
            [
                ("app/Chart.yaml", umbrella),
                ("app/Chart.lock", "dependencies:\n- {name: db, version: 1.2.0}\n"),
                ("app/charts/there/Chart.yaml", "name: there\nversion: 1.0.0\n"),
                ("vendor/db-1.2.0/Chart.yaml", "name: db\nversion: 1.2.0\n"),
                ("vendor/there-1.0.0/Chart.yaml", "name: there\nversion: 1.0.0\n"),
                ("vendor/own-1.0.0/Chart.yaml", "name: own\nversion: 1.0.0\n"),
            ],
        ));
        let cache = Cache::new(sources);
        let charts = ChartCache::default();
        let loaded = charts.load(&Dir::new(Arc::clone(&tree), TreePath::new("app").unwrap()), &cache);
        let chart = with_vendored(loaded.chart.as_ref().unwrap(), &Vendor(tree), &charts, &cache);
        let names: Vec<String> = chart
            .dependencies
            .iter()
            .map(|it| format!("{} {}", it.metadata.name.value, it.metadata.version.value))
            .collect();
        assert_eq!(names, ["there 1.0.0", "db 1.2.0"]);
    }
}
