//! ArtifactGenerators (`source.extensions.fluxcd.io`): which directory of which source an ExternalArtifact is made of.
//!
//! Mirrors `api/v1beta1/artifactgenerator_types.go` of source-watcher. Only copies that keep the layout are followed:
//! then the artifact is a directory of the source, seen from further down.

use crate::yaml::Node;

use super::reference::{ObjectName, identity};

/// Where the content of an artifact comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactOrigin {
    /// The source that is copied from.
    pub source: ObjectName,
    /// The directory of the source that is the root of the artifact.
    pub root: String,
}

/// Whether a generator makes the artifact of that name.
pub fn makes(generator: &Node, artifact: &str) -> bool {
    find(generator, artifact).is_some()
}

fn find<'n>(generator: &'n Node, artifact: &str) -> Option<&'n Node> {
    let artifacts = generator.get("spec")?.items(&["artifacts"]);
    artifacts.iter().find(|it| it.get("name").and_then(Node::as_str) == Some(artifact))
}

/// The sources of a generator.
pub fn sources(generator: &Node) -> Vec<ObjectName> {
    aliases(generator).into_iter().map(|(_, source)| source).collect()
}

fn aliases(generator: &Node) -> Vec<(&str, ObjectName)> {
    let (_, namespace, _) = identity(generator);
    let sources = generator.get("spec").map(|spec| spec.items(&["sources"])).unwrap_or_default();
    let read = |source| {
        let alias = Node::get(source, "alias")?.as_str()?;
        Some((alias, ObjectName::read(source, "GitRepository", &namespace)?))
    };
    sources.iter().filter_map(read).collect()
}

/// What `path` of an artifact is copied from. `None` when it is renamed on the way.
pub fn origin(generator: &Node, artifact: &str, path: &str) -> Option<ArtifactOrigin> {
    let aliases = aliases(generator);
    let path = path.trim_start_matches("./").trim_matches('/');
    let mut found: Option<(usize, ArtifactOrigin)> = None;
    for copy in find(generator, artifact)?.items(&["copy"]) {
        let text = |key| copy.get(key).and_then(Node::as_str);
        let (Some(from), Some(to)) = (text("from"), text("to")) else { continue };
        let Some((alias, from)) = from.strip_prefix('@').and_then(|rest| rest.split_once('/')) else {
            continue;
        };
        let Some(to) = to.strip_prefix("@artifact").map(|to| to.trim_matches('/')) else { continue };
        let from = from.trim_end_matches("**").trim_matches('/');
        let below =
            path == to || to.is_empty() || path.strip_prefix(to).is_some_and(|rest| rest.starts_with('/'));
        let above = path.is_empty() || to.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        // The layout is kept when the source path ends with the path in the artifact.
        let root = match from.strip_suffix(to) {
            Some(root) if root.is_empty() || root.ends_with('/') || to.is_empty() => {
                root.trim_end_matches('/')
            }
            _ => continue,
        };
        let source = aliases.iter().find(|(known, _)| *known == alias).map(|(_, source)| source.clone());
        if let Some(source) = source.filter(|_| below || above)
            && found.as_ref().is_none_or(|(length, _)| *length < to.len())
        {
            found = Some((to.len(), ArtifactOrigin { source, root: root.to_owned() }));
        }
    }
    found.map(|(_, origin)| origin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::{Dialect, parse};

    #[test]
    fn finds_what_artifacts_are_made_of() {
        let text = "\
metadata: {name: g, namespace: flux-system}
spec:
  sources: [{alias: repo, kind: GitRepository, name: flux-system}]
  artifacts:
    - name: same
      copy: [{from: '@repo/apps/shop/', to: '@artifact/apps/shop/'}]
    - name: whole
      copy: [{from: '@repo/infra/**', to: '@artifact/'}]
    - name: parts
      copy:
        - {from: '@repo/apps/base/**', to: '@artifact/base/'}
        - {from: '@repo/apps/prod/**', to: '@artifact/prod/'}
    - name: renamed
      copy: [{from: '@repo/a/**', to: '@artifact/b/'}]
";
        let mut root = parse(&Sources::new().add("a", text.into())).documents.remove(0).root.unwrap();
        root.canonicalize(Dialect::Sigs).unwrap();
        for (artifact, path, want) in [
            ("same", "./apps/shop", Some("")),
            ("whole", "./controllers", Some("infra")),
            ("whole", "", Some("infra")),
            ("parts", "prod", Some("apps")),
            ("parts", "./prod/x", Some("apps")),
            ("renamed", "b", None),
            ("none", "", None),
        ] {
            let found = origin(&root, artifact, path).map(|origin| origin.root);
            assert_eq!(found.as_deref(), want, "{artifact} {path}");
        }
        assert_eq!(sources(&root).len(), 1);
    }
}
