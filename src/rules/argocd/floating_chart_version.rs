//! `floating-chart-version`: see the page.

use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "floating-chart-version",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "A chart is not pinned to one version."
);

pub(crate) struct FloatingChartVersion;

impl Rule for FloatingChartVersion {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, _: &Rendered, cx: &mut Context<'_>) {
        let Some(application) = app.application() else { return };
        for source in application.sources.iter().filter(|source| source.is_helm_chart()) {
            let Some(revision) = source.target_revision.as_ref().filter(|it| is_floating(&it.value)) else {
                continue;
            };
            let chart = source.chart.as_ref().map_or("", |chart| &chart.value);
            let version = &revision.value;
            let (message, help) = if NAMES.contains(&version.as_str()) {
                (
                    format!("`{version}` is no version of the chart `{chart}`, and no range of versions"),
                    "write a version: branches and tags are of Git, and this is a repository of charts",
                )
            } else {
                (
                    format!("the chart `{chart}` changes by itself: `{version}` is any matching version"),
                    "pin the version, and let a bot such as Renovate propose new ones",
                )
            };
            cx.report(revision.place, message).help(help);
        }
    }
}

/// What names a revision of Git. Argo CD looks for a version of that very name (`MaxVersion` of `util/versions`).
const NAMES: [&str; 3] = ["HEAD", "main", "master"];

/// Whether a version is a range. `1.2` is a version for Argo CD, `1.2.x` a range.
fn is_floating(version: &str) -> bool {
    if version.is_empty() || version.contains("{{") {
        return false;
    }
    let core = version.split(['-', '+']).next().unwrap_or_default().trim_start_matches('v');
    version.contains(['*', '^', '~', '>', '<', '=', '|', ','])
        || version.contains(" - ")
        || version == "latest"
        || NAMES.contains(&version)
        || core.split('.').any(|part| matches!(part, "x" | "X"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_ranges_from_versions() {
        for (version, want) in [
            ("1.2.3", false),
            ("v1.2", false),
            ("1.2.3-x.1", false),
            ("0.1.0+xyz", false),
            ("1.2.x", true),
            ("*", true),
            ("^1", true),
            (">= 1.0.0", true),
            ("", false),
        ] {
            assert_eq!(is_floating(version), want, "{version}");
        }
    }
}
