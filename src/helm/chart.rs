//! A chart as it lies in its directory or archive.

use std::sync::{Arc, OnceLock};

use smol_str::{SmolStr, format_smolstr};

use crate::gotemplate::{self, ParseError, Tree};
use crate::source::{Dir, SourceFile};
use crate::yaml::Node;

use super::functions::FUNCTIONS;
use super::{Metadata, Schema};

/// A file of a chart.
#[derive(Debug, Clone)]
pub struct ChartFile {
    /// Path inside of the chart: `templates/deployment.yaml`.
    pub name: SmolStr,
    /// The file.
    pub file: Arc<SourceFile>,
    /// What the file is as a template, under the name that it was first asked for.
    parsed: Arc<OnceLock<(SmolStr, Parsed)>>,
}

/// The templates of a file, or why it is none.
pub(super) type Parsed = Result<Vec<Arc<Tree>>, Box<ParseError>>;

impl ChartFile {
    /// A file of a chart.
    pub fn new(name: SmolStr, file: Arc<SourceFile>) -> Self {
        Self { name, file, parsed: Arc::default() }
    }

    /// The file as the template `name`. Many releases of one chart parse it once: only below an alias, or inside of
    /// another chart, has it another name.
    pub(super) fn parse(&self, name: &SmolStr) -> Parsed {
        let parse = || {
            let text = self.file.text().cloned().unwrap_or_else(|| Arc::from(""));
            gotemplate::parse(name, &text, Some(self.file.id()), &|name| FUNCTIONS.get(name).is_some())
        };
        let (known, parsed) = self.parsed.get_or_init(|| (name.clone(), parse()));
        if known == name { parsed.clone() } else { parse() }
    }

    /// The last component of its name.
    pub(super) fn base_name(&self) -> &str {
        self.name.rsplit_once('/').map_or(self.name.as_str(), |(_, base)| base)
    }

    /// Whether a file below `templates/` is a template: of a library, only the helpers are.
    pub(super) fn is_template_of(&self, chart: &Metadata) -> bool {
        !chart.is_library() || self.base_name().starts_with('_')
    }

    /// Begins to parse templates on another thread, under the names that they have in the chart at `path`: until they are
    /// needed, there are values to read.
    pub(super) fn parse_ahead(path: &SmolStr, templates: Vec<Self>) {
        let path = path.clone();
        rayon::spawn(move || {
            for template in templates {
                let _ = template.parse(&format_smolstr!("{path}/{}", template.name));
            }
        });
    }
}

/// A chart and the charts inside of it (`pkg/chart/v2/chart.go`). Made by [`Chart::load`]; nothing of it belongs to
/// a render, so it may be shared.
#[derive(Debug)]
pub struct Chart {
    /// `Chart.yaml` with what `requirements.yaml` adds to it.
    pub metadata: Metadata,
    /// The file `Chart.yaml`.
    pub chart_yaml: Arc<SourceFile>,
    /// All files below `templates/`, in walking order.
    pub templates: Vec<ChartFile>,
    /// All files without a meaning of their own, those below `crds/` included: what `.Files` has.
    pub files: Vec<ChartFile>,
    /// `values.yaml`: a canonical mapping, `None` without the file. Documents behind the first are merged in.
    pub values: Option<Arc<Node>>,
    /// `values.schema.json`.
    pub schema: Option<Arc<Schema>>,
    /// The charts in `charts/`, sorted by the name of their directory or archive.
    pub dependencies: Vec<Arc<Chart>>,
    /// The directory of the chart; `None` for a chart in an archive.
    pub dir: Option<Dir>,
}

impl Chart {
    /// The same chart with other values in place of its `values.yaml`.
    #[must_use]
    pub fn with_values(&self, values: Node) -> Self {
        Self {
            metadata: self.metadata.clone(),
            chart_yaml: Arc::clone(&self.chart_yaml),
            templates: self.templates.clone(),
            files: self.files.clone(),
            values: Some(Arc::new(values)),
            schema: self.schema.clone(),
            dependencies: self.dependencies.clone(),
            dir: self.dir.clone(),
        }
    }

    /// The same chart with more dependencies.
    #[must_use]
    pub fn with_dependencies(&self, more: Vec<Arc<Self>>) -> Self {
        Self {
            metadata: self.metadata.clone(),
            chart_yaml: Arc::clone(&self.chart_yaml),
            templates: self.templates.clone(),
            files: self.files.clone(),
            values: self.values.clone(),
            schema: self.schema.clone(),
            dependencies: self.dependencies.iter().cloned().chain(more).collect(),
            dir: self.dir.clone(),
        }
    }

    /// The same chart in another tree that holds the same files.
    #[must_use]
    pub(super) fn of_tree(&self, tree: &Arc<dyn crate::source::Tree>) -> Self {
        let inner = |chart: &Arc<Self>| {
            if chart.dir.is_some() { Arc::new(chart.of_tree(tree)) } else { Arc::clone(chart) }
        };
        Self {
            dependencies: self.dependencies.iter().map(inner).collect(),
            dir: self.dir.as_ref().map(|dir| Dir::new(Arc::clone(tree), dir.path.clone())),
            ..self.with_dependencies(Vec::new())
        }
    }

    /// The files below `crds/` that are manifests.
    pub fn crds(&self) -> impl Iterator<Item = &ChartFile> {
        self.files.iter().filter(|file| {
            let extension = file.name.rsplit_once('.').map_or("", |(_, extension)| extension);
            file.name.starts_with("crds/")
                && ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
        })
    }
}
