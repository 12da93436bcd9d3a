//! Random templates and parameters: nothing may panic, whatever the input.
//!
//! Small and seeded, made of grammars and of mutations of the recorded cases in `fixtures/`. A run that fails prints its
//! input; one that takes the process down has left it in `target/tmp/fuzz-NAME`.
//!
//! `FUZZ_SECONDS=600 cargo test --test integration fuzz::exec -- --ignored --nocapture`, with `FUZZ_SEED` for another run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gitops_lint::facade::gotemplate::{BUILTINS, Function, Param, parse};
use gitops_lint::facade::helm::{self, Chart, HELM, ReleaseOptions, SetKind, UserValues};
use gitops_lint::facade::origin::{Origins, Place, Placed};
use gitops_lint::facade::source::{Dir, MemoryTree, Sources, TreePath};
use gitops_lint::facade::yaml::Cache;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }

    fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

/// Runs a body on inputs until the time is over; answers how many there were.
fn run(name: &str, make: impl Fn(&mut Random) -> String, body: impl Fn(&str)) -> String {
    let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let time = Duration::from_secs(number("FUZZ_SECONDS", 5));
    let mut random = Random(number("FUZZ_SEED", 1));
    let last = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"));
    let start = Instant::now();
    let (mut count, mut slowest) = (0u64, (Duration::ZERO, String::new()));
    while start.elapsed() < time {
        let input = make(&mut random);
        std::fs::write(&last, &input).unwrap();
        let began = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| body(&input)));
        assert!(outcome.is_ok(), "{name} panicked on input {count}:\n{input}");
        let took = began.elapsed();
        if took > slowest.0 {
            slowest = (took, input);
        }
        count += 1;
    }
    let shown: String = slowest.1.chars().take(300).collect();
    format!("{name}: {count} inputs without a panic; the slowest took {:?}:\n{shown}", slowest.0)
}

/// The first column of the recorded cases.
fn recorded() -> Vec<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/gotemplate/sprig");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let tables = files.iter().filter(|path| path.extension().is_some_and(|it| it == "jsonl"));
    tables
        .flat_map(|path| {
            let table = std::fs::read_to_string(path).unwrap();
            let first = |line: &str| {
                let case: serde_json::Value = serde_json::from_str(line).unwrap();
                case[0].as_str().unwrap().to_owned()
            };
            table.lines().map(first).collect::<Vec<_>>()
        })
        .collect()
}

/// Cuts, doubles, swaps and replaces pieces.
fn mutated(random: &mut Random, text: &str, tokens: &[&str]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(chars.len() + 1);
        let end = (at + random.below(8)).min(chars.len());
        match random.below(4) {
            0 => drop(chars.drain(at..end)),
            1 => {
                let piece = chars[at..end].to_vec();
                chars.splice(at..at, piece);
            }
            2 => drop(chars.splice(at..at, random.pick(tokens).chars())),
            _ => drop(chars.splice(at..end, random.pick(tokens).chars())),
        }
    }
    chars.into_iter().collect()
}

const TOKENS: &[&str] = &[
    "{{",
    "}}",
    "{{-",
    "-}}",
    " ",
    "(",
    ")",
    "|",
    ".",
    "$",
    "$x",
    ":=",
    "=",
    ",",
    "\"",
    "`",
    "'",
    "\\",
    "\n",
    "/*",
    "*/",
    "if",
    "else",
    "end",
    "range",
    "with",
    "define",
    "template",
    "block",
    "break",
    "continue",
    "nil",
    "true",
    "1",
    "-1",
    "1.5e3",
    "0x1F",
    "1i",
    "'a'",
    "\"a\"",
    "`b`",
    "_",
    "\u{e4}",
    "\u{0}",
    "\u{feff}",
    "\u{10eda0}",
    "9223372036854775807",
    "1_000",
    "0b",
    "1e999",
    "{{/*",
    "%d",
    "%!",
    "<no value>",
    "---\n",
    "a: ",
];

