//! The language server, spoken to in this process and over its streams: what it answers, what it survives, and that what it tells of a repository
//! that changes is what a fresh check finds.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use gitops_lint::facade::editor::Server;
use gitops_lint::facade::lint::{self, Options};
use gitops_lint::facade::repo::Workspace;
use gitops_lint::facade::source::{Sources, Tree, TreePath, WorkTree};
use gitops_lint::facade::yaml::Cache;
use serde_json::{Value, json};

use super::cli::{command, copy, demo};

fn open(root: &Path) -> Result<(Workspace, Options), String> {
    let sources = Sources::new();
    let tree: Arc<dyn Tree> =
        Arc::new(WorkTree::open(root, "", Arc::clone(&sources)).map_err(|error| error.to_string())?);
    Ok((Workspace::of_tree(tree, Arc::new(Cache::new(sources)), &[]).0, Options::default()))
}

/// A client with a repository of its own.
pub(crate) struct Client {
    pub(crate) dir: tempfile::TempDir,
    server: Server,
    id: u64,
    pub(crate) versions: BTreeMap<String, String>,
    pub(crate) diagnostics: BTreeMap<String, Value>,
    pub(crate) told: Vec<Value>,
}

impl Client {
    pub(crate) fn new(repo: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        copy(repo, dir.path());
        let server = Server::new(Arc::new(open), Some(dir.path().to_owned()));
        let (versions, diagnostics) = (BTreeMap::new(), BTreeMap::new());
        let mut client = Self { dir, server, id: 0, versions, diagnostics, told: Vec::new() };
        let root = client.uri("");
        let root = root.trim_end_matches('/').to_owned();
        let result = client.ask("initialize", &json!({ "rootUri": root, "capabilities": {} }));
        assert_eq!(result["capabilities"]["hoverProvider"], json!(true));
        client.notify("initialized", &json!({}));
        client
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        format!("file://{}/{path}", self.dir.path().display())
    }

    pub(crate) fn send(&mut self, messages: &[Result<Value, String>]) -> Vec<Value> {
        let out = self.server.handle(messages);
        for message in &out {
            if message["method"] == "textDocument/publishDiagnostics" {
                let params = &message["params"];
                self.diagnostics
                    .insert(params["uri"].as_str().unwrap().to_owned(), params["diagnostics"].clone());
            }
        }
        self.told.extend(out.iter().cloned());
        out
    }

