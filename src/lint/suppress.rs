//! Suppression at the cause: a comment in any file that a finding speaks of hides it. Comments that hide nothing, have
//! expired or cannot be read are findings themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::finding::{Finding, Severity};
use crate::near::did_you_mean;
use crate::repo::{Inventory, Status, Workspace};
use crate::rules::{AnyRule, Context, Registry};
use crate::source::{FileId, Home, SourceFile, Span, TreePath};

use super::comment::{self, Comments, Suppression};

/// Rules about comments: the rest of this module reports for them.
pub(super) const UNUSED: &str = "unused-suppression";
pub(super) const EXPIRED: &str = "expired-suppression";
pub(super) const INVALID: &str = "invalid-suppression";

/// Why a comment hides a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    /// The comment.
    pub at: Span,
    /// What it gives as the reason; may be empty.
    pub reason: String,
}

/// What became of the findings.
pub(super) struct Outcome {
    /// Not suppressed, with the findings about comments.
    pub(super) shown: Vec<Finding>,
    /// Suppressed.
    pub(super) hidden: Vec<(Finding, Suppressed)>,
}

/// Every file with directives, and what became of each directive.
struct Book<'a> {
    workspace: &'a Workspace,
    files: BTreeMap<FileId, Page>,
}

struct Page {
    file: Arc<SourceFile>,
    comments: Comments,
    /// Whether the file belongs to the linted tree, so that all of its comments must be of use.
    own: bool,
    /// By suppression and rule: whether it hid something, or would have before it expired.
    used: Vec<Vec<bool>>,
    late: Vec<Vec<bool>>,
}

/// Applies all comments. `today` is a day, `YYYY-MM-DD`; without it nothing expires.
pub(super) fn apply(
    workspace: &Workspace,
    inventory: &Inventory,
    rules: &[(AnyRule, Severity)],
    findings: Vec<Finding>,
    today: Option<&str>,
) -> Outcome {
    let mut book = Book::open(workspace, &findings);
    let mut outcome = Outcome { shown: Vec::with_capacity(findings.len()), hidden: Vec::new() };
    for finding in findings {
        match book.cover(&finding, today) {
            Some(by) => outcome.hidden.push((finding, by)),
            None => outcome.shown.push(finding),
        }
    }
    outcome.shown.extend(book.report(inventory, rules));
    outcome
}

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

fn is_template(path: &TreePath) -> bool {
    path.components().any(|component| component == "templates")
}

impl<'a> Book<'a> {
    fn open(workspace: &'a Workspace, findings: &[Finding]) -> Self {
        let mut files = BTreeMap::new();
        let known = [".yaml", ".yml", ".tpl", ".txt", ".json"];
        let paths = workspace.tree.files();
        let read: Vec<Option<Page>> = paths
            .par_iter()
            .filter(|path| known.iter().any(|extension| path.file_name().ends_with(extension)))
            .filter(|path| !workspace.config.exclude.is_match(path.as_str()))
            .map(|path| {
                let file = workspace.tree.read(path).ok()?;
                let yaml = is_yaml(path.file_name()) && !is_template(path);
                Page::read(file, yaml, true, workspace)
            })
            .collect();
        files.extend(read.into_iter().flatten().map(|page| (page.file.id(), page)));
        // Files of other checkouts, revisions and archives count as well, but nobody here can tidy them up.
        for finding in findings {
            for label in std::iter::once(&finding.primary).chain(&finding.related) {
                let id = label.at.file;
                if !files.contains_key(&id)
                    && let Some(file) = workspace.sources.get(id)
                    && !matches!(file.home(), Home::Beside { .. } | Home::Outside(_))
                    && file.path().is_none_or(|path| !workspace.tree.is_file(path))
                    && let Some(page) = Page::read(file, false, false, workspace)
                {
                    files.insert(id, page);
                }
            }
        }
        Self { workspace, files }
    }

    /// The comment that hides a finding.
    fn cover(&mut self, finding: &Finding, today: Option<&str>) -> Option<Suppressed> {
        let config = self.workspace.config.rules.get(finding.rule.as_str());
        if config.is_some_and(|rule| rule.locked) {
            return None;
        }
        let mut hidden = None;
        for label in std::iter::once(&finding.primary).chain(&finding.related) {
            let Some(page) = self.files.get_mut(&label.at.file) else { continue };
            let line = page.file.line_index(label.at.start);
            for (index, suppression) in page.comments.suppressions.iter().enumerate() {
                if !suppression.lines.contains(&line) {
                    continue;
                }
                let Some(rule) = suppression.names(&finding.rule) else { continue };
                let marks = if suppression.is_over(today) { &mut page.late } else { &mut page.used };
                if let Some(mark) = marks.get_mut(index).and_then(|marks| marks.get_mut(rule)) {
                    *mark = true;
                }
                if !suppression.is_over(today) && hidden.is_none() {
                    hidden = Some(Suppressed { at: suppression.at, reason: suppression.reason.clone() });
                }
            }
        }
        hidden
    }

