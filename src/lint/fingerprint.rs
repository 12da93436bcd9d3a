//! What identifies a finding when lines move or are written in another style: the rule, the file, the keys that lead
//! to the line, the words of the message. Never a line number, never quotes or white space.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::finding::Finding;
use crate::repo::Workspace;
use crate::source::SourceFile;
use crate::yaml::edit::{Segment, locate};
use crate::yaml::{Node, Stream};

/// Gives every finding its fingerprint, 16 hexadecimal digits each. Findings that nothing tells apart are numbered,
/// so that fingerprints are unique within a run.
pub(super) fn fingerprints(findings: &[Finding], workspace: &Workspace) -> Vec<String> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut all = Vec::with_capacity(findings.len());
    for finding in findings {
        let identity = identity(finding, workspace);
        let first = hash(&identity, 0);
        let number = seen.entry(first.clone()).or_default();
        all.push(if *number == 0 { first } else { hash(&identity, *number) });
        *number += 1;
    }
    all
}

fn hash(identity: &[String], number: u32) -> String {
    let mut hash = Sha256::new();
    for part in identity {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    if number > 0 {
        hash.update(number.to_be_bytes());
    }
    hash.finalize().iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn identity(finding: &Finding, workspace: &Workspace) -> Vec<String> {
    let mut parts = vec![finding.rule.to_string()];
    if let Some(file) = workspace.sources.get(finding.primary.at.file) {
        parts.push(file.name().to_string());
        parts.push(place(finding, &file, workspace));
    }
    parts.push(finding.key.clone());
    parts.push(finding.message.clone());
    parts
}

/// Where in the file: the way of keys in a manifest or values file, the bare words of the line elsewhere.
fn place(finding: &Finding, file: &SourceFile, workspace: &Workspace) -> String {
    let readable = file.path().and_then(|path| workspace.tree.read(path).ok());
    if let Some(known) = readable.filter(|known| known.id() == file.id())
        && [".yaml", ".yml", ".json"].iter().any(|extension| file.name().ends_with(extension))
    {
        let stream = workspace.cache.stream(&known);
        if let Some(keys) = keys(&stream, finding.primary.at.start) {
            return keys;
        }
    }
    let line = file.line_span(file.line_index(finding.primary.at.start));
    let words = line.map(|span| file.slice(span)).unwrap_or_default();
    words.chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'')).collect()
}

/// `Deployment/web spec.template.spec.containers.app.image`: items of lists are known by their names, or not at all.
fn keys(stream: &Stream, offset: u32) -> Option<String> {
    let (document, path) = locate(stream, offset)?;
    let root = stream.documents.get(document)?.root.as_ref()?;
    let text = |path: &[&str]| root.at_path(path).and_then(Node::scalar).map_or("", |text| text.as_str());
    let mut keys = format!("{}/{}", text(&["kind"]), text(&["metadata", "name"]));
    let mut node = root;
    for segment in path {
        match segment {
            Segment::Key(key) => {
                let _ = write!(keys, ".{key}");
                node = node.get(&key)?;
            }
            Segment::Index(index) => {
                node = node.as_seq()?.get(index)?;
                let name =
                    node.get("name").or(node.scalar().is_some().then_some(node)).and_then(Node::scalar);
                let _ = write!(keys, "[{}]", name.map_or("", |name| name.as_str()));
            }
        }
    }
    Some(keys)
}
