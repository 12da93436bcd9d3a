#!/usr/bin/env python3
"""kubeconform's verdict beside the API server's own code.

kubeconform.py SCHEMAS MINOR ROWS > ROWS.jsonl
    Of rows that `rendered_objects` of tests/objects.rs wrote. SCHEMAS is `kubernetes_validate/kubernetes-json-schema` of the wheel of that name. Its schemas of
    one minor become files that each hold what they refer to, in kubeconform's strict layout. Rows of kinds that have no file are left out.
kubeconform.py --custom JUDGED DIFFERENCES
    Of custom resources that `crds/main.go` judged, with what `judge.py` printed about them: where we and kubeconform differ, each difference by the gap of
    kubeconform that it comes from. A difference is explained only where the API server's own code is on our side; ends with 1 if one is not.
"""
import collections, json, pathlib, re, subprocess, sys, tempfile

# What kubeconform does not do, by what the API server says of an object that only we refuse.
NOT_ASKED = [
    ("lists of type map and set are not compared for duplicate keys", r"Duplicate value"),
    ("metadata is not looked at", r"metadata|resource name may not be empty|ObjectMeta"),
    ("null and unknown fields are counted as fields", r"should have at (least|most) \d+ properties"),
    ("embedded objects need not have a kind", r"(apiVersion|kind): (Required|Invalid) value"),
    ("what is null is there, where it must be", r"Required value"),
    ("an object without named fields may hold anything", r"unknown field"),
    ("formats are checked only where its library knows them", r"must be of type"),
    ("rules in CEL are not evaluated", r"^(?!.* in body ).*(Invalid value|Forbidden)"),
    ("integers beyond their bits are integers", r"int64|int32|cannot unmarshal|json: "),
]

# What it refuses although the API server does not, by what it says.
TOO_STRICT = [
    ("null where it is not nullable is dropped by the API server", r"got null|null"),
    ("what has a default is required all the same", r"missing propert"),
    ("formats that Kubernetes does not know, or reads more widely, are enforced", r"is not valid|format|valid (uri|email|date|duration|ip|hostname)"),
    ("whole floats become integers on the way to the API server", r"got number, want integer"),
    ("an integer is a number of its own to `oneOf`, and what both sides of it match is refused", r"oneOf|anyOf"),
    ("unknown fields below a free object are refused", r"additional propert"),
    ("patterns are those of another library", r"does not match pattern"),
    ("numbers are compared as decimal fractions", r"multipleOf|minimum|maximum"),
]


def gap(table, text):
    return next((name for name, words in table if re.search(words, text)), None)


def strict_schema(schema):
    """A schema of a definition as `openapi2jsonschema` writes it for `-strict`."""
    if not isinstance(schema, dict):
        return [strict_schema(item) for item in schema] if isinstance(schema, list) else schema
    below = ("items", "additionalProperties", "allOf", "anyOf", "oneOf", "not")
    out = {key: {name: strict_schema(inner) for name, inner in value.items()} if key == "properties" and isinstance(value, dict) else strict_schema(value) if key in below else value
        for key, value in schema.items()}
    if out.get("x-kubernetes-int-or-string"):
        out.pop("type", None)
        out.pop("anyOf", None)
        out["oneOf"] = [{"type": "string"}, {"type": "integer"}]
    if out.get("type") == "object" and "properties" in out and "additionalProperties" not in out and not out.get("x-kubernetes-preserve-unknown-fields"):
        out["additionalProperties"] = False
    if out.get("nullable") and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    return out


def verdicts(rows, schemas, location):
    """What kubeconform says of each row, by its number."""
    with tempfile.TemporaryDirectory() as directory:
        for at, row in enumerate(rows):
            (pathlib.Path(directory) / f"{at}.json").write_text(json.dumps(row["object"]))
        told = subprocess.run(["kubeconform", "-strict", "-output", "json", "-verbose", "-n", "2", "-ignore-missing-schemas",
            "-schema-location", f"{schemas}/{location}.json", directory], capture_output=True, text=True)
    found = {int(pathlib.Path(it["filename"]).stem): it for it in json.loads(told.stdout)["resources"]}
    return {at: it for at, it in found.items() if it["status"] in ("statusValid", "statusInvalid")}


