//! The baseline: findings that an old repository has been living with. They are not shown, and those that are gone are,
//! so that the file shrinks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Reported;
use crate::source::Sources;

/// The version of the file's format.
const VERSION: u32 = 1;

/// Known findings by fingerprint.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    entries: BTreeMap<String, BaselineEntry>,
}

/// One known finding. Rule, file and message are there for people; the fingerprint decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineEntry {
    /// The rule.
    pub rule: String,
    /// The file of the primary label.
    pub file: String,
    /// The message.
    pub message: String,
    /// See [`Reported::fingerprint`].
    pub fingerprint: String,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    version: u32,
    findings: Vec<BaselineEntry>,
}

impl Baseline {
    /// Reads a baseline file. `Err` says what is wrong with it and what to do.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(VERSION) => {}
            Some(version) => {
                return Err(format!(
                    "it has version {version}, this gitops-lint reads version {VERSION}: write it again with \
                     --write-baseline"
                ));
            }
            None => return Err("it has no `version`: it is no baseline of gitops-lint".to_owned()),
        }
        let wire: Wire = serde_json::from_value(value).map_err(|error| error.to_string())?;
        let entries = wire.findings.into_iter().map(|entry| (entry.fingerprint.clone(), entry));
        Ok(Self { entries: entries.collect() })
    }

    /// The baseline that knows these findings.
    pub fn of(findings: &[Reported], sources: &Sources) -> Self {
        let entry = |reported: &Reported| {
            let finding = &reported.finding;
            let file = sources.get(finding.primary.at.file);
            BaselineEntry {
                rule: finding.rule.to_string(),
                file: file.map_or_else(String::new, |file| file.name().to_string()),
                message: finding.message.clone(),
                fingerprint: reported.fingerprint.clone(),
            }
        };
        let entries = findings.iter().map(|reported| (reported.fingerprint.clone(), entry(reported)));
        Self { entries: entries.collect() }
    }

    /// The file's text: one finding a line, sorted by file, so that merges seldom conflict.
    pub fn to_json(&self) -> String {
        let mut entries: Vec<&BaselineEntry> = self.entries.values().collect();
        entries.sort_by_key(|entry| (&entry.file, &entry.rule, &entry.message, &entry.fingerprint));
        let lines: Vec<String> = entries
            .iter()
            .map(|entry| format!("    {}", serde_json::to_string(entry).unwrap_or_default()))
            .collect();
        let list = if lines.is_empty() { "[]".to_owned() } else { format!("[\n{}\n  ]", lines.join(",\n")) };
        format!("{{\n  \"version\": {VERSION},\n  \"findings\": {list}\n}}\n")
    }

    /// Whether a finding is known.
    pub fn knows(&self, fingerprint: &str) -> bool {
        self.entries.contains_key(fingerprint)
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it knows nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Entries of rules that ran and that no finding has any more.
    pub(super) fn fixed(
        &self,
        ran: impl Fn(&str) -> bool,
        is_there: impl Fn(&str) -> bool,
    ) -> Vec<BaselineEntry> {
        let gone = self.entries.values().filter(|entry| ran(&entry.rule) && !is_there(&entry.fingerprint));
        let mut gone: Vec<BaselineEntry> = gone.cloned().collect();
        gone.sort_by(|a, b| (&a.file, &a.rule, &a.message).cmp(&(&b.file, &b.rule, &b.message)));
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_it_cannot_read() {
        for (text, words) in [
            ("{", "it is not JSON"),
            ("[]", "it has no `version`"),
            (r#"{"version": 2, "findings": []}"#, "version 2"),
            (r#"{"version": 1}"#, "missing field `findings`"),
        ] {
            let error = Baseline::parse(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let entry = |fingerprint: &str, file: &str| BaselineEntry {
            rule: "r".into(),
            file: file.into(),
            message: "m \"x\"".into(),
            fingerprint: fingerprint.into(),
        };
        let entries = [entry("1", "b"), entry("2", "a")];
        let baseline = Baseline {
            entries: entries.into_iter().map(|entry| (entry.fingerprint.clone(), entry)).collect(),
        };
        let text = baseline.to_json();
        assert!(text.find("\"a\"").unwrap() < text.find("\"b\"").unwrap(), "{text}");
        assert_eq!(Baseline::parse(&text).unwrap().to_json(), text);
        assert_eq!(Baseline::parse(&Baseline::default().to_json()).unwrap().len(), 0);
        let fixed = baseline.fixed(|_| true, |fingerprint| fingerprint == "1");
        assert_eq!(fixed, [entry("2", "a")]);
        assert!(baseline.fixed(|_| false, |_| false).is_empty());
    }
}
