//! What charts say about values: `fail`, `required`, schemas and errors of functions quote them, and logs keep what they
//! are shown. Values that are secrets by their key and look are masked in such words, as they are and in base64.
//!
//! Helm shows them. What a template has computed from a secret in another way (a hash, a part, in capitals) is not known
//! here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::finding::Problem;
use crate::k8s::plaintext_secret;
use crate::yaml::{Data, Node};

/// What stands in place of a secret, as where files are shown.
const MASK: &str = "********";

/// Masks the secrets among `values` in what problems say.
pub(super) fn mask(problems: &mut [Problem], values: &Node) {
    if problems.is_empty() {
        return;
    }
    let mut secrets = Vec::new();
    collect(values, "", &mut secrets);
    // The longer first: one may be a part of another.
    secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    secrets.dedup();
    let masked = |text: &mut String| {
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), MASK);
            }
        }
    };
    for problem in problems {
        masked(&mut problem.message);
        problem.help.iter_mut().for_each(masked);
        problem.related.iter_mut().for_each(|(_, words)| masked(words));
    }
}

fn collect(node: &Node, key: &str, out: &mut Vec<String>) {
    match &node.data {
        Data::Map(map) => map.iter().for_each(|entry| collect(&entry.value, &entry.key.text, out)),
        Data::Seq(items) => items.iter().for_each(|item| collect(item, key, out)),
        Data::Scalar(_) => {
            let Some(text) = node.scalar().filter(|text| plaintext_secret(key, text, true).is_some()) else {
                return;
            };
            // `toJson`, `quote` and `printf "%q"` spell some characters in another way, and messages cut lines.
            for line in text.lines().map(str::trim).filter(|line| line.len() >= 4) {
                out.push(line.to_owned());
                let quoted = serde_json::to_string(line).unwrap_or_default();
                out.push(quoted.trim_matches('"').to_owned());
            }
            out.push(STANDARD.encode(text.as_bytes()));
            out.push(STANDARD.encode(format!("{text}\n")));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::origin::{Origins, Place, Placed};
    use crate::source::{Dir, MemoryTree, Sources, TreePath};
    use crate::yaml::Cache;

    #[test]
    fn words_of_charts_do_not_quote_secrets() {
        let secret = "hunter2-Xy7";
        let encoded = STANDARD.encode(secret);
        for template in [
            "{{ fail .Values.admin.password }}",
            "{{ fail (printf \"%q for %s\" .Values.admin.password .Values.user) }}",
            "{{ fail (.Values.admin.password | b64enc) }}",
            "{{ fail (toJson .Values) }}",
            "{{ required (index .Values.tokens 0) .Values.none }}",
            "{{ include .Values.admin.password . }}",
            "{{ mustRegexMatch (printf \"(%s\" .Values.admin.password) \"a\" }}",
        ] {
            let sources = Sources::new();
            let values = format!("user: somebody\nadmin: {{ password: {secret} }}\ntokens: [{secret}]\n");
            let files = [
                ("Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n"),
                ("values.yaml", values.as_str()),
                ("templates/a.yaml", template),
            ];
            let cache = Cache::new(Arc::clone(&sources));
            let dir = Dir::new(Arc::new(MemoryTree::of(&sources, files)), TreePath::root());
            let chart = super::super::Chart::load(&dir, &cache).0.unwrap();
            let place = Place::written(chart.chart_yaml.span());
            let options = super::super::ReleaseOptions::new(Placed::new("rel".into(), place), "ns");
            let user = super::super::UserValues::new(place);
            let release = super::super::render(&chart, user, &options, &mut Origins::new(), &cache);
            let words = &release.problems.first().unwrap_or_else(|| panic!("{template} fails")).message;
            assert!(!words.contains(secret) && !words.contains(&encoded), "{template}: {words}");
            assert!(words.contains(MASK), "{template}: {words}");
            if template.contains(".Values.user") {
                assert!(words.contains("somebody"), "{words}");
            }
        }
    }
}
