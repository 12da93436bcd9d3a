#!/usr/bin/env python3
"""Made and mutated custom resources: mutate_custom.py CRDS SEED COUNT [OBJECTS.jsonl] > objects.jsonl

CRDS is a directory of definitions. Of every kind, objects are made after its schema, half of them mended or broken in one place; those of
OBJECTS (rows with an `object`) are mutated as well.
"""
import copy, glob, json, random, sys
import yaml

crds, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = random.Random(seed)
loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
STRINGS = ["", "A_B", "a.b", "-a", "a/b", "a b", "x" * 64, "x" * 254, "0", "10.0.0.1", "10.0.0.0/8", "10.0.0.0/33", "::1", "https://example.com", "1Gi", "-1", "100m",
    "1.5", "50%", "1h30m", "10s", "5d", "1d", "PT1H", "2024-01-02T03:04:05Z", "2024-01-02", "YQ==", "!", "*", "Always", "None", "TCP", "80", "true", "false", "null", "a", "1e3", "café",
    "a@b.de", "00000000-0000-0000-0000-000000000000", "urn:a", "/a", "sha256:" + "a" * 64, "example.com/foo", "*.example.com", "00:11:22:33:44:55"]
NUMBERS = [-1, 0, 1, 2, 5, 10, 80, 100, 443, 65535, 65536, 2147483648, 1.0, 1.5, 0.1, 1e20]
FORMATS = {"date-time": ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05.123+02:00", "2024-01-02", "x"], "duration": ["10s", "1h30m", "1d", "x", "0"], "byte": ["YQ==", "a", ""],
    "uri": ["https://example.com/a", "a", ":", "http://a b"], "email": ["a@b.de", "x"], "ipv4": ["10.0.0.1", "::1", "01.2.3.4"], "ipv6": ["::1", "10.0.0.1"], "cidr": ["10.0.0.0/8", "10.0.0.0/33"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "x"], "hostname": ["example.com", "a_b", "-a"], "date": ["2024-01-02", "x"]}


def good_text(s, name):
    """A text that has a chance."""
    if s.get("enum"): return rng.choice(s["enum"])
    if s.get("format") in FORMATS: return rng.choice(FORMATS[s["format"]][:2 if rng.random() < .8 else None])
    pattern, least, most = s.get("pattern"), s.get("minLength", 0), s.get("maxLength", 1 << 30)
    import re
    tries = ["a", "web", "example.com", "a/b", "10s", "1h", "0", "100m", "1Gi", "/a", "https://example.com", "A", "10.0.0.1", "10.0.0.0/8", "50%", "*", "*.example.com", "Abc", "a.b/c", "sha256:" + "a" * 64,
        "2024-01-02T03:04:05Z", "* * * * *", "v1", "example.com/foo", "a@b.de", "1.2.3", "::1", "x" * min(least, 300), "600", "0644", "s3://a/b", "1", "10", "FOO"]
    rng.shuffle(tries)
    for text in tries:
        try:
            if least <= len(text) <= most and (not pattern or re.search(pattern.replace(r"\z", r"\Z"), text)): return text
        except re.error:
            break
    return "a"


def bound(s, name, otherwise):
    """A bound of numbers: PyYAML reads `1e+06` as a text."""
    return float(s[name]) if isinstance(s.get(name), str) else s.get(name, otherwise)


