//! The name that another one was probably meant to be, by its letters alone: what the names stand for is the caller's.

/// The letters and digits of a text, as a set; all others are one.
fn letters(text: &str) -> u64 {
    text.bytes().fold(0, |set, byte| {
        set | match byte.to_ascii_lowercase() {
            letter @ b'a'..=b'z' => 1 << (letter - b'a'),
            digit @ b'0'..=b'9' => 1 << (26 + digit - b'0'),
            other => u64::from(other.is_ascii()) << 36,
        }
    })
}

/// The candidate that `name` was probably meant to be: a typo away, or the same letters in another case.
pub(crate) fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The distance takes time by the product of the lengths, and nobody mistypes a name of a hundred letters only so far.
    if name.len() > 100 {
        return None;
    }
    let (lower, own) = (name.to_lowercase(), letters(name));
    let length = lower.chars().count();
    // A third may be wrong: enough for typos, too little for other words.
    let most = name.chars().count().max(3) / 3;
    // Texts are no closer than their lengths and their letters, which cost next to nothing to compare.
    let near = |candidate: &&str| {
        let ascii = candidate.is_ascii();
        let count = if ascii { candidate.len() } else { candidate.to_lowercase().chars().count() };
        let different = |mask: u64| mask.count_ones() as usize <= most;
        *candidate != name && count.abs_diff(length) <= most && {
            // A letter that only one of them has takes a step of its own.
            let theirs = letters(candidate);
            different(own & !theirs) && different(theirs & !own)
        }
    };
    let scored = candidates
        .into_iter()
        .filter(near)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate));
    let (distance, candidate) = scored.min()?;
    (distance <= most).then_some(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_typos_only() {
        let known = ["targetRevision", "repoURL", "path", "chart"];
        for (name, want) in [
            ("targetRevison", Some("targetRevision")),
            ("repoUrl", Some("repoURL")),
            ("pth", Some("path")),
            ("health", None),
            ("path", None),
        ] {
            assert_eq!(did_you_mean(name, known), want, "{name}");
        }
    }
}
