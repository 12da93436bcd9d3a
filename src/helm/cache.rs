//! Charts are loaded once, however many applications render them.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::finding::Problem;
use crate::source::{Answers, Dir, TracingTree, Tree, TreeId, TreePath, Verified};
use crate::yaml::Cache;

use super::Chart;

/// A chart and what was wrong about it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The chart; `None` without a readable `Chart.yaml`.
    pub chart: Option<Arc<Chart>>,
    /// What [`Chart::load`] said.
    pub problems: Vec<Problem>,
    /// What was asked of its tree meanwhile, and of charts beside it that it names with `file://`.
    answers: Arc<Answers>,
}

/// Loads of one path that differ, at most: older ones are of no tree any more.
const MAX_KEPT: usize = 8;

/// Charts as they were loaded, for this tree and for others that answer the same.
type Kept = Mutex<FxHashMap<TreePath, Vec<Arc<Loaded>>>>;

/// Charts by where they lie.
#[derive(Debug, Default)]
pub struct ChartCache {
    charts: Mutex<FxHashMap<(TreeId, TreePath), Arc<Loaded>>>,
    kept: Arc<Kept>,
}

impl ChartCache {
    /// A cache for another state of the same files: what did not change is not loaded again.
    #[must_use]
    pub fn beside(&self) -> Self {
        Self { charts: Mutex::default(), kept: Arc::clone(&self.kept) }
    }

    /// The chart at `dir`.
    pub fn load(&self, dir: &Dir, cache: &Cache) -> Arc<Loaded> {
        let loaded = self.get(dir, cache);
        dir.tree.note(&loaded.answers);
        loaded
    }

    fn get(&self, dir: &Dir, cache: &Cache) -> Arc<Loaded> {
        let key = (dir.tree.id(&dir.path), dir.path.clone());
        let charts = || self.charts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = charts().get(&key) {
            return Arc::clone(known);
        }
        // Loading is not done under the lock: two threads may load one chart, and the first answer stays.
        let tree = dir.tree.unwatched().unwrap_or_else(|| Arc::clone(&dir.tree));
        let plain = Dir::new(tree, dir.path.clone());
        let loaded = self.earlier(&plain).unwrap_or_else(|| {
            let loaded = Arc::new(load(&plain, cache));
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = kept.entry(dir.path.clone()).or_default();
            if kept.len() == MAX_KEPT {
                kept.remove(0);
            }
            kept.push(Arc::clone(&loaded));
            loaded
        });
        Arc::clone(charts().entry(key).or_insert(loaded))
    }

    /// What was loaded from the same path of another tree that answers the same.
    fn earlier(&self, dir: &Dir) -> Option<Arc<Loaded>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&dir.path).cloned()?;
        let same = |loaded: &&Arc<Loaded>| loaded.answers.hold(dir.tree.as_ref(), &Verified::default());
        let found = kept.iter().rev().find(same)?;
        let chart = found.chart.as_ref().map(|chart| Arc::new(chart.of_tree(&dir.tree)));
        Some(Arc::new(Loaded { chart, ..Loaded::clone(found) }))
    }
}

/// Loads a chart with all that is asked for its sake on record. The chart itself refers to the tree below the record.
fn load(dir: &Dir, cache: &Cache) -> Loaded {
    let recorder = Arc::new(TracingTree::recording(Arc::clone(&dir.tree)));
    let watched = Dir::new(Arc::clone(&recorder) as Arc<dyn Tree>, dir.path.clone());
    let (chart, problems) = Chart::load(&watched, cache);
    if let Some(chart) = &chart {
        also(chart, &watched, cache, 0);
    }
    let chart = chart.map(|chart| Arc::new(chart.of_tree(&dir.tree)));
    Loaded { chart, problems, answers: Arc::new(recorder.answers()) }
}

/// Asks for what a render of the chart will ask for in the chart's directory, and in charts that lie beside it.
fn also(chart: &Chart, dir: &Dir, cache: &Cache, depth: usize) {
    for name in ["Chart.lock", "values.schema.json"] {
        let _ = dir.tree.read(&dir.path.child(name));
    }
    for wanted in
        chart.metadata.dependencies().iter().filter(|_| depth < super::dependencies::MAX_LOCAL_DEPTH)
    {
        let path = wanted.repository.value.strip_prefix("file://").and_then(|path| dir.path.join(path).ok());
        let Some(beside) = path.map(|path| dir.at(path)) else { continue };
        if dir.tree.kind(&beside.path).is_some()
            && let (Some(chart), _) = Chart::load(&beside, cache)
        {
            also(&chart, &beside, cache, depth + 1);
        }
    }
}
