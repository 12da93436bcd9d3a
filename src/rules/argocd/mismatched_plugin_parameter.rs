//! `mismatched-plugin-parameter`: see the page.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::argocd::{Application, ApplicationSet};
use crate::near::did_you_mean;
use crate::origin::Place;
use crate::repo::{App, Rendered, Spec};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::TreePath;
use crate::yaml::{Data, Node};

meta!(
    "mismatched-plugin-parameter",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "A plugin generator is asked for other names than the template uses."
);

pub(crate) struct MismatchedPluginParameter;

/// Fewer names may agree by chance.
const LEAST: usize = 2;

impl Rule for MismatchedPluginParameter {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, _: &Rendered, cx: &mut Context<'_>) {
        let Spec::ArgoSet(set) = &app.spec else { return };
        let [generator] = set.generators() else { return };
        let Some(plugin) = generator.get("plugin") else { return };
        // Lists of names: what the plugin does with them shows only where the template uses most of them.
        let parameters = plugin.at_path(&["input", "parameters"]).map(Node::entries).unwrap_or_default();
        let mut used = Used { go: set.go_template, names: BTreeMap::new(), text: String::new() };
        for part in ["template", "templatePatch"] {
            if let Some(node) = set.node.at_path(&["spec", part]) {
                used.visit(node, 0);
            }
        }
        for list in parameters {
            let items = list.value.seq_or_empty().iter();
            let asked: Vec<(&str, Place)> =
                items.filter_map(|item| Some((item.as_str()?, item.place()))).collect();
            let (known, idle): (Vec<_>, Vec<_>) =
                asked.into_iter().partition(|(name, _)| used.names.contains_key(*name));
            if known.len() < LEAST || known.len() <= idle.len() {
                continue;
            }
            for (name, place) in &used.names {
                let Some(place) = place.filter(|_| !is_given(name, plugin)) else { continue };
                let message = format!("the template uses `{name}`, which the plugin is not asked for");
                let help = match did_you_mean(name, idle.iter().map(|(name, _)| *name)) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => "ask for it, or correct the name".to_owned(),
                };
                cx.report(place, message)
                    .help(help)
                    .related(list.key.place(), "what the plugin is asked for");
            }
            let unset = if idle.is_empty() { Vec::new() } else { unset_values(set, &used, cx) };
            for (name, place) in idle {
                // To ask for too much does no harm, unless the chart waits for it.
                let wanted: Vec<&str> = words(name);
                let waits = |key: &&(SmolStr, Place)| {
                    let key = camel_words(&key.0);
                    key.len() > 2 && key.iter().all(|word| wanted.contains(&word.as_str()))
                };
                let Some((key, at)) = unset.iter().find(waits) else { continue };
                let message = format!(
                    "the plugin is asked for `{name}`, but the template does not use it, and the chart's `{key}` is not set"
                );
                cx.report(place, message)
                    .help(format!("set `{key}` in the template, or remove the name"))
                    .related(*at, "empty unless it is set");
            }
        }
    }
}

/// The top-level values of the template's chart that are empty by default and not mentioned in the template. Nothing
/// when the chart is not in this repository.
fn unset_values(set: &ApplicationSet, used: &Used, cx: &Context<'_>) -> Vec<(SmolStr, Place)> {
    let Some(template) = set.template() else { return Vec::new() };
    let [source] = &*Application::new(std::sync::Arc::new(template.clone())).sources else {
        return Vec::new();
    };
    let tree = &cx.workspace.tree;
    let chart = TreePath::new(source.path()).ok().filter(|dir| tree.is_file(&dir.child("Chart.yaml")));
    let Some(file) = chart.and_then(|dir| tree.read(&dir.child("values.yaml")).ok()) else {
        return Vec::new();
    };
    let stream = cx.workspace.cache.stream(&file);
    let values =
        stream.documents.iter().filter_map(|document| document.root.as_ref()).flat_map(Node::entries);
    values
        .filter(|entry| matches!(&entry.value.data, Data::Scalar(text) if text.is_empty()))
        .filter(|entry| !used.text.contains(entry.key.text.as_str()))
        .map(|entry| (entry.key.text.clone(), entry.key.place()))
        .collect()
}

fn words(name: &str) -> Vec<&str> {
    name.split(['_', '-', '.']).filter(|word| !word.is_empty()).collect()
}

