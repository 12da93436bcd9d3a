//! What the tools themselves say: cases of policies and objects with the verdicts of Kyverno, Gatekeeper and the API server.
//!
//! `.ci/oracle/policies.py` writes cases. Those below `fixtures/policies` are small and our own; those of public repositories, below
//! `target/policies`, are compared where they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::*;
use crate::cel::Budget;

/// Who is meant: policy and rule, kind, namespace and name of the object.
type Pair = (String, [String; 3]);

struct Nothing;

impl Surroundings for Nothing {
    fn namespace(&self, _: &str) -> Option<&Node> {
        None
    }

    fn parameters(&self, _: &str, _: &str, _: &str) -> Option<&Node> {
        None
    }
}

fn documents(path: &Path) -> Vec<Node> {
    super::tests::read(&std::fs::read_to_string(path).unwrap())
}

fn text<'n>(node: &'n Node, path: &[&str]) -> &'n str {
    node.at_path(path).and_then(Node::as_str).unwrap_or_default()
}

/// What comes of a case: how many verdicts agree, those that do not, and the reasons for which nothing is said.
#[derive(Default)]
struct Tally {
    agree: usize,
    differ: Vec<String>,
    unchecked: BTreeMap<String, usize>,
}

/// The end of a long reason, where what is missing is named.
fn shown(why: &str) -> String {
    let letters: Vec<char> = why.chars().collect();
    letters.iter().skip(letters.len().saturating_sub(90)).collect()
}

fn compare(case: &Path, tally: &mut Tally) {
    let objects = documents(&case.join("objects.yaml"));
    let policies = Policies::of(documents(&case.join("policies.yaml")));
    // What is said of a pair; a violation outweighs the rest.
    let mut ours: BTreeMap<Pair, Outcome> = BTreeMap::new();
    for object in &objects {
        let version = text(object, &["apiVersion"]);
        let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
        let namespace = text(object, &["metadata", "namespace"]);
        let subject = Subject {
            node: object,
            group,
            version,
            kind: text(object, &["kind"]),
            namespace,
            name: text(object, &["metadata", "name"]),
            namespaced: !namespace.is_empty(),
            old: None,
        };
        // The tools are given objects as they are.
        let complete = || Some(object.clone());
        let pool = Budget::new(u64::MAX);
        for decision in policies.decide_over(&subject, &Nothing, &complete, &pool) {
            let id = [subject.kind, namespace, subject.name].map(ToOwned::to_owned);
            let place = ours.entry((decision.policy.to_string(), id)).or_insert(decision.outcome.clone());
            if matches!(decision.outcome, Outcome::Violated(_)) {
                *place = decision.outcome;
            }
        }
    }
    let mut theirs: BTreeMap<Pair, (BTreeSet<String>, String)> = BTreeMap::new();
    for line in std::fs::read_to_string(case.join("verdicts.tsv")).unwrap().lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let [policy, rule, kind, namespace, name, result, words @ ..] = &parts[..] else {
            panic!("{}: {line}", case.display());
        };
        let policy = if rule.is_empty() { (*policy).to_owned() } else { format!("{policy}/{rule}") };
        let entry = theirs.entry((policy, [kind, namespace, name].map(|it| (*it).to_owned()))).or_default();
        entry.0.insert((*result).to_owned());
        entry.1 = words.join(" ");
    }
    let pairs: BTreeSet<&Pair> = ours.keys().chain(theirs.keys()).collect();
    for pair in pairs {
        let (results, words) = theirs.get(pair).cloned().unwrap_or_default();
        let said = |word: &str| results.contains(word);
        let same = match ours.get(pair) {
            Some(Outcome::Unchecked(why)) => {
                *tally.unchecked.entry(shown(why)).or_default() += 1;
                continue;
            }
            Some(Outcome::Violated(_)) => said("fail"),
            Some(Outcome::Failed(_)) => said("error") || said("fail"),
            None => !said("fail") && !said("error"),
        };
        if same {
            tally.agree += 1;
        } else {
            let ours = ours.get(pair);
            let (policy, [kind, namespace, name]) = pair;
            let case = case.file_name().unwrap_or_default().to_string_lossy();
            tally.differ.push(format!(
                "{case}: {policy} of {kind} {namespace}/{name}: {results:?}, {words:?}; here {ours:?}"
            ));
        }
    }
}

/// What the tools say of our own cases is what is said here.
#[test]
fn agrees_with_the_tools() {
    for dir in ["fixtures/policies", "target/policies"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
        let Ok(entries) = std::fs::read_dir(&root) else {
            eprintln!("skipped: there is no {dir}");
            continue;
        };
        let mut cases: Vec<_> = entries.flatten().map(|it| it.path()).filter(|it| it.is_dir()).collect();
        cases.sort();
        let mut tally = Tally::default();
        for case in &cases {
            compare(case, &mut tally);
        }
        let unchecked: usize = tally.unchecked.values().sum();
        eprintln!(
            "{dir}: {} cases, {} agree, {} differ, {unchecked} are not checked: {:#?}",
            cases.len(),
            tally.agree,
            tally.differ.len(),
            tally.unchecked
        );
        assert!(tally.agree > 0 && tally.differ.is_empty(), "{}", tally.differ.join("\n"));
    }
}
