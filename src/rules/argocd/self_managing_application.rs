//! `self-managing-application`: see the page.

use crate::repo::{AppKind, Inventory, Labels};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "self-managing-application",
    "argocd",
    Note,
    Strict,
    "0.1.0",
    "An Application renders its own definition."
);

pub(crate) struct SelfManagingApplication;

impl Rule for SelfManagingApplication {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        for object in inventory.objects.iter().filter(|object| object.is("argoproj.io", "Application")) {
            let Some(entry) =
                inventory.app(object.app).filter(|entry| entry.app.kind == AppKind::Application)
            else {
                continue;
            };
            let app = &entry.app;
            let same_namespace = app.namespace.is_empty() || object.namespace == app.namespace;
            if object.name != *app.name || !same_namespace {
                continue;
            }
            let labels = Labels::of(app.place, &app.origins, cx.workspace);
            cx.report_labels(labels, format!("the Application `{}` renders itself", app.name))
                .related(object.place, "its own definition")
                .apps([app.id])
                .help("keep its definition out of its source, and apply it once by hand or from a parent");
        }
    }
}
