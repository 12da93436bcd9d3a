//! Manifests that no app reads and no kustomization names. Somebody may apply them by hand, from a pipeline, or soon:
//! what the API server refuses in any cluster is wrong in them, too. Nothing else can be said of them.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::finding::{Finding, RuleId, Severity};
use crate::repo::{self, Inventory, Object, ScannedDocument, Status, Workspace};
use crate::rules::{AnyRule, Context};
use crate::schema::all_kinds;
use crate::source::{Span, TreePath};

/// What the rules that [stand alone](crate::rules::Rule::stands_alone) find in them, as likely: nobody says that they are applied.
pub(super) fn check(
    workspace: &Workspace,
    inventory: &Inventory,
    rules: &[(AnyRule, Severity)],
) -> Vec<Finding> {
    let rules: Vec<_> = rules.iter().filter(|(rule, _)| rule.stands_alone()).collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let documents = unclaimed(workspace, inventory);
    let findings: Vec<Vec<Finding>> = documents
        .par_iter()
        .filter_map(|document| Object::new(document.node(workspace)?).filter(is_of_an_api))
        .map(|object| {
            let mut findings = Vec::new();
            for (rule, severity) in &rules {
                let severity = (*severity).min(Severity::Warning);
                let mut cx = Context::for_repo(workspace, rule.meta(), severity, inventory);
                rule.check_object(&object, &mut cx);
                findings.append(&mut cx.into_findings());
            }
            findings
        })
        .collect();
    findings.into_iter().flatten().collect()
}

/// What is wrong in patches as they are written, beyond what was told of what they are merged into: their targets may be rendered by
/// nobody, or not be there.
pub(super) fn check_parts(
    workspace: &Workspace,
    inventory: &Inventory,
    rules: &[(AnyRule, Severity)],
    told: &[Finding],
) -> Vec<Finding> {
    let rules: Vec<_> = rules.iter().filter(|(rule, _)| rule.judges_parts()).collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let is_own = |group: &str| !group.contains('.') || group.ends_with(".k8s.io");
    // Who renders it may bring a definition of its own.
    let is_rendered = |path: &TreePath| {
        let mut readers = inventory.readers(path).iter().filter_map(|id| inventory.app(*id));
        readers.any(|entry| entry.status != Status::Failed)
    };
    let mut known: FxHashSet<(&RuleId, Span)> = FxHashSet::default();
    for finding in told {
        known.insert((&finding.rule, finding.primary.at));
        known.extend(finding.related.iter().map(|label| (&finding.rule, label.at)));
    }
    let parts = repo::parts(workspace, &inventory.scan);
    let findings: Vec<Vec<Finding>> = parts
        .par_iter()
        .filter(|part| is_own(&part.object.group) || !is_rendered(&part.path))
        .map(|part| {
            let mut findings = Vec::new();
            for (rule, severity) in &rules {
                let severity = (*severity).min(Severity::Warning);
                let mut cx = Context::for_repo(workspace, rule.meta(), severity, inventory);
                rule.check_object(&part.object, &mut cx);
                findings.append(&mut cx.into_findings());
            }
            findings
        })
        .collect();
    let is_new = |finding: &Finding| !known.contains(&(&finding.rule, finding.primary.at));
    findings.into_iter().flatten().filter(is_new).collect()
}

/// The documents that nothing reads, in files that are YAML as they stand.
fn unclaimed<'a>(workspace: &Workspace, inventory: &'a Inventory) -> Vec<&'a ScannedDocument> {
    let scan = &inventory.scan;
    let in_chart = |path: &TreePath| {
        let above = std::iter::successors(Some(path.clone()), TreePath::parent);
        above.into_iter().any(|dir| scan.charts.contains(&dir))
    };
    let is_open = |path: &TreePath| {
        inventory.readers(path).is_empty()
            && !scan.is_resource(path)
            && !scan.is_input(path)
            && repo::showcase(path).is_none()
            && !in_chart(path)
    };
    // Only kinds of Kubernetes itself: what looks like another kind may be input of some program.
    let is_own = |group: &str| !group.contains('.') || group.ends_with(".k8s.io");
    let is_named = |it: &ScannedDocument| !it.name.is_empty() && !repo::has_capitals(&it.name);
    let documents = scan.documents.iter().filter(|it| is_named(it) && is_own(&it.group) && is_open(&it.path));
    documents
        .filter(|it| {
            // Files with tokens of a template language become manifests only once somebody has filled them in.
            workspace.tree.read(&it.path).is_ok_and(|file| {
                let text = file.text_or_empty();
                !text.contains("{{") && !text.contains("{%") && !repo::has_tokens(text)
            })
        })
        .collect()
}

/// Whether an object has a version of an API or a kind that Kubernetes has; what has neither is input of a program, such as kustomize's
/// transformers (`builtin`).
pub(super) fn is_of_an_api(object: &Object) -> bool {
    let is_version =
        |text: &str| text.strip_prefix('v').is_some_and(|it| it.starts_with(|c: char| c.is_ascii_digit()));
    is_version(&object.version) || all_kinds().iter().any(|known| known.kind == object.kind.as_str())
}
