//! The command line as people and machines use it: formats, suppression, baseline, base revision, messages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Runs the binary in a directory.
pub(crate) fn run_in(dir: &Path, args: &[&str]) -> Output {
    command(dir, args).output().unwrap()
}

pub(crate) fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gitops-lint"));
    command.current_dir(dir).args(args).env_clear().env("GITOPS_LINT_TODAY", "2026-11-01");
    command
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub(crate) fn json(dir: &Path, args: &[&str]) -> Value {
    let output = run_in(dir, &[&["--format", "json", "-q"], args].concat());
    assert!(code(&output) < 2, "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Rule and file of every finding.
pub(crate) fn findings(report: &Value) -> Vec<String> {
    let items = report["findings"].as_array().unwrap().iter();
    items.map(|it| format!("{} {}", it["rule"].as_str().unwrap(), it["file"].as_str().unwrap())).collect()
}

pub(crate) fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repos/demo")
}

/// Errors and warnings of the demo, and how they are summed up in words.
pub(crate) fn demo_totals() -> (usize, usize, String) {
    let report = json(&demo(), &[]);
    let number = |name: &str| report["summary"][name].as_u64().unwrap() as usize;
    let (errors, warnings) = (number("errors"), number("warnings"));
    assert!(errors > 1 && warnings > 0 && number("notes") == 0);
    let plural = if warnings == 1 { "" } else { "s" };
    (errors, warnings, format!("{errors} errors, {warnings} warning{plural}"))
}

/// A scratch repository with files.
pub(crate) fn scratch(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(dir.path(), path, text);
    }
    dir
}

pub(crate) fn write(dir: &Path, path: &str, text: &str) {
    let path = dir.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

pub(crate) fn git(dir: &Path, args: &[&str]) {
    let output = Command::new("git")
        .current_dir(dir)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"])
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {args:?}: {}", text(&output.stderr));
}

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
    "markdown",
    "azure",
    "rdjson",
    "teamcity",
];

pub(crate) const CRON: &str = "apiVersion: batch/v1
kind: CronJob
metadata:
  name: report
spec:
  schedule: \"0 25 * * *\"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: report
              image: registry.example.com/report:1.2.3
";

const APP: &str = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web, namespace: argocd }
spec:
  project: default
  source:
    repoURL: https://git.example.com/acme/gitops.git
    targetRevision: HEAD
    path: chart
  destination: { server: https://kubernetes.default.svc, namespace: web }
";
pub(crate) const KUSTOMIZATION: &str = "resources: [cron.yaml]\n";

fn cron(schedule: &str) -> String {
    CRON.replace("0 25 * * *", schedule)
}

pub(crate) fn cron_repo() -> tempfile::TempDir {
    scratch(&[("cron.yaml", CRON), ("kustomization.yaml", KUSTOMIZATION)])
}

#[test]
fn same_input_same_bytes_on_any_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    for format in FORMATS {
        let mut seen: BTreeMap<Vec<u8>, Vec<&str>> = BTreeMap::new();
        for threads in ["1", "2", "2"] {
            let out = dir.path().join("out");
            let target = format!("{format}={}", out.display());
            let output =
                command(&demo(), &["--format", &target]).env("RAYON_NUM_THREADS", threads).output().unwrap();
            assert_eq!(code(&output), 1, "{}", text(&output.stderr));
            seen.entry(std::fs::read(&out).unwrap()).or_default().push(threads);
            let mut screen = command(&demo(), &["--format", format]);
            let screen = screen.env("RAYON_NUM_THREADS", threads).output().unwrap();
            assert_eq!(
                screen.stdout,
                std::fs::read(&out).unwrap(),
                "{format}: a pipe shows what a file holds"
            );
        }
        assert_eq!(seen.len(), 1, "{format} differs: {:?}", seen.values());
    }
}

#[test]
fn several_formats_in_one_run() {
    let dir = tempfile::tempdir().unwrap();
    let sarif = dir.path().join("out.sarif");
    let junit = dir.path().join("out.xml");
    let args = [
        "--format",
        &format!("sarif={}", sarif.display()),
        "--format",
        "pretty",
        "--format",
        &format!("junit={}", junit.display()),
    ];
    let output = run_in(&demo(), &args);
    assert!(text(&output.stdout).contains(&demo_totals().2), "{}", text(&output.stdout));
    assert!(std::fs::read_to_string(sarif).unwrap().contains("\"2.1.0\""));
    assert!(std::fs::read_to_string(junit).unwrap().contains("<testsuites"));
}

