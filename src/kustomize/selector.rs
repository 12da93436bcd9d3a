//! Selecting the targets of patches: anchored regular expressions and label selectors.
//!
//! Mirrors `api/types/selector.go` and `Select` of `api/resmap/reswrangler.go`.

use smol_str::SmolStr;

use crate::golang::regexp::Regexp;
use crate::k8s;

use super::failure::{Failure, Result};
use super::kustomization::Selector;
use super::resid::ResId;
use super::resource::Resource;

/// A pattern that has to match as a whole; empty matches everything.
#[derive(Debug)]
enum Pattern {
    Any,
    /// No character has a meaning: nearly all patterns are plain names.
    Literal(SmolStr),
    Regex(Regexp),
}

impl Pattern {
    fn new(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Ok(Self::Any);
        }
        if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/')) {
            return Ok(Self::Literal(text.into()));
        }
        compile(&format!("^(?:{text})$")).map(Self::Regex)
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Literal(wanted) => wanted == text,
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// A regular expression, with Go's message when it is none.
pub(super) fn compile(pattern: &str) -> Result<Regexp> {
    Regexp::new(pattern).map_err(|error| Failure::new(error.to_string()))
}

/// A selector made ready.
#[derive(Debug)]
pub(super) struct SelectorRegex {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    labels: k8s::Selector,
    annotations: k8s::Selector,
    /// Why the selectors over labels and annotations cannot be parsed.
    refused: [Option<String>; 2],
}

impl SelectorRegex {
    pub(super) fn new(selector: &Selector) -> Result<Self> {
        let id = &selector.id;
        let (labels, refused_labels) = parse(&selector.label_selector);
        let (annotations, refused_annotations) = parse(&selector.annotation_selector);
        Ok(Self {
            group: Pattern::new(&id.gvk.group)?,
            version: Pattern::new(&id.gvk.version)?,
            kind: Pattern::new(&id.gvk.kind)?,
            name: Pattern::new(&id.name)?,
            namespace: Pattern::new(&id.namespace)?,
            labels,
            annotations,
            refused: [refused_labels, refused_annotations],
        })
    }

    /// Whether an id is selected by the parts of the selector that are about ids.
    pub(super) fn selects_id(&self, id: &ResId) -> bool {
        self.namespace.matches(&id.namespace)
            && self.name.matches(&id.name)
            && self.group.matches(&id.gvk.group)
            && self.version.matches(&id.gvk.version)
            && self.kind.matches(&id.gvk.kind)
    }

    /// Whether a resource is selected. A selector over labels that cannot be parsed is only refused when a
    /// resource gets that far.
    pub(super) fn selects(&self, resource: &Resource) -> Result<bool> {
        let id = &resource.id;
        let original = resource.memory.previous.first();
        let namespace = original.map_or(id.effective_namespace(), |original| original.namespace.as_str());
        let name = original.map_or(&id.name, |original| &original.name);
        let same_id = (self.namespace.matches(namespace) || self.namespace.matches(id.effective_namespace()))
            && (self.name.matches(name) || self.name.matches(&id.name))
            && self.group.matches(&id.gvk.group)
            && self.version.matches(&id.gvk.version)
            && self.kind.matches(&id.gvk.kind);
        if !same_id {
            return Ok(false);
        }
        let [labels, annotations] = &self.refused;
        if let Some(message) = labels {
            return Err(Failure::new(message.clone()));
        }
        if !matches_labels(&self.labels, resource) {
            return Ok(false);
        }
        match annotations {
            Some(message) => Err(Failure::new(message.clone())),
            None => Ok(matches_annotations(&self.annotations, resource)),
        }
    }
}

fn parse(text: &str) -> (k8s::Selector, Option<String>) {
    match k8s::Selector::parse(text) {
        Ok(selector) => (selector, None),
        Err(message) => (k8s::Selector::default(), Some(message)),
    }
}

/// Whether a selector matches the labels of a resource.
pub(super) fn matches_labels(selector: &k8s::Selector, resource: &Resource) -> bool {
    selector.is_empty() || selector.matches(|key| resource.label(key).map(SmolStr::as_str))
}

/// Whether a selector matches the annotations of a resource.
pub(super) fn matches_annotations(selector: &k8s::Selector, resource: &Resource) -> bool {
    selector.is_empty() || selector.matches(|key| resource.annotation(key).map(SmolStr::as_str))
}
