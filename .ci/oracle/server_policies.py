#!/usr/bin/env python3
"""What the API server says of policies and objects: .ci/oracle/server_policies.py ORACLE OUT SEED COUNT FOLDER...

ORACLE is `go build .` of this folder: k8s.io/apiserver's plugin for ValidatingAdmissionPolicies, behind its decoding, defaults and
validation. All policies below the folders become the case OUT (policies.yaml, objects.yaml, old.yaml and verdicts.tsv, see policies.py):
ValidatingAdmissionPolicies with their bindings (one that binds all where there is none) and parameters, and the same of Kyverno's
ValidatingPolicies, of its rules in CEL and of Gatekeeper's templates in CEL, whose expressions are the same language. Objects are those
that lie beside them, and COUNT more: drawn from all that lies below the folders, as Pods where they have a template of one, and mutated;
values that mutations take are those that policies name. Half of them are changed (UPDATE), some are deleted.
"""
import copy
import json
import pathlib
import random
import re
import subprocess
import sys

import yaml

try:
    LOADER = yaml.CSafeLoader
except AttributeError:
    LOADER = yaml.SafeLoader
GROUP = "admissionregistration.k8s.io"
CLUSTER = {"Namespace", "ClusterRole", "ClusterRoleBinding", "PersistentVolume", "StorageClass", "PriorityClass", "IngressClass", "RuntimeClass", "CSIDriver",
           "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "CertificateSigningRequest", "FlowSchema", "PriorityLevelConfiguration", "DeviceClass",
           "VolumeAttributesClass", "CustomResourceDefinition", "ClusterIssuer", "APIService", "Node", "GatewayClass", "NodePool", "EC2NodeClass", "ClusterSecretStore"}
BUILT_IN = {"", "apps", "batch", "autoscaling", "policy", "storage.k8s.io", "scheduling.k8s.io", "node.k8s.io", "certificates.k8s.io", "coordination.k8s.io"}
BOUND = [{"name": "anyObject", "expression": "has(request.operation) && request.operation == 'DELETE' && object == null ? oldObject : object"}]
PLURALS = {"Ingress": "ingresses", "NetworkPolicy": "networkpolicies", "Endpoints": "endpoints", "StorageClass": "storageclasses", "IngressClass": "ingressclasses"}


def documents(path):
    try:
        text = path.read_text()
        if path.suffix == ".md":
            text = "\n---\n".join(re.findall(r"```ya?ml\n(.*?)```", text, re.S))
        return [it for it in yaml.load_all(text, LOADER) if isinstance(it, dict) and isinstance(it.get("metadata"), dict) and isinstance(it["metadata"].get("name"), str)]
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, OSError):
        return []


def policy(name, spec):
    return {"apiVersion": f"{GROUP}/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec}


def rules(kinds):
    """Constraints about kinds as Kyverno writes them: `Pod`, `apps/v1/Deployment`."""
    found = []
    for kind in kinds:
        parts = kind.split("/")
        if "*" in parts[-1] or "." in parts[-1]:
            return None
        plural = PLURALS.get(parts[-1], parts[-1].lower() + "s")
        group, version = (parts[-3], parts[-2]) if len(parts) == 3 else ("*", parts[-2] if len(parts) == 2 else "*")
        found.append({"apiGroups": [group], "apiVersions": [version], "operations": ["CREATE", "UPDATE"], "resources": [plural]})
    return {"resourceRules": found} if found else None


def as_policies(it):
    """Policies of the API server that say the same as a document; none where it is no policy."""
    spec, name, group = it.get("spec") or {}, it["metadata"]["name"], str(it.get("apiVersion")).split("/")[0]
    match group, it.get("kind"):
        case "admissionregistration.k8s.io", "ValidatingAdmissionPolicy":
            return [policy(name, spec)]
        case "policies.kyverno.io", "ValidatingPolicy":
            kept = {key: spec[key] for key in ("matchConstraints", "matchConditions", "variables", "validations", "failurePolicy") if key in spec}
            for rule in (kept.get("matchConstraints") or {}).get("resourceRules") or []:
                rule.pop("selector", None)
            return [policy(f"vpol-{name}", kept)]
        case "kyverno.io", "ClusterPolicy":
            found = []
            for rule in spec.get("rules") or []:
                cel = (rule.get("validate") or {}).get("cel")
                any_of = [(part.get("resources") or {}) for part in (rule.get("match") or {}).get("any") or []]
                constraints = rules([kind for resources in any_of for kind in resources.get("kinds") or []])
                if cel and constraints and cel.get("expressions"):
                    made = {"matchConstraints": constraints, "matchConditions": rule.get("celPreconditions") or [], "variables": cel.get("variables") or [], "validations": cel["expressions"]}
                    if "paramKind" in cel:
                        made["paramKind"] = cel["paramKind"]
                    found.append(policy(f"cpol-{name}-{rule['name']}", made))
            return found
        case "templates.gatekeeper.sh", "ConstraintTemplate":
            for code in (spec.get("targets") or [{}])[0].get("code") or []:
                if code.get("engine") == "K8sNativeValidation":
                    source = code["source"]
                    kind = spec["crd"]["spec"]["names"]["kind"]
                    params = {"name": "params", "expression": "params == null ? null : !has(params.spec) ? null : !has(params.spec.parameters) ? null : params.spec.parameters"}
                    everything = {"resourceRules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": ["*"]}]}
                    return [policy(f"gatekeeper-{name}", {"paramKind": {"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": kind}, "matchConstraints": everything,
                            "matchConditions": source.get("matchCondition") or [], "variables": BOUND + [params] + (source.get("variables") or []),
                            "validations": source.get("validations") or [], "failurePolicy": source.get("failurePolicy") or "Fail"})]
    return []


