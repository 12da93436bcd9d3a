//! Charts are loaded once, however many applications render them.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::finding::Problem;
use crate::source::{ContentId, Dir, TreePath};
use crate::yaml::Cache;

use super::Chart;

/// A chart and what was wrong about it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The chart; `None` without a readable `Chart.yaml`.
    pub chart: Option<Arc<Chart>>,
    /// What [`Chart::load`] said.
    pub problems: Vec<Problem>,
}

/// Charts by what they are loaded from.
#[derive(Debug, Default)]
pub struct ChartCache {
    charts: Mutex<FxHashMap<(ContentId, TreePath), Arc<Loaded>>>,
}

impl ChartCache {
    /// The chart at `dir`.
    pub fn load(&self, dir: &Dir, cache: &Cache) -> Arc<Loaded> {
        let key = (dir.tree.content_id(&dir.path), dir.path.clone());
        let charts = || self.charts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = charts().get(&key) {
            return Arc::clone(known);
        }
        // Loading is not done under the lock: two threads may load one chart, and the first answer stays.
        let (chart, problems) = Chart::load(dir, cache);
        let loaded = Arc::new(Loaded { chart, problems });
        Arc::clone(charts().entry(key).or_insert(loaded))
    }
}
