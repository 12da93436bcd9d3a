//! AppProjects: what Applications of a project may do.
//!
//! Mirrors `pkg/apis/application/v1alpha1/{types,app_project_types}.go`. Decoding never fails: a field of the wrong
//! type is absent here. What the API server refuses about a project is for rules to say; it is asked only when
//! a project is written through it, not when it is applied with kubectl.

use std::sync::Arc;

use fancy_regex::Regex;
use smol_str::SmolStr;

use crate::golang::Glob;
use crate::golang::path_match::PathPattern;
use crate::origin::{Place, Placed};
use crate::source::normalize_git_url;
use crate::yaml::Node;

use super::application::{Text, text};

/// An Argo CD AppProject.
#[derive(Debug, Clone)]
pub struct Project {
    /// `metadata.name`.
    pub name: SmolStr,
    /// `metadata.namespace`; empty when absent.
    pub namespace: SmolStr,
    /// Where the name is written, else the whole object.
    pub place: Place,
    /// `spec.sourceRepos`: globs over repository URLs, `!` denies.
    pub source_repos: Vec<Text>,
    /// `spec.sourceNamespaces`: globs or `/expressions/` over the namespaces of Applications.
    pub source_namespaces: Vec<Text>,
    /// `spec.destinations`.
    pub destinations: Vec<ProjectDestination>,
    /// `spec.clusterResourceWhitelist`; without one, nothing that is cluster-scoped is permitted.
    pub cluster_resource_whitelist: Option<Vec<ResourceRestriction>>,
    /// `spec.clusterResourceBlacklist`.
    pub cluster_resource_blacklist: Vec<ResourceRestriction>,
    /// `spec.namespaceResourceWhitelist`; without one, everything in namespaces is permitted, with an empty one
    /// nothing.
    pub namespace_resource_whitelist: Option<Vec<ResourceRestriction>>,
    /// `spec.namespaceResourceBlacklist`.
    pub namespace_resource_blacklist: Vec<ResourceRestriction>,
    /// `spec.roles`.
    pub roles: Vec<ProjectRole>,
    /// `spec.syncWindows`.
    pub sync_windows: Vec<SyncWindow>,
    /// `spec.destinationServiceAccounts`.
    pub destination_service_accounts: Vec<DestinationServiceAccount>,
    /// `spec.permitOnlyProjectScopedClusters`.
    pub permit_only_project_scoped_clusters: bool,
    /// `spec.orphanedResources`, when present: whether it warns.
    pub orphaned_resources: Option<Placed<bool>>,
    /// The whole object.
    pub node: Arc<Node>,
}

/// An entry of `spec.destinations`.
#[derive(Debug, Clone)]
pub struct ProjectDestination {
    /// `server`, a glob over API URLs, `!` denies.
    pub server: Option<Text>,
    /// `name`, a glob over cluster names, `!` denies.
    pub name: Option<Text>,
    /// `namespace`, a glob, `!` denies.
    pub namespace: Option<Text>,
    /// The entry.
    pub place: Place,
}

/// An entry of the lists of kinds.
#[derive(Debug, Clone)]
pub struct ResourceRestriction {
    /// `group`, a pattern of Go's `path.Match`; absent means the core group.
    pub group: Option<Text>,
    /// `kind`, likewise.
    pub kind: Option<Text>,
    /// `name`, likewise; of cluster-scoped kinds only, absent means any.
    pub name: Option<Text>,
    /// The entry.
    pub place: Place,
}

/// An entry of `spec.roles`.
#[derive(Debug, Clone)]
pub struct ProjectRole {
    /// `name`.
    pub name: Option<Text>,
    /// `policies`, lines of Casbin.
    pub policies: Vec<Text>,
    /// `groups` of the identity provider.
    pub groups: Vec<Text>,
    /// The entry.
    pub place: Place,
}

/// An entry of `spec.syncWindows`.
#[derive(Debug, Clone)]
pub struct SyncWindow {
    /// `kind`: `allow` or `deny`.
    pub kind: Option<Text>,
    /// `schedule`, five fields of cron.
    pub schedule: Option<Text>,
    /// `duration`, in Go's notation.
    pub duration: Option<Text>,
    /// `timeZone`.
    pub time_zone: Option<Text>,
    /// `applications`, globs.
    pub applications: Vec<Text>,
    /// `namespaces`, globs.
    pub namespaces: Vec<Text>,
    /// `clusters`, globs over names and servers.
    pub clusters: Vec<Text>,
    /// `manualSync`: whether a person may sync all the same.
    pub manual_sync: bool,
    /// `andOperator`: whether all selectors that are set must match, instead of one.
    pub and_operator: bool,
    /// The entry.
    pub place: Place,
}

