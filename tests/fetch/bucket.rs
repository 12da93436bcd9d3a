//! Buckets of Flux, from a server that speaks as much of S3 as is asked for, and from a real one that checks signatures.

use std::process::{Command, Stdio};

use super::server::{Answer, Request, Server};
use super::{Scene, Started, free_port, tool, wait_for};

const OBJECTS: [(&str, &str); 4] = [
    ("apps/web/a b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: one }\n"),
    ("apps/web/b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: two }\n"),
    ("apps/web/", ""),
    ("other/c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: other }\n"),
];

fn flux(port: u16, more: &str) -> [(&'static str, String); 1] {
    let text = format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: Bucket\nmetadata: {{ name: store, namespace: flux-system }}\nspec:\n  \
         interval: 5m\n  endpoint: 127.0.0.1:{port}\n  insecure: true\n  bucketName: manifests\n{more}---\n\
         apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{ name: web, namespace: flux-system }}\nspec:\n  \
         interval: 5m\n  prune: true\n  path: ./apps/web\n  sourceRef: {{ kind: Bucket, name: store }}\n"
    );
    [("clusters/prod/web.yaml", text)]
}

fn scene(files: &[(&'static str, String)]) -> Scene {
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    Scene::new(&files)
}

/// Lists two objects a page.
fn store(request: &Request) -> Answer {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    if path != "/manifests/" {
        let name = path.trim_start_matches("/manifests/").replace("%20", " ");
        let found = OBJECTS.iter().find(|(key, _)| *key == name);
        return found.map_or(Answer::status(404), |(_, text)| Answer::ok(*text));
    }
    let of = |name: &str| query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    assert_eq!(of("list-type"), Some("2"));
    let prefix = of("prefix").unwrap_or_default().replace("%2F", "/");
    let from: usize = of("continuation-token").map_or(0, |token| token.parse().unwrap());
    let all: Vec<&str> = OBJECTS.iter().map(|(key, _)| *key).filter(|key| key.starts_with(&prefix)).collect();
    let entry = |key: &&str| format!("<Contents><Key>{key}</Key></Contents>");
    let keys = all.iter().skip(from).take(2).map(entry).collect::<Vec<_>>().concat();
    let next = if from + 2 < all.len() {
        format!("<NextContinuationToken>{}</NextContinuationToken>", from + 2)
    } else {
        String::new()
    };
    Answer::ok(format!(
        "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{next}{keys}</ListBucketResult>"
    ))
}

/// What the Kustomization renders from what was fetched.
fn rendered(scene: &Scene) -> String {
    let (code, said) = scene.run(&["render", "app", "Kustomization/web"]);
    assert_eq!(code, 0, "{said}");
    said
}

#[test]
fn objects_are_fetched_in_pages() {
    let server = Server::start(store);
    let scene = scene(&flux(server.port, ""));
    let (_, said) = scene.run(&[]);
    assert!(said.contains("gitops-lint fetch"), "{said}");
    let said = scene.fetch();
    assert!(said.contains("bucket") && said.contains("1 fetched"), "{said}");
    let yaml = rendered(&scene);
    assert!(
        yaml.contains("name: one") && yaml.contains("name: two") && !yaml.contains("name: other"),
        "{yaml}"
    );
    assert!(scene.lock().contains("kind: bucket"), "{}", scene.lock());
    assert_eq!(scene.halves(), 0);
    let asked = server.requests().len();
    assert_eq!(asked, 5, "two pages and three objects: {:?}", server.requests());
    scene.fetch();
    assert_eq!(server.requests().len(), asked, "the second time nothing is asked for");
}

#[test]
fn a_prefix_is_asked_for() {
    let server = Server::start(store);
    let scene = scene(&flux(server.port, "  prefix: apps/web/b\n"));
    scene.fetch();
    assert!(!rendered(&scene).contains("name: one"));
    assert_eq!(
        server.requests(),
        ["GET /manifests/?list-type=2&prefix=apps%2Fweb%2Fb", "GET /manifests/apps/web/b.yaml"]
    );
}

#[test]
fn what_is_refused_is_told() {
    let list = |keys: &str| Answer::ok(format!("<ListBucketResult>{keys}</ListBucketResult>"));
    for (what, words) in [
        ("forbidden", "wants keys"),
        ("page", "answers with no list of objects"),
        ("empty", "has no objects"),
        ("climbs", "whose name is no path of a file"),
    ] {
        let server = Server::start(move |request| match what {
            "forbidden" => Answer::status(403),
            "page" => Answer::ok("<html></html>"),
            "climbs" if request.path.contains('?') => list("<Contents><Key>../x</Key></Contents>"),
            _ => list(""),
        });
        let scene = scene(&flux(server.port, ""));
        let (code, said) = scene.run(&["fetch", "--allow-local"]);
        assert!(code == 1 && said.contains(words), "{what}: {said}");
        assert_eq!((scene.halves(), scene.lock()), (0, String::new()), "{what}");
    }
}

/// Keys of AWS go to the server that they are for, and to no other that a repository names.
#[test]
fn keys_go_where_they_belong() {
    let server = Server::start(|request| {
        let is_signed = request
            .header("authorization")
            .is_some_and(|it| it.starts_with("AWS4-HMAC-SHA256 Credential=mine/"));
        if is_signed { store(request) } else { Answer::status(403) }
    });
    let scene = scene(&flux(server.port, ""));
    let run = |endpoint: Option<String>| {
        let mut command = scene.command(&["fetch", "--allow-local"]);
        command.env("AWS_ACCESS_KEY_ID", "mine").env("AWS_SECRET_ACCESS_KEY", "hidden-from-all");
        command.envs(endpoint.map(|url| ("AWS_ENDPOINT_URL", url)));
        let output = command.output().unwrap();
        (output.status.code().unwrap(), super::said(&output))
    };
    let (code, said) = run(None);
    assert!(code == 1 && said.contains("403") && !said.contains("hidden-from-all"), "{said}");
    let (code, said) = run(Some(server.url("")));
    assert_eq!(code, 0, "{said}");
}

/// Versity's gateway, which checks every signature.
#[test]
fn a_real_store_takes_the_signature() {
    let gateway = tool("versitygw");
    if Command::new(&gateway).arg("--version").output().is_err() {
        crate::skipped("there is no versitygw");
        return;
    }
    let (port, data) = (free_port(), tempfile::tempdir().unwrap());
    for (key, text) in OBJECTS.iter().filter(|(key, _)| !key.ends_with('/')) {
        let path = data.path().join("manifests").join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut command = Command::new(gateway);
    command.args([
        "--access",
        "mine",
        "--secret",
        "hidden-from-all",
        "--port",
        &format!("127.0.0.1:{port}"),
        "posix",
    ]);
    command.arg(data.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let _gateway = Started(command.spawn().unwrap());
    wait_for(port);
    let scene = scene(&flux(port, ""));
    let netrc = |secret: &str| {
        std::fs::write(
            scene.dir.path().join(".netrc"),
            format!("machine 127.0.0.1 login mine password {secret}\n"),
        )
        .unwrap();
    };
    netrc("wrong");
    let (code, said) = scene.run(&["fetch", "--allow-local"]);
    assert!(code == 1 && said.contains("403"), "{said}");
    netrc("hidden-from-all");
    scene.fetch();
    assert!(rendered(&scene).contains("name: one"));
}
