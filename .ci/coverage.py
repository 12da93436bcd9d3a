#!/usr/bin/env python3
"""How much of what real repositories deploy is rendered before and after `fetch`: .ci/coverage.py BIN CORPUS [REPOSITORY ...]

A proxy on the loopback address answers for every host, with certificates of an authority that exists for this run: as chart repository
and as OCI registry with the charts of the corpus at their own versions, as Git server (`git http-backend`) with the repositories of the
corpus at every branch and tag that is asked for, and with their files as raw.githubusercontent.com. What it does not have it answers
with 404. `--nearest` answers with another version of a chart where the corpus has one: it measures how charts fare, not what is
deployed. Options: --nearest, --minimum PERCENT (of the apps whose charts and repositories could be served), --keep DIR, --verbose.
"""
import argparse, base64, collections, hashlib, http.server, io, json, os, pathlib, re, shutil, socket, socketserver, ssl, subprocess
import sys, tarfile, tempfile, threading, urllib.parse

import yaml

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("bin")
parser.add_argument("corpus", type=pathlib.Path)
parser.add_argument("repositories", nargs="*")
parser.add_argument("--nearest", action="store_true")
parser.add_argument("--minimum", type=float)
parser.add_argument("--keep", type=pathlib.Path)
parser.add_argument("--verbose", action="store_true")
args = parser.parse_args()
BIN, CORPUS = os.path.abspath(args.bin), args.corpus.resolve()


def versions(text):
    return [int(part) for part in re.findall(r"\d+", text.split("+")[0])[:3]]


class Charts:
    """Charts of the corpus by name and version, packed when they are asked for."""

    def __init__(self):
        self.dirs = collections.defaultdict(dict)
        self.packed = {}
        self.lock = threading.Lock()
        places = [*CORPUS.glob("helm/charts/**/Chart.yaml"), *CORPUS.glob("releases/charts/*/Chart.yaml")]
        for path in places:
            if "templates" in path.parent.parts:
                continue
            try:
                about = yaml.safe_load(path.read_text(errors="replace"))
                name, version = about["name"], str(about["version"])
            except (yaml.YAMLError, KeyError, TypeError):
                continue
            # Charts that were only rendered have stand-ins for what they depend on.
            is_whole = "releases" in path.parts or not about.get("dependencies")
            if re.fullmatch(r"[\w.-]+", str(name)) and version != "None" and is_whole:
                self.dirs[name][version] = path.parent

    def find(self, name, wanted):
        known = self.dirs.get(name, {})
        for version in known:
            if version.lstrip("v") == wanted.replace("_", "+").lstrip("v"):
                return version
        if args.nearest and known and versions(wanted):
            return min(known, key=lambda it: [abs(a - b) for a, b in zip(versions(it) + [0] * 3, versions(wanted) + [0] * 3)])
        return None

    def archive(self, name, version, stated=None):
        with self.lock:
            key = (name, version, stated)
            if key not in self.packed:
                out = io.BytesIO()
                with tarfile.open(fileobj=out, mode="w:gz") as tar:
                    root = self.dirs[name][version]
                    for path in sorted(root.rglob("*")):
                        if path.is_file() and not path.is_symlink():
                            data = path.read_bytes()
                            info = tarfile.TarInfo(f"{name}/{path.relative_to(root)}")
                            if stated and path == root / "Chart.yaml":
                                data = re.sub(rb"(?m)^version:.*$", f"version: {stated}".encode(), data)
                            info.size = len(data)
                            tar.addfile(info, io.BytesIO(data))
                self.packed[key] = out.getvalue()
            return self.packed[key]


