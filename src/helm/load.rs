//! A directory or an archive becomes a [`Chart`].
//!
//! Mirrors `pkg/chart/v2/loader` and `pkg/chart/loader/archive` of Helm. Where Helm gives up, this goes on with what
//! there is: a problem of any kind but [`ProblemKind::Warning`] says that Helm would not.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use crate::finding::{Problem, ProblemKind};
use crate::origin::Place;
use crate::source::{
    ArchiveLimits, Dir, EntryKind, ReadError, SourceFile, Span, Tree, TreePath, open_archive,
};
use crate::yaml::{Cache, Data, Dialect, Node, Scalar, Style, YamlProblem, format_g};

use super::files::{self, Loose, unreadable};
use super::{Chart, ChartFile, Metadata, Schema};

/// A file is no YAML, which was told.
struct Unread;

/// Charts inside of each other.
const MAX_CHART_DEPTH: usize = 24;

impl Chart {
    /// Loads the chart at `dir`, a directory or a `.tgz`. Without a readable `Chart.yaml` there is no chart.
    pub fn load(dir: &Dir, cache: &Cache) -> (Option<Arc<Self>>, Vec<Problem>) {
        let mut loader = Loader { cache, problems: Vec::new() };
        let chart = match dir.tree.kind(&dir.path) {
            Some(EntryKind::File) => match dir.tree.read(&dir.path) {
                Ok(file) => loader.archive(&file, &Outer::NONE),
                Err(error) => loader.unreadable(&dir.path, &error),
            },
            Some(_) => {
                let (files, problems) = files::files(dir);
                loader.problems = problems;
                loader.files(files, Some(dir), &Outer::NONE)
            }
            None => loader.unreadable(&dir.path, &ReadError::NotFound),
        };
        if let Some(chart) = &chart {
            let version = &chart.metadata.api_version;
            let words = match version.value.as_str() {
                "v1" | "v2" => None,
                // Charts of Helm 4's experimental format are known and not rendered.
                "v3" => Some("invalid chart apiVersion"),
                _ => Some("unsupported chart version"),
            };
            if let Some(words) = words {
                let problem = Problem::at(ProblemKind::Render, version.place, words);
                loader.problems.push(problem.help("use `apiVersion: v2`"));
            }
        }
        (chart.map(Arc::new), loader.problems)
    }
}

/// What a chart that is being loaded lies in.
struct Outer<'a> {
    /// The chart around it.
    metadata: Option<&'a Metadata>,
    /// What the names of that chart's templates begin with, unless an alias says otherwise.
    path: SmolStr,
    /// Charts around it.
    depth: usize,
    /// Whether that chart is rendered whatever the values are.
    always: bool,
}

impl Outer<'_> {
    /// Nothing: a chart of its own.
    const NONE: Self = Self { metadata: None, path: SmolStr::new_static(""), depth: 0, always: true };

    /// What the chart of `metadata` is called in there, and whether it is rendered whatever the values are.
    fn around(&self, metadata: &Metadata) -> (SmolStr, bool) {
        let name = &metadata.name.value;
        let Some(outer) = self.metadata else { return (name.clone(), true) };
        let plain = outer
            .dependencies()
            .iter()
            .filter(|it| it.name.value == *name)
            .all(|it| it.alias.value.is_empty() && it.condition.value.is_empty() && it.tags.is_empty());
        (format_smolstr!("{}/charts/{name}", self.path), self.always && plain)
    }
}

struct Loader<'a> {
    cache: &'a Cache,
    problems: Vec<Problem>,
}

