//! Reads the tables of `fixtures/golang`: each line is a list of the case's inputs, and what Go answers as the last
//! of its elements.

use serde_json::Value;

/// One line of a table.
pub(super) struct Case(pub(super) Vec<Value>);

impl Case {
    /// The text at a position, or nothing.
    pub(super) fn text(&self, at: usize) -> &str {
        self.0.get(at).and_then(Value::as_str).unwrap_or_default()
    }
}

/// Runs every line through our own code, which answers with the line's last element.
///
/// # Panics
/// With all the lines whose answers differ.
pub(super) fn check(table: &str, answer: impl Fn(&Case) -> Value) {
    let mut wrong = Vec::new();
    let mut cases = 0;
    for line in table.lines() {
        let mut case = Case(serde_json::from_str(line).unwrap());
        let want = case.0.pop().unwrap();
        cases += 1;
        let got = answer(&case);
        if got != want {
            wrong.push(format!("{line}\n  got {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases > 0);
}
