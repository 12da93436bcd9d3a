//! Entries of kustomizations that do nothing, seen over the whole repository: a component that several overlays share
//! may have a patch that only one of them needs.

use std::collections::BTreeMap;

use crate::finding::Confidence;
use crate::finding::Missing;
use crate::kustomize::{Meant, Near, NoOpKind};
use crate::repo::{AppEntry, AppId, Inventory, Status};
use crate::source::{Span, TreePath};

use super::Context;

/// Reports the entries of one kind that do nothing in any app that reads them. `message` is told what they look for.
pub(super) fn report(
    inventory: &Inventory,
    kind: NoOpKind,
    cx: &mut Context<'_>,
    message: &dyn Fn(&str) -> String,
    help: &str,
) {
    type Entry<'a> = (&'a str, Option<&'a Near>, Option<&'a Meant>, Vec<AppId>);
    let mut entries: BTreeMap<Span, Entry<'_>> = BTreeMap::new();
    for app in &inventory.apps {
        for no_op in app.no_ops.iter().filter(|no_op| no_op.kind == kind) {
            let near = no_op.near.as_ref();
            let meant = no_op.meant.as_ref();
            let new = (no_op.what.as_str(), near, meant, Vec::new());
            let (_, known, known_meant, apps) = entries.entry(no_op.place.at).or_insert(new);
            // What is meant is the same in all apps, or nobody can tell.
            *known_meant = known_meant.filter(|known| Some(*known) == meant);
            // What one app just misses may be there in another, as far as that one can be seen.
            if near.is_none() && is_open(app) {
                *known = None;
            }
            apps.push(app.app.id);
        }
    }
    let mut variants = Variants::default();
    for (at, (what, near, meant, mut apps)) in entries {
        let Some(file) = cx.sources().get(at.file) else { continue };
        let Some(path) = file.path().cloned() else { continue };
        let may_work = |app: &AppId| inventory.app(*app).is_some_and(|app| is_open(app) || app.objects == 0);
        let open = apps.iter().any(may_work);
        let works = open && near.is_none() || is_read_by_others(inventory, &path, &apps);
        if works || !cx.workspace.is_editable(at.file) {
            continue;
        }
        apps.sort_unstable();
        apps.dedup();
        // A component offers what overlays may use or not: a part that none of today's needs is no mistake of its own.
        let offered = path
            .parent()
            .and_then(|dir| inventory.scan.kustomizations.get(&dir))
            .is_some_and(|it| it.component && it.file == path);
        let may_be_meant = match kind {
            NoOpKind::PatchTarget => offered && near.is_none(),
            NoOpKind::PatchEffect => {
                says_what_it_is_called(file.text_or_empty(), at, &path)
                    || is_one_of_a_row(file.text_or_empty(), what)
                    || variants.is_pinned(inventory, cx, &path, what)
            }
            _ => false,
        };
        let sure = if may_be_meant {
            Confidence::Possible
        } else if open && !near.is_some_and(|near| near.only) {
            Confidence::Likely
        } else {
            Confidence::Certain
        };
        // What changes nothing can go without a change; whether it was meant to change something, its author knows.
        let lonely = near.is_none();
        let mut report = cx.report_at(at, message(what)).apps(apps).help(help).confidence(sure);
        report = report.mend(|at, mender| {
            if let Some(Meant { key, from, to }) = meant {
                let value = mender.written(at, |node| node.get(key).map(|value| value.at))?;
                return Some(mender.set(value, from, to)?.changing_apps().not_safe());
            }
            let fix = mender.delete_item(at).filter(|_| lonely)?;
            Some(if kind == NoOpKind::PatchEffect { fix } else { fix.not_safe() })
        });
        if let Some(near) = near {
            report = report.related_at(near.place.at, near.words.clone());
        }
    }
}

/// What variants of one thing patch, each question answered once: by the directory above them and what is looked for, the first two
/// directories there that have it.
#[derive(Default)]
struct Variants {
    known: BTreeMap<(TreePath, String), Vec<String>>,
}

impl Variants {
    /// Whether a variant beside the one that has a patch patches the same: then each of them says what it has, that of the base
    /// included.
    fn is_pinned(&mut self, inventory: &Inventory, cx: &Context<'_>, path: &TreePath, what: &str) -> bool {
        let Some(dir) = path.parent() else { return false };
        let Some(above) = dir.parent() else { return false };
        let field = what.strip_prefix("`/").and_then(|field| field.strip_suffix('`'));
        let sought = field.map_or_else(|| path.file_name().to_owned(), |field| format!("/{field}"));
        let has = |file: &TreePath| match field {
            Some(_) => cx.workspace.tree.read(file).is_ok_and(|it| it.text_or_empty().contains(&sought)),
            None => file.file_name() == sought,
        };
        let found = self.known.entry((above.clone(), sought.clone())).or_insert_with(|| {
            let mut found: Vec<String> = Vec::new();
            for file in inventory.scan.files.iter().filter(|file| file.starts_with(&above)) {
                let Some(variant) = variant(&above, file) else { continue };
                if found.len() < 2 && !found.iter().any(|it| it == variant) && has(file) {
                    found.push(variant.to_owned());
                }
            }
            found
        });
        found.iter().any(|variant| variant != dir.file_name())
    }
}

/// Whether operations beside one set the same field of other items of its list: a row of values is written whole.
fn is_one_of_a_row(text: &str, what: &str) -> bool {
    let Some(own) = what.strip_prefix('`').and_then(|it| it.strip_suffix('`')) else { return false };
    let is_index = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    let parts: Vec<&str> = own.split('/').collect();
    let alike = |other: &str| {
        let others: Vec<&str> = other.split('/').collect();
        others.len() == parts.len()
            && parts.iter().zip(&others).all(|(a, b)| a == b || is_index(a) && is_index(b))
    };
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '}'));
    parts.iter().any(|part| is_index(part)) && { words }.any(|word| word != own && alike(word))
}

/// Whether the value that an operation sets is what its directory is called: `overlays/stable` says `stable` on purpose.
fn says_what_it_is_called(text: &str, at: Span, path: &TreePath) -> bool {
    let Some(dir) = path.parent().filter(|dir| !dir.file_name().is_empty()) else { return false };
    let behind = text.get(at.end as usize..).unwrap_or_default();
    let mut lines = behind.lines().skip(1).take_while(|line| !line.trim_start().starts_with('-'));
    let value = lines.find_map(|line| line.trim_start().strip_prefix("value:"));
    value.is_some_and(|value| value.trim().trim_matches(['"', '\'']) == dir.file_name())
}

/// The directory below another in which a file is.
fn variant<'f>(above: &TreePath, file: &'f TreePath) -> Option<&'f str> {
    let mut components = file.components().skip(above.components().count());
    let variant = components.next()?;
    components.next().map(|_| variant)
}

/// Whether an app that is not one of these reads a file; they are in the order of discovery.
pub(super) fn is_read_by_others(inventory: &Inventory, path: &TreePath, apps: &[AppId]) -> bool {
    inventory.readers(path).iter().any(|reader| apps.binary_search(reader).is_err())
}

/// Whether what the entry looks for may be among what was not rendered.
fn is_open(app: &AppEntry) -> bool {
    app.status == Status::Failed || app.incomplete.iter().any(|it| it.missing != Missing::StandIn)
}
