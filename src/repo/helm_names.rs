//! What `helm repo add` called a repository: a chart may name it by that name (`@name`, `alias:name`), and only the machine
//! on which it was added knows the URL. Files of a repository often say it as well: repositories of Argo CD (Secrets,
//! values of its chart), helmfiles, the settings of chart-testing, lines of scripts and documents that add it.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smol_str::{SmolStr, ToSmolStr as _};

use crate::source::{Tree, is_told};
use crate::yaml::{Cache, Data, Node};

/// The name in a chart's `repository` that is one of `helm repo add` (`resolver.go` and `manager.go` of Helm).
pub(super) fn name_of(repository: &str) -> Option<&str> {
    repository.strip_prefix('@').or_else(|| repository.strip_prefix("alias:"))
}

/// The URLs that the files of a repository say of such names.
#[derive(Debug, Default)]
pub(super) struct HelmNames(BTreeMap<SmolStr, BTreeSet<String>>);

impl HelmNames {
    /// Reads the files that may say one.
    pub(super) fn of(tree: &dyn Tree, cache: &Cache) -> Self {
        let mut names = Self::default();
        for path in tree.files() {
            let name = path.file_name();
            let is_yaml = [".yaml", ".yml", ".gotmpl"].iter().any(|end| name.ends_with(end));
            if !is_yaml && !is_told(name) {
                continue;
            }
            let Ok(file) = tree.read(&path) else { continue };
            let text = file.text_or_empty();
            for line in text.lines().filter(|line| line.contains("helm repo add ")) {
                names.read_command(line);
            }
            let listed = text.contains("repositories:") || text.contains("chart-repos:");
            if is_yaml && (listed || text.contains("secret-type")) {
                for document in &cache.stream(&file).documents {
                    if let Some(root) = &document.root {
                        names.read_root(root);
                        names.read_node(root, 0);
                    }
                }
            }
        }
        names
    }

    /// The URL that a name means; `None` where no file says one, or files disagree.
    pub(super) fn url(&self, name: &str) -> Option<&str> {
        let urls = self.0.get(name)?;
        urls.first().filter(|_| urls.len() == 1).map(String::as_str)
    }

    fn add(&mut self, name: &str, url: &str) {
        let url = url.trim_end_matches('/');
        let plain = |text: &str| !text.is_empty() && !text.contains(['{', '}', '$', '<', '>', ' ']);
        let is_url = ["https://", "http://", "oci://"].iter().any(|scheme| url.starts_with(scheme));
        if is_url && plain(name) && plain(url) {
            self.0.entry(name.to_smolstr()).or_default().insert(url.to_owned());
        }
    }

    /// `helm repo add [flags] NAME URL [flags]`.
    fn read_command(&mut self, line: &str) {
        let Some((_, rest)) = line.split_once("helm repo add ") else { return };
        let words: Vec<&str> = rest
            .split_whitespace()
            .map(|word| word.trim_matches(['"', '\'', '`', ';', '(', ')', ',', '.']))
            .filter(|word| !word.is_empty())
            .collect();
        let url = words.iter().position(|word| word.contains("://"));
        let before = url.and_then(|at| Some((words.get(at.checked_sub(1)?)?, words.get(at)?)));
        if let Some((name, url)) = before.filter(|(name, _)| !name.starts_with('-')) {
            self.add(name, url);
        }
    }

    /// What lists repositories: a helmfile, the settings of chart-testing.
    fn read_root(&mut self, root: &Node) {
        for repository in root.items(&["repositories"]) {
            let text = |key: &str| repository.get(key).and_then(Node::scalar);
            let (Some(name), Some(url)) = (text("name"), text("url")) else { continue };
            let is_oci = text("oci").is_some_and(|it| it == "true") && !url.contains("://");
            self.add(name, &if is_oci { format!("oci://{url}") } else { url.to_string() });
        }
        for entry in root.items(&["chart-repos"]) {
            if let Some((name, url)) = entry.scalar().and_then(|text| text.split_once('=')) {
                self.add(name, url);
            }
        }
    }

    /// What Argo CD reads of a repository of type `helm`, wherever it is written: plain, or as a Secret packs it.
    fn read_node(&mut self, node: &Node, depth: u32) {
        if depth > 30 {
            return;
        }
        match &node.data {
            Data::Map(map) => {
                let text = |key: &str| node.get(key).and_then(Node::scalar).map(SmolStr::as_str);
                let packed = |key: &str| String::from_utf8(STANDARD.decode(text(key)?.trim()).ok()?).ok();
                if text("type") == Some("helm") {
                    if let (Some(name), Some(url)) = (text("name"), text("url")) {
                        self.add(name, url);
                    }
                } else if packed("type").is_some_and(|it| it == "helm")
                    && let (Some(name), Some(url)) = (packed("name"), packed("url"))
                {
                    self.add(&name, &url);
                }
                map.iter().for_each(|entry| self.read_node(&entry.value, depth + 1));
            }
            Data::Seq(items) => items.iter().for_each(|item| self.read_node(item, depth + 1)),
            Data::Scalar(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{MemoryTree, Sources};

    #[test]
    fn files_say_urls() {
        let sources = Sources::new();
        let tree = MemoryTree::of(
            &sources,
            [
                ("README.md", "Run `helm repo add --force-update doc https://doc.example/charts/`.\n"),
                ("Makefile", "x:\n\thelm repo add \"made\" 'https://made.example' --pass-credentials; y\n"),
                (".github/workflows/a.yml", "steps:\n- run: |\n    helm repo add ci https://ci.example\n"),
                (
                    "secret.yaml",
                    "kind: Secret\nmetadata: { labels: { argocd.argoproj.io/secret-type: repository } }\n\
                     stringData:\n  type: helm\n  name: argo\n  url: https://argo.example\n---\n\
                     kind: Secret\ndata: { type: aGVsbQ==, name: cGFja2Vk, url: aHR0cHM6Ly9wYWNrZWQuZXhhbXBsZQ== }\n",
                ),
                (
                    "values.yaml",
                    "argo-cd:\n  configs:\n    repositories:\n      a: { type: helm, name: valued, url: https://valued.example }\n      \
                     b: { type: git, name: git, url: https://git.example }\n",
                ),
                (
                    "helmfile.yaml",
                    "repositories:\n- { name: file, url: https://file.example }\n- { name: reg, url: ghcr.io/org, oci: true }\n",
                ),
                ("ct.yaml", "chart-repos:\n  - tested=https://tested.example\n"),
                ("a.sh", "helm repo add two https://one.example\nhelm repo add $NAME https://n.example\n"),
                ("b.sh", "helm repo add two https://two.example\nhelm repo add var $URL\nhelm repo add\n"),
            ],
        );
        let names = HelmNames::of(&tree, &Cache::new(sources));
        for (name, want) in [
            ("doc", Some("https://doc.example/charts")),
            ("made", Some("https://made.example")),
            ("ci", Some("https://ci.example")),
            ("argo", Some("https://argo.example")),
            ("packed", Some("https://packed.example")),
            ("valued", Some("https://valued.example")),
            ("file", Some("https://file.example")),
            ("reg", Some("oci://ghcr.io/org")),
            ("tested", Some("https://tested.example")),
            ("two", None),
            ("git", None),
            ("$NAME", None),
            ("var", None),
        ] {
            assert_eq!(names.url(name), want, "{name}");
        }
        assert_eq!(name_of("@a").or(name_of("b")), name_of("alias:a"));
    }
}
