//! What the two versions of an object say about how it is changed: what is decided by fields that do not differ.

use crate::repo::{AppKind, Object, Workspace};
use crate::yaml::Node;

/// What an object says about its own change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Own {
    /// Its data must not change: `immutable: true` of a ConfigMap or Secret, before and after.
    pub frozen: bool,
    /// It is deleted and made anew where it cannot be changed: by its annotations, or because it is a hook.
    pub anew: bool,
    /// Nobody deletes it with the app that had it: a definition that came from the `crds/` of a chart which Flux installs.
    pub stays: bool,
}

impl Own {
    /// What the versions of an object say; `kind` is that of the app that had it.
    pub(super) fn of(
        (old, new): (Option<&Object>, Option<&Object>),
        kind: Option<AppKind>,
        workspace: &Workspace,
    ) -> Self {
        let is_frozen = |it: &Object| it.node.get("immutable").and_then(Node::as_bool) == Some(true);
        let frozen = [old, new].into_iter().all(|it| it.is_some_and(is_frozen));
        let stays = kind == Some(AppKind::HelmRelease)
            && old.filter(|it| is_definition(it)).is_some_and(|it| is_from_crds(it, workspace));
        Self { frozen, anew: new.is_some_and(is_made_anew), stays }
    }
}

/// Whether an object defines a kind.
pub(super) fn is_definition(object: &Object) -> bool {
    object.is("apiextensions.k8s.io", "CustomResourceDefinition")
}

/// Helm never deletes what lies in `crds/`, as it never updates it.
fn is_from_crds(object: &Object, workspace: &Workspace) -> bool {
    let file = workspace.sources.get(object.node.at.file);
    file.is_some_and(|file| file.name().contains("/crds/"))
}

fn is_made_anew(object: &Object) -> bool {
    let annotation =
        |name: &str| object.node.at_path(&["metadata", "annotations", name]).and_then(Node::as_str);
    let options = annotation("argocd.argoproj.io/sync-options").unwrap_or_default();
    options.split(',').any(|it| matches!(it.trim(), "Force=true" | "Replace=true"))
        || annotation("kustomize.toolkit.fluxcd.io/force")
            .is_some_and(|it| it.eq_ignore_ascii_case("enabled"))
        || ["argocd.argoproj.io/hook", "helm.sh/hook"].into_iter().any(|name| annotation(name).is_some())
}
