//! A kustomization file that a controller changes in memory before it is built: what Argo CD and Flux do with the
//! settings of their objects.
//!
//! Mirrors how the file is read by `kustomize/commands/internal/kustfile` and by
//! `fluxcd/pkg/kustomize/kustomize_generator.go`. What single commands do is in [`edit`](super::edit).

use crate::finding::{Problem, ProblemKind};
use crate::origin::{Name, Origin, Origins, Place, Step};
use crate::source::{Dir, TreePath};
use crate::yaml::{Cache, Data, Dialect, Key, Map, Node};

use super::go_json::{self, DroppedField};
use super::kustomization::{FILE_NAMES, Image, Kustomization, Text, schema};

/// Who reads a kustomization file to change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// `kustomize edit`, as Argo CD runs it: unknown fields are refused.
    KustomizeEdit,
    /// Flux: unknown fields are dropped, and so never reach the build.
    Flux,
}

/// A kustomization while it is changed. Hand [`Draft::node`] to
/// [`Options::kustomization`](super::Options::kustomization).
///
/// Everything that is put in keeps the place that it is given and remembers what it displaced.
#[derive(Debug, Clone)]
pub struct Draft {
    pub(super) node: Node,
    dropped: Vec<DroppedField>,
}

impl Draft {
    /// A kustomization without a file. `place` stands for it as a whole: the object that asks for it.
    pub fn empty(place: Place) -> Self {
        Self { node: Node::map(Map::new(), place), dropped: Vec::new() }
    }

    /// The kustomization of a directory; `None` where there is none. What the reader refuses is a problem in its
    /// words.
    pub fn open(dir: &Dir, reader: Reader, cache: &Cache) -> Result<Option<Self>, Box<Problem>> {
        let is_there = |path: &TreePath| dir.tree.kind(path).is_some();
        let mut found = FILE_NAMES.iter().map(|name| dir.path.child(name)).filter(is_there);
        let Some(path) = found.next() else { return Ok(None) };
        let second = found.next();
        let file = dir.tree.read(&path).map_err(|error| {
            Box::new(Problem::nowhere(ProblemKind::Kustomize, format!("open {path}: {error}")))
        })?;
        let place = Place::written(file.span());
        if second.is_some() && reader == Reader::KustomizeEdit {
            let names: Vec<&str> =
                FILE_NAMES.into_iter().filter(|name| is_there(&dir.path.child(name))).collect();
            let message = format!("Found multiple kustomization file: [{}]", names.join(" "));
            return Err(Box::new(Problem::at(ProblemKind::Kustomize, place, message)));
        }
        let refuse =
            |place: Place, message: String| Box::new(Problem::at(ProblemKind::Kustomize, place, message));
        let stream = cache.stream_as(&file, Dialect::Sigs);
        let read = Kustomization::read_root(stream.documents.first(), &stream.file);
        let mut node = read.map_err(|refused| refuse(refused.place, refused.value))?;
        let checked = match reader {
            Reader::KustomizeEdit => go_json::check(&node, &schema::KUSTOMIZATION),
            Reader::Flux => go_json::check_lenient(&node, &schema::KUSTOMIZATION),
        };
        checked
            .map_err(|misfit| refuse(misfit.place, format!("invalid Kustomization: {}", misfit.message)))?;
        let mut dropped = Vec::new();
        if reader == Reader::Flux {
            go_json::drop_unknown(&mut node, &schema::KUSTOMIZATION, &mut dropped);
        }
        if node.as_map().is_none() {
            node = Node::map(Map::new(), place);
        }
        Ok(Some(Self { node, dropped }))
    }

    /// The kustomization as it is now, canonical.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Fields that the reader dropped, because they do not exist.
    pub fn dropped(&self) -> &[DroppedField] {
        &self.dropped
    }

    /// The items of a list.
    pub fn items(&self, field: &str) -> &[Node] {
        self.get(field).map(Node::seq_or_empty).unwrap_or_default()
    }

    /// The value of a field, unless it is null.
    pub fn get(&self, field: &str) -> Option<&Node> {
        go_json::get(&self.node, field)
    }

    /// Sets a field to a string, as `namespace`, `namePrefix` and `nameSuffix` are; an empty one removes it.
    pub fn set_text(&mut self, field: &'static str, text: &Text, origins: &mut Origins) {
        let old = self.take(field);
        if text.value.is_empty() {
            return;
        }
        let place = put(text.place, old.map(|old| old.place()), origins);
        self.insert(field, Node::string(text.value.clone(), place));
    }

