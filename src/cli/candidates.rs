//! What the shell offers while somebody types: names of rules, apps of the repository around, their objects and fields. The
//! shell asks the program itself (`COMPLETE=bash gitops-lint`).

use std::path::Path;

use clap_complete::CompletionCandidate;

use crate::diff::DANGERS;
use crate::explain::Subject;
use crate::repo;
use crate::rules::Registry;

use super::args::CommonArgs;
use super::open;
use super::place::Place;

/// Names and subjects of rules.
pub(super) fn rules() -> Vec<CompletionCandidate> {
    let registry = here().map_or_else(Registry::built_in, |workspace| Registry::of(&workspace));
    let metas = registry.iter().map(|rule| rule.meta());
    metas
        .map(|meta| CompletionCandidate::new(meta.name.as_str()).help(Some(meta.summary.to_string().into())))
        .collect()
}

/// Names of rules and dangers: whatever has a page.
pub(super) fn pages() -> Vec<CompletionCandidate> {
    let dangers = DANGERS.iter();
    let dangers = dangers.map(|it| CompletionCandidate::new(it.name).help(Some(it.summary.into())));
    rules().into_iter().chain(dangers).collect()
}

/// Apps of the repository that the shell stands in.
pub(super) fn apps() -> Vec<CompletionCandidate> {
    let Some(workspace) = here() else { return Vec::new() };
    let (inventory, _) = repo::analyze(&workspace, &|_, _| ());
    let apps = inventory.apps.iter().map(|entry| &entry.app);
    apps.map(|app| CompletionCandidate::new(&*app.name).help(Some(app.kind.as_str().into()))).collect()
}

/// Objects of the app that was typed before.
pub(super) fn objects() -> Vec<CompletionCandidate> {
    let Some(subject) = typed(0).and_then(|app| Subject::find(&here()?, &app).ok()) else {
        return Vec::new();
    };
    let objects = subject.rendered.objects.iter();
    objects.map(|object| CompletionCandidate::new(format!("{}/{}", object.kind, object.name))).collect()
}

/// Fields of the object that was typed before.
pub(super) fn fields() -> Vec<CompletionCandidate> {
    let subject = typed(0).and_then(|app| Subject::find(&here()?, &app).ok());
    let (Some(subject), Some(object)) = (subject, typed(1)) else { return Vec::new() };
    let Ok(object) = crate::explain::find_object(&subject.rendered, &object) else { return Vec::new() };
    let mut paths = Vec::new();
    collect(&object.node, String::new(), &mut paths);
    paths.into_iter().map(CompletionCandidate::new).collect()
}

fn collect(node: &crate::yaml::Node, path: String, paths: &mut Vec<String>) {
    for entry in node.entries() {
        let dot = if path.is_empty() { "" } else { "." };
        collect(&entry.value, format!("{path}{dot}{}", entry.key.text), paths);
    }
    for (index, item) in node.seq_or_empty().iter().enumerate() {
        collect(item, format!("{path}[{index}]"), paths);
    }
    if !path.is_empty() {
        paths.push(path);
    }
}

fn here() -> Option<repo::Workspace> {
    let place = Place::of_dir(Path::new(".")).ok()?;
    open::workspace(&place.root, &CommonArgs { config: None, trust_config: false, cache_dir: None }).ok()
}

/// The word of that number behind the command, as the shell hands the line over: `gitops-lint -- gitops-lint why APP ...`.
fn typed(number: usize) -> Option<String> {
    let words = std::env::args().skip_while(|word| word != "--").skip(3);
    words.filter(|word| !word.starts_with('-')).nth(number)
}
