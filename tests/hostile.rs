//! Input of strangers: what it may name, what it may cost, and what its words may do in a report.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::cli::{code, command, run_in, scratch, text};

pub(crate) const APP: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: argocd}\nspec:\n  project: default\n  destination: {server: https://kubernetes.default.svc, namespace: a}\n";

/// Every format that findings are printed in.
pub(crate) const FORMATS: [&str; 13] = [
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
        assert_eq!(code(&run_in(dir.path(), &["--format", format])), 1, "{format}");
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

/// Whatever the number of threads, however often: the same bytes, for every command.
#[test]
fn every_command_gives_the_same_bytes() {
    let repo = tempfile::tempdir().unwrap();
    crate::cli::copy(&crate::cli::demo(), repo.path());
    crate::cli::git(repo.path(), &["init", "-q"]);
    crate::cli::git(repo.path(), &["add", "."]);
    crate::cli::git(repo.path(), &["commit", "-qm", "one"]);
    let shared = repo.path().join("values/_shared/agents.yaml");
    let edited = std::fs::read_to_string(&shared).unwrap().replace("512Mi", "768Mi");
    std::fs::write(&shared, edited).unwrap();
    let page = repo.path().join("page.html");
    let page_name = page.display().to_string();
    for args in [
        &["--preset", "strict", "--statistics"][..],
        &["--base", "HEAD"],
        &["graph"],
        &["graph", "--format", "mermaid"],
        &["graph", "--format", "json"],
        &["report", "--html", &page_name],
        &["apps", "--missing-charts"],
        &["values", "agents-dev", "--format", "json"],
        &["values", "agents-dev", "--diff", "agents-prod"],
        &["values", "agents-dev", "--unused"],
        &["why", "agents-dev", "Deployment/agents-dev", "spec.replicas"],
        &["why", "values/_shared/agents.yaml:10", "--format", "json"],
        &["diff", "HEAD"],
        &["diff", "HEAD", "--format", "json"],
        &["diff", "HEAD", "--format", "markdown"],
        &["impact", "values/_shared/agents.yaml", "--format", "json"],
        &["render", "app", "agents-dev"],
        &["render", "app", "agents-dev", "--show-origins", "--format", "json"],
        &["render", "helm", "charts/agents", "--show-origins"],
        &["render", "kustomize", "deploy/shop/overlays/prod"],
        &["rules"],
        &["rules", "--format", "json"],
        &["init", "--stdout"],
        &["config", "schema"],
        &["fetch", "--dry-run"],
        &["completions", "bash"],
        &["man"],
    ] {
        let run = |threads: &str| {
            let output = command(repo.path(), args)
                .env("RAYON_NUM_THREADS", threads)
                .env("HOME", repo.path())
                .output()
                .unwrap();
            assert!(code(&output) < 2, "{args:?}: {}", text(&output.stderr));
            let file = std::fs::read(&page).unwrap_or_default();
            let _ = std::fs::remove_file(&page);
            (output.stdout, file)
        };
        let first = run("1");
        assert!(
            !first.0.is_empty() || !first.1.is_empty() || args[0] == "apps" || args[0] == "report",
            "{args:?}"
        );
        for threads in ["1", "2", "7"] {
            assert!(run(threads) == first, "{args:?} with {threads} threads");
        }
    }
}

/// The order in which a directory lists its files is the file system's; what is said is not.
#[test]
fn the_order_of_files_on_the_disk_says_nothing() {
    let mut outputs = std::collections::BTreeSet::new();
    for reversed in [false, true] {
        let mut files: Vec<(String, String)> = Vec::new();
        for entry in walkdir::WalkDir::new(crate::cli::demo()).into_iter().map(Result::unwrap) {
            if entry.file_type().is_file() {
                let path = entry.path().strip_prefix(crate::cli::demo()).unwrap().display().to_string();
                files.push((path, std::fs::read_to_string(entry.path()).unwrap()));
            }
        }
        files.sort();
        if reversed {
            files.reverse();
        }
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let dir = scratch(&files);
        for format in ["json", "pretty", "markdown"] {
            let output = run_in(dir.path(), &["--format", format, "--preset", "strict", "-q"]);
            let root = dir.path().display().to_string();
            outputs.insert((format, text(&output.stdout).replace(&root, "ROOT")));
        }
    }
    assert_eq!(outputs.len(), 3, "one for each format");
}

/// What SECURITY.md says of Git's own data: a linked work tree and a submodule are read through their `.git` file, alternates
/// are followed, and nothing else of another repository is.
#[test]
fn git_files_alternates_worktrees_and_submodules() {
    use crate::cli::git;
    let cron = crate::cli::CRON;
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::create_dir(at("main")).unwrap();
    crate::cli::write(&at("main"), "cron.yaml", cron);
    crate::cli::write(&at("main"), "kustomization.yaml", crate::cli::KUSTOMIZATION);
    git(&at("main"), &["init", "-q", "-b", "main"]);
    git(&at("main"), &["add", "."]);
    git(&at("main"), &["commit", "-qm", "one"]);
    let base = |name: &str| {
        let output = run_in(&at(name), &["--base", "HEAD", "--format", "concise"]);
        assert_eq!(code(&output), 0, "{name}: {}{}", text(&output.stdout), text(&output.stderr));
    };
    // A linked work tree has a `.git` file.
    git(&at("main"), &["worktree", "add", "-q", "-b", "side", &at("linked").display().to_string()]);
    assert!(at("linked/.git").is_file());
    base("linked");
    // A clone that borrows its objects has alternates.
    git(dir.path(), &["clone", "-q", "--shared", "main", "borrowed"]);
    assert!(at("borrowed/.git/objects/info/alternates").is_file());
    base("borrowed");
    // A submodule is a directory of the work tree, with a `.git` file; as a part of a revision it is nothing.
    std::fs::create_dir(at("super")).unwrap();
    git(&at("super"), &["init", "-q", "-b", "main"]);
    let main = at("main").display().to_string();
    git(&at("super"), &["-c", "protocol.file.allow=always", "submodule", "add", "-q", &main, "inner"]);
    git(&at("super"), &["commit", "-qm", "one"]);
    let output = run_in(&at("super"), &["--format", "concise"]);
    assert!(text(&output.stdout).contains("inner/cron.yaml"), "{}", text(&output.stdout));
    base("super/inner");

    // A `.git` file that names what is no repository, a device, or a pipe, is told or passed over; nothing hangs.
    for (name, content) in [
        ("nowhere", "gitdir: ../does-not-exist\n"),
        ("device", "gitdir: /dev/zero\n"),
        ("proc", "gitdir: /proc/self\n"),
        ("words", "no such line\n"),
    ] {
        std::fs::create_dir(at(name)).unwrap();
        crate::cli::write(&at(name), "cron.yaml", cron);
        crate::cli::write(&at(name), "kustomization.yaml", crate::cli::KUSTOMIZATION);
        crate::cli::write(&at(name), ".git", content);
        let output = run_in(&at(name), &["--format", "concise"]);
        let words = text(&output.stdout) + &text(&output.stderr);
        assert!(words.contains("invalid-cron-schedule"), "{name}: {words}");
        let output = run_in(&at(name), &["--base", "HEAD"]);
        assert_eq!(code(&output), 2, "{name}");
        assert!(text(&output.stderr).contains("is in no git repository"), "{name}: {}", text(&output.stderr));
    }

    // Configuration of Git that a repository brings runs nothing: hooks, filters, fsmonitor, includes, replaced objects.
    git(&at("main"), &["config", "core.fsmonitor", "touch ../pwned"]);
    git(&at("main"), &["config", "filter.x.smudge", "touch ../pwned"]);
    git(&at("main"), &["config", "core.hooksPath", "../hooks"]);
    git(&at("main"), &["config", "include.path", "/does/not/exist"]);
    crate::cli::write(&at("main"), ".gitattributes", "* filter=x\n");
    base("main");
    assert!(!at("pwned").exists());
}

/// `--limits` relaxes a bound, within bounds.
#[test]
fn bounds_are_relaxed_when_asked() {
    let big = format!("# {}\n", "x".repeat(33 << 20));
    let dir = scratch(&[("a.yaml", "a: 1\n"), ("big.yaml", &big)]);
    let plain = run_in(dir.path(), &[]);
    assert!(text(&plain.stdout).contains("more than the limit of 32 MiB"), "{}", text(&plain.stdout));
    let relaxed = run_in(dir.path(), &["--limits", "2"]);
    assert!(code(&relaxed) == 0 && !text(&relaxed.stdout).contains("big.yaml"), "{}", text(&relaxed.stdout));
    for factor in ["0", "65", "x"] {
        assert_eq!(code(&run_in(dir.path(), &["--limits", factor])), 2, "{factor}");
    }
    // Whatever the command is.
    assert!(code(&run_in(dir.path(), &["apps", "--limits", "2"])) < 2);
    assert_eq!(code(&run_in(dir.path(), &["render", "helm", "none", "--limits", "65"])), 2);
}
