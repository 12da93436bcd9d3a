//! `mutable-image-tag`: see the page.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::finding::{Confidence, Finding, Fix, Severity};
use crate::k8s::{Image, PodTemplate};
use crate::repo::{self, Inventory, Object, Workspace};
use crate::rules::mend::Mender;
use crate::rules::{Context, Rule, RuleMeta, images, meta};
use crate::source::Span;

meta!(
    "mutable-image-tag",
    "workload",
    Warning,
    Recommended,
    "0.1.0",
    "An image has no tag, or one that moves."
);

pub(crate) struct MutableImageTag;

impl Rule for MutableImageTag {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        for container in pod.containers() {
            let Some(node) = container.node.get("image") else { continue };
            let Some(text) = node.as_str() else { continue };
            if text.contains(['$', '{', '<']) {
                continue;
            }
            let Ok(image) = Image::parse(text) else { continue };
            // Sidecar injection replaces `auto`; OpenShift's triggers fill images in.
            if image.digest.is_some()
                || text == "auto"
                || object.annotation("image.openshift.io/triggers").is_some()
                || is_of_cluster(text)
            {
                continue;
            }
            let field = container.path(&pod, "image");
            let who = format!("{} `{}`", container.kind.noun(), container.name());
            let help = "name a version, best with its digest";
            match image.tag {
                None => {
                    let message = format!("{who} runs `{text}` without a tag, which means `latest`");
                    cx.report(node.place(), message).object(object, Some(&field)).help(help);
                }
                Some("latest") => {
                    let message = format!("{who} runs `{text}`, whose tag moves");
                    cx.report(node.place(), message).object(object, Some(&field)).help(help);
                }
                Some(tag) if MOVING.contains(&tag) => {
                    let message = format!("{who} runs `{text}`, whose tag moves");
                    cx.report(node.place(), message)
                        .object(object, Some(&field))
                        .severity(Severity::Note)
                        .help(help);
                }
                Some(_) => {}
            }
        }
    }

    fn mend_together(&self, findings: &mut [&mut Finding], inventory: &Inventory, workspace: &Workspace) {
        let streams = inventory.objects.iter().filter(|object| object.kind == "ImageStream");
        let streams: FxHashSet<(&str, &str)> =
            streams.map(|object| (object.namespace.as_str(), object.name.as_str())).collect();
        let mut pinned: FxHashMap<String, BTreeSet<&str>> = FxHashMap::default();
        let mut used: FxHashMap<(&str, &str, &str, &str), &str> = FxHashMap::default();
        for object in &inventory.objects {
            for (text, _, field) in object.pod.iter().flat_map(|pod| &pod.images) {
                used.insert((&object.kind, &object.namespace, &object.name, field), text);
                if let Ok(image) = Image::parse(text)
                    && let Some(tag) = image.tag.filter(|tag| *tag != "latest" && !MOVING.contains(tag))
                {
                    pinned.entry(images::full_name(&image)).or_default().insert(tag);
                }
            }
        }
        let mut builds: Option<FxHashSet<String>> = None;
        for finding in findings {
            let Some(object) = &finding.object else { continue };
            let field = object.field.as_deref().unwrap_or_default();
            let Some(text) = used.get(&(&object.kind, &object.namespace, &object.name, field)) else {
                continue;
            };
            // A bare name is that of an ImageStream beside it, which says what its tags point to.
            let bare = text.split([':', '@']).next().unwrap_or(text);
            if streams.contains(&(object.namespace.as_str(), bare)) {
                finding.confidence = Confidence::Possible;
                continue;
            }
            let Ok(image) = Image::parse(text) else { continue };
            if image.tag.is_none()
                && builds.get_or_insert_with(|| repo::words_of_builds(workspace)).contains(*text)
            {
                finding.confidence = Confidence::Possible;
                continue;
            }
            let tags = pinned.get(&images::full_name(&image)).into_iter().flatten();
            let tags: Vec<&&str> = tags.collect();
            // Of two, nobody can tell which one is meant.
            let [tag] = tags.as_slice() else { continue };
            finding.fix = pin(finding.primary.at, text, image.tag, tag, Mender::new(workspace));
        }
    }
}

/// Whether an image lies in the registry that OpenShift has on each cluster: what its tags point to, ImageStreams of the cluster say,
/// and those of `openshift` follow its version.
fn is_of_cluster(image: &str) -> bool {
    image
        .split(['/', ':'])
        .next()
        .is_some_and(|host| host.starts_with("image-registry.openshift-image-registry.svc"))
}

/// The tag of an image in the place of the one that moves: in the reference, or where only the tag is written.
fn pin(at: Span, text: &str, moving: Option<&str>, tag: &str, mender: Mender<'_>) -> Option<Fix> {
    let written = mender.written(at, |node| node.scalar().cloned())?;
    let bare = moving.and_then(|moving| text.strip_suffix(moving)?.strip_suffix(':')).unwrap_or(text);
    let to = if written == text {
        format!("{bare}:{tag}")
    } else if moving == Some(written.as_str()) {
        tag.to_owned()
    } else {
        return None;
    };
    let fix = mender.set(at, &written, &to)?;
    let title = format!("pin it to `{tag}`, as elsewhere");
    Some(Fix { title, ..fix }.changing(["**.image"]).not_safe())
}

/// Tags that follow a branch or channel.
const MOVING: &[&str] = &[
    "main",
    "master",
    "dev",
    "develop",
    "development",
    "edge",
    "nightly",
    "stable",
    "rolling",
    "canary",
    "testing",
    "staging",
    "head",
    "release",
];
