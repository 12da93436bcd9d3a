//! The fleet as a picture: Graphviz DOT, Mermaid, and JSON (version 1).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::explain::{EdgeKind, Fleet, FleetNode, NodeKind};

use super::text;
use super::to_json;

/// What a node is called, for people.
fn title(node: &FleetNode) -> String {
    let name = match (node.kind, node.name.as_str()) {
        (NodeKind::Cluster, "") => "this cluster",
        (_, name) => name,
    };
    let mut title = text::plain(name);
    if let Some(wave) = node.wave {
        let _ = write!(title, " (wave {wave})");
    }
    title
}

/// Graphviz DOT.
pub fn graph_dot(fleet: &Fleet) -> String {
    let quoted = |words: &str| format!("\"{}\"", words.replace('\\', "\\\\").replace('"', "\\\""));
    let mut out =
        String::from("digraph fleet {\n  rankdir=LR;\n  node [fontname=\"sans-serif\", fontsize=10];\n");
    for node in &fleet.nodes {
        let look = match (node.kind, node.app) {
            (NodeKind::App, Some((_, crate::repo::Status::Rendered))) => {
                "shape=box, style=\"rounded,filled\", fillcolor=\"#dbeafe\""
            }
            (NodeKind::App, _) => "shape=box, style=\"rounded,filled,dashed\", fillcolor=\"#fee2e2\"",
            (NodeKind::Source, _) => "shape=folder",
            (NodeKind::Values, _) => "shape=note",
            (NodeKind::Cluster, _) => "shape=box3d, style=filled, fillcolor=\"#dcfce7\"",
            (NodeKind::Namespace, _) => "shape=tab",
        };
        let _ =
            writeln!(out, "  {} [label={}, {look}];", quoted(&text::plain(&node.id)), quoted(&title(node)));
    }
    for edge in &fleet.edges {
        let look = match edge.kind {
            EdgeKind::Defines => "color=\"#2563eb\"",
            EdgeKind::Renders | EdgeKind::Reads => "color=\"#6b7280\"",
            EdgeKind::DeploysTo => "color=\"#16a34a\"",
            EdgeKind::References => "color=\"#9333ea\", style=dashed",
            EdgeKind::DependsOn => "color=\"#ea580c\", style=bold",
        };
        let words =
            if edge.label.is_empty() { edge.kind.as_str().to_owned() } else { text::plain(&edge.label) };
        let (from, to) = (quoted(&text::plain(&edge.from)), quoted(&text::plain(&edge.to)));
        let _ = writeln!(out, "  {from} -> {to} [{look}, tooltip={}];", quoted(&words));
    }
    out.push_str("}\n");
    out
}

/// Mermaid, as GitHub and GitLab show it in Markdown.
pub fn graph_mermaid(fleet: &Fleet) -> String {
    // Nodes are numbered: Mermaid's ids are few letters, and words such as `end` mean something.
    let numbers: BTreeMap<&str, usize> =
        fleet.nodes.iter().enumerate().map(|(number, node)| (node.id.as_str(), number)).collect();
    let words = |text: &str| {
        let mut out = String::new();
        for c in text::plain(text).chars() {
            match c {
                '"' | '#' | '<' | '>' | '&' | ';' | '`' | '|' | '\\' => {
                    let _ = write!(out, "#{};", c as u32);
                }
                c => out.push(c),
            }
        }
        out
    };
    let mut out = String::from("flowchart LR\n");
    for (number, node) in fleet.nodes.iter().enumerate() {
        let (open, close) = match node.kind {
            NodeKind::App => ("(", ")"),
            NodeKind::Source => ("[", "]"),
            NodeKind::Values => ("[/", "/]"),
            NodeKind::Cluster => ("[(", ")]"),
            NodeKind::Namespace => ("{{", "}}"),
        };
        let _ = writeln!(out, "  n{number}{open}\"{}\"{close}", words(&title(node)));
    }
    for edge in &fleet.edges {
        let (Some(from), Some(to)) = (numbers.get(edge.from.as_str()), numbers.get(edge.to.as_str())) else {
            continue;
        };
        let arrow = match edge.kind {
            EdgeKind::References => "-.->",
            EdgeKind::DependsOn => "==>",
            _ => "-->",
        };
        let label = if edge.label.is_empty() { edge.kind.as_str() } else { &edge.label };
        let _ = writeln!(out, "  n{from} {arrow}|\"{}\"| n{to}", words(label));
    }
    out
}

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    nodes: Vec<Node<'a>>,
    edges: Vec<Edge<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Node<'a> {
    id: &'a str,
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wave: Option<i64>,
}

#[derive(Serialize)]
struct Edge<'a> {
    from: &'a str,
    to: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    label: &'a str,
}

/// JSON, version 1.
pub fn graph_json(fleet: &Fleet) -> String {
    let nodes = fleet.nodes.iter().map(|node| Node {
        id: &node.id,
        kind: node.kind.as_str(),
        name: &node.name,
        app_kind: node.app.map(|(kind, _)| kind.as_str()),
        status: node.app.map(|(_, status)| status.as_str()),
        wave: node.wave,
    });
    let edges = fleet.edges.iter().map(|edge| Edge {
        from: &edge.from,
        to: &edge.to,
        kind: edge.kind.as_str(),
        label: &edge.label,
    });
    to_json(&Root { version: 1, nodes: nodes.collect(), edges: edges.collect() })
}
