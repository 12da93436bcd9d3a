#!/usr/bin/env python3
"""kubeconform's verdict on rows that `rendered_objects` of tests/objects.rs wrote: kubeconform.py SCHEMAS MINOR ROWS > ROWS.jsonl

SCHEMAS is `kubernetes_validate/kubernetes-json-schema` of the wheel of that name. Its schemas of one minor become files that each hold what
they refer to, in kubeconform's strict layout. Rows of kinds that have no file are left out.
"""
import json, pathlib, subprocess, sys, tempfile

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
    out = pathlib.Path(directory)
    (out / "schemas").mkdir()
    for path in source.glob("*.json"):
        if path.name != "_definitions.json":
            (out / "schemas" / path.name).write_text(json.dumps(standalone(json.loads(path.read_text()))))
    objects = [json.loads(line) for line in open(rows)]
    (out / "objects").mkdir()
    for at, row in enumerate(objects):
        (out / "objects" / f"{at}.json").write_text(json.dumps(row["object"]))
    told = subprocess.run(
        ["kubeconform", "-strict", "-output", "json", "-verbose", "-n", "2", "-ignore-missing-schemas",
         "-schema-location", directory + "/schemas/{{.ResourceKind}}{{.KindSuffix}}.json", str(out / "objects")], capture_output=True, text=True)
    verdicts = {int(pathlib.Path(it["filename"]).stem): it for it in json.loads(told.stdout)["resources"]}
for at, row in enumerate(objects):
    it = verdicts.get(at, {})
    if it.get("status") in ("statusValid", "statusInvalid"):
        error = None if it["status"] == "statusValid" else it["msg"]
        print(json.dumps({"id": row["id"], "how": "kubeconform", "error": error, "object": row["object"]}))
