//! Secrets in files that are shown: values files and ConfigMaps hold passwords in plain text, and a finding about the line
//! beside one would carry it into a log.
//!
//! Works on lines, since what is shown may be no YAML; only what [`plaintext_secret`] is sure of is masked.

use crate::source::{SourceFile, Span};

use super::plaintext_secret;

/// Marks the values of keys that are secrets by name and look, once for each file.
pub fn mark_secret_lines(file: &SourceFile) {
    file.before_showing(|file| {
        for (from, to) in secrets(file.text_or_empty()) {
            file.mark_secret(Span::new(file.id(), from as u32, to as u32));
        }
    });
}

/// Where the values are: `key: value`, in block or flow style, as JSON, or as `KEY=value`.
fn secrets(text: &str) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end();
        let flow = body.contains('{');
        for (at, sign) in body.match_indices([':', '=']) {
            let before = body.get(..at).unwrap_or_default().trim_end_matches(['"', '\'']);
            let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
            let key_at = before.rfind(|c| !is_key(c)).map_or(0, |last| last + 1);
            let key = before.get(key_at..).unwrap_or_default();
            let rest = body.get(at + sign.len()..).unwrap_or_default();
            let value = rest.trim_start_matches([' ', '\t', '"', '\'']);
            if key.is_empty() || value.is_empty() || sign == "=" && before.contains(": ") {
                continue;
            }
            let from = at + sign.len() + (rest.len() - value.len());
            let end = if flow { value.find([',', '}', '"', '\'']) } else { value.find(" #") };
            let value = value.get(..end.unwrap_or(value.len())).unwrap_or(value);
            let value = value.trim_end_matches([' ', '"', '\'', ',']);
            if plaintext_secret(key, value, false).is_some() {
                out.push((start + from, start + from + value.len()));
            }
        }
        start += line.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn passwords_are_masked_and_settings_are_not() {
        let text = "password: hunter2XyZ9\nnested: {apiToken: 'hunter2XyZ9', public: shown}\n\"clientSecret\": \"hunter2XyZ9\",\n- DB_PASSWORD=hunter2XyZ9\n\
                    secretName: my-secret-1\npasswordKey: password\ntoken: web\nimage: app:1.2.3 # password: none\nurl: postgres://u:hunter2XyZ9@db/x\n";
        let sources = Sources::new();
        let file = sources.add("values.yaml", text.as_bytes().to_vec());
        mark_secret_lines(&file);
        let shown = file.shown();
        assert!(!shown.contains("hunter2XyZ9"), "{shown}");
        for kept in
            ["public: shown", "secretName: my-secret-1", "passwordKey: password", "token: web", "app:1.2.3"]
        {
            assert!(shown.contains(kept), "{shown}");
        }
    }
}
