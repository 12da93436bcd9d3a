#!/usr/bin/env python3
"""Mutated objects of Kubernetes' own kinds: mutate.py SWAGGER BASES SEED COUNT > objects.jsonl"""
import json, random, sys, copy

swagger, bases, seed, count = json.load(open(sys.argv[1])), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
rng = random.Random(seed)
defs = swagger["definitions"]
roots = {}
for name, d in defs.items():
    for g in d.get("x-kubernetes-group-version-kind", []):
        av = (g["group"] + "/" if g["group"] else "") + g["version"]
        roots[(av, g["kind"])] = name
STRINGS = ["", "A_B", "a.b", "-a", "a-", "a/b", "a b", "x" * 16, "x" * 64, "x" * 254, "0", "10.0.0.1", "10.0.0.0/8", "10.0.0.0/33",
    "::1", "https://example.com", "http", "1Gi", "-1", "100m", "1.5", "50%", "150%", "example.com/foo", "*.example.com", "/", "/a/../b",
    "a//b", "..", "foo_bar", "*", "Always", "None", "TCP", "80", "metadata.name", "true", "a", "kubernetes.io/hostname", "1e3", "0.5", "café"]
INTS = [-1, 0, 1, 2, 65536, 100000, 1.0, 1.5, "5", None, True, 2147483648, 80, 100, 101]
NAMED = {"name": ["a", "web", "a.b", "A"], "path": ["/", "/a", "a", "../a", ""], "port": [80, "http", 0, 70000, "Http", ""], "key": ["a", "a/b", "A.b", "a b"],
    "image": ["nginx", ""], "operator": ["In", "Exists", "Equal", "NotIn", "DoesNotExist", "Gt", "x"], "protocol": ["TCP", "UDP", "tcp", ""],
    "mountPath": ["/a", "a", "/a:b", ""], "fieldPath": ["metadata.name", "metadata.labels['a']", "status.podIP", "x"], "topologyKey": ["zone", "", "a b"],
    "resource": ["limits.cpu", "requests.memory", "x"], "kind": ["Role", "ClusterRole", "User", "ServiceAccount", "Group", "X"]}

def ref(s):
    seen = 0
    while s and ("$ref" in s or s.get("allOf")) and seen < 5:
        s = defs.get((s.get("$ref") or s["allOf"][0].get("$ref", "")).rsplit("/", 1)[-1], {})
        seen += 1
    return s or {}

def synth(schema, name, depth):
    raw = (schema.get("$ref") or "").rsplit(".", 1)[-1]
    s = ref(schema)
    if raw == "Quantity": return rng.choice(["1", "100m", "1Gi", "-1", "1.5", 2, "0", "x"])
    if raw == "IntOrString": return rng.choice([1, 0, "50%", "http", 80, "150%", -1, ""])
    if raw in ("Time", "MicroTime"): return rng.choice(["2024-01-02T03:04:05Z", "2024-01-02T03:04:05.000000Z", "x"])
    if raw in ("RawExtension", "FieldsV1", "JSON"): return {}
    t = s.get("type")
    if s.get("enum"): return rng.choice(s["enum"] + ["", "x"]) if rng.random() < .25 else rng.choice(s["enum"])
    if s.get("properties"):
        if depth <= 0: return {}
        out = {}
        for k, v in s["properties"].items():
            if k in ("status", "managedFields"): continue
            p = .93 if k in s.get("required", []) else .3 if len(s["properties"]) < 8 else .1
            if rng.random() < p: out[k] = synth(v, k, depth - 1)
        return out
    if t == "array": return [synth(s["items"], name, depth - 1) for _ in range(rng.choice([0, 1, 1, 1, 2]))]
    if t == "object":
        return {rng.choice(["a", "cpu", "memory", "a/b", "A b", "app", "x-y.z/w"]): synth(s.get("additionalProperties") or {"type": "string"}, name, depth - 1) for _ in range(rng.choice([0, 1, 1, 2]))}
    if t == "string":
        if s.get("format") == "byte": return rng.choice(["YQ==", "", "a", "!"])
        if name in NAMED and rng.random() < .7: return str(rng.choice(NAMED[name]))
        return rng.choice(["a", "web", "web", "example.com/a"]) if rng.random() < .5 else rng.choice(STRINGS)
    if t in ("integer", "number"):
        if name in ("port", "containerPort", "nodePort") : return rng.choice([80, 8080, 0, 70000, 30000])
        return rng.choice([0, 1, 2, 5, 30, 100, 1000, 65534]) if rng.random() < .6 else rng.choice(INTS)
    if t == "boolean": return rng.random() < .5
    return rng.choice(["a", 1, {}, []])

