//! Dates and durations.
//!
//! Mirrors sprig's `date.go`. A render must not depend on when it is made, so that `now` is always the same moment,
//! midnight at the start of 2025. There is no time zone database: names other than UTC stand for UTC, as in a container
//! without one.

use std::num::IntErrorKind;
use std::rc::Rc;

use crate::golang::time::{Duration, RFC3339_NANO, Time, WEEK_DAYS};
use crate::gotemplate::{Call, Data, Failure, Function, IntKind, Object, Param, Value};

use super::args::{Result, arg, fixed, text};

/// 2025-01-01 00:00:00 UTC.
const NOW: i64 = 1_735_689_600;

const HTML: &str = "2006-01-02";
const TIME: Param = Param::Object("time.Time");
const STRING_ANY: &[Param] = &[Param::String, Param::Any];
const STRING_ANY_STRING: &[Param] = &[Param::String, Param::Any, Param::String];
const STRING_TIME: &[Param] = &[Param::String, TIME];
const STRING_2: &[Param] = &[Param::String, Param::String];
const ANY: &[Param] = &[Param::Any];

/// The table.
pub(super) static FUNCTIONS: &[Function] = &[
    fixed("now", &[], |_, _| Ok(time_value(now()))),
    fixed("date", STRING_ANY, |_, args| Ok(formatted(text(args, 0), arg(args, 1)))),
    fixed("dateInZone", STRING_ANY_STRING, |_, args| Ok(formatted(text(args, 0), arg(args, 1)))),
    fixed("date_in_zone", STRING_ANY_STRING, |_, args| Ok(formatted(text(args, 0), arg(args, 1)))),
    fixed("htmlDate", ANY, |_, args| Ok(formatted(HTML, arg(args, 0)))),
    fixed("htmlDateInZone", &[Param::Any, Param::String], |_, args| Ok(formatted(HTML, arg(args, 0)))),
    fixed("dateModify", STRING_TIME, |_, args| Ok(modified(args).unwrap_or_else(|_| arg(args, 1).clone()))),
    fixed("date_modify", STRING_TIME, |_, args| Ok(modified(args).unwrap_or_else(|_| arg(args, 1).clone()))),
    fixed("mustDateModify", STRING_TIME, |_, args| modified(args)),
    fixed("must_date_modify", STRING_TIME, |_, args| modified(args)),
    fixed("toDate", STRING_2, |_, args| {
        Ok(time_value(Time::parse(text(args, 0), text(args, 1)).unwrap_or_default()))
    }),
    fixed("mustToDate", STRING_2, |_, args| {
        let time = Time::parse(text(args, 0), text(args, 1));
        Ok(time_value(time.map_err(|error| Failure::new(error.to_string()))?))
    }),
    fixed("unixEpoch", &[TIME], |_, args| {
        Ok(Value::str(time_of(arg(args, 0)).unwrap_or_default().unix_seconds().to_string()))
    }),
    fixed("ago", ANY, |_, args| {
        let time = match arg(args, 0).data {
            // Unlike the others, this one does not take an int32.
            Data::Int(_, IntKind::Int32) => now(),
            _ => moment(arg(args, 0)),
        };
        Ok(Value::str(now().since(&time).round(Duration::SECOND).to_string()))
    }),
    fixed("duration", ANY, |_, args| {
        let seconds = match &arg(args, 0).data {
            Data::Int(seconds, IntKind::Int64) => *seconds,
            Data::Str(_) | Data::Text(_) => decimal(text(args, 0)),
            _ => 0,
        };
        Ok(Value::str(Duration(seconds.wrapping_mul(Duration::SECOND.0)).to_string()))
    }),
    fixed("durationRound", ANY, |_, args| {
        let value = arg(args, 0);
        let duration = match &value.data {
            Data::Int(nanoseconds, IntKind::Int64) => Duration(*nanoseconds),
            Data::Str(_) | Data::Text(_) => Duration::parse(text(args, 0)).unwrap_or_default(),
            _ => time_of(value).map(|time| now().since(&time)).unwrap_or_default(),
        };
        Ok(Value::str(duration.sprig_round()))
    }),
];

fn now() -> Time {
    Time::unix(NOW, 0)
}

/// `time.Time`
#[derive(Debug)]
struct TimeObject(Time);

fn time_value(time: Time) -> Value {
    let object: Rc<dyn Object> = Rc::new(TimeObject(time));
    Value::of(object)
}

fn time_of(value: &Value) -> Option<Time> {
    value.as_object::<TimeObject>().map(|object| object.0.clone())
}

/// A time, or seconds since 1970; everything else is now.
fn moment(value: &Value) -> Time {
    match value.data {
        Data::Int(seconds, IntKind::Int | IntKind::Int32 | IntKind::Int64) => Time::unix(seconds, 0),
        _ => time_of(value).unwrap_or_else(now),
    }
}

fn formatted(layout: &str, value: &Value) -> Value {
    Value::str(moment(value).utc().format(layout))
}

fn modified(args: &[Value]) -> Result {
    let duration = Duration::parse(text(args, 0)).map_err(|error| Failure::new(error.to_string()))?;
    Ok(time_value(time_of(arg(args, 1)).unwrap_or_default().add(duration)))
}

