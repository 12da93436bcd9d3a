//! What a fetch did, for people.

use std::fmt::Write as _;

use crate::cache::Content;

use super::{Report, Row, State};

/// The table and a closing line. What was there already is listed with `all` only.
pub fn table(report: &Report, all: bool) -> String {
    let mut out = String::new();
    let shown: Vec<&Row> = report.rows.iter().filter(|row| all || row.state != State::Here).collect();
    let width = shown.iter().map(|row| row.want.kind.as_str().len()).max().unwrap_or_default();
    for row in shown {
        let (word, why) = match &row.state {
            State::Fetched(bytes) => ("fetched", Some(size(*bytes))),
            State::Here => ("there", None),
            State::Missing => ("missing", None),
            State::Failed(why) => ("failed", Some(why.clone())),
            State::Skipped(why) => ("skipped", Some(why.clone())),
        };
        let _ = write!(out, "{word:8} {:width$}  {}", row.want.kind.as_str(), row.want);
        if let Some(version) = row.version.as_deref().filter(|it| !it.is_empty() && *it != row.want.version) {
            let version =
                if Content::is_commit(version) { version.get(..12).unwrap_or(version) } else { version };
            let _ = write!(out, " -> {version}");
        }
        match (&row.state, why) {
            (State::Failed(_) | State::Skipped(_), Some(why)) => {
                let _ = write!(out, "\n         {why}");
            }
            (_, Some(size)) => {
                let _ = write!(out, "  ({size})");
            }
            _ => {}
        }
        out.push('\n');
    }
    let count = |is: fn(&State) -> bool| report.rows.iter().filter(|row| is(&row.state)).count();
    let kinds = [
        (count(|it| matches!(it, State::Fetched(_))), "fetched"),
        (count(|it| matches!(it, State::Here)), "already there"),
        (count(|it| matches!(it, State::Missing)), "missing"),
        (count(|it| matches!(it, State::Failed(_))), "failed"),
        (count(|it| matches!(it, State::Skipped(_))), "skipped"),
    ];
    let parts = kinds.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, what)| format!("{number} {what}")).collect();
    match parts.as_slice() {
        [] => out.push_str("nothing is wanted from elsewhere\n"),
        parts => {
            let _ = writeln!(out, "{}", parts.join(", "));
        }
    }
    out
}

fn size(bytes: u64) -> String {
    match bytes {
        0..=1023 => format!("{bytes} B"),
        1024..=0xf_ffff => format!("{} KiB", bytes >> 10),
        _ => format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
    }
}
