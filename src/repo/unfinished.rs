//! Overlays that nothing deploys and that cannot be built as they are, on purpose: some program writes a part of them first.

use crate::finding::{Cause, Problem};
use crate::source::{SourceFile, TreePath};

use super::Workspace;
use super::app::{App, Spec};
use super::showcase::{has_tokens, is_template, scaffold};

/// Why the build of an overlay may stop at a file although nobody made a mistake. Nothing for what an app deploys: that is
/// built as it is.
pub(super) fn unfinished(
    app: &App,
    file: &SourceFile,
    problem: &Problem,
    workspace: &Workspace,
) -> Option<String> {
    let Spec::Overlay(dir) = &app.spec else { return None };
    if is_template(file.text_or_empty()) {
        return Some(format!("`{}` is a template, which some program fills in first", file.name()));
    }
    let path = file.path()?.clone();
    if let Some(above) = scaffold_of(&path, workspace) {
        return Some(format!("`{above}` holds templates, which some program fills in first"));
    }
    let tree = &workspace.tree;
    if let Cause::NotFound { path } = problem.cause() {
        if path.ends_with(".clusterserviceversion.yaml") {
            return Some("`operator-sdk generate` writes a part of it first".to_owned());
        }
        if tree.is_file(&dir.path.child("Chart.yaml")) {
            return Some(format!("`{}` is built on what the chart beside it renders", dir.path));
        }
    }
    if problem.message.contains("failed to find unique target") {
        let fleet = std::iter::successors(Some(dir.path.clone()), TreePath::parent)
            .map(|dir| dir.child("fleet.yaml"))
            .find(|path| tree.read(path).is_ok_and(|file| file.text_or_empty().contains("kustomize:")));
        return fleet.map(|path| format!("Fleet applies it to what the chart of `{path}` renders"));
    }
    None
}

/// The directory of templates that a file lies in: by what it is called, and by what it holds.
pub(super) fn scaffold_of(path: &TreePath, workspace: &Workspace) -> Option<TreePath> {
    scaffold(path).filter(|above| holds_templates(above, workspace))
}

/// Whether files below a directory are templates. What it is called says so of some.
fn holds_templates(dir: &TreePath, workspace: &Workspace) -> bool {
    if !dir.file_name().to_lowercase().starts_with("template") {
        return true;
    }
    let is_yaml = |path: &TreePath| path.file_name().ends_with(".yaml") || path.file_name().ends_with(".yml");
    let below = workspace.tree.files().into_iter().filter(|path| path.starts_with(dir) && is_yaml(path));
    below.filter_map(|path| workspace.tree.read(&path).ok()).any(|file| {
        let text = file.text_or_empty();
        is_template(text) || has_tokens(text) || text.contains("{{") && !text.contains("kind: ApplicationSet")
    })
}
