//! Charts that are not on this machine, in words of Helm: for those who vendor them by hand.

use crate::cache::{Kind, Want};

/// A chart that no vendored directory holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissingChart {
    /// URL of the Helm repository.
    pub url: String,
    /// Name.
    pub name: String,
    /// Version or constraint as written.
    pub version: String,
}

impl MissingChart {
    /// The chart that is wanted, unless it is something else that is.
    pub fn of(want: &Want) -> Option<Self> {
        let version = want.version.clone();
        match want.kind {
            Kind::Chart => Some(Self { url: want.url.clone(), name: want.name.clone(), version }),
            Kind::OciChart => {
                let (url, name) = want.url.rsplit_once('/')?;
                Some(Self { url: url.to_owned(), name: name.to_owned(), version })
            }
            Kind::OciArtifact | Kind::Git | Kind::File | Kind::Bucket => None,
        }
    }

    /// The command that fetches it.
    pub fn pull_command(&self) -> String {
        let Self { url, name, version } = self;
        let version =
            if version.is_empty() { String::new() } else { format!(" --version {}", quoted(version)) };
        if url.contains("://") && !url.starts_with("oci://") {
            format!("helm pull {} --repo {}{version}", quoted(name), quoted(url))
        } else {
            let host = url.trim_start_matches("oci://").trim_end_matches('/');
            format!("helm pull {}{version}", quoted(&format!("oci://{host}/{name}")))
        }
    }
}

/// A word as a shell reads it: what manifests say are words, never commands.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@+,=%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands() {
        for (url, name, version, want) in [
            (
                "https://charts.example",
                "a",
                "3.0.0",
                "helm pull a --repo https://charts.example --version 3.0.0",
            ),
            (
                "https://charts.example",
                "it's",
                "~1 $(x)",
                r"helm pull 'it'\''s' --repo https://charts.example --version '~1 $(x)'",
            ),
            ("ghcr.io/org", "a", "", "helm pull oci://ghcr.io/org/a"),
        ] {
            let chart = MissingChart::of(&Want::chart(url, name, version)).unwrap();
            assert_eq!(chart.pull_command(), want);
        }
        assert_eq!(MissingChart::of(&Want::git("https://h.example/r", "")), None);
    }
}
