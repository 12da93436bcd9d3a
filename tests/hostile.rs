//! Input of strangers: what it may name, what it may cost, and what its words may do in a report.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::cli::{code, command, run_in, scratch, text};

const APP: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: argocd}\nspec:\n  project: default\n  destination: {server: https://kubernetes.default.svc, namespace: a}\n";

/// Every format that findings are printed in.
const FORMATS: [&str; 13] = [
    "pretty",
    "concise",
    "grouped",
    "json",
    "sarif",
    "github",
    "gitlab",
    "junit",
    "checkstyle",
    "azure",
    "teamcity",
    "rdjson",
    "markdown",
];

/// Every control character and every sign that means something to a format, as a YAML string in double quotes.
fn nasty() -> String {
    let mut out = String::new();
    for c in (1..0x20u32).chain(0x7f..0xa0).chain([0x2028, 0x2029, 0x202e, 0xfeff, 0x200b]) {
        let _ = write!(out, "\\u{c:04x}");
    }
    out.push_str("\\n::error::pwned\\n::stop-commands::pwned\\n##[error]pwned ##vso[task.complete]pwned ");
    out.push_str(
        "##teamcity[pwned] `<img src=x>` ```<script>alert(1)</script> @pwned #1 ![i](http://pwned.example) ",
    );
    out.push_str("</script></details></failure>]]> ' & | ; % * _ ~ $x$");
    out
}

/// What no line of a report may be or hold, whatever it was made of.
fn check_output(format: &str, out: &str) {
    for line in out.lines() {
        let own = match format {
            "github" => {
                line.starts_with("::error ")
                    || line.starts_with("::warning ")
                    || line.starts_with("::notice ")
            }
            _ => false,
        };
        assert!(own || !line.trim_start().starts_with("::"), "{format}: {line}");
        let own = |prefix: &str| line.starts_with(prefix);
        if !own("::") {
            assert!(!line.contains("##["), "{format}: {line}");
            assert!(
                !line.trim_start_matches("##vso[task.logissue ").contains("##vso[") || own("##vso["),
                "{format}: {line}"
            );
            assert!(!line.contains("##teamcity[") || own("##teamcity[inspection"), "{format}: {line}");
        }
    }
    for c in out.chars() {
        assert!(!c.is_control() || matches!(c, '\n' | '\t'), "{format}: {c:?}");
        if !matches!(format, "json" | "json-lines" | "sarif" | "gitlab" | "rdjson" | "junit" | "checkstyle") {
            assert!(!matches!(c, '\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{feff}'), "{format}: {c:?}");
        }
    }
    match format {
        "json" | "sarif" | "gitlab" | "rdjson" => {
            serde_json::from_str::<serde_json::Value>(out).unwrap();
        }
        "markdown" => {
            // Code shows what it holds, so only the rest may not act; spans must pair within their line for that.
            let mut prose = String::new();
            for line in out.lines() {
                assert!(!line.contains("``") && line.matches('`').count() % 2 == 0, "{line}");
                prose.extend(line.split('`').step_by(2));
                prose.push('\n');
            }
            // A bracket behind a backslash closes nothing.
            let prose = prose.replace("\\](", "");
            for acts in ["<img", "<script", "](http", "@pwned", "http://pwned"] {
                assert!(!prose.contains(acts), "{acts}: {prose}");
            }
            assert_eq!(prose.matches("<details>").count(), prose.matches("</details>").count());
        }
        "junit" | "checkstyle" => {
            assert!(!out.contains("<img") && !out.contains("]]>"), "{out}");
            assert_eq!(out.matches("<failure").count(), out.matches("</failure>").count());
        }
        _ => {}
    }
}

#[test]
fn words_of_strangers_do_nothing_in_any_format() {
    let nasty = nasty();
    let app = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: \"a{nasty}\", namespace: \"n{nasty}\", labels: {{\"k{nasty}\": \"v{nasty}\"}}, finalizers: [\"f{nasty}\"]}}\nspec:\n  project: \"p{nasty}\"\n  destination: {{server: \"s{nasty}\", namespace: \"x{nasty}\"}}\n  source: {{repoURL: \"r{nasty}\", path: \"d{nasty}\", targetRevision: \"t{nasty}\", \"unknown{nasty}\": 1}}\n  syncPolicy: {{syncOptions: [\"o{nasty}\"]}}\n"
    );
    let workload = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: \"d{nasty}\"}}\nspec:\n  replicas: \"{nasty}\"\n  selector: {{matchLabels: {{a: \"{nasty}\"}}}}\n  template:\n    metadata: {{labels: {{b: c}}}}\n    spec:\n      \"field{nasty}\": 1\n      containers: [{{name: \"c{nasty}\", image: \"i{nasty}\", envFrom: [{{secretRef: {{name: \"e{nasty}\"}}}}]}}]\n"
    );
    let kustomization = format!(
        "resources: [\"r{nasty}\"]\n\"field{nasty}\": 1\nimages: [{{name: \"{nasty}\", newTag: \"1\"}}]\n"
    );
    let chart = "apiVersion: v2\nname: c\nversion: 0.1.0\n";
    let template = "a: {{ fail .Values.words }}\n";
    let values = format!("words: \"{nasty}\"\n\"unused{nasty}\": 1\n");
    let own = format!("{APP}  source: {{repoURL: 'https://x.example/y', path: c}}\n")
        .replace("name: a,", "name: chart,");
    let dir = scratch(&[
        ("app.yaml", &app),
        ("own.yaml", &own),
        ("w/deployment.yaml", &workload),
        ("k/kustomization.yaml", &kustomization),
        ("c/Chart.yaml", chart),
        ("c/values.yaml", &values),
        ("c/templates/a.yaml", template),
        (".gitops-lint.yaml", "repository: {aliases: ['https://x.example/y']}\n"),
    ]);
    #[cfg(unix)]
    for name in [
        "\u{1b}[31m\n::error::pwned\n##[error]pwned`<img src=x>@pwned.yaml",
        "::error::pwned.yaml",
        "-rf.yaml",
        "%0A::x.yaml",
    ] {
        std::fs::write(dir.path().join(name), format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: x}}\nspec: {{containers: 1, \"x{nasty}\": \"\u{202e}##[error]\"}}\n")).unwrap();
    }
    let mut findings = 0;
    for format in FORMATS {
        let output = run_in(dir.path(), &["--format", format, "--preset", "strict"]);
        assert_eq!(code(&output), 1, "{format}: {}", text(&output.stderr));
        check_output(format, &text(&output.stdout));
        check_output("pretty", &text(&output.stderr));
        findings += text(&output.stdout).len();
    }
    assert!(findings > 10_000);
    for args in [
        &["apps"][..],
        &["apps", "--format", "json"],
        &["values", "chart"],
        &["render", "app", "chart", "-o", "json"],
        &["render", "helm", "c"],
        &["render", "kustomize", "k"],
        &["why", "own.yaml:1"],
    ] {
        let output = run_in(dir.path(), args);
        check_output("pretty", &text(&output.stderr));
        check_output(if args.contains(&"json") { "json-lines" } else { "pretty" }, &text(&output.stdout));
    }
}

