//! `project-violation`: see the page.

use std::collections::{BTreeMap, BTreeSet};

use crate::argocd::{Application, Project};
use crate::k8s::is_built_in;
use crate::repo::{AppEntry, AppId, AppKind, Inventory, Labels, ObjectFacts, Workspace, has_tokens};
use crate::rules::projects::{Cluster, Declared, project_name, projects};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::schema::Scope;
use crate::source::Span;

meta!(
    "project-violation",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "A project does not permit what its Application does."
);

pub(crate) struct ProjectViolation;

impl Rule for ProjectViolation {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let projects = projects(inventory, cx.workspace);
        if projects.is_empty() || inventory.scan.global_projects {
            return;
        }
        let mut kinds: BTreeMap<(usize, &str, &str), Vec<&ObjectFacts>> = BTreeMap::new();
        for entry in inventory.apps.iter().filter(|entry| entry.app.kind == AppKind::Application) {
            let Some(application) = entry.app.application() else { continue };
            // Of several projects of one name nobody knows which one this control plane has.
            let name = project_name(application);
            let mut named = projects
                .iter()
                .enumerate()
                .filter(|(_, it)| it.project.name == name && it.may_be_meant(entry.app.path.as_ref()));
            let (Some((index, declared)), None) = (named.next(), named.next()) else { continue };
            sources(entry, application, declared, cx);
            if !destination(entry, application, declared, cx) {
                objects(inventory, entry, application, declared, cx);
            }
            // A chart that is not here stands for objects that nobody has seen.
            let seen = |object: &&ObjectFacts| !object.is("", "Chart");
            for object in inventory.objects_of(entry.app.id).iter().filter(seen) {
                if is_known(object) && !permits(&declared.project, object) {
                    kinds.entry((index, &object.group, &object.kind)).or_default().push(object);
                }
            }
        }
        for ((index, ..), objects) in kinds {
            if let (Some(declared), Some(first)) = (projects.get(index), objects.first()) {
                report_kind(inventory, declared, first, &objects, cx);
            }
        }
    }
}

/// The project's own rules bite only when Argo CD knows whether the kind is namespaced. Of a custom resource its definition says so.
fn is_known(object: &ObjectFacts) -> bool {
    is_built_in(&object.group) || object.scope.is_some()
}

fn permits(project: &Project, object: &ObjectFacts) -> bool {
    let namespaced = object.scope != Some(Scope::Cluster);
    project.permits_kind(&object.group, &object.kind, &object.name, namespaced)
}

fn sources(entry: &AppEntry, application: &Application, declared: &Declared, cx: &mut Context<'_>) {
    let project = &declared.project;
    for source in &application.sources {
        let Some(url) =
            source.repo_url.as_ref().filter(|url| !url.value.is_empty() && !url.value.contains("{{"))
        else {
            continue;
        };
        // What somebody fills in first, on either side, may be the same in the end.
        if declared.effective.permits_source(&url.value)
            || has_tokens(&url.value)
            || project.source_repos.iter().any(|permitted| has_tokens(&permitted.value))
        {
            continue;
        }
        let labels = Labels::of(url.place, &entry.app.origins, cx.workspace);
        let message = format!("the project `{}` does not permit the source `{}`", project.name, url.value);
        cx.report_labels(labels, message)
            .related(
                project.source_repos.first().map_or(project.place, |repo| repo.place),
                "the sources it permits",
            )
            .apps([entry.app.id])
            .help("add the repository to `sourceRepos` of the project, or use another project");
    }
}

/// Whether the destination is not permitted.
fn destination(
    entry: &AppEntry,
    application: &Application,
    declared: &Declared,
    cx: &mut Context<'_>,
) -> bool {
    let project = &declared.project;
    let cluster = Cluster::of(application, cx.workspace);
    let namespace = application.destination.namespace();
    let is_template = |text: &str| text.contains("{{");
    if cluster.is_unclear_to(&declared.effective)
        || is_template(namespace)
        || is_template(cluster.shown())
        || cluster.shown().is_empty()
    {
        return true;
    }
    if declared.effective.permits_destination(&cluster.server, &cluster.name, namespace) {
        return false;
    }
    let destination = &application.destination;
    let place = [&destination.namespace, &destination.name, &destination.server].into_iter().flatten().next();
    let place = place.map_or(application.place, |text| text.place);
    let labels = Labels::of(place, &entry.app.origins, cx.workspace);
    let message = format!(
        "the project `{}` does not permit the namespace `{namespace}` of the cluster `{}`",
        project.name,
        cluster.shown()
    );
    cx.report_labels(labels, message)
        .related(
            project.destinations.first().map_or(project.place, |it| it.place),
            "the destinations it permits",
        )
        .apps([entry.app.id])
        .help("add the destination to the project, or use another project");
    true
}

