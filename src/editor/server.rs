//! The language server: messages in, messages out. It reads no clock and no socket; who carries the messages is up to `cli`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::lint::Options;
use crate::repo::Workspace;
use crate::source::TreePath;

use super::session::Session;
use super::text::Encoding;
use super::told::{diagnostic, status};
use super::uri;

/// Opens the repository at a path.
pub type OpenAt = dyn Fn(&Path) -> Result<(Workspace, Options), String> + Send;

/// Files whose change means that everything is opened anew.
const STEERING: [&str; 3] = [".gitops-lint.yaml", ".gitops-lint.yml", ".gitops-lint.lock"];

/// What the protocol calls errors.
const PARSE_ERROR: i64 = -32700;
pub(super) const INVALID_REQUEST: i64 = -32600;
pub(super) const METHOD_NOT_FOUND: i64 = -32601;
pub(super) const INVALID_PARAMS: i64 = -32602;
const NOT_INITIALIZED: i64 = -32002;
const CANCELLED: i64 = -32800;

/// A language server for one repository.
pub struct Server {
    open: std::sync::Arc<OpenAt>,
    /// The root that the command line named, if it did.
    root: Option<PathBuf>,
    /// The root as the editor names it.
    pub(super) root_uri: String,
    pub(super) encoding: Encoding,
    pub(super) session: Option<Session>,
    /// Whether the editor watches files for those who ask.
    watches: bool,
    /// Texts of open documents by their URIs.
    texts: BTreeMap<TreePath, String>,
    /// What was told about which file.
    published: BTreeMap<TreePath, Value>,
    status: Value,
    /// The last check that was told of.
    told: u64,
    pub(super) stopping: bool,
    exited: bool,
    out: Vec<Value>,
}

impl Server {
    /// A server that opens what the editor names, or `root`.
    pub fn new(open: std::sync::Arc<OpenAt>, root: Option<PathBuf>) -> Self {
        Self {
            open,
            root,
            root_uri: String::new(),
            encoding: Encoding::default(),
            session: None,
            texts: BTreeMap::new(),
            published: BTreeMap::new(),
            status: Value::Null,
            watches: false,
            told: 0,
            stopping: false,
            exited: false,
            out: Vec::new(),
        }
    }

    /// Whether the editor said goodbye, and whether it did so in order.
    pub fn exited(&self) -> Option<bool> {
        self.exited.then_some(self.stopping)
    }

    /// Takes messages that came together, in order, and answers what is to be sent. Requests that a later message cancels are
    /// not worked on. Diagnostics come once, after all of them.
    pub fn handle(&mut self, messages: &[Result<Value, String>]) -> Vec<Value> {
        let cancelled: BTreeSet<String> = messages
            .iter()
            .filter_map(|message| message.as_ref().ok())
            .filter(|message| method(message) == Some("$/cancelRequest"))
            .filter_map(|message| Some(message.get("params")?.get("id")?.to_string()))
            .collect();
        for message in messages {
            match message {
                Err(why) => self.error(&Value::Null, PARSE_ERROR, why),
                Ok(message) => {
                    let is_cancelled =
                        message.get("id").is_some_and(|id| cancelled.contains(&id.to_string()));
                    match message.get("id").filter(|_| is_cancelled && method(message).is_some()) {
                        Some(id) => self.error(id, CANCELLED, "cancelled"),
                        None => self.one(message),
                    }
                }
            }
            if self.exited {
                break;
            }
        }
        if !self.exited {
            self.publish();
        }
        std::mem::take(&mut self.out)
    }

