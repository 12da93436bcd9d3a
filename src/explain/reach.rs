//! Where a line ends up: which fields of which objects of which apps it has a say in.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::finding::ObjectRef;
use crate::helm::OverrideKind;
use crate::near::did_you_mean;
use crate::origin::{Origin, OriginId, Origins, Place, Step};
use crate::repo::{self, App, AppId, Rendered, Workspace};
use crate::source::{SourceFile, Span, TreePath};
use crate::yaml::{Data, Node};

use super::field::{FieldPath, Part, visit};
use super::naming::AppNames;

/// What a line does to a field; several at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Effect(u8);

impl Effect {
    /// The value, or a part of it, is written there.
    pub const SETS: Self = Self(1);
    /// A value there lost to another.
    pub const LOSES: Self = Self(2);
    /// A template action, function, parameter or replacement there puts the value where it is.
    pub const CONSUMES: Self = Self(4);
    /// A template that does so is called there.
    pub const CALLS: Self = Self(8);

    /// A condition looks at it, and decides whether the value is rendered.
    pub const DECIDES: Self = Self(16);

    const ALL: [(Self, &'static str); 5] = [
        (Self::SETS, "set"),
        (Self::LOSES, "overridden"),
        (Self::CONSUMES, "consumed"),
        (Self::CALLS, "called"),
        (Self::DECIDES, "decided"),
    ];

    /// The words, the most telling one first.
    pub fn words(self) -> Vec<&'static str> {
        Self::ALL.iter().filter(|(effect, _)| self.0 & effect.0 != 0).map(|(_, word)| *word).collect()
    }

