//! When an object is applied within a sync.
//!
//! Mirrors `gitops-engine/pkg/sync/{hook,syncwaves}`: phases come first, waves within a phase.

/// The part of a sync that an object belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before everything else.
    PreSync,
    /// What is no hook, and `Sync` hooks.
    Sync,
    /// After everything is healthy.
    PostSync,
    /// Only on failure, on deletion or never.
    Other,
}

/// Phase and wave; earlier is smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SyncPosition {
    /// The phase; of several the first.
    pub phase: Phase,
    /// The wave.
    pub wave: i64,
}

impl SyncPosition {
    /// The position of an object with these annotations.
    pub fn of<'a>(annotation: impl Fn(&str) -> Option<&'a str>) -> Self {
        let number = |name: &str| annotation(name).and_then(|text| text.parse::<i64>().ok());
        let wave =
            number("argocd.argoproj.io/sync-wave").or_else(|| number("helm.sh/hook-weight")).unwrap_or(0);
        let first = |name: &str, phase: fn(&str) -> Option<Phase>| {
            annotation(name)
                .into_iter()
                .flat_map(|text| text.split(','))
                .filter_map(|hook| phase(hook.trim()))
                .min()
        };
        let argo = first("argocd.argoproj.io/hook", |hook| match hook {
            "PreSync" => Some(Phase::PreSync),
            "Sync" => Some(Phase::Sync),
            "PostSync" => Some(Phase::PostSync),
            "SyncFail" | "PreDelete" | "PostDelete" | "Skip" => Some(Phase::Other),
            _ => None,
        });
        let helm = || {
            first("helm.sh/hook", |hook| match hook {
                "pre-install" | "pre-upgrade" => Some(Phase::PreSync),
                "post-install" | "post-upgrade" => Some(Phase::PostSync),
                // Custom resource definitions of old charts are ordinary objects.
                "crd-install" => Some(Phase::Sync),
                _ => Some(Phase::Other),
            })
        };
        Self { phase: argo.or_else(helm).unwrap_or(Phase::Sync), wave }
    }

    /// In words: `wave 2`, `the PreSync phase`.
    pub fn words(self, other: Self) -> String {
        let phase = match self.phase {
            Phase::PreSync => "the PreSync phase",
            Phase::Sync => "the Sync phase",
            Phase::PostSync => "the PostSync phase",
            Phase::Other => "another phase",
        };
        if self.phase == other.phase { format!("wave {}", self.wave) } else { phase.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_objects() {
        let of = |annotations: &[(&str, &'static str)]| {
            let position = SyncPosition::of(|name| {
                annotations.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
            });
            (position.phase, position.wave)
        };
        for (annotations, want) in [
            (&[][..], (Phase::Sync, 0)),
            (&[("argocd.argoproj.io/sync-wave", "-1")], (Phase::Sync, -1)),
            (&[("argocd.argoproj.io/hook", "PostSync, PreSync")], (Phase::PreSync, 0)),
            (
                &[("helm.sh/hook", "pre-install,pre-upgrade"), ("helm.sh/hook-weight", "-5")],
                (Phase::PreSync, -5),
            ),
            (&[("helm.sh/hook", "test")], (Phase::Other, 0)),
            (&[("argocd.argoproj.io/hook", "Sync"), ("helm.sh/hook", "pre-install")], (Phase::Sync, 0)),
        ] {
            assert_eq!(of(annotations), want, "{annotations:?}");
        }
    }
}
