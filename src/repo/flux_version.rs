//! What the repository shows about the controllers of Flux that it installs.

use crate::flux::{self, Bootstrap};

use super::Workspace;
use super::scan::{Scan, ScannedDocument};

/// Finds out what the repository says about the controllers of Flux: how strict they are about variables, and whether a
/// webhook gives Kustomizations more of them than their manifests say.
pub(super) fn find_controllers(bootstrap: &mut Bootstrap, workspace: &Workspace, scan: &Scan) {
    const GATE: &str = "StrictPostBuildSubstitutions=";
    let config = &workspace.config;
    let declared = config.external.iter().filter(|external| external.kind.value == "Variable");
    let declared = declared.map(|external| &external.name).chain(&config.placeholders);
    bootstrap.injected = declared.map(|pattern| pattern.value.clone()).collect();
    if !scan.documents.iter().any(|document| document.group == "kustomize.toolkit.fluxcd.io") {
        return;
    }
    let mut gate = None;
    for file in scan.files.iter().filter_map(|path| workspace.tree.read(path).ok()) {
        let text = file.text_or_empty();
        let hooks =
            text.contains("MutatingWebhookConfiguration") && text.contains("kustomize.toolkit.fluxcd.io");
        if hooks || text.contains("kustomize-mutating-webhook") {
            bootstrap.injected.push("*".into());
        }
        if let Some((_, rest)) = text.split_once(GATE) {
            gate = Some(rest.starts_with("true"));
        }
    }
    let minors = scan.documents.iter().filter_map(|document| minor_of_flux(document, workspace));
    // From v1.9 of kustomize-controller on, which is Flux 2.9, the gate is open unless it is shut.
    bootstrap.minor = minors.min();
    bootstrap.strict = gate.or_else(|| bootstrap.minor.map(|minor| minor >= 9));
}

/// The minor version of Flux 2 that a document installs.
fn minor_of_flux(document: &ScannedDocument, workspace: &Workspace) -> Option<u64> {
    let (group, kind) = (document.group.as_str(), document.kind.as_str());
    let minor = |version: &str| {
        let mut parts = version.trim_start_matches(['v', '~', '^', '=', ' ']).split('.');
        let major = parts.next()?;
        let minor = parts.next()?.parse().ok()?;
        Some((major.to_owned(), minor))
    };
    let of_distribution =
        |version: &str| minor(version).filter(|(major, _)| major == "2").map(|(_, minor)| minor);
    let of_release = |tag: &str| match minor(tag)? {
        (major, minor) if major == "2" => Some(minor),
        (major, _) if major == "0" => Some(0),
        _ => None,
    };
    match (group, kind) {
        ("apps", "Deployment") if document.name == "kustomize-controller" => {
            let node = document.node(workspace)?;
            let containers = node.items(&["spec", "template", "spec", "containers"]).iter();
            let mut images = containers.filter_map(|container| container.get("image")?.as_str());
            let image = images.find(|image| image.contains("kustomize-controller"))?;
            let (_, tag) = image.split('@').next()?.rsplit_once(':')?;
            match minor(tag)? {
                (major, minor) if major == "1" => Some(minor),
                // Before Flux 2.0.
                (major, _) if major == "0" => Some(0),
                _ => None,
            }
        }
        (flux::SOURCE_GROUP, "GitRepository" | "OCIRepository") => {
            let node = document.node(workspace)?;
            let url = flux::source_url(&node)?.trim_end_matches('/').trim_end_matches(".git");
            if !url.ends_with("fluxcd/flux2") && !url.ends_with("/flux-manifests") {
                return None;
            }
            of_release(node.at_path(&["spec", "ref", "tag"])?.as_str()?)
        }
        ("fluxcd.controlplane.io", "FluxInstance") => {
            let node = document.node(workspace)?;
            of_distribution(node.at_path(&["spec", "distribution", "version"])?.as_str()?)
        }
        ("helm.toolkit.fluxcd.io", "HelmRelease") => {
            let node = document.node(workspace)?;
            let path = ["spec", "values", "instance", "distribution", "version"];
            of_distribution(node.at_path(&path)?.as_str()?)
        }
        _ => None,
    }
}
