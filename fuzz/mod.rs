//! Structured fuzzing in one process, on stable: mutations of the fixtures and of the words that each language knows, into
//! every reader that takes text of strangers. Nothing may panic, overflow or recurse to death.
//!
//! `fuzz/run SECONDS [TARGET]` runs the targets and adds what was done to `fuzz/tally.tsv`; CI runs all of them for a
//! minute. An input that ends the process is left in `target/tmp/fuzz-input-TARGET`; once mended it becomes a line of
//! [`CRASHES`], which every run of the tests executes.
//!
//! This is no coverage-guided fuzzer: it finds what grammars and chance find.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use gitops_lint::config;
use gitops_lint::flux::envsubst::{Template, Variable};
use gitops_lint::git::Repository;
use gitops_lint::lint::{self, Baseline, Options};
use gitops_lint::lock::Lock;
use gitops_lint::origin::{Origins, Place, Placed};
use gitops_lint::report::{self, Format, Look};
use gitops_lint::source::{ArchiveLimits, Dir, Home, MemoryTree, Sources, Tree, TreePath, open_archive};
use gitops_lint::yaml::Cache;
use gitops_lint::{argocd, golang, helm, kustomize, repo, rules};

/// A target: its name, the words that its inputs are made of, and what is done with an input.
type Target = (&'static str, &'static [&'static str], fn(&str));

const YAML: &[&str] = &[
    "a: ",
    "- ",
    "\n",
    "  ",
    "? ",
    ": ",
    "&a ",
    "*a",
    "<<: ",
    "|\n",
    ">-\n",
    "'",
    "\"",
    "[",
    "]",
    "{",
    "}",
    ",",
    "#",
    "---\n",
    "...\n",
    "!!binary ",
    "!!str ",
    "%YAML 1.2\n",
    "\t",
    "\r\n",
    "~",
    "0x1F",
    "1_000",
    ".inf",
    "2001-01-01",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "é",
    "😀",
    "\0",
    "\u{1b}",
    "1e999",
    "-9223372036854775808",
    "18446744073709551616",
    "yes",
    "\\u0041",
    "\\x",
    "null",
];

const TEMPLATE: &[&str] = &[
    "{{ ",
    " }}",
    "{{- ",
    " -}}",
    "if ",
    "else",
    "end",
    "range ",
    "with ",
    "define \"x\"",
    "include \"x\" . ",
    "tpl ",
    "| ",
    "( ",
    " )",
    ".Values.a",
    "$x ",
    ":= ",
    "printf ",
    "\"%.65536f\" ",
    "\"%-*s\" ",
    "toYaml ",
    "fromYaml ",
    "nindent 99 ",
    "repeat 9 ",
    "substr -1 99 ",
    "slice ",
    "index ",
    "regexFind ",
    "\"(a*)*\" ",
    "1 ",
    "-9223372036854775808 ",
    "1.5e308 ",
    "dict ",
    "list ",
    "set ",
    "merge ",
    "until ",
    "untilStep 0 9 -1 ",
    "seq ",
    "trunc -9 ",
    "b64dec ",
    "date ",
    "semver ",
    "/* */",
    "`",
    "\n",
    "lookup ",
    "fail ",
    "required ",
    "div ",
    "mod ",
    "0 ",
    "splitn ",
    "abbrevboth ",
    "wrap 0 ",
    "derivePassword ",
];

const MANIFESTS: &[&str] = &[
    "apiVersion: argoproj.io/v1alpha1\n",
    "apiVersion: apps/v1\n",
    "kind: Application\n",
    "kind: ApplicationSet\n",
    "kind: Deployment\n",
    "kind: Kustomization\n",
    "kind: HelmRelease\n",
    "kind: Secret\n",
    "kind: AppProject\n",
    "kind: ConfigMap\n",
    "kind: CronJob\n",
    "kind: List\n",
    "metadata: {name: a}\n",
    "spec:\n",
    "  source: {path: k, repoURL: ''}\n",
    "  generators: [{list: {elements: [{a: b}]}}]\n",
    "  generators: [{matrix: {generators: []}}]\n",
    "  goTemplate: true\n",
    "  template: {metadata: {name: '{{a}}'}}\n",
    "resources: [x.yaml]\n",
    "patches: [{patch: '[]'}]\n",
    "patches: [{patch: '[{op: test, path: /a/-1}]'}]\n",
    "replacements: [{source: {kind: X}, targets: []}]\n",
    "namePrefix: a\n",
    "configMapGenerator: [{name: a, literals: [a=b]}]\n",
    "vars: [{name: A}]\n",
    "  replicas: 99999999999999999999\n",
    "  schedule: '* * *'\n",
    "---\n",
    "- ",
    "  ",
    "null",
    "[]",
    "{}",
    "''",
    "\n",
    "$patch: delete\n",
    "items:\n",
    "data: {a: '@@@'}\n",
];

const PATCHES: &[&str] = &[
    "- op: add\n",
    "- {op: replace, ",
    "- {op: remove, ",
    "- {op: test, ",
    "- {op: move, from: /a, ",
    "- {op: copy, from: '', ",
    "path: /spec/template/spec/containers/0/image",
    "path: /spec/-1",
    "path: /spec/template/spec/containers/-",
    "path: ''",
    "path: /~0~1~2",
    "path: /metadata/labels/a~1b",
    ", value: x}\n",
    ", value: {a: [b]}}\n",
    "}\n",
    "  path: /a\n",
    "  value: 1\n",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n",
    "$patch: delete\n",
    "$patch: replace\n",
    "$patch: nonsense\n",
    "spec: {template: {spec: {containers: [{name: a, image: b}]}}}\n",
    "spec: {template: {spec: {containers: [{name: a, $patch: delete}]}}}\n",
    "spec: {template: {spec: {containers: null}}}\n",
    "spec: {template: {spec: {containers: {name: a}}}}\n",
    "spec: {template: {spec: {$setElementOrder/containers: [{name: z}, {name: a}]}}}\n",
    "spec: {$retainKeys: [a], strategy: {type: x}}\n",
    "spec: {$deleteFromPrimitiveList/finalizers: [a]}\n",
    "metadata: {annotations: {config.kubernetes.io/x: y}}\n",
    "---\n",
    "null\n",
    "[]\n",
];

const GENERATORS: &[&str] = &[
    "{list: {elements: [{a: b}, {a: 1, b: {c: d}}]}}",
    "{list: {elementsYaml: '{{a}}'}}",
    "{git: {repoURL: '', directories: [{path: 'k/*'}, {path: k/x, exclude: true}]}}",
    "{git: {files: [{path: '**/*.yaml'}], pathParamPrefix: p}}",
    "{clusters: {selector: {matchLabels: {a: b}}, values: {x: '{{name}}'}}}",
    "{clusters: {}}",
    "{matrix: {generators: [",
    "{merge: {mergeKeys: [a, ''], generators: [",
    "{pullRequest: {github: {}}}",
    "{scmProvider: {}}",
    "{plugin: {input: {parameters: {a: b}}}}",
    ", ",
    "]}}",
    "]",
    "}",
    "{selector: {matchExpressions: [{key: a, operator: In, values: [b]}]}, ",
    "null",
    "'{{a}}'",
    "'{{ .a | default (index . \"b\") }}'",
    "'{{ range $k, $v := . }}{{ $k }}{{ end }}'",
    "template: {metadata: {name: x}}",
    "values: {a: '{{values.a}}'}",
    "\n",
];

const GIT: &[&str] = &[
    "ref: refs/heads/main\n",
    "ref: refs/heads/../../x\n",
    "ref: HEAD\n",
    "0000000000000000000000000000000000000000",
    " refs/heads/main\n",
    " refs/tags/v1.0.0\n",
    "^ffffffffffffffffffffffffffffffffffffffff\n",
    "# pack-refs with: peeled fully-peeled sorted \n",
    "[core]\n",
    "[remote \"origin\"]\n\turl = ",
    "\trepositoryformatversion = 9\n",
    "[include]\n\tpath = /dev/zero\n",
    "gitdir: ../..\n",
    "DIRC\0\0\0\u{2}\0\0\0\u{7f}",
    "PACK\0\0\0\u{2}\0\0\u{7f}\0",
    "\u{7f}tOc\0\0\0\u{2}",
    "tree ",
    "\nparent ",
    "\0",
    "\u{1}\u{2}\u{3}",
    "\u{7f}\u{7f}\u{7f}\u{7f}",
    "x\u{9c}",
    "shallow ",
];

/// Expressions of small languages: globs, times, versions, variables, jq, JSON.
const WORDS: &[&str] = &[
    "${",
    "}",
    ":=",
    ":-",
    "^",
    ",",
    "//",
    "/",
    "#",
    "%",
    "*",
    "**",
    "?",
    "[",
    "]",
    "[^",
    "{a,b}",
    "!",
    "\\",
    "1h",
    "9223372036854775807ns",
    "-",
    "+",
    "1.2.3",
    ">=1",
    "||",
    "x",
    "~>",
    "é",
    "😀",
    "@daily",
    "*/0",
    "60",
    "MON",
    "2006-01-02",
    "T",
    "Z07:00",
    ".",
    "..",
    "|",
    "select(",
    ")",
    "..|",
    "$",
    "\"",
    "'",
    "\\u",
    "0",
    "null",
    "reduce ",
    "as ",
    "def ",
    ";",
    "http://",
    "user:pass@",
    "%zz",
    ":99999",
    "{",
    "(?P<",
    "(a*)*",
    "\n",
];

const TARGETS: &[Target] = &[
    ("yaml", YAML, yaml),
    ("template", TEMPLATE, |text| chart(&[("templates/a.yaml", text), ("values.yaml", "a: [1, {b: c}]\n")])),
    ("set", WORDS, set),
    ("values-schema", YAML, |text| {
        let (values, schema) = text.split_at(floor_char_boundary(text, text.len() / 2));
        chart(&[
            ("templates/a.yaml", "a: {{ toYaml .Values }}"),
            ("values.yaml", values),
            ("values.schema.json", schema),
        ]);
    }),
    ("kustomize", MANIFESTS, kustomization),
    ("repository", MANIFESTS, repository),
    ("patches", PATCHES, patches),
    ("applicationset", GENERATORS, |text| {
        repository(&format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: s, namespace: argocd}}\nspec:\n  goTemplate: {}\n  generators: [{text}]\n  template: {{metadata: {{name: '{{{{a}}}}'}}, spec: {{project: default, source: {{repoURL: '', path: '{{{{path}}}}k'}}, destination: {{name: '{{{{name}}}}'}}}}}}\n",
            text.len() % 2 == 0
        ));
    }),
    ("git", GIT, git),
    ("envsubst", WORDS, |text| {
        if let Ok(template) = Template::parse(text) {
            let _ = template.references();
            template.execute(&|_| Variable::Unset);
        }
    }),
    ("jq", WORDS, |text| drop(argocd::jq_problem(text))),
    ("golang", WORDS, go),
    ("tgz", YAML, tgz),
    ("config", YAML, |text| {
        let (sources, names) = (Sources::new(), rules::known());
        let file = sources.add(".gitops-lint.yaml", text.as_bytes().to_vec());
        let cache = Cache::new(sources);
        let _ = (config::read(&file, &cache, &names), Lock::read(&file, &cache).map(|lock| lock.to_text()));
    }),
    ("baseline", YAML, |text| drop(Baseline::parse(text).map(|baseline| baseline.to_json()))),
];

