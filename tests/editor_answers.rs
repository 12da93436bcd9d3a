//! What the language server answers about apps, kustomizations, names and fields, in a repository small enough to know by heart.

use std::path::Path;

use serde_json::{Value, json};

use super::editor::{Client, files_of};

const SET: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: teams, namespace: argocd}
spec:
  goTemplate: true
  generators:
  - list:
      elements:
      - {name: red}
      - {name: blue}
  template:
    metadata:
      name: 'team-{{ .name }}'
    spec:
      project: teams
      source:
        repoURL: https://git.example.com/acme/gitops.git
        targetRevision: HEAD
        path: overlays/{{ .name }}
      destination: {server: 'https://kubernetes.default.svc', namespace: 'team-{{ .name }}'}
";

const APP: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: shop
  namespace: argocd
spec:
  project: teams
  source:
    repoURL: https://git.example.com/acme/gitops.git
    targetRevision: HEAD
    path: charts/shop
    helm:
      valueFiles:
      - ../../values/prod.yaml
  destination:
    server: https://kubernetes.default.svc
    namespace: shop
";

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      serviceAccountName: web
      containers:
      - name: web
        image: example.com/web:1.0
        imagePullPolicy: Always
        envFrom:
        - secretRef:
            name: web-secret
";

const FLUX: &str = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: infra
  namespace: flux-system
spec:
  interval: 10m
  path: ./infra
  prune: true
  sourceRef:
    kind: GitRepository
    name: fleet
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: apps
  namespace: flux-system
spec:
  interval: 10m
  path: ./more
  prune: true
  dependsOn:
  - name: infra
  sourceRef:
    kind: GitRepository
    name: fleet
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: fleet
  namespace: flux-system
spec:
  interval: 1m
  url: https://git.example.com/acme/gitops.git
";

fn fleet() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let file = dir.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    write("apps/teams.yaml", SET);
    write("apps/shop.yaml", APP);
    write(
        "apps/project.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata:\n  name: teams\n  namespace: argocd\nspec:\n  sourceRepos: ['*']\n  destinations: [{server: '*', namespace: '*'}]\n",
    );
    write("base/web.yaml", WEB);
    write(
        "base/rest.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: web-secret\nstringData: {user: a}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web\n",
    );
    write("base/kustomization.yaml", "resources:\n- web.yaml\n- rest.yaml\n");
    for name in ["red", "blue"] {
        write(
            &format!("overlays/{name}/kustomization.yaml"),
            "resources:\n- ../../base\nimages:\n- name: example.com/web\n  newTag: '2.0'\npatches:\n- path: more.yaml\n- target:\n    kind: Deployment\n    name: nobody\n  patch: |-\n    - {op: add, path: /spec/paused, value: true}\n",
        );
        write(
            &format!("overlays/{name}/more.yaml"),
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 3\n",
        );
    }
    write(
        "infra/settings.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: infra}\ndata: {a: b}\n",
    );
    write(
        "more/settings.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more, namespace: infra}\n",
    );
    let plain = APP.replace("name: shop", "name: plain").replace("path: charts/shop", "path: plain");
    write(
        "apps/plain.yaml",
        &plain.replace("    helm:\n      valueFiles:\n      - ../../values/prod.yaml\n", ""),
    );
    write("plain/settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\ndata:\n  a: b\n");
    write("clusters/flux.yaml", FLUX);
    write("charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 0.1.0\n");
    write("charts/shop/values.yaml", "replicas: 1\nimage:\n  tag: '1.0'\n");
    write(
        "charts/shop/values.schema.json",
        r#"{"properties": {"image": {"properties": {"tag": {"type": "string"}, "pullPolicy": {"enum": ["Always", "Never"]}}}, "replicas": {"type": "integer"}}}"#,
    );
    write("charts/shop/templates/_helpers.tpl", "{{- define \"shop.name\" -}}\nshop\n{{- end -}}\n");
    write(
        "charts/shop/templates/web.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ include \"shop.name\" . }}\ndata:\n  replicas: {{ .Values.replicas | quote }}\n  image: '{{ .Values.replicas }}-{{ .Values.image.tag }}'\n",
    );
    write("values/prod.yaml", "replicas: 3\nimage:\n  tag: '2.0'\nnoSuchKey: 1\n");
    dir
}

