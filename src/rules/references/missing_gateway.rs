//! `missing-gateway`: see the page.

use crate::finding::Confidence;
use crate::near::did_you_mean;
use crate::relations::Reference;
use crate::repo::{Inventory, ObjectFacts};
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::world::{Answer, World};
use crate::yaml::Node;

meta!(
    "missing-gateway",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "A route names a Gateway that nothing provides, or that does not take it."
);

pub(crate) struct MissingGateway;

impl Rule for MissingGateway {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        // Where none is defined at all, they are made outside of this repository.
        if !inventory.objects.iter().any(|object| {
            object.group == "gateway.networking.k8s.io" && matches!(object.kind.as_str(), "Gateway")
        }) {
            return;
        }
        refused(inventory, cx);
        let rule = Missing {
            about: &|_, reference| is_gateway(reference),
            known: &|_, _| false,
            help: "name a Gateway that is there; `namespace` defaults to that of the route",
            doubts: false,
            sure: Confidence::Certain,
        };
        missing::report(inventory, cx, &rule);
    }
}

fn is_gateway(reference: &Reference) -> bool {
    reference.group == "gateway.networking.k8s.io" && reference.kind == "Gateway"
}

/// Routes whose Gateway is there and has no such listener, or none that takes routes of other namespaces.
fn refused(inventory: &Inventory, cx: &mut Context<'_>) {
    let world = World::new(inventory, &cx.workspace.config);
    for route in inventory.objects.iter().filter(|it| missing::is_deployed(inventory, it)) {
        for reference in route.references.iter().filter(|it| is_gateway(it)) {
            let Answer::Provided(gateways, _) = world.look_up(route.app, &route.namespace, reference) else {
                continue;
            };
            let known: Vec<(&ObjectFacts, &Node)> =
                gateways.iter().filter_map(|it| Some((*it, it.node.as_deref()?))).collect();
            let refusals = known.iter().map(|(gateway, node)| why_not(route, reference, gateway, node));
            let refusals: Option<Vec<Refusal<'_>>> = refusals.collect();
            let Some(refusal) =
                refusals.filter(|it| it.len() == gateways.len()).and_then(|it| it.into_iter().next())
            else {
                continue;
            };
            let cluster = inventory.app(route.app).map_or("", |entry| entry.app.cluster.as_str());
            let mut object = route.to_ref(cluster);
            object.field = Some(reference.field.to_string());
            cx.report(refusal.place(reference), refusal.words)
                .apps([route.app])
                .object_ref(object)
                .related(refusal.listeners.place(), "its listeners")
                .help(refusal.help);
        }
    }
}

/// Why a Gateway does not take a route.
struct Refusal<'a> {
    listeners: &'a Node,
    /// Whether the name of the listener is to blame.
    listener: bool,
    words: String,
    help: String,
}

impl Refusal<'_> {
    fn place(&self, reference: &Reference) -> crate::origin::Place {
        reference.key_place.filter(|_| self.listener).unwrap_or(reference.place)
    }
}

fn why_not<'a>(
    route: &ObjectFacts,
    reference: &Reference,
    gateway: &ObjectFacts,
    node: &'a Node,
) -> Option<Refusal<'a>> {
    let listeners = node.at_path(&["spec", "listeners"])?;
    let items = node.items(&["spec", "listeners"]);
    let text = |node: &'a Node, path: &[&str]| node.at_path(path).and_then(Node::as_str);
    let name = |listener: &'a Node| text(listener, &["name"]);
    let wanted = reference.key.as_deref();
    // What is not a plain name yet, or may be one of a ListenerSet.
    let open = |text: &str| text.contains(['$', '{']);
    if wanted.is_some_and(open) || items.is_empty() || items.iter().filter_map(name).any(open) {
        return None;
    }
    let meant: Vec<&'a Node> =
        items.iter().filter(|it| wanted.is_none_or(|wanted| name(it) == Some(wanted))).collect();
    if let Some(wanted) = wanted.filter(|_| meant.is_empty()) {
        let known: Vec<&str> = items.iter().filter_map(name).collect();
        let help = match did_you_mean(wanted, known.iter().copied()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!(
                "the Gateway has {}",
                known.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")
            ),
        };
        let words = format!(
            "{} `{}` names listener `{wanted}` of Gateway `{}`, which has no such listener",
            route.kind, route.name, gateway.name
        );
        return Some(Refusal { listeners, listener: true, words, help });
    }
    if route.namespace.is_empty() || gateway.namespace.is_empty() || route.namespace == gateway.namespace {
        return None;
    }
    let is_closed = |listener: &&Node| {
        let from = listener.at_path(&["allowedRoutes", "namespaces", "from"]);
        from.is_none_or(Node::is_null) || matches!(from.and_then(Node::as_str), Some("Same" | "None"))
    };
    meant.iter().all(is_closed).then(|| Refusal {
        listeners,
        listener: false,
        words: format!(
            "Gateway `{}/{}` takes no routes of namespace `{}`, so {} `{}` is not attached to it",
            gateway.namespace, gateway.name, route.namespace, route.kind, route.name
        ),
        help: "set `allowedRoutes: {namespaces: {from: All}}`, or a selector, on the listener".to_owned(),
    })
}
