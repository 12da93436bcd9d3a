#!/usr/bin/env python3
"""Writes kubernetes.txt: what every supported minor version of Kubernetes knows of its own kinds.

    pip download --no-deps kubernetes-validate && unzip -d WHEEL kubernetes_validate-*.whl
    go mod download -json k8s.io/kubernetes@v1.37.2        # prints Dir
    python3 generate.py WHEEL DIR > kubernetes.txt

From the wheel: types, fields, required fields, formats, list types of each minor. From the Go module of the newest
minor: which kinds are cluster-scoped (the paths of `api/openapi-spec/swagger.json`), and the enumerations, which the
published documents leave out (`pkg/generated/openapi`). Facts only: no descriptions.

One line holds all versions: a field or kind that not every minor has carries the range of those that do.
"""

import collections
import json
import pathlib
import re
import sys

HEAD = """\
# What each minor of Kubernetes knows of its own kinds. Made by generate.py; do not edit.
# minors FIRST LAST
# kind API_VERSION KIND TYPE [cluster] [@RANGE]      `cluster`: objects live outside of namespaces
# type TYPE FIELD...                                 FIELD is NAME[!]:SHAPE[@RANGE], `!`: required
# SHAPE: s string, b bool, i int32, l int64, n number, I int or string, Q quantity, T time, Y bytes in base64,
#   * anything, o any object, (A|B) one of these strings, [SHAPE list, [<a,b>SHAPE list without two elements that agree in these,
#   {SHAPE map, =TYPE.
# RANGE: FROM-TO in minors, either may be missing. Without one, all minors have it.
"""

PREFIXES = [
    "io.k8s.api.",
    "io.k8s.apimachinery.pkg.apis.",
    "io.k8s.apimachinery.pkg.",
    "io.k8s.apiextensions-apiserver.pkg.apis.",
    "io.k8s.kube-aggregator.pkg.apis.",
]

# Required by the published documents, and yet the API server is content without: zero is a value, or it is defaulted.
NOT_REQUIRED = {
    ("apps.v1.StatefulSetSpec", "serviceName"),
    ("networking.v1.NetworkPolicySpec", "podSelector"),
    ("rbac.v1.RoleRef", "apiGroup"),
    ("discovery.v1.EndpointSlice", "endpoints"),
    ("apiextensions.v1.CustomResourceDefinitionVersion", "served"),
    ("apiextensions.v1.CustomResourceDefinitionVersion", "storage"),
    ("apps.v1.ControllerRevision", "revision"),
    ("scheduling.v1.PriorityClass", "value"),
    ("core.v1.HTTPHeader", "value"),
    ("batch.v1.PodFailurePolicy", "rules"),
    ("core.v1.Sysctl", "value"),
    ("core.v1.ISCSIVolumeSource", "lun"),
    ("core.v1.ISCSIPersistentVolumeSource", "lun"),
    ("core.v1.PreferredSchedulingTerm", "preference"),
    ("batch.v1.PodFailurePolicyRule", "onPodConditions"),
    ("core.v1.SleepAction", "seconds"),
    ("core.v1.LimitRangeSpec", "limits"),
    ("storage.v1.TokenRequest", "audience"),
    ("storage.v1.CSIDriver", "spec"),
    ("core.v1.Event", "metadata"),
}

