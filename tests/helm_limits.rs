//! Charts that would take all memory or all time are refused, with words that say why.

use std::fmt::Write as _;
use std::sync::Arc;

use gitops_lint::facade::finding::Problem;
use gitops_lint::facade::helm::{self, Chart, ReleaseOptions, SetKind, UserValues};
use gitops_lint::facade::origin::{Origins, Place, Placed};
use gitops_lint::facade::source::{Dir, MemoryTree, Sources, TreePath};
use gitops_lint::facade::yaml::Cache;

/// A chart in memory.
struct Files<'a> {
    template: &'a str,
    values: &'a str,
    set: &'a str,
    archive: Option<Vec<u8>>,
}

const FILES: Files<'_> = Files { template: "", values: "", set: "", archive: None };

/// Everything that is wrong about a chart.
fn problems(files: Files<'_>) -> Vec<Problem> {
    let sources = Sources::new();
    let mut tree = MemoryTree::of(
        &sources,
        [
            ("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
            ("values.yaml", files.values),
            ("templates/a.yaml", files.template),
        ],
    );
    if let Some(bytes) = files.archive {
        let path = TreePath::new("charts/sub-1.0.0.tgz").unwrap();
        tree.insert(path, sources.add("charts/sub-1.0.0.tgz", bytes));
    }
    let cache = Cache::new(Arc::clone(&sources));
    let mut origins = Origins::new();
    let (chart, mut problems) = Chart::load(&Dir::new(Arc::new(tree), TreePath::root()), &cache);
    let Some(chart) = chart else { return problems };
    let place = Place::written(sources.add("application", b"rel".to_vec()).span());
    let mut user = UserValues::new(place);
    if !files.set.is_empty() {
        user.set(SetKind::Typed, files.set, place, &mut origins, &mut |_| Err(String::new()));
    }
    let options = ReleaseOptions::new(Placed::new("rel".into(), place), "ns");
    problems.extend(helm::render(&chart, user, &options, &mut origins, &cache).problems);
    problems
}

fn told(files: Files<'_>) -> String {
    problems(files).into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("\n")
}

/// Doubles `$x` sixty times.
fn doubled(start: &str, step: &str, end: &str) -> String {
    format!("{{{{ $x := {start} }}}}{{{{ range until 60 }}}}{{{{ $x = {step} }}}}{{{{ end }}}}{end}")
}

#[test]
fn templates_that_never_end() {
    let twice = "{{ define \"a\" }}{{ include \"b\" . }}{{ end }}{{ define \"b\" }}{{ template \"a\" . }}{{ end }}{{ include \"a\" . }}";
    for (template, words) in [
        (
            "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
            "has a nested reference name: a",
        ),
        (twice, "has a nested reference name: b"),
        (
            "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
            "exceeded maximum template depth",
        ),
        (
            "{{ define \"x\" }}{{ tpl \"{{ include \\\"x\\\" . }}\" . }}{{ end }}{{ include \"x\" . }}",
            "has a nested reference name: x",
        ),
        ("{{ tpl .Values.self . }}", "exceeded maximum template depth"),
        ("{{ range until 1000000000 }}x{{ end }}", "a list of 1000000000 numbers is too long"),
        ("{{ range untilStep 0 1000000000 1 }}x{{ end }}", "a list of 1000000000 numbers is too long"),
        ("{{ seq 1000000000 }}", "a list of 1000000000 numbers is too long"),
    ] {
        let told = told(Files { template, values: "self: '{{ tpl .Values.self . }}'\n", ..FILES });
        assert!(told.contains(words), "{template}\n  {told}");
    }
}

fn all_told(cases: &[(String, &str)]) {
    for (template, words) in cases {
        let told = told(Files { template, ..FILES });
        assert!(told.contains(words), "{template}\n  {told:.300}");
    }
}

#[test]
fn values_that_take_all_memory() {
    let list = "list 1 2 3 4";
    all_told(&[
        ("{{ repeat 1000000000 \"x\" }}".into(), "gave up on a string"),
        ("{{ indent 2000000000 \"x\" }}".into(), "gave up on a string"),
        ("{{ wrapWith 1 (repeat 10000 \"x\") (repeat 10000 \"a\") }}".into(), "gave up on a string"),
        (doubled(list, "list $x $x", "{{ printf \"%v\" $x }}"), "more than 2097152 parts"),
        (doubled(list, "list $x $x", "{{ deepCopy $x | len }}"), "more than 2097152 parts"),
        ("{{ $x := dict }}{{ $_ := set $x \"x\" $x }}{{ deepCopy $x }}".into(), "nested too deep to copy"),
        (
            "{{ $d := dict }}{{ range until 2000 }}{{ $d = dict \"a\" $d }}{{ end }}{{ toYaml $d }}".into(),
            "nested too deep to be written",
        ),
    ]);
    // As Go's encoders do, a value that holds itself is written as nothing.
    let template = "{{ $x := dict }}{{ $_ := set $x \"x\" $x }}a: {{ toYaml $x }}";
    assert_eq!(told(Files { template, ..FILES }), "");
}

#[test]
#[ignore = "takes a minute or two: each case goes up to its limit"]
fn templates_that_go_up_to_their_limits() {
    let (list, text) = ("list 1 2 3 4", "\"aaaaaaaa\"");
    all_told(&[
        ("{{ range 1000000000 }}{{ end }}".into(), "steps of execution"),
        ("{{ $x := repeat 100000 \"x\" }}{{ range until 20000 }}{{ $x }}{{ end }}".into(), "bytes of output"),
        (doubled(text, "print $x $x", ""), "gave up on a string"),
        (doubled(text, "b64enc (printf \"%s%s\" $x $x)", ""), "gave up on a string"),
        (doubled(list, "concat $x $x", ""), "gave up on a list"),
        (doubled(list, "list $x $x", "{{ toYaml $x }}"), "too large to be written"),
        (doubled(list, "list $x $x", "{{ $x }}"), "prints this much"),
        ("{{ $l := list }}{{ range until 200000 }}{{ $l = append $l . }}{{ end }}".into(), "bytes of work"),
        (
            "{{ $d := dict }}{{ range until 100000 }}{{ $d = dict \"a\" $d }}{{ end }}{{ toYaml $d }}".into(),
            "nested too deep to be written",
        ),
    ]);
}

#[test]
fn nesting_that_would_take_the_stack() {
    let many = 20_000;
    let nested = |open: &str, close: &str| format!("{}{}", open.repeat(many), close.repeat(many));
    for (template, words) in [
        (nested("{{ if . }}", "{{ end }}"), "blocks are nested more than 500 deep"),
        (format!("{{{{ {} }}}}", nested("(", ")")), "expression depth"),
        (nested("{{ block \"a\" . }}", "{{ end }}"), "blocks are nested more than 500 deep"),
        (
            format!(
                "{{{{ tpl (print (repeat {many} \"{{{{ if . }}}}\") (repeat {many} \"{{{{ end }}}}\")) . }}}}"
            ),
            "nested more than 500 deep",
        ),
        (format!("a: {}", "[".repeat(many)), "YAML parse error"),
        (format!("{{{{ (fromYaml (print \"a: \" (repeat {many} \"[\"))).Error | fail }}}}"), "depth"),
        (
            format!(
                "{{{{ mustRegexMatch (print (repeat {many} \"(\") \"a\" (repeat {many} \")\")) \"a\" }}}}"
            ),
            "regexp",
        ),
    ] {
        let told = told(Files { template: &template, ..FILES });
        assert!(told.contains(words), "{template:.60}\n  {told:.300}");
    }
    for values in [
        format!("a: {}", nested("[", "]")),
        format!("a: {}", nested("{a: ", "}")),
        format!("a:\n  {}", "- ".repeat(many)),
    ] {
        let told = told(Files { values: &values, ..FILES });
        assert!(told.contains("values.yaml"), "{told:.300}");
    }
    let set = format!("{}a=1", "a.".repeat(many));
    assert!(told(Files { set: &set, ..FILES }).contains("nested"), "--set");
    let told = told(Files { set: "a[1000000000]=1", ..FILES });
    assert!(told.contains("index"), "{told}");
}

#[test]
fn aliases_that_explode() {
    let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(",");
        let _ = writeln!(bomb, "a{level}: &a{level} [{aliases}]");
    }
    let values = told(Files { values: &bomb, ..FILES });
    assert!(values.contains("excessive aliasing"), "{values}");
    let manifest = told(Files { template: &bomb, ..FILES });
    assert!(manifest.contains("excessive aliasing"), "{manifest}");
    let told = told(Files {
        template: "{{ (fromYaml .Values.bomb).Error | fail }}",
        values: &format!("bomb: |\n  {}", bomb.replace('\n', "\n  ")),
        ..FILES
    });
    assert!(told.contains("excessive aliasing"), "{told}");
}

