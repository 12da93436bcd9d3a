//! The verbs of `Sprintf`: one operand, one verb, its flags.
//!
//! Mirrors `fmt/format.go`.

use crate::golang::bytes;
use crate::golang::strconv::{FloatFormat, can_backquote, format_float, quote_char};
use crate::origin::{OriginId, Text};
use crate::yaml::go_quote;

use super::bounds::max_text;
use super::fmt::{MAX_DEPTH, sprint};
use super::value::{Data, Elem, IntKind, Value};

/// Flags, width and precision.
#[derive(Default, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "these are printf's flags")]
pub(super) struct Spec {
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
}

/// One operand under one verb.
pub(super) fn verb_text(spec: &Spec, verb: char, value: &Value, out: &mut Text) {
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
    if matches!(verb, 's' | 'v')
        && spec.precision.is_none()
        && !spec.sharp
        && let (Some(text), Some(width)) = (value.as_str(), spec.width)
    {
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
    if let ('q', Some(_), None, None) = (verb, value.as_str(), spec.width, spec.precision)
        && !spec.sharp
        && !spec.plus
    {
        out.push_text(&quoted(value));
        return;
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

/// What a verb prints of a value that it does not suit: the value under `%v`, with the verb's own flags.
fn bad(spec: &Spec, verb: char, value: &Value) -> String {
    match &value.data {
        Data::Nil => format!("%!{verb}(<nil>)"),
        _ => format!("%!{verb}({}={})", value.type_name(), format_value(spec, 'v', value, 0)),
    }
}

fn format_value(spec: &Spec, verb: char, value: &Value, depth: usize) -> String {
    if depth > MAX_DEPTH {
        return "...".into();
    }
    match &value.data {
        Data::Nil if verb == 'v' && depth == 0 => pad(spec, "<nil>".into()),
        Data::Nil if depth > 0 => "<nil>".into(),
        Data::Nil => bad(spec, verb, value),
        Data::Bool(truth) => match verb {
            't' | 'v' => pad(spec, truth.to_string()),
            _ => bad(spec, verb, value),
        },
        Data::Int(number, kind @ (IntKind::Duration | IntKind::Month)) if matches!(verb, 's' | 'v' | 'q') => {
            let text = sprint(&Value::of(Data::Int(*number, *kind)));
            string(spec, verb, &text)
        }
        Data::Int(number, kind) => {
            integer(spec, verb, *number, *kind).unwrap_or_else(|| bad(spec, verb, value))
        }
        Data::Float(number) => float(spec, verb, *number).unwrap_or_else(|| bad(spec, verb, value)),
        Data::Str(_) | Data::Text(_) => {
            let text = value.as_str().unwrap_or_default();
            match verb {
                's' | 'v' | 'q' | 'x' | 'X' => string(spec, verb, text),
                _ => bad(spec, verb, value),
            }
        }
        Data::List(list) if list.elem == Elem::Byte && matches!(verb, 's' | 'q' | 'x' | 'X') => {
            let bytes: Vec<u8> =
                list.items.iter().map(|item| item.as_int().unwrap_or_default() as u8).collect();
            string(spec, verb, &crate::golang::bytes::to_text(&bytes))
        }
        Data::List(list) => {
            let items = within(list.items.iter().map(|item| format_value(spec, verb, item, depth + 1)));
            if spec.sharp && verb == 'v' {
                format!("{}{{{}}}", value.type_name(), items.join(", "))
            } else {
                format!("[{}]", items.join(" "))
            }
        }
        Data::Map(map) => {
            let key_of = |key: &str| format_value(spec, verb, &Value::str(key), depth + 1);
            let entries = map.entries();
            let items = within(entries.iter().map(|(key, slot)| {
                format!("{}:{}", key_of(key), format_value(spec, verb, &slot.value, depth + 1))
            }));
            if spec.sharp && verb == 'v' {
                format!("{}{{{}}}", value.type_name(), items.join(", "))
            } else {
                format!("map[{}]", items.join(" "))
            }
        }
        Data::Object(object) => string(spec, if verb == 'v' { 's' } else { verb }, &object.print()),
    }
}

/// The parts, up to more than any string may have: every part may be a million wide. What is longer is refused
/// by whoever called.
fn within(parts: impl Iterator<Item = String>) -> Vec<String> {
    let mut bytes = 0;
    parts
        .take_while(|part| {
            let more = bytes <= max_text();
            bytes += part.len();
            more
        })
        .collect()
}

fn string(spec: &Spec, verb: char, text: &str) -> String {
    let cut: String = match spec.precision {
        Some(precision) if !matches!(verb, 'x' | 'X') => text.chars().take(precision).collect(),
        _ => text.to_owned(),
    };
    match verb {
        'q' if spec.sharp && can_backquote(&cut) => pad(spec, format!("`{cut}`")),
        'q' => pad(spec, go_quote(&cut)),
        'v' if spec.sharp => pad(spec, go_quote(&cut)),
        'x' | 'X' => {
            let bytes = bytes::of_text(text);
            let bytes = bytes.iter().take(spec.precision.unwrap_or(usize::MAX));
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
            let shown = quote_char(char::from_u32(magnitude as u32).unwrap_or('\u{fffd}'));
            return Some(pad(&Spec { zero: false, ..spec.clone() }, shown));
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
        let (format, precision) = match verb {
            'g' | 'v' => (FloatFormat::General, None),
            'G' => (FloatFormat::GeneralUpper, None),
            'f' | 'F' => (FloatFormat::Plain, Some(6)),
            'e' => (FloatFormat::Scientific, Some(6)),
            'E' => (FloatFormat::ScientificUpper, Some(6)),
            _ => return None,
        };
        format_float(magnitude, format, spec.precision.or(precision), 64).into()
    };
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