/// `s3BucketID`: `s3`, `bucket`, `id`.
fn camel_words(key: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut upper = true;
    for c in key.chars() {
        if c == '_' || c == '-' {
            upper = true;
            words.push(String::new());
            continue;
        }
        if (c.is_uppercase() && !upper) || words.is_empty() {
            words.push(String::new());
        }
        upper = c.is_uppercase();
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a name is asked for, or comes from elsewhere: the block's own `values`, or the input itself.
fn is_given(name: &str, plugin: &Node) -> bool {
    let asked = |node: &Node| node.as_str() == Some(name);
    let parameters = plugin.at_path(&["input", "parameters"]).map(Node::entries).unwrap_or_default();
    matches!(name, "values" | "generator" | "input")
        || parameters.iter().any(|list| list.key.text == name || list.value.seq_or_empty().iter().any(asked))
}

/// The parameters that a template uses.
struct Used {
    go: bool,
    /// By name; with the first place where nothing but a parameter can be meant.
    names: BTreeMap<String, Option<Place>>,
    /// All text of the template.
    text: String,
}

impl Used {
    fn visit(&mut self, node: &Node, depth: u32) {
        match &node.data {
            _ if depth > 64 => {}
            Data::Scalar(text) => self.scalar(text, node.place()),
            Data::Seq(items) => items.iter().for_each(|item| self.visit(item, depth + 1)),
            Data::Map(map) => map.iter().for_each(|entry| {
                self.scalar(&entry.key.text, entry.key.place());
                self.visit(&entry.value, depth + 1);
            }),
        }
    }

    fn scalar(&mut self, text: &str, place: Place) {
        self.text.push_str(text);
        self.text.push('\n');
        let actions = actions(text);
        // Inside of a block, a dot may be something else.
        let moves = |action: &&str| {
            let first = action.trim_start_matches('-').split_whitespace().next();
            matches!(first, Some("range" | "with" | "define" | "block" | "template"))
        };
        let certain = (!actions.iter().map(String::as_str).any(|action| moves(&action))).then_some(place);
        for action in &actions {
            for name in parameters(action, self.go) {
                let known = self.names.entry(name.to_owned()).or_insert(certain);
                *known = known.or(certain);
            }
        }
    }
}

/// What stands between braces, without its strings.
fn actions(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, inside)) = rest.split_once("{{") {
        let mut action = String::new();
        let mut quote = None;
        let mut end = inside.len();
        for (at, c) in inside.char_indices() {
            match quote {
                Some(open) => quote = quote.filter(|_| c != open),
                None if c == '"' || c == '`' => {
                    action.push(c);
                    quote = Some(c);
                }
                None if inside.get(at..).is_some_and(|rest| rest.starts_with("}}")) => {
                    end = at;
                    break;
                }
                None => action.push(c),
            }
        }
        found.push(action);
        rest = inside.get(end..).unwrap_or_default();
    }
    found
}

/// The parameters that one action names: `x` of `.x` and `.x.y`, or the whole action without Go templates.
fn parameters(action: &str, go: bool) -> Vec<&str> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    if !go {
        let name = action.trim();
        let plain = !name.is_empty() && name.chars().all(|c| word(c) || c == '-');
        return if plain { vec![name] } else { Vec::new() };
    }
    let mut names = Vec::new();
    let mut before = ' ';
    for (at, c) in action.char_indices() {
        // A dot behind a name, a parenthesis or a string selects from something else.
        let first = c == '.' && !word(before) && !matches!(before, ')' | '.' | '"' | '`');
        if let Some(rest) = action.get(at + 1..).filter(|_| first) {
            let name = rest.split(|c| !word(c)).next().unwrap_or_default();
            if name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                names.push(name);
            }
        }
        before = c;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_parameters_in_actions() {
        for (action, go, want) in [
            (" .a_b ", true, &["a_b"][..]),
            ("- if and .a (eq .b \") -", true, &["a", "b"]),
            (" $x.y | default $.c.d", true, &["c"]),
            (" (f .a).b ", true, &["a"]),
            (" .5 ", true, &[]),
            (" a_b ", false, &["a_b"]),
            ("a.b", false, &[]),
        ] {
            assert_eq!(parameters(action, go), want, "{action}");
        }
        let text = "a {{ `{{ .no }}` }} {{ .yes | quote \"}}\" }} {{";
        assert_eq!(actions(text), [" ` ", " .yes | quote \" ", ""]);
        assert_eq!(camel_words("s3BucketID_x"), ["s3", "bucket", "id", "x"]);
    }
}