def custom(judged, differences):
    import yaml
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    rows = [row for row in map(json.loads, open(judged)) if not row.get("unknown")]
    differ = set(re.findall(r"^(?:MISSED|INVENTED) (\S+)", open(differences).read(), re.M))
    with tempfile.TemporaryDirectory() as directory:
        for path in {row["crd"] for row in rows}:
            spec = yaml.load(open(path), Loader=loader)["spec"]
            for version in spec["versions"]:
                schema = strict_schema((version.get("schema") or {}).get("openAPIV3Schema") or {})
                fields = schema.setdefault("properties", {})
                fields |= {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
                (pathlib.Path(directory) / f"{spec['group']}_{spec['names']['kind'].lower()}_{version['name']}.json").write_text(json.dumps(schema, default=str))
        found = verdicts(rows, directory, "{{.Group}}_{{.ResourceKind}}_{{.ResourceAPIVersion}}")
    gaps, unexplained = collections.Counter(), []
    for at, it in found.items():
        row = rows[at]
        error, theirs = row.get("error"), it["status"] == "statusInvalid"
        ours = bool(error) != (row["id"] in differ)
        if ours == theirs:
            continue
        # Where the API server is on kubeconform's side, the fault is ours.
        why = None if ours != bool(error) else gap(NOT_ASKED, error) if ours else gap(TOO_STRICT, it["msg"])
        if why:
            gaps["only we: " * ours + "only kubeconform: " * theirs + why] += 1
        else:
            unexplained.append((row["id"], error or "nothing", it.get("msg") or "nothing"))
    print(f"objects {len(found)}, different {sum(gaps.values()) + len(unexplained)}, unexplained {len(unexplained)}")
    for name, count in gaps.most_common():
        print(f"{count:5} {name}")
    for one in unexplained:
        print("UNEXPLAINED", *one, sep="\n  ")
    return bool(unexplained)


if sys.argv[1] == "--custom":
    sys.exit(custom(*sys.argv[2:]))

schemas, minor, rows = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
source = schemas / f"v{minor}.0-local-strict"
definitions = json.loads((source / "_definitions.json").read_text())
definitions = definitions.get("$defs") or definitions["definitions"]


def renamed(value, met):
    """The same schema over definitions of its own, whose names are put into `met`."""
    if isinstance(value, dict):
        out = {key: renamed(below, met) for key, below in value.items() if not (key in ("$id", "$schema") and isinstance(below, str))}
        if isinstance(value.get("$ref"), str):
            name = value["$ref"].rsplit("/", 1)[-1]
            met.add(name)
            out = {"$ref": f"#/definitions/{name}"}
        return out
    return [renamed(item, met) for item in value] if isinstance(value, list) else value


def standalone(schema):
    met, done, held = set(), set(), {}
    whole = renamed(schema, met)
    while met - done:
        for name in sorted(met - done):
            done.add(name)
            held[name] = renamed(definitions[name], met)
    return {"$schema": "http://json-schema.org/draft-07/schema#", **whole, "definitions": held}


with tempfile.TemporaryDirectory() as directory:
    for path in source.glob("*.json"):
        if path.name != "_definitions.json":
            (pathlib.Path(directory) / path.name).write_text(json.dumps(standalone(json.loads(path.read_text()))))
    objects = [json.loads(line) for line in open(rows)]
    found = verdicts(objects, directory, "{{.ResourceKind}}{{.KindSuffix}}")
for at, it in sorted(found.items()):
    row = objects[at]
    print(json.dumps({"id": row["id"], "how": "kubeconform", "error": it["msg"] if it["status"] == "statusInvalid" else None, "object": row["object"]}))
