//! What a kustomization file refers to, before anything is built.

use std::collections::BTreeSet;

use crate::source::{EntryKind, Tree, TreePath};
use crate::yaml::Node;

/// A kustomization directory and what it refers to.
#[derive(Debug, Clone, Default)]
pub struct ScannedKustomization {
    /// The kustomization file.
    pub file: TreePath,
    /// Whether its kind is Component.
    pub component: bool,
    /// Directories it builds on.
    pub dirs: BTreeSet<TreePath>,
    /// Files it reads as resources.
    pub resources: BTreeSet<TreePath>,
    /// Other files it reads: patches, generator inputs, configurations.
    pub files: BTreeSet<TreePath>,
    /// Those of them that generators read as they are.
    pub data: BTreeSet<TreePath>,
}

impl ScannedKustomization {
    /// What the first document of a file in `dir` says.
    pub(super) fn of(file: &TreePath, dir: &TreePath, root: Option<&Node>, tree: &dyn Tree) -> Self {
        let mut scanned = Self { file: file.clone(), ..Self::default() };
        let Some(root) = root else { return scanned };
        // Marked whether or not it can be built.
        for generator in root.get("secretGenerator").map(Node::seq_or_empty).unwrap_or_default() {
            for literal in generator.get("literals").map(Node::seq_or_empty).unwrap_or_default() {
                if let Some(file) = tree.read(file).ok().filter(|file| file.id() == literal.at.file) {
                    file.mark_secret(literal.at);
                }
            }
        }
        scanned.component = root.get("kind").and_then(Node::scalar).is_some_and(|kind| kind == "Component");
        let join = |node: &Node| dir.join(node.scalar()?).ok();
        let lists = [
            "resources",
            "bases",
            "components",
            "crds",
            "configurations",
            "generators",
            "transformers",
            "validators",
        ];
        for list in lists {
            for path in root.items(&[list]).iter().filter_map(join) {
                match tree.kind(&path) {
                    Some(EntryKind::Dir) => scanned.dirs.insert(tree.resolve(&path).unwrap_or(path)),
                    _ if matches!(list, "resources" | "bases") => scanned.resources.insert(path),
                    _ => scanned.files.insert(path),
                };
            }
        }
        for list in ["patches", "patchesJson6902", "replacements"] {
            let paths = root.items(&[list]).iter().filter_map(|item| join(item.get("path")?));
            scanned.files.extend(paths);
        }
        scanned.files.extend(root.items(&["patchesStrategicMerge"]).iter().filter_map(join));
        for generator in ["configMapGenerator", "secretGenerator"] {
            for item in root.items(&[generator]) {
                for entry in item.items(&["files"]).iter().chain(item.items(&["envs"])) {
                    let path = entry
                        .scalar()
                        .map(|text| text.rsplit_once('=').map_or(text.as_str(), |(_, path)| path));
                    let path = path.and_then(|path| dir.join(path).ok());
                    scanned.files.extend(path.clone());
                    scanned.data.extend(path);
                }
            }
        }
        scanned
    }
}
