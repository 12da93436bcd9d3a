//! Which keys Argo CD's own ConfigMaps may have.

use crate::near::did_you_mean;

/// What is known about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownKey {
    /// Argo CD reads it.
    Current,
    /// Earlier versions read it.
    Removed,
    /// Nothing reads it; what it was probably meant to be.
    Unknown(Option<&'static str>),
}

/// What is known about a key of `argocd-cm`, `argocd-cmd-params-cm` or `argocd-rbac-cm`; `None` for other ConfigMaps.
pub fn setting_key(config_map: &str, key: &str) -> Option<KnownKey> {
    let table = include_str!("settings_keys.txt");
    let (_, section) = table.split_once(&format!("\n[{config_map}]\n"))?;
    let lines = || section.lines().take_while(|line| !line.starts_with('['));
    let matches = |line: &str| match line.strip_suffix('*') {
        Some(start) => key.len() > start.len() && key.starts_with(start),
        None => line == key,
    };
    Some(if lines().any(matches) {
        KnownKey::Current
    } else if lines().filter_map(|line| line.strip_prefix('-')).any(|line| line == key) {
        KnownKey::Removed
    } else {
        KnownKey::Unknown(did_you_mean(
            key,
            lines().filter(|line| !line.starts_with('-') && !line.ends_with('*')),
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_keys() {
        for (config_map, key, want) in [
            ("argocd-cm", "url", Some(KnownKey::Current)),
            ("argocd-cm", "accounts.ci", Some(KnownKey::Current)),
            ("argocd-cm", "repositories", Some(KnownKey::Removed)),
            ("argocd-cm", "kustomize.buildOption", Some(KnownKey::Unknown(Some("kustomize.buildOptions")))),
            ("argocd-cmd-params-cm", "server.insecure", Some(KnownKey::Current)),
            ("argocd-rbac-cm", "policy", Some(KnownKey::Unknown(None))),
            ("argocd-rbac-cm", "policy.overlay.csv", Some(KnownKey::Current)),
            ("other", "url", None),
        ] {
            assert_eq!(setting_key(config_map, key), want, "{config_map} {key}");
        }
    }
}