    fn is_none(self) -> bool {
        self.0 == 0
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// As seen from a value that stands over this one.
    fn displaced(self) -> Self {
        if self.0 & (Self::SETS.0 | Self::LOSES.0) == 0 { Self::default() } else { Self::LOSES }
    }

    /// As seen from what a template prints.
    fn framed(self) -> Self {
        let kept = self.0 & Self::DECIDES.0;
        if self.0 & !Self::DECIDES.0 == 0 { Self(kept) } else { Self(kept | Self::CALLS.0) }
    }

    /// As seen from what a condition decides.
    fn deciding(self) -> Self {
        if self.0 & (Self::SETS.0 | Self::DECIDES.0) == 0 { Self::default() } else { Self::DECIDES }
    }
}

/// The fields of an object that a line reaches.
#[derive(Debug, Clone)]
pub struct Reached {
    /// The object.
    pub object: ObjectRef,
    /// The fields and what the line does to them.
    pub fields: Vec<(FieldPath, Effect)>,
}

/// What a line reaches in an app.
#[derive(Debug, Clone)]
pub struct InApp {
    /// The app, by a name that means it alone.
    pub name: String,
    /// Keys of the values of charts, and what becomes of them.
    pub values: Vec<(String, Effect)>,
    /// Objects.
    pub objects: Vec<Reached>,
}

/// The answer to "what does this line do?".
#[derive(Debug, Clone)]
pub struct Reach {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The lines that were looked for, from 1: the one asked for, and what belongs to it.
    pub lines: RangeInclusive<u32>,
    /// Apps with what the line reaches in them, by name.
    pub apps: Vec<InApp>,
    /// Apps that are not fully rendered: they may read the line, too.
    pub unknown: Vec<String>,
}

/// Finds what line `line` (from 1) of a file reaches. A key stands for all that is below it. `Err` says that there is
/// no such file or line.
pub fn reach(workspace: &Workspace, path: &str, line: u32) -> Result<Reach, String> {
    let file = file_of(workspace, path)?;
    let count = file.line_starts().len() as u32;
    if line == 0 || line > count {
        return Err(format!("`{path}` has {count} lines: there is no line {line}"));
    }
    let lines = lines_of(workspace, &file, line);
    let on_app = |app: &App, rendered: &Rendered| in_app(&file, &lines, app, rendered);
    let (inventory, reached) = repo::analyze(workspace, &on_app);
    let names = AppNames::new(&inventory);
    let named = |(id, app): (AppId, InApp)| InApp { name: names.alone_of(id), ..app };
    // While apps are found, their ids are not final; results come in the order of the apps.
    let reached = reached.into_iter().zip(&inventory.apps);
    let reached = reached.filter_map(|(it, entry)| Some((entry.app.id, it?.1)));
    let mut apps: Vec<InApp> = reached.map(named).collect();
    apps.sort_by(|a, b| a.name.cmp(&b.name));
    let open = inventory.apps.iter().filter(|entry| entry.status != repo::Status::Rendered);
    let unknown: BTreeSet<String> = open.map(|entry| names.alone(&entry.app)).collect();
    Ok(Reach { file, lines, apps, unknown: unknown.into_iter().collect() })
}

/// The file of that path; `Err` names what is near.
pub(super) fn file_of(workspace: &Workspace, path: &str) -> Result<Arc<SourceFile>, String> {
    let clean = path.strip_prefix("./").unwrap_or(path);
    let found = TreePath::new(clean).ok().and_then(|path| workspace.tree.read(&path).ok());
    if let Some(file) = found {
        return Ok(file);
    }
    let known: Vec<String> = workspace.tree.files().iter().map(ToString::to_string).collect();
    let near = did_you_mean(clean, known.iter().map(String::as_str));
    let ending = || known.iter().map(String::as_str).find(|known| known.ends_with(&format!("/{clean}")));
    Err(match near.or_else(ending) {
        Some(near) => format!("there is no file `{path}`: did you mean `{near}`?"),
        None => format!("there is no file `{path}` in the repository"),
    })
}

/// The lines that belong to `line`: with a key, its value.
pub fn lines_of(workspace: &Workspace, file: &Arc<SourceFile>, line: u32) -> RangeInclusive<u32> {
    let stream = workspace.cache.stream(file);
    let mut end = line;
    let mut todo: Vec<&Node> =
        stream.documents.iter().filter_map(|document| document.root.as_ref()).collect();
    let number = |offset: u32| file.line_index(offset) as u32 + 1;
    while let Some(node) = todo.pop() {
        match &node.data {
            Data::Scalar(_) => {}
            Data::Seq(items) => todo.extend(items.iter().filter(|item| item.at.file == file.id())),
            Data::Map(map) => {
                for entry in map {
                    if entry.key.at.file == file.id() && number(entry.key.at.start) == line {
                        let last = entry.value.at.end.max(entry.value.at.start + 1) - 1;
                        end = end.max(number(last));
                    }
                    todo.push(&entry.value);
                }
            }
        }
    }
    line..=end
}

/// Tells whether spans lie on the lines.
struct Lines<'a> {
    file: &'a SourceFile,
    lines: &'a RangeInclusive<u32>,
}

impl Lines<'_> {
    fn have(&self, at: Span) -> bool {
        if at.file != self.file.id() {
            return false;
        }
        let first = self.file.line_index(at.start) as u32 + 1;
        // A collection begins with its first child, which tells of itself; text of several lines is one value.
        let many = matches!(self.file.slice(at).as_bytes().first(), Some(b'|' | b'>' | b'"' | b'\''));
        let last = if many { self.file.line_index(at.end.max(at.start + 1) - 1) as u32 + 1 } else { first };
        first <= *self.lines.end() && *self.lines.start() <= last
    }

    /// What each step has from the lines. Steps refer to older ones only, so one pass is enough.
    fn effects(&self, origins: &Origins) -> Effects {
        let mut effects =
            Effects { own: vec![Effect::default()], chain: vec![Effect::default()], any: false };
        for origin in origins.iter() {
            let effect = self.effect(origin, &effects);
            effects.any |= !effect.is_none();
            let and = effects.chain_of(origin.and);
            effects.own.push(effect);
            effects.chain.push(effect.and(and));
        }
        effects
    }

    fn effect(&self, origin: &Origin, effects: &Effects) -> Effect {
        let here = origin.at.is_some_and(|at| self.have(at));
        let own = |effect: Effect| if here { effect } else { Effect::default() };
        let from = effects.chain_of(origin.from);
        let under = effects.of(origin.under);
        match origin.by {
            Step::Joined => from,
            Step::Computed(_) => from.and(own(Effect::CONSUMES)),
            Step::Templated if origin.from.is_written() => own(Effect::SETS).and(under.framed()),
            Step::Templated => from.and(own(Effect::CONSUMES)).and(under.framed()),
            // The text of a template reaches over many lines; where a value is in it, the value's own place says.
            Step::TemplateText => under.framed(),
            Step::Decided => from.and(own(Effect::SETS)).deciding().and(under.framed()),
            Step::Included => own(Effect::CALLS).and(under.framed()),
            _ if origin.by.moves() && !origin.from.is_written() => {
                from.and(own(Effect::CONSUMES)).and(under.displaced())
            }
            _ => own(Effect::SETS).and(from).and(under.displaced()),
        }
    }
}

