//! `kustomize-build-failure`: see the page.

use std::collections::BTreeSet;

use crate::finding::{Cause, Confidence, Finding, Fix, Problem, ProblemKind};
use crate::near::did_you_mean;
use crate::repo::{App, AppKind, Inventory, Rendered, Workspace};
use crate::rules::mend::Mender;
use crate::rules::{Context, Rule, RuleMeta, meta, problems};
use crate::source::{Span, TreePath};

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
        let mut fields = BTreeSet::new();
        for problem in &rendered.problems {
            if problem.kind != ProblemKind::Kustomize || rendered.may_follow_from_absence(problem) {
                continue;
            }
            // One field of the configuration, and every object that has it.
            if let Some((field, why)) = field_of(&problem.message)
                && !fields.insert((field, why))
            {
                continue;
            }
            report(app, rendered, problem, cx);
        }
    }

    fn mend_together(&self, findings: &mut [&mut Finding], inventory: &Inventory, workspace: &Workspace) {
        for finding in findings {
            let loose = finding.apps.iter().all(|name| {
                let mut known = inventory.apps_named(name).peekable();
                known.peek().is_some() && known.all(|entry| entry.app.kind.is_loose())
            });
            let file = workspace.sources.get(finding.primary.at.file).filter(|_| loose);
            let dir = file.and_then(|file| file.path()?.parent());
            if dir.is_some_and(|dir| is_part_of_another(&dir, inventory, workspace)) {
                finding.confidence = Confidence::Possible;
            }
        }
    }
}

/// Whether a kustomization is a part that is put together elsewhere: of all that it names nothing is there, and all of it is in a
/// directory of the same name.
fn is_part_of_another(dir: &TreePath, inventory: &Inventory, workspace: &Workspace) -> bool {
    let kustomizations = &inventory.scan.kustomizations;
    let Some(own) = kustomizations.get(dir) else { return false };
    let there = |path: &TreePath| workspace.tree.kind(path).is_some();
    let entries: Vec<&TreePath> = own.resources.iter().chain(&own.files).collect();
    if entries.len() < 2 || entries.iter().any(|entry| there(entry)) {
        return false;
    }
    let below =
        |entry: &TreePath| entry.as_str().strip_prefix(dir.as_str())?.strip_prefix('/').map(str::to_owned);
    let Some(entries) = entries.into_iter().map(below).collect::<Option<Vec<String>>>() else { return false };
    let mut alike =
        kustomizations.keys().filter(|other| *other != dir && other.file_name() == dir.file_name());
    alike.any(|other| entries.iter().all(|entry| other.join(entry).is_ok_and(|path| there(&path))))
}

/// The field that a transformer's configuration names, and why it cannot be used: `considering field 'F' of object O: WHY`.
fn field_of(message: &str) -> Option<(&str, &str)> {
    let (field, rest) = message.strip_prefix("considering field '")?.split_once('\'')?;
    let field = field.rsplit('/').next()?;
    Some((field, rest.rsplit_once("]: ")?.1))
}

fn report(app: &App, rendered: &Rendered, problem: &Problem, cx: &mut Context<'_>) {
    let restricted = matches!(problem.cause(), Cause::Outside { .. });
    let help = if restricted {
        "move the file below the kustomization, or build with `--load-restrictor LoadRestrictionsNone`: for Argo CD, set \
         `kustomize.buildOptions` in `argocd-cm`, and keep that ConfigMap in the repository"
    } else if is_left_out(app, problem, cx) {
        "the file is there, and Flux does not take it along: `.sourceignore` and `spec.ignore` of the source say what is left out, and \
         where neither has a pattern, pictures and archives are"
    } else {
        "`kustomize build` fails here as well; correct the line"
    };
    // Options that are set where this repository does not show them would allow it.
    let sure =
        (restricted && !cx.workspace.control_plane().settings.is_known()).then_some(Confidence::Likely);
    let message = concise(problem);
    let workspace = cx.workspace;
    let report = problems::report_one(app, rendered, cx, &Problem { message, ..problem.clone() }, help, sure);
    report.mend(|at, mender| entry(problem, at, mender, workspace));
}

/// Fields whose entries name resources: without one that is not there, the rest can be built.
const LISTS: [&str; 3] = ["bases", "components", "resources"];

/// An entry that names nothing: with the name of what lies there and is called alike, or else without it. Either way something is applied
/// that was not, since nothing was.
fn entry(problem: &Problem, at: Span, mender: Mender<'_>, workspace: &Workspace) -> Option<Fix> {
    let Cause::NotFound { .. } = problem.cause() else { return None };
    let text = mender.written(at, |node| node.scalar().cloned())?;
    let (below, name) = text.trim_end_matches('/').rsplit_once('/').unwrap_or((".", &text));
    let own = workspace.sources.get(at.file)?.path()?.parent()?;
    let listed = workspace.tree.list(&own.join(below).ok()?).unwrap_or_default();
    let fix = match did_you_mean(name, listed.iter().map(|entry| entry.name.as_str())) {
        Some(near) if below == "." && !text.starts_with("./") => mender.set(at, &text, near)?,
        Some(near) => mender.set(at, &text, &format!("{below}/{near}"))?,
        None => mender
            .delete_item(at)
            .filter(|_| mender.root_key(at).is_some_and(|key| LISTS.contains(&key.as_str())))?,
    };
    Some(fix.changing_apps().not_safe())
}

/// Whether a file that a Kustomization of Flux misses is one that source-controller does not take along.
fn is_left_out(app: &App, problem: &Problem, cx: &Context<'_>) -> bool {
    let Cause::NotFound { path } = problem.cause() else { return false };
    app.kind == AppKind::Kustomization
        && TreePath::new(path.trim_start_matches('/')).is_ok_and(|path| cx.workspace.tree.is_file(&path))
}

/// kustomize's words without the way to them: which kustomization reads which is shown by the places.
fn concise(problem: &Problem) -> String {
    match problem.cause() {
        Cause::NotFound { path } => format!("`{path}` does not exist"),
        Cause::Outside { path } => format!("`{path}` is not in or below the directory of the kustomization"),
        _ => problem.brief().lines().collect::<Vec<_>>().join(" "),
    }
}
