//! Gatekeeper's templates in Rego, run by `regorus`: in programs that are built with `--features rego`.
//!
//! A template's `violation` is asked about `input.review` and `input.parameters`, with as much of the review as is known offline. Mirrors
//! `frameworks/constraint/pkg/client/drivers/rego`.
//!
//! Not here: who asks, data that was synced from a cluster (`data.inventory`), and providers of data: a template that names one of
//! them is told as not executed.

use std::num::NonZeroU32;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};
use serde_json::json;
use smol_str::SmolStr;

use crate::cel::Budget;
use crate::yaml::Node;

use super::deepest;
use super::matching::resource;
use super::policy::{Subject, text};

/// How long one question may take.
const LIMIT: ExecutionTimerConfig =
    ExecutionTimerConfig { limit: Duration::from_millis(500), check_interval: NonZeroU32::MIN };

/// Steps that one question takes from those of all.
const STEPS: usize = 2_000;

/// The most violations that one question has.
const MOST: usize = 20;

/// What is not known here, by the words that ask for it.
const UNKNOWN: [(&str, &str); 7] = [
    ("userInfo", "who asks, `input.review.userInfo`"),
    ("data.inventory", "other objects of the cluster, `data.inventory`"),
    ("external_data", "a provider's data, `external_data`"),
    ("_unstable", "the namespace of the object, `input.review._unstable`"),
    ("http.send", "an answer of some server, `http.send`"),
    ("opa.runtime", "the environment of the cluster, `opa.runtime`"),
    ("time.now_ns", "the time, `time.now_ns`"),
];

/// The path of the object in what a template sees.
const OBJECT: &str = "input.review.object.";

/// The code of a template, prepared.
#[derive(Debug)]
pub(super) struct Rego {
    engine: Engine,
    /// The rule that is asked for.
    rule: String,
    /// What parameters are where a constraint says nothing.
    defaults: Vec<(String, serde_json::Value)>,
    /// The fields of the object that the code names.
    fields: Vec<Vec<SmolStr>>,
}

/// Code without its comments; a `#` in a text may take words along, which are then not seen as asked for.
fn without_comments(code: &str) -> String {
    let bare = |line: &str| {
        let quotes = |end: usize| line.get(..end).is_some_and(|it| it.matches(['"', '`']).count() % 2 == 1);
        let start = line.match_indices('#').map(|(at, _)| at).find(|at| !quotes(*at));
        line.get(..start.unwrap_or(line.len())).unwrap_or(line).to_owned()
    };
    code.lines().map(bare).collect::<Vec<_>>().join("\n")
}

/// Code in which what is given to a function that is negated is looked up before: `not f(a.b)` says nothing where there is no `a.b`, as
/// OPA's compiler has it; `regorus` takes it for true.
fn with_eager_arguments(code: &str) -> String {
    let mut number = 0;
    let mut eager = |line: &str| -> Option<String> {
        let start = line.find(|c: char| !c.is_whitespace())?;
        let (blanks, rest) = line.split_at_checked(start)?;
        let call = rest.strip_prefix("not ")?.trim_end();
        let (name, arguments) = call.strip_suffix(')')?.split_once('(')?;
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_name = !name.is_empty() && name.chars().all(|c| is_word(c) || c == '.');
        let arguments: Vec<&str> = arguments.split(',').map(str::trim).collect();
        // Whatever is nested stays as it is.
        if !is_name || arguments.iter().any(|it| it.contains(['(', ')', '{', '}', ';', '`'])) {
            return None;
        }
        let is_path = |it: &str| {
            it.starts_with(|c: char| c.is_ascii_alphabetic())
                && it.contains('.')
                && it.chars().all(|c| is_word(c) || c == '.')
        };
        let (mut before, mut given) = (String::new(), Vec::new());
        for argument in arguments {
            if is_path(argument) {
                number += 1;
                before.extend(["given__", &number.to_string(), " := ", argument, "; "]);
                given.push(format!("given__{number}"));
            } else {
                given.push(argument.to_owned());
            }
        }
        (!before.is_empty()).then(|| format!("{blanks}{before}not {name}({})", given.join(", ")))
    };
    code.lines().map(|line| eager(line).unwrap_or_else(|| line.to_owned())).collect::<Vec<_>>().join("\n")
}

/// The fields that code names below the object.
fn fields(code: &str) -> Vec<Vec<SmolStr>> {
    let rests = code.match_indices(OBJECT).filter_map(|(at, words)| code.get(at + words.len()..));
    let path = |rest: &str| -> Vec<SmolStr> {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.');
        let words = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        words.split('.').filter(|name| !name.is_empty()).map(SmolStr::new).collect()
    };
    rests.map(path).collect()
}

