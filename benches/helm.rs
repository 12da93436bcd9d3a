//! How fast charts are rendered: the steps of `helm template` over a generated chart of the usual shape, and whole
//! charts of `target/corpus` where it is there.

#![allow(
    clippy::allow_attributes,
    clippy::print_stderr,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::BytesCount;
use gitops_lint::facade::gotemplate::{BUILTINS, Exec, FuncMap, Limits, Templates, Value, parse};
use gitops_lint::facade::helm::{self, Chart, HELM, Host, ReleaseOptions, UserValues, to_value};
use gitops_lint::facade::origin::{Origins, Place, Placed};
use gitops_lint::facade::source::{Dir, MemoryTree, Sources, TreePath, WorkTree};
use gitops_lint::facade::yaml::Cache;

fn main() {
    divan::main();
}

const HELPERS: &str = r#"{{- define "app.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- define "app.labels" -}}
app.kubernetes.io/name: {{ include "app.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}
"#;

const TEMPLATE: &str = r#"{{- range $name, $app := .Values.apps }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ printf "%s-%s" $.Release.Name $name | quote }}
  labels:
    {{- include "app.labels" $ | nindent 4 }}
spec:
  {{- if not $app.autoscaling }}
  replicas: {{ $app.replicas | default 1 }}
  {{- end }}
  template:
    spec:
      containers:
        - name: {{ $name }}
          image: "{{ $app.image.repository }}:{{ $app.image.tag | default $.Chart.AppVersion }}"
          env:
            {{- range $key, $value := $app.env }}
            - name: {{ $key | upper | replace "-" "_" }}
              value: {{ tpl $value $ | quote }}
            {{- end }}
          resources:
            {{- toYaml $app.resources | nindent 12 }}
{{- end }}
"#;

/// Values with some applications.
fn values() -> String {
    let mut text = "nameOverride: shop\ncommonLabels: {tier: backend}\napps:\n".to_owned();
    for app in 0..50 {
        let _ = write!(
            text,
            "  app{app}:\n    replicas: {app}\n    autoscaling: false\n    image: {{repository: registry.example.com/app{app}}}\n    env:\n      log-level: debug\n      release: '{{{{ .Release.Name }}}}'\n    resources:\n      limits: {{cpu: 500m, memory: 128Mi}}\n      requests: {{cpu: 100m, memory: 64Mi}}\n"
        );
    }
    text
}

/// A chart and what rendering it needs.
struct Bench {
    sources: Arc<Sources>,
    cache: Cache,
    chart: Arc<Chart>,
    place: Place,
}

impl Bench {
    fn generated() -> Self {
        let sources = Sources::new();
        let tree = MemoryTree::of(
            &sources,
            [
                ("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\nappVersion: '2.0'\n"),
                ("values.yaml", values().as_str()),
                ("templates/_helpers.tpl", HELPERS),
                ("templates/apps.yaml", TEMPLATE),
            ],
        );
        Self::load(sources, &Dir::new(Arc::new(tree), TreePath::root())).unwrap()
    }

    fn of_corpus(name: &str) -> Option<Self> {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("target/corpus/helm/charts").canonicalize().ok()?;
        let sources = Sources::new();
        let tree = WorkTree::unwalked(&root, "", Arc::clone(&sources)).ok()?;
        Self::load(sources, &Dir::new(Arc::new(tree), TreePath::new(name).ok()?))
    }

    fn load(sources: Arc<Sources>, dir: &Dir) -> Option<Self> {
        let cache = Cache::new(Arc::clone(&sources));
        let chart = Chart::load(dir, &cache).0?;
        let place = Place::written(sources.add("application", b"rel".to_vec()).span());
        Some(Self { sources, cache, chart, place })
    }

    fn render(&self) -> usize {
        let options = ReleaseOptions::new(Placed::new("rel".into(), self.place), "ns");
        let user = UserValues::new(self.place);
        let release = helm::render(&self.chart, user, &options, &mut Origins::new(), &self.cache);
        release.manifests.manifests.len()
    }
}

#[divan::bench]
fn lex_and_parse(bencher: Bencher) {
    let text: Arc<str> = TEMPLATE.into();
    let bencher = bencher.counter(BytesCount::of_str(TEMPLATE));
    bencher.bench(|| parse("t", &text, None, &|_| true).unwrap());
}

#[divan::bench]
fn execute(bencher: Bencher) {
    let bench = Bench::generated();
    let mut tables = vec![BUILTINS];
    tables.extend(gitops_lint::facade::sprig::TABLES);
    tables.push(HELM);
    let functions = FuncMap::of(&tables);
    let mut templates = Templates::default();
    for file in &bench.chart.templates {
        let text = file.file.text().unwrap();
        let is_function = |name: &str| functions.get(name).is_some();
        templates.add(parse(&file.name, text, Some(file.file.id()), &is_function).unwrap());
    }
    let values = bench.chart.values.as_deref().unwrap();
    bencher.bench(|| {
        let mut origins = Origins::new();
        let entry = |name: &'static str, value: Value| (name.into(), value);
        let map = |entries: Vec<(smol_str::SmolStr, Value)>| {
            Value::map(gitops_lint::facade::gotemplate::Map::from_entries(entries))
        };
        let data = map(vec![
            entry("Values", to_value(values, &mut origins)),
            entry("Release", map(vec![entry("Name", Value::str("rel"))])),
            entry(
                "Chart",
                map(vec![entry("Name", Value::str("app")), entry("AppVersion", Value::str("2.0"))]),
            ),
        ]);
        let host = Box::new(Host::new(Arc::clone(&bench.sources), bench.place.at));
        let mut exec = Exec::new(&mut origins, templates.clone(), &functions, host, Limits::default());
        exec.execute("templates/apps.yaml", &data).unwrap().len()
    });
}

#[divan::bench]
fn coalesce(bencher: Bencher) {
    let bench = Bench::generated();
    bencher.bench(|| {
        helm::prepare(&bench.chart, UserValues::new(bench.place), &bench.cache, &mut Origins::new()).values
    });
}

#[divan::bench]
fn whole_chart(bencher: Bencher) {
    let bench = Bench::generated();
    bencher.bench(|| bench.render());
}

/// Real charts of several sizes; nothing is measured where the corpus is not unpacked.
#[divan::bench(args = [
    "prometheus-community+helm-charts/charts/kube-prometheus-stack",
    "argoproj+argo-helm/charts/argo-cd",
    "bitnami+charts/bitnami/postgresql",
])]
fn real_chart(bencher: Bencher, name: &str) {
    match Bench::of_corpus(name) {
        Some(bench) => bencher.bench(|| bench.render()),
        None => eprintln!("skipped: target/corpus has no {name}"),
    }
}
