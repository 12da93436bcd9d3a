//! What follows from a definition of a kind or from a policy is as sure as it is that it is applied: a copy that nothing reads
//! may be of another version than the cluster has, and a policy that nothing reads may be nobody's. An object that several
//! owners apply need not be whole for any of them. What was set aside is applied by nobody, and an example breaks no cluster.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Level;
use crate::finding::{Confidence, Finding, ObjectRef, Severity};
use crate::repo::{self, AppKind, Inventory, Workspace};
use crate::source::{FileId, TreePath};

/// What is wrong wherever it stands.
const STAYS: [&str; 1] = ["plaintext-secret"];

/// Takes back what only definitions say that nothing applies, and what an object lacks that another app completes.
pub(super) fn weigh(workspace: &Workspace, inventory: &Inventory, findings: &mut [Finding]) {
    let mut known: BTreeMap<FileId, bool> = BTreeMap::new();
    let completed = completed(inventory, findings);
    let assumed = assumed(inventory);
    let mut aside: BTreeMap<FileId, bool> = BTreeMap::new();
    let mut shown: BTreeMap<FileId, bool> = BTreeMap::new();
    for finding in findings {
        let at = finding.primary.at.file;
        let configured = workspace.config.rules.get(finding.rule.as_str()).and_then(|rule| rule.level);
        let may_lower = !matches!(configured, Some(Level::At(_)));
        if may_lower && *shown.entry(at).or_insert_with(|| is_example(workspace, inventory, at)) {
            finding.severity = finding.severity.min(Severity::Warning);
        }
        let set_aside = *aside.entry(at).or_insert_with(|| is_set_aside(workspace, inventory, at));
        let mut applied =
            |file: &FileId| *known.entry(*file).or_insert_with(|| is_applied(workspace, inventory, *file));
        let most = match &finding.given_by {
            _ if finding.lacks && object(finding).is_some_and(|it| completed.contains(&it)) => {
                Confidence::Possible
            }
            _ if set_aside && !STAYS.contains(&finding.rule.as_str()) => Confidence::Possible,
            Some(given) if !given.files.iter().any(&mut applied) => given.otherwise,
            _ if !finding.apps.is_empty() && finding.apps.iter().all(|it| assumed.contains(&**it)) => {
                Confidence::Likely
            }
            _ => continue,
        };
        finding.confidence = finding.confidence.min(most);
        if may_lower {
            finding.severity = finding.severity.min(finding.confidence.most());
        }
    }
}

/// Names that only apps of assumed clusters have.
fn assumed(inventory: &Inventory) -> BTreeSet<&str> {
    let names = |assumed: bool| {
        let apps = inventory.apps.iter().map(|entry| &entry.app);
        apps.filter(move |app| app.assumed == assumed).map(|app| &*app.name)
    };
    let mut found: BTreeSet<&str> = names(true).collect();
    if !found.is_empty() {
        names(false).for_each(|name| {
            found.remove(name);
        });
    }
    found
}

/// The object that a finding is about, without the field.
fn object(finding: &Finding) -> Option<ObjectRef> {
    finding.object.as_ref().map(|object| ObjectRef { field: None, ..object.clone() })
}

/// The objects that lack something and that apps of several kinds apply: what one leaves out, another may say. Apps of one kind
/// are one owner to the API server, which drops what the last of them leaves out.
fn completed(inventory: &Inventory, findings: &[Finding]) -> BTreeSet<ObjectRef> {
    let lacking = findings.iter().filter(|finding| finding.lacks).filter_map(object);
    let mut owners: BTreeMap<ObjectRef, Option<AppKind>> = lacking.map(|it| (it, None)).collect();
    let mut completed = BTreeSet::new();
    if owners.is_empty() {
        return completed;
    }
    for object in &inventory.objects {
        let app = inventory.app(object.app).map(|entry| &entry.app);
        let Some(app) = app.filter(|app| !app.kind.is_loose()) else { continue };
        let object = object.to_ref(&app.cluster);
        match owners.get_mut(&object) {
            Some(Some(kind)) if *kind != app.kind => {
                completed.insert(object);
            }
            Some(owner) => *owner = Some(app.kind),
            None => {}
        }
    }
    completed
}

/// Whether a file lies among examples, and only apps that do so, too, read it: it breaks no cluster.
fn is_example(workspace: &Workspace, inventory: &Inventory, file: FileId) -> bool {
    let path = workspace.sources.get(file).and_then(|file| file.path().cloned());
    path.is_some_and(|path| {
        repo::showcase(&path).is_some()
            && inventory.readers(&path).iter().all(|reader| {
                let reader = inventory.app(*reader).and_then(|entry| entry.app.path.as_ref());
                reader.is_none_or(|path| repo::showcase(path).is_some())
            })
    })
}

/// Whether a file lies among what is no longer in use, and only apps that do so, too, read it.
fn is_set_aside(workspace: &Workspace, inventory: &Inventory, file: FileId) -> bool {
    let path = workspace.sources.get(file).and_then(|file| file.path().cloned());
    let aside = |path: &TreePath| repo::is_set_aside(path);
    path.is_some_and(|path| {
        aside(&path)
            && inventory.readers(&path).iter().all(|reader| {
                let reader = inventory.app(*reader).and_then(|entry| entry.app.path.as_ref());
                reader.is_none_or(aside)
            })
    })
}

/// Whether a kustomization names a file as a resource, other than a component that nothing takes in.
fn is_listed(inventory: &Inventory, path: &TreePath) -> bool {
    let scan = &inventory.scan;
    let is_idle = |file| inventory.readers(file).is_empty();
    scan.is_resource(path)
        && scan
            .kustomizations
            .values()
            .any(|it| it.resources.contains(path) && !(it.component && is_idle(&it.file)))
}

/// Whether an app reads a file, a kustomization names it, or a chart installs it.
fn is_applied(workspace: &Workspace, inventory: &Inventory, file: FileId) -> bool {
    let path = workspace.sources.get(file).and_then(|file| file.path().cloned());
    // What is not a file of the tree comes from a chart that was fetched.
    let Some(path) = path else { return true };
    let scan = &inventory.scan;
    let mut above = std::iter::successors(path.parent(), TreePath::parent);
    !inventory.readers(&path).is_empty()
        || is_listed(inventory, &path)
        || above.any(|dir| scan.charts.contains(&dir))
}
