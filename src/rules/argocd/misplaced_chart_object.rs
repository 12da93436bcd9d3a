//! `misplaced-chart-object`: see the page.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::argocd::Application;
use crate::repo::{AppKind, Inventory, Spec};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::{SourceFile, Span, TreePath};
use crate::yaml::Node;

meta!(
    "misplaced-chart-object",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "A chart hard-codes the namespace of another app for an object which that app's chart makes."
);

pub(crate) struct MisplacedChartObject;

impl Rule for MisplacedChartObject {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let charts = charts(inventory, cx);
        // Where a chart is rendered, its owners are compared by what they render.
        if charts.len() < 2 {
            return;
        }
        let tree = Arc::clone(&cx.workspace.tree);
        let mut objects: BTreeMap<_, Vec<(&TreePath, Span)>> = BTreeMap::new();
        for path in tree.files() {
            let Some(chart) = charts.keys().find(|chart| path.starts_with(&chart.child("templates"))) else {
                continue;
            };
            if !(path.as_str().ends_with(".yaml") || path.as_str().ends_with(".yml")) {
                continue;
            }
            let Ok(file) = tree.read(&path) else { continue };
            for (kind, name, namespace, at) in literals(&file) {
                objects.entry((kind, namespace, name)).or_default().push((chart, at));
            }
        }
        let goes_to = |chart: &TreePath, namespace: &str| {
            charts.get(chart).is_some_and(|namespaces| namespaces.contains(namespace))
        };
        for ((kind, namespace, name), places) in &objects {
            let Some((home, there)) = places.iter().find(|(chart, _)| goes_to(chart, namespace)) else {
                continue;
            };
            for (chart, at) in places.iter().filter(|(chart, _)| !goes_to(chart, namespace)) {
                let own: Vec<String> = charts
                    .get(*chart)
                    .map(|namespaces| namespaces.iter().map(|it| format!("`{it}`")).collect())
                    .unwrap_or_default();
                let own = own.join(", ");
                let message = format!(
                    "the chart `{chart}` is deployed to {own}, but this {kind} `{name}` goes to `{namespace}`, \
                     where `{home}` makes it"
                );
                cx.report_at(*at, message)
                    .related_at(*there, "the same object")
                    .help("leave the namespace out, or name the one that needs the object");
            }
        }
    }
}

/// The namespaces that charts of this repository are deployed to, by ApplicationSets that cannot be expanded here, as
/// far as they are written out.
fn charts(inventory: &Inventory, cx: &Context<'_>) -> BTreeMap<TreePath, BTreeSet<String>> {
    let mut charts: BTreeMap<TreePath, BTreeSet<String>> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    for entry in inventory.apps.iter().filter(|entry| entry.app.kind == AppKind::ApplicationSet) {
        let Spec::ArgoSet(set) = &entry.app.spec else { continue };
        let Some(template) = set.template().filter(|_| !entry.incomplete.is_empty()) else { continue };
        let application = Application::new(Arc::new(template.clone()));
        let namespace = template.at_path(&["spec", "destination", "namespace"]).and_then(Node::as_str);
        for source in application.sources.iter().filter(|source| source.chart.is_none()) {
            let Ok(dir) = TreePath::new(source.path()) else { continue };
            if source.path().contains("{{") || !cx.workspace.tree.is_file(&dir.child("Chart.yaml")) {
                continue;
            }
            match namespace.filter(|it| !it.is_empty() && !it.contains("{{")) {
                Some(namespace) => drop(charts.entry(dir).or_default().insert(namespace.to_owned())),
                None => drop(unknown.insert(dir)),
            }
        }
    }
    charts.retain(|chart, _| !unknown.contains(chart));
    charts
}

/// Kind, name, namespace and the place of the namespace of every document of a template that has all of them written out.
fn literals(file: &SourceFile) -> Vec<(String, String, String, Span)> {
    let mut found = Vec::new();
    let (mut kind, mut name, mut namespace) = (None, None, None);
    let mut in_metadata = false;
    let mut offset = 0_u32;
    let mut take = |kind: &mut Option<String>, name: &mut Option<String>, at: &mut Option<(String, Span)>| {
        if let (Some(kind), Some(name), Some((namespace, at))) = (kind.take(), name.take(), at.take()) {
            found.push((kind, name, namespace, at));
        }
        (*kind, *name, *at) = (None, None, None);
    };
    for line in file.text_or_empty().split_inclusive('\n') {
        let text = line.trim_end();
        if text.starts_with("---") {
            take(&mut kind, &mut name, &mut namespace);
            in_metadata = false;
        } else if !text.starts_with([' ', '#', '{']) && !text.is_empty() {
            in_metadata = text == "metadata:";
            if let Some(value) = literal(text, "kind:") {
                kind = Some(value.to_owned());
            }
        } else if in_metadata {
            if let Some(value) = literal(text, "  name:") {
                name = Some(value.to_owned());
            }
            if let Some(value) = literal(text, "  namespace:") {
                let start = text.rfind(value).unwrap_or_default() as u32;
                let at = Span::new(file.id(), offset + start, offset + start + value.len() as u32);
                namespace = Some((value.to_owned(), at));
            }
        }
        offset += line.len() as u32;
    }
    take(&mut kind, &mut name, &mut namespace);
    found
}

/// The value of a line that begins so, if no template fills it in.
fn literal<'t>(line: &'t str, key: &str) -> Option<&'t str> {
    let value = line.strip_prefix(key)?.split(" #").next()?.trim().trim_matches(['"', '\'']);
    (!value.is_empty() && !value.contains("{{")).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn reads_what_is_written_out() {
        let text = "{{- if .Values.on }}\n---\nkind: Secret\nmetadata:\n  name: \"a\"\n  namespace: x # y\ndata:\n  name: b\n---\nkind: Secret\nmetadata:\n  name: {{ .Release.Name }}\n  namespace: x\n{{- end }}\n";
        let file = Sources::new().add("t.yaml", text.as_bytes().to_vec());
        let found = literals(&file);
        assert_eq!(found.len(), 1);
        let (kind, name, namespace, at) = &found[0];
        assert_eq!((kind.as_str(), name.as_str(), namespace.as_str()), ("Secret", "a", "x"));
        assert_eq!(file.slice(*at), "x");
    }
}
