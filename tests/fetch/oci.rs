//! Registries: one of these tests, that wants tokens and can lie, and Debian's `docker-registry`.

use std::process::{Command, Stdio};

use super::server::{Answer, Request, Server, tgz};
use super::{Scene, Started, application, chart, free_port, sha256, wait_for};

const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

fn manifest(media: &str, layer: &[u8]) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
            "config":{{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"sha256:{}","size":2}},
            "layers":[{{"mediaType":"{media}","digest":"sha256:{}","size":{}}}]}}"#,
        sha256(b"{}"),
        sha256(layer),
        layer.len()
    )
}

/// A registry that gives tokens to everybody who asks, or to one user.
fn registry(layer: Vec<u8>, media: &'static str, lie: bool) -> Server {
    let digest = sha256(&layer);
    Server::start(move |request: &Request| {
        let host = request.header("host").unwrap().to_owned();
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        if path == "/token" {
            assert!(
                query.contains("scope=repository%3Aorg%2Fweb%3Apull") && query.contains("service=here"),
                "{query}"
            );
            return match request.header("authorization") {
                Some("Basic dXNlcjpzZWNyZXQ=") => Answer::ok(r#"{"token":"abc"}"#),
                _ => Answer::status(401),
            };
        }
        if request.header("authorization") != Some("Bearer abc") {
            let challenge = format!(
                r#"Bearer realm="http://{host}/token",service="here",scope="repository:org/web:pull""#
            );
            return Answer::status(401).with("WWW-Authenticate", &challenge);
        }
        match path {
            "/v2/org/web/tags/list" if query.contains("last=") => {
                Answer::ok(r#"{"name":"org/web","tags":["1.2.9_build.1","latest"]}"#)
            }
            "/v2/org/web/tags/list" => Answer::ok(r#"{"name":"org/web","tags":["1.2.0","1.3.0","x"]}"#)
                .with("Link", r#"</v2/org/web/tags/list?last=x>; rel="next""#),
            "/v2/org/web/manifests/1.2.9_build.1" | "/v2/org/web/manifests/latest" => {
                Answer::ok(manifest(media, &layer))
                    .with("Content-Type", "application/vnd.oci.image.manifest.v1+json")
            }
            _ if path == format!("/v2/org/web/blobs/sha256:{digest}") => {
                Answer::ok(if lie { b"something else".to_vec() } else { layer.clone() })
            }
            _ => Answer::status(404),
        }
    })
}

fn login(scene: &Scene, server: &Server) {
    let dir = scene.dir.path().join(".docker");
    std::fs::create_dir_all(&dir).unwrap();
    let config = format!(r#"{{"auths":{{"127.0.0.1:{}":{{"auth":"dXNlcjpzZWNyZXQ="}}}}}}"#, server.port);
    std::fs::write(dir.join("config.json"), config).unwrap();
}

#[test]
fn charts_by_range_and_with_tokens() {
    let server = registry(chart("web", "1.2.9+build.1", &[]), CHART, false);
    let url = format!("127.0.0.1:{}/org", server.port);
    let scene = Scene::new(&[("app.yaml", &application("web", &url, "web", "~1.2"))]);
    let (code, said) = scene.run(&["fetch", "--allow-local"]);
    assert!(code == 1 && said.contains("answers 401"), "{said}");
    login(&scene, &server);
    let said = scene.fetch();
    assert!(said.contains("oci-chart  oci://127.0.0.1") && said.contains(" -> 1.2.9+build.1"), "{said}");
    let (_, rendered) = scene.run(&["render", "app", "web"]);
    assert!(rendered.contains("version: 1.2.9+build.1"), "{rendered}");
    assert!(!scene.lock().contains("secret") && !scene.lock().contains("abc"));
    // By its digest, without asking for tags.
    std::fs::remove_dir_all(scene.dir.path().join("cache")).unwrap();
    let before = server.requests().len();
    scene.fetch();
    assert!(server.requests()[before..].iter().all(|request| !request.contains("tags")));

    let server = registry(chart("web", "1.2.9+build.1", &[]), CHART, true);
    let url = format!("127.0.0.1:{}/org", server.port);
    let scene = Scene::new(&[("app.yaml", &application("web", &url, "web", "~1.2"))]);
    login(&scene, &server);
    let (code, said) = scene.run(&["fetch", "--allow-local"]);
    assert!(code == 1 && said.contains("is not what it is called") && scene.halves() == 0, "{said}");
}

#[test]
fn artifacts_of_flux() {
    let layer = tgz(&[
        ("deploy/kustomization.yaml", "resources: [cm.yaml]\n"),
        ("deploy/cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: from-artifact }\n"),
    ]);
    let server = registry(layer, "application/vnd.cncf.flux.content.v1.tar+gzip", false);
    let flux = format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {{ name: a, namespace: flux-system }}\n\
         spec: {{ url: 'oci://127.0.0.1:{}/org/web', ref: {{ tag: latest }}, interval: 1m }}\n---\n\
         apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{ name: a, namespace: flux-system }}\n\
         spec: {{ path: ./deploy, prune: true, interval: 1m, sourceRef: {{ kind: OCIRepository, name: a }} }}\n",
        server.port
    );
    let scene = Scene::new(&[("flux.yaml", &flux)]);
    login(&scene, &server);
    scene.fetch();
    let (_, rendered) = scene.run(&["render", "app", "a"]);
    assert!(rendered.contains("name: from-artifact"), "{rendered}");
}

/// The registry that everybody runs.
#[test]
fn docker_registry() {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let config = dir.path().join("config.yml");
    let text = format!(
        "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:{port}\n",
        dir.path().join("data").display()
    );
    std::fs::write(&config, text).unwrap();
    let started = Command::new("docker-registry")
        .arg("serve")
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(started) = started else {
        crate::skipped("docker-registry is not installed");
        return;
    };
    let _registry = Started(started);
    wait_for(port);
    fetched_from(port);
}

/// Another implementation: the registry of go-containerregistry, a Go module that CI builds.
#[test]
fn go_containerregistry() {
    let port = free_port();
    let started = Command::new(super::tool("gcr-registry"))
        .args(["-port", &port.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(started) = started else {
        crate::skipped("gcr-registry is not installed: .ci/run builds it where there is Go");
        return;
    };
    let _registry = Started(started);
    wait_for(port);
    fetched_from(port);
}

/// Pushes two versions of a chart to the registry on a port, and fetches what a release asks for.
fn fetched_from(port: u16) {
    let base = format!("http://127.0.0.1:{port}");
    for version in ["1.0.0", "1.1.0"] {
        let layer = chart("web", version, &[]);
        for blob in [&layer[..], b"{}"] {
            let begun = ureq::post(format!("{base}/v2/org/web/blobs/uploads/")).send_empty().unwrap();
            let at = begun.headers()["location"].to_str().unwrap().to_owned();
            let at = if at.starts_with('/') { format!("{base}{at}") } else { at };
            let separator = if at.contains('?') { '&' } else { '?' };
            ureq::put(format!("{at}{separator}digest=sha256:{}", sha256(blob))).send(blob).unwrap();
        }
        ureq::put(format!("{base}/v2/org/web/manifests/{version}"))
            .header("content-type", "application/vnd.oci.image.manifest.v1+json")
            .send(manifest(CHART, &layer))
            .unwrap();
    }
    let registry = format!("oci://127.0.0.1:{port}/org");
    let release = format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{ name: r, namespace: flux-system }}\n\
         spec: {{ type: oci, url: '{registry}', interval: 1m }}\n---\n\
         apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{ name: web, namespace: default }}\n\
         spec: {{ interval: 1m, chart: {{ spec: {{ chart: web, version: '>=1.0.0', sourceRef: {{ kind: HelmRepository, name: r, namespace: flux-system }} }} }} }}\n"
    );
    let scene = Scene::new(&[("release.yaml", &release)]);
    let said = scene.fetch();
    assert!(said.contains("oci://127.0.0.1") && said.contains(" -> 1.1.0"), "{said}");
    let (_, apps) = scene.run(&["apps"]);
    assert!(apps.contains("  rendered  "), "{apps}");
}
