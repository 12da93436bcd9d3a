//! The name that another one was probably meant to be, by its letters alone: what the names stand for is the caller's.

use smol_str::SmolStr;

/// A name, and all texts that are it with one letter left out: names that are a slip apart share one.
pub(crate) fn shortened(name: &str) -> impl Iterator<Item = SmolStr> + '_ {
    let without = name.char_indices().map(|(at, letter)| {
        let (before, after) = (name.get(..at), name.get(at + letter.len_utf8()..));
        SmolStr::from_iter([before.unwrap_or_default(), after.unwrap_or_default()])
    });
    std::iter::once(SmolStr::new(name)).chain(without)
}

/// Whether two words differ by one letter, and not by a number: those count things.
pub(crate) fn is_slip(word: &str, usual: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    word != usual && letters(word) != letters(usual) && strsim::damerau_levenshtein(word, usual) == 1
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
    let (mut lost, mut won) = (0, 0);
    for (one, other) in one.iter().zip(other) {
        lost += usize::from(one.saturating_sub(*other));
        won += usize::from(other.saturating_sub(*one));
    }
    lost.max(won)
}

/// How many candidates are compared letter by letter for one name. The likeliest come first.
const COMPARED: usize = 200;

/// The candidate that `name` was probably meant to be: a typo away, or the same letters in another case.
pub(crate) fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The distance takes time by the product of the lengths, and nobody mistypes a name of a hundred letters only so far.
    if name.len() > 100 {
        return None;
    }
    let (lower, own) = (name.to_lowercase(), letters(name));
    let length = lower.chars().count();
    // A third may be wrong: enough for typos, too little for other words. Of one letter or two, every one counts.
    let most = name.chars().count() / 3;
    let near = |candidate: &'a str| {
        let ascii = candidate.is_ascii();
        let count = if ascii { candidate.len() } else { candidate.to_lowercase().chars().count() };
        if candidate == name || count.abs_diff(length) > most {
            return None;
        }
        let least = at_least(&own, &letters(candidate));
        (least <= most).then_some((least, candidate))
    };
    let mut likely: Vec<(usize, &str)> = candidates.into_iter().filter_map(near).collect();
    likely.sort_unstable();
    likely.dedup();
    let mut best: Option<(usize, &str)> = None;
    for (least, candidate) in likely.into_iter().take(COMPARED) {
        if best.is_some_and(|(distance, _)| least > distance) {
            break;
        }
        let found = (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate);
        if best.is_none_or(|best| found < best) {
            best = Some(found);
        }
    }
    best.filter(|(distance, _)| *distance <= most).map(|(_, candidate)| candidate)
}

/// Names that many others are compared with.
///
/// Comparing takes time by the number of names, and so by its square where a stranger writes as many wrong names as right ones; a name
/// that nobody suggests anything for is a small loss. After so many comparisons nothing is suggested any more.
#[derive(Debug)]
pub(crate) struct Suggestions<'a> {
    names: Vec<&'a str>,
    left: std::cell::Cell<usize>,
}

impl<'a> Suggestions<'a> {
    /// Over all names of one kind.
    pub(crate) fn new(names: impl IntoIterator<Item = &'a str>) -> Self {
        const COMPARISONS: usize = 10_000_000;
        Self { names: names.into_iter().collect(), left: std::cell::Cell::new(COMPARISONS) }
    }

    /// As [`did_you_mean`].
    pub(crate) fn near(&self, name: &str) -> Option<&'a str> {
        self.left.set(self.left.get().checked_sub(self.names.len())?);
        did_you_mean(name, self.names.iter().copied())
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
    fn the_nearest_of_many_is_found() {
        let names: Vec<String> = (0..10_000).map(|at| format!("component-{at:04}")).collect();
        let names = || names.iter().map(String::as_str);
        assert_eq!(did_you_mean("componnet-0412", names()), Some("component-0412"));
        assert_eq!(did_you_mean("commponent-0412", names()), Some("component-0412"));
        let suggestions = Suggestions::new(names());
        assert_eq!(suggestions.near("Component-0413"), Some("component-0413"));
        for _ in 0..2_000 {
            suggestions.near("x");
        }
        assert_eq!(suggestions.near("Component-0413"), None, "a bound ends it");
    }
}
