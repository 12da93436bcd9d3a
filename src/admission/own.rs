//! Rules that a team writes itself, in CEL: a file each, `rules.d/<name>.yaml`.
//!
//! ```yaml
//! name: team-label
//! description: Whose it is, everybody can see.
//! severity: warning
//! preset: recommended
//! match: { kinds: [Deployment, apps/StatefulSet], namespaces: [shop-*], apps: [...], clusters: [...], labels: { matchLabels: ... } }
//! expression: has(object.metadata.labels) && 'team' in object.metadata.labels
//! message: "'no label team on ' + object.metadata.name"
//! path: "'metadata.labels'"
//! help: add the label
//! good: [...]
//! bad: [...]
//! ```
//!
//! `expression`, `message` and `path` are CEL over `object` and `app`; a message that is no CEL is a text. A rule with `reads` also has
//! `inventory`: other objects of those kinds on the same cluster, as far as the repository knows; see [`Others`].

use std::cell::Cell;

use smol_str::SmolStr;

use crate::cel::{Budget, Fault, Program, Value};
use crate::finding::Severity;
use crate::golang::Glob;
use crate::k8s::selects;
use crate::origin::Place;
use crate::yaml::Node;

use super::deepest;
use super::others::{Given, Others, Seen};

/// Steps that one rule may take for one object.
const BUDGET: u64 = 1_000_000;

/// Keys of a rule file.
const KEYS: [&str; 13] = [
    "name",
    "description",
    "severity",
    "preset",
    "match",
    "reads",
    "expression",
    "message",
    "path",
    "help",
    "given",
    "good",
    "bad",
];

/// Keys of `match`.
const MATCH_KEYS: [&str; 5] = ["kinds", "namespaces", "apps", "clusters", "labels"];

/// Something wrong with a rule file.
#[derive(Debug, Clone, PartialEq)]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// What.
    pub words: String,
}

/// The app that renders an object, as rules see it.
#[derive(Debug, Clone, Copy, Default)]
pub struct OfApp<'a> {
    /// `metadata.name`.
    pub name: &'a str,
    /// The namespace that it deploys to.
    pub namespace: &'a str,
    /// The cluster that it deploys to.
    pub cluster: &'a str,
}

/// An object, as rules see it.
#[derive(Debug, Clone, Copy)]
pub struct OwnSubject<'a> {
    /// The whole of it.
    pub node: &'a Node,
    /// Its API group.
    pub group: &'a str,
    /// Its kind.
    pub kind: &'a str,
    /// Its namespace; empty where it has none.
    pub namespace: &'a str,
    /// The app that renders it.
    pub app: OfApp<'a>,
}

/// What a rule says about an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// It breaks the rule: the message and the path of the field.
    Broken(String, String),
    /// The rule could not be evaluated: why.
    Unchecked(String),
}

/// A kind, with its group where one is written.
type KindName = (Option<SmolStr>, SmolStr);

/// A rule.
#[derive(Debug)]
pub struct OwnRule {
    /// Its name.
    pub name: SmolStr,
    /// Where that is written.
    pub place: Place,
    /// How bad breaking it is.
    pub severity: Severity,
    /// Whether it runs only where the strict preset does.
    pub strict: bool,
    /// What it is for.
    pub description: Option<SmolStr>,
    /// The expression as written.
    pub text: SmolStr,
    /// What to do.
    pub help: Option<SmolStr>,
    /// Objects that are there when the examples are judged.
    given: Vec<Node>,
    /// Kinds that it may ask the inventory for.
    reads: Vec<KindName>,
    /// Objects that keep to it.
    pub good: Vec<Node>,
    /// Objects that break it.
    pub bad: Vec<Node>,
    expression: Program,
    message: Result<Program, SmolStr>,
    path: Option<Program>,
    /// Group, where one is written, and kind; everything where there are none.
    kinds: Vec<KindName>,
    namespaces: Vec<Glob>,
    apps: Vec<Glob>,
    clusters: Vec<Glob>,
    labels: Option<Node>,
}

fn texts<'n>(node: &'n Node, key: &str) -> Vec<&'n Node> {
    match node.get(key) {
        Some(list) if list.as_seq().is_some() => list.seq_or_empty().iter().collect(),
        Some(one) if !one.is_null() => vec![one],
        _ => Vec::new(),
    }
}

