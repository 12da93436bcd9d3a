#!/usr/bin/env python3
"""300 charts from elsewhere: .ci/cached.py BIN

A server on the loopback address has 300 charts, a repository deploys all of them. `fetch` brings them once; the second one finds that
nothing is to be done, in a tenth of a second; `check` renders all of them offline in less than one and a half. `gitops-lint-fetch` lies
beside BIN.
"""
import functools, hashlib, http.server, io, os, pathlib, subprocess, sys, tarfile, tempfile, threading, time

BIN = os.path.abspath(sys.argv[1])
NUMBER = 300
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels: {{- include "c.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: {{ .Release.Name }} } }
  template:
    metadata: { labels: { app: {{ .Release.Name }} } }
    spec:
      containers:
        - name: main
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          env: {{- toYaml .Values.env | nindent 12 }}
          resources: {{- toYaml .Values.resources | nindent 12 }}
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: { name: {{ .Release.Name }} }\nspec: { selector: { app: {{ .Release.Name }} }, ports: [{ port: 80 }] }\n"
HELPERS = '{{ define "c.labels" }}\napp: {{ .Release.Name }}\nhelm.sh/chart: {{ .Chart.Name }}\n{{ end }}\n'
VALUES = "replicas: 2\nimage: { repository: registry.example.com/main, tag: \"1.0\" }\nenv: [{ name: A, value: b }]\nresources: { requests: { cpu: 10m, memory: 16Mi }, limits: { memory: 32Mi } }\n"
APP = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{ name: app-{0}, namespace: argocd }}
spec:
  project: default
  source: {{ repoURL: '{1}', chart: chart-{0}, targetRevision: 1.0.0 }}
  destination: {{ server: https://kubernetes.default.svc, namespace: ns-{0} }}
"""


def chart(name):
    out = io.BytesIO()
    files = {"Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 1.0.0\nappVersion: \"1\"\n", "values.yaml": VALUES,
             "templates/deployment.yaml": DEPLOYMENT, "templates/service.yaml": SERVICE, "templates/_helpers.tpl": HELPERS}
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for path, text in files.items():
            info = tarfile.TarInfo(f"{name}/{path}")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def main():
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        served, repo = work / "served", work / "repo"
        served.mkdir()
        (repo / "apps").mkdir(parents=True)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(served)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        index = ["apiVersion: v1", "entries:"]
        for at in range(NUMBER):
            archive = chart(f"chart-{at}")
            (served / f"chart-{at}.tgz").write_bytes(archive)
            index.append(f"  chart-{at}: [{{name: chart-{at}, version: 1.0.0, digest: {hashlib.sha256(archive).hexdigest()}, urls: [chart-{at}.tgz]}}]")
            (repo / f"apps/app-{at}.yaml").write_text(APP.format(at, url))
        (served / "index.yaml").write_text("\n".join(index) + "\n")
        environment = {"PATH": os.environ["PATH"], "HOME": str(work), "GITOPS_LINT_CACHE": str(work / "cache")}

        def run(*args):
            began = time.monotonic()
            done = subprocess.run([BIN, *args], cwd=repo, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            return time.monotonic() - began, done.returncode, done.stdout + done.stderr

        took, code, words = run("fetch", "--allow-local")
        assert code == 0 and f"{NUMBER} fetched" in words, words[-500:]
        print(f"fetch: {took:.2f} s")
        server.shutdown()
        wrong = []
        for name, args, want, limit in (
            ("fetch again", ["fetch"], f"{NUMBER} already there", 0.1),
            ("check", ["--format", "concise"], f"", 1.5),
        ):
            tries = [run(*args) for _ in range(3)]
            took, code, words = min(tries)
            assert code < 2 and want in words, words[-500:]
            print(f"{name}: {took:.3f} s (limit {limit} s, best of three)")
            if took > limit:
                wrong.append(f"{name} took {took:.3f} s")
        _, _, words = run("apps")
        rendered = words.count("  rendered  ")
        assert rendered == NUMBER, f"{rendered} apps are rendered: {words[:500]}"
        if wrong:
            sys.exit("\n".join(wrong))


main()
