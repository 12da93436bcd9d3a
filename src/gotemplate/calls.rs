//! Which templates a template calls by name.

use crate::source::Span;

use super::ast::{Command, Expr, ExprKind, Node, Pipe, Tree};

/// A call of a template whose name is a literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedCall<'t> {
    /// The name.
    pub name: &'t str,
    /// Where it stands, if the text is a file.
    pub at: Option<Span>,
}

impl Tree {
    /// All calls by `template` and by the function `include`, in the order of the text.
    pub fn calls(&self) -> Vec<NamedCall<'_>> {
        let mut search = Search { tree: self, found: Vec::new() };
        search.list(&self.root);
        search.found
    }
}

struct Search<'t> {
    tree: &'t Tree,
    found: Vec<NamedCall<'t>>,
}

impl<'t> Search<'t> {
    fn list(&mut self, nodes: &'t [Node]) {
        for node in nodes {
            match node {
                Node::Action { pipe, .. } => self.pipe(pipe),
                Node::Template { span, name, pipe, .. } => {
                    let at = self.tree.file.map(|file| Span::new(file, span.start, span.end));
                    self.found.push(NamedCall { name, at });
                    if let Some(pipe) = pipe {
                        self.pipe(pipe);
                    }
                }
                Node::If(branch) | Node::With(branch) | Node::Range(branch) => {
                    self.pipe(&branch.pipe);
                    self.list(&branch.list);
                    if let Some(nodes) = &branch.or_else {
                        self.list(nodes);
                    }
                }
                Node::Text(_) | Node::Break { .. } | Node::Continue { .. } => {}
            }
        }
    }

    fn pipe(&mut self, pipe: &'t Pipe) {
        for Command { args, .. } in &pipe.commands {
            if let [function, name, ..] = args.as_ref()
                && matches!(function.kind, ExprKind::Identifier)
                && self.tree.slice(&function.span) == "include"
                && let ExprKind::String(quoted) = &name.kind
            {
                let text = self.tree.slice(&name.span);
                let plain = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
                let at = self.tree.file.map(|file| Span::new(file, name.span.start, name.span.end));
                self.found.push(NamedCall { name: quoted.as_deref().map_or(plain, |it| it.as_str()), at });
            }
            args.iter().for_each(|expr| self.expr(expr));
        }
    }

    fn expr(&mut self, expr: &'t Expr) {
        match &expr.kind {
            ExprKind::Chain(chain) => self.expr(&chain.0),
            ExprKind::Pipe(pipe) => self.pipe(pipe),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::gotemplate::parse;

    #[test]
    fn finds_calls_wherever_they_stand() {
        let text: Arc<str> = "{{ template \"a\" . }}{{ if eq (include \"b\" .) \"x\" }}{{ include `c` $ | nindent 2 }}{{ end }}\
            {{ $n := \"d\" }}{{ include $n . }}{{ range list (include \"e\" .) }}{{ else }}{{ include \"f\" . }}{{ end }}"
            .into();
        let trees = parse("t", &text, None, &|_| true).unwrap();
        let names: Vec<&str> = trees.last().unwrap().calls().iter().map(|call| call.name).collect();
        assert_eq!(names, ["a", "b", "c", "e", "f"]);
    }
}
