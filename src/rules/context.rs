//! What a rule reports through: places in, labels out.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::config::{Level, OptionKind};
use crate::finding::{Confidence, Finding, Fix, GivenBy, Label, ObjectRef, Severity};
use crate::origin::{Origins, Place, Spot};
use crate::repo::{App, AppId, AppKind, Inventory, Labels, Minor, Object, Spec, Workspace};
use crate::schema::Violation;
use crate::source::{FileId, SourceFile, Sources, Span, TreePath};

use crate::yaml::{Node, Stream};

use super::RuleMeta;
use super::mend::Mender;

/// What a finding can point at.
pub trait Located {
    /// Its labels. `here` is the arena of what is being checked.
    fn labels(self, here: &Origins, workspace: &Workspace) -> Labels;
}

/// A place of what is being checked: of the render, or of the facts of the inventory.
impl Located for Place {
    fn labels(self, here: &Origins, workspace: &Workspace) -> Labels {
        Labels::of(self, here, workspace)
    }
}

/// A place that is in another arena: [`App::spot`] of what an app says itself.
impl Located for Spot<'_> {
    fn labels(self, _: &Origins, workspace: &Workspace) -> Labels {
        Labels::of(self.place, self.origins, workspace)
    }
}

/// What one rule is told and where it reports. A context belongs to one rule and one thing being checked.
pub struct Context<'a> {
    /// The repository: configuration, counterfactual renders.
    pub workspace: &'a Workspace,
    meta: &'a RuleMeta,
    severity: Severity,
    app: Option<&'a App>,
    inventory: Option<&'a Inventory>,
    origins: &'a Origins,
    /// Whether something that the app is made of is not on this machine.
    partial: bool,
    findings: Vec<Finding>,
}

impl<'a> Context<'a> {
    /// A context for checks of one app's render.
    pub fn for_app(
        workspace: &'a Workspace,
        meta: &'a RuleMeta,
        severity: Severity,
        app: &'a App,
        origins: &'a Origins,
    ) -> Self {
        let (app, inventory) = (Some(app), None);
        Self { workspace, meta, severity, app, inventory, origins, partial: false, findings: Vec::new() }
    }

    /// The same rule about an app that was rendered again, when it is known what all render. What it finds is taken back with
    /// [`Self::take`].
    pub fn again<'b>(&self, app: &'b App, origins: &'b Origins) -> Context<'b>
    where
        'a: 'b,
    {
        Context::for_app(self.workspace, self.meta, self.severity, app, origins)
    }

    /// Takes findings in.
    pub fn take(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
    }

    /// The same, of an app that is rendered without something that is not on this machine.
    pub fn partial(mut self, partial: bool) -> Self {
        self.partial = partial;
        self
    }

    /// Whether the app is rendered without something that is not on this machine: what lacks may be there.
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    /// A context for checks of files and of the whole repository.
    pub fn for_repo(
        workspace: &'a Workspace,
        meta: &'a RuleMeta,
        severity: Severity,
        inventory: &'a Inventory,
    ) -> Self {
        let origins = &inventory.origins;
        Self {
            workspace,
            meta,
            severity,
            app: None,
            inventory: Some(inventory),
            origins,
            partial: false,
            findings: Vec::new(),
        }
    }

    /// Whether what is checked is a chart that nothing deploys: with its own values only, names and images may lack
    /// their parts.
    pub fn is_chart_alone(&self) -> bool {
        self.app.is_some_and(|app| app.kind == AppKind::Chart)
    }

    /// Whether Argo CD or Flux applies what is checked as it is rendered here: it may well go through some program's hands where
    /// nobody says who applies it.
    pub fn is_applied(&self) -> bool {
        self.app.is_some_and(|app| !app.kind.is_loose()) && !self.partial
    }

    /// Whether a Kustomization of Flux applies what is checked.
    pub fn is_of_flux(&self) -> bool {
        self.app.is_some_and(|app| app.kind == AppKind::Kustomization)
    }

    /// Whether what lies in a file may be on the cluster of the app, too. What nothing deploys is known to be together with what
    /// lies below it, and with nothing else: a catalogue has many parts that no cluster has all of.
    pub fn may_be_with(&self, file: FileId) -> bool {
        let Some(app) = self.app.filter(|app| app.kind.is_loose()) else { return true };
        let dir = match &app.spec {
            Spec::Overlay(dir) | Spec::Chart(dir) => &dir.path,
            Spec::Release(release) => &release.chart.path,
            _ => return true,
        };
        let path = self.sources().get(file).and_then(|file| file.path().cloned());
        path.is_some_and(|path| path.starts_with(dir))
    }

