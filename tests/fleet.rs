//! A generated repository: components deployed to clusters by one ApplicationSet, every Application with six layers of
//! values over one chart. `benches/fleet.rs` measures it at full size.

use std::fmt::Write as _;
use std::sync::Arc;

use gitops_lint::facade::config::Config;
use gitops_lint::facade::repo::{AppKind, Checkouts, Inventory, Status, Workspace};
use gitops_lint::facade::source::{MemoryTree, Sources, Tree};
use gitops_lint::facade::yaml::Cache;

/// Objects that the chart makes.
const OBJECTS: usize = 6;

const SET: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: fleet, namespace: argocd}
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  generators:
  - matrix:
      generators:
      - git:
          repoURL: https://git.example.com/fleet.git
          revision: HEAD
          directories: [{path: components/*}]
      - list:
          elements:
ELEMENTS  template:
    metadata:
      name: '{{ .path.basename }}-{{ .cluster }}'
      labels: {component: '{{ .path.basename }}', env: '{{ .env }}'}
    spec:
      project: default
      source:
        repoURL: https://git.example.com/fleet.git
        targetRevision: HEAD
        path: charts/service
        helm:
          releaseName: '{{ .path.basename }}'
          ignoreMissingValueFiles: true
          valueFiles:
          - /values/globals.yaml
          - '/values/env/{{ .env }}.yaml'
          - '/values/cluster/{{ .cluster }}.yaml'
          - '/{{ .path.path }}/values.yaml'
          - '/{{ .path.path }}/{{ .env }}.yaml'
          - '/{{ .path.path }}/{{ .cluster }}.yaml'
      destination:
        server: 'https://{{ .cluster }}.example.com'
        namespace: '{{ .path.basename }}'
      syncPolicy:
        automated: {prune: true}
        syncOptions: [CreateNamespace=true]
";

const HELPERS: &str = "\
{{- define \"service.name\" -}}{{ default .Release.Name .Values.nameOverride | trunc 63 | trimSuffix \"-\" }}{{- end }}
{{- define \"service.labels\" -}}
app.kubernetes.io/name: {{ include \"service.name\" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
env: {{ .Values.global.env | quote }}
region: {{ .Values.global.region | quote }}
{{- end }}
{{- define \"service.image\" -}}{{ .Values.global.registry }}/{{ .Values.image.name }}:{{ .Values.image.tag }}{{- end }}
";

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include \"service.name\" . }}
  labels: {{- include \"service.labels\" . | nindent 4 }}
  annotations:
    checksum/config: {{ toYaml .Values.config | sha256sum }}
spec:
  {{- if not .Values.autoscaling.enabled }}
  replicas: {{ .Values.replicas }}
  {{- end }}
  selector:
    matchLabels: {app.kubernetes.io/name: {{ include \"service.name\" . }}}
  template:
    metadata:
      labels: {{- include \"service.labels\" . | nindent 8 }}
    spec:
      serviceAccountName: {{ include \"service.name\" . }}
      {{- with .Values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
      - name: main
        image: {{ include \"service.image\" . | quote }}
        envFrom: [{configMapRef: {name: {{ include \"service.name\" . }}}}]
        env:
        {{- range $name, $value := .Values.env }}
        - {name: {{ $name }}, value: {{ tpl $value $ | quote }}}
        {{- end }}
        ports:
        {{- range .Values.ports }}
        - {name: {{ .name }}, containerPort: {{ .port }}}
        {{- end }}
        resources: {{- toYaml .Values.resources | nindent 10 }}
";

const REST: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: {{ include \"service.name\" . }}
  labels: {{- include \"service.labels\" . | nindent 4 }}
spec:
  selector: {app.kubernetes.io/name: {{ include \"service.name\" . }}}
  ports:
  {{- range .Values.ports }}
  - {name: {{ .name }}, port: {{ .port }}, targetPort: {{ .name }}}
  {{- end }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include \"service.name\" . }}
data:
  {{- range $key, $value := .Values.config }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: {{ include \"service.name\" . }}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: {{ include \"service.name\" . }}}
spec:
  minAvailable: {{ .Values.minAvailable }}
  selector:
    matchLabels: {app.kubernetes.io/name: {{ include \"service.name\" . }}}
---
{{- if .Values.autoscaling.enabled }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: {{ include \"service.name\" . }}}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ include \"service.name\" . }}}
  minReplicas: {{ .Values.autoscaling.min }}
  maxReplicas: {{ .Values.autoscaling.max }}
{{- end }}
";

const VALUES: &str = "\
global: {env: none, region: none, registry: registry.example.com}
image: {name: app, tag: \"0\"}
replicas: 1
minAvailable: 1
ports: [{name: http, port: 8080}, {name: metrics, port: 9090}]
autoscaling: {enabled: true, min: 1, max: 3}
tolerations: []
nodeSelector: {}
env: {}
config: {}
resources: {requests: {cpu: 100m, memory: 128Mi}}
";

/// The files of a repository with so many components on so many clusters.
pub(crate) fn files(components: usize, clusters: usize) -> Vec<(String, String)> {
    let env = |cluster: usize| ["dev", "staging", "production"][cluster % 3];
    let mut elements = String::new();
    for cluster in 0..clusters {
        writeln!(elements, "          - {{cluster: c{cluster}, env: {}}}", env(cluster)).unwrap();
    }
    let mut files = vec![
        ("apps/fleet.yaml".to_owned(), SET.replace("ELEMENTS", &elements)),
        (
            "charts/service/Chart.yaml".to_owned(),
            "apiVersion: v2\nname: service\nversion: 1.0.0\n".to_owned(),
        ),
        ("charts/service/values.yaml".to_owned(), VALUES.to_owned()),
        ("charts/service/templates/_helpers.tpl".to_owned(), HELPERS.to_owned()),
        ("charts/service/templates/deployment.yaml".to_owned(), DEPLOYMENT.to_owned()),
        ("charts/service/templates/rest.yaml".to_owned(), REST.to_owned()),
    ];
    let settings = (0..20).fold(String::new(), |mut text, key| {
        writeln!(text, "  SETTING_{key}: value {key}").unwrap();
        text
    });
    files.push((
        "values/globals.yaml".to_owned(),
        format!("global: {{registry: registry.example.com}}\nconfig:\n{settings}"),
    ));
    for env in ["dev", "staging", "production"] {
        let text = format!("global: {{env: {env}}}\nreplicas: 2\nnodeSelector: {{pool: {env}}}\n");
        files.push((format!("values/env/{env}.yaml"), text));
    }
    for cluster in 0..clusters {
        let text = format!("global: {{region: r{cluster}}}\nconfig: {{CLUSTER: c{cluster}}}\n");
        files.push((format!("values/cluster/c{cluster}.yaml"), text));
    }
    for component in 0..components {
        let dir = format!("components/part{component}");
        let values = format!(
            "image: {{name: part{component}, tag: \"1.{component}.0\"}}\nenv:\n  NAME: '{{{{ .Release.Name }}}}'\n  \
             PEER: http://part{}.example.com\nconfig: {{SETTING_1: own}}\n",
            (component + 1) % components
        );
        files.push((format!("{dir}/values.yaml"), values));
        let production = "autoscaling: {min: 3, max: 9}\ntolerations: [{key: pool, value: production}]\n";
        files.push((format!("{dir}/production.yaml"), production.to_owned()));
        files.push((format!("{dir}/c{}.yaml", component % clusters), "replicas: 4\n".to_owned()));
    }
    files
}

/// The repository in memory.
pub(crate) fn workspace(files: &[(String, String)]) -> Workspace {
    let sources = Sources::new();
    let files = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    let tree: Arc<dyn Tree> = Arc::new(MemoryTree::of(&sources, files));
    let mut checkouts = Checkouts::new(Arc::clone(&tree));
    checkouts.add_alias("https://git.example.com/fleet.git");
    Workspace::new(tree, Arc::new(Cache::new(sources)), Config::default(), checkouts)
}

/// Fails unless every Application was rendered in full.
pub(crate) fn verify(inventory: &Inventory, applications: usize) {
    let apps = inventory.apps.iter().filter(|entry| entry.app.kind == AppKind::Application);
    let mut count = 0;
    for entry in apps {
        assert_eq!((entry.status, entry.objects), (Status::Rendered, OBJECTS), "{:?}", entry.reason);
        count += 1;
    }
    assert_eq!(count, applications);
    assert_eq!(inventory.objects.len(), applications * OBJECTS + applications);
}

#[test]
fn a_fleet_is_expanded_and_rendered() {
    let workspace = workspace(&files(6, 4));
    let (inventory, _) = gitops_lint::facade::repo::analyze(&workspace, &|_, _| ());
    verify(&inventory, 24);
}
