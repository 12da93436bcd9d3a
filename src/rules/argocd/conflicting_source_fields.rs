//! `conflicting-source-fields`: see the page.

use crate::argocd::{Application, Source};
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Entry, Node};

meta!(
    "conflicting-source-fields",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "Fields of an Application's source exclude each other."
);

pub(crate) struct ConflictingSourceFields;

impl Rule for ConflictingSourceFields {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, _: &Rendered, cx: &mut Context<'_>) {
        let Some(application) = app.application() else { return };
        spec(application, cx);
        for it in &application.sources {
            source(it, cx);
        }
    }
}

/// The entry of a key that says something.
fn set<'a>(node: &'a Node, key: &str) -> Option<&'a Entry> {
    node.as_map()?
        .entry(key)
        .filter(|entry| !entry.value.is_null() && entry.value.as_str() != Some("") && !is_empty(&entry.value))
}

fn is_empty(node: &Node) -> bool {
    node.as_seq().is_some_and(<[Node]>::is_empty) || node.as_map().is_some_and(crate::yaml::Map::is_empty)
}

fn spec(application: &Application, cx: &mut Context<'_>) {
    let Some(spec) = application.node.get("spec") else { return };
    let hydrator = set(spec, "sourceHydrator");
    let (source, sources) = (set(spec, "source"), set(spec, "sources"));
    for (winner, loser) in [(hydrator, source), (hydrator, sources), (sources, source)] {
        if let (Some(winner), Some(loser)) = (winner, loser) {
            let (name, by) = (&loser.key.text, &winner.key.text);
            cx.report(loser.key.place(), format!("`{name}` is ignored: `{by}` decides"))
                .related(winner.key.place(), "this decides")
                .help(format!("remove `{name}`, or make it an entry of `sources`"));
        }
    }
}

fn source(source: &Source, cx: &mut Context<'_>) {
    let blocks: Vec<&Entry> = ["kustomize", "helm", "directory", "plugin"]
        .iter()
        .filter_map(|key| source.node.as_map()?.entry(key).filter(|entry| !entry.value.is_null()))
        .collect();
    if let [first, others @ ..] = blocks.as_slice() {
        for other in others {
            let message = format!(
                "a source has one tool, but both `{}` and `{}` are given",
                first.key.text, other.key.text
            );
            cx.report(other.key.place(), message).related(first.key.place(), "the other").help(
                "remove one of them: Argo CD refuses the source (`multiple application sources defined`)",
            );
        }
    }
    if let Some(helm) = source.node.get("helm")
        && let (Some(object), Some(values)) = (set(helm, "valuesObject"), set(helm, "values"))
    {
        cx.report(values.key.place(), "`values` is ignored: `valuesObject` decides")
            .related(object.key.place(), "this decides")
            .help("merge `values` into `valuesObject`");
    }
    let place = |key: &str| set(&source.node, key).map(|entry| entry.key.place());
    // Where the URL ends in the chart's name, the artifact is the chart all the same.
    let repeats = |chart: &Entry| {
        let last = source.repo_url().trim_end_matches('/').rsplit('/').next();
        chart.value.as_str() == last
    };
    if set(&source.node, "chart").is_some_and(repeats) && source.is_oci() {
        return;
    }
    if let (Some(chart), true) = (place("chart"), source.is_oci()) {
        cx.report(chart, "`chart` is ignored: `repoURL` begins with `oci://`")
            .help("write `repoURL` without `oci://` to use a chart of an OCI registry");
    } else if let (Some(chart), Some(path)) = (place("chart"), place("path")) {
        cx.report(path, "`path` is ignored: `chart` decides")
            .related(chart, "this decides")
            .help("remove `path`, or `chart` if `repoURL` is a Git repository");
    } else if let (Some(chart), Some(name)) = (place("chart"), place("ref")) {
        cx.report(name, "a chart cannot be the `ref` of values files")
            .related(chart, "the chart")
            .help("point the `ref` at a Git repository");
    }
}