    /// Whether a chart is rendered with values that its own tests use (`ci/`): what comes of it is never deployed.
    pub fn is_test_release(&self) -> bool {
        self.app.is_some_and(|app| app.kind == AppKind::Release && app.provisional)
    }

    /// Whether nothing says with which values a chart is deployed: none, or those of a file whose name looks like it.
    pub fn are_values_assumed(&self) -> bool {
        self.app.is_some_and(|app| match &app.spec {
            Spec::Chart(_) => true,
            Spec::Release(release) => release.declared.is_none(),
            _ => false,
        })
    }

    /// Whether no app deploys the object: it is judged as it is written.
    pub fn is_unclaimed(&self) -> bool {
        self.app.is_none()
    }

    /// How sure it can be at most that an object lacks something, where something else may complete it: an overlay that nothing
    /// deploys and others may build on, a chart with values that only may be those of a release; or the object says itself that
    /// it is applied over what another owner has applied.
    pub fn completed(&self, object: &Object) -> Option<Confidence> {
        if is_part(object) || self.is_called_patch(object) {
            return Some(Confidence::Possible);
        }
        let open = |app: &App| app.kind == AppKind::Overlay || app.provisional || !app.environment.is_empty();
        self.app.is_some_and(open).then_some(Confidence::Likely)
    }

    /// Whether Flux, which leaves alone what others say about an object, applies it from a file that is called a patch.
    fn is_called_patch(&self, object: &Object) -> bool {
        let applied = self.app.is_some_and(|app| app.kind == AppKind::Kustomization);
        let file = self.sources().get(object.place().at.file);
        let name = file.and_then(|file| file.path().map(|path| path.file_name().to_lowercase()));
        applied
            && name.is_some_and(|name| {
                name.split(['-', '_', '.']).any(|part| matches!(part, "patch" | "patches"))
            })
    }

    /// The version of Kubernetes on the cluster that the object goes to.
    pub fn minor(&self) -> Minor {
        self.workspace.minor_of(self.app)
    }

    /// What the schema of its kind refuses in an object.
    pub fn violations<'o>(&self, object: &'o Object) -> &'o [Violation] {
        self.workspace.violations(object, self.app)
    }

    /// Whether rendering something that is deployed reads this file as YAML. Known in checks of files and of the whole
    /// repository.
    pub fn is_read(&self, file: &SourceFile) -> bool {
        let Some(path) = file.path().cloned() else { return false };
        let Some(inventory) = self.inventory else { return false };
        // A chart reads all of its files, as text.
        let beside = path.parent().filter(|_| !path.file_name().contains("values"));
        let mut dir = beside.or_else(|| path.parent()?.parent());
        while let Some(at) = dir {
            if inventory.scan.charts.contains(&at) {
                return false;
            }
            dir = at.parent();
        }
        let loose = |id: &AppId| inventory.app(*id).is_none_or(|entry| entry.app.kind == AppKind::Overlay);
        !inventory.readers(&path).iter().all(loose)
    }

    /// The documents of a file that is read as manifests: none of what nothing reads, or reads as a text.
    pub fn manifests<'f>(&self, file: &'f Stream) -> impl Iterator<Item = &'f Node> + use<'f> {
        let reads = self.is_read(&file.file) && !self.is_data(&file.file);
        file.documents.iter().filter(move |_| reads).filter_map(|document| document.root.as_ref())
    }

    /// Whether a file is read as text only, by a generator of ConfigMaps or Secrets.
    pub fn is_data(&self, file: &SourceFile) -> bool {
        let Some(path) = file.path().cloned() else { return false };
        self.inventory.is_some_and(|inventory| inventory.scan.is_data(&path))
    }

    /// All texts of the repository that a person may have written, for rules that ask whether anything names something.
    pub fn texts(&self) -> impl Iterator<Item = (TreePath, Arc<SourceFile>)> + use<'a> {
        /// Data that is larger is not worth the time.
        const LARGEST: usize = 1 << 20;
        let tree = &self.workspace.tree;
        let files = tree.files().into_iter();
        files.filter_map(|path| {
            let file = tree.read(&path).ok().filter(|file| file.text_or_empty().len() <= LARGEST)?;
            Some((path, file))
        })
    }

    /// The files of this run.
    pub fn sources(&self) -> &'a Sources {
        &self.workspace.sources
    }

    /// The steps that places of this check refer to.
    pub fn origins(&self) -> &'a Origins {
        self.origins
    }

    /// An option of the rule that takes texts, if the configuration sets it.
    pub fn texts_option(&self, name: &str) -> Option<Vec<&'a str>> {
        let value = self.option(name, OptionKind::Texts)?;
        let items = value.as_seq().unwrap_or(std::slice::from_ref(value));
        Some(items.iter().filter_map(|item| item.scalar().map(SmolStr::as_str)).collect())
    }

    /// An option of the rule that takes a number, if the configuration sets it.
    pub fn number_option(&self, name: &str) -> Option<i64> {
        self.option(name, OptionKind::Number)?.as_i64()
    }

    fn option(&self, name: &str, kind: OptionKind) -> Option<&'a Node> {
        debug_assert!(
            self.meta.options.iter().any(|option| option.name == name && option.kind == kind),
            "`{}` does not declare the option `{name}`",
            self.meta.name
        );
        let rule = self.workspace.config.rules.get(self.meta.name.as_str())?;
        rule.options.iter().find(|(key, _)| key.value == name).map(|(_, value)| value)
    }

    /// Reports at a place: the primary label is the nearest line in its chain that the owner can edit, the rest
    /// of the chain becomes related labels. What an app says itself is a [`Spot`], unless the app is being checked.
    pub fn report(&mut self, place: impl Located, message: impl Into<String>) -> Report<'_, 'a> {
        let labels = place.labels(self.origins, self.workspace);
        self.report_labels(labels, message)
    }

    /// Reports at bytes of a file as written.
    pub fn report_at(&mut self, span: Span, message: impl Into<String>) -> Report<'_, 'a> {
        let primary = Label { at: span, message: String::new() };
        let labels = Labels { primary, related: Vec::new(), named: None };
        self.report_labels(labels, message)
    }

    /// Reports with labels that were computed before.
    pub fn report_labels(&mut self, labels: Labels, message: impl Into<String>) -> Report<'_, 'a> {
        let apps = self.app.iter().map(|app| Arc::clone(&app.name)).collect();
        let finding = Finding {
            rule: self.meta.name.clone(),
            severity: self.severity,
            confidence: Confidence::Certain,
            message: message.into(),
            help: None,
            primary: labels.primary,
            related: labels.related,
            apps,
            object: None,
            fix: None,
            given_by: None,
            lacks: false,
            key: String::new(),
        };
        let doubtful = self.app.is_some_and(|app| app.stray || app.assumed);
        Report { finding: Some(finding), doubtful, context: self }
    }

    /// Whether the configuration says how bad the rule's findings are.
    fn is_level_configured(&self) -> bool {
        let rule = self.workspace.config.rules.get(self.meta.name.as_str());
        matches!(rule.and_then(|rule| rule.level), Some(Level::At(_)))
    }

    /// The findings so far.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