def synth(s, name, depth, bad=.02):
    if rng.random() < bad / 2: return rng.choice(["a", 1, True, {}, [], None, 1.5])
    if s.get("x-kubernetes-int-or-string"): return rng.choice([1, 0, "50%", "http", 80, "10%", -1, "1Gi", "100m"])
    if s.get("enum"): return rng.choice(s["enum"])
    t = s.get("type")
    if t == "object" or s.get("properties"):
        out = {}
        props = s.get("properties", {})
        required = s.get("required", [])
        # What alternatives require is a good choice.
        for many in ("oneOf", "anyOf"):
            if s.get(many) and rng.random() < .9:
                required = required + rng.choice(s[many]).get("required", [])
        p = .5 if len(props) < 5 else .3 if len(props) < 12 else .08
        if depth <= 0: p = 0
        for k, v in props.items():
            if k == "status" and name == "": continue
            if k in required and rng.random() > bad / 2 or k not in required and rng.random() < p: out[k] = synth(v, k, depth - 1, bad)
        if not props and isinstance(s.get("additionalProperties"), dict):
            for _ in range(rng.choice([0, 1, 1, 2])): out[rng.choice(["a", "b", "cpu", "a/b", "app"])] = synth(s["additionalProperties"], name, depth - 1, bad)
        elif not props and rng.random() < .5: out["a"] = rng.choice(["b", 1, {}, [1]])
        if s.get("x-kubernetes-embedded-resource"):
            out.setdefault("apiVersion", "v1"); out.setdefault("kind", "ConfigMap"); out.setdefault("metadata", {"name": "a"} if rng.random() < .8 else {"name": "a", "labels": {"a": rng.choice(["b", 1])}})
        return out
    if t == "array":
        n = max(s.get("minItems", 0), rng.choice([0, 1, 1, 1, 2]))
        return [synth(s.get("items", {}), name, depth - 1, bad) for _ in range(min(n, 4))]
    if t == "string": return good_text(s, name) if rng.random() > bad * 4 else rng.choice(STRINGS)
    if t == "integer" or t == "number":
        low, high = bound(s, "minimum", None), bound(s, "maximum", 1 << 62)
        pool = [n for n in NUMBERS if (low is None or n >= low) and n <= high] or [low or 0]
        n = rng.choice(pool if rng.random() > bad else NUMBERS)
        return int(n) if t == "integer" and rng.random() < .97 and n < 1e18 else n
    if t == "boolean": return rng.random() < .5
    return rng.choice(["a", 1, {}, [], {"a": 1}])


def walk(value, s, name, parent, key, out):
    if parent is not None and key == "status" and name == "status" and len(out) and out[0][5] is parent: return
    out.append((parent, key, s, name, value, value))
    if isinstance(value, dict):
        for k, v in value.items():
            below = s.get("properties", {}).get(k)
            if below is None and isinstance(s.get("additionalProperties"), dict): below = s["additionalProperties"]
            if below is not None: walk(v, below, k, value, k, out)
    elif isinstance(value, list) and isinstance(s.get("items"), dict):
        for i, v in enumerate(value): walk(v, s["items"], name, value, i, out)


