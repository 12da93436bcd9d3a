//! The name that another one was probably meant to be, by its letters alone: what the names stand for is the caller's.

use std::collections::BTreeMap;

use smol_str::SmolStr;

/// A name, and all texts that are it with one letter left out: names that are a slip apart share one.
pub(crate) fn shortened(name: &str) -> impl Iterator<Item = SmolStr> + '_ {
    let without = name.char_indices().map(|(at, letter)| {
        let (before, after) = (name.get(..at), name.get(at + letter.len_utf8()..));
        SmolStr::from_iter([before.unwrap_or_default(), after.unwrap_or_default()])
    });
    std::iter::once(SmolStr::new(name)).chain(without)
}

/// Whether two words differ by one letter, and not by a number: those count things. In a part of two letters one is half of it: `r2`
/// is no misspelt `b2`.
pub(crate) fn is_slip(word: &str, usual: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let parts = |text: &'_ str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect()
    };
    let short = || {
        let (words, usual) = (parts(word), parts(usual));
        let odd = words.iter().zip(&usual).find(|(one, other)| one != other);
        words.len() == usual.len() && odd.is_some_and(|(one, other)| one.len().max(other.len()) < 3)
    };
    word != usual
        && letters(word) != letters(usual)
        && strsim::damerau_levenshtein(word, usual) == 1
        && !short()
}

/// How often each letter and digit is in a text, without regard to case; all else is counted together.
type Letters = [u8; 37];

fn letters(text: &str) -> Letters {
    let mut counts = [0_u8; 37];
    for byte in text.bytes() {
        let at = match byte.to_ascii_lowercase() {
            letter @ b'a'..=b'z' => letter - b'a',
            digit @ b'0'..=b'9' => 26 + digit - b'0',
            other if other.is_ascii() => 36,
            _ => continue,
        };
        if let Some(count) = counts.get_mut(usize::from(at)) {
            *count = count.saturating_add(1);
        }
    }
    counts
}

/// A number of steps without which none of two texts becomes the other: a letter that only one of them has takes a step of its
/// own.
fn at_least(one: &Letters, other: &Letters) -> usize {
    let more = |one: &Letters, other: &Letters| -> u16 {
        one.iter().zip(other).map(|(one, other)| u16::from(one.saturating_sub(*other))).sum()
    };
    usize::from(more(one, other).max(more(other, one)))
}

/// How many candidates are compared letter by letter for one name. The likeliest come first.
const COMPARED: usize = 200;

/// Number of letters of a text in lower case.
fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.to_lowercase().chars().count() }
}

/// A name that stands for another one, maybe.
struct Written<'n> {
    name: &'n str,
    lower: String,
    letters: Letters,
    length: usize,
    /// A third may be wrong: enough for typos, too little for other words. Of one letter or two, every one counts.
    most: usize,
}

impl<'n> Written<'n> {
    /// The distance takes time by the product of the lengths, and nobody mistypes a name of a hundred letters only so far: `None`.
    fn of(name: &'n str) -> Option<Self> {
        let most = name.chars().count() / 3;
        let (lower, letters) = (name.to_lowercase(), letters(name));
        (name.len() <= 100).then(|| Self { name, length: lower.chars().count(), lower, letters, most })
    }

    /// Whether a name of so many letters may be meant.
    fn may_have(&self, length: usize) -> bool {
        length.abs_diff(self.length) <= self.most
    }

    /// How far a candidate is away at least, where that is not too far.
    fn least(&self, candidate: &str, letters: &Letters) -> Option<usize> {
        let least = at_least(&self.letters, letters);
        (least <= self.most && candidate != self.name).then_some(least)
    }

