#!/usr/bin/env python3
"""What the program says beside what an oracle said: judge.py PROGRAM ROWS [CRDS]

ROWS are lines that `main.go` or `crds/main.go` judged. Each object is applied by an app of its own; of custom resources, the definition (`crd` of the row) lies
in the same repository, and what newer versions of a project removed does not count. Prints the rows on which both do not agree.
"""
import collections, json, pathlib, re, subprocess, sys, tempfile

program, rows, crds = sys.argv[1], [json.loads(line) for line in open(sys.argv[2])], sys.argv[3] if len(sys.argv) > 3 else None
tests = pathlib.Path(__file__).parents[2] / "tests" / "objects.rs"
REFUSALS = set(re.findall(r'"([a-z-]+)"', re.search(r"const REFUSALS.*?;\n", tests.read_text(), re.S).group(0)))
DEFINE_APPS = {"Application", "ApplicationSet", "AppProject", "Kustomization", "HelmRelease", "ImageRepository", "GitRepository", "HelmRepository", "OCIRepository", "Bucket"}
# What Argo CD does not look at by default.
EXCLUDED = {"Endpoints", "EndpointSlice", "Lease", "CertificateSigningRequest"}
FLUX = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: web{0}, namespace: flux-system}}\nspec:\n  interval: 10m\n  path: ./o/{0}\n  prune: true\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n"
ARGO = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web{0}, namespace: argocd}}\nspec:\n  project: default\n  source: {{repoURL: 'https://git.example.com/acme/gitops.git', targetRevision: main, path: o/{0}}}\n  destination: {{server: 'https://kubernetes.default.svc', namespace: web}}\n"
rows = [row for row in rows if not row.get("unknown")]
if crds:
    # Flux's own kinds have a rule about unknown fields of their own.
    REFUSALS = REFUSALS - {"removed-api-version", "deprecated-api-version"} | {"unknown-flux-field"}
    rows = [row for row in rows if row["object"]["kind"] not in DEFINE_APPS]


def counts(finding):
    message = finding["message"]
    return (finding["rule"] in REFUSALS and "Flux cannot apply" not in message and not (finding["rule"] == "invalid-quantity" and " is set to " in message)
        and (finding["rule"] != "invalid-image-reference" or "it is empty" in message))


different = removed = 0
for start in range(0, len(rows), 400):
    part = rows[start:start + 400]
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        (root / "apps").mkdir()
        (root / "crds").mkdir()
        for index, row in enumerate(part):
            here = root / "o" / str(index)
            here.mkdir(parents=True)
            (here / "o.yaml").write_text(json.dumps(row["object"], ensure_ascii=False) + "\n")
            app = FLUX if row["object"]["kind"] in EXCLUDED else ARGO
            (root / "apps" / f"{index}.yaml").write_text(app.format(index))
        for crd in {row["crd"] for row in part if "crd" in row}:
            (root / "crds" / (re.sub(r"\W", "_", crd) + ".yaml")).write_text(pathlib.Path(crd).read_text())
        # A definition that no app applies makes what is said of it less sure.
        told = subprocess.run([program, "check", "--confidence", "possible", "--format", "json", directory], capture_output=True, text=True)
        found, gone = collections.defaultdict(list), set()
        for finding in json.loads(told.stdout)["findings"]:
            for file in {finding["file"], *(label["file"] for label in finding["related"])}:
                at = re.match(r"o/(\d+)/o.yaml", file)
                if at and crds and finding["rule"] == "removed-api-version":
                    gone.add(int(at.group(1)))
                if at and counts(finding):
                    found[int(at.group(1))].append(f"{finding['rule']}: {finding['message']}")
        removed += len(gone)
        for index, row in enumerate(part):
            # Of a version that newer ones removed nothing else is said.
            if index not in gone and bool(found[index]) != bool(row.get("error")):
                different += 1
                print("MISSED" if row.get("error") else "INVENTED", row["id"], row["how"], row["object"]["kind"])
                print("  theirs:", row.get("error") or "nothing")
                print("  ours:", found[index])
                print("  ", json.dumps(row["object"]))
compared = len(rows) - removed
print(f"objects {compared}, refused {sum(bool(row.get('error')) for row in rows)}, different {different}: {100 - 100 * different / max(1, compared):.2f} %")
