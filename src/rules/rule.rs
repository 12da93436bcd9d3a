//! What a rule is.

use smol_str::SmolStr;

use crate::config::RuleOption;
use crate::finding::{Applicability, Finding, RuleId, Severity};
use crate::origin::Place;
use crate::repo::{App, Inventory, Object, Rendered, Workspace};
use crate::yaml::Stream;

use super::Context;

/// Which rules run when nothing is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preset {
    /// On by default: silent on a good repository.
    Recommended,
    /// Good advice that not everyone wants: `--preset strict`.
    Strict,
}

impl Preset {
    /// `recommended` or `strict`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recommended => "recommended",
            Self::Strict => "strict",
        }
    }
}

/// What there is to know about a rule without running it.
#[derive(Debug, Clone)]
pub struct RuleMeta {
    /// Kebab-case, names the bad thing, unique: reads well after "ignore".
    pub name: RuleId,
    /// One line, the first paragraph of the page.
    pub summary: SmolStr,
    /// How bad a finding is unless the configuration or the rule says otherwise.
    pub severity: Severity,
    /// Which preset it belongs to.
    pub preset: Preset,
    /// The first version that has it; none for a team's own.
    pub since: Option<&'static str>,
    /// The folder that the rule and its page live in: `argocd`, `helm`, `security`, ...; [`OWN`](super::own::OWN) for a team's own.
    pub subject: &'static str,
    /// Where a team wrote it.
    pub written: Option<Place>,
    /// What can be configured beside the severity.
    pub options: &'static [RuleOption],
    /// The whole page, `rules/<subject>/<name>.md`; of a team's own rule what its file says.
    pub page: SmolStr,
}

impl RuleMeta {
    /// Whether fixes mend what the rule finds, and whether the best of them is safe: what the page shows.
    pub fn fix(&self) -> Option<Applicability> {
        let shows = |fence: &str| self.page.lines().any(|line| line == fence);
        if shows("```diff fix") {
            Some(Applicability::Safe)
        } else {
            shows("```diff unsafe fix").then_some(Applicability::Unsafe)
        }
    }
}

/// A check. Implement exactly one `check_*`: the narrowest that sees what you need. Rules cannot fail and do no
/// I/O; they report through the context.
pub trait Rule: Send + Sync {
    /// Name, summary, severity, page.
    fn meta(&self) -> &RuleMeta;

    /// A file as written: comments, duplicate keys. What is found is kept with the file, so it must follow from the file, from whether
    /// something [reads](Context::is_read) it and whether it is [data](Context::is_data), and from nothing else.
    fn check_file(&self, _file: &Stream, _cx: &mut Context<'_>) {}

    /// One rendered object. Must report on this object only.
    fn check_object(&self, _object: &Object, _cx: &mut Context<'_>) {}

    /// Whether [`check_object`](Rule::check_object) needs nothing but the object and judges only what is in it, by what
    /// the API server refuses everywhere. Such a rule also sees manifests that no app deploys.
    fn stands_alone(&self) -> bool {
        false
    }

    /// Whether [`check_object`](Rule::check_object) may also be asked about a part of an object: a patch as it is written.
    fn judges_parts(&self) -> bool {
        false
    }

    /// One app and all it renders.
    fn check_app(&self, _app: &App, _rendered: &Rendered, _cx: &mut Context<'_>) {}

    /// The whole repository.
    fn check_repo(&self, _inventory: &Inventory, _cx: &mut Context<'_>) {}

    /// Mends findings about objects and apps by what all apps render. Gets all of the rule's findings at once.
    fn mend_together(&self, _findings: &mut [&mut Finding], _inventory: &Inventory, _workspace: &Workspace) {}
}

/// Declares a rule's [`RuleMeta`]: `meta!(Severity::Error, Recommended, "0.1.0", "empty-override", "helm",
/// "summary")` includes the page `rules/helm/empty-override.md`. Options follow: `"name": Texts = "what it does"`.
macro_rules! meta {
    ($name:literal, $subject:literal, $severity:ident, $preset:ident, $since:literal, $summary:literal
     $(, $option:literal: $kind:ident = $does:literal)* $(,)?) => {
        static META: $crate::rules::RuleMeta = $crate::rules::RuleMeta {
            name: $crate::finding::RuleId::built_in($name),
            summary: ::smol_str::SmolStr::new_static($summary),
            severity: $crate::finding::Severity::$severity,
            preset: $crate::rules::Preset::$preset,
            since: Some($since),
            subject: $subject,
            written: None,
            options: &[$($crate::config::RuleOption {
                name: $option,
                kind: $crate::config::OptionKind::$kind,
                summary: $does,
            },)*],
            page: ::smol_str::SmolStr::new_static(include_str!(concat!(
                "../../../rules/",
                $subject,
                "/",
                $name,
                ".md"
            ))),
        };
    };
}
pub(crate) use meta;
