//! A plain directory behind a web server: `index.yaml` and archives.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::server::{Answer, Request, Server};
use super::{Scene, application, chart, sha256};

/// A repository of charts: (name, version, archive).
pub(super) fn repository(charts: Vec<(&'static str, &'static str, Vec<u8>)>) -> Server {
    let mut index = String::from("apiVersion: v1\nentries:\n");
    let mut by_name: BTreeMap<&str, Vec<(&str, String)>> = BTreeMap::new();
    for (name, version, archive) in &charts {
        by_name.entry(name).or_default().push((version, sha256(archive)));
    }
    for (name, versions) in by_name {
        let _ = writeln!(index, "  {name}:");
        for (version, digest) in versions {
            let urls = format!("[files/{name}-{version}.tgz]");
            let _ =
                writeln!(index, "  - {{ name: {name}, version: {version}, digest: {digest}, urls: {urls} }}");
        }
    }
    Server::start(move |request| match request.path.as_str() {
        "/charts/index.yaml" => Answer::ok(index.clone()),
        path => {
            let found = charts
                .iter()
                .find(|(name, version, _)| path == format!("/charts/files/{name}-{version}.tgz"));
            found.map_or(Answer::status(404), |(.., archive)| Answer::ok(archive.clone()))
        }
    })
}

#[test]
fn fetched_once_and_linted_offline() {
    let parent =
        chart("umbrella", "0.1.0", &[("Chart.yaml", "apiVersion: v2\nname: umbrella\nversion: 0.1.0\n")]);
    let server = repository(vec![
        ("web", "1.2.0", chart("web", "1.2.0", &[])),
        ("web", "1.2.7", chart("web", "1.2.7", &[])),
        ("web", "1.3.0", chart("web", "1.3.0", &[])),
        ("umbrella", "0.1.0", parent),
    ]);
    let url = server.url("/charts/");
    let scene = Scene::new(&[
        ("apps/web.yaml", &application("web", &url, "web", "~1.2.0")),
        ("apps/umbrella.yaml", &application("umbrella", &url, "umbrella", "0.1.0")),
        (
            "own/Chart.yaml",
            &format!(
                "apiVersion: v2\nname: own\nversion: 1.0.0\ndependencies:\n- {{ name: web, version: 1.3.0, repository: '{url}' }}\n"
            ),
        ),
    ]);
    let (code, said) = scene.run(&["fetch", "--dry-run"]);
    assert_eq!(code, 0);
    assert!(
        said.ends_with("3 missing\n") && said.contains("missing  chart  web ~1.2.0 of http://127.0.0.1"),
        "{said}"
    );
    assert!(server.requests().is_empty() && scene.lock().is_empty());

    let said = scene.fetch();
    assert!(said.contains("web ~1.2.0 of ") && said.contains(" -> 1.2.7  ("), "{said}");
    assert!(said.contains("\n3 fetched\nwrote .gitops-lint.lock: commit it\n"), "{said}");
    assert_eq!(
        server.requests().iter().filter(|it| it.ends_with("index.yaml")).count(),
        1,
        "one index for all"
    );
    let lock = scene.lock();
    assert!(
        lock.contains("  name: web\n  wanted: \"~1.2.0\"\n  version: 1.2.7\n  digest: sha256:"),
        "{lock}"
    );

    let (_, rendered) = scene.run(&["render", "app", "web"]);
    assert!(rendered.contains("version: 1.2.7"), "{rendered}");
    let (_, apps) = scene.run(&["apps"]);
    assert_eq!(apps.matches("  rendered  ").count(), 3, "{apps}");

    let before = server.requests().len();
    assert_eq!(scene.fetch(), "3 already there\n");
    assert_eq!(scene.run(&["fetch", "--offline"]), (0, "3 already there\n".to_owned()));
    assert_eq!(server.requests().len(), before, "nothing was asked again");
    assert_eq!((scene.halves(), scene.lock()), (0, lock.clone()));

    // Another machine, another day: the lock decides.
    std::fs::remove_dir_all(scene.dir.path().join("cache")).unwrap();
    let (code, said) = scene.run(&["fetch", "--offline"]);
    assert!(code == 1 && said.ends_with("3 missing\n"), "{said}");
    let locked = lock.replace("version: 1.2.7", "version: 1.2.0");
    scene.write(".gitops-lint.lock", &locked);
    let (code, said) = scene.run(&["fetch", "--allow-local"]);
    assert!(code == 1 && said.contains("changed since it was locked"), "{said}");
    scene.write(".gitops-lint.lock", &lock);
    scene.fetch();

    // Without a lock a version still is what it is, and a range is told apart.
    std::fs::remove_file(scene.repo().join(".gitops-lint.lock")).unwrap();
    let (_, apps) = scene.run(&["apps"]);
    assert_eq!(apps.matches("  rendered  ").count(), 2, "{apps}");
    assert!(apps.contains("is 1.2.7 in the cache of this machine, and no lock fixes that"), "{apps}");
}

