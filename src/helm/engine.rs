//! Executes the templates of a chart and of the charts inside of it.
//!
//! Mirrors `pkg/engine/engine.go`: all templates are one set, deeper ones are parsed and executed first, and all of
//! them see one tree of values that `set` can change.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::finding::{Cause, Problem, ProblemKind};
use crate::gotemplate::{Exec, Failure, Limits, Map, MapKind, Slot, Templates, Value};
use crate::near::is_slip;
use crate::origin::{Name, Origin, OriginId, Origins, Place, Step};
use crate::source::{FileId, Sources, Span};
use crate::yaml::Node;

use super::chart::Parsed;
use super::convert::{Watch, to_value, to_watched};
use super::functions::{FUNCTIONS, Host, without_no_value};
use super::manifest::Rendered;
use super::objects::{Files, capabilities};
use super::structs;
use super::{ChartFile, ChartTree, Dependency, Flavor, ReleaseOptions};

/// The type of `.Values` and of what a template is executed with.
const fn values_kind(flavor: Flavor) -> MapKind {
    MapKind::Named(match flavor {
        Flavor::Helm3 => "chartutil.Values",
        Flavor::Helm4 => "common.Values",
    })
}

static RELEASE: &str = "release";
static CAPABILITIES: &str = "capabilities";
static TEMPLATE: &str = "template";

/// What executing templates gives.
pub(super) struct Executed {
    pub(super) problems: Vec<Problem>,
    /// Paths of values that were looked at, from the top chart's root.
    pub(super) reads: Vec<Vec<SmolStr>>,
}

struct Renderable {
    name: SmolStr,
    file: ChartFile,
    /// What the template sees as `.`.
    scope: Map,
    base_path: SmolStr,
    /// What decided that the chart takes part.
    frame: OriginId,
}

/// Executes all templates and hands over what each printed, as soon as it is there.
pub(super) fn execute(
    root: &ChartTree,
    values: &Node,
    options: &ReleaseOptions,
    origins: &mut Origins,
    sources: &Arc<Sources>,
    mut printed: impl FnMut(Rendered),
) -> Executed {
    let mut watch = Watch::default();
    let written = values;
    let values = to_watched(values, origins, &mut watch);
    let mut templates = Vec::new();
    let release = release(options, origins);
    let step = origins.add(Origin::nowhere(Step::BuiltIn(Name::new(&CAPABILITIES))));
    let capabilities = capabilities(&options.capabilities, options.flavor, step);
    let shared =
        Shared { release: &release, capabilities: &capabilities, values: written, flavor: options.flavor };
    collect(root, OriginId::WRITTEN, &values, &shared, origins, &mut templates);
    templates.sort_by(|a, b| {
        let depth = |template: &Renderable| template.name.matches('/').count();
        (depth(b), &b.name).cmp(&(depth(a), &a.name))
    });
    let mut problems = Vec::new();
    let set = parse(&templates, &mut problems);
    let fallback = Span::start_of(root.chart.chart_yaml.id());
    let host = Host { sources: Arc::clone(sources), fallback, included: rustc_hash::FxHashMap::default() };
    let mut exec = Exec::new(origins, set, &FUNCTIONS, Box::new(host), Limits::default());
    let kind = values_kind(options.flavor);
    for template in &templates {
        if template.file.base_name().starts_with('_') || !exec.templates.contains(&template.name) {
            continue;
        }
        let step = exec.origins.add(Origin::nowhere(Step::BuiltIn(Name::new(&TEMPLATE))));
        let about = Map::from_entries([
            (SmolStr::new_static("Name"), Value::str(template.name.clone()).at(step)),
            (SmolStr::new_static("BasePath"), Value::str(template.base_path.clone()).at(step)),
        ]);
        template.scope.set("Template", Value::map(about.with_kind(kind)));
        match exec.execute_in(&template.name, &Value::map(template.scope.with_kind(kind)), template.frame) {
            Ok(text) => printed(Rendered {
                name: template.name.clone(),
                text: without_no_value(text),
                at: template.file.file.span(),
            }),
            Err(failure) => problems.push(problem(&failure, template.file.file.id())),
        }
    }
    drop(exec);
    // Templates put contexts into values and values into contexts: maps that hold each other are never dropped.
    for template in &templates {
        template.scope.clear();
    }
    if let Some(values) = values.as_map() {
        values.clear();
    }
    Executed { problems, reads: watch.read() }
}

