//! `unattached-route`: see the page.

use smol_str::SmolStr;

use crate::k8s;
use crate::near::did_you_mean;
use crate::origin::Place;
use crate::repo::{Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, meta, missing, workloads};
use crate::world::World;
use crate::yaml::Node;

meta!(
    "unattached-route",
    "references",
    Warning,
    Recommended,
    "0.2.0",
    "No listener of a Gateway takes a route that names it."
);

pub(crate) struct UnattachedRoute;

const GROUP: &str = "gateway.networking.k8s.io";

/// Why a Gateway does not take a route, and where to look.
struct Refused {
    place: Place,
    words: String,
    help: String,
    /// How far the route got with the listener that took it furthest.
    step: u8,
}

impl Rule for UnattachedRoute {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        let firm = |object: &ObjectFacts| {
            missing::is_deployed(inventory, object)
                && inventory.app(object.app).is_some_and(|entry| !entry.app.provisional)
        };
        let routes = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"];
        for route in routes.iter().flat_map(|kind| inventory.of_kind(kind)).filter(|it| firm(it)) {
            let Some(node) = route.node.as_deref().filter(|_| route.group == GROUP) else { continue };
            for (index, parent) in node.items(&["spec", "parentRefs"]).iter().enumerate() {
                let text = |key: &str| parent.get(key).and_then(Node::as_str);
                let Some(name) = text("name") else { continue };
                let namespace = text("namespace").unwrap_or(&route.namespace);
                if text("kind").is_some_and(|kind| kind != "Gateway")
                    || text("group").is_some_and(|group| group != GROUP)
                    || namespace.is_empty()
                {
                    continue;
                }
                let gateways: Vec<&ObjectFacts> = world
                    .named(route.app, GROUP, "Gateway", name)
                    .filter(|it| it.namespace == namespace)
                    .collect();
                // Where it may be one of several, one that takes the route is enough.
                let refusals: Option<Vec<(&ObjectFacts, Refused)>> = gateways
                    .iter()
                    .map(|gateway| {
                        Some((*gateway, refused(world, gateway, route, parent).filter(|_| firm(gateway))?))
                    })
                    .collect();
                let Some((gateway, refused)) = refusals.and_then(|all| all.into_iter().next()) else {
                    continue;
                };
                let field = format!("spec.parentRefs[{index}]");
                let message = format!("{} `{}` is not attached: {}", route.kind, route.name, refused.words);
                cx.report(refused.place, message)
                    .object_ref(workloads::field_ref(inventory, route, &field))
                    .apps([route.app])
                    .help(refused.help)
                    .related(gateway.place, "this Gateway");
            }
        }
    }
}

/// Why no listener takes the route; `None` where one does, or may.
fn refused(world: World<'_>, gateway: &ObjectFacts, route: &ObjectFacts, parent: &Node) -> Option<Refused> {
    let listeners = gateway.node.as_deref()?.items(&["spec", "listeners"]);
    // A text that something else fills in may be anything.
    let plain =
        |node: &Node| node.scalar_text().filter(|text| !text.contains(['$', '{', '<'])).map(SmolStr::new);
    let names: Vec<SmolStr> = listeners.iter().filter_map(|it| plain(it.get("name")?)).collect();
    if listeners.is_empty() || names.len() != listeners.len() {
        return None;
    }
    let mut chosen: Vec<&Node> = listeners.iter().collect();
    if let Some(section) = parent.get("sectionName").filter(|it| !it.is_null()) {
        let wanted = plain(section)?;
        chosen.retain(|it| it.get("name").and_then(Node::as_str) == Some(wanted.as_str()));
        if chosen.is_empty() {
            let close = did_you_mean(&wanted, names.iter().map(SmolStr::as_str));
            return Some(Refused {
                place: section.place(),
                words: format!("Gateway `{}` has no listener `{wanted}`", gateway.name),
                help: close.map_or_else(
                    || format!("its listeners: {}", names.join(", ")),
                    |close| format!("did you mean `{close}`?"),
                ),
                step: 0,
            });
        }
    }
    if let Some(port) = parent.get("port").filter(|it| !it.is_null()) {
        let wanted = port.as_i64()?;
        chosen.retain(|it| it.get("port").and_then(Node::as_i64).is_none_or(|port| port == wanted));
        if chosen.is_empty() {
            return Some(Refused {
                place: port.place(),
                words: format!("Gateway `{}` has no listener at port {wanted}", gateway.name),
                help: "name a port that a listener has, or leave `port` out".to_owned(),
                step: 0,
            });
        }
    }
    let mut furthest: Option<Refused> = None;
    for listener in chosen {
        let refused = refused_by(world, gateway, route, parent, listener)?;
        if furthest.as_ref().is_none_or(|it| it.step < refused.step) {
            furthest = Some(refused);
        }
    }
    furthest
}

