//! Structured fuzzing in one process, on stable: mutations of the fixtures, words and sentences of each language, into
//! every reader that takes text of strangers. Nothing may panic, overflow, recurse to death, or take seconds.
//!
//! `fuzz/run SECONDS [TARGET]` runs the targets and adds what was done to `fuzz/tally.tsv`; CI runs all of them for a
//! minute. An input that panics is left in `target/tmp/fuzz-input-TARGET`; where the process itself ended, `target/tmp/fuzz-at-TARGET-SEED`
//! says how to come to it again. Once mended it becomes a line of [`CRASHES`], which every run of the tests executes.
//!
//! This is no coverage-guided fuzzer: what guides it is how inputs are taken. One that is refused, or read, in other words than all
//! before it is kept and mutated further. Inputs are short: what a long one finds, many short ones find sooner.

mod engines;
mod grammar;
mod oracle;
mod random;
pub(crate) mod words;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use random::Random;
use rustc_hash::FxHashSet;

/// The longest input.
const LONGEST: usize = 1500;

/// Inputs that are kept because they were taken in a new way, per batch.
const KEPT: usize = 2000;

/// Nothing may take more time of the processor, checks for overflow included.
const SLOW: Duration = Duration::from_secs(5);

/// A reader and what it is fed.
struct Target {
    name: &'static str,
    /// Which texts of the fixtures are mutated.
    seeds: Seeds,
    words: &'static [&'static str],
    /// Makes whole inputs, where words in any order would say nothing.
    grammar: Option<fn(&Random) -> String>,
    /// Takes an input; answers a number for how it was taken.
    body: fn(&str) -> u64,
}

#[derive(Clone, Copy)]
enum Seeds {
    /// Parts of manifests, charts and configurations.
    Yaml,
    /// Texts with actions of templates.
    Templates,
    /// Short texts of the recorded cases: patterns, versions, times, numbers.
    Texts,
    Nothing,
}

const fn target(
    name: &'static str,
    seeds: Seeds,
    words: &'static [&'static str],
    body: fn(&str) -> u64,
) -> Target {
    Target { name, seeds, words, grammar: None, body }
}

const TARGETS: &[Target] = &[
    target("yaml", Seeds::Yaml, words::YAML, engines::yaml),
    target("libyaml", Seeds::Yaml, words::YAML, oracle::compare),
    target("template", Seeds::Templates, words::TEMPLATE, engines::template),
    target("set", Seeds::Texts, words::WORDS, engines::set),
    target("values-schema", Seeds::Yaml, words::VALUES_SCHEMA, engines::values_schema),
    target("kustomize", Seeds::Yaml, words::MANIFESTS, engines::kustomization),
    target("repository", Seeds::Yaml, words::MANIFESTS, engines::repository),
    target("patches", Seeds::Nothing, words::PATCHES, engines::patches),
    target("applicationset", Seeds::Nothing, words::GENERATORS, engines::application_set),
    target("policies", Seeds::Yaml, words::POLICIES, engines::policies),
    target("definition", Seeds::Nothing, words::DEFINITION, engines::definition),
    target("fix", Seeds::Yaml, words::MANIFESTS, engines::mend),
    target("diff", Seeds::Yaml, words::MANIFESTS, engines::change),
    target("git", Seeds::Nothing, words::GIT, engines::git),
    target("envsubst", Seeds::Texts, words::WORDS, engines::envsubst),
    target("jq", Seeds::Texts, words::WORDS, engines::jq),
    target("golang", Seeds::Texts, words::WORDS, engines::go),
    target("regexp", Seeds::Texts, words::WORDS, engines::regexp),
    target("tgz", Seeds::Yaml, words::YAML, engines::tgz),
    target("config", Seeds::Yaml, words::CONFIG, engines::configuration),
    target("baseline", Seeds::Yaml, words::BASELINE, engines::baseline),
    Target {
        grammar: Some(grammar::cel),
        ..target("cel", Seeds::Nothing, words::WORDS, engines::expression)
    },
    Target {
        grammar: Some(grammar::messages),
        ..target("lsp", Seeds::Nothing, words::MESSAGES, engines::editor)
    },
];

