//! Git's own servers: `git daemon`, and `git http-backend` behind the server of these tests.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::server::{Answer, Request, Server};
use super::{Scene, Started, free_port, wait_for};
use crate::cli::git;

/// A bare repository `org/base.git` below a directory: tag `v1.0.0` (annotated), then `main` one commit ahead.
pub(super) fn origin(dir: &Path) {
    let work = dir.join("work");
    std::fs::create_dir_all(work.join("base")).unwrap();
    let write = |value: &str| {
        std::fs::write(work.join("base/kustomization.yaml"), "resources: [cm.yaml]\n").unwrap();
        let text = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: base }}\ndata: {{ value: {value} }}\n"
        );
        std::fs::write(work.join("base/cm.yaml"), text).unwrap();
    };
    std::fs::create_dir_all(work.join("charts/web/templates")).unwrap();
    std::fs::write(work.join("charts/web/Chart.yaml"), "apiVersion: v2\nname: web\nversion: 0.1.0\n")
        .unwrap();
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { value: charted }\n";
    std::fs::write(work.join("charts/web/templates/cm.yaml"), template).unwrap();
    git(&work, &["init", "-q", "."]);
    write("tagged");
    git(&work, &["add", "."]);
    git(&work, &["commit", "-q", "-m", "one"]);
    git(&work, &["tag", "-a", "v1.0.0", "-m", "one"]);
    write("newest");
    git(&work, &["commit", "-q", "-a", "-m", "two"]);
    std::fs::create_dir_all(dir.join("org")).unwrap();
    git(dir, &["clone", "-q", "--bare", "work", "org/base.git"]);
}

/// A web server with `git http-backend` behind it.
fn smart_http(root: &Path) -> Server {
    http_backend(root, true)
}

/// The same, which may know the first version of the protocol only.
fn http_backend(root: &Path, version_2: bool) -> Server {
    let root = root.to_owned();
    Server::start(move |request: &Request| {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let mut child = Command::new("git")
            .arg("http-backend")
            .env("GIT_PROJECT_ROOT", &root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("PATH_INFO", path)
            .env("QUERY_STRING", query)
            .env("REQUEST_METHOD", &request.method)
            .env("CONTENT_TYPE", request.header("content-type").unwrap_or_default())
            .env("GIT_PROTOCOL", request.header("git-protocol").filter(|_| version_2).unwrap_or_default())
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "safe.directory")
            .env("GIT_CONFIG_VALUE_0", "*")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&request.body).unwrap();
        let output = child.wait_with_output().unwrap().stdout;
        let end = memchr::memmem::find(&output, b"\r\n\r\n").unwrap();
        let head = String::from_utf8(output[..end].to_vec()).unwrap();
        let mut answer = Answer::ok(&output[end + 4..]);
        for line in head.lines() {
            let (name, value) = line.split_once(": ").unwrap();
            if name == "Status" {
                answer = Answer::status(value[..3].parse().unwrap());
            } else {
                answer = answer.with(name, value);
            }
        }
        answer
    })
}

pub(super) fn flux(url: &str, reference: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{ name: base, namespace: flux-system }}\n\
         spec: {{ url: '{url}', ref: {{ {reference} }}, interval: 1m }}\n---\n\
         apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{ name: base, namespace: flux-system }}\n\
         spec: {{ path: ./base, prune: true, interval: 1m, sourceRef: {{ kind: GitRepository, name: base }} }}\n"
    )
}

const KINDS_OF_REFERENCES: [(&str, &str); 3] =
    [("branch: main", "newest"), ("tag: v1.0.0", "tagged"), ("semver: '>=1.0.0'", "tagged")];

