//! What reading a file gives: documents, comments, and what is wrong with them.

use std::sync::Arc;

use crate::source::{SourceFile, Span};

use super::Node;

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
}

/// One document of a stream.
#[derive(Debug)]
pub struct Document {
    /// The root; `None` for an empty document and for one that could not be read.
    pub root: Option<Node>,
    /// From the first to the last byte that belongs to the document.
    pub at: Span,
    /// Whether a syntax error made `root` unreadable.
    pub broken: bool,
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
    /// A key is a mapping or sequence, which JSON (and so Kubernetes) cannot hold.
    ComplexKey,
    /// The file is not text.
    Encoding,
}
