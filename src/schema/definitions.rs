//! Definitions of custom resources by what they define, and the answer to "what does this kind look like".

use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::builtin::{KindInfo, Kubernetes, Scope, builtin_scope, is_known_cluster_scoped, kinds, versions};
use super::crd::{Definition, Version};
use super::def::Def;

/// Definitions by group and kind.
#[derive(Debug, Default)]
pub struct Definitions {
    by_kind: FxHashMap<(SmolStr, SmolStr), Vec<Arc<Definition>>>,
}

impl Definitions {
    /// Adds one.
    pub fn add(&mut self, definition: Definition) {
        let key = (definition.group.clone(), definition.kind.clone());
        self.by_kind.entry(key).or_default().push(Arc::new(definition));
    }

    /// The definitions of a kind: several where a repository has several versions of one.
    pub fn find(&self, group: &str, kind: &str) -> &[Arc<Definition>] {
        if self.by_kind.is_empty() {
            return &[];
        }
        self.by_kind.get(&(SmolStr::new(group), SmolStr::new(kind))).map(Vec::as_slice).unwrap_or_default()
    }
}

/// What is known about a group, version and kind.
pub enum Found<'a> {
    /// A kind of Kubernetes, as this minor has it. Where the minor of the cluster is not known: as the newest that has it.
    Native(&'static Kubernetes, &'static Def),
    /// A kind of Kubernetes in a version that other minors serve: the first and the last of them.
    OtherMinor(u32, u32),
    /// A group of Kubernetes that has no such kind, or not in this version.
    NotInGroup(Vec<&'static KindInfo>),
    /// A custom resource.
    Custom(&'a Version),
    /// A custom resource whose schema somebody brought as a file.
    File(Arc<Def>),
    /// A custom resource of a well-known project, as the versions that are known here have it: newer ones may have more.
    Published(&'static Kubernetes, &'static Def),
    /// A custom resource whose definition does not serve this version: those that it serves.
    NotServed(Vec<SmolStr>),
    /// A custom resource without a schema here.
    Unknown,
}

/// Looks a kind up among those of Kubernetes.
pub fn find_native(
    group: &str,
    api_version: &str,
    kind: &str,
    minor: u32,
    exact: bool,
) -> Option<Found<'static>> {
    let kubernetes = Kubernetes::minor(minor);
    if let Some(def) = kubernetes.root(api_version, kind) {
        return Some(Found::Native(kubernetes, def));
    }
    if let Some(newest) = kinds(api_version, kind).max_by_key(|it| it.minors.1) {
        if exact {
            let first = kinds(api_version, kind).map(|it| it.minors.0).min().unwrap_or(newest.minors.0);
            return Some(Found::OtherMinor(first, newest.minors.1));
        }
        let kubernetes = Kubernetes::minor(newest.minors.1);
        return kubernetes.root(api_version, kind).map(|def| Found::Native(kubernetes, def));
    }
    let known = || super::builtin::has_group(group);
    if known() { Some(Found::NotInGroup(versions(group, kind).collect())) } else { None }
}

/// Looks a kind up among the custom resources of well-known projects.
pub fn find_published(api_version: &str, kind: &str, minor: u32) -> Option<Found<'static>> {
    let kubernetes = Kubernetes::minor(minor);
    kubernetes.published(api_version, kind).map(|def| Found::Published(kubernetes, def))
}

/// Looks a version up in definitions; where several define the kind, in the one that has the version.
pub fn find_custom<'a>(definitions: &'a [Arc<Definition>], version: &str) -> Found<'a> {
    let mut served: Vec<SmolStr> = Vec::new();
    for definition in definitions {
        if let Some(version) = definition.version(version).filter(|version| version.served) {
            return Found::Custom(version);
        }
        served.extend(
            definition.versions.iter().filter(|version| version.served).map(|version| version.name.clone()),
        );
    }
    served.sort();
    served.dedup();
    if served.is_empty() { Found::Unknown } else { Found::NotServed(served) }
}

/// Whether objects of a kind live outside of namespaces, as far as Kubernetes and well-known projects say.
pub fn is_cluster_scoped(group: &str, kind: &str) -> bool {
    scope(group, kind, &[]) == Some(Scope::Cluster)
}

/// Where objects of a kind live, as far as Kubernetes, these definitions and well-known projects say.
pub fn scope(group: &str, kind: &str, definitions: &[Arc<Definition>]) -> Option<Scope> {
    let known = || is_known_cluster_scoped(group, kind).then_some(Scope::Cluster);
    let defined = || definitions.first().map(|definition| definition.scope);
    builtin_scope(group, kind).or_else(defined).or_else(known)
}
