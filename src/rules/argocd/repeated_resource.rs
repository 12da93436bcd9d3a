//! `repeated-resource`: see the page.

use std::collections::BTreeMap;

use crate::repo::{App, AppKind, Object, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "repeated-resource",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "One app renders the same object more than once."
);

pub(crate) struct RepeatedResource;

impl Rule for RepeatedResource {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        // Directories of manifests may be alternatives, of which one is applied.
        if app.kind == AppKind::Manifests {
            return;
        }
        let mut known: BTreeMap<(&str, &str, &str, &str), &Object> = BTreeMap::new();
        for object in rendered.objects.iter().filter(|object| !object.name.is_empty()) {
            let key = (&*object.group, &*object.kind, &*object.namespace, &*object.name);
            let Some(first) = known.insert(key, object) else { continue };
            let namespace =
                if object.namespace.is_empty() { String::new() } else { format!("{}/", object.namespace) };
            let message =
                format!("{} `{namespace}{}` is rendered twice: the last one wins", object.kind, object.name);
            cx.report(object.place(), message)
                .related(first.place(), "the one that is lost")
                .object(object, None)
                .help("remove one of them");
        }
    }
}
