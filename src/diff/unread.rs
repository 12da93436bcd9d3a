//! Files that differ and that no app reads: whatever they are for, it is not told here.

use std::collections::BTreeSet;

use crate::source::TreePath;

use super::cause::Lines;
use super::sides::Side;

/// Ends of the names of files that apps are made of.
const ENDS: [&str; 4] = [".yaml", ".yml", ".json", ".tpl"];

/// What nobody takes for a part of an app, although it ends like one.
fn is_meant(path: &TreePath) -> bool {
    let hidden = path.as_str().split('/').any(|part| part.starts_with('.') && part.len() > 1);
    !hidden && ENDS.iter().any(|end| path.file_name().ends_with(end))
}

/// The files of both sides that differ and are read by no app, in order.
pub(super) fn unread(base: &Side<'_>, head: &Side<'_>, lines: &Lines<'_>) -> Vec<TreePath> {
    let mut read: BTreeSet<&TreePath> = BTreeSet::new();
    for side in [base, head] {
        for entry in &side.inventory.apps {
            read.extend(entry.files.iter().chain(&entry.app.path));
        }
    }
    let files = base.workspace.tree.files().into_iter().chain(head.workspace.tree.files());
    let mut all: Vec<TreePath> = files.filter(|path| is_meant(path) && !read.contains(path)).collect();
    all.sort();
    all.dedup();
    all.retain(|path| lines.differ_in(path));
    all
}
