//! Literals in expressions: what they are where a type is asked for, and where none is.
//!
//! Mirrors `idealConstant` and the `eval` functions for one type of `text/template/exec.go`. How numbers are written is for
//! `literal` to know.

use smol_str::SmolStr;

use crate::origin::{Origin, OriginId, Step, Text};
use crate::source::Span;

use super::ast::{Bytes, Expr, ExprKind, NodeRef, Number, node_string};
use super::eval::Rv;
use super::exec::Result;
use super::function::Param;
use super::value::Value;
use super::walk::State;

impl<'t> State<'_, '_, 't> {
    /// A literal where no type is asked for.
    pub(super) fn constant(&mut self, expr: &'t Expr) -> Result<Rv> {
        self.at(NodeRef::Expr(expr));
        let origin = match self.tree.file {
            Some(file) => {
                let at = Span::new(file, expr.span.start, expr.span.end);
                self.exec.origins.add(Origin::new(at, Step::TemplateText).under(self.frame))
            }
            None => self.source.map_or(OriginId::WRITTEN, |source| {
                source.slice(expr.span.start as usize..expr.span.end as usize).first_origin()
            }),
        };
        let value = match &expr.kind {
            ExprKind::Bool(value) => Value::of(*value),
            ExprKind::String(text) => {
                let plain = expr.span.start + 1..expr.span.end.saturating_sub(1);
                let text = match text {
                    Some(text) => SmolStr::clone(text),
                    None => SmolStr::new(self.tree.slice(&plain)),
                };
                match self.inside(&plain, &text) {
                    Some(inside) => return Ok(Rv::unwrapped(Value::text(inside))),
                    None => Value::str(text),
                }
            }
            ExprKind::Number(number) => self.ideal(number)?,
            _ => Value::NIL,
        };
        Ok(Rv::unwrapped(value.at(origin)))
    }

    /// A string literal of a text that is no file, with what is known of the bytes between its quotes.
    fn inside(&self, plain: &Bytes, text: &str) -> Option<Text> {
        let source = self.source?;
        let inside = plain.start as usize..plain.end as usize;
        (source.as_str().get(inside.clone())? == text).then(|| source.slice(inside))
    }

    fn ideal(&self, number: &Number) -> Result<Value> {
        let text = number.text.as_str();
        let is_hex = text.starts_with("0x") || text.starts_with("0X");
        let looks_float = !is_hex && !text.starts_with('\'') && text.contains(['.', 'e', 'E', 'p', 'P']);
        match (number.float, number.int) {
            (Some(float), _) if looks_float => Ok(Value::of(float)),
            (_, Some(int)) => Ok(Value::int(int)),
            _ => self.error(format!("{text} overflows int")),
        }
    }

    /// A literal where a type is asked for.
    pub(super) fn literal_for(&mut self, expr: &'t Expr, param: Option<Param>) -> Result<Rv> {
        let value = self.constant_or_typed(expr, param)?;
        match value {
            Some(value) => Ok(value),
            None => {
                let shown = node_string(self.tree, &NodeRef::Expr(expr));
                let want = match param {
                    Some(Param::Bool) => "bool",
                    Some(Param::String) => "string",
                    Some(Param::Int | Param::Int64) => "integer",
                    Some(Param::Float64) => "float",
                    other => {
                        let name = other.map_or("", Param::name);
                        return self.error(format!("can't handle {shown} for arg of type {name}"));
                    }
                };
                self.error(format!("expected {want}; found {shown}"))
            }
        }
    }

    fn constant_or_typed(&mut self, expr: &'t Expr, param: Option<Param>) -> Result<Option<Rv>> {
        let number = match &expr.kind {
            ExprKind::Number(number) => Some(&**number),
            _ => None,
        };
        let typed = match (param, &expr.kind) {
            (None | Some(Param::Any), _)
            | (Some(Param::Bool), ExprKind::Bool(_))
            | (Some(Param::String), ExprKind::String(_)) => return self.constant(expr).map(Some),
            (Some(Param::Int), _) if let Some(int) = number.and_then(|it| it.int) => Value::int(int),
            (Some(Param::Int64), _) if let Some(int) = number.and_then(|it| it.int) => Value::int64(int),
            (Some(Param::Float64), _) if let Some(float) = number.and_then(|it| it.float) => Value::of(float),
            _ => return Ok(None),
        };
        Ok(Some(Rv::unwrapped(typed)))
    }
}
