//! How long `kustomize build` takes: a generated build of 4,000 resources, and the largest overlays of the corpus
//! where it is unpacked.

#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark"
)]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use divan::Bencher;
use gitops_lint::facade::kustomize::{LoadRestrictor, Options, build};
use gitops_lint::facade::origin::Origins;
use gitops_lint::facade::source::{Dir, MemoryTree, Sources, TreePath, WorkTree};
use gitops_lint::facade::yaml::Cache;

fn main() {
    divan::main();
}

/// A thousand applications: Deployment, Service, ConfigMap and ServiceAccount each, in files of ten, below a base and
/// an overlay that do what overlays do.
fn generated(sources: &Arc<Sources>) -> Dir {
    let mut tree = MemoryTree::new();
    let mut add = |path: &str, text: String| {
        let file = sources.add(path, text.into_bytes());
        tree.insert(TreePath::new(path).unwrap(), file);
    };
    let mut base = "namePrefix: base-\nresources:\n".to_owned();
    for file in 0..100 {
        let mut text = String::new();
        for app in file * 10..file * 10 + 10 {
            let _ = write!(
                text,
                "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{app}\n  labels: {{app: app-{app}}}\nspec:\n  replicas: 2\n  selector:\n    matchLabels: {{app: app-{app}}}\n  template:\n    metadata:\n      labels: {{app: app-{app}}}\n    spec:\n      serviceAccountName: app-{app}\n      containers:\n      - name: main\n        image: registry.example.com/shop/app:{app}\n        env:\n        - name: LEVEL\n          valueFrom: {{configMapKeyRef: {{name: app-{app}, key: level}}}}\n        envFrom:\n        - configMapRef: {{name: app-{app}}}\n        ports:\n        - containerPort: 8080\n        resources:\n          limits: {{cpu: 500m, memory: 128Mi}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: app-{app}}}\nspec:\n  selector: {{app: app-{app}}}\n  ports: [{{port: 80, targetPort: 8080}}]\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app-{app}}}\ndata:\n  level: info\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: app-{app}}}\n"
            );
        }
        let _ = writeln!(base, "- apps-{file}.yaml");
        add(&format!("base/apps-{file}.yaml"), text);
    }
    add("base/kustomization.yaml", base);
    let mut overlay = "namespace: shop\nnameSuffix: -prod\nresources: [../base]\ncommonAnnotations: {team: shop}\nlabels:\n- pairs: {env: prod}\n  includeSelectors: true\nimages:\n- name: registry.example.com/shop/app\n  newTag: v2\nreplicas:\n- name: app-7\n  count: 5\npatches:\n- target: {kind: Deployment}\n  patch: |\n    - op: add\n      path: /spec/revisionHistoryLimit\n      value: 3\n".to_owned();
    for app in 0..100 {
        let _ = write!(
            overlay,
            "- patch: |\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {{name: base-app-{app}}}\n    spec:\n      template:\n        spec:\n          containers:\n          - name: main\n            env: [{{name: EXTRA, value: '{app}'}}]\n"
        );
    }
    add("overlay/kustomization.yaml", overlay);
    Dir::new(Arc::new(tree), TreePath::new("overlay").unwrap())
}

/// The overlays of the corpus with the largest recorded outputs.
fn largest() -> Vec<String> {
    let corpus = corpus();
    let Ok(table) = std::fs::read_to_string(corpus.join("kustomize/manifest.tsv")) else { return Vec::new() };
    let mut sized: Vec<(u64, String)> = table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let output = cells.get(2).filter(|output| !output.is_empty())?;
            let size = std::fs::metadata(corpus.join("kustomize/golden").join(output)).ok()?.len();
            Some((size, (*cells.first()?).to_owned()))
        })
        .collect();
    sized.sort_by(|a, b| b.cmp(a));
    let mut repositories = std::collections::BTreeSet::new();
    // One of each repository, or all were the same.
    sized.retain(|(_, dir)| repositories.insert(dir.split('/').next().map(str::to_owned)));
    sized.into_iter().take(5).map(|(_, dir)| dir).collect()
}

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/corpus")
}

fn run(dir: &Dir, sources: &Arc<Sources>) -> usize {
    let options = Options { load_restrictor: LoadRestrictor::None, ..Options::default() };
    let built = build(dir, &options, &mut Origins::new(), &Cache::new(Arc::clone(sources)));
    built.resources.len()
}

/// From files in memory to objects.
#[divan::bench]
fn four_thousand_resources(bencher: Bencher<'_, '_>) {
    let sources = Sources::new();
    let dir = generated(&sources);
    assert_eq!(run(&dir, &sources), 4000, "all resources are built");
    bencher.bench_local(|| run(&dir, &sources));
}

/// The same, printed.
#[divan::bench]
fn four_thousand_resources_as_yaml(bencher: Bencher<'_, '_>) {
    let sources = Sources::new();
    let dir = generated(&sources);
    bencher.bench_local(|| {
        build(&dir, &Options::default(), &mut Origins::new(), &Cache::new(Arc::clone(&sources)))
            .to_yaml()
            .len()
    });
}

/// From files on disk to objects.
#[divan::bench(args = largest())]
fn largest_overlays(bencher: Bencher<'_, '_>, dir: &str) {
    bencher.bench_local(|| {
        let sources = Sources::new();
        let tree = WorkTree::unwalked(&corpus().join("repos"), "", Arc::clone(&sources)).unwrap();
        let dir = Dir::new(Arc::new(tree), TreePath::new(dir).unwrap());
        run(&dir, &sources)
    });
}
