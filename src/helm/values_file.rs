//! A values file as Helm reads it: `LoadValues` over `YAMLReader` of k8s.io/apimachinery, which cuts the text at lines that
//! begin with `---` and ends every line with a line break, the last one too. Of each part only the first document counts.

use std::ops::Range;
use std::sync::Arc;

use crate::finding::{Problem, ProblemKind};
use crate::origin::{Locate, Place, Shifted, Verbatim};
use crate::source::{SourceFile, Span};
use crate::yaml::{Cache, Data, Dialect, Map, Node, Stream, parse_text, parse_verbatim};

use super::load::syntax_problem;

/// Reads a values file as Helm does (`LoadValues`): a canonical mapping; documents behind the first are merged
/// over it. `prefix` begins the message, as `cannot load values.yaml: `.
pub fn load_values(cache: &Cache, file: &Arc<SourceFile>, prefix: &str) -> Result<Node, Box<Problem>> {
    let empty = Node::map(Map::new(), Place::written(Span::start_of(file.id())));
    let unmarshal = format!("{prefix}cannot unmarshal yaml document: ");
    let stream = cache.stream(file);
    let Some(text) = file.text() else {
        let problem = stream.problems.first().map(|problem| Box::new(syntax_problem(&unmarshal, problem)));
        return problem.map_or(Ok(empty), Err);
    };
    let nodes = if is_one_document(text, &stream) {
        let root = stream.documents.first().and_then(|document| document.root.clone());
        root.map(|root| canonical(root, &unmarshal)).transpose()?.into_iter().collect()
    } else {
        documents(text, prefix, &mut Verbatim(file.id()), true)?
    };
    merged(nodes, empty, &unmarshal)
}

/// The same for values that are written as a text in another file, as `helm.values` of an Application is; `None` where they say
/// nothing.
pub fn read_values(text: &str, locate: &mut impl Locate) -> Result<Option<Node>, Box<Problem>> {
    let mut nodes = documents(text, "", locate, false)?;
    nodes.retain(|node| !node.is_null());
    let Some(first) = nodes.first() else { return Ok(None) };
    let empty = Node::map(Map::new(), first.place());
    merged(nodes, empty, "cannot unmarshal yaml document: ").map(Some)
}

/// Whether the text as it was read already is what Helm reads: one document, and nothing in the text that the reader cuts at or
/// that its last line break changes.
fn is_one_document(text: &str, stream: &Stream) -> bool {
    let [document] = stream.documents.as_slice() else { return text.is_empty() };
    let mut markers = 0;
    let mut is_plain = |line: &str| {
        let Some(rest) = line.strip_prefix("---") else { return !line.starts_with(['%', '.']) };
        markers += 1;
        let rest = rest.trim();
        markers == 1 && (rest.is_empty() || rest.starts_with('#'))
    };
    document.error.is_none()
        && (text.ends_with('\n') || !text.contains(['|', '>']))
        && text.lines().all(&mut is_plain)
}

fn canonical(mut node: Node, prefix: &str) -> Result<Node, Box<Problem>> {
    node.canonicalize(Dialect::Sigs).map_err(|problem| Box::new(syntax_problem(prefix, &problem)))?;
    Ok(node)
}

/// The first document of each part, canonical.
fn documents(
    text: &str,
    prefix: &str,
    locate: &mut impl Locate,
    verbatim: bool,
) -> Result<Vec<Node>, Box<Problem>> {
    let unmarshal = format!("{prefix}cannot unmarshal yaml document: ");
    let mut nodes = Vec::new();
    let (parts, refused) = parts(text);
    for part in parts {
        let mut shifted = Shifted { inner: &mut *locate, by: part.start, end: text.len() };
        let own = text.get(part).unwrap_or_default();
        let ended = if own.ends_with('\n') { own.to_owned() } else { format!("{own}\n") };
        let mut parsed = if verbatim {
            parse_verbatim(&ended, Dialect::Sigs, &mut shifted)
        } else {
            parse_text(&ended, Dialect::Sigs, &mut shifted)
        };
        if parsed.documents.is_empty() {
            continue;
        }
        let document = parsed.documents.swap_remove(0);
        if let Some(problem) = document.error {
            return Err(Box::new(syntax_problem(&unmarshal, &problem)));
        }
        if let Some(root) = document.root {
            nodes.push(canonical(root, &unmarshal)?);
        }
    }
    if let Some(refused) = refused {
        let words = text.get(refused.clone()).unwrap_or_default();
        let message =
            format!("{prefix}error reading yaml document: invalid Yaml document separator: {words}");
        return Err(Box::new(Problem::at(ProblemKind::Syntax, locate.locate(refused), message)));
    }
    Ok(nodes)
}