    pub(crate) fn notify(&mut self, method: &str, params: &Value) {
        self.send(&[Ok(json!({ "jsonrpc": "2.0", "method": method, "params": params }))]);
    }

    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.id += 1;
        let id = self.id;
        let out = self.send(&[Ok(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))]);
        let answer = out.iter().find(|message| message["id"] == json!(id)).unwrap();
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    pub(crate) fn text(&self, path: &str) -> String {
        let known = self.versions.get(path).cloned();
        known.unwrap_or_else(|| std::fs::read_to_string(self.dir.path().join(path)).unwrap())
    }

    pub(crate) fn open(&mut self, path: &str) {
        let text = self.text(path);
        let document = json!({ "uri": self.uri(path), "languageId": "yaml", "version": 1, "text": text });
        self.versions.insert(path.to_owned(), text);
        self.notify("textDocument/didOpen", &json!({ "textDocument": document }));
    }

    /// Replaces the first `old` of an open file.
    pub(crate) fn replace(&mut self, path: &str, old: &str, new: &str) {
        let text = self.text(path);
        let at = text.find(old).unwrap_or_else(|| panic!("no `{old}` in {path}"));
        let range = json!({ "start": position(&text, at), "end": position(&text, at + old.len()) });
        self.versions.insert(path.to_owned(), text.replacen(old, new, 1));
        let document = json!({ "uri": self.uri(path), "version": 2 });
        let change = json!({ "range": range, "text": new });
        self.notify(
            "textDocument/didChange",
            &json!({ "textDocument": document, "contentChanges": [change] }),
        );
    }

    /// Takes over the edits of an action, the last one first.
    pub(crate) fn apply(&mut self, path: &str, edits: &Value) {
        let mut edits = edits.as_array().unwrap().clone();
        edits.sort_by_key(|it| {
            let start = &it["range"]["start"];
            std::cmp::Reverse((start["line"].as_u64(), start["character"].as_u64()))
        });
        let mut text = self.text(path);
        for edit in &edits {
            let offset = |end: &str| {
                let at = &edit["range"][end];
                let line = at["line"].as_u64().unwrap() as usize;
                let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
                start + at["character"].as_u64().unwrap() as usize
            };
            let (start, end) = (offset("start"), offset("end"));
            text.replace_range(start..end, edit["newText"].as_str().unwrap());
        }
        self.set(path, text);
    }

    /// Gives an open file another text.
    pub(crate) fn set(&mut self, path: &str, text: String) {
        let document = json!({ "uri": self.uri(path), "version": 3 });
        let change = json!({ "text": text });
        self.versions.insert(path.to_owned(), text);
        let params = json!({ "textDocument": document, "contentChanges": [change] });
        self.notify("textDocument/didChange", &params);
    }

    /// Asks about the first place where `what` stands in a file, behind its first `skip` bytes.
    pub(crate) fn at(&mut self, method: &str, path: &str, what: &str, skip: usize) -> Value {
        let text = self.text(path);
        let at = text.find(what).unwrap_or_else(|| panic!("no `{what}` in {path}")) + skip;
        let params = json!({
            "textDocument": { "uri": self.uri(path) },
            "position": position(&text, at),
            "context": { "includeDeclaration": false },
        });
        self.ask(method, &params)
    }

    /// What is told now, and what a fresh check of the same files finds, as places and messages.
    pub(crate) fn compare(&self, what: &str) {
        let copied = tempfile::tempdir().unwrap();
        copy(self.dir.path(), copied.path());
        for (path, text) in &self.versions {
            std::fs::write(copied.path().join(path), text).unwrap();
        }
        let (workspace, options) = open(copied.path()).unwrap();
        let report = lint::lint(&workspace, &options);
        let mut want: Vec<String> = Vec::new();
        for reported in &report.findings {
            let finding = &reported.finding;
            let (name, start, _) = report.sources.locate(finding.primary.at).unwrap();
            if !workspace.tree.is_file(&TreePath::new(&name).unwrap_or_default()) {
                continue;
            }
            want.push(format!("{name}:{} {} {}", start.line, finding.rule, reported.fingerprint));
        }
        let mut got: Vec<String> = Vec::new();
        let root = self.uri("");
        for (uri, diagnostics) in &self.diagnostics {
            let name = uri.strip_prefix(&root).unwrap();
            for it in diagnostics.as_array().unwrap() {
                let line = it["range"]["start"]["line"].as_u64().unwrap() + 1;
                got.push(format!(
                    "{name}:{line} {} {}",
                    it["code"].as_str().unwrap(),
                    it["data"].as_str().unwrap()
                ));
            }
        }
        want.sort();
        got.sort();
        assert_eq!(got, want, "{what}");
    }
}

pub(crate) fn position(text: &str, at: usize) -> Value {
    let before = &text[..at];
    let line = before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    json!({ "line": line, "character": before[start..].encode_utf16().count() })
}

/// A repository small enough to know by heart.
fn shop() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in [
        (
            "apps/shop.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop, namespace: argocd}\nspec:\n  project: default\n  source:\n    repoURL: https://git.example.com/shop.git\n    targetRevision: HEAD\n    path: charts/shop\n    helm:\n      valueFiles:\n      - ../../values/prod.yaml\n  destination: {server: 'https://kubernetes.default.svc', namespace: shop}\n",
        ),
        ("charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 0.1.0\n"),
        ("charts/shop/values.yaml", "replicas: 1\nimage:\n  name: web\n  tag: '1.0'\nconfig: settings\n"),
        (
            "charts/shop/templates/web.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: {{ .Values.replicas }}\n  selector:\n    matchLabels: {app: web}\n  template:\n    metadata:\n      labels: {app: web}\n    spec:\n      containers:\n      - name: web\n        image: '{{ .Values.image.name }}:{{ .Values.image.tag }}'\n        envFrom:\n        - configMapRef:\n            name: {{ .Values.config }}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata: {a: b}\n",
        ),
        ("values/prod.yaml", "replicas: 3\nimage:\n  tag: '2.0'\n"),
    ] {
        let file = dir.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    dir
}