/// What every step of an arena has from the lines; index 0 is [`OriginId::WRITTEN`].
struct Effects {
    own: Vec<Effect>,
    /// The same with what follows in a list of inputs.
    chain: Vec<Effect>,
    any: bool,
}

impl Effects {
    fn of(&self, id: OriginId) -> Effect {
        self.own.get(id.index()).copied().unwrap_or_default()
    }

    fn chain_of(&self, id: OriginId) -> Effect {
        self.chain.get(id.index()).copied().unwrap_or_default()
    }
}

/// What the lines reach in an app.
pub fn in_app(
    file: &SourceFile,
    lines: &RangeInclusive<u32>,
    app: &App,
    rendered: &Rendered,
) -> Option<(AppId, InApp)> {
    let lines = Lines { file, lines };
    let effects = lines.effects(&rendered.origins);
    let mut objects = Vec::new();
    for object in &rendered.objects {
        let mut search =
            Search { lines: &lines, effects: &effects, path: FieldPath::default(), fields: Vec::new() };
        search.node(&object.node);
        if !search.fields.is_empty() {
            objects.push(Reached { object: object.to_ref(&app.cluster, None), fields: search.fields });
        }
    }
    let mut values: BTreeMap<String, Effect> = BTreeMap::new();
    for release in &rendered.releases {
        visit(&release.values, &mut FieldPath::default(), &mut |path, node| {
            if node.scalar().is_some() && lines.have(node.at) {
                values.insert(path.to_string(), Effect::SETS);
            }
        });
        for over in &release.overrides {
            let path = FieldPath(over.path.iter().cloned().map(Part::Key).collect()).to_string();
            if over.losers.iter().any(|loser| lines.have(loser.at)) {
                values.entry(path).or_insert(Effect::LOSES);
            } else if over.kind != OverrideKind::Merged && lines.have(over.winner.at) {
                values.entry(path).or_insert(Effect::SETS);
            }
        }
    }
    let values: Vec<_> = values.into_iter().collect();
    let reached = !values.is_empty() || !objects.is_empty();
    reached.then(|| (app.id, InApp { name: String::new(), values, objects }))
}

struct Search<'a> {
    lines: &'a Lines<'a>,
    effects: &'a Effects,
    path: FieldPath,
    fields: Vec<(FieldPath, Effect)>,
}

impl Search<'_> {
    fn effect(&self, place: Place) -> Effect {
        let own = if self.effects.any { self.effects.of(place.origin) } else { Effect::default() };
        if self.lines.have(place.at) && own.is_none() { Effect::SETS } else { own }
    }

    fn node(&mut self, node: &Node) {
        let inner = match &node.data {
            Data::Scalar(_) => false,
            Data::Seq(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.path.0.push(Part::Index(index));
                    self.node(item);
                    self.path.0.pop();
                }
                !items.is_empty()
            }
            Data::Map(map) => {
                for entry in map {
                    self.path.0.push(Part::Key(entry.key.text.clone()));
                    let before = self.fields.len();
                    self.node(&entry.value);
                    let key = self.effect(entry.key.place());
                    // The key of a field that is told anyway is no news.
                    if self.fields.len() == before && !key.is_none() {
                        self.fields.push((self.path.clone(), key));
                    }
                    self.path.0.pop();
                }
                !map.is_empty()
            }
        };
        let effect = self.effect(node.place());
        if !inner && !effect.is_none() {
            self.fields.push((self.path.clone(), effect));
        }
    }
}
