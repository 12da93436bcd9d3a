//! What a change does, for people: the lines that cause most, then app by app; or counts alone.

use std::fmt::Write as _;

use serde_json::Value;

use crate::diff::{AppChange, Cause, Diff, FieldChange, How, Line, ObjectChange, Open, Version};
use crate::finding::ObjectRef;
use crate::lint::Names;

use super::pretty::{Look, Paint};
use super::{count, text};

/// Lines shown of a value; the rest is counted.
const VALUE_LINES: usize = 40;

/// Lines around a changed one in text of several lines.
const CONTEXT: usize = 2;

/// Apps named for one line; the rest is counted.
const APPS_SHOWN: usize = 8;

/// `12 objects in 3 apps change: 2 added, 1 removed, 9 changed`; what differs at all.
pub(super) fn headline(diff: &Diff) -> String {
    let number = diff.objects().count();
    let definitions = diff.definitions.len();
    let otherwise = match definitions {
        0 => String::new(),
        1 => "; 1 app is defined otherwise".to_owned(),
        more => format!("; {more} apps are defined otherwise"),
    };
    let mended = match diff.open.iter().filter(|open| open.mended.is_some()).count() {
        0 => String::new(),
        1 => "; 1 app can be rendered again".to_owned(),
        more => format!("; {more} apps can be rendered again"),
    };
    let otherwise = otherwise + &mended;
    if number == 0 {
        return format!("nothing that is applied changes{otherwise}");
    }
    let of = |how: How| diff.objects().filter(|it| it.how == how).count();
    let kinds = [How::Added, How::Removed, How::Renamed, How::Moved, How::Same];
    let parts = kinds.iter().map(|how| (of(*how), how.as_str())).filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, word)| format!("{number} {word}")).collect();
    let (objects, apps) = (count(number, "object"), count(diff.apps.len(), "app"));
    format!("{objects} in {apps}: {}{otherwise}", parts.join(", "))
}

/// Where a line is, as seen from the current directory.
pub(super) fn place(line: &Line, names: &Names) -> String {
    let mut out = text::plain(&names.here(&line.file));
    if line.line > 0 {
        let _ = write!(out, ":{}", line.line);
    }
    if line.version == Version::Base {
        out.push_str(" (gone)");
    }
    out
}

/// `<- values.yaml:3`, or `<- values.yaml:3 (likely)`: the line behind a field.
pub(super) fn behind(field: &FieldChange, diff: &Diff, names: &Names) -> Option<String> {
    let cause = diff.causes.get(field.cause?)?;
    let likely = if field.likely { " (likely)" } else { "" };
    Some(format!("<- {}{likely}", place(&cause.line, names)))
}

/// What an object is called: its kind, namespace and name.
pub(super) fn title(object: &ObjectRef) -> String {
    let namespace =
        if object.namespace.is_empty() { String::new() } else { format!("{}/", object.namespace) };
    text::plain(&format!("{}/{namespace}{}", object.kind, object.name))
}

/// The apps of a cause, in words.
pub(super) fn apps_of(cause: &Cause, diff: &Diff) -> String {
    let named: Vec<&str> =
        cause.apps.iter().filter_map(|at| Some(diff.apps.get(*at)?.name.as_str())).collect();
    let more = named.len().saturating_sub(APPS_SHOWN);
    let shown: Vec<&str> = named.into_iter().take(APPS_SHOWN).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", text::plain(&shown.join(", ")))
}

/// What happened to an object, beside its name.
pub(super) fn story(object: &ObjectChange) -> String {
    match (object.how, &object.was, &object.from_app) {
        (How::Renamed, Some(was), _) => format!("renamed from {}: deleted and created", title(was)),
        (How::Moved, _, Some(app)) => format!("moved from app {}", text::plain(app)),
        (how, ..) => how.as_str().to_owned(),
    }
}

/// The sign in front of an object.
pub(super) fn sign(how: How) -> char {
    match how {
        How::Added => '+',
        How::Removed => '-',
        _ => '~',
    }
}

/// Counts by app.
pub fn diff_stat(diff: &Diff, names: &Names, look: Look) -> String {
    let paint = Paint { on: look.color };
    let mut out = String::new();
    let width = diff.apps.iter().map(|app| app.name.chars().count()).max().unwrap_or(0);
    for app in &diff.apps {
        let of = |hows: &[How]| app.objects.iter().filter(|it| hows.contains(&it.how)).count();
        let (added, removed) = (of(&[How::Added]), of(&[How::Removed]));
        let changed = of(&[How::Same, How::Moved, How::Renamed]);
        let name = format!("{:width$}", text::plain(&app.name));
        let parts = [
            (added, paint.green(&format!("+{added}"))),
            (removed, paint.red(&format!("-{removed}"))),
            (changed, format!("~{changed}")),
        ];
        let parts: Vec<&str> =
            parts.iter().filter(|(number, _)| *number > 0).map(|(_, words)| words.as_str()).collect();
        let _ = writeln!(out, " {name} | {}", parts.join(" "));
    }
    let _ = writeln!(out, "{}", headline(diff));
    dangers(&mut out, diff, names, paint);
    out
}