/// Objects that name a namespace of their own, which the project does not permit; one finding for each namespace.
fn objects(
    inventory: &Inventory,
    entry: &AppEntry,
    application: &Application,
    declared: &Declared,
    cx: &mut Context<'_>,
) {
    let project = &declared.project;
    let workspace = cx.workspace;
    let cluster = Cluster::of(application, cx.workspace);
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for object in inventory.objects_of(entry.app.id).iter().filter(|object| is_built_in(&object.group)) {
        let namespace = object.namespace.as_str();
        let foreign = !namespace.is_empty() && namespace != application.destination.namespace();
        if !foreign
            || declared.effective.permits_destination(&cluster.server, &cluster.name, namespace)
            || !seen.insert(namespace)
        {
            continue;
        }
        let message = format!(
            "{} `{}` is in namespace `{namespace}`, which the project `{}` does not permit",
            object.kind, object.name, project.name
        );
        cx.report(object.place, message)
            .related(
                project.destinations.first().map_or(project.place, |it| it.place),
                "the destinations it permits",
            )
            .related_at(project_line(entry, application, workspace), "the app is in the project")
            .apps([entry.app.id])
            .object_ref(object.to_ref(cluster.shown()))
            .help("add the namespace to `destinations` of the project, or move the object");
    }
}

/// Where an app says which project it is in, else where it is defined.
fn project_line(entry: &AppEntry, application: &Application, workspace: &Workspace) -> Span {
    let place = application.project.as_ref().map_or(application.place, |project| project.place);
    Labels::of(place, &entry.app.origins, workspace).primary.at
}

fn report_kind(
    inventory: &Inventory,
    declared: &Declared,
    first: &ObjectFacts,
    objects: &[&ObjectFacts],
    cx: &mut Context<'_>,
) {
    let project = &declared.project;
    let namespaced = first.scope != Some(Scope::Cluster);
    let (allow, deny) = if namespaced {
        ("namespaceResourceWhitelist", "namespaceResourceBlacklist")
    } else {
        ("clusterResourceWhitelist", "clusterResourceBlacklist")
    };
    let lists = if namespaced {
        (project.namespace_resource_whitelist.as_deref(), &project.namespace_resource_blacklist)
    } else {
        (project.cluster_resource_whitelist.as_deref(), &project.cluster_resource_blacklist)
    };
    let kind = if first.group.is_empty() {
        first.kind.to_string()
    } else {
        format!("{}/{}", first.group, first.kind)
    };
    let scope = if namespaced { "kind" } else { "cluster-scoped kind" };
    let message = match objects.len() {
        1 => {
            format!("the project `{}` does not permit the {scope} `{kind}` (`{}`)", project.name, first.name)
        }
        count => format!(
            "the project `{}` does not permit the {scope} `{kind}`: {count} objects, such as `{}`",
            project.name, first.name
        ),
    };
    let place = lists.0.into_iter().flatten().chain(lists.1).next().map_or(project.place, |item| item.place);
    let apps: BTreeSet<AppId> = objects.iter().map(|object| object.app).collect();
    let entries = apps.iter().filter_map(|app| inventory.app(*app)).take(3);
    let lines: Vec<Span> = entries
        .filter_map(|entry| Some(project_line(entry, entry.app.application()?, cx.workspace)))
        .collect();
    let mut report = cx.report(place, message).related(first.place, "not permitted");
    for line in lines {
        report = report.related_at(line, "the app is in the project");
    }
    report.apps(apps).help(format!(
        "add the kind to `{allow}` of the project (and take it out of `{deny}`), or use another project"
    ));
}
