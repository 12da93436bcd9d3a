//! `unknown-project`: see the page.

use std::collections::BTreeSet;

use crate::argocd::Application;
use crate::finding::Confidence;
use crate::near::did_you_mean;
use crate::repo::{AppEntry, Inventory, Labels, Spec};
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
        let used: BTreeSet<&str> = inventory.apps.iter().filter_map(firm).map(project_name).collect();
        for entry in &inventory.apps {
            let Some(application) = firm(entry) else { continue };
            let name = project_name(application);
            let path = entry.app.path.as_ref();
            let meant = projects.iter().filter(|it| it.may_be_meant(path));
            let names: BTreeSet<&str> = meant.map(|it| it.project.name.as_str()).collect();
            // Where no project of this repository is used, projects are made elsewhere.
            if !names.iter().any(|name| *name != "default" && used.contains(name)) {
                continue;
            }
            let Some(project) =
                application.project.as_ref().filter(|_| name != "default" && !names.contains(name))
            else {
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
                    "add an AppProject of that name, or declare it under `external:` if it is made elsewhere"
                        .to_owned()
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
            let sure =
                if entry.app.provisional || is_open { Confidence::Likely } else { Confidence::Certain };
            cx.report_labels(labels, format!("nothing defines the project `{name}`"))
                .apps([entry.app.id])
                .help(help)
                .confidence(sure)
                .mend(|at, mender| Some(mender.spell(at, name, meant?)?.changing_apps().not_safe()));
        }
    }
}

/// The Application, where its project is sure: that of a chart which nothing deploys counts if the template says it word for word.
fn firm(entry: &AppEntry) -> Option<&Application> {
    let Spec::Argo(application) = &entry.app.spec else { return None };
    let firm = application.project.as_ref().map_or(!entry.app.provisional, |it| entry.app.is_firm(it.place));
    firm.then_some(application)
}
