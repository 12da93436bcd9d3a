//! The fields that Flux's kinds have. What is not among them is dropped by the API server, or makes it refuse the object.

use std::sync::LazyLock;

use crate::k8s::{FieldTypes, UnknownField};
use crate::yaml::Node;

static TYPES: LazyLock<FieldTypes> = LazyLock::new(|| {
    // Selectors and references have names and namespaces too, which say nothing about a misplaced one.
    FieldTypes::parse(include_str!("fields.txt"), |path| {
        let last = path.rsplit('.').next().unwrap_or(path);
        matches!(
            last,
            "spec"
                | "postBuild"
                | "chart"
                | "commonMetadata"
                | "decryption"
                | "install"
                | "upgrade"
                | "remediation"
                | "ref"
        )
    })
});

/// The fields of a Kustomization, HelmRelease or source that no version of its schema has, in written order.
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
            (
                "Kustomization",
                "spec: {dependOn: []}",
                Some(("spec", "dependOn", Some(Meant::Name("dependsOn")))),
            ),
            (
                "Kustomization",
                "spec: {substitute: {}}",
                Some(("spec", "substitute", below("spec.postBuild"))),
            ),
            ("Kustomization", "spec: {postBuild: {substitute: {ANY: x}}}", None),
            (
                "Kustomization",
                "spec: {postBuild: {wait: true}}",
                Some(("spec.postBuild", "wait", below("spec"))),
            ),
            (
                "Kustomization",
                "spec: {healthChecks: [{kind: X, namepace: y}]}",
                Some(("spec.healthChecks", "namepace", Some(Meant::Name("namespace")))),
            ),
            ("HelmRelease", "spec: {values: {any: {thing: 1}}}", None),
            (
                "HelmRelease",
                "spec: {chart: {spec: {chart: x, sourceRef: {name: y}, verson: z}}}",
                Some(("spec.chart.spec", "verson", Some(Meant::Name("version")))),
            ),
            ("HelmRelease", "spec: {install: {values: {}}}", Some(("spec.install", "values", below("spec")))),
            ("GitRepository", "spec: {branch: main}", Some(("spec", "branch", below("spec.ref")))),
            ("OCIRepository", "spec: {ref: {tag: x}, layerSelector: {mediaType: y, operation: copy}}", None),
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
