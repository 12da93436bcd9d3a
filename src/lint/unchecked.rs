//! Kinds whose objects were held against no schema, because nothing here says what they look like.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::repo::Inventory;

/// A kind that was not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UncheckedKind {
    /// API group.
    pub group: SmolStr,
    /// Kind.
    pub kind: SmolStr,
    /// Number of its objects.
    pub objects: usize,
}

/// Those kinds, the most frequent first.
pub(super) fn unchecked(inventory: &Inventory) -> Vec<UncheckedKind> {
    let mut counts: BTreeMap<(&SmolStr, &SmolStr), usize> = BTreeMap::new();
    // A group without a dot is none of a custom resource: such a file is for some program.
    for object in inventory.objects.iter().filter(|object| !object.described && object.group.contains('.')) {
        *counts.entry((&object.group, &object.kind)).or_default() += 1;
    }
    let mut kinds: Vec<UncheckedKind> = counts
        .into_iter()
        .map(|((group, kind), objects)| UncheckedKind { group: group.clone(), kind: kind.clone(), objects })
        .collect();
    kinds.sort_by_key(|it| std::cmp::Reverse(it.objects));
    kinds
}