#[test]
fn configuration_of_strangers_stays_in_the_repository() {
    let dir = scratch(&[
        ("other/c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n"),
        ("other/c/templates/a.yaml", "a: {{ .Files.Get \"secret\" }}\n"),
        ("repo/app.yaml", &format!("{APP}  source: {{repoURL: 'https://x.example/y', path: c}}\n")),
        ("repo/.gitops-lint.yaml", "repos: {'https://x.example/y': ../other}\n"),
        ("charts/.gitops-lint.yaml", "charts: {paths: [/proc/self]}\n"),
        ("inside/.gitops-lint.yaml", "repos: {'https://x.example/y': vendored}\n"),
        ("inside/vendored/a.yaml", "a: 1\n"),
    ]);
    for (repo, path) in [("repo", "../other"), ("charts", "/proc/self")] {
        let output = run_in(&dir.path().join(repo), &[]);
        let words = text(&output.stderr);
        assert_eq!(code(&output), 2, "{words}");
        assert!(words.contains(&format!("names `{path}`, which lies outside of the repository")), "{words}");
        assert!(words.contains("--trust-config"), "{words}");
    }
    let repo = dir.path().join("repo");
    for args in [&["--trust-config"][..], &["--config", ".gitops-lint.yaml"]] {
        assert!(code(&run_in(&repo, args)) < 2, "{args:?}");
    }
    assert!(code(&run_in(&dir.path().join("inside"), &[])) < 2);
    // The user's own file may name anything, whatever the repository says beside it.
    std::fs::rename(repo.join(".gitops-lint.yaml"), dir.path().join("mine.yaml")).unwrap();
    let home = dir.path().join("home/gitops-lint");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::rename(dir.path().join("mine.yaml"), home.join("config.yaml")).unwrap();
    let output = command(&repo, &[]).env("XDG_CONFIG_HOME", dir.path().join("home")).output().unwrap();
    assert!(code(&output) < 2, "{}", text(&output.stderr));
}