/// What is dangerous, the worst first, each with the line that causes it.
fn dangers(out: &mut String, diff: &Diff, names: &Names, paint: Paint) {
    if diff.dangers.is_empty() {
        return;
    }
    out.push_str("\ndangers\n");
    for danger in &diff.dangers {
        let word = format!("{}[{}]", danger.severity.as_str(), danger.name);
        let word = paint.severity(danger.severity, &word);
        let _ = writeln!(out, "  {word}: {}", text::plain(&danger.message));
        let by = danger.line.as_ref().map(|line| format!("<- {}", place(line, names)));
        let app = (!danger.app.is_empty()).then(|| format!("in {}", text::plain(&danger.app)));
        let evidence: Vec<String> = [app, by].into_iter().flatten().collect();
        let help = text::plain(danger.help);
        let _ = writeln!(out, "    {}", paint.dim(&format!("{}; {help}", evidence.join("  "))));
    }
}

/// All of it.
pub fn diff_pretty(diff: &Diff, names: &Names, look: Look) -> String {
    let paint = Paint { on: look.color };
    let mut out = format!("{}\n", paint.bold(&headline(diff)));
    if !diff.causes.is_empty() {
        out.push_str("\ncaused by\n");
    }
    for cause in &diff.causes {
        let sure = if cause.certain { "" } else { " (likely)" };
        let reach = if cause.apps.is_empty() {
            count(cause.objects, "app")
        } else {
            format!("{} in {}", count(cause.objects, "object"), apps_of(cause, diff))
        };
        let _ = writeln!(out, "  {}{sure}  {}", paint.cyan(&place(&cause.line, names)), paint.dim(&reach));
        if !cause.text.is_empty() {
            let _ = writeln!(out, "    {}", text::plain(&cause.text));
        }
    }
    dangers(&mut out, diff, names, paint);
    for app in &diff.apps {
        out.push('\n');
        out.push_str(&app_head(app, paint));
        for object in &app.objects {
            let line = format!("{} {}", sign(object.how), title(&object.object));
            let line = match object.how {
                How::Added => paint.green(&line),
                How::Removed => paint.red(&line),
                _ => line,
            };
            let words = match object.how {
                How::Same | How::Added | How::Removed => String::new(),
                _ => format!("  {}", paint.dim(&story(object))),
            };
            let whole = object.fields.first().filter(|field| field.path.is_empty());
            let by = whole.and_then(|field| behind(field, diff, names));
            let by = by.map_or_else(String::new, |by| format!("  {}", paint.dim(&by)));
            let _ = writeln!(out, "  {line}{words}{by}");
            for field in object.fields.iter().filter(|field| !field.path.is_empty()) {
                field_lines(&mut out, field, diff, names, paint);
            }
        }
    }
    if !diff.definitions.is_empty() {
        let _ = writeln!(out, "\n{}", paint.bold(DEFINITIONS));
        for definition in &diff.definitions {
            let _ = writeln!(out, "  ~ {}", title(&definition.object));
            for field in &definition.fields {
                field_lines(&mut out, field, diff, names, paint);
            }
        }
    }
    let (touched, rest) = touched(diff);
    if !touched.is_empty() {
        out.push_str("\nnot rendered in full, so more may change\n");
    }
    for open in touched {
        let since = match since(open) {
            words if open.is_new => paint.red(&words),
            words => paint.green(&words),
        };
        let _ = writeln!(out, "  {}{since}: {}", text::plain(&open.app), text::plain(&open.reason));
    }
    if let Some(rest) = rest {
        let _ = writeln!(out, "\n{}", paint.dim(&rest));
    }
    out
}

/// What is above apps whose own objects differ.
pub(super) const DEFINITIONS: &str = "apps that are defined otherwise";

/// What the change does to whether an app is rendered in full.
pub(super) fn since(open: &Open) -> String {
    match open.mended {
        _ if open.is_new => " (since this change)".to_owned(),
        Some(objects) => format!(" (before this change; now it has {})", count(objects, "object")),
        None => String::new(),
    }
}

/// Files in one line.
const FILES: usize = 3;

