//! `broken-config-file`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Dialect, Embedded, Node, YamlProblemKind, parse_text};

meta!(
    "broken-config-file",
    "yaml",
    Warning,
    Recommended,
    "0.2.0",
    "A file in a ConfigMap is not what its name says: YAML or JSON."
);

pub(crate) struct BrokenConfigFile;

/// Larger files are made by programs.
const LARGEST: usize = 1 << 18;

impl Rule for BrokenConfigFile {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if !object.is("", "ConfigMap") || cx.are_values_assumed() {
            return;
        }
        for entry in object.at(&["data"]).map(Node::entries).unwrap_or_default() {
            let name = entry.key.text.as_str();
            let Some(text) = entry.value.as_str().filter(|text| is_plain(text)) else { continue };
            if ![".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end)) {
                continue;
            }
            let Some(file) = cx.sources().get(entry.value.at.file) else { continue };
            let mut map = Embedded::of_written(&entry.value, &file);
            let json = name.ends_with(".json");
            if text.len() > LARGEST || json && is_json(text) {
                continue;
            }
            let parsed = parse_text(text, Dialect::Sigs, &mut map);
            let broken = parsed.problems.iter().find(|it| it.kind == YamlProblemKind::Syntax);
            let Some(problem) = broken else { continue };
            let place = crate::origin::Place { at: problem.at, origin: entry.value.origin };
            let format = if json { "JSON" } else { "YAML" };
            cx.report(place, format!("`{name}` is not valid {format}: {}", problem.message))
                .object(object, Some(&format!("data.{name}")))
                .help("the program that reads the file fails on it, or starts with its defaults")
                .likely();
        }
    }
}

/// Whether a text is JSON, or several values of it one after the other, as `jq` and its like read them.
fn is_json(text: &str) -> bool {
    serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>().all(|value| value.is_ok())
}

/// Whether a text is meant to be read as it stands: no template that some program fills in.
fn is_plain(text: &str) -> bool {
    !text.trim().is_empty()
        && !["{{", "{%", "{#", "<%", "<#", "[[", "${", "#{", "%{", "@@", "<<<<"].iter().any(|open| text.contains(open))
        // Comments are no JSON, and no slip: programs that take them say so.
        && !text.lines().any(|line| line.trim_start().starts_with("//") || line.trim_start().starts_with("/*"))
}