impl Loader<'_> {
    fn refuse(&mut self, file: &SourceFile, message: impl Into<String>) {
        let place = Place::written(Span::start_of(file.id()));
        self.problems.push(Problem::at(ProblemKind::Render, place, message));
    }

    fn unreadable<T>(&mut self, path: &TreePath, error: &ReadError) -> Option<T> {
        self.problems.push(unreadable(path, error));
        None
    }

    /// A chart of an archive: the names of its files lose their first component.
    fn archive(&mut self, file: &Arc<SourceFile>, outer: &Outer<'_>) -> Option<Chart> {
        let tree =
            match open_archive(self.cache.sources(), file.home(), file.bytes(), ArchiveLimits::default()) {
                Ok(tree) => tree,
                Err(error) => {
                    self.refuse(file, error.to_string());
                    return None;
                }
            };
        let mut files = Vec::new();
        for path in tree.files() {
            let Ok(inner) = tree.read(&path) else { continue };
            match path.as_str().split_once('/') {
                Some((_, name)) => files.push(Loose { name: name.into(), file: inner }),
                None if path.as_str() == "Chart.yaml" => {
                    self.refuse(file, "chart yaml not in base directory");
                    return None;
                }
                None => {
                    let words = "chart illegally contains content outside the base directory";
                    self.refuse(file, format!("{words}: \"{path}\""));
                    return None;
                }
            }
        }
        if files.is_empty() {
            self.refuse(file, "no files in chart archive");
            return None;
        }
        self.files(files, None, outer)
    }

    /// `LoadFiles`: sorts files by what they mean.
    fn files(&mut self, files: Vec<Loose>, dir: Option<&Dir>, outer: &Outer<'_>) -> Option<Chart> {
        let Some(chart_yaml) = files.iter().find(|loose| loose.name == "Chart.yaml") else {
            let problem = Problem::nowhere(ProblemKind::Render, "Chart.yaml file is missing");
            self.problems.push(problem);
            return None;
        };
        let chart_yaml = Arc::clone(&chart_yaml.file);
        let start = Place::written(Span::start_of(chart_yaml.id()));
        let mut metadata = Metadata::empty(start);
        let document = self.document(&chart_yaml, "cannot load Chart.yaml: ").ok()?;
        if let Some(node) = &document {
            metadata.read(node, "Chart.yaml", &mut self.problems);
        }
        if metadata.api_version.value.is_empty() {
            metadata.api_version.value = SmolStr::new_static("v1");
        }
        let templates = files.iter().filter(|loose| loose.name.starts_with("templates/"));
        let templates: Vec<_> =
            templates.map(|it| ChartFile::new(it.name.clone(), Arc::clone(&it.file))).collect();
        let (path, always) = outer.around(&metadata);
        if always {
            let parts = templates.iter().filter(|it| it.is_template_of(&metadata));
            ChartFile::parse_ahead(&path, parts.cloned().collect());
        }
        let mut chart = Chart {
            metadata,
            chart_yaml,
            templates,
            files: Vec::new(),
            values: None,
            schema: None,
            dependencies: Vec::new(),
            dir: dir.cloned(),
        };
        let mut subcharts: BTreeMap<SmolStr, Vec<Loose>> = BTreeMap::new();
        for Loose { name, file } in files {
            match name.as_str() {
                "Chart.yaml" => {}
                // What is locked matters to nobody but `helm dependency build`; it has to be readable.
                "Chart.lock" => {
                    let _ = self.document(&file, "cannot load Chart.lock: ");
                }
                "values.yaml" => chart.values = self.values(&file, "cannot load values.yaml: ").map(Arc::new),
                "values.schema.json" => chart.schema = Some(Arc::new(Schema::new(file))),
                "requirements.yaml" => {
                    let document = self.document(&file, "cannot load requirements.yaml: ");
                    if let Ok(Some(node)) = document {
                        chart.metadata.read(&node, "requirements.yaml", &mut self.problems);
                    }
                    if chart.metadata.api_version.value == "v1" {
                        chart.files.push(ChartFile::new(name, file));
                    }
                }
                "requirements.lock" => {
                    if chart.metadata.api_version.value == "v1" {
                        chart.files.push(ChartFile::new(name, file));
                    }
                }
                // These are known already.
                path if path.starts_with("templates/") => {}
                path => match path.strip_prefix("charts/") {
                    Some(inner) if !path.ends_with(".prov") => {
                        let first = inner.split('/').next().unwrap_or(inner);
                        let inner = Loose { name: inner.into(), file };
                        subcharts.entry(first.into()).or_default().push(inner);
                    }
                    _ => chart.files.push(ChartFile::new(name, file)),
                },
            }
        }
        if let Some(problem) = chart.metadata.validate() {
            self.problems.push(problem);
        }
        let outer = Outer { metadata: Some(&chart.metadata), path, depth: outer.depth + 1, always };
        for (name, files) in subcharts {
            if name.starts_with(['_', '.']) {
                continue;
            }
            let before = self.problems.len();
            let sub = self.subchart(&name, files, dir, &outer);
            for problem in self.problems.iter_mut().skip(before) {
                if problem.kind != ProblemKind::Warning {
                    let parent = &chart.metadata.name.value;
                    problem.message =
                        format!("error unpacking subchart {name} in {parent}: {}", problem.message);
                    problem.place.get_or_insert(start);
                }
            }
            chart.dependencies.extend(sub.map(Arc::new));
        }
        Some(chart)
    }

    fn subchart(
        &mut self,
        name: &SmolStr,
        files: Vec<Loose>,
        dir: Option<&Dir>,
        outer: &Outer<'_>,
    ) -> Option<Chart> {
        if outer.depth > MAX_CHART_DEPTH {
            let message = format!("charts lie deeper than {MAX_CHART_DEPTH} levels");
            self.problems.push(Problem::nowhere(ProblemKind::Limit, message));
            return None;
        }
        if name.ends_with(".tgz") {
            return match files.as_slice() {
                [Loose { name: only, file }, ..] if only == name => self.archive(file, outer),
                [Loose { name: other, file }, ..] => {
                    self.refuse(file, format!("expected {name}, got {other}"));
                    None
                }
                [] => None,
            };
        }
        let inner = files.into_iter().filter_map(|Loose { name, file }| {
            let (_, rest) = name.split_once('/')?;
            Some(Loose { name: rest.into(), file })
        });
        let inner = inner.collect();
        let dir = dir.map(|dir| dir.at(dir.path.child("charts").child(name)));
        self.files(inner, dir.as_ref(), outer)
    }

    /// The first document of a YAML file, canonical: Helm reads no other. Nothing where it is empty; an error, with a problem that
    /// begins with `prefix`, where it cannot be read.
    fn document(&mut self, file: &Arc<SourceFile>, prefix: &str) -> Result<Option<Node>, Unread> {
        document(self.cache, file).map_err(|problem| {
            self.problems.push(syntax_problem(prefix, &problem));
            Unread
        })
    }

    fn values(&mut self, file: &Arc<SourceFile>, prefix: &str) -> Option<Node> {
        match super::load_values(self.cache, file, prefix) {
            Ok(values) => Some(values),
            Err(problem) => {
                self.problems.push(*problem);
                None
            }
        }
    }
}

