//! `broken-values-ref`: see the page.

use std::collections::BTreeMap;

use crate::argocd::{BuildEnv, Target, Text, value_files};
use crate::near::did_you_mean;
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "broken-values-ref",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "A `$ref` in `valueFiles` leads to no source."
);

pub(crate) struct BrokenValuesRef;

impl Rule for BrokenValuesRef {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, _: &Rendered, cx: &mut Context<'_>) {
        let Some(application) = app.application() else { return };
        for source in &application.sources {
            let env = BuildEnv::of(application, source);
            for file in value_files(application, source, &env, cx.workspace.remotes()) {
                let name = file.written.split('/').next().unwrap_or_default().to_owned();
                if file.lost_ref {
                    let read = env.expand(&file.written);
                    let message = format!(
                        "`{name}` means nothing here, since references work in `spec.sources` only: what is read is `{read}`"
                    );
                    cx.report(file.place, message)
                        .help("turn `spec.source` into `spec.sources` with a source that has this `ref`");
                    continue;
                }
                match &file.target {
                    Target::UnknownRef(_) if is_variable(&name) => {
                        let message = format!(
                            "`{name}` is taken for a reference to a source, as everything that begins with `$` is in `spec.sources`"
                        );
                        let written = &file.written;
                        cx.report(file.place, message)
                            .help(format!("write `./{written}`: variables are replaced there"))
                            .mend(|at, mender| {
                                Some(mender.set(at, written, &format!("./{written}"))?.changing_apps())
                            });
                    }
                    Target::UnknownRef(names) => unknown(file.place, &name, names, cx),
                    Target::ChartRef => {
                        let message = format!("`{name}` is a chart, and values cannot be taken from charts");
                        cx.report(file.place, message).help("point the `ref` at a Git repository");
                    }
                    Target::At(_)
                    | Target::StandIn(_)
                    | Target::Elsewhere
                    | Target::Remote(_)
                    | Target::Outside => {}
                }
            }
        }
        if application.multi {
            names(application.sources.iter().filter_map(|source| source.ref_name.as_ref()), cx);
        }
    }
}

/// Whether the name of a reference is a variable of the build environment.
fn is_variable(name: &str) -> bool {
    name.trim_start_matches(['$', '{']).starts_with("ARGOCD_")
}

fn unknown(place: crate::origin::Place, name: &str, names: &[String], cx: &mut Context<'_>) {
    let message = match names {
        [] => format!("`{name}` is referenced, but no source has a `ref`"),
        _ => format!("`{name}` is referenced, but no source has that `ref`"),
    };
    let wanted = name.trim_start_matches('$');
    let close = did_you_mean(wanted, names.iter().map(String::as_str));
    let help = match close {
        Some(known) => format!("did you mean `${known}`?"),
        None => format!("add `ref: {wanted}` to the source that has the values files"),
    };
    cx.report(place, message).help(help).mend(|at, mender| {
        Some(mender.replace_part(at, name, &format!("${}", close?))?.changing_apps().not_safe())
    });
}

/// Names of references must be simple and different.
fn names<'a>(refs: impl Iterator<Item = &'a Text>, cx: &mut Context<'_>) {
    let mut known: BTreeMap<&str, &Text> = BTreeMap::new();
    for name in refs {
        let text = name.value.as_str();
        if text.contains("{{") {
            continue;
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            let message = format!("the `ref` `{text}` has special characters");
            cx.report(name.place, message).help("use letters, digits, `-` and `_` only");
        }
        match known.get(text) {
            Some(first) => {
                let message = format!("two sources have the `ref` `{text}`");
                cx.report(name.place, message)
                    .related(first.place, "the first")
                    .help("give one of them another name");
            }
            None => {
                known.insert(text, name);
            }
        }
    }
}
