//! `time.Parse`.

use std::fmt;

use super::layout::{Chunk, Offset, next_chunk};
use super::{MONTHS, Time, UTC, WEEK_DAYS, Zone, days_before_month, quote};

/// Why a text is no time by a layout, in Go's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeError(String);

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TimeError {}

/// Why a part of the text does not fit its chunk.
enum Misfit {
    /// It is something else.
    Bad,
    /// It is a number, but too large; the name of what it is.
    Range(&'static str),
}

/// What has been read so far.
#[derive(Default)]
struct Parts {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanoseconds: i64,
    /// The text had `Z` or `UTC`.
    utc: bool,
    offset: Option<i32>,
    zone_name: String,
    pm: Option<bool>,
}

/// The text that is left to read.
struct Input<'a>(&'a [u8]);

pub(super) fn parse(layout: &str, value: &str) -> Result<Time, TimeError> {
    let mut parts = Parts::default();
    let mut input = Input(value.as_bytes());
    let mut rest = layout;
    loop {
        let (before, written, chunk, after) = match next_chunk(rest) {
            Some((before, written, chunk, after)) => (before, written, Some(chunk), after),
            None => (rest, "", None, ""),
        };
        let mismatch = |rest: &[u8], part: &str| {
            TimeError(format!(
                "parsing time {} as {}: cannot parse {} as {}",
                quote(value.as_bytes()),
                quote(layout.as_bytes()),
                quote(rest),
                quote(part.as_bytes())
            ))
        };
        input.skip(before).map_err(|_| mismatch(input.0, before))?;
        let Some(chunk) = chunk else { break };
        rest = after;
        let held = input.0;
        match parts.read(&mut input, chunk, rest) {
            Ok(()) => {}
            Err(Misfit::Bad) => return Err(mismatch(held, written)),
            Err(Misfit::Range(what)) => return Err(with_message(value, &format!("{what} out of range"))),
        }
    }
    if !input.0.is_empty() {
        return Err(with_message(value, &format!("extra text: {}", quote(input.0))));
    }
    parts.finish().map_err(|message| with_message(value, message))
}

fn with_message(value: &str, message: &str) -> TimeError {
    TimeError(format!("parsing time {}: {message}", quote(value.as_bytes())))
}

impl<'a> Input<'a> {
    fn starts_with_digit(&self) -> bool {
        self.0.first().is_some_and(u8::is_ascii_digit)
    }

    fn advance(&mut self, bytes: usize) {
        self.0 = self.0.get(bytes..).unwrap_or_default();
    }

    fn take(&mut self, bytes: usize) -> Result<&'a [u8], Misfit> {
        let (taken, rest) = self.0.split_at_checked(bytes).ok_or(Misfit::Bad)?;
        self.0 = rest;
        Ok(taken)
    }

    fn take_if(&mut self, byte: u8) -> bool {
        let found = self.0.first() == Some(&byte);
        if found {
            self.advance(1);
        }
        found
    }

    /// Skips the text between two chunks. A run of blanks stands for one of any length, and for none at the end.
    fn skip(&mut self, text: &str) -> Result<(), Misfit> {
        let mut text = text.as_bytes();
        while let [first, rest @ ..] = text {
            if *first == b' ' {
                if !self.0.is_empty() && self.0.first() != Some(&b' ') {
                    return Err(Misfit::Bad);
                }
                text = text.trim_ascii_start_blanks();
                self.0 = self.0.trim_ascii_start_blanks();
                continue;
            }
            if !self.take_if(*first) {
                return Err(Misfit::Bad);
            }
            text = rest;
        }
        Ok(())
    }

    /// A number of one or two digits; of two, if it is fixed.
    fn number(&mut self, fixed: bool) -> Result<i64, Misfit> {
        let digits = match self.0 {
            [a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit() => 2,
            [a, ..] if a.is_ascii_digit() && !fixed => 1,
            _ => return Err(Misfit::Bad),
        };
        integer(self.take(digits)?)
    }

    /// One of the names, in any case: its position.
    fn name(&mut self, names: &[&str], letters: Option<usize>) -> Result<i64, Misfit> {
        let matches = |name: &&str| {
            let name = name.as_bytes();
            let name = name.get(..letters.unwrap_or(name.len())).unwrap_or(name);
            self.0.get(..name.len()).is_some_and(|text| text.eq_ignore_ascii_case(name)).then_some(name.len())
        };
        let (at, len) =
            names.iter().enumerate().find_map(|(at, name)| Some((at, matches(name)?))).ok_or(Misfit::Bad)?;
        self.advance(len);
        i64::try_from(at).map_err(|_| Misfit::Bad)
    }

    /// A point or comma and digits, so many bytes in all: nanoseconds.
    fn fraction(&mut self, bytes: usize) -> Result<i64, Misfit> {
        let text = self.take(bytes)?;
        let (mark, digits) = text.split_first().ok_or(Misfit::Bad)?;
        if !matches!(mark, b'.' | b',') {
            return Err(Misfit::Bad);
        }
        let digits = digits.get(..digits.len().min(9)).unwrap_or(digits);
        let value = integer(digits)?;
        if value < 0 {
            return Err(Misfit::Range("fractional second"));
        }
        let missing = 9u32.saturating_sub(u32::try_from(digits.len()).unwrap_or(9));
        Ok(value * 10i64.pow(missing))
    }

    /// How many bytes a point or comma and the digits behind it have.
    fn fraction_len(&self) -> Option<usize> {
        let digits = self.0.strip_prefix(b".").or_else(|| self.0.strip_prefix(b","))?;
        let len = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (len > 0).then_some(len + 1)
    }
}