pub(super) fn syntax_problem(prefix: &str, problem: &YamlProblem) -> Problem {
    let words = problem.go_message(Dialect::Sigs);
    let message = format!("{prefix}error converting YAML to JSON: {words}");
    let out = Problem::at(ProblemKind::Syntax, Place::written(problem.at), message);
    match &problem.context {
        Some((at, words)) => out.related(Place::written(*at), words.clone()),
        None => out,
    }
}

/// Floats as sigs.k8s.io/yaml hands them to string fields of Go structs, where `72445e2` is `7.2445e+06`; as JSON it
/// would be `7244500`. What no struct describes (`import-values`) stays as it is.
fn floats_as_text(node: &mut Node) {
    if let Some(Scalar::Float(value)) = node.resolve(Dialect::Sigs)
        && value.is_finite()
    {
        node.data = Data::Scalar(format_g(value));
        node.style = Style::DoubleQuoted;
        return;
    }
    match &mut node.data {
        Data::Scalar(_) => {}
        Data::Seq(items) => items.iter_mut().for_each(floats_as_text),
        Data::Map(map) => {
            let known = map.iter_mut().filter(|entry| entry.key.text != "import-values");
            known.for_each(|entry| floats_as_text(&mut entry.value));
        }
    }
}

fn document(cache: &Cache, file: &Arc<SourceFile>) -> Result<Option<Node>, Box<YamlProblem>> {
    let stream = cache.stream(file);
    if file.text().is_none()
        && let Some(problem) = stream.problems.first()
    {
        return Err(Box::new(problem.clone()));
    }
    let Some(document) = stream.documents.first() else { return Ok(None) };
    if let Some(error) = &document.error {
        return Err(error.clone());
    }
    let Some(root) = &document.root else { return Ok(None) };
    let mut node = root.clone();
    floats_as_text(&mut node);
    node.canonicalize(Dialect::Sigs)?;
    Ok(Some(node))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{MemoryTree, Sources};

    fn load(files: &[(&str, &str)]) -> (Option<Arc<Chart>>, Vec<String>) {
        let sources = Sources::new();
        let tree: Arc<dyn Tree> = Arc::new(MemoryTree::of(&sources, files.iter().copied()));
        let cache = Cache::new(sources);
        let (chart, problems) = Chart::load(&Dir::new(tree, TreePath::root()), &cache);
        (chart, problems.into_iter().map(|problem| problem.message).collect())
    }

    #[test]
    fn sorts_files() {
        let (chart, problems) = load(&[
            ("Chart.yaml", "apiVersion: v2\nname: p\nVERSION: 1.10\nappVersion: 1.0\n"),
            ("values.yaml", "a: {b: 1, c: 2}\n---\na: {b: 3}\n"),
            ("values.schema.json", "{}"),
            ("README.md", "x"),
            ("crds/a.yml", "x"),
            ("crds/a.txt", "x"),
            ("templates/a.yaml", "x"),
            ("templates/.hidden", "x"),
            ("templates/sub/b.txt", "x"),
            ("charts/s/Chart.yaml", "name: s\nversion: 0.1.0\n"),
            ("charts/s/values.yaml", "x: 1\n"),
            ("charts/_skipped/x", "x"),
        ]);
        let chart = chart.unwrap();
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(chart.metadata.version.value, "1.1");
        let names = |files: &[ChartFile]| files.iter().map(|file| file.name.to_string()).collect::<Vec<_>>();
        assert_eq!(names(&chart.templates), ["templates/a.yaml", "templates/sub/b.txt"]);
        assert_eq!(names(&chart.files), ["README.md", "crds/a.txt", "crds/a.yml"]);
        assert_eq!(chart.crds().count(), 1);
        assert_eq!(format!("{:?}", chart.values.as_ref().unwrap()), "{a: {b: 3, c: 2}}");
        assert_eq!(chart.dependencies[0].metadata.api_version.value, "v1");
    }

    /// Messages of Helm 4.1.4.
    #[test]
    fn refuses_like_helm() {
        let good = "apiVersion: v2\nname: p\nversion: 0.1.0\n";
        for (path, text, want) in [
            ("x", "", "Chart.yaml file is missing"),
            ("Chart.yaml", "name: p\nversion: 0.1.0\napiVersion: v3\n", "invalid chart apiVersion"),
            ("Chart.yaml", "name: p\nversion: 0.1.0\napiVersion: v9\n", "unsupported chart version"),
            ("Chart.yaml", "version: 0.1.0\n", "validation: chart.metadata.name is required"),
            (
                "Chart.yaml",
                "name: a/b\nversion: 0.1.0\n",
                "validation: chart.metadata.name \"a/b\" is invalid",
            ),
            ("Chart.yaml", "name: p\n", "validation: chart.metadata.version is required"),
            (
                "Chart.yaml",
                "name: p\nversion: abc\n",
                "validation: chart.metadata.version \"abc\" is invalid",
            ),
            (
                "Chart.yaml",
                "name: p\nversion: 0.1.0\ntype: x\n",
                "validation: chart.metadata.type must be application or library",
            ),
            (
                "Chart.yaml",
                "name: p\nversion: 0.1.0\ndependencies: [{name: a}, {name: b, alias: a}]\n",
                "validation: more than one dependency with name or alias \"a\"",
            ),
            (
                "Chart.yaml",
                "name: p\nversion: 0.1.0\ndependencies: [{name: a, alias: a.b}]\n",
                "validation: dependency \"a\" has disallowed characters in the alias",
            ),
            (
                "Chart.yaml",
                "name: p\nversion: 0.1.0\ndependencies:\n-\n",
                "validation: dependencies must not contain empty or null nodes",
            ),
            (
                "Chart.yaml",
                "name: [p]\nversion: 0.1.0\n",
                "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go struct field Metadata.name of type string",
            ),
            (
                "values.yaml",
                "- a\n",
                "cannot load values.yaml: cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}",
            ),
            (
                "values.yaml",
                "a: .inf\n",
                "cannot load values.yaml: cannot unmarshal yaml document: error converting YAML to JSON: json: unsupported value: +Inf",
            ),
            (
                "values.yaml",
                "a: b: c\n",
                "cannot load values.yaml: cannot unmarshal yaml document: error converting YAML to JSON: yaml: mapping values are not allowed in this context",
            ),
            ("charts/README.md", "x", "error unpacking subchart README.md in p: Chart.yaml file is missing"),
            (
                "charts/s/Chart.yaml",
                "name: s\n",
                "error unpacking subchart s in p: validation: chart.metadata.version is required",
            ),
        ] {
            let mut files = vec![(path, text)];
            if path != "Chart.yaml" && path != "x" {
                files.push(("Chart.yaml", good));
            }
            assert_eq!(load(&files).1.first().map(String::as_str), Some(want), "{text}");
        }
    }
}
