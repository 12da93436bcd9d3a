#!/usr/bin/env python3
"""How the cost of `check` grows with a repository: user CPU time and memory of whole processes.

  benches/ladder.py BIN            every ladder, one line for each size
  benches/ladder.py BIN --check    two sizes of each ladder; fails where the larger one costs more than its size explains

Ladders: a fleet (one chart, four layers of values), and repositories that are made to hurt: many missing names, many owners
of one name by apps and by roots, operators that may make anything, parts of Flux that are not there, one
namespace with everything in it, many elements of one ApplicationSet. The ratio of two sizes says whether
something grows faster than the repository; it does not depend on the machine.
"""
import argparse, os, subprocess, sys, tempfile

URL = "https://git.example.com/org/ladder.git"
CHART = """apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      containers:
        - name: main
          image: {{ .Values.image.repository }}:{{ .Values.image.tag }}
          ports: [{name: http, containerPort: 8080}]
          envFrom: [{configMapRef: {name: {{ .Release.Name }}}}]
          {{- with .Values.resources }}
          resources: {{- toYaml . | nindent 12 }}
          {{- end }}
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec:
  selector: {app: {{ .Release.Name }}}
  ports: [{name: http, port: 80, targetPort: http}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data:
  level: {{ .Values.level }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: {{ .Release.Name }}}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: {{ .Release.Name }}}}
"""
VALUES = "replicas: 2\nlevel: info\nimage: {repository: registry.example.com/app, tag: '1'}\nresources: {requests: {cpu: 100m}}\n"
ENVS = ["dev", "staging", "uat", "prod"]


def chart(write):
    write("charts/app/Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n")
    write("charts/app/values.yaml", VALUES)
    write("charts/app/templates/all.yaml", CHART)


def application(name, path, namespace, helm=""):
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {name}\n  namespace: argocd\n"
        f"spec:\n  project: default\n  source:\n    repoURL: {URL}\n    targetRevision: HEAD\n    path: {path}\n{helm}"
        f"  destination: {{server: 'https://kubernetes.default.svc', namespace: {namespace}}}\n"
        "  syncPolicy:\n    syncOptions: [CreateNamespace=true]\n"
    )


def fleet(write, apps):
    """Applications of one chart, four layers of values each."""
    chart(write)
    write("values/globals.yaml", "level: warn\n")
    for env in ENVS:
        write(f"values/{env}/globals.yaml", f"resources: {{requests: {{memory: {len(env)}0Mi}}}}\n")
    for i in range(apps):
        env, name = ENVS[i % 4], f"svc{i // 4:05}"
        if i % 4 == 0:
            write(f"values/shared/{name}.yaml", f"image: {{tag: 1.{i}.0}}\n")
        write(f"values/{env}/{name}.yaml", f"replicas: {3 + i % 2}\n")
        layers = ["globals", f"shared/{name}", f"{env}/globals", f"{env}/{name}"]
        files = "".join(f"        - /values/{layer}.yaml\n" for layer in layers)
        helm = f"    helm:\n      releaseName: {name}\n      valueFiles:\n{files}"
        write(f"argocd/{env}/{name}.yaml", application(f"{name}-{env}", "charts/app", f"fleet-{env}", helm))


def workload(name, namespace, secret=None):
    secrets = f"            - secretRef: {{name: {secret}}}\n" if secret else ""
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n"
        f"  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n"
        f"      containers:\n        - name: main\n          image: registry.example.com/app:1\n"
        f"          ports: [{{name: http, containerPort: 8080}}]\n          envFrom:\n"
        f"            - configMapRef: {{name: {name}}}\n{secrets}"
    )


def data(kind, name, namespace):
    field = "stringData" if kind == "Secret" else "data"
    return f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\n{field}: {{key: value}}\n"


def missing(write, size, apart=False):
    """Deployments that each miss a Secret, beside as many Secrets that nothing names."""
    for i in range(size):
        write(f"web{i}.yaml", workload(f"web-{i}", "shop", f"missing-{i}"))
        write(f"settings{i}.yaml", data("ConfigMap", f"web-{i}", "shop"))
        write(("apart/" if apart else "") + f"secret{i}.yaml", data("Secret", f"other-{i}", "shop"))


def missing_apart(write, size):
    """The same with the Secrets in another directory."""
    missing(write, size, apart=True)


def owners(write, size):
    """Applications that all own one object."""
    for i in range(size):
        write(f"apps/a{i}.yaml", application(f"app-{i}", f"manifests/m{i}", "shop"))
        write(f"manifests/m{i}/data{i}.yaml", data("ConfigMap", "shared", "shop") + "---\n" + data("ConfigMap", f"own-{i}", "shop"))


def roots(write, size):
    """Roots in directories of their own that all make one object."""
    for i in range(size):
        write(f"part{i}/kustomization.yaml", "namespace: shop\nresources: [data.yaml]\n")
        write(f"part{i}/data.yaml", data("ConfigMap", "shared", "shop") + "---\n" + data("ConfigMap", f"own-{i}", "shop"))


def operators(write, size):
    """Custom resources of an operator that nothing is known about, beside as many Deployments that each miss a Secret."""
    for i in range(size):
        write(f"web{i}.yaml", workload(f"web-{i}", "shop", f"missing-{i}") + "---\n" + data("ConfigMap", f"web-{i}", "shop"))
        write(f"queue{i}.yaml", f"apiVersion: queues.example.com/v1\nkind: Queue\nmetadata: {{name: orders{i}x, namespace: shop}}\nspec: {{size: 1}}\n")


