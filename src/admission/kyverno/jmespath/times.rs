//! Functions about times and durations. Mirrors `time.go` of `pkg/engine/jmespath`.

use crate::golang::time::{Duration, Time};

use super::Stop;
use super::functions::{Arguments, Result, failed};
use super::value::Value;

const RFC3339: &str = "2006-01-02T15:04:05Z07:00";

fn time(it: &Arguments<'_, '_>, index: usize) -> std::result::Result<Time, Stop> {
    parse(RFC3339, it.text(index)?)
}

fn parse(layout: &str, text: &str) -> std::result::Result<Time, Stop> {
    Time::parse(layout, text).map_err(|_| Stop::Failed(format!("`{text}` is no time")))
}

fn duration(it: &Arguments<'_, '_>, index: usize) -> std::result::Result<Duration, Stop> {
    let text = it.text(index)?;
    Duration::parse(text).map_err(|_| Stop::Failed(format!("`{text}` is no duration")))
}

pub(super) fn call(name: &str, it: &Arguments<'_, '_>) -> Result {
    let formatted = |time: &Time| Value::text(time.format(RFC3339));
    Ok(match name {
        "time_since" => {
            let (layout, from, to) = (it.text(0)?, it.text(1)?, it.text(2)?);
            if to.is_empty() {
                return Err(Stop::Unsupported("`time_since` depends on the moment".to_owned()));
            }
            let layout = if layout.is_empty() { RFC3339 } else { layout };
            Value::text(parse(layout, to)?.since(&parse(layout, from)?).to_string())
        }
        "time_to_cron" => {
            let time = time(it, 0)?;
            let civil = time.civil();
            Value::text(format!(
                "{} {} {} {} {}",
                civil.minute,
                civil.hour,
                civil.day,
                civil.month,
                time.week_day()
            ))
        }
        "time_add" => formatted(&time(it, 0)?.add(duration(it, 1)?)),
        "time_parse" => {
            let (layout, text) = (it.text(0)?, it.text(1)?);
            if layout.parse::<i64>().is_err() {
                return Ok(formatted(&parse(layout, text)?));
            }
            match text.parse::<i64>() {
                Ok(seconds) => formatted(&Time::unix(seconds, 0)),
                Err(_) => return failed(format!("`{text}` is no number of seconds")),
            }
        }
        "time_utc" => formatted(&time(it, 0)?.utc()),
        "time_diff" => Value::text(time(it, 1)?.since(&time(it, 0)?).to_string()),
        "time_before" => Value::Bool(time(it, 0)?.is_before(&time(it, 1)?)),
        "time_after" => Value::Bool(time(it, 1)?.is_before(&time(it, 0)?)),
        "time_between" => {
            let (at, from, to) = (time(it, 0)?, time(it, 1)?, time(it, 2)?);
            Value::Bool(from.is_before(&at) && at.is_before(&to))
        }
        other => return Err(Stop::Unsupported(format!("it uses `{other}`"))),
    })
}
