//! Kustomize sources: the kustomization in the source's directory, built with the control plane's options.
//!
//! Mirrors `util/kustomize/kustomize.go`.

use crate::finding::{Incomplete, Missing, ProblemKind};
use crate::kustomize::{self, LoadRestrictor, Options};
use crate::origin::Origins;
use crate::source::Dir;

use super::render::{Output, Renderer};

impl Renderer<'_> {
    /// Builds the kustomization in `dir`.
    pub(super) fn kustomize(&self, dir: &Dir, origins: &mut Origins, output: &mut Output) {
        let options = Options {
            load_restrictor: if self.settings.load_restrictions_none() {
                LoadRestrictor::None
            } else {
                LoadRestrictor::RootOnly
            },
            enable_helm: self.settings.enable_helm(),
            enable_plugins: self.settings.enable_plugins(),
            remotes: self.remotes,
            charts: Some(self.charts),
            helm_kube_version: self.kube_version.as_deref().unwrap_or_default(),
            ..Options::default()
        };
        output.take_built(kustomize::build(dir, &options, origins, self.cache));
    }
}

impl Output {
    /// Adds what a kustomization was built to.
    pub fn take_built(&mut self, built: kustomize::Built) {
        for problem in &built.problems {
            if problem.kind == ProblemKind::Unavailable {
                self.incomplete.push(Incomplete::new(Missing::Content, problem.message.clone()));
            }
        }
        if let Some(message) = built.failure {
            self.failed.get_or_insert(message);
        }
        self.problems.extend(built.problems);
        self.no_ops.extend(built.no_ops);
        self.releases.extend(built.releases);
        self.objects.extend(built.resources);
    }
}
