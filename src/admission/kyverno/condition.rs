//! `preconditions` and `deny.conditions`. Mirrors `pkg/engine/variables/evaluate.go`.

use crate::yaml::Node;

use super::jmespath::Stop;
use super::operator;
use super::variables::{Variables, substitute};

/// Whether conditions hold, and what those say that decided; those that are not there hold.
pub(super) fn hold(conditions: Option<&Node>, variables: &dyn Variables) -> Result<(bool, String), Stop> {
    let Some(conditions) = conditions.filter(|it| !it.is_null()) else { return Ok((true, String::new())) };
    let mut told = Told::default();
    if let Some(list) = conditions.as_seq() {
        // The old way: a list, all of which must hold.
        for condition in list {
            if !told.ask(condition, variables)? {
                return Ok((false, told.last));
            }
        }
        return Ok((true, told.held.join(";")));
    }
    let listed = |key: &str| conditions.get(key).filter(|it| !it.is_null());
    let mut any = true;
    if let Some(list) = listed("any") {
        any = false;
        for condition in list.seq_or_empty() {
            any = told.ask(condition, variables)?;
            if any {
                break;
            }
        }
    }
    let mut all = true;
    for condition in listed("all").map(Node::seq_or_empty).unwrap_or_default() {
        all = told.ask(condition, variables)?;
        if !all {
            break;
        }
    }
    let holds = any && all;
    Ok((holds, if holds { told.held.join("; ") } else { told.failed.join("; ") }))
}

/// Messages of conditions.
#[derive(Default)]
struct Told {
    held: Vec<String>,
    failed: Vec<String>,
    last: String,
}

impl Told {
    fn ask(&mut self, condition: &Node, variables: &dyn Variables) -> Result<bool, Stop> {
        let part = |key: &str| {
            condition.get(key).map_or(Ok(super::jmespath::Value::Null), |it| substitute(it, variables))
        };
        let (key, value) = (part("key")?, part("value")?);
        let operator = condition.get("operator").and_then(Node::as_str).unwrap_or_default();
        let holds = operator::holds(operator, &key, &value)?;
        let message = condition.get("message").and_then(Node::as_str).unwrap_or_default();
        message.clone_into(&mut self.last);
        if !self.last.is_empty() {
            if holds { &mut self.held } else { &mut self.failed }.push(self.last.clone());
        }
        Ok(holds)
    }
}
