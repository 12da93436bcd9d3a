//! How fast YAML is read and written: MB/s over generated manifests of the usual kinds.

#![allow(clippy::allow_attributes, clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use std::fmt::Write as _;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::BytesCount;
use gitops_lint::facade::source::{SourceFile, Sources};
use gitops_lint::facade::yaml::{self, Dialect, EmitStyle, JsonStyle, Node};

fn main() {
    divan::main();
}

/// A custom resource definition: deep nesting, short scalars, long descriptions.
fn schema() -> String {
    let mut text = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: examples.example.com\nspec:\n  versions:\n  - name: v1\n    schema:\n      openAPIV3Schema:\n        properties:\n".to_owned();
    for field in 0..900 {
        let indent = " ".repeat(10 + 4 * (field % 7));
        let _ = write!(
            text,
            "{indent}field{field}:\n{indent}  description: |-\n{indent}    Field {field} says how many of them there are.\n{indent}    More info: https://example.com/docs#field{field}\n{indent}  format: int32\n{indent}  maximum: {field}\n{indent}  enum:\n{indent}  - \"a{field}\"\n{indent}  - b\n{indent}  type: string\n{indent}  properties:\n"
        );
        if field % 7 == 6 {
            let _ = writeln!(text, "{indent}    leaf: {{}}");
        }
    }
    text
}

/// Small objects, many documents, some comments.
fn manifests() -> String {
    (0..700).fold(String::new(), |mut text, app| {
        let _ = write!(
            text,
            "---\n# The application number {app}\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{app}\n  namespace: shop\n  labels: {{app.kubernetes.io/name: app-{app}, tier: backend}}\nspec:\n  replicas: {app} # enough\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: app-{app}\n  template:\n    spec:\n      containers:\n        - name: main\n          image: \"registry.example.com/shop/app:{app}\"\n          args: [\"--verbose\", '--port=8080']\n          env:\n            - name: LOG_LEVEL\n              value: debug\n          resources:\n            limits: {{cpu: 500m, memory: 128Mi}}\n"
        );
        text
    })
}

/// A config map with a dashboard: one long literal scalar.
fn dashboard() -> String {
    let line = "    {\"expr\": \"sum(rate(http_requests_total{job=\\\"api\\\"}[5m])) by (code)\", \"refId\": \"A\"},\n";
    format!("apiVersion: v1\nkind: ConfigMap\ndata:\n  dashboard.json: |\n{}", line.repeat(4000))
}

fn input(name: &str) -> Arc<SourceFile> {
    let text = match name {
        "schema" => schema(),
        "manifests" => manifests(),
        _ => dashboard(),
    };
    Sources::new().add("bench.yaml", text.into())
}

fn canonical(file: &Arc<SourceFile>) -> Vec<Node> {
    let stream = yaml::parse(file);
    let mut roots: Vec<Node> = stream.documents.into_iter().filter_map(|document| document.root).collect();
    for root in &mut roots {
        root.canonicalize(Dialect::Sigs).unwrap();
    }
    roots
}

#[divan::bench(args = ["schema", "manifests", "dashboard"])]
fn parse(bencher: Bencher<'_, '_>, name: &str) {
    let file = input(name);
    bencher.counter(BytesCount::of_str(file.text_or_empty())).bench(|| yaml::parse(&file));
}

#[divan::bench(args = ["schema", "manifests", "dashboard"])]
fn parse_and_canonicalize(bencher: Bencher<'_, '_>, name: &str) {
    let file = input(name);
    bencher.counter(BytesCount::of_str(file.text_or_empty())).bench(|| canonical(&file));
}

#[divan::bench(args = ["schema", "manifests", "dashboard"])]
fn emit(bencher: Bencher<'_, '_>, name: &str) {
    let roots = canonical(&input(name));
    let write = || roots.iter().map(|root| yaml::emit(root, EmitStyle::Sigs).unwrap().len()).sum::<usize>();
    bencher.counter(BytesCount::new(write())).bench(write);
}

#[divan::bench(args = ["schema", "manifests", "dashboard"])]
fn to_json(bencher: Bencher<'_, '_>, name: &str) {
    let roots = canonical(&input(name));
    let write = || roots.iter().map(|root| root.to_json(JsonStyle::default()).len()).sum::<usize>();
    bencher.counter(BytesCount::new(write())).bench(write);
}
