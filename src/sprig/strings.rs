//! Strings: trimming, cutting, case, indenting, quoting, splitting and joining.
//!
//! Mirrors sprig's `strings.go`. Lengths count bytes, as in Go; see [`bytes`] for cuts that fall inside of a
//! character.

use std::collections::BTreeMap;
use std::ops::Range;

use smol_str::{SmolStr, format_smolstr};

use crate::golang::bytes;
use crate::golang::unicode::{to_lower, to_upper};
use crate::gotemplate::{
    Call, Data, Elem, Failure, Function, Map, MapKind, Param, Slot, Value, byte_range, quoted,
};
use crate::origin::{OriginId, Text};
use crate::source::relaxed_len;

use super::args::{Result, arg, bytes_of, fixed, text, variadic};
use super::goutils;
use super::stand_in::StandIn;
use super::xstrings;

/// Text longer than this is not made.
const MAX_LEN: usize = 32 << 20;

/// Text is not split into more.
const MAX_PARTS: usize = 1 << 20;

const STRING: &[Param] = &[Param::String];
const STRING_2: &[Param] = &[Param::String, Param::String];
const INT_STRING: &[Param] = &[Param::Int, Param::String];
const ANY: &[Param] = &[Param::Any];

/// The table.
pub(super) static FUNCTIONS: &[Function] = &[
    fixed("abbrev", INT_STRING, |_, args| Ok(abbreviated(args, 0, int(args, 0), 1))),
    fixed("abbrevboth", &[Param::Int, Param::Int, Param::String], |_, args| {
        Ok(abbreviated(args, int(args, 0), int(args, 1), 2))
    }),
    fixed("trunc", INT_STRING, |_, args| Ok(trunc(int(args, 0), arg(args, 1)))),
    fixed("trim", STRING, |_, args| {
        Ok(Value::text(arg(args, 0).to_text().trim_matches(char::is_whitespace)))
    }),
    fixed("upper", STRING, |_, args| Ok(mapped(args, to_upper))),
    fixed("lower", STRING, |_, args| Ok(mapped(args, to_lower))),
    fixed("title", STRING, |_, args| Ok(Value::str(title(text(args, 0))))),
    fixed("untitle", STRING, |_, args| Ok(Value::str(goutils::uncapitalize(text(args, 0))))),
    fixed("substr", &[Param::Int, Param::Int, Param::String], substr),
    fixed("repeat", INT_STRING, repeat),
    fixed("trimall", STRING_2, |_, args| Ok(trim_all(args))),
    fixed("trimAll", STRING_2, |_, args| Ok(trim_all(args))),
    fixed("trimSuffix", STRING_2, |_, args| {
        let source = arg(args, 1).to_text();
        let len = source.as_str().strip_suffix(text(args, 0)).map_or(source.len(), str::len);
        Ok(Value::text(source.slice(0..len)))
    }),
    fixed("trimPrefix", STRING_2, |_, args| {
        let source = arg(args, 1).to_text();
        let len = source.as_str().strip_prefix(text(args, 0)).map_or(source.len(), str::len);
        Ok(Value::text(source.slice(source.len() - len..source.len())))
    }),
    fixed("nospace", STRING, |_, args| Ok(nospace(arg(args, 0)))),
    fixed("initials", STRING, |_, args| Ok(Value::str(goutils::initials(text(args, 0))))),
    fixed("swapcase", STRING, |_, args| Ok(Value::str(goutils::swap_case(text(args, 0))))),
    fixed("shuffle", STRING, |call, args| Ok(shuffle(call, args))),
    fixed("snakecase", STRING, |_, args| Ok(Value::str(xstrings::lower_case_words(text(args, 0), '_')))),
    fixed("camelcase", STRING, |_, args| Ok(Value::str(xstrings::pascal_case(text(args, 0))))),
    fixed("kebabcase", STRING, |_, args| Ok(Value::str(xstrings::lower_case_words(text(args, 0), '-')))),
    fixed("wrap", INT_STRING, |_, args| {
        let lines = goutils::wrap(text(args, 1), int(args, 0), false);
        joined(&arg(args, 1).to_text(), &lines, "\n")
    }),
    fixed("wrapWith", &[Param::Int, Param::String, Param::String], |_, args| {
        let lines = goutils::wrap(text(args, 2), int(args, 0), true);
        let separator = if text(args, 1).is_empty() { "\n" } else { text(args, 1) };
        joined(&arg(args, 2).to_text(), &lines, separator)
    }),
    fixed("contains", STRING_2, |_, args| Ok(Value::of(text(args, 1).contains(text(args, 0))))),
    fixed("hasPrefix", STRING_2, |_, args| Ok(Value::of(text(args, 1).starts_with(text(args, 0))))),
    fixed("hasSuffix", STRING_2, |_, args| Ok(Value::of(text(args, 1).ends_with(text(args, 0))))),
    variadic("quote", &[], Param::Any, |_, args| {
        Ok(spaced(args, |value| match &value.data {
            Data::Str(_) | Data::Text(_) => quoted(value),
            _ => quoted(&Value::text(text_of(value))),
        }))
    }),
    variadic("squote", &[], Param::Any, |_, args| {
        Ok(spaced(args, |value| {
            let mut out = Text::of("'", OriginId::WRITTEN);
            out.push_text(&value.to_text());
            out.push_str("'", OriginId::WRITTEN);
            out
        }))
    }),
    variadic("cat", &[], Param::Any, |_, args| Ok(spaced(args, Value::to_text))),
    fixed("indent", INT_STRING, |_, args| Ok(Value::text(indent(int(args, 0), arg(args, 1))?))),
    fixed("nindent", INT_STRING, |_, args| {
        let mut out = Text::of("\n", OriginId::WRITTEN);
        out.push_text(&indent(int(args, 0), arg(args, 1))?);
        Ok(Value::text(out))
    }),
    fixed("replace", &[Param::String, Param::String, Param::String], replace),
    fixed("plural", &[Param::String, Param::String, Param::Int], |_, args| {
        Ok(if int(args, 2) == 1 { arg(args, 0).clone() } else { arg(args, 1).clone() })
    }),
    fixed("toString", ANY, |_, args| Ok(Value::text(text_of(arg(args, 0))))),
    fixed("toStrings", ANY, |_, args| Ok(Value::strings(strings(arg(args, 0))))),
    fixed("join", &[Param::String, Param::Any], |_, args| {
        let mut out = Text::new();
        let separator = arg(args, 0).to_text();
        for (index, item) in strings(arg(args, 1)).iter().enumerate() {
            if index > 0 {
                out.push_text(&separator);
            }
            out.push_text(&item.to_text());
            bounded(out.len())?;
        }
        Ok(Value::text(out))
    }),
    fixed("split", STRING_2, |_, args| {
        Ok(numbered(few(split_ranges(text(args, 0), text(args, 1), -1))?, arg(args, 1)))
    }),
    fixed("splitn", &[Param::String, Param::Int, Param::String], |_, args| {
        Ok(numbered(few(split_ranges(text(args, 0), text(args, 2), int(args, 1)))?, arg(args, 2)))
    }),
    fixed("splitList", STRING_2, |_, args| {
        let source = arg(args, 1).to_text();
        let ranges = few(split_ranges(text(args, 0), source.as_str(), -1))?;
        Ok(Value::strings(ranges.into_iter().map(|range| Value::text(source.slice(range)))))
    }),
    fixed("sortAlpha", ANY, |_, args| {
        let mut list = match arg(args, 0) {
            nil if nil.is_nil() => vec![Value::str("<nil>")],
            list => strings(list),
        };
        list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        Ok(Value::strings(list))
    }),
];

