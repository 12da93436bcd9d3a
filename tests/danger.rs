//! Dangers of a change: each kind with a change that has it and one beside it that has not.

use std::collections::BTreeSet;
use std::sync::Arc;

use gitops_lint::facade::diff::{self, DANGERS, Danger, Diff};
use gitops_lint::facade::finding::Severity;
use gitops_lint::facade::lint::Names;
use gitops_lint::facade::repo::Workspace;
use gitops_lint::facade::report::{Look, diff_stat};
use gitops_lint::facade::source::{MemoryTree, SharedTree, Sources, Tree};
use gitops_lint::facade::yaml::Cache;

use super::cli::{code, git, run_in, scratch, text, write};
use super::rules;

type Files<'a> = Vec<(&'a str, String)>;

fn dangers(base: &Files<'_>, head: &Files<'_>) -> Vec<Danger> {
    diff_of(base, head).dangers
}

fn diff_of(base: &Files<'_>, head: &Files<'_>) -> Diff {
    let sources = Sources::new();
    let cache = Arc::new(Cache::new(Arc::clone(&sources)));
    let borrow = |files: &Files<'_>| -> Arc<dyn Tree> {
        Arc::new(MemoryTree::of(&sources, files.iter().map(|(path, text)| (*path, text.as_str()))))
    };
    let head = borrow(head);
    let base: Arc<dyn Tree> = Arc::new(SharedTree::new(borrow(base), Arc::clone(&head)));
    let (base, _) = Workspace::of_tree(base, Arc::clone(&cache), &[]);
    let (head, _) = Workspace::of_tree(head, cache, &[]);
    diff::diff(&base, &head)
}

const SYNCED: &str = "syncPolicy: { automated: { prune: true, selfHeal: true } }";

fn app(extra: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: shop
  namespace: argocd
  finalizers: [resources-finalizer.argocd.argoproj.io]
spec:
  project: default
  source: {{ repoURL: https://git.example.com/acme/gitops.git, targetRevision: HEAD, path: deploy }}
  destination:
    server: https://kubernetes.default.svc
    namespace: shop
  {extra}
"
    )
}

/// A repository with one app that has these manifests.
fn with(manifests: &str) -> Files<'static> {
    let keep = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: keep }\n".to_owned();
    vec![
        ("apps/shop.yaml", app(SYNCED)),
        ("deploy/keep.yaml", keep),
        ("deploy/all.yaml", manifests.to_owned()),
    ]
}

fn object(api: &str, kind: &str, name: &str, rest: &str) -> String {
    format!("apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: {name}\n{rest}\n---\n")
}

fn deployment(name: &str, replicas: u32, selector: &str, container: &str, pod: &str) -> String {
    object(
        "apps/v1",
        "Deployment",
        name,
        &format!(
            "spec:\n  replicas: {replicas}\n  selector: {{ matchLabels: {{ app: {selector} }} }}\n  template:\n    metadata: {{ labels: {{ app: {selector} }} }}\n    spec:\n{pod}      containers:\n        - name: web\n{container}"
        ),
    )
}

fn plain(image: &str) -> String {
    deployment("web", 2, "web", &format!("          image: web:{image}\n"), "")
}

/// The kinds of dangers between two sets of manifests.
fn names(base: &str, head: &str) -> BTreeSet<&'static str> {
    dangers(&with(base), &with(head)).into_iter().map(|danger| danger.name).collect()
}

