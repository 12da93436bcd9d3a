//! Counts of findings: by rule, by severity, by app.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::finding::{RuleId, Severity};
use crate::lint::Report;

/// The counts of a report.
pub(super) struct Statistics {
    /// The worst first; severities without findings are left out.
    pub(super) severities: Vec<(Severity, usize)>,
    /// The worst first, then the most frequent.
    pub(super) rules: Vec<RuleCount>,
    /// The most affected first. A finding counts for each app that it affects.
    pub(super) apps: Vec<(Arc<str>, usize)>,
}

/// The findings of one rule at one severity.
pub(super) struct RuleCount {
    pub(super) rule: RuleId,
    pub(super) severity: Severity,
    pub(super) findings: usize,
}

impl Statistics {
    pub(super) fn of(report: &Report) -> Self {
        let mut severities: BTreeMap<Severity, usize> = BTreeMap::new();
        let mut rules: BTreeMap<(Severity, RuleId), usize> = BTreeMap::new();
        let mut apps: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
        for reported in &report.findings {
            let finding = &reported.finding;
            *severities.entry(finding.severity).or_default() += 1;
            *rules.entry((finding.severity, finding.rule.clone())).or_default() += 1;
            finding.apps.iter().for_each(|app| *apps.entry(app).or_default() += 1);
        }
        let rules = rules.into_iter();
        let mut rules: Vec<RuleCount> =
            rules.map(|((severity, rule), findings)| RuleCount { rule, severity, findings }).collect();
        rules.sort_by(|a, b| (b.severity, b.findings, &a.rule).cmp(&(a.severity, a.findings, &b.rule)));
        let mut apps: Vec<(Arc<str>, usize)> =
            apps.into_iter().map(|(app, number)| (Arc::clone(app), number)).collect();
        apps.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        Self { severities: severities.into_iter().rev().collect(), rules, apps }
    }

    /// As JSON shows them.
    pub(super) fn wire(&self) -> Wire {
        Wire {
            severities: self.severities.iter().map(|(it, number)| (it.as_str(), *number)).collect(),
            rules: self
                .rules
                .iter()
                .map(|it| WireRule {
                    rule: it.rule.clone(),
                    severity: it.severity.as_str(),
                    findings: it.findings,
                })
                .collect(),
            apps: self
                .apps
                .iter()
                .map(|(app, number)| WireApp { app: app.to_string(), findings: *number })
                .collect(),
        }
    }
}

/// The counts in the JSON report.
#[derive(Serialize)]
pub(super) struct Wire {
    severities: BTreeMap<&'static str, usize>,
    rules: Vec<WireRule>,
    apps: Vec<WireApp>,
}

#[derive(Serialize)]
struct WireRule {
    rule: RuleId,
    severity: &'static str,
    findings: usize,
}

#[derive(Serialize)]
struct WireApp {
    app: String,
    findings: usize,
}
