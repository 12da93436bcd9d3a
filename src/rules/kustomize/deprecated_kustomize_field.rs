//! `deprecated-kustomize-field`: see the page.

use crate::finding::Fix;
use crate::repo::KUSTOMIZATION_NAMES;
use crate::rules::mend::Mender;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::Span;
use crate::yaml::{Entry, Node, Stream, Style};

meta!(
    "deprecated-kustomize-field",
    "kustomize",
    Warning,
    Strict,
    "0.1.0",
    "A field of a kustomization is deprecated."
);

pub(crate) struct DeprecatedKustomizeField;

/// Deprecated fields and what takes their place, as `kustomize build` warns.
const DEPRECATED: [(&str, &str); 6] = [
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("imageTags", "images"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
    ("vars", "replacements"),
];

impl Rule for DeprecatedKustomizeField {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_file(&self, file: &Stream, cx: &mut Context<'_>) {
        let name = file.file.name().rsplit('/').next().unwrap_or_default();
        if !KUSTOMIZATION_NAMES.contains(&name) {
            return;
        }
        for root in file.documents.iter().filter_map(|document| document.root.as_ref()) {
            for entry in root.entries() {
                if let Some((old, new)) = DEPRECATED.iter().find(|(old, _)| entry.key.text == *old) {
                    let message = format!("`{old}` is deprecated, `{new}` takes its place");
                    let report = cx.report_at(entry.key.at, message).help("run `kustomize edit fix`");
                    report.mend(|at, mender| migrated(root, entry, file, at, mender));
                }
            }
        }
    }
}

/// The field as `kustomize edit fix` would have it, where the new one is not there yet. What it builds stays the same.
fn migrated(root: &Node, entry: &Entry, file: &Stream, at: Span, mender: Mender<'_>) -> Option<Fix> {
    let old = entry.key.text.as_str();
    let (_, new) = DEPRECATED.iter().find(|(name, _)| old == *name)?;
    let is_free = root.get(new).is_none();
    let renamed = || mender.rename(at, old, new);
    let fix = match old {
        "bases" => match entry.value.seq_or_empty() {
            [only] if !is_free => {
                mender.delete(at)?.and(mender.push_below(at, &["resources"], only.scalar()?))
            }
            _ => renamed(),
        },
        "patchesJson6902" => renamed(),
        "patchesStrategicMerge" => {
            let mut fix = renamed()?;
            for item in entry.value.seq_or_empty() {
                item.scalar()?;
                let word =
                    if matches!(item.style, Style::Literal | Style::Folded) { "patch: " } else { "path: " };
                fix.edits.push((Span::new(at.file, item.at.start, item.at.start), word.to_owned()));
            }
            Some(fix)
        }
        "commonLabels" if is_free => labels(entry, file),
        _ => None,
    };
    Some(Fix { title: format!("write `{new}`"), ..fix? })
}

/// `commonLabels` as an entry of `labels`; comments stay.
fn labels(entry: &Entry, file: &Stream) -> Option<Fix> {
    let value = &entry.value;
    let first = value.entries().first()?;
    if value.style == Style::Flow {
        return None;
    }
    let file = &file.file;
    let line = |at: u32| file.line_span(file.line_index(at));
    let indent = (first.key.at.start - line(first.key.at.start)?.start) as usize;
    let last = line(value.at.end.max(1) - 1)?;
    let whole = Span::new(file.id(), entry.key.at.start, last.end);
    let text = file.slice(Span::new(file.id(), line(first.key.at.start)?.start, last.end));
    let mut out = "labels:\n  - includeSelectors: true\n    pairs:".to_owned();
    for line in text.lines() {
        let bare = line.get(indent..).filter(|_| line.bytes().take(indent).all(|it| it == b' '));
        let bare = bare.unwrap_or(line.trim_start());
        out.push('\n');
        if !bare.is_empty() {
            out.push_str("      ");
            out.push_str(bare);
        }
    }
    Some(Fix::new("", whole, out))
}
