//! Schedules of `github.com/robfig/cron/v3`: CronJobs, and sync windows of Argo CD.
//!
//! Whether a time zone exists is not asked: it depends on the machine.

use super::strconv::atoi;
use super::time::Duration;

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// One of the five fields.
struct Field {
    name: &'static str,
    low: i64,
    high: i64,
    /// The names of the values, the lowest first.
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", low: 0, high: 59, names: &[] },
    Field { name: "hour", low: 0, high: 23, names: &[] },
    Field { name: "day of month", low: 1, high: 31, names: &[] },
    Field { name: "month", low: 1, high: 12, names: MONTHS },
    Field { name: "day of week", low: 0, high: 6, names: DAYS },
];

/// Which forms of a schedule are read besides the five fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Descriptors {
    /// `@daily`, `@every 1h`: `cron.ParseStandard`, as for CronJobs.
    Allowed,
    /// None: the parser of Argo CD's sync windows.
    Refused,
}

/// What is wrong with a schedule, in our words; `None` when nothing is.
pub fn cron_error(schedule: &str, descriptors: Descriptors) -> Option<String> {
    if schedule.is_empty() {
        return Some("it is empty".to_owned());
    }
    let mut text = schedule;
    if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
        match text.split_once(' ') {
            Some((_, rest)) => text = rest.trim(),
            None => return Some("there is nothing behind the time zone".to_owned()),
        }
    }
    if text.starts_with('@') {
        return descriptor_error(text, descriptors);
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Some(format!("it has {} fields instead of {}", fields.len(), FIELDS.len()));
    }
    FIELDS.iter().zip(fields).find_map(|(field, text)| {
        let mut parts = text.split(',').filter(|part| !part.is_empty());
        parts.find_map(|part| field.error(part).map(|why| format!("{} `{part}`: {why}", field.name)))
    })
}

fn descriptor_error(text: &str, descriptors: Descriptors) -> Option<String> {
    const KNOWN: [&str; 7] =
        ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
    if descriptors == Descriptors::Refused {
        return Some(format!("descriptors such as `{text}` are not understood here"));
    }
    if KNOWN.contains(&text) {
        return None;
    }
    match text.strip_prefix("@every ").map(Duration::parse) {
        Some(Ok(_)) => None,
        Some(Err(_)) => Some(format!("`{text}` has no duration such as `1h30m`")),
        None => Some(format!("`{text}` is not known")),
    }
}

impl Field {
    /// What is wrong with `*`, `5`, `1-5`, `*/15`, `mon-fri`, `10-50/10`.
    fn error(&self, part: &str) -> Option<String> {
        let halves: Vec<&str> = part.split('/').collect();
        let bounds: Vec<&str> = halves.first().unwrap_or(&"").split('-').collect();
        let first = bounds.first().copied().unwrap_or_default();
        let (start, mut end) = match (first, bounds.get(1)) {
            ("*" | "?", _) => (self.low, self.high),
            _ if bounds.len() > 2 => return Some("more than one `-`".to_owned()),
            (_, last) => match (self.value(first), self.value(last.unwrap_or(&first))) {
                (Some(start), Some(end)) => (start, end),
                (None, _) => return Some(format!("`{first}` is not a number")),
                (_, None) => return Some(format!("`{}` is not a number", last.unwrap_or(&first))),
            },
        };
        match halves.get(1..).unwrap_or_default() {
            [] => {}
            [step] => {
                match number(step) {
                    None => return Some(format!("`{step}` is not a number")),
                    Some(0) => return Some("a step of 0".to_owned()),
                    Some(_) => {}
                }
                // `5/15` goes on to the end.
                if bounds.len() == 1 {
                    end = self.high;
                }
            }
            _ => return Some("more than one `/`".to_owned()),
        }
        if start < self.low {
            Some(format!("{start} is below {}", self.low))
        } else if end > self.high {
            Some(format!("{end} is above {}", self.high))
        } else if start > end {
            Some(format!("{start} is behind {end}"))
        } else {
            None
        }
    }

    fn value(&self, text: &str) -> Option<i64> {
        let name = text.to_lowercase();
        let named = (self.low..).zip(self.names).find(|(_, own)| **own == name);
        named.map(|(value, _)| value).or_else(|| number(text))
    }
}

fn number(text: &str) -> Option<i64> {
    atoi(text).ok().filter(|value| *value >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golang::golden;

    /// What robfig/cron says, with and without descriptors: `fixtures/golang/cron.jsonl`.
    #[test]
    fn agrees_with_robfig() {
        golden::check(include_str!("../../fixtures/golang/cron.jsonl"), |case| {
            let kinds = [Descriptors::Allowed, Descriptors::Refused];
            kinds.iter().map(|kind| cron_error(case.text(0), *kind).is_none()).collect()
        });
    }

    #[test]
    fn says_what_is_wrong() {
        for (schedule, want) in [
            ("0 3 * * 7", "day of week `7`: 7 is above 6"),
            ("0 22 * *", "it has 4 fields instead of 5"),
            ("* * * * 1,x-2", "day of week `x-2`: `x` is not a number"),
            ("@often", "`@often` is not known"),
        ] {
            assert_eq!(cron_error(schedule, Descriptors::Allowed).as_deref(), Some(want), "{schedule}");
        }
    }
}
