//! What a `validate` rule says: `deny`, `pattern`, `anyPattern`, `foreach`. Mirrors
//! `pkg/engine/handlers/validation/validate_resource.go`.

use std::borrow::Cow;

use crate::origin::Place;
use crate::yaml::Node;

use super::context::Context;
use super::jmespath::{Stop, Value};
use super::pattern::{self, Match};
use super::variables::{Variables as _, has_variable, in_text, substitute};
use super::{condition, text};

/// Loops nest no deeper than that.
const MAX_DEPTH: usize = 8;

/// What comes of a rule.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The object keeps to it.
    Passes,
    /// It is not about the object.
    Skips,
    /// The object breaks it: a message beside that of the rule, and the field.
    Breaks { message: String, at: At },
}

/// Where a rule is broken.
#[derive(Debug, Clone)]
pub(super) enum At {
    /// The path of a pattern, below what the pattern is about.
    Path(Vec<String>),
    /// The fields that expressions name, from the root of the object.
    Fields(Vec<Vec<smol_str::SmolStr>>),
}

/// What is asked: the part of a rule, and of what.
pub(super) struct Ask<'a> {
    /// `validate`, or an item of `foreach`.
    pub(super) part: &'a Node,
    /// What patterns are about.
    pub(super) object: Cow<'a, Node>,
    /// How deep in loops.
    pub(super) depth: usize,
}

impl Ask<'_> {
    /// What the rule says; the preconditions of the whole rule hold.
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Verdict, Stop> {
        if let Some(deny) = self.part.get("deny").filter(|it| !it.is_null()) {
            let conditions = deny.get("conditions");
            let (denied, message) = condition::hold(conditions, context)?;
            return Ok(if denied {
                Verdict::Breaks { message, at: At::Fields(fields(deny, context)) }
            } else {
                Verdict::Passes
            });
        }
        if let Some(wanted) = self.part.get("pattern").filter(|it| !it.is_null()) {
            let wanted = replaced(wanted, context)?;
            return Ok(match pattern::matches(&self.object, &wanted, context.steps)? {
                Match::Holds => Verdict::Passes,
                Match::Skips => Verdict::Skips,
                Match::Fails(path) => Verdict::Breaks { message: String::new(), at: At::Path(path) },
            });
        }
        if let Some(list) = self.part.get("anyPattern").filter(|it| !it.is_null()) {
            let list = replaced(list, context)?;
            let mut skips = false;
            let mut fails = None;
            for wanted in list.seq_or_empty() {
                match pattern::matches(&self.object, wanted, context.steps)? {
                    Match::Holds => return Ok(Verdict::Passes),
                    Match::Skips => skips = true,
                    Match::Fails(path) => fails = fails.or(Some(path)),
                }
            }
            return Ok(match fails {
                Some(path) => Verdict::Breaks { message: String::new(), at: At::Path(path) },
                None if skips => Verdict::Skips,
                None => Verdict::Passes,
            });
        }
        match self.part.get("foreach").and_then(Node::as_seq) {
            Some(loops) if self.depth < MAX_DEPTH => self.each(loops, context),
            Some(_) => Err(Stop::Unsupported("its loops nest too deep".to_owned())),
            None => Ok(Verdict::Skips),
        }
    }

    fn each(&self, loops: &[Node], context: &Context<'_>) -> Result<Verdict, Stop> {
        let mut applied = 0;
        let mut fault = None;
        for one in loops {
            let list = text(one, &["list"]).unwrap_or_default();
            let elements = match context.query(list) {
                Ok(Value::List(items)) => items.to_vec(),
                Ok(other) => vec![other],
                Err(Stop::NotFound(_)) => continue,
                Err(Stop::Failed(words)) => {
                    fault = Some(Stop::Failed(words));
                    continue;
                }
                Err(unsupported) => return Err(unsupported),
            };
            let scoped = one.get("elementScope").and_then(Node::as_bool);
            for (index, element) in elements.iter().enumerate() {
                if *element == Value::Null {
                    continue;
                }
                match self.element(one, element, index, scoped, context)? {
                    Some(Verdict::Passes) => applied += 1,
                    Some(Verdict::Skips) | None => {}
                    Some(Verdict::Breaks { message, at }) => {
                        let at = match at {
                            At::Fields(fields) if !fields.is_empty() => At::Fields(fields),
                            _ => At::Fields(paths(list, context)),
                        };
                        return Ok(Verdict::Breaks { message, at });
                    }
                }
            }
        }
        match fault {
            Some(fault) if applied == 0 => Err(fault),
            _ if applied == 0 => Ok(Verdict::Skips),
            _ => Ok(Verdict::Passes),
        }
    }

    fn element(
        &self,
        one: &Node,
        element: &Value,
        index: usize,
        scoped: Option<bool>,
        context: &Context<'_>,
    ) -> Result<Option<Verdict>, Stop> {
        let inside = context.inside(element, index, self.depth, one.items(&["context"]));
        match condition::hold(one.get("preconditions"), &inside) {
            Ok((true, _)) => {}
            // An element about which that cannot be said is left out, as upstream has it.
            Ok((false, _)) | Err(Stop::NotFound(_) | Stop::Failed(_)) => return Ok(None),
            Err(unsupported) => return Err(unsupported),
        }
        let is_map = matches!(element, Value::Map(_));
        if scoped == Some(true) && !is_map {
            return Err(Stop::Failed("`elementScope` is for elements that are maps".to_owned()));
        }
        let object = if scoped.unwrap_or(is_map) {
            Cow::Owned(element.node(one.place())?)
        } else {
            Cow::Borrowed(&*self.object)
        };
        Ask { part: one, object, depth: self.depth + 1 }.run(&inside).map(Some)
    }
}

