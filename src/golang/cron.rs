//! Schedules as `github.com/robfig/cron` reads them: five fields, without seconds and descriptors.

/// The fields: name, lowest and highest value, names for values.
const FIELDS: [(&str, u32, u32, &[&str]); 5] = [
    ("minute", 0, 59, &[]),
    ("hour", 0, 23, &[]),
    ("day of the month", 1, 31, &[]),
    ("month", 1, 12, &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
    ("day of the week", 0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];

/// What is wrong with a schedule; `None` when nothing is.
pub fn cron_error(schedule: &str) -> Option<String> {
    let mut words: Vec<&str> = schedule.split_whitespace().collect();
    if words.first().is_some_and(|word| word.starts_with("TZ=") || word.starts_with("CRON_TZ=")) {
        words.remove(0);
    }
    if words.first().is_some_and(|word| word.starts_with('@')) {
        return Some("descriptors such as `@daily` are not understood".to_owned());
    }
    if words.len() != FIELDS.len() {
        return Some(format!("it has {} fields instead of five", words.len()));
    }
    let mut wrong = FIELDS.iter().zip(words).filter_map(|((name, low, high, names), word)| {
        let fits = word.split(',').all(|part| is_range(part, *low, *high, names));
        (!fits).then(|| format!("`{word}` is no {name}: {low} to {high}, `*`, ranges, steps and lists are"))
    });
    wrong.next()
}

/// `*`, `5`, `1-5`, `*/15`, `mon-fri`, `10-50/10`.
fn is_range(part: &str, low: u32, high: u32, names: &[&str]) -> bool {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (part, None),
    };
    if step.is_some_and(|step| step.parse::<u32>().map_or(true, |step| step == 0)) {
        return false;
    }
    if matches!(range, "*" | "?") {
        return true;
    }
    let value = |text: &str| {
        let lower = text.to_lowercase();
        match names.iter().position(|name| *name == lower) {
            Some(index) => Some(index as u32 + low),
            None => text.parse::<u32>().ok(),
        }
    };
    let (start, end) = match range.split_once('-') {
        Some((start, end)) => (value(start), value(end)),
        None => (value(range), value(range)),
    };
    matches!((start, end), (Some(start), Some(end)) if low <= start && start <= end && end <= high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_robfig_reads() {
        for (schedule, want) in [
            ("0 22 * * *", true),
            ("*/15 8-18 * * mon-fri", true),
            ("0 0 1,15 JAN ?", true),
            ("TZ=Europe/Berlin 0 22 * * *", true),
            ("10-50/10 * * * *", true),
            ("0 22 * *", false),
            ("0 0 22 * * *", false),
            ("60 * * * *", false),
            ("0 24 * * *", false),
            ("0 0 0 * *", false),
            ("0 0 * * 7", false),
            ("* * * * mo", false),
            ("@daily", false),
            ("*/0 * * * *", false),
            ("5-1 * * * *", false),
            ("", false),
        ] {
            assert_eq!(cron_error(schedule).is_none(), want, "{schedule}");
        }
    }
}
