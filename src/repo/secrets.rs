//! What of a file is secret although no object says so: a Secret that cannot be read, one in a list, a key that is there
//! twice. The tree does not have those values; the text does, and snippets show the text.
//!
//! Works on lines and masks too much rather than too little. Where all of a file is well read, the tree says it better.

use crate::source::{SourceFile, Span};

/// How often a text says that something is a Secret.
pub(super) fn mentions(text: &str) -> usize {
    documents(text).map(|(_, document)| kinds(document)).sum()
}

/// Marks what could be the value of a Secret.
pub(super) fn mark(file: &SourceFile) {
    let text = file.text_or_empty();
    let mut spans = Vec::new();
    for (start, document) in documents(text) {
        if kinds(document) > 0 {
            values(document, start, &mut spans);
        }
    }
    for (start, end) in spans {
        file.mark_secret(Span::new(file.id(), start as u32, end as u32));
    }
}

/// The documents of a text and where they start.
fn documents(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut starts: Vec<usize> = vec![0];
    starts.extend(text.match_indices("\n---").map(|(at, _)| at + 1));
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([text.len()]).collect();
    starts.into_iter().zip(ends).filter_map(|(start, end)| Some((start, text.get(start..end)?)))
}

/// How often a document says `kind: Secret`, in block or flow style or as JSON.
fn kinds(text: &str) -> usize {
    let quotes = ['"', '\''];
    let is_kind = |(at, _): &(usize, &str)| {
        let rest = text.get(at + "kind".len()..).unwrap_or_default();
        let rest = rest.trim_start_matches(quotes).trim_start();
        let Some(value) = rest.strip_prefix(':') else { return false };
        let value = value.trim_start().trim_start_matches(quotes);
        let Some(after) = value.strip_prefix("Secret") else { return false };
        !after.starts_with(|next: char| next.is_alphanumeric())
    };
    text.match_indices("kind").filter(is_kind).count()
}

/// The parts of a document that stand below `data` or `stringData`.
fn values(text: &str, start: usize, spans: &mut Vec<(usize, usize)>) {
    // Where the section begins, and where its keys do, while in one.
    let mut section: Option<(usize, Option<usize>)> = None;
    let mut at = start;
    for line in text.split_inclusive('\n') {
        let from = at;
        at += line.len();
        let body = line.trim_end();
        let content = body.trim_start_matches([' ', '\t']);
        let indent = body.len() - content.len();
        if content.is_empty() || content.contains("{{") {
            continue;
        }
        if let Some((above, keys)) = &mut section {
            // A broken line may stand anywhere; a key like those of objects ends the section.
            if indent > *above {
                let first = *keys.get_or_insert(indent);
                let value = content.find(':').filter(|_| indent == first).map_or(0, |colon| colon + 1);
                spans.push((from + indent + value, from + body.len()));
                continue;
            }
            section = None;
        }
        for (key_at, key) in content.match_indices("data").chain(content.match_indices("stringData")) {
            let before = content.get(..key_at).unwrap_or_default();
            let is_key = before.ends_with([' ', '"', '\'', '{', ',', '-', '\t']) || before.is_empty();
            let rest = content.get(key_at + key.len()..).unwrap_or_default();
            let rest_at = key_at + key.len();
            let after = rest.trim_start_matches(['"', '\'']).trim_start();
            let (true, Some(value)) = (is_key, after.strip_prefix(':')) else { continue };
            let value_at = rest_at + (rest.len() - value.len());
            let begin = from + indent + value_at;
            if value.trim().is_empty() || value.trim_start().starts_with(['#', '&', '!']) {
                let dashes = before.len() - before.trim_start_matches(['-', ' ']).len();
                section = Some((indent + dashes, None));
            } else {
                // In flow style, up to the end of the document: where the braces end is not known here.
                let end = flow_end(text, begin - start).map_or(start + text.len(), |end| start + end);
                spans.push((begin, end));
            }
        }
    }
}

/// The offset behind the collection that begins at `from`; `None` where it does not end.
fn flow_end(text: &str, from: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate().skip(from) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return Some(at + usize::from(depth == 1)),
            b'}' | b']' => depth -= 1,
            b'\n' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn values_are_masked_wherever_they_stand() {
        for text in [
            "kind: Secret\nstringData:\n  a: XX\n   b: XX\n  c: |\n    XX: XX\nmetadata: {name: n}\n",
            "kind: Secret\ndata:\n  a: {b: XX}\n\n  'c': XX\n",
            "kind: List\nitems:\n- kind: Secret\n  data:\n    a: XX\n- {kind: Secret, stringData: {a: XX, a: [XX]}}\n",
            "{\"kind\": \"Secret\",\n \"data\": {\"a\": \"XX\",\n \"b\": \"XX\"}, \"metadata\": {}}\n",
            "a: 1\n---\nkind: 'Secret'\ndata: {a: XX\n b: XX\n",
            "items:\n- data:\n    a: XX\n  kind: Secret\n",
        ] {
            let sources = Sources::new();
            let file = sources.add("a.yaml", text.as_bytes().to_vec());
            assert!(mentions(text) > 0, "{text}");
            mark(&file);
            assert!(!file.shown().contains("XX"), "{}", file.shown());
            assert!(file.shown().contains("kind"), "{}", file.shown());
        }
    }

    #[test]
    fn other_objects_are_shown() {
        for text in [
            "kind: ConfigMap\ndata: {a: b}\n",
            "kind: SecretStore\ndata: {a: b}\n",
            "kind: Deployment\n# Secret\n",
        ] {
            assert_eq!(mentions(text), 0);
        }
        let sources = Sources::new();
        let text = "kind: Secret\nmetadata: {name: n}\ndata: {a: b}\ntype: Opaque\n";
        let file = sources.add("a.yaml", text.as_bytes().to_vec());
        mark(&file);
        assert_eq!(file.shown(), "kind: Secret\nmetadata: {name: n}\ndata: *** **\ntype: Opaque\n");
    }
}
