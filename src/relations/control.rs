//! What the objects name that Argo CD and Flux are told by: projects, sources, what they wait for, what they read.
//!
//! The rules about these have the decoded objects; this is for questions about a place in a file, of which nothing need be valid.

use crate::yaml::Node;

use super::collector::{Collector, Reference, flag};

const SOURCES: &str = "source.toolkit.fluxcd.io";

/// Everything that an object of Argo CD or Flux names which is not among its [`references`](super::references).
pub fn control_references(group: &str, kind: &str, object: &Node) -> Vec<Reference> {
    let mut cx = Collector::default();
    let spec = object.get("spec");
    match (group, kind) {
        ("argoproj.io", "Application") => project(&mut cx, spec, "spec"),
        ("argoproj.io", "ApplicationSet") => {
            project(&mut cx, object.at_path(&["spec", "template", "spec"]), "spec.template.spec");
        }
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
            object_ref(&mut cx, object, &["spec", "sourceRef"], "GitRepository");
            depends_on(&mut cx, object, group, kind);
            for (index, from) in object.items(&["spec", "postBuild", "substituteFrom"]).iter().enumerate() {
                values_from(&mut cx, from, &format!("spec.postBuild.substituteFrom[{index}]"));
            }
            for path in [["decryption", "secretRef"], ["kubeConfig", "secretRef"]] {
                secret(&mut cx, object, &[&["spec"], path.as_slice()].concat());
            }
            secret_account(&mut cx, spec);
        }
        ("helm.toolkit.fluxcd.io", "HelmRelease") => {
            object_ref(&mut cx, object, &["spec", "chart", "spec", "sourceRef"], "HelmRepository");
            object_ref(&mut cx, object, &["spec", "chartRef"], "OCIRepository");
            depends_on(&mut cx, object, group, kind);
            for (index, from) in object.items(&["spec", "valuesFrom"]).iter().enumerate() {
                values_from(&mut cx, from, &format!("spec.valuesFrom[{index}]"));
            }
            secret(&mut cx, object, &["spec", "kubeConfig", "secretRef"]);
            secret_account(&mut cx, spec);
        }
        (SOURCES | "notification.toolkit.fluxcd.io" | "image.toolkit.fluxcd.io", _) => {
            object_ref(&mut cx, object, &["spec", "sourceRef"], "GitRepository");
            for name in ["secretRef", "certSecretRef", "proxySecretRef"] {
                secret(&mut cx, object, &["spec", name]);
            }
            if let Some(provider) = object.at_path(&["spec", "providerRef", "name"]) {
                cx.add(group, "Provider", Some(provider), "spec.providerRef.name".to_owned());
            }
            if let Some(policy) = object.at_path(&["spec", "imageRepositoryRef"]) {
                let field = "spec.imageRepositoryRef.name".to_owned();
                cx.add(group, "ImageRepository", policy.get("name"), field);
            }
        }
        _ => {}
    }
    cx.found
}

fn project(cx: &mut Collector, spec: Option<&Node>, path: &str) {
    cx.add("argoproj.io", "AppProject", spec.and_then(|spec| spec.get("project")), format!("{path}.project"));
}

fn secret(cx: &mut Collector, object: &Node, path: &[&str]) {
    let name = object.at_path(path).and_then(|block| block.get("name"));
    cx.add("", "Secret", name, format!("{}.name", path.join(".")));
}

fn secret_account(cx: &mut Collector, spec: Option<&Node>) {
    let account = spec.and_then(|spec| spec.get("serviceAccountName"));
    cx.add("", "ServiceAccount", account, "spec.serviceAccountName".to_owned());
}

fn values_from(cx: &mut Collector, from: &Node, field: &str) {
    let kind = from.get("kind").and_then(Node::as_str).unwrap_or_default();
    if let Some(reference) = cx.add("", kind, from.get("name"), format!("{field}.name")) {
        reference.optional = flag(from, "optional");
        reference.set_key(from.get("valuesKey"));
    }
}

fn object_ref(cx: &mut Collector, object: &Node, path: &[&str], default: &str) {
    let Some(block) = object.at_path(path) else { return };
    let kind = block.get("kind").and_then(Node::as_str).unwrap_or(default);
    if let Some(reference) = cx.add(SOURCES, kind, block.get("name"), format!("{}.name", path.join("."))) {
        reference.set_namespace(block.get("namespace"));
    }
}

fn depends_on(cx: &mut Collector, object: &Node, group: &str, kind: &str) {
    for (index, item) in object.items(&["spec", "dependsOn"]).iter().enumerate() {
        let field = format!("spec.dependsOn[{index}].name");
        if let Some(reference) = cx.add(group, kind, item.get("name"), field) {
            reference.set_namespace(item.get("namespace"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_it_is_told_by() {
        for (text, want) in [
            (
                "kind: Kustomization\napiVersion: kustomize.toolkit.fluxcd.io/v1\nspec:\n  sourceRef: {kind: GitRepository, name: a, namespace: n}\n  dependsOn: [{name: b}]\n  postBuild: {substituteFrom: [{kind: ConfigMap, name: c}]}\n  decryption: {secretRef: {name: d}}\n",
                vec!["GitRepository/a", "Kustomization/b", "ConfigMap/c", "Secret/d"],
            ),
            (
                "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nspec:\n  chart: {spec: {sourceRef: {kind: HelmRepository, name: a}}}\n  valuesFrom: [{kind: Secret, name: b}]\n",
                vec!["HelmRepository/a", "Secret/b"],
            ),
            (
                "kind: Application\napiVersion: argoproj.io/v1alpha1\nspec: {project: p}\n",
                vec!["AppProject/p"],
            ),
            ("kind: Application\napiVersion: argoproj.io/v1alpha1\nspec: [1]\n", vec![]),
        ] {
            let file = crate::source::Sources::new().add("a.yaml", text.into());
            let stream = crate::yaml::parse(&file);
            let mut root = stream.documents[0].root.clone().unwrap();
            root.canonicalize(crate::yaml::Dialect::Sigs).unwrap();
            let of = |key: &str| root.get(key).and_then(Node::as_str).unwrap().to_owned();
            let (version, kind) = (of("apiVersion"), of("kind"));
            let group = version.split_once('/').unwrap().0;
            let found = control_references(group, &kind, &root);
            let names: Vec<String> = found.iter().map(|it| format!("{}/{}", it.kind, it.name)).collect();
            assert_eq!(names, want, "{text}");
        }
    }
}
