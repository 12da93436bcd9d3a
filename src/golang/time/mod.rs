//! Go's `time`: moments, layouts, durations.
//!
//! Without a clock and without a time zone database: a moment has a fixed offset from UTC, and `Local`, like every zone
//! that is only known by its name, is UTC, as in the containers that render charts.

mod duration;
mod layout;
mod parse;
mod zones;

use std::fmt::{self, Write as _};

use smol_str::SmolStr;

pub use duration::Duration;
use layout::{Chunk, Offset, next_chunk};
pub use parse::TimeError;
pub use zones::{is_time_zone, time_zones};

/// The layout `time.RFC3339Nano`, in which a time becomes JSON.
pub const RFC3339_NANO: &str = "2006-01-02T15:04:05.999999999Z07:00";

/// The months in English, January first.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The days of the week in English, Sunday first.
pub const WEEK_DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const DAY: i64 = 86_400;
/// The start of year 1, which is Go's zero time, in seconds since 1970.
const YEAR_ONE: i64 = -62_135_596_800;

/// A moment, with the offset from UTC in which it is shown. Times are equal if they show the same; `is_same_moment`
/// compares what they stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Time {
    /// Since 1970-01-01 00:00:00 UTC.
    seconds: i64,
    nanoseconds: u32,
    zone: Zone,
}

/// The offset from UTC in which a time is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Zone {
    name: SmolStr,
    /// In seconds, to the east.
    offset: i32,
}

const UTC: Zone = Zone { name: SmolStr::new_static("UTC"), offset: 0 };

/// A calendar date with the time of the day, each in its natural range; the month is 1 to 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    /// The year; 0 is the one before 1.
    pub year: i64,
    /// The month, 1 to 12.
    pub month: u32,
    /// The day of the month, 1 to 31.
    pub day: u32,
    /// The hour, 0 to 23.
    pub hour: u32,
    /// The minute, 0 to 59.
    pub minute: u32,
    /// The second, 0 to 59.
    pub second: u32,
}

impl Default for Time {
    /// Go's zero time, the first of January of year 1.
    fn default() -> Self {
        Self { seconds: YEAR_ONE, nanoseconds: 0, zone: UTC }
    }
}