pub(crate) fn files_of(locations: &Value) -> Vec<String> {
    let file = |it: &Value| it["uri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let line = |it: &Value| it["range"]["start"]["line"].as_u64().unwrap() + 1;
    locations.as_array().unwrap().iter().map(|it| format!("{}:{}", file(it), line(it))).collect()
}

#[test]
fn answers_what_is_asked_about_values() {
    let repo = shop();
    let mut client = Client::new(repo.path());
    client.open("values/prod.yaml");
    let hover = client.at("textDocument/hover", "values/prod.yaml", "replicas", 2);
    let words = hover["contents"]["value"].as_str().unwrap();
    assert!(words.contains("**replicas** reaches 1 app"), "{words}");
    assert!(words.contains("`replicas` = `3`") && words.contains("Deployment `spec.replicas`"), "{words}");
    let hover = client.at("textDocument/hover", "charts/shop/values.yaml", "replicas", 2);
    let words = hover["contents"]["value"].as_str().unwrap();
    assert!(words.contains("overridden by `values/prod.yaml:1`"), "{words}");
    // An unsaved edit counts.
    client.replace("values/prod.yaml", "replicas: 3", "replicas: 5");
    let hover = client.at("textDocument/hover", "values/prod.yaml", "replicas", 2);
    assert!(hover["contents"]["value"].as_str().unwrap().contains("`replicas` = `5`"));
    let found = client.at("textDocument/definition", "values/prod.yaml", "replicas", 2);
    assert_eq!(files_of(&found), ["web.yaml:6"]);
    let found = client.at("textDocument/definition", "charts/shop/templates/web.yaml", ".Values.replicas", 3);
    assert!(files_of(&found).contains(&"prod.yaml:1".to_owned()), "{found}");
    let found = client.at("textDocument/references", "charts/shop/values.yaml", "replicas", 2);
    assert_eq!(files_of(&found), ["web.yaml:6"]);
}

#[test]
fn leads_to_files_and_objects() {
    let repo = shop();
    let mut client = Client::new(repo.path());
    let found = client.at("textDocument/definition", "apps/shop.yaml", "../../values/prod.yaml", 8);
    assert_eq!(files_of(&found), ["prod.yaml:1"]);
    let found = client.at("textDocument/definition", "apps/shop.yaml", "charts/shop", 3);
    assert_eq!(files_of(&found), ["Chart.yaml:1"]);
    let links = client.ask(
        "textDocument/documentLink",
        &json!({ "textDocument": { "uri": client.uri("apps/shop.yaml") } }),
    );
    let targets: Vec<&str> =
        links.as_array().unwrap().iter().map(|it| it["target"].as_str().unwrap()).collect();
    assert!(targets.iter().any(|it| it.ends_with("values/prod.yaml")), "{targets:?}");
    // The name of a ConfigMap is a value of the chart: it leads to the object.
    let found = client.at("textDocument/definition", "charts/shop/values.yaml", "settings", 2);
    assert_eq!(files_of(&found), ["web.yaml:23"]);
}

#[test]
fn completes_keys_and_rules() {
    let repo = shop();
    let mut client = Client::new(repo.path());
    client.open("values/prod.yaml");
    client.replace("values/prod.yaml", "  tag: '2.0'\n", "  tag: '2.0'\n  na");
    let items = client.at("textDocument/completion", "values/prod.yaml", "  na", 4);
    let labels: Vec<&str> =
        items.as_array().unwrap().iter().map(|it| it["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["name"]);
    client.replace("values/prod.yaml", "  na", "# gitops-lint: ignore[");
    let items = client.at("textDocument/completion", "values/prod.yaml", "ignore[", 7);
    assert!(items.as_array().unwrap().iter().any(|it| it["label"] == "missing-secret"));
}

#[test]
fn offers_to_ignore_what_is_found() {
    let repo = shop();
    let mut client = Client::new(repo.path());
    client.open("charts/shop/values.yaml");
    client.replace("charts/shop/values.yaml", "config: settings", "config: setings");
    let uri = client.uri("charts/shop/values.yaml");
    let found = client.diagnostics[&uri].as_array().unwrap().clone();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["code"], "missing-config-map");
    assert!(!found[0]["relatedInformation"].as_array().unwrap().is_empty());
    let range = found[0]["range"].clone();
    let params =
        json!({ "textDocument": { "uri": uri }, "range": range, "context": { "diagnostics": found } });
    let actions = client.ask("textDocument/codeAction", &params);
    let actions = actions.as_array().unwrap();
    let ignore = actions.iter().find(|it| it["title"] == "Ignore missing-config-map on this line").unwrap();
    assert_eq!(ignore["data"]["proved"], true);
    let text = client.text("charts/shop/values.yaml");
    client.apply("charts/shop/values.yaml", &ignore["edit"]["changes"][&uri]);
    assert_eq!(client.diagnostics[&uri], json!([]));
    client.compare("suppressed");
    assert_ne!(text, client.text("charts/shop/values.yaml"));
    assert!(client.told.iter().any(|it| it["method"] == "gitopsLint/status"));
}

#[test]
fn files_change_on_disk() {
    let repo = shop();
    let mut client = Client::new(repo.path());
    client.compare("at first");
    let change = |client: &mut Client, path: &str, text: Option<&str>| {
        let file = client.dir.path().join(path);
        match text {
            Some(text) => std::fs::write(&file, text).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let uri = client.uri(path);
        client.notify("workspace/didChangeWatchedFiles", &json!({ "changes": [{ "uri": uri, "type": 2 }] }));
        client.compare(path);
    };
    change(&mut client, "values/prod.yaml", Some("replicas: [\n"));
    change(&mut client, "values/prod.yaml", Some("replicas: 2\n"));
    change(
        &mut client,
        "apps/more.yaml",
        Some("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: 1}\n"),
    );
    change(&mut client, "values/prod.yaml", None);
    change(&mut client, ".gitops-lint.yaml", Some("rules:\n  missing-values-file: off\n"));
    // What the editor has wins until it is closed.
    client.open("charts/shop/values.yaml");
    client.replace("charts/shop/values.yaml", "config: settings", "config: setings");
    change(
        &mut client,
        "charts/shop/values.yaml",
        Some("replicas: 1\nimage: {name: a, tag: b}\nconfig: settings\n"),
    );
    client.versions.remove("charts/shop/values.yaml");
    let uri = client.uri("charts/shop/values.yaml");
    client.notify("textDocument/didClose", &json!({ "textDocument": { "uri": uri } }));
    client.compare("closed");
}

#[test]
fn random_edits_and_nonsense() {
    let mut client = Client::new(&demo());
    let (workspace, _) = open(client.dir.path()).unwrap();
    let files: Vec<String> = workspace
        .tree
        .files()
        .iter()
        .map(ToString::to_string)
        .filter(|path| path.ends_with(".yaml") || path.ends_with(".tpl"))
        .collect();
    let mut dice = 7_u64;
    let mut below = move |count: usize| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        (dice % count.max(1) as u64) as usize
    };
    let methods = ["hover", "definition", "references", "completion", "documentLink", "codeAction"];
    for round in 0..40 {
        let path = files[below(files.len())].clone();
        if !client.versions.contains_key(&path) {
            client.open(&path);
        }
        let text = client.text(&path);
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        if !ends.is_empty() {
            let at = ends[below(ends.len())];
            let end = ends.iter().copied().find(|end| *end >= at + below(9)).unwrap_or(text.len());
            let new = ["", "x", "\n", ": ", "é😀", "- a\n", "{{ .Values", "'"][below(8)];
            let uri = client.uri(&path);
            let range = json!({ "start": position(&text, at), "end": position(&text, end) });
            let change = json!({ "range": range, "text": new });
            client.id += 1;
            let request = json!({
                "jsonrpc": "2.0", "id": client.id, "method": format!("textDocument/{}", methods[below(methods.len())]),
                "params": { "textDocument": { "uri": uri }, "position": position(&text, at), "range": range },
            });
            let cancel =
                json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": client.id } });
            let edit = json!({
                "jsonrpc": "2.0", "method": "textDocument/didChange",
                "params": { "textDocument": { "uri": uri, "version": 3 }, "contentChanges": [change] },
            });
            let mut messages = vec![Ok(edit), Ok(request)];
            if below(3) == 0 {
                messages.push(Ok(cancel));
            }
            let id = json!(client.id);
            let out = client.send(&messages);
            assert_eq!(out.iter().filter(|it| it["id"] == id).count(), 1);
            client.versions.insert(path.clone(), format!("{}{new}{}", &text[..at], &text[end..]));
        }
        let nonsense = [
            Err("expected value at line 1".to_owned()),
            Ok(json!([1, 2])),
            Ok(json!({ "jsonrpc": "2.0", "id": 9999 })),
            Ok(json!({ "method": "textDocument/didChange", "params": { "textDocument": 4 } })),
            Ok(json!({ "method": "textDocument/didOpen", "params": null })),
            Ok(
                json!({ "id": 9999, "method": "textDocument/hover", "params": { "position": { "line": -1 } } }),
            ),
            Ok(json!({ "id": {}, "method": 3 })),
            Ok(json!({ "id": 9999, "method": "workspace/unknown" })),
        ];
        let nonsense: Vec<Result<Value, String>> = vec![nonsense[below(nonsense.len())].clone()];
        client.send(&nonsense);
        if round % 8 == 7 {
            client.compare(&format!("round {round}"));
        }
    }
    assert_eq!(client.ask("shutdown", &Value::Null), Value::Null);
    client.notify("exit", &Value::Null);
    assert_eq!(client.server.exited(), Some(true));
}

/// The process itself: framed messages in, framed messages out, and an end when it is asked for.
#[test]
fn speaks_over_its_streams() {
    let repo = tempfile::tempdir().unwrap();
    copy(&demo(), repo.path());
    let mut run = command(repo.path(), &["lsp"]);
    let mut child = run.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let root = format!("file://{}", repo.path().display());
    let initialize = json!({ "rootUri": root, "capabilities": {} });
    let mut input = child.stdin.take().unwrap();
    let mut send = |message: &Value| {
        let body = message.to_string();
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        input.flush().unwrap();
    };
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut receive = || -> Value {
        let mut header = String::new();
        output.read_line(&mut header).unwrap();
        let length: usize = header.trim().strip_prefix("Content-Length: ").unwrap().parse().unwrap();
        let mut body = vec![0; length + 2];
        output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    };
    send(&json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": initialize }));
    assert_eq!(receive()["result"]["capabilities"]["hoverProvider"], json!(true));
    send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
    while receive()["method"] != "textDocument/publishDiagnostics" {}
    send(&json!({ "jsonrpc": "2.0", "id": 2, "method": "shutdown" }));
    while receive()["id"] != 2 {}
    send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert!(child.wait().unwrap().success());
}

/// `check --watch` reports, waits, and reports again what an edit makes.
#[test]
fn watches_files() {
    let repo = tempfile::tempdir().unwrap();
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";
    let path = repo.path().join("a.yaml");
    std::fs::write(&path, config).unwrap();
    let mut run = command(repo.path(), &["check", "--watch", "--format", "concise"]);
    let mut child = run.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(child.stderr.take().unwrap());
    let mut waiting = said.lines().map(Result::unwrap).filter(|line| line.contains("waiting for changes"));
    assert!(waiting.next().is_some());
    std::fs::write(&path, config.replace("name: a", "name: A_b")).unwrap();
    assert!(waiting.next().is_some());
    child.kill().unwrap();
    let told = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.starts_with("a.yaml:4:9: ") && told.contains("[invalid-name-or-label]"), "{told}");
}
