//! What the scripts and the documentation of a repository say that people make by hand: `kubectl create secret ...`; and what Terraform makes
//! on the cluster.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::golang::Glob;
use crate::repo::{Inventory, Workspace};
use crate::source::{SourceFile, Span, TreePath, is_told};

/// What all scripts and documents say.
#[derive(Debug, Default)]
pub struct Scripts {
    /// The first line that makes an object, by its kind and name.
    made: FxHashMap<(&'static str, SmolStr), Span>,
    /// The files that apply something.
    applying: Vec<Arc<Script>>,
}

/// What one script or document says.
#[derive(Debug, Default)]
struct Script {
    /// Names that make objects, by their kinds.
    made: Vec<(&'static str, Span)>,
    /// Lines that apply files with kubectl.
    applying: Vec<String>,
    /// Directories that lines apply by a name with variables in it, each as a pattern.
    directories: Vec<Glob>,
}

impl Scripts {
    /// Those of a repository as it was rendered.
    pub fn of(inventory: &Inventory, workspace: &Workspace) -> Arc<Self> {
        inventory.facts.get(|| Self::read(workspace))
    }

    /// Whether scripts make objects of a kind at all.
    pub fn make(kind: &str) -> bool {
        MADE.contains(&kind)
    }

    fn read(workspace: &Workspace) -> Self {
        let mut scripts = Self::default();
        for path in workspace.tree.files() {
            let name = path.file_name();
            // Tasks of Ansible and jobs of a pipeline are shell in YAML.
            if !name.ends_with(".tf") && !is_yaml(name) && !is_told(name) {
                continue;
            }
            let Ok(file) = workspace.tree.read(&path) else { continue };
            let script = file.facts().get(|| Script::of(&file));
            for (kind, at) in &script.made {
                scripts.made.entry((*kind, file.slice(*at).into())).or_insert(*at);
            }
            if !script.applying.is_empty() || !script.directories.is_empty() {
                scripts.applying.push(script);
            }
        }
        scripts
    }

    /// The name of an object where some line makes it.
    pub fn made(&self, kind: &str, name: &str) -> Option<Span> {
        let kind = MADE.into_iter().find(|made| *made == kind)?;
        self.made.get(&(kind, SmolStr::new(name))).copied()
    }

    /// Whether some line applies a file with kubectl, by its name or its directory.
    pub fn applies(&self, path: &TreePath) -> bool {
        let dir = path.parent().filter(|dir| dir.as_str().contains('/'));
        let mut lines = self.applying.iter().flat_map(|script| &script.applying);
        lines.any(|line| {
            line.contains(path.file_name()) || dir.as_ref().is_some_and(|dir| line.contains(dir.as_str()))
        }) || std::iter::successors(path.parent(), TreePath::parent).any(|dir| {
            let mut patterns = self.applying.iter().flat_map(|script| &script.directories);
            patterns.any(|pattern| pattern.matches(dir.as_str()))
        })
    }
}

impl Script {
    fn of(file: &SourceFile) -> Self {
        let (mut script, text) = (Self::default(), file.text_or_empty());
        if file.name().ends_with(".tf") {
            script.read_terraform(file, text);
        } else if is_yaml(file.name()) && !is_told(file.name().rsplit('/').next().unwrap_or_default()) {
            if text.contains(" create secret ") || text.contains(" create configmap ") {
                script.read(file, text);
            }
        } else if text.contains("create ") || text.contains("kubectl") {
            script.read(file, text);
            script.read_directories(text);
        }
        script
    }

    fn read(&mut self, file: &SourceFile, text: &str) {
        let mut offset = 0_u32;
        for line in text.split_inclusive('\n') {
            if let Some((kind, name)) = created(line) {
                let start = offset + line.find(name).unwrap_or_default() as u32;
                self.made.push((kind, Span::new(file.id(), start, start + name.len() as u32)));
            }
            let applies = line.contains(" apply") || line.contains(" create") || line.contains(" replace");
            if applies && line.contains("kubectl") {
                self.applying.push(line.to_owned());
            }
            offset += line.len() as u32;
        }
    }