/// Texts of this many bytes in all are parsed by several threads; for less, waking them takes longer.
const PARALLEL_BYTES: usize = 64 << 10;

fn parse(templates: &[Renderable], problems: &mut Vec<Problem>) -> Templates {
    let files: Vec<(&ChartFile, &SmolStr)> = templates.iter().map(|it| (&it.file, &it.name)).collect();
    let one = |(file, name): &(&ChartFile, &SmolStr)| file.parse(name);
    let bytes: usize = files.iter().map(|(file, _)| file.file.bytes().len()).sum();
    let parsed: Vec<Parsed> = if bytes < PARALLEL_BYTES {
        files.iter().map(one).collect()
    } else {
        files.par_iter().map(one).collect()
    };
    let mut set = Templates::default();
    // Where all others are templates of Helm, one that cannot be parsed is not written for another tool.
    let is_template = |file: &ChartFile| file.file.text().is_some_and(|text| text.contains("{{"));
    let good = files.iter().zip(&parsed).filter(|((file, _), it)| it.is_ok() && is_template(file)).count();
    for ((file, _), parsed) in files.iter().zip(parsed) {
        match parsed {
            Ok(trees) => set.add(trees),
            Err(error) => {
                let at = Span::new(file.file.id(), error.at.start, error.at.end);
                let message = format!("parse error at ({}): {}", error.location, error.words);
                let mut problem = Problem::at(ProblemKind::Render, Place::written(at), message);
                match undefined(&error.words) {
                    Some(name) => {
                        let close = FUNCTIONS.names().into_iter().find(|known| is_slip(name, known));
                        problem.help = Some(unknown_function(name, close));
                        if close.is_some() {
                            problem = problem.because(Cause::Slip);
                        }
                    }
                    None if good > 0 => problem = problem.because(Cause::Slip),
                    None => {}
                }
                problems.push(problem);
            }
        }
    }
    set
}

/// What to do where Helm reads `{{cluster}}`, which is meant for the tool that reads what Helm prints, as a function.
fn unknown_function(name: &str, close: Option<&str>) -> String {
    close.map_or_else(
        || {
            format!(
                "correct the name; if another tool is to fill in `{{{{{name}}}}}`, print it as text: `{{{{ `{{{{{name}}}}}` }}}}`"
            )
        },
        |close| format!("did you mean `{close}`?"),
    )
}

/// The function that a parser does not know.
fn undefined(words: &str) -> Option<&str> {
    words.strip_prefix("function \"")?.strip_suffix("\" not defined")
}

fn problem(failure: &Failure, file: FileId) -> Problem {
    let kind = if failure.is_limit { ProblemKind::Limit } else { ProblemKind::Render };
    let at = failure.trace.first().copied().unwrap_or_else(|| Span::start_of(file));
    let mut problem =
        Problem::at(kind, Place::written(at), failure.cause.clone()).because(failure.because.clone());
    for call in failure.trace.iter().skip(1) {
        problem = problem.related(Place::written(*call), "called here");
    }
    problem
}

fn release(options: &ReleaseOptions, origins: &mut Origins) -> Value {
    let step = origins.add(Origin::nowhere(Step::BuiltIn(Name::new(&RELEASE))));
    let name = origins.entry(options.name.place);
    let entry = |key: &'static str, value: Value| (SmolStr::new_static(key), value);
    Value::map(Map::from_entries([
        entry("Name", Value::str(options.name.value.clone()).at(name)),
        entry("Namespace", Value::str(options.namespace.clone()).at(step)),
        entry("Revision", Value::int(options.revision.into()).at(step)),
        entry("IsInstall", Value::of(options.is_install).at(step)),
        entry("IsUpgrade", Value::of(!options.is_install).at(step)),
        entry("Service", Value::str("Helm").at(step)),
    ]))
    .at(step)
}

