//! Gatekeeper: ConstraintTemplates whose code is CEL or Rego, and the constraints of their kinds.
//!
//! Mirrors `github.com/open-policy-agent/gatekeeper/v3/pkg/drivers/k8scel` and `pkg/mutation/match`. A template with code for both engines
//! is run by the one for CEL, as upstream prefers it.
//!
//! Not here: how Rego is run (`rego`), which takes a program that is built for it. In others, a template that has nothing else is told as
//! not executed.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::cel::Budget;
use crate::k8s::{selects, selects_all};
use crate::origin::Place;
use crate::yaml::{Key, Map, Node};

use super::expressions::{Asked, Expressions};
use super::gaps::Gap;
use super::policy::{Action, Decision, Outcome, Subject, Surroundings, text};
#[cfg(feature = "rego")]
use super::rego::Rego;

/// Variables that every template has: their names and expressions.
const BOUND: [(&str, &str); 2] = [
    // Objects are never deleted here.
    ("anyObject", "object"),
    ("params", "!has(params.spec) ? null : !has(params.spec.parameters) ? null : params.spec.parameters"),
];

/// The namespace that Gatekeeper itself lives in, which it never asks about.
const OWN_NAMESPACE: &str = "gatekeeper-system";

/// The label of namespaces that it never asks about.
const IGNORE_LABEL: &str = "admission.gatekeeper.sh/ignore";

/// The templates, constraints and the configuration of a repository.
#[derive(Debug, Default)]
pub(super) struct Gatekeeper {
    templates: Vec<Template>,
    /// Where the template of a kind is among them.
    by_kind: FxHashMap<SmolStr, usize>,
    constraints: Vec<Constraint>,
    /// Patterns of namespaces that the Config leaves out.
    left_out: Vec<SmolStr>,
}

#[derive(Debug)]
struct Template {
    name: SmolStr,
    /// The kind of its constraints.
    kind: SmolStr,
    place: Place,
    code: Code,
}

/// The code of a template.
#[derive(Debug)]
enum Code {
    Cel(Expressions),
    #[cfg(feature = "rego")]
    Rego(Box<Rego>),
    /// Nothing that is executed here: why.
    Other(String),
}

impl Code {
    #[cfg(feature = "rego")]
    fn in_rego(target: Option<&Node>, template: &Node) -> Self {
        match target.and_then(|target| Rego::read(target, template)) {
            Some(Ok(rego)) => Self::Rego(Box::new(rego)),
            Some(Err(why)) => Self::Other(why),
            None => Self::Other("it has no code".to_owned()),
        }
    }

    #[cfg(not(feature = "rego"))]
    fn in_rego(_: Option<&Node>, _: &Node) -> Self {
        Self::Other("its code is Rego, and this program was built without `--features rego`".to_owned())
    }
}

#[derive(Debug)]
struct Constraint {
    kind: SmolStr,
    name: SmolStr,
    place: Place,
    action: Action,
    node: Node,
}

fn place_of_name(node: &Node) -> Place {
    node.at_path(&["metadata", "name"]).map_or_else(|| node.place(), Node::place)
}

impl Template {
    fn read(node: &Node) -> Option<Self> {
        let kind = text(node, &["spec", "crd", "spec", "names", "kind"])?.into();
        let target = node.items(&["spec", "targets"]).first();
        let code = target.map(|target| target.items(&["code"])).unwrap_or_default();
        let cel = code.iter().find(|it| text(it, &["engine"]) == Some("K8sNativeValidation"));
        let code = match cel.and_then(|it| it.get("source")) {
            Some(source) => Code::Cel(expressions(source)),
            None => Code::in_rego(target, node),
        };
        let name = text(node, &["metadata", "name"])?.into();
        Some(Self { name, kind, place: place_of_name(node), code })
    }
}

/// The code of a template, with the variables that Gatekeeper binds.
fn expressions(source: &Node) -> Expressions {
    let place = source.place();
    let bound = BOUND.iter().map(|(name, expression)| {
        let mut map = Map::new();
        map.insert(Key::new("name", place), Node::string(*name, place));
        map.insert(Key::new("expression", place), Node::string(*expression, place));
        Node::map(map, place)
    });
    let variables: Vec<Node> = bound.chain(source.items(&["variables"]).iter().cloned()).collect();
    Expressions::read(
        source.items(&["matchCondition"]),
        &variables,
        source.items(&["validations"]),
        text(source, &["failurePolicy"]) == Some("Ignore"),
    )
}

