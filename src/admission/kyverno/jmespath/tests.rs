//! Expressions, as Kyverno evaluates them: `fixtures/schemas/kyverno-jmespath.jsonl`.

use super::{Query, Steps, Stop, Value};
use crate::cel::Budget;

/// What Kyverno 1.19 makes of expressions: a row has the data, the expression, and the result or that it fails.
#[test]
fn evaluates_as_kyverno() {
    let lines = include_str!("../../../../fixtures/schemas/kyverno-jmespath.jsonl");
    assert!(lines.lines().count() > 150);
    let mut wrong = Vec::new();
    for line in lines.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let root = Value::of_json(&row["data"]);
        let query = Query::new(row["query"].as_str().unwrap());
        let result =
            query.map_err(Stop::Failed).and_then(|query| query.run(&root, &Steps(Budget::new(100_000))));
        let same = match (&result, row.get("result")) {
            (Ok(value), Some(wanted)) => *value == Value::of_json(wanted),
            (Err(Stop::Unsupported(_)), _) => false,
            (Err(_), wanted) => wanted.is_none(),
            (Ok(_), None) => false,
        };
        if !same {
            wrong.push(format!("{result:?}: {line}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn says_what_it_cannot_know() {
    let root = Value::map([("known".into(), Value::Null), ("who".into(), Value::Unknown("who asks".into()))]);
    for text in ["who", "who.name", "to_string(@)", "time_now()", "random('[a-z]')", "known || who"] {
        let result = Query::new(text).unwrap().run(&root, &Steps(Budget::new(100)));
        assert!(matches!(result, Err(Stop::Unsupported(_))), "{text}: {result:?}");
    }
    let endless = Query::new(&format!("[{}]", vec!["known"; 200].join(","))).unwrap();
    assert!(matches!(endless.run(&root, &Steps(Budget::new(100))), Err(Stop::Unsupported(_))));
    for text in ["", "a.", "a[", "[?", "a(", "`{`", "'", "\"", "a b", "a[1:2:3:4]", "#", "{a}", "&", "!"] {
        assert!(Query::new(text).is_err(), "{text}");
    }
    assert!(Query::new(&"(".repeat(5000)).is_err());
    assert!(Query::new(&vec!["a"; 5000].join(".")).is_err());
}