def walk(value, schema, name, parent, key, out):
    s = ref(schema)
    if name == "status" : return
    out.append((parent, key, schema, s, name, value))
    if isinstance(value, dict):
        for k, v in value.items():
            if k in s.get("properties", {}): walk(v, s["properties"][k], k, value, k, out)
            elif isinstance(s.get("additionalProperties"), dict): walk(v, s["additionalProperties"], name, value, k, out)
    elif isinstance(value, list) and s.get("items"):
        for i, v in enumerate(value): walk(v, s["items"], name, value, i, out)

def mutate(obj, root):
    nodes = []
    walk(obj, {"$ref": root}, "", None, None, nodes)
    nodes = [n for n in nodes if n[1] not in ("apiVersion", "kind") or not n[0] is obj]
    # spec counts more than metadata, and every field as much as others of its name
    names = {}
    for n in nodes: names.setdefault((n[4], n[1] if isinstance(n[1], str) else ""), []).append(n)
    parent, key, raw, s, name, value = rng.choice(rng.choice(list(names.values())))
    if isinstance(value, dict):
        ops = ["add"] * 6 + ["drop"] * 2 + ["unknown", "null", "empty", "type"]
        op = rng.choice(ops)
        absent = [k for k in s.get("properties", {}) if k not in value and k not in ("status", "managedFields")]
        if op == "add" and absent:
            k = rng.choice(absent); value[k] = synth(s["properties"][k], k, 4); return f"add {k}"
        if op == "add" and isinstance(s.get("additionalProperties"), dict):
            k = rng.choice(STRINGS); value[k] = synth(s["additionalProperties"], name, 3); return f"add key {k}"
        if op == "drop" and value:
            k = rng.choice(list(value)); del value[k]; return f"drop {k}"
        if op == "unknown": value["unknownField"] = 1; return "unknown field"
        if parent is None: return None
        new = None if op == "null" else {} if op == "empty" else rng.choice(["a", 1, []])
    elif isinstance(value, list):
        op = rng.choice(["dup", "empty", "item", "item", "alter", "null", "type", "nullitem"])
        if op == "dup" and value: value.append(copy.deepcopy(rng.choice(value))); return f"dup in {name}"
        if op == "alter" and value:
            item = copy.deepcopy(rng.choice(value)); value.append(item)
            if isinstance(item, dict) and item:
                k = rng.choice(list(item)); del item[k]
            return f"dup altered in {name}"
        if op == "item" and s.get("items"): value.append(synth(s["items"], name, 3)); return f"item in {name}"
        if op == "nullitem": value.append(None); return f"null in {name}"
        if op == "empty": value.clear(); return f"empty {name}"
        if parent is None: return None
        new = None if op == "null" else rng.choice(["a", {}, 1])
    elif isinstance(value, bool): new = rng.choice([not value, not value, not value, "true", 1, None])
    elif isinstance(value, (int, float)): new = rng.choice(INTS)
    else:
        r = rng.random()
        if s.get("enum") and r < .5: new = rng.choice(s["enum"])
        elif name in NAMED and r < .5: new = rng.choice(NAMED[name])
        elif isinstance(value, str) and r < .6: new = rng.choice([value.upper(), value + " ", value + "-", value + ".", value + "x" * 60, "." + value])
        elif r < .95: new = rng.choice(STRINGS)
        else: new = rng.choice([5, True, None, [], {}])
    if parent is None or parent[key] == new and type(parent[key]) == type(new): return None
    parent[key] = new
    return f"{name}: {json.dumps(new)[:30]}"

# Hooks of Helm's tests are never applied.
by_kind = {}
for line in open(bases):
    o = json.loads(line)
    if "test" in str((o.get("metadata", {}).get("annotations") or {}).get("helm.sh/hook")): continue
    root = roots.get((o.get("apiVersion"), o.get("kind")))
    if root and root.startswith("io.k8s.api."): by_kind.setdefault((o["apiVersion"], o["kind"]), []).append((o, root))
HEAVY = {"Pod": 4, "Deployment": 6, "StatefulSet": 4, "DaemonSet": 3, "Job": 3, "CronJob": 3, "Service": 4, "Ingress": 3, "NetworkPolicy": 2, "HorizontalPodAutoscaler": 3, "PersistentVolumeClaim": 2, "PersistentVolume": 2}
kinds = [k for k in sorted(by_kind) for _ in range(HEAVY.get(k[1], 1))]
made = 0
while made < count:
    o, root = rng.choice(by_kind[rng.choice(kinds)])
    o = copy.deepcopy(o)
    how = mutate(o, root)
    if how and rng.random() < .2: how = f"{how}; {mutate(o, root)}"
    if not how: continue
    made += 1
    print(json.dumps({"id": f"{seed}-{made}", "how": how, "object": o}))