def placed(it):
    """With a namespace where its kind lives in one."""
    meta = it["metadata"]
    group = str(it.get("apiVersion", "")).split("/")[0] if "/" in str(it.get("apiVersion", "")) else ""
    if it["kind"] in CLUSTER:
        meta.pop("namespace", None)
    elif not meta.get("namespace") and (group in BUILT_IN or group.endswith(".k8s.io")):
        meta["namespace"] = "default"
    return it


def templates_of(it):
    """The Pod that a workload makes."""
    spec = it.get("spec") if isinstance(it.get("spec"), dict) else {}
    for path in (["template"], ["jobTemplate", "spec", "template"]):
        at = spec
        for key in path:
            at = at.get(key) if isinstance(at, dict) else None
        if isinstance(at, dict) and isinstance(at.get("spec"), dict) and at["spec"].get("containers"):
            meta = at.get("metadata") or {}
            return [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": it["metadata"]["name"], "namespace": it["metadata"].get("namespace", "default"),
                    **{key: meta[key] for key in ("labels", "annotations") if meta.get(key)}}, "spec": at["spec"]}]
    return []


def places(node, path, found):
    found.append(path)
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else []
    for key, below in items:
        if path or key not in ("apiVersion", "kind", "status"):
            places(below, [*path, key], found)


def mutate(it, words, rng):
    it = copy.deepcopy(it)
    for _ in range(rng.choice([1, 1, 2, 3])):
        found = []
        places(it, [], found)
        found = [path for path in found if len(path) > 1 and path[:2] not in (["metadata", "name"], ["metadata", "namespace"])]
        if not found:
            return it
        path = rng.choice(found)
        at = it
        for key in path[:-1]:
            at = at[key]
        value, key = at[path[-1]], path[-1]
        if rng.random() < 0.4:
            del at[key]
        elif isinstance(value, bool):
            at[key] = not value
        elif isinstance(value, int):
            at[key] = rng.choice([0, 1, 2, 3, 5, 6, 10, 80, 443, 1000, 10000, value + 1])
        elif isinstance(value, str):
            at[key] = rng.choice(words) if rng.random() < 0.7 else value + rng.choice(["x", ":latest", "-a", ".b", ""])
        elif isinstance(value, list) and value:
            at[key] = rng.choice([[], value + value[:1], value[1:]])
        elif isinstance(value, dict):
            at[key] = rng.choice([{}, {**value, rng.choice(words): rng.choice(words)}, {**value, rng.choice(["hostNetwork", "privileged", "readOnlyRootFilesystem", "runAsNonRoot", "allowPrivilegeEscalation", "automountServiceAccountToken", "hostPID"]): rng.random() < 0.5}])
    return it


