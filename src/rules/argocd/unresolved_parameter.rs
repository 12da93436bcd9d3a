//! `unresolved-parameter`: see the page.

use crate::argocd::Application;
use crate::finding::Cause;
use crate::repo::{App, Object, Rendered, Spec};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Data, Node};

meta!(
    "unresolved-parameter",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "The template of an ApplicationSet uses a parameter that its generators do not give."
);

pub(crate) struct UnresolvedParameter;

impl Rule for UnresolvedParameter {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let Spec::ArgoSet(set) = &app.spec else { return };
        if app.provisional {
            return;
        }
        for problem in &rendered.problems {
            let (Some(place), Cause::MissingKey { key: name }) = (problem.place, problem.cause()) else {
                continue;
            };
            cx.report(place, format!("no generator gives the parameter `{name}`"))
                .help("give the parameter in every element, or correct its name");
        }
        for object in rendered.objects.iter().filter(|object| object.is("argoproj.io", "Application")) {
            let mut search = Search { go: set.go_template, object, cx };
            search.application(&Application::new(std::sync::Arc::new(object.node.clone())));
        }
    }
}

struct Search<'o, 'c, 'a> {
    go: bool,
    object: &'o Object,
    cx: &'c mut Context<'a>,
}

impl Search<'_, '_, '_> {
    /// Looks where Argo CD reads: values are text for Helm, which has templates of its own.
    fn application(&mut self, application: &Application) {
        let node = &application.node;
        for path in [&["metadata", "name"][..], &["spec", "project"], &["spec", "destination"]] {
            if let Some(node) = node.at_path(path) {
                self.visit(node, &path.join("."), 0);
            }
        }
        for source in &application.sources {
            for key in ["repoURL", "path", "targetRevision", "chart"] {
                if let Some(node) = source.node.get(key) {
                    self.visit(node, &format!("source.{key}"), 0);
                }
            }
            for path in [
                ["helm", "valueFiles"],
                ["helm", "releaseName"],
                ["helm", "parameters"],
                ["kustomize", "images"],
            ] {
                if let Some(node) = source.node.at_path(&path) {
                    self.visit(node, &format!("source.{}", path.join(".")), 0);
                }
            }
        }
    }

    fn visit(&mut self, node: &Node, field: &str, depth: u32) {
        match &node.data {
            _ if depth > 20 => {}
            Data::Scalar(text) => self.scalar(text, node, field),
            Data::Seq(items) => items.iter().for_each(|item| self.visit(item, field, depth + 1)),
            Data::Map(map) => map
                .iter()
                .for_each(|it| self.visit(&it.value, &format!("{field}.{}", it.key.text), depth + 1)),
        }
    }

    fn scalar(&mut self, text: &str, node: &Node, field: &str) {
        let message = match (self.go, left(text)) {
            (true, _) if text.contains("<no value>") => {
                format!("a parameter of `{field}` has no value: it becomes `<no value>`")
            }
            (false, Some(name)) => {
                format!("no generator gives the parameter `{name}`: it stays as it is written")
            }
            _ => return,
        };
        let help = match left(text).filter(|name| !self.go && name.starts_with('.')) {
            Some(name) => {
                format!("set `goTemplate: true`, or write `{{{{{}}}}}`", name.trim_start_matches('.'))
            }
            None => "give the parameter in every element, or correct its name".to_owned(),
        };
        self.cx.report(node.place(), message).object(self.object, Some(field)).help(help);
    }
}

/// The first tag that nothing filled in.
fn left(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("{{")?;
    let (name, _) = rest.split_once("}}")?;
    let name = name.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-[]/".contains(&byte);
    (!name.is_empty() && name.bytes().all(plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_left() {
        for (text, want) in [
            ("shop-{{name}}", Some("name")),
            ("{{ path[0] }}", Some("path[0]")),
            ("{{ .cluster.name }}-x", Some(".cluster.name")),
            ("shop", None),
            ("{{ if x }}", None),
            ("{{", None),
        ] {
            assert_eq!(left(text), want, "{text}");
        }
    }
}
