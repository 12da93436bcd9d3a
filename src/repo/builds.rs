//! What tools read that build images and deploy them: Skaffold, Tilt, DevSpace. Not what they do with it.

use rustc_hash::FxHashSet;

use super::Workspace;

/// The words of what tools read that put a tag behind the names of the images that they build: Skaffold, Tilt, DevSpace.
pub fn words_of_builds(workspace: &Workspace) -> FxHashSet<String> {
    let is_build = |name: &str| {
        let yaml = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
        name == "Tiltfile" || yaml.is_some_and(|stem| stem.starts_with("skaffold") || stem == "devspace")
    };
    let mut words = FxHashSet::default();
    for path in workspace.tree.files().iter().filter(|file| is_build(file.file_name())) {
        let Ok(file) = workspace.tree.read(path) else { continue };
        let ends = |c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.' | '/');
        words.extend(file.text_or_empty().split(ends).filter(|it| !it.is_empty()).map(str::to_owned));
    }
    words
}
