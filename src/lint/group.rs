//! One cause, one finding; what the configuration says about paths; and what is wrong on purpose.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::config::Level;
use crate::finding::{Confidence, Effect, Finding, Fix, Label, RuleId};
use crate::repo::{self, AppEntry, Inventory, Workspace};
use crate::rules::ELSEWHERE;
use crate::source::{FileId, Sources, Span};

/// The same cause in forty apps is one finding that lists the apps: findings of one rule at one place are one, whatever else
/// they say. The worst speaks for all.
pub(super) fn grouped(findings: Vec<Finding>, inventory: &Inventory) -> Vec<Finding> {
    // Where an app is named stands for all that it renders of somebody else.
    let written =
        inventory.apps.iter().map(|entry| entry.app.place).filter(|place| place.origin.is_written());
    let names: BTreeSet<Span> = written.map(|place| place.at).collect();
    let mut groups: BTreeMap<(RuleId, Span), Vec<Finding>> = BTreeMap::new();
    for finding in findings {
        groups.entry((finding.rule.clone(), finding.primary.at)).or_default().push(finding);
    }
    let mut findings: Vec<Finding> = groups.into_values().flat_map(|group| merged(group, &names)).collect();
    for finding in &mut findings {
        finding.apps.sort();
        finding.apps.dedup();
    }
    findings
}

/// One finding for those of a rule at a place. Where there is no line to edit (an app stands for what it renders of somebody
/// else), each message is a cause of its own.
fn merged(mut findings: Vec<Finding>, names: &BTreeSet<Span>) -> Vec<Finding> {
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.message.cmp(&b.message)));
    if findings.len() < 2 {
        return findings;
    }
    let mut made: Vec<Finding> = Vec::new();
    // By message the first that says so, and for each the apps that it speaks of.
    let mut said: FxHashMap<String, usize> = FxHashMap::default();
    let mut spoken: Vec<FxHashSet<Arc<str>>> = Vec::new();
    for finding in findings {
        let stands_in = names.contains(&finding.primary.at)
            || finding.related.iter().any(|label| label.message == ELSEWHERE);
        let same = said.get(&finding.message).copied();
        let one = if stands_in {
            same
        } else {
            let before = made.iter().zip(&spoken).take(same.unwrap_or(made.len()));
            before.into_iter().position(|(known, apps)| !are_two(known, apps, &finding)).or(same)
        };
        let Some((known, apps)) = one.and_then(|one| made.get_mut(one).zip(spoken.get_mut(one))) else {
            said.entry(finding.message.clone()).or_insert(made.len());
            spoken.push(finding.apps.iter().cloned().collect());
            made.push(finding);
            continue;
        };
        known.confidence = known.confidence.max(finding.confidence);
        known.severity = known.severity.max(finding.severity);
        apps.extend(finding.apps.iter().cloned());
        known.apps.extend(finding.apps);
        known.fix = known.fix.take().zip(finding.fix).and_then(|(a, b)| one_fix(a, b));
    }
    made
}

/// The fix of two findings that are one: the same edits, which change what both say. Where they differ, none is sure.
fn one_fix(a: Fix, b: Fix) -> Option<Fix> {
    if a.edits != b.edits {
        return None;
    }
    let effect = match (a.effect, b.effect) {
        (Effect::Nothing, other) | (other, Effect::Nothing) => other,
        (Effect::Fields(mut fields), Effect::Fields(more)) => {
            fields.extend(more);
            fields.sort();
            fields.dedup();
            Effect::Fields(fields)
        }
        _ => Effect::Apps,
    };
    Some(Fix { effect, applicability: a.applicability.max(b.applicability), ..a })
}

/// Whether two findings at one place are two mistakes: they say different things of one object, or of one app where neither
/// names an object, or they are about what different apps have with each other. `apps` are those of the first.
fn are_two(a: &Finding, apps: &FxHashSet<Arc<str>>, b: &Finding) -> bool {
    if a.apps.len() > 1 && b.apps.len() > 1 && a.apps != b.apps {
        return true;
    }
    match (&a.object, &b.object) {
        (Some(a), Some(b)) => {
            a.name == b.name && a.namespace == b.namespace && a.kind == b.kind && a.group == b.group
        }
        _ => b.apps.is_empty() || b.apps.iter().any(|app| apps.contains(app)),
    }
}

/// Rules that stumble over what another rule tells: the consequence, and its cause.
const CONSEQUENCES: [(&str, &str); 12] = [
    ("invalid-host-name", "undefined-substitution"),
    ("invalid-image-reference", "undefined-substitution"),
    ("invalid-name-or-label", "undefined-substitution"),
    ("render-failure", "undefined-substitution"),
    ("invalid-name-or-label", "implicit-type"),
    // A name that Helm refuses for a release.
    ("invalid-name-or-label", "render-failure"),
    ("kustomize-build-failure", "syntax-error"),
    ("render-failure", "syntax-error"),
    ("schema-violation", "render-failure"),
    ("schema-violation", "undefined-substitution"),
    ("invalid-object", "undefined-substitution"),
    // Nobody strays to where nothing is.
    ("stale-target-revision", "missing-target-revision"),
];

