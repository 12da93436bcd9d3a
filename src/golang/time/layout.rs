//! The layouts of `time.Format` and `time.Parse`: an example of how one certain moment is written.

/// What stands in a layout for a part of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunk {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekDay,
    WeekDay,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    ZoneName,
    Offset(Offset),
    /// A fraction of a second: `trimmed` is written with nines, and loses its trailing zeros.
    Fraction {
        digits: usize,
        trimmed: bool,
        comma: bool,
    },
}

/// How an offset from UTC is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offset {
    /// Whether UTC is `Z`.
    pub(super) z: bool,
    pub(super) colons: bool,
    pub(super) minutes: bool,
    pub(super) seconds: bool,
}

/// The chunks with no further conditions. Where one begins like another, the longer stands first.
const FIXED: [(&str, Chunk); 31] = [
    ("January", Chunk::LongMonth),
    ("Monday", Chunk::LongWeekDay),
    ("MST", Chunk::ZoneName),
    ("01", Chunk::ZeroMonth),
    ("02", Chunk::ZeroDay),
    ("03", Chunk::ZeroHour12),
    ("04", Chunk::ZeroMinute),
    ("05", Chunk::ZeroSecond),
    ("06", Chunk::Year),
    ("002", Chunk::ZeroYearDay),
    ("15", Chunk::Hour),
    ("1", Chunk::NumMonth),
    ("2006", Chunk::LongYear),
    ("2", Chunk::Day),
    ("_2", Chunk::UnderDay),
    ("__2", Chunk::UnderYearDay),
    ("3", Chunk::Hour12),
    ("4", Chunk::Minute),
    ("5", Chunk::Second),
    ("PM", Chunk::UpperPm),
    ("pm", Chunk::LowerPm),
    ("-070000", offset(false, "", true, true)),
    ("-07:00:00", offset(false, ":", true, true)),
    ("-0700", offset(false, "", true, false)),
    ("-07:00", offset(false, ":", true, false)),
    ("-07", offset(false, "", false, false)),
    ("Z070000", offset(true, "", true, true)),
    ("Z07:00:00", offset(true, ":", true, true)),
    ("Z0700", offset(true, "", true, false)),
    ("Z07:00", offset(true, ":", true, false)),
    ("Z07", offset(true, "", false, false)),
];

const fn offset(z: bool, colon: &str, minutes: bool, seconds: bool) -> Chunk {
    Chunk::Offset(Offset { z, colons: !colon.is_empty(), minutes, seconds })
}

/// Splits a layout at its first chunk: the text before, the chunk as written and as meant, the rest.
pub(super) fn next_chunk(layout: &str) -> Option<(&str, &str, Chunk, &str)> {
    for at in 0..layout.len() {
        // Inside of a character no chunk begins.
        let Some(rest) = layout.get(at..) else { continue };
        if let Some((len, chunk)) = chunk_of(rest) {
            let (written, rest) = rest.split_at_checked(len)?;
            return Some((layout.get(..at)?, written, chunk, rest));
        }
    }
    None
}

/// The chunk at the start of a text, and its length.
fn chunk_of(text: &str) -> Option<(usize, Chunk)> {
    // `_2006` is an underscore before a year.
    if text.starts_with("_2006") {
        return None;
    }
    if let Some((written, chunk)) = FIXED.iter().find(|(written, _)| text.starts_with(written)) {
        return Some((written.len(), *chunk));
    }
    // `Janet` is no month.
    let word = |written| {
        text.strip_prefix(written)
            .is_some_and(|rest| !rest.starts_with(|char: char| char.is_ascii_lowercase()))
    };
    if word("Jan") {
        return Some((3, Chunk::Month));
    }
    if word("Mon") {
        return Some((3, Chunk::WeekDay));
    }
    let comma = text.starts_with(',');
    let digits = text.strip_prefix(['.', ','])?;
    let digit = digits.chars().next().filter(|char| matches!(char, '0' | '9'))?;
    let rest = digits.trim_start_matches(digit);
    if rest.starts_with(|char: char| char.is_ascii_digit()) {
        return None;
    }
    let digits = digits.len() - rest.len();
    Some((digits + 1, Chunk::Fraction { digits, trimmed: digit == '9', comma }))
}
