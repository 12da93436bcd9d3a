//! What a change does, as Markdown for a comment on a pull request or a step summary: the lines that cause most first, the
//! objects of each app collapsed, and small enough for both.

use std::fmt::Write as _;

use crate::diff::{AppChange, Diff, FieldChange, How};
use crate::finding::Severity;
use crate::lint::Names;

use super::count;
use super::diff_pretty::{
    DEFINITIONS, apps_of, behind, headline, place, sign, since, story, title, touched, value_lines,
};
use super::text::{html, markdown};

/// GitHub takes 65,536 characters in a comment; a step summary takes more.
const MOST_BYTES: usize = 60_000;

/// What is kept for the closing lines.
const CLOSING_BYTES: usize = 1_000;

/// Lines that are listed; the rest is counted.
const CAUSES: usize = 50;

/// Apps that are listed as not rendered; the rest is counted.
const OPEN: usize = 20;

/// All that fits.
pub fn diff_markdown(diff: &Diff, sides: &[String; 2], names: &Names) -> String {
    let [base, head] = sides;
    let mut out = format!("### gitops-lint diff: {}\n\n", markdown(&headline(diff)));
    let _ = writeln!(out, "From {} to {}.\n", markdown(base), markdown(head));
    for danger in diff.dangers.iter().take(CAUSES) {
        let icon = match danger.severity {
            Severity::Error => "🔴",
            Severity::Warning => "🟡",
            Severity::Note => "🔵",
        };
        let by = danger.line.as_ref().map_or_else(String::new, |line| format!(" ({})", place(line, names)));
        let app = if danger.app.is_empty() { String::new() } else { format!(" in {}", danger.app) };
        let words = format!("{}{app}{by}", danger.message);
        let _ =
            writeln!(out, "- {icon} **{}**: {}<br>{}", danger.name, markdown(&words), markdown(danger.help));
    }
    if let Some(rest) = diff.dangers.len().checked_sub(CAUSES).filter(|rest| *rest > 0) {
        let _ = writeln!(out, "- … and {}", count(rest, "more danger"));
    }
    if !diff.dangers.is_empty() {
        out.push('\n');
    }
    if !diff.causes.is_empty() {
        out.push_str("| line | | objects | apps |\n|---|---|---:|---|\n");
    }
    for cause in diff.causes.iter().take(CAUSES) {
        let sure = if cause.certain { "" } else { " (likely)" };
        let _ = writeln!(
            out,
            "| {}{sure} | {} | {} | {} |",
            markdown(&place(&cause.line, names)),
            markdown(&cause.text),
            cause.objects,
            markdown(&apps_of(cause, diff)),
        );
    }
    if let Some(rest) = diff.causes.len().checked_sub(CAUSES).filter(|rest| *rest > 0) {
        let _ = writeln!(out, "\n… and {}.", count(rest, "more line"));
    }
    let mut tail = String::new();
    let (touched, rest) = touched(diff);
    if let Some(words) = &rest {
        let _ = writeln!(tail, "\n{words}.");
    }
    if !touched.is_empty() {
        tail.push_str("\n<details><summary>not rendered in full, so more may change</summary>\n\n");
        for open in touched.iter().take(OPEN) {
            let since = since(open);
            let _ = writeln!(tail, "- {}{since}: {}", markdown(&open.app), markdown(&open.reason));
        }
        if let Some(rest) = touched.len().checked_sub(OPEN).filter(|rest| *rest > 0) {
            let _ = writeln!(tail, "- … and {}", count(rest, "more app"));
        }
        tail.push_str("\n</details>\n");
    }
    let room = MOST_BYTES.saturating_sub(CLOSING_BYTES + tail.len());
    // What is deleted is looked at first.
    let weight = |app: &&AppChange| {
        let gone = app.objects.iter().filter(|it| matches!(it.how, How::Removed | How::Renamed)).count();
        std::cmp::Reverse((gone, app.objects.len()))
    };
    let mut apps: Vec<&AppChange> = diff.apps.iter().collect();
    apps.sort_by_key(weight);
    let mut left = apps.len();
    if !diff.definitions.is_empty() {
        let text = definitions(diff, names);
        if out.len() + text.len() <= room {
            out.push_str(&text);
        } else {
            let count = count(diff.definitions.len(), "app");
            let _ = writeln!(out, "\n… and {count} defined otherwise: `gitops-lint diff` shows all.");
        }
    }
    for app in apps {
        let text = section(app, diff, names);
        if out.len() + text.len() > room {
            continue;
        }
        left -= 1;
        out.push_str(&text);
    }
    if left > 0 {
        let _ =
            writeln!(out, "\n… and {} that did not fit: `gitops-lint diff` shows all.", count(left, "app"));
    }
    out.push_str(&tail);
    out
}

fn section(app: &AppChange, diff: &Diff, names: &Names) -> String {
    let how = match app.how {
        How::Added => " (new)",
        How::Removed => " (gone)",
        _ => "",
    };
    let mut out = format!(
        "\n<details><summary><b>{}</b>{how}: {}</summary>\n\n```diff\n",
        html(&app.name),
        count(app.objects.len(), "object")
    );
    for object in &app.objects {
        let _ = writeln!(
            out,
            "{} {}  ({})",
            sign(object.how),
            safe(&title(&object.object)),
            safe(&story(object))
        );
        fields(&mut out, &object.fields, diff, names);
    }
    out.push_str("```\n\n</details>\n");
    out
}

/// A fence inside of a value must not end the block.
fn safe(text: &str) -> String {
    text.replace("```", "'''")
}

fn fields(out: &mut String, fields: &[FieldChange], diff: &Diff, names: &Names) {
    for field in fields {
        let by = behind(field, diff, names).map_or_else(String::new, |by| format!("  {by}"));
        if !field.path.is_empty() {
            let _ = writeln!(out, "    {}{}", safe(&field.path), safe(&by));
            for (sign, line) in value_lines(field) {
                let _ = writeln!(out, "{sign}     {}", safe(&line));
            }
        } else if !by.is_empty() {
            let _ = writeln!(out, "    {}", safe(by.trim_start()));
        }
    }
}

/// Apps whose own objects differ.
fn definitions(diff: &Diff, names: &Names) -> String {
    let count = count(diff.definitions.len(), "app");
    let mut out = format!("\n<details><summary><b>{DEFINITIONS}</b>: {count}</summary>\n\n```diff\n");
    for definition in &diff.definitions {
        let _ = writeln!(out, "~ {}", safe(&title(&definition.object)));
        fields(&mut out, &definition.fields, diff, names);
    }
    out.push_str("```\n\n</details>\n");
    out
}
