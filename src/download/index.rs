//! `index.yaml` of a chart repository.

use crate::argocd::pick_version;
use crate::golang::semver::Version;
use crate::source::Sources;
use crate::yaml::{Cache, Node};

/// A version of a chart, as the index lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) version: String,
    /// Where its archive is, as written.
    pub(super) url: String,
    /// SHA-256 of the archive, where the index says it.
    pub(super) digest: Option<String>,
}

/// The index: charts by name, their versions as listed.
#[derive(Debug, Default)]
pub(super) struct Index {
    charts: std::collections::BTreeMap<String, Vec<Listed>>,
}

impl Index {
    /// Reads it; `Err` says why it is none.
    pub(super) fn read(bytes: Vec<u8>) -> Result<Self, String> {
        let sources = Sources::new();
        let file = sources.add("index.yaml", bytes);
        let stream = Cache::new(sources).stream(&file);
        if let Some(problem) = stream.problems.first() {
            return Err(format!("is no YAML: {}", problem.message));
        }
        let root = stream.documents.first().and_then(|document| document.root.as_ref());
        let Some(entries) = root.and_then(|root| root.get("entries")) else {
            return Err("is no index of charts: it has no `entries`".to_owned());
        };
        let mut index = Self::default();
        for entry in entries.entries() {
            let versions = entry.value.items(&[]).iter().filter_map(listed).collect();
            index.charts.insert(entry.key.text.to_string(), versions);
        }
        Ok(index)
    }

    /// The version that is meant, as `Get` of Helm's `repo.IndexFile` picks it; else why there is none.
    pub(super) fn pick(&self, name: &str, wanted: &str) -> Result<&Listed, String> {
        let Some(listed) = self.charts.get(name) else {
            return Err(format!("the repository has no chart `{name}`"));
        };
        let versions: Vec<&str> = listed.iter().map(|it| it.version.as_str()).collect();
        let picked = pick_version(if wanted.is_empty() { "*" } else { wanted }, &versions);
        if let Some(found) = picked.and_then(|picked| listed.iter().find(|it| it.version == picked)) {
            return Ok(found);
        }
        let newest = versions.iter().max_by_key(|version| Version::parse(version).ok());
        let newest = newest.map(|it| format!(", the newest is {it}")).unwrap_or_default();
        Err(format!("the repository has no version {wanted} of `{name}`{newest}"))
    }
}

fn listed(entry: &Node) -> Option<Listed> {
    let text = |key: &str| entry.get(key).and_then(Node::scalar).map(ToString::to_string);
    Some(Listed {
        version: text("version")?,
        url: entry.items(&["urls"]).first()?.scalar()?.to_string(),
        digest: text("digest")
            .map(|digest| digest.trim_start_matches("sha256:").to_owned())
            .filter(|it| it.len() == 64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_versions() {
        let text = "apiVersion: v1\nentries:\n  a:\n  - {version: 1.10.0, urls: [a-1.10.0.tgz]}\n  - {version: 1.9.0, urls: [u], digest: x}\n  - {version: 2.0.0-rc.1, urls: [u]}\n  - {urls: [u]}\n  b: []\n";
        let index = Index::read(text.as_bytes().to_vec()).unwrap();
        for (wanted, want) in [
            ("1.9.0", "1.9.0"),
            ("", "1.10.0"),
            ("^1.0", "1.10.0"),
            ("2.0.0-rc.1", "2.0.0-rc.1"),
            ("v1.9.0", "1.9.0"),
        ] {
            assert_eq!(index.pick("a", wanted).unwrap().version, want, "{wanted}");
        }
        assert_eq!(
            index.pick("a", "3.x").unwrap_err(),
            "the repository has no version 3.x of `a`, the newest is 2.0.0-rc.1"
        );
        assert!(index.pick("b", "*").is_err() && index.pick("c", "*").is_err());
        for text in ["<html>", "a: [", "", "x: y"] {
            assert!(Index::read(text.as_bytes().to_vec()).is_err(), "{text}");
        }
    }
}