impl Time {
    /// `time.Unix(seconds, nanoseconds)` in UTC. The nanoseconds may be any number.
    pub fn unix(seconds: i64, nanoseconds: i64) -> Self {
        Self::from_nanoseconds(i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds), UTC)
    }

    fn from_nanoseconds(nanoseconds: i128, zone: Zone) -> Self {
        let seconds = nanoseconds.div_euclid(1_000_000_000);
        let seconds = i64::try_from(seconds).unwrap_or(if seconds < 0 { i64::MIN } else { i64::MAX });
        Self { seconds, nanoseconds: nanoseconds.rem_euclid(1_000_000_000) as u32, zone }
    }

    fn total_nanoseconds(&self) -> i128 {
        i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanoseconds)
    }

    /// `time.Date(..., time.UTC)`: numbers outside of their range carry over, so that October 32 is November 1.
    pub fn date(year: i64, month: i64, day: i64, clock: (i64, i64, i64), nanoseconds: i64) -> Self {
        let days = days_before_month(year, month).saturating_add(i128::from(day) - 1);
        let (hour, minute, second) = clock;
        let of_day = (i128::from(hour) * 60 + i128::from(minute)) * 60 + i128::from(second);
        let seconds = days.saturating_mul(i128::from(DAY)).saturating_add(of_day);
        let nanoseconds = seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds.into());
        Self::from_nanoseconds(nanoseconds, UTC)
    }

    /// Reads a time by a layout, as `time.Parse` does. What the layout leaves out is the start of year 0, in UTC.
    pub fn parse(layout: &str, value: &str) -> Result<Self, TimeError> {
        parse::parse(layout, value)
    }

    /// `Unix`: the seconds since 1970.
    pub fn unix_seconds(&self) -> i64 {
        self.seconds
    }

    /// `UnixMilli`.
    pub fn unix_milliseconds(&self) -> i64 {
        self.seconds.wrapping_mul(1000).wrapping_add(i64::from(self.nanoseconds / 1_000_000))
    }

    /// `UnixMicro`.
    pub fn unix_microseconds(&self) -> i64 {
        self.seconds.wrapping_mul(1_000_000).wrapping_add(i64::from(self.nanoseconds / 1000))
    }

    /// `UnixNano`, which wraps around outside of the years 1678 to 2262.
    pub fn unix_nanoseconds(&self) -> i64 {
        self.seconds.wrapping_mul(1_000_000_000).wrapping_add(self.nanoseconds.into())
    }

    /// `Nanosecond`: the part below a second.
    pub fn nanosecond(&self) -> u32 {
        self.nanoseconds
    }

    /// The offset from UTC in seconds, to the east.
    pub fn offset(&self) -> i32 {
        self.zone.offset
    }

    /// The name of the zone; may be empty.
    pub fn zone_name(&self) -> &str {
        &self.zone.name
    }

    /// `UTC`, and `Local` as well: the same moment, shown in UTC.
    pub fn utc(&self) -> Self {
        Self { zone: UTC, ..self.clone() }
    }

    /// `In(time.FixedZone(name, offset))`: the same moment, shown elsewhere.
    pub fn in_zone(&self, name: &str, offset: i32) -> Self {
        Self { zone: Zone { name: name.into(), offset }, ..self.clone() }
    }

    /// Whether this is Go's zero time.
    pub fn is_zero(&self) -> bool {
        self.seconds == YEAR_ONE && self.nanoseconds == 0
    }

    /// `Equal`, wherever the two are shown.
    pub fn is_same_moment(&self, other: &Self) -> bool {
        self.total_nanoseconds() == other.total_nanoseconds()
    }

    /// `Before`; `After` is the same with the sides swapped.
    pub fn is_before(&self, other: &Self) -> bool {
        self.total_nanoseconds() < other.total_nanoseconds()
    }

    /// `Add`.
    pub fn add(&self, duration: Duration) -> Self {
        Self::from_nanoseconds(self.total_nanoseconds() + i128::from(duration.0), self.zone.clone())
    }

    /// `Sub`: the span from the other time to this one, or the greatest there is.
    pub fn since(&self, other: &Self) -> Duration {
        let span = self.total_nanoseconds() - other.total_nanoseconds();
        Duration(i64::try_from(span).unwrap_or(if span < 0 { i64::MIN } else { i64::MAX }))
    }

    /// `AddDate`: January 31 and a month is March 3 or 2.
    pub fn add_date(&self, years: i64, months: i64, days: i64) -> Self {
        let civil = self.civil();
        let clock = (i64::from(civil.hour), i64::from(civil.minute), i64::from(civil.second));
        let date = Self::date(
            civil.year.saturating_add(years),
            i64::from(civil.month).saturating_add(months),
            i64::from(civil.day).saturating_add(days),
            clock,
            self.nanoseconds.into(),
        );
        let seconds = date.seconds.saturating_sub(self.zone.offset.into());
        Self { seconds, nanoseconds: date.nanoseconds, zone: self.zone.clone() }
    }

    /// The days since 1970 and the seconds of the day, where the time is shown.
    fn local(&self) -> (i64, u32) {
        let seconds = self.seconds.saturating_add(self.zone.offset.into());
        (seconds.div_euclid(DAY), seconds.rem_euclid(DAY) as u32)
    }

    /// The date and the time of the day, where the time is shown.
    pub fn civil(&self) -> Civil {
        let (days, second) = self.local();
        // Days since the first of March of year 0, in which leap days come last.
        let days = days + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Civil {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: month as u32,
            day: (day_of_year - (153 * from_march + 2) / 5 + 1) as u32,
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
        }
    }

    /// `Weekday`: 0 is Sunday.
    pub fn week_day(&self) -> usize {
        (self.local().0 + 4).rem_euclid(7) as usize
    }

    /// `YearDay`: 1 to 366.
    pub fn year_day(&self) -> u32 {
        let days = i128::from(self.local().0) - days_before_month(self.civil().year, 1);
        u32::try_from(days).unwrap_or_default() + 1
    }

    /// `ISOWeek`: the year and the week in it, 1 to 53.
    pub fn iso_week(&self) -> (i64, u32) {
        // A week belongs to the year of its Thursday.
        let (days, _) = self.local();
        let thursday = days + 3 - (self.week_day() as i64 + 6) % 7;
        let thursday = Self { seconds: thursday.saturating_mul(DAY), nanoseconds: 0, zone: UTC };
        (thursday.civil().year, (thursday.year_day() - 1) / 7 + 1)
    }

    /// `Format`.
    pub fn format(&self, layout: &str) -> String {
        let mut out = String::with_capacity(layout.len() + 8);
        let civil = self.civil();
        let mut rest = layout;
        while let Some((before, _, chunk, after)) = next_chunk(rest) {
            out.push_str(before);
            self.push_chunk(&mut out, chunk, civil);
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn push_chunk(&self, out: &mut String, chunk: Chunk, civil: Civil) {
        let month = MONTHS.get(civil.month as usize - 1).copied().unwrap_or_default();
        let week_day = WEEK_DAYS.get(self.week_day()).copied().unwrap_or_default();
        let hour_12 = (civil.hour + 11) % 12 + 1;
        let short = |name: &str| name.get(..3).unwrap_or_default().to_owned();
        let text = match chunk {
            Chunk::LongMonth => month.to_owned(),
            Chunk::Month => short(month),
            Chunk::NumMonth => civil.month.to_string(),
            Chunk::ZeroMonth => format!("{:02}", civil.month),
            Chunk::LongWeekDay => week_day.to_owned(),
            Chunk::WeekDay => short(week_day),
            Chunk::Day => civil.day.to_string(),
            Chunk::UnderDay => format!("{:2}", civil.day),
            Chunk::ZeroDay => format!("{:02}", civil.day),
            Chunk::UnderYearDay => format!("{:3}", self.year_day()),
            Chunk::ZeroYearDay => format!("{:03}", self.year_day()),
            Chunk::Hour => format!("{:02}", civil.hour),
            Chunk::Hour12 => hour_12.to_string(),
            Chunk::ZeroHour12 => format!("{hour_12:02}"),
            Chunk::Minute => civil.minute.to_string(),
            Chunk::ZeroMinute => format!("{:02}", civil.minute),
            Chunk::Second => civil.second.to_string(),
            Chunk::ZeroSecond => format!("{:02}", civil.second),
            Chunk::LongYear if civil.year < 0 => format!("-{:04}", civil.year.unsigned_abs()),
            Chunk::LongYear => format!("{:04}", civil.year),
            Chunk::Year => format!("{:02}", civil.year.unsigned_abs() % 100),
            Chunk::UpperPm => if civil.hour >= 12 { "PM" } else { "AM" }.to_owned(),
            Chunk::LowerPm => if civil.hour >= 12 { "pm" } else { "am" }.to_owned(),
            Chunk::ZoneName if self.zone.name.is_empty() => {
                self.offset_text(Offset { z: false, colons: false, minutes: true, seconds: false })
            }
            Chunk::ZoneName => self.zone.name.to_string(),
            Chunk::Offset(offset) => self.offset_text(offset),
            Chunk::Fraction { digits, trimmed, comma } => self.fraction_text(digits, trimmed, comma),
        };
        out.push_str(&text);
    }

    fn offset_text(&self, form: Offset) -> String {
        if form.z && self.zone.offset == 0 {
            return "Z".to_owned();
        }
        // The sign is that of the minutes: an offset of less than one has none.
        let minutes = self.zone.offset / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let seconds = if minutes < 0 { -(self.zone.offset % 60) } else { self.zone.offset % 60 };
        let minutes = minutes.unsigned_abs();
        let colon = if form.colons { ":" } else { "" };
        // Writing to a string cannot fail.
        let mut text = format!("{sign}{:02}", minutes / 60);
        if form.minutes {
            let _ = write!(text, "{colon}{:02}", minutes % 60);
        }
        if form.seconds {
            let _ = write!(text, "{colon}{seconds:02}");
        }
        text
    }

    fn fraction_text(&self, digits: usize, trimmed: bool, comma: bool) -> String {
        if trimmed && self.nanoseconds == 0 {
            return String::new();
        }
        let mut text = format!("{:09}", self.nanoseconds);
        text.truncate(digits);
        if trimmed {
            text.truncate(text.trim_end_matches('0').len());
            if text.is_empty() {
                return text;
            }
        }
        text.insert(0, if comma { ',' } else { '.' });
        text
    }
}

impl fmt::Display for Time {
    /// `String`: what `{{ now }}` prints, but for Go's monotonic clock.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format("2006-01-02 15:04:05.999999999 -0700 MST"))
    }
}

