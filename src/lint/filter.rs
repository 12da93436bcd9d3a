//! What of the findings is asked for: from which severity on, of which apps, in which part of the repository. The whole
//! is linted all the same, so a part is seen with everything that it depends on.

use crate::finding::{Finding, Severity};
use crate::golang::Glob;
use crate::source::{Sources, TreePath};

/// What is asked for; the default is everything.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Nothing less severe.
    pub min_severity: Option<Severity>,
    /// Findings that affect an app whose name matches one of these patterns; none means all findings.
    pub apps: Vec<String>,
    /// Findings that speak of a file below one of these paths; none means everywhere.
    pub parts: Vec<TreePath>,
}

/// How many findings were left out, and why.
#[derive(Debug, Clone, Copy, Default)]
pub struct LeftOut {
    /// Not severe enough.
    pub less_severe: usize,
    /// Of other apps.
    pub other_apps: usize,
    /// In other parts of the repository.
    pub elsewhere: usize,
}

impl Filter {
    /// Whether everything is asked for.
    pub fn is_empty(&self) -> bool {
        self.min_severity.is_none() && self.apps.is_empty() && self.parts.is_empty()
    }

    /// Keeps what is asked for.
    pub(super) fn apply<T>(
        &self,
        findings: &mut Vec<T>,
        finding: impl Fn(&T) -> &Finding,
        sources: &Sources,
    ) -> LeftOut {
        let globs: Vec<Option<Glob>> = self.apps.iter().map(|pattern| Glob::new(pattern, &[])).collect();
        let is_named =
            |app: &str| self.apps.iter().zip(&globs).any(|(name, glob)| fits(name, glob.as_ref(), app));
        let mut left = LeftOut::default();
        findings.retain(|it| {
            let finding = finding(it);
            let out = if self.min_severity.is_some_and(|least| finding.severity < least) {
                &mut left.less_severe
            } else if !(self.parts.is_empty() || self.is_here(finding, sources)) {
                &mut left.elsewhere
            } else if !(self.apps.is_empty() || finding.apps.iter().any(|app| is_named(app))) {
                &mut left.other_apps
            } else {
                return true;
            };
            *out += 1;
            false
        });
        left
    }

    /// The first name or pattern of an app that fits none of those there are.
    pub fn unknown_app(&self, apps: &[&str]) -> Option<&str> {
        let is_unknown = |pattern: &&String| {
            let glob = Glob::new(pattern, &[]);
            !apps.iter().any(|app| fits(pattern, glob.as_ref(), app))
        };
        self.apps.iter().find(is_unknown).map(String::as_str)
    }

    /// Whether some label lies in a part that is asked for. What is written elsewhere and breaks something here is ours.
    fn is_here(&self, finding: &Finding, sources: &Sources) -> bool {
        let mut labels = std::iter::once(&finding.primary).chain(&finding.related);
        labels.any(|label| {
            let file = sources.get(label.at.file);
            let path = file.and_then(|file| file.path().cloned());
            path.is_some_and(|path| self.parts.iter().any(|part| path.starts_with(part)))
        })
    }
}

/// Whether a name or pattern means an app.
fn fits(name: &str, glob: Option<&Glob>, app: &str) -> bool {
    name == app || glob.is_some_and(|glob| glob.matches(app))
}
