//! Mutates the kustomizations and patches of `fixtures/kustomize` and builds what comes out: nothing may panic, hang or
//! lose its place. Seeded, so that what is found can be found again.
//!
//! `FUZZ_SECONDS=600 FUZZ_SEED=1 cargo test --test integration kustomize_fuzz -- --ignored --nocapture`

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gitops_lint::facade::kustomize::{LoadRestrictor, Options, Reorder, build};
use gitops_lint::facade::origin::{OriginId, Origins, Place};
use gitops_lint::facade::source::{Dir, MemoryTree, Sources, TreePath};
use gitops_lint::facade::yaml::{Cache, Data, Dialect, Node, parse};

/// Nothing that fits in these files takes this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A kustomization and the files around it.
type Case = Vec<(String, String)>;

/// Numbers that look random and are not (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

fn cases() -> Vec<Case> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/kustomize");
    let mut paths: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let file = Sources::new().add("cases.yaml", std::fs::read(&path).unwrap());
        for mut case in parse(&file).documents.into_iter().filter_map(|document| document.root) {
            case.canonicalize(Dialect::Sigs).unwrap();
            let (Some(root), Some(files)) = (case.get("kustomization"), case.get("files")) else { continue };
            let files = files.entries().iter().map(|entry| (entry.key.text.to_string(), &entry.value));
            let all = files.chain([("kustomization.yaml".to_owned(), root)]);
            cases
                .push(all.map(|(path, text)| (path, text.as_str().unwrap_or_default().to_owned())).collect());
        }
    }
    cases
}

/// Pieces that mean something somewhere.
const PIECES: &[&str] = &[
    "null",
    "~",
    "{}",
    "[]",
    "''",
    "\"\"",
    "0",
    "-1",
    "1e400",
    "true",
    "yes",
    "2020-01-01",
    "0x1F",
    "&a",
    "*a",
    "<<: *a",
    "!!binary aGk=",
    "!custom x",
    "|",
    ">-",
    "- ",
    "---\n",
    "...\n",
    "# c\n",
    "$patch: delete",
    "$patch: replace",
    "$patch: merge",
    "$patch: x",
    "$(A)",
    "$$(A)",
    "$(",
    "..",
    ".",
    "/",
    "*",
    "**",
    "[name=a]",
    "a.b\\.c",
    "é",
    "\u{feff}",
    "\u{2028}",
    "\t",
    "\r\n",
    "metadata:\n  name: ",
    "spec:\n",
    "containers:",
    "items:\n- ",
    "kind: List",
    "kind: ",
    "name: ",
    "namespace: ",
    "apiVersion: v1",
    "options: {delimiter: '/', index: -1, create: true}",
    "options: {delimiter: ':', index: 9}",
    "target: {kind: '.*'}",
    "target: {name: '('}",
    "labelSelector: 'a in (b'",
    "[{op: test, path: '', value: {}}]",
    "[{op: move, from: /spec, path: /spec/x}]",
    "[{op: copy, from: '', path: /metadata/a}]",
    "[{op: remove, path: ''}]",
    "[{op: add, path: /a~2, value: 1}]",
    "[{op: replace, path: /spec/-, value: {a: [b]}}]",
    "behavior: merge",
    "files: [a=b=c, '=', x/]",
    "literals: [a, '=b', 'c=\"d']",
    "envs: [kustomization.yaml]",
    "fieldPaths: ['spec.*.a', 'spec.[x=y].z', '.', '']",
    "resources: [.]",
    "components: [.]",
    "transformers: [t.yaml]",
    "configurations: [c.yaml]",
    "openapi: {path: o.json}",
    "sortOptions: {order: legacy}",
    "buildMetadata: [originAnnotations, transformerAnnotations, managedByLabel]",
    "helmCharts: [{name: c, releaseName: r}]",
    "vars: [{name: A, objref: {kind: Pod, name: a, apiVersion: v1}}]",
];

