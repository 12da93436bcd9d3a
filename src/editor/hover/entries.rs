//! What an entry of a kustomization or a patch in a file of its own matches, in which app.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::explain;
use crate::source::{SourceFile, Span};
use crate::yaml::Node;

use super::super::cursor::{Cursor, MAX_APPS, Reader};
use super::super::links::Spot;
use super::super::session::Checked;
use super::super::words::{counted, escaped, some};
use super::SHOWN;

/// Fields whose entries bring objects or act on them.
const FIELDS: [&str; 14] = [
    "components",
    "configMapGenerator",
    "helmCharts",
    "images",
    "labels",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
    "replicas",
    "resources",
    "secretGenerator",
    "transformers",
    "bases",
];

/// Fields of an object named in one line.
const NAMED: usize = 3;

/// Lines of a file.
type Part = (Arc<SourceFile>, RangeInclusive<u32>);

/// What the entry of a kustomization at a place does.
pub(super) fn hover(cursor: &Cursor, checked: &Checked, spot: &Spot<'_>) -> Option<String> {
    let field = spot.path.first().filter(|_| cursor.is_kustomization())?;
    let field = FIELDS.iter().find(|known| *known == field)?;
    let items = cursor.document()?.root.as_ref()?.get(field)?.seq_or_empty();
    let line = |offset: u32| cursor.file.line_index(offset) as u32 + 1;
    let index = items.iter().rposition(|item| line(item.at.start) <= cursor.line())?;
    let item = items.get(index)?;
    let mut parts = vec![(Arc::clone(&cursor.file), line(item.at.start)..=line(item.at.end.max(1) - 1))];
    let dir = cursor.path.parent().unwrap_or_default();
    for text in std::iter::once(item).chain(item.get("path")).filter_map(Node::scalar) {
        let path = dir.join(text).ok().filter(|path| checked.workspace.tree.is_file(path));
        if let Some(file) = path.and_then(|path| checked.workspace.tree.read(&path).ok()) {
            let lines = Cursor::all_lines(&file);
            parts.push((file, lines));
        }
    }
    tell(cursor, checked, &format!("{field}[{index}]"), &parts)
}

/// What a patch in a file of its own does as a whole.
pub(super) fn whole_patch(cursor: &Cursor, checked: &Checked) -> Option<String> {
    let mut kustomizations = checked.inventory.scan.kustomizations.values();
    let is_patch =
        kustomizations.any(|it| it.files.contains(&cursor.path) && !it.data.contains(&cursor.path));
    if !is_patch {
        return None;
    }
    let lines = cursor.document_lines()?;
    tell(cursor, checked, "this patch", &[(Arc::clone(&cursor.file), lines)])
}

fn tell(cursor: &Cursor, checked: &Checked, what: &str, parts: &[Part]) -> Option<String> {
    let (mut readers, more) = cursor.readers(checked, MAX_APPS);
    if readers.is_empty() {
        return None;
    }
    // Apps by what is matched in them: overlays of one base mostly agree.
    let mut told: BTreeMap<Vec<String>, Vec<&str>> = BTreeMap::new();
    let mut any = 0;
    readers.sort_by(|a, b| a.entry.app.name.cmp(&b.entry.app.name));
    for reader in &readers {
        let lines = matched(reader, parts);
        any += usize::from(!lines.is_empty());
        let lines = if lines.is_empty() { vec![nothing(reader, parts)] } else { lines };
        told.entry(lines).or_default().push(&reader.entry.app.name);
    }
    let mut out = String::new();
    let _ = writeln!(out, "**{}** acts in {}\n", escaped(what), counted(any, "app"));
    for (lines, apps) in told.iter().take(SHOWN) {
        let _ = writeln!(out, "- {}:", some(apps));
        for line in lines.iter().take(SHOWN) {
            let _ = writeln!(out, "  - {line}");
        }
        if lines.len() > SHOWN {
            let _ = writeln!(out, "  - and {} more objects", lines.len() - SHOWN);
        }
    }
    if told.len() > SHOWN {
        let _ = writeln!(out, "- and otherwise in more apps");
    }
    if more > 0 {
        let _ = writeln!(out, "\n{more} more apps read this file and were not looked at.");
    }
    Some(out)
}

/// The objects of an app that some lines reach, with the first fields.
fn matched(reader: &Reader<'_>, parts: &[Part]) -> Vec<String> {
    let mut objects: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, lines) in parts {
        let Some((_, app)) = explain::in_app(file, lines, &reader.entry.app, &reader.rendered) else {
            continue;
        };
        for reached in app.objects {
            let object = reached.object;
            let fields = reached.fields.iter().map(|(field, _)| field.to_string());
            objects.entry(format!("{} `{}`", object.kind, escaped(&object.name))).or_default().extend(fields);
        }
    }
    let line = |(object, fields): (String, BTreeSet<String>)| {
        let shown: Vec<String> =
            fields.iter().take(NAMED).map(|field| format!("`{}`", escaped(field))).collect();
        let more = fields.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{object}: {}{more}", shown.join(", "))
    };
    objects.into_iter().map(line).collect()
}

/// Why an entry did nothing in an app, as far as the build says.
fn nothing(reader: &Reader<'_>, parts: &[Part]) -> String {
    let on = |at: Span| {
        parts.iter().any(|(file, lines)| {
            at.file == file.id() && lines.contains(&(file.line_index(at.start) as u32 + 1))
        })
    };
    match reader.rendered.no_ops.iter().find(|it| on(it.place.at)) {
        Some(no_op) => format!("nothing: {}", escaped(&no_op.what)),
        None if reader.rendered.failed.is_some() => "unknown: the app cannot be rendered".to_owned(),
        None => "nothing".to_owned(),
    }
}
