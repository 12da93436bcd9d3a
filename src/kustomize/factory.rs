//! From text to resources: documents, lists taken apart, what is no object refused.
//!
//! Mirrors `api/resource/factory.go` and `kyaml/kio/byteio_reader.go`.

use std::ops::Range;
use std::sync::Arc;

use crate::finding::ProblemKind;
use crate::origin::{Locate, Place};
use crate::source::{SourceFile, Span};
use crate::yaml::{Data, Dialect, Document, Node, YamlProblem, YamlProblemKind, parse_text};

use super::context::Context;
use super::failure::{Failure, Result};
use super::resource::Resource;
use super::rnode;

/// What a text was read as.
pub(super) struct Text<'t> {
    pub(super) content: &'t str,
    pub(super) documents: &'t [Document],
    pub(super) problems: &'t [YamlProblem],
    /// Where the text is written.
    pub(super) whole: Place,
}

/// Marks a failure to read YAML; kustomize looks for it in messages, and so do we.
const MALFORMED: &str = "MalformedYAMLError";

/// Whether a failure is one to read YAML.
pub(super) fn is_malformed(failure: &Failure) -> bool {
    failure.message.contains(MALFORMED)
}

/// The resources in a file.
pub(super) fn from_file(
    loaded: &Arc<SourceFile>,
    entry: &str,
    cx: &mut Context<'_>,
) -> Result<Vec<Resource>> {
    let stream = cx.cache.stream_as(loaded, Dialect::V3);
    let text = Text {
        content: loaded.text_or_empty(),
        documents: &stream.documents,
        problems: &stream.problems,
        whole: Place::written(loaded.span()),
    };
    refuse_binary(loaded, &stream.problems)
        .and_then(|()| from_text(&text, cx))
        .map_err(|failure| in_file(failure, entry))
}

/// Words a failure as kustomize does when it knows the file.
pub(super) fn in_file(mut failure: Box<Failure>, entry: &str) -> Box<Failure> {
    if is_malformed(&failure) {
        failure.message = format!("{} in File: {entry}", failure.message);
    }
    failure
}

fn refuse_binary(file: &SourceFile, problems: &[YamlProblem]) -> Result<()> {
    if file.text().is_some() {
        return Ok(());
    }
    let problem = problems.iter().find(|problem| problem.kind == YamlProblemKind::Encoding);
    let why = problem
        .map_or_else(|| "yaml: the file is not text".to_owned(), |problem| problem.go_message(Dialect::V3));
    Err(Failure::at(Place::written(file.span()), format!("{MALFORMED}: {why}")))
}

/// The resources in a text.
pub(super) fn from_text(text: &Text<'_>, cx: &mut Context<'_>) -> Result<Vec<Resource>> {
    let separators = separators(text)?;
    let alone = separators.is_empty();
    let mut objects: Vec<(Node, Option<Box<YamlProblem>>)> = Vec::new();
    let mut last = None;
    for document in text.documents {
        // Of each part between separators, the first document is read and no other.
        let part = part_of(document, &separators);
        let is_first = last.replace(part) != Some(part);
        let is_another =
            document.error.as_deref().is_none_or(|problem| problem.kind == YamlProblemKind::Syntax);
        if !is_first && is_another {
            continue;
        }
        refuse_trouble(text, document, &separators)?;
        let Some(root) = &document.root else { continue };
        if root.is_null() {
            continue;
        }
        let duplicate = duplicate_key(text, document);
        let joined = join_annotations(text, root, cx);
        let root = joined.as_ref().unwrap_or(root);
        let kind = root.get("kind").map(rnode::value).unwrap_or_default();
        let wraps = root.get("items").is_some() || root.get("functionConfig").is_some();
        if alone && matches!(kind.as_str(), "List" | "ResourceList") && wraps {
            objects.extend(root.items(&["items"]).iter().map(|item| (item.clone(), duplicate.clone())));
        } else {
            objects.push((root.clone(), duplicate));
        }
    }
    let mut kept = Vec::with_capacity(objects.len());
    for (node, duplicate) in objects {
        if !rnode::is_nil_or_empty(&node) {
            validate(&node)?;
            kept.push((node, duplicate));
        }
    }
    resources(kept, cx)
}

