//! The values of an app: a table for people, and JSON.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use crate::explain::{ChartValues, Difference, ValueRow};
use crate::source::{Sources, Span};

use super::why::{MASK, how, shown};
use super::{aligned, text, to_json};

/// A longer value is cut in a table.
const LONGEST_CELL: usize = 60;

/// What of values is shown, and how it is found.
#[derive(Debug, Clone, Copy)]
pub struct ValuesLook<'a> {
    /// The files that values are written in.
    pub sources: &'a Sources,
    /// Show values that look like secrets.
    pub secrets: bool,
}

impl ValuesLook<'_> {
    fn value(self, row: &ValueRow) -> String {
        if row.secret && !self.secrets {
            return MASK.to_owned();
        }
        let text = match row.value.as_seq() {
            Some(_) => row.value.to_json(crate::yaml::JsonStyle::default()),
            None => shown(&row.value),
        };
        match text.char_indices().nth(LONGEST_CELL) {
            Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
            None => text,
        }
    }

    fn json(self, row: &ValueRow) -> Value {
        if row.secret && !self.secrets { Value::from(MASK) } else { row.value.to_value() }
    }

    fn line(self, at: Span) -> Option<At> {
        self.sources.locate(at).map(|(file, at, _)| At { file: file.to_string(), line: at.line })
    }

    fn place(self, at: Span) -> String {
        self.line(at).map_or_else(String::new, |at| format!("{}:{}", at.file, at.line))
    }
}

/// The values as a table, one for each chart.
pub fn values_table(charts: &[ChartValues], look: ValuesLook<'_>) -> String {
    let mut out = String::new();
    for chart in charts {
        if charts.len() > 1 {
            let _ = writeln!(out, "chart {}", text::plain(&chart.chart));
        }
        let cells: Vec<[String; 4]> = chart
            .rows
            .iter()
            .map(|row| {
                let shadow = |(at, kind): &(Span, _)| format!("{} ({})", look.place(*at), how(*kind));
                let shadows: Vec<String> = row.shadows.iter().map(shadow).collect();
                [row.key(), look.value(row), look.place(row.at), shadows.join(", ")]
            })
            .collect();
        for line in aligned(["KEY", "VALUE", "SOURCE", "SHADOWS"], &cells) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

/// What no template read, as a table: where it is set, and which template names it all the same.
pub fn unused_table(charts: &[ChartValues], look: ValuesLook<'_>) -> String {
    let mut out = String::new();
    for chart in charts.iter().filter(|chart| !chart.rows.is_empty()) {
        if charts.len() > 1 {
            let _ = writeln!(out, "chart {}", text::plain(&chart.chart));
        }
        let cells = chart.rows.iter().map(|row| {
            let named = row.named.map_or_else(|| "nowhere".to_owned(), |at| look.place(at));
            [row.key(), look.value(row), look.place(row.at), named]
        });
        for line in aligned(["KEY", "VALUE", "SOURCE", "NAMED AT"], &cells.collect::<Vec<_>>()) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

/// The differences as a table: each value with its source.
pub fn differences_table(names: [&str; 2], all: &[Difference], look: ValuesLook<'_>) -> String {
    let side = |row: &Option<ValueRow>| match row {
        Some(row) => (look.value(row), look.place(row.at)),
        None => ("-".to_owned(), String::new()),
    };
    let cells: Vec<[String; 5]> = all
        .iter()
        .map(|difference| {
            let ((left, left_at), (right, right_at)) = (side(&difference.left), side(&difference.right));
            [difference.key.clone(), left, left_at, right, right_at]
        })
        .collect();
    let [left, right] = names.map(str::to_uppercase);
    let mut out = aligned(["KEY", &left, "SOURCE", &right, "SOURCE"], &cells).join("\n");
    out.push('\n');
    out
}

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    app: &'a str,
    charts: Vec<Chart<'a>>,
}

#[derive(Serialize)]
struct Chart<'a> {
    name: &'a str,
    values: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    key: String,
    value: Value,
    #[serde(flatten)]
    at: Option<At>,
    shadows: Vec<Shadow>,
    read: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    named: Option<At>,
}

#[derive(Serialize)]
struct At {
    file: String,
    line: u32,
}

#[derive(Serialize)]
struct Shadow {
    #[serde(flatten)]
    at: Option<At>,
    how: &'static str,
}

fn json_row(row: &ValueRow, look: ValuesLook<'_>) -> Row {
    let shadow = |(span, kind): &(Span, _)| Shadow { at: look.line(*span), how: how(*kind) };
    Row {
        key: row.key(),
        value: look.json(row),
        at: look.line(row.at),
        shadows: row.shadows.iter().map(shadow).collect(),
        read: row.read,
        named: row.named.and_then(|at| look.line(at)),
    }
}

/// The values for machines, version 1.
pub fn values_json(app: &str, charts: &[ChartValues], look: ValuesLook<'_>) -> String {
    let charts = charts.iter().map(|chart| Chart {
        name: &chart.chart,
        values: chart.rows.iter().map(|row| json_row(row, look)).collect(),
    });
    to_json(&Root { version: 1, app, charts: charts.collect() })
}

/// The differences for machines, version 1.
pub fn differences_json(names: [&str; 2], all: &[Difference], look: ValuesLook<'_>) -> String {
    #[derive(Serialize)]
    struct Root<'a> {
        version: u32,
        left: &'a str,
        right: &'a str,
        differences: Vec<Item<'a>>,
    }
    #[derive(Serialize)]
    struct Item<'a> {
        key: &'a str,
        left: Option<Row>,
        right: Option<Row>,
    }
    let row = |row: &Option<ValueRow>| row.as_ref().map(|row| json_row(row, look));
    let items = all.iter().map(|difference| Item {
        key: &difference.key,
        left: row(&difference.left),
        right: row(&difference.right),
    });
    let [left, right] = names;
    to_json(&Root { version: 1, left, right, differences: items.collect() })
}
