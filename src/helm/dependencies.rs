//! Which charts inside of a chart take part, under which names, and what values they hand up.
//!
//! Mirrors `pkg/chart/v2/util/dependencies.go` and `CheckDependencies` of Helm 4.1. Beyond Helm: a dependency on a
//! directory of the repository (`file://`) that nobody vendored is loaded from there, as `helm dependency build` would.

use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use crate::finding::{Problem, ProblemKind};
use crate::golang::semver;
use crate::origin::{Origins, Place, Placed, Step};
use crate::yaml::{Cache, Entry, Key, Map, Node, format_g};

use super::coalesce::{Coalescer, Log};
use super::tables::{Slot, TableId, Tables, Value};
use super::{Chart, ChartTree, Dependency, Override, UserValues};

/// Keys in a path of `import-values`; longer ones are nobody's intention.
const MAX_PATH: usize = 64;

/// `file://` dependencies inside of each other.
pub(super) const MAX_LOCAL_DEPTH: usize = 16;

/// A chart ready to be rendered.
#[derive(Debug)]
pub struct Prepared {
    /// The charts that take part.
    pub root: ChartTree,
    /// `.Values` of the top chart: a canonical mapping. Those of a chart inside are below its name.
    pub values: Node,
    /// Values that stand over others, by path.
    pub overrides: Vec<Override>,
    /// What is wrong. A problem of any kind but [`ProblemKind::Warning`] says that Helm would refuse.
    pub problems: Vec<Problem>,
}

/// Decides which charts take part and puts their values together: `CheckDependencies`, `ProcessDependencies` and
/// `CoalesceValues`. Values that nobody stamped yet get their step in `origins`.
pub fn prepare(chart: &Arc<Chart>, user: UserValues, cache: &Cache, origins: &mut Origins) -> Prepared {
    let (user, mut log) = user.into_parts();
    let chart = with_local(chart, cache, &mut log, 0);
    if chart.metadata.is_library() {
        let place = chart.metadata.chart_type.place;
        let problem = Problem::at(ProblemKind::Render, place, "library charts are not installable");
        log.report(problem.help("deploy a chart that depends on it"));
    }
    let mut tables = Tables::default();
    let mut root = tree_of(&chart, &mut tables, origins);
    let user = tables.add_node(&user);
    let mut process = Process { tables: &mut tables, origins, log: &mut log };
    process.enabled(&mut root, user, "");
    place_tree(&mut root, None);
    process.imports(&mut root);
    let mut pass = process.pass(true, Vec::new());
    pass.coalesce(&root, user, "", false);
    let values = tables.to_node(user).unwrap_or_else(|| Node::null(root.values_place()));
    Prepared { root, values, overrides: log.overrides.into_values().collect(), problems: log.problems }
}

fn tree_of(chart: &Arc<Chart>, tables: &mut Tables, origins: &mut Origins) -> ChartTree {
    let values = chart.values.as_ref().map(|it| tables.add_stamped(it, Step::ChartValues, origins));
    ChartTree {
        chart: Arc::clone(chart),
        name: chart.metadata.name.value.clone(),
        full_path: SmolStr::default(),
        values_path: Vec::new(),
        dependencies: chart.dependencies.iter().map(|sub| tree_of(sub, tables, origins)).collect(),
        requirements: chart.metadata.dependencies.clone(),
        values,
    }
}

/// Fills in paths once names are settled.
fn place_tree(tree: &mut ChartTree, parent: Option<(&SmolStr, &[SmolStr])>) {
    match parent {
        None => tree.full_path = tree.name.clone(),
        Some((full_path, values_path)) => {
            tree.full_path = format_smolstr!("{full_path}/charts/{}", tree.name);
            tree.values_path = values_path.iter().chain([&tree.name]).cloned().collect();
        }
    }
    let ChartTree { dependencies, full_path, values_path, .. } = tree;
    for sub in dependencies {
        place_tree(sub, Some((full_path, values_path)));
    }
}

/// Whether a version lies in a range; what cannot be parsed does not (`IsCompatibleRange`).
pub(super) fn is_compatible_range(range: &str, version: &str) -> bool {
    match (semver::Constraint::parse(range), semver::Version::parse(version)) {
        (Ok(range), Ok(version)) => range.check(&version),
        _ => false,
    }
}

