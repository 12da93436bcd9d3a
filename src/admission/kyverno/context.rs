//! What variables stand for: the request, images, entries of `context`, elements of `foreach`. Mirrors `pkg/engine/context`.
//!
//! Entries are loaded when an expression first names them, as Kyverno does: one that nothing asks for cannot fail.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::cel::Budget;
use crate::yaml::Node;

use super::super::policy::{Subject, Surroundings};
use super::jmespath::{Query, Steps, Stop, Value};
use super::variables::{Variables, in_text, substitute};
use super::{images, text};

/// Steps that one rule may take for one object.
const STEPS: u64 = 500_000;

/// Expressions read so far.
pub(super) type Queries = RefCell<FxHashMap<SmolStr, Arc<Result<Query, String>>>>;

/// What one rule sees of one object.
pub(super) struct Context<'a> {
    /// What the policy is about.
    pub(super) world: &'a dyn Surroundings,
    /// The object with its defaults.
    pub(super) seen: &'a Node,
    kind: &'a str,
    /// The namespace of the policy, which a ClusterPolicy has none of.
    policy_namespace: Option<&'a str>,
    root: RefCell<BTreeMap<SmolStr, Value>>,
    entries: Vec<&'a Node>,
    /// Which of them have been loaded; images come before all.
    loaded: RefCell<Vec<bool>>,
    images: RefCell<bool>,
    /// What is left to the rule.
    pub(super) steps: &'a Steps,
    queries: &'a Queries,
}

/// What is shared by all rules that are asked about one object.
pub(in crate::admission) struct Asked<'a> {
    /// The object.
    pub(super) subject: &'a Subject<'a>,
    /// The object with its defaults.
    pub(super) seen: &'a Node,
    /// The objects around it.
    pub(super) world: &'a dyn Surroundings,
    request: std::cell::OnceCell<Value>,
    queries: Queries,
    /// What all policies may take.
    pub(super) pool: &'a Budget,
}

impl<'a> Asked<'a> {
    pub(in crate::admission) fn new(
        subject: &'a Subject<'a>,
        seen: &'a Node,
        world: &'a dyn Surroundings,
        pool: &'a Budget,
    ) -> Self {
        Self { subject, seen, world, request: std::cell::OnceCell::new(), queries: Queries::default(), pool }
    }

    /// Does what one rule asks for, with steps from the pool.
    pub(super) fn with_steps<T>(&self, ask: impl FnOnce(&Steps) -> T) -> T {
        let steps = Steps(self.pool.part(STEPS));
        let told = ask(&steps);
        self.pool.settle(&steps.0);
        told
    }

    fn request(&self) -> Value {
        self.request.get_or_init(|| request(self.subject, self.seen)).clone()
    }
}

/// The variable `request`. What only a cluster knows is unknown.
fn request(subject: &Subject<'_>, seen: &Node) -> Value {
    let kind = Value::map([
        ("group".into(), Value::text(subject.group)),
        ("version".into(), Value::text(subject.version)),
        ("kind".into(), Value::text(subject.kind)),
    ]);
    let mut request: Vec<(SmolStr, Value)> = vec![
        ("object".into(), if subject.removed { Value::Null } else { Value::of(seen) }),
        (
            "oldObject".into(),
            if subject.removed { Value::of(seen) } else { subject.old.map_or(Value::Null, Value::of) },
        ),
        ("operation".into(), Value::text(subject.operation())),
        ("name".into(), Value::text(subject.name)),
        ("kind".into(), kind.clone()),
        ("requestKind".into(), kind),
        ("dryRun".into(), Value::Bool(false)),
    ];
    if subject.namespaced {
        request.push(("namespace".into(), Value::text(subject.namespace)));
    }
    for name in ["userInfo", "roles", "clusterRoles", "uid", "options", "resource", "requestResource"] {
        let why = format!("it asks for `request.{name}`, which only the API server knows");
        request.push((name.into(), Value::Unknown(why.into())));
    }
    Value::map(request)
}

