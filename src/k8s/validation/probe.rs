//! Probes and hooks of containers.

use crate::k8s::ContainerKind;

use super::at::{At, Found};
use super::pod::Pod;
use super::shape::Shape;

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

pub(super) fn check(container: &At<'_>, kind: ContainerKind, pod: &Pod<'_>, found: &mut Found) {
    if kind == ContainerKind::Ephemeral {
        return;
    }
    let plain_init = kind == ContainerKind::Init && container.text("restartPolicy") != "Always";
    for name in PROBES {
        let Some(probe) = container.get(name).filter(At::is_map) else { continue };
        if plain_init {
            let words =
                format!("an init container cannot have a `{name}` unless its `restartPolicy` is `Always`");
            found.wrong_help(&probe, words, "remove the probe, or make the container a sidecar");
            continue;
        }
        handlers(&probe, name, &["httpGet", "tcpSocket", "grpc", "exec"], found);
        found.positive_or_zero(
            &probe,
            &[
                "initialDelaySeconds",
                "timeoutSeconds",
                "periodSeconds",
                "successThreshold",
                "failureThreshold",
            ],
        );
        if name == "readinessProbe" {
            found.not_with(
                &probe,
                "terminationGracePeriodSeconds",
                "a `readinessProbe` cannot have `terminationGracePeriodSeconds`",
            );
        } else {
            found.range(&probe, "terminationGracePeriodSeconds", 1, i64::MAX);
            if probe.int("successThreshold").is_some_and(|count| count > 1) {
                found.not_with(
                    &probe,
                    "successThreshold",
                    format!("`successThreshold` of a `{name}` must be 1"),
                );
            }
        }
    }
    // Where there must be none, an empty one is one.
    let is_one = |it: &At<'_>| it.node.as_map().is_some() && (plain_init || !it.node.entries().is_empty());
    let Some(lifecycle) = container.get("lifecycle").filter(is_one) else { return };
    if plain_init {
        let words = "an init container cannot have a `lifecycle` unless its `restartPolicy` is `Always`";
        found.wrong(&lifecycle, words);
        return;
    }
    for name in ["postStart", "preStop"] {
        let Some(hook) = lifecycle.get(name).filter(At::is_map) else { continue };
        handlers(&hook, name, &["httpGet", "tcpSocket", "exec", "sleep"], found);
        if let Some(sleep) = hook.get("sleep") {
            let most = pod.spec.int("terminationGracePeriodSeconds").unwrap_or(30);
            if sleep.int("seconds").is_some_and(|seconds| seconds < 0 || seconds > most) {
                let words = format!("`seconds` must be at most the {most} seconds that the pod has to end");
                found.not_with(&sleep, "seconds", words);
            }
        }
    }
}

fn handlers(at: &At<'_>, name: &str, known: &[&'static str], found: &mut Found) {
    let given = at.given(known);
    match given.as_slice() {
        [] => {
            let words = format!("`{name}` says nothing about what to do");
            found.lack(at, "", words, Some("add one of `httpGet`, `tcpSocket`, `grpc` or `exec`"));
        }
        [first, second, ..] => {
            found.wrong(at, format!("`{name}` has both `{first}` and `{second}`: one is allowed"));
        }
        [_] => {}
    }
    if let Some(get) = at.get("httpGet").filter(At::is_map) {
        found.one_of(&get, "scheme", &["HTTP", "HTTPS"]);
        found.port_or_name(&get, "port");
        for header in get.items("httpHeaders") {
            found.fill(&header, &["name"]);
            found.shape(&header, "name", Shape::Header);
        }
    }
    if let Some(socket) = at.get("tcpSocket").filter(At::is_map) {
        found.port_or_name(&socket, "port");
    }
    if let Some(grpc) = at.get("grpc").filter(At::is_map) {
        found.range(&grpc, "port", 1, 65535);
    }
    if let Some(exec) = at.get("exec").filter(At::is_map) {
        found.need(&exec, &["command"]);
    }
}
