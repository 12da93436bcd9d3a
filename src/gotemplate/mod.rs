//! Go's `text/template`: lexing, parsing, executing, with output that knows where it comes from.
//!
//! The engine computes with [`Value`]s and prints [`Text`](crate::origin::Text). It knows neither YAML nor Helm:
//! whoever renders brings the data, the functions and whatever those need. Errors are Go's, word for word, with the
//! bytes of the template that they speak of.

mod ast;
mod bounds;
mod builtins;
mod calls;
mod compare;
mod constants;
mod escape;
mod eval;
mod exec;
mod failure;
mod fields;
mod fmt;
mod function;
mod items;
mod lex;
mod literal;
mod map;
mod parse;
mod stack;
mod value;
mod verbs;
mod walk;

pub use ast::Tree;
pub use bounds::weigh;
pub use builtins::{BUILTINS, byte_range};
pub use compare::Equality;
pub use exec::{Call, Exec, Limits, MissingKey, Templates, own_family};
pub use failure::Failure;
pub use fmt::sprint;
pub use function::{FuncMap, Function, Param};
pub use items::Items;
pub use map::{Map, MapKind, Slot};
pub use parse::{ParseError, parse};
pub use value::{Data, Elem, IntKind, List, Object, SliceMethod, SliceType, Value};
pub use verbs::quoted;
