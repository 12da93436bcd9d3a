//! `ineffective-project-entry`: see the page.

use crate::argocd::{Project, ProjectDestination, ResourceRestriction, Text};
use crate::k8s::is_built_in;
use crate::origin::Place;
use crate::repo::{AppId, AppKind, Inventory};
use crate::rules::projects::projects;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::schema::Scope;

meta!(
    "ineffective-project-entry",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "An entry of an AppProject permits or denies nothing."
);

pub(crate) struct IneffectiveProjectEntry;

impl Rule for IneffectiveProjectEntry {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        for declared in projects(inventory, cx.workspace) {
            // What values for a test of a chart make is never deployed.
            let entry = declared.app.and_then(|id| inventory.app(id));
            if entry.is_some_and(|it| it.app.kind == AppKind::Release && it.app.provisional) {
                continue;
            }
            let project = &declared.project;
            let mut check = Check { app: declared.app, cx };
            for entry in &project.destinations {
                check.destination(entry);
            }
            for repo in project.source_repos.iter().filter(|repo| repo.value == "!*") {
                check.report(
                    repo.place,
                    "`!*` denies every repository".to_owned(),
                    "list what is permitted instead",
                );
            }
            check.repeated(project);
            let none = Vec::new();
            for (cluster, list) in [
                (true, project.cluster_resource_whitelist.as_ref().unwrap_or(&none)),
                (true, &project.cluster_resource_blacklist),
                (false, project.namespace_resource_whitelist.as_ref().unwrap_or(&none)),
                (false, &project.namespace_resource_blacklist),
            ] {
                for entry in list {
                    check.kind(entry, cluster);
                }
            }
        }
    }
}

struct Check<'c, 'a> {
    app: Option<AppId>,
    cx: &'c mut Context<'a>,
}

fn value(text: Option<&Text>) -> &str {
    text.map_or("", |text| text.value.as_str())
}

impl Check<'_, '_> {
    fn report(&mut self, place: Place, message: String, help: &str) {
        self.cx.report(place, message).apps(self.app).help(help);
    }

    fn destination(&mut self, entry: &ProjectDestination) {
        let (server, name, namespace) =
            (value(entry.server.as_ref()), value(entry.name.as_ref()), value(entry.namespace.as_ref()));
        if [server, name, namespace].contains(&"!*") {
            let help = "list what is permitted instead";
            self.report(entry.place, "`!*` denies every destination".to_owned(), help);
        } else if server.is_empty() && name.is_empty() {
            let help = "add `server` or `name`: `'*'` for every cluster";
            self.report(
                entry.place,
                "a destination without `server` and `name` permits no cluster".to_owned(),
                help,
            );
        } else if entry.namespace.is_none() {
            // An empty one is written for Applications without a namespace, which have cluster-scoped objects only.
            let help = "add `namespace`: `'*'` for every namespace";
            self.report(
                entry.place,
                "a destination without `namespace` permits no namespace".to_owned(),
                help,
            );
        }
    }

    fn repeated(&mut self, project: &Project) {
        let key = |it: &ProjectDestination| {
            let cluster = if value(it.server.as_ref()).is_empty() {
                value(it.name.as_ref())
            } else {
                value(it.server.as_ref())
            };
            (cluster.to_owned(), value(it.namespace.as_ref()).to_owned())
        };
        for (index, entry) in project.destinations.iter().enumerate() {
            if let Some(first) =
                project.destinations.iter().take(index).find(|other| key(other) == key(entry))
            {
                self.cx
                    .report(entry.place, "the destination is listed twice")
                    .related(first.place, "the first")
                    .apps(self.app)
                    .help("remove one of them: Argo CD's API refuses the project");
            }
        }
    }

    fn kind(&mut self, entry: &ResourceRestriction, cluster: bool) {
        let (group, kind) = (value(entry.group.as_ref()), value(entry.kind.as_ref()));
        let is_pattern = |text: &str| text.contains(['*', '?', '[']);
        if kind.is_empty() {
            self.report(
                entry.place,
                "an entry without `kind` matches nothing".to_owned(),
                "add `kind`: `'*'` for all",
            );
        } else if group.contains('/') {
            let message = format!("the group `{group}` has a version, so it matches nothing");
            self.report(entry.place, message, "write the group alone");
        } else if group == "core" || group == "v1" {
            let message = format!("the group `{group}` matches nothing: the core group is empty");
            self.report(entry.place, message, "write `group: \"\"`");
        } else if is_pattern(kind)
            || is_pattern(group)
            || !is_built_in(group) && self.cx.workspace.scope_of(group, kind).is_none()
        {
            // Patterns match something; of a custom resource that nothing here defines the scope is not known.
        } else if self
            .cx
            .workspace
            .scope_of(group, kind)
            .is_some_and(|scope| cluster != (scope == Scope::Cluster))
        {
            let (what, list) = if cluster {
                ("namespaced", "namespaceResource...")
            } else {
                ("cluster-scoped", "clusterResource...")
            };
            let message = format!("`{kind}` is {what}: this list does not speak of it");
            self.report(entry.place, message, &format!("move the entry to the `{list}` list"));
        }
    }
}
