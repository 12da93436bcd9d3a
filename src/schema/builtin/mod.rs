//! Kubernetes' own kinds, for every minor from [`FIRST_MINOR`] to [`LAST_MINOR`].
//!
//! One table (`kubernetes.txt`, made by `generate.py` beside it) holds all minors: what not every minor has, carries the
//! range of those that do. Where the lines of types begin is found when the program is built; types are compiled when they are met.
//!
//! A second table of the same form (`custom.txt`, made by `generate_custom.py`) holds custom resources of well-known projects,
//! the union of what their versions have: what it does not know, a newer version may.

mod read;

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::def::Def;

/// The oldest minor that the table knows.
pub const FIRST_MINOR: u32 = 25;

/// The newest minor that the table knows.
pub const LAST_MINOR: u32 = 37;

const MINORS: usize = (LAST_MINOR - FIRST_MINOR + 1) as usize;

/// Where objects of a kind live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// In namespaces.
    Namespaced,
    /// Outside of them.
    Cluster,
}

/// A kind in one version of its group, and the minors that serve it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindInfo {
    /// `apps/v1`.
    pub api_version: &'static str,
    /// `Deployment`.
    pub kind: &'static str,
    /// Where its objects live.
    pub scope: Scope,
    /// The first and the last minor of the table that serves it.
    pub minors: (u32, u32),
    /// Whether it is known from one revision of its project only: others may have other fields.
    pub once: bool,
    type_name: &'static str,
}

/// The table, with its kinds found.
struct Table {
    text: &'static str,
    /// What the numbers of its types begin with.
    base: u32,
    kinds: Vec<KindInfo>,
    /// By kind.
    by_kind: FxHashMap<&'static str, Vec<u32>>,
    /// Where the types begin, by name.
    types: &'static [u32],
    /// Patterns of texts, by number.
    patterns: Vec<&'static str>,
}

/// Made by `build.rs`.
mod types {
    include!(concat!(env!("OUT_DIR"), "/schema_types.rs"));
}

/// The numbers of the types of custom resources begin here.
const CUSTOM: u32 = 1 << 20;

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| read::table(include_str!("kubernetes.txt"), 0, &types::KUBERNETES_TYPES))
}

fn custom() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| read::table(include_str!("custom.txt"), CUSTOM, &types::CUSTOM_TYPES))
}

impl Table {
    fn rows(&'static self, kind: &str) -> impl Iterator<Item = &'static KindInfo> {
        let rows = self.by_kind.get(kind).map(Vec::as_slice).unwrap_or_default();
        rows.iter().filter_map(|row| self.kinds.get(*row as usize))
    }

    /// A type: its name, and the words behind it.
    fn named(&self, start: u32) -> Option<(&'static str, &'static str)> {
        let line = self.text.get(start as usize..)?.lines().next()?;
        Some(line.split_once(' ').unwrap_or((line, "")))
    }

    fn line(&self, index: u32) -> Option<&'static str> {
        let start = self.types.get(index.checked_sub(self.base)? as usize)?;
        Some(self.named(*start)?.1)
    }

    /// The number of a type of this table. Lines are long, their names are not: only those are looked at.
    fn index_of(&self, name: &str) -> Option<u32> {
        let name_at = |start: u32| self.text.get(start as usize..)?.split([' ', '\n']).next();
        let found = self.types.binary_search_by(|start| name_at(*start).unwrap_or_default().cmp(name));
        found.ok().map(|index| self.base + index as u32)
    }
}

/// What one minor of Kubernetes knows.
pub struct Kubernetes {
    minor: u32,
    types: Vec<OnceLock<Box<Def>>>,
}

