//! `missing-service-port`: see the page.

use crate::near::did_you_mean;
use crate::relations::{self, Reference, Via};
use crate::repo::{AppKind, Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, meta, missing, selectors, workloads};
use crate::world::{Answer, World};
use crate::yaml::Node;

meta!(
    "missing-service-port",
    "references",
    Error,
    Recommended,
    "0.1.0",
    "Traffic is sent to a port that the Service does not have."
);

pub(crate) struct MissingServicePort;

/// The ports of a Service, as numbers and names; none where they are not known. What makes it may be a release of a chart that
/// is known.
fn ports(service: &ObjectFacts, node: &Node, name: &str) -> Vec<(String, String)> {
    if service.is("", "Service") {
        listed(node)
    } else if service.is("helm.toolkit.fluxcd.io", "HelmRelease") {
        relations::service_ports(node, name)
    } else {
        Vec::new()
    }
}

fn listed(service: &Node) -> Vec<(String, String)> {
    let text = |node: Option<&Node>| node.and_then(Node::scalar).map(ToString::to_string).unwrap_or_default();
    service
        .items(&["spec", "ports"])
        .iter()
        .map(|port| (text(port.get("port")), text(port.get("name"))))
        .collect()
}

impl Rule for MissingServicePort {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        monitors(inventory, world, cx);
        for object in &inventory.objects {
            let traffic = |it: &&Reference| it.kind == "Service" && matches!(it.via, Via::Field | Via::Dns);
            for reference in object.references.iter().filter(traffic) {
                let (Some(port), Some(place)) = (&reference.key, reference.key_place) else { continue };
                let Answer::Provided(services, _) = world.look_up(object.app, &object.namespace, reference)
                else {
                    continue;
                };
                // Charts that nothing deploys share a name that stands for theirs.
                let loose = |app| inventory.app(app).is_some_and(|entry| entry.app.kind == AppKind::Chart);
                if services.iter().any(|it| it.app != object.app && loose(it.app) && loose(object.app)) {
                    continue;
                }
                let known: Option<Vec<_>> =
                    services.iter().map(|service| Some((*service, service.node.as_deref()?))).collect();
                let Some(known) = known else { continue };
                let external = |node: &Node| {
                    node.at_path(&["spec", "type"]).and_then(Node::as_str) == Some("ExternalName")
                };
                // The name of a Service without an address of its own stands for the pods, which listen on what they want.
                let pods = |node: &Node| {
                    reference.via == Via::Dns
                        && node.at_path(&["spec", "clusterIP"]).and_then(Node::as_str) == Some("None")
                };
                let has = |service: &ObjectFacts, node: &Node| {
                    let ports = ports(service, node, &reference.name);
                    ports.is_empty() || ports.iter().any(|(number, name)| number == port || name == port)
                };
                if known.iter().any(|(it, node)| external(node) || pods(node) || has(it, node)) {
                    continue;
                }
                let Some((service, node)) = known.first() else { continue };
                let ports: Vec<String> = ports(service, node, &reference.name)
                    .into_iter()
                    .map(
                        |(number, name)| {
                            if name.is_empty() { number } else { format!("{number} (`{name}`)") }
                        },
                    )
                    .collect();
                let message = format!(
                    "{} `{}` sends traffic to port `{port}` of Service `{}`, which has no such port",
                    object.kind, object.name, reference.name
                );
                let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
                let mut object_ref = object.to_ref(cluster);
                object_ref.field = Some(reference.field.to_string());
                let at = node.at_path(&["spec", "ports"]).map_or(service.place, Node::place);
                let report = cx
                    .report(place, message)
                    .apps([object.app])
                    .object_ref(object_ref)
                    .related(at, "its ports")
                    .help(format!("the Service has {}", ports.join(", ")));
                // A text may be read by nobody.
                if reference.via == Via::Dns {
                    let name = &reference.name;
                    let host = format!("{name}.{}", reference.namespace.as_deref().unwrap_or_default());
                    let ends = [".svc.cluster.local", ".svc", ""].map(|end| format!("{host}{end}:{port}"));
                    let [long, short, bare] = &ends;
                    let words: [&str; 5] = [long, short, bare, &format!("{name}:{port}"), &host];
                    drop(report.likely().at_word(&words));
                }
            }
        }
    }
}

/// Endpoints of a ServiceMonitor name a port of the Services that it selects.
fn monitors(inventory: &Inventory, world: World<'_>, cx: &mut Context<'_>) {
    let monitors = inventory.objects.iter().filter(|it| it.is("monitoring.coreos.com", "ServiceMonitor"));
    for object in monitors.filter(|it| missing::is_deployed(inventory, it)) {
        let Some(node) = object.node.as_deref() else { continue };
        let Some(services) = selectors::monitored(&world, object).filter(|it| !it.is_empty()) else {
            continue;
        };
        for (index, endpoint) in node.items(&["spec", "endpoints"]).iter().enumerate() {
            let Some(port) = endpoint.get("port") else { continue };
            let Some(name) = port.as_str() else { continue };
            let all: Vec<String> = services
                .iter()
                .filter_map(|it| it.node.as_deref())
                .flat_map(listed)
                .map(|(_, name)| name)
                .collect();
            if all.iter().any(|known| known == name) {
                continue;
            }
            let Some(first) = services.first() else { continue };
            let named: Vec<&str> = all.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
            let close = did_you_mean(name, named.iter().copied());
            let help = match close {
                Some(close) => format!("did you mean `{close}`?"),
                None if named.is_empty() => "the Service names no ports: give its port a name".to_owned(),
                None => format!("the Service has {}", named.join(", ")),
            };
            let message = format!(
                "ServiceMonitor `{}` scrapes port `{name}` of Service `{}`, which has no such port",
                object.name, first.name
            );
            let object_ref =
                workloads::field_ref(inventory, object, &format!("spec.endpoints[{index}].port"));
            let at = first
                .node
                .as_deref()
                .and_then(|node| node.at_path(&["spec", "ports"]))
                .map_or(first.place, Node::place);
            cx.report(port.place(), message)
                .apps([object.app])
                .object_ref(object_ref)
                .related(at, "its ports")
                .help(help)
                .likely()
                .mend(|at, mender| {
                    Some(mender.spell(at, name, close?)?.changing(["spec.endpoints"]).not_safe())
                });
        }
    }
}