    /// Resources of Terraform's provider for Kubernetes whose names are written out.
    fn read_terraform(&mut self, file: &SourceFile, text: &str) {
        let (mut offset, mut kind) = (0_u32, None);
        for line in text.split_inclusive('\n') {
            if let Some(resource) = line.strip_prefix("resource \"kubernetes_") {
                let name = resource.split('"').next().unwrap_or_default();
                let name = name.strip_suffix("_v1").unwrap_or(name);
                kind = TERRAFORM.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
            } else if let (Some(made), Some(("name", name))) =
                (kind, line.split_once('=').map(|(key, value)| (key.trim(), value.trim())))
            {
                let name = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                if let Some(name) = name.filter(|name| !name.contains('$')) {
                    let start = offset + line.find(name).unwrap_or_default() as u32;
                    self.made.push((made, Span::new(file.id(), start, start + name.len() as u32)));
                }
                kind = None;
            }
            offset += line.len() as u32;
        }
    }

    /// Directories that commands apply: `kubectl apply -k "$ROOT/local/$CLUSTER"`, `flux create kustomization x --path=./local`.
    fn read_directories(&mut self, text: &str) {
        let whole = text.replace("\\\n", " ");
        for line in whole.lines().map(str::trim_start).filter(|line| !line.starts_with('#')) {
            let kubectl = line.contains("kubectl") && (line.contains(" apply") || line.contains(" create"));
            if kubectl || line.contains("flux create kustomization") {
                self.directories.extend(line.split([' ', '=', '\t']).filter_map(directory));
            }
        }
    }
}

fn is_yaml(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

/// A word of a command that is a path with variables, as a pattern for directories: `"$ROOT/local/${CLUSTER}/bootstrap"` is
/// `local/*/bootstrap`. What is named without variables is found by its text.
fn directory(word: &str) -> Option<Glob> {
    let word = word.trim_matches(['"', '\'', '`', ';', ')']);
    let parts: Vec<&str> = word.split('/').skip_while(|part| part.starts_with('$') || *part == ".").collect();
    let is_plain = |part: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        !part.is_empty() && part.bytes().all(plain)
    };
    // Something has to be said about where it is, and what.
    if parts.iter().filter(|part| is_plain(part)).count() < 2 || parts.iter().all(is_plain) {
        return None;
    }
    let pattern: Option<Vec<&str>> = parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(|part| if is_plain(&part) { Some(part) } else { part.starts_with('$').then_some("*") })
        .collect();
    Glob::new(&pattern?.join("/"), &['/'])
}

/// The kinds that lines make.
const MADE: [&str; 4] = ["Secret", "ConfigMap", "ServiceAccount", "PersistentVolumeClaim"];

/// Resources of Terraform and the kinds of what they make.
const TERRAFORM: [(&str, &str); 4] = [
    ("secret", "Secret"),
    ("config_map", "ConfigMap"),
    ("service_account", "ServiceAccount"),
    ("persistent_volume_claim", "PersistentVolumeClaim"),
];

/// What a line creates: `oc create secret generic NAME`, `kubectl -n x create cm NAME`.
fn created(line: &str) -> Option<(&'static str, &str)> {
    let (_, rest) = line.split_once("create ")?;
    let mut words = rest.split_whitespace();
    let kind = match words.next()? {
        "secret" => {
            words.next().filter(|it| matches!(*it, "generic" | "docker-registry" | "tls"))?;
            "Secret"
        }
        "configmap" | "cm" => "ConfigMap",
        "serviceaccount" | "sa" => "ServiceAccount",
        _ => return None,
    };
    let mut name = words.next()?;
    while name.starts_with('-') {
        // A flag, and its value unless that is joined to it.
        if !name.contains('=') {
            words.next()?;
        }
        name = words.next()?;
    }
    let name = name.trim_matches(['"', '\'', '`', ';', ',']);
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    (!name.is_empty() && name.bytes().all(plain)).then_some((kind, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_created() {
        for (line, want) in [
            ("    oc create secret generic pull \\\n", Some(("Secret", "pull"))),
            ("kubectl -n x create secret docker-registry -n y 'reg' --from-file=a", Some(("Secret", "reg"))),
            ("kubectl create configmap --dry-run=client settings -o yaml", Some(("ConfigMap", "settings"))),
            ("kubectl create secret generic $NAME", None),
            ("create secret thing", None),
            ("we create the secret", None),
        ] {
            assert_eq!(created(line), want, "{line}");
        }
    }
}