/// Inputs that once ended the process, with their target.
const CRASHES: &[(&str, &str)] = &[
    ("libyaml", "- &a a\n- *a\n- &a a a\n- *a\n- &a b\n- *a"),
    ("template", "{{ printf \"%.65536f\" 1.5 }}{{ printf \"%.99999e\" 1.5 }}{{ printf \"%70000s\" \"x\" }}"),
    ("values-schema", "a: 1\n#####{\"$ref\": \"#\"}"),
];

/// Texts of the fixtures.
struct Corpus {
    yaml: Vec<String>,
    templates: Vec<String>,
    texts: Vec<String>,
}

impl Corpus {
    fn read() -> Self {
        let mut corpus = Self { yaml: Vec::new(), templates: Vec::new(), texts: Vec::new() };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        for entry in walkdir::WalkDir::new(&root).sort_by_file_name() {
            let entry = entry.unwrap();
            let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
            let is =
                |ends: &[&str]| entry.path().extension().is_some_and(|it| ends.iter().any(|end| it == *end));
            if is(&["jsonl", "json"]) {
                for value in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
                    corpus.strings(&value);
                }
            }
            if is(&["yaml", "yml", "tpl", "md"]) {
                // Parts of a few lines each, and short files whole.
                let lines: Vec<&str> = text.split_inclusive('\n').collect();
                for part in lines.chunks(12) {
                    corpus.text(&part.concat());
                }
                corpus.text(&text);
            }
        }
        corpus
    }

    fn strings(&mut self, value: &serde_json::Value) {
        match value {
            serde_json::Value::String(text) => self.text(text),
            serde_json::Value::Array(items) => items.iter().for_each(|item| self.strings(item)),
            serde_json::Value::Object(map) => map.values().for_each(|item| self.strings(item)),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if text.len() > LONGEST {
            return;
        }
        if text.contains("{{") {
            self.templates.push(text.to_owned());
        }
        if text.contains('\n') { self.yaml.push(text.to_owned()) } else { self.texts.push(text.to_owned()) }
    }

    fn of(&self, seeds: Seeds) -> &[String] {
        match seeds {
            Seeds::Yaml => &self.yaml,
            Seeds::Templates => &self.templates,
            Seeds::Texts => &self.texts,
            Seeds::Nothing => &[],
        }
    }
}

/// Words alone, a sentence, or a text that there was with parts taken out, doubled, moved or replaced.
fn input(target: &Target, random: &Random, corpus: &[String], kept: &[String]) -> String {
    let mut text = match (random.below(4), target.grammar) {
        (0 | 1, Some(grammar)) => return grammar(random),
        (2, Some(grammar)) => grammar(random),
        (0, None) => return (0..random.below(24)).map(|_| random.pick(target.words)).collect(),
        (1 | 2, None) if !corpus.is_empty() => corpus[random.below(corpus.len())].clone(),
        _ if !kept.is_empty() => kept[random.below(kept.len())].clone(),
        _ => return (0..random.below(12)).map(|_| random.pick(target.words)).collect(),
    };
    for _ in 0..=random.below(4) {
        let from = boundary(&text, random.below(text.len() + 1));
        let to = boundary(&text, (from + random.below(30)).min(text.len())).max(from);
        let part = text[from..to].to_owned();
        match random.below(4) {
            0 => text.replace_range(from..to, ""),
            1 => text.insert_str(to, &part),
            2 => text.replace_range(from..to, random.pick(target.words)),
            _ => text.insert_str(boundary(&text, random.below(text.len() + 1)), &part),
        }
    }
    text.truncate(boundary(&text, LONGEST));
    text
}

