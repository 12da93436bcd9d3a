//! `gitops-lint fetch` against servers on the loopback address: what is fetched is linted offline, what lies is refused.

mod bucket;
mod git;
mod lies;
mod oci;
mod proxy;
pub(crate) mod server;
mod ssh;
mod static_index;
mod tls;
mod transcript;

use std::process::{Command, Output};

use server::{Server, tgz};

/// A repository, a cache, and the way to run the program on them.
struct Scene {
    dir: tempfile::TempDir,
}

impl Scene {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let scene = Self { dir };
        std::fs::create_dir_all(scene.repo()).unwrap();
        for (path, text) in files {
            scene.write(path, text);
        }
        scene
    }

    fn repo(&self) -> std::path::PathBuf {
        self.dir.path().join("repo")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.repo().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gitops-lint"));
        command.current_dir(self.repo()).args(args).env_clear();
        command.env("GITOPS_LINT_CACHE", self.dir.path().join("cache")).env("HOME", self.dir.path());
        command
    }

    fn run(&self, args: &[&str]) -> (i32, String) {
        let output = self.command(args).output().unwrap();
        (output.status.code().unwrap(), said(&output))
    }

    /// `fetch --allow-local`, which must do.
    fn fetch(&self) -> String {
        let (code, said) = self.run(&["fetch", "--allow-local"]);
        assert_eq!(code, 0, "{said}");
        said
    }

    fn lock(&self) -> String {
        std::fs::read_to_string(self.repo().join(".gitops-lint.lock")).unwrap_or_default()
    }

    /// Files in the cache that are not finished.
    fn halves(&self) -> usize {
        std::fs::read_dir(self.dir.path().join("cache/v1/tmp")).map_or(0, Iterator::count)
    }
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program that CI builds into `target/tools`, else one of the machine.
fn tool(name: &str) -> std::path::PathBuf {
    let own = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools").join(name);
    if own.is_file() { own } else { name.into() }
}

/// A program that a test started; it ends with the test.
struct Started(std::process::Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until somebody listens.
fn wait_for(port: u16) {
    for _ in 0..200 {
        if ureq::get(format!("http://127.0.0.1:{port}/")).call().is_ok_and(|_| true) || !is_free(port) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("nobody listens on {port}");
}

fn is_free(port: u16) -> bool {
    std::net::TcpListener::bind(("127.0.0.1", port)).is_ok()
}

fn said(output: &Output) -> String {
    format!("{}{}", crate::cli::text(&output.stdout), crate::cli::text(&output.stderr))
}

/// An Application that deploys a chart of an HTTP repository.
fn application(name: &str, url: &str, chart: &str, version: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{ name: {name}, namespace: argocd }}\nspec:\n  \
         project: default\n  source: {{ repoURL: '{url}', chart: '{chart}', targetRevision: '{version}' }}\n  \
         destination: {{ server: https://kubernetes.default.svc, namespace: {name} }}\n"
    )
}

/// A chart with one ConfigMap that says its version.
fn chart(name: &str, version: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let about = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ .Chart.Name }} }\ndata: { version: {{ .Chart.Version | quote }} }\n";
    let mut files =
        vec![(format!("{name}/Chart.yaml"), about.as_str()), (format!("{name}/templates/cm.yaml"), template)];
    files.retain(|(path, _)| !more.iter().any(|(other, _)| format!("{name}/{other}") == *path));
    files.extend(more.iter().map(|(path, text)| (format!("{name}/{path}"), *text)));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    tgz(&files)
}

fn sha256(bytes: &[u8]) -> String {
    gitops_lint::facade::cache::Content::of(bytes).to_string().trim_start_matches("sha256:").to_owned()
}

#[test]
fn nothing_to_fetch() {
    let scene = Scene::new(&[("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n")]);
    assert_eq!(scene.fetch(), "nothing is wanted from elsewhere\n");
    assert!(!scene.repo().join(".gitops-lint.lock").exists() && !scene.dir.path().join("cache").exists());
}

/// Where the local address may not be spoken to, it is not, however it is written.
#[test]
fn local_addresses_are_refused() {
    let server = Server::start(|_| server::Answer::ok("x"));
    for host in ["127.0.0.1", "localhost", "127.1", "[::1]", "0"] {
        let url = format!("http://{host}:{}", server.port);
        let scene = Scene::new(&[("app.yaml", &application("a", &url, "web", "1.0.0"))]);
        let (code, said) = scene.run(&["fetch"]);
        assert!(code == 1 && said.contains("leads to this machine"), "{said}");
        let (code, said) = scene.run(&["fetch", "--allow-hosts", "charts.example"]);
        assert!(code == 1 && said.contains("is not among those of --allow-hosts"), "{said}");
    }
    assert_eq!(server.requests(), Vec::<String>::new());
}