/// A pattern with its variables replaced.
fn replaced<'n>(pattern: &'n Node, context: &Context<'_>) -> Result<Cow<'n, Node>, Stop> {
    if !has_variable(pattern) {
        return Ok(Cow::Borrowed(pattern));
    }
    Ok(Cow::Owned(substitute(pattern, context)?.node(pattern.place())?))
}

/// The message of a rule. Data of Secrets is not told.
pub(super) fn message(wanted: &str, is_secret: bool, context: &Context<'_>) -> Option<String> {
    if !wanted.contains("{{") && !wanted.contains("$(") {
        return Some(wanted.trim().to_owned());
    }
    if is_secret {
        return None;
    }
    match in_text(wanted, context) {
        Ok(Value::Text(text)) => Some(text.trim().to_owned()),
        _ => None,
    }
}

/// The fields of the object that the expressions below a node name.
fn fields(node: &Node, context: &Context<'_>) -> Vec<Vec<smol_str::SmolStr>> {
    let mut found = Vec::new();
    let mut todo = vec![node];
    while let Some(node) = todo.pop() {
        todo.extend(node.seq_or_empty());
        todo.extend(node.entries().iter().map(|entry| &entry.value));
        let mut rest = node.as_str().unwrap_or_default();
        while let Some((start, end)) = super::variables::first(rest) {
            let (query, _) = super::variables::expression(rest.get(start..end).unwrap_or_default());
            found.extend(paths(&query, context));
            rest = rest.get(end..).unwrap_or_default();
        }
    }
    found
}

/// The fields of the object that an expression names.
fn paths(query: &str, context: &Context<'_>) -> Vec<Vec<smol_str::SmolStr>> {
    match &*context.read(query) {
        Ok(read) => {
            let of_object = |path: Vec<smol_str::SmolStr>| match path.as_slice() {
                [a, b, rest @ ..] if a == "request" && b == "object" => Some(rest.to_vec()),
                _ => None,
            };
            read.paths().into_iter().filter_map(of_object).collect()
        }
        Err(_) => Vec::new(),
    }
}

/// A path as far as it is there, elements of lists by their number: the words for it and the deepest node.
pub(super) fn there(node: &Node, path: &[String]) -> (String, Option<Place>) {
    let mut at = node;
    let mut words = String::new();
    for name in path {
        let number = name.parse::<usize>().ok();
        let below = match (at.as_seq(), number) {
            (Some(items), Some(number)) => items.get(number),
            _ => at.get(name),
        };
        let Some(below) = below else { break };
        match (at.as_seq(), number) {
            (Some(_), Some(number)) => words.extend(["[", &number.to_string(), "]"]),
            _ if words.is_empty() => words.push_str(name),
            _ => {
                words.push('.');
                words.push_str(name);
            }
        }
        at = below;
    }
    let place = (!words.is_empty()).then(|| at.place());
    (words, place)
}