fn int(args: &[Value], index: usize) -> i64 {
    arg(args, index).as_int().unwrap_or_default()
}

fn bounded(len: usize) -> Result<()> {
    let most = relaxed_len(MAX_LEN);
    if len > most {
        return Err(Failure::limit(format!("gave up on a string of more than {most} bytes")));
    }
    Ok(())
}

/// Parts of a text, unless they are more than any chart splits a text into.
fn few(parts: Vec<Range<usize>>) -> Result<Vec<Range<usize>>> {
    if parts.len() > relaxed_len(MAX_PARTS) {
        return Err(Failure::limit(format!("gave up on splitting a string into {} parts", parts.len())));
    }
    Ok(parts)
}

/// `strval`, with origins.
fn text_of(value: &Value) -> Text {
    match &value.data {
        Data::List(list) if list.elem == Elem::Byte => Text::of(bytes_of(value), value.origin),
        _ => value.to_text(),
    }
}

/// `strslice`: the items as strings, without those that are nil.
pub(super) fn strings(value: &Value) -> Vec<Value> {
    let string = |value: &Value| match value.data {
        Data::Str(_) | Data::Text(_) => value.clone(),
        _ => Value::text(text_of(value)),
    };
    match &value.data {
        Data::Nil => Vec::new(),
        Data::List(list) => list.items.iter().filter(|item| !item.is_nil()).map(string).collect(),
        Data::Object(object) if object.kind() == "slice" => {
            object.items().unwrap_or_default().iter().map(|(_, item)| string(item)).collect()
        }
        _ => vec![string(value)],
    }
}

