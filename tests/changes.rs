//! Diffs of two sides: small ones, judged line by line; and random edits in real repositories.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use gitops_lint::facade::diff::{self, Diff, How, Version};
use gitops_lint::facade::finding::ObjectRef;
use gitops_lint::facade::repo::{self, App, Rendered, Status, Workspace};
use gitops_lint::facade::source::{
    MemoryTree, OverlayTree, SharedTree, SourceFile, Sources, Span, Tree, TreePath, WorkTree,
};
use gitops_lint::facade::yaml::{Cache, Data, Node, Style};

use super::cli::text;

type Files<'a> = &'a [(&'a str, &'a str)];

/// The diff of two sets of files.
fn diff_of(base: Files<'_>, head: Files<'_>) -> Diff {
    let sources = Sources::new();
    let cache = Arc::new(Cache::new(Arc::clone(&sources)));
    let head: Arc<dyn Tree> = Arc::new(MemoryTree::of(&sources, head.iter().copied()));
    let base: Arc<dyn Tree> = Arc::new(MemoryTree::of(&sources, base.iter().copied()));
    let base: Arc<dyn Tree> = Arc::new(SharedTree::new(base, Arc::clone(&head)));
    let (base, _) = Workspace::of_tree(base, Arc::clone(&cache), &[]);
    let (head, _) = Workspace::of_tree(head, cache, &[]);
    diff::diff(&base, &head)
}

/// A line per field: app, object, what happened, the field, its values and the line that causes it.
fn told(diff: &Diff) -> Vec<String> {
    let mut lines = Vec::new();
    for app in &diff.apps {
        for object in &app.objects {
            for field in &object.fields {
                let cause = field.cause.map_or_else(
                    || "?".to_owned(),
                    |at| {
                        let line = &diff.causes[at].line;
                        let gone = if line.version == Version::Base { " gone" } else { "" };
                        format!("{}:{}{gone}", line.file, line.line)
                    },
                );
                let (kind, name) = (&object.object.kind, &object.object.name);
                let value = |value: &Option<serde_json::Value>| match value {
                    Some(serde_json::Value::Object(_) | serde_json::Value::Array(_)) => "...".to_owned(),
                    Some(value) => value.to_string(),
                    None => "-".to_owned(),
                };
                let (before, after) = (value(&field.before), value(&field.after));
                let how = object.how.as_str();
                lines.push(format!(
                    "{}: {kind}/{name} {how} {} {before} {after} <- {cause}",
                    app.name, field.path
                ));
            }
        }
    }
    lines
}

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: { name: {{ .Release.Name }} }
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
      - name: app
        image: web:1
        {{- if .Values.debug }}
        args: [--debug]
        {{- end }}
";

fn application(name: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{ name: {name}, namespace: argocd }}
spec:
  project: default
  source:
    repoURL: https://git.example.com/acme/gitops.git
    targetRevision: HEAD
    path: chart
    helm: {{ valueFiles: [common.yaml] }}
  destination: {{ server: https://kubernetes.default.svc, namespace: {name} }}
"
    )
}

#[test]
fn one_line_is_one_cause_with_all_its_apps() {
    let (a, b) = (application("a"), application("b"));
    let with = |common: &'static str| {
        vec![
            ("apps/a.yaml", a.clone()),
            ("apps/b.yaml", b.clone()),
            ("chart/Chart.yaml", CHART.to_owned()),
            ("chart/values.yaml", "replicas: 1\ndebug: false\n".to_owned()),
            ("chart/common.yaml", common.to_owned()),
            ("chart/templates/web.yaml", DEPLOYMENT.to_owned()),
        ]
    };
    let (base, head) = (with("# shared\nreplicas: 2\n"), with("# shared\nreplicas: 3\n"));
    fn borrow<'a>(files: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
        files.iter().map(|(path, text)| (*path, text.as_str())).collect()
    }
    let diff = diff_of(&borrow(&base), &borrow(&head));
    assert_eq!(
        told(&diff),
        [
            "a: Deployment/a changed spec.replicas 2 3 <- chart/common.yaml:2",
            "b: Deployment/b changed spec.replicas 2 3 <- chart/common.yaml:2",
        ]
    );
    assert_eq!(diff.causes.len(), 1);
    assert_eq!((diff.causes[0].apps.len(), diff.causes[0].certain), (2, true));
    assert_eq!(diff.causes[0].text, "replicas: 3");
    // A condition, and a line that is gone.
    let head = with("# shared\nreplicas: 2\ndebug: true\n");
    let diff = diff_of(&borrow(&base), &borrow(&head));
    let lines = told(&diff);
    let args = "a: Deployment/a changed spec.template.spec.containers[app].args - ... <- chart/common.yaml:3";
    assert_eq!(lines[0], args, "{lines:?}");
    let head = with("# shared\n");
    let lines = told(&diff_of(&borrow(&base), &borrow(&head)));
    assert_eq!(lines[0], "a: Deployment/a changed spec.replicas 2 1 <- chart/common.yaml:2 gone");
    assert!(told(&diff_of(&borrow(&base), &borrow(&base))).is_empty());
}

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec:\n  ports:\n";

