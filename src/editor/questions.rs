//! What an editor asks about a place in a file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::sync::Arc;

use rayon::prelude::*;

use crate::explain::{self, Effect, FieldPath, InApp, Role, Teller};
use crate::helm::Release;
use crate::k8s::{is_secret_key, plaintext_secret};
use crate::repo::{self, AppEntry, Rendered};
use crate::rules;
use crate::source::{SourceFile, Span, TreePath};
use crate::yaml::edit::Edit;
use crate::yaml::{JsonStyle, Node, Stream};

use super::links::{self, Spot};
use super::session::Checked;

/// Apps looked at for one question; the others are counted.
const MAX_APPS: usize = 24;

/// Lines of a list.
const SHOWN: usize = 10;

/// Letters of a value.
const MAX_VALUE: usize = 80;

/// A place in a file of the repository.
pub(super) struct Cursor {
    path: TreePath,
    file: Arc<SourceFile>,
    stream: Arc<Stream>,
    offset: u32,
}

/// Something to type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Proposal {
    pub(super) label: String,
    pub(super) detail: String,
}

/// An app that reads a file, rendered.
struct Reader<'c> {
    entry: &'c AppEntry,
    rendered: Rendered,
}

impl Cursor {
    /// A place; `None` where the repository has no such file.
    pub(super) fn new(checked: &Checked, path: &TreePath, offset: u32) -> Option<Self> {
        let file = checked.workspace.tree.read(path).ok()?;
        let stream = checked.workspace.cache.stream(&file);
        Some(Self { path: path.clone(), file, stream, offset })
    }

    fn line(&self) -> u32 {
        self.file.line_index(self.offset) as u32 + 1
    }

    fn lines(&self, checked: &Checked) -> RangeInclusive<u32> {
        explain::lines_of(&checked.workspace, &self.file, self.line())
    }

    /// Whether its file is a template of a chart, which is no YAML.
    fn is_template(&self) -> bool {
        self.path.as_str().split('/').any(|part| part == "templates")
            || self.path.file_name().ends_with(".tpl")
    }

