//! The order in which resources come out.
//!
//! Mirrors `api/internal/builtins/SortOrderTransformer.go`.

use smol_str::SmolStr;

use super::failure::{Failure, Result};
use super::kustomization::SortOptions;
use super::resid::{ORDER_FIRST, ORDER_LAST, ResId, ShownGvk, gvk_sort_text};
use super::resmap::ResMap;

/// Sorts as `sortOptions` says.
pub(super) fn apply(resources: &mut ResMap, options: &SortOptions) -> Result<()> {
    match (options.order.as_str(), &options.legacy) {
        ("legacy", None) => {
            legacy(resources);
            Ok(())
        }
        ("legacy", Some((first, last))) => {
            sort(resources, |kind| rank(kind, first, last));
            Ok(())
        }
        ("fifo", None) => Ok(()),
        ("fifo", Some(_)) => Err(Failure::at(
            options.place,
            "the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'",
        )),
        _ => Err(Failure::at(options.place, "the field 'sortOptions.order' must be one of [fifo, legacy]")),
    }
}

/// Sorts by kind, as without `sortOptions`.
pub(super) fn legacy(resources: &mut ResMap) {
    sort(resources, |kind| rank(kind, &ORDER_FIRST, &ORDER_LAST));
}

/// The rank of a kind. One that stands in both lists is a last one, one that stands twice counts where it is later.
fn rank<S: AsRef<str>>(kind: &str, first: &[S], last: &[S]) -> i64 {
    let position = |list: &[S]| list.iter().rposition(|known| known.as_ref() == kind);
    match (position(last), position(first)) {
        (Some(at), _) => at as i64 + 1,
        (None, Some(at)) => at as i64 - first.len() as i64,
        (None, None) => 0,
    }
}

fn sort(resources: &mut ResMap, rank: impl Fn(&str) -> i64) {
    resources.all_mut().sort_by_cached_key(|resource| {
        let id = &resource.id;
        let rank = rank(&id.gvk.kind);
        // Only the real Namespaces come before what other groups call so; where no list names them, they are one kind among
        // others.
        let other = rank == 0 || id.gvk.kind != "Namespace" || !id.gvk.group.is_empty();
        (rank, other, gvk_sort_text(&id.gvk), id_sort_text(id))
    });
}

fn id_sort_text(id: &ResId) -> String {
    let or =
        |text: &SmolStr, instead: &str| if text.is_empty() { instead.to_owned() } else { text.to_string() };
    format!("{}|{}|{}", ShownGvk(&id.gvk), or(&id.namespace, "~X"), or(&id.name, "~N"))
}
