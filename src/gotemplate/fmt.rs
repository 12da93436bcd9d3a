//! Go's `fmt` for template values: `%v` and its family, `Sprintf`, `Sprint`, `Sprintln`.
//!
//! Mirrors `fmt/print.go` and `fmt/format.go`, bounded: widths and precisions beyond a million are Go's error too.

use crate::origin::{OriginId, Text};
use crate::yaml::{format_g, go_quote};

use super::value::{Data, Elem, IntKind, Value};

/// Nesting beyond this prints as `...`; maps can hold themselves.
const MAX_DEPTH: usize = 100;

/// `%v`.
pub fn sprint(value: &Value) -> String {
    let mut out = String::new();
    plain(value, 0, true, &mut out);
    out
}

/// What `{{ .x }}` prints, with origins.
pub(super) fn printed(value: &Value) -> Text {
    match &value.data {
        Data::Nil => Text::of("<no value>", value.origin),
        _ => value.to_text(),
    }
}

fn plain(value: &Value, depth: usize, top: bool, out: &mut String) {
    if depth > MAX_DEPTH {
        out.push_str("...");
        return;
    }
    match &value.data {
        Data::Nil => out.push_str("<nil>"),
        Data::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Data::Int(value, IntKind::Duration) => out.push_str(&duration_string(*value)),
        Data::Int(value, IntKind::Month) => out.push_str(month_name(*value)),
        Data::Int(value, kind) => out.push_str(&Value::int_text(*value, *kind)),
        Data::Float(value) => out.push_str(&format_g(*value)),
        Data::Str(text) => out.push_str(text),
        Data::Text(text) => out.push_str(text.as_str()),
        Data::List(list) if list.elem == Elem::Byte && top => {
            let bytes: Vec<String> =
                list.items.iter().map(|item| item.as_int().unwrap_or_default().to_string()).collect();
            out.push('[');
            out.push_str(&bytes.join(" "));
            out.push(']');
        }
        Data::List(list) => {
            out.push('[');
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                plain(item, depth + 1, false, out);
            }
            out.push(']');
        }
        Data::Map(map) => {
            out.push_str("map[");
            for (index, (key, slot)) in map.entries().iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                plain(&slot.value, depth + 1, false, out);
            }
            out.push(']');
        }
        Data::Object(object) => out.push_str(&object.print()),
    }
}

fn duration_string(nanoseconds: i64) -> String {
    // Replaced when golang::time arrives.
    format!("{}s", nanoseconds as f64 / 1e9)
}

fn month_name(_month: i64) -> &'static str {
    "January"
}

/// `Sprint`: a space between operands when neither is a string.
pub fn sprint_all(values: &[Value]) -> Text {
    let mut out = Text::new();
    let mut before_is_string = true;
    for (index, value) in values.iter().enumerate() {
        let is_string = value.as_str().is_some();
        if index > 0 && !is_string && !before_is_string {
            out.push_str(" ", OriginId::WRITTEN);
        }
        out.push_text(&operand(value));
        before_is_string = is_string;
    }
    out
}

/// `Sprintln`: spaces between all operands and a newline.
pub fn sprintln(values: &[Value]) -> Text {
    let mut out = Text::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push_str(" ", OriginId::WRITTEN);
        }
        out.push_text(&operand(value));
    }
    out.push_str("\n", OriginId::WRITTEN);
    out
}

fn operand(value: &Value) -> Text {
    match &value.data {
        Data::Str(_) | Data::Text(_) => value.to_text(),
        _ => Text::of(sprint(value), value.origin),
    }
}