#[test]
fn lists_are_matched_by_their_keys() {
    let list = "resources: [svc.yaml]\n";
    let [http, https] = ["  - { name: http, port: 80 }\n", "  - { name: https, port: 443 }\n"];
    let one = [SERVICE, http, https].concat();
    let other = [SERVICE, https, http].concat();
    let base: Files<'_> = &[("kustomization.yaml", list), ("svc.yaml", &one)];
    let same = diff_of(base, &[("kustomization.yaml", list), ("svc.yaml", &other)]);
    assert_eq!(told(&same), Vec::<String>::new(), "the order of ports means nothing");
    let more = [SERVICE, "  - { name: admin, port: 81 }\n", https, http].concat();
    let diff = diff_of(base, &[("kustomization.yaml", list), ("svc.yaml", &more)]);
    let lines = told(&diff);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("spec.ports[81] - ... <- svc.yaml:6"), "{lines:?}");
}

#[test]
fn objects_are_found_again() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: { name: web }\nspec:\n  containers:\n  - name: app\n    image: web:1\n    envFrom:\n    - configMapRef: { name: env }\n";
    let kustomization = "resources: [pod.yaml]\nconfigMapGenerator:\n- name: env\n  envs: [app.env]\n";
    let base: Files<'_> =
        &[("kustomization.yaml", kustomization), ("pod.yaml", pod), ("app.env", "A=1\nB=2\n")];
    let head: Files<'_> =
        &[("kustomization.yaml", kustomization), ("pod.yaml", pod), ("app.env", "A=1\nB=3\n")];
    let diff = diff_of(base, head);
    let config = diff.objects().find(|it| it.object.kind == "ConfigMap").unwrap();
    assert_eq!(config.how, How::Same, "a hash makes no other object");
    let data = config.fields.iter().find(|field| field.path == "data.B").unwrap();
    let cause = &diff.causes[data.cause.unwrap()];
    assert_eq!((&*cause.line.file, cause.line.line), ("app.env", 2));
    let reference = diff.objects().find(|it| it.object.kind == "Pod").unwrap();
    assert!(reference.fields[0].follows);
    assert_eq!(reference.fields[0].cause, data.cause, "what follows has the same cause");

    // Another name means delete and create, and is still told as one.
    let other = pod.replace("name: web", "name: front");
    let head: Files<'_> =
        &[("kustomization.yaml", kustomization), ("pod.yaml", &other), ("app.env", "A=1\nB=2\n")];
    let diff = diff_of(base, head);
    let lines = told(&diff);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("Pod/front renamed metadata.name \"web\" \"front\" <- pod.yaml:3"),
        "{lines:?}"
    );

    // Gone and new.
    let none: Files<'_> = &[("kustomization.yaml", "resources: []\nnamePrefix: a-\n")];
    let gone = diff_of(base, none);
    let hows: Vec<How> = gone.objects().map(|it| it.how).collect();
    assert!(!hows.is_empty() && hows.iter().all(|how| *how == How::Removed), "{hows:?}");
    let new = diff_of(none, base);
    assert!(new.objects().all(|it| it.how == How::Added));
}

