//! JMESPath, as Kyverno speaks it.
//!
//! Mirrors `github.com/kyverno/go-jmespath`, a fork for which a key that a map does not have is an error (swallowed by `||`,
//! comparisons, functions, filters), and the functions of `pkg/engine/jmespath`.
//!
//! Written here rather than taken from the crate `jmespath`: that one takes a missing key for null, which turns errors of
//! policies into results, knows no bound on what an expression costs, and has no values that nobody here can know.
//!
//! Not here: what depends on the moment or on chance (`time_now`, `random`), certificates (`x509_decode`), `parse_yaml`, `md5` and
//! names to look up (`is_external_url`). They are [`Stop::Unsupported`].

mod arithmetic;
mod eval;
mod functions;
mod parse;
mod scan;
mod standard;
mod times;
mod value;

use std::fmt;

use smol_str::SmolStr;

use crate::cel::Budget;

pub(super) use value::Value;

use parse::Expr;

/// An expression that was read.
#[derive(Debug)]
pub(super) struct Query(Expr);

/// Why an expression has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// A map has no such key.
    NotFound(SmolStr),
    /// It fails in Kyverno, too.
    Failed(String),
    /// It cannot be known here.
    Unsupported(String),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(key) => write!(f, "there is no key `{key}`"),
            Self::Failed(words) | Self::Unsupported(words) => f.write_str(words),
        }
    }
}

impl From<SmolStr> for Stop {
    fn from(why: SmolStr) -> Self {
        Self::Unsupported(why.to_string())
    }
}

/// Steps that expressions may still take.
#[derive(Debug)]
pub(super) struct Steps(pub(super) Budget);

impl Steps {
    pub(super) fn take(&self, steps: usize) -> Result<(), Stop> {
        self.0.spend(steps).map_err(|_| Stop::Unsupported("it takes more steps than it may".to_owned()))
    }
}

impl Query {
    /// Reads an expression; `Err` says what is wrong with it.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        parse::parse(text).map(Self)
    }

    /// What it comes to.
    pub(super) fn run(&self, root: &Value, steps: &Steps) -> Result<Value, Stop> {
        eval::run(&self.0, root, steps)
    }

    /// Why it cannot be evaluated here, whatever it is asked about: a function that is not supported.
    pub(super) fn unsupported(&self) -> Option<String> {
        fn find(expr: &Expr) -> Option<String> {
            let here = match expr {
                Expr::Call(name, _) => functions::unsupported(name),
                _ => None,
            };
            here.or_else(|| expr.parts().into_iter().find_map(find))
        }
        find(&self.0)
    }

    /// The names that follow each other in it: `request.object.spec` of `request.object.spec[0].x`.
    pub(super) fn paths(&self) -> Vec<Vec<SmolStr>> {
        fn names(expr: &Expr) -> Option<Vec<SmolStr>> {
            match expr {
                Expr::Field(name) => Some(vec![name.clone()]),
                Expr::Sub(left, right) => match &**right {
                    Expr::Field(name) => {
                        let mut path = names(left)?;
                        path.push(name.clone());
                        Some(path)
                    }
                    _ => None,
                },
                _ => None,
            }
        }
        fn collect(expr: &Expr, paths: &mut Vec<Vec<SmolStr>>) {
            match names(expr) {
                Some(path) => paths.push(path),
                None => expr.parts().into_iter().for_each(|part| collect(part, paths)),
            }
        }
        let mut paths = Vec::new();
        collect(&self.0, &mut paths);
        paths
    }
}

#[cfg(test)]
mod tests;
