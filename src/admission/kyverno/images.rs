//! What Kyverno knows of images: the variable `images`. Mirrors `pkg/utils/image` and `pkg/utils/api/image.go`, with the defaults
//! of its configuration: `docker.io` for images without a registry.

use smol_str::SmolStr;

use crate::k8s::Image;
use crate::yaml::Node;

use super::jmespath::Value;

/// The parts of an image, defaults filled in.
pub(super) struct Parts<'a> {
    registry: &'a str,
    path: &'a str,
    tag: &'a str,
    digest: &'a str,
}

/// Reads an image; `None` where it is none.
pub(super) fn of(text: &str) -> Option<Parts<'_>> {
    let image = Image::parse(text).ok()?;
    Some(Parts {
        registry: image.registry,
        path: image.repository,
        tag: image.tag.unwrap_or(if image.digest.is_none() { "latest" } else { "" }),
        digest: image.digest.unwrap_or_default(),
    })
}

impl Parts<'_> {
    /// `String`: with the digest, else the tag.
    pub(super) fn reference(&self) -> String {
        let Self { registry, path, tag, digest } = self;
        if digest.is_empty() {
            format!("{registry}/{path}:{tag}")
        } else {
            format!("{registry}/{path}@{digest}")
        }
    }

    fn value(&self, pointer: &str) -> Value {
        let name = self.path.rsplit('/').next().unwrap_or(self.path);
        let with_tag = format!("{}/{}:{}", self.registry, self.path, self.tag);
        let texts = [
            ("registry", self.registry),
            ("name", name),
            ("path", self.path),
            ("tag", self.tag),
            ("digest", self.digest),
            ("reference", &self.reference()),
            ("referenceWithTag", &with_tag),
            ("jsonPointer", pointer),
        ];
        // What is empty is left out.
        let there = texts.into_iter().filter(|(_, text)| !text.is_empty());
        Value::map(there.map(|(key, text)| (SmolStr::new_static(key), Value::text(text))))
    }
}

/// The variable: images of the containers of a workload by kind of container and name. `Err` says why it has none.
pub(super) fn variable(kind: &str, object: &Node) -> Result<Option<Value>, String> {
    let path: &[&str] = match kind {
        "Pod" => &["spec"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        "DaemonSet" | "Deployment" | "ReplicaSet" | "ReplicationController" | "StatefulSet" | "Job" => {
            &["spec", "template", "spec"]
        }
        _ => return Ok(None),
    };
    let mut lists = Vec::new();
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        let containers = object.at_path(path).and_then(|spec| spec.get(list));
        let mut images = Vec::new();
        for (index, container) in containers.map(Node::seq_or_empty).unwrap_or_default().iter().enumerate() {
            let text = |key| container.get(key).and_then(Node::as_str);
            let name = text("name").ok_or("a container has no name")?;
            let Some(image) = text("image").filter(|image| !image.trim().is_empty()) else { continue };
            let parts = of(image).ok_or_else(|| format!("`{image}` is no image"))?;
            let pointer = format!("/{}/{list}/{index}/image", path.join("/"));
            images.push((name.into(), parts.value(&pointer)));
        }
        if !images.is_empty() {
            lists.push((SmolStr::new_static(list), Value::map(images)));
        }
    }
    // Without any there is no variable.
    Ok((!lists.is_empty()).then(|| Value::map(lists)))
}