/// The apps that are not rendered in full and that the change touches; of the others, how many there are, and which files of the
/// change no app reads.
pub(super) fn touched(diff: &Diff) -> (Vec<&Open>, Option<String>) {
    let touched: Vec<&Open> = diff.open.iter().filter(|open| open.touched).collect();
    let rest = diff.open.len() - touched.len();
    let open = (rest > 0)
        .then(|| format!("not rendered in full, and not touched by the change: {}", count(rest, "app")));
    let files = diff.unread.iter().take(FILES).map(|path| text::plain(path.as_str()));
    let files: Vec<String> = files.collect();
    let more = match diff.unread.len().saturating_sub(FILES) {
        0 => String::new(),
        more => format!(" and {}", count(more, "other file")),
    };
    let unread =
        (!files.is_empty()).then(|| format!("changed, and read by no app: {}{more}", files.join(", ")));
    let words: Vec<String> = open.into_iter().chain(unread).collect();
    (touched, (!words.is_empty()).then(|| words.join("; ")))
}

fn app_head(app: &AppChange, paint: Paint) -> String {
    let how = match app.how {
        How::Added => " (new)",
        How::Removed => " (gone)",
        _ => "",
    };
    let cluster = if app.cluster.is_empty() {
        String::new()
    } else {
        format!("  {}", paint.dim(&text::plain(&app.cluster)))
    };
    format!("{}{how}{cluster}\n", paint.bold(&text::plain(&app.name)))
}

fn field_lines(out: &mut String, field: &FieldChange, diff: &Diff, names: &Names, paint: Paint) {
    let by = behind(field, diff, names).map_or_else(String::new, |by| format!("  {}", paint.dim(&by)));
    let note = match (field.reordered, field.follows) {
        (true, _) => "  (in another order)",
        (_, true) => "  (follows)",
        _ => "",
    };
    let _ = writeln!(out, "      {}{}{by}", text::plain(&field.path), paint.dim(note));
    for (sign, line) in value_lines(field) {
        let line = format!("        {sign} {line}");
        let line = match sign {
            '-' => paint.red(&line),
            '+' => paint.green(&line),
            _ => line,
        };
        let _ = writeln!(out, "{line}");
    }
}

/// The values of a field as lines of a diff.
pub(super) fn value_lines(field: &FieldChange) -> Vec<(char, String)> {
    let lines = |value: &Option<Value>| {
        let mut lines = Vec::new();
        if let Some(value) = value {
            yaml(value, 0, "", &mut lines);
        }
        lines
    };
    let mut all = Vec::new();
    let (before, after) = match (&field.before, &field.after) {
        (Some(Value::String(a)), Some(Value::String(b))) if a.contains('\n') || b.contains('\n') => {
            let split = |text: &str| text.lines().map(text::plain).collect::<Vec<String>>();
            (split(a), split(b))
        }
        (before, after) => (lines(before), lines(after)),
    };
    let ops = similar::capture_diff_slices(similar::Algorithm::Myers, &before, &after);
    for group in similar::group_diff_ops(ops, CONTEXT) {
        for op in group {
            let range = |lines: &[String], range: std::ops::Range<usize>| {
                lines.get(range).map(<[String]>::to_vec).unwrap_or_default()
            };
            match op {
                similar::DiffOp::Equal { .. } => {
                    all.extend(range(&after, op.new_range()).into_iter().map(|line| (' ', line)));
                }
                _ => {
                    all.extend(range(&before, op.old_range()).into_iter().map(|line| ('-', line)));
                    all.extend(range(&after, op.new_range()).into_iter().map(|line| ('+', line)));
                }
            }
        }
    }
    if let Some(rest) = all.len().checked_sub(VALUE_LINES).filter(|rest| *rest > 0) {
        all.truncate(VALUE_LINES);
        all.push((' ', format!("and {}", count(rest, "more line"))));
    }
    all
}

/// A value as YAML would show it, a line each.
fn yaml(value: &Value, depth: usize, lead: &str, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (index, (key, value)) in map.iter().enumerate() {
                let lead = if index == 0 {
                    lead
                } else if lead.is_empty() {
                    ""
                } else {
                    "  "
                };
                let key = text::plain(key);
                if is_flat(value) {
                    lines.push(format!("{indent}{lead}{key}: {}", flat(value)));
                } else {
                    lines.push(format!("{indent}{lead}{key}:"));
                    yaml(value, depth + 1 + usize::from(!lead.is_empty()), "", lines);
                }
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                if is_flat(item) {
                    lines.push(format!("{indent}- {}", flat(item)));
                } else {
                    yaml(item, depth, "- ", lines);
                }
            }
        }
        value => lines.push(format!("{indent}{lead}{}", flat(value))),
    }
}

fn is_flat(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => true,
    }
}

/// A value on one line.
fn flat(value: &Value) -> String {
    match value {
        Value::String(words) if !words.is_empty() && !is_ambiguous(words) => text::plain(words),
        value => text::plain(&value.to_string()),
    }
}

/// Whether a text would be read as something else without quotes.
fn is_ambiguous(words: &str) -> bool {
    words.contains('\n')
        || words.trim() != words
        || matches!(words, "true" | "false" | "null" | "~" | "yes" | "no" | "on" | "off")
        || words.parse::<f64>().is_ok()
}
