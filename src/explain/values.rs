//! The values of an app: what each key is, who says so, whom it shadows, and whether anything reads it.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::finding::Missing;
use crate::helm::{OverrideKind, Release};
use crate::k8s::{is_secret_key, plaintext_secret};
use crate::near::did_you_mean;
use crate::origin::Step;
use crate::repo::Workspace;
use crate::source::{FileId, Span};
use crate::yaml::{Data, Node};

use super::Subject;
use super::causes::{Role, Teller};
use super::mention::mention;

/// A key and its value.
#[derive(Debug, Clone)]
pub struct ValueRow {
    /// Keys from the root of the top chart's values.
    pub path: Vec<SmolStr>,
    /// The value in force. Lists are values as a whole: Helm replaces them, it does not merge them.
    pub value: Node,
    /// Where it is written.
    pub at: Span,
    /// What brought it.
    pub by: Step,
    /// The values that it stands over, the nearest first.
    pub shadows: Vec<(Span, OverrideKind)>,
    /// Whether a template looked at it, or Helm itself.
    pub read: bool,
    /// Where a template names it that did not look at it; see [`unused`].
    pub named: Option<Span>,
    /// Whether it holds what is not to be shown.
    pub secret: bool,
}

impl ValueRow {
    /// The key as people write it.
    pub fn key(&self) -> String {
        self.path.join(".")
    }
}

/// The values of one chart of an app.
#[derive(Debug, Clone)]
pub struct ChartValues {
    /// The chart.
    pub chart: SmolStr,
    /// Its values and those of the charts inside, by key.
    pub rows: Vec<ValueRow>,
}

/// A key that two apps do not agree on.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The key.
    pub key: String,
    /// What the first app says; `None` where it has no such key.
    pub left: Option<ValueRow>,
    /// What the second app says.
    pub right: Option<ValueRow>,
}

/// The values of all charts of an app, those below `key` alone when it is given. `Err` says that there are none.
pub fn values(
    workspace: &Workspace,
    subject: &Subject,
    key: Option<&str>,
) -> Result<Vec<ChartValues>, String> {
    let (app, kind) = (&subject.app.name, subject.app.kind);
    let rendered = &subject.rendered;
    if rendered.releases.is_empty() {
        let lacks = rendered.incomplete.iter().any(|it| it.missing == Missing::Chart);
        return Err(if lacks {
            format!("the chart of {kind} `{app}` is not here: vendor it to see which values it has")
        } else {
            format!("{kind} `{app}` renders no chart: it has no values")
        });
    }
    let teller = Teller::new(rendered, &workspace.cache);
    let mut all: Vec<ChartValues> = rendered
        .releases
        .iter()
        .map(|release| ChartValues { chart: release.root.name.clone(), rows: rows(release, &teller) })
        .collect();
    let Some(key) = key else { return Ok(all) };
    let known: Vec<String> = all.iter().flat_map(|chart| &chart.rows).map(ValueRow::key).collect();
    let below =
        |known: &str| known.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    if known.iter().any(|known| below(known)) {
        for chart in &mut all {
            chart.rows.retain(|row| below(&row.key()));
        }
        return Ok(all);
    }
    let mut near: BTreeSet<String> = BTreeSet::new();
    for known in known {
        let dots = known.match_indices('.');
        near.extend(dots.filter_map(|(dot, _)| known.get(..dot).map(str::to_owned)));
        near.insert(known);
    }
    let ending = || near.iter().map(String::as_str).find(|known| known.ends_with(&format!(".{key}")));
    Err(match did_you_mean(key, near.iter().map(String::as_str)).or_else(ending) {
        Some(near) => format!("the values of `{app}` have no key `{key}`: did you mean `{near}`?"),
        None => format!("the values of `{app}` have no key `{key}`: `gitops-lint values {app}` lists them"),
    })
}

/// The rows that no template reads and that are set on top of the chart's own defaults; where nothing is, those of
/// the chart. `charts` are the [`values`] of `subject`.
pub fn unused(subject: &Subject, charts: Vec<ChartValues>) -> Vec<ChartValues> {
    let only_defaults = charts.iter().flat_map(|chart| &chart.rows).all(|row| row.by == Step::ChartValues);
    let keep = |row: &ValueRow| !row.read && (only_defaults || row.by != Step::ChartValues);
    let told = |(chart, release): (ChartValues, &Release)| {
        let named = |row: ValueRow| ValueRow { named: mention(release, &row.path), ..row };
        ChartValues { rows: chart.rows.into_iter().filter(keep).map(named).collect(), ..chart }
    };
    charts.into_iter().zip(&subject.rendered.releases).map(told).collect()
}

