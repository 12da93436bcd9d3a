//! How much of the policies of real repositories is executed, and why the rest is not. `cargo test --lib share_of -- --nocapture` prints it
//! for what is there: the corpus, and copies of the libraries of Kyverno and Gatekeeper below `target`.

use std::collections::BTreeMap;
use std::path::Path;

use super::Policies;
use super::tests::read;

/// What files with policies hold.
const WORDS: [&str; 3] = ["kyverno.io/", "AdmissionPolicy", "templates.gatekeeper.sh/"];

#[test]
fn the_share_of_real_policies_is_printed() {
    let mut seen = 0;
    for dir in ["fixtures/policies", "target/corpus/repos", "target/kyverno/policies", "target/gatekeeper"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
        if !root.exists() {
            eprintln!("skipped: there is no {dir}");
            continue;
        }
        let (mut rules, mut validating, mut executed) = (0, 0, 0);
        let mut reasons = BTreeMap::<(bool, String), usize>::new();
        for entry in walkdir::WalkDir::new(&root).follow_links(true).into_iter().flatten() {
            let path = entry.path().to_string_lossy();
            let is_test = path.contains("/.kyverno-test/") || path.contains("/.chainsaw-test/");
            if is_test || !path.ends_with(".yaml") && !path.ends_with(".yml") {
                continue;
            }
            let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
            if !WORDS.iter().any(|word| text.contains(word)) {
                continue;
            }
            // Policies of several files may have one name.
            let share = Policies::of(read(&text)).share();
            rules += share.rules;
            validating += share.validating();
            executed += share.executed();
            for gap in share.gaps {
                assert!(!gap.policy.is_empty() && !gap.why.is_empty(), "{gap:?}");
                let why: String = gap.why.chars().take(80).collect();
                *reasons.entry((gap.whole, why)).or_default() += 1;
            }
        }
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        eprintln!(
            "{dir}: {executed} of {validating} rules that validate, of {rules} in all, are executed whatever they are asked about; the others:"
        );
        for ((whole, why), count) in reasons {
            let when = if whole { "never" } else { "not where it comes to that" };
            eprintln!("{count:6}  {when}: {why}");
        }
        assert!(rules >= validating && validating >= executed, "{dir}");
        seen += executed;
    }
    assert!(seen > 0);
}