#[derive(Default, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "these are printf's flags")]
struct Spec {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// `Sprintf`. Literal parts keep the origins of the format, verbs those of their operands.
pub fn sprintf(format: &Text, args: &[Value]) -> Text {
    let mut out = Text::new();
    let source = format.as_str();
    let bytes = source.as_bytes();
    let mut at = 0;
    let mut next = 0;
    let mut reordered = false;
    while at < bytes.len() {
        let Some(percent) = source.get(at..).and_then(|rest| rest.find('%')).map(|offset| at + offset) else {
            out.push_range(format, at..source.len());
            break;
        };
        out.push_range(format, at..percent);
        at = percent + 1;
        let mut spec = Spec::default();
        while let Some(flag) = bytes.get(at) {
            match flag {
                b'-' => {
                    spec.minus = true;
                    spec.zero = false;
                }
                b'+' => spec.plus = true,
                b'#' => spec.sharp = true,
                b' ' => spec.space = true,
                b'0' => spec.zero = !spec.minus,
                _ => break,
            }
            at += 1;
        }
        let mut good_index = true;
        argument_index(source, &mut at, &mut next, args.len(), &mut good_index, &mut reordered);
        if bytes.get(at) == Some(&b'*') {
            at += 1;
            match args.get(next).and_then(Value::as_int) {
                Some(width) if (-1_000_000..=1_000_000).contains(&width) => {
                    spec.minus |= width < 0;
                    spec.width = Some(width.unsigned_abs() as usize);
                }
                _ => out.push_str("%!(BADWIDTH)", OriginId::WRITTEN),
            }
            next += 1;
        } else {
            spec.width = number(bytes, &mut at);
        }
        if bytes.get(at) == Some(&b'.') {
            at += 1;
            argument_index(source, &mut at, &mut next, args.len(), &mut good_index, &mut reordered);
            if bytes.get(at) == Some(&b'*') {
                at += 1;
                match args.get(next).and_then(Value::as_int) {
                    Some(precision) if (0..=1_000_000).contains(&precision) => {
                        spec.precision = Some(precision as usize);
                    }
                    Some(precision) if precision < 0 => {}
                    _ => out.push_str("%!(BADPREC)", OriginId::WRITTEN),
                }
                next += 1;
            } else {
                spec.precision = Some(number(bytes, &mut at).unwrap_or(0));
            }
        }
        argument_index(source, &mut at, &mut next, args.len(), &mut good_index, &mut reordered);
        let Some(verb) = source.get(at..).and_then(|rest| rest.chars().next()) else {
            out.push_str("%!(NOVERB)", OriginId::WRITTEN);
            break;
        };
        at += verb.len_utf8();
        if verb == '%' {
            out.push_str("%", OriginId::WRITTEN);
            continue;
        }
        if !good_index {
            out.push_str(&format!("%!{verb}(BADINDEX)"), OriginId::WRITTEN);
            continue;
        }
        let Some(value) = args.get(next) else {
            out.push_str(&format!("%!{verb}(MISSING)"), OriginId::WRITTEN);
            continue;
        };
        next += 1;
        verb_text(&spec, verb, value, &mut out);
    }
    if !reordered && next < args.len() {
        let extra: Vec<String> = args
            .iter()
            .skip(next)
            .map(|value| match &value.data {
                Data::Nil => "<nil>".to_owned(),
                _ => format!("{}={}", value.type_name(), sprint(value)),
            })
            .collect();
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")), OriginId::WRITTEN);
    }
    out
}

fn number(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut value: Option<usize> = None;
    while let Some(digit) = bytes.get(*at).filter(|byte| byte.is_ascii_digit()) {
        // Go gives up beyond a million; a capped width cannot fill memory.
        value = Some((value.unwrap_or(0) * 10 + usize::from(digit - b'0')).min(1_000_000));
        *at += 1;
    }
    value
}

fn argument_index(
    source: &str,
    at: &mut usize,
    next: &mut usize,
    count: usize,
    good: &mut bool,
    reordered: &mut bool,
) {
    if source.as_bytes().get(*at) != Some(&b'[') {
        return;
    }
    *reordered = true;
    let Some(end) = source.get(*at..).and_then(|rest| rest.find(']')) else {
        *good = false;
        *at += 1;
        return;
    };
    let index = source.get(*at + 1..*at + end).and_then(|text| text.parse::<usize>().ok());
    *at += end + 1;
    match index {
        Some(index) if index >= 1 && index <= count => *next = index - 1,
        _ => *good = false,
    }
}

/// One operand under one verb.
fn verb_text(spec: &Spec, verb: char, value: &Value, out: &mut Text) {
    if verb == 'T' {
        out.push_str(&pad(spec, value.type_name()), value.origin);
        return;
    }
    // A string that is only moved keeps its pieces.
    if matches!(verb, 's' | 'v')
        && spec.width.is_none()
        && spec.precision.is_none()
        && !spec.sharp
        && value.as_str().is_some()
    {
        out.push_text(&value.to_text());
        return;
    }
    if matches!(verb, 's' | 'v') && spec.precision.is_none() && !spec.sharp {
        if let (Some(text), Some(width)) = (value.as_str(), spec.width) {
            let missing = width.saturating_sub(text.chars().count());
            let fill = if spec.zero { "0" } else { " " }.repeat(missing);
            if spec.minus {
                out.push_text(&value.to_text());
                out.push_str(&fill, OriginId::WRITTEN);
            } else {
                out.push_str(&fill, OriginId::WRITTEN);
                out.push_text(&value.to_text());
            }
            return;
        }
    }
    if let ('q', Some(_), None, None) = (verb, value.as_str(), spec.width, spec.precision) {
        if !spec.sharp && !spec.plus {
            out.push_text(&quoted(value));
            return;
        }
    }
    out.push_str(&format_value(spec, verb, value, 0), value.first_origin());
}

/// `%q` of a string with its pieces, when quoting changes nothing inside.
pub fn quoted(value: &Value) -> Text {
    let text = value.to_text();
    let quoted = go_quote(text.as_str());
    let mut out = Text::new();
    if quoted.len() == text.len() + 2 {
        out.push_str("\"", OriginId::WRITTEN);
        out.push_text(&text);
        out.push_str("\"", OriginId::WRITTEN);
        return out;
    }
    // Piece by piece: what is escaped still comes from its piece.
    out.push_str("\"", OriginId::WRITTEN);
    for (range, run) in text.pieces() {
        let piece = go_quote(text.as_str().get(range).unwrap_or_default());
        out.push_part(piece.get(1..piece.len().saturating_sub(1)).unwrap_or_default(), run.origin, run.skip);
    }
    out.push_str("\"", OriginId::WRITTEN);
    if out.as_str() == quoted { out } else { Text::of(quoted, text.first_origin()) }
}

fn pad(spec: &Spec, text: String) -> String {
    let Some(width) = spec.width else { return text };
    let missing = width.saturating_sub(text.chars().count());
    if spec.minus {
        return text + &" ".repeat(missing);
    }
    if spec.zero { "0".repeat(missing) + &text } else { " ".repeat(missing) + &text }
}

fn bad(verb: char, value: &Value) -> String {
    match &value.data {
        Data::Nil => format!("%!{verb}(<nil>)"),
        _ => format!("%!{verb}({}={})", value.type_name(), sprint(value)),
    }
}

fn format_value(spec: &Spec, verb: char, value: &Value, depth: usize) -> String {
    if depth > MAX_DEPTH {
        return "...".into();
    }
    match &value.data {
        Data::Nil if verb == 'v' => pad(spec, "<nil>".into()),
        Data::Nil => bad(verb, value),
        Data::Bool(truth) => match verb {
            't' | 'v' => pad(spec, truth.to_string()),
            _ => bad(verb, value),
        },
        Data::Int(number, kind @ (IntKind::Duration | IntKind::Month)) if matches!(verb, 's' | 'v' | 'q') => {
            let text = sprint(&Value::of(Data::Int(*number, *kind)));
            string(spec, verb, &text)
        }
        Data::Int(number, kind) => integer(spec, verb, *number, *kind).unwrap_or_else(|| bad(verb, value)),
        Data::Float(number) => float(spec, verb, *number).unwrap_or_else(|| bad(verb, value)),
        Data::Str(_) | Data::Text(_) => {
            let text = value.as_str().unwrap_or_default();
            match verb {
                's' | 'v' | 'q' | 'x' | 'X' => string(spec, verb, text),
                _ => bad(verb, value),
            }
        }
        Data::List(list) if list.elem == Elem::Byte && matches!(verb, 's' | 'q' | 'x' | 'X') => {
            let bytes: Vec<u8> =
                list.items.iter().map(|item| item.as_int().unwrap_or_default() as u8).collect();
            string(spec, verb, &String::from_utf8_lossy(&bytes))
        }
        Data::List(list) => {
            let items: Vec<String> =
                list.items.iter().map(|item| format_value(spec, verb, item, depth + 1)).collect();
            if spec.sharp && verb == 'v' {
                format!("{}{{{}}}", value.type_name(), items.join(", "))
            } else {
                format!("[{}]", items.join(" "))
            }
        }
        Data::Map(map) => {
            let key_of = |key: &str| format_value(spec, verb, &Value::str(key), depth + 1);
            let entries = map.entries();
            let items: Vec<String> = entries
                .iter()
                .map(|(key, slot)| {
                    format!("{}:{}", key_of(key), format_value(spec, verb, &slot.value, depth + 1))
                })
                .collect();
            if spec.sharp && verb == 'v' {
                format!("{}{{{}}}", value.type_name(), items.join(", "))
            } else {
                format!("map[{}]", items.join(" "))
            }
        }
        Data::Object(object) => string(spec, if verb == 'v' { 's' } else { verb }, &object.print()),
    }
}

fn string(spec: &Spec, verb: char, text: &str) -> String {
    let cut: String = match spec.precision {
        Some(precision) if !matches!(verb, 'x' | 'X') => text.chars().take(precision).collect(),
        _ => text.to_owned(),
    };
    match verb {
        'q' if spec.sharp && !cut.contains('`') && !cut.chars().any(|c| c.is_control() && c != '\t') => {
            pad(spec, format!("`{cut}`"))
        }
        'q' => pad(spec, go_quote(&cut)),
        'v' if spec.sharp => pad(spec, go_quote(&cut)),
        'x' | 'X' => {
            let bytes = text.bytes().take(spec.precision.unwrap_or(usize::MAX));
            let digits =
                bytes.map(|byte| if verb == 'x' { format!("{byte:02x}") } else { format!("{byte:02X}") });
            let separator = if spec.space { " " } else { "" };
            pad(&Spec { zero: false, ..spec.clone() }, digits.collect::<Vec<_>>().join(separator))
        }
        _ => pad(spec, cut),
    }
}

fn integer(spec: &Spec, verb: char, value: i64, kind: IntKind) -> Option<String> {
    let unsigned = matches!(kind, IntKind::Uint8 | IntKind::Uint32 | IntKind::Uint64);
    let negative = value < 0 && !unsigned;
    let magnitude = if unsigned { value as u64 } else { value.unsigned_abs() };
    let mut digits = match verb {
        'd' | 'v' => magnitude.to_string(),
        'b' => format!("{magnitude:b}"),
        'o' | 'O' => format!("{magnitude:o}"),
        'x' => format!("{magnitude:x}"),
        'X' => format!("{magnitude:X}"),
        'c' => {
            let shown = char::from_u32(magnitude as u32).unwrap_or('\u{fffd}').to_string();
            return Some(pad(&Spec { zero: false, ..spec.clone() }, shown));
        }
        'q' => {
            let shown = char::from_u32(magnitude as u32).unwrap_or('\u{fffd}');
            let inner = match shown {
                '\'' => "\\'".to_owned(),
                '"' => "\"".to_owned(),
                other => {
                    let quoted = go_quote(&other.to_string());
                    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
                }
            };
            return Some(pad(&Spec { zero: false, ..spec.clone() }, format!("'{inner}'")));
        }
        'U' => return Some(pad(&Spec { zero: false, ..spec.clone() }, format!("U+{magnitude:04X}"))),
        _ => return None,
    };
    if let Some(precision) = spec.precision {
        if precision == 0 && magnitude == 0 {
            return Some(pad(&Spec { zero: false, ..spec.clone() }, String::new()));
        }
        digits = "0".repeat(precision.saturating_sub(digits.len())) + &digits;
    }
    let prefix = match verb {
        'b' if spec.sharp => "0b",
        'o' if spec.sharp && !digits.starts_with('0') => "0",
        'O' => "0o",
        'x' if spec.sharp => "0x",
        'X' if spec.sharp => "0X",
        _ => "",
    };
    let sign = sign_of(spec, negative);
    if spec.zero && spec.precision.is_none() {
        let width = spec.width.unwrap_or(0).saturating_sub(sign.len());
        digits = "0".repeat(width.saturating_sub(digits.len())) + &digits;
    }
    Some(pad(&Spec { zero: false, ..spec.clone() }, format!("{sign}{prefix}{digits}")))
}

fn sign_of(spec: &Spec, negative: bool) -> &'static str {
    match (negative, spec.plus, spec.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    }
}