/// The keys that two apps do not agree on, by key. The name of the chart is part of the key where there are several.
pub fn differences(left: &[ChartValues], right: &[ChartValues]) -> Vec<Difference> {
    let several = left.len() > 1 || right.len() > 1;
    let mut keys: BTreeMap<String, (Option<ValueRow>, Option<ValueRow>)> = BTreeMap::new();
    let name = |chart: &ChartValues, row: &ValueRow| {
        if several { format!("{}: {}", chart.chart, row.key()) } else { row.key() }
    };
    for chart in left {
        for row in &chart.rows {
            keys.entry(name(chart, row)).or_default().0 = Some(row.clone());
        }
    }
    for chart in right {
        for row in &chart.rows {
            keys.entry(name(chart, row)).or_default().1 = Some(row.clone());
        }
    }
    let value = |row: &Option<ValueRow>| row.as_ref().map(|row| row.value.to_value());
    let all = keys.into_iter().filter(|(_, (left, right))| value(left) != value(right));
    all.map(|(key, (left, right))| Difference { key, left, right }).collect()
}

fn rows(release: &Release, teller: &Teller<'_>) -> Vec<ValueRow> {
    let used = Used::of(release);
    let mut rows = Vec::new();
    let charts: Vec<FileId> = release.root.walk().iter().map(|tree| tree.chart.chart_yaml.id()).collect();
    collect(&release.values, &mut Vec::new(), &mut |path, node, key_at| {
        // Helm gives every chart a `global`, whether somebody wrote one or not.
        if path.last().is_some_and(|key| key == "global") && charts.contains(&node.at.file) {
            return;
        }
        let causes = teller.causes(node.place());
        let set = causes.iter().find(|cause| cause.role == Role::Set);
        let shadows = causes.iter().filter_map(|cause| match (cause.role, cause.at) {
            (Role::Overridden(kind), Some(at)) => Some((at, kind)),
            _ => None,
        });
        rows.push(ValueRow {
            path: path.to_vec(),
            value: node.clone(),
            at: set.and_then(|cause| cause.at).unwrap_or(node.at),
            by: set.map_or(Step::Written, |cause| cause.by),
            shadows: shadows.collect(),
            named: None,
            read: used.paths.contains(path) || used.keys.contains(&key_at),
            secret: holds_secret(path.last().map_or("", SmolStr::as_str), node),
        });
    });
    rows.sort_by(|a, b| a.path.cmp(&b.path));
    rows
}

/// Calls `visit` with every value that is no filled mapping, and where its key is written.
fn collect(node: &Node, path: &mut Vec<SmolStr>, visit: &mut dyn FnMut(&[SmolStr], &Node, Span)) {
    let Data::Map(map) = &node.data else { return };
    for entry in map {
        path.push(entry.key.text.clone());
        match &entry.value.data {
            Data::Map(inner) if !inner.is_empty() => collect(&entry.value, path, visit),
            _ => visit(path, &entry.value, entry.key.at),
        }
        path.pop();
    }
}

/// Which values something looked at.
struct Used {
    paths: BTreeSet<Vec<SmolStr>>,
    /// Where the keys of the same are written. Globals are handed to every chart inside: who reads one copy reads
    /// the line.
    keys: BTreeSet<Span>,
}

impl Used {
    fn of(release: &Release) -> Self {
        let mut paths: BTreeSet<Vec<SmolStr>> = release.reads.iter().cloned().collect();
        // Helm itself looks at conditions and tags.
        for tree in release.root.walk() {
            for dependency in tree.chart.metadata.dependencies() {
                let absolute = |path: &str| -> Vec<SmolStr> {
                    let keys = path.trim().split('.').map(SmolStr::new);
                    tree.values_path.iter().cloned().chain(keys).collect()
                };
                let conditions = dependency.condition.value.split(',').filter(|path| !path.is_empty());
                paths.extend(conditions.map(absolute));
                paths.extend(dependency.tags.iter().map(|tag| absolute(&format!("tags.{}", tag.value))));
            }
        }
        let keys = paths.iter().filter_map(|path| {
            let (last, parents) = path.split_last()?;
            let parent = parents.iter().try_fold(&release.values, |node, key| node.get(key))?;
            Some(parent.as_map()?.entry(last)?.key.at)
        });
        let keys = keys.collect();
        Self { paths, keys }
    }
}

/// Whether a value, or anything in it, is not to be shown: by its key, or by its looks.
fn holds_secret(key: &str, node: &Node) -> bool {
    match &node.data {
        Data::Scalar(_) => node.as_str().is_some_and(|text| {
            !text.is_empty() && (is_secret_key(key) || plaintext_secret(key, text, false).is_some())
        }),
        Data::Seq(items) => items.iter().any(|item| holds_secret(key, item)),
        Data::Map(map) => map.iter().any(|entry| holds_secret(&entry.key.text, &entry.value)),
    }
}