/// What the bounds of `docs/limits.md` say: input, how it is given, what the user reads.
#[test]
fn nothing_takes_time_or_memory_out_of_proportion() {
    let chart = "apiVersion: v2\nname: c\nversion: 0.1.0\n";
    let mut definitions = String::from("{\"$ref\": \"#/$defs/d0\", \"$defs\": {");
    for at in 0..40 {
        let next = format!("{{\"$ref\": \"#/$defs/d{}\"}}", at + 1);
        let _ = write!(definitions, "\"d{at}\": {{\"allOf\": [{next}, {next}, {next}, {next}]}}, ");
    }
    definitions.push_str("\"d40\": {\"type\": \"string\"}}}");
    let deep = format!("a: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let laughs: String = (0..30)
        .map(|at| match at {
            0 => "a0: &a0 [x, x]\n".to_owned(),
            at => format!("a{at}: &a{at} [*a{0}, *a{0}, *a{0}]\n", at - 1),
        })
        .collect();
    for (template, values, schema, want) in [
        ("a: {{ printf \"%.65536f\" 1.5 | len }}", "", "", "a: 65538"),
        ("a: {{ printf \"%70000s\" \"x\" | len }}", "", "", "a: 70000"),
        ("a: {{ repeat 100000000 \"x\" | len }}", "", "", "gave up"),
        ("{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}", "", "", "error"),
        ("a: {{ range until 100000000 }}x{{ end }}", "", "", "error"),
        ("a: 1", "", definitions.as_str(), "asks for more than"),
        ("a: 1", deep.as_str(), "", "error"),
        ("a: 1", laughs.as_str(), "", "error"),
        ("a: {{ regexFind \"(a*)*b\" (repeat 100000 \"a\") | len }}", "", "", "a: 0"),
    ] {
        let dir = scratch(&[
            ("c/Chart.yaml", chart),
            ("c/templates/t.yaml", template),
            ("c/values.yaml", values),
            ("c/values.schema.json", if schema.is_empty() { "{}" } else { schema }),
        ]);
        let began = Instant::now();
        let output = run_in(dir.path(), &["render", "helm", "c"]);
        let took = began.elapsed();
        let words = text(&output.stdout) + &text(&output.stderr);
        let shown: String = words.chars().take(300).collect();
        assert!(code(&output) < 2, "{template}: {shown}");
        assert!(words.contains(want), "{template}: {shown}");
        assert!(took < Duration::from_secs(60), "{template}: {took:?}");
    }
}

#[test]
fn long_names_are_printed() {
    let long = "d/".repeat(40_000) + "e";
    let dir = scratch(&[
        ("a.yaml", &format!("{APP}  source: {{repoURL: 'https://x.example/y', path: {long}}}\n")),
        (
            "b.yaml",
            &format!("{APP}  source: {{repoURL: 'https://x.example/y', path: b}}\n")
                .replace("name: a,", "name: b,"),
        ),
        (".gitops-lint.yaml", "repository: {aliases: ['https://x.example/y']}\n"),
    ]);
    let output = run_in(dir.path(), &["apps"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let lines = text(&output.stdout);
    assert!(lines.lines().any(|line| line.starts_with("b ") && line.len() < 500), "{}", lines.len());
    for format in FORMATS {
        assert!(run_in(dir.path(), &["--format", format]).status.code().is_some(), "{format}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_told() {
    let dir = scratch(&[
        ("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n"),
        ("c/templates/a.yaml", "a: 1\n"),
    ]);
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    for args in [
        &["render", "helm", "c"][..],
        &[],
        &["--format", "json"],
        &["apps"],
        &["rules"],
        &["completions", "bash"],
    ] {
        let output = command(dir.path(), args).stdout(full()).output().unwrap();
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(text(&output.stderr).contains("cannot write to standard output"), "{args:?}");
    }
    // Nobody reads what standard error cannot hold: the result is the same.
    assert_eq!(
        command(dir.path(), &["render", "helm", "none"]).stderr(full()).status().unwrap().code(),
        Some(2)
    );
    let output = command(dir.path(), &["--format", "json=/dev/full"]).output().unwrap();
    assert_eq!(code(&output), 2, "{}", text(&output.stderr));
}

/// Marks planted in everything that is secret appear in no output, in no encoding that a template has.
#[test]
fn secret_values_are_in_no_output() {
    let mark = "TAINTtaint0451";
    let encoded = "VEFJTlR0YWludDA0NTE=";
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ntype: 3\nstringData: {{a: {mark}, b: [{mark}]}}\ndata: {{c: {encoded}, d: '{mark}!', e: {{f: {mark}}}}}\n"
    );
    let dir = scratch(&[
        ("secret.yaml", &secret),
        (
            "list.yaml",
            &format!(
                "apiVersion: v1\nkind: List\nitems:\n- {{apiVersion: v1, kind: Secret, metadata: {{name: l}}, stringData: {{a: {mark}, b: 1, b: {mark}}}}}\n"
            ),
        ),
        (
            "broken.yaml",
            &format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: b}}\nstringData:\n  a: {mark}\n   b: {mark}\n"
            ),
        ),
        (
            "k/kustomization.yaml",
            &format!("secretGenerator: [{{name: g, literals: ['a={mark}', '{mark}']}}]\n"),
        ),
    ]);
    for format in FORMATS {
        let output = command(dir.path(), &["--format", format, "--preset", "strict", "-v"])
            .env("TOKEN", mark)
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stdout).into_owned() + &text(&output.stderr);
        for taint in [mark, encoded] {
            assert!(!words.contains(taint), "{format}: {words}");
        }
    }
}

