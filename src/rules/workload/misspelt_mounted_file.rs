//! `misspelt-mounted-file`: see the page.

use std::collections::BTreeSet;

use crate::k8s::PodTemplate;
use crate::near::did_you_mean;
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "misspelt-mounted-file",
    "workload",
    Warning,
    Recommended,
    "0.3.0",
    "A command names a file of a mounted ConfigMap that the ConfigMap spells otherwise."
);

pub(crate) struct MisspeltMountedFile;

impl Rule for MisspeltMountedFile {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, _: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        for object in &rendered.objects {
            let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { continue };
            for container in pod.containers() {
                let mounts = container.node.items(&["volumeMounts"]);
                let path = |mount: &'_ Node| {
                    mount.get("mountPath").and_then(Node::as_str).unwrap_or_default().to_owned()
                };
                let paths: Vec<String> = mounts.iter().map(path).collect();
                for (mount, dir) in mounts.iter().zip(&paths) {
                    let whole = mount.get("subPath").or_else(|| mount.get("subPathExpr")).is_none();
                    let volumes = pod.spec.items(&["volumes"]).iter();
                    let mut named = volumes.filter(|it| {
                        whole && it.get("name").map(Node::scalar) == mount.get("name").map(Node::scalar)
                    });
                    let Some(source) = named.next().and_then(|volume| volume.get("configMap")) else {
                        continue;
                    };
                    let Some(name) = source.get("name").and_then(Node::as_str) else { continue };
                    if source.get("items").is_some() {
                        continue;
                    }
                    let mut maps = rendered
                        .named(name)
                        .filter(|it| it.is("", "ConfigMap") && it.namespace == object.namespace);
                    let (Some(map), None) = (maps.next(), maps.next()) else { continue };
                    let keys: BTreeSet<&str> = ["data", "binaryData"]
                        .iter()
                        .flat_map(|part| map.at(&[*part]).map(Node::entries).unwrap_or_default())
                        .map(|entry| entry.key.text.as_str())
                        .collect();
                    let dir = dir.trim_end_matches('/');
                    if keys.is_empty() || dir.is_empty() {
                        continue;
                    }
                    for part in ["command", "args"] {
                        for (index, text) in container.node.items(&[part]).iter().enumerate() {
                            let Some(words) = text.as_str() else { continue };
                            let Some((file, close)) = misspelt(words, dir, &keys, &paths) else { continue };
                            let message = format!(
                                "{} `{}` names `{dir}/{file}`, but ConfigMap `{name}` has `{close}`",
                                object.kind, object.name
                            );
                            let field = container.path(&pod, &format!("{part}[{index}]"));
                            cx.report(text.place(), message)
                                .object(object, Some(&field))
                                .related(map.place(), "mounted from here")
                                .help(format!("did you mean `{dir}/{close}`?"))
                                .likely();
                        }
                    }
                }
            }
        }
    }
}

/// The first file below `dir` in a command that is not among the keys, and the key that was probably meant. What is mounted there
/// from elsewhere is another file.
fn misspelt<'t>(
    words: &'t str,
    dir: &str,
    keys: &BTreeSet<&'t str>,
    mounts: &[String],
) -> Option<(&'t str, &'t str)> {
    let is_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    words.split(|c| !is_path(c)).find_map(|word| {
        let file = word.strip_prefix(dir)?.strip_prefix('/')?;
        let other = mounts.iter().any(|mount| mount == word || mount.starts_with(&format!("{word}/")));
        if file.is_empty() || file.contains('/') || keys.contains(file) || other {
            return None;
        }
        Some((file, did_you_mean(file, keys.iter().copied())?))
    })
}
