//! The readers of YAML that are imitated.

/// Who reads the YAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// `sigs.k8s.io/yaml`: Helm, kubectl, Argo CD, Flux. `yes` and `on` are booleans; values pass through JSON.
    Sigs,
    /// go-yaml v3 as kustomize uses it: only `true` and `false` are booleans, dates become RFC 3339 strings.
    V3,
}
