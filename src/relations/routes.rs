//! Where traffic goes: the Services, gateways and classes that Ingresses, routes and webhooks name.

use crate::yaml::Node;

use super::collector::Collector;

const GATEWAY_API: &str = "gateway.networking.k8s.io";

pub(super) fn references(cx: &mut Collector, group: &str, kind: &str, object: &Node) {
    match (group, kind) {
        ("networking.k8s.io" | "extensions", "Ingress") => ingress(cx, object),
        ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute" | "UDPRoute") => {
            gateway_route(cx, object);
        }
        ("gateway.networking.k8s.io", "Gateway") => {
            let class = object.at_path(&["spec", "gatewayClassName"]);
            cx.add("gateway.networking.k8s.io", "GatewayClass", class, "spec.gatewayClassName".into());
            for (index, listener) in object.items(&["spec", "listeners"]).iter().enumerate() {
                for (item, secret) in listener.items(&["tls", "certificateRefs"]).iter().enumerate() {
                    if secret.get("kind").and_then(Node::as_str).is_none_or(|kind| kind == "Secret") {
                        let field = format!("spec.listeners[{index}].tls.certificateRefs[{item}].name");
                        if let Some(reference) = cx.add("", "Secret", secret.get("name"), field) {
                            reference.set_namespace(secret.get("namespace"));
                            // Made by cert-manager or by hand; the other listeners work without it.
                            reference.optional = true;
                        }
                    }
                }
            }
        }
        ("traefik.io" | "traefik.containo.us", "IngressRoute") => {
            for (index, route) in object.items(&["spec", "routes"]).iter().enumerate() {
                for (item, service) in route.items(&["services"]).iter().enumerate() {
                    let kind = service.get("kind").and_then(Node::as_str).unwrap_or("Service");
                    if kind == "Service" {
                        let field = format!("spec.routes[{index}].services[{item}].name");
                        // `api@internal` and others with an `@` live in another provider of Traefik.
                        if service.get("name").and_then(Node::as_str).is_some_and(|name| name.contains('@')) {
                            continue;
                        }
                        if let Some(reference) = cx.add("", "Service", service.get("name"), field) {
                            reference.set_namespace(service.get("namespace"));
                            reference.set_key(service.get("port"));
                        }
                    }
                }
            }
        }
        ("projectcontour.io", "HTTPProxy") => {
            let proxy = |cx: &mut Collector, holder: &Node, path: &str| {
                for (item, service) in holder.items(&["services"]).iter().enumerate() {
                    let field = format!("{path}.services[{item}].name");
                    if let Some(reference) = cx.add("", "Service", service.get("name"), field) {
                        reference.set_key(service.get("port"));
                    }
                }
            };
            for (index, route) in object.items(&["spec", "routes"]).iter().enumerate() {
                proxy(cx, route, &format!("spec.routes[{index}]"));
            }
            if let Some(tcp) = object.at_path(&["spec", "tcpproxy"]) {
                proxy(cx, tcp, "spec.tcpproxy");
            }
        }
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
        ) => {
            for (index, hook) in object.items(&["webhooks"]).iter().enumerate() {
                let service = hook.at_path(&["clientConfig", "service"]);
                client(cx, service, &format!("webhooks[{index}].clientConfig.service"));
            }
        }
        ("apiregistration.k8s.io", "APIService") => {
            client(cx, object.at_path(&["spec", "service"]), "spec.service");
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            let service = object.at_path(&["spec", "conversion", "webhook", "clientConfig", "service"]);
            client(cx, service, "spec.conversion.webhook.clientConfig.service");
        }
        ("networking.istio.io", "VirtualService") => virtual_service(cx, object),
        ("route.openshift.io", "Route") => {
            let to = object.at_path(&["spec", "to"]);
            if let Some(to) =
                to.filter(|to| to.get("kind").and_then(Node::as_str).is_none_or(|it| it == "Service"))
            {
                cx.add("", "Service", to.get("name"), "spec.to.name".into());
            }
        }
        _ if !crate::k8s::is_built_in(group) => attached(cx, object),
        _ => {}
    }
}

/// Istio: hosts of destinations are Services by short name, or by their DNS name, which [`super::dns`] sees. Hosts that
/// a ServiceEntry makes look like other names, with dots.
fn virtual_service(cx: &mut Collector, object: &Node) {
    for protocol in ["http", "tcp", "tls"] {
        for (index, rule) in object.items(&["spec", protocol]).iter().enumerate() {
            for (item, route) in rule.items(&["route"]).iter().enumerate() {
                let Some(host) = route.at_path(&["destination", "host"]) else { continue };
                if host.as_str().is_none_or(|host| host.contains(['.', '*'])) {
                    continue;
                }
                let field = format!("spec.{protocol}[{index}].route[{item}].destination.host");
                if let Some(reference) = cx.add("", "Service", Some(host), field) {
                    reference.set_key(route.at_path(&["destination", "port", "number"]));
                }
            }
        }
    }
}

