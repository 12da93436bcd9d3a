//! What the tools themselves say: cases of policies and objects with the verdicts of Kyverno, Gatekeeper and the API server.
//!
//! `.ci/oracle/policies.py` writes cases, and `.ci/oracle/server_policies.py` those of the API server, which have `old.yaml`. Those below `fixtures/policies` are small and our own; those of public repositories, below
//! `target/policies`, are compared where they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::*;
use crate::cel::Budget;

/// Who is meant: policy and rule, kind, namespace and name of the object.
type Pair = (String, [String; 3]);

fn documents(path: &Path) -> Vec<Node> {
    super::tests::read(&std::fs::read_to_string(path).unwrap())
}

fn id_of(node: &Node) -> [String; 3] {
    let [kind, namespace, name]: [&[&str]; 3] =
        [&["kind"], &["metadata", "namespace"], &["metadata", "name"]];
    [kind, namespace, name].map(|path| text(node, path).to_owned())
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
    let written = documents(&case.join("policies.yaml"));
    let world = super::tests::World(written.clone());
    let policies = Policies::of(written);
    let by_server = case.join("old.yaml").exists();
    let old = if by_server { documents(&case.join("old.yaml")) } else { Vec::new() };
    let old: BTreeMap<[String; 3], Node> = old.into_iter().map(|it| (id_of(&it), it)).collect();
    let there: BTreeSet<[String; 3]> = objects.iter().map(id_of).collect();
    let gone: Vec<&Node> = old.iter().filter(|(id, _)| !there.contains(*id)).map(|(_, it)| it).collect();
    // What is said of a pair.
    let mut ours: BTreeMap<Pair, Outcome> = BTreeMap::new();
    let mut messages: BTreeMap<Pair, BTreeSet<String>> = BTreeMap::new();
    for (object, removed) in objects.iter().map(|it| (it, false)).chain(gone.into_iter().map(|it| (it, true)))
    {
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
            old: old.get(&id_of(object)).filter(|_| !removed),
            removed,
        };
        // The tools are given objects as they are; the server completes them.
        let complete = || Some(object.clone());
        let pool = Budget::new(u64::MAX);
        let decisions = if by_server {
            policies.decide(&subject, &world, &pool)
        } else {
            policies.decide_over(&subject, &world, &complete, &pool)
        };
        for decision in decisions {
            let id = [subject.kind, namespace, subject.name].map(ToOwned::to_owned);
            let pair = (decision.policy.to_string(), id);
            if let Outcome::Violated(words) = &decision.outcome {
                let words: Vec<&str> = words.split_whitespace().collect();
                messages.entry(pair.clone()).or_default().insert(words.join(" "));
            }
            let place = ours.entry(pair).or_insert(decision.outcome.clone());
            let weight = |it: &Outcome| match it {
                Outcome::Unchecked(_) => 2,
                Outcome::Violated(_) => {
                    if by_server {
                        1
                    } else {
                        3
                    }
                }
                Outcome::Failed(_) => 0,
            };
            if weight(&decision.outcome) > weight(place) {
                *place = decision.outcome;
            }
        }
    }
    let mut theirs: BTreeMap<Pair, (BTreeSet<String>, String)> = BTreeMap::new();
    let mut their_messages: BTreeMap<Pair, BTreeSet<String>> = BTreeMap::new();
    for line in std::fs::read_to_string(case.join("verdicts.tsv")).unwrap().lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let [policy, rule, kind, namespace, name, result, words @ ..] = &parts[..] else {
            panic!("{}: {line}", case.display());
        };
        let policy = if rule.is_empty() { (*policy).to_owned() } else { format!("{policy}/{rule}") };
        let pair = (policy, [kind, namespace, name].map(|it| (*it).to_owned()));
        let entry = theirs.entry(pair.clone()).or_default();
        entry.0.insert((*result).to_owned());
        entry.1 = words.join(" ");
        if *result == "fail" && by_server {
            their_messages.entry(pair).or_default().insert(words.join(" "));
        }
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
            // Of a Secret nothing is quoted here.
            Some(Outcome::Violated(_)) if by_server && pair.1[0] != "Secret" => {
                messages.get(pair) == their_messages.get(pair)
            }
            Some(Outcome::Violated(_)) => said("fail"),
            Some(Outcome::Failed(_)) => said("error") || said("fail"),
            None => !said("fail") && !said("error"),
        };
        if same {
            tally.agree += 1;
        } else {
            let ours = (ours.get(pair), messages.get(pair));
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
    let in_rego = cfg!(feature = "rego").then_some("target/rego-policies");
    for dir in ["fixtures/policies", "target/policies"].into_iter().chain(in_rego) {
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
