//! YAML with places: every key and value knows the bytes it was written at.
//!
//! The reader follows libyaml and go-yaml, not the YAML 1.2 grammar, because that is what kubectl, Helm,
//! kustomize, Argo CD and Flux follow: what they accept is accepted, what they refuse is an error, in their
//! words. What they tolerate although the specification does not is reported as *tolerated*.
//!
//! Scalars stay text until somebody asks: Helm, kubectl and Argo CD (`sigs.k8s.io/yaml`, YAML 1.1 booleans) and
//! kustomize (go-yaml v3) read the same bytes differently.
//!
//! This module does not know Kubernetes.

mod document;
mod node;

pub use document::{Comment, Document, Stream, YamlProblem, YamlProblemKind};
pub use node::{Data, Entry, Key, Map, Node, Style};