impl OwnRule {
    /// Reads a canonical document; also says what is wrong with it. Without a name and an expression there is no rule.
    pub fn read(node: &Node) -> (Option<Self>, Vec<Mistake>) {
        let mut mistakes = Vec::new();
        let mut wrong = |node: &Node, words: String| mistakes.push(Mistake { place: node.place(), words });
        if node.as_map().is_none() {
            wrong(node, "a rule is a mapping".to_owned());
            return (None, mistakes);
        }
        for (at, keys) in [(Some(node), &KEYS[..]), (node.get("match"), &MATCH_KEYS[..])] {
            for entry in at.map(Node::entries).unwrap_or_default() {
                let name = entry.key.text.as_str();
                if !keys.contains(&name) {
                    let known = crate::near::did_you_mean(name, keys.iter().copied());
                    let hint = known.map_or_else(String::new, |known| format!(": did you mean `{known}`?"));
                    mistakes.push(Mistake {
                        place: entry.key.place(),
                        words: format!("a rule has no key `{name}`{hint}"),
                    });
                }
            }
        }
        let mut wrong = |node: &Node, words: String| mistakes.push(Mistake { place: node.place(), words });
        let mut lacks = |key: &str| wrong(node, format!("a rule needs `{key}`"));
        let name = node.get("name").filter(|it| it.as_str().is_some_and(|name| !name.is_empty()));
        let expression = node.get("expression").filter(|it| it.as_str().is_some());
        if name.is_none() {
            lacks("name");
        }
        if expression.is_none() {
            lacks("expression");
        }
        let mut program = |at: &Node| {
            let text = at.as_str().unwrap_or_default();
            match Program::new(text) {
                Ok(program) => Some(program),
                Err(error) => {
                    let before: String = text.get(..error.at).unwrap_or(text).to_owned();
                    let words =
                        format!("the expression cannot be read: {} behind `{}`", error.words, before.trim());
                    wrong(at, words);
                    None
                }
            }
        };
        let text = expression;
        let expression = expression.and_then(&mut program);
        let path = node.get("path").and_then(&mut program);
        let message = match node.get("message").and_then(Node::as_str) {
            // A message in words reads as no expression, or as one over names that are none.
            Some(text) => match Program::new(text) {
                Ok(program) if text.contains(['\'', '"']) => Ok(program),
                _ => Err(SmolStr::new(text)),
            },
            None => Err(SmolStr::default()),
        };
        let severity = match node.get("severity").map(|it| (it, it.as_str())) {
            None | Some((_, Some("error"))) => Severity::Error,
            Some((_, Some("warning"))) => Severity::Warning,
            Some((_, Some("note"))) => Severity::Note,
            Some((at, _)) => {
                wrong(at, "`severity` is `error`, `warning` or `note`".to_owned());
                Severity::Error
            }
        };
        let strict = match node.get("preset").map(|it| (it, it.as_str())) {
            None | Some((_, Some("recommended"))) => false,
            Some((_, Some("strict"))) => true,
            Some((at, _)) => {
                wrong(at, "`preset` is `recommended` or `strict`".to_owned());
                false
            }
        };
        if let Some(at) = name.filter(|at| !at.as_str().is_some_and(is_name)) {
            wrong(at, "names are made of letters, digits, `-`, `_` and `.`".to_owned());
        }
        let about = node.get("match");
        let mut globs = |key: &str| -> Vec<Glob> {
            let nodes = about.map(|about| texts(about, key)).unwrap_or_default();
            let glob = |at: &Node| {
                let glob = Glob::new(at.scalar_text()?, &[]);
                if glob.is_none() {
                    wrong(at, "this pattern cannot be read".to_owned());
                }
                glob
            };
            nodes.into_iter().filter_map(glob).collect()
        };
        let (namespaces, apps, clusters) = (globs("namespaces"), globs("apps"), globs("clusters"));
        let named = |nodes: Vec<&Node>| -> Vec<KindName> {
            let kinds = nodes.into_iter().filter_map(Node::as_str);
            kinds.map(kind_name).collect()
        };
        let kinds = named(about.map(|about| texts(about, "kinds")).unwrap_or_default());
        let reads = named(texts(node, "reads"));
        if !reads.is_empty() && kinds.is_empty() {
            wrong(node, "a rule that `reads` other objects names its own in `match.kinds`".to_owned());
            return (None, mistakes);
        }
        let rule = (|| {
            Some(Self {
                name: name?.as_str()?.into(),
                place: name?.place(),
                severity,
                strict,
                description: node.get("description").and_then(Node::as_str).map(|text| text.trim().into()),
                text: text?.as_str()?.into(),
                help: node.get("help").and_then(Node::as_str).map(SmolStr::new),
                good: node.items(&["good"]).to_vec(),
                bad: node.items(&["bad"]).to_vec(),
                expression: expression?,
                message,
                path,
                kinds,
                reads,
                given: node.items(&["given"]).to_vec(),
                namespaces,
                apps,
                clusters,
                labels: about.and_then(|about| about.get("labels")).cloned(),
            })
        })();
        (rule, mistakes)
    }

    /// One line about it: what it says itself, else what its findings say.
    pub fn summary(&self) -> SmolStr {
        let written =
            self.description.as_ref().or(self.message.as_ref().err()).filter(|text| !text.is_empty());
        let first = written.and_then(|text| text.split("\n\n").next());
        first.map_or_else(
            || SmolStr::new(format!("An object breaks the rule `{}`.", self.name)),
            |text| SmolStr::new(text.replace('\n', " ")),
        )
    }

    /// Whether it is about objects of this kind with these labels.
    fn is_about(&self, subject: &OwnSubject<'_>) -> bool {
        let is_kind = |it: &KindName| is_named(it, subject.group, subject.kind);
        let labels = subject.node.at_path(&["metadata", "labels"]);
        (self.kinds.is_empty() || self.kinds.iter().any(is_kind))
            && self
                .labels
                .as_ref()
                .is_none_or(|selector| selects(selector, &|name| labels?.get(name)?.scalar_text()))
    }

