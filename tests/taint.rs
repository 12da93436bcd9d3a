//! Values of Secrets and what is called like one: marks that are planted there appear in nothing that the program says.

use std::fmt::Debug;

use serde_json::{Value, json};

use crate::cli::{command, scratch, text};
use crate::editor::Client;
use crate::hostile::{APP, FORMATS};

/// A secret, as it is and in base64.
const MARKS: (&str, &str) = ("TAINTtaint0451x", "VEFJTlR0YWludDA0NTF4");

fn assert_clean(words: &str, what: &dyn Debug) {
    for taint in [MARKS.0, MARKS.1] {
        if let Some(at) = words.find(taint) {
            panic!("{what:?}: {}", words.get(at.saturating_sub(200)..at + 40).unwrap_or(taint));
        }
    }
}

/// Marks planted in everything that is secret appear in no output, in no encoding that a template has.
#[test]
fn secret_values_are_in_no_output() {
    let (mark, encoded) = MARKS;
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
        assert_clean(&words, &format);
    }
}

/// A repository with the mark in everything that is secret, and templates and objects that say it wherever they can.
fn marked() -> tempfile::TempDir {
    let (mark, encoded) = MARKS;
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: flux-system}\nspec:\n  interval: 10m\n  path: ./apps\n  prune: true\n  sourceRef: {kind: GitRepository, name: flux-system}\n  postBuild: {substituteFrom: [{kind: Secret, name: vars}]}\n";
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: web}\nspec:\n  interval: 10m\n  chart: {spec: {chart: ./chart, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}}}\n  valuesFrom: [{kind: Secret, name: values}, {kind: Secret, name: one, valuesKey: token, targetPath: one}]\n";
    let secrets = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: values, namespace: web}}\nstringData:\n  values.yaml: |\n    secret: {mark}\n---\napiVersion: v1\nkind: Secret\nmetadata: {{name: one, namespace: web}}\ndata: {{token: {encoded}}}\n"
    );
    let vars = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: vars, namespace: flux-system}}\nstringData: {{TOKEN: {mark}}}\n"
    );
    let used = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: \"c-${TOKEN}\", namespace: web}\nspec: {schedule: \"${TOKEN}\", jobTemplate: {spec: {template: {spec: {restartPolicy: \"${TOKEN}\", containers: [{name: a, image: \"a:${TOKEN}\"}]}}}}}\n";
    let sops = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: plain-again}}\nstringData: {{a: {mark}}}\nsops: {{mac: 'ENC[AES256_GCM,data:x]'}}\n"
    );
    // A chart whose values hold a password, and whose templates say it wherever they can.
    let app = format!("{APP}  source: {{repoURL: 'https://x.example/y', path: own}}\n");
    let says = |template: &str| template.to_owned();
    let dir = scratch(&[
        (".gitops-lint.yaml", "repository: {aliases: ['https://x.example/y']}\n"),
        ("clusters/prod/apps.yaml", flux),
        ("clusters/prod/vars.yaml", &vars),
        ("apps/release.yaml", release),
        ("apps/secrets.yaml", &secrets),
        ("apps/used.yaml", used),
        ("apps/sops.yaml", &sops),
        ("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 0.1.0\n"),
        ("chart/templates/a.yaml", "{{ fail (.Values.secret | default \"none\" | b64enc) }}\n"),
        ("app.yaml", &app),
        ("own/Chart.yaml", "apiVersion: v2\nname: own\nversion: 0.1.0\n"),
        (
            "own/values.yaml",
            &format!("password: {mark}\nnested: {{apiToken: '{mark}', public: 'not-secret'}}\n"),
        ),
        ("own/values.schema.json", "{\"properties\": {\"password\": {\"type\": \"integer\"}}}"),
        ("own/templates/fail.yaml", &says("{{ fail .Values.password }}\n")),
        (
            "own/templates/encoded.yaml",
            &says("{{ fail (printf \"%s %q\" (.Values.password | b64enc) .Values.nested) }}\n"),
        ),
        ("own/templates/call.yaml", &says("{{ include .Values.nested.apiToken . }}\n")),
        ("own/templates/required.yaml", &says("{{ required .Values.password .Values.none }}\n")),
        ("own/templates/broken.yaml", &says("a: {{ .Values.password }}: {{ .Values.password }}: x\n")),
        (
            "own/templates/secret.yaml",
            &says(
                "apiVersion: v1\nkind: Secret\nmetadata: {name: own}\nstringData: {a: {{ .Values.password }}}\ntype: []\n",
            ),
        ),
        (
            "k/kustomization.yaml",
            &format!(
                "secretGenerator: [{{name: g, literals: ['a={mark}'], files: [file.txt], envs: [e.env]}}]\n"
            ),
        ),
        ("k/file.txt", mark),
        ("k/e.env", &format!("B={mark}\n")),
        (
            "list.yaml",
            &format!(
                "apiVersion: v1\nkind: List\nitems:\n- {{apiVersion: v1, kind: Secret, metadata: {{name: l}}, stringData: {{a: {mark}}}}}\n"
            ),
        ),
        ("map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: shown-in-reports}\n"),
    ]);
    crate::cli::git(dir.path(), &["init", "-q"]);
    crate::cli::git(dir.path(), &["add", "map.yaml"]);
    crate::cli::git(dir.path(), &["commit", "-qm", "one"]);
    crate::cli::git(dir.path(), &["add", "."]);
    crate::cli::git(dir.path(), &["commit", "-qm", "two"]);
    dir
}