impl Constraint {
    fn read(node: &Node) -> Option<Self> {
        Some(Self {
            kind: text(node, &["kind"])?.into(),
            name: text(node, &["metadata", "name"])?.into(),
            place: place_of_name(node),
            action: action(node),
            node: node.clone(),
        })
    }
}

/// What is done with a violation when an object is applied.
fn action(constraint: &Node) -> Action {
    let of = |word: &str| match word {
        "deny" => Action::Deny,
        "warn" => Action::Warn,
        _ => Action::Audit,
    };
    match text(constraint, &["spec", "enforcementAction"]) {
        None | Some("") => Action::Deny,
        Some("scoped") => {
            let scoped = constraint.items(&["spec", "scopedEnforcementActions"]).iter();
            let at_admission = scoped.filter(|it| {
                let mut points = it.items(&["enforcementPoints"]).iter().filter_map(|it| text(it, &["name"]));
                points.any(|it| ["*", "validation.gatekeeper.sh", "vap.k8s.io"].contains(&it))
            });
            at_admission.filter_map(|it| text(it, &["action"])).map(of).max().unwrap_or(Action::Audit)
        }
        Some(word) => of(word),
    }
}

impl Gatekeeper {
    /// Takes in an object of one of its groups; `false` where it is none.
    pub(super) fn take(&mut self, group: &str, node: &Node) -> bool {
        match (group, text(node, &["kind"])) {
            ("templates.gatekeeper.sh", Some("ConstraintTemplate")) => {
                self.templates.extend(Template::read(node));
            }
            ("constraints.gatekeeper.sh", Some(_)) => self.constraints.extend(Constraint::read(node)),
            ("config.gatekeeper.sh", Some("Config")) => {
                let at_admission = |it: &&Node| {
                    let mut processes = it.items(&["processes"]).iter().filter_map(Node::as_str);
                    processes.any(|it| it == "*" || it == "webhook")
                };
                let matches = node.items(&["spec", "match"]).iter().filter(at_admission);
                let names = matches.flat_map(|it| it.items(&["excludedNamespaces"])).filter_map(Node::as_str);
                self.left_out.extend(names.map(SmolStr::new));
            }
            _ => return false,
        }
        true
    }

    /// Sorts out what is written twice: which of two counts is not known.
    pub(super) fn settle(&mut self) {
        let mut seen: FxHashMap<SmolStr, usize> = FxHashMap::default();
        for template in &self.templates {
            *seen.entry(template.kind.clone()).or_default() += 1;
        }
        self.templates.retain(|template| seen.get(&template.kind) == Some(&1));
        let kinds = self.templates.iter().map(|template| template.kind.clone());
        self.by_kind = kinds.zip(0..).collect();
    }

    /// Whether there is nothing that decides.
    pub(super) fn is_empty(&self) -> bool {
        self.constraints.is_empty() || self.templates.iter().all(|it| matches!(it.code, Code::Other(_)))
    }

    /// Templates that are not executed. The number is that of all.
    pub(super) fn gaps(&self) -> (Vec<Gap>, usize) {
        let gap = |template: &Template| {
            let (why, whole) = match &template.code {
                Code::Cel(expressions) => (expressions.unsupported()?, false),
                #[cfg(feature = "rego")]
                Code::Rego(_) => return None,
                Code::Other(why) => (why.clone(), true),
            };
            let policy = template.name.clone();
            Some(Gap { policy, rule: SmolStr::default(), why, validates: true, whole, place: template.place })
        };
        (self.templates.iter().filter_map(gap).collect(), self.templates.len())
    }

