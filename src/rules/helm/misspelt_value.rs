//! `misspelt-value`: see the page.

use std::collections::BTreeMap;

use crate::repo::{Inventory, ObjectFacts};
use crate::rules::spellings::Spellings;
use crate::rules::{Context, Rule, RuleMeta, meta, workloads};
use crate::yaml::Node;

meta!(
    "misspelt-value",
    "helm",
    Warning,
    Recommended,
    "0.3.0",
    "A value is spelt unlike in all other releases of the same chart."
);

pub(crate) struct MisspeltValue;

/// What the releases of a chart call their values, and the releases with their values.
type Releases<'a> = (Spellings, Vec<(&'a ObjectFacts, &'a Node)>);

/// The chart of a release, as all releases of it name it.
fn chart(release: &Node) -> Option<&str> {
    let named = release.at_path(&["spec", "chart", "spec", "chart"]);
    named.or_else(|| release.at_path(&["spec", "chartRef", "name"])).and_then(Node::as_str)
}

impl Rule for MisspeltValue {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let mut charts: BTreeMap<&str, Releases<'_>> = BTreeMap::new();
        for object in inventory.of_kind("HelmRelease").filter(|it| it.group == "helm.toolkit.fluxcd.io") {
            let Some(node) = object.node.as_deref() else { continue };
            let (Some(chart), Some(values)) = (chart(node), node.at_path(&["spec", "values"])) else {
                continue;
            };
            let (spellings, releases) = charts.entry(chart).or_default();
            for entry in values.entries() {
                spellings.add(&entry.key.text, entry.key.place());
            }
            releases.push((object, values));
        }
        for (chart, (spellings, releases)) in &charts {
            for slip in spellings.slips(&[]) {
                let is_it = |(_, values): &&(&ObjectFacts, &Node)| {
                    values.entries().iter().any(|entry| entry.key.place() == slip.place)
                };
                let Some((object, values)) = releases.iter().find(is_it) else { continue };
                // Who has both knows the difference.
                if values.get(slip.usual).is_some() {
                    continue;
                }
                let message = format!(
                    "HelmRelease `{}` sets `{}`, which all other releases of `{chart}` spell `{}`",
                    object.name, slip.word, slip.usual
                );
                let field = format!("spec.values.{}", slip.word);
                slip.tell(message, cx)
                    .apps([object.app])
                    .object_ref(workloads::field_ref(inventory, object, &field));
            }
        }
    }
}