/// What all charts see.
struct Shared<'a> {
    release: &'a Value,
    capabilities: &'a Value,
    /// The values of the top chart, as they were coalesced.
    values: &'a Node,
    flavor: Flavor,
}

/// What switched a chart on: the value of its condition or of its tags.
fn switched_on(
    parent: &ChartTree,
    sub: &ChartTree,
    frame: OriginId,
    values: &Node,
    origins: &mut Origins,
) -> OriginId {
    let named = |wanted: &&Dependency| {
        let alias = &wanted.alias.value;
        sub.name == if alias.is_empty() { wanted.name.value.as_str() } else { alias.as_str() }
    };
    let Some(wanted) = parent.chart.metadata.dependencies().iter().find(named) else { return frame };
    let at = |keys: &[SmolStr]| keys.iter().try_fold(values, |node, key| node.get(key));
    let absolute = |condition: &str| -> Vec<SmolStr> {
        let keys = condition.trim().split('.').map(SmolStr::new);
        parent.values_path.iter().cloned().chain(keys).collect()
    };
    let mut conditions = wanted.condition.value.split(',').filter(|condition| !condition.is_empty());
    let condition = conditions.find_map(|it| at(&absolute(it)).filter(|node| node.as_bool().is_some()));
    let tags = wanted.tags.iter().filter_map(|tag| at(&["tags".into(), tag.value.clone()]));
    let deciding: Vec<&Node> = match condition {
        Some(condition) => vec![condition],
        None => tags.collect(),
    };
    deciding.into_iter().fold(frame, |frame, node| {
        let value = origins.entry(node.place());
        origins.add(Origin::new(wanted.place.at, Step::Decided).from(value).under(frame))
    })
}

/// `.Chart`.
fn about_chart(tree: &ChartTree, flavor: Flavor, origins: &mut Origins) -> Value {
    let metadata = tree.metadata_map();
    let is_root = tree.values_path.is_empty();
    if flavor == Flavor::Helm3 {
        return structs::chart_3(&metadata, is_root, origins);
    }
    let chart = to_value(&metadata, origins);
    if let Some(map) = chart.as_map() {
        map.set("IsRoot", Value::of(is_root));
        if let Some(written) = metadata.get("Annotations") {
            map.set("Annotations", structs::annotations(written, origins));
        }
    }
    chart
}

/// Mirrors `recAllTpls`.
fn collect(
    tree: &ChartTree,
    frame: OriginId,
    values: &Value,
    shared: &Shared<'_>,
    origins: &mut Origins,
    templates: &mut Vec<Renderable>,
) -> Map {
    let chart = about_chart(tree, shared.flavor, origins);
    let kind = values_kind(shared.flavor);
    let own = match values.as_map() {
        Some(map) => Value::map(map.with_kind(kind)).at(values.origin),
        None => Value::map(Map::from_entries([]).with_kind(kind)),
    };
    let subcharts = Map::from_entries([]);
    for sub in &tree.dependencies {
        let inner =
            values.as_map().and_then(|map| map.slot(&sub.name)).map(|slot| slot.value).unwrap_or_default();
        let inside = switched_on(tree, sub, frame, shared.values, origins);
        let scope = collect(sub, inside, &inner, shared, origins, templates);
        subcharts.set(sub.name.clone(), Value::map(scope));
    }
    let entry = |key: &'static str, value: Value| (SmolStr::new_static(key), Slot::new(value));
    let scope = Map::new(
        BTreeMap::from([
            entry("Chart", chart),
            entry("Files", Files::new(&tree.chart.files).value()),
            entry("Release", shared.release.clone()),
            entry("Capabilities", shared.capabilities.clone()),
            entry("Values", own),
            entry("Subcharts", Value::map(subcharts)),
        ]),
        MapKind::Any,
    );
    let metadata = &tree.chart.metadata;
    for file in tree.chart.templates.iter().filter(|file| file.is_template_of(metadata)) {
        templates.push(Renderable {
            name: tree.template_name(file),
            file: file.clone(),
            scope: scope.clone(),
            base_path: tree.base_path(),
            frame,
        });
    }
    scope
}