impl Rego {
    /// Reads the code of a target; `None` where it has none in Rego, `Err` where that is not executed here.
    pub(super) fn read(target: &Node, template: &Node) -> Option<Result<Self, String>> {
        let code = target.items(&["code"]).iter().find(|it| text(it, &["engine"]) == Some("Rego"));
        let (source, is_new) = match code.and_then(|it| it.get("source")) {
            Some(source) => (source, text(source, &["version"]) == Some("v1")),
            None => (target, false),
        };
        let main = text(source, &["rego"])?;
        let parts = source.items(&["libs"]).iter().filter_map(Node::as_str).chain([main]);
        Some(Self::prepared(parts, is_new, template))
    }

    fn prepared<'c>(
        parts: impl Iterator<Item = &'c str>,
        is_new: bool,
        template: &Node,
    ) -> Result<Self, String> {
        let mut engine = Engine::new();
        engine.set_rego_v0(!is_new);
        // What fails inside of a rule leaves it undefined, as it does upstream.
        engine.set_strict_builtin_errors(false);
        engine.set_execution_timer_config(LIMIT);
        let (mut package, mut found) = (String::new(), Vec::new());
        for (number, code) in parts.enumerate() {
            let bare = without_comments(code);
            if let Some((_, what)) = UNKNOWN.iter().find(|(words, _)| bare.contains(words)) {
                return Err(format!("its code is Rego that asks for {what}"));
            }
            found.extend(fields(&bare));
            let added = engine.add_policy(format!("{number}.rego"), with_eager_arguments(&bare));
            // The last one is the template's own.
            package = added
                .map_err(|fault| format!("its Rego cannot be read: {}", in_short(&fault.to_string())))?;
        }
        let schema =
            template.at_path(&["spec", "crd", "spec", "validation", "openAPIV3Schema", "properties"]);
        let defaults =
            schema.map(Node::entries).unwrap_or_default().iter().filter_map(|entry| {
                Some((entry.key.text.to_string(), entry.value.get("default")?.to_value()))
            });
        let mut read = Self {
            engine,
            rule: format!("{package}.violation"),
            defaults: defaults.collect(),
            fields: found,
        };
        // What it calls is looked up when it is first asked something.
        let probe = json!({ "review": { "object": {} }, "parameters": {} });
        read.engine.set_input(Value::from(probe));
        let asked = read.engine.eval_rule(read.rule.clone());
        asked.map_err(|fault| format!("its Rego cannot be executed: {}", in_short(&fault.to_string())))?;
        Ok(read)
    }

    /// What it says against an object, `seen` as the API server sees it; `Err` says why nothing can be said.
    pub(super) fn violations(
        &self,
        subject: &Subject<'_>,
        seen: &Node,
        constraint: &Node,
        pool: &Budget,
    ) -> Result<Vec<String>, String> {
        pool.spend(STEPS).map_err(|_| "policies take too many steps for all objects together".to_owned())?;
        let mut parameters = match constraint.at_path(&["spec", "parameters"]).map(Node::to_value) {
            Some(serde_json::Value::Object(map)) => map,
            _ => serde_json::Map::new(),
        };
        for (name, value) in &self.defaults {
            parameters.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let kind = json!({ "group": subject.group, "version": subject.version, "kind": subject.kind });
        let of =
            json!({ "group": subject.group, "version": subject.version, "resource": resource(subject.kind) });
        let mut review = json!({
            "uid": "",
            "kind": kind,
            "requestKind": kind,
            "resource": of,
            "requestResource": of,
            "name": subject.name,
            "operation": subject.operation(),
            "object": seen.to_value(),
            "oldObject": subject.old.map(Node::to_value),
            "dryRun": false,
        });
        if let Some(map) = review.as_object_mut()
            && !subject.asked_in().is_empty()
        {
            map.insert("namespace".to_owned(), subject.asked_in().into());
        }
        let mut engine = self.engine.clone();
        engine.set_input(Value::from(json!({ "review": review, "parameters": parameters })));
        let said = match engine.eval_rule(self.rule.clone()) {
            Ok(said) => said,
            Err(fault) => return Err(format!("its Rego fails: {}", in_short(&fault.to_string()))),
        };
        let found = match &said {
            Value::Undefined => return Ok(Vec::new()),
            Value::Set(found) => found.iter().take(MOST),
            _ => return Err("its `violation` is no set".to_owned()),
        };
        let words = |it: &Value| match it {
            // Of a Secret nothing is quoted here.
            _ if subject.kind == "Secret" => Some("the template has a violation".to_owned()),
            Value::Object(map) => Some(map.get(&Value::from("msg"))?.as_string().ok()?.to_string()),
            _ => None,
        };
        let mut words: Vec<String> = found.filter_map(words).collect();
        words.dedup();
        Ok(words)
    }

    /// The field of an object that the code asks about, as far as it is there.
    pub(super) fn field(&self, object: &Node) -> String {
        deepest(object, self.fields.iter().map(|path| path.iter().cloned()))
    }
}

