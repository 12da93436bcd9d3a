//! What the rules about single objects cost: microseconds per object, all of them together, over a set of common
//! workloads. They should stay below 20.

#![allow(clippy::allow_attributes, clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use std::fmt::Write as _;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use gitops_lint::facade::finding::Severity;
use gitops_lint::facade::repo::{App, AppId, AppKind, Object, Spec, Workspace};
use gitops_lint::facade::rules::{self, Context, Preset};
use gitops_lint::facade::source::{Dir, MemoryTree, Sources, Span, Tree, TreePath};
use gitops_lint::facade::yaml::{Cache, Dialect};
use gitops_lint::facade::{origin, repo};

fn main() {
    divan::main();
}

/// Deployments, Services, ConfigMaps, Secrets and roles, as many as a large application has.
fn manifests() -> String {
    (0..200).fold(String::new(), |mut text, app| {
        let _ = write!(
            text,
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{app}\n  namespace: shop\n  labels: {{app.kubernetes.io/name: app-{app}}}\nspec:\n  replicas: 2\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: app-{app}\n  template:\n    metadata:\n      labels: {{app.kubernetes.io/name: app-{app}}}\n    spec:\n      serviceAccountName: app-{app}\n      securityContext: {{runAsNonRoot: true}}\n      containers:\n        - name: main\n          image: registry.example.com/shop/app:1.0.{app}\n          ports: [{{name: http, containerPort: 8080}}]\n          env:\n            - {{name: LOG_LEVEL, value: debug}}\n            - {{name: DATABASE_URL, value: 'postgres://db.shop.svc:5432/shop'}}\n            - {{name: PASSWORD, valueFrom: {{secretKeyRef: {{name: app-{app}, key: password}}}}}}\n          readinessProbe: {{httpGet: {{path: /ready, port: http}}}}\n          livenessProbe: {{httpGet: {{path: /live, port: http}}}}\n          resources:\n            requests: {{cpu: 100m, memory: 128Mi}}\n            limits: {{memory: 128Mi}}\n          volumeMounts: [{{name: config, mountPath: /etc/app}}]\n      volumes: [{{name: config, configMap: {{name: app-{app}}}}}]\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: app-{app}, namespace: shop}}\nspec:\n  selector: {{app.kubernetes.io/name: app-{app}}}\n  ports: [{{name: http, port: 80, targetPort: http}}]\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app-{app}, namespace: shop}}\ndata:\n  app.yaml: |\n    listen: 8080\n    database: db.shop.svc.cluster.local\n    level: debug\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: app-{app}, namespace: shop}}\nspec:\n  rules:\n    - host: app-{app}.example.com\n      http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: app-{app}, port: {{name: http}}}}}}}}]}}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: app-{app}, namespace: shop}}\nrules:\n  - {{apiGroups: [''], resources: [configmaps], verbs: [get, list, watch]}}\n"
        );
        text
    })
}

struct Input {
    workspace: Workspace,
    app: App,
    objects: Vec<Object>,
}

fn input() -> Input {
    let sources = Sources::new();
    let text = manifests();
    let tree = Arc::new(MemoryTree::of(&sources, [("shop.yaml", text.as_str())]));
    let cache = Arc::new(Cache::new(sources));
    let path = TreePath::new("shop.yaml").unwrap();
    let file = tree.read(&path).unwrap();
    let stream = cache.stream(&file);
    let roots = stream.documents.iter().filter_map(|document| document.root.clone());
    let objects = roots
        .filter_map(|mut root| {
            root.canonicalize(Dialect::Sigs).ok()?;
            Object::new(root)
        })
        .collect();
    let place = origin::Place::written(Span::start_of(file.id()));
    let dir = Dir::new(Arc::clone(&tree) as Arc<dyn Tree>, TreePath::root());
    let (workspace, _) = repo::Workspace::of_tree(tree, cache, &rules::Registry::built_in().known());
    let app = App {
        id: AppId(0),
        name: "shop".into(),
        kind: AppKind::Overlay,
        namespace: "".into(),
        cluster: "".into(),
        target_namespace: "shop".into(),
        parent: None,
        place,
        path: None,
        node: None,
        origins: Arc::default(),
        spec: Spec::Overlay(dir),
        environment: "".into(),
        provisional: false,
        stray: false,
        assumed: false,
    };
    Input { workspace, app, objects }
}

fn check(bencher: Bencher<'_, '_>, presets: &[Preset]) {
    let input = input();
    let rules: Vec<_> = rules::all().filter(|rule| presets.contains(&rule.meta().preset)).collect();
    bencher.counter(ItemsCount::new(input.objects.len())).bench_local(|| {
        let mut found = 0;
        for rule in &rules {
            let origins = &input.app.origins;
            let mut cx =
                Context::for_app(&input.workspace, rule.meta(), Severity::Error, &input.app, origins);
            for object in &input.objects {
                rule.check_object(object, &mut cx);
            }
            found += cx.into_findings().len();
        }
        found
    });
}

#[divan::bench]
fn recommended(bencher: Bencher<'_, '_>) {
    check(bencher, &[Preset::Recommended]);
}

#[divan::bench]
fn strict(bencher: Bencher<'_, '_>) {
    check(bencher, &[Preset::Recommended, Preset::Strict]);
}