/// What is not nil, with spaces between.
fn spaced(args: &[Value], print: impl Fn(&Value) -> Text) -> Value {
    let mut out = Text::new();
    for (index, value) in args.iter().filter(|value| !value.is_nil()).enumerate() {
        if index > 0 {
            out.push_str(" ", OriginId::WRITTEN);
        }
        out.push_text(&print(value));
    }
    Value::text(out)
}

fn joined(text: &Text, parts: &[Range<usize>], separator: &str) -> Result {
    bounded(text.len().saturating_add(parts.len().saturating_mul(separator.len())))?;
    let mut out = Text::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.push_str(separator, OriginId::WRITTEN);
        }
        if text.as_str().get(part.clone()).is_some() {
            out.push_range(text, part.clone());
        } else {
            out.push_text(&byte_range(text, part.clone()));
        }
    }
    Ok(Value::text(out))
}

fn abbreviated(args: &[Value], offset: i64, width: i64, index: usize) -> Value {
    let source = arg(args, index);
    if width < 4 || offset > 0 && width < 7 {
        return source.clone();
    }
    let text = source.to_text();
    let width = usize::try_from(width).unwrap_or(usize::MAX);
    let Some((range, before, behind)) = goutils::abbreviate(bytes::len(text.as_str()), offset, width) else {
        return Value::str("");
    };
    let mut out = Text::new();
    if before {
        out.push_str("...", OriginId::WRITTEN);
    }
    out.push_text(&byte_range(&text, range));
    if behind {
        out.push_str("...", OriginId::WRITTEN);
    }
    Value::text(out)
}

fn trunc(count: i64, value: &Value) -> Value {
    let text = value.to_text();
    let len = bytes::len(text.as_str());
    let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if size >= len {
        return value.clone();
    }
    Value::text(if count < 0 { byte_range(&text, len - size..len) } else { byte_range(&text, 0..size) })
}

fn substr(_: &mut Call<'_, '_>, args: &[Value]) -> Result {
    let text = arg(args, 2).to_text();
    let len = bytes::len(text.as_str()) as i64;
    let (start, end) = (int(args, 0), int(args, 1));
    let range = if start < 0 {
        if end < 0 {
            return Err(Failure::new(format!("runtime error: slice bounds out of range [:{end}]")));
        }
        if end > len {
            return Err(Failure::new(format!(
                "runtime error: slice bounds out of range [:{end}] with length {len}"
            )));
        }
        0..end
    } else if end < 0 || end > len {
        if start > len {
            return Err(Failure::new(format!("runtime error: slice bounds out of range [{start}:{len}]")));
        }
        start..len
    } else if start > end {
        return Err(Failure::new(format!("runtime error: slice bounds out of range [{start}:{end}]")));
    } else {
        start..end
    };
    Ok(Value::text(byte_range(&text, range.start as usize..range.end as usize)))
}

fn repeat(_: &mut Call<'_, '_>, args: &[Value]) -> Result {
    let Ok(count) = usize::try_from(int(args, 0)) else {
        return Err(Failure::new("strings: negative Repeat count"));
    };
    let source = arg(args, 1).to_text();
    match source.len().checked_mul(count) {
        Some(len) if i64::try_from(len).is_ok() => bounded(len)?,
        _ => return Err(Failure::new("strings: Repeat output length overflow")),
    }
    let mut out = Text::new();
    for _ in 0..if source.is_empty() { 0 } else { count } {
        out.push_text(&source);
    }
    Ok(Value::text(out))
}

fn trim_all(args: &[Value]) -> Value {
    let cutset = text(args, 0);
    Value::text(arg(args, 1).to_text().trim_matches(|c| cutset.contains(c)))
}

fn mapped(args: &[Value], map: fn(char) -> char) -> Value {
    let source = text(args, 0);
    let changed: String = source.chars().map(map).collect();
    if changed == source {
        // Nothing but moved: the origin stays what it is.
        return arg(args, 0).clone();
    }
    Value::str(changed)
}

/// `strings.Title`
fn title(text: &str) -> String {
    let mut before = ' ';
    let is_separator = |c: char| match c {
        '_' => false,
        _ if c.is_ascii() => !c.is_ascii_alphanumeric(),
        _ if c.is_alphanumeric() => false,
        _ => c.is_whitespace(),
    };
    let map = |c: char| {
        let changed = if is_separator(before) { xstrings::title(c) } else { c };
        before = c;
        changed
    };
    text.chars().map(map).collect()
}