    /// What the constraints say about an object; `seen` has the defaults, if `is_complete`.
    pub(super) fn decide(
        &self,
        subject: &Subject<'_>,
        (seen, is_complete): (&Node, bool),
        world: &dyn Surroundings,
        pool: &Budget,
        say: &mut dyn FnMut(Decision),
    ) {
        if self.leaves_out(subject, world) {
            return;
        }
        for constraint in &self.constraints {
            let template = self.by_kind.get(&constraint.kind).and_then(|at| self.templates.get(*at));
            let Some(code) = template.map(|it| &it.code).filter(|it| !matches!(it, Code::Other(_))) else {
                continue;
            };
            let mut tell = |outcome: Outcome, field: String| {
                say(Decision {
                    policy: SmolStr::new(format!("{}/{}", constraint.kind, constraint.name)),
                    place: constraint.place,
                    action: constraint.action,
                    outcome,
                    field,
                    at: None,
                    by_who: false,
                });
            };
            match is_about(constraint.node.at_path(&["spec", "match"]), subject, world) {
                Ok(false) => continue,
                Err(why) => {
                    tell(Outcome::Unchecked(why), String::new());
                    continue;
                }
                Ok(true) => {}
            }
            match code {
                Code::Cel(expressions) => {
                    let parameters = Some(&constraint.node);
                    let asked = Asked::new(expressions, subject, seen, parameters, world, is_complete);
                    let asked = asked.within(pool);
                    asked.decide(&mut tell);
                    asked.settle(pool);
                }
                #[cfg(feature = "rego")]
                Code::Rego(rego) => match rego.violations(subject, seen, &constraint.node, pool) {
                    Ok(said) => {
                        for words in said {
                            tell(Outcome::Violated(words), rego.field(subject.node));
                        }
                    }
                    Err(why) => tell(Outcome::Unchecked(why), String::new()),
                },
                Code::Other(_) => {}
            }
        }
    }

    /// Whether objects of that namespace are never asked about.
    fn leaves_out(&self, subject: &Subject<'_>, world: &dyn Surroundings) -> bool {
        let Some(namespace) = namespace_of(subject) else { return false };
        let labels = || world.namespace(namespace)?.at_path(&["metadata", "labels", IGNORE_LABEL]);
        namespace == OWN_NAMESPACE
            || self.left_out.iter().any(|it| is_named(it, namespace))
            || labels().is_some()
    }
}

/// The namespace that patterns of names are about: of a Namespace, its own.
fn namespace_of<'s>(subject: &Subject<'s>) -> Option<&'s str> {
    match (subject.group, subject.kind) {
        ("", "Namespace") => Some(subject.name),
        _ if subject.namespaced => Some(subject.namespace).filter(|it| !it.is_empty()),
        _ => None,
    }
}

/// A name with a star in front, behind, or both. Mirrors `pkg/wildcard`.
fn is_named(pattern: &str, name: &str) -> bool {
    let (front, behind) = (pattern.strip_prefix('*'), pattern.strip_suffix('*'));
    match (front, behind) {
        (Some(rest), Some(_)) => name.contains(rest.strip_suffix('*').unwrap_or(rest)),
        (Some(end), None) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => pattern == name,
    }
}