impl<'a> Context<'a> {
    pub(super) fn new(
        asked: &'a Asked<'a>,
        policy_namespace: Option<&'a str>,
        entries: &'a [Node],
        steps: &'a Steps,
    ) -> Self {
        let who = |name: &str| {
            let why = format!("it asks for `{name}`, which only the API server knows");
            (SmolStr::new(name), Value::Unknown(why.into()))
        };
        let mut root = BTreeMap::from([who("serviceAccountName"), who("serviceAccountNamespace")]);
        root.insert("request".into(), asked.request());
        Self {
            world: asked.world,
            seen: asked.seen,
            kind: asked.subject.kind,
            policy_namespace,
            root: RefCell::new(root),
            loaded: RefCell::new(vec![false; entries.len()]),
            entries: entries.iter().collect(),
            images: RefCell::new(false),
            steps,
            queries: &asked.queries,
        }
    }

    /// The context of one element of a loop, which sees all that is around it.
    pub(super) fn inside(&self, element: &Value, index: usize, depth: usize, entries: &'a [Node]) -> Self {
        let mut root = self.root.borrow().clone();
        let index = Value::Number(index as f64);
        root.insert(format!("element{depth}").into(), element.clone());
        root.insert(format!("elementIndex{depth}").into(), index.clone());
        root.insert("element".into(), element.clone());
        root.insert("elementIndex".into(), index);
        let mut loaded = self.loaded.borrow().clone();
        loaded.resize(loaded.len() + entries.len(), false);
        Self {
            root: RefCell::new(root),
            entries: self.entries.iter().copied().chain(entries).collect(),
            loaded: RefCell::new(loaded),
            images: RefCell::new(*self.images.borrow()),
            ..*self
        }
    }

    /// An expression, read once.
    pub(super) fn read(&self, query: &str) -> Arc<Result<Query, String>> {
        if let Some(known) = self.queries.borrow().get(query) {
            return Arc::clone(known);
        }
        let read = Arc::new(Query::new(query));
        self.queries.borrow_mut().insert(query.into(), Arc::clone(&read));
        read
    }

    /// What an expression comes to that may name entries in front of the one of that index.
    fn ask(&self, query: &str, before: usize) -> Result<Value, Stop> {
        self.load(query, before)?;
        self.apply(query, &Value::map(self.root.borrow().clone()))
    }

    fn apply(&self, query: &str, value: &Value) -> Result<Value, Stop> {
        let query = query.trim();
        if query.is_empty() {
            return Err(Stop::Failed("an expression is empty".to_owned()));
        }
        match &*self.read(query) {
            Ok(read) => read.run(value, self.steps),
            Err(words) => Err(Stop::Failed(format!("`{query}` cannot be read: {words}"))),
        }
    }

    /// Loads what an expression names.
    fn load(&self, query: &str, before: usize) -> Result<(), Stop> {
        if names(query, "images") && !self.images.replace(true) {
            match images::variable(self.kind, self.seen) {
                Ok(Some(value)) => {
                    self.root.borrow_mut().insert("images".into(), value);
                }
                Ok(None) => {}
                Err(why) => return Err(Stop::Failed(why)),
            }
        }
        for index in 0..before {
            let Some(entry) = self.entries.get(index) else { break };
            let name = text(entry, &["name"]).unwrap_or_default();
            if !names(query, name) || self.loaded.borrow().get(index).copied().unwrap_or(true) {
                continue;
            }
            if let Some(loaded) = self.loaded.borrow_mut().get_mut(index) {
                *loaded = true;
            }
            let value = self.entry(entry, index).inspect_err(|_| {
                if let Some(loaded) = self.loaded.borrow_mut().get_mut(index) {
                    *loaded = false;
                }
            })?;
            self.root.borrow_mut().insert(name.into(), value);
        }
        Ok(())
    }