/// Inputs that once ended the process, with their target.
const CRASHES: &[(&str, &str)] = &[
    ("template", "{{ printf \"%.65536f\" 1.5 }}{{ printf \"%.99999e\" 1.5 }}{{ printf \"%70000s\" \"x\" }}"),
    ("values-schema", "a: 1\n#####{\"$ref\": \"#\"}"),
];

fn yaml(text: &str) {
    let sources = Sources::new();
    let file = sources.add("a.yaml", text.as_bytes().to_vec());
    let stream = Cache::new(sources).stream(&file);
    for document in &stream.documents {
        if let Some(root) = &document.root {
            std::hint::black_box((root.to_value(), root.to_json(gitops_lint::yaml::JsonStyle::default())));
        }
    }
}

fn tree(sources: &Arc<Sources>, files: &[(&str, &str)]) -> Arc<dyn Tree> {
    Arc::new(MemoryTree::of(sources, files.iter().copied()))
}

fn chart(files: &[(&str, &str)]) {
    let sources = Sources::new();
    let all = [&[("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n")], files].concat();
    let dir = Dir::new(tree(&sources, &all), TreePath::root());
    let cache = Cache::new(Arc::clone(&sources));
    let place = Place::written(sources.add("application", b"rel".to_vec()).span());
    let options = helm::ReleaseOptions::new(Placed::new("rel".into(), place), "ns");
    if let Some(chart) = helm::Chart::load(&dir, &cache).0 {
        let release =
            helm::render(&chart, helm::UserValues::new(place), &options, &mut Origins::new(), &cache);
        std::hint::black_box(release.manifests.print(true, false));
    }
}