    /// Findings about the comments.
    fn report(&self, inventory: &Inventory, rules: &[(AnyRule, Severity)]) -> Vec<Finding> {
        let context = |name: &str| {
            let (rule, severity) = rules.iter().find(|(rule, _)| rule.meta().name == name)?;
            Some(Context::for_repo(self.workspace, rule.meta(), *severity, inventory))
        };
        let (mut unused, mut expired, mut invalid) = (context(UNUSED), context(EXPIRED), context(INVALID));
        let registry = Registry::of(self.workspace);
        for page in self.files.values().filter(|page| page.own) {
            if let Some(cx) = &mut invalid {
                page.report_invalid(self.workspace, &registry, cx);
            }
            let in_part = std::cell::LazyCell::new(|| reached_in_part(&page.file, inventory));
            for (index, suppression) in page.comments.suppressions.iter().enumerate() {
                for (rule, (name, at)) in suppression.rules.iter().enumerate() {
                    let marked = |marks: &[Vec<bool>]| {
                        marks.get(index).and_then(|marks| marks.get(rule)).copied().unwrap_or(false)
                    };
                    let until = suppression.until.as_deref().unwrap_or_default();
                    if marked(&page.late) {
                        if let Some(cx) = &mut expired {
                            cx.report_at(*at, format!("the suppression of `{name}` ended on {until}"))
                                .help("mend what it hides, or move the date");
                        }
                    } else if !marked(&page.used)
                        && rules.iter().any(|(rule, _)| rule.meta().name == name.as_str())
                        && !self.is_locked(name)
                        && !*in_part
                        && let Some(cx) = &mut unused
                    {
                        cx.report_at(*at, format!("nothing here is hidden by `ignore[{name}]`"))
                            .help("delete the comment, or move it to the line that a finding points at")
                            .mend(|at, mender| {
                                mender.erase_comment(at).filter(|_| suppression.rules.len() == 1)
                            });
                    }
                }
            }
        }
        [unused, expired, invalid].into_iter().flatten().flat_map(Context::into_findings).collect()
    }

    fn is_locked(&self, rule: &str) -> bool {
        self.workspace.config.rules.get(rule).is_some_and(|rule| rule.locked)
    }
}

impl Page {
    fn read(file: Arc<SourceFile>, yaml: bool, own: bool, workspace: &Workspace) -> Option<Self> {
        let comments = comment::read(&file, yaml, &workspace.cache);
        if comments.suppressions.is_empty() && comments.wrong.is_empty() {
            return None;
        }
        let marks: Vec<Vec<bool>> =
            comments.suppressions.iter().map(|it| vec![false; it.rules.len()]).collect();
        Some(Self { file, comments, own, used: marks.clone(), late: marks })
    }

    fn report_invalid(&self, workspace: &Workspace, registry: &Registry, cx: &mut Context<'_>) {
        for wrong in &self.comments.wrong {
            cx.report_at(wrong.at, wrong.message.clone()).help(wrong.help.clone());
        }
        for (name, at) in self.comments.suppressions.iter().flat_map(|it| &it.rules) {
            if registry.find(name).is_none() {
                let close = did_you_mean(name, registry.names());
                let help = match close {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => "`gitops-lint rules` lists them".to_owned(),
                };
                cx.report_at(*at, format!("there is no rule `{name}`"))
                    .help(help)
                    .mend(|at, mender| mender.replace_part(at, name, close?));
            } else if let Some(config) = workspace.config.rules.get(name.as_str())
                && config.locked
            {
                cx.report_at(*at, format!("`{name}` cannot be suppressed by a comment"))
                    .related(config.place, "it is locked here")
                    .help("mend what it finds, or change the configuration");
            }
        }
    }
}

impl Suppression {
    /// The place of a rule in the list.
    fn names(&self, rule: &str) -> Option<usize> {
        self.rules.iter().position(|(name, _)| name == rule)
    }

    fn is_over(&self, today: Option<&str>) -> bool {
        // Days written with leading zeros sort like the calendar.
        matches!((self.until.as_deref(), today), (Some(until), Some(today)) if today > until)
    }
}

/// Whether some app that reads the file was not rendered in full: what its comments hide is then not known.
fn reached_in_part(file: &SourceFile, inventory: &Inventory) -> bool {
    let Some(path) = file.path().cloned() else { return true };
    let mut apps = inventory.apps.iter().filter(|entry| entry.status != Status::Rendered);
    apps.any(|entry| entry.app.path.as_ref() == Some(&path) || entry.reads(&path))
}