/// `strconv.ParseInt(text, 10, 64)` without its error: 0, or the greatest number there is.
fn decimal(text: &str) -> i64 {
    text.parse().unwrap_or_else(|error: std::num::ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow => i64::MAX,
        IntErrorKind::NegOverflow => i64::MIN,
        _ => 0,
    })
}

impl TimeObject {
    fn without_arguments(&self, name: &str) -> Option<Value> {
        let time = &self.0;
        let civil = time.civil();
        Some(match name {
            "Year" => Value::int(civil.year),
            "Month" => Value::of(Data::Int(civil.month.into(), IntKind::Month)),
            "Day" => Value::int(civil.day.into()),
            "Hour" => Value::int(civil.hour.into()),
            "Minute" => Value::int(civil.minute.into()),
            "Second" => Value::int(civil.second.into()),
            "Nanosecond" => Value::int(time.nanosecond().into()),
            "YearDay" => Value::int(time.year_day().into()),
            "Weekday" => Value::str(WEEK_DAYS.get(time.week_day()).copied().unwrap_or_default()),
            "Unix" => Value::int64(time.unix_seconds()),
            "UnixMilli" => Value::int64(time.unix_milliseconds()),
            "UnixMicro" => Value::int64(time.unix_microseconds()),
            "UnixNano" => Value::int64(time.unix_nanoseconds()),
            "IsZero" => Value::of(time.is_zero()),
            "String" => Value::str(self.print()),
            "UTC" | "Local" => time_value(time.utc()),
            _ => return None,
        })
    }

    fn with_arguments(&self, name: &str, args: &[Value]) -> Option<Result> {
        let time = &self.0;
        let bad = |want: &str, index: usize| {
            let got = arg(args, index).type_name();
            Failure::new(format!("wrong type for value; expected {want}; got {got}"))
        };
        let int = |index: usize| arg(args, index).as_int().ok_or_else(|| bad("int", index));
        let duration = || int(0).map(Duration).map_err(|_| bad("time.Duration", 0));
        let other = || time_of(arg(args, 0)).ok_or_else(|| bad("time.Time", 0));
        let duration_value = |duration: Duration| Value::of(Data::Int(duration.0, IntKind::Duration));
        let to_step = |step: Duration, round: fn(Duration, Duration) -> Duration| {
            let since = Duration(time.unix_nanoseconds());
            time_value(time.add(Duration(round(since, step).0.wrapping_sub(since.0))))
        };
        let count = match name {
            "AddDate" => 3,
            "Format" | "Add" | "Sub" | "After" | "Before" | "Equal" | "Round" | "Truncate" => 1,
            _ => return None,
        };
        if args.len() != count {
            return Some(Err(Failure::new(format!("wrong number of args: want {count} got {}", args.len()))));
        }
        Some(match name {
            "Format" => match arg(args, 0).as_str() {
                Some(layout) => Ok(Value::str(time.format(layout))),
                None => Err(bad("string", 0)),
            },
            "Add" => duration().map(|duration| time_value(time.add(duration))),
            "Sub" => other().map(|other| duration_value(time.since(&other))),
            "After" => other().map(|other| Value::of(other.is_before(time))),
            "Before" => other().map(|other| Value::of(time.is_before(&other))),
            "Equal" => other().map(|other| Value::of(time.is_same_moment(&other))),
            "Round" => duration().map(|step| to_step(step, Duration::round)),
            "Truncate" => duration().map(|step| to_step(step, Duration::truncate)),
            _ => int(0).and_then(|years| Ok(time_value(time.add_date(years, int(1)?, int(2)?)))),
        })
    }
}

impl Object for TimeObject {
    fn type_name(&self) -> String {
        "time.Time".into()
    }

    fn method(&self, name: &str, args: &[Value], _: &mut Call<'_, '_>) -> Option<Result> {
        match self.without_arguments(name) {
            Some(_) if !args.is_empty() => {
                Some(Err(Failure::new(format!("wrong number of args: want 0 got {}", args.len()))))
            }
            Some(value) => Some(Ok(value)),
            None => self.with_arguments(name, args),
        }
    }

    fn print(&self) -> String {
        self.0.to_string()
    }

    fn to_data(&self) -> Option<Value> {
        Some(Value::str(self.0.format(RFC3339_NANO)))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use crate::sprig::testing::{check_table, render};

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../fixtures/gotemplate/sprig/dates.jsonl"));
    }

    #[test]
    fn now_stands_still() {
        for (template, want) in [
            ("{{ now | htmlDate }}", "2025-01-01"),
            ("{{ now.Year }}", "2025"),
            ("{{ now | unixEpoch }}", "1735689600"),
            ("{{ now | ago }} {{ ago \"x\" }}", "0s 0s"),
            ("{{ dateModify \"-36h\" now | ago }}", "36h0m0s"),
            ("{{ date \"2006\" \"whatever\" }}", "2025"),
            ("{{ durationRound (toDate \"2006-01-02\" \"2024-12-29\") }}", "3d"),
        ] {
            assert_eq!(render(template).unwrap(), want, "{template}");
        }
    }
}