/// Small objects are alike by chance, and of several that are alike nobody can tell which became which.
#[test]
fn what_is_alike_by_chance_is_not_renamed() {
    let map = |name: &str, data: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: {name} }}\ndata: {{ {data} }}\n")
    };
    let hows = |base: &[(&str, &str)], head: &[(&str, &str)]| -> Vec<How> {
        let all = |maps: &[(&str, &str)]| {
            maps.iter().map(|(name, data)| map(name, data)).collect::<Vec<_>>().join("---\n")
        };
        let list = ("kustomization.yaml", "resources: [all.yaml]\n");
        let (base, head) = (all(base), all(head));
        let diff = diff_of(&[list, ("all.yaml", &base)], &[list, ("all.yaml", &head)]);
        let mut hows: Vec<How> = diff.objects().map(|it| it.how).collect();
        hows.sort();
        hows
    };
    let apart = [How::Added, How::Removed];
    assert_eq!(hows(&[("red", "a: x, b: y")], &[("blue", "a: x, b: y")]), apart, "small, and other names");
    assert_eq!(hows(&[("red", "a: x, b: y")], &[("red-two", "a: x, b: y")]), [How::Renamed]);
    let large = "a: x, b: y, c: z, d: w, e: v";
    assert_eq!(hows(&[("red", large)], &[("blue", large)]), [How::Renamed], "much in common");
    let two = [("red-one", large), ("red-two", large)];
    assert_eq!(hows(&[("red", large)], &two), [How::Added, How::Added, How::Removed], "which one?");
}

#[test]
fn secrets_show_that_they_change_and_nothing_else() {
    let list = "resources: [s.yaml]\n";
    let secret = |value: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{ name: s }}\nstringData:\n  a: {value}\n  b: zebra77x\n"
        )
    };
    let (old, new) = (secret("hunter22x"), secret("zebra77x"));
    let base: Files<'_> = &[("kustomization.yaml", list), ("s.yaml", &old)];
    let diff = diff_of(base, &[("kustomization.yaml", list), ("s.yaml", &new)]);
    assert_eq!(
        told(&diff),
        [".: Secret/s changed stringData.a \"******** (1)\" \"******** (2)\" <- s.yaml:5"]
            .map(|line| line.replacen('.', &diff.apps[0].name, 1))
    );
    let all = format!("{diff:?}");
    assert!(!all.contains("hunter22x") && !all.contains("zebra77x"), "{all}");
}

/// An entry of a kustomization is the cause of what it brings, whatever else changes in files that are read.
#[test]
fn entries_bring_objects() {
    let service = [SERVICE, "  - { name: http, port: 80 }\n"].concat();
    let map = |value: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: a }}\ndata:\n  a: {value}\n")
    };
    let (x, z) = (map("x"), map("z"));
    let long = "resources:\n  - ../base/a\n  - ../base/svc.yaml\n";
    let short = "resources:\n  - ../base/a\n";
    let (inner, file) = ("resources: [a.yaml]\n", "base/a/a.yaml");
    let of = |list: &'static str, map: &'static str| -> Vec<(&'static str, &'static str)> {
        vec![("top/kustomization.yaml", list), ("base/a/kustomization.yaml", inner), (file, map)]
    };
    let (x, z, service): (&str, &str, &str) = (x.leak(), z.leak(), service.leak());
    let with = |list, map| [of(list, map), vec![("base/svc.yaml", service)]].concat();
    let lines = told(&diff_of(&with(long, x), &with(short, z)));
    assert!(
        lines
            .iter()
            .any(|it| it.contains("Service/web removed") && it.ends_with("<- top/kustomization.yaml:3 gone")),
        "{lines:?}"
    );
    let lines = told(&diff_of(&with(short, x), &with(long, z)));
    assert!(
        lines
            .iter()
            .any(|it| it.contains("Service/web added") && it.ends_with("<- top/kustomization.yaml:3")),
        "{lines:?}"
    );
    let none = "resources:\n  - ../base/svc.yaml\n";
    let lines = told(&diff_of(&with(long, x), &with(none, x)));
    assert!(
        lines
            .iter()
            .any(|it| it.contains("ConfigMap/a removed") && it.ends_with("<- top/kustomization.yaml:2 gone")),
        "{lines:?}"
    );
}