#[test]
fn objects_and_fields() {
    let claim = |size: &str, class: &str, extra: &str| {
        object(
            "v1",
            "PersistentVolumeClaim",
            "data",
            &format!(
                "{extra}spec:\n  accessModes: [ReadWriteOnce]\n  storageClassName: {class}\n  resources:\n    requests:\n      storage: {size}"
            ),
        )
    };
    let kept = "  annotations:\n    argocd.argoproj.io/sync-options: Prune=false\n";
    let service = object("v1", "Service", "web", "spec: { ports: [{ port: 80 }], selector: { app: web } }");
    let policy = object("networking.k8s.io/v1", "NetworkPolicy", "web", "spec: { podSelector: {} }");
    let config =
        |name: &str, value: &str| object("v1", "ConfigMap", name, &format!("data: {{ a: {value} }}"));
    let of = |container: &str, pod: &str| deployment("web", 2, "web", container, pod);
    let (image, privileged) = (
        "          image: web:1.0.0\n",
        "          image: web:1.0.0\n          securityContext:\n            privileged: true\n",
    );
    let binding = |role: &str| {
        object(
            "rbac.authorization.k8s.io/v1",
            "ClusterRoleBinding",
            "ops",
            &format!(
                "roleRef: {{ apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role} }}\nsubjects: [{{ kind: Group, name: ops, apiGroup: rbac.authorization.k8s.io }}]"
            ),
        )
    };
    let role = |verbs: &str| {
        object(
            "rbac.authorization.k8s.io/v1",
            "ClusterRole",
            "ops",
            &format!("rules:\n  - apiGroups: [\"\"]\n    resources: [pods]\n    verbs: {verbs}"),
        )
    };
    let job = |tag: &str, annotations: &str| {
        let pod = format!(
            "{annotations}spec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers: [{{ name: a, image: \"a:{tag}\" }}]"
        );
        object("batch/v1", "Job", "once", &pod)
    };
    let (hook, forced) = (
        "  annotations: { argocd.argoproj.io/hook: Sync }\n",
        "  annotations: { argocd.argoproj.io/sync-options: \"Force=true,Replace=true\" }\n",
    );
    let secret = |kind: &str| object("v1", "Secret", "s", &format!("{kind}stringData: {{ a: b }}"));
    let pod = |tag: &str, account: &str| {
        let spec = format!(
            "spec:\n  serviceAccountName: {account}\n  containers: [{{ name: a, image: \"a:{tag}\" }}]"
        );
        object("v1", "Pod", "p", &spec)
    };
    let set = |size: &str, kind: &str| {
        let spec = format!(
            "spec:\n  serviceName: db\n  selector: {{ matchLabels: {{ app: db }} }}\n  template:\n    metadata: {{ labels: {{ app: db }} }}\n    spec: {{ containers: [{{ name: a, image: a }}] }}\n  volumeClaimTemplates:\n      - metadata: {{ name: data }}\n{kind}        spec: {{ accessModes: [ReadWriteOnce], resources: {{ requests: {{ storage: {size} }} }} }}"
        );
        object("apps/v1", "StatefulSet", "db", &spec)
    };
    let cases: Vec<(&str, String, String, Option<&str>)> = vec![
        ("a claim goes", claim("1Gi", "a", ""), String::new(), Some("deleted-data")),
        ("a kept claim goes", claim("1Gi", "a", kept), String::new(), None),
        ("a claim comes", String::new(), claim("1Gi", "a", ""), None),
        ("a claim shrinks", claim("2Gi", "a", ""), claim("1Gi", "a", ""), Some("immutable-field")),
        ("a claim grows", claim("1Gi", "a", ""), claim("2Gi", "a", ""), None),
        ("a claim's class", claim("1Gi", "a", ""), claim("1Gi", "b", ""), Some("immutable-field")),
        ("a Service goes", service.clone(), String::new(), Some("deleted-traffic")),
        ("a policy goes", policy.clone(), String::new(), Some("deleted-protection")),
        ("a ConfigMap goes", config("a", "x"), String::new(), None),
        ("a ConfigMap changes", config("a", "x"), config("a", "y"), None),
        (
            "an immutable ConfigMap changes",
            object("v1", "ConfigMap", "a", "immutable: true\ndata: { a: x }"),
            object("v1", "ConfigMap", "a", "immutable: true\ndata: { a: y }"),
            Some("immutable-field"),
        ),
        (
            "a Deployment is renamed",
            plain("1.0.0"),
            deployment("site", 2, "web", image, ""),
            Some("renamed-object"),
        ),
        ("a selector", plain("1.0.0"), deployment("web", 2, "site", image, ""), Some("immutable-field")),
        (
            "a claim gets a class",
            claim("1Gi", "a", "").replace("  storageClassName: a\n", ""),
            claim("1Gi", "a", ""),
            Some("immutable-field"),
        ),
        (
            "a claim says what is the default",
            claim("1Gi", "a", ""),
            claim("1Gi", "a", "").replace("spec:\n", "spec:\n  volumeMode: Filesystem\n"),
            None,
        ),
        ("a Job", job("1", ""), job("2", ""), Some("immutable-field")),
        ("a Job that is a hook", job("1", hook), job("2", hook), None),
        ("a Job that is forced", job("1", forced), job("2", forced), None),
        ("a Secret says its type", secret(""), secret("type: Opaque\n"), None),
        ("a Secret's type", secret("type: Opaque\n"), secret("type: a/b\n"), Some("immutable-field")),
        ("a Pod's image", pod("1.0.0", "a"), pod("1.1.0", "a"), None),
        ("a Pod's account", pod("1.0.0", "a"), pod("1.0.0", "b"), Some("immutable-field")),
        (
            "a set's claim of one size",
            set("1Gi", ""),
            set("1024Mi", "        kind: PersistentVolumeClaim\n"),
            None,
        ),
        ("a set's claim grows", set("1Gi", ""), set("2Gi", ""), Some("immutable-field")),
        ("no replicas", plain("1.0.0"), deployment("web", 0, "web", image, ""), Some("stopped-workload")),
        ("fewer replicas", plain("1.0.0"), deployment("web", 1, "web", image, ""), None),
        ("an older image", plain("1.10.0"), plain("1.9.0"), Some("image-downgrade")),
        ("a newer image", plain("1.9.0"), plain("1.10.0"), None),
        ("a privileged container", of(image, ""), of(privileged, ""), Some("privilege-gain")),
        ("a container that is not any more", of(privileged, ""), of(image, ""), None),
        ("the host's network", of(image, ""), of(image, "      hostNetwork: true\n"), Some("privilege-gain")),
        ("an admin comes", String::new(), binding("cluster-admin"), Some("new-cluster-admin")),
        ("a viewer comes", String::new(), binding("view"), None),
        ("a role gets all", role("[get]"), role("[get, \"*\"]"), Some("wider-role")),
        ("a role gets more", role("[get]"), role("[get, list]"), None),
    ];
    for (what, base, head, want) in cases {
        let found = names(&base, &head);
        assert_eq!(found, want.into_iter().collect(), "{what}");
    }
}

