//! What users reported of the real tools, each as a small repository with what must be told about it, and, where that is the
//! point, what must come out: `fixtures/reports`. A file begins with where it was reported and what is right, as comments;
//! `=== FILE` lines begin its files. `UPDATE=1` rewrites what is told and what comes out: both are to be read before they
//! are kept.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use gitops_lint::facade::finding::{Confidence, Label};
use gitops_lint::facade::lint::{Options, lint};
use gitops_lint::facade::repo::{App, Checkouts, Rendered, Status, Workspace, analyze};
use gitops_lint::facade::report::objects_yaml;
use gitops_lint::facade::source::{MemoryTree, Sources, Tree};
use gitops_lint::facade::yaml::{Cache, Node};

/// Begins what is told, and what an app renders.
const TOLD: &str = "=== (told)\n";
const RENDERED: &str = "=== (rendered) ";

/// A report: its comments and files as they stand, what is expected, and whether what comes out is part of it.
struct Case<'a> {
    input: &'a str,
    expected: &'a str,
    renders: bool,
}

impl<'a> Case<'a> {
    fn read(text: &'a str) -> Self {
        let at = text.find(TOLD).unwrap_or(text.len());
        let (input, expected) = text.split_at(at);
        Self { input, expected, renders: input.lines().any(|line| line == "# rendered:") }
    }

    fn workspace(&self) -> Workspace {
        let files = self.input.split("=== ").skip(1).map(|part| part.split_once('\n').unwrap());
        // A text cannot say how its lines end, nor that its last line does not.
        let files: Vec<(&str, String)> = files
            .map(|(name, text)| match name.strip_suffix(" (CRLF)") {
                Some(name) => (name, text.replace('\n', "\r\n")),
                None => (name, text.to_owned()),
            })
            .collect();
        let sources = Sources::new();
        let tree: Arc<dyn Tree> =
            Arc::new(MemoryTree::of(&sources, files.iter().map(|(name, text)| (*name, text.as_str()))));
        let cache = Arc::new(Cache::new(sources));
        let checkouts = Checkouts::new(Arc::clone(&tree));
        let known = gitops_lint::facade::rules::Registry::built_in().known();
        let config = Workspace::of_tree(Arc::clone(&tree), Arc::clone(&cache), &known).0.config;
        Workspace::new(tree, cache, config, checkouts)
    }

    /// What is told, and what comes out.
    fn answer(&self) -> String {
        let mut out = TOLD.to_owned();
        let report = lint(&self.workspace(), &Options::default());
        let shown = report.findings.iter().map(|it| &it.finding);
        for finding in shown.filter(|finding| finding.confidence > Confidence::Possible) {
            let at = |label: &Label| {
                let (file, start, _) = report.sources.locate(label.at).unwrap();
                format!("{file}:{}:{}", start.line, start.column)
            };
            let level = finding.severity.as_str();
            writeln!(out, "{level}[{}] {}: {}", finding.rule, at(&finding.primary), finding.message).unwrap();
            for label in &finding.related {
                writeln!(out, "  {}: {}", at(label), label.message).unwrap();
            }
            writeln!(out, "  affects: {}", finding.apps.join(", ")).unwrap();
            if let Some(help) = &finding.help {
                writeln!(out, "  help: {help}").unwrap();
            }
        }
        let (inventory, printed) = analyze(&self.workspace(), &|app: &App, rendered: &Rendered| {
            let nodes: Vec<&Node> = rendered.objects.iter().map(|object| &object.node).collect();
            (app.id, objects_yaml(&nodes, None))
        });
        for entry in inventory.apps.iter().filter(|entry| entry.status != Status::Rendered) {
            writeln!(out, "{:?} {}", entry.status, entry.app.name).unwrap();
        }
        for (id, text) in printed.iter().filter(|_| self.renders) {
            let name = inventory.app(*id).map_or("", |entry| &entry.app.name);
            write!(out, "{RENDERED}{name}\n{text}").unwrap();
        }
        out
    }
}

#[test]
fn what_was_reported_is_right() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reports");
    let mut paths: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "txt"));
    paths.sort();
    assert!(paths.len() >= 80, "{} reports", paths.len());
    let mut wrong = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let case = Case::read(&text);
        assert!(text.starts_with("# "), "{}: says not where it comes from", path.display());
        let answer = case.answer();
        if answer == case.expected {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, format!("{}{answer}", case.input)).unwrap();
        } else {
            let diff = similar::TextDiff::from_lines(case.expected, &answer);
            wrong.push(diff.unified_diff().header(&path.display().to_string(), "told").to_string());
        }
    }
    assert!(wrong.is_empty(), "run with UPDATE=1 if this is better:\n{}", wrong.join("\n"));
}
