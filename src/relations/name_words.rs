//! What a name says about who made the thing: words that two names share and that are not everybody's.

use std::collections::BTreeSet;

use smol_str::SmolStr;

/// Stages that an environment or cluster is called by.
pub const STAGES: [&str; 20] = [
    "dev",
    "develop",
    "development",
    "int",
    "integration",
    "live",
    "local",
    "preprod",
    "prd",
    "prod",
    "production",
    "qa",
    "sandbox",
    "stag",
    "stage",
    "staging",
    "stg",
    "test",
    "testing",
    "uat",
];

/// Words that tell nothing about who made something, beside stages.
const COMMON_WORDS: [&str; 92] = [
    "access",
    "admin",
    "agent",
    "api",
    "app",
    "apps",
    "auth",
    "backup",
    "backups",
    "cert",
    "certificate",
    "certs",
    "chart",
    "charts",
    "client",
    "clients",
    "cluster",
    "common",
    "config",
    "configmap",
    "configs",
    "controller",
    "credentials",
    "custom",
    "dashboard",
    "dashboards",
    "data",
    "database",
    "default",
    "dns",
    "env",
    "event",
    "events",
    "exporter",
    "external",
    "extra",
    "files",
    "gateway",
    "git",
    "github",
    "global",
    "helm",
    "home",
    "image",
    "images",
    "ingress",
    "init",
    "internal",
    "job",
    "key",
    "keys",
    "kube",
    "kubernetes",
    "main",
    "manager",
    "metrics",
    "monitor",
    "monitoring",
    "node",
    "oauth",
    "oidc",
    "operator",
    "password",
    "passwords",
    "pod",
    "private",
    "proxy",
    "public",
    "pull",
    "registry",
    "root",
    "scripts",
    "secret",
    "secrets",
    "server",
    "servers",
    "service",
    "services",
    "settings",
    "shared",
    "smtp",
    "stack",
    "system",
    "tls",
    "token",
    "tokens",
    "user",
    "users",
    "values",
    "web",
    "webhook",
    "worker",
];

/// Whether an object may be named after a release or chart: they share a word that is not everybody's.
pub fn is_named_after(name: &str, release: &str) -> bool {
    release.is_empty()
        || name.contains(release)
        || NameWords::of(name).is_named_after(&NameWords::of(release))
}

/// A name and its words that are not everybody's, for a name that is compared with many others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameWords {
    name: SmolStr,
    words: Box<[SmolStr]>,
}

impl NameWords {
    /// Takes a name apart.
    pub fn of(name: &str) -> Self {
        let parts = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| part.len() > 2);
        let parts = parts.map(|part| SmolStr::new(part.to_lowercase()));
        let is_common =
            |part: &SmolStr| COMMON_WORDS.contains(&part.as_str()) || STAGES.contains(&part.as_str());
        let words: BTreeSet<SmolStr> = parts.filter(|part| !is_common(part)).collect();
        Self { name: SmolStr::new(name), words: words.into_iter().collect() }
    }

    /// The name.
    pub(super) fn name(&self) -> &SmolStr {
        &self.name
    }

    /// Its words that are not everybody's.
    pub(super) fn words(&self) -> &[SmolStr] {
        &self.words
    }

    /// Whether a word is long enough to be alike as a part of another one.
    pub(super) fn may_be_part(word: &str) -> bool {
        word.len() > 3
    }

    /// Like [`is_named_after`].
    pub fn is_named_after(&self, release: &Self) -> bool {
        let alike = |word: &SmolStr, other: &SmolStr| {
            other == word
                || (Self::may_be_part(word)
                    && Self::may_be_part(other)
                    && (other.contains(word.as_str()) || word.contains(other.as_str())))
        };
        release.name.is_empty()
            || self.name.contains(release.name.as_str())
            || release.words.iter().any(|word| self.words.iter().any(|other| alike(word, other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_name_things_after_themselves() {
        for (name, release, want) in [
            ("grafana-admin", "grafana", true),
            ("mosquitto-config", "grafana", false),
            ("prometheus-operator", "kube-prometheus-stack", true),
            ("admin-secret", "cluster-admin", false),
            ("minio-credentials", "minio-tenant", true),
            ("vault-uat", "shop-uat", false),
        ] {
            assert_eq!(is_named_after(name, release), want, "{name} {release}");
        }
    }
}
