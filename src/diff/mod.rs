//! What a change does to what is applied: both sides rendered, objects matched, compared field by field, and every
//! difference led back to the line of the change that causes it.
//!
//! The two sides share their sources ([`SharedTree`](crate::source::SharedTree)): a file that is the same is parsed once.
//! Of most apps it is enough to know what they are made from ([`repo::prints`]); only where that is not the same on both sides,
//! their objects are compared by digests, and only apps whose digests differ are rendered again and kept.
//!
//! How it looks is up to `report`.

mod cause;
mod compare;
mod danger;
mod definitions;
mod digest;
mod follow;
mod left;
mod mask;
mod matching;
mod own;
mod refused;
mod sides;
mod unread;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde_json::Value as Json;
use smol_str::SmolStr;

use crate::admission::RULES_BUDGET;
use crate::cel::Budget;
use crate::finding::ObjectRef;
use crate::repo::{self, Analysis, AppEntry, Rendered, Status, Workspace};
use crate::source::TreePath;

use cause::{CLUSTERS, Finder, Found, NAMESPACES, View};
use compare::{Difference, Path, Value};
use definitions::Numbers;
use follow::{follow, follows};
use mask::Masks;
use matching::{Candidate, Match};
use refused::Home;
use sides::{Pair, Seen, pairs};

pub use cause::{ChangedFile, Line, Lines, SourceLine, Version};
pub use danger::{DANGERS, Danger, DangerMeta, Prune};
pub use definitions::{Definition, Open};
pub use left::{Dropped, Left};
pub use matching::How;
pub use own::Own;
pub use refused::Refusal;
pub use sides::Side;

/// A field that differs.
#[derive(Debug, Clone)]
pub struct FieldChange {
    /// Its path; empty for the whole object.
    pub path: String,
    /// What it was; `None` where there was none. Secrets are marks.
    pub before: Option<Json>,
    /// What it is.
    pub after: Option<Json>,
    /// Whether the values hold a secret, and are marks.
    pub secret: bool,
    /// It only follows another change: a generator's hash, a checksum.
    pub follows: bool,
    /// The same items in another order.
    pub reordered: bool,
    /// The entry of [`Diff::causes`] that is behind it.
    pub cause: Option<usize>,
    /// The cause is a line that the app reads; no chain leads there.
    pub likely: bool,
}

/// An object that differs.
#[derive(Debug, Clone)]
pub struct ObjectChange {
    /// The object; the old one where it is gone.
    pub object: ObjectRef,
    /// What happened to it.
    pub how: How,
    /// What it was called, where it is called otherwise now.
    pub was: Option<ObjectRef>,
    /// The app that applied it, where that is another one now.
    pub from_app: Option<String>,
    /// What it says about its own change.
    pub own: Own,
    /// What it does not define any more, where it defines a kind.
    pub dropped: Option<Dropped>,
    /// Why the cluster refuses the change, beside what is wrong with the new object alone.
    pub refused: Vec<Refusal>,
    /// What differs, in the order of the object.
    pub fields: Vec<FieldChange>,
}

/// An app with objects that differ.
#[derive(Debug, Clone)]
pub struct AppChange {
    /// The app, by a name that means it alone.
    pub name: String,
    /// The app as findings call it; others may be called the same.
    pub plain: std::sync::Arc<str>,
    /// Its cluster, as it names it; empty when nothing says.
    pub cluster: SmolStr,
    /// Whether the app is new, gone, or neither.
    pub how: How,
    /// What becomes of what it does not have any more.
    pub prune: Prune,
    /// Whether it replaces what cannot be changed.
    pub forced: bool,
    /// Its objects.
    pub objects: Vec<ObjectChange>,
}

/// A line of the change with everything that it causes.
#[derive(Debug, Clone)]
pub struct Cause {
    /// The line.
    pub line: Line,
    /// What it says, without secrets.
    pub text: String,
    /// The hunk that it is in.
    pub source: Vec<SourceLine>,
    /// Whether chains lead there. Otherwise the app reads the file, and nothing else explains the difference.
    pub certain: bool,
    /// The apps it reaches, as indexes into [`Diff::apps`].
    pub apps: BTreeSet<usize>,
    /// Number of objects that differ for it.
    pub objects: usize,
    /// Number of fields.
    pub fields: usize,
}

/// What differs between two sides.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    /// Apps, by name.
    pub apps: Vec<AppChange>,
    /// Lines, those that cause most first.
    pub causes: Vec<Cause>,
    /// Apps that are not rendered in full, by name; those that were before first.
    pub open: Vec<Open>,
    /// Apps whose own objects differ, and that no app applies: somebody does by hand, or a controller makes them.
    pub definitions: Vec<Definition>,
    /// What is dangerous about it, the worst first.
    pub dangers: Vec<Danger>,
    /// Files that differ, and that no app reads.
    pub unread: Vec<TreePath>,
}

