//! The substitution of variables that `spec.postBuild` of a Kustomization asks for: a little of bash's parameter
//! expansion, as `fluxcd/pkg/envsubst` reads it.
//!
//! Only `${...}` is looked at; `$name` stays, `$$` is a literal dollar. What is restated here in detail are the places
//! where it is not bash: `:?`, `:+` and `:-` all give a default, a default may be made of several pieces, patterns
//! match across slashes, and text is cut by bytes.

mod functions;
mod parse;
mod path_match;

use std::fmt;

use smol_str::SmolStr;

use crate::source::relaxed_len;

/// Bytes that an object may have once its variables are filled in.
const MAX_TEXT: usize = 8 << 20;

/// Why a text is refused, in Flux's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadTemplate {
    /// `ErrBadSubstitution`.
    Substitution,
    /// `ErrMissingClosingBrace`.
    ClosingBrace,
    /// `ErrParseVariableName`.
    VariableName,
    /// `ErrParseFuncSubstitution`.
    Function,
    /// `ErrParseDefaultFunction`.
    Default,
    /// A bound of this tool: references within references.
    Depth,
    /// A bound of this tool: the text that it makes.
    Size,
}

impl fmt::Display for BadTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Substitution => "bad substitution",
            Self::ClosingBrace => "missing closing brace",
            Self::VariableName => "unable to parse variable name",
            Self::Function => "unable to parse substitution within function",
            Self::Default => "unable to parse default function",
            Self::Depth => "substitutions are nested too deeply",
            Self::Size => "the result is too long",
        })
    }
}

impl std::error::Error for BadTemplate {}

/// A text with references to variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    pieces: Vec<Piece>,
}

/// What a variable is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variable {
    /// Its value.
    Value(SmolStr),
    /// Not set: its value is empty.
    Unset,
    /// Its value cannot be known here: the reference stays as it is.
    Unknown,
}

/// A piece of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Literal text, escapes resolved.
    Text(String),
    /// `${...}`.
    Reference(Reference),
}

/// One `${...}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The variable's name; `${#}` and the like have none.
    pub name: SmolStr,
    /// The operator, empty for a bare reference.
    pub operator: SmolStr,
    /// What stands behind the operator, in pieces.
    arguments: Vec<Piece>,
    /// Offset of the `$` in the text, in bytes.
    pub start: usize,
    /// Offset behind the `}`.
    pub end: usize,
}

impl Reference {
    /// Whether the reference says itself what an unset variable is (`isDefaultOp`).
    pub fn has_default(&self) -> bool {
        matches!(self.operator.as_str(), "-" | "+" | "=" | "?" | ":-" | ":+" | ":=" | ":?")
    }
}

impl Template {
    /// Reads a text.
    pub fn parse(text: &str) -> Result<Self, BadTemplate> {
        parse::parse(text).map(|pieces| Self { text: text.to_owned(), pieces })
    }

    /// The text with every reference replaced. `value` answers what a variable is.
    ///
    /// # Errors
    ///
    /// [`BadTemplate::Size`]: a few references to a long value make a text that no memory holds.
    pub fn execute(&self, value: &dyn Fn(&Reference) -> Variable) -> Result<String, BadTemplate> {
        let mut out = String::new();
        for piece in &self.pieces {
            self.evaluate(piece, value, &mut out)?;
        }
        Ok(out)
    }

    /// Nesting is bounded by the parser.
    fn evaluate(
        &self,
        piece: &Piece,
        value: &dyn Fn(&Reference) -> Variable,
        out: &mut String,
    ) -> Result<(), BadTemplate> {
        let reference = match piece {
            Piece::Text(text) => {
                out.push_str(text);
                return Ok(());
            }
            Piece::Reference(reference) => reference,
        };
        let found = match value(reference) {
            Variable::Value(found) => found,
            Variable::Unset => SmolStr::default(),
            Variable::Unknown => {
                out.push_str(self.text.get(reference.start..reference.end).unwrap_or_default());
                return Ok(());
            }
        };
        let mut arguments: Vec<String> = Vec::with_capacity(reference.arguments.len());
        for argument in &reference.arguments {
            let mut text = String::new();
            self.evaluate(argument, value, &mut text)?;
            arguments.push(text);
        }
        let most = relaxed_len(MAX_TEXT);
        // Every byte of the value may become a whole argument.
        let grows = matches!(reference.operator.as_str(), "//")
            && arguments.get(1).is_some_and(|new| found.len().saturating_mul(new.len()) > most)
            && found
                .matches(arguments.first().map_or("", String::as_str))
                .count()
                .saturating_mul(arguments.get(1).map_or(0, String::len))
                > most;
        if grows {
            return Err(BadTemplate::Size);
        }
        out.push_str(&functions::apply(&reference.operator, &found, &arguments));
        if out.len() > most { Err(BadTemplate::Size) } else { Ok(()) }
    }

    /// All references in order, those in defaults behind the reference that they are in.
    pub fn references(&self) -> Vec<&Reference> {
        let mut found = Vec::new();
        collect(&self.pieces, &mut found);
        found
    }
}

fn collect<'a>(pieces: &'a [Piece], found: &mut Vec<&'a Reference>) {
    for piece in pieces {
        if let Piece::Reference(reference) = piece {
            found.push(reference);
            collect(&reference.arguments, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Each line: variables, text, and what Flux makes of it or its error.
    #[test]
    fn does_what_flux_does() {
        let mut cases = 0;
        for line in include_str!("../../../fixtures/flux/envsubst.jsonl").lines() {
            let (variables, text, want): (BTreeMap<String, String>, String, Result<String, String>) =
                serde_json::from_str(line).unwrap();
            let value = |reference: &Reference| match variables.get(reference.name.as_str()) {
                Some(value) => Variable::Value(value.into()),
                None => Variable::Unset,
            };
            let got = Template::parse(&text).and_then(|template| template.execute(&value));
            assert_eq!(got.map_err(|error| error.to_string()), want, "{text}");
            cases += 1;
        }
        assert!(cases > 100, "{cases}");
    }

    #[test]
    fn knows_where_references_are() {
        let text = "a ${b} $${c} é${d:=${e}x}";
        let template = Template::parse(text).unwrap();
        let shown: Vec<(&str, &str, bool)> = template
            .references()
            .iter()
            .map(|it| (it.name.as_str(), text.get(it.start..it.end).unwrap(), it.has_default()))
            .collect();
        assert_eq!(shown, [("b", "${b}", false), ("d", "${d:=${e}x}", true), ("e", "${e}", false)]);
    }
}