    fn error(&mut self, id: &Value, code: i64, message: &str) {
        self.out.push(json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } }));
    }

    fn notify(&mut self, method: &str, params: &Value) {
        self.out.push(json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn one(&mut self, message: &Value) {
        let id = message.get("id").filter(|id| id.is_string() || id.is_number());
        let Some(method) = method(message) else {
            // An answer to something that was asked; nothing is.
            if message.get("result").is_none() && message.get("error").is_none() {
                self.error(id.unwrap_or(&Value::Null), INVALID_REQUEST, "a message has a method");
            }
            return;
        };
        let nothing = Value::Null;
        let params = message.get("params").unwrap_or(&nothing);
        let Some(id) = id else { return self.notification(method, params) };
        if self.stopping {
            return self.error(id, INVALID_REQUEST, "the server is shutting down");
        }
        if self.root_uri.is_empty() && method != "initialize" {
            return self.error(id, NOT_INITIALIZED, "initialize comes first");
        }
        match self.request(method, params) {
            Ok(result) => self.out.push(json!({ "jsonrpc": "2.0", "id": id, "result": result })),
            Err((code, words)) => self.error(id, code, &words),
        }
    }

    pub(super) fn initialize(&mut self, params: &Value) -> Value {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let folder = params.get("workspaceFolders").and_then(|folders| text(folders.get(0)?.get("uri")));
        let given = folder.or_else(|| text(params.get("rootUri")));
        let path = text(params.get("rootPath")).map(|path| uri::of_path(Path::new(&path)));
        let own = self.root.as_deref().map(uri::of_path);
        let root = given.or(path).or(own).unwrap_or_else(|| uri::of_path(Path::new("/")));
        root.trim_end_matches('/').clone_into(&mut self.root_uri);
        let encodings =
            params.get("capabilities").and_then(|it| it.get("general")?.get("positionEncodings")?.as_array());
        let watches = params.get("capabilities").and_then(|it| {
            it.get("workspace")?.get("didChangeWatchedFiles")?.get("dynamicRegistration")?.as_bool()
        });
        self.watches = watches.unwrap_or(false);
        let utf8 = encodings.is_some_and(|all| all.iter().any(|it| it.as_str() == Some("utf-8")));
        self.encoding = if utf8 { Encoding::Utf8 } else { Encoding::Utf16 };
        json!({
            "capabilities": {
                "positionEncoding": if utf8 { "utf-8" } else { "utf-16" },
                "textDocumentSync": { "openClose": true, "change": 2, "save": { "includeText": false } },
                "hoverProvider": true,
                "definitionProvider": true,
                "referencesProvider": true,
                "completionProvider": { "triggerCharacters": ["[", " ", "/"] },
                "inlayHintProvider": true,
                "documentLinkProvider": {},
                "codeActionProvider": { "codeActionKinds": ["quickfix"] },
            },
            "serverInfo": { "name": "gitops-lint", "version": env!("CARGO_PKG_VERSION") },
        })
    }

    fn notification(&mut self, method: &str, params: &Value) {
        match method {
            "exit" => self.exited = true,
            "initialized" => {
                if self.watches {
                    self.watch();
                }
                self.start();
            }
            "textDocument/didOpen" => {
                let document = params.get("textDocument");
                let text = document.and_then(|it| it.get("text")?.as_str());
                if let (Some(path), Some(text)) = (self.path(params), text) {
                    self.set(path, text.to_owned());
                }
            }
            "textDocument/didChange" => {
                let changes = params.get("contentChanges").and_then(Value::as_array);
                let Some((path, changes)) = self.path(params).zip(changes) else { return };
                let Some(mut text) = self.texts.get(&path).cloned() else { return };
                self.encoding.apply(&mut text, changes);
                self.set(path, text);
            }
            "textDocument/didClose" => {
                let Some(path) = self.path(params) else { return };
                self.texts.remove(&path);
                if let Some(session) = &mut self.session {
                    session.close(&path);
                }
                self.saved(&[path]);
            }
            "textDocument/didSave" => {
                let path = self.path(params);
                self.saved(path.as_slice());
            }
            "workspace/didChangeWatchedFiles" => {
                let changes = params.get("changes").and_then(Value::as_array);
                let uris = changes.into_iter().flatten().filter_map(|change| change.get("uri")?.as_str());
                let paths: Vec<TreePath> = uris.filter_map(|it| uri::path(&self.root_uri, it)).collect();
                self.saved(&paths);
            }
            _ => {}
        }
    }

    /// The file that a message is about.
    pub(super) fn path(&self, params: &Value) -> Option<TreePath> {
        uri::path(&self.root_uri, params.get("textDocument")?.get("uri")?.as_str()?)
    }

    /// Asks the editor to tell of files that others change.
    fn watch(&mut self) {
        let options = json!({ "watchers": [{ "globPattern": "**/*" }] });
        let registration =
            json!({ "id": "files", "method": "workspace/didChangeWatchedFiles", "registerOptions": options });
        self.out.push(json!({
            "jsonrpc": "2.0", "id": "files", "method": "client/registerCapability",
            "params": { "registrations": [registration] },
        }));
    }

    /// Opens the repository, and says so where that fails.
    fn start(&mut self) {
        let root = match &self.root {
            Some(root) => root.clone(),
            None => uri::to_path(&self.root_uri),
        };
        let open = std::sync::Arc::clone(&self.open);
        let opened = Session::new(Box::new(move || open(&root)));
        match opened {
            Ok(session) => (self.session, self.told) = (Some(session), 0),
            Err(why) => return self.failed(&why),
        }
        for (path, text) in self.texts.clone() {
            self.set(path, text);
        }
    }

    fn failed(&mut self, why: &str) {
        self.notify("window/showMessage", &json!({ "type": 1, "message": format!("gitops-lint: {why}") }));
    }

    fn set(&mut self, path: TreePath, text: String) {
        if let Some(session) = self.session.as_mut().filter(|session| session.has(&path)) {
            session.edit(&path, text.clone().into_bytes());
        }
        self.texts.insert(path, text);
    }

    /// Files may have changed on disk.
    fn saved(&mut self, paths: &[TreePath]) {
        let steers =
            paths.iter().any(|path| STEERING.contains(&path.as_str()) || path.file_name() == ".gitignore");
        let Some(session) = &mut self.session else {
            // What kept it from being opened may be mended.
            if steers {
                self.start();
            }
            return;
        };
        let mut anew = steers;
        for path in paths {
            anew |= session.changed_on_disk(path);
        }
        if anew {
            if let Err(why) = session.reopen() {
                return self.failed(&why);
            }
            for (path, text) in self.texts.clone() {
                self.set(path, text);
            }
        }
    }

    /// Tells what is found in which files, where that is news.
    pub(super) fn publish(&mut self) {
        let Some(session) = &mut self.session else { return };
        if let Err(why) = session.check().map(|_| ()) {
            return self.failed(&why);
        }
        if self.told == session.round() {
            return;
        }
        self.told = session.round();
        let Ok(checked) = session.check() else { return };
        let mut all: BTreeMap<TreePath, Vec<Value>> = BTreeMap::new();
        for reported in &checked.report.findings {
            let at = reported.finding.primary.at;
            let Some(file) = checked.workspace.sources.get(at.file) else { continue };
            let Some(path) = file.path().cloned() else { continue };
            if checked.workspace.tree.is_file(&path) {
                let diagnostic = diagnostic(checked, self.encoding, &self.root_uri, reported, &file);
                all.entry(path).or_default().push(diagnostic);
            }
        }
        let status = status(checked);
        let gone = self.published.keys().filter(|path| !all.contains_key(*path)).cloned();
        let gone: Vec<(TreePath, Value)> = gone.map(|path| (path, json!([]))).collect();
        let now = all.into_iter().map(|(path, diagnostics)| (path, Value::Array(diagnostics)));
        for (path, diagnostics) in now.chain(gone).collect::<Vec<_>>() {
            if self.published.get(&path) == Some(&diagnostics) {
                continue;
            }
            let uri = uri::of(&self.root_uri, path.as_str());
            self.notify(
                "textDocument/publishDiagnostics",
                &json!({ "uri": uri, "diagnostics": diagnostics }),
            );
            if diagnostics.as_array().is_some_and(Vec::is_empty) {
                self.published.remove(&path);
            } else {
                self.published.insert(path, diagnostics);
            }
        }
        if status != self.status {
            let said = |status: &Value| status.get("message").cloned();
            if said(&status) != said(&self.status) {
                let words = said(&status).and_then(|it| Some(format!("gitops-lint: {}", it.as_str()?)));
                self.notify("window/logMessage", &json!({ "type": 3, "message": words }));
            }
            self.notify("gitopsLint/status", &status);
            self.status = status;
        }
    }
}

fn method(message: &Value) -> Option<&str> {
    message.get("method")?.as_str()
}