impl Diff {
    /// Whether nothing differs, as far as everything was rendered.
    pub fn is_empty(&self) -> bool {
        self.apps.is_empty() && self.definitions.is_empty()
    }

    /// All objects that differ.
    pub fn objects(&self) -> impl Iterator<Item = &ObjectChange> {
        self.apps.iter().flat_map(|app| &app.objects)
    }
}

/// A pair that differs, rendered.
struct Loaded<'a> {
    pair: Pair,
    base: Option<(&'a AppEntry, Rendered)>,
    head: Option<(&'a AppEntry, Rendered)>,
}

/// What an object's change is made of, before causes have numbers.
struct Drafted {
    pair: usize,
    change: ObjectChange,
    causes: Vec<Option<Found>>,
}

/// Compares two sides. Their workspaces share sources and parsed files.
pub fn diff(base: &Workspace, head: &Workspace) -> Diff {
    let analysis = Analysis::default();
    between(&Side::new(base, &analysis), &Side::new(head, &analysis))
}

/// The same for sides that were looked at before.
pub fn between<'a>(base: &'a Side<'a>, head: &'a Side<'a>) -> Diff {
    let pairs = pairs(&base.inventory, &head.inventory);
    let seen: Vec<Seen> = pairs.par_iter().filter_map(|pair| Seen::of(*pair, base, head)).collect();
    let lines = Lines::new(base.workspace, head.workspace);
    // Nothing says that these are deployed. They are there, or not, because some app builds their files on one side only,
    // and that app tells what changes.
    let is_unclaimed = |pair: &&Pair| {
        let entry = match (pair.base, pair.head) {
            (None, Some(at)) => head.entry(at),
            (Some(at), None) => base.entry(at),
            _ => None,
        };
        entry.is_some_and(|entry| {
            let files = &entry.files;
            entry.app.kind.is_loose() && !files.is_empty() && !files.iter().any(|path| lines.differ_in(path))
        })
    };
    let render = |side: &'_ Side<'_>, index: Option<usize>| {
        let entry = index.and_then(|at| side.entry(at))?;
        Some(repo::render(&entry.app, side.workspace))
    };
    let loaded: Vec<Loaded<'_>> = seen
        .par_iter()
        .filter(|seen| seen.differs())
        .map(|seen| &seen.pair)
        .filter(|pair| !is_unclaimed(pair))
        .map(|pair| Loaded {
            pair: *pair,
            base: render(base, pair.base).and_then(|it| Some((base.entry(pair.base?)?, it))),
            head: render(head, pair.head).and_then(|it| Some((head.entry(pair.head?)?, it))),
        })
        .collect();
    let found = matching::matches(candidates(&loaded, |it| &it.base), candidates(&loaded, |it| &it.head));
    let mut by_pair: BTreeMap<usize, Vec<Match<'_>>> = BTreeMap::new();
    for found in found {
        let home = found.head.or(found.base).map_or(0, |it| it.pair);
        by_pair.entry(home).or_default().push(found);
    }
    let drafted: Vec<Drafted> = by_pair
        .into_par_iter()
        .flat_map_iter(|(index, matches)| {
            loaded
                .get(index)
                .map(|it| draft(it, index, &matches, &loaded, base, head, &lines))
                .unwrap_or_default()
        })
        .collect();
    let mut diff = assemble(drafted, &loaded, base, head, &lines);
    diff.open = definitions::open(&pairs, &seen, base, head, &lines);
    diff.unread = unread::unread(base, head, &lines);
    let mut numbers = Numbers::new(&lines, &mut diff.causes);
    diff.definitions = definitions::definitions(&pairs, base, head, &lines, &mut numbers);
    left::find(&mut diff.apps, head);
    diff.dangers = danger::find(&diff);
    definitions::unrendered(&mut diff);
    diff
}

fn candidates<'a>(
    loaded: &'a [Loaded<'_>],
    side: impl Fn(&'a Loaded<'_>) -> &'a Option<(&'a AppEntry, Rendered)>,
) -> Vec<Candidate<'a>> {
    let mut all = Vec::new();
    for (pair, it) in loaded.iter().enumerate() {
        if let Some((entry, rendered)) = side(it) {
            all.extend(rendered.objects.iter().map(|object| Candidate {
                pair,
                cluster: &entry.app.cluster,
                object,
                digest: digest::of_object(object),
            }));
        }
    }
    all
}

