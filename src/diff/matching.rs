//! Which object of one side is which object of the other.
//!
//! By cluster, group, kind, namespace and name first, within the app. What is left is matched by what makes people call it
//! the same thing: a name that differs only in a generator's hash, another API group, another app, and at last, for one
//! kind in one app, most of its content. Every stage looks objects up; none compares all with all.

use std::hash::Hash;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::repo::Object;

use super::digest::leaf_digests;

/// How two objects belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// One identity on both sides.
    Same,
    /// Another identity, which means delete and create: a new name, namespace, group or cluster.
    Renamed,
    /// One identity, and another app applies it.
    Moved,
    /// Only the new side has it.
    Added,
    /// Only the old side has it.
    Removed,
}

impl How {
    /// The word of the reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "changed",
            Self::Renamed => "renamed",
            Self::Moved => "moved",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

/// An object of one side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    /// The pair of apps it belongs to.
    pub(super) pair: usize,
    /// The cluster of its app.
    pub(super) cluster: &'a str,
    /// The object.
    pub(super) object: &'a Object,
    /// What it says.
    pub(super) digest: u64,
}

/// Two objects that belong together, or one that stands alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Match<'a> {
    pub(super) base: Option<Candidate<'a>>,
    pub(super) head: Option<Candidate<'a>>,
    pub(super) how: How,
}

/// The share of what two objects say that has to be equal for a rename.
const ALIKE: f64 = 0.6;

/// The same, where the names have nothing in common.
const ALIKE_STRANGERS: f64 = 0.75;

/// What is said at least in common where the names have nothing in common: small objects are alike by chance.
const SAID_BY_STRANGERS: usize = 3;

/// What so many objects say tells none of them apart.
const COMMON: usize = 16;

/// Letters of the hashes that kustomize adds to names.
fn is_hash(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|byte| b"bcdfghkmt2456789".contains(&byte))
}

/// A name without the hash of a generator.
pub(super) fn folded(name: &str) -> Option<&str> {
    let (stem, hash) = name.rsplit_once('-')?;
    (is_hash(hash) && !stem.is_empty()).then_some(stem)
}

/// Whether people would take one name for the other's successor: at least half of the words of the shorter one are in the other.
fn akin(one: &str, other: &str) -> bool {
    let words = |name: &str| -> FxHashSet<String> {
        let words = name.split(|it: char| !it.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_ascii_lowercase).collect()
    };
    let (ours, theirs) = (words(one), words(other));
    let shared = ours.intersection(&theirs).count();
    shared > 0 && 2 * shared >= ours.len().min(theirs.len())
}

/// The candidates that no stage has matched yet.
struct Left<'a> {
    base: Vec<Option<Candidate<'a>>>,
    head: Vec<Option<Candidate<'a>>>,
    found: Vec<Match<'a>>,
}

