//! `unfetched-secret-object`: see the page.

use crate::near::did_you_mean;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "unfetched-secret-object",
    "references",
    Error,
    Recommended,
    "0.1.0",
    "A SecretProviderClass copies an object into a Secret that it does not fetch."
);

pub(crate) struct UnfetchedSecretObject;

/// Keys of an entry of `objects` that give a file its name.
const NAMES: [&str; 3] = ["objectName", "objectAlias", "fileName"];

impl Rule for UnfetchedSecretObject {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if !object.is("secrets-store.csi.x-k8s.io", "SecretProviderClass") {
            return;
        }
        let Some(objects) = object.at(&["spec", "parameters", "objects"]) else { return };
        let Some(text) = objects.as_str().filter(|text| !text.contains("{{") && !text.contains("${")) else {
            return;
        };
        let fetched = names(text);
        if fetched.is_empty() {
            return;
        }
        for (index, secret) in object.node.items(&["spec", "secretObjects"]).iter().enumerate() {
            for (at, entry) in secret.items(&["data"]).iter().enumerate() {
                let Some(node) = entry.get("objectName") else { continue };
                let Some(name) = node.as_str().filter(|name| !fetched.iter().any(|it| is_file_of(name, it)))
                else {
                    continue;
                };
                let secret = secret.get("secretName").and_then(Node::as_str).unwrap_or_default();
                let message =
                    format!("Secret `{secret}` takes the object `{name}`, which is not among `objects`");
                let close = did_you_mean(name, fetched.iter().copied());
                let help = match close {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => format!("fetched: {}", fetched.join(", ")),
                };
                let field = format!("spec.secretObjects[{index}].data[{at}].objectName");
                cx.report(node.place(), message)
                    .object(object, Some(&field))
                    .related(objects.place(), "what is fetched")
                    .help(help)
                    .mend(|at, mender| {
                        Some(mender.spell(at, name, close?)?.changing(["spec.secretObjects"]).not_safe())
                    });
            }
        }
    }
}

/// Whether a file may hold an object: AWS turns slashes into underscores and takes ARNs apart, Azure numbers the versions.
fn is_file_of(file: &str, object: &str) -> bool {
    let tidy = |text: &str| text.replace('/', "_");
    object.starts_with("arn:")
        || tidy(file) == tidy(object)
        || file.strip_prefix(object).is_some_and(|rest| rest.starts_with('/'))
}

/// The names of all files that the text of `objects` asks for. Its shape differs between providers, its keys do not.
fn names(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for line in text.lines() {
        let line = line.trim_start_matches([' ', '-', '|', '\t']).trim_end();
        let Some((key, value)) = line.split_once(':') else { continue };
        let key = key.trim_matches(['"', '\'', ' ', '{']);
        let value = value.trim().trim_end_matches([',', '}']).trim_matches(['"', '\'', ' ']);
        if NAMES.contains(&key) && !value.is_empty() {
            names.push(value);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_fetched() {
        for (text, want) in [
            ("array:\n  - |\n    objectName: token\n    objectType: secret\n", &["token"][..]),
            (
                "- objectName: \"db\"\n  jmesPath:\n    - path: user\n      objectAlias: db-user\n",
                &["db", "db-user"],
            ),
            ("- resourceName: projects/1/secrets/a\n", &[]),
        ] {
            assert_eq!(names(text), want, "{text}");
        }
        for (file, object, want) in [
            ("a_b", "a/b", true),
            ("a/0", "a", true),
            ("ab", "a", false),
            ("x", "arn:aws:secretsmanager:x", true),
        ] {
            assert_eq!(is_file_of(file, object), want, "{file} {object}");
        }
    }
}
