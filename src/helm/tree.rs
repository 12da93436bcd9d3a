//! A chart as one render sees it: under its alias, without the charts that are switched off.

use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use crate::origin::Place;
use crate::source::Span;
use crate::yaml::Node;

use super::tables::TableId;
use super::{Chart, ChartFile, Dependency};

/// A chart that takes part in a render, and those inside of it.
#[derive(Debug, Clone)]
pub struct ChartTree {
    /// The chart.
    pub chart: Arc<Chart>,
    /// Its alias or its own name: the key of its values, and what `.Chart.Name` says.
    pub name: SmolStr,
    /// `p/charts/sub`: what the names of its templates begin with.
    pub full_path: SmolStr,
    /// Keys that lead to its values from those of the top chart.
    pub values_path: Vec<SmolStr>,
    /// The charts inside that take part.
    pub dependencies: Vec<ChartTree>,
    /// The entries of `dependencies` in its `Chart.yaml` that take part; `None` where there are none.
    pub requirements: Option<Vec<Dependency>>,
    /// Its defaults, imported values included.
    pub(super) values: Option<TableId>,
}

impl ChartTree {
    /// What templates of this chart see as `.Chart`.
    pub fn metadata_map(&self) -> Node {
        let requirements = self.requirements.as_deref().unwrap_or_default();
        self.chart.metadata.as_map(&self.name, requirements, self.values_path.is_empty())
    }

    /// The name of a template as Helm prints it: `p/charts/sub/templates/x.yaml`.
    pub fn template_name(&self, file: &ChartFile) -> SmolStr {
        format_smolstr!("{}/{}", self.full_path, file.name)
    }

    /// What templates of this chart see as `.Template.BasePath`.
    pub fn base_path(&self) -> SmolStr {
        format_smolstr!("{}/templates", self.full_path)
    }

    /// This chart and all inside of it, outer before inner.
    pub fn walk(&self) -> Vec<&Self> {
        let mut list = vec![self];
        let mut next = 0;
        while let Some(chart) = list.get(next).copied() {
            next += 1;
            list.splice(next..next, &chart.dependencies);
        }
        list
    }

    /// The CRDs of `helm template --include-crds`, with the name behind `# Source:`; a chart's own before those of
    /// the charts inside.
    pub fn crds(&self) -> Vec<(SmolStr, &ChartFile)> {
        let charts = self.walk();
        charts
            .iter()
            .flat_map(|tree| tree.chart.crds().map(|file| (tree.template_name(file), file)))
            .collect()
    }

    /// Where this chart's defaults are written; its `Chart.yaml` where it has none.
    pub(super) fn values_place(&self) -> Place {
        match &self.chart.values {
            Some(values) => values.place(),
            None => Place::written(Span::start_of(self.chart.chart_yaml.id())),
        }
    }
}
