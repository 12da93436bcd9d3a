//! `unresolved-parameter`: see the page.

use crate::argocd::{Application, ApplicationSet};
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
            let mut search = Search { go: set.go_template, object: Some(object), cx };
            search.application(&Application::new(std::sync::Arc::new(object.node.clone())));
        }
        // What directories of a repository that is not here would give is known by name.
        if rendered.objects.is_empty()
            && !set.go_template
            && finds_directories(set)
            && let Some(template) = set.node.at_path(&["spec", "template"])
        {
            let mut search = Search { go: false, object: None, cx };
            search.application(&Application::new(std::sync::Arc::new(template.clone())));
        }
    }
}

/// Whether all generators of a set look for directories, whose parameters have no names of their own.
fn finds_directories(set: &ApplicationSet) -> bool {
    let generators = set.generators();
    let finds = |generator: &Node| {
        let git = generator.get("git");
        git.is_some_and(|git| !git.items(&["directories"]).is_empty() && git.get("pathParamPrefix").is_none())
    };
    !generators.is_empty() && generators.iter().all(finds)
}

/// Whether a directory gives a parameter of that name: `path`, `path[0]`, `path.basename`, `values.x`.
fn of_directory(name: &str) -> bool {
    let index = || name.strip_prefix("path[").and_then(|rest| rest.strip_suffix(']'));
    matches!(name, "path" | "path.basename" | "path.basenameNormalized")
        || name.starts_with("values.")
        || index().is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
}

struct Search<'o, 'c, 'a> {
    go: bool,
    /// What was generated; none where it is the template that is looked at.
    object: Option<&'o Object>,
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
        let left = || match self.object {
            Some(_) => left(text),
            None => tags(text).find(|name| !of_directory(name)),
        };
        let message = match (self.go, left()) {
            (true, _) if text.contains("<no value>") => {
                format!("a parameter of `{field}` has no value: it becomes `<no value>`")
            }
            (false, Some(name)) => {
                format!("no generator gives the parameter `{name}`: it stays as it is written")
            }
            _ => return,
        };
        let help = match left().filter(|name| !self.go && name.starts_with('.')) {
            Some(name) => {
                format!("set `goTemplate: true`, or write `{{{{{}}}}}`", name.trim_start_matches('.'))
            }
            None => "give the parameter in every element, or correct its name".to_owned(),
        };
        let report = self.cx.report(node.place(), message).help(help);
        if let Some(object) = self.object {
            report.object(object, Some(field));
        }
    }
}

/// The first tag that nothing filled in.
fn left(text: &str) -> Option<&str> {
    let first = text.split_once("{{")?.1.split_once("}}")?.0.trim();
    tags(text).next().filter(|name| *name == first)
}

/// The names in the tags of a text.
fn tags(text: &str) -> impl Iterator<Item = &str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-[]/".contains(&byte);
    let names = text.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim()));
    names.filter(move |name| !name.is_empty() && name.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_directories_give() {
        for (name, want) in [
            ("path", true),
            ("path[12]", true),
            ("values.team", true),
            ("path.basename", true),
            ("path[1]-path[2]", false),
            ("name", false),
        ] {
            assert_eq!(of_directory(name), want, "{name}");
        }
    }

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