#[test]
fn apps_as_they_are_defined() {
    let chart = |version: &str| {
        app(SYNCED)
            .replace("targetRevision: HEAD, path: deploy", &format!("targetRevision: {version}, chart: shop"))
    };
    let base = app(SYNCED);
    for (what, base, head, want) in [
        ("project", base.clone(), base.replace("project: default", "project: other"), Some("moved-app")),
        ("namespace", base.clone(), base.replace("namespace: shop", "namespace: site"), Some("moved-app")),
        (
            "finalizer",
            base.clone(),
            base.replace("  finalizers: [resources-finalizer.argocd.argoproj.io]\n", ""),
            Some("removed-finalizer"),
        ),
        ("begins to prune", app(""), base.clone(), Some("loosened-sync")),
        ("begins to heal", app("syncPolicy: { automated: { prune: true } }"), base.clone(), None),
        (
            "stops to heal",
            base.clone(),
            base.replace("selfHeal: true", "selfHeal: false"),
            Some("loosened-sync"),
        ),
        (
            "forceful",
            app("syncPolicy: { syncOptions: [CreateNamespace=true] }"),
            app("syncPolicy: { syncOptions: [CreateNamespace=true, Replace=true] }"),
            Some("loosened-sync"),
        ),
        (
            "looks away",
            app(""),
            app("ignoreDifferences: [{ group: apps, kind: Deployment, jsonPointers: [/spec/replicas] }]"),
            Some("loosened-sync"),
        ),
        ("major", chart("1.2.3"), chart("2.0.0"), Some("major-chart-bump")),
        ("minor", chart("1.2.3"), chart("1.3.0"), None),
        (
            "a label",
            base.clone(),
            base.replace("  name: shop\n", "  name: shop\n  labels: { team: a }\n"),
            None,
        ),
    ] {
        let files = |app: String| vec![("apps/shop.yaml", app), ("deploy/web.yaml", plain("1.0.0"))];
        let found = dangers(&files(base), &files(head));
        let mut kinds: BTreeSet<&str> = found.iter().map(|danger| danger.name).collect();
        // Its objects go to another namespace, too.
        if what == "namespace" {
            kinds.remove("renamed-object");
        }
        assert_eq!(kinds, want.into_iter().collect(), "{what}: {found:?}");
        for danger in found.iter().filter(|danger| danger.name != "renamed-object") {
            let line = danger.line.as_ref().unwrap();
            assert_eq!(&*line.file, "apps/shop.yaml", "{what}");
        }
    }
}

