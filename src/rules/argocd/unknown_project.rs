//! `unknown-project`: see the page.

use std::collections::BTreeSet;

use crate::finding::did_you_mean;
use crate::repo::{Inventory, Labels, Spec};
use crate::rules::projects::{project_name, projects};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "unknown-project",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "An Application belongs to a project that nothing defines."
);

pub(crate) struct UnknownProject;

impl Rule for UnknownProject {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let projects = projects(inventory, cx.workspace);
        let names: BTreeSet<&str> = projects.iter().map(|it| it.project.name.as_str()).collect();
        let uses = |name: &str| {
            inventory.apps.iter().any(|entry| matches!(&entry.app.spec, Spec::Argo(it) if project_name(it) == name))
        };
        // Where no project of this repository is used, projects are made elsewhere.
        if !names.iter().any(|name| *name != "default" && uses(name)) {
            return;
        }
        for entry in &inventory.apps {
            let Spec::Argo(application) = &entry.app.spec else { continue };
            let name = project_name(application);
            let Some(project) = application.project.as_ref().filter(|_| name != "default" && !names.contains(name)) else {
                continue;
            };
            // A chart or another repository could bring it, but hardly one with a name that is a typo of a known one.
            let meant = did_you_mean(name, names.iter().copied());
            let is_open = inventory.is_open_for(entry.app.id, false);
            if name.contains(['{', '<', '$']) || (meant.is_none() && is_open) {
                continue;
            }
            let help = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => {
                    "add an AppProject of that name, or declare it under `external:` if it is made elsewhere".to_owned()
                }
            };
            let is_external = cx.workspace.config.external.iter().any(|it| {
                it.kind.value == "AppProject"
                    && crate::golang::Glob::new(&it.name.value, &[]).is_some_and(|glob| glob.matches(name))
            });
            if is_external {
                continue;
            }
            let labels = Labels::of(project.place, &entry.app.origins, cx.workspace);
            cx.report_labels(labels, format!("nothing defines the project `{name}`")).apps([entry.app.id]).help(help);
        }
    }
}