fn set(text: &str) {
    let sources = Sources::new();
    let place = Place::written(sources.add("application", b"rel".to_vec()).span());
    let mut user = helm::UserValues::new(place);
    for kind in [helm::SetKind::Typed, helm::SetKind::String, helm::SetKind::Json] {
        user.set(kind, text, place, &mut Origins::new(), &mut |path| Ok(path.into()));
    }
}

fn kustomization(text: &str) {
    let sources = Sources::new();
    let (first, second) = text.split_at(floor_char_boundary(text, text.len() / 2));
    let dir =
        Dir::new(tree(&sources, &[("kustomization.yaml", first), ("x.yaml", second)]), TreePath::root());
    let built =
        kustomize::build(&dir, &kustomize::Options::default(), &mut Origins::new(), &Cache::new(sources));
    std::hint::black_box(built.to_yaml());
}

/// The text as patches of both kinds on one object.
fn patches(text: &str) {
    let object = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, finalizers: [a, b], labels: {a/b: c}}\nspec: {strategy: {type: Recreate}, template: {spec: {containers: [{name: a, image: b}, {name: z, image: y}]}}}\n";
    let kustomization =
        "resources: [x.yaml]\npatches: [{path: p.yaml}, {path: p.yaml, target: {kind: Deployment}}]\n";
    for kustomization in [kustomization, "resources: [x.yaml]\npatchesStrategicMerge: [p.yaml]\n"] {
        let sources = Sources::new();
        let files = [("kustomization.yaml", kustomization), ("x.yaml", object), ("p.yaml", text)];
        let dir = Dir::new(tree(&sources, &files), TreePath::root());
        let options = kustomize::Options::default();
        let built = kustomize::build(&dir, &options, &mut Origins::new(), &Cache::new(sources));
        std::hint::black_box(built.to_yaml());
    }
}

