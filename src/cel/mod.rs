//! The Common Expression Language, as Kubernetes speaks it.
//!
//! Mirrors `cel-go` with the environment of `k8s.io/apiserver/pkg/cel/environment`: optional types, comprehensions over one and
//! two variables, and the libraries for lists, sets, strings, regular expressions, URLs, addresses, quantities, versions and
//! formats. Expressions run over placed nodes without copying them; a [`Shape`] says what a schema makes of a node (times,
//! bytes, defaults).
//!
//! Written here rather than taken from a crate: `cel` (cel-rust) evaluates copies of the data, has no bound on what an expression
//! costs, no way to say "this cannot be evaluated", and none of Kubernetes' libraries.
//!
//! Not here: the static check of types. An expression that the API server refuses to compile fails, if at all, when it runs.
//! What is not known here is [`Fault::Unsupported`], which callers tell as "not checked" and never as a result.

mod budget;
mod eval;
mod fault;
mod functions;
mod parse;
mod quantity;
mod scan;
mod tree;
mod value;

pub use budget::Budget;
pub use eval::Scope;
pub use fault::{Fault, SyntaxError};
pub use quantity::Quantity;
pub use value::{Map, Reading, Shape, Value};

use smol_str::SmolStr;

use tree::Expr;

/// An expression that was read.
#[derive(Debug)]
pub struct Program {
    root: Expr,
}

impl Program {
    /// Reads an expression.
    pub fn new(text: &str) -> Result<Self, SyntaxError> {
        parse::parse(text).map(|root| Self { root })
    }

    /// Whether a name occurs free or bound: `oldSelf` makes a rule one about transitions.
    pub fn mentions(&self, name: &str) -> bool {
        self.root.mentions(name)
    }

    /// Names that no part of the expression binds: variables, types, and libraries that functions belong to.
    pub fn free_names(&self) -> Vec<SmolStr> {
        let mut free = Vec::new();
        self.root.free_names(&mut Vec::new(), &mut free);
        free
    }

    /// The paths of fields that follow a name: `object.spec.replicas` is `spec`, `replicas`.
    pub fn paths(&self, name: &str) -> Vec<Vec<SmolStr>> {
        let mut paths = Vec::new();
        self.root.paths(name, &mut paths);
        paths
    }

    /// What it comes to. Each step takes from the budget.
    pub fn run<'a>(&'a self, scope: &dyn Scope<'a>, budget: &Budget) -> Result<Value<'a>, Fault> {
        eval::run(&self.root, scope, budget)
    }

    /// What it comes to, if that is a truth value.
    pub fn test<'a>(&'a self, scope: &dyn Scope<'a>, budget: &Budget) -> Result<bool, Fault> {
        match self.run(scope, budget)? {
            Value::Bool(answer) => Ok(answer),
            other => {
                Err(Fault::unsupported(format!("the expression is of type {}, not bool", other.type_name())))
            }
        }
    }
}

#[cfg(test)]
mod tests;
