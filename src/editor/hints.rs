//! What stands behind the lines of a values file: that a value stands over another, that another stands over it, that nothing reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use crate::helm::OverrideKind;
use crate::source::Span;

use super::cursor::Cursor;
use super::session::Checked;
use super::words::place;

/// Apps looked at for one file: an editor asks again after every edit.
const MAX_APPS: usize = 8;

/// Hints of one file.
const MAX_HINTS: usize = 400;

/// What stands behind which bytes, for some lines of a file.
pub(super) fn hints(cursor: &Cursor, checked: &Checked, lines: &RangeInclusive<u32>) -> Vec<(u32, String)> {
    let is_values = cursor
        .document()
        .is_some_and(|it| it.root.as_ref().is_none_or(|root| root.get("apiVersion").is_none()));
    if cursor.is_template() || cursor.is_kustomization() || !is_values {
        return Vec::new();
    }
    let file = &cursor.file;
    let line = |at: Span| (at.file == file.id()).then(|| file.line_index(at.start) as u32 + 1);
    let here = |at: Span| line(at).filter(|line| lines.contains(line));
    let (readers, more) = cursor.readers(checked, MAX_APPS);
    // By line: what is said of it, and by how many apps.
    let mut said: BTreeMap<u32, BTreeMap<String, usize>> = BTreeMap::new();
    for reader in &readers {
        let mut own: BTreeSet<(u32, String)> = BTreeSet::new();
        for over in reader.rendered.releases.iter().flat_map(|it| &it.overrides) {
            if over.kind == OverrideKind::Merged {
                continue;
            }
            if let Some(line) = here(over.winner.at)
                && let Some(loser) = over.losers.first()
            {
                own.insert((line, format!("overrides {}", place(checked, loser.at))));
            }
            let lost = over.losers.iter().filter_map(|loser| here(loser.at));
            own.extend(lost.map(|line| (line, format!("overridden by {}", place(checked, over.winner.at)))));
        }
        let idle = reader.entry.idle_values.iter().filter_map(|idle| here(idle.at));
        own.extend(idle.map(|line| (line, "nothing reads this".to_owned())));
        for (line, words) in own {
            *said.entry(line).or_default().entry(words).or_default() += 1;
        }
    }
    let mut hints = Vec::new();
    for (number, words) in said {
        let Some(at) = file.line_span(number as usize - 1) else { continue };
        let end = at.start + file.slice(at).trim_end().len() as u32;
        let all = readers.len() + more;
        let tell = |(words, count): (String, usize)| match count {
            count if count == all => Some(words),
            // What nothing reads in one app is read in another.
            _ if words == "nothing reads this" => None,
            count => Some(format!("{words} in {count} of {all} apps")),
        };
        // What is overridden in one way by many apps is told once, then how many ways there are.
        let mut told: Vec<String> = words.into_iter().filter_map(tell).collect();
        let more = told.len().saturating_sub(1);
        told.truncate(1);
        if let Some(first) = told.pop() {
            hints.push((end, if more > 0 { format!("{first}, and {more} more") } else { first }));
        }
        if hints.len() >= MAX_HINTS {
            break;
        }
    }
    hints
}