/// Files by path.
type Files = Vec<(PathBuf, Vec<u8>)>;

/// A small repository of Git: its directory, and the files in it.
fn clone() -> &'static (tempfile::TempDir, Files) {
    static CLONE: OnceLock<(tempfile::TempDir, Files)> = OnceLock::new();
    CLONE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let git = |args: &[&str]| crate::cli::git(dir.path(), args);
        git(&["init", "-q", "-b", "main"]);
        for (at, text) in ["a: 1\n", "a: 2\n", "a: 3\n"].iter().enumerate() {
            std::fs::write(dir.path().join("a.yaml"), text).unwrap();
            git(&["add", "."]);
            git(&["commit", "-qm", "one"]);
            git(&["tag", &format!("v1.{at}.0")]);
        }
        git(&["repack", "-adq"]);
        git(&["pack-refs", "--all"]);
        std::fs::write(dir.path().join("a.yaml"), "a: 4\n").unwrap();
        git(&["add", "."]);
        git(&["commit", "-qm", "four"]);
        let files = walkdir::WalkDir::new(dir.path().join(".git")).sort_by_file_name().into_iter();
        let files = files.map(Result::unwrap).filter(|entry| entry.file_type().is_file());
        let files = files.map(walkdir::DirEntry::into_path);
        let kept = ["/hooks/", "/logs/", "/info/", "description", "COMMIT_EDITMSG"];
        let files = files.filter(|path| !kept.iter().any(|name| path.to_string_lossy().contains(name)));
        let files = files.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
        (dir, files)
    })
}