#[test]
fn newer_ones_come_with_update_only() {
    let newer = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = std::sync::Arc::clone(&newer);
    let archives = [chart("web", "1.0.0", &[]), chart("web", "1.1.0", &[])];
    let server = Server::start(move |request: &Request| match request.path.as_str() {
        "/index.yaml" => {
            let also = if flag.load(std::sync::atomic::Ordering::SeqCst) {
                "\n  - { version: 1.1.0, urls: [b.tgz] }"
            } else {
                ""
            };
            Answer::ok(format!("entries:\n  web:\n  - {{ version: 1.0.0, urls: [a.tgz] }}{also}\n"))
        }
        "/a.tgz" => Answer::ok(archives[0].clone()),
        _ => Answer::ok(archives[1].clone()),
    });
    let scene = Scene::new(&[("app.yaml", &application("web", &server.url(""), "web", "1.x"))]);
    scene.fetch();
    newer.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(scene.fetch(), "1 already there\n");
    assert!(scene.lock().contains("version: 1.0.0"));
    let (code, said) = scene.run(&["fetch", "--allow-local", "--update"]);
    assert!(code == 0 && said.contains(" -> 1.1.0"), "{said}");
    assert!(scene.lock().contains("version: 1.1.0") && !scene.lock().contains("version: 1.0.0"));
    // What nothing names any more leaves the lock.
    std::fs::remove_file(scene.repo().join("app.yaml")).unwrap();
    scene.fetch();
    assert!(!scene.lock().contains("web"));
}

/// Credentials go to the server that they are for, and are printed nowhere.
#[test]
fn credentials_stay_with_their_server() {
    let archive = chart("web", "1.0.0", &[]);
    let other = {
        let archive = archive.clone();
        Server::start(move |request: &Request| match request.header("authorization") {
            None => Answer::ok(archive.clone()),
            Some(_) => Answer::status(418),
        })
    };
    let elsewhere = format!("http://localhost:{}/web.tgz?signature=hidden", other.port);
    let server = Server::start(move |request: &Request| {
        match (request.path.as_str(), request.header("authorization")) {
            (_, None) => Answer::status(401),
            (_, Some(header)) if header != "Basic dXNlcjpzZWNyZXQ=" => Answer::status(403),
            ("/index.yaml", _) => Answer::ok("entries:\n  web:\n  - { version: 1.0.0, urls: [web.tgz] }\n"),
            _ => Answer::redirect(&elsewhere),
        }
    });
    let with_password = format!("http://user:secret@127.0.0.1:{}", server.port);
    let scene = Scene::new(&[("app.yaml", &application("web", &with_password, "web", "1.0.0"))]);
    let (code, said) = scene.run(&["fetch", "--allow-local"]);
    assert!(code == 1 && said.contains("answers 401") && !said.contains("secret"), "{said}");
    let helm = scene.dir.path().join(".config/helm");
    std::fs::create_dir_all(&helm).unwrap();
    let repositories = format!(
        "repositories:\n- {{ name: a, url: '{}', username: user, password: secret }}\n",
        server.url("/")
    );
    std::fs::write(helm.join("repositories.yaml"), repositories).unwrap();
    let said = scene.fetch();
    assert!(
        !said.contains("secret") && !scene.lock().contains("secret") && !scene.lock().contains("hidden"),
        "{said}"
    );
    assert_eq!(other.requests().len(), 1);
}

