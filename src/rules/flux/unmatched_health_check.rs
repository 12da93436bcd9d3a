//! `unmatched-health-check`: see the page.

use crate::near::did_you_mean;
use crate::origin::Place;
use crate::repo::{AppEntry, Inventory, ObjectFacts};
use crate::rules::flux_apps::{is_deployed, kustomization};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::world::World;
use crate::yaml::Node;

meta!(
    "unmatched-health-check",
    "flux",
    Error,
    Recommended,
    "0.1.0",
    "A health check of a Kustomization waits for an object that does not exist."
);

pub(crate) struct UnmatchedHealthCheck;

impl Rule for UnmatchedHealthCheck {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        for entry in inventory.apps.iter().filter(|entry| is_deployed(inventory, entry)) {
            let Some((kustomization, _)) = kustomization(entry) else { continue };
            // Waiting for everything overrides the list.
            let waits = kustomization.node.at_path(&["spec", "wait"]).and_then(Node::as_bool) == Some(true);
            if waits || kustomization.remote {
                continue;
            }
            for check in
                kustomization.node.get("spec").map(|spec| spec.items(&["healthChecks"])).unwrap_or_default()
            {
                if let Some(check) = Check::read(check) {
                    look(entry, &check, &world, cx);
                }
            }
        }
    }
}

struct Check<'n> {
    group: &'n str,
    kind: &'n str,
    namespace: &'n str,
    name: &'n str,
    place: Place,
}

impl<'n> Check<'n> {
    fn read(node: &'n Node) -> Option<Self> {
        let text = |key| node.get(key).and_then(Node::as_str);
        let api_version = text("apiVersion").unwrap_or_default();
        Some(Self {
            group: api_version.rsplit_once('/').map_or("", |(group, _)| group),
            kind: text("kind")?,
            namespace: text("namespace").unwrap_or_default(),
            name: text("name")?,
            place: node.get("name")?.place(),
        })
    }
}

fn look(entry: &AppEntry, check: &Check<'_>, world: &World<'_>, cx: &mut Context<'_>) {
    let app = entry.app.id;
    let same_kind = |object: &&ObjectFacts| object.group == check.group;
    let named = || world.named(app, check.group, check.kind, check.name).filter(same_kind);
    let is_it = |object: &ObjectFacts| {
        check.namespace.is_empty() || object.namespace.is_empty() || object.namespace == check.namespace
    };
    let fluxs_own = check.group.ends_with(".toolkit.fluxcd.io");
    let open = if fluxs_own { None } else { world.open(app, check.namespace, false) };
    if named().any(is_it)
        || check.name.contains("${")
        || open.is_some()
        || !world.is_closed(app)
        || world.external(check.group, check.kind, check.namespace, check.name).is_some()
        // Operators make workloads that no manifest shows.
        || (!fluxs_own && world.has_operator(app, check.namespace))
    {
        return;
    }
    let elsewhere = named().next();
    let mut close_name = None;
    let help = match elsewhere {
        Some(object) => format!("it is in namespace `{}`", object.namespace),
        None => {
            let all = world.of_kind_in(app, "", check.kind).filter(same_kind);
            let names = all.filter(|it| is_it(it)).map(|it| it.name.as_str());
            close_name = did_you_mean(check.name, names);
            match close_name {
                Some(close) => format!("did you mean `{close}`?"),
                None => "correct the name, or remove the check".to_owned(),
            }
        }
    };
    let message = format!(
        "Kustomization `{}` waits for {} `{}`, which nothing applies: it never becomes ready",
        entry.app.name, check.kind, check.name
    );
    let report = cx.report(entry.app.spot(check.place), message).apps([app]).help(help).mend(|at, mender| {
        Some(mender.set(at, check.name, close_name?)?.changing(["spec.healthChecks"]).not_safe())
    });
    if let Some(object) = elsewhere {
        drop(report.related(object.place, "one of that name is here"));
    }
}
