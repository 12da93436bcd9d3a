//! What may exist although no render shows it: apps that could not be rendered, whose content or chart is not here.

use std::collections::BTreeSet;

use crate::finding::{Missing, ProblemKind};
use crate::{k8s, relations};

use crate::repo::{AppEntry, AppId, AppKind, ObjectFacts, ScannedDocument, Spec, Status, meets, owner};

use super::World;
use super::answer::makes_secrets_only;

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
        let chart =
            |entry: &AppEntry| relations::chart_may_make(entry.app.node.as_deref(), &entry.app.name, name);
        let release =
            |object: &ObjectFacts| relations::chart_may_make(object.node.as_deref(), &object.name, name);
        // Manifests of somebody else's project are about that project.
        let content = |entry: &AppEntry| {
            let urls = self.content_of(entry);
            let foreign = urls.iter().all(|url| is_foreign(url, &self.index().owners));
            urls.is_empty()
                || !foreign
                || relations::is_named_after(name, &entry.app.name)
                || urls
                    .iter()
                    .any(|url| relations::is_named_after(name, url.rsplit('/').next().unwrap_or_default()))
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
            || self.is_operated_alike(app, namespace, word)
    }

    /// Whether a workload is part of a system that runs here although nothing here installs it: there are custom resources of the
    /// group `networking.istio.io` whose definition is nowhere, and both `istio-system` and `istiod` are called after it.
    pub fn is_of_absent_system(&self, namespace: &str, name: &str) -> bool {
        // Whoever has Applications has Argo CD.
        let mut controllers = self.inventory.apps.iter().map(|entry| match entry.app.kind {
            AppKind::Application | AppKind::ApplicationSet => "argocd",
            AppKind::Kustomization | AppKind::HelmRelease => "flux",
            _ => "",
        });
        let custom = self.inventory.objects.iter().filter(|it| !k8s::is_built_in(&it.group));
        let mut groups = custom.map(|it| it.group.rsplit('.').nth(1).unwrap_or_default());
        let is_meant = |stem: &&str| stem.len() > 3 && namespace.starts_with(stem) && name.starts_with(stem);
        let Some(stem) = controllers.find(is_meant).or_else(|| groups.find(is_meant)) else { return false };
        let defines = |object: &ObjectFacts| object.name.rsplit('.').nth(1).is_some_and(|part| part == stem);
        let installed = self.inventory.of_kind("CustomResourceDefinition").any(defines)
            || self.inventory.apps.iter().any(|entry| relations::is_named_after(stem, &entry.app.name));
        !installed
    }

    /// Whether something unseen is called like what is looked for, which is no Secret: absence says nothing then.
    pub fn has_namesake(&self, app: AppId, namespace: &str, name: &str) -> bool {
        let failed = |entry: &AppEntry| entry.said.as_ref().is_none_or(|said| said.may_make(name));
        let content = |entry: &AppEntry| {
            let repositories = self.content_of(entry);
            relations::is_named_after(name, &entry.app.name)
                || repositories
                    .iter()
                    .any(|url| relations::is_named_after(name, url.rsplit('/').next().unwrap_or_default()))
        };
        let chart =
            |entry: &AppEntry| relations::chart_may_make(entry.app.node.as_deref(), &entry.app.name, name);
        let release =
            |object: &ObjectFacts| relations::chart_may_make(object.node.as_deref(), &object.name, name);
        let unseen = Unseen { failed: &failed, content: &content, chart: &chart, release: &release };
        self.unseen(app, namespace, false, &unseen).is_some()
            || self.has_unknown_operator(app, namespace, Some(name))
            || self.is_operated_alike(app, namespace, name)
            || self.serving(app, self.index().mentioned.get(name)).any(|it| !makes_secrets_only(it))
    }

    /// Whether something that is not seen may make an object of Flux called so. What fails makes what its own files say; a
    /// repository of others is about itself.
    pub fn may_make_for_flux(&self, app: AppId, name: &str) -> bool {
        self.apps(app, Some(&self.index().unseen)).any(|entry| {
            let lacks = entry.incomplete.iter().any(|it| it.missing == Missing::Content);
            match entry.status {
                Status::Failed => {
                    let absent = entry.problems.iter().any(|it| it.kind == ProblemKind::MissingPath);
                    !absent && entry.said.as_ref().is_none_or(|said| said.may_make(name))
                }
                Status::Skipped | Status::Partial if lacks => {
                    let source = match &entry.app.spec {
                        Spec::FluxKustomization(it, _) => it.source.as_ref().map(|it| it.name.as_str()),
                        _ => None,
                    };
                    relations::is_named_after(name, &entry.app.name)
                        || source.is_some_and(|source| relations::is_named_after(name, source))
                }
                _ => false,
            }
        })
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
        // A plain Secret is left out on purpose as often as by mistake: it holds stand-ins, or is applied by hand.
        let makes = |it: &ScannedDocument| match (kind, it.kind.as_str()) {
            ("Secret", "Secret") => it.encrypted,
            ("Secret", of) => matches!(of, "ExternalSecret" | "SealedSecret"),
            (_, of) => of == kind,
        };
        let mut fitting = self.written(name).filter(|it| makes(it) && meets(&it.namespace, namespace));
        let idle = |path: &crate::source::TreePath| self.inventory.readers(path).is_empty();
        fitting.find(|it| idle(&it.path) && entry.has_source(&it.path)).map(|it| &it.path)
    }

    /// The repositories that an app takes its content from which is not here, as keys that tell repositories apart.
    fn content_of(&self, entry: &AppEntry) -> &[String] {
        self.index().content_of.get(&entry.app.id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Why something unseen may exist, as far as apps and releases whose charts are not here could make it.
    fn unseen(
        &self,
        app: AppId,
        namespace: &str,
        cluster_scoped: bool,
        makes: &Unseen<'_>,
    ) -> Option<&'static str> {
        let index = self.index();
        // What nothing deploys cannot be what is missing, unless that is where we look from.
        let own = self.inventory.app(app).filter(|entry| {
            let near = cluster_scoped || is_near(&entry.app.target_namespace, namespace);
            entry.app.kind.is_loose() && near && index.incomplete.binary_search(&app.0).is_ok()
        });
        let everywhere = cluster_scoped || namespace.is_empty();
        let mut namespaces = vec![namespace, ""];
        namespaces.extend(CENTRAL.iter().filter(|it| **it != namespace));
        let near = namespaces.iter().filter_map(|it| index.incomplete_in.get(*it)).filter(|_| !everywhere);
        let near = near.chain(everywhere.then_some(&index.unseen));
        for entry in own.into_iter().chain(self.apps(app, near)) {
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
        let rendered = |object: &ObjectFacts| index.releases.contains(&object.name);
        let lists = if everywhere {
            [Some(&index.makers), None]
        } else {
            [index.makers_in.get(namespace), index.makers_in.get("")]
        };
        let mut makers = self.serving(app, lists.into_iter().flatten());
        makers
            .any(|object| !rendered(object) && (makes.release)(object))
            .then_some("a HelmRelease is not rendered")
    }
}

/// Namespaces of those who deploy to all others.
const CENTRAL: [&str; 2] = ["argocd", "openshift-gitops"];

/// Whether what is deployed to a namespace may end up in another.
fn is_near(target: &str, namespace: &str) -> bool {
    meets(target, namespace) || CENTRAL.contains(&target)
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