    /// Replaces a list of strings, such as `buildMetadata`.
    pub fn set_texts(&mut self, field: &'static str, texts: &[Text], place: Place, origins: &mut Origins) {
        let old = self.take(field);
        let place = put(place, old.map(|old| old.place()), origins);
        let items = texts.iter().map(|text| string(text, origins)).collect();
        self.insert(field, Node::seq(items, place));
    }

    /// Adds a string to a list, such as `components` or `resources`.
    pub fn push_text(&mut self, field: &'static str, text: &Text, origins: &mut Origins) {
        let item = string(text, origins);
        self.push(field, item);
    }

    /// Adds an entry to `patches`: a canonical mapping with the fields of a `patches` entry.
    pub fn push_patch(&mut self, patch: Node) {
        self.push("patches", patch);
    }

    /// Adds an entry to a list, which is made when there is none.
    pub fn push(&mut self, field: &'static str, item: Node) {
        let mut list = self
            .take(field)
            .filter(|list| list.as_seq().is_some())
            .unwrap_or_else(|| Node::seq(Vec::new(), item.place()));
        if let Some(items) = list.as_seq_mut() {
            items.push(item);
        }
        self.insert(field, list);
    }

    /// Puts an image into `images` as Flux does: an entry of the same name takes its new name, and its tag and
    /// digest together; a name that is new goes to the end.
    pub fn merge_image(&mut self, image: &Image, origins: &mut Origins) {
        let mut list = self.take("images").unwrap_or_else(|| Node::seq(Vec::new(), image.place));
        let Some(items) = list.as_seq_mut() else { return };
        let known = items.iter_mut().find(|item| Image::read(item).name == image.name);
        match known {
            Some(item) => {
                if let Some(name) = &image.new_name {
                    set_key(item, "newName", Some(name), origins);
                }
                if image.new_tag.is_some() || image.digest.is_some() {
                    set_key(item, "newTag", image.new_tag.as_ref(), origins);
                    set_key(item, "digest", image.digest.as_ref(), origins);
                }
            }
            None => items.push(image_node(image, None, origins)),
        }
        self.insert("images", list);
    }

    /// Takes a field out, whatever the case of its key.
    pub(super) fn take(&mut self, field: &str) -> Option<Node> {
        let value = self.get(field).cloned();
        if let Some(map) = self.node.as_map_mut() {
            map.retain(|entry| !entry.key.text.eq_ignore_ascii_case(field));
        }
        value
    }

    /// Sets a field that was taken out.
    pub(super) fn insert(&mut self, field: &'static str, value: Node) {
        let key = Key::new(field, value.place());
        if let Some(map) = self.node.as_map_mut() {
            map.insert(key, value);
        }
    }
}

/// The step that says that the settings of an object took the place of what the file says.
const EDIT: Name = Name::new(&"kustomize edit");

/// The place of something that is put where something else was.
pub(super) fn put(place: Place, old: Option<Place>, origins: &mut Origins) -> Place {
    let mut step = Origin::new(place.at, Step::SetByApp(EDIT)).from(place.origin);
    if let Some(old) = old {
        let under = origins.entry(old);
        step = step.under(under);
    }
    Place { at: place.at, origin: origins.add(step) }
}

/// A string that is put in.
pub(super) fn string(text: &Text, origins: &mut Origins) -> Node {
    let place = put(text.place, None, origins);
    Node::string(text.value.clone(), place)
}

/// Sets or removes a string of a mapping, whatever the case of its key.
pub(super) fn set_key(node: &mut Node, field: &'static str, text: Option<&Text>, origins: &mut Origins) {
    let old = go_json::get(node, field).map(Node::place);
    let Data::Map(map) = &mut node.data else { return };
    map.retain(|entry| !entry.key.text.eq_ignore_ascii_case(field));
    if let Some(text) = text {
        let place = put(text.place, old, origins);
        map.insert(Key::new(field, place), Node::string(text.value.clone(), place));
    }
}

/// An entry of `images`.
pub(super) fn image_node(image: &Image, old: Option<Place>, origins: &mut Origins) -> Node {
    let place = put(image.place, old, origins);
    let mut node = Node::map(Map::new(), place);
    let name = Text::new(image.name.clone(), image.place);
    let fields = [
        ("newName", &image.new_name),
        ("newTag", &image.new_tag),
        ("tagSuffix", &image.tag_suffix),
        ("digest", &image.digest),
    ];
    set_key(&mut node, "name", Some(&name), origins);
    for (field, text) in fields {
        set_key(&mut node, field, text.as_ref(), origins);
    }
    node
}
