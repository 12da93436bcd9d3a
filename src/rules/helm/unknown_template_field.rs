//! `unknown-template-field`: see the page.

use std::collections::BTreeSet;

use crate::gotemplate;
use crate::near::did_you_mean;
use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "unknown-template-field",
    "helm",
    Warning,
    Recommended,
    "0.3.0",
    "A template reads a field that Helm does not give it, so it prints nothing there."
);

pub(crate) struct UnknownTemplateField;

/// What a template is given (`pkg/chartutil/values.go`, `pkg/engine/engine.go`).
const GIVEN: [&str; 7] = ["Values", "Release", "Chart", "Files", "Capabilities", "Template", "Subcharts"];

impl Rule for UnknownTemplateField {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let deployed = inventory.apps.iter().filter(|entry| !entry.app.kind.is_loose());
        let templates: BTreeSet<_> = deployed
            .flat_map(|entry| &entry.files)
            .filter(|path| path.as_str().contains("/templates/") || path.as_str().starts_with("templates/"))
            .filter(|path| inventory.scan.is_in_chart(path))
            .collect();
        for path in templates {
            let Ok(file) = cx.workspace.tree.read(path) else { continue };
            let Some(text) = file.text().filter(|text| text.contains("{{")) else { continue };
            // Templates may add to what they are given, and hand it on.
            let adds =
                ["set .", "set $", "merge .", "merge $", "mergeOverwrite .", "mergeOverwrite $", "unset "];
            if !cx.workspace.is_editable(file.id()) || adds.iter().any(|add| text.contains(add)) {
                continue;
            }
            let Ok(trees) = gotemplate::parse(path.as_str(), text, Some(file.id()), &|_| true) else {
                continue;
            };
            let fields = trees.last().map(|tree| tree.fields()).unwrap_or_default();
            let mut told = BTreeSet::new();
            for field in fields {
                let Some(name) = field.names.first().filter(|name| !GIVEN.contains(name)) else { continue };
                // Deeper ones end the execution, which is told where it happens.
                if field.names.len() > 1 || !told.insert(*name) {
                    continue;
                }
                let Some(at) = field.at else { continue };
                let help = match did_you_mean(name, GIVEN.iter().copied()) {
                    Some(close) => format!("did you mean `.{close}`?"),
                    None => format!(
                        "read `.Values.{name}`; or, if the braces are for another program, print them: {{{{ `{{{{ .{name} }}}}` }}}}"
                    ),
                };
                cx.report_at(at, format!("Helm gives templates no `.{name}`: it is always empty"))
                    .apps(inventory.readers(path).to_vec())
                    .help(help);
            }
        }
    }
}