/// What is wrong inside of a fetched chart alone is counted, and shown when asked for.
#[test]
fn what_is_wholly_inside_of_fetched_charts_is_counted() {
    let broken = "apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: job }\nspec:\n  schedule: \"0 25 * * *\"\n  jobTemplate: { spec: { template: { spec: { \
                  restartPolicy: Never, containers: [{ name: a, image: 'registry.example.com/a:1' }] } } } }\n";
    let server = repository(vec![("web", "1.0.0", chart("web", "1.0.0", &[("templates/job.yaml", broken)]))]);
    let scene = Scene::new(&[("app.yaml", &application("web", &server.url("/charts/"), "web", "1.0.0"))]);
    let (code, said) = scene.run(&[
        "fetch",
        "--allow-local",
        "--only",
        "chart",
        "--jobs",
        "1",
        "--timeout",
        "20",
        "--quiet",
        "--verbose",
    ]);
    assert!(code == 0 && said.contains("1 fetched"), "{said}");
    let (_, said) = scene.run(&["fetch", "--allow-local", "--verbose"]);
    assert!(said.contains("web 1.0.0 of ") && said.contains("1 already there"), "{said}");
    let (code, said) = scene.run(&[]);
    assert!(code == 0 && said.contains("--third-party shows"), "{said}");
    let (code, said) = scene.run(&["--third-party", "--format", "concise"]);
    assert!(code == 1 && said.contains("invalid-cron-schedule"), "{said}");
    let (code, _) = scene.run(&["fetch", "--only", "nonsense"]);
    assert_eq!(code, 2);
}

/// Definitions in `crds/` of a fetched chart are known to every app, also when the app that brings the chart leaves them out.
#[test]
fn definitions_of_fetched_charts_are_known() {
    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: gadgets.example.com }\nspec:\n  group: example.com\n  \
                      names: { kind: Gadget, plural: gadgets }\n  scope: Namespaced\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n      \
                      openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { size: { type: integer } } } } }\n";
    let server = repository(vec![(
        "gadgets",
        "1.0.0",
        chart("gadgets", "1.0.0", &[("crds/gadgets.yaml", definition)]),
    )]);
    let app = application("gadgets", &server.url("/charts/"), "gadgets", "1.0.0");
    let skipping =
        app.replace("targetRevision: '1.0.0' }", "targetRevision: '1.0.0', helm: { skipCrds: true } }");
    assert_ne!(app, skipping);
    for app in [app, skipping] {
        let scene = Scene::new(&[
            ("app.yaml", &app),
            ("own/kustomization.yaml", "resources: [gadget.yaml]\n"),
            (
                "own/gadget.yaml",
                "apiVersion: example.com/v1\nkind: Gadget\nmetadata: { name: a, namespace: a }\nspec: { size: big }\n",
            ),
        ]);
        let (code, said) = scene.run(&["--format", "concise"]);
        assert!(code == 0 && !said.contains("own/gadget.yaml"), "{said}");
        scene.fetch();
        let (code, said) = scene.run(&["--format", "concise"]);
        assert!(code == 1 && said.contains("own/gadget.yaml:4:15: error[schema-violation]"), "{said}");
    }
}

