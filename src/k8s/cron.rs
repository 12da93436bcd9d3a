//! Schedules of CronJobs, as `github.com/robfig/cron` reads them: five fields or a descriptor.

/// Why a schedule is not one; `None` when it is.
pub fn cron_error(schedule: &str) -> Option<String> {
    let mut text = schedule.trim();
    if text.is_empty() {
        return Some("it is empty".into());
    }
    if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
        let Some((_, rest)) = text.split_once(' ') else {
            return Some("there is nothing behind the time zone".into());
        };
        text = rest.trim();
    }
    if let Some(descriptor) = text.strip_prefix('@') {
        let known = ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"];
        if known.contains(&descriptor) {
            return None;
        }
        return match descriptor.strip_prefix("every ") {
            Some(duration) if is_duration(duration) => None,
            _ => Some(format!("`@{descriptor}` is not known")),
        };
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != 5 {
        return Some(format!("it has {} fields instead of 5", fields.len()));
    }
    const MONTHS: &[&str] =
        &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let rules: [(&str, u32, u32, &[&str]); 5] = [
        ("minute", 0, 59, &[]),
        ("hour", 0, 23, &[]),
        ("day of month", 1, 31, &[]),
        ("month", 1, 12, MONTHS),
        ("day of week", 0, 6, DAYS),
    ];
    for (field, (name, low, high, names)) in fields.iter().zip(rules) {
        for part in field.split(',').filter(|part| !part.is_empty()) {
            if let Some(why) = range_error(part, low, high, names) {
                return Some(format!("{name} `{part}`: {why}"));
            }
        }
    }
    None
}

fn range_error(part: &str, low: u32, high: u32, names: &[&str]) -> Option<String> {
    let mut halves = part.split('/');
    let range = halves.next().unwrap_or_default();
    let step = halves.next();
    if halves.next().is_some() {
        return Some("more than one `/`".into());
    }
    let number = |text: &str| -> Option<u32> {
        let name = names.iter().position(|name| *name == text.to_lowercase()).map(|index| index as u32 + low);
        name.or_else(|| text.parse().ok())
    };
    let mut bounds = range.split('-');
    let (first, last) = (bounds.next().unwrap_or_default(), bounds.next());
    if bounds.next().is_some() {
        return Some("more than one `-`".into());
    }
    let (start, mut end) = if first == "*" || first == "?" {
        (low, high)
    } else {
        let Some(start) = number(first) else { return Some(format!("`{first}` is not a number")) };
        match last {
            None => (start, start),
            Some(last) => match number(last) {
                Some(end) => (start, end),
                None => return Some(format!("`{last}` is not a number")),
            },
        }
    };
    if let Some(step) = step {
        match step.parse::<u32>() {
            Err(_) => return Some(format!("`{step}` is not a number")),
            Ok(0) => return Some("a step of 0".into()),
            Ok(_) if last.is_none() => end = high,
            Ok(_) => {}
        }
    }
    if start < low {
        return Some(format!("{start} is below {low}"));
    }
    if end > high {
        return Some(format!("{end} is above {high}"));
    }
    (start > end).then(|| format!("{start} is behind {end}"))
}

/// Go's durations: `1h30m`, `90s`.
fn is_duration(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let Some(tail) = rest.get(digits..).filter(|_| digits > 0) else { return false };
        let units = ["ns", "us", "ms", "s", "m", "h"];
        let unit = units.iter().filter(|unit| tail.starts_with(*unit)).max_by_key(|unit| unit.len());
        let Some(next) = unit.and_then(|unit| tail.get(unit.len()..)) else { return false };
        rest = next;
    }
    !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_schedules() {
        for good in [
            "* * * * *",
            "*/5 0-23/2 1,15 jan-mar MON-fri",
            "@daily",
            "@every 1h30m",
            "0 0 ? * 0",
            "TZ=UTC 0 0 * * *",
            "5/15 * * * *",
        ] {
            assert_eq!(cron_error(good), None, "{good}");
        }
        for bad in [
            "",
            "* * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 7",
            "*/0 * * * *",
            "@often",
            "a * * * *",
            "5-1 * * * *",
            "0 0 0 * * *",
        ] {
            assert!(cron_error(bad).is_some(), "{bad}");
        }
    }
}