/// Literals and values for arguments.
const ARGS: &[&str] = &[
    ".",
    "$",
    ".Values",
    ".Values.s",
    ".Values.n",
    ".Values.f",
    ".Values.l",
    ".Values.m",
    ".Values.none",
    ".Values.t",
    ".Values.u",
    ".Values.m.a",
    ".Files",
    ".Chart",
    ".Release.Name",
    ".Capabilities",
    ".Template",
    "nil",
    "true",
    "0",
    "1",
    "-1",
    "3",
    "1.5",
    "-0.0",
    "1e18",
    "9223372036854775807",
    "-9223372036854775808",
    "\"\"",
    "\"a\"",
    "\"a,b\"",
    "\"%s %d\"",
    "\"\u{e4}\u{1f600}\"",
    "\"1.2.3\"",
    "\">=1.2 <3\"",
    "\"a{1,3}(b|c)*\"",
    "\"[\"",
    "\"2024-02-29\"",
    "\"2006-01-02\"",
    "\"1h30m\"",
    "\"{{ . }}\"",
    "\"a: [1, {b: c}]\"",
    "\"YWJj\"",
    "\"\\xff\"",
    "\"http://u:p@h:1/p?q#f\"",
    "\"t\"",
    "now",
    "(list 1 \"a\" nil)",
    "(dict \"a\" 1 \"b\" (list 2))",
    "(list)",
    "(dict)",
    "(until 3)",
    "'x'",
    "\"-\\n \\n\"",
];