trait TrimBlanks {
    fn trim_ascii_start_blanks(&self) -> &Self;
}

impl TrimBlanks for [u8] {
    fn trim_ascii_start_blanks(&self) -> &Self {
        let blanks = self.iter().take_while(|byte| **byte == b' ').count();
        self.get(blanks..).unwrap_or_default()
    }
}

/// The package's own `atoi`: a sign and digits. None at all are zero.
fn integer(text: &[u8]) -> Result<i64, Misfit> {
    let text = std::str::from_utf8(text).map_err(|_| Misfit::Bad)?;
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Misfit::Bad);
    }
    let value = if digits.is_empty() { 0 } else { digits.parse::<i64>().map_err(|_| Misfit::Bad)? };
    Ok(if text.starts_with('-') { -value } else { value })
}

impl Parts {
    /// Reads one chunk; `layout` is what follows it in the layout.
    fn read(&mut self, input: &mut Input<'_>, chunk: Chunk, layout: &str) -> Result<(), Misfit> {
        let within = |value: i64, range: std::ops::RangeInclusive<i64>, what| {
            if range.contains(&value) { Ok(value) } else { Err(Misfit::Range(what)) }
        };
        match chunk {
            Chunk::Year => {
                let year = integer(input.take(2)?)?;
                self.year = if year >= 69 { year + 1900 } else { year + 2000 };
            }
            Chunk::LongYear => {
                if !input.starts_with_digit() {
                    return Err(Misfit::Bad);
                }
                self.year = integer(input.take(4)?)?;
            }
            Chunk::Month => self.month = Some(input.name(&MONTHS, Some(3))? + 1),
            Chunk::LongMonth => self.month = Some(input.name(&MONTHS, None)? + 1),
            Chunk::NumMonth | Chunk::ZeroMonth => {
                let month = input.number(chunk == Chunk::ZeroMonth)?;
                self.month = Some(within(month, 1..=12, "month")?);
            }
            Chunk::WeekDay => {
                input.name(&WEEK_DAYS, Some(3))?;
            }
            Chunk::LongWeekDay => {
                input.name(&WEEK_DAYS, None)?;
            }
            Chunk::Day | Chunk::UnderDay | Chunk::ZeroDay => {
                if chunk == Chunk::UnderDay {
                    input.take_if(b' ');
                }
                self.day = Some(input.number(chunk == Chunk::ZeroDay)?);
            }
            Chunk::UnderYearDay | Chunk::ZeroYearDay => {
                let fixed = chunk == Chunk::ZeroYearDay;
                if !fixed {
                    let _ = input.take_if(b' ') && input.take_if(b' ');
                }
                let digits = input.0.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
                if digits == 0 || fixed && digits != 3 {
                    return Err(Misfit::Bad);
                }
                self.year_day = Some(integer(input.take(digits)?)?);
            }
            Chunk::Hour => self.hour = within(input.number(false)?, 0..=23, "hour")?,
            Chunk::Hour12 | Chunk::ZeroHour12 => {
                self.hour = within(input.number(chunk == Chunk::ZeroHour12)?, 0..=12, "hour")?;
            }
            Chunk::Minute | Chunk::ZeroMinute => {
                self.minute = within(input.number(chunk == Chunk::ZeroMinute)?, 0..=59, "minute")?;
            }
            Chunk::Second | Chunk::ZeroSecond => {
                self.second = within(input.number(chunk == Chunk::ZeroSecond)?, 0..=59, "second")?;
                // A fraction may follow, also where the layout has none.
                let expected = matches!(next_chunk(layout), Some((_, _, Chunk::Fraction { .. }, _)));
                if let Some(len) = input.fraction_len().filter(|_| !expected) {
                    self.nanoseconds = input.fraction(len)?;
                }
            }
            Chunk::UpperPm | Chunk::LowerPm => {
                self.pm = match (chunk, input.take(2)?) {
                    (Chunk::UpperPm, b"PM") | (Chunk::LowerPm, b"pm") => Some(true),
                    (Chunk::UpperPm, b"AM") | (Chunk::LowerPm, b"am") => Some(false),
                    _ => return Err(Misfit::Bad),
                };
            }
            Chunk::Offset(offset) => {
                if offset.z && input.take_if(b'Z') {
                    self.utc = true;
                } else {
                    self.offset = Some(read_offset(input, offset)?);
                }
            }
            Chunk::ZoneName => {
                if input.0.starts_with(b"UTC") {
                    input.advance(3);
                    self.utc = true;
                } else {
                    let len = zone_name_len(input.0).ok_or(Misfit::Bad)?;
                    self.zone_name = String::from_utf8_lossy(input.take(len)?).into_owned();
                }
            }
            Chunk::Fraction { digits, trimmed: false, .. } => {
                self.nanoseconds = input.fraction(digits + 1)?;
            }
            Chunk::Fraction { .. } => {
                if let Some(len) = input.fraction_len() {
                    self.nanoseconds = input.fraction(len)?;
                }
            }
        }
        Ok(())
    }

