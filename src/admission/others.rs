//! What a team's own rule sees: the object, its app and, where it asks for them, other objects: `inventory`.

use std::cell::Cell;

use smol_str::SmolStr;

use crate::cel::{Fault, Map, Scope, Value};
use crate::yaml::Node;

use super::own::OwnSubject;

/// Objects that one rule may look at for one object.
const MOST: usize = 100_000;

/// The name of the variable.
const INVENTORY: &str = "inventory";

/// An object beside the one that a rule is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Other<'a> {
    /// Its API group.
    pub group: &'a str,
    /// Its kind.
    pub kind: &'a str,
    /// Its namespace; empty where it has none.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The app that renders it.
    pub app: &'a str,
    /// The whole of it, for kinds that the rule reads.
    pub node: Option<&'a Node>,
}

/// The objects on the cluster of the one that a rule is asked about, as far as they are known.
pub trait Others {
    /// Those of a kind.
    fn of_kind<'a>(&'a self, kind: &str) -> Vec<Other<'a>>;

    /// Those that the object names: group, kind, namespace and name.
    fn references(&self) -> Vec<[SmolStr; 4]> {
        Vec::new()
    }

    /// Those that name the object.
    fn referrers(&self) -> Vec<Other<'_>> {
        Vec::new()
    }
}

/// No others.
#[derive(Debug)]
pub struct Alone;

impl Others for Alone {
    fn of_kind<'a>(&'a self, _: &str) -> Vec<Other<'a>> {
        Vec::new()
    }
}

/// Objects that stand beside the examples of a rule.
pub(super) struct Given<'n>(pub(super) &'n [Node]);

impl Others for Given<'_> {
    fn of_kind<'a>(&'a self, kind: &str) -> Vec<Other<'a>> {
        let text =
            |node: &'a Node, path: &[&str]| node.at_path(path).and_then(Node::as_str).unwrap_or_default();
        let of_kind = self.0.iter().filter(|node| text(node, &["kind"]) == kind);
        let other = |node: &'a Node| Other {
            group: text(node, &["apiVersion"]).rsplit_once('/').map_or("", |(group, _)| group),
            kind: text(node, &["kind"]),
            namespace: text(node, &["metadata", "namespace"]),
            name: text(node, &["metadata", "name"]),
            app: "",
            node: Some(node),
        };
        of_kind.map(other).collect()
    }
}

/// What expressions of a rule see.
pub(super) struct Seen<'a> {
    pub(super) subject: &'a OwnSubject<'a>,
    pub(super) others: &'a dyn Others,
    /// The kinds that the rule may ask for; without them there is no inventory.
    pub(super) reads: Option<&'a [(Option<SmolStr>, SmolStr)]>,
    /// How many objects it has looked at.
    pub(super) visited: Cell<usize>,
}

