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
        for (at, (value, mut apps)) in idle {
            let Some(file) = cx.sources().get(at.file) else { continue };
            let Ok(path) = TreePath::new(file.name()) else { continue };
            let partial = |app: &AppId| inventory.app(*app).is_some_and(|app| app.status != Status::Rendered);
            // Copies of one object, generated or built by several overlays, have the values of its text in common.
            let copies = |apps: &[AppId]| {
                let of = |id: &AppId| inventory.app(*id).map(|entry| entry.app.place.at);
                let places: BTreeSet<Span> = apps.iter().filter_map(of).collect();
                let mut others = inventory.apps.iter().filter(|entry| places.contains(&entry.app.place.at));
                others.any(|entry| !apps.contains(&entry.app.id))
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
            let values = ["**.helm.values", "**.helm.valuesObject", "spec.values"];
            cx.report_at(at, message).apps(apps).help(help).mend(|at, mender| {
                let last = value.path.rsplit('.').next().unwrap_or_default();
                match value.close.as_deref().map(|close| close.rsplit('.').next().unwrap_or_default()) {
                    Some(close) => Some(mender.spell(at, last, close)?.changing_apps().not_safe()),
                    None => Some(mender.delete(at)?.changing(values)),
                }
            });
        }
    }
}
