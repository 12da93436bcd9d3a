//! `unused-value`: see the page.

use std::collections::{BTreeMap, BTreeSet};

use crate::repo::{AppId, IdleValue, Inventory, Status};
use crate::rules::no_ops::is_read_by_others;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::{Span, TreePath};

meta!(
    "unused-value",
    "helm",
    Warning,
    Recommended,
    "0.1.0",
    "A value is read by no template of any chart that gets it."
);

pub(crate) struct UnusedValue;

impl Rule for UnusedValue {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let mut idle: BTreeMap<Span, (&IdleValue, Vec<AppId>)> = BTreeMap::new();
        for app in &inventory.apps {
            for value in &app.idle_values {
                idle.entry(value.at).or_insert((value, Vec::new())).1.push(app.app.id);
            }
        }
        let mut defined: BTreeMap<Span, Vec<AppId>> = BTreeMap::new();
        for entry in inventory.apps.iter().filter(|_| !idle.is_empty()) {
            defined.entry(entry.app.place.at).or_default().push(entry.app.id);
        }
        for (at, (value, mut apps)) in idle {
            let Some(file) = cx.sources().get(at.file) else { continue };
            let Ok(path) = TreePath::new(file.name()) else { continue };
            let partial = |app: &AppId| inventory.app(*app).is_some_and(|app| app.status != Status::Rendered);
            // Copies of one object, generated or built by several overlays, have the values of its text in common.
            let copies = |apps: &[AppId]| {
                let of = |id: &AppId| inventory.app(*id).map(|entry| entry.app.place.at);
                let places: BTreeSet<Span> = apps.iter().filter_map(of).collect();
                let others = places.iter().filter_map(|place| defined.get(place));
                let apps: BTreeSet<AppId> = apps.iter().copied().collect();
                others.flatten().any(|other| !apps.contains(other))
            };
            let others = |apps: &[AppId]| {
                if value.inline { copies(apps) } else { is_read_by_others(inventory, &path, apps) }
            };
            let used = apps.iter().any(partial) || others(&apps);
            if used {
                continue;
            }
            apps.dedup();
            let help = match &value.close {
                Some(close) => format!("did you mean `{close}`?"),
                None => "delete it, or look in the chart's values.yaml for the name it has there".to_owned(),
            };
            let message = format!("no template reads `{}`", value.path);
            cx.report_at(at, message).apps(apps).help(help);
        }
    }
}