fn client(cx: &mut Collector, service: Option<&Node>, path: &str) {
    let Some(service) = service else { return };
    if let Some(reference) = cx.add("", "Service", service.get("name"), format!("{path}.name")) {
        reference.set_namespace(service.get("namespace"));
        reference.set_key(service.get("port"));
    }
}

fn ingress(cx: &mut Collector, object: &Node) {
    let class = object.at_path(&["spec", "ingressClassName"]);
    cx.add("networking.k8s.io", "IngressClass", class, "spec.ingressClassName".into());
    for key in ["defaultBackend", "backend"] {
        backend(cx, object.at_path(&["spec", key]), &format!("spec.{key}"));
    }
    for (index, rule) in object.items(&["spec", "rules"]).iter().enumerate() {
        for (item, path) in rule.items(&["http", "paths"]).iter().enumerate() {
            backend(cx, path.get("backend"), &format!("spec.rules[{index}].http.paths[{item}].backend"));
        }
    }
}

fn backend(cx: &mut Collector, backend: Option<&Node>, path: &str) {
    let Some(backend) = backend else { return };
    if let Some(service) = backend.get("service") {
        let port = service.get("port").and_then(|port| port.get("number").or_else(|| port.get("name")));
        // The AWS load balancer controller reads actions from annotations under this name.
        if port.and_then(Node::as_str) == Some("use-annotation") {
            return;
        }
        if let Some(reference) = cx.add("", "Service", service.get("name"), format!("{path}.service.name")) {
            reference.set_key(port);
        }
    } else if let Some(reference) =
        cx.add("", "Service", backend.get("serviceName"), format!("{path}.serviceName"))
    {
        reference.set_key(backend.get("servicePort"));
    }
}

/// The Gateways that a route names as its parents.
pub(super) fn parents(cx: &mut Collector, parents: &[Node], path: &str) {
    for (index, parent) in parents.iter().enumerate() {
        let text = |key| parent.get(key).and_then(Node::as_str);
        let gateway = text("kind").is_none_or(|kind| kind == "Gateway")
            && text("group").is_none_or(|group| group == GATEWAY_API);
        if gateway {
            let field = format!("{path}[{index}].name");
            if let Some(reference) = cx.add(GATEWAY_API, "Gateway", parent.get("name"), field) {
                reference.set_namespace(parent.get("namespace"));
                reference.set_key(parent.get("sectionName"));
            }
        }
    }
}

/// What a policy of some implementation of the Gateway API is attached to: a Gateway, a route or a Service of its own namespace
/// (GEP-713, GEP-2648).
fn attached(cx: &mut Collector, object: &Node) {
    let one = object.at_path(&["spec", "targetRef"]).map(|target| (target, "spec.targetRef".to_owned()));
    let many = object.items(&["spec", "targetRefs"]).iter().enumerate();
    let many = many.map(|(index, target)| (target, format!("spec.targetRefs[{index}]")));
    for (target, field) in one.into_iter().chain(many) {
        let text = |key| target.get(key).and_then(Node::as_str);
        let (Some(group), Some(kind)) = (text("group"), text("kind")) else { continue };
        let known = group == GATEWAY_API && (kind == "Gateway" || kind.ends_with("Route"));
        if known && let Some(reference) = cx.add(group, kind, target.get("name"), format!("{field}.name")) {
            reference.set_namespace(target.get("namespace"));
            reference.set_key(target.get("sectionName").filter(|_| kind == "Gateway"));
        }
    }
}

fn gateway_route(cx: &mut Collector, object: &Node) {
    parents(cx, object.items(&["spec", "parentRefs"]), "spec.parentRefs");
    for (index, rule) in object.items(&["spec", "rules"]).iter().enumerate() {
        for (item, backend) in rule.items(&["backendRefs"]).iter().enumerate() {
            let text = |key| backend.get(key).and_then(Node::as_str);
            if text("kind").is_none_or(|kind| kind == "Service") && text("group").is_none_or(str::is_empty) {
                let field = format!("spec.rules[{index}].backendRefs[{item}].name");
                if let Some(reference) = cx.add("", "Service", backend.get("name"), field) {
                    reference.set_namespace(backend.get("namespace"));
                    reference.set_key(backend.get("port"));
                }
            }
        }
    }
}
