//! One cause, one finding; what the configuration says about paths; and what is wrong on purpose.

use std::collections::BTreeMap;

use crate::config::Level;
use crate::finding::{Confidence, Finding};
use crate::repo::{self, AppEntry, Inventory, Workspace};
use crate::source::TreePath;

/// The same cause in forty apps is one finding that lists the apps.
pub(super) fn grouped(findings: Vec<Finding>) -> Vec<Finding> {
    let mut groups: BTreeMap<(&'static str, crate::source::Span, String), Finding> = BTreeMap::new();
    for finding in findings {
        let key = (finding.rule, finding.primary.at, finding.message.clone());
        match groups.entry(key) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(finding);
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                known.confidence = known.confidence.max(finding.confidence);
                known.severity = known.severity.max(finding.severity);
                known.apps.extend(finding.apps);
            }
        }
    }
    let mut findings: Vec<Finding> = groups.into_values().collect();
    for finding in &mut findings {
        finding.apps.sort();
        finding.apps.dedup();
    }
    findings
}

/// Applies `paths:` of the configuration; `false` when the rule is off where the finding is.
pub(super) fn apply_paths(workspace: &Workspace, finding: &mut Finding) -> bool {
    let Some(file) = workspace.sources.get(finding.primary.at.file) else { return true };
    for path in &workspace.config.paths {
        if !path.matches.is_match(file.name().as_ref()) {
            continue;
        }
        match path.rules.get(finding.rule).and_then(|rule| rule.level) {
            Some(Level::Off) => return false,
            Some(Level::At(severity)) => finding.severity = severity,
            Some(Level::On) | None => {}
        }
    }
    true
}

/// How sure a finding must be to be shown: `given` on the command line, for the path, for the rule, for all.
pub(super) fn least_confidence(
    workspace: &Workspace,
    given: Option<Confidence>,
    finding: &Finding,
) -> Confidence {
    if let Some(given) = given {
        return given;
    }
    let config = &workspace.config;
    let file = workspace.sources.get(finding.primary.at.file);
    let mut paths = config
        .paths
        .iter()
        .rev()
        .filter(|path| file.as_ref().is_some_and(|file| path.matches.is_match(file.name().as_ref())));
    let of_path = paths.find_map(|path| path.rules.get(finding.rule)?.confidence);
    let of_rule = || config.rules.get(finding.rule).and_then(|rule| rule.confidence);
    of_path.or_else(of_rule).or(config.confidence).unwrap_or(Confidence::Likely)
}

/// Whether a finding is in documentation or in test data that nothing outside of it renders: what is wrong there may be
/// wrong on purpose.
pub(super) fn is_in_test_data(workspace: &Workspace, inventory: &Inventory, finding: &Finding) -> bool {
    let file = workspace.sources.get(finding.primary.at.file);
    let Some(path) = file.and_then(|file| TreePath::new(file.name()).ok()) else { return false };
    if !repo::is_test_data(&path) {
        return false;
    }
    let is_real = |entry: &AppEntry| !entry.app.path.as_ref().is_some_and(repo::is_test_data);
    let mut readers = inventory.readers(&path).iter().filter_map(|app| inventory.app(*app));
    !readers.any(is_real) && !inventory.apps.iter().any(|entry| entry.reads(&path) && is_real(entry))
}