# What validation accepts although no enumeration of the Go source says so, in the same words.
ENUMS = {
    ("meta.v1.LabelSelectorRequirement", "operator"): "DoesNotExist Exists In NotIn",
    ("autoscaling.v2.MetricSpec", "type"): "ContainerResource External Object Pods Resource",
    ("autoscaling.v2.MetricTarget", "type"): "AverageValue Utilization Value",
    ("autoscaling.v2.HPAScalingPolicy", "type"): "Percent Pods",
    ("autoscaling.v2.HPAScalingRules", "selectPolicy"): "Disabled Max Min",
    ("admissionregistration.v1.ValidatingWebhook", "sideEffects"): "None NoneOnDryRun",
    ("admissionregistration.v1.MutatingWebhook", "sideEffects"): "None NoneOnDryRun",
    ("apiextensions.v1.CustomResourceDefinitionSpec", "scope"): "Cluster Namespaced",
    ("apiextensions.v1.CustomResourceConversion", "strategy"): "None Webhook",
    ("rbac.v1.Subject", "kind"): "Group ServiceAccount User",
    ("storage.v1.CSIDriverSpec", "fsGroupPolicy"): "File None ReadWriteOnceWithFSType",
    ("core.v1.LimitRangeItem", "type"): None,
    # Newer values come with newer types of the source; these fields take what is registered elsewhere.
    ("core.v1.ResourceQuotaSpec", "scopes"): None,
    ("core.v1.ScopedResourceSelectorRequirement", "scopeName"): None,
}


def short(name):
    for prefix in PREFIXES:
        if name.startswith(prefix):
            return name[len(prefix):]
    return name


def range_of(minors, every):
    minors = sorted(minors)
    if minors == every:
        return [""]
    runs = []
    for minor in minors:
        if runs and runs[-1][1] == minor - 1:
            runs[-1][1] = minor
        else:
            runs.append([minor, minor])
    first, last = every[0], every[-1]
    text = lambda minor, edge: "" if minor == edge else str(minor)
    return [f"@{text(low, first)}-{text(high, last)}" for low, high in runs]


def enumerations(go_dir):
    found = {}
    function = field = None
    for line in (go_dir / "pkg/generated/openapi/zz_generated.openapi.go").open():
        if match := re.match(r"func schema_(\w+)\(", line):
            words = match[1].split("_")
            group, version, kind = words[-3:]
            function, field = f"{group}.{version}.{kind}", None
        elif match := re.match(r'\t+"([\w$-]+)": \{$', line):
            field = match[1]
        elif match := re.search(r"Enum:\s+\[\]interface\{\}\{(.*)\}", line):
            found[function, field] = sorted(set(re.findall(r'"([^"]*)"', match[1])))
    for key, words in ENUMS.items():
        if words is None:
            found.pop(key, None)
        else:
            found[key] = words.split()
    return found


def scopes(go_dir):
    """(group, kind) -> whether its objects live in namespaces."""
    found = {}
    document = json.loads((go_dir / "api/openapi-spec/swagger.json").read_text())
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if isinstance(operation, dict) and operation.get("x-kubernetes-action") == "post":
                gvk = operation["x-kubernetes-group-version-kind"]
                if path.count("{") == ("/namespaces/{namespace}/" in path):
                    found[gvk["group"], gvk["kind"]] = "/namespaces/{namespace}/" in path
    return found


# Kinds of minors that the newest one does not have any more.
GONE = {
    ("resource.k8s.io", "ResourceClass"): False,
    ("resource.k8s.io", "ResourceClassParameters"): True,
    ("resource.k8s.io", "ResourceClaimParameters"): True,
    ("resource.k8s.io", "PodSchedulingContext"): True,
    ("resource.k8s.io", "PodScheduling"): True,
    ("networking.k8s.io", "ClusterCIDR"): False,
    ("internal.apiserver.k8s.io", "StorageVersion"): False,
    ("storagemigration.k8s.io", "StorageVersionMigration"): False,
    ("scheduling.k8s.io", "Workload"): True,
}


# Lists in which the API server refuses a second element with the same keys; others it takes, at most with a warning.
UNIQUE = {
    "core.v1.Container": "<name>",
    "core.v1.EphemeralContainer": "<name>",
    "core.v1.Volume": "<name>",
    "core.v1.ServicePort": "<port,protocol>",
    "core.v1.TopologySpreadConstraint": "<topologyKey,whenUnsatisfiable>",
}