/// The resources that objects are: documents of a text that was read already.
pub(super) fn from_nodes(nodes: Vec<Node>, cx: &mut Context<'_>) -> Result<Vec<Resource>> {
    let nodes = nodes.into_iter().filter(|node| !rnode::is_nil_or_empty(node));
    let objects = nodes.map(|node| validate(&node).map(|()| (node, None))).collect::<Result<Vec<_>>>()?;
    resources(objects, cx)
}

fn resources(objects: Vec<Object>, cx: &mut Context<'_>) -> Result<Vec<Resource>> {
    let objects = inline_lists(objects)?;
    Ok(objects
        .into_iter()
        .map(|(node, duplicate)| Resource {
            duplicate_key: duplicate,
            ..Resource::new(node, &mut cx.schemas)
        })
        .collect())
}

/// The offsets at which documents are separated: kustomize splits texts at such lines before it reads them.
fn separators(text: &Text<'_>) -> Result<Vec<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.content.get(from..).and_then(|rest| rest.find("\n---")) {
        let start = from + at;
        let line = text.content.get(start + 1..).unwrap_or_default();
        let Some(end) = line.find('\n') else { break };
        let line = line.get(..end).unwrap_or_default();
        let behind = line.get(3..).unwrap_or_default().trim();
        if !behind.is_empty() && !behind.starts_with('#') {
            let message = format!("invalid document separator: {}", line.trim());
            return Err(Failure::at(text.whole, message));
        }
        from = start + 1 + end + 1;
        found.push(from);
    }
    Ok(found)
}

/// Refuses a document that cannot be read. Lines count from the separator before it.
fn refuse_trouble(text: &Text<'_>, document: &Document, separators: &[usize]) -> Result<()> {
    let merge = |problem: &&YamlProblem| {
        problem.kind == YamlProblemKind::DuplicateKey && problem.message.contains("\"<<\"")
    };
    let inside = |problem: &&YamlProblem| within(document, problem);
    if let Some(problem) = text.problems.iter().filter(inside).find(merge) {
        return Err(Failure::at(Place::written(problem.at), "duplicate merge key"));
    }
    let Some(problem) = document.error.as_deref() else { return Ok(()) };
    let message = match problem.kind {
        // These are found later by kustomize, or never.
        YamlProblemKind::ComplexKey | YamlProblemKind::Value | YamlProblemKind::DuplicateKey => {
            problem.go_message(Dialect::V3)
        }
        _ => format!("{MALFORMED}: {}", relative(text, document, problem, separators)),
    };
    let kind = match problem.kind {
        YamlProblemKind::Limit => ProblemKind::Limit,
        _ => ProblemKind::Kustomize,
    };
    let failure = Failure::at(Place::written(problem.at), message).kind(kind);
    Err(match &problem.context {
        Some((at, what)) => failure.related(Place::written(*at), what.clone()),
        None => failure,
    })
}

fn within(document: &Document, problem: &YamlProblem) -> bool {
    document.at.file == problem.at.file
        && document.at.start <= problem.at.start
        && problem.at.end <= document.at.end
}

/// The separator behind which a document stands.
fn part_of(document: &Document, separators: &[usize]) -> Option<usize> {
    let start = document.range.start as usize;
    let end = document.range.end as usize;
    separators
        .iter()
        .rev()
        // At its end begins the next one, unless there is nothing to it at all.
        .find(|at| **at == start || **at > start && **at < end)
        // A document that begins without a separator of its own stands behind the last one.
        .or_else(|| separators.iter().rev().find(|at| **at <= start))
        .copied()
}

