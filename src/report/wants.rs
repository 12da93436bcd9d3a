//! What is missing from elsewhere, in one line, with the command that brings it.

use std::collections::BTreeSet;

use crate::cache::{Kind, Want};
use crate::lint::{AppRow, AppStatus};

use super::count;

/// Whether all that can be said of an app is that something of it is to be fetched.
pub(super) fn only_wants(row: &AppRow) -> bool {
    !row.wants.is_empty() && matches!(row.status, AppStatus::Partial | AppStatus::Skipped)
}

/// `52 of 54 apps need 11 charts: gitops-lint fetch`; nothing where nothing is missing.
pub(super) fn wants(rows: &[AppRow]) -> Option<String> {
    let needy = rows.iter().filter(|row| !row.wants.is_empty()).count();
    if needy == 0 {
        return None;
    }
    let all: BTreeSet<&Want> = rows.iter().flat_map(|row| &row.wants).collect();
    let kinds: [(&[Kind], &str, &str); 5] = [
        (&[Kind::Chart, Kind::OciChart], "chart", "charts"),
        (&[Kind::Git], "repository", "repositories"),
        (&[Kind::OciArtifact], "artifact", "artifacts"),
        (&[Kind::File], "file", "files"),
        (&[Kind::Bucket], "bucket", "buckets"),
    ];
    let parts = kinds.iter().filter_map(|(kinds, one, many)| {
        match all.iter().filter(|want| kinds.contains(&want.kind)).count() {
            0 => None,
            1 => Some(format!("1 {one}")),
            number => Some(format!("{number} {many}")),
        }
    });
    let parts: Vec<String> = parts.collect();
    let what = match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
        None => return None,
    };
    let verb = if needy == 1 { "needs" } else { "need" };
    Some(format!("{needy} of {} {verb} {what} from elsewhere: gitops-lint fetch", count(rows.len(), "app")))
}