/// An Application that nobody applies but people, and apps that cannot be rendered: what the change touches is told.
#[test]
fn definitions_are_told_where_nothing_applies_them() {
    let app = |name: &str, chart: &str, version: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{ name: {name}, namespace: argocd }}\nspec:\n  project: default\n  source:\n    repoURL: https://charts.example.com\n    chart: {chart}\n    targetRevision: {version}\n  destination: {{ server: 'https://kubernetes.default.svc', namespace: {name} }}\n"
        )
    };
    let (one, two, other) = (app("a", "web", "1.2.3"), app("a", "web", "1.3.0"), app("b", "db", "1.0.0"));
    let base = [("apps/a.yaml", one.as_str()), ("apps/b.yaml", other.as_str())];
    let head = [("apps/a.yaml", two.as_str()), ("apps/b.yaml", other.as_str())];
    let diff = diff_of(&base, &head);
    assert!(diff.apps.is_empty() && !diff.is_empty());
    let definition = &diff.definitions[0];
    assert_eq!(
        (definition.app.as_str(), definition.fields[0].path.as_str()),
        ("a", "spec.source.targetRevision")
    );
    let cause = &diff.causes[definition.fields[0].cause.unwrap()];
    assert_eq!((&*cause.line.file, cause.line.line, cause.objects), ("apps/a.yaml", 9, 1));
    let open: Vec<(&str, bool)> = diff.open.iter().map(|open| (open.app.as_str(), open.touched)).collect();
    assert_eq!(open, [("a", true), ("b", false)]);
    // One that an app applies is told there, and once.
    let root = app("root", "x", "1.0.0")
        .replace("chart: x", "path: apps")
        .replace("charts.example.com", "git.example.com/acme/gitops.git");
    let with = |files: &[(&'static str, &str)]| -> Vec<(String, String)> {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        files.chain([("root.yaml".to_owned(), root.clone())]).collect()
    };
    let (base, head) = (with(&base), with(&head));
    let borrow = |files: &'_ [(String, String)]| -> Vec<(&'static str, &'static str)> {
        files.iter().map(|(path, text)| (&*path.clone().leak(), &*text.clone().leak())).collect()
    };
    let diff = diff_of(&borrow(&base), &borrow(&head));
    assert!(diff.definitions.is_empty(), "{:?}", diff.definitions);
    assert_eq!(diff.objects().count(), 1);
}

/// What could not be rendered before and can be now, what no app reads, and which line says where objects go.
#[test]
fn what_is_not_in_the_renders_is_said() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n";
    let stray = ["kind: Notes\na: 1\n", "kind: Notes\na: 2\n"];
    let of = |list: &'static str, stray: &'static str| -> Vec<(&'static str, &'static str)> {
        vec![("app/kustomization.yaml", list), ("app/a.yaml", map), ("notes/a.yaml", stray)]
    };
    let (base, head) = (of("resources: [a.yaml, b.yaml]\n", stray[0]), of("resources: [a.yaml]\n", stray[1]));
    let diff = diff_of(&base, &head);
    assert!(diff.apps.is_empty(), "{:?}", told(&diff));
    assert_eq!((diff.open.len(), diff.open[0].mended, diff.open[0].is_new), (1, Some(1), false));
    let unread: Vec<&str> = diff.unread.iter().map(TreePath::as_str).collect();
    assert_eq!(unread, ["notes/a.yaml"]);
    let broken = diff_of(&head, &base);
    assert_eq!((broken.open[0].mended, broken.open[0].is_new), (None, true));

    let app = |project: &str, namespace: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{ name: a, namespace: argocd }}\nspec:\n  project: {project}\n  source: {{ repoURL: https://git.example.com/acme/gitops.git, targetRevision: HEAD, path: deploy }}\n  destination:\n    server: https://kubernetes.default.svc\n    namespace: {namespace}\n"
        )
    };
    let (old, new) = (app("a", "a"), app("b", "b"));
    let diff = diff_of(
        &[("apps/a.yaml", old.as_str()), ("deploy/a.yaml", map)],
        &[("apps/a.yaml", new.as_str()), ("deploy/a.yaml", map)],
    );
    assert_eq!(told(&diff), ["a: ConfigMap/a renamed metadata.namespace \"a\" \"b\" <- apps/a.yaml:9"],);
}

/// Several new items of one list that a template prints whole: each has its own line.
#[test]
fn items_of_a_printed_list_have_their_own_lines() {
    let template = "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec:\n  containers:\n  - name: a\n    image: a:1\n    env:\n      {{- toYaml .Values.env | nindent 6 }}\n";
    let of = |values: &'static str| -> Vec<(&'static str, &'static str)> {
        vec![("c/Chart.yaml", CHART), ("c/templates/a.yaml", template), ("c/values.yaml", values)]
    };
    let base = of("env:\n  - name: Z\n    value: z\n");
    let head = of("env:\n  - name: A\n    value: a\n  - name: B\n    value: b\n  - name: Z\n    value: z\n");
    let lines = told(&diff_of(&base, &head));
    let of = |name: &str| lines.iter().find(|it| it.contains(&format!("env[{name}]"))).cloned();
    assert!(of("A").is_some_and(|it| it.ends_with("<- c/values.yaml:2")), "{lines:?}");
    assert!(of("B").is_some_and(|it| it.ends_with("<- c/values.yaml:4")), "{lines:?}");
}

