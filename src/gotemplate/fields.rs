//! What a template reads of what it is given: `.a.b` where nothing has changed the dot, and `$.a.b` anywhere.

use crate::source::Span;

use super::ast::{Command, Expr, ExprKind, Node, Pipe, Tree};

/// A chain of fields that starts at what the template is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'t> {
    /// The names, the outermost first; never empty.
    pub names: Vec<&'t str>,
    /// Where it stands, if the text is a file.
    pub at: Option<Span>,
}

impl Tree {
    /// All fields that the template reads of what it is given, in the order of the text.
    pub fn fields(&self) -> Vec<Field<'_>> {
        let mut search = Search { tree: self, found: Vec::new() };
        search.list(&self.root, true);
        search.found
    }
}

struct Search<'t> {
    tree: &'t Tree,
    found: Vec<Field<'t>>,
}

impl<'t> Search<'t> {
    /// `own`: whether the dot is still what the template is given.
    fn list(&mut self, nodes: &'t [Node], own: bool) {
        for node in nodes {
            let (branch, changes) = match node {
                Node::Action { pipe, .. } => {
                    self.pipe(pipe, own);
                    continue;
                }
                Node::Template { pipe, .. } => {
                    if let Some(pipe) = pipe {
                        self.pipe(pipe, own);
                    }
                    continue;
                }
                Node::If(branch) => (branch, false),
                Node::With(branch) | Node::Range(branch) => (branch, true),
                Node::Text(_) | Node::Break { .. } | Node::Continue { .. } => continue,
            };
            self.pipe(&branch.pipe, own);
            self.list(&branch.list, own && !changes);
            if let Some(nodes) = &branch.or_else {
                self.list(nodes, own);
            }
        }
    }

    fn pipe(&mut self, pipe: &'t Pipe, own: bool) {
        for expr in pipe.commands.iter().flat_map(|Command { args, .. }| args) {
            self.expr(expr, own);
        }
    }

    fn expr(&mut self, expr: &'t Expr, own: bool) {
        match &expr.kind {
            ExprKind::Field | ExprKind::Variable => {
                let text = self.tree.slice(&expr.span);
                let of_given = match text.strip_prefix('$') {
                    Some(rest) => rest.starts_with('.'),
                    None => own,
                };
                let names: Vec<&str> =
                    text.trim_start_matches('$').split('.').filter(|name| !name.is_empty()).collect();
                if of_given && !names.is_empty() {
                    let at = self.tree.file.map(|file| Span::new(file, expr.span.start, expr.span.end));
                    self.found.push(Field { names, at });
                }
            }
            ExprKind::Chain(chain) => self.expr(&chain.0, own),
            ExprKind::Pipe(pipe) => self.pipe(pipe, own),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::gotemplate::parse;

    #[test]
    fn what_is_given_and_what_is_not() {
        let text: Arc<str> = "{{ .a.b }}{{ with .c }}{{ .d }}{{ $.e }}{{ else }}{{ .f }}{{ end }}{{ if .g }}{{ (.h).i }}{{ end }}\
            {{ range $k, $v := .j }}{{ $v.k }}{{ .l }}{{ end }}{{ $x := .m }}{{ $x.n }}"
            .into();
        let trees = parse("t", &text, None, &|_| true).unwrap();
        let names: Vec<String> =
            trees.last().unwrap().fields().iter().map(|field| field.names.join(".")).collect();
        assert_eq!(names, ["a.b", "c", "e", "f", "g", "h", "j", "m"]);
    }
}
