//! Names by their words, for a name that is compared with many: which of them are alike is a look-up, not a loop.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::name_words::NameWords;

/// Fewer names are compared one by one.
const FEW: usize = 24;

/// Shorter texts are part of too many others for a table.
const GRAM: usize = 4;

/// Texts of which one may be part of another.
#[derive(Debug, Default)]
struct Texts {
    ids: FxHashMap<SmolStr, Vec<u32>>,
    lengths: BTreeSet<usize>,
    /// The different texts that have these bytes somewhere.
    grams: FxHashMap<[u8; GRAM], Vec<SmolStr>>,
}

fn grams(text: &str) -> impl Iterator<Item = [u8; GRAM]> {
    text.as_bytes().windows(GRAM).filter_map(|window| window.try_into().ok())
}

impl Texts {
    fn insert(&mut self, text: &SmolStr, id: u32) {
        let ids = self.ids.entry(text.clone()).or_default();
        let known = !ids.is_empty();
        ids.push(id);
        if known {
            return;
        }
        self.lengths.insert(text.len());
        let different: BTreeSet<[u8; GRAM]> = grams(text).collect();
        for gram in different {
            self.grams.entry(gram).or_default().push(text.clone());
        }
    }

    fn add(&self, text: &str, found: &mut Vec<u32>) {
        found.extend(self.ids.get(text).into_iter().flatten());
    }

    /// Adds those that are part of a text, and those that it is part of.
    fn related(&self, text: &str, found: &mut Vec<u32>) {
        for length in self.lengths.range(..=text.len()) {
            for start in 0..=text.len() - length {
                if let Some(part) = text.get(start..start + length) {
                    self.add(part, found);
                }
            }
        }
        if text.len() < GRAM {
            let long = self.ids.keys().filter(|other| other.len() > text.len() && other.contains(text));
            long.for_each(|other| self.add(other, found));
            return;
        }
        let lists = grams(text).map(|gram| self.grams.get(&gram).map(Vec::as_slice).unwrap_or_default());
        let rarest = lists.min_by_key(|list| list.len()).unwrap_or_default();
        for other in rarest.iter().filter(|other| other.len() > text.len() && other.contains(text)) {
            self.add(other, found);
        }
    }
}

/// Names, numbered as they come.
#[derive(Debug, Default)]
pub struct NameIndex {
    count: u32,
    names: Texts,
    /// Words that may be part of another word.
    long: Texts,
    /// Those that are too short for it.
    short: FxHashMap<SmolStr, Vec<u32>>,
    /// What has no name yet.
    nameless: Vec<u32>,
}

impl NameIndex {
    /// Adds a name; the first one has number 0.
    pub fn push(&mut self, name: &NameWords) {
        let id = self.count;
        self.count += 1;
        if name.name().is_empty() {
            self.nameless.push(id);
            return;
        }
        self.names.insert(name.name(), id);
        for word in name.words() {
            if NameWords::may_be_part(word) {
                self.long.insert(word, id);
            } else {
                self.short.entry(word.clone()).or_default().push(id);
            }
        }
    }

    /// The numbers of the names that may be named after a name, or the other way round, ascending: at least those that are.
    pub fn near(&self, name: &NameWords) -> Vec<u32> {
        if self.count as usize <= FEW || name.name().is_empty() {
            return (0..self.count).collect();
        }
        let mut found = self.nameless.clone();
        self.names.related(name.name(), &mut found);
        for word in name.words() {
            if NameWords::may_be_part(word) {
                self.long.related(word, &mut found);
            } else {
                found.extend(self.short.get(word).into_iter().flatten());
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pair of many names: what is alike is found.
    #[test]
    fn all_that_are_alike_are_found() {
        let mut names: Vec<String> =
            ["", "a", "db", "api", "shop-db", "my-db-x", "database", "shopping", "Shop", "é"]
                .map(str::to_owned)
                .to_vec();
        for index in 0..40 {
            names.push(format!("web-secret-{index}"));
            names.push(format!("order{index}-credentials"));
            names.push(format!("{index}-x-{index}y"));
        }
        let words: Vec<NameWords> = names.iter().map(|name| NameWords::of(name)).collect();
        let mut index = NameIndex::default();
        for name in &words {
            index.push(name);
        }
        for wanted in &words {
            let found = index.near(wanted);
            for (id, name) in words.iter().enumerate() {
                if name.is_named_after(wanted) || wanted.is_named_after(name) {
                    assert!(found.contains(&(id as u32)), "{wanted:?} {name:?}");
                }
            }
        }
        assert!(index.near(&NameWords::of("order7-token")).len() < 30);
    }
}