fn git(dir: &Path, args: &[&str]) {
    super::cli::git(dir, args);
}

#[test]
fn the_command_compares_a_branch_with_where_it_left() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let pod = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, namespace: web }\ndata:\n  a: x\n";
    std::fs::write(root.join("kustomization.yaml"), "resources: [web.yaml]\n").unwrap();
    std::fs::write(root.join("web.yaml"), pod).unwrap();
    git(root, &["init", "-q", "-b", "main"]);
    git(root, &["add", "."]);
    git(root, &["commit", "-qm", "one"]);
    let ask = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gitops-lint"));
        let output = command.current_dir(root).args(args).env_clear().output().unwrap();
        (text(&output.stdout) + &text(&output.stderr), output.status.code().unwrap())
    };
    let (out, code) = ask(&["diff", "--exit-code"]);
    assert_eq!((out.as_str(), code), ("nothing that is applied changes\n", 0));
    std::fs::write(root.join("web.yaml"), pod.replace("a: x", "a: z")).unwrap();
    let (out, code) = ask(&["diff", "--exit-code"]);
    assert_eq!(code, 1, "{out}");
    for part in ["1 object in 1 app: 1 changed", "web.yaml:5", "~ ConfigMap/web/web", "data.a", "- x", "+ z"]
    {
        assert!(out.contains(part), "{part} is missing in\n{out}");
    }
    assert_eq!(ask(&["diff"]).1, 0, "as git diff");
    git(root, &["checkout", "-qb", "topic"]);
    git(root, &["commit", "-qam", "two"]);
    let (json, _) = ask(&["diff", "main", "topic", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["causes"][0]["file"], "web.yaml");
    assert_eq!(json["apps"][0]["objects"][0]["fields"][0]["after"], "z");
    let schema = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema/diff.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let errors: Vec<String> = schema.iter_errors(&json).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let (said, code) =
        ask(&["diff", "--format", "html=d.html", "--format", "markdown=d.md", "--format", "pretty"]);
    assert!(code == 0 && said.contains("~ ConfigMap/web/web"), "{said}");
    let page = std::fs::read_to_string(root.join("d.html")).unwrap();
    assert!(page.contains("default-src 'none'") && !page.contains("src=\"") && !page.contains("<link"));
    let data = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(
        data["apps"][0]["objects"][0]["fields"][0]["lines"],
        serde_json::json!([["-", "x"], ["+", "z"]])
    );
    let source = &data["causes"][0]["source"];
    assert!(source.to_string().contains(r#"["-",5,"  a: x"],["+",5,"  a: z"]"#), "{source}");
    assert!(std::fs::read_to_string(root.join("d.md")).unwrap().contains("web.yaml:5"));
    let (said, code) = ask(&["diff", "--format", "json", "--format", "html"]);
    assert!(code == 2 && said.contains("would both go to standard output"), "{said}");
    let (said, code) = ask(&["diff", "--format", "jsn"]);
    assert!(code == 2 && said.contains("did you mean `json`?"), "{said}");
    std::fs::remove_file(root.join("d.html")).unwrap();
    std::fs::remove_file(root.join("d.md")).unwrap();
    let (stat, _) = ask(&["diff", "--stat"]);
    assert!(stat.contains("~1"), "{stat}");
    let (markdown, _) = ask(&["diff", "--format", "markdown"]);
    assert!(markdown.contains("```diff") && markdown.contains("web.yaml:5"), "{markdown}");
    let (out, code) = ask(&["impact", "web.yaml:5"]);
    assert!(code == 0 && out.contains("reaches 1 object in 1 app"), "{out}");
    let (out, code) = ask(&["diff", "nowhere"]);
    assert!(code == 2 && out.contains("cannot look at `nowhere`"), "{out}");
}

/// An overlay that an app turns out to build leaves the list, and what comes behind it has other numbers then.
#[test]
fn impact_and_why_name_the_app() {
    let dir = tempfile::tempdir().unwrap();
    let app = |name: &str, path: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{ name: {name}, namespace: argocd }}\nspec:\n  project: default\n  source: {{ repoURL: https://git.example.com/acme/gitops.git, targetRevision: HEAD, path: {path} }}\n  destination: {{ server: 'https://kubernetes.default.svc', namespace: {name} }}\n"
        )
    };
    let map = |name: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: {name} }}\ndata:\n  a: x\n")
    };
    for (path, text) in [
        ("a/kustomization.yaml", "resources: [x.yaml]\n".to_owned()),
        ("a/x.yaml", app("x", "b")),
        ("b/kustomization.yaml", "resources: [y.yaml, z.yaml]\n".to_owned()),
        ("b/y.yaml", app("y", "c")),
        ("b/z.yaml", app("z", "d")),
        ("c/map.yaml", map("c")),
        ("d/map.yaml", map("d")),
    ] {
        let file = dir.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let ask = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gitops-lint"));
        let output = command.current_dir(dir.path()).args(args).env_clear().output().unwrap();
        text(&output.stdout) + &text(&output.stderr)
    };
    for (file, name) in [("c/map.yaml:5", "y"), ("d/map.yaml:5", "z")] {
        let json: serde_json::Value =
            serde_json::from_str(&ask(&["impact", file, "--format", "json"])).unwrap();
        let apps: Vec<&str> =
            json["apps"].as_array().unwrap().iter().filter_map(|app| app["name"].as_str()).collect();
        assert_eq!(apps, [name], "{json}");
        let why = ask(&["why", file]);
        assert!(
            why.lines().any(|line| line.split_whitespace().any(|word| word.trim_end_matches(':') == name)),
            "{why}"
        );
    }
}