/// An entry of `spec.destinationServiceAccounts`.
#[derive(Debug, Clone)]
pub struct DestinationServiceAccount {
    /// `server`, a glob.
    pub server: Option<Text>,
    /// `namespace`, a glob.
    pub namespace: Option<Text>,
    /// `defaultServiceAccount`.
    pub default_service_account: Option<Text>,
    /// The entry.
    pub place: Place,
}

impl Project {
    /// Decodes an AppProject. The node is canonical.
    pub fn new(node: Arc<Node>) -> Self {
        let metadata = node.get("metadata");
        let name = metadata.and_then(|metadata| text(metadata, "name"));
        let namespace = metadata.and_then(|metadata| text(metadata, "namespace"));
        let spec = node.get("spec");
        let items = |key: &str| spec.map(|spec| spec.items(&[key])).unwrap_or_default();
        let strings = |key: &str| spec.map(|spec| texts(spec, key)).unwrap_or_default();
        let restrictions = |key: &str| items(key).iter().map(restriction).collect::<Vec<_>>();
        let is_list = |key: &str| spec.and_then(|spec| spec.get(key)).is_some_and(|it| it.as_seq().is_some());
        let orphaned = spec.and_then(|spec| spec.get("orphanedResources")).filter(|it| it.as_map().is_some());
        Self {
            place: name.as_ref().map_or_else(|| node.place(), |name| name.place),
            name: name.map(|name| name.value).unwrap_or_default(),
            namespace: namespace.map(|namespace| namespace.value).unwrap_or_default(),
            source_repos: strings("sourceRepos"),
            source_namespaces: strings("sourceNamespaces"),
            destinations: items("destinations").iter().map(destination).collect(),
            cluster_resource_whitelist: is_list("clusterResourceWhitelist")
                .then(|| restrictions("clusterResourceWhitelist")),
            cluster_resource_blacklist: restrictions("clusterResourceBlacklist"),
            namespace_resource_whitelist: is_list("namespaceResourceWhitelist")
                .then(|| restrictions("namespaceResourceWhitelist")),
            namespace_resource_blacklist: restrictions("namespaceResourceBlacklist"),
            roles: items("roles").iter().map(role).collect(),
            sync_windows: items("syncWindows").iter().map(sync_window).collect(),
            destination_service_accounts: items("destinationServiceAccounts").iter().map(account).collect(),
            permit_only_project_scoped_clusters: spec
                .and_then(|spec| spec.get("permitOnlyProjectScopedClusters")?.as_bool())
                .unwrap_or(false),
            orphaned_resources: orphaned.map(|block| {
                Placed::new(block.get("warn").and_then(Node::as_bool).unwrap_or(false), block.place())
            }),
            node,
        }
    }

    /// Whether a source of this URL is permitted (`IsSourcePermitted`): `*` stays within one part of the path, and a
    /// pattern that denies something else permits.
    pub fn permits_source(&self, url: &str) -> bool {
        let url = normalize_git_url(url);
        let mut permitted = false;
        for pattern in &self.source_repos {
            let pattern = pattern.value.as_str();
            let (denied, pattern) = match pattern.strip_prefix('!') {
                Some(rest) => (true, normalize_git_url(rest)),
                None => (false, normalize_git_url(pattern)),
            };
            let matched = (!denied && pattern == "*") || matches(&pattern, &url, &['/']);
            match (denied, matched) {
                (true, true) => return false,
                (true, false) | (false, true) => permitted = true,
                (false, false) => {}
            }
        }
        permitted
    }

    /// Whether a namespace of a cluster is a permitted destination (`IsDestinationPermitted`). A cluster is known by
    /// server, name or both; what is empty is not compared.
    pub fn permits_destination(&self, server: &str, name: &str, namespace: &str) -> bool {
        let pattern = |text: &Option<Text>| text.as_ref().map_or("", |text| text.value.as_str()).to_owned();
        let mut permitted = false;
        for item in &self.destinations {
            let (by_server, by_name, by_namespace) =
                (pattern(&item.server), pattern(&item.name), pattern(&item.namespace));
            let name_matched = !name.is_empty() && matches_or_denies(&by_name, name);
            let server_matched = !server.is_empty() && matches_or_denies(&by_server, server);
            let namespace_matched = matches_or_denies(&by_namespace, namespace);
            if (server_matched || name_matched) && namespace_matched {
                permitted = true;
            } else if (!name_matched && by_name.starts_with('!'))
                || (!server_matched && by_server.starts_with('!') && namespace_matched)
                || (!namespace_matched && by_namespace.starts_with('!') && server_matched)
            {
                return false;
            }
        }
        permitted
    }