#[test]
fn what_is_gone_is_as_bad_as_what_becomes_of_it() {
    let claim = object(
        "v1",
        "PersistentVolumeClaim",
        "data",
        "spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }",
    );
    let of = |sync: &str, manifests: &str| {
        vec![
            ("apps/shop.yaml", app(sync)),
            ("deploy/keep.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: keep }\n".to_owned()),
            ("deploy/all.yaml", manifests.to_owned()),
        ]
    };
    for (sync, want) in [
        (SYNCED, Some(Severity::Error)),
        ("syncPolicy: { automated: {} }", Some(Severity::Warning)),
        ("syncPolicy: { automated: { prune: true }, syncOptions: [Prune=false] }", None),
    ] {
        let found = dangers(&of(sync, &claim), &of(sync, ""));
        assert_eq!(found.first().map(|danger| danger.severity), want, "{sync}");
    }
    let gone = dangers(&of(SYNCED, &claim), &vec![("README.yaml", "a: 1\n".to_owned())]);
    assert!(gone.iter().any(|danger| danger.name == "unapplied-app"), "{gone:?}");
}

/// A definition that goes names what it takes along, wherever that is applied on its cluster.
#[test]
fn definitions_that_go_name_what_is_left() {
    let crd = |name: &str, versions: &str| {
        let spec = format!(
            "spec:\n  group: example.com\n  scope: Namespaced\n  names: {{ kind: {name}, plural: {0}s, singular: {0}, listKind: {name}List }}\n  versions:\n{versions}",
            name.to_lowercase()
        );
        let plural = format!("{}s.example.com", name.to_lowercase());
        object("apiextensions.k8s.io/v1", "CustomResourceDefinition", &plural, &spec)
    };
    let version = |name: &str, served: bool, storage: bool| {
        format!(
            "    - {{ name: {name}, served: {served}, storage: {storage}, schema: {{ openAPIV3Schema: {{ type: object, x-kubernetes-preserve-unknown-fields: true }} }} }}\n"
        )
    };
    let site = app(SYNCED).replace("name: shop\n", "name: site\n").replace("path: deploy", "path: site");
    let of = |definition: &str, instance: &str| -> Files<'static> {
        let mut files = with(definition);
        files.push(("apps/site.yaml", site.clone()));
        files.push((
            "site/keep.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: kept }\n".to_owned(),
        ));
        files.push(("site/it.yaml", instance.to_owned()));
        files
    };
    let tree =
        |version: &str| format!("apiVersion: example.com/{version}\nkind: Tree\nmetadata: {{ name: oak }}\n");
    let both = [version("v1beta1", true, false), version("v1", true, true)].concat();
    let [whole, one, unserved, unstored] = [
        both.clone(),
        version("v1", true, true),
        [version("v1beta1", false, false), version("v1", true, true)].concat(),
        version("v1beta1", true, true),
    ]
    .map(|versions| crd("Tree", &versions));
    for (what, base, head, instance, want) in [
        (
            "it goes",
            &whole,
            "",
            tree("v1"),
            Some(("deleted-data", Severity::Error, "Tree `oak` in `site` (site/it.yaml:1)")),
        ),
        (
            "nothing is left",
            &whole,
            "",
            String::new(),
            Some(("deleted-data", Severity::Error, "every object of its kind")),
        ),
        (
            "unserved",
            &whole,
            &unserved,
            tree("v1beta1"),
            Some(("dropped-version", Severity::Error, "Tree `oak` in `site`")),
        ),
        (
            "gone, written in the other",
            &whole,
            &one,
            tree("v1"),
            Some(("dropped-version", Severity::Warning, "`v1beta1`")),
        ),
        (
            "the stored one",
            &whole,
            &unstored,
            String::new(),
            Some(("dropped-version", Severity::Error, "storedVersions")),
        ),
        ("one more", &one, &whole, tree("v1"), None),
    ] {
        let found = dangers(&of(base, &instance), &of(head, &instance));
        let told = found.first().map(|it| (it.name, it.severity));
        assert_eq!(told, want.map(|(name, severity, _)| (name, severity)), "{what}: {found:?}");
        if let (Some((.., words)), Some(danger)) = (want, found.first()) {
            assert!(danger.message.contains(words), "{what}: {}", danger.message);
        }
    }
}

