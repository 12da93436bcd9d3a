//! `stray-object`: see the page.

use std::collections::{BTreeMap, BTreeSet};

use crate::repo::{App, AppKind, Object, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::schema::Scope;
use crate::source::TreePath;

meta!(
    "stray-object",
    "references",
    Warning,
    Recommended,
    "0.2.0",
    "An object has no namespace, although all that are written beside it are in one."
);

pub(crate) struct StrayObject;

/// Groups whose kinds live in namespaces.
const NAMESPACED: [&str; 8] = [
    "postgresql.cnpg.io",
    "volsync.backube",
    "monitoring.coreos.com",
    "traefik.io",
    "traefik.containo.us",
    "bitnami.com",
    "source.toolkit.fluxcd.io",
    "helm.toolkit.fluxcd.io",
];

/// What lies in a directory: objects without a namespace, and how many are in which.
#[derive(Default)]
struct Beside<'a> {
    bare: Vec<&'a Object>,
    namespaces: BTreeMap<&'a str, usize>,
}

impl Rule for StrayObject {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        // Whoever applies it says where to; a chart never does itself.
        if !app.target_namespace.is_empty() || app.provisional || matches!(app.kind, AppKind::Chart) {
            return;
        }
        let mut dirs: BTreeMap<TreePath, Beside<'_>> = BTreeMap::new();
        let sources = cx.sources();
        // Kinds that are defined elsewhere: what says a namespace once lives in one.
        let told: BTreeSet<(&str, &str)> = rendered
            .objects
            .iter()
            .filter(|object| !object.namespace.is_empty())
            .map(|object| (object.group.as_str(), object.kind.as_str()))
            .collect();
        for object in &rendered.objects {
            let scope = object.scope(cx.workspace).or_else(|| {
                let identity = (object.group.as_str(), object.kind.as_str());
                let known = NAMESPACED.contains(&identity.0) && identity.1 != "ClusterImageCatalog";
                (known || told.contains(&identity)).then_some(Scope::Namespaced)
            });
            if scope != Some(Scope::Namespaced) || object.name.is_empty() {
                continue;
            }
            let Some(file) = sources.get(object.place().at.file) else { continue };
            let Some(path) = file.path().cloned() else { continue };
            let Some(dir) = path.parent() else { continue };
            // What a chart prints is the chart's business.
            if path.as_str().contains("/templates/") || path.as_str().contains("/charts/") {
                continue;
            }
            let beside = dirs.entry(dir).or_default();
            if object.namespace.is_empty() {
                beside.bare.push(object);
            } else {
                *beside.namespaces.entry(object.namespace.as_str()).or_default() += 1;
            }
        }
        // The same for all that lies below a directory.
        let mut below: BTreeMap<TreePath, (BTreeMap<&str, usize>, usize)> = BTreeMap::new();
        for (dir, beside) in &dirs {
            let mut at = Some(dir.clone());
            while let Some(here) = at.filter(|here| !here.is_root()) {
                at = here.parent();
                let (namespaces, bare) = below.entry(here).or_default();
                *bare += beside.bare.len();
                for (namespace, count) in &beside.namespaces {
                    *namespaces.entry(namespace).or_default() += count;
                }
            }
        }
        let mut found: Vec<(&Object, &str, usize)> = Vec::new();
        for (dir, beside) in dirs.iter().filter(|(_, beside)| !beside.bare.is_empty()) {
            let mut all = &beside.namespaces;
            // Nothing beside it, or one object only: those of the directory above speak as well, unless others have none
            // either.
            if all.values().sum::<usize>() < 2
                && let Some((more, bare)) = dir.parent().and_then(|above| below.get(&above))
                && *bare == beside.bare.len()
            {
                all = more;
            }
            let (Some((namespace, count)), 1) = (all.iter().next(), all.len()) else { continue };
            if *count >= 2 && beside.bare.len() <= *count && *namespace != "default" {
                found.extend(beside.bare.iter().map(|object| (*object, *namespace, *count)));
            }
        }
        for (object, namespace, count) in found {
            let message = format!(
                "{} `{}` has no namespace, although all {count} objects beside it are in `{namespace}`",
                object.kind, object.name
            );
            let report = cx
                .report(object.place(), message)
                .object(object, Some("metadata.namespace"))
                .help(format!("add `namespace: {namespace}`: without it, it goes to `default`"));
            // Whoever deploys an overlay may say where to.
            if app.kind == AppKind::Overlay {
                report.possible();
            } else {
                report.likely();
            }
        }
    }
}