/// Whether a constraint is about the object; `Err` says what would have to be known. Mirrors `Matches`.
fn is_about(wanted: Option<&Node>, subject: &Subject<'_>, world: &dyn Surroundings) -> Result<bool, String> {
    let Some(wanted) = wanted.filter(|it| !it.is_null()) else { return Ok(true) };
    let listed = |node: &Node, key: &str, is: &dyn Fn(&str) -> bool| {
        let items = node.items(&[key]);
        items.is_empty() || items.iter().filter_map(Node::as_str).any(is)
    };
    let kinds = wanted.items(&["kinds"]);
    let is_kind = |it: &Node| {
        listed(it, "kinds", &|kind| kind == "*" || kind == subject.kind)
            && listed(it, "apiGroups", &|group| group == "*" || group == subject.group)
    };
    if !kinds.is_empty() && !kinds.iter().any(is_kind) {
        return Ok(false);
    }
    let is_namespace = subject.group.is_empty() && subject.kind == "Namespace";
    let in_scope = match text(wanted, &["scope"]) {
        Some("Cluster") => is_namespace || !subject.namespaced,
        Some("Namespaced") => !is_namespace && subject.namespaced,
        _ => true,
    };
    let named = text(wanted, &["name"]).filter(|it| !it.is_empty());
    if !in_scope
        || named.is_some_and(|it| !is_named(it, subject.name))
        // What controllers make is not here.
        || text(wanted, &["source"]) == Some("Generated")
    {
        return Ok(false);
    }
    if let Some(namespace) = namespace_of(subject) {
        let mut excluded = wanted.items(&["excludedNamespaces"]).iter().filter_map(Node::as_str);
        if !listed(wanted, "namespaces", &|it| is_named(it, namespace))
            || excluded.any(|it| is_named(it, namespace))
        {
            return Ok(false);
        }
    }
    let labels = subject.node.at_path(&["metadata", "labels"]);
    let own = |name: &str| labels?.get(name)?.scalar_text();
    if wanted.get("labelSelector").is_some_and(|it| !it.is_null() && !selects(it, &own)) {
        return Ok(false);
    }
    match wanted.get("namespaceSelector").filter(|it| !it.is_null() && !selects_all(it)) {
        None => Ok(true),
        Some(selector) if is_namespace => Ok(selects(selector, &own)),
        Some(_) if !subject.namespaced => Ok(true),
        Some(selector) => {
            let Some(namespace) = world.namespace(subject.namespace) else {
                return Err(format!("the labels of namespace `{}` are not known here", subject.namespace));
            };
            let labels = namespace.at_path(&["metadata", "labels"]);
            Ok(selects(selector, &|name| match name {
                "kubernetes.io/metadata.name" => Some(subject.namespace),
                name => labels?.get(name)?.scalar_text(),
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::decide;
    use super::{Action, Outcome};

    const TEMPLATE: &str = "
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: needslabels}
spec:
  crd: {spec: {names: {kind: NeedsLabels}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    code:
    - engine: K8sNativeValidation
      source:
        variables:
        - {name: has, expression: 'variables.anyObject.metadata.?labels.orValue({})'}
        validations:
        - expression: variables.params.labels.all(it, it in variables.has)
          messageExpression: '\"needs \" + variables.params.labels.join(\", \")'
";

    /// Constraints of a template in CEL: what they are about, and what they do.
    #[test]
    fn executes_constraints_of_gatekeeper() {
        let object = "
apiVersion: v1
kind: ConfigMap
metadata: {name: web-a, namespace: shop, labels: {tier: web}}
";
        let constraint = |spec: &str| {
            format!(
                "{TEMPLATE}---\napiVersion: constraints.gatekeeper.sh/v1beta1\nkind: NeedsLabels\nmetadata: {{name: c}}\nspec:\n  \
             parameters: {{labels: [team]}}\n{spec}\n"
            )
        };
        for (spec, action) in [
            ("", Some(Action::Deny)),
            ("  match: {kinds: [{apiGroups: [''], kinds: [ConfigMap]}]}", Some(Action::Deny)),
            ("  match: {kinds: [{apiGroups: [apps], kinds: ['*']}]}", None),
            ("  match: {namespaces: ['sh*']}", Some(Action::Deny)),
            ("  match: {namespaces: ['*ho']}", None),
            ("  match: {excludedNamespaces: ['*op', other]}", None),
            ("  match: {name: '*eb-*'}", Some(Action::Deny)),
            ("  match: {scope: Cluster}", None),
            ("  match: {scope: Namespaced}", Some(Action::Deny)),
            ("  match: {source: Generated}", None),
            ("  match: {labelSelector: {matchLabels: {tier: db}}}", None),
            (
                "  match: {labelSelector: {matchExpressions: [{key: tier, operator: Exists}]}}",
                Some(Action::Deny),
            ),
            ("  enforcementAction: dryrun", Some(Action::Audit)),
            ("  enforcementAction: warn", Some(Action::Warn)),
            (
                "  enforcementAction: scoped\n  scopedEnforcementActions: [{action: deny, enforcementPoints: [{name: audit.gatekeeper.sh}]}]",
                Some(Action::Audit),
            ),
            (
                "  enforcementAction: scoped\n  scopedEnforcementActions: [{action: warn, enforcementPoints: [{name: '*'}]}]",
                Some(Action::Warn),
            ),
        ] {
            let decisions = decide(&constraint(spec), object);
            let wanted: Vec<_> = action
                .map(|action| {
                    (action, Outcome::Violated("needs team".to_owned()), "metadata.labels".to_owned())
                })
                .into_iter()
                .collect();
            assert_eq!(decisions, wanted, "{spec}");
        }
        let config = "---\napiVersion: config.gatekeeper.sh/v1alpha1\nkind: Config\nmetadata: {name: config}\nspec: {match: [{excludedNamespaces: ['sh*'], \
                  processes: ['*']}]}\n";
        assert_eq!(decide(&(constraint("") + config), object), []);
        assert_eq!(decide(&constraint(""), &object.replace("tier: web", "team: shop")), []);
    }
}
