//! What the rules about images share: matching references against patterns of the configuration.

use crate::config::Text;
use crate::golang::Glob;
use crate::k8s::{Image, PodTemplate};
use crate::repo::{Object, Rendered};
use crate::yaml::Node;

/// An image that some container runs.
pub(super) struct Used<'a> {
    /// The workload.
    pub(super) object: &'a Object,
    /// The path of the field.
    pub(super) field: String,
    /// The field.
    pub(super) node: &'a Node,
    /// What it says.
    pub(super) image: Image<'a>,
}

/// All images of a render whose references can be read.
pub(super) fn used(rendered: &Rendered) -> impl Iterator<Item = Used<'_>> {
    rendered.objects.iter().flat_map(|object| {
        let pod = PodTemplate::of(&object.group, &object.kind, &object.node);
        pod.into_iter().flat_map(move |pod| {
            pod.containers().filter_map(move |container| {
                let node = container.node.get("image")?;
                let image = Image::parse(node.as_str()?).ok()?;
                Some(Used { object, field: container.path(&pod, "image"), node, image })
            })
        })
    })
}

/// `registry/repository`, as patterns name images; Docker Hub's short names are also tried as written.
pub(super) fn full_name(image: &Image<'_>) -> String {
    format!("{}/{}", image.registry, image.repository)
}

/// The patterns, for a help.
pub(super) fn list(patterns: &[Text]) -> String {
    patterns.iter().map(|it| format!("`{}`", it.value)).collect::<Vec<_>>().join(", ")
}

/// Whether some pattern fits an image: `ghcr.io/acme/*`, `*.azurecr.io`, a registry or a folder of it by its name.
pub(super) fn matches_image<'a>(patterns: &'a [Text], image: &Image<'_>) -> Option<&'a Text> {
    let name = full_name(image);
    patterns.iter().find(|pattern| fits(&pattern.value, &name) || fits(&pattern.value, image.repository))
}

fn fits(pattern: &str, name: &str) -> bool {
    let pattern = pattern.trim_end_matches('/');
    let below = name.strip_prefix(pattern).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    below || matches(pattern, name) || matches(&format!("{pattern}/*"), name)
}

/// Whether a glob fits a text; `*` crosses slashes.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    pattern == text || Glob::new(pattern, &[]).is_some_and(|glob| glob.matches(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_registries_and_folders() {
        for (pattern, name, want) in [
            ("ghcr.io", "ghcr.io/acme/shop", true),
            ("ghcr.io/acme", "ghcr.io/acme/shop", true),
            ("ghcr.io/acm", "ghcr.io/acme/shop", false),
            ("*.azurecr.io", "acme.azurecr.io/shop", true),
            ("ghcr.io/*/shop", "ghcr.io/acme/shop", true),
            ("docker.io", "ghcr.io/acme/shop", false),
        ] {
            assert_eq!(fits(pattern, name), want, "{pattern} {name}");
        }
    }
}
