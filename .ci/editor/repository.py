"""A repository with a bit of everything, written for the clients of this directory."""

import pathlib

APP = """\
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
"""

FILES = {
    "apps/shop.yaml": APP,
    "apps/plain.yaml": APP.replace("name: shop", "name: plain")
    .replace("charts/shop", "plain")
    .replace("    helm:\n      valueFiles:\n      - ../../values/prod.yaml\n", ""),
    "apps/teams.yaml": """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata:
  name: teams
  namespace: argocd
spec:
  goTemplate: true
  generators:
  - list:
      elements:
      - name: red
      - name: blue
  template:
    metadata:
      name: 'team-{{ .name }}'
    spec:
      project: teams
      source:
        repoURL: https://git.example.com/acme/gitops.git
        targetRevision: HEAD
        path: overlays/{{ .name }}
      destination:
        server: https://kubernetes.default.svc
        namespace: 'team-{{ .name }}'
""",
    "apps/project.yaml": """\
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata:
  name: teams
  namespace: argocd
spec:
  sourceRepos: ['*']
  destinations:
  - server: '*'
    namespace: '*'
""",
    "base/kustomization.yaml": "resources:\n- web.yaml\n- rest.yaml\n",
    "base/web.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      serviceAccountName: web
      containers:
      - name: web
        image: example.com/web:1.0
        imagePullPolicy: Always
        envFrom:
        - secretRef:
            name: web-secret
""",
    "base/rest.yaml": """\
apiVersion: v1
kind: Secret
metadata:
  name: web-secret
stringData:
  user: a
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
""",
    "clusters/flux.yaml": """\
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
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: fleet
  namespace: flux-system
spec:
  interval: 1m
  url: https://git.example.com/acme/gitops.git
""",
    "infra/settings.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: infra
data:
  a: b
""",
    "plain/settings.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: plain
data:
  # 😀 é
  a: b
""",
    "charts/shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
    "charts/shop/values.yaml": "replicas: 1\nimage:\n  tag: '1.0'\n",
    "charts/shop/values.schema.json": """\
{
  "properties": {
    "replicas": { "type": "integer" },
    "image": { "properties": { "tag": { "type": "string" }, "pullPolicy": { "enum": ["Always", "Never"] } } }
  }
}
""",
    "charts/shop/templates/_helpers.tpl": '{{- define "shop.name" -}}\nshop\n{{- end -}}\n',
    "charts/shop/templates/web.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "shop.name" . }}
data:
  replicas: {{ .Values.replicas | quote }}
  image: '{{ .Values.image.tag }}'
""",
    "values/prod.yaml": "replicas: 3\nimage:\n  tag: '2.0'\nnoSuchKey: 1\n",
}

for _name in ("red", "blue"):
    FILES[f"overlays/{_name}/kustomization.yaml"] = """\
resources:
- ../../base
images:
- name: example.com/web
  newTag: '2.0'
patches:
- path: more.yaml
"""
    FILES[f"overlays/{_name}/more.yaml"] = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
"""


def write(root):
    """Writes it below a directory."""
    for path, text in FILES.items():
        file = pathlib.Path(root) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
