//! `invalid-ignore-pointer`: see the page.

use crate::repo::{App, Rendered, Spec};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "invalid-ignore-pointer",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "A JSON pointer of `ignoreDifferences` can match nothing."
);

pub(crate) struct InvalidIgnorePointer;

impl Rule for InvalidIgnorePointer {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, _: &Rendered, cx: &mut Context<'_>) {
        let Some((entries, field)) = ignored(app) else { return };
        for entry in entries {
            for pointer in entry.items(&["jsonPointers"]) {
                let Some(text) = pointer.as_str().filter(|text| !text.contains("{{")) else { continue };
                if let Some((message, help)) = wrong(text) {
                    // What is to be written is told where there is one way.
                    let to = help.strip_prefix("write `").and_then(|it| it.strip_suffix('`'));
                    let to = to.filter(|to| to.starts_with('/')).map(ToOwned::to_owned);
                    cx.report(pointer.place(), message)
                        .help(help)
                        .mend(|at, mender| Some(mender.set(at, text, &to?)?.changing([field])));
                }
            }
        }
    }
}

/// What an Application ignores of its objects, or an ApplicationSet of its Applications, and the field that says so.
pub(super) fn ignored(app: &App) -> Option<(&[Node], &'static str)> {
    if let Spec::ArgoSet(set) = &app.spec {
        let entries = set.node.items(&["spec", "ignoreApplicationDifferences"]);
        return Some((entries, "spec.ignoreApplicationDifferences"));
    }
    let entries = app.application()?.node.items(&["spec", "ignoreDifferences"]);
    Some((entries, "spec.ignoreDifferences"))
}

/// What is wrong with a pointer, and what to do.
fn wrong(text: &str) -> Option<(String, String)> {
    if !text.starts_with('/') {
        let message = format!("the JSON pointer `{text}` does not begin with `/`");
        let dotted = text.trim_start_matches('$').trim_start_matches('.');
        let simple = !dotted.is_empty()
            && dotted.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte));
        let help = match simple {
            true if dotted.contains('/') || !dotted.contains('.') => format!("write `/{dotted}`"),
            true => format!("write `/{}`", dotted.replace('.', "/")),
            false => "write `/spec/replicas`, or use `jqPathExpressions`".to_owned(),
        };
        return Some((message, help));
    }
    let bad_escape =
        text.match_indices('~').any(|(at, _)| !matches!(text.as_bytes().get(at + 1), Some(b'0' | b'1')));
    if bad_escape {
        let message = format!("`~` in the JSON pointer `{text}` begins no escape");
        return Some((message, "write `~0` for `~` and `~1` for `/`".to_owned()));
    }
    let parts: Vec<&str> = text.split('/').skip(1).collect();
    // Labels and annotations are flat: whatever looks nested is a key with a slash.
    let flat = parts.windows(2).position(|pair| matches!(pair, ["metadata", "annotations" | "labels"]));
    if let Some((at, key)) =
        flat.and_then(|at| Some((at, parts.get(at + 2..)?))).filter(|(_, key)| key.len() > 1)
    {
        let before = parts.get(..at + 2).unwrap_or_default().join("/");
        let message = format!("`/` in the key `{}` must be escaped in a JSON pointer", key.join("/"));
        return Some((message, format!("write `/{before}/{}`", key.join("~1"))));
    }
    if parts.contains(&"*") || text.contains("[*]") || text.contains("[]") {
        let message = format!("a JSON pointer knows no wildcards: `{text}` matches nothing");
        let jq = text.replace("[*]", "[]").replace("/*", "[]").replace('/', ".");
        return Some((message, format!("use `jqPathExpressions` with `{jq}`")));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_is_wrong() {
        for (text, want) in [
            ("/spec/replicas", None),
            ("/metadata/annotations/example.com~1x", None),
            ("/metadata/annotations", None),
            ("/spec/containers/0/image", None),
            ("spec/replicas", Some("write `/spec/replicas`")),
            (".spec.replicas", Some("write `/spec/replicas`")),
            (
                "/metadata/annotations/kubectl.kubernetes.io/last-applied-configuration",
                Some("write `/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration`"),
            ),
            ("/spec/a~2b", Some("write `~0` for `~` and `~1` for `/`")),
            ("/spec/containers/*/image", Some("use `jqPathExpressions` with `.spec.containers[].image`")),
        ] {
            assert_eq!(wrong(text).map(|(_, help)| help).as_deref(), want, "{text}");
        }
    }
}