/// The message of a problem with its line counted within its part of the text.
fn relative(text: &Text<'_>, document: &Document, problem: &YamlProblem, separators: &[usize]) -> String {
    let before = part_of(document, separators);
    let mut problem = problem.clone();
    if let Some(part) = before {
        let lines = text.content.get(..part).map_or(0, |head| head.matches('\n').count());
        problem.go_lines.v3 = problem.go_lines.v3.saturating_sub(lines as u32);
    }
    problem.go_message(Dialect::V3)
}

/// The first key of a document that repeats another, unless it stands in the annotations, which are rewritten.
fn duplicate_key(text: &Text<'_>, document: &Document) -> Option<Box<YamlProblem>> {
    let root = document.root.as_ref()?;
    let annotations = root.at_path(&["metadata", "annotations"]);
    let problem = text.problems.iter().find(|problem| {
        let rewritten = repeats_annotations(root, problem)
            || annotations.is_some_and(|node| {
                node.at.file == problem.at.file
                    && node.at.start <= problem.at.start
                    && problem.at.end <= node.at.end
                    && node.as_map().is_some_and(|map| map.get(&duplicated_name(problem)).is_some())
            });
        problem.kind == YamlProblemKind::DuplicateKey && within(document, problem) && !rewritten
    })?;
    Some(Box::new(problem.clone()))
}

/// Whether a problem is that `metadata` has `annotations` twice.
fn repeats_annotations(root: &Node, problem: &YamlProblem) -> bool {
    let entry =
        root.get("metadata").and_then(Node::as_map).and_then(|metadata| metadata.entry("annotations"));
    problem.kind == YamlProblemKind::DuplicateKey && entry.is_some_and(|entry| entry.key.at == problem.at)
}

/// Where a piece of a file is written.
struct Piece(Span);

impl Locate for Piece {
    fn locate(&mut self, range: Range<usize>) -> Place {
        Place::written(self.0.part(range.start as u32, range.len() as u32))
    }
}

/// An object whose `metadata` has `annotations` twice, with all of them in one place: kustomize gathers what it finds
/// under either key. The tree only has the last.
fn join_annotations(text: &Text<'_>, root: &Node, cx: &Context<'_>) -> Option<Node> {
    let problem = text.problems.iter().find(|problem| repeats_annotations(root, problem))?;
    let (first, _) = problem.context.as_ref()?;
    let between = Span::new(first.file, first.end, problem.at.start);
    let file = cx.file_of(Place::written(between))?;
    // Behind the colon, which stands right behind the key.
    let value = file.slice(between).strip_prefix(':')?;
    let parsed = parse_text(value, Dialect::V3, &mut Piece(between.part(1, value.len() as u32)));
    let Data::Map(earlier) = parsed.documents.into_iter().next()?.root?.data else { return None };
    let mut joined = root.clone();
    let metadata = joined.as_map_mut()?.get_mut("metadata")?;
    let annotations = metadata.as_map_mut()?.get_mut("annotations")?.as_map_mut()?;
    for entry in earlier.into_entries() {
        if annotations.get(&entry.key.text).is_none() {
            annotations.push(entry);
        }
    }
    Some(joined)
}

/// The key that a problem says is repeated.
fn duplicated_name(problem: &YamlProblem) -> String {
    let quoted =
        problem.message.strip_prefix("mapping key ").and_then(|rest| rest.strip_suffix(" already defined"));
    quoted.and_then(|quoted| serde_json::from_str(quoted).ok()).unwrap_or_default()
}

