//! What rules find in files as they are written, kept with the file for other states of the repository.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::config::Config;
use crate::finding::{Finding, RuleId, Severity};
use crate::repo::{Inventory, Workspace};
use crate::rules::{AnyRule, Context};

/// What the last run found in a file, and all that it depends on beside the file: see
/// [`Rule::check_file`](crate::rules::Rule::check_file).
#[derive(Default)]
struct Kept(Mutex<Option<Found>>);

struct Found {
    config: Arc<Config>,
    rules: Arc<[(RuleId, Severity)]>,
    is_read: bool,
    is_data: bool,
    findings: Vec<Finding>,
}

/// Asks the rules about all files.
pub(super) fn check(
    workspace: &Workspace,
    inventory: &Inventory,
    rules: &[(AnyRule, Severity)],
) -> Vec<Finding> {
    let named: Arc<[(RuleId, Severity)]> =
        rules.iter().map(|(rule, severity)| (rule.meta().name.clone(), *severity)).collect();
    let files = inventory.scan.files.par_iter().filter_map(|path| workspace.tree.read(path).ok());
    let findings: Vec<Vec<Finding>> = files
        .map(|file| {
            let Some((rule, severity)) = rules.first() else { return Vec::new() };
            let asked = Context::for_repo(workspace, rule.meta(), *severity, inventory);
            let (is_read, is_data) = (asked.is_read(&file), asked.is_data(&file));
            let stream = workspace.cache.stream(&file);
            let kept = stream.facts.get(Kept::default);
            let mut kept = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
            let holds = |it: &&Found| {
                (it.is_read, it.is_data) == (is_read, is_data)
                    && Arc::ptr_eq(&it.config, &workspace.config)
                    && (Arc::ptr_eq(&it.rules, &named) || it.rules == named)
            };
            if let Some(known) = kept.as_ref().filter(holds) {
                return known.findings.clone();
            }
            let mut findings = Vec::new();
            for (rule, severity) in rules {
                let mut cx = Context::for_repo(workspace, rule.meta(), *severity, inventory);
                rule.check_file(&stream, &mut cx);
                findings.append(&mut cx.into_findings());
            }
            let (config, rules) = (Arc::clone(&workspace.config), Arc::clone(&named));
            *kept = Some(Found { config, rules, is_read, is_data, findings: findings.clone() });
            findings
        })
        .collect();
    findings.into_iter().flatten().collect()
}
