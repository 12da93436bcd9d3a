//! Where the charts of Helm repositories are found: mapped, vendored, fetched, kept by other programs.

use std::sync::Arc;

use crate::cache::Want;
use crate::source::{Dir, Found, Remotes as _, TreePath, repository_key};

use super::fetched::Lookup;
use super::helm_git::InGit;
use super::helm_names::{self, HelmNames};
use super::remotes::Checkouts;

impl Checkouts {
    /// The URL of a chart's repository; `None` for a name of `helm repo add` of which no file says what it means.
    fn chart_url<'a>(&'a self, repository: &'a str) -> Option<&'a str> {
        let Some(name) = helm_names::name_of(repository) else { return Some(repository) };
        let read =
            || self.charts.cache().map(|cache| HelmNames::of(self.tree.as_ref(), cache)).unwrap_or_default();
        self.helm_names.get_or_init(read).url(name)
    }

    /// What a fetch has to bring for a chart; `None` where that cannot be told.
    pub(super) fn chart_want(&self, repository: &str, name: &str, version: &str) -> Option<Want> {
        Some(match InGit::read(repository) {
            Some(InGit { url, revision, .. }) => Want::git(&url, &revision),
            None => Want::chart(self.chart_url(repository)?, name, version),
        })
    }

    /// A chart in a directory of a Git repository.
    fn chart_in_git(&self, chart: &InGit, name: &str) -> Found {
        let inside = |root: &Dir| chart.chart(root, name);
        let absent = || Found::Missing {
            reason: format!("`{}` has no chart `{name}` there", chart.url),
            help: "correct the path behind `@`".to_owned(),
        };
        match self.git(&chart.url, &chart.revision) {
            Found::Here(root) => inside(&root).map_or_else(absent, Found::Here),
            Found::Instead(root, note) => inside(&root).map_or_else(absent, |dir| Found::Instead(dir, note)),
            missing @ Found::Missing { .. } => missing,
        }
    }

    /// A chart, as [`Remotes::chart`](crate::source::Remotes::chart) answers.
    pub(super) fn find_chart(&self, url: &str, name: &str, version: &str) -> Found {
        // A mapped directory is as good as the artifact.
        let whole = format!("{url}/{name}");
        if let Some(tree) = self.others.get(&repository_key(&whole)) {
            return Found::Here(Dir::new(Arc::clone(tree), TreePath::root()));
        }
        let versions = match self.charts.find(name, version) {
            Ok(dir) => return Found::Here(dir),
            Err(versions) => versions,
        };
        if let Some(chart) = InGit::read(url) {
            return self.chart_in_git(&chart, name);
        }
        let want = self.chart_want(url, name, version);
        match want.as_ref().map(|want| self.fetched.find(want)) {
            Some(Lookup::Here(dir)) => return Found::Here(dir),
            Some(Lookup::Unfixed(dir, note)) => return Found::Instead(dir, note),
            Some(Lookup::Absent) | None => {}
        }
        let others = match self.machine.find(name, version) {
            Ok(dir) => return Found::Here(dir),
            Err(others) => others,
        };
        let there = match [versions, others].concat().as_slice() {
            [] => String::new(),
            versions => format!(", only {} is", versions.join(", ")),
        };
        let chart = Want::chart(url, name, version);
        let help = match want {
            Some(want) => {
                self.fetched.miss(want);
                "`gitops-lint fetch` brings it; or vendor it below a directory of `charts.paths`".to_owned()
            }
            None => format!(
                "no file says which URL `helm repo add` gave that name: vendor `{}` below a directory of `charts.paths`",
                chart.short_name()
            ),
        };
        Found::Missing {
            reason: format!("the chart `{name}` {version} of {url} is not on this machine{there}"),
            help,
        }
    }
}
