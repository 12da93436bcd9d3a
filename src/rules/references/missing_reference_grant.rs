//! `missing-reference-grant`: see the page.

use crate::finding::Confidence;
use crate::repo::{Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, meta, missing, workloads};
use crate::world::World;
use crate::yaml::Node;

meta!(
    "missing-reference-grant",
    "references",
    Warning,
    Recommended,
    "0.2.0",
    "A route or Gateway names an object of another namespace that does not permit it."
);

pub(crate) struct MissingReferenceGrant;

const GROUP: &str = "gateway.networking.k8s.io";

/// A reference into another namespace.
struct Crossing<'a> {
    node: &'a Node,
    field: String,
    kind: &'static str,
    name: &'a str,
    namespace: &'a str,
}

impl Rule for MissingReferenceGrant {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        let kinds = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute", "Gateway"];
        let firm = |object: &&ObjectFacts| {
            object.group == GROUP
                && missing::is_deployed(inventory, object)
                && inventory.app(object.app).is_some_and(|entry| !entry.app.provisional)
        };
        for object in kinds.iter().flat_map(|kind| inventory.of_kind(kind)).filter(firm) {
            for crossing in crossings(object) {
                let target = || world.named(object.app, "", crossing.kind, crossing.name);
                let grants: Vec<&ObjectFacts> = world
                    .of_kind_in(object.app, crossing.namespace, "ReferenceGrant")
                    .filter(|it| it.group == GROUP)
                    .collect();
                if grants.iter().any(|grant| grants_it(grant, object, &crossing))
                    || world.external(GROUP, "ReferenceGrant", crossing.namespace, "").is_some()
                {
                    continue;
                }
                let near = grants.iter().find(|it| it.namespace == crossing.namespace);
                let open = world.open(object.app, crossing.namespace, false).is_some();
                // Charts that are not here seldom bring grants, but who keeps the namespace elsewhere keeps them there.
                let sure = match near {
                    _ if !open => Confidence::Certain,
                    Some(_) => Confidence::Likely,
                    None if target().any(|it| it.namespace == crossing.namespace) => Confidence::Likely,
                    None => continue,
                };
                let message = format!(
                    "{} `{}` names {} `{}` in namespace `{}`, where no ReferenceGrant permits it",
                    object.kind, object.name, crossing.kind, crossing.name, crossing.namespace
                );
                let help = format!(
                    "add a ReferenceGrant in namespace `{}` from {} in `{}` to {}",
                    crossing.namespace, object.kind, object.namespace, crossing.kind
                );
                let mut report = cx
                    .report(crossing.node.place(), message)
                    .object_ref(workloads::field_ref(inventory, object, &crossing.field))
                    .apps([object.app])
                    .help(help)
                    .confidence(sure);
                if let Some(near) = near {
                    report = report.related(near.place, "this one permits something else");
                }
            }
        }
    }
}

/// What an object names in other namespaces.
fn crossings(object: &ObjectFacts) -> Vec<Crossing<'_>> {
    let Some(node) = object.node.as_deref() else { return Vec::new() };
    let mut found = Vec::new();
    let (list, path, kind): (_, &[&str], _) = match object.kind.as_str() {
        "Gateway" => ("listeners", &["tls", "certificateRefs"], "Secret"),
        _ => ("rules", &["backendRefs"], "Service"),
    };
    for (index, item) in node.items(&["spec", list]).iter().enumerate() {
        for (number, reference) in item.items(path).iter().enumerate() {
            let field = format!("spec.{list}[{index}].{}[{number}].namespace", path.join("."));
            found.extend(crossing(object, reference, field, kind));
        }
    }
    found
}

fn crossing<'a>(
    object: &ObjectFacts,
    item: &'a Node,
    field: String,
    kind: &'static str,
) -> Option<Crossing<'a>> {
    let text = |key: &str| item.get(key).and_then(Node::as_str);
    let plain = |text: &&str| !text.is_empty() && !text.contains(['$', '{', '<', '%']);
    let (name, namespace) = (text("name").filter(plain)?, text("namespace").filter(plain)?);
    let crosses = text("group").is_none_or(str::is_empty)
        && text("kind").is_none_or(|it| it == kind)
        && !object.namespace.is_empty()
        && namespace != object.namespace;
    let node = item.get("namespace").filter(|_| crosses)?;
    Some(Crossing { node, field, kind, name, namespace })
}

/// Whether a grant permits it.
fn grants_it(grant: &ObjectFacts, object: &ObjectFacts, crossing: &Crossing<'_>) -> bool {
    let Some(node) = grant.node.as_deref() else { return true };
    let is = |item: &Node, key: &str, wanted: &str| {
        let text = item.get(key).and_then(Node::as_str).unwrap_or_default();
        text == wanted || text.contains(['$', '{'])
    };
    let from = node.items(&["spec", "from"]).iter().any(|it| {
        is(it, "group", GROUP) && is(it, "kind", &object.kind) && is(it, "namespace", &object.namespace)
    });
    let to = node.items(&["spec", "to"]).iter().any(|it| {
        is(it, "group", "")
            && is(it, "kind", crossing.kind)
            && it.get("name").is_none_or(|_| is(it, "name", crossing.name))
    });
    from && to
}