/// A line of a patch that is no value reaches what the patch is for: what it is for, what it takes away, where it is listed.
#[test]
fn impact_of_a_patch_is_what_it_changes() {
    let dir = tempfile::tempdir().unwrap();
    let object = |kind: &str, name: &str| {
        format!(
            "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{ name: {name} }}\nspec:\n  replicas: 1\n  paused: true\n"
        )
    };
    let list = "namePrefix: p-
resources: [all.yaml]
patches:
  - path: merge.yaml
  - target: { kind: Deployment, name: web }
    path: json.yaml
  - target: { kind: StatefulSet }
    patch: |-
      - op: remove
        path: /spec/paused
  - patch: |-
      kind: Deployment
      apiVersion: apps/v1
      metadata: { name: api }
      spec: { paused: null }
";
    let merge = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 3\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\nspec:\n  replicas: 4\n";
    let all = [object("Deployment", "web"), object("Deployment", "api"), object("StatefulSet", "db")];
    for (path, text) in [
        ("kustomization.yaml", list),
        ("all.yaml", &all.join("---\n")),
        ("merge.yaml", merge),
        ("json.yaml", "- op: remove\n  path: /spec/paused\n"),
        ("other/kustomization.yaml", "resources: [map.yaml]\n"),
        ("other/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\n"),
    ] {
        let file = dir.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let reached = |target: &str| -> Vec<String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gitops-lint"));
        let output = command
            .current_dir(dir.path())
            .args(["impact", target, "--format", "json"])
            .env_clear()
            .output()
            .unwrap();
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let apps = json["apps"].as_array().unwrap();
        let objects = apps.iter().flat_map(|app| app["objects"].as_array().unwrap());
        objects.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    for (target, expected) in [
        ("merge.yaml:6", vec!["p-web"]),
        ("merge.yaml:4", vec!["p-web"]),
        ("merge.yaml:9", vec!["p-api"]),
        ("json.yaml:1", vec!["p-web"]),
        ("json.yaml:2", vec!["p-web"]),
        ("kustomization.yaml:4", vec!["p-api", "p-web"]),
        ("kustomization.yaml:5", vec!["p-web"]),
        ("kustomization.yaml:9", vec!["p-db"]),
        ("kustomization.yaml:14", vec!["p-api"]),
    ] {
        assert_eq!(reached(target), expected, "{target}");
    }
}

/// Edits that have an effect in the long test.
const EDITS: usize = 200;

/// Edits that are shown when they are missed.
const SHOWN: usize = 40;

/// The share of changed fields that have to name the edited line.
const FLOOR: f64 = 0.98;

/// A small generator of numbers: the same ones in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % count.max(1) as u64) as usize
    }
}