    /// The nearest of those that may be near, each with the distance that it has at least.
    fn nearest<'a>(&self, mut likely: Vec<(usize, &'a str)>) -> Option<&'a str> {
        likely.sort_unstable();
        likely.dedup();
        let mut best: Option<(usize, &str)> = None;
        for (least, candidate) in likely.into_iter().take(COMPARED) {
            if best.is_some_and(|(distance, _)| least > distance) {
                break;
            }
            let found = (strsim::damerau_levenshtein(&self.lower, &candidate.to_lowercase()), candidate);
            if best.is_none_or(|best| found < best) {
                best = Some(found);
            }
        }
        best.filter(|(distance, _)| *distance <= self.most).map(|(_, candidate)| candidate)
    }
}

/// The candidate that `name` was probably meant to be: a typo away, or the same letters in another case.
pub(crate) fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = Written::of(name)?;
    let near = candidates.into_iter().filter(|candidate| written.may_have(length(candidate)));
    let likely = near.filter_map(|it| Some((written.least(it, &letters(it))?, it)));
    written.nearest(likely.collect())
}

/// Names that many others are compared with.
///
/// Comparing takes time by the number of names, and so by its square where a stranger writes as many wrong names as right ones; a name
/// that nobody suggests anything for is a small loss. After so many comparisons nothing is suggested any more.
#[derive(Debug)]
pub(crate) struct Suggestions<'a> {
    /// With their letters, by their lengths.
    names: BTreeMap<usize, Vec<(&'a str, Letters)>>,
    left: std::cell::Cell<usize>,
}

impl<'a> Suggestions<'a> {
    /// Over all names of one kind.
    pub(crate) fn new(names: impl IntoIterator<Item = &'a str>) -> Self {
        const COMPARISONS: usize = 10_000_000;
        let mut by_length: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for name in names {
            by_length.entry(length(name)).or_default().push((name, letters(name)));
        }
        Self { names: by_length, left: std::cell::Cell::new(COMPARISONS) }
    }

    /// As [`did_you_mean`].
    pub(crate) fn near(&self, name: &str) -> Option<&'a str> {
        let written = Written::of(name)?;
        let lengths = written.length.saturating_sub(written.most)..=written.length + written.most;
        let mut likely = Vec::new();
        for names in self.names.range(lengths).map(|(_, names)| names) {
            self.left.set(self.left.get().checked_sub(names.len())?);
            likely.extend(names.iter().filter_map(|(it, letters)| Some((written.least(it, letters)?, *it))));
        }
        written.nearest(likely)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_typos_only() {
        let known = ["targetRevision", "repoURL", "path", "chart", "p"];
        for (name, want) in [
            ("targetRevison", Some("targetRevision")),
            ("repoUrl", Some("repoURL")),
            ("pth", Some("path")),
            ("health", None),
            ("path", None),
            ("pa", None),
        ] {
            assert_eq!(did_you_mean(name, known), want, "{name}");
        }
    }

    #[test]
    fn slips_are_of_letters() {
        for (word, usual, want) in [
            ("DATABSE_URL", "DATABASE_URL", true),
            ("web-ap", "web-app", true),
            ("VOLSYNC_R2_BUCKET", "VOLSYNC_B2_BUCKET", false),
            ("node-1", "node-2", false),
            ("user_name", "username", true),
            ("same", "same", false),
        ] {
            assert_eq!(is_slip(word, usual), want, "{word} {usual}");
        }
    }

    #[test]
    fn the_nearest_of_many_is_found() {
        let names: Vec<String> = (0..10_000).map(|at| format!("component-{at:04}")).collect();
        let names = || names.iter().map(String::as_str);
        assert_eq!(did_you_mean("componnet-0412", names()), Some("component-0412"));
        assert_eq!(did_you_mean("commponent-0412", names()), Some("component-0412"));
        let suggestions = Suggestions::new(names());
        assert_eq!(suggestions.near("Component-0413"), Some("component-0413"));
        for _ in 0..2_000 {
            suggestions.near("another-name-0");
        }
        assert_eq!(suggestions.near("Component-0413"), None, "a bound ends it");
    }
}
