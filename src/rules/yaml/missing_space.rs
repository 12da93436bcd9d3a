//! `missing-space`: see the page.

use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::SourceFile;
use crate::yaml::{Data, Node, Stream, Style};

meta!(
    "missing-space",
    "yaml",
    Warning,
    Recommended,
    "0.3.0",
    "A colon without a space behind it makes a text of a key and its value."
);

pub(crate) struct MissingSpace;

/// Deeper trees than this are not manifests.
const MAX_DEPTH: u32 = 64;

impl Rule for MissingSpace {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_file(&self, file: &Stream, cx: &mut Context<'_>) {
        for root in cx.manifests(file) {
            walk(root, &file.file, cx, 0);
        }
    }
}

fn walk(node: &Node, file: &SourceFile, cx: &mut Context<'_>, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    match &node.data {
        Data::Scalar(_) => {}
        Data::Seq(items) => {
            let mappings = items.iter().any(|item| item.as_map().is_some());
            for item in items {
                if mappings {
                    tell(item, cx);
                }
                walk(item, file, cx, depth + 1);
            }
        }
        Data::Map(map) => {
            for entry in map {
                // A text in the line of its key may be anything; where it stands below it, a mapping was meant.
                let line = |offset| file.line_index(offset);
                if line(entry.value.place().at.start) > line(entry.key.at.end) {
                    tell(&entry.value, cx);
                }
                walk(&entry.value, file, cx, depth + 1);
            }
        }
    }
}

fn tell(node: &Node, cx: &mut Context<'_>) {
    let plain = node.scalar().filter(|_| node.style == Style::Plain);
    let Some(key) = plain.and_then(|text| key(text)) else { return };
    cx.report(node.place(), format!("this is one text, not the key `{key}` with a value"))
        .help("put a space behind the colon")
        .likely();
}

/// What looks like the key of a text such as `name:"shop"`.
fn key(text: &str) -> Option<&str> {
    let (key, rest) = text.split_once(":\"").or_else(|| text.split_once(":'"))?;
    let mark = text.chars().next_back().filter(|mark| matches!(mark, '"' | '\''))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
    let is_key = key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.chars().all(plain);
    (is_key && rest.matches(mark).count() == 1).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn tells_what_looks_like_a_key() {
        for (text, want) in [
            ("name:\"shop\"", Some("name")),
            ("k8s.v1.cni.cncf.io/networks:\"a, b\"", Some("k8s.v1.cni.cncf.io/networks")),
            ("name:'shop'", Some("name")),
            ("label:\"a\" label:\"b\"", None),
            ("name: shop", None),
            ("nginx:1.27", None),
            ("{a:\"b\"", None),
        ] {
            assert_eq!(key(text), want, "{text}");
        }
    }
}