/// Runs a target until the time is over; answers how many inputs there were, or what is wrong with one. The same seed and batch
/// give the same inputs.
fn fuzz(target: &Target, (seed, batch): (u64, u64), time: Duration, corpus: &Corpus) -> Result<u64, String> {
    let Target { name, body, .. } = target;
    let left = |file: String| Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
    let (at, last) = (left(format!("fuzz-at-{name}-{seed}")), left(format!("fuzz-input-{name}")));
    std::fs::write(&at, format!("FUZZ_REPLAY=1 FUZZ_TARGET={name} FUZZ_SEED={seed} FUZZ_BATCH={batch}\n"))
        .unwrap();
    // Writing each input takes longer than most of them do.
    let replays = std::env::var_os("FUZZ_REPLAY").is_some();
    let random = Random::new(
        name.bytes().fold(seed ^ (batch << 32), |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte)),
    );
    let (seeds, mut kept, mut known) = (corpus.of(target.seeds), Vec::new(), FxHashSet::default());
    let (start, mut count) = (Instant::now(), 0u64);
    let mut began = start;
    while began - start < time {
        let input = input(target, &random, seeds, &kept);
        if replays {
            std::fs::write(&last, &input).unwrap();
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| body(&input)));
        let took = std::mem::replace(&mut began, Instant::now()).elapsed();
        let wrong = match outcome {
            Err(_) => "panicked".to_owned(),
            // Others may have had the processor.
            Ok(_) if took > SLOW && processor_time(|| body(&input)) > SLOW => format!("took {took:?}"),
            Ok(taken) => {
                if kept.len() < KEPT && input.len() <= LONGEST && known.insert(taken) {
                    kept.push(input);
                }
                count += 1;
                continue;
            }
        };
        std::fs::write(&last, &input).unwrap();
        return Err(format!("{name} {wrong} on input {count} of seed {seed}, batch {batch}:\n{input}"));
    }
    std::fs::remove_file(&at).unwrap();
    Ok(count)
}

/// The time of the processor that this thread spends on it; time itself where the system does not say.
fn processor_time(body: impl FnOnce() -> u64) -> Duration {
    let spent = || {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    };
    let (before, start) = (spent(), Instant::now());
    std::hint::black_box(body());
    before.zip(spent()).map_or_else(|| start.elapsed(), |(before, after)| after.saturating_sub(before))
}

#[test]
fn what_crashed_once_does_not_again() {
    for (name, input) in CRASHES {
        let target = TARGETS.iter().find(|target| target.name == *name).unwrap();
        (target.body)(input);
    }
}

#[test]
fn every_target_takes_a_few_inputs() {
    let corpus = Corpus::read();
    assert!(
        corpus.yaml.len() > 200 && corpus.templates.len() > 200 && corpus.texts.len() > 200,
        "the fixtures are the corpus"
    );
    for target in TARGETS {
        let count = fuzz(target, (1, 0), Duration::from_millis(100), &corpus);
        assert!(count.as_ref().is_ok_and(|count| *count > 0), "{count:?}");
    }
}

/// `FUZZ_SECONDS` for each target and round, `FUZZ_ROUNDS`, `FUZZ_TARGET` for one of them, `FUZZ_SEED` for other inputs, `FUZZ_BATCH` to
/// begin behind the first round, `FUZZ_REPLAY` to write down each input before it is tried. Prints lines for the tally: target, seed, inputs.
#[test]
#[ignore = "runs as long as it is told to"]
fn long() {
    let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let time =
        Duration::from_secs_f64(std::env::var("FUZZ_SECONDS").map_or(5.0, |text| text.parse().unwrap()));
    let (seed, first, rounds) = (number("FUZZ_SEED", 1), number("FUZZ_BATCH", 0), number("FUZZ_ROUNDS", 1));
    let (corpus, only) = (Corpus::read(), std::env::var("FUZZ_TARGET").ok());
    let mut targets: Vec<&Target> =
        TARGETS.iter().filter(|target| only.as_deref().is_none_or(|only| only == target.name)).collect();
    let mut wrong = Vec::new();
    for batch in first..first + rounds {
        // In a thread of the pool itself: handing work over and back costs more than the work.
        let run = |target: &Target| rayon::scope(|_| fuzz(target, (seed, batch), time, &corpus));
        targets.retain(|target| match run(target) {
            Ok(count) => {
                println!("tally\t{}\t{seed}\t{count}", target.name);
                true
            }
            Err(why) => {
                eprintln!("{why}");
                wrong.push(why);
                false
            }
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// An input by itself: `FUZZ_TARGET` takes the file `FUZZ_INPUT`.
#[test]
#[ignore = "takes what it is told to"]
fn one() {
    let name = std::env::var("FUZZ_TARGET").unwrap();
    let input = std::fs::read_to_string(PathBuf::from(std::env::var_os("FUZZ_INPUT").unwrap())).unwrap();
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    println!("{:?}", processor_time(|| (target.body)(&input)));
}

/// The last character boundary at or before a byte: `str::floor_char_boundary`, which is younger than the oldest Rust we build
/// with.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