    /// The time that has been read.
    fn finish(mut self) -> Result<Time, &'static str> {
        match self.pm {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        let days_in =
            |month: i64| days_before_month(self.year, month + 1) - days_before_month(self.year, month);
        if let Some(year_day) = self.year_day {
            let before = |month: i64| days_before_month(self.year, month) - days_before_month(self.year, 1);
            let year_day = i128::from(year_day);
            if year_day < 1 || year_day > before(13) {
                return Err("day-of-year out of range");
            }
            let month = (1..=12).rev().find(|month| before(*month) < year_day).unwrap_or(1);
            let day = i64::try_from(year_day - before(month)).unwrap_or(1);
            if self.month.is_some_and(|own| own != month) {
                return Err("day-of-year does not match month");
            }
            if self.day.is_some_and(|own| own != day) {
                return Err("day-of-year does not match day");
            }
            (self.month, self.day) = (Some(month), Some(day));
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if day < 1 || i128::from(day) > days_in(month) {
            return Err("day out of range");
        }
        let clock = (self.hour, self.minute, self.second);
        let mut time = Time::date(self.year, month, day, clock, self.nanoseconds);
        if self.utc {
            return Ok(time);
        }
        // Go takes -1 for none.
        if let Some(offset) = self.offset.filter(|offset| *offset != -1) {
            time.seconds -= i64::from(offset);
            if offset != 0 || !matches!(self.zone_name.as_str(), "" | "UTC") {
                time.zone = Zone { name: self.zone_name.into(), offset };
            }
        } else if !self.zone_name.is_empty() {
            // Go knows no offset of a zone by its name, but shows the name.
            let hours = self.zone_name.strip_prefix("GMT").and_then(|hours| integer(hours.as_bytes()).ok());
            let offset = i32::try_from(hours.unwrap_or(0) * 3600).unwrap_or_default();
            time.zone = Zone { name: self.zone_name.into(), offset };
        } else {
            time.zone = UTC;
        }
        Ok(time)
    }
}

fn read_offset(input: &mut Input<'_>, form: Offset) -> Result<i32, Misfit> {
    let colon = usize::from(form.colons);
    let places = usize::from(form.minutes) + usize::from(form.seconds);
    let text = input.take(3 + places * (2 + colon))?;
    let colons_fit = (1..=places).all(|place| !form.colons || text.get(place * 3) == Some(&b':'));
    if !colons_fit {
        return Err(Misfit::Bad);
    }
    let limits =
        [(24, "time zone offset hour"), (60, "time zone offset minute"), (60, "time zone offset second")];
    // Go stops at the first that is no number, then looks at their size; of several that are too large it
    // names the last.
    let mut numbers = [0; 3];
    let mut fits = true;
    for (place, number) in numbers.iter_mut().enumerate().take(places + 1) {
        let start = 1 + place * (2 + colon);
        match text.get(start..start + 2).map(|digits| Input(digits).number(true)) {
            Some(Ok(value)) => *number = value,
            _ => {
                fits = false;
                break;
            }
        }
    }
    for (number, (limit, what)) in numbers.iter().zip(limits).rev() {
        if *number > limit {
            return Err(Misfit::Range(what));
        }
    }
    let [hours, minutes, seconds] = numbers;
    let offset = i32::try_from((hours * 60 + minutes) * 60 + seconds).unwrap_or_default();
    match text.first() {
        Some(b'+') if fits => Ok(offset),
        Some(b'-') if fits => Ok(-offset),
        _ => Err(Misfit::Bad),
    }
}

/// How many bytes at the start of a text look like the name of a zone.
fn zone_name_len(text: &[u8]) -> Option<usize> {
    // A sign and at most 23 hours.
    let offset_len = |text: &[u8]| {
        let digits = text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"-"))?;
        let len = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let hours = integer(digits.get(..len)?).ok()?;
        (len > 0 && hours <= 23).then_some(len + 1)
    };
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(rest) = text.strip_prefix(b"GMT") {
        return Some(3 + offset_len(rest).unwrap_or(0));
    }
    if text.starts_with(b"+") || text.starts_with(b"-") {
        return offset_len(text);
    }
    match text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count() {
        3 => Some(3),
        4 if text.get(3) == Some(&b'T') || text.starts_with(b"WITA") => Some(4),
        5 if text.get(4) == Some(&b'T') => Some(5),
        _ => None,
    }
}
