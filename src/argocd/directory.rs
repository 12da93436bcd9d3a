//! Directory sources: plain manifests, read as Argo CD reads them.
//!
//! Mirrors `findManifests` and `getPotentiallyValidManifests` of `reposerver/repository/repository.go`. Jsonnet files
//! are listed as not evaluated.

use crate::finding::{Problem, ProblemKind};
use crate::origin::Place;
use crate::source::{Dir, EntryKind, ReadError, SourceFile, TreePath};
use crate::yaml::{Cache, Dialect, Document, Node};

use crate::golang::Glob;

/// `spec.source.directory`.
#[derive(Debug, Clone, Default)]
pub struct DirectoryOptions {
    /// `recurse`.
    pub recurse: bool,
    /// `include`, a glob over the path relative to the source's path.
    pub include: Option<String>,
    /// `exclude`, likewise; wins over `include`.
    pub exclude: Option<String>,
}

impl DirectoryOptions {
    /// Reads the `directory` block of a source.
    pub fn new(block: Option<&Node>) -> Self {
        let text = |key| {
            block.and_then(|block| block.get(key)).and_then(Node::as_str).filter(|text| !text.is_empty())
        };
        Self {
            recurse: block.and_then(|block| block.get("recurse")).and_then(Node::as_bool).unwrap_or(false),
            include: text("include").map(str::to_owned),
            exclude: text("exclude").map(str::to_owned),
        }
    }
}

/// What a directory holds.
#[derive(Debug, Default)]
pub(super) struct Manifests {
    /// The objects, in file order.
    pub objects: Vec<Node>,
    /// What is wrong. Problems that are not [`ProblemKind::Unavailable`] make Argo CD refuse the whole source.
    pub problems: Vec<Problem>,
}

/// A file that holds this anywhere is left alone.
const SKIP_MARKER: &str = "+argocd:skip-file-rendering";

/// `reposerver.max.combined.directory.manifests.size`, unless it is set otherwise: bytes.
const MAX_COMBINED_SIZE: u64 = 10_000_000;

/// Reads the manifests of a directory. Without `jsonnet` its files are left alone.
pub(super) fn read(dir: &Dir, options: &DirectoryOptions, jsonnet: bool, cache: &Cache) -> Manifests {
    let mut manifests = Manifests::default();
    let glob = |pattern: &Option<String>| pattern.as_ref().map(|pattern| Glob::new(pattern, &[]));
    let (include, exclude) = (glob(&options.include), glob(&options.exclude));
    let mut size = 0;
    let mut files = Vec::new();
    list(dir, &dir.path, options.recurse, &mut files, 0);
    for path in files {
        let relative = path.strip_prefix(&dir.path).unwrap_or_default();
        // An invalid pattern matches nothing: Argo CD warns and goes on.
        let hit = |glob: &Option<Option<Glob>>| {
            glob.as_ref().map(|glob| glob.as_ref().is_some_and(|it| it.matches(relative)))
        };
        if hit(&exclude) == Some(true) || hit(&include) == Some(false) {
            continue;
        }
        let file = match dir.tree.read(&path) {
            Ok(file) => file,
            // A link that leads nowhere, or to something that is no file: Argo CD warns and goes on.
            Err(ReadError::NotFound | ReadError::IsDir) => continue,
            Err(ReadError::Outside) => {
                let message =
                    format!("illegal filepath in symlink at `{path}`: it leads out of the repository");
                manifests.problems.push(Problem::nowhere(ProblemKind::Render, message));
                continue;
            }
            Err(error) => {
                manifests.problems.push(Problem::nowhere(ProblemKind::Render, format!("`{path}`: {error}")));
                continue;
            }
        };
        if path.file_name().ends_with(".jsonnet") && !jsonnet {
            continue;
        }
        size += file.bytes().len() as u64;
        if size > MAX_COMBINED_SIZE {
            let message = format!(
                "exceeded max combined manifest file size: `{}` holds more than {MAX_COMBINED_SIZE} bytes",
                dir.path
            );
            manifests.problems.push(Problem::nowhere(ProblemKind::Render, message));
            return manifests;
        }
        read_file(&file, &path, cache, &mut manifests);
    }
    manifests
}

