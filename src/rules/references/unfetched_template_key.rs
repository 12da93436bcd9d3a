//! `unfetched-template-key`: see the page.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::gotemplate;
use crate::near::did_you_mean;
use crate::near::is_slip;
use crate::repo::{AppId, Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, meta, missing, workloads};
use crate::yaml::Node;

meta!(
    "unfetched-template-key",
    "references",
    Error,
    Recommended,
    "0.3.0",
    "The template of an ExternalSecret uses a key that it does not fetch."
);

pub(crate) struct UnfetchedTemplateKey;

impl Rule for UnfetchedTemplateKey {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let mut secrets = Vec::new();
        for (kind, path) in [("ExternalSecret", ""), ("ClusterExternalSecret", "spec.externalSecretSpec")] {
            for object in inventory.of_kind(kind).filter(|it| it.group == "external-secrets.io") {
                let above = if path.is_empty() { "spec" } else { path };
                let keys: Vec<&str> = above.split('.').collect();
                let spec = object.node.as_deref().and_then(|node| node.at_path(&keys));
                if let Some(spec) = spec.filter(|_| missing::is_applied(inventory, object)) {
                    secrets.push(Secret { object, spec, above });
                }
            }
        }
        let mut used = Vec::new();
        for secret in &secrets {
            secret.check(inventory, &mut used, cx);
        }
        abbreviated(inventory, &used, cx);
    }
}

struct Secret<'a> {
    object: &'a ObjectFacts,
    spec: &'a Node,
    /// The path of the specification in the object.
    above: &'static str,
}

/// A name that a template uses, of what is fetched whole.
struct Used<'a> {
    object: &'a ObjectFacts,
    /// The names of the store that are fetched whole.
    extracted: BTreeSet<&'a str>,
    name: String,
    node: &'a Node,
    field: String,
}

impl<'a> Secret<'a> {
    fn check(&self, inventory: &Inventory, used: &mut Vec<Used<'a>>, cx: &mut Context<'_>) {
        let whole = self.spec.items(&["dataFrom"]);
        let single = self.spec.items(&["data"]).iter();
        let fetched: BTreeSet<&str> =
            single.filter_map(|item| item.get("secretKey").and_then(Node::as_str)).collect();
        let extracted: BTreeSet<&str> = whole
            .iter()
            .filter(|item| item.get("rewrite").is_none())
            .filter_map(|item| item.at_path(&["extract", "key"]).and_then(Node::as_str))
            .collect();
        let only_extracts = !whole.is_empty() && extracted.len() == whole.len();
        for (field, node) in self.texts() {
            let Some(text) = node.as_str().filter(|text| text.contains("{{")) else { continue };
            let text: Arc<str> = text.into();
            let trees = match gotemplate::parse("template", &text, None, &|_| true) {
                Ok(trees) => trees,
                Err(error) => {
                    let words = format!(
                        "the template of {} `{}` cannot be read: {}",
                        self.object.kind, self.object.name, error.words
                    );
                    cx.report(node.place(), words)
                        .apps([self.object.app])
                        .object_ref(workloads::field_ref(inventory, self.object, &field))
                        .help("names with other characters than letters, digits and `_` are read with `index . \"name\"`");
                    continue;
                }
            };
            let mut told = BTreeSet::new();
            for read in trees.last().map(|tree| tree.fields()).unwrap_or_default() {
                let Some(first) = read.names.first().filter(|name| told.insert(**name)) else { continue };
                let (words, help) = if let Some(second) = read.names.get(1) {
                    let name = read.names.join(".");
                    (
                        format!(
                            "the template reads `{second}` of `{first}`, but what is fetched is text and has no fields: the Secret is never made"
                        ),
                        format!(
                            "write `{{{{ index . \"{name}\" }}}}` if the key is called so, or take it apart with `fromJson`"
                        ),
                    )
                } else if whole.is_empty() && !fetched.is_empty() && !fetched.contains(first) {
                    let close = did_you_mean(first, fetched.iter().copied());
                    let help = match close {
                        Some(close) => format!("did you mean `{close}`?"),
                        None => format!(
                            "fetched are: {}",
                            fetched.iter().take(8).copied().collect::<Vec<_>>().join(", ")
                        ),
                    };
                    (
                        format!(
                            "the template uses `{first}`, which is not fetched: the Secret is never made"
                        ),
                        help,
                    )
                } else {
                    if only_extracts && !fetched.contains(first) {
                        let (object, extracted) = (self.object, extracted.clone());
                        used.push(Used {
                            object,
                            extracted,
                            name: (*first).to_owned(),
                            node,
                            field: field.clone(),
                        });
                    }
                    continue;
                };
                cx.report(node.place(), format!("{} `{}`: {words}", self.object.kind, self.object.name))
                    .at_word(&[&format!(".{}", read.names.join("."))])
                    .apps([self.object.app])
                    .object_ref(workloads::field_ref(inventory, self.object, &field))
                    .help(help);
            }
        }
    }

