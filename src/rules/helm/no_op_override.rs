//! `no-op-override`: see the page.

use std::collections::BTreeMap;

use crate::repo::{AppId, Inventory, Status};
use crate::rules::no_ops::is_read_by_others;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::Span;
use crate::yaml::edit;

meta!(
    "no-op-override",
    "helm",
    Note,
    Strict,
    "0.1.0",
    "A values file sets what the file below it sets already."
);

pub(crate) struct NoOpOverride;

impl Rule for NoOpOverride {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let mut redundant: BTreeMap<Span, (Span, Vec<AppId>)> = BTreeMap::new();
        for app in &inventory.apps {
            for value in &app.redundant_values {
                redundant.entry(value.at).or_insert((value.below, Vec::new())).1.push(app.app.id);
            }
        }
        for (at, (below, apps)) in redundant {
            let Some(file) = cx.sources().get(at.file) else { continue };
            let Some(path) = file.path().cloned() else { continue };
            // Where the file stands alone, or over another value, the line is needed.
            let failed = |app: &AppId| inventory.app(*app).is_some_and(|app| app.status == Status::Failed);
            let needed = apps.iter().any(failed) || is_read_by_others(inventory, &path, &apps);
            if needed {
                continue;
            }
            let stream = cx.workspace.cache.stream(&file);
            let Some((location, _)) = edit::locate_value(&stream, at) else { continue };
            let Some(key) = edit::key_span(&stream, &location) else { continue };
            let other = cx.sources().get(below.file).map_or_else(String::new, |file| file.name().to_string());
            let message = format!("`{}` has this value in {other} already", file.slice(key));
            // A key that is left without a value deletes what the file below has there.
            let alone = edit::siblings(&stream, &location) == 0;
            let help = if alone { "delete it, and the key above it that is empty then" } else { "delete it" };
            let report = cx.report_at(key, message).related_at(below, "the same value, one layer below");
            report.apps(apps).help(help).mend(|at, mender| mender.delete(at));
        }
    }
}