    /// Whether objects of a kind are permitted (`IsGroupKindNamePermitted`).
    pub fn permits_kind(&self, group: &str, kind: &str, name: &str, namespaced: bool) -> bool {
        let listed = |list: &[ResourceRestriction]| {
            list.iter().any(|item| item.matches(group, kind, if namespaced { None } else { Some(name) }))
        };
        if namespaced {
            self.namespace_resource_whitelist.as_deref().is_none_or(listed)
                && !listed(&self.namespace_resource_blacklist)
        } else {
            self.cluster_resource_whitelist.as_deref().is_some_and(listed)
                && !listed(&self.cluster_resource_blacklist)
        }
    }

    /// Whether Applications may live in a namespace (`IsAppNamespacePermitted`); `control_plane` is the namespace of
    /// Argo CD itself.
    pub fn permits_application_namespace(&self, namespace: &str, control_plane: &str) -> bool {
        if namespace.is_empty() || namespace == control_plane {
            return true;
        }
        self.source_namespaces.iter().any(|pattern| matches_namespace(&pattern.value, namespace))
    }
}

/// Whether a namespace is one of a pattern: a glob, or an expression between slashes (`MatchStringInList`).
pub(super) fn matches_namespace(pattern: &str, namespace: &str) -> bool {
    let expression = pattern.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    // Argo CD's expressions are those of .NET (regexp2), with look-around: `/^((?!kube-).)*$/` is in its manual.
    let by_expression = expression
        .is_some_and(|it| Regex::new(it).is_ok_and(|regex| regex.is_match(namespace).unwrap_or(false)));
    by_expression || matches(pattern, namespace, &[])
}

impl ResourceRestriction {
    fn matches(&self, group: &str, kind: &str, name: Option<&str>) -> bool {
        let hit = |pattern: &Option<Text>, value: &str| {
            path_match(pattern.as_ref().map_or("", |text| text.value.as_str()), value)
        };
        let named = match (&self.name, name) {
            (Some(pattern), Some(name)) if !pattern.value.is_empty() => path_match(&pattern.value, name),
            _ => true,
        };
        hit(&self.kind, kind) && hit(&self.group, group) && named
    }
}

fn matches(pattern: &str, value: &str, separators: &[char]) -> bool {
    Glob::new(pattern, separators).is_some_and(|glob| glob.matches(value))
}

/// `globMatch` with negation: a denying pattern matches what it does not deny.
fn matches_or_denies(pattern: &str, value: &str) -> bool {
    match pattern.strip_prefix('!') {
        Some(denied) => !matches(denied, value, &[]),
        None => pattern == "*" || matches(pattern, value, &[]),
    }
}

/// Go's `filepath.Match`; a malformed pattern matches nothing.
fn path_match(pattern: &str, value: &str) -> bool {
    PathPattern::new(pattern).is_ok_and(|pattern| pattern.matches(value))
}

fn texts(node: &Node, key: &str) -> Vec<Text> {
    let items = node.items(&[key]).iter();
    items.filter_map(|item| Some(Placed::new(SmolStr::new(item.as_str()?), item.place()))).collect()
}

fn flag(node: &Node, key: &str) -> bool {
    node.get(key).and_then(Node::as_bool).unwrap_or(false)
}

fn destination(node: &Node) -> ProjectDestination {
    ProjectDestination {
        server: text(node, "server"),
        name: text(node, "name"),
        namespace: text(node, "namespace"),
        place: node.place(),
    }
}

fn restriction(node: &Node) -> ResourceRestriction {
    ResourceRestriction {
        group: text(node, "group"),
        kind: text(node, "kind"),
        name: text(node, "name"),
        place: node.place(),
    }
}

fn role(node: &Node) -> ProjectRole {
    ProjectRole {
        name: text(node, "name"),
        policies: texts(node, "policies"),
        groups: texts(node, "groups"),
        place: node.place(),
    }
}

fn sync_window(node: &Node) -> SyncWindow {
    SyncWindow {
        kind: text(node, "kind"),
        schedule: text(node, "schedule"),
        duration: text(node, "duration"),
        time_zone: text(node, "timeZone"),
        applications: texts(node, "applications"),
        namespaces: texts(node, "namespaces"),
        clusters: texts(node, "clusters"),
        manual_sync: flag(node, "manualSync"),
        and_operator: flag(node, "andOperator"),
        place: node.place(),
    }
}

fn account(node: &Node) -> DestinationServiceAccount {
    DestinationServiceAccount {
        server: text(node, "server"),
        namespace: text(node, "namespace"),
        default_service_account: text(node, "defaultServiceAccount"),
        place: node.place(),
    }
}