fn client(repo: &Path) -> Client {
    Client::new(repo)
}

fn hover(client: &mut Client, path: &str, what: &str) -> String {
    let answer = client.at("textDocument/hover", path, what, 1);
    answer["contents"]["value"].as_str().unwrap_or_default().to_owned()
}

fn labels(items: &Value) -> Vec<&str> {
    items.as_array().unwrap().iter().map(|it| it["label"].as_str().unwrap()).collect()
}

#[test]
fn hovers_over_apps() {
    let repo = fleet();
    let mut client = client(repo.path());
    let words = hover(&mut client, "apps/teams.yaml", "generators:");
    assert!(words.contains("**ApplicationSet teams** generates 2 Applications"), "{words}");
    assert!(
        words.contains("- `team-blue` from `overlays/blue` to `team-blue@https://kubernetes.default.svc`: rendered, 3 objects"),
        "{words}"
    );
    let words = hover(&mut client, "apps/shop.yaml", "kind: Application");
    assert!(words.contains("**Application shop** renders 1 object"), "{words}");
    assert!(words.contains("- 1 ConfigMap") && words.contains("from `charts/shop` to `shop@"), "{words}");
    let words = hover(&mut client, "clusters/flux.yaml", "name: apps");
    assert!(
        words.contains("**Kustomization apps** renders 1 object") && !words.contains("infra** "),
        "{words}"
    );
}

#[test]
fn hovers_over_entries_and_patches() {
    let repo = fleet();
    let mut client = client(repo.path());
    let words = hover(&mut client, "overlays/red/kustomization.yaml", "newTag");
    assert!(words.contains("**images[0]** acts in 1 app"), "{words}");
    assert!(
        words.contains("- team-red:\n  - Deployment `web`: `spec.template.spec.containers[0].image`"),
        "{words}"
    );
    let words = hover(&mut client, "overlays/red/kustomization.yaml", "more.yaml");
    assert!(
        words.contains("**patches[0]** acts in 1 app") && words.contains("Deployment `web`: `spec.replicas`"),
        "{words}"
    );
    let words = hover(&mut client, "overlays/red/kustomization.yaml", "name: nobody");
    assert!(words.contains("**patches[1]** acts in 0 apps") && words.contains("nothing"), "{words}");
    let words = hover(&mut client, "overlays/red/more.yaml", "kind: Deployment");
    assert!(words.contains("**this patch** acts in 1 app") && words.contains("`spec.replicas`"), "{words}");
    let words = hover(&mut client, "base/kustomization.yaml", "web.yaml");
    assert!(
        words.contains("**resources[0]** acts in 2 apps") && words.contains("team-blue, team-red"),
        "{words}"
    );
}

#[test]
fn names_lead_to_objects_and_back() {
    let repo = fleet();
    let mut client = client(repo.path());
    for (path, what, want) in [
        ("apps/shop.yaml", "teams", "project.yaml:4"),
        ("apps/teams.yaml", "project: teams", "project.yaml:4"),
        ("clusters/flux.yaml", "infra\n  sourceRef", "flux.yaml:4"),
        ("clusters/flux.yaml", "fleet", "flux.yaml:32"),
        ("base/web.yaml", "web-secret", "rest.yaml:4"),
        ("base/web.yaml", "serviceAccountName: web", "rest.yaml:10"),
        ("base/kustomization.yaml", "rest.yaml", "rest.yaml:1"),
        ("overlays/red/kustomization.yaml", "../../base", "kustomization.yaml:1"),
        ("charts/shop/templates/web.yaml", "shop.name", "_helpers.tpl:1"),
    ] {
        let skip = what.rfind(": ").map_or(2, |at| at + 3);
        let found = client.at("textDocument/definition", path, what, skip);
        assert_eq!(files_of(&found), [want], "{path}: {what}");
    }
    // Of two expressions on one line, the one that is asked about.
    let found =
        client.at("textDocument/definition", "charts/shop/templates/web.yaml", ".Values.image.tag", 3);
    assert_eq!(files_of(&found), ["prod.yaml:3"]);
    let found = client.at("textDocument/references", "apps/project.yaml", "name: teams", 8);
    assert_eq!(files_of(&found), ["plain.yaml:7", "shop.yaml:7", "teams.yaml:15"]);
    let found = client.at("textDocument/references", "base/web.yaml", "kind: Deployment", 1);
    assert_eq!(files_of(&found), ["kustomization.yaml:2"]);
    let found = client.at("textDocument/references", "clusters/flux.yaml", "name: infra", 8);
    assert_eq!(files_of(&found), ["flux.yaml:24"]);
}