impl Kubernetes {
    /// One minor; the nearest one that the table knows.
    pub fn minor(minor: u32) -> &'static Self {
        static ALL: [OnceLock<Kubernetes>; MINORS] = [const { OnceLock::new() }; MINORS];
        let minor = minor.clamp(FIRST_MINOR, LAST_MINOR);
        let slot = ALL.get((minor - FIRST_MINOR) as usize);
        let make = || Self { minor, types: table().types.iter().map(|_| OnceLock::new()).collect() };
        match slot {
            Some(slot) => slot.get_or_init(make),
            None => Self::minor(LAST_MINOR),
        }
    }

    /// Its number: the 33 of 1.33.
    pub fn number(&self) -> u32 {
        self.minor
    }

    /// The schema of a kind that this minor serves.
    pub fn root(&self, api_version: &str, kind: &str) -> Option<&Def> {
        let served = |it: &&KindInfo| it.minors.0 <= self.minor && self.minor <= it.minors.1;
        self.def(table().index_of(kinds(api_version, kind).find(served)?.type_name)?)
    }

    /// The schema of `metadata`.
    pub(super) fn metadata(&self) -> Option<&Def> {
        let metadata = self.root("v1", "Namespace")?.field("metadata")?;
        match &metadata.schema {
            super::def::Schema::Named(index) => self.def(*index),
            super::def::Schema::Here(def) => Some(def),
        }
    }

    pub(super) fn def(&self, index: u32) -> Option<&Def> {
        static CUSTOM_TYPES: OnceLock<Vec<OnceLock<Box<Def>>>> = OnceLock::new();
        if index >= CUSTOM {
            let types = CUSTOM_TYPES.get_or_init(|| custom().types.iter().map(|_| OnceLock::new()).collect());
            let slot = types.get((index - CUSTOM) as usize)?;
            if let Some(def) = slot.get() {
                return Some(def);
            }
            let line = custom().line(index)?;
            return Some(slot.get_or_init(|| Box::new(read::def(custom(), line, index, LAST_MINOR))));
        }
        let slot = self.types.get(index as usize)?;
        if let Some(def) = slot.get() {
            return Some(def);
        }
        let line = table().line(index)?;
        Some(slot.get_or_init(|| Box::new(read::def(table(), line, index, self.minor))))
    }

    /// The schema of a custom resource of a well-known project.
    pub fn published(&self, api_version: &str, kind: &str) -> Option<&Def> {
        self.def(custom().index_of(custom().rows(kind).find(|it| it.api_version == api_version)?.type_name)?)
    }
}

/// The first and the last minor in which a type has a field.
pub(super) fn minors_of_field(index: u32, field: &str) -> Option<(u32, u32)> {
    let line = table().line(index)?;
    let ranges = read::fields(line).filter(|it| it.name == field).map(|it| it.minors);
    ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

/// What the table says about a kind: more than once where its schema changed its name.
pub fn kinds(api_version: &str, kind: &str) -> impl Iterator<Item = &'static KindInfo> {
    table().rows(kind).filter(move |it| it.api_version == api_version)
}

/// All versions in which a group serves a kind.
pub fn versions(group: &str, kind: &str) -> impl Iterator<Item = &'static KindInfo> {
    let of_group =
        move |it: &&KindInfo| it.api_version.rsplit_once('/').map_or("", |(group, _)| group) == group;
    table().rows(kind).filter(of_group)
}

/// Whether Kubernetes itself has kinds of this group.
pub(super) fn has_group(group: &str) -> bool {
    static GROUPS: OnceLock<FxHashSet<&'static str>> = OnceLock::new();
    let of = |it: &KindInfo| it.api_version.rsplit_once('/').map_or("", |(group, _)| group);
    GROUPS.get_or_init(|| table().kinds.iter().map(of).collect()).contains(group)
}

/// All groups, versions and kinds.
pub fn all_kinds() -> &'static [KindInfo] {
    &table().kinds
}

/// All kinds of well-known projects whose schemas are known.
pub fn published_kinds() -> &'static [KindInfo] {
    &custom().kinds
}

/// Where objects of a kind of Kubernetes live.
pub fn builtin_scope(group: &str, kind: &str) -> Option<Scope> {
    versions(group, kind).next().map(|it| it.scope)
}

