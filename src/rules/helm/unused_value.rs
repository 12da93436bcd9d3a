//! `unused-value`: see the page.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::repo::{AppId, AppKind, IdleValue, Inventory, Spec, Status, Workspace};
use crate::rules::no_ops::is_read_by_others;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::Span;

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
        let words = OnceCell::new();
        let loose = || words.get_or_init(|| words_of_loose_charts(inventory, cx.workspace));
        for (at, (value, mut apps)) in idle {
            let Some(file) = cx.sources().get(at.file) else { continue };
            let Some(path) = file.path().cloned() else { continue };
            // What a chart that is not here is told, stands below its name.
            let partial = |app: &AppId| {
                !value.outer && inventory.app(*app).is_some_and(|app| app.status != Status::Rendered)
            };
            // Copies of one object, generated or built by several overlays, have the values of its text in common.
            let copies = |apps: &[AppId]| {
                let of = |id: &AppId| inventory.app(*id).map(|entry| entry.app.place.at);
                let places: BTreeSet<Span> = apps.iter().filter_map(of).collect();
                let others = places.iter().filter_map(|place| defined.get(place));
                let apps: BTreeSet<AppId> = apps.iter().copied().collect();
                others.flatten().any(|other| !apps.contains(other))
            };
            // What an app of apps tells each of its apps, where a line says it for all of them.
            let said_for_all = |apps: &[AppId]| {
                apps.iter().any(|id| {
                    inventory.app(*id).is_some_and(|entry| {
                        entry.app.parent.is_some() && entry.app.path.as_ref() != Some(&path)
                    })
                })
            };
            let others = |apps: &[AppId]| {
                if value.inline {
                    copies(apps) || said_for_all(apps)
                } else {
                    is_read_by_others(inventory, &path, apps)
                        || !inventory.scan.is_in_chart(&path) && loose().contains(value.last())
                }
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
            // A key such as `on` is a truth value to YAML: it is called as somebody wrote it.
            let written = file.text_or_empty().get(at.start as usize..at.end as usize);
            let (above, last) = value.path.rsplit_once('.').unwrap_or(("", &value.path));
            let path =
                match written.filter(|it| *it != last && BOOLEANS.contains(&it.to_lowercase().as_str())) {
                    Some(written) if above.is_empty() => written.to_owned(),
                    Some(written) => format!("{above}.{written}"),
                    None => value.path.clone(),
                };
            let message = format!("no template reads `{path}`");
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

/// Words that are `true` or `false` as the key of a mapping.
const BOOLEANS: [&str; 6] = ["on", "off", "yes", "no", "y", "n"];

/// What follows a dot in templates of charts that no app of this repository deploys: whoever does may give them shared values.
fn words_of_loose_charts(inventory: &Inventory, workspace: &Workspace) -> FxHashSet<SmolStr> {
    let mut words = FxHashSet::default();
    for entry in
        inventory.apps.iter().filter(|entry| matches!(entry.app.kind, AppKind::Chart | AppKind::Release))
    {
        let dir = match &entry.app.spec {
            Spec::Chart(dir) => dir,
            Spec::Release(release) => &release.chart,
            _ => continue,
        };
        let templates = dir.path.child("templates");
        for path in entry.files.iter().filter(|path| path.starts_with(&templates)) {
            let Ok(file) = workspace.tree.read(path) else { continue };
            let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
            for rest in file.text_or_empty().split('.').skip(1) {
                let word = rest.split(|c| !is_word(c)).next().unwrap_or_default();
                if !word.is_empty() {
                    words.insert(word.into());
                }
            }
        }
    }
    words
}
