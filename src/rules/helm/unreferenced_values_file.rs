//! `unreferenced-values-file`: see the page.

use std::collections::{BTreeMap, BTreeSet};

use crate::repo::{self, AppKind, Inventory, KUSTOMIZATION_NAMES, Status};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::{Span, TreePath};
use crate::yaml::Stream;

meta!(
    "unreferenced-values-file",
    "helm",
    Note,
    Recommended,
    "0.1.0",
    "A values file lies beside those that apps use, but no app uses it."
);

pub(crate) struct UnreferencedValuesFile;

/// Words in file names that say that the file is for something else: to be read, to be tried at home, to be filled in.
const NOT_MEANT: [&str; 13] = [
    "example", "sample", "template", "test", "backup", "draft", "disabled", "local", "minikube", "kind",
    "secret", "schema", "default",
];

impl Rule for UnreferencedValuesFile {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        // What an app that was not made, or stopped on the way, would read is not known.
        let argo =
            |kind| matches!(kind, AppKind::Application | AppKind::ApplicationSet | AppKind::HelmRelease);
        let open = |kind, status| {
            argo(kind) && status == Status::Failed
                || kind == AppKind::ApplicationSet && status != Status::Rendered
        };
        if inventory.apps.iter().any(|app| open(app.app.kind, app.status)) {
            return;
        }
        let mut candidates = candidates(inventory, cx);
        if candidates.is_empty() {
            return;
        }
        let workspace = cx.workspace;
        // An ApplicationSet says by a pattern what its Applications say by name.
        let expanded: BTreeSet<&TreePath> = inventory
            .apps
            .iter()
            .filter(|app| app.app.kind == AppKind::ApplicationSet)
            .filter_map(|app| app.app.path.as_ref())
            .collect();
        for (path, file) in cx.texts() {
            if candidates.is_empty() {
                return;
            }
            let text = file.text_or_empty();
            let patterns = if expanded.contains(&path) { Vec::new() } else { patterns(text) };
            candidates.retain(|idle, _| {
                *idle == path
                    || !text.contains(idle.file_name())
                        && !patterns.iter().any(|it| it.matches(idle.as_str()))
            });
        }
        for (path, used) in candidates {
            let (Ok(file), Ok(used)) = (workspace.tree.read(&path), workspace.tree.read(&used)) else {
                continue;
            };
            let message = format!("no app uses `{}`", path.file_name());
            let end = file.line_span(0).map_or(0, |line| line.end);
            let report = cx.report_at(Span::new(file.id(), 0, end), message);
            let report = report.related_at(Span::new(used.id(), 0, 0), "apps use this one beside it");
            report.help("name it in `valueFiles`, or delete it");
        }
    }
}

/// Values files that no app read, by path, with one beside each that some app did.
fn candidates(inventory: &Inventory, cx: &Context<'_>) -> BTreeMap<TreePath, TreePath> {
    let scan = &inventory.scan;
    let documents: BTreeSet<&TreePath> = scan.documents.iter().map(|document| &document.path).collect();
    let mut by_dir: BTreeMap<TreePath, Vec<&TreePath>> = BTreeMap::new();
    for path in &scan.files {
        let name = path.file_name();
        let other = documents.contains(path)
            || KUSTOMIZATION_NAMES.contains(&name)
            || name == "Chart.yaml"
            || name.ends_with(".json")
            || scan.is_input(path)
            || scan.is_resource(path);
        if let Some(dir) = path.parent().filter(|_| !other) {
            by_dir.entry(dir).or_default().push(path);
        }
    }
    let deploys = |kind| matches!(kind, AppKind::Application | AppKind::HelmRelease | AppKind::Overlay);
    let read: BTreeSet<&TreePath> =
        inventory.apps.iter().filter(|app| deploys(app.app.kind)).flat_map(|app| &app.files).collect();
    let seen: BTreeSet<&TreePath> = inventory.apps.iter().flat_map(|app| &app.files).collect();
    let mut found = BTreeMap::new();
    for (dir, files) in by_dir {
        let is_values = |path: &&TreePath| {
            let stem = |text: &str| text.to_lowercase().contains("values");
            stem(path.file_name()) || dir.as_str().rsplit('/').take(2).any(stem)
        };
        // A chart's own values are used with the chart, whatever lies beside them.
        let own = |path: &TreePath| path.file_name() == "values.yaml" && scan.charts.contains(&dir);
        let files: Vec<&TreePath> = files.into_iter().filter(is_values).filter(|path| !own(path)).collect();
        let used: Vec<&TreePath> = files.iter().copied().filter(|path| read.contains(path)).collect();
        let Some(first) = used.first() else { continue };
        let idle: Vec<&TreePath> = files
            .iter()
            .copied()
            .filter(|path| !seen.contains(path) && is_meant(path) && is_table(path, cx))
            .collect();
        // Many of them are a habit: something else uses them.
        if repo::showcase(first).is_some() || idle.len() > used.len() {
            continue;
        }
        found.extend(idle.into_iter().map(|path| (path.clone(), (*first).clone())));
    }
    found
}

fn is_meant(path: &TreePath) -> bool {
    let name = path.file_name().to_lowercase();
    !NOT_MEANT.iter().any(|word| name.contains(word))
}

