//! Durations as Go's `time.ParseDuration` reads them.

/// Whether Go reads this as a duration: `1h30m`, `-1.5h`, `0`.
pub fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (digits, behind) = rest.split_at_checked(number).unwrap_or((rest, ""));
        let is_number = digits.bytes().any(|byte| byte.is_ascii_digit()) && digits.matches('.').count() <= 1;
        let unit = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"].iter().find(|unit| {
            let end = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
            behind.get(..end) == Some(**unit)
        });
        let (true, Some(unit)) = (is_number, unit) else { return false };
        rest = behind.get(unit.len()..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, want) in [
            ("1h", true),
            ("1h30m", true),
            ("-1.5h", true),
            (".5s", true),
            ("0", true),
            ("100µs", true),
            ("", false),
            ("1", false),
            ("1d", false),
            ("h", false),
            ("1h 30m", false),
            (".s", false),
            ("3600", false),
        ] {
            assert_eq!(is_duration(text), want, "{text}");
        }
    }
}