/// Files that Argo CD looks at, in its (lexical) order. Linked directories are not followed.
fn list(dir: &Dir, at: &TreePath, recurse: bool, files: &mut Vec<TreePath>, depth: u32) {
    // Deeper trees exist only by accident (a link loop is not followed).
    if depth > 64 {
        return;
    }
    for entry in dir.tree.list(at).unwrap_or_default() {
        if entry.ignored {
            continue;
        }
        let path = at.child(&entry.name);
        match entry.kind {
            EntryKind::Dir if recurse && !entry.link => list(dir, &path, recurse, files, depth + 1),
            EntryKind::File | EntryKind::Other if is_manifest(&entry.name) => files.push(path),
            _ => {}
        }
    }
}

fn is_manifest(name: &str) -> bool {
    [".yaml", ".yml", ".json", ".jsonnet"].iter().any(|extension| name.ends_with(extension))
}

fn read_file(file: &std::sync::Arc<SourceFile>, path: &TreePath, cache: &Cache, manifests: &mut Manifests) {
    let place = Place::written(crate::source::Span::start_of(file.id()));
    let name = path.file_name();
    if name.ends_with(".jsonnet") {
        let message = format!("`{path}` is Jsonnet, which is not evaluated");
        let help = "declare what it makes and others refer to under `external:` in .gitops-lint.yaml";
        manifests.problems.push(Problem::at(ProblemKind::Unavailable, place, message).help(help));
        return;
    }
    let Some(text) = file.text() else {
        let message = format!("`{path}` is not text");
        manifests.problems.push(Problem::at(ProblemKind::Render, place, message));
        return;
    };
    if text.contains(SKIP_MARKER) {
        return;
    }
    let problem = |place: Place, why: String| {
        Problem::at(ProblemKind::Render, place, format!("failed to unmarshal `{path}`: {why}"))
    };
    let json = name.ends_with(".json");
    let stream = cache.stream(file);
    let count = stream.documents.iter().filter(|document| document.root.is_some()).count();
    if json && count > 1 {
        let message =
            format!("found multiple objects in `{path}`: only single objects are allowed in JSON files");
        manifests.problems.push(Problem::at(ProblemKind::Render, place, message));
        return;
    }
    if json && count == 0 && !stream.documents.iter().any(|document| document.broken) {
        manifests.problems.push(problem(place, "EOF".to_owned()));
        return;
    }
    let mut objects = Vec::new();
    for document in &stream.documents {
        match object(document) {
            Ok(Some(node)) => objects.push(node),
            Ok(None) => {}
            Err((place, why)) => {
                // Argo CD guesses whether a file that it cannot read was meant to hold manifests.
                let manifest_like =
                    ["apiVersion:", "kind:", "metadata:"].iter().all(|key| text.contains(key));
                if !objects.is_empty() || manifest_like || json {
                    manifests.problems.push(problem(place, why));
                }
                return;
            }
        }
    }
    manifests.objects.append(&mut objects);
}