/// Whether an object says how it is merged with what somebody else applies.
fn is_part(object: &Object) -> bool {
    let annotation = |key: &str| object.at(&["metadata", "annotations", key]).and_then(Node::as_str);
    let options = annotation("argocd.argoproj.io/sync-options").unwrap_or_default();
    matches!(annotation("kustomize.toolkit.fluxcd.io/ssa"), Some("Merge" | "Override"))
        || options.split(',').any(|option| option.trim() == "ServerSideApply=true")
}

/// A finding being written. It is reported when this value is dropped.
pub struct Report<'c, 'a> {
    finding: Option<Finding>,
    /// Whether an app that it is about may not be applied at all: [`App::stray`].
    doubtful: bool,
    context: &'c mut Context<'a>,
}

impl Report<'_, '_> {
    fn with(mut self, change: impl FnOnce(&mut Finding)) -> Self {
        if let Some(finding) = &mut self.finding {
            change(finding);
        }
        self
    }

    /// What to do.
    pub fn help(self, help: impl Into<String>) -> Self {
        self.with(|finding| finding.help = Some(help.into()))
    }

    /// Words at the primary label.
    pub fn label(self, message: impl Into<String>) -> Self {
        self.with(|finding| finding.primary.message = message.into())
    }

    /// Points at the first of these words that stands in a text of several lines, rather than at where the text begins.
    pub fn at_word(self, words: &[&str]) -> Self {
        let sources = &self.context.workspace.sources;
        let at = self.finding.as_ref().map(|finding| finding.primary.at);
        let found = at.and_then(|at| {
            let file = sources.get(at.file)?;
            let text = file.slice(at);
            let (start, word) = words
                .iter()
                .filter(|_| text.contains('\n'))
                .find_map(|word| Some((text.find(word)?, word)))?;
            let start = at.start + u32::try_from(start).ok()?;
            Some(Span::new(at.file, start, start + u32::try_from(word.len()).ok()?))
        });
        self.with(|finding| finding.primary.at = found.unwrap_or(finding.primary.at))
    }

