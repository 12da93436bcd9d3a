//! Paths that an entry of a kustomization may name: files and directories below its own.

use std::collections::BTreeSet;

use crate::repo::KUSTOMIZATION_NAMES;
use crate::source::EntryKind;

use super::super::cursor::Cursor;
use super::super::session::Checked;
use super::typing::Typing;
use super::{Proposal, Sort};

/// Fields whose entries are paths.
const LISTS: [&str; 6] = ["components", "configurations", "crds", "generators", "resources", "transformers"];

pub(super) fn complete(cursor: &Cursor, checked: &Checked, typing: &Typing<'_>) -> BTreeSet<Proposal> {
    let mut found = BTreeSet::new();
    let is_list = matches!(typing.path.as_slice(), [list] if LISTS.contains(list)) && typing.item;
    let is_path = typing.value_of == Some("path") && typing.path.first() != Some(&"openapi");
    if !is_list && !is_path {
        return found;
    }
    let typed = typing.word.rsplit_once('/').map_or("", |(dir, _)| dir);
    let own = cursor.path.parent().unwrap_or_default();
    let Ok(dir) = own.join(if typed.is_empty() { "." } else { typed }) else { return found };
    let prefix = if typed.is_empty() { String::new() } else { format!("{typed}/") };
    let listed: BTreeSet<&str> =
        cursor.file.text_or_empty().lines().map(|line| line.trim_start_matches(['-', ' '])).collect();
    for entry in checked.workspace.tree.list(&dir).unwrap_or_default() {
        let label = format!("{prefix}{}", entry.name);
        let path = dir.child(&entry.name);
        let is_own = path == cursor.path || KUSTOMIZATION_NAMES.contains(&entry.name.as_str());
        let fits = match entry.kind {
            EntryKind::Dir => true,
            _ => [".yaml", ".yml", ".json"].iter().any(|end| entry.name.ends_with(end)) && !is_own,
        };
        if fits && !listed.contains(label.as_str()) {
            found.insert(Proposal::new(label, "", Sort::Path));
        }
    }
    found
}
