//! The names that `time.LoadLocation` finds: those of the time zone database, old ones included. Only names: nothing here
//! computes with zones.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// One name a line, as tzdata 2025b has them.
static ZONES: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| include_str!("zones.txt").lines().collect());

/// Whether a name is that of a time zone. Case counts, as in the archive that Go embeds.
pub fn is_time_zone(name: &str) -> bool {
    ZONES.contains(name)
}

/// All names of time zones, in order.
pub fn time_zones() -> impl Iterator<Item = &'static str> {
    ZONES.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::is_time_zone;

    #[test]
    fn knows_names() {
        for (name, want) in [
            ("Europe/Berlin", true),
            ("UTC", true),
            ("Etc/UTC", true),
            ("US/Eastern", true),
            ("America/Argentina/Buenos_Aires", true),
            ("Europe/Berln", false),
            ("europe/berlin", false),
            ("Local", false),
            ("", false),
        ] {
            assert_eq!(is_time_zone(name), want, "{name}");
        }
    }
}
