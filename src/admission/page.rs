//! The examples of `docs/policies.md`, executed.

use super::tests::{World, read};
use super::*;

/// What stands in front of a document: what it is, and what is said of it.
fn heading(text: &str) -> Option<(&str, &str)> {
    let line = text.trim_start().lines().next()?.strip_prefix("# ")?;
    Some(line.split_once(": ").unwrap_or((line, "")))
}

/// Whether something said is what the page says.
fn is_told(what: &str, words: &str, decisions: &[Decision]) -> bool {
    let action = match what {
        "bad, a warning" => Action::Warn,
        "bad, an audit" => Action::Audit,
        _ => Action::Deny,
    };
    match (what, decisions) {
        ("good" | "deleted, good", said) => said.is_empty(),
        ("not checked", [Decision { outcome: Outcome::Unchecked(why), .. }])
        | ("fails", [Decision { outcome: Outcome::Failed(why), .. }]) => why.contains(words),
        ("bad" | "bad, a warning" | "bad, an audit" | "deleted, bad", [it]) => {
            it.action == action && it.outcome == Outcome::Violated(words.to_owned())
        }
        _ => false,
    }
}

#[test]
fn policies_of_the_documentation_say_what_it_says() {
    let page = include_str!("../../docs/policies.md");
    let blocks: Vec<&str> =
        page.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    assert!(blocks.len() >= 10, "{}", blocks.len());
    for block in blocks {
        let documents: Vec<&str> = block.split("---\n").collect();
        let around: Vec<Node> =
            documents.iter().filter(|text| heading(text).is_none()).flat_map(|text| read(text)).collect();
        let policies = Policies::of(around.iter().cloned());
        let world = World(around);
        let (mut good, mut bad, mut before) = (0, 0, None);
        for (what, words, text) in documents.iter().filter_map(|it| heading(it).map(|(a, b)| (a, b, it))) {
            let object = read(text).remove(0);
            if what == "before" {
                before = Some(object);
                continue;
            }
            let said = |path: &[&str]| object.at_path(path).and_then(Node::as_str).unwrap_or_default();
            let api_version = said(&["apiVersion"]);
            let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
            let subject = Subject {
                node: &object,
                group,
                version,
                kind: said(&["kind"]),
                namespace: said(&["metadata", "namespace"]),
                name: said(&["metadata", "name"]),
                namespaced: !said(&["metadata", "namespace"]).is_empty(),
                old: before.as_ref(),
                removed: what.starts_with("deleted"),
            };
            let decisions = policies.decide(&subject, &world, &crate::cel::Budget::new(RULES_BUDGET));
            assert!(is_told(what, words, &decisions), "{what}: {words}\n{text}\n{decisions:#?}");
            *(if what.ends_with("good") { &mut good } else { &mut bad }) += 1;
            before = None;
        }
        assert!(good > 0 && bad > 0, "{block}");
    }
}