class Repositories:
    """Repositories of the corpus as bare ones, with all the branches and tags that were asked for."""

    def __init__(self, work):
        self.work, self.lock = work, threading.Lock()
        self.names = {path.name.lower(): path for path in (CORPUS / "repos").iterdir()}

    def dir(self, owner, name):
        return self.names.get(f"{owner}+{name.removesuffix('.git')}".lower())

    def bare(self, source, revision):
        bare = self.work / "git" / (source.name + ".git")
        git = lambda *words, **more: subprocess.run(["git", *words], check=True, capture_output=True, text=True, **more)
        with self.lock:
            if not bare.exists():
                environment = {**os.environ, "GIT_DIR": str(bare), "GIT_WORK_TREE": str(source)}
                for key in ("AUTHOR", "COMMITTER"):
                    environment |= {f"GIT_{key}_NAME": "c", f"GIT_{key}_EMAIL": "c@example.com", f"GIT_{key}_DATE": "2024-01-01T00:00:00Z"}
                git("init", "-q", "--bare", "-b", "main", str(bare))
                git("add", "-A", "-f", ".", env=environment, cwd=source)
                git("commit", "-q", "-m", "corpus", env=environment, cwd=source)
            commit = git("--git-dir", str(bare), "rev-parse", "HEAD").stdout.strip()
            if revision and re.fullmatch(r"[\w./-]+", revision) and not revision.startswith("refs/"):
                for kind in ("heads", "tags"):
                    subprocess.run(["git", "--git-dir", str(bare), "update-ref", f"refs/{kind}/{revision}", commit], capture_output=True)
        return bare