/// What is wrong, without the excerpt that `regorus` draws.
fn in_short(fault: &str) -> String {
    let words = |line: &&str| !line.trim().is_empty() && !line.contains(['|', '^']);
    let line = fault.lines().rfind(|line| line.contains("error:")).or_else(|| fault.lines().find(words));
    let line = line.unwrap_or(fault);
    let line = line.rsplit_once("error: ").map_or(line, |(_, words)| words);
    line.trim().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::decide;
    use super::super::{Action, Outcome};
    use super::{with_eager_arguments, without_comments};

    fn template(rego: &str) -> String {
        let rego = rego.replace('\n', "\n      ");
        format!(
            "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {{name: needslabels}}\nspec:\n  crd:\n    spec:\n      \
             names: {{kind: NeedsLabels}}\n      validation: {{openAPIV3Schema: {{properties: {{word: {{default: needs}}}}}}}}\n  targets:\n  - target: a\n    \
             libs: ['package lib.words\n\n        also(x) = y {{ y := concat(\"\", [x, \"!\"]) }}']\n    rego: |\n      {rego}\n---\n\
             apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: NeedsLabels\nmetadata: {{name: c}}\nspec: {{parameters: {{labels: [team]}}}}\n"
        )
    }

    const NEEDS: &str = "package needslabels
import data.lib.words
violation[{\"msg\": msg}] {
  wanted := input.parameters.labels[_] # not input.review.userInfo
  not input.review.object.metadata.labels[wanted]
  msg := words.also(sprintf(\"%v %v\", [input.parameters.word, wanted]))
}";

    const OBJECT: &str =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop, labels: {tier: web}}\n";

    #[test]
    fn runs_templates() {
        let wanted = Outcome::Violated("needs team!".to_owned());
        assert_eq!(decide(&template(NEEDS), OBJECT), [(Action::Deny, wanted, "metadata.labels".to_owned())]);
        assert_eq!(decide(&template(NEEDS), &OBJECT.replace("tier", "team")), []);
        let secret = decide(&template(NEEDS), &OBJECT.replace("ConfigMap", "Secret"));
        assert_eq!(secret[0].1, Outcome::Violated("the template has a violation".to_owned()));
    }

    /// What cannot be answered is told; what never ends, ends.
    #[test]
    fn is_bounded() {
        let endless = "package a\nviolation[{\"msg\": \"m\"}] {\n  numbers.range(1, 3000)[i]\n  numbers.range(1, 3000)[j]\n  \
                       numbers.range(1, 3000)[k]\n  i + j + k < input.parameters.none\n  i + j + k < 0\n}";
        let begin = std::time::Instant::now();
        let endless = endless.replace("input.parameters.none", "count(input.parameters.labels)");
        let decisions = decide(&template(&endless), OBJECT);
        assert!(decisions.iter().all(|it| matches!(&it.1, Outcome::Unchecked(_))), "{decisions:?}");
        assert!(begin.elapsed().as_secs() < 10, "{:?}", begin.elapsed());
        for unknown in
            ["input.review.userInfo.username == \"a\"", "data.inventory.cluster", "not_a_function(1)", "(("]
        {
            let code = format!("package a\nviolation[{{\"msg\": \"m\"}}] {{ {unknown} }}");
            assert_eq!(decide(&template(&code), OBJECT), [], "{unknown}");
            let share = super::super::Policies::of(super::super::tests::read(&template(&code))).share();
            assert!(share.gaps.len() == 1 && share.gaps[0].whole, "{unknown}: {share:?}");
        }
    }

    #[test]
    fn looks_up_what_negated_functions_are_given() {
        for (code, wanted) in [
            ("  not f(a, b.c, \"d.e\")", "  given__1 := b.c; not f(a, given__1, \"d.e\")"),
            ("not f(a)", "not f(a)"),
            ("x := not_f(a.b)", "x := not_f(a.b)"),
            ("not f(g(a.b))", "not f(g(a.b))"),
            ("not f(a.b) == 1", "not f(a.b) == 1"),
            ("not f(", "not f("),
        ] {
            assert_eq!(with_eager_arguments(code), wanted);
        }
    }

    #[test]
    fn knows_comments() {
        assert_eq!(without_comments("a # b\n\"#\" == c # d"), "a \n\"#\" == c ");
    }
}
