//! `unmatched-named-port`: see the page.

use crate::k8s;
use crate::near::did_you_mean;
use crate::repo::{Inventory, ObjectFacts};
use crate::rules::missing;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::world::{Selectable, World};

meta!(
    "unmatched-named-port",
    "references",
    Error,
    Recommended,
    "0.1.0",
    "A Service sends traffic to a port name that its pods do not have."
);

pub(crate) struct UnmatchedNamedPort;

impl Rule for UnmatchedNamedPort {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        for object in
            inventory.objects.iter().filter(|it| it.is("", "Service") && missing::is_deployed(inventory, it))
        {
            let Some(node) = object.node.as_deref() else { continue };
            let Some(selector) = node.at_path(&["spec", "selector"]).filter(|it| !it.entries().is_empty())
            else {
                continue;
            };
            let pods: Vec<&ObjectFacts> = world
                .labelled(object.app, Selectable::Pods, &object.namespace, selector.entries())
                .filter(|it| {
                    it.pod.as_ref().is_some_and(|pod| k8s::selects_map(selector, &|name| pod.label(name)))
                })
                .collect();
            for (index, port) in node.items(&["spec", "ports"]).iter().enumerate() {
                let Some(target) = port.get("targetPort") else { continue };
                let Some(name) = target.as_str().filter(|name| name.parse::<u16>().is_err()) else {
                    continue;
                };
                let has = |it: &&ObjectFacts| {
                    it.pod.as_ref().is_some_and(|pod| pod.ports.iter().any(|(known, _)| known == name))
                };
                let Some(first) = pods.first().filter(|_| !pods.iter().any(has)) else { continue };
                let known: Vec<&str> = pods
                    .iter()
                    .filter_map(|it| it.pod.as_ref())
                    .flat_map(|pod| &pod.ports)
                    .map(|(name, _)| name.as_str())
                    .filter(|name| !name.is_empty())
                    .collect();
                let close = did_you_mean(name, known.iter().copied());
                let help = match close {
                    Some(close) => format!("did you mean `{close}`?"),
                    None if known.is_empty() => {
                        "the pods name no ports: use the number, or name the container's port".to_owned()
                    }
                    None => format!("the pods have {}", known.join(", ")),
                };
                let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
                let mut object_ref = object.to_ref(cluster);
                object_ref.field = Some(format!("spec.ports[{index}].targetPort"));
                let message = format!(
                    "Service `{}` sends traffic to port `{name}`, which no container of {} `{}` has",
                    object.name, first.kind, first.name
                );
                cx.report(target.place(), message)
                    .apps([object.app])
                    .object_ref(object_ref)
                    .related(first.place, "the selected pods")
                    .help(help)
                    .mend(|at, mender| {
                        Some(mender.spell(at, name, close?)?.changing(["spec.ports"]).not_safe())
                    });
            }
        }
    }
}