/// Azure DevOps and others speak the first version of the protocol, whatever they are asked for.
#[test]
fn the_first_version_of_the_protocol() {
    let dir = tempfile::tempdir().unwrap();
    origin(dir.path());
    let server = http_backend(dir.path(), false);
    let url = server.url("/org/base.git");
    for (reference, value) in KINDS_OF_REFERENCES {
        let scene = Scene::new(&[("flux.yaml", &flux(&url, reference))]);
        scene.fetch();
        let (_, rendered) = scene.run(&["render", "app", "base"]);
        assert!(rendered.contains(&format!("value: {value}")), "{reference}: {rendered}");
        assert_eq!(scene.halves(), 0);
    }
    let scene = Scene::new(&[("flux.yaml", &flux(&url, &format!("commit: {}", "a".repeat(40))))]);
    let (code, said) = scene.run(&["fetch", "--allow-local"]);
    assert!(code == 1 && said.contains("not our ref"), "{said}");
}

#[test]
fn smart_http_at_branches_tags_and_ranges() {
    let dir = tempfile::tempdir().unwrap();
    origin(dir.path());
    let server = smart_http(dir.path());
    let url = server.url("/org/base.git");
    for (reference, value) in KINDS_OF_REFERENCES {
        let scene = Scene::new(&[("flux.yaml", &flux(&url, reference))]);
        let said = scene.fetch();
        assert!(said.contains("fetched  git  http://127.0.0.1"), "{said}");
        let (_, rendered) = scene.run(&["render", "app", "base"]);
        assert!(rendered.contains(&format!("value: {value}")), "{reference}: {rendered}");
        assert_eq!(scene.fetch(), "1 already there\n");
        assert_eq!(scene.halves(), 0);
        // A locked commit comes back by its id.
        std::fs::remove_dir_all(scene.dir.path().join("cache")).unwrap();
        assert!(scene.fetch().contains("1 fetched\n"));
    }
    let scene = Scene::new(&[("flux.yaml", &flux(&url, "branch: gone"))]);
    let (code, said) = scene.run(&["fetch", "--allow-local"]);
    assert!(code == 1 && said.contains("has no branch or tag `gone`"), "{said}");
    let scene = Scene::new(&[("flux.yaml", &flux(&server.url("/org/none.git"), "branch: main"))]);
    let (code, said) = scene.run(&["fetch", "--allow-local"]);
    assert!(code == 1 && said.contains("answers 404"), "{said}");
}

#[test]
fn remote_bases_of_kustomizations() {
    let dir = tempfile::tempdir().unwrap();
    origin(dir.path());
    let server = smart_http(dir.path());
    let base = server.url("/org/base.git//base?ref=v1.0.0");
    let scene =
        Scene::new(&[("overlay/kustomization.yaml", &format!("resources: ['{base}']\nnamePrefix: my-\n"))]);
    let (_, said) = scene.run(&["check"]);
    assert!(said.contains("1 of 1 app needs 1 repository from elsewhere: gitops-lint fetch"), "{said}");
    scene.fetch();
    let (_, rendered) = scene.run(&["render", "app", "overlay"]);
    assert!(rendered.contains("name: my-base") && rendered.contains("value: tagged"), "{rendered}");
}

/// A directory of a repository as a chart repository, in the words of the plugin helm-git.
#[test]
fn charts_in_git() {
    let dir = tempfile::tempdir().unwrap();
    origin(dir.path());
    let server = smart_http(dir.path());
    for (place, fits) in [("charts", true), ("charts/web", true), ("base", false)] {
        let url = server.url(&format!("/org/base.git@{place}?ref=v1.0.0"));
        let about = format!(
            "apiVersion: v2\nname: own\nversion: 1.0.0\ndependencies:\n- {{ name: web, version: '*', repository: 'git+{url}' }}\n"
        );
        let scene = Scene::new(&[("own/Chart.yaml", &about)]);
        assert!(scene.fetch().contains("fetched  git  http://127.0.0.1"));
        let (_, rendered) = scene.run(&["render", "app", "own"]);
        assert_eq!(rendered.contains("value: charted"), fits, "{place}: {rendered}");
    }
}

