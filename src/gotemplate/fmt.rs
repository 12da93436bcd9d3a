//! Go's `fmt` for template values: `%v` and its family, `Sprintf`, `Sprint`, `Sprintln`.
//!
//! Mirrors `fmt/print.go` and `fmt/format.go`, bounded: widths and precisions beyond a million are Go's error too.

use crate::golang::time::{Duration, MONTHS};
use crate::origin::{OriginId, Text};
use crate::yaml::format_g;

use super::bounds::max_text;
use super::value::{Data, Elem, IntKind, Value};

use super::verbs::{Spec, verb_text};

/// Nesting beyond this prints as `...`; maps can hold themselves.
pub(super) const MAX_DEPTH: usize = 100;

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
        Data::Object(object) => Text::of(object.print_addressed(), value.origin),
        _ => value.to_text(),
    }
}

fn plain(value: &Value, depth: usize, top: bool, out: &mut String) {
    // What is longer is refused by whoever asked for it.
    if depth > MAX_DEPTH || out.len() > max_text() {
        out.push_str("...");
        return;
    }
    match &value.data {
        Data::Nil => out.push_str("<nil>"),
        Data::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Data::Int(value, IntKind::Duration) => out.push_str(&Duration(*value).to_string()),
        Data::Int(value, IntKind::Month) => out.push_str(&month_name(*value)),
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

fn month_name(month: i64) -> String {
    let index = usize::try_from(month.wrapping_sub(1)).unwrap_or(usize::MAX);
    MONTHS.get(index).map_or_else(|| format!("%!Month({month})"), |name| (*name).to_owned())
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
        // Longer than any string may be: refused by whoever called, before the next million of blanks.
        if out.len() > max_text() {
            return out;
        }
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
        // Go looks before it takes another digit, and takes the rest of the format for crazy then.
        if value.unwrap_or(0) > 1_000_000 {
            *at = bytes.len();
            return None;
        }
        value = Some(value.unwrap_or(0) * 10 + usize::from(digit - b'0'));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As `helm template` prints it; Rust's own formats end at 65,535.
    #[test]
    fn widths_and_precisions_are_bounded() {
        let print = |format: &str, value| sprintf(&Text::of(format, OriginId::WRITTEN), &[value]);
        for (format, value, len) in [
            ("%.65536f", Value::of(1.5), 65_538),
            ("%.65536e", Value::of(1.5), 65_542),
            ("%.65536g", Value::of(1.5), 3),
            ("%70000d", Value::int(15), 70_000),
            ("%070000d", Value::int(15), 70_000),
            ("%-70000s|", Value::str("a"), 70_001),
            ("%.70000d", Value::int(15), 70_000),
            ("%70000q", Value::str("a"), 70_000),
            ("%10000000d", Value::int(15), 10_000_000),
        ] {
            assert_eq!(print(format, value).len(), len, "{format}");
        }
        // A list whose items are a megabyte each ends where no string is longer, and so does a format of many verbs.
        let list = Value::list(vec![Value::int(1); 1000]);
        let most = max_text() + (4 << 20);
        assert!((max_text()..most).contains(&print("%1000000d", list).len()));
        let args = vec![Value::int(1); 1000];
        let out = sprintf(&Text::of("%1000000d".repeat(1000), OriginId::WRITTEN), &args);
        assert!((max_text()..most).contains(&out.len()));
    }

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
            ("%100000000d|", vec![Value::int64(5)], "%!(NOVERB)%!(EXTRA int64=5)"),
        ] {
            assert_eq!(sprintf(&Text::of(format, OriginId::WRITTEN), &args).as_str(), want, "{format}");
        }
    }
}