#[test]
fn sarif_is_what_the_schema_says() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/schemas/sarif-2.1.0.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let check = |dir: &Path, args: &[&str]| -> Value {
        let output = run_in(dir, &[&["--format", "sarif"], args].concat());
        let sarif: Value = serde_json::from_slice(&output.stdout).unwrap();
        let errors: Vec<String> = validator.iter_errors(&sarif).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        sarif
    };
    let demo = check(&demo(), &[]);
    let run = &demo["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), demo_totals().0 + demo_totals().1);
    let chained = results.iter().find(|it| it["codeFlows"].is_array()).unwrap();
    let flow = chained["codeFlows"][0]["threadFlows"][0]["locations"].as_array().unwrap();
    assert_eq!(flow.len(), chained["relatedLocations"].as_array().unwrap().len() + 1);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["markdown"].as_str().unwrap().contains("Why is this bad?"));
        assert!(!rule["properties"]["tags"].as_array().unwrap().is_empty());
        assert_eq!(result["partialFingerprints"]["gitopsLint/v1"].as_str().unwrap().len(), 16);
    }
    let repo = cron_repo();
    run_in(repo.path(), &["--write-baseline"]);
    let known = check(repo.path(), &["--baseline", ".gitops-lint-baseline.json"]);
    assert_eq!(known["runs"][0]["results"][0]["suppressions"][0]["kind"], "external");
    write(
        repo.path(),
        "cron.yaml",
        &format!("# gitops-lint: ignore-file[invalid-cron-schedule] later\n{CRON}"),
    );
    let suppressed = check(repo.path(), &[]);
    let suppression = &suppressed["runs"][0]["results"][0]["suppressions"][0];
    assert_eq!((&suppression["kind"], &suppression["justification"]), (&"inSource".into(), &"later".into()));
}