/// What is proposed behind a text that takes the place of another.
fn proposed(client: &mut Client, path: &str, old: &str, new: &str) -> Vec<String> {
    client.open(path);
    let before = client.text(path);
    client.replace(path, old, new);
    let items = client.at("textDocument/completion", path, new, new.trim_end_matches('\n').len());
    let found = labels(&items).into_iter().map(str::to_owned).collect();
    client.set(path, before);
    found
}

#[test]
fn completes_fields_words_and_names() {
    let repo = fleet();
    let mut client = client(repo.path());
    for (path, old, new, has, lacks) in [
        ("values/prod.yaml", "  tag: '2.0'\n", "  tag: '2.0'\n  pu", "pullPolicy", "tag"),
        ("values/prod.yaml", "  tag: '2.0'\n", "  pullPolicy: ", "Never", "tag"),
        ("base/kustomization.yaml", "resources:", "res", "resources", "bases"),
        ("overlays/red/kustomization.yaml", "  newTag: '2.0'", "  new", "newTag", "name"),
        ("base/kustomization.yaml", "- rest.yaml", "- re", "rest.yaml", "web.yaml"),
        ("apps/shop.yaml", "    helm:", "    ta", "kustomize", "path"),
        ("apps/shop.yaml", "  project: teams", "  project: ", "teams", "shop"),
        ("apps/shop.yaml", "    namespace: shop", "    namespace: ", "team-red", "teams"),
        ("base/web.yaml", "        imagePullPolicy: Always", "        imageP", "imagePullPolicy", "image"),
        ("base/web.yaml", "            name: web-secret", "            name: ", "web-secret", "web"),
        ("base/web.yaml", "      serviceAccountName: web", "      serviceAccountName: ", "web", "web-secret"),
        (
            "apps/shop.yaml",
            "      valueFiles:\n      - ../../values/prod.yaml",
            "      values: |\n        image: {}\n        ",
            "replicas",
            "image",
        ),
        // Half a word in values that are text, and in values that are part of the file.
        (
            "apps/shop.yaml",
            "      valueFiles:\n      - ../../values/prod.yaml",
            "      values: |\n        image: {}\n        rep",
            "replicas",
            "image",
        ),
        (
            "apps/shop.yaml",
            "      valueFiles:\n      - ../../values/prod.yaml",
            "      valuesObject:\n        image:\n          tag: '1'\n          pu",
            "pullPolicy",
            "tag",
        ),
        ("base/web.yaml", "  name: web\nspec:", "  an", "annotations", "uid"),
        ("clusters/flux.yaml", "  - name: infra", "  - name: ", "infra", "fleet"),
        ("clusters/flux.yaml", "    name: fleet", "    name: ", "fleet", "infra"),
        ("clusters/flux.yaml", "  prune: true", "  wa", "wait", "interval"),
        ("charts/shop/templates/web.yaml", "\ndata:", "\nim", "immutable", "metadata"),
    ] {
        let found = proposed(&mut client, path, old, new);
        assert!(found.iter().any(|it| it == has), "{path} {new:?}: no `{has}` in {found:?}");
        assert!(!found.iter().any(|it| it == lacks), "{path} {new:?}: `{lacks}` in {found:?}");
    }
}

#[test]
fn hints_say_what_is_overridden_and_unread() {
    let repo = fleet();
    let mut client = client(repo.path());
    let mut hints = |path: &str| -> Vec<(u64, String)> {
        let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
        let params = json!({ "textDocument": { "uri": client.uri(path) }, "range": range });
        let hints = client.ask("textDocument/inlayHint", &params);
        let all = hints.as_array().unwrap().iter();
        all.map(|it| (it["position"]["line"].as_u64().unwrap(), it["label"].as_str().unwrap().to_owned()))
            .collect()
    };
    assert_eq!(
        hints("values/prod.yaml"),
        [
            (0, "overrides charts/shop/values.yaml:1".to_owned()),
            (2, "overrides charts/shop/values.yaml:3".to_owned()),
            (3, "nothing reads this".to_owned()),
        ]
    );
    assert_eq!(
        hints("charts/shop/values.yaml"),
        [
            (0, "overridden by values/prod.yaml:1".to_owned()),
            (2, "overridden by values/prod.yaml:3".to_owned())
        ]
    );
    assert_eq!(hints("apps/shop.yaml"), []);
}