def main(oracle, out, seed, count, *folders):
    rng = random.Random(int(seed))
    policies, bindings, others, beside = {}, [], [], []
    for folder in folders:
        for path in sorted(it for it in pathlib.Path(folder).rglob("*") if it.suffix in (".yaml", ".yml", ".md") and it.is_file()):
            for it in documents(path):
                made = [one for one in as_policies(it) if isinstance(one["spec"], dict) and one["spec"].get("matchConstraints") and one["spec"].get("validations")]
                for one in made:
                    policies.setdefault(one["metadata"]["name"], one)
                if it.get("kind") == "ValidatingAdmissionPolicyBinding":
                    bindings.append(it)
                elif str(it.get("apiVersion")).startswith("constraints.gatekeeper.sh/"):
                    others.append(it)
                    bindings.append({"metadata": {"name": f"{it['kind']}-{it['metadata']['name']}".lower()}, "kind": it["kind"], "constraint": it["metadata"]["name"]})
                elif not made and it.get("kind") and not str(it.get("apiVersion")).split("/")[0].endswith("kyverno.io"):
                    (others if it["kind"] not in ("Pod", "Deployment") else []).append(it)
                    beside.append(it)
    text = "\n".join(json.dumps(it) for it in policies.values())
    words = [it for it in set(re.findall(r"'([^'\\\s]{1,50})'", text)) if it] or ["a"]
    words.sort()
    kinds = {(it["spec"]["paramKind"]["apiVersion"], it["spec"]["paramKind"]["kind"]) for it in policies.values() if it["spec"].get("paramKind")}
    made, seen = [], set()
    template_of = {it["spec"]["paramKind"]["kind"]: name for name, it in policies.items() if name.startswith("gatekeeper-")}
    for it in bindings:
        if "constraint" in it:
            if it["kind"] not in template_of or it["kind"] in seen:
                continue
            seen.add(it["kind"])
            it = {"metadata": it["metadata"], "spec": {"policyName": template_of[it["kind"]], "paramRef": {"name": it["constraint"], "parameterNotFoundAction": "Allow"}}}
        name = (it.get("spec") or {}).get("policyName")
        if name in policies and it["metadata"]["name"] not in {one["metadata"]["name"] for one in made}:
            made.append({"apiVersion": f"{GROUP}/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": it["metadata"]["name"]}, "spec": {**it["spec"], "validationActions": ["Deny"]}})
    bound = {it["spec"]["policyName"] for it in made}
    made += [{"apiVersion": f"{GROUP}/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": f"all-{name}"}, "spec": {"policyName": name, "validationActions": ["Deny"]}}
             for name in policies if name not in bound or rng.random() < 0.2]
    around = {}
    for it in others:
        if it["kind"] == "Namespace" or (it.get("apiVersion"), it["kind"]) in kinds:
            it = placed(it) if it["kind"] in ("Namespace", "ConfigMap") else it
            around.setdefault((it["kind"], it["metadata"].get("namespace"), it["metadata"]["name"]), it)
    for name in ("default", "web"):
        around.setdefault(("Namespace", None, name), {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name, "env": "prod"}}})
    drawn = [it for it in beside if rng.random() < 1]
    rng.shuffle(drawn)
    objects, old = {}, {}

    def add(it, before=None):
        try:
            it = placed(json.loads(json.dumps(it)))
        except (TypeError, ValueError):
            return
        key = (it["kind"], it["metadata"].get("namespace"), it["metadata"]["name"])
        if key in objects or key in old or not isinstance(it.get("apiVersion"), str):
            return
        if before == "gone":
            old[key] = it
            return
        objects[key] = it
        if before is not None:
            before = placed(json.loads(json.dumps(before)))
            before["metadata"]["name"] = it["metadata"]["name"]
            old[key] = before

    bases = []
    for it in drawn:
        if len(bases) < 4 * int(count):
            bases += [it, *templates_of(it)]
    for index, it in enumerate(bases):
        if index < int(count):
            add(it)
    for index in range(int(count)):
        base = copy.deepcopy(rng.choice(bases))
        base["metadata"]["name"] = f"m{index}"
        other = mutate(base, words, rng)
        roll = rng.random()
        add(other, base if roll < 0.3 else mutate(base, words, rng) if roll < 0.4 else "gone" if roll < 0.45 else None)
    case = pathlib.Path(out)
    case.mkdir(parents=True, exist_ok=True)

    def write(name, documents):
        (case / name).write_text("\n---\n".join(json.dumps(it) for it in documents) + "\n")

    write("policies.yaml", [*policies.values(), *made, *around.values()])
    for _ in range(3):
        write("objects.yaml", objects.values())
        write("old.yaml", old.values())
        subprocess.run([oracle, case], check=True)
        rows = [line.split("\t") for line in (case / "verdicts.tsv").read_text().splitlines()]
        # What the server refuses by itself is no question for policies.
        refused = {(kind, namespace or None, name) for policy, _, kind, namespace, name, result, *_ in rows if result == "refused"}
        # One that does not compile is refused itself.
        broken = {row[0] for row in rows if row[5] == "error" and row[6].startswith("compilation error")}
        if not refused and not broken:
            break
        for name in broken:
            policies.pop(name, None)
        write("policies.yaml", [*policies.values(), *made, *around.values()])
        objects = {key: it for key, it in objects.items() if key not in refused}
        old = {key: it for key, it in old.items() if key not in refused}
    results = {}
    for row in rows:
        results.setdefault(row[5], set()).add((row[0], *row[2:5]))
    known = {row[0] for row in rows}
    print(f"{len(policies)} policies ({len(known & set(policies))} of them asked), {len(made)} bindings, {len(objects)} objects, {len(old)} of them there before or deleted: "
          + ", ".join(f"{len(pairs)} pairs {name}" for name, pairs in sorted(results.items())))


if __name__ == "__main__":
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
