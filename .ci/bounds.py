#!/usr/bin/env python3
"""The table of bounds in docs/limits.md, tried: .ci/bounds.py BIN

Each row of the table has an input that is beyond its bound. What the user reads is looked for, and no run may take more than two seconds
of processor time or 512 MiB of memory. Where `--limits` relaxes a bound, the same input is fine with it.
"""
import gzip, io, json, os, pathlib, re, resource, subprocess, sys, tarfile, tempfile, time, zlib

BIN = os.path.abspath(sys.argv[1])
ROOT = pathlib.Path(__file__).resolve().parents[1]
SECONDS, MIB = 2.0, 512
CHART = "apiVersion: v2\nname: c\nversion: 0.1.0\n"
APP = (
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: %s, namespace: argocd}\nspec:\n  project: default\n"
    "  destination: {server: https://kubernetes.default.svc, namespace: a}\n  source: {repoURL: 'https://x.example/y', %s}\n"
)
OWN = {".gitops-lint.yaml": "repository: {aliases: ['https://x.example/y']}\n"}


def tgz(entries):
    """(name, content or header bytes) of a chart archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.GNU_FORMAT, compresslevel=6) as tar:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def archive(entries):
    """A repository with an app of a vendored chart archive."""
    return {**OWN, "app.yaml": APP % ("a", "chart: c, targetRevision: 0.1.0"), "vendor/c-0.1.0.tgz": tgz([("c/Chart.yaml", CHART.encode()), *entries])}


def header(size):
    """A header that promises a longer name than anything may have."""
    block = tarfile.TarInfo("././@LongLink")
    block.type, block.size = tarfile.GNUTYPE_LONGNAME, size
    raw = block.tobuf(tarfile.GNU_FORMAT) + b"a" * size + b"\0" * ((512 - size % 512) % 512 + 1024)
    return {**OWN, "app.yaml": APP % ("a", "chart: c, targetRevision: 0.1.0"), "vendor/c-0.1.0.tgz": gzip.compress(raw)}


def chart(template="a: 1\n", values="", schema=None):
    files = {"c/Chart.yaml": CHART, "c/templates/t.yaml": template, "c/values.yaml": values}
    return files if schema is None else {**files, "c/values.schema.json": json.dumps(schema)}


def doubling(levels, refs=4):
    defs = {f"d{at}": {"allOf": [{"$ref": f"#/$defs/d{at + 1}"}] * refs} for at in range(levels)}
    return {"$ref": "#/$defs/d0", "$defs": {**defs, f"d{levels}": {"type": "object"}}}


def laughs():
    lines = ["a0: &a0 [x, x]"] + [f"a{at}: &a{at} [*a{at - 1}, *a{at - 1}, *a{at - 1}]" for at in range(1, 30)]
    return "\n".join(lines) + "\n"


def git_object(directory):
    """A clone whose HEAD has a file that says it is larger than any object may be."""
    git = lambda *args: subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *args], cwd=directory, check=True,
                                       capture_output=True, text=True).stdout.strip()
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    name = git("rev-parse", "HEAD:a.yaml")
    path = directory / ".git/objects" / name[:2] / name[2:]
    path.chmod(0o644)
    path.write_bytes(zlib.compress(b"blob 629145600\0a: 1\n"))


HELM = ["render", "helm", "c"]
GENERATOR = "{list: {elements: [%s]}}" % ", ".join("{k%d: v}" % at for at in range(200))
SET = (
    "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: s, namespace: argocd}\nspec:\n  generators:\n  - matrix: {generators: [%s, "
    "{matrix: {generators: [%s, {list: {elements: [{a: b}]}}]}}]}\n  template:\n    metadata: {name: '{{a}}'}\n    spec: {project: default, source: {repoURL: 'https://x.example/y', "
    "path: a}, destination: {server: https://kubernetes.default.svc}}\n" % (GENERATOR, GENERATOR)
)
EACH = (
    "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: s, namespace: argocd}\nspec:\n  goTemplate: true\n  generators:\n"
    "  - list: {elements: [%s]}\n  template:\n    metadata: {name: '{{.a}}'}\n    spec: {project: default, source: {repoURL: 'https://x.example/y', "
    "path: '{{ repeat 10000000 \"x\" | trunc 3 }}'}, destination: {server: https://kubernetes.default.svc}}\n" % ", ".join("{a: v%d}" % at for at in range(5000))
)
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: a}\n"


def doubled(levels):
    """An expression whose value holds itself twice, so many levels deep, and is compared with itself."""
    inner = f"x{levels - 1} == x{levels - 1}"
    for at in range(levels - 1, 0, -1):
        inner = f"cel.bind(x{at}, [x{at - 1}, x{at - 1}], {inner})"
    return f"cel.bind(x0, [1], {inner})"


def components(levels):
    """Components, each of which takes in both of the level below."""
    kind = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
    files = {f"k{at}/{side}/kustomization.yaml": f"{kind}components: [../../k{at + 1}/a, ../../k{at + 1}/b]\n" for at in range(levels) for side in "ab"}
    files |= {f"k{levels}/{side}/kustomization.yaml": f"{kind}namePrefix: a\n" for side in "ab"}
    return {**files, "r/kustomization.yaml": "resources: [x.yaml]\ncomponents: [../k0/a]\n", "r/x.yaml": CONFIG_MAP % "x"}


REPLACED = {
    "kustomization.yaml": "resources: [x.yaml]\nreplacements:\n" + "".join(
        "- {source: {kind: ConfigMap, name: x, fieldPath: data.%s}, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.%s], options: {delimiter: '/', "
        "index: 99}}]}\n" % (("a", "b")[at % 2], ("b", "a")[at % 2]) for at in range(60)),
    "x.yaml": CONFIG_MAP % "x" + "data: {a: aaaa, b: aaaa}\n",
}
FLUX = {
    **OWN,
    "k.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: k, namespace: flux-system}\nspec:\n  interval: 1h\n"
              "  prune: true\n  path: ./d\n  sourceRef: {kind: GitRepository, name: flux-system}\n  postBuild: {substitute: {V: '%s'}}\n" % ("x" * 100_000),
    "g.yaml": "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: flux-system, namespace: flux-system}\n"
              "spec: {interval: 1h, url: 'https://x.example/y'}\n",
    "d/a.yaml": CONFIG_MAP % "a" + "data: {a: '" + "${V}" * 20_000 + "'}\n",
}


def waiting(at, other):
    """A Kustomization that waits for another one."""
    return (
        f"apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: k{at}, namespace: flux-system}}\nspec:\n  interval: 1h\n"
        f"  prune: true\n  path: ./d\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n  dependsOn: [{'' if other is None else f'{{name: k{other}}}'}]\n---\n"
    )


def foos(spec, given):
    """A definition with a schema, and an object of it."""
    return {
        "crd.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: foos.x.example}\nspec:\n  group: x.example\n"
                    "  scope: Namespaced\n  names: {kind: Foo, plural: foos, singular: foo, listKind: FooList}\n  versions:\n  - name: v1\n    served: true\n"
                    "    storage: true\n    schema: {openAPIV3Schema: %s}\n" % json.dumps({"type": "object", "properties": {"spec": {"type": "object", **spec}}}),
        "x.yaml": "apiVersion: x.example/v1\nkind: Foo\nmetadata: {name: a, namespace: a}\nspec: %s\n" % json.dumps(given),
    }


# What the table calls it: files, arguments, what the user reads, what `--limits 16` makes of it (None where it stays).
ROWS = {
    "a file": ({"a.yaml": "a: 1\n", "big.yaml": "# " + "x" * (33 << 20) + "\n"}, [], r"big\.yaml", "no findings"),
    "a path": ({**OWN, "app.yaml": APP % ("a", "path: " + "d/" * 40_000 + "e")}, ["--format", "concise"], r"missing-source-path|longer than", None),
    "nesting of YAML": ({"a.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\na: {'[' * 100_000}{']' * 100_000}\n"}, [], r"exceeded max depth|a\.yaml:1", None),
    "aliases of YAML": ({"a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n" + laughs()}, [], r"excessive aliasing", None),
    "a string in a template": (chart("a: {{ repeat 34000000 \"x\" | len }}"), HELM, r"gave up on a string of", "a: 34000000"),
    "a list in a template": (chart("a: {{ splitList \",\" (repeat 5000000 \",\") | len }}"), HELM, r"gave up on", "a: 5000001"),
    "width and precision of `printf`": (chart("a: {{ printf \"%99999999d\" 1 | quote }}"), HELM, r"%!\(NOVERB\)", None),
    "`include` and `template` within each other": (chart("{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}"), HELM,
                                                  r"rendering template has a nested reference name|unable to execute template", None),
    "comparisons with `values.schema.json`": (chart(schema=doubling(40)), HELM, r"cannot be used: gave up: it asks for more than", None),
    "references of `values.schema.json` within each other": (chart(schema=doubling(700, 1)), HELM, r"nest more than 600 deep", None),
    "mistakes against one `values.schema.json`": (
        chart(values="a: [" + ", ".join(["x"] * 5000) + "]\n", schema={"properties": {"a": {"items": {"type": "integer"}}}}), HELM, r"want integer", None),
    "a chart archive": (archive([("c/big.txt", bytes(6 << 20))]), ["apps"], r"needs 1 chart", "rendered"),
    "a path in an archive": (archive([("c/" + "d/" * 70 + "e", b"")]), ["apps"], r"needs 1 chart", None),
    "a header of an archive": (header(3 << 20), ["apps"], r"needs 1 chart", None),
    "execution of a chart's templates": (
        chart('{{ define "x" }}{{ if lt (int .) 60 }}{{ include "x" (add1 .) }}{{ include "x" (add1 .) }}{{ end }}{{ end }}{{ include "x" 0 }}'), HELM,
        r"gave up after 8000000 steps", None),
    "one text of an ApplicationSet's template": ({**OWN, "set.yaml": EACH}, ["--format", "concise"], r"gave up on a string of|gave up after", None),
    "expressions of `rules.d` and of policies": (
        {"rules.d/a.yaml": "name: a\nmessage: m\nexpression: >-\n  " + doubled(40) + "\n", "a.yaml": CONFIG_MAP % "a"},
        ["--confidence", "possible", "--format", "concise"], r"was not checked: the expression takes more steps", None),
    "directories of one build with kustomize": (components(30), ["render", "kustomize", "r"], r"visit too many directories", None),
    "a value that `replacements` put together": (REPLACED, ["render", "kustomize", "."], r"the value grows beyond 4194304 bytes", None),
    "an object with Flux's variables filled in": (FLUX, ["--format", "concise"], r"the result is too long", None),
    "an object of Git": ({"a.yaml": "a: 1\n"}, ["--base", "HEAD"], r"cannot be|too large|a\.yaml|no findings", None),
    "parameter sets of an ApplicationSet": ({**OWN, "set.yaml": SET}, ["-v"], r"makes more than 20000 parameter sets", None),
    "a column of a table": ({**OWN, "app.yaml": APP % ("a", "path: " + "d/" * 40_000 + "e"), "b.yaml": APP % ("b", "path: b")}, ["apps"], r"(?m)^b .{0,500}$", None),
    "suppressing comments of one file": (
        {"a.yaml": CONFIG_MAP % "a" + "data:\n" + "".join("  # gitops-lint: ignore[missing-secret] because\n  k%d: v\n" % at for at in range(20_000))}, [],
        r"more than 5000", None),
    "what is wrong with one object by its schema": (foos({"properties": {f"field{at}abc": {"type": "string"} for at in range(5000)}},
                                                         {f"fiedl{at}abd": "x" for at in range(5000)}), [], r"and 59 more", None),
}
# Where nothing is refused, but square work would show: files, arguments, what the user reads.
COSTLY = {
    "values that are not listed": (foos({"properties": {"l": {"type": "array", "items": {"enum": [f"e{at}" for at in range(30_000)]}}}},
                                        {"l": [f"x{at}" for at in range(30_000)]}), [], r"64 errors"),
    "a chain of dependsOn": ({**OWN, "d/a.yaml": CONFIG_MAP % "a", "k.yaml": "".join(waiting(at, at + 1) for at in range(4999)) + waiting(4999, None)}, [], r"5000 apps"),
    "a circle of dependsOn": ({**OWN, "d/a.yaml": CONFIG_MAP % "a", "k.yaml": "".join(waiting(at, (at + 1) % 5000) for at in range(5000))},
                              ["--format", "concise"], r"wait for each other"),
    "a long policy": ({"a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-rbac-cm, namespace: argocd}\ndata:\n  policy.csv: |\n" + "".join(
        f"    p, role:r{at}, applications, get, */*, alow\n    g, x{at}, role:q{at}\n" for at in range(10_000))}, ["--format", "concise", "--limit", "5"], r"more"),
    "a pattern of many alternatives": (
        {"policy.yaml": "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n  rules:\n  - name: r\n    match: {any: [{resources: "
                        "{kinds: [Foo]}}]}\n    validate: {message: m, pattern: {spec: {l: ['%s']}}}\n" % "|".join(f"x{at}-*" for at in range(20_000)),
         "x.yaml": "---\n".join("apiVersion: x.example/v1\nkind: Foo\nmetadata: {name: a%d, namespace: a}\nspec: {l: [%s]}\n" % (
             copy, ", ".join(f"x{at}-y" for at in range(19_000, 20_000))) for copy in range(100))},
        ["--confidence", "possible", "--format", "concise"], r"was not checked: it takes more steps"),
    "many replacements in many resources": (
        {"kustomization.yaml": "resources: [x.yaml]\nreplacements:\n" + "".join(
            "- {source: {kind: ConfigMap, name: a%d, fieldPath: data.a}, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.b]}]}\n" % at
            for at in range(1000)),
         "x.yaml": "---\n".join(CONFIG_MAP % f"a{at}" + "data: {a: a, b: b}\n" for at in range(1000))}, [], r"no findings"),
}


def run(directory, args):
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "RAYON_NUM_THREADS": "2"}
    with tempfile.TemporaryFile() as out:
        began = time.monotonic()
        child = subprocess.Popen([BIN, *args], cwd=directory, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=environment,
                                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (20, 20)))
        _, status, usage = os.wait4(child.pid, 0)
        took = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        words = out.read().decode(errors="replace")
    return child.returncode, words, usage.ru_utime + usage.ru_stime, took, usage.ru_maxrss / 1024


def main():
    table = re.findall(r"^\| ([^|]+?) \|", (ROOT / "docs/limits.md").read_text().split("## Bounds")[1], re.M)
    table = [name for name in table if name not in ("what", "---") and not name.startswith("---")]
    wrong = [f"no input for the row: {name}" for name in table if name not in ROWS]
    wrong += [f"docs/limits.md has no row: {name}" for name in ROWS if name not in table]
    only = sys.argv[2:]
    tried = [(name, *row) for name, row in ROWS.items()] + [(name, *row, None) for name, row in COSTLY.items()]
    for name, files, args, want, relaxed in tried:
        if only and name not in only:
            continue
        with tempfile.TemporaryDirectory() as directory:
            directory = pathlib.Path(directory)
            for path, content in files.items():
                path = directory / path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
            if name == "an object of Git":
                git_object(directory)
            code, words, cpu, took, memory = run(directory, args)
            said = next((line for line in words.splitlines() if re.search(want, line)), words[-300:])
            print(f"{name}: exit {code}, {cpu:.2f} s of processor time, {took:.2f} s, {memory:.0f} MiB: {said.strip()[:100]}")
            if code not in (0, 1, 2):
                wrong.append(f"{name}: exit {code}: {words[-300:]}")
            if not re.search(want, words):
                wrong.append(f"{name}: nobody says {want}: {words[:600]}")
            if cpu > SECONDS or memory > MIB:
                wrong.append(f"{name}: {cpu:.2f} s, {memory:.0f} MiB")
            if relaxed is not None:
                code, words, *_ = run(directory, [*args, "--limits", "16"])
                if not re.search(relaxed, words):
                    wrong.append(f"{name} --limits 16: exit {code}: {words[:400]}")
    if wrong:
        sys.exit("\n".join(wrong))


main()