#[test]
fn the_daemon() {
    let dir = tempfile::tempdir().unwrap();
    origin(dir.path());
    let port = free_port();
    // `git daemon` forks the program that serves, which would outlive it and hold the output of the tests open.
    let libexec = Command::new("git").arg("--exec-path").output();
    let libexec = libexec.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let daemon = Command::new(Path::new(&libexec.unwrap_or_default()).join("git-daemon"))
        .args(["--export-all", "--reuseaddr", "--listen=127.0.0.1", "--informative-errors"])
        .arg(format!("--port={port}"))
        .arg(format!("--base-path={}", dir.path().display()))
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(daemon) = daemon else {
        eprintln!("skipped: there is no git daemon");
        return;
    };
    let _daemon = Started(daemon);
    wait_for(port);
    let url = format!("git://127.0.0.1:{port}/org/base.git");
    let scene = Scene::new(&[("flux.yaml", &flux(&url, "branch: main"))]);
    let (code, said) = scene.run(&["fetch"]);
    assert!(code == 1 && said.contains("leads to this machine"), "{said}");
    scene.fetch();
    let (_, rendered) = scene.run(&["render", "app", "base"]);
    assert!(rendered.contains("value: newest"), "{rendered}");
    let scene =
        Scene::new(&[("flux.yaml", &flux(&format!("git://127.0.0.1:{port}/no.git"), "branch: main"))]);
    let (code, said) = scene.run(&["fetch", "--allow-local"]);
    assert!(code == 1 && said.contains("the server says: ") && scene.halves() == 0, "{said}");
}

/// Servers that send something else than a pack.
#[test]
fn packs_that_are_none() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let packet = |data: &[u8]| [format!("{:04x}", data.len() + 4).as_bytes(), data].concat();
    let hello = [packet(b"version 2\n"), b"0000".to_vec()].concat();
    let mut packs: Vec<(Vec<u8>, &str)> = vec![
        (b"<html>".to_vec(), "not that of a Git server"),
        (packet(b"ERR go away\n"), "the server says: go away"),
        ([packet(b"packfile\n"), packet(b"\x03boom")].concat(), "says: boom"),
        ([packet(b"packfile\n"), packet(b"\x01PACK junk"), b"0000".to_vec()].concat(), "sends no sound pack"),
        ([packet(b"packfile\n"), b"0000".to_vec()].concat(), "sends no objects"),
        ([packet(b"packfile\n"), b"0100\x01PACK".to_vec()].concat(), "breaks off"),
    ];
    // An empty pack, which is sound, and lacks the commit.
    let empty = [
        &b"\x01PACK\0\0\0\x02\0\0\0\0"[..],
        &[
            0x02, 0x9d, 0x08, 0x82, 0x3b, 0xd8, 0xa8, 0xea, 0xb5, 0x10, 0xad, 0x6a, 0xc7, 0x5c, 0x82, 0x3c,
            0xfd, 0x3e, 0xd3, 0x1e,
        ],
    ]
    .concat();
    packs.push((
        [packet(b"packfile\n"), packet(&empty), b"0000".to_vec()].concat(),
        "does not send what was asked for",
    ));
    for (answer, want) in packs {
        let hello = hello.clone();
        let server = Server::start(move |request: &Request| match request.method.as_str() {
            "GET" => Answer::ok(hello.clone()),
            _ => Answer::ok(answer.clone()),
        });
        let scene = Scene::new(&[("flux.yaml", &flux(&server.url("/r.git"), &format!("commit: {commit}")))]);
        let (code, said) = scene.run(&["fetch", "--allow-local"]);
        assert!(code == 1 && said.contains(want), "{want}: {said}");
        assert_eq!(scene.halves(), 0, "{want}");
        assert!(!scene.dir.path().join("cache/v1/git").exists(), "{want}");
    }
}