/// The parts that `YAMLReader` cuts a text into. A line that begins with `---` begins a part where none has begun, and ends the
/// one before otherwise. Where such a line says more, reading ends: the words that it may not say.
fn parts(text: &str) -> (Vec<Range<usize>>, Option<Range<usize>>) {
    let mut parts = Vec::new();
    let mut begun: Option<usize> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if let Some(rest) = line.strip_prefix("---") {
            let words = rest.trim();
            if !words.is_empty() && !words.starts_with('#') {
                let from = start + 3 + (rest.len() - rest.trim_start().len());
                return (parts, Some(from..from + words.len()));
            }
            if let Some(begun) = begun.take() {
                parts.push(begun..start);
                continue;
            }
        }
        begun.get_or_insert(start);
    }
    parts.extend(begun.map(|begun| begun..text.len()));
    (parts, None)
}

fn merged(nodes: Vec<Node>, empty: Node, prefix: &str) -> Result<Node, Box<Problem>> {
    let mut values = empty;
    for node in nodes {
        match &node.data {
            Data::Map(_) if values.entries().is_empty() => values = node,
            Data::Map(_) => merge_over(&mut values, node),
            _ if node.is_null() => {}
            data => {
                let found = match data {
                    Data::Seq(_) => "array",
                    _ if node.as_str().is_some() => "string",
                    _ if node.as_bool().is_some() => "bool",
                    _ => "number",
                };
                let message = format!(
                    "{prefix}error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
                );
                return Err(Box::new(Problem::at(ProblemKind::Syntax, node.place(), message)));
            }
        }
    }
    Ok(values)
}

/// `MergeMaps` of two documents of one file.
fn merge_over(base: &mut Node, over: Node) {
    let Data::Map(over) = over.data else { return };
    let Some(map) = base.as_map_mut() else { return };
    for entry in over.into_entries() {
        match map.get_mut(&entry.key.text) {
            Some(old) if old.as_map().is_some() && entry.value.as_map().is_some() => {
                merge_over(old, entry.value);
            }
            _ => {
                map.insert(entry.key, entry.value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::source::Sources;

    /// What Helm 4.1.4 made of the same texts.
    #[test]
    fn reads_values_as_helm() {
        for line in include_str!("../../fixtures/helm/values_files.jsonl").lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            let text = case["text"].as_str().unwrap();
            let sources = Sources::new();
            let file = sources.add("values.yaml", text.into());
            let cache = Cache::new(sources);
            let read = load_values(&cache, &file, "");
            match (&read, case.get("values").and_then(Value::as_str)) {
                (Ok(node), Some(want)) => {
                    let got: Value =
                        serde_json::from_str(&node.to_json(crate::yaml::JsonStyle::default())).unwrap();
                    assert_eq!(got, serde_json::from_str::<Value>(want).unwrap(), "{text:?}");
                    let inner = read_values(text, &mut Verbatim(file.id())).unwrap();
                    let inner = inner.map_or_else(
                        || "{}".to_owned(),
                        |node| node.to_json(crate::yaml::JsonStyle::default()),
                    );
                    assert_eq!(serde_json::from_str::<Value>(&inner).unwrap(), got, "{text:?}");
                }
                (Err(problem), None) => {
                    let want = case["error"].as_str().unwrap();
                    assert!(want.ends_with(&problem.message), "{text:?}: {} for {want}", problem.message);
                }
                _ => panic!("{text:?}: {read:?}"),
            }
        }
    }

    /// Values of every part lie where they are written.
    #[test]
    fn knows_the_places_of_parts() {
        let text = "a: 1\n---\nb: two\n---\nc: |\n  x";
        let sources = Sources::new();
        let file = sources.add("values.yaml", text.into());
        let cache = Cache::new(sources);
        let values = load_values(&cache, &file, "").unwrap();
        for (key, want) in [("a", "1"), ("b", "two"), ("c", "|\n  x")] {
            assert_eq!(file.slice(values.get(key).unwrap().at), want);
        }
    }
}