    /// The texts that are executed, with the names of their fields.
    fn texts(&self) -> Vec<(String, &'a Node)> {
        let Some(template) = self.spec.at_path(&["target", "template"]) else { return Vec::new() };
        // The first engine, which is gone, knew other data.
        if template.get("engineVersion").and_then(Node::as_str) == Some("v1") {
            return Vec::new();
        }
        let above = format!("{}.target.template", self.above);
        let mut texts = Vec::new();
        for path in [&["data"][..], &["metadata", "annotations"], &["metadata", "labels"]] {
            for entry in template.at_path(path).map(Node::entries).unwrap_or_default() {
                texts.push((format!("{above}.{}.{}", path.join("."), entry.key.text), &entry.value));
            }
        }
        for (index, from) in template.items(&["templateFrom"]).iter().enumerate() {
            texts.extend(
                from.get("literal").map(|text| (format!("{above}.templateFrom[{index}].literal"), text)),
            );
        }
        texts
    }
}

/// So many others must use the name that seems to be meant.
const HABIT: usize = 2;

/// Names that one ExternalSecret uses of what others fetch, too, and that all of those call a little differently.
fn abbreviated(inventory: &Inventory, used: &[Used<'_>], cx: &mut Context<'_>) {
    let who = |it: &Used<'_>| -> (AppId, String) {
        (it.object.app, format!("{}/{}", it.object.namespace, it.object.name))
    };
    let mut users: BTreeMap<(&str, &str), BTreeSet<(AppId, String)>> = BTreeMap::new();
    for it in used {
        for key in &it.extracted {
            users.entry((*key, it.name.as_str())).or_default().insert(who(it));
        }
    }
    for it in used {
        let own = who(it);
        let alone = |key: &&str| users.get(&(*key, it.name.as_str())).is_none_or(|all| all.len() == 1);
        if !it.extracted.iter().all(alone) {
            continue;
        }
        let meant = it.extracted.iter().find_map(|key| {
            let mut others = users.iter().filter(|((other, name), all)| {
                other == key && all.len() >= HABIT && !all.contains(&own) && is_near(&it.name, name)
            });
            let ((_, name), all) = others.next()?;
            others.next().is_none().then_some((*key, *name, all.len()))
        });
        let Some((key, name, count)) = meant else { continue };
        let message = format!(
            "{} `{}` uses `{}` of `{key}`, where {count} others use `{name}`",
            it.object.kind, it.object.name, it.name
        );
        cx.report(it.node.place(), message)
            .apps([it.object.app])
            .object_ref(workloads::field_ref(inventory, it.object, &it.field))
            .help(format!("did you mean `{name}`? A name that is not there ends the template"))
            .likely();
    }
}

/// Whether a name is another one with a letter wrong, or goes on in the middle of its last word.
fn is_near(name: &str, usual: &str) -> bool {
    let (short, long) = if name.len() < usual.len() { (name, usual) } else { (usual, name) };
    let rest = long.strip_prefix(short);
    let goes_on = rest.is_some_and(|rest| rest.starts_with(char::is_alphabetic)) && short.len() >= 6;
    goes_on && !long.ends_with(['s', 'S']) || short.len() >= 6 && is_slip(name, usual)
}
