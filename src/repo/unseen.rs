//! What may exist although no render shows it: apps that could not be rendered, whose content or chart is not here.

use std::collections::BTreeSet;

use crate::finding::Missing;
use crate::k8s;

use super::index::{meets, owner};
use super::scan::ScannedDocument;
use super::world::makes_secrets_only;
use super::{AppEntry, AppId, ObjectFacts, Status, World};

impl World<'_> {
    /// Why something in a namespace (or cluster-scoped) may exist although no render shows it.
    pub fn open(&self, app: AppId, namespace: &str, cluster_scoped: bool) -> Option<&'static str> {
        self.unseen(app, namespace, cluster_scoped, &Unseen::ANYTHING)
    }

    /// Like [`World::open`] for something of that name: charts name what they make after themselves, their release, or as
    /// their values say.
    pub fn may_make(
        &self,
        app: AppId,
        namespace: &str,
        cluster_scoped: bool,
        name: &str,
    ) -> Option<&'static str> {
        let chart = |entry: &AppEntry| k8s::chart_may_make(entry.app.node.as_deref(), &entry.app.name, name);
        let release = |object: &ObjectFacts| k8s::chart_may_make(object.node.as_deref(), &object.name, name);
        // Manifests of somebody else's project are about that project.
        let content = |entry: &AppEntry| {
            let urls = self.repositories(entry);
            let foreign = urls.iter().all(|url| is_foreign(url, &self.index().owners));
            urls.is_empty()
                || !foreign
                || k8s::is_named_after(name, &entry.app.name)
                || urls
                    .iter()
                    .any(|url| k8s::is_named_after(name, url.rsplit('/').next().unwrap_or_default()))
        };
        // What could not be rendered makes what its own sources say.
        let failed = |entry: &AppEntry| entry.said.as_ref().is_none_or(|said| said.may_make(name));
        let unseen = Unseen { failed: &failed, content: &content, chart: &chart, release: &release };
        self.unseen(app, namespace, cluster_scoped, &unseen)
    }

    /// Whether something that no render shows may say a word: the value of a label, a name. Operators call what they make after
    /// what they act on.
    pub fn may_say(&self, app: AppId, namespace: &str, word: &str) -> bool {
        self.may_make(app, namespace, namespace.is_empty(), word).is_some()
            || self.has_unknown_operator(app, namespace, Some(word))
            || self.operated_in(app, namespace).any(|it| it.name.len() > 3 && word.contains(it.name.as_str()))
    }

    /// Whether something unseen is called like what is looked for, which is no Secret: absence says nothing then.
    pub fn has_namesake(&self, app: AppId, namespace: &str, name: &str) -> bool {
        let failed = |entry: &AppEntry| entry.said.as_ref().is_none_or(|said| said.may_make(name));
        let content = |entry: &AppEntry| {
            let repositories = self.repositories(entry);
            k8s::is_named_after(name, &entry.app.name)
                || repositories
                    .iter()
                    .any(|url| k8s::is_named_after(name, url.rsplit('/').next().unwrap_or_default()))
        };
        let chart = |entry: &AppEntry| k8s::chart_may_make(entry.app.node.as_deref(), &entry.app.name, name);
        let release = |object: &ObjectFacts| k8s::chart_may_make(object.node.as_deref(), &object.name, name);
        let unseen = Unseen { failed: &failed, content: &content, chart: &chart, release: &release };
        self.unseen(app, namespace, false, &unseen).is_some()
            || self.has_unknown_operator(app, namespace, Some(name))
            || self.operated_in(app, namespace).any(|it| it.name.len() > 3 && name.contains(it.name.as_str()))
            || self
                .objects(self.index().mentioned.get(name))
                .any(|it| !makes_secrets_only(it) && self.may_serve(it.app, app))
    }

    /// The file below the sources of an app that defines an object, although nothing renders that file.
    pub fn unlisted(
        &self,
        app: AppId,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Option<&crate::source::TreePath> {
        let entry = self.inventory.app(app)?;
        let written = self.index().written.get(name).into_iter().flatten();
        let documents = written.filter_map(|at| self.inventory.scan.documents.get(*at as usize));
        // A plain Secret is left out on purpose as often as by mistake: it holds stand-ins, or is applied by hand.
        let makes = |it: &ScannedDocument| match (kind, it.kind.as_str()) {
            ("Secret", "Secret") => it.encrypted,
            ("Secret", of) => matches!(of, "ExternalSecret" | "SealedSecret"),
            (_, of) => of == kind,
        };
        let mut fitting = documents.filter(|it| makes(it) && meets(&it.namespace, namespace));
        let idle = |path: &crate::source::TreePath| self.inventory.readers(path).is_empty();
        fitting.find(|it| idle(&it.path) && entry.has_source(&it.path)).map(|it| &it.path)
    }

    /// The repositories that an app takes its content from, as [`repository_key`]s.
    fn repositories(&self, entry: &AppEntry) -> Vec<String> {
        self.index().repositories(self.inventory, entry)
    }

    /// Why something unseen may exist, as far as apps and releases whose charts are not here could make it.
    fn unseen(
        &self,
        app: AppId,
        namespace: &str,
        cluster_scoped: bool,
        makes: &Unseen<'_>,
    ) -> Option<&'static str> {
        let near = |entry: &AppEntry| {
            let target = entry.app.target_namespace.as_str();
            cluster_scoped
                || target.is_empty()
                || namespace.is_empty()
                || target == namespace
                || target == "argocd"
                || target == "openshift-gitops"
        };
        for entry in self.apps(Some(&self.index().incomplete)) {
            // What nothing deploys cannot be what is missing, unless that is where we look from.
            let plain = entry.app.kind.is_loose();
            if plain && entry.app.id != app {
                continue;
            }
            // The cheap question first: there may be thousands of apps.
            if !near(entry) || !self.may_serve(entry.app.id, app) {
                continue;
            }
            let lacks = |missing| entry.incomplete.iter().any(|it| it.missing == missing);
            if entry.status == Status::Failed && (makes.failed)(entry) {
                return Some("an app could not be rendered");
            } else if lacks(Missing::Content) && (makes.content)(entry) {
                return Some("the content of an app is not here");
            } else if lacks(Missing::Chart) && (makes.chart)(entry) {
                return Some("a chart is not here");
            }
        }
        // Releases of Flux that are known as objects only.
        let rendered = |object: &ObjectFacts| self.index().releases.contains(&object.name);
        for object in self.objects(self.index().patterns.get(k8s::ANYTHING)) {
            let charts = object.provides.iter().filter(|it| it.kind == k8s::ANYTHING);
            for provided in charts {
                let target = provided.namespace.as_ref().unwrap_or(&object.namespace);
                if (cluster_scoped || meets(target, namespace))
                    && !rendered(object)
                    && (makes.release)(object)
                    && self.may_serve(object.app, app)
                {
                    return Some("a HelmRelease is not rendered");
                }
            }
        }
        None
    }
}

/// Whether apps whose objects are not seen may make what is looked for.
struct Unseen<'a> {
    /// Those that could not be rendered.
    failed: &'a dyn Fn(&AppEntry) -> bool,
    /// Those whose content is not here.
    content: &'a dyn Fn(&AppEntry) -> bool,
    /// Those whose chart is not here.
    chart: &'a dyn Fn(&AppEntry) -> bool,
    /// Releases that are known as objects only.
    release: &'a dyn Fn(&ObjectFacts) -> bool,
}

impl Unseen<'_> {
    /// They may make anything.
    const ANYTHING: Self =
        Self { failed: &|_| true, content: &|_| true, chart: &|_| true, release: &|_| true };
}

/// Whether a repository belongs to others than those whose content is here.
fn is_foreign(key: &str, owners: &BTreeSet<String>) -> bool {
    !owners.is_empty() && owner(key).is_some_and(|owner| !owners.contains(&owner))
}