/// Whether objects of a custom resource of a well-known project live outside of namespaces.
pub(super) fn is_known_cluster_scoped(group: &str, kind: &str) -> bool {
    static KNOWN: OnceLock<FxHashMap<&'static str, &'static str>> = OnceLock::new();
    let lines =
        || include_str!("cluster_scoped.txt").lines().filter_map(|line| line.split_once(' ')).collect();
    let kinds = KNOWN.get_or_init(lines).get(group);
    kinds.is_some_and(|kinds| kinds.split(' ').any(|known| known == kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        let table = table();
        assert_eq!(table.types.len(), 980);
        for table in [table, custom()] {
            assert!(table.kinds.iter().all(|it| table.index_of(it.type_name).is_some()));
            let names: Vec<_> = table.types.iter().map(|start| table.named(*start).unwrap().0).collect();
            assert!(names.is_sorted_by(|a, b| a < b));
        }
        for index in 0..custom().types.len() as u32 {
            assert!(Kubernetes::minor(LAST_MINOR).def(CUSTOM + index).is_some());
        }
        for kubernetes in (FIRST_MINOR..=LAST_MINOR).map(Kubernetes::minor) {
            for index in 0..table.types.len() as u32 {
                let def = kubernetes.def(index).unwrap();
                assert!(def.fields.is_sorted_by(|a, b| a.name < b.name), "{index} {}", kubernetes.minor);
            }
        }
        for (text, table) in [(include_str!("kubernetes.txt"), table), (include_str!("custom.txt"), custom())]
        {
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            let mut names: Vec<&str> =
                lines.clone().filter_map(|line| line.strip_prefix("type ")?.split(' ').next()).collect();
            names.sort_unstable();
            assert!(names.is_sorted_by(|a, b| a < b), "a type is there twice");
            let lines = lines.filter(|line| !line.starts_with("pattern "));
            for word in lines.flat_map(str::split_whitespace) {
                if let Some((_, name)) = word.split_once('=') {
                    let name = name.split('@').next().unwrap();
                    assert!(read::index_of(table, name).is_some(), "{word}");
                }
            }
        }
    }

    #[test]
    fn kinds_come_and_go() {
        for (minor, api_version, kind, there) in [
            (25, "autoscaling/v2beta2", "HorizontalPodAutoscaler", true),
            (26, "autoscaling/v2beta2", "HorizontalPodAutoscaler", false),
            (26, "autoscaling/v2", "HorizontalPodAutoscaler", true),
            (31, "flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", true),
            (32, "flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", false),
            (37, "apps/v1", "Deployment", true),
            (37, "apps/v1", "Deploymnt", false),
            (37, "v1", "Namespace", true),
        ] {
            assert_eq!(Kubernetes::minor(minor).root(api_version, kind).is_some(), there, "{minor} {kind}");
        }
        assert_eq!(builtin_scope("", "Namespace"), Some(Scope::Cluster));
        assert_eq!(builtin_scope("flowcontrol.apiserver.k8s.io", "FlowSchema"), Some(Scope::Cluster));
        assert_eq!(builtin_scope("apps", "Deployment"), Some(Scope::Namespaced));
        assert_eq!(builtin_scope("kyverno.io", "ClusterPolicy"), None);
        let newest = Kubernetes::minor(LAST_MINOR);
        for (api_version, kind, field) in [
            ("argoproj.io/v1alpha1", "Application", "project"),
            ("helm.toolkit.fluxcd.io/v2", "HelmRelease", "chartRef"),
            ("keda.sh/v1alpha1", "ScaledObject", "scaleTargetRef"),
            ("karpenter.sh/v1", "NodePool", "disruption"),
            ("networking.istio.io/v1", "VirtualService", "hosts"),
            ("route.openshift.io/v1", "Route", "to"),
            ("operators.coreos.com/v1alpha1", "Subscription", "channel"),
            ("gateway.envoyproxy.io/v1alpha1", "BackendTrafficPolicy", "healthCheck"),
        ] {
            let root = newest.published(api_version, kind).unwrap();
            let super::super::def::Schema::Named(spec) = root.below("spec").unwrap() else {
                panic!("{kind}")
            };
            assert!(newest.def(*spec).unwrap().field(field).is_some(), "{kind} {field}");
        }
        assert!(is_known_cluster_scoped("kyverno.io", "ClusterPolicy"));
        assert!(!is_known_cluster_scoped("kyverno.io", "Policy"));
    }
}