fn float(spec: &Spec, verb: char, value: f64) -> Option<String> {
    let magnitude = value.abs();
    let digits = if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        "Inf".to_owned()
    } else {
        match verb {
            'g' | 'G' | 'v' => match spec.precision {
                None => format_g(magnitude).into(),
                Some(precision) => general(magnitude, precision.max(1)),
            },
            'f' | 'F' => format!("{magnitude:.*}", spec.precision.unwrap_or(6)),
            'e' | 'E' => exponent(magnitude, spec.precision.unwrap_or(6)),
            _ => return None,
        }
    };
    let digits = if matches!(verb, 'E' | 'G') { digits.to_uppercase() } else { digits };
    let infinite = value.is_infinite();
    let sign = match sign_of(spec, value.is_sign_negative() && !value.is_nan()) {
        "" if infinite && verb == 'v' => "+",
        sign => sign,
    };
    if spec.zero && !infinite && !value.is_nan() {
        let width = spec.width.unwrap_or(0).saturating_sub(sign.len());
        let zeros = "0".repeat(width.saturating_sub(digits.len()));
        return Some(format!("{sign}{zeros}{digits}"));
    }
    Some(pad(&Spec { zero: false, ..spec.clone() }, format!("{sign}{digits}")))
}

/// `d.ddde+XX`
fn exponent(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    let Some((mantissa, power)) = text.split_once('e') else { return text };
    let power: i32 = power.parse().unwrap_or(0);
    format!("{mantissa}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
}

/// `%g` with a precision: significant digits without trailing zeros.
fn general(value: f64, precision: usize) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let text = exponent(value, precision - 1);
    let power: i32 = text.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
    let strip = |text: String| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    };
    if power < -4 || power >= precision as i32 {
        let (mantissa, power) = text.split_once('e').unwrap_or((&text, "+00"));
        return format!("{}e{power}", strip(mantissa.to_owned()));
    }
    let decimals = (precision as i32 - 1 - power).max(0) as usize;
    strip(format!("{value:.decimals$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_as_go_does() {
        let list = || Value::list(vec![Value::int(1), Value::str("a")]);
        for (format, args, want) in [
            ("%s-%d", vec![Value::str("a"), Value::int(5)], "a-5"),
            ("%d", vec![Value::str("x")], "%!d(string=x)"),
            ("%s", vec![Value::int(5)], "%!s(int=5)"),
            ("%s", vec![Value::of(1.5)], "%!s(float64=1.5)"),
            ("%d", vec![Value::of(8080.0)], "%!d(float64=8080)"),
            ("%s", vec![Value::NIL], "%!s(<nil>)"),
            ("%v", vec![Value::NIL], "<nil>"),
            ("%s", vec![], "%!s(MISSING)"),
            ("a", vec![Value::int(1)], "a%!(EXTRA int=1)"),
            ("%5s|%-5s|%05d", vec![Value::str("a"), Value::str("b"), Value::int(-42)], "    a|b    |-0042"),
            (
                "%.2f %e %g",
                vec![Value::of(1.005), Value::of(1_234_567.0), Value::of(1e6)],
                "1.00 1.234567e+06 1e+06",
            ),
            ("%v %v", vec![Value::of(1e6), Value::of(1e21)], "1e+06 1e+21"),
            ("%q %v %t", vec![Value::str("a\"b"), list(), Value::of(true)], "\"a\\\"b\" [1 a] true"),
            (
                "%x %X %o %b %c %U",
                vec![
                    Value::int(255),
                    Value::str("hi"),
                    Value::int(8),
                    Value::int(5),
                    Value::int(65),
                    Value::int(0x1F600),
                ],
                "ff 6869 10 101 A U+1F600",
            ),
            ("%[2]s %[1]s", vec![Value::str("a"), Value::str("b")], "b a"),
            ("%*d", vec![Value::int(4), Value::int(7)], "   7"),
            ("100%", vec![], "100%!(NOVERB)"),
            ("%#v", vec![Value::str("a")], "\"a\""),
            ("%T", vec![list()], "[]interface {}"),
            ("%3d%%", vec![Value::int64(5)], "  5%"),
        ] {
            assert_eq!(sprintf(&Text::of(format, OriginId::WRITTEN), &args).as_str(), want, "{format}");
        }
    }
}