def mutate(obj, root):
    nodes = []
    walk(obj, root, "", None, None, nodes)
    nodes = [n for n in nodes if not (n[0] is obj and n[1] in ("apiVersion", "kind", "metadata"))]
    names = {}
    for n in nodes: names.setdefault((n[3], n[1] if isinstance(n[1], str) else ""), []).append(n)
    parent, key, s, name, value, _ = rng.choice(rng.choice(list(names.values())))
    if isinstance(value, dict):
        op = rng.choice(["add"] * 5 + ["drop"] * 3 + ["unknown", "null", "empty", "type", "nullfield"])
        absent = [k for k in s.get("properties", {}) if k not in value and not (parent is None and k in ("status", "metadata", "apiVersion", "kind"))]
        if op == "add" and absent:
            k = rng.choice(absent); value[k] = synth(s["properties"][k], k, 4, .08); return f"add {k}"
        if op == "nullfield" and absent:
            k = rng.choice(absent); value[k] = None; return f"null {k}"
        if op == "add" and isinstance(s.get("additionalProperties"), dict):
            k = rng.choice(STRINGS); value[k] = synth(s["additionalProperties"], name, 3, .08); return f"add key {k}"
        droppable = [k for k in value if parent is not None or k not in ("apiVersion", "kind", "metadata")]
        if op == "drop" and droppable:
            k = rng.choice(droppable); del value[k]; return f"drop {k}"
        if op == "unknown": value["unknownField"] = rng.choice([1, None, {}]); return "unknown field"
        if parent is None: return None
        new = None if op == "null" else {} if op == "empty" else rng.choice(["a", 1, []])
    elif isinstance(value, list):
        op = rng.choice(["dup", "empty", "item", "item", "alter", "null", "type", "nullitem", "many"])
        if op == "dup" and value: value.append(copy.deepcopy(rng.choice(value))); return f"dup in {name}"
        if op == "many" and value: value.extend(copy.deepcopy(rng.choice(value)) for _ in range(rng.choice([9, 20, 70]))); return f"many in {name}"
        if op == "alter" and value:
            item = copy.deepcopy(rng.choice(value)); value.append(item)
            if isinstance(item, dict) and item: del item[rng.choice(list(item))]
            return f"dup altered in {name}"
        if op == "item" and isinstance(s.get("items"), dict): value.append(synth(s["items"], name, 3, .08)); return f"item in {name}"
        if op == "nullitem": value.append(None); return f"null in {name}"
        if op == "empty": value.clear(); return f"empty {name}"
        if parent is None: return None
        new = None if op == "null" else rng.choice(["a", {}, 1])
    elif isinstance(value, bool): new = rng.choice([not value, not value, "true", 1, None])
    elif isinstance(value, (int, float)): new = rng.choice(NUMBERS + ["5", None, True, bound(s, "minimum", 0) - 1, bound(s, "maximum", 0) + 1, bound(s, "maximum", 0)])
    else:
        r = rng.random()
        if s.get("enum") and r < .5: new = rng.choice(s["enum"])
        elif s.get("format") in FORMATS and r < .6: new = rng.choice(FORMATS[s["format"]])
        elif isinstance(value, str) and r < .5: new = rng.choice([value.upper(), value + " ", value + "-", value + "x" * 60, "." + value, value + "\n"])
        elif r < .9: new = rng.choice(STRINGS)
        else: new = rng.choice([5, True, None, [], {}])
    if parent is None or parent[key] == new and type(parent[key]) == type(new): return None
    parent[key] = new
    return f"{name}: {json.dumps(new)[:30]}"


kinds = []
for path in sorted(glob.glob(crds + "/**/*.yaml", recursive=True)):
    d = yaml.load(open(path), Loader=loader)
    spec = d.get("spec", {}) if isinstance(d, dict) else {}
    for v in spec.get("versions", []):
        schema = (v.get("schema") or {}).get("openAPIV3Schema")
        if v.get("served") and schema and d.get("apiVersion") == "apiextensions.k8s.io/v1":
            kinds.append((path, spec["group"] + "/" + v["name"], spec["names"]["kind"], spec.get("scope"), schema, "x-kubernetes-validations" in json.dumps(schema, default=str)))
by_kind = {(av, kind): (path, schema) for path, av, kind, _, schema, _ in kinds}
bases = []
for line in open(sys.argv[4]) if len(sys.argv) > 4 else []:
    o = json.loads(line)["object"]
    if (o.get("apiVersion"), o.get("kind")) in by_kind and len(line) < 30000: bases.append(o)
weights = [2 if k[5] else 1 for k in kinds]
made = 0
while made < count:
    if bases and rng.random() < .35:
        o = copy.deepcopy(rng.choice(bases))
        path, schema = by_kind[o["apiVersion"], o["kind"]]
        how = "base "
    else:
        path, av, kind, scope, schema, _ = rng.choices(kinds, weights)[0]
        o = synth(schema, "", 8, rng.choice([0, 0, 0, .02]))
        if not isinstance(o, dict): continue
        o.pop("status", None)
        o = {"apiVersion": av, "kind": kind, "metadata": {"name": "a"} | ({"namespace": "web"} if scope != "Cluster" else {}), **{k: v for k, v in o.items() if k not in ("apiVersion", "kind", "metadata")}}
        how = "made "
    if rng.random() < .75:
        told = mutate(o, schema)
        if not told: continue
        how += told
    text = json.dumps(o, default=str)
    if len(text) > 60000: continue
    made += 1
    print(json.dumps({"id": f"{seed}-{made}", "how": how, "crd": path, "object": json.loads(text)}))
