//! The tree of an expression. Macros are read into what they do.

use std::sync::OnceLock;

use smol_str::SmolStr;

use crate::golang::regexp::Regexp;

/// An expression.
#[derive(Debug)]
pub(super) struct Expr {
    pub(super) kind: Kind,
    /// How deep it nests.
    pub(super) depth: u16,
}

#[derive(Debug)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(SmolStr),
    Bytes(Vec<u8>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Macro {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
    TransformList,
    TransformMap,
    TransformMapEntry,
    SortBy,
}

/// `target.macro(first, second?, filter?, body)`.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) what: Macro,
    pub(super) target: Expr,
    pub(super) first: SmolStr,
    pub(super) second: Option<SmolStr>,
    pub(super) filter: Option<Expr>,
    pub(super) body: Expr,
}

#[derive(Debug)]
pub(super) enum Kind {
    Literal(Literal),
    Name(SmolStr),
    /// The flag: `.?`.
    Select(Box<Expr>, SmolStr, bool),
    Has(Box<Expr>, SmolStr),
    /// The flag: `[?`.
    Index(Box<Expr>, Box<Expr>, bool),
    Call(Option<Box<Expr>>, SmolStr, Vec<Expr>),
    /// `matches` with a literal: compiled once.
    Matches(Box<Expr>, SmolStr, OnceLock<Option<Regexp>>),
    /// Each with whether it is there only when the optional is.
    List(Vec<(bool, Expr)>),
    Map(Vec<(bool, Expr, Expr)>),
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary(Op, Box<Expr>, Box<Expr>),
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
    Loop(Box<Loop>),
    /// `cel.bind(name, value, body)`
    Bind(SmolStr, Box<Expr>, Box<Expr>),
    /// `optMap`, and `optFlatMap` where the flag says so.
    OptMap(Box<Expr>, SmolStr, Box<Expr>, bool),
}

impl Expr {
    /// The expressions in it.
    fn parts(&self) -> Vec<&Self> {
        match &self.kind {
            Kind::Literal(_) | Kind::Name(_) => Vec::new(),
            Kind::Select(of, ..) | Kind::Has(of, _) | Kind::Not(of) | Kind::Negate(of) => vec![of],
            Kind::Matches(of, ..) => vec![of],
            Kind::Index(a, b, _) | Kind::Binary(_, a, b) | Kind::Bind(_, a, b) => vec![a, b],
            Kind::OptMap(a, _, b, _) => vec![a, b],
            Kind::Call(target, _, arguments) => {
                target.iter().map(|it| &**it).chain(arguments.iter()).collect()
            }
            Kind::List(items) => items.iter().map(|(_, item)| item).collect(),
            Kind::Map(entries) => entries.iter().flat_map(|(_, key, value)| [key, value]).collect(),
            Kind::All(all) | Kind::Any(all) => all.iter().collect(),
            Kind::Choice(a, b, c) => vec![a, b, c],
            Kind::Loop(it) => [&it.target, &it.body].into_iter().chain(it.filter.iter()).collect(),
        }
    }

    pub(super) fn new(kind: Kind) -> Self {
        let mut expr = Self { kind, depth: 0 };
        let deepest = expr.parts().iter().map(|part| part.depth).max().unwrap_or(0);
        expr.depth = deepest.saturating_add(1);
        expr
    }

    pub(super) fn mentions(&self, name: &str) -> bool {
        matches!(&self.kind, Kind::Name(known) if known == name)
            || self.parts().iter().any(|part| part.mentions(name))
    }

    /// Collects names that are not bound here or by what is around.
    pub(super) fn free_names<'e>(&'e self, bound: &mut Vec<&'e str>, free: &mut Vec<SmolStr>) {
        let length = bound.len();
        match &self.kind {
            Kind::Name(name) => {
                if !bound.contains(&name.as_str()) {
                    free.push(name.clone());
                }
            }
            Kind::Loop(it) => {
                it.target.free_names(bound, free);
                bound.push(&it.first);
                bound.extend(it.second.as_deref());
                it.body.free_names(bound, free);
                if let Some(filter) = &it.filter {
                    filter.free_names(bound, free);
                }
            }
            Kind::Bind(name, value, body) | Kind::OptMap(value, name, body, _) => {
                value.free_names(bound, free);
                bound.push(name);
                body.free_names(bound, free);
            }
            _ => {
                for part in self.parts() {
                    part.free_names(bound, free);
                }
            }
        }
        bound.truncate(length);
    }

    /// Collects the paths of fields that follow a name.
    pub(super) fn paths(&self, name: &str, paths: &mut Vec<Vec<SmolStr>>) {
        let mut fields = Vec::new();
        let mut at = self;
        while let Kind::Select(of, field, _) | Kind::Has(of, field) = &at.kind {
            fields.push(field.clone());
            at = of;
        }
        if matches!(&at.kind, Kind::Name(known) if known == name) {
            fields.reverse();
            paths.push(fields);
        } else {
            // The rest of a path that begins elsewhere is none.
            at.parts().into_iter().for_each(|part| part.paths(name, paths));
        }
    }
}