/// A call with mostly as many arguments as the function takes.
fn call(random: &mut Random, functions: &[&'static Function], depth: usize) -> String {
    let function = functions[random.below(functions.len())];
    let mut count = function.params.len();
    if function.variadic.is_some() {
        count += random.below(4);
    }
    if random.once_in(20) {
        count = random.below(5);
    }
    let mut out = function.name.to_owned();
    for index in 0..count {
        let param = function.params.get(index).copied().or(function.variadic);
        out.push(' ');
        out.push_str(&argument(random, functions, param, depth));
    }
    out
}

fn argument(
    random: &mut Random,
    functions: &[&'static Function],
    param: Option<Param>,
    depth: usize,
) -> String {
    let it = expression(random, functions, depth + 1);
    if random.once_in(20) {
        return it;
    }
    match param {
        Some(Param::String) => {
            random.pick(&[it.as_str(), &format!("(toString {it})"), ".Values.s", "\"a b\""]).to_owned()
        }
        Some(Param::Int) => {
            random.pick(&[format!("(int {it})").as_str(), "0", "1", "-1", "7", "100000"]).to_owned()
        }
        Some(Param::Int64) => format!("(int64 {it})"),
        Some(Param::Float64) => format!("(float64 {it})"),
        Some(Param::Bool) => format!("(not {it})"),
        Some(Param::Map) => {
            random.pick(&[".Values.m", "(dict \"a\" 1)", "(deepCopy .Values.m)", &it]).to_owned()
        }
        Some(Param::List | Param::Strings) => {
            random.pick(&[".Values.l", "(list 1 nil \"a\")", &it]).to_owned()
        }
        _ => it,
    }
}

fn functions() -> Vec<&'static Function> {
    let mut tables = vec![BUILTINS, HELM];
    tables.extend(gitops_lint::facade::sprig::TABLES);
    tables.into_iter().flatten().collect()
}

fn expression(random: &mut Random, functions: &[&'static Function], depth: usize) -> String {
    if depth > 3 || random.once_in(3) {
        return random.pick(ARGS).to_owned();
    }
    let mut out = format!("({}", call(random, functions, depth));
    if random.once_in(6) {
        out.push_str(" | ");
        out.push_str(functions[random.below(functions.len())].name);
    }
    out.push(')');
    if random.once_in(12) {
        out.push_str(random.pick(&[
            ".a",
            ".Name",
            ".x.y",
            ".Get \"a\"",
            ".Year",
            ".Major",
            ".Has \"v1\"",
            ".AsMap",
        ]));
    }
    out
}

fn statement(random: &mut Random, names: &[&'static Function], depth: usize) -> String {
    let it = expression(random, names, 0);
    let body = |random: &mut Random| {
        (0..=random.below(2)).map(|_| statement(random, names, depth + 1)).collect::<String>()
    };
    match if depth > 3 { random.below(3) } else { random.below(10) } {
        0 => format!("{{{{ $x := {it} }}}}"),
        1 | 2 => format!("a: {{{{- {it} }}}}\n"),
        3 => format!("{{{{ if {it} }}}}{}{{{{ else }}}}{}{{{{ end }}}}", body(random), body(random)),
        4 => format!("{{{{ with $x := {it} }}}}{}{{{{ end }}}}", body(random)),
        5 => format!("{{{{ range $i, $x := {it} }}}}{}{{{{ end }}}}", body(random)),
        6 => format!("{{{{ range {it} }}}}{}{{{{ break }}}}{{{{ end }}}}", body(random)),
        7 => format!("{{{{ include \"t\" {it} }}}}"),
        8 => format!("{{{{ tpl (toString {it}) . }}}}"),
        _ => format!("{{{{ block \"b\" {it} }}}}{}{{{{ end }}}}", body(random)),
    }
}

const VALUES: &str = "s: text\nn: 3\nf: 1.5\nl: [1, b, null]\nm: {a: x, b: {c: [1]}}\nnone: null\nt: '{{ .Values.s }}'\nu: \"\\u00e4\\U0001f600\"\n";

/// Renders a chart in memory; parameters are pairs of a kind and a text.
fn render(template: &str, set: &[(SetKind, &str)]) {
    let sources = Sources::new();
    let tree = MemoryTree::of(
        &sources,
        [
            ("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
            ("values.yaml", VALUES),
            ("a", "b\nc\n"),
            ("templates/_t.tpl", "{{ define \"t\" }}{{ . }}{{ end }}"),
            ("templates/a.yaml", template),
        ],
    );
    let cache = Cache::new(Arc::clone(&sources));
    let mut origins = Origins::new();
    let (chart, _) = Chart::load(&Dir::new(Arc::new(tree), TreePath::root()), &cache);
    let place = Place::written(sources.add("application", b"rel".to_vec()).span());
    let mut user = UserValues::new(place);
    for (kind, text) in set {
        user.set(*kind, text, place, &mut origins, &mut |path| Ok(path.into()));
    }
    let options = ReleaseOptions::new(Placed::new("rel".into(), place), "ns");
    let release = helm::render(&chart.unwrap(), user, &options, &mut origins, &cache);
    std::hint::black_box(release.manifests.print(true, false));
}

#[test]
#[ignore = "runs as long as it is told to"]
fn parsing() {
    let (recorded, names) = (recorded(), functions());
    let make = |random: &mut Random| match random.below(3) {
        0 => (0..random.below(40)).map(|_| random.pick(TOKENS)).collect(),
        1 => {
            let whole = statement(random, &names, 0);
            mutated(random, &whole, TOKENS)
        }
        _ => {
            let seed = &recorded[random.below(recorded.len())];
            mutated(random, seed, TOKENS)
        }
    };
    let done = run("parsing", make, |input| {
        let _ = parse("t", &input.into(), None, &|name| names.iter().any(|function| function.name == name));
    });
    eprintln!("{done}");
}

#[test]
#[ignore = "runs as long as it is told to"]
fn executing() {
    let (recorded, names) = (recorded(), functions());
    let make = |random: &mut Random| match random.below(4) {
        0 => {
            let seed = &recorded[random.below(recorded.len())];
            mutated(random, seed, TOKENS)
        }
        1 => {
            let whole = statement(random, &names, 0);
            mutated(random, &whole, ARGS)
        }
        _ => (0..=random.below(3)).map(|_| statement(random, &names, 0)).collect(),
    };
    eprintln!("{}", run("executing", make, |input| render(input, &[])));
}

#[test]
#[ignore = "runs as long as it is told to"]
fn setting() {
    const PIECES: &[&str] = &[
        "a",
        "m",
        "m.b",
        "l",
        "s",
        "n",
        ".",
        "[",
        "]",
        "[0]",
        "[1]",
        "[-1]",
        "[65536]",
        "[99999999999]",
        "=",
        ",",
        "{",
        "}",
        "{a,b}",
        "\\",
        "\\,",
        "\\.",
        "null",
        "true",
        "1",
        "-5",
        "007",
        "1.5",
        " ",
        "\"",
        "\n",
        "\u{e4}",
        "{\"a\":[1]}",
        "[1,2]",
        "nil",
        "a.b.c",
        "=x",
        "\u{0}",
    ];
    const KINDS: [SetKind; 5] =
        [SetKind::Json, SetKind::Typed, SetKind::String, SetKind::File, SetKind::Literal];
    let table = include_str!("../fixtures/helm/set.jsonl");
    let recorded: Vec<String> = table
        .lines()
        .filter_map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["text"].as_str().map(Into::into)
        })
        .collect();
    let make = |random: &mut Random| {
        if random.once_in(2) {
            let seed = &recorded[random.below(recorded.len())];
            return mutated(random, seed, PIECES);
        }
        (0..random.below(12)).map(|_| random.pick(PIECES)).collect()
    };
    let done = run("setting", make, |input| {
        for kind in KINDS {
            render("{{ toYaml .Values }}", &[(kind, input), (SetKind::Typed, input)]);
        }
    });
    eprintln!("{done}");
}