def shape(schema, words):
    if "$ref" in schema:
        name = short(schema["$ref"].split("/")[-1])
        special = {
            "api.resource.Quantity": "Q",
            "util.intstr.IntOrString": "I",
            "meta.v1.Time": "T",
            "meta.v1.MicroTime": "T",
            "runtime.RawExtension": "o",
            "meta.v1.FieldsV1": "o",
            "apiextensions.v1.JSON": "*",
            "apiextensions.v1.JSONSchemaPropsOrArray": "*",
            "apiextensions.v1.JSONSchemaPropsOrBool": "*",
            "apiextensions.v1.JSONSchemaPropsOrStringArray": "*",
        }
        return special.get(name, "=" + name)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    kinds = [kind for kind in kinds if kind != "null"]
    form = schema.get("format")
    if kinds == ["array"]:
        inner = shape(schema["items"], words)
        return "[" + UNIQUE.get(inner.removeprefix("="), "") + inner
    if kinds == ["object"]:
        if "additionalProperties" in schema:
            return "{" + shape(schema["additionalProperties"], words)
        return "o"
    if kinds == ["string"]:
        if words:
            return "(" + "|".join(word.replace(" ", "_") for word in words) + ")"
        return {"byte": "Y", "date-time": "T"}.get(form, "s")
    if kinds == ["integer"]:
        return "i" if form == "int32" else "l"
    return {"boolean": "b", "number": "n"}.get("".join(kinds), "*")


def main(wheel, go_dir):
    root = wheel / "kubernetes_validate/kubernetes-json-schema"
    documents = {}
    for directory in root.glob("v1.*-local"):
        minor = int(directory.name.split(".")[1])
        documents[minor] = json.loads((directory / "_definitions.json").read_text())["$defs"]
    every = sorted(documents)
    enums = enumerations(go_dir)
    scope = {**GONE, **scopes(go_dir)}
    kinds = collections.defaultdict(set)
    types = collections.defaultdict(lambda: collections.defaultdict(set))
    for minor, document in documents.items():
        for name, schema in document.items():
            name = short(name)
            for gvk in schema.get("x-kubernetes-group-version-kind", []):
                key = gvk["group"], gvk["kind"]
                if key in scope:
                    version = "/".join(filter(None, [gvk["group"], gvk["version"]]))
                    kinds[version, gvk["kind"], name, scope[key]].add(minor)
                elif not re.search(r"(List|Options|APIVersions|Status|Scale|Binding|Eviction|Event|Group|Review|Request)$", gvk["kind"]):
                    print(f"no scope: {key}", file=sys.stderr)
            required = schema.get("required", [])
            for field, inner in schema.get("properties", {}).items():
                words = enums.get((name, field))
                must = "!" if field in required and (name, field) not in NOT_REQUIRED else ""
                if field in ("apiVersion", "kind") and inner.get("enum"):
                    inner = {"type": "string"}
                types[name][f"{field}{must}:{shape(inner, words)}"].add(minor)
            types[name]
    reached, queue = set(), [name for _, _, name, _ in kinds]
    while queue:
        name = queue.pop()
        if name not in reached:
            reached.add(name)
            queue += [part for field in types[name] for part in re.findall(r"=([\w.-]+)", field)]
    print(HEAD, end="")
    print(f"minors {every[0]} {every[-1]}")
    for (version, kind, name, namespaced), minors in sorted(kinds.items()):
        cluster = "" if namespaced else " cluster"
        for text in range_of(minors, every):
            print(f"kind {version} {kind} {name}{cluster}{' ' + text if text else ''}")
    for name in sorted(reached):
        fields = types[name]
        exists = sorted(set().union(*fields.values())) if fields else every
        parts = []
        for field, minors in sorted(fields.items()):
            # What appears with its type needs no range.
            parts += [field + text for text in range_of(minors, exists if sorted(minors) == exists else every)]
        print(" ".join(["type", name, *parts]))


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