impl<'a> Left<'a> {
    /// Matches what has one key, in order. `alone` asks that a key names one object of each side.
    fn stage<K: Hash + Eq>(&mut self, how: How, alone: bool, key: impl Fn(&Candidate<'a>) -> Option<K>) {
        let mut known: FxHashMap<K, Vec<usize>> = FxHashMap::default();
        for (index, candidate) in self.base.iter().enumerate().rev() {
            if let Some(key) = candidate.as_ref().and_then(&key) {
                known.entry(key).or_default().push(index);
            }
        }
        let mut uses: FxHashMap<K, usize> = FxHashMap::default();
        for key in self.head.iter().flatten().filter_map(&key) {
            *uses.entry(key).or_default() += 1;
        }
        for slot in &mut self.head {
            let Some(key) = slot.as_ref().and_then(&key) else { continue };
            let Some(indexes) = known.get_mut(&key) else { continue };
            if alone && (indexes.len() != 1 || uses.get(&key) != Some(&1)) {
                continue;
            }
            let base = indexes.pop().and_then(|index| self.base.get_mut(index)).and_then(Option::take);
            if base.is_some() {
                self.found.push(Match { base, head: slot.take(), how });
            }
        }
    }

    /// Matches what says mostly the same, within one kind of one app. Both have to be nearest to each other, and nothing else as
    /// near: of several that are alike nobody can tell which one became which.
    fn alike(&mut self) {
        let mut said: FxHashMap<(usize, &str, u64), Vec<usize>> = FxHashMap::default();
        let mut sizes: FxHashMap<usize, usize> = FxHashMap::default();
        for (index, candidate) in self.base.iter().enumerate() {
            let Some(candidate) = candidate else { continue };
            let leaves = leaf_digests(&candidate.object.node);
            sizes.insert(index, leaves.len());
            for leaf in leaves {
                said.entry((candidate.pair, &candidate.object.kind, leaf)).or_default().push(index);
            }
        }
        let mut pairs: Vec<Near> = Vec::new();
        for (at, slot) in self.head.iter().enumerate() {
            let Some(candidate) = slot else { continue };
            let leaves = leaf_digests(&candidate.object.node);
            let mut shared: FxHashMap<usize, usize> = FxHashMap::default();
            for leaf in &leaves {
                let who = said.get(&(candidate.pair, candidate.object.kind.as_str(), *leaf));
                for index in who.into_iter().flatten().take(COMMON) {
                    *shared.entry(*index).or_default() += 1;
                }
            }
            let mut shared: Vec<(usize, usize)> = shared.into_iter().collect();
            shared.sort_unstable();
            for (index, shared) in shared {
                let Some(old) = self.base.get(index).and_then(Option::as_ref) else { continue };
                let akin = akin(&old.object.name, &candidate.object.name);
                let all = (leaves.len() + sizes.get(&index).copied().unwrap_or(0)).saturating_sub(shared);
                let share = shared as f64 / all.max(1) as f64;
                let enough = if akin {
                    share >= ALIKE
                } else {
                    share >= ALIKE_STRANGERS && shared >= SAID_BY_STRANGERS
                };
                if enough {
                    pairs.push(Near { akin, share, base: index, head: at });
                }
            }
        }
        let mut of_base: FxHashMap<usize, Best> = FxHashMap::default();
        let mut of_head: FxHashMap<usize, Best> = FxHashMap::default();
        for near in &pairs {
            of_base.entry(near.base).or_default().see(near.akin, near.share, near.head);
            of_head.entry(near.head).or_default().see(near.akin, near.share, near.base);
        }
        pairs.sort_by_key(|near| (near.head, near.base));
        for Near { base, head, .. } in pairs {
            let one = |of: &FxHashMap<usize, Best>, index: usize| of.get(&index).and_then(|best| best.who);
            if one(&of_base, base) != Some(head) || one(&of_head, head) != Some(base) {
                continue;
            }
            let base = self.base.get_mut(base).and_then(Option::take);
            let head = self.head.get_mut(head).and_then(Option::take);
            self.found.push(Match { base, head, how: How::Renamed });
        }
    }
}

/// Two objects that are enough alike.
struct Near {
    /// Their names are, too.
    akin: bool,
    /// The share of what both say.
    share: f64,
    base: usize,
    head: usize,
}

/// What is nearest to an object.
#[derive(Default)]
struct Best {
    akin: bool,
    share: f64,
    /// `None` where two are as near.
    who: Option<usize>,
}

impl Best {
    fn see(&mut self, akin: bool, share: f64, who: usize) {
        match (akin, share).partial_cmp(&(self.akin, self.share)) {
            Some(std::cmp::Ordering::Greater) => *self = Self { akin, share, who: Some(who) },
            Some(std::cmp::Ordering::Equal) => self.who = None,
            _ => {}
        }
    }
}

/// Matches the objects of two sides.
pub(super) fn matches<'a>(base: Vec<Candidate<'a>>, head: Vec<Candidate<'a>>) -> Vec<Match<'a>> {
    let wrap = |all: Vec<Candidate<'a>>| all.into_iter().map(Some).collect();
    let mut left = Left { base: wrap(base), head: wrap(head), found: Vec::new() };
    let whole = |it: &Candidate<'a>| {
        let object = it.object;
        (object.group.as_str(), object.kind.as_str(), object.namespace.as_str(), object.name.as_str())
    };
    let named = |it: &Candidate<'a>| !it.object.name.is_empty();
    left.stage(How::Same, false, |it| named(it).then(|| (it.pair, it.cluster, whole(it))));
    // Without a name only the content tells.
    left.stage(How::Same, false, |it| (!named(it)).then_some((it.pair, it.digest)));
    left.stage(How::Same, false, |it| (!named(it)).then(|| (it.pair, whole(it))));
    // Hashes of generators.
    left.stage(How::Same, true, |it| {
        let (group, kind, namespace, name) = whole(it);
        Some((it.pair, it.cluster, group, kind, namespace, folded(name)?))
    });
    // What was generated with a hash and is not any more, or the other way round.
    left.stage(How::Renamed, true, |it| {
        let (group, kind, namespace, name) = whole(it);
        let hashed = group.is_empty() && matches!(kind, "ConfigMap" | "Secret");
        hashed.then(|| (it.pair, it.cluster, kind, namespace, folded(name).unwrap_or(name)))
    });
    // Another app applies it.
    left.stage(How::Moved, true, |it| named(it).then(|| (it.cluster, whole(it))));
    // Another group, namespace or cluster.
    left.stage(How::Renamed, true, |it| {
        let (_, kind, namespace, name) = whole(it);
        named(it).then_some((it.pair, kind, namespace, name))
    });
    left.stage(How::Renamed, true, |it| {
        let (_, kind, _, name) = whole(it);
        named(it).then_some((it.pair, kind, name))
    });
    left.alike();
    let gone = left.base.into_iter().flatten();
    let new = left.head.into_iter().flatten();
    let mut found = left.found;
    found.extend(gone.map(|base| Match { base: Some(base), head: None, how: How::Removed }));
    found.extend(new.map(|head| Match { base: None, head: Some(head), how: How::Added }));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_generators_are_folded() {
        assert_eq!(folded("app-config-6ct58987ht"), Some("app-config"));
        assert_eq!(folded("app-config-production"), None);
        assert_eq!(folded("app-config-6ct58987hta"), None);
        assert_eq!(folded("-6ct58987ht"), None);
    }

    #[test]
    fn names_that_follow_each_other() {
        assert!(akin("flood", "flood-qb") && akin("secrets", "frigate-secrets") && akin("a-web", "b.web"));
        assert!(!akin("web", "front") && !akin("", "") && !akin("a-b-c-web", "d-e-f-web"));
    }
}
