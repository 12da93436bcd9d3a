//! Options of rules: what a rule declares, and the check of what a configuration sets.

use crate::finding::{Problem, ProblemKind, RuleId};
use crate::near::did_you_mean;
use crate::origin::Placed;
use crate::yaml::Node;

use super::decode::Decoder;

/// A rule that may be configured.
#[derive(Debug, Clone)]
pub struct KnownRule {
    /// Its name.
    pub name: RuleId,
    /// Its options.
    pub options: &'static [RuleOption],
}

/// An option of a rule, a key beside `severity` under `rules: <name>:`.
#[derive(Debug, Clone, Copy)]
pub struct RuleOption {
    /// The key.
    pub name: &'static str,
    /// What it takes.
    pub kind: OptionKind,
    /// What it does, with its default; completes "name: ".
    pub summary: &'static str,
}

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionKind {
    /// A whole number that is not negative.
    Number,
    /// A list of texts, or one.
    Texts,
}

impl OptionKind {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Texts => "list of texts",
        }
    }

    fn fits(self, node: &Node) -> bool {
        match self {
            Self::Number => node.as_i64().is_some_and(|number| number >= 0),
            Self::Texts => {
                let is_text = |node: &Node| node.scalar().is_some() && !node.is_null();
                is_text(node) || node.as_seq().is_some_and(|items| items.iter().all(is_text))
            }
        }
    }
}

/// The keys that every rule has.
pub(super) const COMMON: [&str; 3] = ["severity", "confidence", "locked"];

/// Whether a rule has that option and can read its value; what is wrong with it becomes a problem.
pub(super) fn check(
    cx: &mut Decoder,
    rule: &KnownRule,
    key: &Placed<smol_str::SmolStr>,
    value: &Node,
) -> bool {
    let (rule_name, name) = (&rule.name, &key.value);
    let Some(option) = rule.options.iter().find(|option| option.name == name) else {
        let known: Vec<&str> = rule.options.iter().map(|option| option.name).chain(COMMON).collect();
        let help = match did_you_mean(name, known.iter().copied()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("known keys: {}", known.join(", ")),
        };
        let message = format!("unknown option `{name}` of `{rule_name}`");
        cx.problems.push(Problem::at(ProblemKind::Syntax, key.place, message).help(help));
        return false;
    };
    let fits = option.kind.fits(value);
    if !fits {
        let message = format!("option `{name}` of `{rule_name}` must be a {}", option.kind.as_str());
        cx.wrong(value, message);
    }
    fits
}