/// The text in one file of Git's own, in place of a part of it; then everything that is asked of a repository.
fn git(text: &str) {
    let (dir, files) = clone();
    let sum = text.bytes().fold(7usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    let (path, bytes) = &files[sum % files.len()];
    let mut broken = bytes.clone();
    let from = (sum / 7) % (broken.len() + 1);
    let to = (from + sum % 9).min(broken.len());
    broken.splice(from..to, text.bytes());
    // Objects are there to be read only.
    let _ = std::fs::remove_file(path);
    std::fs::write(path, &broken).unwrap();
    if let Some(repository) = Repository::discover(dir.path(), Sources::new()).found() {
        let _ = (repository.remotes().len(), repository.branches(None).is_ok());
        let _ = repository.tracked().map(|tracked| tracked.paths().len());
        for revision in ["HEAD", "main", "v1.1.0", "HEAD~2"] {
            let Ok(commit) = repository.parse(revision) else { continue };
            let _ =
                repository.head().map(|head| head.commit().map(|head| repository.merge_base(head, commit)));
            let Ok(tree) = repository.tree_below(commit, "", repository.prefix()) else { continue };
            for file in &tree.files() {
                let _ = tree.read(file).map(|file| file.text_or_empty().len());
            }
        }
    }
    let _ = std::fs::remove_file(path);
    std::fs::write(path, bytes).unwrap();
}

fn repository(text: &str) {
    let sources = Sources::new();
    let (first, second) = text.split_at(floor_char_boundary(text, text.len() / 2));
    let files = tree(
        &sources,
        &[("a.yaml", first), ("k/kustomization.yaml", "resources: [x.yaml]\n"), ("k/x.yaml", second)],
    );
    let cache = Arc::new(Cache::new(sources));
    let (workspace, _) = repo::Workspace::of_tree(files, cache, &rules::known());
    let report = lint::lint(&workspace, &Options { strict: Some(true), ..Options::default() });
    for (_, format) in Format::ALL {
        std::hint::black_box(report::render(&report, format, Look::default()));
    }
}

fn go(text: &str) {
    let (pattern, name) = text.split_at(floor_char_boundary(text, text.len() / 2));
    let _ = golang::doublestar::DoublestarPattern::new(pattern).map(|it| it.matches(name));
    let _ = golang::Glob::new(pattern, &['/']).map(|it| it.matches(name));
    let _ = golang::time::Duration::parse(text).map(|it| it.to_string());
    let _ = golang::time::Time::parse(pattern, name).map(|it| it.format(pattern));
    let _ = (golang::strconv::unquote(text), golang::strconv::quote(text));
    let _ =
        (golang::url::query_unescape(text), golang::url::path_unescape(text), golang::url::path_escape(text));
    let _ = golang::strconv::parse_float(text, 64).map(golang::strconv::format_g);
}

/// A tar of one entry whose header is partly the input's, in gzip.
fn tgz(text: &str) {
    use std::io::Write;
    let mut block = [0u8; 512];
    let bytes = text.as_bytes();
    let head = bytes.len().min(512);
    block[..head].copy_from_slice(&bytes[..head]);
    block[124..136].copy_from_slice(format!("{:011o}\0", bytes.len() - head).as_bytes());
    block[156] = *b"0LKxg5S7".get(head % 8).unwrap_or(&b'0');
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(&block).unwrap();
    out.write_all(&bytes[head..]).unwrap();
    out.write_all(&vec![0; (512 - (bytes.len() - head) % 512) % 512 + 1024]).unwrap();
    let _ = open_archive(
        &Sources::new(),
        &Home::named("c.tgz"),
        &out.finish().unwrap(),
        ArchiveLimits::default(),
    );
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % count.max(1) as u64) as usize
    }
}