fn mutate(text: &str, others: &[Case], dice: &mut Dice) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let line = dice.below(lines.len());
    let cut = |dice: &mut Dice| {
        let at = dice.below(text.len() + 1);
        (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
    };
    let joined = |lines: &[&str]| lines.concat();
    match if lines.is_empty() { 9 } else { dice.below(12) } {
        0 => joined(&[&lines[..line], &lines[(line + 1).min(lines.len())..]].concat()),
        1 => joined(&[&lines[..line], &lines[line..(line + 1).min(lines.len())], &lines[line..]].concat()),
        2 => {
            let mut lines = lines.clone();
            let other = dice.below(lines.len());
            lines.swap(line, other);
            joined(&lines)
        }
        3 => {
            let indented = format!("{}{}", " ".repeat(dice.below(5)), lines.get(line).unwrap_or(&""));
            joined(&[&lines[..line], &[indented.as_str()], &lines[(line + 1).min(lines.len())..]].concat())
        }
        4 | 5 => {
            let at = cut(dice);
            format!("{}{}{}", &text[..at], dice.pick(PIECES), &text[at..])
        }
        6 | 7 => {
            // Another value behind a colon.
            let colons: Vec<usize> = text.match_indices(": ").map(|(at, _)| at + 2).collect();
            if colons.is_empty() {
                return format!("{text}{}\n", dice.pick(PIECES));
            }
            let at = *dice.pick(&colons);
            let end = text[at..].find(['\n', ',', '}', ']']).map_or(text.len(), |end| at + end);
            format!("{}{}{}", &text[..at], dice.pick(PIECES), &text[end..])
        }
        8 => {
            let (a, b) = (cut(dice), cut(dice));
            format!("{}{}", &text[..a.min(b)], &text[a.max(b)..])
        }
        9 => format!("{text}\n{}\n", dice.pick(PIECES)),
        10 => {
            let case = dice.pick(others);
            let (_, other) = dice.pick(case);
            format!("{text}\n{other}")
        }
        _ => {
            let case = dice.pick(others);
            let (_, other) = dice.pick(case);
            let theirs: Vec<&str> = other.split_inclusive('\n').collect();
            let from = dice.below(theirs.len());
            joined(&[&lines[..line], &theirs[from..theirs.len().min(from + 4)], &lines[line..]].concat())
        }
    }
}

fn check(node: &Node, is_known: &impl Fn(Place) -> bool) {
    assert!(is_known(node.place()), "a node without a place");
    match &node.data {
        Data::Scalar(_) => {}
        Data::Seq(items) => items.iter().for_each(|item| check(item, is_known)),
        Data::Map(map) => map.iter().for_each(|entry| {
            assert!(is_known(entry.key.place()), "a key without a place");
            check(&entry.value, is_known);
        }),
    }
}

fn build_it(case: &Case, dice: &mut Dice) {
    let sources = Sources::new();
    let tree = MemoryTree::of(&sources, case.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let dir = Dir::new(Arc::new(tree), TreePath::root());
    let options = Options {
        load_restrictor: *dice.pick(&[LoadRestrictor::RootOnly, LoadRestrictor::None]),
        enable_helm: dice.below(4) > 0,
        reorder: *dice.pick(&[Reorder::Legacy, Reorder::None]),
        ..Options::default()
    };
    let mut origins = Origins::new();
    let built = build(&dir, &options, &mut origins, &Cache::new(Arc::clone(&sources)));
    let is_known = |place: Place| {
        let is_step = place.origin == OriginId::WRITTEN || origins.get(place.origin).is_some();
        let file = sources.get(place.at.file);
        is_step
            && file.is_some_and(|file| {
                place.at.start <= place.at.end && place.at.end as usize <= file.bytes().len()
            })
    };
    for node in &built.resources {
        check(node, &is_known);
    }
    for place in built.problems.iter().filter_map(|problem| problem.place) {
        assert!(is_known(place), "a problem without a place");
    }
    assert!(built.no_ops.iter().all(|no_op| is_known(no_op.place)), "an entry without a place");
    let _ = built.to_yaml();
}

#[test]
#[ignore = "takes as long as FUZZ_SECONDS says"]
fn mutated_kustomizations_build() {
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (seconds, first) = (number("FUZZ_SECONDS", 30), number("FUZZ_SEED", 1));
    let cases = cases();
    assert!(cases.len() > 100, "the fixtures were not found");
    let start = Instant::now();
    let mut seed = first;
    while start.elapsed() < Duration::from_secs(seconds) {
        let mut dice = Dice(seed);
        let mut case = dice.pick(&cases).clone();
        for _ in 0..=dice.below(6) {
            let index = dice.below(case.len());
            case[index].1 = mutate(&case[index].1, &cases, &mut dice);
        }
        let begin = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| build_it(&case, &mut dice)));
        let files =
            || case.iter().fold(String::new(), |all, (path, text)| format!("{all}=== {path}\n{text}\n"));
        assert!(result.is_ok(), "FUZZ_SEED={seed} fails:\n{}", files());
        assert!(begin.elapsed() < PATIENCE, "FUZZ_SEED={seed} takes {:?}:\n{}", begin.elapsed(), files());
        seed += 1;
    }
    eprintln!("{} kustomizations, seeds {first} to {}", seed - first, seed - 1);
}