/// The version of a chart that lies here is known from its objects, and what becomes of the kinds that it defines.
#[test]
fn charts_around_charts_are_bumped() {
    let label = |version: &str| {
        object("v1", "ConfigMap", "a", "data: { a: x }")
            .replace("  name: a\n", &format!("  name: a\n  labels: {{ helm.sh/chart: web-app-{version} }}\n"))
    };
    for (old, new, want) in
        [("1.9.0", "2.0.0", true), ("1.9.0", "1.10.0", false), ("v1.9.0", "v2.0.0-rc.1", false)]
    {
        let found = dangers(&with(&label(old)), &with(&label(new)));
        assert_eq!(found.iter().any(|it| it.name == "major-chart-bump"), want, "{old} {new}: {found:?}");
    }
}

#[test]
fn one_line_that_reaches_far() {
    let chart = "apiVersion: v2\nname: web\nversion: 1.0.0\n".to_owned();
    let names: Vec<String> = (0..12).map(|at| format!("apps/a{at}.yaml")).collect();
    let files = |value: &str| -> Files<'_> {
        let mut files: Files<'_> = names
            .iter()
            .enumerate()
            .map(|(at, path)| (path.as_str(), app("").replace("name: shop\n", &format!("name: a{at}\n"))))
            .collect();
        files.push(("deploy/Chart.yaml", chart.clone()));
        files.push(("deploy/values.yaml", format!("a: {value}\n")));
        let template =
            "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { a: {{ .Values.a }} }\n";
        files.push(("deploy/templates/a.yaml", template.to_owned()));
        files
    };
    let found = dangers(&files("x"), &files("y"));
    assert_eq!(found.iter().map(|danger| danger.name).collect::<Vec<_>>(), ["wide-radius"]);
    let line = found[0].line.as_ref().unwrap();
    assert_eq!((&*line.file, line.line), ("deploy/values.yaml", 1));
}

