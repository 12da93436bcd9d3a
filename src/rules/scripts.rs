//! What the scripts and the documentation of a repository say that people make by hand: `kubectl create secret ...`.

use crate::repo::Workspace;
use crate::source::{Span, TreePath};

/// Whether a file is run by somebody.
pub(super) fn is_script(name: &str) -> bool {
    let ends = [".sh", ".bash", ".mk"].iter().any(|suffix| name.ends_with(suffix));
    ends || matches!(name, "Makefile" | "makefile" | "GNUmakefile" | "justfile" | "Justfile" | "Jenkinsfile")
}

/// An object that some line makes.
pub(super) struct Made {
    /// Its kind.
    pub(super) kind: &'static str,
    /// Its name.
    pub(super) name: String,
    /// The name in the line.
    pub(super) at: Span,
}

/// Whether some script or document applies a file with kubectl, by its name or its directory.
pub(super) fn applies(workspace: &Workspace, path: &TreePath) -> bool {
    let dir = path.parent().filter(|dir| dir.as_str().contains('/'));
    let says = |line: &str| {
        line.contains("kubectl")
            && (line.contains(" apply") || line.contains(" create") || line.contains(" replace"))
            && (line.contains(path.file_name())
                || dir.as_ref().is_some_and(|dir| line.contains(dir.as_str())))
    };
    let mut scripts = workspace.tree.files().into_iter().filter(|path| is_read(path.file_name()));
    scripts
        .any(|script| workspace.tree.read(&script).is_ok_and(|file| file.text_or_empty().lines().any(says)))
}

/// Whether a file tells what people or programs do: scripts, documents, tasks.
fn is_read(name: &str) -> bool {
    is_script(name) || name.ends_with(".md") || name.starts_with("Taskfile") || name.starts_with(".mise")
}

/// All objects that lines of scripts and documents make.
pub(super) fn made(workspace: &Workspace) -> Vec<Made> {
    let mut found = Vec::new();
    for path in workspace.tree.files() {
        let name = path.file_name();
        if !is_read(name) {
            continue;
        }
        let Ok(file) = workspace.tree.read(&path) else { continue };
        let mut offset = 0_u32;
        for line in file.text_or_empty().split_inclusive('\n') {
            if let Some((kind, name)) = created(line) {
                let start = offset + line.find(name).unwrap_or_default() as u32;
                let at = Span::new(file.id(), start, start + name.len() as u32);
                found.push(Made { kind, name: name.to_owned(), at });
            }
            offset += line.len() as u32;
        }
    }
    found
}

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
