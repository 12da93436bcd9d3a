//! `port-mismatch`: see the page.

use crate::k8s::{Container, PodTemplate};
use crate::near::did_you_mean;
use crate::repo::{App, Object, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "port-mismatch",
    "workload",
    Error,
    Recommended,
    "0.1.0",
    "A probe names a port that its container does not have, or a container listens elsewhere than it says."
);

pub(crate) struct PortMismatch;

impl Rule for PortMismatch {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, _: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        for object in &rendered.objects {
            let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { continue };
            for container in pod.containers() {
                probes(object, &pod, &container, cx);
                listener(rendered, object, &pod, &container, cx);
            }
        }
    }
}

fn probes(object: &Object, pod: &PodTemplate<'_>, container: &Container<'_>, cx: &mut Context<'_>) {
    let ports = container.node.items(&["ports"]);
    let names: Vec<&str> = ports.iter().filter_map(|port| port.get("name").and_then(Node::as_str)).collect();
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        for kind in ["httpGet", "tcpSocket"] {
            let Some(node) = container.node.at_path(&[probe, kind, "port"]) else { continue };
            let Some(name) =
                node.as_str().filter(|name| !names.contains(name) && name.parse::<u16>().is_err())
            else {
                continue;
            };
            if name.contains(['$', '{']) {
                continue;
            }
            let message = format!(
                "the {probe} of {} `{}` asks port `{name}`, which the container does not have",
                container.kind.noun(),
                container.name()
            );
            let close = did_you_mean(name, names.iter().copied());
            let help = match close {
                Some(close) => format!("did you mean `{close}`?"),
                None => "name a port of the container, or use its number".to_owned(),
            };
            let field = container.path(pod, &format!("{probe}.{kind}.port"));
            cx.report(node.place(), message).object(object, Some(&field)).help(help).mend(|at, mender| {
                Some(mender.spell(at, name, close?)?.changing([field.as_str()]).not_safe())
            });
        }
    }
}

/// A container that lists one port, while its environment tells it to listen on another.
fn listener(
    rendered: &Rendered,
    object: &Object,
    pod: &PodTemplate<'_>,
    container: &Container<'_>,
    cx: &mut Context<'_>,
) {
    let [port] = container.node.items(&["ports"]) else { return };
    let Some((at, number)) = port.get("containerPort").and_then(|at| Some((at, at.as_i64()?))) else {
        return;
    };
    let own = |name: &str| names_listener(name, container, &object.name);
    let Some((name, value)) = told(rendered, object, container, &own) else { return };
    let Some(listens) = value.scalar().and_then(|text| text.parse::<u16>().ok()).map(i64::from) else {
        return;
    };
    let probed = ["livenessProbe", "readinessProbe", "startupProbe"].iter().any(|probe| {
        ["httpGet", "tcpSocket", "grpc"]
            .iter()
            .any(|kind| container.node.at_path(&[probe, kind, "port"]).and_then(Node::as_i64) == Some(number))
    });
    // What is probed answers, or somebody would have noticed.
    if listens == number || probed || listens == 0 {
        return;
    }
    let message = format!(
        "{} `{}` is told to listen on {listens} (`{name}`), but lists port {number}",
        container.kind.noun(),
        container.name()
    );
    let field = container.path(pod, "ports[0].containerPort");
    cx.report(at.place(), message)
        .likely()
        .object(object, Some(&field))
        .related(value.place(), "the port it is told")
        .help("list the port that the process listens on, and send Services there");
}

/// Whether a variable beside a port names the host that the port belongs to: `SHOP_HOST` beside `SHOP_PORT`. Addresses that a
/// process may listen on are its own.
fn is_of_another<'n>(port: &str, mut beside: impl Iterator<Item = (&'n str, Option<&'n str>)>) -> bool {
    let prefix = port.strip_suffix("PORT").unwrap_or(port);
    let is_host = |name: &str| name.strip_prefix(prefix).is_some_and(|rest| HOSTS.contains(&rest));
    let bound = |value: &str| {
        value.is_empty()
            || value == "*"
            || value.contains("::")
            || ["0.0.0.0", "127.", "localhost"].iter().any(|start| value.starts_with(start))
    };
    beside.any(|(name, value)| is_host(name) && !value.is_some_and(bound))
}

/// What a variable about the host is called, without what its port has in front.
const HOSTS: [&str; 9] = ["HOST", "HOSTNAME", "SERVER", "ADDRESS", "ADDR", "IP", "URL", "DOMAIN", "SERVICE"];

/// Whether a variable says where the container itself listens: `PORT`, or `SHOP_PORT` in the container, workload or image
/// `shop`.
fn names_listener(name: &str, container: &Container<'_>, workload: &str) -> bool {
    let Some(rest) = name.strip_suffix("PORT") else { return false };
    let Some(prefix) = rest.strip_suffix('_') else { return rest.is_empty() };
    let is = |text: &str| {
        text.len() == prefix.len()
            && text.bytes().zip(prefix.bytes()).all(|(a, b)| match a {
                b'-' | b'.' => b == b'_',
                _ => a.eq_ignore_ascii_case(&b),
            })
    };
    let image = container.node.get("image").and_then(Node::as_str).unwrap_or_default();
    let image = image.rsplit('/').next().unwrap_or_default();
    let image = image.split([':', '@']).next().unwrap_or_default();
    is(container.name()) || is(workload) || is(image)
}

/// The variable of the environment that says so: its own, else one of the ConfigMaps of this app that it takes whole.
fn told<'a>(
    rendered: &'a Rendered,
    object: &Object,
    container: &Container<'a>,
    own: &dyn Fn(&str) -> bool,
) -> Option<(&'a str, &'a Node)> {
    let env = container.node.items(&["env"]);
    // What the pod says of itself is its own address.
    let said = |variable: &'a Node| {
        let own = variable.at_path(&["valueFrom", "fieldRef"]).is_some();
        (!own).then_some((variable.get("name")?.as_str()?, variable.get("value").and_then(Node::as_str)))
    };
    let written = env.iter().filter_map(|variable| {
        let name = variable.get("name")?.as_str()?;
        let is_own = own(name) && !is_of_another(name, env.iter().filter_map(said));
        is_own.then_some((name, variable.get("value")?))
    });
    let taken = container.node.items(&["envFrom"]).iter().filter(|it| it.get("prefix").is_none());
    let taken = taken.filter_map(|it| it.at_path(&["configMapRef", "name"])?.as_str());
    let taken = taken.filter_map(|name| {
        let map =
            rendered.named(name).find(|it| it.is("", "ConfigMap") && it.namespace == object.namespace)?;
        let data = map.at(&["data"])?;
        data.entries()
            .iter()
            .find(|entry| {
                let beside = data.entries().iter().map(|it| (it.key.text.as_str(), it.value.as_str()));
                own(&entry.key.text) && !is_of_another(&entry.key.text, beside)
            })
            .map(|entry| (entry.key.text.as_str(), &entry.value))
    });
    written.chain(taken).next()
}