class Certificates:
    def __init__(self, work):
        self.dir, self.contexts, self.lock = work / "tls", {}, threading.Lock()
        self.dir.mkdir()
        self.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=corpus -keyout ca.key -out ca.pem")
        self.openssl("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server -keyout server.key -out server.csr")

    def openssl(self, words):
        subprocess.run(["openssl", *words.split()], cwd=self.dir, check=True, capture_output=True)

    def context(self, host):
        with self.lock:
            if host not in self.contexts:
                (self.dir / "names").write_text(f"subjectAltName=DNS:{host}\nbasicConstraints=CA:FALSE\n")
                self.openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.dir / "server.pem", self.dir / "server.key")
                self.contexts[host] = context
            return self.contexts[host]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host = ""

    def log_message(self, *words):
        pass

    def do_CONNECT(self):
        host, port = self.path.rsplit(":", 1)
        self.send_response(200)
        self.end_headers()
        try:
            if port != "80":
                self.connection = STATE.certificates.context(host).wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
            self.host = host
            while True:
                self.close_connection = True
                self.handle_one_request()
                if self.close_connection:
                    break
        except (ssl.SSLError, OSError):
            pass
        self.close_connection = True

    def answer(self, data, kind="application/octet-stream", code=200, more=()):
        self.send_response(code)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        for name, value in more:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_GET(self):
        try:
            self.serve()
        except BrokenPipeError:
            self.close_connection = True

    do_POST = do_HEAD = do_GET

    def serve(self):
        parts = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(parts.path)
        host = self.host or urllib.parse.urlsplit(self.path).hostname
        if path.startswith("/v2/"):
            return self.registry(path[4:])
        if match := re.fullmatch(r"/-charts/([\w.-]+)/([^/]+)/([^/]+)", path):
            name, version, stated = match.groups()
            return self.answer(STATE.charts.archive(name, version, stated if stated != version else None))
        if path.endswith("/index.yaml"):
            return self.index(f"https://{host}{path.removesuffix('/index.yaml')}")
        if match := re.fullmatch(r"/([^/]+)/([^/]+)/(info/refs|git-upload-pack)", path):
            return self.git(*match.groups(), parts.query)
        if file := raw_file(parts._replace(netloc=host)):
            return self.answer(file.read_bytes())
        self.answer(b"the corpus does not have it\n", code=404)

    def index(self, url):
        entries = {}
        wanted = [want for want in STATE.wants if want["kind"] == "chart" and want["url"].rstrip("/").split("://")[-1] == url.split("://")[-1].rstrip("/")]
        for name in {want["name"] for want in wanted}:
            entries[name] = [{"name": name, "version": version, "urls": [f"/-charts/{name}/{version}/{version}"]} for version in STATE.charts.dirs.get(name, {})]
            for want in wanted:
                if want["name"] == name and (found := STATE.charts.find(name, want["version"])) and not any(it["version"] == want["version"] for it in entries[name]):
                    if found.lstrip("v") != want["version"].lstrip("v"):
                        entries[name].append({"name": name, "version": want["version"], "urls": [f"/-charts/{name}/{found}/{want['version']}"]})
        self.answer(json.dumps({"apiVersion": "v1", "entries": entries}).encode())

    def registry(self, path):
        if not path:
            return self.answer(b"{}")
        match = re.fullmatch(r"(.+)/(manifests|blobs|tags)/([^/]+)", path)
        if not match:
            return self.answer(b"{}", code=404)
        repository, what, reference = match.groups()
        name = repository.rsplit("/", 1)[-1]
        if what == "tags":
            tags = list(STATE.charts.dirs.get(name, {}))
            return self.answer(json.dumps({"name": repository, "tags": [tag.replace("+", "_") for tag in tags]}).encode(), "application/json")
        if what == "blobs":
            blob = STATE.blobs.get(reference)
            return self.answer(blob) if blob is not None else self.answer(b"{}", code=404)
        found = STATE.blobs.get(reference) if reference.startswith("sha256:") else None
        if found is None:
            version = STATE.charts.find(name, reference)
            if version is None:
                return self.answer(json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "the corpus does not have it"}]}).encode(), "application/json", 404)
            stated = reference if version.lstrip("v") != reference.lstrip("v") else None
            layer, config = STATE.charts.archive(name, version, stated), b"{}"
            digest = lambda data: "sha256:" + hashlib.sha256(data).hexdigest()
            STATE.blobs |= {digest(layer): layer, digest(config): config}
            kind = "application/vnd.cncf.helm"
            found = json.dumps({
                "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": f"{kind}.config.v1+json", "digest": digest(config), "size": 2},
                "layers": [{"mediaType": f"{kind}.chart.content.v1.tar+gzip", "digest": digest(layer), "size": len(layer)}],
            }).encode()
            STATE.blobs[digest(found)] = found
        self.answer(found, "application/vnd.oci.image.manifest.v1+json", more=[("docker-content-digest", "sha256:" + hashlib.sha256(found).hexdigest())])

    def git(self, owner, name, service, query):
        source = STATE.repositories.dir(owner, name)
        if source is None:
            return self.answer(b"the corpus does not have it\n", code=404)
        same = lambda url: re.search(rf"[/:]{re.escape(owner)}/{re.escape(name.removesuffix('.git'))}(\.git)?$", url, re.I)
        bare = STATE.repositories.bare(source, None)
        for want in STATE.wants:
            if want["kind"] == "git" and same(want["url"]):
                STATE.repositories.bare(source, want["version"])
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        environment = {**os.environ, "GIT_PROJECT_ROOT": str(bare), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": f"/{service}", "QUERY_STRING": query, "REQUEST_METHOD": self.command,
                       "CONTENT_TYPE": self.headers.get("content-type") or "", "GIT_PROTOCOL": self.headers.get("git-protocol") or ""}
        head, _, data = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env=environment).stdout.partition(b"\r\n\r\n")
        headers = [line.split(": ", 1) for line in head.decode().splitlines()]
        code = next((int(value[:3]) for key, value in headers if key == "Status"), 200)
        self.answer(data, dict(headers).get("Content-Type", "text/plain"), code)


class State:
    wants, blobs = [], {}