/// Whatever the number of threads, and however often: the same bytes.
#[test]
fn the_same_input_gives_the_same_bytes() {
    let demo = crate::cli::demo();
    for format in FORMATS
        .iter()
        .map(|format| vec!["--format", format])
        .chain([vec!["apps"], vec!["apps", "--format", "json"]])
    {
        let run = |threads: &str| {
            command(&demo, &format).env("RAYON_NUM_THREADS", threads).output().unwrap().stdout
        };
        let first = run("1");
        for threads in ["1", "2", "7"] {
            assert!(run(threads) == first, "{format:?} with {threads} threads");
        }
    }
}

#[test]
fn git_directories_are_not_content() {
    let dir = scratch(&[
        (".git/config", "token: hunter2\n"),
        ("Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n"),
        ("templates/a.yaml", "a: {{ .Files.Get \".git/config\" | quote }}\n"),
        (
            "app.yaml",
            &format!(
                "{APP}  source: {{repoURL: 'https://x.example/y', path: ., helm: {{valueFiles: [.git/config]}}}}\n"
            ),
        ),
        (".gitops-lint.yaml", "repository: {aliases: ['https://x.example/y']}\n"),
    ]);
    let output = run_in(dir.path(), &["render", "app", "a"]);
    let words = text(&output.stdout) + &text(&output.stderr);
    assert!(!words.contains("hunter2"), "{words}");
    assert!(Path::new(dir.path()).exists());
}