/// One mistake speaks once: where a rule tells the cause, what follows from it is part of that finding, which is then as bad as
/// the worst of both.
pub(super) fn absorbed(findings: Vec<Finding>, sources: &Sources) -> Vec<Finding> {
    let line = |at: Span| sources.locate(at).map(|(file, start, _)| (file, start.line));
    let mut causes: BTreeMap<(&str, Arc<str>, u32), usize> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        let is_cause = CONSEQUENCES.iter().any(|(_, cause)| finding.rule == *cause);
        if let Some((file, line)) = line(finding.primary.at).filter(|_| is_cause) {
            causes.entry((&*finding.rule, file, line)).or_insert(index);
        }
    }
    if causes.is_empty() {
        return findings;
    }
    let cause_of = |finding: &Finding| {
        let wanted = CONSEQUENCES.iter().filter(|(rule, _)| finding.rule == *rule);
        let places =
            || std::iter::once(&finding.primary).chain(&finding.related).filter_map(|label| line(label.at));
        wanted
            .flat_map(|(_, cause)| places().map(move |(file, line)| (*cause, file, line)))
            .find_map(|key| causes.get(&key).copied())
    };
    let owners: Vec<Option<usize>> = findings.iter().map(cause_of).collect();
    let mut kept: Vec<Option<Finding>> = findings.into_iter().map(Some).collect();
    for (index, owner) in owners.into_iter().enumerate() {
        let Some(owner) = owner.filter(|owner| *owner != index) else { continue };
        let Some(consequence) = kept.get_mut(index).and_then(Option::take) else { continue };
        let Some(cause) = kept.get_mut(owner).and_then(Option::as_mut) else { continue };
        cause.confidence = cause.confidence.max(consequence.confidence);
        cause.severity = cause.severity.max(consequence.severity);
        cause.apps.extend(consequence.apps);
        cause.apps.sort();
        cause.apps.dedup();
        cause.object = cause.object.take().or(consequence.object);
        let at = consequence.primary.at;
        if at != cause.primary.at && cause.related.iter().all(|label| label.at != at) {
            cause.related.push(Label { at, message: consequence.message });
        }
    }
    kept.into_iter().flatten().collect()
}

/// Applies `paths:` of the configuration; `false` when the rule is off where the finding is.
pub(super) fn apply_paths(workspace: &Workspace, finding: &mut Finding) -> bool {
    let Some(file) = workspace.sources.get(finding.primary.at.file) else { return true };
    for path in &workspace.config.paths {
        if !path.matches.is_match(file.name().as_ref()) {
            continue;
        }
        match path.rules.get(finding.rule.as_str()).and_then(|rule| rule.level) {
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
    let of_path = paths.find_map(|path| path.rules.get(finding.rule.as_str())?.confidence);
    let of_rule = || config.rules.get(finding.rule.as_str()).and_then(|rule| rule.confidence);
    of_path.or_else(of_rule).or(config.confidence).unwrap_or(Confidence::Likely)
}

/// Whether a file is documentation or test data that nothing outside of it renders: what is wrong there may be wrong on
/// purpose.
pub(super) fn is_in_test_data(workspace: &Workspace, inventory: &Inventory, file: FileId) -> bool {
    let file = workspace.sources.get(file);
    let Some(path) = file.and_then(|file| file.path().cloned()) else { return false };
    if !repo::is_test_data(&path) {
        return false;
    }
    let is_real = |entry: &AppEntry| !entry.app.path.as_ref().is_some_and(repo::is_test_data);
    let mut readers = inventory.readers(&path).iter().filter_map(|app| inventory.app(*app));
    !readers.any(is_real) && !inventory.apps.iter().any(|entry| entry.reads(&path) && is_real(entry))
}
/// Whose lines findings point at.
pub(super) struct Homes<'a> {
    workspace: &'a Workspace,
    inventory: &'a Inventory,
    /// Where apps are defined, once that was asked for.
    sites: OnceCell<BTreeSet<(FileId, u32)>>,
}

impl<'a> Homes<'a> {
    pub(super) fn new(workspace: &'a Workspace, inventory: &'a Inventory) -> Self {
        Self { workspace, inventory, sites: OnceCell::new() }
    }

    fn is_fetched(&self, label: &Label) -> bool {
        self.workspace.sources.get(label.at.file).is_some_and(|file| file.home().is_fetched())
    }

    /// Whether a line only says that something is deployed.
    fn is_site(&self, label: &Label) -> bool {
        let sites = self.sites.get_or_init(|| {
            let apps = self.inventory.apps.iter().map(|entry| &entry.app);
            // A name in the text of a template has that text as its origin, which the chain leaves out.
            let spans = apps.flat_map(|app| {
                let text = app.origins.get(app.place.origin).and_then(|origin| origin.at);
                repo::chain(app.place, &app.origins).into_iter().map(|link| link.at).chain(text)
            });
            spans.map(|at| (at.file, at.start)).collect()
        });
        sites.contains(&(label.at.file, label.at.start))
    }

    /// Begins at a line of the repository where a finding begins in what was fetched, and tells of one.
    pub(super) fn begin_at_home(&self, finding: &mut Finding) {
        if !self.is_fetched(&finding.primary) {
            return;
        }
        let is_own = |label: &Label| self.workspace.is_editable(label.at.file) && !self.is_site(label);
        if let Some(own) = finding.related.iter_mut().find(|label| is_own(label)) {
            std::mem::swap(&mut finding.primary, own);
            if own.message.is_empty() {
                "of the chart, which is not in this repository".clone_into(&mut own.message);
            }
        }
    }

    /// Whether everything that a finding points at is somebody else's: it lies in what was fetched.
    pub(super) fn is_third_party(&self, finding: &Finding) -> bool {
        self.is_fetched(&finding.primary)
            && finding.related.iter().all(|label| self.is_fetched(label) || self.is_site(label))
    }
}