/// Reports dependencies that are not there, and loads those from the repository that may be.
fn with_local(chart: &Arc<Chart>, cache: &Cache, log: &mut Log, depth: usize) -> Arc<Chart> {
    let absent: Vec<&Dependency> = chart
        .metadata
        .dependencies()
        .iter()
        .filter(|wanted| {
            !chart.dependencies.iter().any(|there| there.metadata.name.value == wanted.name.value)
        })
        .collect();
    let mut missing: Vec<&Dependency> = Vec::new();
    let mut found: Vec<Arc<Chart>> = Vec::new();
    for wanted in absent {
        let local = wanted.repository.value.strip_prefix("file://");
        let dir = local.zip(chart.dir.as_ref()).and_then(|(path, dir)| {
            let path = dir.path.join(path).ok()?;
            Some(dir.at(path)).filter(|dir| depth < MAX_LOCAL_DEPTH && dir.tree.kind(&dir.path).is_some())
        });
        let Some(dir) = dir else {
            missing.push(wanted);
            continue;
        };
        let (local, problems) = Chart::load(&dir, cache);
        for problem in problems {
            log.report(problem);
        }
        match local {
            Some(local) if local.metadata.name.value == wanted.name.value => {
                // `helm dependency build` packs the chart with what is in its own `charts/`.
                let local = with_local(&local, cache, log, depth + 1);
                if !found.iter().any(|known| known.metadata.name.value == local.metadata.name.value) {
                    found.push(local);
                }
            }
            _ => missing.push(wanted),
        }
    }
    if let Some(first) = missing.first() {
        let names: Vec<&str> = missing.iter().map(|wanted| wanted.name.value.as_str()).collect();
        let message = format!(
            "an error occurred while checking for chart dependencies. You may need to run `helm dependency build` to fetch missing dependencies: found in Chart.yaml, but missing in charts/ directory: {}",
            names.join(", ")
        );
        let mut problem = Problem::at(ProblemKind::MissingDependency, first.name.place, message);
        for other in missing.iter().skip(1) {
            problem = problem.related(other.name.place, "this one is missing too");
        }
        // Helm looks at the top chart alone; one that is missing further down is just not rendered.
        if depth == 0 {
            log.report(problem);
        }
    }
    if found.is_empty() {
        return Arc::clone(chart);
    }
    Arc::new(chart.with_dependencies(found))
}

struct Process<'a> {
    tables: &'a mut Tables,
    origins: &'a mut Origins,
    log: &'a mut Log,
}