/// Texts of the fixtures, short ones: mutations of long ones take the time of many.
fn corpus() -> Vec<String> {
    let mut texts = Vec::new();
    let mut dirs = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")];
    while let Some(dir) = dirs.pop() {
        let mut entries: Vec<_> =
            std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            let is_text = path
                .extension()
                .is_some_and(|it| ["yaml", "yml", "tpl", "json"].iter().any(|known| it == *known));
            if path.is_dir() {
                dirs.push(path);
            } else if let (true, Ok(text)) = (is_text, std::fs::read_to_string(&path))
                && text.len() < 4000
            {
                texts.push(text);
            }
        }
    }
    texts
}

/// A text of words alone, or one of the corpus with parts taken out, doubled, moved or replaced.
fn input(random: &mut Random, words: &[&str], corpus: &[String]) -> String {
    if random.below(2) == 0 || corpus.is_empty() {
        return (0..random.below(40)).map(|_| words[random.below(words.len())]).collect();
    }
    let mut text = corpus[random.below(corpus.len())].clone();
    for _ in 0..=random.below(4) {
        let from = floor_char_boundary(&text, random.below(text.len() + 1));
        let to = floor_char_boundary(&text, (from + random.below(30)).min(text.len())).max(from);
        let part = text[from..to].to_owned();
        match random.below(4) {
            0 => text.replace_range(from..to, ""),
            1 => text.insert_str(to, &part),
            2 => text.replace_range(from..to, words[random.below(words.len())]),
            _ => {
                let at = floor_char_boundary(&text, random.below(text.len() + 1));
                text.insert_str(at, &part);
            }
        }
    }
    text
}

/// Runs a target until the time is over; answers how many inputs there were.
fn fuzz(target: &Target, seed: u64, time: Duration, corpus: &[String]) -> u64 {
    let (name, words, body) = target;
    let last = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-input-{name}"));
    let (mut random, start, mut count) = (Random(seed), Instant::now(), 0u64);
    while start.elapsed() < time {
        let input = input(&mut random, words, corpus);
        std::fs::write(&last, &input).unwrap();
        let began = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| body(&input)));
        assert!(outcome.is_ok(), "{name} panicked on input {count} of seed {seed}:\n{input}");
        assert!(began.elapsed() < Duration::from_secs(60), "{name} took {:?} on\n{input}", began.elapsed());
        count += 1;
    }
    count
}

#[test]
fn what_crashed_once_does_not_again() {
    for (name, input) in CRASHES {
        let (_, _, body) = TARGETS.iter().find(|(known, ..)| known == name).unwrap();
        body(input);
    }
}

#[test]
fn every_target_takes_a_few_inputs() {
    let corpus = corpus();
    assert!(corpus.len() > 50, "the fixtures are the corpus");
    for target in TARGETS {
        assert!(fuzz(target, 1, Duration::from_millis(100), &corpus) > 0, "{}", target.0);
    }
}

/// `FUZZ_SECONDS` for each target, `FUZZ_TARGET` for one of them, `FUZZ_SEED` for other inputs. Prints a line for
/// the tally per target: name, seed, inputs.
#[test]
#[ignore = "runs as long as it is told to"]
fn long() {
    let variable = |name: &str| std::env::var(name).ok();
    let seconds = variable("FUZZ_SECONDS").map_or(5, |text| text.parse().unwrap());
    let seed = variable("FUZZ_SEED").map_or(1, |text| text.parse().unwrap());
    let (corpus, only) = (corpus(), variable("FUZZ_TARGET"));
    for target in TARGETS.iter().filter(|target| only.as_deref().is_none_or(|only| only == target.0)) {
        let count = fuzz(target, seed, Duration::from_secs(seconds), &corpus);
        println!("tally\t{}\t{seed}\t{count}", target.0);
    }
}

/// The last character boundary at or before a byte: `str::floor_char_boundary`, which is younger than the oldest Rust we build
/// with.
fn floor_char_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
