//! The rules that a repository brings itself: `rules.d/*.yaml` at its root.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::admission::{Mistake, OwnRule};
use crate::source::{FileId, Tree, TreePath};
use crate::yaml::{Cache, Dialect};

/// Rules and what is wrong with their files.
#[derive(Debug, Default)]
pub struct OwnRules {
    /// In the order of their files.
    pub rules: Vec<Arc<OwnRule>>,
    /// In the same order.
    pub mistakes: Vec<Mistake>,
    files: Vec<FileId>,
}

impl OwnRules {
    /// The directory.
    pub const DIR: &str = "rules.d";

    /// Whether a rule looks at objects of a kind when all apps have been rendered: then their trees are kept.
    pub(super) fn keeps(&self, group: &str, kind: &str) -> bool {
        self.rules.iter().any(|rule| rule.keeps(group, kind))
    }

    /// Puts into `hasher` which files they stand in.
    pub(super) fn mark(&self, hasher: &mut impl Hasher) {
        self.files.hash(hasher);
    }

    /// Reads them from a tree.
    pub fn read(tree: &dyn Tree, cache: &Cache) -> Self {
        let mut own = Self::default();
        let dir = TreePath::root().child(Self::DIR);
        for entry in tree.list(&dir).unwrap_or_default() {
            let path = dir.child(&entry.name);
            let is_yaml = path.as_str().ends_with(".yaml") || path.as_str().ends_with(".yml");
            let Some(file) = tree.read(&path).ok().filter(|_| is_yaml) else { continue };
            own.files.push(file.id());
            for document in &cache.stream(&file).documents {
                // What is no YAML is told by another rule.
                let Some(mut root) = document.root.clone() else { continue };
                if root.canonicalize(Dialect::Sigs).is_err() {
                    continue;
                }
                let (rule, mistakes) = OwnRule::read(&root);
                own.mistakes.extend(mistakes);
                if let Some(rule) = rule {
                    if own.rules.iter().any(|known| known.name == rule.name) {
                        let words = format!("there is a rule `{}` already", rule.name);
                        own.mistakes.push(Mistake { place: rule.place, words });
                    } else {
                        own.rules.push(Arc::new(rule));
                    }
                }
            }
        }
        own
    }
}
