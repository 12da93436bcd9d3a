//! `kustomize-build-failure`: see the page.

use crate::finding::{Confidence, Problem, ProblemKind};
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta, problems};

meta!(
    "kustomize-build-failure",
    "kustomize",
    Error,
    Recommended,
    "0.1.0",
    "A kustomization cannot be built."
);

pub(crate) struct KustomizeBuildFailure;

impl Rule for KustomizeBuildFailure {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        for problem in &rendered.problems {
            if problem.kind == ProblemKind::Kustomize && !rendered.may_follow_from_absence(problem) {
                report(app, rendered, problem, cx);
            }
        }
    }
}

fn report(app: &App, rendered: &Rendered, problem: &Problem, cx: &mut Context<'_>) {
    let restricted = problem.message.contains("is not in or below");
    let help = if restricted {
        "move the file below the kustomization, or build with `--load-restrictor LoadRestrictionsNone`: for Argo CD, set \
         `kustomize.buildOptions` in `argocd-cm`, and keep that ConfigMap in the repository"
    } else {
        "`kustomize build` fails here as well; correct the line"
    };
    // Options that are set where this repository does not show them would allow it.
    let sure =
        (restricted && !cx.workspace.control_plane().settings.is_known()).then_some(Confidence::Likely);
    let message = concise(&problem.message);
    problems::report_one(app, rendered, cx, &Problem { message, ..problem.clone() }, help, sure);
}

/// kustomize's words without the way to them: which kustomization reads which is shown by the places.
fn concise(message: &str) -> String {
    let between = |text: &str, before: &str, after: &str| {
        let (_, rest) = text.split_once(before)?;
        Some(rest.split_once(after)?.0.to_owned())
    };
    let mut inner = message;
    while let Some((_, rest)) = inner.split_once("recursed accumulation of path '") {
        inner = rest.split_once("': ").map_or(rest, |(_, rest)| rest);
    }
    let entry = between(inner, "accumulating resources from '", "'");
    if let Some(file) = between(inner, "security; file '", "' is not in or below") {
        let file = entry.unwrap_or(file);
        return format!("`{file}` is not in or below the directory of the kustomization");
    }
    if inner.trim_end_matches(['"', '\'']).ends_with("no such file or directory") {
        let path = inner.rsplit_once("lstat ").and_then(|(_, rest)| rest.split_once(": no such"));
        let path = entry.or(path.map(|(path, _)| path.trim_start_matches('/').to_owned()));
        if let Some(path) = path {
            return format!("`{path}` does not exist");
        }
    }
    inner.lines().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::concise;

    #[test]
    fn says_what_matters() {
        for (message, want) in [
            (
                "accumulating resources: accumulation err='accumulating resources from 'a.yaml': evalsymlink failure on \
                 '/d/a.yaml' : lstat /d/a.yaml: no such file or directory': must build at directory: not a valid directory: \
                 evalsymlink failure on '/d/a.yaml' : lstat /d/a.yaml: no such file or directory",
                "`a.yaml` does not exist",
            ),
            (
                "accumulating resources: accumulation err='accumulating resources from '../b': '/b' must resolve to a file': \
                 recursed accumulation of path '/b': accumulating resources: accumulation err='accumulating resources from \
                 '../c.yaml': security; file '/c.yaml' is not in or below '/b'': must build at directory: '/c.yaml': file is not \
                 directory",
                "`../c.yaml` is not in or below the directory of the kustomization",
            ),
            (
                "accumulating components: loader.New \"must build at directory: not a valid directory: evalsymlink failure on \
                 '/x/y' : lstat /x: no such file or directory\"",
                "`x` does not exist",
            ),
            ("kustomization.yaml is empty", "kustomization.yaml is empty"),
        ] {
            assert_eq!(concise(message), want);
        }
    }
}