#[test]
fn regular_expressions_that_are_too_large() {
    // Go's matching takes linear time, and so does ours: these end.
    let template =
        "{{ $s := repeat 20000 \"a\" }}a: {{ regexMatch \"(a+)+$\" $s }}{{ regexMatch \"(a*)*b\" $s }}";
    assert_eq!(told(Files { template, ..FILES }), "");
    for template in
        ["{{ mustRegexMatch \"((a{100}){100}){100}\" \"a\" }}", "{{ mustRegexMatch \"a{1001}\" \"a\" }}"]
    {
        let told = told(Files { template, ..FILES });
        assert!(told.contains("error parsing regexp"), "{template} {told}");
    }
}

/// A chart archive with a file of zeros.
fn archive(size: u64, entries: usize) -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best()));
    for entry in 0..entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o644);
        let name = format!("sub/file{entry}");
        tar.append_data(&mut header, name, std::io::Read::take(std::io::repeat(0), size)).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

#[test]
fn archives_that_unpack_to_too_much() {
    for (size, entries, words) in
        [(6 << 20, 1, "5 MiB"), (4 << 20, 30, "100 MiB"), (0, 20_001, "more than 20000 entries")]
    {
        let bytes = archive(size, entries);
        let told = told(Files { archive: Some(bytes), ..FILES });
        assert!(told.contains(words), "{told}");
    }
}