fn draft(
    it: &Loaded<'_>,
    index: usize,
    matches: &[Match<'_>],
    loaded: &[Loaded<'_>],
    base: &Side<'_>,
    head: &Side<'_>,
    lines: &Lines<'_>,
) -> Vec<Drafted> {
    let mut above = BTreeSet::new();
    it.pair.base.into_iter().for_each(|at| base.above(at, &mut above));
    it.pair.head.into_iter().for_each(|at| head.above(at, &mut above));
    let above: Vec<TreePath> = above.into_iter().collect();
    let old = it.base.as_ref().map(|(entry, rendered)| View::new(entry, rendered, base.workspace));
    let new = it.head.as_ref().map(|(entry, rendered)| View::new(entry, rendered, head.workspace));
    let mut finder = Finder::new(lines, old, new, above);
    // What is missing from a render is neither gone nor new.
    let status = |it: &Option<(&AppEntry, Rendered)>| {
        it.as_ref().map(|(_, rendered)| (rendered.status(), rendered.reason()))
    };
    let (was, is) = (status(&it.base), status(&it.head));
    let full = |it: &Option<(Status, Option<String>)>| {
        it.as_ref().is_none_or(|(status, _)| *status == Status::Rendered)
    };
    let pool = Budget::new(RULES_BUDGET);
    let home =
        it.head.as_ref().map(|(entry, _)| Home { app: &entry.app, workspace: head.workspace, pool: &pool });
    let mut drafted = Vec::new();
    for found in matches {
        let unsure = match found.how {
            How::Removed => !full(&is) && was != is,
            How::Added => !full(&was) && was != is,
            _ => false,
        };
        if unsure {
            continue;
        }
        let other = found.base.filter(|old| old.pair != index).and_then(|old| loaded.get(old.pair));
        let kept = other.and_then(|other| other.base.as_ref()).map(|(entry, rendered)| {
            let view = View::new(entry, rendered, base.workspace);
            finder.base.replace(view)
        });
        if let Some(mut change) = object_change(found, &finder, base.workspace, home) {
            change.pair = index;
            let from = other.and_then(|other| other.pair.base.or(other.pair.head));
            change.change.from_app = from.filter(|_| found.how == How::Moved).map(|at| base.name(at));
            drafted.push(change);
        }
        if let Some(kept) = kept {
            finder.base = kept;
        }
    }
    follow(&mut drafted);
    drafted
}

/// What differs in a matched object; `None` where nothing does. `home` is the app that has it now.
fn object_change(
    found: &Match<'_>,
    finder: &Finder<'_>,
    workspace: &Workspace,
    home: Option<Home<'_>>,
) -> Option<Drafted> {
    let any = found.head.or(found.base)?;
    let whole = |node| Value { node, key: None, around: Vec::new() };
    let differences = match (&found.base, &found.head) {
        (Some(base), Some(head)) => compare::compare(base.object, head.object),
        (base, head) => vec![Difference {
            path: Path::default(),
            base: base.map(|it| whole(&it.object.node)),
            head: head.map(|it| whole(&it.object.node)),
            reordered: false,
        }],
    };
    for (view, side) in [(&finder.base, &found.base), (&finder.head, &found.head)] {
        if let (Some(view), Some(side)) = (view, side) {
            view.hide_data(side.object, workspace);
        }
    }
    let mut masks = Masks::default();
    let mut fields = Vec::new();
    let mut causes = Vec::new();
    for difference in &differences {
        masks.used = false;
        let mut shown = |value: &Option<Value<'_>>| {
            let value = value.as_ref()?;
            Some(masks.value(any.object, &difference.path, value.node, value.around.last().copied()))
        };
        let (before, after) = (shown(&difference.base), shown(&difference.head));
        if masks.used {
            let sides = [(&finder.base, &difference.base), (&finder.head, &difference.head)];
            for (view, value) in sides {
                if let (Some(view), Some(value)) = (view, value) {
                    view.hide(value.node, workspace);
                }
            }
        }
        causes.push(finder.of(difference));
        fields.push(FieldChange {
            path: difference.path.to_string(),
            follows: follows(before.as_ref(), after.as_ref()),
            before,
            after,
            secret: masks.used,
            reordered: difference.reordered,
            cause: None,
            likely: false,
        });
    }
    let to_ref = |it: &Candidate<'_>| it.object.to_ref(it.cluster, None);
    let object = to_ref(&any);
    let was = found.base.as_ref().filter(|_| found.head.is_some()).map(to_ref).filter(|was| *was != object);
    if let Some(was) = &was {
        // What the app says, not the object.
        let text = |text: &str| Some(Json::String(text.to_owned()));
        let cluster = |it: &ObjectRef| it.cluster.clone().unwrap_or_default();
        let implied = [
            ("metadata.namespace", was.namespace.clone(), object.namespace.clone(), NAMESPACES),
            ("(cluster)", cluster(was), cluster(&object), CLUSTERS),
        ];
        for (path, before, after, said) in implied {
            if before != after && !fields.iter().any(|field| field.path == path) {
                let (before, after) = (text(&before), text(&after));
                let path = path.to_owned();
                let change = FieldChange {
                    path,
                    before,
                    after,
                    secret: false,
                    follows: false,
                    reordered: false,
                    cause: None,
                    likely: false,
                };
                fields.push(change);
                causes.push(finder.implied(said));
            }
        }
    }
    if fields.is_empty() && found.how != How::Moved {
        return None;
    }
    if fields.is_empty() {
        causes.push(finder.fallback().map(|line| Found { line, certain: false }));
    }
    let (old, new) = (found.base.map(|it| it.object), found.head.map(|it| it.object));
    let own = Own::of((old, new), finder.base.as_ref().map(|view| view.entry.app.kind), workspace);
    let dropped = left::dropped(old, new);
    let refused = match (&found.base, &found.head, home) {
        (Some(old), Some(new), Some(home)) if found.how == How::Same => {
            refused::refusals(old.object, new.object, home)
        }
        (Some(old), None, Some(home)) if found.how == How::Removed => refused::deletion(old.object, home),
        _ => Vec::new(),
    };
    let change = ObjectChange { object, how: found.how, was, from_app: None, own, dropped, refused, fields };
    Some(Drafted { pair: any.pair, change, causes })
}

/// What was found to have caused each field of each object of an app.
type Causes = Vec<Vec<Option<Found>>>;

fn assemble(
    drafted: Vec<Drafted>,
    loaded: &[Loaded<'_>],
    base: &Side<'_>,
    head: &Side<'_>,
    lines: &Lines<'_>,
) -> Diff {
    let mut apps: BTreeMap<(String, usize), (AppChange, Causes)> = BTreeMap::new();
    for it in drafted {
        let Some(loaded) = loaded.get(it.pair) else { continue };
        let name = match (loaded.pair.head, loaded.pair.base) {
            (Some(at), _) => head.name(at),
            (None, Some(at)) => base.name(at),
            (None, None) => continue,
        };
        let entry = apps.entry((name.clone(), it.pair)).or_insert_with(|| {
            let how = match (&loaded.base, &loaded.head) {
                (None, _) => How::Added,
                (_, None) => How::Removed,
                _ => How::Same,
            };
            let app = loaded.head.as_ref().or(loaded.base.as_ref()).map(|(entry, _)| &entry.app);
            let cluster = app.map(|app| app.cluster.clone()).unwrap_or_default();
            let plain = app.map(|app| std::sync::Arc::clone(&app.name)).unwrap_or_default();
            let prune = app.map_or(Prune::Unknown, |app| definitions::prune_of(app, how == How::Removed));
            let forced = app.is_some_and(definitions::is_forced);
            (AppChange { name, plain, cluster, how, prune, forced, objects: Vec::new() }, Vec::new())
        });
        entry.0.objects.push(it.change);
        entry.1.push(it.causes);
    }
    let mut causes: BTreeMap<Line, Cause> = BTreeMap::new();
    for (app, (_, found)) in apps.values().enumerate() {
        for object in found {
            let mut told = BTreeSet::new();
            for Found { line, certain } in object.iter().flatten() {
                let cause = causes.entry(line.clone());
                let cause = cause.or_insert_with(|| Cause::new(line.clone(), lines, false));
                cause.certain |= certain;
                cause.apps.insert(app);
                cause.fields += 1;
                cause.objects += usize::from(told.insert(line));
            }
        }
    }
    let mut causes: Vec<Cause> = causes.into_values().collect();
    causes.sort_by(|a, b| {
        let size = |it: &Cause| (it.apps.len(), it.objects, it.fields);
        size(b).cmp(&size(a)).then_with(|| a.line.cmp(&b.line))
    });
    let numbers: FxHashMap<&Line, usize> =
        causes.iter().enumerate().map(|(number, cause)| (&cause.line, number)).collect();
    let mut all = Vec::new();
    for (mut app, found) in apps.into_values() {
        for (object, found) in app.objects.iter_mut().zip(found) {
            for (field, found) in object.fields.iter_mut().zip(found) {
                field.likely = found.as_ref().is_some_and(|found| !found.certain);
                field.cause = found.and_then(|found| numbers.get(&found.line).copied());
            }
        }
        app.objects.sort_by(|a, b| a.object.cmp(&b.object));
        all.push(app);
    }
    Diff { apps: all, causes, ..Diff::default() }
}