/// The scalars of a file that an edit can change without breaking the file.
fn scalars(workspace: &Workspace, file: &Arc<SourceFile>) -> Vec<(Span, String)> {
    let stream = workspace.cache.stream(file);
    let mut todo: Vec<&Node> =
        stream.documents.iter().filter_map(|document| document.root.as_ref()).collect();
    let mut found = Vec::new();
    while let Some(node) = todo.pop() {
        match &node.data {
            Data::Scalar(text) => {
                let plain = node.style == Style::Plain && file.slice(node.at) == text.as_str();
                if plain && !text.is_empty() && !text.contains('\n') && node.origin.is_written() {
                    let new = match (text.as_str(), text.parse::<i64>()) {
                        ("true", _) => "false".to_owned(),
                        ("false", _) => "true".to_owned(),
                        (_, Ok(number)) => (number + 1).to_string(),
                        (text, _) => format!("{text}x"),
                    };
                    found.push((node.at, new));
                }
            }
            Data::Seq(items) => todo.extend(items),
            Data::Map(map) => todo.extend(map.iter().map(|entry| &entry.value)),
        }
    }
    found.sort();
    found
}

/// What an app is and what its objects say.
struct Seen {
    name: String,
    /// Nothing says that it is deployed.
    loose: bool,
    status: Status,
    files: BTreeSet<TreePath>,
    /// Keys, and what they say in which cluster.
    objects: Vec<(String, String)>,
}

fn renders(workspace: &Workspace) -> Vec<Seen> {
    let on_app = |app: &App, rendered: &Rendered| {
        let object = |it: &repo::Object| {
            let key = format!("{}/{}/{}/{}", it.group, it.kind, it.namespace, it.name);
            let mut value = it.node.to_value();
            value.sort_all_objects();
            (key, format!("{} {value}", app.cluster))
        };
        Seen {
            name: app.name.to_string(),
            loose: app.kind.is_loose(),
            status: rendered.status(),
            files: rendered.files.clone(),
            objects: rendered.objects.iter().map(object).collect(),
        }
    };
    repo::analyze(workspace, &on_app).1
}

/// The objects that an edit of a file can change: what nothing deploys, and does not read the file, comes and goes with what
/// builds it elsewhere.
fn objects(all: &[Seen], path: &TreePath) -> BTreeSet<(String, String, String)> {
    let apps = all.iter().filter(|app| !app.loose || app.files.contains(path));
    let objects = apps.flat_map(|app| app.objects.iter().map(move |it| (app, it)));
    objects.map(|(app, (key, value))| (app.name.clone(), key.clone(), value.clone())).collect()
}