/// Refuses what has no kind or name.
pub(super) fn validate(node: &Node) -> Result<()> {
    let text = |node: Option<&Node>| node.filter(|node| !rnode::is_nil_or_empty(node)).map(rnode::value);
    let api_version = text(node.get("apiVersion"));
    let kind = text(node.get("kind"));
    let metadata = node.get("metadata").filter(|metadata| !rnode::is_nil_or_empty(metadata));
    let field = |key| text(metadata.and_then(|metadata| metadata.get(key)));
    let (name, namespace) = (field("name"), field("namespace"));
    let labels =
        metadata.and_then(|metadata| metadata.get("labels")).filter(|node| !rnode::is_nil_or_empty(node));
    let annotations = metadata
        .and_then(|metadata| metadata.get("annotations"))
        .filter(|node| !rnode::is_nil_or_empty(node));
    let nothing = api_version.is_none()
        && kind.is_none()
        && name.is_none()
        && namespace.is_none()
        && labels.is_none()
        && annotations.is_none();
    if nothing {
        return Err(Failure::at(node.place(), "missing Resource metadata"));
    }
    let kind = kind.unwrap_or_default();
    let shown = || {
        let pairs = |node: Option<&Node>| {
            let mut entries: Vec<_> = node.map(Node::entries).unwrap_or_default().iter().collect();
            entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
            let pairs =
                entries.iter().map(|entry| format!("{}:{}", entry.key.text, rnode::value(&entry.value)));
            let pairs: Vec<String> = pairs.collect();
            format!("map[{}]", pairs.join(" "))
        };
        format!(
            "{{{{{} {kind}}} {{{{{} {}}} {} {}}}}}",
            api_version.clone().unwrap_or_default(),
            name.clone().unwrap_or_default(),
            namespace.clone().unwrap_or_default(),
            pairs(labels),
            pairs(annotations),
        )
    };
    if kind.is_empty() {
        return Err(Failure::at(node.place(), format!("missing kind in object {}", shown())));
    }
    if !kind.ends_with("List") && name.as_deref().unwrap_or_default().is_empty() {
        return Err(Failure::at(node.place(), format!("missing metadata.name in object {}", shown())));
    }
    Ok(())
}

type Object = (Node, Option<Box<YamlProblem>>);

/// How often lists may stand in lists.
const MAX_LISTS: usize = 10_000;

/// Takes lists apart: their items go behind everything else.
fn inline_lists(objects: Vec<Object>) -> Result<Vec<Object>> {
    let mut queue = std::collections::VecDeque::from(objects);
    let mut result = Vec::with_capacity(queue.len());
    let mut lists = 0;
    while let Some((node, duplicate)) = queue.pop_front() {
        let kind = node.get("kind").map(rnode::raw).unwrap_or_default();
        let items = node.get("items");
        let (true, Some(items)) = (kind.ends_with("List"), items) else {
            result.push((node, duplicate));
            continue;
        };
        lists += 1;
        if lists > MAX_LISTS {
            return Err(Failure::at(node.place(), "too many lists in lists").kind(ProblemKind::Limit));
        }
        let found = match &items.data {
            Data::Seq(_) => None,
            Data::Scalar(_) if items.is_null() => continue,
            Data::Map(_) => Some("map[string]interface {}"),
            Data::Scalar(_) => Some(match rnode::tag(items) {
                rnode::Tag::Bool => "bool",
                rnode::Tag::Int => "int",
                rnode::Tag::Float => "float64",
                _ => "string",
            }),
        };
        if let Some(found) = found {
            let message = format!("expected array in {kind}/items, but found {found}");
            return Err(Failure::at(items.place(), message));
        }
        for item in items.seq_or_empty() {
            let mut item = item.clone();
            // The items make their way through JSON.
            item.canonicalize(Dialect::V3).map_err(|problem| {
                let message =
                    format!("trouble expanding list of {kind}; {}", problem.go_message(Dialect::V3));
                Failure::at(Place::written(problem.at), message)
            })?;
            rnode::restyle(&mut item);
            let wrapped = item.get("kind").and_then(Node::scalar).is_some_and(|kind| kind == "List");
            if wrapped && item.get("items").is_some() {
                for inner in item.items(&["items"]) {
                    if !rnode::is_nil_or_empty(inner) {
                        validate(inner)?;
                        queue.push_back((inner.clone(), duplicate.clone()));
                    }
                }
            } else if !rnode::is_nil_or_empty(&item) {
                validate(&item)?;
                queue.push_back((item, duplicate.clone()));
            }
        }
    }
    Ok(result)
}