    fn entry(&self, entry: &Node, index: usize) -> Result<Value, Stop> {
        let earlier = Earlier { context: self, before: index };
        if let Some(variable) = entry.get("variable") {
            return self.variable(variable, &earlier);
        }
        if let Some(wanted) = entry.get("configMap") {
            return self.config_map(wanted, &earlier);
        }
        let what = entry.entries().iter().map(|entry| entry.key.text.as_str()).find(|key| *key != "name");
        Ok(Value::Unknown(format!("it uses `{}`", what.unwrap_or("context")).into()))
    }

    /// Mirrors `loaders/variable.go`.
    fn variable(&self, variable: &Node, earlier: &Earlier<'_, '_>) -> Result<Value, Stop> {
        let path = match text(variable, &["jmesPath"]).filter(|path| !path.is_empty()) {
            Some(path) => match in_text(path, earlier)? {
                Value::Text(path) => Some(path),
                _ => return Err(Stop::Failed("`jmesPath` is no text".to_owned())),
            },
            None => None,
        };
        let default = variable.get("default").filter(|it| !it.is_null());
        let default = default.map(|it| substitute(it, earlier)).transpose()?;
        let value = variable.get("value").filter(|it| !it.is_null());
        let value = value.map(|it| substitute(it, earlier)).transpose()?;
        let found = match (value, path) {
            (Some(value), None) => Some(value),
            (Some(value), Some(path)) => match self.apply(&path, &value) {
                Err(Stop::NotFound(_) | Stop::Failed(_)) if default.is_some() => None,
                other => Some(other?),
            },
            (None, Some(path)) => match earlier.query(&path) {
                Err(Stop::NotFound(_) | Stop::Failed(_)) if default.is_some() => None,
                Ok(Value::Null) => None,
                other => Some(other?),
            },
            (None, None) => None,
        };
        match found.or(default) {
            Some(Value::Null) | None => Err(Stop::Failed("a variable of its context is null".to_owned())),
            Some(value) => Ok(value),
        }
    }

    /// Mirrors `loaders/configmap.go`, over objects of the repository.
    fn config_map(&self, wanted: &Node, earlier: &Earlier<'_, '_>) -> Result<Value, Stop> {
        let part = |key: &str| match in_text(text(wanted, &[key]).unwrap_or_default(), earlier)? {
            Value::Text(text) => Ok(text),
            _ => Err(Stop::Failed(format!("the `{key}` of a ConfigMap is no text"))),
        };
        let (name, mut namespace) = (part("name")?, part("namespace")?);
        if namespace.is_empty() {
            namespace = self.policy_namespace.unwrap_or("default").into();
        }
        let Some(node) = self.world.parameters("ConfigMap", &namespace, &name) else {
            let why = format!("its ConfigMap `{namespace}/{name}` is not among the objects here");
            return Ok(Value::Unknown(why.into()));
        };
        let of = |key: &str| node.get(key).map_or(Value::Null, Value::of);
        Ok(Value::map([("data".into(), of("data")), ("metadata".into(), of("metadata"))]))
    }
}

impl Variables for Context<'_> {
    fn query(&self, query: &str) -> Result<Value, Stop> {
        self.ask(query, self.entries.len())
    }
}

/// The context as an entry of it sees it.
struct Earlier<'c, 'a> {
    context: &'c Context<'a>,
    before: usize,
}

impl Variables for Earlier<'_, '_> {
    fn query(&self, query: &str) -> Result<Value, Stop> {
        self.context.ask(query, self.before)
    }
}

/// Whether an expression names an entry: as a word, not behind a dot.
fn names(query: &str, name: &str) -> bool {
    if name.is_empty() {
        return false;
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    query.match_indices(name).any(|(at, _)| {
        let before = query.get(..at).and_then(|text| text.chars().next_back());
        let behind = query.get(at + name.len()..).and_then(|text| text.chars().next());
        before.is_none_or(|c| c.is_whitespace() || !(c.is_ascii_alphanumeric() || c == '.'))
            && behind.is_none_or(|c| !is_word(c))
    })
}
