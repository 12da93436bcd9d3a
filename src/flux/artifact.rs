//! What of a repository gets into the artifact of a source: `.sourceignore`, `spec.ignore` and the default excludes.
//!
//! Mirrors `fluxcd/pkg/sourceignore` and `SourceIgnoreFilter` of source-controller: the last pattern that matches
//! decides, and the defaults come first. One pattern of their own takes the place of all defaults but those about Git.

use std::fmt;
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::source::{Answers, Entry, EntryKind, ReadError, SourceFile, Tree, TreeId, TreePath};

/// `ExcludeVCS`, which always hold.
const OF_GIT: &str = ".git/\n.gitignore\n.gitmodules\n.gitattributes\n";

/// `ExcludeExt`, `ExcludeCI` and `ExcludeExtra`, for sources that say nothing themselves.
const DEFAULTS: &str = "\
*.jpg\n*.jpeg\n*.gif\n*.png\n*.wmv\n*.flv\n*.tar.gz\n*.zip
.github/\n.circleci/\n.travis.yml\n.gitlab-ci.yml\nappveyor.yml\n.drone.yml\ncloudbuild.yaml
codeship-services.yml\ncodeship-steps.yml
**/.goreleaser.yml\n**/.sops.yaml\n**/.flux.yaml\n";

/// Where ignore rules are written.
const IGNORE_FILE: &str = ".sourceignore";

/// What an artifact leaves out: rules, each for the files below a directory; the last one that says something decides.
#[derive(Debug)]
pub struct IgnoreRules {
    rules: Vec<(TreePath, Gitignore)>,
    files: Vec<TreePath>,
}

impl IgnoreRules {
    /// The rules in a tree. `root` is the directory that the artifact begins with, `ignore` is `spec.ignore` of the source.
    pub fn of(tree: &dyn Tree, root: &TreePath, ignore: Option<&str>) -> Self {
        let files: Vec<TreePath> = ignore_files(tree).collect();
        let mut own = Vec::new();
        for path in &files {
            if let (Ok(file), Some(dir)) = (tree.read(path), path.parent()) {
                own.push((dir, matcher(file.text_or_empty())));
            }
        }
        own.extend(ignore.map(|text| (root.clone(), matcher(text))));
        let mut rules = vec![(TreePath::root(), matcher(OF_GIT))];
        if own.iter().all(|(_, patterns)| patterns.is_empty()) {
            rules.push((TreePath::root(), matcher(DEFAULTS)));
        }
        rules.append(&mut own);
        Self { rules, files }
    }

    /// The files that say them.
    pub fn files(&self) -> impl Iterator<Item = &TreePath> {
        self.files.iter()
    }

    fn hide(&self, path: &TreePath, is_dir: bool) -> bool {
        for (dir, rules) in self.rules.iter().rev() {
            let Some(relative) = path.strip_prefix(dir).filter(|relative| !relative.is_empty()) else {
                continue;
            };
            match rules.matched_path_or_any_parents(relative, is_dir) {
                Match::None => {}
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
            }
        }
        false
    }
}

/// The files of a tree that say what artifacts of it leave out.
pub fn ignore_files(tree: &dyn Tree) -> impl Iterator<Item = TreePath> {
    tree.files().into_iter().filter(|path| path.file_name() == IGNORE_FILE)
}

/// A tree without the files that the artifact does not have.
pub struct ArtifactTree {
    below: Arc<dyn Tree>,
    rules: Arc<IgnoreRules>,
}

impl ArtifactTree {
    /// `below` as source-controller packs it.
    pub fn new(below: Arc<dyn Tree>, rules: Arc<IgnoreRules>) -> Self {
        Self { below, rules }
    }

    fn is_hidden(&self, path: &TreePath, is_dir: bool) -> bool {
        self.rules.hide(path, is_dir)
    }
}