#[test]
fn dangers_decide_the_exit_code_and_can_be_meant() {
    let dir = scratch(&[]);
    for (path, text) in with(&plain("1.10.0")) {
        write(dir.path(), path, &text);
    }
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    write(dir.path(), "deploy/all.yaml", &plain("1.9.0"));
    for (args, want) in [
        (&["diff", "HEAD"][..], 0),
        (&["diff", "HEAD", "--fail-on", "error"], 0),
        (&["diff", "HEAD", "--fail-on", "warning"], 1),
        (&["diff", "HEAD", "--fail-on", "warning", "--allow", "image-downgrade"], 0),
        (&["diff", "HEAD", "--allow", "image-downgrad"], 2),
    ] {
        let output = run_in(dir.path(), args);
        assert_eq!(code(&output), want, "{args:?}: {}", text(&output.stderr));
    }
    let pretty = text(&run_in(dir.path(), &["diff", "HEAD"]).stdout);
    assert!(pretty.contains("warning[image-downgrade]: Deployment `web` goes back"), "{pretty}");
    assert!(pretty.contains("<- deploy/all.yaml:13"), "{pretty}");
    let markdown = text(&run_in(dir.path(), &["diff", "HEAD", "--format", "markdown"]).stdout);
    assert!(markdown.contains("🟡 **image-downgrade**"), "{markdown}");
    let json = run_in(dir.path(), &["diff", "HEAD", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["dangers"][0]["file"], "deploy/all.yaml");
}

/// The page lists all of them, as they are.
#[test]
fn the_page_lists_all() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diff.md")).unwrap();
    for danger in DANGERS {
        let link = format!("[`{0}`](../rules/changes/{0}.md)", danger.name);
        let row = format!("| {link} | {} | {} |", danger.severity.as_str(), danger.summary);
        assert!(page.contains(&row), "{row}");
    }
}

/// Executes the pages below `rules/changes/`: what is documented as dangerous is told as shown, what is not is not.
/// `UPDATE=1` rewrites what is shown.
#[test]
fn pages_hold() {
    let pages = rules::pages();
    let mut wrong = Vec::new();
    for danger in DANGERS {
        let page = &pages[danger.name];
        assert!(page.path.ends_with(format!("rules/changes/{}.md", danger.name)), "{}", page.path.display());
        let mut text: Vec<String> = page.text.lines().map(str::to_owned).collect();
        assert_eq!(text[0], format!("# {}", danger.name));
        let source = text[1].rsplit("src/").next().unwrap().trim_end_matches(" -->").to_owned();
        text[1] = format!(
            "<!-- generated: {} · changes · since 0.1.0 · src/{source} -->",
            danger.severity.as_str()
        );
        assert_eq!(text[3], danger.summary);
        let sections: Vec<&str> = page.text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(sections, ["Why is this bad?", "Incorrect", "Correct", "Exceptions"], "{}", danger.name);
        let allowed = format!("`gitops-lint diff --allow {}`", danger.name);
        assert!(page.text.contains(&allowed), "{} does not tell how to say that it is meant", danger.name);
        let examples = rules::examples(page);
        for example in examples.iter().rev() {
            let [base, head] = example.sides.each_ref().map(|own| {
                let all = example.files.iter().chain(own);
                all.map(|(path, text)| (path.as_str(), text.clone())).collect::<Files<'_>>()
            });
            let diff = diff_of(&base, &head);
            let kinds: BTreeSet<&str> = diff.dangers.iter().map(|danger| danger.name).collect();
            let at = format!("{}:{}", page.path.display(), example.line);
            if example.section == "Incorrect" {
                assert!(kinds.contains(danger.name), "{at}: it is not told: {kinds:?}");
                let shown = diff_stat(&diff, &Names::default(), Look::default());
                let range = example.finding.clone().unwrap_or_else(|| panic!("{at}: no block `text danger`"));
                text.splice(range, shown.trim_end().lines().map(str::to_owned));
            } else {
                assert!(kinds.is_empty(), "{at}: must be silent: {:?}", diff.dangers);
                assert!(!diff.apps.is_empty() || !diff.definitions.is_empty(), "{at}: nothing changes");
            }
        }
        for section in ["Incorrect", "Correct"] {
            assert!(examples.iter().any(|it| it.section == section), "{}: no example", danger.name);
        }
        rules::expect(&page.path, &(text.join("\n") + "\n"), &mut wrong);
        // What was written anew is not in this program yet.
        if danger.page != page.text && std::env::var_os("UPDATE").is_some() {
            continue;
        }
        let printed = run_in(scratch(&[]).path(), &["explain", danger.name]);
        assert_eq!(text_of_page(&printed), page.text, "{}", danger.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn text_of_page(output: &std::process::Output) -> String {
    assert_eq!(code(output), 0, "{}", text(&output.stderr));
    text(&output.stdout)
}
