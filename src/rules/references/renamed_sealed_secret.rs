//! `renamed-sealed-secret`: see the page.

use crate::repo::{Inventory, ObjectFacts, ScannedDocument};
use crate::rules::{Context, Rule, RuleMeta, meta, missing};
use crate::yaml::Node;

meta!(
    "renamed-sealed-secret",
    "references",
    Warning,
    Recommended,
    "0.2.0",
    "A SealedSecret is applied under another name or in another namespace than it was sealed for."
);

pub(crate) struct RenamedSealedSecret;

const GROUP: &str = "bitnami.com";

impl Rule for RenamedSealedSecret {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let sealed = inventory.of_kind("SealedSecret").filter(|it| it.group == GROUP);
        for object in sealed.filter(|it| missing::is_deployed(inventory, it)) {
            let Some(written) = written(inventory, object, cx) else { continue };
            let moved = !written.namespace.is_empty()
                && !object.namespace.is_empty()
                && written.namespace != object.namespace;
            let renamed = written.name != object.name;
            if !moved && !renamed {
                continue;
            }
            let Some(node) = written.node(cx.workspace) else { continue };
            let (what, was, is) = match scope(&node) {
                Scope::Cluster => continue,
                Scope::Namespace if !moved => continue,
                _ if moved => ("in namespace", &written.namespace, &object.namespace),
                _ => ("as", &written.name, &object.name),
            };
            let message = format!(
                "SealedSecret `{}` is sealed {what} `{was}` and applied {what} `{is}`: the controller cannot decrypt it",
                written.name
            );
            let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
            let field = if moved { "metadata.namespace" } else { "metadata.name" };
            let mut object_ref = object.to_ref(cluster);
            object_ref.field = Some(field.to_owned());
            cx.report(object.place, message)
                .apps([object.app])
                .object_ref(object_ref)
                .help(format!(
                    "seal it for what it is applied as (`kubeseal --scope`), or keep the transformer away from it: it is sealed for `{}` in `{}`",
                    written.name, written.namespace
                ))
                .likely();
        }
    }
}

/// The document that an object is written in.
fn written<'a>(
    inventory: &'a Inventory,
    object: &ObjectFacts,
    cx: &Context<'_>,
) -> Option<&'a ScannedDocument> {
    let path = cx.sources().get(object.place.at.file)?.path()?.clone();
    let documents = &inventory.scan.documents;
    let start = documents.partition_point(|it| it.path < path);
    let here = documents.get(start..).unwrap_or_default().iter().take_while(|it| it.path == path);
    let mut sealed = here.filter(|it| it.group == GROUP && it.kind == "SealedSecret");
    let mut all: Vec<&ScannedDocument> = sealed.by_ref().collect();
    // Of several in a file, transformers leave the name as a part.
    if all.len() > 1 {
        all.retain(|it| object.name.contains(it.name.as_str()));
    }
    match all.as_slice() {
        [only] if !only.name.is_empty() => Some(*only),
        _ => None,
    }
}

/// What a SealedSecret may be called and where it may lie (`SealingScope`).
enum Scope {
    Strict,
    Namespace,
    Cluster,
}

fn scope(node: &Node) -> Scope {
    let says = |key: &str| {
        [&["metadata", "annotations", key][..], &["spec", "template", "metadata", "annotations", key]]
            .iter()
            .any(|path| node.at_path(path).and_then(Node::scalar_text) == Some("true"))
    };
    if says("sealedsecrets.bitnami.com/cluster-wide") {
        Scope::Cluster
    } else if says("sealedsecrets.bitnami.com/namespace-wide") {
        Scope::Namespace
    } else {
        Scope::Strict
    }
}