#[test]
#[ignore = "renders corpus repositories hundreds of times; run with `cargo test --test integration random_edits -- --ignored --nocapture`"]
fn random_edits_are_told_and_named() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/corpus/repos");
    let Ok(entries) = std::fs::read_dir(&corpus) else {
        println!("no corpus, no test");
        return;
    };
    let mut dirs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    dirs.sort();
    let seed = std::env::var("BLIND_SEED").map_or(0x9E37_79B9_7F4A_7C15, |text| text.parse().unwrap());
    let edits = std::env::var("EDITS").map_or(EDITS, |text| text.parse().unwrap());
    let mut dice = Dice(seed);
    let (mut effective, mut fields, mut named, mut tried) = (0, 0, 0, 0);
    let (mut untold, mut misses) = (Vec::new(), Vec::new());
    while effective < edits && tried < 20 * edits {
        // A repository is opened once for a few edits.
        let dir = &dirs[dice.below(dirs.len())];
        let sources = Sources::new();
        let Ok(tree) = WorkTree::open(dir, "", Arc::clone(&sources)) else { continue };
        let tree: Arc<dyn Tree> = Arc::new(tree);
        let cache = Arc::new(Cache::new(Arc::clone(&sources)));
        let (base, _) = Workspace::of_tree(Arc::clone(&tree), Arc::clone(&cache), &[]);
        let mut read: BTreeSet<TreePath> = BTreeSet::new();
        let files = |_: &App, rendered: &Rendered| {
            if rendered.status() == Status::Rendered { rendered.files.clone() } else { BTreeSet::default() }
        };
        let (_, all) = repo::analyze(&base, &files);
        read.extend(all.into_iter().flatten());
        let is_yaml =
            |path: &&TreePath| path.file_name().ends_with(".yaml") || path.file_name().ends_with(".yml");
        let read: Vec<&TreePath> = read.iter().filter(is_yaml).collect();
        if read.is_empty() || read.len() > 4000 {
            tried += 1;
            continue;
        }
        let before = renders(&base);
        for _ in 0..4 {
            tried += 1;
            let path = read[dice.below(read.len())];
            let Ok(file) = tree.read(path) else { continue };
            let scalars = scalars(&base, &file);
            if scalars.is_empty() || file.text().is_none() {
                continue;
            }
            let (at, new) = &scalars[dice.below(scalars.len())];
            let mut edited = file.text_or_empty().to_owned();
            edited.replace_range(at.start as usize..at.end as usize, new);
            let edited = sources.add(path.as_str(), edited.into_bytes());
            let after: Arc<dyn Tree> =
                Arc::new(OverlayTree::new(Arc::clone(&tree), [(path.clone(), edited)].into()));
            let (head, _) = Workspace::of_tree(after, Arc::clone(&cache), &[]);
            let (base, _) = Workspace::of_tree(Arc::clone(&tree), Arc::clone(&cache), &[]);
            let diff = diff::diff(&base, &head);
            let now = renders(&head);
            let keys = |set: &BTreeSet<(String, String, String)>,
                        other: &BTreeSet<(String, String, String)>| {
                set.difference(other).map(|(app, key, _)| (app.clone(), key.clone())).collect::<BTreeSet<_>>()
            };
            let (was, is) = (objects(&before, path), objects(&now, path));
            let mut changed = keys(&was, &is);
            changed.extend(keys(&is, &was));
            if changed.is_empty() {
                assert!(diff.apps.is_empty(), "nothing changes, and this is told: {:?}", told(&diff));
                continue;
            }
            effective += 1;
            let line = file.line_index(at.start) as u32 + 1;
            let place = format!("{} {path}:{line}", dir.file_name().unwrap().display());
            let edit = format!("{place} `{}` -> `{new}`", file.slice(*at));
            let mut known = BTreeSet::new();
            for object in diff.objects() {
                for it in std::iter::once(&object.object).chain(&object.was) {
                    known.insert(format!("{}/{}/{}/{}", it.group, it.kind, it.namespace, it.name));
                }
            }
            let any: BTreeSet<&str> = changed.iter().map(|(_, key)| key.as_str()).collect();
            for object in diff.objects() {
                let mut names = std::iter::once(&object.object).chain(&object.was);
                let key = |it: &ObjectRef| format!("{}/{}/{}/{}", it.group, it.kind, it.namespace, it.name);
                if !names.any(|it| any.contains(key(it).as_str())) {
                    untold.push(format!("{place}: {} is told, and does not change", key(&object.object)));
                }
            }
            // What is missing from a render is neither gone nor new, and the app is listed.
            let open = before.iter().chain(&now).filter(|app| app.status != Status::Rendered);
            let open: BTreeSet<&str> = open.map(|app| app.name.as_str()).collect();
            assert!(open.is_empty() || !diff.open.is_empty());
            untold.extend(
                changed
                    .iter()
                    .filter(|(app, key)| !known.contains(key) && !open.contains(app.as_str()))
                    .map(|(app, key)| format!("{place}: {app} {key}")),
            );
            for app in &diff.apps {
                for object in &app.objects {
                    for field in &object.fields {
                        fields += 1;
                        let cause = field.cause.map(|at| &diff.causes[at].line);
                        if cause.is_some_and(|it| *it.file == *path.as_str() && it.line == line) {
                            named += 1;
                        } else {
                            let named =
                                cause.map_or("nothing".to_owned(), |it| format!("{}:{}", it.file, it.line));
                            let field = if field.path.is_empty() { object.how.as_str() } else { &field.path };
                            let object = &object.object;
                            let field =
                                format!("{}: {}/{} {field} <- {named}", app.name, object.kind, object.name);
                            misses.push((edit.clone(), field));
                        }
                    }
                }
            }
        }
    }
    let share = f64::from(named) / f64::from(fields.max(1));
    println!(
        "seed {seed}: {effective} edits with an effect ({tried} tried): {named} of {fields} fields name the line ({:.2} %), {} objects not told",
        100.0 * share,
        untold.len()
    );
    // An edit that is missed a hundred times is one miss to look at.
    let mut by_edit: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
    for (place, field) in &misses {
        by_edit.entry(place).or_default().push(field);
    }
    untold.iter().take(SHOWN).for_each(|line| println!("  not told: {line}"));
    for (place, fields) in by_edit.iter().take(SHOWN) {
        println!("  {} of {place}", fields.len());
        fields.iter().take(3).for_each(|field| println!("    {field}"));
    }
    assert!(untold.is_empty(), "{untold:#?}");
    assert!(share >= FLOOR, "{share}");
}
