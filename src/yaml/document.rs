//! What reading a file gives: documents, comments, and what is wrong with them.

use std::ops::Range;
use std::sync::Arc;

use crate::source::{Facts, SourceFile, Span};

use super::{Dialect, Node};

/// A file read as YAML. Reading never fails: what could not be read is in `problems`, everything else is there.
#[derive(Debug)]
pub struct Stream {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The documents, empty ones included, in order.
    pub documents: Vec<Document>,
    /// All comments, in order.
    pub comments: Vec<Comment>,
    /// What is wrong, in order of place.
    pub problems: Vec<YamlProblem>,
    /// Whether a merge key stands behind a key that it brings along too: then the merged value wins for
    /// `sigs.k8s.io/yaml` and the written one for kustomize, and the file has a tree per dialect.
    pub merge_order_matters: bool,
    /// What was made of it.
    pub facts: Facts,
}

/// One document of a stream.
#[derive(Debug)]
pub struct Document {
    /// The root; `None` for an empty document and for one that could not be read.
    pub root: Option<Node>,
    /// From the first to the last byte that belongs to the document: a file's documents share all of its text,
    /// comments and `---` lines included. Of rendered text the place of its root.
    pub at: Span,
    /// The same bytes in the text that was read, rendered or not.
    pub range: Range<u32>,
    /// Whether an error made `root` unreadable.
    pub broken: bool,
    /// That error, which is among the [`Stream::problems`] too.
    pub error: Option<Box<YamlProblem>>,
}

/// A comment, from its `#` to the end of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    /// The bytes.
    pub at: Span,
    /// Whether anything but white space stands before it on its line.
    pub trailing: bool,
}

/// What is wrong with YAML, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlProblem {
    /// What kind.
    pub kind: YamlProblemKind,
    /// In go-yaml's words where it has some, without the `yaml: line N:` in front.
    pub message: String,
    /// The bytes.
    pub at: Span,
    /// The other place that belongs to it: the first key of a duplicate, the start of an open collection.
    pub context: Option<(Span, String)>,
    /// The lines that the tools print for it.
    pub go_lines: GoLines,
    /// What kustomize says instead, where go-yaml v3 comes across another error first.
    pub v3_message: Option<String>,
}

/// Line numbers as go-yaml prints them, counted from the beginning of the text; zero where it prints none. They
/// are often one off, but that is what people see in the error messages of Helm and kustomize.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GoLines {
    /// By go-yaml v2: Helm, kubectl, Argo CD.
    pub v2: u32,
    /// By go-yaml v3: kustomize.
    pub v3: u32,
}

impl YamlProblem {
    /// Whether aliases of aliases would expand beyond go-yaml's budget, rather than nesting being too deep.
    pub fn is_excessive_aliasing(&self) -> bool {
        self.kind == YamlProblemKind::Limit && self.message.contains("aliasing")
    }

    /// The message as the tools print it: `yaml: line 3: did not find expected key`.
    pub fn go_message(&self, dialect: Dialect) -> String {
        let (line, message) = match dialect {
            Dialect::Sigs => (self.go_lines.v2, &self.message),
            Dialect::V3 => (self.go_lines.v3, self.v3_message.as_ref().unwrap_or(&self.message)),
        };
        // What YAML can say and JSON cannot is found behind the YAML library.
        let from_json = self.kind == YamlProblemKind::Value
            && ["json: ", "unsupported map key"].iter().any(|start| message.starts_with(start));
        match line {
            _ if from_json => message.clone(),
            0 => format!("yaml: {message}"),
            line => format!("yaml: line {line}: {message}"),
        }
    }
}

/// Kinds of trouble in YAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum YamlProblemKind {
    /// libyaml refuses it: the document is unreadable for every tool.
    Syntax,
    /// A mapping has a key twice. `at` is the later one, which wins.
    DuplicateKey,
    /// libyaml accepts what the YAML specification forbids.
    Tolerated,
    /// Aliases would expand beyond the budget, or nesting is too deep.
    Limit,
    /// A key is a mapping or sequence, which JSON (and so Kubernetes) cannot hold: the document is unreadable.
    ComplexKey,
    /// A value does not fit its tag, or JSON cannot hold it (`.nan`, a null key).
    Value,
    /// The file is not text.
    Encoding,
}