impl<'a> Seen<'a> {
    /// Objects of a kind, `Service` or `apps/Deployment`, that the rule reads.
    fn of_kind(&self, wanted: &str) -> Result<Vec<Other<'a>>, Fault> {
        let (group, kind) = match wanted.rsplit_once('/') {
            Some((group, kind)) => (Some(group), kind),
            None => (None, wanted),
        };
        let reads = self.reads.unwrap_or_default();
        if !reads
            .iter()
            .any(|(of, it)| it == kind && of.as_ref().is_none_or(|of| group.is_none_or(|it| it == of)))
        {
            return Err(Fault::unsupported(format!("`reads` does not list `{wanted}`")));
        }
        let mut found = self.others.of_kind(kind);
        self.visited.set(self.visited.get().saturating_add(found.len()));
        if self.visited.get() > MOST {
            return Err(Fault::TooCostly);
        }
        found.retain(|other| other.node.is_some() && group.is_none_or(|group| group == other.group));
        Ok(found)
    }

    fn query(&self, name: &str, arguments: &[Value<'a>]) -> Result<Value<'a>, Fault> {
        let texts: Vec<&str> = arguments
            .iter()
            .map_while(|it| match it {
                Value::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let nodes = |found: Vec<Other<'a>>, keep: &dyn Fn(&Other<'a>) -> bool| {
            let kept = found.into_iter().filter(|it| keep(it));
            Value::list(kept.filter_map(|it| it.node).map(|node| Value::of(node, None)).collect())
        };
        let identity = |group: &str, kind: &str, namespace: &str, name: &str, app: &str| {
            Value::map(vec![
                ("group", Value::text(group)),
                ("kind", Value::text(kind)),
                ("namespace", Value::text(namespace)),
                ("name", Value::text(name)),
                ("app", Value::text(app)),
            ])
        };
        match (name, texts.as_slice(), arguments) {
            ("objects", [kind], [_]) => self.of_kind(kind).map(|found| nodes(found, &|_| true)),
            ("objects", [kind, namespace], [_, _]) => {
                self.of_kind(kind).map(|found| nodes(found, &|it| it.namespace == *namespace))
            }
            ("selected", [kind, namespace], [_, _, Value::Map(labels)]) => self
                .of_kind(kind)
                .map(|found| nodes(found, &|it| it.namespace == *namespace && is_labelled(it, labels))),
            ("object", [kind, namespace, name], [_, _, _]) => self.of_kind(kind).map(|found| {
                let found = found.iter().find(|it| it.namespace == *namespace && it.name == *name);
                let node =
                    found.and_then(|it| it.node).map(|node| std::sync::Arc::new(Value::of(node, None)));
                Value::Optional(node)
            }),
            ("apps", [kind, namespace, name], [_, _, _]) => self.of_kind(kind).map(|found| {
                let found = found.iter().filter(|it| it.namespace == *namespace && it.name == *name);
                let mut apps: Vec<&str> = found.map(|it| it.app).collect();
                apps.sort_unstable();
                apps.dedup();
                Value::list(apps.into_iter().map(Value::text).collect())
            }),
            ("references", [], []) => {
                let each = self.others.references().into_iter();
                let each =
                    each.map(|[group, kind, namespace, name]| identity(&group, &kind, &namespace, &name, ""));
                Ok(Value::list(each.collect()))
            }
            ("referrers", [], []) => {
                let each = self.others.referrers().into_iter();
                let each = each.map(|it| identity(it.group, it.kind, it.namespace, it.name, it.app));
                Ok(Value::list(each.collect()))
            }
            _ => {
                Err(Fault::unsupported(format!("the inventory does not know `{name}` with these arguments")))
            }
        }
    }
}

/// Whether an object has all of some labels.
fn is_labelled(other: &Other<'_>, wanted: &Map<'_>) -> bool {
    let labels = other.node.and_then(|node| node.at_path(&["metadata", "labels"]));
    let has = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Node::scalar_text);
    wanted.iter().all(|(key, value)| match (key, value) {
        (Value::Text(key), Value::Text(value)) => has(&key) == Some(value.as_str()),
        _ => false,
    })
}

impl<'a> Scope<'a> for Seen<'a> {
    fn variable(&self, name: &str) -> Option<Result<Value<'a>, Fault>> {
        let app = self.subject.app;
        Some(Ok(match name {
            "object" => Value::of(self.subject.node, None),
            "app" => Value::map(vec![
                ("name", Value::text(app.name)),
                ("namespace", Value::text(app.namespace)),
                ("cluster", Value::text(app.cluster)),
            ]),
            "cluster" => Value::text(app.cluster),
            // `namespace` is a reserved word of the language.
            "objectNamespace" => Value::text(self.subject.namespace),
            INVENTORY if self.reads.is_some() => Value::Type(SmolStr::new_static(INVENTORY)),
            "namespaceObject" if self.reads.is_some() => {
                return Some(self.of_kind("Namespace").map(|found| {
                    let found = found.iter().find(|it| it.name == self.subject.namespace);
                    found.and_then(|it| it.node).map_or(Value::Null, |node| Value::of(node, None))
                }));
            }
            _ => return None,
        }))
    }

    fn call(
        &self,
        name: &str,
        target: Option<&Value<'a>>,
        arguments: &[Value<'a>],
    ) -> Option<Result<Value<'a>, Fault>> {
        match target {
            Some(Value::Type(of)) if of == INVENTORY => Some(self.query(name, arguments)),
            _ => None,
        }
    }
}
