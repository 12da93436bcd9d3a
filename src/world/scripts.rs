//! What the scripts and the documentation of a repository say that people make by hand: `kubectl create secret ...`.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::repo::Workspace;
use crate::source::{SourceFile, Span, TreePath, is_told};

/// What all scripts and documents say, read once.
#[derive(Debug, Default)]
pub struct Scripts {
    /// The first line that makes an object, by its kind and name.
    made: FxHashMap<(&'static str, SmolStr), Span>,
    /// Lines that apply files with kubectl.
    applying: Vec<String>,
}

impl Scripts {
    /// Reads those of a repository.
    pub fn of(workspace: &Workspace) -> Self {
        let mut scripts = Self::default();
        for path in workspace.tree.files() {
            if !is_told(path.file_name()) {
                continue;
            }
            let Ok(file) = workspace.tree.read(&path) else { continue };
            let text = file.text_or_empty();
            if text.contains("create ") || text.contains("kubectl") {
                scripts.read(&file, text);
            }
        }
        scripts
    }

    fn read(&mut self, file: &SourceFile, text: &str) {
        let mut offset = 0_u32;
        for line in text.split_inclusive('\n') {
            if let Some((kind, name)) = created(line) {
                let start = offset + line.find(name).unwrap_or_default() as u32;
                let at = Span::new(file.id(), start, start + name.len() as u32);
                self.made.entry((kind, name.into())).or_insert(at);
            }
            let applies = line.contains(" apply") || line.contains(" create") || line.contains(" replace");
            if applies && line.contains("kubectl") {
                self.applying.push(line.to_owned());
            }
            offset += line.len() as u32;
        }
    }

    /// The name of an object where some line makes it.
    pub fn made(&self, kind: &str, name: &str) -> Option<Span> {
        let kind = MADE.into_iter().find(|made| *made == kind)?;
        self.made.get(&(kind, SmolStr::new(name))).copied()
    }

    /// Whether some line applies a file with kubectl, by its name or its directory.
    pub fn applies(&self, path: &TreePath) -> bool {
        let dir = path.parent().filter(|dir| dir.as_str().contains('/'));
        self.applying.iter().any(|line| {
            line.contains(path.file_name()) || dir.as_ref().is_some_and(|dir| line.contains(dir.as_str()))
        })
    }
}

/// The kinds that lines make.
const MADE: [&str; 3] = ["Secret", "ConfigMap", "ServiceAccount"];

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