/// The days from 1970 to the start of a month, which may be any number.
fn days_before_month(year: i64, month: i64) -> i128 {
    let months = i128::from(month) - 1;
    let (month, years) = (months.rem_euclid(12), months.div_euclid(12));
    // Years begin in March, so that leap days come last.
    let year = i128::from(year) + years - i128::from(month < 2);
    let from_march = (month + 10) % 12;
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * from_march + 2) / 5;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The package's own quotes: all that is not ASCII is escaped byte by byte.
fn quote(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for byte in text {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(*byte));
            }
            0x20..0x80 => out.push(char::from(*byte)),
            // Writing to a string cannot fail.
            byte => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::golang::golden;
    use crate::golang::strconv::format_g;

    /// What Go says: `fixtures/golang/time.jsonl`.
    #[test]
    fn agrees_with_go() {
        let shown =
            |time: &Time| json!([time.to_string(), time.unix_seconds(), time.offset(), time.zone_name()]);
        golden::check(include_str!("../../../fixtures/golang/time.jsonl"), |case| {
            let int = |at: usize| case.0[at].as_i64().unwrap();
            match case.text(0) {
                "format" => {
                    let time = Time::unix(int(1), int(2)).in_zone(case.text(3), int(4) as i32);
                    let layouts = case.0[5].as_array().unwrap().iter();
                    layouts.map(|layout| time.format(layout.as_str().unwrap())).collect()
                }
                "facts" => {
                    let time = Time::unix(int(1), int(2)).in_zone("", int(3) as i32);
                    let Civil { year, month, day, hour, minute, second } = time.civil();
                    let small = [month, day, hour, minute, second];
                    json!([
                        std::iter::once(year).chain(small.map(i64::from)).collect::<Vec<_>>(),
                        [
                            i64::from(time.year_day()),
                            time.week_day() as i64,
                            time.iso_week().0,
                            i64::from(time.iso_week().1)
                        ],
                        [time.unix_nanoseconds(), time.unix_microseconds(), time.unix_milliseconds()],
                        time.is_zero(),
                        time.add_date(int(4), int(5), int(6)).to_string(),
                        time.add(Duration(int(7))).to_string(),
                        Time::date(int(4), int(5), int(6), (int(4), int(5), int(6)), int(7)).to_string(),
                    ])
                }
                "sub" => Time::unix(int(1), int(2)).since(&Time::unix(int(3), int(4))).to_string().into(),
                "parse" => match Time::parse(case.text(1), case.text(2)) {
                    Ok(time) => shown(&time),
                    Err(error) => error.to_string().into(),
                },
                "duration" => match Duration::parse(case.text(1)) {
                    Ok(duration) => json!([duration.0, duration.to_string(), duration.sprig_round()]),
                    Err(error) => error.to_string().into(),
                },
                "round" => {
                    let (duration, step) = (Duration(int(1)), Duration(int(2)));
                    json!([
                        duration.to_string(),
                        duration.round(step).0,
                        duration.truncate(step).0,
                        format_g(duration.hours()).as_str(),
                        format_g(duration.minutes()).as_str(),
                        format_g(duration.seconds()).as_str(),
                        duration.milliseconds(),
                        duration.microseconds(),
                        duration.sprig_round(),
                    ])
                }
                other => panic!("{other}"),
            }
        });
    }

    #[test]
    fn extremes_do_not_panic() {
        for seconds in [i64::MIN, i64::MAX, 0] {
            let time = Time::unix(seconds, i64::MAX).in_zone("X", i32::MIN);
            assert!(!time.to_string().is_empty());
            for number in [i64::MIN, i64::MAX] {
                assert!(!time.add_date(number, number, number).add(Duration(number)).to_string().is_empty());
                assert!(time.iso_week().1 > 0);
                assert!(
                    !Time::date(number, number, number, (number, number, number), number)
                        .to_string()
                        .is_empty()
                );
            }
        }
        assert!(Time::default().is_zero());
    }
}
