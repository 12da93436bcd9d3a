//! `duplicate-key`: see the page.

use std::collections::BTreeSet;

use crate::finding::{ProblemKind, Severity};
use crate::origin::Place;
use crate::repo::{App, AppKind, Object, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::{FileId, Span};
use crate::yaml::{Stream, YamlProblemKind};

meta!("duplicate-key", "yaml", Warning, Recommended, "0.1.0", "A mapping has the same key twice.");

pub(crate) struct DuplicateKey;

impl Rule for DuplicateKey {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        // What values for a test of a chart make is never deployed.
        if cx.is_test_release() {
            return;
        }
        // helm-controller hands what a chart prints to kustomize, which labels it: `mapping key "x" already defined`. Hooks go that way since
        // Helm 4 only.
        let is_hook = |object: &&Object| object.annotation("helm.sh/hook").is_some();
        let hooks: BTreeSet<FileId> =
            rendered.objects.iter().filter(is_hook).map(|object| object.place().at.file).collect();
        let is_refused = |files: [FileId; 2]| {
            app.kind == AppKind::HelmRelease && !files.iter().any(|file| hooks.contains(file))
        };
        for problem in rendered.problems.iter().filter(|problem| problem.kind == ProblemKind::DuplicateKey) {
            let (Some(place), Some((first, _))) = (problem.place, problem.related.first()) else { continue };
            let key = problem.message.split('"').nth(1).unwrap_or_default();
            if key == "<<" {
                continue;
            }
            // Whoever can edit one of the two can mend it; nobody else wants to know.
            let is_ours = |place: Place| cx.workspace.is_editable(place.at.file);
            let (at, other) = if is_ours(place) { (place, *first) } else { (*first, place) };
            if !is_ours(at) || at.at == other.at {
                continue;
            }
            let refused = is_refused([at.at.file, other.at.file]);
            let what = if refused {
                "kustomize, which Flux labels it with, refuses it, and the release fails"
            } else {
                "the last one wins, or the object is refused"
            };
            let message = format!("the key `{key}` is rendered twice: {what}");
            let report =
                cx.report_at(at.at, message).related_at(other.at, "the other one").help("remove one of them");
            if refused {
                report.severity(Severity::Error);
            }
        }
    }

    fn check_file(&self, file: &Stream, cx: &mut Context<'_>) {
        let is_data = cx.is_data(&file.file);
        let joined = joined(file);
        for start in &joined {
            let key = file.file.slice(*start).trim();
            let message = format!(
                "another object begins here with `{key}`, and nothing separates it from the one before: of both, the last keys win"
            );
            let report = cx.report_at(*start, message).help("put a line `---` before it");
            if is_data {
                report.possible();
            }
        }
        for problem in file.problems.iter().filter(|problem| problem.kind == YamlProblemKind::DuplicateKey) {
            let key = file.file.slice(problem.at).trim();
            // Merges add up: nothing is lost.
            if key == "<<" || !joined.is_empty() && is_at_root(problem.at, file) {
                continue;
            }
            let report =
                cx.report_at(problem.at, format!("the key `{key}` is here twice: the last one wins"));
            let report = match &problem.context {
                Some((at, _)) => {
                    report.related_at(*at, "the first, which is lost").mend(|_, mender| mender.delete(*at))
                }
                None => report,
            };
            let report = report.help("remove one of them, or merge what is below");
            // A program whose configuration a generator packs may take a key as often as it comes: Fluent Bit does.
            if is_data {
                report.possible();
            }
        }
    }
}

/// Keys that every manifest begins with.
const MANIFEST: [&str; 2] = ["apiVersion", "kind"];

/// Where manifests begin that nothing separates from the one before: keys at the root that come once more, `apiVersion` and `kind` among
/// them.
fn joined(file: &Stream) -> Vec<Span> {
    let again: Vec<(Span, &str)> = file
        .problems
        .iter()
        .filter(|problem| problem.kind == YamlProblemKind::DuplicateKey && is_at_root(problem.at, file))
        .map(|problem| (problem.at, file.file.slice(problem.at).trim()))
        .collect();
    if !MANIFEST.iter().all(|key| again.iter().any(|(_, known)| known == key)) {
        return Vec::new();
    }
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut starts = Vec::new();
    for (at, key) in again {
        // A key that was seen since the last beginning is of the next object.
        if seen.is_empty() || !seen.insert(key) {
            starts.push(at);
            seen = BTreeSet::from([key]);
        }
    }
    starts
}

/// Whether a key stands at the beginning of its line.
fn is_at_root(at: Span, file: &Stream) -> bool {
    let before = file.file.text_or_empty().get(..at.start as usize).unwrap_or_default();
    before.is_empty() || before.ends_with('\n')
}