/// Whether a file holds one mapping, which nobody encrypted.
fn is_table(path: &TreePath, cx: &Context<'_>) -> bool {
    let Ok(file) = cx.workspace.tree.read(path) else { return false };
    let stream: &Stream = &cx.workspace.cache.stream(&file);
    let [document] = stream.documents.as_slice() else { return false };
    let root = document.root.as_ref().filter(|_| !document.broken);
    root.is_some_and(|root| !root.entries().is_empty() && root.get("sops").is_none())
}

/// A word of some text with variable parts: `values/{{ .env }}.yaml`, `values-$ENV.yaml`.
struct Pattern {
    /// What is fixed, in order.
    pieces: Vec<String>,
}

/// Stands for a variable part.
const HOLE: char = '\0';

impl Pattern {
    fn of(word: &str) -> Option<Self> {
        if !word.contains(HOLE) {
            return None;
        }
        let pieces: Vec<String> = word
            .split(HOLE)
            .map(|piece| piece.trim_start_matches("../").trim_start_matches("./").to_owned())
            .filter(|piece| !piece.is_empty())
            .collect();
        // `*.yaml` may be anything, so it says nothing.
        let fixed: String = pieces.concat().replace(".yaml", "").replace(".yml", "");
        (fixed.chars().filter(|c| c.is_alphanumeric()).count() >= 3).then_some(Self { pieces })
    }

    fn matches(&self, path: &str) -> bool {
        let Some((last, first)) = self.pieces.split_last() else { return false };
        let ends =
            if last.contains(".y") { path.strip_suffix(last.as_str()) } else { find_after(path, last) };
        let mut rest = match ends {
            Some(_) if first.is_empty() => return true,
            Some(rest) if last.contains(".y") => rest,
            Some(_) => path,
            None => return false,
        };
        first.iter().all(|piece| match find_after(rest, piece) {
            Some(after) => {
                rest = after;
                true
            }
            None => false,
        })
    }
}

/// What follows the first occurrence of a piece that starts a name: `test-values.yaml` has no `values.yaml`.
fn find_after<'t>(text: &'t str, piece: &str) -> Option<&'t str> {
    let starts = |at: usize| {
        let before = text.get(..at).and_then(|it| it.chars().next_back());
        before.is_none_or(|c| !c.is_alphanumeric()) || !piece.starts_with(char::is_alphanumeric)
    };
    text.match_indices(piece).find(|(at, _)| starts(*at)).and_then(|(at, _)| text.get(at + piece.len()..))
}

/// The words of a text that have variable parts and may be names of values files.
fn patterns(text: &str) -> Vec<Pattern> {
    let possible = |line: &&str| {
        line.contains(['$', '{', '*', '%', '<']) && (line.contains("values") || line.contains(".y"))
    };
    let mut found = Vec::new();
    for line in text.lines().filter(possible) {
        let filled = punch(line);
        let separates =
            |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '=' | '(' | ')' | '`' | ';');
        found.extend(filled.split(separates).filter_map(Pattern::of));
    }
    found
}

/// A line with holes where something is filled in.
fn punch(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let close = ["{{", "${{", "${", "$(", "<%"].into_iter().find(|open| rest.starts_with(open));
        let end = match close {
            Some("{{" | "${{") => rest.find("}}").map(|at| at + 2),
            Some("${") => rest.find('}').map(|at| at + 1),
            Some("$(") => rest.find(')').map(|at| at + 1),
            Some(_) => rest.find("%>").map(|at| at + 2),
            None if first == '$' => {
                let name = rest.get(1..).unwrap_or_default();
                let name = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
                Some(1 + name)
            }
            None if first == '<' => rest.find('>').map(|at| at + 1),
            None if matches!(first, '{' | '[') => rest.find(['}', ']']).map(|at| at + 1),
            None if first == '*' => Some(1),
            None if rest.starts_with("%s") => Some(2),
            None => None,
        };
        match end.and_then(|end| rest.get(end..)) {
            Some(after) => {
                out.push(HOLE);
                rest = after;
            }
            None => {
                out.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_what_they_may_name() {
        for (line, path, want) in [
            ("helm template -f values-$ENV.yaml .", "deploy/values-prod.yaml", true),
            ("helm template -f values/${ENV}.yaml .", "a/values/prod.yaml", true),
            ("- values/{{ .env }}/{{ .name }}.yaml", "values/prod/shop.yaml", true),
            ("- values/{{ .env }}/{{ .name }}.yaml", "other/prod/shop.yaml", false),
            ("- '$values/{{ .path.path }}/values.yaml'", "deploy/shop/values.yaml", true),
            ("- '{{ .env }}-values.yaml'", "deploy/prod-values.yaml", true),
            ("- '{{ .env }}-values.yaml'", "deploy/values.yaml", false),
            ("for f in values/*; do", "values/shop.yaml", true),
            ("paths: ['**/*.yaml']", "values/shop.yaml", false),
            ("- values.yaml", "values/shop.yaml", false),
        ] {
            let found = patterns(line).iter().any(|pattern| pattern.matches(path));
            assert_eq!(found, want, "{line} {path}");
        }
    }
}