fn nospace(value: &Value) -> Value {
    let text = value.to_text();
    if !text.as_str().is_ascii() {
        return Value::str(goutils::delete_white_space(text.as_str()));
    }
    let mut out = Text::new();
    let mut start = 0;
    for (at, _) in text.as_str().match_indices(char::is_whitespace) {
        out.push_range(&text, start..at);
        start = at + 1;
    }
    out.push_range(&text, start..text.len());
    Value::text(out)
}

fn shuffle(call: &Call<'_, '_>, args: &[Value]) -> Value {
    let mut random = StandIn::of(call, args);
    let mut chars: Vec<char> = text(args, 0).chars().collect();
    for last in (1..chars.len()).rev() {
        chars.swap(last, random.below(last as u64 + 1) as usize);
    }
    Value::str(chars.into_iter().collect::<String>())
}

fn indent(spaces: i64, value: &Value) -> Result<Text> {
    let Ok(spaces) = usize::try_from(spaces) else {
        return Err(Failure::new("strings: negative Repeat count"));
    };
    let text = value.to_text();
    let lines = 1 + text.as_str().bytes().filter(|byte| *byte == b'\n').count();
    bounded(lines.saturating_mul(spaces))?;
    Ok(text.indent(&" ".repeat(spaces), OriginId::WRITTEN))
}

fn replace(_: &mut Call<'_, '_>, args: &[Value]) -> Result {
    let (old, new, source) = (text(args, 0), text(args, 1), arg(args, 2).to_text());
    let count = source.as_str().matches(old).count();
    bounded(source.len().saturating_add(count.saturating_mul(new.len())))?;
    Ok(Value::text(source.replace(old, new, arg(args, 1).first_origin())))
}

/// `strings.SplitN`
fn split_ranges(separator: &str, text: &str, limit: i64) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    if limit == 0 {
        return ranges;
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut start = 0;
    if separator.is_empty() {
        // Character by character.
        for (at, c) in text.char_indices() {
            if ranges.len() + 1 == limit {
                break;
            }
            start = at + c.len_utf8();
            ranges.push(at..start);
        }
        if start < text.len() {
            ranges.push(start..text.len());
        }
        return ranges;
    }
    for (at, _) in text.match_indices(separator) {
        if ranges.len() + 1 == limit {
            break;
        }
        ranges.push(start..at);
        start = at + separator.len();
    }
    ranges.push(start..text.len());
    ranges
}

/// `map[string]string` with keys `_0`, `_1`, ...
fn numbered(ranges: Vec<Range<usize>>, source: &Value) -> Value {
    let text = source.to_text();
    let entries: BTreeMap<SmolStr, Slot> = ranges
        .into_iter()
        .enumerate()
        .map(|(index, range)| (format_smolstr!("_{index}"), Slot::new(Value::text(text.slice(range)))))
        .collect();
    Value::map(Map::new(entries, MapKind::String))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Origins;
    use crate::sprig::testing::{check_table, render_with, two_origins};

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../fixtures/gotemplate/sprig/strings.jsonl"));
    }

    #[test]
    fn moved_text_keeps_its_origins() {
        let mut origins = Origins::new();
        let (a, _) = two_origins(&mut origins);
        for template in [
            "{{ .x | trim }}",
            "{{ .x | quote }}",
            "{{ .x | trunc 3 }}",
            "{{ .x | nindent 2 }}",
            "{{ .x | replace \"one\" \"two\" }}",
            "{{ (split \" \" .x)._1 }}",
            "{{ splitList \" \" .x | join \",\" }}",
            "{{ .x | toString | trimSuffix \"x\" | wrap 3 }}",
        ] {
            let data = Map::from_entries([("x".into(), Value::str(" one two ").at(a))]);
            let text = render_with(template, &Value::map(data), &mut origins).unwrap();
            let from: Vec<_> =
                text.origins().iter().filter_map(|id| origins.get(*id)).map(|o| o.from).collect();
            assert!(from.contains(&a), "{template}: {text:?}");
        }
        let data = Map::from_entries([("x".into(), Value::str("ab").at(a))]);
        let text = render_with("{{ upper .x }}", &Value::map(data), &mut origins).unwrap();
        let computed = origins.get(origins.get(text.first_origin()).unwrap().from).unwrap();
        assert_eq!(computed.from, a);
    }
}
