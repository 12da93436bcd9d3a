//! Timestamps as go-yaml recognizes them, by the rules of Go's `time.Parse`.

use std::fmt::Write as _;

/// A moment as written: date, time of day and offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timestamp {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    nanosecond: u32,
    /// Minutes east of UTC.
    offset: i32,
}

/// Reads one of the four forms: `2006-1-2T15:4:5.9Z07:00` (or `t`), `2006-1-2 15:4:5.9`, `2006-1-2`.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes.get(4) != Some(&b'-') || !bytes.iter().take(4).all(u8::is_ascii_digit) {
        return None;
    }
    let year: u32 = text.get(..4)?.parse().ok()?;
    let mut rest = text.get(5..)?;
    let month = number(&mut rest)?;
    expect(&mut rest, b'-')?;
    let day = number(&mut rest)?;
    let mut time = Timestamp { year, month, day, hour: 0, minute: 0, second: 0, nanosecond: 0, offset: 0 };
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    match rest.bytes().next() {
        None => return Some(time),
        Some(b'T' | b't') => {
            rest = rest.get(1..)?;
            time_of_day(&mut rest, &mut time)?;
            time.offset = zone(&mut rest)?;
        }
        Some(b' ') => {
            rest = rest.trim_start_matches(' ');
            time_of_day(&mut rest, &mut time)?;
        }
        Some(_) => return None,
    }
    rest.is_empty().then_some(time)
}

/// One or two digits.
fn number(rest: &mut &str) -> Option<u32> {
    let len = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let value = rest.get(..len)?.parse().ok()?;
    *rest = rest.get(len..)?;
    Some(value)
}

fn expect(rest: &mut &str, byte: u8) -> Option<()> {
    if rest.bytes().next()? != byte {
        return None;
    }
    *rest = rest.get(1..)?;
    Some(())
}

fn time_of_day(rest: &mut &str, time: &mut Timestamp) -> Option<()> {
    time.hour = number(rest).filter(|hour| *hour < 24)?;
    expect(rest, b':')?;
    time.minute = number(rest).filter(|minute| *minute < 60)?;
    expect(rest, b':')?;
    time.second = number(rest).filter(|second| *second < 60)?;
    let bytes = rest.as_bytes();
    if matches!(bytes.first(), Some(b'.' | b',')) && bytes.get(1).is_some_and(u8::is_ascii_digit) {
        let len = bytes.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
        for place in 0..9 {
            let digit = bytes.get(1 + place).filter(|_| place < len).map_or(0, |byte| u32::from(byte - b'0'));
            time.nanosecond = time.nanosecond * 10 + digit;
        }
        *rest = rest.get(1 + len..)?;
    }
    Some(())
}

/// `Z` or `+07:00`.
fn zone(rest: &mut &str) -> Option<i32> {
    if let Some(after) = rest.strip_prefix('Z') {
        *rest = after;
        return Some(0);
    }
    let sign = match rest.bytes().next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let part = |range: std::ops::Range<usize>| -> Option<i32> {
        let digits = rest.get(range)?;
        if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
    };
    if rest.as_bytes().get(3) != Some(&b':') {
        return None;
    }
    let hour = part(1..3).filter(|hour| *hour <= 24)?;
    let minute = part(4..6).filter(|minute| *minute <= 60)?;
    *rest = rest.get(6..)?;
    Some(sign * (hour * 60 + minute))
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

impl Timestamp {
    /// Go's `time.RFC3339Nano`.
    pub(super) fn to_rfc3339(self) -> String {
        let Self { year, month, day, hour, minute, second, nanosecond, offset } = self;
        let mut out = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if nanosecond > 0 {
            let digits = format!("{nanosecond:09}");
            out.push('.');
            out.push_str(digits.trim_end_matches('0'));
        }
        if offset == 0 {
            out.push('Z');
        } else {
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs();
            // Writing to a string cannot fail.
            let _ = write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, want) in [
            ("2020-01-01", Some("2020-01-01T00:00:00Z")),
            ("2020-1-1", Some("2020-01-01T00:00:00Z")),
            ("2001-12-14t21:59:43.10-05:00", Some("2001-12-14T21:59:43.1-05:00")),
            ("2001-12-14T21:59:43Z", Some("2001-12-14T21:59:43Z")),
            ("2001-12-14 21:59:43.1", Some("2001-12-14T21:59:43.1Z")),
            ("2001-12-14   1:5:3", Some("2001-12-14T01:05:03Z")),
            ("2001-12-14 21:59:43.10 -5", None),
            ("2019-02-29", None),
            ("2020-02-29", Some("2020-02-29T00:00:00Z")),
            ("2020-13-01", None),
            ("2020-01", None),
            ("20200101", None),
            ("2001-12-14T24:00:00Z", None),
            ("2001-12-14T21:59:43", None),
        ] {
            assert_eq!(parse(text).map(Timestamp::to_rfc3339).as_deref(), want, "{text}");
        }
    }
}