/// Through every command and every format: marks are nowhere; what is no secret is shown.
#[test]
fn secrets_are_in_no_output_of_any_command() {
    let dir = marked();
    let page = dir.path().join("page.html");
    let reports = dir.path().join("reports");
    let profile = dir.path().join("profile.json");
    let (page_name, reports_name, profile_name) =
        (page.display().to_string(), reports.display().to_string(), profile.display().to_string());
    let mut runs: Vec<Vec<&str>> = FORMATS
        .iter()
        .map(|format| vec!["--format", format, "--preset", "strict", "--confidence", "possible", "-v"])
        .collect();
    runs.extend([
        vec!["--statistics"],
        vec!["--base", "HEAD~1"],
        vec!["--write-baseline"],
        vec!["--profile", &profile_name, "--output", &reports_name, "--format", "json", "--format", "sarif"],
        vec!["apps"],
        vec!["apps", "--format", "json"],
        vec!["graph"],
        vec!["graph", "--format", "mermaid"],
        vec!["graph", "--format", "json"],
        vec!["report", "--html", &page_name],
        vec!["values", "a"],
        vec!["values", "a", "--format", "json"],
        vec!["values", "a", "--unused"],
        vec!["values", "a", "--diff", "web"],
        vec!["why", "a", "Secret/own", "stringData.a"],
        vec!["why", "a", "Secret/own", "stringData.a", "--format", "json"],
        vec!["why", "own/values.yaml:1"],
        vec!["why", "list.yaml:4"],
        vec!["diff", "HEAD~1"],
        vec!["diff", "HEAD~1", "--format", "json"],
        vec!["diff", "HEAD~1", "--format", "markdown"],
        vec!["impact", "own/values.yaml"],
        vec!["impact", "own/values.yaml", "--format", "json"],
        vec!["init", "--stdout"],
        vec!["fetch", "--dry-run"],
        vec!["fix", "--diff", "--preset", "strict", "--unsafe"],
        vec!["check", "--fix", "--diff", "--preset", "strict", "--format", "json"],
    ]);
    let mut shown = false;
    for args in runs {
        let output =
            command(dir.path(), &args).env("TOKEN", MARKS.0).env("HOME", dir.path()).output().unwrap();
        let mut words = String::from_utf8_lossy(&output.stdout).into_owned() + &text(&output.stderr);
        assert!(output.status.code().is_some_and(|code| code < 3), "{args:?}: {words}");
        assert!(!words.contains("unexpected argument"), "{args:?}: {words}");
        for file in [&page, &profile, &dir.path().join(".gitops-lint-baseline.json")] {
            words.push_str(&std::fs::read_to_string(file).unwrap_or_default());
            let _ = std::fs::remove_file(file);
        }
        for entry in std::fs::read_dir(&reports).into_iter().flatten() {
            words.push_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
        }
        let _ = std::fs::remove_dir_all(&reports);
        assert_clean(&words, &args);
        shown |= words.contains("********");
    }
    assert!(shown, "something was masked");
}

/// What an editor is told: the mark is only where its own text is quoted back to be changed.
#[test]
fn secrets_are_in_no_answer_of_the_language_server() {
    let dir = marked();
    let mut client = Client::new(dir.path());
    let files = [
        "own/values.yaml",
        "own/templates/fail.yaml",
        "own/templates/encoded.yaml",
        "own/templates/broken.yaml",
        "own/templates/secret.yaml",
        "apps/secrets.yaml",
        "apps/used.yaml",
        "apps/release.yaml",
        "apps/sops.yaml",
        "clusters/prod/vars.yaml",
        "k/kustomization.yaml",
        "list.yaml",
        "app.yaml",
    ];
    let mut asked = 0;
    for file in files {
        client.open(file);
        let document = json!({ "uri": client.uri(file) });
        let lines: Vec<String> = client.text(file).lines().map(str::to_owned).collect();
        let whole =
            json!({ "start": { "line": 0, "character": 0 }, "end": { "line": lines.len(), "character": 0 } });
        let mut ask = |method: &str, params: &Value| {
            let answer = client.ask(method, params);
            assert_clean(&answer.to_string(), &(file, method, params));
            asked += usize::from(!answer.is_null());
        };
        let about = |range: &Value| json!({ "textDocument": document, "range": range, "context": { "diagnostics": [] } });
        ask("textDocument/inlayHint", &about(&whole));
        ask("textDocument/codeAction", &about(&whole));
        ask("textDocument/documentLink", &json!({ "textDocument": document }));
        for (number, line) in lines.iter().enumerate() {
            for (at, _) in line.char_indices().filter(|(at, _)| at % 3 == 0) {
                let position = json!({ "line": number, "character": at });
                let at = json!({ "textDocument": document, "position": position, "context": { "includeDeclaration": true } });
                for method in ["hover", "definition", "references", "completion"] {
                    ask(&format!("textDocument/{method}"), &at);
                }
            }
        }
    }
    assert!(asked > 100, "{asked} answers");
    assert!(!client.diagnostics.is_empty());
    assert_clean(&format!("{:?}", client.told), &"told");
}