/// Patterns that cannot be read are skipped, as go-git does.
fn matcher(text: &str) -> Gitignore {
    let mut builder = GitignoreBuilder::new("");
    for line in text.lines() {
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

impl fmt::Debug for ArtifactTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArtifactTree({:?})", self.below)
    }
}

impl Tree for ArtifactTree {
    fn read(&self, path: &TreePath) -> Result<Arc<SourceFile>, ReadError> {
        if self.is_hidden(path, false) { Err(ReadError::NotFound) } else { self.below.read(path) }
    }

    fn list(&self, dir: &TreePath) -> Result<Vec<Entry>, ReadError> {
        let mut entries = self.below.list(dir)?;
        entries
            .retain(|entry| entry.kind == EntryKind::Dir || !self.is_hidden(&dir.child(&entry.name), false));
        Ok(entries)
    }

    fn kind(&self, path: &TreePath) -> Option<EntryKind> {
        let kind = self.below.kind(path)?;
        // Directories are there as long as a file in them is, which is not looked up.
        (kind == EntryKind::Dir || !self.is_hidden(path, false)).then_some(kind)
    }

    fn files(&self) -> Vec<TreePath> {
        let mut files = self.below.files();
        files.retain(|path| !self.is_hidden(path, false));
        files
    }

    fn id(&self, dir: &TreePath) -> TreeId {
        // Charts are not loaded through this; what is left out decides nothing about them.
        self.below.id(dir)
    }

    fn resolve(&self, path: &TreePath) -> Result<TreePath, ReadError> {
        self.below.resolve(path)
    }

    fn unwatched(&self) -> Option<Arc<dyn Tree>> {
        Some(Arc::new(Self::new(self.below.unwatched()?, Arc::clone(&self.rules))))
    }

    fn note(&self, answers: &Arc<Answers>) {
        self.below.note(answers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{MemoryTree, Sources};

    fn packed(tree: MemoryTree, ignore: Option<&str>) -> ArtifactTree {
        let rules = IgnoreRules::of(&tree, &TreePath::root(), ignore);
        ArtifactTree::new(Arc::new(tree), Arc::new(rules))
    }

    #[test]
    fn packs_like_flux() {
        for (files, ignore, want) in [
            (vec!["a.yaml", ".sops.yaml", "x/.sops.yaml", ".github/w.yaml", "p.png"], None, vec!["a.yaml"]),
            (vec!["a/x.yaml", "b/x.yaml", "c.yaml"], Some("/*\n!/b"), vec!["b/x.yaml"]),
            // Whoever says anything says all.
            (vec!["a/.flux.yaml", "a/b.png"], Some("!*.png"), vec!["a/.flux.yaml", "a/b.png"]),
            (vec!["a/b.png", ".gitignore"], Some("# no pattern\n"), vec![]),
            (vec!["a/b.png", ".gitignore"], Some("/docs/"), vec!["a/b.png"]),
            (vec!["a/b.md", "c.md"], Some("# no\n\n*.md\n!c.md"), vec!["c.md"]),
        ] {
            let sources = Sources::new();
            let tree = MemoryTree::of(&sources, files.iter().map(|path| (*path, "")));
            let packed = packed(tree, ignore);
            let files: Vec<String> = packed.files().iter().map(ToString::to_string).collect();
            assert_eq!(files, want, "{ignore:?}");
        }
        let sources = Sources::new();
        let files = [("a/.sourceignore", "*.txt\n"), ("a/b.txt", ""), ("c.txt", ""), ("d.png", "")];
        let packed = packed(MemoryTree::of(&sources, files), None);
        let path = |text: &str| TreePath::new(text).unwrap();
        assert!(packed.is_file(&path("d.png")), "some pattern, wherever it is, replaces the defaults");
        assert_eq!(packed.kind(&path("a/b.txt")), None);
        assert!(packed.is_file(&path("c.txt")) && packed.is_dir(&path("a")));
    }
}