#[test]
fn fixes_are_proved_before_they_are_offered() {
    let repo = fleet();
    let mut client = client(repo.path());
    let path = "plain/settings.yaml";
    client.open(path);
    client.replace(path, "  a: b", "  a: yes");
    let uri = client.uri(path);
    let found = client.diagnostics[&uri].as_array().unwrap().clone();
    assert_eq!(found[0]["code"], "implicit-type", "{found:?}");
    let range = found[0]["range"].clone();
    let params =
        json!({ "textDocument": { "uri": uri }, "range": range, "context": { "diagnostics": found } });
    let actions = client.ask("textDocument/codeAction", &params);
    let first = &actions[0];
    assert_eq!((&first["isPreferred"], &first["data"]["proved"]), (&json!(true), &json!(true)), "{actions}");
    client.apply(path, &first["edit"]["changes"][&uri]);
    assert_eq!(client.text(path).lines().last(), Some("  a: \"yes\""));
    assert_eq!(client.diagnostics.get(&uri), Some(&json!([])));
    client.compare("fixed");
    // A second reader of the value would change, too: what fails the proof is offered as such.
    client.open("values/prod.yaml");
    client.open("charts/shop/templates/web.yaml");
    client.replace("values/prod.yaml", "noSuchKey: 1\n", "port: 8080\n");
    let old = "  replicas: {{ .Values.replicas | quote }}\n";
    let new = format!("{old}  a: {{{{ .Values.port }}}}\n  b: {{{{ kindOf .Values.port }}}}\n");
    client.replace("charts/shop/templates/web.yaml", old, &new);
    let uri = client.uri("values/prod.yaml");
    let range = client.diagnostics[&uri][0]["range"].clone();
    let actions =
        client.ask("textDocument/codeAction", &json!({ "textDocument": { "uri": uri }, "range": range }));
    let doubtful = actions.as_array().unwrap().iter().find(|it| it["data"]["proved"] == false);
    let title = doubtful.unwrap_or_else(|| panic!("{actions}"))["title"].as_str().unwrap();
    assert!(title.contains("(not proved: "), "{title}");
}

#[test]
fn tells_how_far_the_fleet_is_rendered() {
    let repo = fleet();
    let mut client = client(repo.path());
    let status = client.ask("gitopsLint/status", &json!({}));
    assert_eq!((&status["apps"], &status["notRendered"]), (&json!(7), &json!(0)), "{status}");
    client.open("apps/shop.yaml");
    client.replace(
        "apps/shop.yaml",
        "https://git.example.com/acme/gitops.git",
        "https://git.example.com/acme/else.git",
    );
    let told = client.told.iter().rev().find(|it| it["method"] == "gitopsLint/status").unwrap();
    assert_eq!(told["params"]["notRenderedApps"][0]["name"], "shop", "{told}");
}

#[test]
fn an_answer_about_the_state_comes_when_all_is_told() {
    let repo = fleet();
    let mut client = client(repo.path());
    client.open("apps/shop.yaml");
    let text = client.text("apps/shop.yaml").replace("acme/gitops.git", "acme/else.git");
    let document = json!({ "uri": client.uri("apps/shop.yaml"), "version": 2 });
    let changed = json!({ "jsonrpc": "2.0", "method": "textDocument/didChange",
        "params": { "textDocument": document, "contentChanges": [{ "text": text }] } });
    let asked = json!({ "jsonrpc": "2.0", "id": "state", "method": "gitopsLint/status", "params": {} });
    let out = client.send(&[Ok(changed), Ok(asked)]);
    let at = |is: &dyn Fn(&Value) -> bool| out.iter().position(is).unwrap_or_else(|| panic!("{out:?}"));
    let told = at(&|it| it["method"] == "gitopsLint/status");
    assert!(told < at(&|it| it["id"] == "state"), "{out:?}");
}