/// A name that `helm repo add` gave means what the files of the repository say of it, and nothing where they say nothing.
#[test]
fn names_of_helm_repo_add() {
    let server = repository(vec![("web", "1.0.0", chart("web", "1.0.0", &[]))]);
    let own = |repository: &str| {
        format!(
            "apiVersion: v2\nname: own\nversion: 1.0.0\ndependencies:\n- {{ name: web, version: 1.0.0, repository: '{repository}' }}\n"
        )
    };
    let added = format!("#!/bin/sh\nhelm repo add mine {}\n", server.url("/charts/"));
    for repository in ["@mine", "alias:mine"] {
        let scene = Scene::new(&[("own/Chart.yaml", &own(repository)), ("setup.sh", &added)]);
        let (_, said) = scene.run(&["check"]);
        assert!(said.contains("1 of 1 app needs 1 chart from elsewhere: gitops-lint fetch"), "{said}");
        assert!(scene.fetch().contains("web 1.0.0 of http://127.0.0.1"), "{repository}");
        let (_, rendered) = scene.run(&["render", "app", "own"]);
        assert!(rendered.contains("version: 1.0.0"), "{rendered}");
    }
    let scene = Scene::new(&[("own/Chart.yaml", &own("@mine")), ("setup.sh", "helm repo update mine\n")]);
    assert_eq!(scene.fetch(), "nothing is wanted from elsewhere\n");
    let (_, said) = scene.run(&["apps"]);
    assert!(said.contains("  skipped  ") && said.contains("brings those that name a URL"), "{said}");
}

/// A chart that wraps one of its own name and version is not taken for it.
#[test]
fn wrappers_are_not_what_they_wrap() {
    let server = repository(vec![("web", "1.0.0", chart("web", "1.0.0", &[]))]);
    let wrapper = format!(
        "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {{ name: web, version: 1.0.0, repository: '{}' }}\n",
        server.url("/charts")
    );
    let scene = Scene::new(&[("charts/web/Chart.yaml", &wrapper)]);
    assert!(scene.fetch().contains("\n1 fetched\n"));
    let (_, rendered) = scene.run(&["render", "app", "charts/web"]);
    assert!(rendered.contains("version: 1.0.0"), "{rendered}");
}

/// What only the name of a release ties to the repository is somebody else's; what a line of it causes begins there.
#[test]
fn findings_begin_at_home() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: {{ .Release.Name }}-web }\nspec:\n  replicas: 2\n  \
                      selector: { matchLabels: { app: web } }\n  template:\n    metadata: { labels: { app: web } }\n    spec:\n      containers:\n      \
                      - { name: web, image: 'web:1', ports: [{ name: http, containerPort: 80 }] }\n";
    let service = "apiVersion: v1\nkind: Service\nmetadata: { name: {{ .Release.Name }}-web }\nspec:\n  selector: { app: web }\n  ports: [{ port: 80, targetPort: other }]\n";
    let server = repository(vec![(
        "web",
        "1.0.0",
        chart("web", "1.0.0", &[("templates/d.yaml", deployment), ("templates/s.yaml", service)]),
    )]);
    let about = format!(
        "apiVersion: v2\nname: own\nversion: 1.0.0\ndependencies: [{{ name: web, repository: '{}', version: 1.0.0 }}]\n",
        server.url("/charts")
    );
    let scene = Scene::new(&[
        ("more/Chart.yaml", &about),
        (
            "apps/more.yaml",
            &application("more", "https://git.example/r.git", "x", "HEAD")
                .replace("chart: 'x'", "path: more")
                .replace("  destination", "  syncPolicy: { automated: { selfHeal: true } }\n  destination"),
        ),
        (
            "more/templates/scaler.yaml",
            "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: a }\nspec:\n  maxReplicas: 3\n  \
             scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: more-web }\n  \
             metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }]\n",
        ),
    ]);
    scene.fetch();
    let select = ["--select", "unmatched-named-port,hpa-replicas-conflict", "--format", "concise"];
    let (_, said) = scene.run(&select);
    assert!(
        said.contains("more/templates/scaler.yaml:3:") && said.contains("warning[hpa-replicas-conflict]"),
        "{said}"
    );
    assert!(!said.contains("unmatched-named-port"), "{said}");
    let (_, said) = scene.run(&[&select[..], &["--third-party"]].concat());
    assert!(
        said.contains("unmatched-named-port") && said.contains("web-1.0.0.tgz!/web/templates/s.yaml:"),
        "{said}"
    );
}
