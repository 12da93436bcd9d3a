//! The fields that Argo CD's kinds have. What is not among them is dropped by the API server without a word.

use std::sync::LazyLock;

use crate::k8s::{FieldTypes, UnknownField};
use crate::yaml::Node;

/// `source` rather than `sources`, and what people write rather than what the API offers for rare cases.
static TYPES: LazyLock<FieldTypes> = LazyLock::new(|| {
    FieldTypes::parse(include_str!("fields.txt"), |path| {
        let last = path.rsplit('.').next().unwrap_or(path);
        !matches!(last, "operation" | "sourceHydrator")
    })
});

/// The fields of an Application, ApplicationSet or AppProject that its schema does not have, in written order.
pub fn unknown_fields<'a>(kind: &str, object: &'a Node) -> Vec<UnknownField<'a>> {
    TYPES.unknown(kind, object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::Meant;
    use crate::source::Sources;
    use crate::yaml::parse;

    #[test]
    fn finds_unknown_fields() {
        let below = |path: &str| Some(Meant::Below(path.to_owned()));
        for (kind, text, want) in [
            ("Application", "spec: {helm: {}}", Some(("spec", "helm", below("spec.source")))),
            ("Application", "spec: {health: {}}", Some(("spec", "health", None))),
            (
                "Application",
                "spec: {source: {repoUrl: x}}",
                Some(("spec.source", "repoUrl", Some(Meant::Name("repoURL")))),
            ),
            (
                "Application",
                "spec: {syncPolicy: {automated: {syncOptions: []}}}",
                Some(("spec.syncPolicy.automated", "syncOptions", below("spec.syncPolicy"))),
            ),
            ("Application", "spec: {source: {helm: {valuesObject: {any: thing}}}}", None),
            ("Application", "metadata: {labels: {any: thing}}", None),
            (
                "ApplicationSet",
                "spec: {template: {spec: {sources: [{pth: x}]}}}",
                Some(("spec.template.spec.sources", "pth", Some(Meant::Name("path")))),
            ),
            ("ApplicationSet", "spec: {generators: [{list: {elements: [{any: 1}]}}]}", None),
            ("ApplicationSet", "spec: {template: {spec: {'{{x}}': 1}}}", None),
            ("ConfigMap", "any: thing", None),
        ] {
            let file = Sources::new().add("a.yaml", text.into());
            let root = parse(&file).documents.remove(0).root.unwrap();
            let found = unknown_fields(kind, &root);
            let found =
                found.first().map(|it| (it.parent.as_str(), it.entry.key.text.as_str(), it.meant.clone()));
            assert_eq!(found, want, "{text}");
        }
    }
}
