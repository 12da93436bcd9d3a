//! One cause, one finding; and what the configuration says about paths.

use std::collections::BTreeMap;

use crate::config::Level;
use crate::finding::Finding;
use crate::repo::Workspace;

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
