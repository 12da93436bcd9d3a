//! Which AppProject an Application means, and how its destination is called there.

use crate::argocd::{Application, IN_CLUSTER, Project};
use crate::repo::{AppId, Inventory, Workspace, showcase};
use crate::source::TreePath;

/// A project and the app that renders it, if one does. Places are in the inventory's origins.
pub(super) struct Declared {
    /// The project.
    pub(super) project: Project,
    /// The project with what Secrets of repositories and clusters add to it.
    pub(super) effective: Project,
    /// The app that renders it.
    pub(super) app: Option<AppId>,
    /// The file it is written in.
    path: Option<TreePath>,
}

impl Declared {
    /// Whether the project may be meant by an app defined at `path`: it is not part of somebody's documentation.
    pub(super) fn may_be_meant(&self, path: Option<&TreePath>) -> bool {
        let (Some(own), Some(other)) = (&self.path, path) else { return true };
        showcase(own).is_none_or(|dir| other.starts_with(&dir))
    }
}

/// All projects of the repository.
pub(super) fn projects(inventory: &Inventory, workspace: &Workspace) -> Vec<Declared> {
    let declared = inventory.declared.iter().filter(|object| object.kind == "AppProject");
    let path = |object: &crate::repo::Declared| workspace.sources.get(object.node.at.file)?.path().cloned();
    declared
        .map(|object| {
            let project = Project::new(object.node.clone());
            let mut effective = project.clone();
            workspace.control_plane().scoped.iter().for_each(|scoped| scoped.add_to(&mut effective));
            Declared { project, effective, app: object.app, path: path(object) }
        })
        .collect()
}

/// The name of an Application's project: none means `default`.
pub(super) fn project_name(application: &Application) -> &str {
    application
        .project
        .as_ref()
        .map(|project| project.value.as_str())
        .filter(|name| !name.is_empty())
        .unwrap_or("default")
}

/// A destination cluster by server and name, as far as both are known.
pub(super) struct Cluster {
    /// The API URL; empty when not known.
    pub(super) server: String,
    /// The name; empty when not known.
    pub(super) name: String,
}

impl Cluster {
    /// The cluster of an Application.
    pub(super) fn of(application: &Application, workspace: &Workspace) -> Self {
        let text = |text: &Option<crate::argocd::Text>| {
            text.as_ref().map_or("", |text| text.value.as_str()).to_owned()
        };
        let mut cluster =
            Self { server: text(&application.destination.server), name: text(&application.destination.name) };
        cluster.server.truncate(cluster.server.trim_end_matches('/').len());
        // Where the address is still to be filled in, the name stands for it.
        if !cluster.server.is_empty() && !cluster.server.contains("://") {
            let server = std::mem::take(&mut cluster.server);
            if cluster.name.is_empty() {
                cluster.name = server;
            }
        }
        if cluster.server == IN_CLUSTER && cluster.name.is_empty() {
            "in-cluster".clone_into(&mut cluster.name);
        } else if cluster.name == "in-cluster" && cluster.server.is_empty() {
            IN_CLUSTER.clone_into(&mut cluster.server);
        }
        for known in &workspace.config.clusters {
            let server =
                known.server.as_ref().map_or("", |server| server.value.as_str()).trim_end_matches('/');
            if cluster.server.is_empty() && known.name.value == cluster.name {
                server.clone_into(&mut cluster.server);
            } else if cluster.name.is_empty() && !server.is_empty() && server == cluster.server {
                known.name.value.as_str().clone_into(&mut cluster.name);
            }
        }
        cluster
    }

    /// Whether a project could know this cluster by the one of its names that is not known here.
    pub(super) fn is_unclear_to(&self, project: &Project) -> bool {
        let names =
            |text: &Option<crate::argocd::Text>| text.as_ref().is_some_and(|text| !text.value.is_empty());
        let mut destinations = project.destinations.iter();
        (self.server.is_empty() && destinations.clone().any(|it| names(&it.server)))
            || (self.name.is_empty() && destinations.any(|it| names(&it.name)))
    }

    /// How people call it.
    pub(super) fn shown(&self) -> &str {
        if self.name.is_empty() { &self.server } else { &self.name }
    }
}
