//! `invalid-sync-wave`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!("invalid-sync-wave", "argocd", Warning, Recommended, "0.1.0", "A sync wave is not a whole number.");

pub(crate) struct InvalidSyncWave;

const WAVE: &str = "argocd.argoproj.io/sync-wave";

impl Rule for InvalidSyncWave {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let wave = object.annotation(WAVE).and_then(|wave| Some((wave, wave.as_str()?)));
        if let Some((node, text)) = wave.filter(|(_, text)| text.parse::<i64>().is_err()) {
            report(object, node, text, cx);
        }
    }
}

fn report(object: &Object, node: &Node, text: &str, cx: &mut Context<'_>) {
    let trimmed = text.trim();
    let help = if trimmed.parse::<i64>().is_ok() {
        format!("write `\"{trimmed}\"`")
    } else {
        "write a whole number, such as `\"5\"` or `\"-1\"`".to_owned()
    };
    cx.report(node.place(), format!("the sync wave `{text}` is not a whole number: wave 0 is used"))
        .object(object, Some("metadata.annotations[argocd.argoproj.io/sync-wave]"))
        .help(help)
        .mend(|at, mender| {
            let number = trimmed.parse::<i64>().is_ok();
            let fix = mender.set(at, text, trimmed).filter(|_| number)?;
            Some(fix.changing(["metadata.annotations"]))
        });
}
