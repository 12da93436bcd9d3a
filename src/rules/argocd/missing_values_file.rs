//! `missing-values-file`: see the page.

use std::collections::BTreeSet;

use crate::argocd::{Application, BuildEnv, Source, Target, ValueFile, value_files};
use crate::finding::{Problem, ProblemKind};
use crate::near::did_you_mean;
use crate::repo::{App, Rendered, Workspace};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::{Dir, EntryKind};
use crate::yaml::Node;

meta!(
    "missing-values-file",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "An Application names a values file that does not exist."
);

pub(crate) struct MissingValuesFile;

impl Rule for MissingValuesFile {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let Some(application) = app.application() else { return };
        let mut told = BTreeSet::new();
        for source in &application.sources {
            let flag = |key| source.node.at_path(&["helm", key]).and_then(Node::as_bool).unwrap_or(false);
            if flag("ignoreMissingValueFiles") || is_overridden(application, source, cx.workspace) {
                continue;
            }
            // Where the directory is missing, so is all in it: that is told once.
            let lost = |problem: &Problem| {
                problem.kind == ProblemKind::MissingPath
                    && problem
                        .place
                        .zip(source.path.as_ref())
                        .is_some_and(|(at, path)| at.at == path.place.at)
            };
            if rendered.problems.iter().any(lost) {
                continue;
            }
            let env = BuildEnv::of(application, source);
            for file in value_files(application, source, &env, cx.workspace.remotes()) {
                if report(&file, cx) {
                    told.insert(file.place.at);
                }
            }
        }
        // Patterns that match nothing, schemes that are refused, what `.argocd-source.yaml` names.
        let missing = rendered.problems.iter().filter(|it| it.kind == ProblemKind::MissingValuesFile);
        for problem in missing {
            let Some(place) = problem.place.filter(|place| !told.contains(&place.at)) else { continue };
            let help =
                problem.help.as_deref().unwrap_or("correct the path, or set `ignoreMissingValueFiles: true`");
            cx.report(place, problem.message.clone()).help(help);
        }
    }
}

/// Whether that is all there is to say about the file; references have a rule of their own.
fn report(file: &ValueFile, cx: &mut Context<'_>) -> bool {
    if file.lost_ref {
        return true;
    }
    match &file.target {
        Target::At(_) if file.is_glob() => return false,
        Target::At(dir) if dir.tree.kind(&dir.path) != Some(EntryKind::File) => {
            let message = match dir.tree.kind(&dir.path) {
                None => format!("the values file `{}` does not exist", dir.path),
                Some(_) => format!("`{}` is not a file", dir.path),
            };
            let close = similar(dir);
            let help = match &close {
                Some(name) => format!("did you mean `{name}`?"),
                None => "correct the path, or set `ignoreMissingValueFiles: true`".to_owned(),
            };
            let name = dir.path.file_name();
            cx.report(file.place, message).help(help).mend(|at, mender| {
                Some(
                    mender
                        .spell(at, &file.written, &replaced_end(&file.written, name, &close?)?)?
                        .changing_apps()
                        .not_safe(),
                )
            });
        }
        Target::Outside => {
            let message = format!("`{}` leads out of the repository", file.written);
            cx.report(file.place, message)
                .help("write it relative to the source's path, or from the root with `/`");
        }
        Target::At(_) | Target::UnknownRef(_) | Target::ChartRef => {}
        Target::StandIn(_) | Target::Elsewhere | Target::Remote(_) => return false,
    }
    true
}

/// A path that ends in `name` with another end.
fn replaced_end(path: &str, name: &str, with: &str) -> Option<String> {
    Some(format!("{}{with}", path.strip_suffix(name)?))
}

/// A file beside the missing one, or one of that name one level up, whose path is nearly the same.
fn similar(dir: &Dir) -> Option<String> {
    let parent = dir.path.parent()?;
    let entries = dir.tree.list(&parent).ok()?;
    let names: Vec<&str> = entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::File)
        .map(|entry| entry.name.as_str())
        .collect();
    did_you_mean(dir.path.file_name(), names).map(str::to_owned)
}

/// `.argocd-source.yaml` may replace the list of files.
fn is_overridden(application: &Application, source: &Source, workspace: &Workspace) -> bool {
    let found = workspace.remotes().git(source.repo_url(), source.target_revision());
    let Some(root) = found.dir().filter(|_| source.chart.is_none()) else { return false };
    let names = [".argocd-source.yaml".to_owned(), format!(".argocd-source-{}.yaml", application.name)];
    let at = |name: &String| Some(root.path.join(source.path()).ok()?.child(name));
    names.iter().filter_map(at).any(|path| root.tree.is_file(&path))
}