    /// Another place that belongs to the story, where it is written.
    pub fn related(self, place: impl Located, message: impl Into<String>) -> Self {
        let labels = place.labels(self.context.origins, self.context.workspace);
        // Beside what is somebody else's, a line that gave the release its name has no part in it.
        let primary = self.finding.as_ref().map(|finding| finding.primary.at.file);
        let file = primary.and_then(|file| self.context.workspace.sources.get(file));
        let is_fetched = file.is_some_and(|file| file.home().is_fetched());
        self.related_at(labels.named.filter(|_| is_fetched).unwrap_or(labels.primary.at), message)
    }

    /// Another place, by its bytes.
    pub fn related_at(self, at: Span, message: impl Into<String>) -> Self {
        let label = Label { at, message: message.into() };
        self.with(|finding| {
            finding.related.retain(|known| known.at != label.at);
            if label.at != finding.primary.at {
                finding.related.push(label);
            }
        })
    }

    /// The object that shows it.
    pub fn object(self, object: &Object, field: Option<&str>) -> Self {
        let cluster = self.context.app.map_or("", |app| app.cluster.as_str());
        let object = object.to_ref(cluster, field);
        self.object_ref(object)
    }

    /// The object that shows it, by reference.
    pub fn object_ref(self, object: ObjectRef) -> Self {
        self.with(|finding| finding.object = Some(object))
    }

    /// A severity that differs from the rule's own; the configuration still has the last word.
    pub fn severity(self, severity: Severity) -> Self {
        if self.context.is_level_configured() {
            return self;
        }
        self.with(|finding| finding.severity = severity)
    }

    /// No worse than that; the configuration still has the last word.
    pub fn at_most(self, severity: Severity) -> Self {
        let least = self.context.severity.min(severity);
        self.severity(least)
    }

    /// Not certain: evidence speaks for it, although not everything that could answer is here. A warning at most, unless
    /// [`severity`](Self::severity) is called afterwards.
    pub fn likely(self) -> Self {
        self.confidence(Confidence::Likely)
    }

    /// What follows from the version of the cluster: likely where the repository merely shows it, with the line that does.
    pub fn by_version(self, minor: Minor) -> Self {
        match minor.shown {
            Some(at) => self.related_at(at, format!("the cluster is 1.{} by this", minor.number)).likely(),
            None => self,
        }
    }

    /// Something that is not here could well make it harmless: shown to those who ask for it. A note at most, unless
    /// [`severity`](Self::severity) is called afterwards.
    pub fn possible(self) -> Self {
        self.confidence(Confidence::Possible)
    }

    /// No surer than that, with the severity that goes with it.
    pub fn confidence(self, confidence: Confidence) -> Self {
        self.with(|finding| finding.confidence = finding.confidence.min(confidence))
            .at_most(confidence.most())
    }

    /// The apps that are affected, when it is not the one being checked.
    pub fn apps(self, apps: impl IntoIterator<Item = AppId>) -> Self {
        let inventory = self.context.inventory;
        let name = |id| Some(Arc::clone(&inventory?.app(id)?.app.name));
        let apps: Vec<AppId> = apps.into_iter().collect();
        let is_stray = |id: &AppId| inventory.and_then(|it| it.app(*id)).is_some_and(|it| it.app.stray);
        let doubtful = apps.iter().any(is_stray);
        let names = apps.into_iter().filter_map(name).collect();
        let mut report = self.with(|finding| finding.apps = names);
        report.doubtful |= doubtful;
        report
    }

    /// The definition that says so: whether something applies it is known once all apps are rendered.
    pub fn given_by(self, definition: Option<GivenBy>) -> Self {
        self.with(|finding| finding.given_by = definition)
    }

    /// That the object lacks something: whether another app applies the rest of it is known once all apps are rendered.
    pub fn lacking(self, lacks: bool) -> Self {
        self.with(|finding| finding.lacks = lacks)
    }

    /// How to mend it.
    pub fn fix(self, fix: Fix) -> Self {
        self.with(|finding| finding.fix = Some(fix))
    }

    /// How to mend it, where the line that the finding points at can be edited: `mend` is given its bytes.
    pub fn mend(self, mend: impl FnOnce(Span, Mender<'_>) -> Option<Fix>) -> Self {
        let workspace = self.context.workspace;
        let at = self.finding.as_ref().map(|finding| finding.primary.at);
        let fix = at.and_then(|at| mend(at, Mender::new(workspace)));
        self.with(|finding| finding.fix = fix)
    }
}

impl Drop for Report<'_, '_> {
    fn drop(&mut self) {
        // What nothing here applies may be switched off: no error of the cluster.
        if self.doubtful
            && let Some(finding) = &mut self.finding
        {
            finding.confidence = finding.confidence.min(Confidence::Likely);
            if !self.context.is_level_configured() {
                finding.severity = finding.severity.min(Confidence::Likely.most());
            }
        }
        self.context.findings.extend(self.finding.take());
    }
}