#[test]
fn github_shows_ten_and_counts_the_rest() {
    let mut files: Vec<(String, String)> = Vec::new();
    for number in 0..13 {
        files.push((format!("a{number}/cron.yaml"), CRON.to_owned()));
        files.push((format!("a{number}/kustomization.yaml"), KUSTOMIZATION.to_owned()));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let repo = scratch(&files);
    let output = run_in(repo.path(), &["--format", "github", "--rule", "invalid-cron-schedule=error"]);
    let lines: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
    let errors: Vec<&String> = lines.iter().filter(|line| line.starts_with("::error")).collect();
    assert_eq!(errors.len(), 10, "{lines:#?}");
    assert!(errors[9].contains("and 4 more errors"), "{}", errors[9]);
}

#[test]
fn gitlab_and_junit_can_be_read() {
    let output = run_in(&demo(), &["--format", "gitlab"]);
    let issues: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let (gaps, issues): (Vec<Value>, Vec<Value>) =
        issues.into_iter().partition(|issue| issue["check_name"] == "not-rendered");
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    let prints: std::collections::BTreeSet<&str> =
        issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
    let all = demo_totals().0 + demo_totals().1;
    assert_eq!((issues.len(), prints.len()), (all, all));
    assert!(issues.iter().all(|issue| issue["location"]["lines"]["begin"].as_u64().unwrap() > 0));
    let clean = scratch(&[("a.yaml", "a: 1\n")]);
    let output = run_in(clean.path(), &["--format", "junit"]);
    assert!(text(&output.stdout).contains("name=\"no findings\""));
    assert_eq!(code(&output), 0);
}

#[test]
fn comments_suppress_in_every_file_of_a_finding() {
    let repo = cron_repo();
    assert_eq!(findings(&json(repo.path(), &[])), ["invalid-cron-schedule cron.yaml"]);
    for (comment, shown) in [
        ("  # gitops-lint: ignore[invalid-cron-schedule] the operator knows\n  schedule", vec![]),
        (
            "  # gitops-lint: ignore[invalid-cron-schedule] until 2026-10-31\n  schedule",
            vec!["invalid-cron-schedule cron.yaml", "expired-suppression cron.yaml"],
        ),
        ("  # gitops-lint: ignore[invalid-cron-schedule] until 2026-11-01\n  schedule", vec![]),
        (
            "  # gitops-lint: ignore[mutable-image-tag]\n  schedule",
            vec!["invalid-cron-schedule cron.yaml", "unused-suppression cron.yaml"],
        ),
    ] {
        write(repo.path(), "cron.yaml", &CRON.replace("  schedule", comment));
        let report = json(repo.path(), &[]);
        assert_eq!(findings(&report), shown, "{comment}");
        assert_eq!(
            report["suppressed"].as_array().unwrap().len(),
            usize::from(shown.is_empty()),
            "{comment}"
        );
    }
    // The same in a values file and in the template that prints it.
    let chart = |values: &str, template: &str| {
        let template = CRON.replace("\"0 25 * * *\"", template);
        scratch(&[
            ("apps/web.yaml", APP),
            ("chart/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
            ("chart/values.yaml", values),
            ("chart/templates/cron.yaml", &template),
        ])
    };
    const IGNORE: &str = "gitops-lint: ignore[invalid-cron-schedule] x";
    let plain = chart("schedule: 0 25 * * *\n", "{{ .Values.schedule | quote }}");
    assert_eq!(findings(&json(plain.path(), &[])), ["invalid-cron-schedule chart/values.yaml"]);
    for (values, template) in [
        (format!("schedule: 0 25 * * * # {IGNORE}\n"), "{{ .Values.schedule | quote }}".to_owned()),
        ("schedule: 0 25 * * *\n".to_owned(), format!("{{{{ .Values.schedule | quote }}}} # {IGNORE}")),
        (
            "schedule: 0 25 * * *\n".to_owned(),
            format!("{{{{ .Values.schedule | quote }}}} {{{{/* {IGNORE} */}}}}"),
        ),
    ] {
        let repo = chart(&values, &template);
        assert_eq!(findings(&json(repo.path(), &[])), Vec::<String>::new(), "{values} {template}");
    }
}

#[test]
fn a_baseline_survives_moved_lines_and_shrinks() {
    let repo = cron_repo();
    let output = run_in(repo.path(), &["--write-baseline"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let with = ["--baseline", ".gitops-lint-baseline.json"];
    assert_eq!(findings(&json(repo.path(), &with)), Vec::<String>::new());
    let moved = CRON.replace(
        "spec:\n  schedule: \"0 25 * * *\"",
        "\n# comment\nspec:\n  suspend: false\n  schedule:   '0 25 * * *'  # x",
    );
    assert_ne!(moved, CRON);
    write(repo.path(), "cron.yaml", &moved);
    let report = json(repo.path(), &with);
    assert_eq!((findings(&report), &report["summary"]["baseline"]), (vec![], &1.into()));
    write(repo.path(), "cron.yaml", &cron("0 26 * * *"));
    let report = json(repo.path(), &with);
    assert_eq!(findings(&report), ["invalid-cron-schedule cron.yaml"], "another mistake is new");
    assert_eq!(report["fixed"].as_array().unwrap().len(), 1);
    write(repo.path(), "cron.yaml", &cron("0 5 * * *"));
    let output = run_in(repo.path(), &with);
    assert_eq!(code(&output), 0);
    assert!(text(&output.stdout).contains("fixed: 1 entry of the baseline"), "{}", text(&output.stdout));
}

#[test]
fn changed_files_and_base_revisions_narrow_the_report() {
    let files = [
        ("a/cron.yaml", CRON),
        ("a/kustomization.yaml", KUSTOMIZATION),
        ("b/cron.yaml", CRON),
        ("b/kustomization.yaml", KUSTOMIZATION),
    ];
    let repo = scratch(&files);
    let dir = repo.path();
    git(dir, &["init", "-q"]);
    let all = ["invalid-cron-schedule a/cron.yaml", "invalid-cron-schedule b/cron.yaml"];
    assert_eq!(findings(&json(dir, &["--base", "HEAD"])), all, "before the first commit, all is new");
    assert_eq!(findings(&json(dir, &["--changed"])), all);
    git(dir, &["add", "."]);
    git(dir, &["commit", "-qm", "one"]);
    assert_eq!(findings(&json(dir, &["--changed", "b/cron.yaml"])), ["invalid-cron-schedule b/cron.yaml"]);
    assert_eq!(findings(&json(dir, &["--changed"])), Vec::<String>::new(), "nothing differs from HEAD");
    // As pre-commit calls it where a hook has `args` of its own.
    run_in(dir, &["--write-baseline"]);
    let hook =
        ["--changed", "--baseline", ".gitops-lint-baseline.json", "--changed", "b/cron.yaml", "a/cron.yaml"];
    assert_eq!(json(dir, &hook)["summary"]["baseline"], 2);
    std::fs::remove_file(dir.join(".gitops-lint-baseline.json")).unwrap();
    assert_eq!(
        findings(&json(&dir.join("a"), &["..", "--changed", "cron.yaml"])).len(),
        1,
        "paths are the shell's"
    );
    let mut stdin = command(dir, &["--format", "json", "--changed", "-"]);
    stdin.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = stdin.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"a/cron.yaml\nREADME.md\n").unwrap();
    let report: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(findings(&report), ["invalid-cron-schedule a/cron.yaml"]);

    assert_eq!(findings(&json(dir, &["--base", "HEAD"])), Vec::<String>::new());
    write(dir, "c/cron.yaml", CRON);
    write(dir, "c/kustomization.yaml", KUSTOMIZATION);
    write(dir, "a/cron.yaml", &format!("# a comment moves all lines\n{CRON}"));
    assert_eq!(findings(&json(dir, &["--base", "HEAD"])), ["invalid-cron-schedule c/cron.yaml"]);
    assert_eq!(
        findings(&json(dir, &["--changed"])),
        ["invalid-cron-schedule a/cron.yaml", "invalid-cron-schedule c/cron.yaml"]
    );
    // What main has got since does not count as ours.
    git(dir, &["checkout", "-qb", "work"]);
    git(dir, &["add", "."]);
    git(dir, &["commit", "-qm", "two"]);
    git(dir, &["checkout", "-q", "main"]);
    write(dir, "b/cron.yaml", &cron("0 5 * * *"));
    git(dir, &["commit", "-qam", "three"]);
    git(dir, &["checkout", "-q", "work"]);
    assert_eq!(findings(&json(dir, &["--base", "main"])), ["invalid-cron-schedule c/cron.yaml"]);
}

#[test]
fn a_file_that_is_gone_touches_the_app_that_needs_it() {
    let app =
        APP.replace("targetRevision: HEAD", "targetRevision: HEAD\n    helm: { valueFiles: [prod.yaml] }");
    let repo = scratch(&[
        ("apps/web.yaml", &app),
        ("chart/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        ("chart/values.yaml", "name: web\n"),
        ("chart/templates/config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\n"),
    ]);
    let dir = repo.path();
    let all = findings(&json(dir, &[]));
    assert_eq!(all, ["missing-values-file apps/web.yaml"]);
    assert_eq!(findings(&json(dir, &["--changed", "chart/prod.yaml"])), all);
    assert_eq!(findings(&json(dir, &["--changed", "other/prod.yaml"])), Vec::<String>::new());
}

#[test]
fn mistakes_of_the_user_are_explained() {
    let repo = cron_repo();
    let dir = repo.path();
    write(dir, "future.json", "{\"version\": 7, \"findings\": []}");
    write(dir, "bad.yaml", "presett: strict\nrules:\n  duplicate-kye: off\n  alias-bomb: loud\n");
    write(dir, "broken.yaml", "a: [\n");
    for (args, words) in [
        (vec!["--frobnicate"], vec!["unexpected argument '--frobnicate'"]),
        (vec!["--fail-onn", "note"], vec!["--fail-onn", "similar argument exists: '--fail-on'"]),
        (vec!["--format", "xml"], vec!["formats are pretty, concise, grouped, json, sarif"]),
        (
            vec!["--rule", "duplicate-kye=off"],
            vec!["no rule `duplicate-kye`", "did you mean `duplicate-key`?"],
        ),
        (vec!["--rule", "duplicate-key=loud"], vec!["levels are off, on, note, warning, error"]),
        (vec!["--today", "tomorrow"], vec!["YYYY-MM-DD"]),
        (vec!["man", "render", "helmm"], vec!["no command `render helmm`", "app, kustomize, helm"]),
        (vec!["explain", "nonsense"], vec!["no rule `nonsense`", "gitops-lint rules"]),
        (vec!["--baseline", "none.json"], vec!["cannot read the baseline `none.json`"]),
        (vec!["--baseline", "future.json"], vec!["version 7", "reads version 1", "--write-baseline"]),
        (vec!["--baseline", "cron.yaml"], vec!["cannot use the baseline `cron.yaml`", "not JSON"]),
        (vec!["--config", "none.yaml"], vec!["cannot read the configuration `none.yaml`"]),
        (
            vec!["--config", "bad.yaml"],
            vec!["bad.yaml:1:1", "did you mean `preset`?", "did you mean `duplicate-key`?", "one of off, on"],
        ),
        (vec!["--config", "broken.yaml"], vec!["configuration `broken.yaml` is wrong"]),
        (vec!["nowhere"], vec!["cannot open `nowhere`"]),
        (vec!["--base", "main"], vec!["no git repository", "--base"]),
        (vec!["--changed"], vec!["no git repository", "--changed"]),
        (vec!["--format", "json=none/out.json"], vec!["cannot write `none/out.json`"]),
    ] {
        let output = run_in(dir, &args);
        let said = text(&output.stderr);
        assert_eq!(code(&output), 2, "{args:?}: {said}");
        for word in words {
            assert!(said.contains(word), "{args:?} does not say `{word}`:\n{said}");
        }
    }
    // The machine has no such revision.
    git(dir, &["init", "-q"]);
    git(dir, &["add", "."]);
    git(dir, &["commit", "-qm", "one"]);
    let output = run_in(dir, &["--base", "origin/main"]);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("shallow clone"), "{}", text(&output.stderr));
}

#[test]
fn severities_decide_the_exit_code() {
    let repo = cron_repo();
    for (args, want) in [
        (vec![], 1),
        (vec!["--rule", "invalid-cron-schedule=warning"], 0),
        (vec!["--rule", "invalid-cron-schedule=warning", "--fail-on", "warning"], 1),
        (vec!["--rule", "invalid-cron-schedule=off", "--fail-on", "note"], 0),
        (vec!["--fail-on", "never"], 0),
    ] {
        assert_eq!(code(&run_in(repo.path(), &args)), want, "{args:?}");
    }
}

#[test]
fn colours_follow_the_environment() {
    let repo = cron_repo();
    let colored = |name: &str, value: &str, other: &str| {
        let mut command = command(repo.path(), &[]);
        command.env(name, value).env(other, "1");
        command.output().unwrap().stdout.contains(&0x1b)
    };
    assert!(!colored("TERM", "xterm", "X"), "a pipe has no colours");
    assert!(colored("CLICOLOR_FORCE", "1", "X"));
    assert!(!colored("CLICOLOR_FORCE", "1", "NO_COLOR"));
}

/// The schema, for editors, and the reader agree about the examples and about what is wrong.
#[test]
fn the_configuration_schema_agrees_with_the_reader() {
    let output = run_in(&demo(), &["config", "schema"]);
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let examples: Vec<&str> =
        docs.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 5);
    let accepted = |text: &str| {
        let value: Value = serde_yaml::from_str(text).unwrap();
        let dir = scratch(&[
            ("repo/.gitops-lint.yaml", text),
            ("repo/vendor/charts/a.yaml", "a: 1\n"),
            ("charts/a.yaml", "a: 1\n"),
            ("repo/platform/gitops-lint.yaml", "{}"),
            ("repo/.gitops-lint-baseline.json", "{\"version\": 1, \"findings\": []}"),
        ]);
        let output = run_in(&dir.path().join("repo"), &["--trust-config"]);
        (validator.is_valid(&value), code(&output) != 2, text_of(&output))
    };
    for example in &examples {
        let (schema, reader, said) = accepted(example);
        assert!(schema, "the schema refuses\n{example}");
        assert!(reader, "{example}\n{said}");
    }
    // Every key of the examples with a letter too many is refused by both.
    let all = examples.concat();
    let mut keys = 0;
    for example in &examples {
        for key in all_keys(&schema).iter().filter(|key| key.as_str() != "x") {
            let wrong = example
                .replace(&format!("{key}: "), &format!("{key}z: "))
                .replace(&format!("\n{key}:\n"), &format!("\n{key}z:\n"));
            if wrong == **example {
                continue;
            }
            keys += 1;
            let (schema, reader, said) = accepted(&wrong);
            assert_eq!(schema, reader, "schema and reader disagree about\n{wrong}\n{said}");
        }
    }
    assert!(keys > 30, "{keys}\n{all}");
    for key in all_keys(&schema) {
        assert!(all.contains(&format!("{key}:")), "docs/configuration.md does not show `{key}`");
    }
}

pub(crate) fn text_of(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

/// Names of properties in the schema that are not names of rules.
fn all_keys(schema: &Value) -> Vec<String> {
    fn visit(value: &Value, keys: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                if let Some(Value::Object(properties)) = map.get("properties") {
                    keys.extend(properties.keys().filter(|key| !key.contains('-')).cloned());
                }
                map.iter()
                    .filter(|(key, _)| *key != "rules" || !map.contains_key("version"))
                    .for_each(|(_, it)| visit(it, keys));
            }
            Value::Array(items) => items.iter().for_each(|it| visit(it, keys)),
            _ => {}
        }
    }
    let mut keys = Vec::new();
    visit(schema, &mut keys);
    keys.sort();
    keys.dedup();
    keys
}

#[test]
fn init_writes_what_it_sees() {
    let repo = tempfile::tempdir().unwrap();
    copy(&demo(), repo.path());
    let before = json(repo.path(), &[]);
    let output = run_in(repo.path(), &["init"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let written = std::fs::read_to_string(repo.path().join(".gitops-lint.yaml")).unwrap();
    assert!(written.contains("aliases:"), "{written}");
    let schema = written.lines().next().unwrap().strip_prefix("# yaml-language-server: $schema=").unwrap();
    let printed: Value = serde_json::from_slice(&run_in(repo.path(), &["config", "schema"]).stdout).unwrap();
    assert_eq!(printed["$id"], schema);
    assert!(
        schema.ends_with(concat!("/v", env!("CARGO_PKG_VERSION"), "/schema/gitops-lint.json")),
        "{schema}"
    );
    assert_eq!(findings(&json(repo.path(), &[])), findings(&before), "{written}");
    let again = run_in(repo.path(), &["init"]);
    assert_eq!(code(&again), 2);
    assert!(text(&again.stderr).contains("--force"));
    assert_eq!(text(&run_in(repo.path(), &["init", "--stdout"]).stdout), written);
    // All that stands in comments can be uncommented.
    let uncommented: String = written
        .lines()
        .filter(|line| {
            !line.starts_with("# ") || line.trim_start_matches("# ").contains(':') || line.starts_with("#   ")
        })
        .map(|line| line.strip_prefix("# ").map_or(line, |rest| rest).to_owned() + "\n")
        .collect();
    assert!(uncommented.contains("\nexternal:"), "{uncommented}");
}

pub(crate) fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).min_depth(1) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(target).unwrap();
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn completions_and_manual_name_the_flags() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = run_in(&demo(), &["completions", shell]);
        assert_eq!(code(&output), 0);
        assert!(text(&output.stdout).contains("write-baseline"), "{shell}");
    }
    let man = text(&run_in(&demo(), &["man"]).stdout);
    assert!(man.contains(".TH gitops-lint 1") && man.contains("baseline"), "{man}");
    let helm = text(&run_in(&demo(), &["man", "render", "helm"]).stdout);
    assert!(helm.contains(".TH gitops-lint-render-helm 1") && helm.contains("kube"), "{helm}");
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("man1").display().to_string();
    assert_eq!(code(&run_in(&demo(), &["man", "--out", &out])), 0);
    let pages: Vec<PathBuf> = std::fs::read_dir(&out).unwrap().map(|it| it.unwrap().path()).collect();
    assert!(pages.len() > 10 && pages.contains(&Path::new(&out).join("gitops-lint-why.1")), "{pages:?}");
    let help = text(&run_in(&demo(), &["--help"]).stdout);
    for word in ["Exit", "gitops-lint --base", "--format"] {
        assert!(help.contains(word), "--help does not speak of {word}:\n{help}");
    }
}

