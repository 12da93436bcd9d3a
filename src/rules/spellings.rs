//! Words that a whole repository writes, by the files that write them: one that a single file spells unlike several others, by one letter,
//! is a slip.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::near::{is_slip, shortened};
use crate::origin::Place;
use crate::repo::Inventory;
use crate::source::FileId;
use crate::yaml::Node;

use super::{Context, Report};

/// So many files must agree on a spelling.
const HABIT: usize = 3;

/// Shorter words are alike too easily.
const LEAST_LETTERS: usize = 8;

/// Words, with who writes them.
#[derive(Default)]
pub(super) struct Spellings {
    words: BTreeMap<SmolStr, (BTreeSet<FileId>, Place)>,
}

/// A word that is spelt unlike others.
pub(super) struct Slip<'a> {
    /// The word.
    pub(super) word: &'a SmolStr,
    /// Where it stands.
    pub(super) place: Place,
    /// How several files spell it.
    pub(super) usual: &'a str,
    /// Where one of them does; none for what everybody knows.
    pub(super) other: Option<Place>,
}

/// The words of one file, each with the first place where it stands.
#[derive(Default)]
pub(super) struct Words {
    known: FxHashSet<SmolStr>,
    all: Vec<(SmolStr, Place)>,
}

impl Words {
    /// Adds a word at a place.
    pub(super) fn add(&mut self, word: &str, place: Place) {
        let word = SmolStr::new(word);
        if self.known.insert(word.clone()) {
            self.all.push((word, place));
        }
    }

    /// Nothing more will be added.
    fn finish(&mut self) {
        self.known = FxHashSet::default();
        self.all.shrink_to_fit();
    }
}

/// What is made of the words of a file: its type tells it from what else is.
pub(super) trait Written: Default + Send + Sync + 'static {
    /// Takes the words of a document.
    fn read(&mut self, root: &Node);

    /// All tables of words.
    fn tables(&mut self) -> impl Iterator<Item = &mut Words>;
}

/// Visits the words of all files of the repository, which are looked for once in each content.
pub(super) fn files<T: Written>(inventory: &Inventory, cx: &Context<'_>, mut visit: impl FnMut(&T)) {
    for path in &inventory.scan.files {
        let Ok(file) = cx.workspace.tree.read(path) else { continue };
        let written = file.facts().get(|| {
            let stream = cx.workspace.cache.stream(&file);
            let mut written = T::default();
            let roots = stream.documents.iter().filter_map(|document| document.root.as_ref());
            roots.for_each(|root| written.read(root));
            written.tables().for_each(Words::finish);
            written
        });
        visit(&written);
    }
}

impl Slip<'_> {
    /// Whether it stands in a file that something reads.
    pub(super) fn is_read(&self, cx: &Context<'_>) -> bool {
        cx.sources().get(self.place.at.file).is_some_and(|file| cx.is_read(&file))
    }

    /// Reports it.
    pub(super) fn tell<'c, 'a>(&self, message: String, cx: &'c mut Context<'a>) -> Report<'c, 'a> {
        let report = cx.report(self.place, message).help(format!("did you mean `{}`?", self.usual)).likely();
        match self.other {
            Some(other) => report.related(other, "spelt like this in several files"),
            None => report,
        }
    }
}

impl Spellings {
    /// Adds a word at a place.
    pub(super) fn add(&mut self, word: &SmolStr, place: Place) {
        let known = self.words.entry(word.clone()).or_insert_with(|| (BTreeSet::new(), place));
        known.0.insert(place.at.file);
    }

    /// Adds the words of a file.
    pub(super) fn add_all(&mut self, words: &Words) {
        words.all.iter().for_each(|(word, place)| self.add(word, *place));
    }

    /// The words of one file that are a letter away from one that several files write, or that everybody knows.
    pub(super) fn slips<'a>(&'a self, known: &'a [&'a str]) -> Vec<Slip<'a>> {
        let mut usual: FxHashMap<SmolStr, Vec<(&'a str, Option<Place>)>> = FxHashMap::default();
        let several = self.words.iter().filter(|(_, (files, _))| files.len() >= HABIT);
        let several = several.map(|(word, (_, place))| (word.as_str(), Some(*place)));
        let known = known.iter().filter(|word| self.words.get(**word).is_none_or(|it| it.0.len() < HABIT));
        for (word, place) in several.chain(known.map(|word| (*word, None))) {
            if (LEAST_LETTERS..100).contains(&word.len()) {
                for text in shortened(word) {
                    usual.entry(text).or_default().push((word, place));
                }
            }
        }
        let mut slips = Vec::new();
        for (word, (files, place)) in &self.words {
            if files.len() > 1 || !(LEAST_LETTERS..100).contains(&word.len()) {
                continue;
            }
            let near = shortened(word).filter_map(|text| usual.get(&text)).flatten();
            let near: BTreeMap<&str, Option<Place>> =
                near.filter(|(usual, _)| is_slip(word, usual)).copied().collect();
            let mut near = near.into_iter();
            if let (Some((usual, other)), None) = (near.next(), near.next()) {
                slips.push(Slip { word, place: *place, usual, other });
            }
        }
        slips
    }
}