/// The object of a document; nothing when it is empty or null, an error when it is none.
fn object(document: &Document) -> Result<Option<Node>, (Place, String)> {
    if let Some(error) = &document.error {
        return Err((Place::written(error.at), error.message.clone()));
    }
    let Some(mut node) = document.root.clone() else { return Ok(None) };
    node.canonicalize(Dialect::Sigs).map_err(|problem| (Place::written(problem.at), problem.message))?;
    if node.is_null() {
        return Ok(None);
    }
    if node.get("kind").and_then(Node::as_str).is_none_or(str::is_empty) {
        return Err((node.place(), "Object 'Kind' is missing".to_owned()));
    }
    Ok(Some(node))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::{MemoryTree, Sources};

    const A: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

    /// The names of the objects, `!` for a problem that Argo CD refuses, `?` for what is not evaluated.
    fn shown(options: &DirectoryOptions, jsonnet: bool, files: &[(&str, &str)]) -> String {
        let sources = Sources::new();
        let dir = Dir::new(Arc::new(MemoryTree::of(&sources, files.to_vec())), TreePath::root());
        let manifests = read(&dir, options, jsonnet, &Cache::new(sources));
        let name = |node: &Node| node.at_path(&["metadata", "name"])?.as_str().map(str::to_owned);
        let mut shown: Vec<String> = manifests.objects.iter().filter_map(name).collect();
        shown.extend(manifests.problems.iter().map(|problem| match problem.kind {
            ProblemKind::Unavailable => "?".to_owned(),
            _ => "!".to_owned(),
        }));
        shown.join(" ")
    }

    #[test]
    fn chooses_files_like_argo() {
        let files = [
            "a.yaml",
            "b.yml",
            "c.json",
            "d.YAML",
            "e.txt",
            "sub/f.yaml",
            "sub/deep/g.yaml",
            ".hidden/h.yaml",
        ]
        .map(|path| {
            let name = path.rsplit('/').next().unwrap_or_default();
            (
                path,
                format!(
                    "{{\"apiVersion\": \"v1\", \"kind\": \"X\", \"metadata\": {{\"name\": \"{name}\"}}}}"
                ),
            )
        });
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        for (recurse, include, exclude, want) in [
            (false, "", "", "a.yaml b.yml c.json"),
            (true, "", "", "h.yaml a.yaml b.yml c.json g.yaml f.yaml"),
            (true, "*.yaml", "", "h.yaml a.yaml g.yaml f.yaml"),
            (true, "sub/*", "", "g.yaml f.yaml"),
            (true, "", "sub/*", "h.yaml a.yaml b.yml c.json"),
            (true, "{a,b}.y*", "b*", "a.yaml"),
            (true, "[", "", ""),
            (false, "", "[", "a.yaml b.yml c.json"),
        ] {
            let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let options = DirectoryOptions { recurse, include: text(include), exclude: text(exclude) };
            assert_eq!(shown(&options, true, &files), want, "{recurse} {include} {exclude}");
        }
    }

    #[test]
    fn reads_files_like_argo() {
        let kindless = "apiVersion: v1\nmetadata: {}\n";
        for (path, text, want) in [
            ("a.yaml", A.to_owned(), "a"),
            ("a.yaml", format!("{A}---\n---\nnull\n---\n{}", A.replace("name: a", "name: b")), "a b"),
            ("values.yaml", "replicas: 1\n".to_owned(), ""),
            ("values.yaml", format!("replicas: 1\n---\n{A}"), "!"),
            ("values.yaml", format!("{A}---\nreplicas: 1\n"), "!"),
            ("a.yaml", kindless.to_owned(), ""),
            ("a.yaml", "a: [\n".to_owned(), ""),
            ("a.yaml", format!("a: [\n# {}", A.replace('\n', " ")), "!"),
            ("a.yaml", format!("{A}---\na: [\n"), "!"),
            ("a.yaml", format!("# +argocd:skip-file-rendering\n{A}---\na: [\n"), ""),
            ("empty.yaml", String::new(), ""),
            ("comment.yaml", "# nothing\n".to_owned(), ""),
            ("a.json", "{\"a\": 1}".to_owned(), "!"),
            ("a.json", String::new(), "!"),
            ("a.jsonnet", "{}".to_owned(), "?"),
        ] {
            assert_eq!(shown(&DirectoryOptions::default(), true, &[(path, &text)]), want, "{path}: {text}");
        }
        assert_eq!(shown(&DirectoryOptions::default(), false, &[("a.jsonnet", "{}")]), "");
        let large = format!("{A}# {}\n", "x".repeat(6_000_000));
        assert_eq!(
            shown(&DirectoryOptions::default(), true, &[("a.yaml", &large), ("b.yaml", &large)]),
            "a !"
        );
    }
}