impl Process<'_> {
    fn pass(&mut self, record: bool, path: Vec<SmolStr>) -> Coalescer<'_> {
        Coalescer { tables: self.tables, origins: self.origins, log: self.log, record, path }
    }

    fn warn(&mut self, place: Place, message: String) {
        self.log.report(Problem::at(ProblemKind::Warning, place, message));
    }

    /// `processDependencyEnabled`.
    fn enabled(&mut self, tree: &mut ChartTree, values: TableId, path: &str) {
        let Some(requirements) = tree.requirements.take() else { return };
        let there = std::mem::take(&mut tree.dependencies);
        let fits = |chart: &ChartTree, wanted: &Dependency| {
            chart.name == wanted.name.value
                && is_compatible_range(&wanted.version.value, &chart.chart.metadata.version.value)
        };
        for chart in &there {
            if !requirements.iter().any(|wanted| fits(chart, wanted)) {
                self.unlisted(chart, &requirements);
                tree.dependencies.push(chart.clone());
            }
        }
        for wanted in &requirements {
            if let Some(chart) = there.iter().find(|chart| fits(chart, wanted)) {
                tree.dependencies.push(ChartTree { name: wanted.key().clone(), ..chart.clone() });
            }
        }
        let all = self.tables.copy(values);
        self.pass(false, Vec::new()).coalesce(tree, all, "", false);
        let enabled: Vec<bool> = requirements
            .iter()
            .map(|wanted| {
                let by_tags = self.by_tags(wanted, all);
                self.by_condition(wanted, all, path).unwrap_or(by_tags)
            })
            .collect();
        let off: Vec<&SmolStr> = requirements
            .iter()
            .zip(&enabled)
            .filter(|(_, enabled)| !**enabled)
            .map(|(wanted, _)| wanted.key())
            .collect();
        tree.dependencies.retain(|chart| !off.contains(&&chart.name));
        for sub in &mut tree.dependencies {
            let path = format!("{path}{}.", sub.name);
            self.enabled(sub, all, &path);
        }
        let left: Vec<Dependency> = requirements
            .iter()
            .filter(|wanted| !off.contains(&wanted.key()))
            .map(|wanted| {
                // From here on an alias is the name.
                let name = Placed::new(wanted.key().clone(), wanted.name.place);
                Dependency { name, enabled: true, ..wanted.clone() }
            })
            .collect();
        tree.requirements = Some(left).filter(|left| !left.is_empty());
    }

    /// A chart that lies in `charts/` although no entry of `Chart.yaml` fits it is always on. When an entry has its
    /// name, that is hardly what was meant.
    fn unlisted(&mut self, chart: &ChartTree, requirements: &[Dependency]) {
        if let Some(wanted) = requirements.iter().find(|wanted| wanted.name.value == chart.name) {
            let version = &chart.chart.metadata.version;
            let message = format!(
                "the version {} of `{}` in charts/ is not in the range `{}`, so alias, condition and tags of the dependency do not apply to it",
                version.value, chart.name, wanted.version.value
            );
            let place =
                if wanted.version.value.is_empty() { wanted.name.place } else { wanted.version.place };
            let problem = Problem::at(ProblemKind::Warning, place, message);
            self.log.report(problem.related(version.place, "the version that is there"));
        }
    }

    /// `processDependencyTags`: one tag that is true, or none that is false.
    fn by_tags(&mut self, wanted: &Dependency, values: TableId) -> bool {
        let Some(tags) = self.tables.table(values, "tags") else { return true };
        let (mut on, mut off) = (false, false);
        for tag in &wanted.tags {
            let Some(value) = self.tables.get(tags, &tag.value) else { continue };
            match value {
                Value::Leaf(node) if node.as_bool() == Some(true) => on = true,
                Value::Leaf(node) if node.as_bool() == Some(false) => off = true,
                value => {
                    if let Some(place) = self.tables.place(value) {
                        let message = format!("returned non-bool value for tag `{}`", tag.value);
                        self.warn(place, message);
                    }
                }
            }
        }
        on || !off
    }

    /// `processDependencyConditions`: the first path that leads to a boolean decides.
    fn by_condition(&mut self, wanted: &Dependency, values: TableId, path: &str) -> Option<bool> {
        for condition in wanted.condition.value.trim().split(',').filter(|condition| !condition.is_empty()) {
            let Some(leaf) = self.tables.leaf(values, &format!("{path}{condition}")) else { continue };
            match leaf.as_bool() {
                Some(value) => return Some(value),
                None => {
                    let place = leaf.place();
                    self.warn(place, format!("returned non-bool value for condition `{condition}`"));
                }
            }
        }
        None
    }

    /// `processDependencyImportValues`, inner charts first.
    fn imports(&mut self, tree: &mut ChartTree) {
        for sub in &mut tree.dependencies {
            self.imports(sub);
        }
        let place = tree.values_place();
        let Some(mut requirements) = tree.requirements.take() else { return };
        let merged = self.tables.add(place);
        let path = tree.values_path.clone();
        self.pass(true, path.clone()).coalesce(tree, merged, "", true);
        let imported = self.tables.add(place);
        for wanted in &mut requirements {
            let imports = std::mem::take(&mut wanted.import_values);
            for import in imports {
                let (child, parent) = match import.as_str() {
                    Some(name) => (format!("exports.{name}"), ".".to_owned()),
                    None if import.as_map().is_some() => {
                        (go_verb_v(import.get("child")), go_verb_v(import.get("parent")))
                    }
                    None => continue,
                };
                let entry = |key: &'static str, text: &str| Entry {
                    key: Key::new(SmolStr::new_static(key), import.place()),
                    value: Node::string(text, import.place()),
                };
                let shown = vec![entry("child", &child), entry("parent", &parent)];
                wanted.import_values.push(Node::map(Map::from_entries(shown), import.place()));
                if parent.split('.').count() > MAX_PATH {
                    let message = format!("import-values leads deeper than {MAX_PATH} keys");
                    self.log.report(Problem::at(ProblemKind::Limit, import.place(), message));
                    continue;
                }
                let name = &wanted.name.value;
                let Some(table) = self.tables.table(merged, &format!("{name}.{child}")) else {
                    let message =
                        format!("ImportValues missing table from chart {name}: \"{child}\" is not a table");
                    self.warn(import.place(), message);
                    continue;
                };
                // An empty table is handed out as a fresh one (`Values.AsMap`), so nothing is shared with it.
                let table = if self.tables.slot(table, 0).is_none() { self.tables.add(place) } else { table };
                let table = self.wrapped(table, &parent);
                self.pass(false, Vec::new()).tables(imported, table, "", true);
            }
        }
        tree.requirements = Some(requirements);
        let values = self.tables.copy(merged);
        self.pass(true, path).tables(values, imported, "", true);
        tree.values = Some(values);
    }

    /// `pathToMap`: a table below a path of keys.
    fn wrapped(&mut self, table: TableId, path: &str) -> TableId {
        if path == "." {
            return table;
        }
        path.rsplit('.').fold(table, |inner, key| {
            let value = Value::Table(inner);
            let Some(place) = self.tables.place(&value) else { return inner };
            let outer = self.tables.add(place);
            self.tables.set(outer, Slot { key: Key::new(key, place), value });
            outer
        })
    }
}

/// A value as Go prints it with `%v`; for paths, so collections are whatever cannot be a key.
fn go_verb_v(node: Option<&Node>) -> String {
    match node {
        Some(node) if node.is_null() => "<nil>".to_owned(),
        Some(node) => match (node.as_str(), node.as_f64()) {
            (Some(text), _) => text.to_owned(),
            (None, Some(value)) => format_g(value).to_string(),
            _ => node.scalar_text().unwrap_or("[]").to_owned(),
        },
        None => "<nil>".to_owned(),
    }
}