    /// Whether it is about objects there.
    fn is_about_there(&self, subject: &OwnSubject<'_>) -> bool {
        let named =
            |globs: &[Glob], text: &str| globs.is_empty() || globs.iter().any(|glob| glob.matches(text));
        named(&self.namespaces, subject.namespace)
            && named(&self.apps, subject.app.name)
            && named(&self.clusters, subject.app.cluster)
    }

    /// Whether it asks for other objects: then it is judged when all apps have been rendered.
    pub fn reads_others(&self) -> bool {
        !self.reads.is_empty()
    }

    /// Whether it looks at objects of a kind when all apps have been rendered.
    pub fn keeps(&self, group: &str, kind: &str) -> bool {
        self.reads_others() && self.kinds.iter().chain(&self.reads).any(|it| is_named(it, group, kind))
    }

    /// What the rule says about an object; nothing where the object keeps to it, or the rule is about others. Its steps are taken
    /// from the pool.
    pub fn judge<'a>(
        &'a self,
        subject: &'a OwnSubject<'a>,
        others: &'a dyn Others,
        pool: &Budget,
    ) -> Option<Said> {
        if !self.is_about(subject) || !self.is_about_there(subject) {
            return None;
        }
        let budget = pool.part(BUDGET);
        let said = self.ask(subject, others, &budget);
        pool.settle(&budget);
        said
    }

    fn ask<'a>(
        &'a self,
        subject: &'a OwnSubject<'a>,
        others: &'a dyn Others,
        budget: &Budget,
    ) -> Option<Said> {
        let reads = self.reads_others().then_some(self.reads.as_slice());
        let scope = Seen { subject, others, reads, visited: Cell::new(0) };
        match self.expression.test(&scope, budget) {
            Ok(true) => None,
            Ok(false) => Some(Said::Broken(self.told(&scope, budget), self.field(&scope, budget))),
            Err(Fault::Failed(words)) => Some(Said::Unchecked(format!("the expression fails: {words}"))),
            Err(fault) => Some(Said::Unchecked(fault.to_string())),
        }
    }

    fn told<'a>(&'a self, scope: &Seen<'a>, budget: &Budget) -> String {
        match &self.message {
            Err(text) if text.is_empty() => format!("the object breaks the rule `{}`", self.name),
            Err(text) => text.to_string(),
            Ok(program) => match program.run(scope, budget) {
                // Data of Secrets is not told.
                Ok(Value::Text(text)) if scope.subject.kind != "Secret" => text.to_string(),
                _ => format!("the object breaks the rule `{}`", self.name),
            },
        }
    }

    /// The field to point at: what `path` says, else the deepest one that the expression names, as far as it is there.
    fn field<'a>(&'a self, scope: &Seen<'a>, budget: &Budget) -> String {
        if let Some(Ok(Value::Text(text))) = self.path.as_ref().map(|path| path.run(scope, budget)) {
            return text.to_string();
        }
        deepest(scope.subject.node, self.expression.paths("object"))
    }

    /// What its examples show: each that the rule judges differently than its place says.
    pub fn test(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (is_bad, (index, node)) in self
            .good
            .iter()
            .enumerate()
            .map(|example| (false, example))
            .chain(self.bad.iter().enumerate().map(|example| (true, example)))
        {
            let text = |path: &[&str]| node.at_path(path).and_then(Node::as_str).unwrap_or_default();
            let group = text(&["apiVersion"]).rsplit_once('/').map_or("", |(group, _)| group);
            let subject = OwnSubject {
                node,
                group,
                kind: text(&["kind"]),
                namespace: text(&["metadata", "namespace"]),
                app: OfApp::default(),
            };
            // An example says what it is, not where.
            let given = Given(&self.given);
            let said =
                if self.is_about(&subject) { self.ask(&subject, &given, &Budget::new(BUDGET)) } else { None };
            let (list, number) = (if is_bad { "bad" } else { "good" }, index + 1);
            match (is_bad, said) {
                (false, None) | (true, Some(Said::Broken(..))) => {}
                (false, Some(Said::Broken(words, _))) => {
                    wrong.push(format!("{list} {number} breaks it: {words}"));
                }
                (true, None) => wrong.push(format!("{list} {number} keeps to it")),
                (_, Some(Said::Unchecked(why))) => {
                    wrong.push(format!("{list} {number} cannot be judged: {why}"));
                }
            }
        }
        wrong
    }
}

/// Whether comments and options can name a rule so.
fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn kind_name(text: &str) -> KindName {
    match text.rsplit_once('/') {
        Some((group, kind)) => (Some(SmolStr::new(group)), SmolStr::new(kind)),
        None => (None, SmolStr::new(text)),
    }
}

fn is_named(name: &KindName, group: &str, kind: &str) -> bool {
    name.1 == kind && name.0.as_ref().is_none_or(|it| it == group)
}
