//! `duplicate-key`: see the page.

use crate::finding::ProblemKind;
use crate::origin::Place;
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Stream, YamlProblemKind};

meta!("duplicate-key", "yaml", Warning, Recommended, "0.1.0", "A mapping has the same key twice.");

pub(crate) struct DuplicateKey;

impl Rule for DuplicateKey {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, _: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        // What values for a test of a chart make is never deployed.
        if cx.is_test_release() {
            return;
        }
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
            cx.report_at(
                at.at,
                format!("the key `{key}` is rendered twice: the last one wins, or the object is refused"),
            )
            .related_at(other.at, "the other one")
            .help("remove one of them");
        }
    }

    fn check_file(&self, file: &Stream, cx: &mut Context<'_>) {
        for problem in file.problems.iter().filter(|problem| problem.kind == YamlProblemKind::DuplicateKey) {
            let key = file.file.slice(problem.at).trim();
            // Merges add up: nothing is lost.
            if key == "<<" {
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
            report.help("remove one of them, or merge what is below");
        }
    }
}