/// What cannot be read is listed, never skipped in silence.
#[test]
fn unreadable_files_are_listed() {
    let big = "# nothing but a comment\n".repeat(1_500_000);
    let dir = scratch(&[("big.yaml", &big), ("a.yaml", "a: 1\n")]);
    let output = run_in(dir.path(), &[]);
    assert_eq!(code(&output), 0);
    assert!(
        text(&output.stdout).contains("big.yaml: is 34 MiB large, more than the limit of 32 MiB"),
        "{}",
        text_of(&output)
    );
    let output = run_in(dir.path(), &["--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["unreadable"][0]["file"], "big.yaml");
}

/// `--min-coverage` fails a run that could not look at enough.
#[test]
fn least_coverage() {
    let app = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  project: default
  source: {repoURL: https://charts.example.com, chart: shop, targetRevision: 1.2.3}
  destination: {server: 'https://kubernetes.default.svc', namespace: shop}
";
    let dir = scratch(&[("apps/shop.yaml", app)]);
    assert_eq!(code(&run_in(dir.path(), &["-q"])), 0);
    assert_eq!(code(&run_in(dir.path(), &["-q", "--min-coverage", "0"])), 0);
    let output = run_in(dir.path(), &["-q", "--min-coverage", "90%"]);
    assert_eq!(code(&output), 1);
    assert!(
        text(&output.stderr).contains("0 of 1 deployed apps were rendered in full"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(code(&run_in(dir.path(), &["--min-coverage", "101"])), 2);
}