def run(repo, environment, *words):
    done = subprocess.run([BIN, *words], cwd=repo, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def wants_of(apps):
    return [want for app in apps for want in app.get("wants", [])]


def can_be_served(want):
    name = want["name"] or want["url"].rstrip("/").rsplit("/", 1)[-1]
    if want["kind"] in ("chart", "oci-chart", "oci-artifact"):
        return name in STATE.charts.dirs and (bool(re.search(r"[*x<>~^| ]", want["version"])) or STATE.charts.find(name, want["version"] or "0") is not None)
    if want["kind"] == "git":
        owner, name = ([""] * 2 + re.split(r"[/:]", want["url"].rstrip("/")))[-2:]
        return STATE.repositories.dir(owner, name) is not None and not re.fullmatch(r"[0-9a-f]{40}", want["version"])
    return want["kind"] == "file" and raw_file(urllib.parse.urlsplit(want["url"])) is not None


def raw_file(url):
    if url.hostname == "raw.githubusercontent.com" and (match := re.fullmatch(r"/([^/]+)/([^/]+)/(?:refs/(?:heads|tags)/)?[^/]+/(.+)", urllib.parse.unquote(url.path))):
        source = STATE.repositories.dir(*match.groups()[:2])
        if source and ".." not in match[3] and (source / match[3]).is_file():
            return source / match[3]
    return None


def main():
    global STATE
    STATE = State()
    below = []
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(args.keep or work)
        work.mkdir(exist_ok=True)
        STATE.charts, STATE.repositories, STATE.certificates = Charts(), Repositories(work), Certificates(work)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        proxy = f"http://127.0.0.1:{server.server_address[1]}"
        print(f"{'repository':52} deployed  before   after  of what could be served")
        reasons, totals = collections.Counter(), collections.Counter()
        for source in sorted((CORPUS / "repos").iterdir()):
            if args.repositories and not any(it in source.name for it in args.repositories):
                continue
            repo = work / source.name
            shutil.copytree(source, repo, symlinks=True)
            environment = {"PATH": os.environ["PATH"], "HOME": str(work), "GITOPS_LINT_CACHE": str(work / "cache" / source.name), "https_proxy": proxy, "http_proxy": proxy, "SSL_CERT_FILE": str(STATE.certificates.dir / "ca.pem")}
            _, out, err = run(repo, environment, "apps", "--format", "json")
            before = [app for app in json.loads(out)["apps"] if app["deployed"]]
            fetched = ""
            for _ in range(4):  # what is fetched wants more, and the server should know of it
                _, out, _ = run(repo, environment, "apps", "--format", "json")
                new = [want for want in wants_of(json.loads(out)["apps"]) if want not in STATE.wants]
                if not new:
                    break
                STATE.wants += new
                _, fetched, err = run(repo, environment, "fetch")
            _, out, _ = run(repo, environment, "apps", "--format", "json")
            after = [app for app in json.loads(out)["apps"] if app["deployed"]]
            full = lambda apps: [app for app in apps if app["status"] == "rendered"]
            rest = [app for app in after if app["status"] != "rendered"]
            # What fails by its own files fails for the real tools as well.
            mine = [app for app in rest if app["status"] != "failed" and all(map(can_be_served, app.get("wants", [])))]
            broken = sum(app["status"] == "failed" for app in rest)
            percent = lambda part, whole: 100 * part / whole if whole else 100.0
            reach = len(full(after)) + len(mine)
            share = percent(len(full(after)), reach)
            print(f"{source.name:52} {len(after):8} {percent(len(full(before)), len(before)):6.1f}% {percent(len(full(after)), len(after)):6.1f}%  {share:6.1f}% of {reach:4}{f', {broken} fail' if broken else ''}", flush=True)
            totals.update(deployed=len(after), before=len(full(before)), after=len(full(after)), reach=reach)
            if args.minimum and share < args.minimum:
                below.append(source.name)
            for app in rest:
                lacks = sorted({f"{want['kind']} {want['url']} {want['name']} {want['version']}" for want in app.get("wants", []) if not can_be_served(want)})
                if lacks:
                    reasons["the corpus does not have it"] += 1
                    words = "; ".join(lacks)
                else:
                    reasons[re.sub(r"`[^`]*`|\d+", "_", app.get("reason", app["status"]))[:110]] += 1
                    words = app.get("reason", app["status"])
                if args.verbose:
                    print(f"    {'-' if lacks else '!'} {app['file']}:{app['line']} {app['kind']} {app['name']} {app['status']}: {words[:300]}")
            if args.verbose:
                print("".join(f"    {line}\n" for line in fetched.splitlines() if "failed" in line or line.startswith("   ")), end="")
            if not args.keep:
                shutil.rmtree(repo)
        print(dict(totals))
        for reason, number in reasons.most_common():
            print(f"{number:6} {reason}")
    if below:
        sys.exit(f"less than {args.minimum} % of what could be served: {', '.join(below)}")


main()