def flux(write, size):
    """Kustomizations of Flux that wait for others which are not there, half of them from sources that are not here."""
    for i in range(size):
        source = "far" if i % 2 else "flux-system"
        write(
            f"clusters/one/k{i}.yaml",
            f"apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: part{i}q, namespace: flux-system}}\n"
            f"spec:\n  interval: 1h\n  path: ./parts/p{i}\n  prune: true\n  sourceRef: {{kind: GitRepository, name: {source}}}\n"
            f"  dependsOn: [{{name: gone{i}z}}]\n",
        )
        write(f"parts/p{i}/data.yaml", data("ConfigMap", f"own-{i}", f"space-{i % 50}"))
    write(
        "clusters/one/sources.yaml",
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: far, namespace: flux-system}\n"
        "spec: {interval: 1h, url: 'https://git.example.com/others/far', ref: {branch: main}}\n---\n"
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: flux-system, namespace: flux-system}\n"
        f"spec: {{interval: 1h, url: '{URL}', ref: {{branch: main}}}}\n",
    )


def namespace(write, size):
    """One namespace with so many objects of five kinds."""
    for i in range(size // 5):
        name = f"web-{i}"
        service = f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  selector: {{app: {name}}}\n  ports: [{{port: 80, targetPort: http}}]\n"
        budget = f"apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  minAvailable: 1\n  selector: {{matchLabels: {{app: {name}}}}}\n"
        parts = [workload(name, "shop", name), service, budget, data("ConfigMap", name, "shop"), data("Secret", name, "shop")]
        write(f"shop/{name}.yaml", "---\n".join(parts))


def elements(write, size):
    """One ApplicationSet with so many elements, each a cluster of its own."""
    chart(write)
    listed = "".join(f"          - {{name: c{i}, replicas: '{2 + i % 3}'}}\n" for i in range(size))
    write(
        "set.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all, namespace: argocd}\nspec:\n"
        f"  goTemplate: true\n  generators:\n    - list:\n        elements:\n{listed}"
        "  template:\n    metadata: {name: 'web-{{ .name }}'}\n    spec:\n      project: default\n"
        f"      source:\n        repoURL: {URL}\n        targetRevision: HEAD\n        path: charts/app\n"
        "        helm:\n          releaseName: web\n          parameters: [{name: replicas, value: '{{ .replicas }}'}]\n"
        "      destination: {server: 'https://{{ .name }}.example.com', namespace: web}\n",
    )


# What makes the tree, the sizes of the ladder, the two sizes that are compared.
LADDERS = {
    "fleet": (fleet, [580, 1000, 2000, 5000, 10000], (500, 4000)),
    "missing": (missing, [250, 500, 1000, 2000], (250, 2000)),
    "missing-apart": (missing_apart, [250, 500, 1000, 2000], (250, 2000)),
    "owners": (owners, [250, 500, 1000, 2000], (250, 2000)),
    "roots": (roots, [250, 500, 1000, 2000], (250, 2000)),
    "operators": (operators, [250, 500, 1000, 2000], (250, 2000)),
    "flux": (flux, [250, 500, 1000, 2000], (250, 2000)),
    "namespace": (namespace, [2500, 5000, 10000, 20000], (2500, 20000)),
    "elements": (elements, [250, 500, 1000, 2000], (250, 2000)),
}
# How much faster than the repository the cost may grow: sorting and trees are not quite linear, caches end somewhere, and the
# processor time of one program differs by half from run to run on a virtual machine: 7.8 to 16.4 was measured of the same
# ladder. What grows with the square of eight times the size is three times above this.
SLACK = 2.5


def measure(binary, make, size, preset):
    """User CPU seconds and megabytes of one run, the median of five."""
    with tempfile.TemporaryDirectory() as root:
        def write(path, text):
            path = os.path.join(root, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        make(write, size)
        runs = []
        for _ in range(5):
            process = subprocess.Popen([binary, "check", root, "--preset", preset], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode not in (0, 1):
                sys.exit(f"{binary} exited with {process.returncode}")
            runs.append(usage)
        runs.sort(key=lambda usage: usage.ru_utime)
        return runs[2].ru_utime, runs[2].ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--preset", choices=["recommended", "strict"], default="recommended")
    parser.add_argument("--only", action="append", choices=LADDERS)
    arguments = parser.parse_args()
    failed = False
    for name, (make, sizes, pair) in LADDERS.items():
        if arguments.only and name not in arguments.only:
            continue
        seconds = {}
        for size in pair if arguments.check else sizes:
            seconds[size], memory = measure(arguments.binary, make, size, arguments.preset)
            print(f"{name:14} {size:6}  {seconds[size]:8.3f} s user  {memory:6.0f} MB", flush=True)
        if arguments.check:
            small, large = pair
            ratio, most = seconds[large] / max(seconds[small], 0.01), large / small * SLACK
            verdict = "ok" if ratio <= most else "GROWS FASTER THAN THE REPOSITORY"
            print(f"{name:14} costs {ratio:.1f} times as much at {large / small:.0f} times the size (at most {most:.1f}): {verdict}")
            failed |= ratio > most
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
