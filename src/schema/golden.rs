//! What the API server said: `fixtures/schemas/widgets.jsonl` holds objects of the kind in `widget.yaml`, and whether
//! `k8s.io/apiextensions-apiserver` 0.37 (pruning, defaulting, validation, lists, CEL) refused each.

use std::sync::Arc;

use serde_json::Value;

use super::{Against, Definition, Kubernetes, LAST_MINOR, What, check};
use crate::origin::Place;
use crate::source::{Sources, Span};
use crate::yaml::{self, Dialect, Node};

#[test]
fn refuses_what_the_api_server_refuses() {
    let read = |name: &str| {
        let path = format!("{}/fixtures/schemas/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    let file = Sources::new().add("widget.yaml", read("widget.yaml").into_bytes());
    let mut root = yaml::parse(&file).documents.remove(0).root.unwrap();
    root.canonicalize(Dialect::Sigs).unwrap();
    let definition = Definition::read(&Arc::new(root)).unwrap();
    let def = definition.version("v1").and_then(|version| version.root()).unwrap();
    let place = Place::written(Span::start_of(file.id()));
    let against = Against {
        kubernetes: Kubernetes::minor(LAST_MINOR),
        exact: true,
        native: false,
        secret: false,
        partial: false,
    };
    let lines = read("widgets.jsonl");
    assert!(lines.lines().count() > 100);
    let mut wrong = Vec::new();
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let node = Node::from_value(&row["object"], place);
        let found = check(def, &node, against);
        let rules: Vec<&str> =
            row["rules"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut is_right = found.is_empty() != row["refused"].as_bool().unwrap();
        let mut broken = 0;
        for violation in &found {
            match &violation.what {
                What::Broken(words) => {
                    broken += 1;
                    let words = words.trim_matches('`');
                    // A rule that cannot be evaluated is told in other words there.
                    let is_it = |rule: &&str| rule.contains(words) || rule.contains("evaluating rule");
                    is_right &= rules.iter().any(|rule| is_it(rule) || words.contains("fails"));
                }
                What::Unchecked(_) => is_right = false,
                _ => {}
            }
        }
        is_right &= (broken > 0) != rules.is_empty();
        if !is_right {
            wrong.push(format!("{line}\n{found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