/// Why a listener does not take the route; `None` where it does, or may.
fn refused_by(
    world: World<'_>,
    gateway: &ObjectFacts,
    route: &ObjectFacts,
    parent: &Node,
    listener: &Node,
) -> Option<Refused> {
    let name = listener.get("name").and_then(Node::as_str).unwrap_or_default();
    let of = format!("listener `{name}` of Gateway `{}`", gateway.name);
    let at = parent.get("name").unwrap_or(parent).place();
    let kinds = listener.items(&["allowedRoutes", "kinds"]);
    let protocol = listener.get("protocol").and_then(Node::as_str).unwrap_or_default();
    let takes: &[&str] = match protocol {
        "HTTP" | "HTTPS" => &["HTTPRoute", "GRPCRoute"],
        "TLS" => &["TLSRoute", "TCPRoute"],
        "TCP" => &["TCPRoute", "TLSRoute"],
        "UDP" => &["UDPRoute"],
        _ => &["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"],
    };
    let named = |kind: &Node| kind.get("kind").and_then(Node::as_str) == Some(route.kind.as_str());
    if !takes.contains(&route.kind.as_str()) || (!kinds.is_empty() && !kinds.iter().any(named)) {
        return Some(Refused {
            place: at,
            words: format!("{of} takes no {}", route.kind),
            help: if kinds.is_empty() {
                format!("name a listener of a protocol that takes a {}, not {protocol}", route.kind)
            } else {
                format!("add the {} to `allowedRoutes.kinds` of the listener", route.kind)
            },
            step: 1,
        });
    }
    let namespaces = listener.at_path(&["allowedRoutes", "namespaces"]);
    let from = namespaces.and_then(|it| it.get("from")).and_then(Node::as_str).unwrap_or("Same");
    if route.namespace.is_empty() || gateway.namespace.is_empty() {
        return None;
    }
    let help = format!(
        "say `allowedRoutes.namespaces.from: All` in the listener, or select the namespace `{}`",
        route.namespace
    );
    match from {
        "Same" if route.namespace != gateway.namespace => {
            return Some(Refused {
                place: at,
                words: format!("{of} takes routes of its own namespace `{}` only", gateway.namespace),
                help,
                step: 2,
            });
        }
        "None" => {
            return Some(Refused { place: at, words: format!("{of} takes no routes"), help, step: 2 });
        }
        "Selector" => {
            let selector = namespaces.and_then(|it| it.get("selector"))?;
            let mut known = world
                .named(route.app, "", "Namespace", &route.namespace)
                .filter_map(|it| it.node.as_deref())
                .peekable();
            // Labels of a namespace that is made elsewhere are not known.
            known.peek()?;
            let fits = |namespace: &Node| {
                let labels = namespace.at_path(&["metadata", "labels"]);
                k8s::selects(selector, &|key| match key {
                    "kubernetes.io/metadata.name" => Some(route.namespace.as_str()),
                    key => labels?.get(key)?.scalar_text(),
                })
            };
            if !known.any(fits) {
                return Some(Refused {
                    place: at,
                    words: format!("{of} does not select the namespace `{}`", route.namespace),
                    help: format!("label the namespace `{}` as the listener wants", route.namespace),
                    step: 2,
                });
            }
        }
        _ => {}
    }
    let theirs = listener.get("hostname").and_then(Node::as_str).unwrap_or_default();
    let ours = route.node.as_deref()?.items(&["spec", "hostnames"]);
    // A variable that nobody here knows stands for the same on both sides: `${DOMAIN}` is not `shop.${DOMAIN}`.
    let variable = |text: &str| {
        let (before, name) = text.split_once("${")?;
        (name.ends_with('}') && !before.contains(['$', '{', '<', '%'])).then(|| name.to_owned())
    };
    let shared = variable(theirs)
        .filter(|name| ours.iter().all(|it| it.as_str().and_then(variable).as_ref() == Some(name)));
    let known = |text: &str| !text.is_empty() && (shared.is_some() || !text.contains(['$', '{', '<', '%']));
    if theirs.is_empty()
        || ours.is_empty()
        || !matches!(route.kind.as_str(), "HTTPRoute" | "GRPCRoute" | "TLSRoute")
        || !known(theirs)
        || ours.iter().any(|it| it.as_str().is_none_or(|text| !known(text) || meets(theirs, text)))
    {
        return None;
    }
    let first = ours.first()?;
    Some(Refused {
        place: first.place(),
        words: format!(
            "{of} serves `{theirs}`, which `{}` is not part of",
            first.as_str().unwrap_or_default()
        ),
        help: "name a host that the listener serves, or another listener".to_owned(),
        step: 3,
    })
}

/// Whether two host names, each of which may begin with a wildcard, have one in common.
fn meets(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    match (a.strip_prefix('*'), b.strip_prefix('*')) {
        (None, None) => a == b,
        (Some(end), None) => b.len() > end.len() && b.ends_with(end),
        (None, Some(end)) => a.len() > end.len() && a.ends_with(end),
        (Some(one), Some(other)) => one.ends_with(other) || other.ends_with(one),
    }
}

#[cfg(test)]
mod tests {
    use super::meets;

    #[test]
    fn hosts_meet() {
        for (a, b, want) in [
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("a.example.com", "A.example.com", true),
            ("*.b.example.com", "*.example.com", true),
            ("*.a.com", "*.b.com", false),
            ("*", "a.com", true),
        ] {
            assert_eq!(meets(a, b), want, "{a} {b}");
            assert_eq!(meets(b, a), want, "{b} {a}");
        }
    }
}
