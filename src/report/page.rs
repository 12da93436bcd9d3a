//! One self-contained HTML page: coverage, findings with their snippets, apps by cluster, the graph, values. Nothing is loaded
//! from anywhere, and a policy in the page forbids it.

use serde::Serialize;
use serde_json::Value;

use crate::explain::{ChartValues, Fleet};
use crate::finding::Label;
use crate::k8s::mark_secret_lines;
use crate::lint::Report;

use super::pretty::Look;
use super::{ValuesLook, page_url, text};

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
/// What the scripts of all pages begin with.
const MAKE: &str = include_str!("page/make.js");
const SCRIPT: &str = include_str!("page/page.js");

/// Lines around the line of a label.
const CONTEXT: usize = 2;

/// A longer line is cut.
const LONGEST_LINE: usize = 300;

#[derive(Serialize)]
struct Data<'a> {
    report: Value,
    snippets: Vec<Vec<Snippet>>,
    pages: std::collections::BTreeMap<&'a str, Rule<'a>>,
    graph: Value,
    values: Vec<Value>,
}

/// A rule that has findings.
#[derive(Serialize)]
struct Rule<'a> {
    summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// The lines around a label.
#[derive(Serialize)]
struct Snippet {
    file: String,
    line: u32,
    first: u32,
    lines: Vec<String>,
    message: String,
}

/// The page.
pub fn page(report: &Report, fleet: &Fleet, values: &[(String, Vec<ChartValues>)]) -> String {
    let read = |json: &str| serde_json::from_str(json).unwrap_or_default();
    let look = ValuesLook { sources: &report.sources, secrets: false };
    let data = Data {
        report: read(&super::json::render(report, Look { statistics: true, ..Look::default() })),
        snippets: report
            .findings
            .iter()
            .map(|reported| {
                let finding = &reported.finding;
                let labels = std::iter::once(&finding.primary).chain(&finding.related);
                labels.filter_map(|label| snippet(report, label)).collect()
            })
            .collect(),
        pages: report
            .findings
            .iter()
            .filter_map(|reported| report.rules.get(&reported.finding.rule))
            .map(|rule| (&*rule.meta().name, rule.meta()))
            .map(|(name, meta)| (name, Rule { summary: &meta.summary, url: page_url(meta) }))
            .collect(),
        graph: read(&super::graph_json(fleet)),
        values: values.iter().map(|(app, charts)| read(&super::values_json(app, charts, look))).collect(),
    };
    assemble("report", "", SCRIPT, &data)
}

/// A page: a title behind the name of the tool, what is added to the style of all pages, what draws it, and what is drawn.
pub(super) fn assemble(title: &str, style: &str, script: &str, data: &impl Serialize) -> String {
    let data = serde_json::to_string(data).unwrap_or_default();
    PAGE.replace("/*TITLE*/", title)
        .replace("/*STYLE*/", &[STYLE, style].concat())
        .replace("/*SCRIPT*/", &[MAKE, script].concat())
        // The last one: nothing is looked for in what users wrote.
        .replace("/*DATA*/", &text::script(&data))
}

fn snippet(report: &Report, label: &Label) -> Option<Snippet> {
    let (file, at, _) = report.locate(label.at)?;
    let source = report.sources.get(label.at.file)?;
    source.text()?;
    mark_secret_lines(&source);
    let index = (at.line as usize).saturating_sub(1);
    let first = index.saturating_sub(CONTEXT);
    let start = source.line_starts().get(first).copied()?;
    let end = source.line_starts().get(index + CONTEXT + 1).copied();
    let shown = source.shown_part(start, end.unwrap_or(source.text_or_empty().len() as u32));
    let lines = shown.lines();
    let cut = |line: &str| line.chars().take(LONGEST_LINE).collect();
    Some(Snippet {
        file: file.to_string(),
        line: at.line,
        first: first as u32 + 1,
        lines: lines.map(cut).collect(),
        message: label.message.clone(),
    })
}
