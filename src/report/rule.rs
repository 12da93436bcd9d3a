//! Rules: a page of Markdown for a terminal, and the list as JSON (version 1).

use std::fmt::Write as _;

use serde::Serialize;

use crate::finding::Applicability;
use crate::rules::RuleMeta;

use super::pretty::{Look, Paint};
use super::{page_url, to_json, wrap};

/// A page for reading: headings stand out, words wrap, code is set off. Knows the Markdown that pages of rules are written
/// in: headings, paragraphs, lists, code; what else there is stays as it is.
pub fn rule_page(page: &str, look: Look) -> String {
    let paint = Paint { on: look.color };
    let mut out = String::new();
    let mut paragraph = String::new();
    let mut code = false;
    let flush = |paragraph: &mut String, out: &mut String| {
        if paragraph.is_empty() {
            return;
        }
        let indent = if paragraph.starts_with("- ") { 2 } else { 0 };
        out.push_str(&spans(&wrap::hanging(paragraph, look.width, 0, indent), paint));
        out.push('\n');
        paragraph.clear();
    };
    for line in page.lines() {
        if let Some(info) = line.strip_prefix("```") {
            flush(&mut paragraph, &mut out);
            code = !code;
            let file = info.split_whitespace().find_map(|word| word.strip_prefix("file="));
            if let Some(file) = file.filter(|_| code) {
                let _ = writeln!(out, "  {}", paint.dim(file));
            }
        } else if code {
            let line = format!("    {line}");
            out.push_str(&paint.cyan(line.trim_end()));
            out.push('\n');
        } else if let Some(facts) = line.strip_prefix("<!-- generated: ") {
            out.push_str(&paint.dim(facts.trim_end_matches(" -->")));
            out.push('\n');
        } else if line.starts_with('#') {
            flush(&mut paragraph, &mut out);
            out.push_str(&paint.bold(line.trim_start_matches('#').trim_start()));
            out.push('\n');
        } else if line.is_empty() || line.starts_with(['|', '<']) {
            flush(&mut paragraph, &mut out);
            out.push_str(line);
            out.push('\n');
        } else {
            if line.starts_with("- ") {
                flush(&mut paragraph, &mut out);
            }
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line.trim_start());
        }
    }
    flush(&mut paragraph, &mut out);
    out
}

/// Code between backticks in colour; without colours the backticks stay.
fn spans(text: &str, paint: Paint) -> String {
    if !paint.on || !text.matches('`').count().is_multiple_of(2) {
        return text.to_owned();
    }
    let parts = text.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { paint.cyan(part) } else { part.to_owned() }).collect()
}

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
struct Rule<'a> {
    name: &'a str,
    subject: &'a str,
    severity: &'static str,
    preset: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'a str>,
    summary: &'a str,
    /// Whether `gitops-lint fix` mends what it finds.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'static str>,
    /// Where its page is; a team's own has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// The rules for machines.
pub fn rules_json(metas: &[&RuleMeta]) -> String {
    let rules = metas.iter().map(|meta| Rule {
        name: &meta.name,
        subject: meta.subject,
        severity: meta.severity.as_str(),
        preset: meta.preset.as_str(),
        since: meta.since,
        summary: &meta.summary,
        fix: meta.fix().map(Applicability::as_str),
        url: page_url(meta),
    });
    to_json(&Root { version: 1, rules: rules.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_set_for_reading() {
        let page = "# rule\n<!-- generated: error · x -->\n\nSome `code` here\nand more.\n\n- one\n- two\n\n```yaml file=a.yaml\na: 1\n```\n";
        let plain = rule_page(page, Look { width: 80, ..Look::default() });
        assert_eq!(
            plain,
            "rule\nerror · x\n\nSome `code` here and more.\n\n- one\n- two\n\n  a.yaml\n    a: 1\n"
        );
        let colored = rule_page(page, Look { color: true, ..Look::default() });
        assert!(
            colored.contains("\u{1b}[1mrule\u{1b}[0m")
                && colored.contains("Some \u{1b}[36mcode\u{1b}[0m here")
        );
    }
}