    /// The apps that read the file, rendered, and how many more there are.
    fn readers<'c>(&self, checked: &'c Checked) -> (Vec<Reader<'c>>, usize) {
        let ids = checked.inventory.readers(&self.path);
        let entries: Vec<&AppEntry> = ids.iter().filter_map(|id| checked.inventory.app(*id)).collect();
        let more = entries.len().saturating_sub(MAX_APPS);
        let render =
            |entry: &&'c AppEntry| Reader { entry, rendered: repo::render(&entry.app, &checked.workspace) };
        (entries.par_iter().take(MAX_APPS).map(render).collect(), more)
    }

    /// What the line does, in Markdown, and the bytes that it is about.
    pub(super) fn hover(&self, checked: &Checked) -> Option<(String, Span)> {
        let spot = if self.is_template() {
            Spot::default()
        } else {
            Spot::at(&self.stream, &self.file, self.offset)
        };
        let line = self.file.line_span(self.line() as usize - 1)?;
        if self.file.slice(line).trim().is_empty() {
            return None;
        }
        let lines = self.lines(checked);
        let (readers, more) = self.readers(checked);
        let reached: Vec<(&Reader<'_>, InApp)> = readers
            .iter()
            .filter_map(|reader| {
                let app = explain::in_app(&self.file, &lines, &reader.entry.app, &reader.rendered)?;
                Some((reader, app.1))
            })
            .collect();
        if reached.is_empty() {
            return None;
        }
        let mut out = String::new();
        let title =
            if spot.path.is_empty() { self.file.slice(line).trim().to_owned() } else { spot.path.join(".") };
        let title = if spot.path.is_empty() && self.is_template() { "line".to_owned() } else { title };
        let apps = reached.len();
        let _ = writeln!(
            out,
            "**{}** reaches {apps} {}\n",
            escaped(&title),
            if apps == 1 { "app" } else { "apps" }
        );
        Self::tell_values(checked, &reached, &mut out);
        tell_fields(checked, &reached, &self.file, &mut out);
        if more > 0 {
            let _ = writeln!(out, "\n{more} more apps read this file and were not looked at.");
        }
        Some((out, spot.key.unwrap_or(line)))
    }

    /// The values that the line sets or loses, by app.
    fn tell_values(checked: &Checked, reached: &[(&Reader<'_>, InApp)], out: &mut String) {
        let mut told: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (reader, app) in reached {
            let teller = Teller::new(&reader.rendered, &checked.workspace.cache);
            for (key, effect) in app.values.iter().take(SHOWN) {
                let mut nodes = reader.rendered.releases.iter();
                let node = nodes
                    .find_map(|release| FieldPath::find(key, &release.values).ok().map(|(_, node)| node));
                let Some(node) = node else { continue };
                let mut words = format!("`{key}` = {}", shown(key, node));
                if *effect == Effect::LOSES {
                    let causes = teller.causes(node.place());
                    let set = causes.iter().find(|cause| cause.role == Role::Set).and_then(|cause| cause.at);
                    let place = set.map_or_else(String::new, |at| format!(" by {}", place(checked, at)));
                    let _ = write!(words, ", overridden{place}");
                }
                told.entry(words).or_default().push(&reader.entry.app.name);
            }
        }
        for (words, apps) in told.iter().take(SHOWN) {
            let _ = writeln!(out, "- {words}: {}", some(apps));
        }
        if told.len() > SHOWN {
            let _ = writeln!(out, "- and {} more", told.len() - SHOWN);
        }
    }

    /// Where to go from here.
    pub(super) fn definition(&self, checked: &Checked) -> BTreeSet<Span> {
        let spot = Spot::at(&self.stream, &self.file, self.offset);
        if !self.is_template()
            && let Some(text) = spot.scalar.and_then(Node::scalar)
        {
            let sources = links::sources_of(&checked.inventory, &self.path);
            let target = links::target(&checked.workspace, &self.path, text, &sources);
            if let Some(file) = target.and_then(|path| checked.workspace.tree.read(&path).ok()) {
                return [Span::start_of(file.id())].into();
            }
            let found = links::providers(&checked.workspace, &checked.inventory, &self.file, self.offset);
            if !found.is_empty() {
                return found;
            }
        }
        let lines = self.lines(checked);
        let (readers, _) = self.readers(checked);
        let look = |reader: &Reader<'_>| {
            if self.is_template() {
                links::producers(&reader.rendered, &self.file, &(self.line()..=self.line()))
            } else {
                links::consumers(&reader.rendered, &self.file, &lines)
            }
        };
        readers.iter().flat_map(look).collect()
    }

    /// What leads here.
    pub(super) fn references(&self, checked: &Checked) -> BTreeSet<Span> {
        let spot = Spot::at(&self.stream, &self.file, self.offset);
        if let Some(node) = spot.scalar.filter(|_| spot.path.ends_with(&["metadata", "name"]))
            && let Some(name) = node.scalar()
        {
            let found = links::referring(&checked.workspace, &checked.inventory, &self.file, (name, node.at));
            if !found.is_empty() {
                return found;
            }
        }
        let lines = self.lines(checked);
        let (readers, _) = self.readers(checked);
        let mut found: BTreeSet<Span> = readers
            .iter()
            .flat_map(|reader| links::consumers(&reader.rendered, &self.file, &lines))
            .collect();
        if self.is_template() {
            let line = self.line()..=self.line();
            found.extend(
                readers.iter().flat_map(|reader| links::producers(&reader.rendered, &self.file, &line)),
            );
        }
        found
    }

    /// What could stand here: keys of the chart's values, names of rules in a comment.
    pub(super) fn complete(&self, checked: &Checked) -> Vec<Proposal> {
        let Some(line) = self.file.line_span(self.line() as usize - 1) else { return Vec::new() };
        let before = self.file.slice(Span::new(line.file, line.start, self.offset));
        if let Some((_, rest)) = before.split_once("gitops-lint: ignore") {
            return if rest.contains('[') && !rest.contains(']') { rule_names() } else { Vec::new() };
        }
        if self.is_template() || before.contains('#') || before.trim_start().contains([':', ' ']) {
            return Vec::new();
        }
        let indent = before.len() - before.trim_start().len();
        let Some(parents) = self.parents(indent) else { return Vec::new() };
        let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
        // Only files of values are completed with values.
        let roots = self.stream.documents.iter().filter_map(|document| document.root.as_ref());
        if roots.into_iter().any(|root| root.get("apiVersion").is_some()) {
            return Vec::new();
        }
        let mut found = BTreeSet::new();
        for release in self.releases_without(checked, line) {
            let Some(defaults) = release.root.chart.values.as_ref() else { continue };
            let below = if parents.is_empty() { Some(defaults.as_ref()) } else { defaults.at_path(&parents) };
            for entry in below.map(Node::entries).unwrap_or_default() {
                found.insert(Proposal {
                    label: entry.key.text.to_string(),
                    detail: format!("default {}", shown(&entry.key.text, &entry.value).replace('`', "")),
                });
            }
        }
        found.into_iter().collect()
    }

    /// The charts of the apps that read the file. Half a word is no YAML, so the line that is being typed is left out.
    fn releases_without(&self, checked: &Checked, line: Span) -> Vec<Release> {
        let workspace = &checked.workspace;
        let edit = Edit { range: line.start..line.end, text: String::new() };
        let ids = checked.inventory.readers(&self.path).iter().take(MAX_APPS);
        let entries = ids.filter_map(|id| checked.inventory.app(*id));
        let renders =
            entries.filter_map(|entry| repo::render_without(&entry.app, workspace, &self.file, &edit));
        renders.flat_map(|it| it.rendered.releases).collect()
    }

    /// The keys above a line by their indentation; `None` inside of a list.
    fn parents(&self, indent: usize) -> Option<Vec<String>> {
        let mut indent = indent;
        let mut parents = Vec::new();
        for number in (0..self.line() as usize - 1).rev() {
            if indent == 0 {
                break;
            }
            let text = self.file.slice(self.file.line_span(number)?);
            let trimmed = text.trim_start();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            let own = text.len() - trimmed.len();
            if own >= indent {
                continue;
            }
            if trimmed.starts_with('-') {
                return None;
            }
            let (key, _) = trimmed.split_once(':')?;
            parents.push(key.trim_matches(['"', '\'']).to_owned());
            indent = own;
        }
        parents.reverse();
        Some(parents)
    }

    /// The entries of the file that name files.
    pub(super) fn links(&self, checked: &Checked) -> Vec<(Span, TreePath)> {
        if self.is_template() {
            return Vec::new();
        }
        links::links(&checked.workspace, &checked.inventory, &self.path, &self.stream)
    }
}

fn rule_names() -> Vec<Proposal> {
    let proposal =
        |meta: &rules::RuleMeta| Proposal { label: meta.name.to_owned(), detail: meta.summary.to_owned() };
    rules::all().map(|rule| proposal(rule.meta())).collect()
}

/// The fields that a line reaches, by object.
fn tell_fields(checked: &Checked, reached: &[(&Reader<'_>, InApp)], file: &SourceFile, out: &mut String) {
    let mut told: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (reader, app) in reached {
        let teller = Teller::new(&reader.rendered, &checked.workspace.cache);
        for reached in &app.objects {
            let object = &reached.object;
            for (field, effect) in reached.fields.iter().take(SHOWN) {
                let mut words = format!("{} `{}`", object.kind, field);
                if *effect == Effect::LOSES
                    && let Some(at) =
                        winner(&reader.rendered, &teller, object, field).filter(|at| at.file != file.id())
                {
                    let _ = write!(words, ", overridden by {}", place(checked, at));
                } else if let Some(word) = effect.words().first().filter(|word| **word != "set") {
                    let _ = write!(words, " ({word})");
                }
                told.entry(words).or_default().insert(&reader.entry.app.name);
            }
        }
    }
    for (words, apps) in told.iter().take(SHOWN) {
        let apps: Vec<&str> = apps.iter().copied().collect();
        let _ = writeln!(out, "- {words}: {}", some(&apps));
    }
    if told.len() > SHOWN {
        let _ = writeln!(out, "- and {} more fields", told.len() - SHOWN);
    }
}

/// Where the value of a field of an object is set.
fn winner(
    rendered: &Rendered,
    teller: &Teller<'_>,
    object: &crate::finding::ObjectRef,
    field: &FieldPath,
) -> Option<Span> {
    let mut objects = rendered.objects.iter();
    let object = objects
        .find(|it| it.kind == object.kind && it.name == object.name && it.namespace == object.namespace)?;
    let (_, node) = FieldPath::find(&field.to_string(), &object.node).ok()?;
    teller.causes(node.place()).iter().find(|cause| cause.role == Role::Set)?.at
}

/// A value in one line; nothing of what may be a secret.
fn shown(key: &str, node: &Node) -> String {
    if holds_secret(key.rsplit('.').next().unwrap_or(key), node) {
        return "(not shown)".to_owned();
    }
    let text = node.scalar().map_or_else(|| node.to_json(JsonStyle::default()), ToString::to_string);
    let line = text.lines().next().unwrap_or_default();
    let mut short: String = line.chars().take(MAX_VALUE).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("`{}`", short.replace('`', "'"))
}

fn holds_secret(key: &str, node: &Node) -> bool {
    let text =
        |text: &str| !text.is_empty() && (is_secret_key(key) || plaintext_secret(key, text, false).is_some());
    node.scalar().is_some_and(|it| text(it))
        || node.seq_or_empty().iter().any(|item| holds_secret(key, item))
        || node.entries().iter().any(|entry| holds_secret(&entry.key.text, &entry.value))
}

fn escaped(text: &str) -> String {
    text.replace(['*', '`', '<', '\n'], " ")
}

fn some(names: &[&str]) -> String {
    const NAMED: usize = 4;
    let mut words = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if names.len() > NAMED {
        let _ = write!(words, " and {} more", names.len() - NAMED);
    }
    words
}

fn place(checked: &Checked, at: Span) -> String {
    checked
        .report
        .locate_here(at)
        .map_or_else(String::new, |(name, start, _)| format!("`{name}:{}`", start.line))
}
