#!/usr/bin/env python3
"""What Kyverno says of policies and objects: .ci/oracle/policies.py KYVERNO CASE...

A case is a folder with policies.yaml and objects.yaml. The CLI of Kyverno (`go build github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno`
in a copy of that module, which has replacements; 1.19.1 wrote those below fixtures/policies) executes ClusterPolicies, ValidatingPolicies and, with
k8s.io/apiserver's own code, ValidatingAdmissionPolicies. What it says is written to verdicts.tsv (server_policies.py asks the API server's own plugin, whole): policy, rule, kind, namespace and name of the
object, the result and the message. `cargo test --lib agrees_with_the_tools` compares cases below fixtures/policies and target/policies.

    .ci/oracle/policies.py KYVERNO --library POLICIES OUT   makes a case of every folder of a clone of github.com/kyverno/policies
    .ci/oracle/policies.py --gatekeeper LIBRARY OUT         and of every suite of a clone of github.com/open-policy-agent/gatekeeper-library
                                                            whose template has CEL, with what the suite asserts
    .ci/oracle/policies.py --rego LIBRARY OUT               the same of its Rego, for target/rego-policies: `cargo test --features rego --lib agrees`
"""
import json
import pathlib
import subprocess
import sys

import yaml

# Kyverno's configuration on a cluster leaves these out; its CLI does not.
LEFT_OUT = {"kube-system", "kube-public", "kube-node-lease", "kyverno"}
POLICIES = {"ClusterPolicy", "Policy", "ValidatingPolicy", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "PolicyException"}
GROUPS = {"kyverno.io", "policies.kyverno.io", "admissionregistration.k8s.io"}


def documents(path):
    try:
        return [it for it in yaml.safe_load_all(path.read_text()) if isinstance(it, dict) and isinstance(it.get("metadata"), dict)]
    except (yaml.YAMLError, UnicodeDecodeError):
        return []


def without_nulls(value):
    """The API server has none; Kyverno's CLI drops them, too."""
    if isinstance(value, dict):
        return {key: without_nulls(it) for key, it in value.items() if it is not None}
    return [without_nulls(it) for it in value] if isinstance(value, list) else value


def write(case, policies, objects):
    case.mkdir(parents=True, exist_ok=True)
    (case / "policies.yaml").write_text(yaml.safe_dump_all(policies, sort_keys=False))
    (case / "objects.yaml").write_text(yaml.safe_dump_all(objects, sort_keys=False))


def plural(kind):
    kind = kind.lower()
    return kind if kind == "endpoints" else kind[:-1] + "ies" if kind.endswith("y") and kind[-2] not in "aeiou" else kind + ("es" if kind[-1] in "sx" else "s")


def ask(kyverno, policies, case):
    """The results of a run of the CLI; none where it says nothing."""
    told = subprocess.run([kyverno, "apply", policies, "-r", case / "objects.yaml", "-p", "--output-format", "json", "--continue-on-fail"],
                          capture_output=True, text=True).stdout
    report = next((json.loads(line) for line in told.splitlines() if line.startswith("{")), None)
    return None if report is None else report.get("results", [])


def record(kyverno, case):
    """Runs the CLI on a case; `False` where it says nothing."""
    results = ask(kyverno, case / "policies.yaml", case)
    if results is None:
        # One that it stumbles over hides the others.
        results, alone = [], case / "alone.yaml"
        exceptions = [it for it in documents(case / "policies.yaml") if it["kind"] == "PolicyException"]
        said = []
        for policy in documents(case / "policies.yaml"):
            if policy["kind"] != "PolicyException":
                alone.write_text(yaml.safe_dump_all([policy, *exceptions], sort_keys=False))
                said.append(ask(kyverno, alone, case))
        alone.unlink(missing_ok=True)
        if all(it is None for it in said):
            return False
        results = [it for part in said for it in part or []]
    # Rules that change, make or verify are not compared.
    others = {(policy["metadata"]["name"], rule["name"]) for policy in documents(case / "policies.yaml")
              for rule in (policy.get("spec") or {}).get("rules") or [] if "validate" not in rule}
    of_server = {policy["metadata"]["name"] for policy in documents(case / "policies.yaml") if policy["kind"] == "ValidatingAdmissionPolicy"}
    # What policies of the API server are about: without a cluster, the CLI asks some of them about what lives in no namespace, whatever it is.
    about = {policy["metadata"]["name"]: {it.split("/")[0] for rule in (policy["spec"].get("matchConstraints") or {}).get("resourceRules") or [] for it in rule.get("resources") or []}
             for policy in documents(case / "policies.yaml") if policy["kind"] == "ValidatingAdmissionPolicy"}
    rows = []
    for result in results:
        rule = result.get("rule", "").removeprefix("autogen-cronjob-").removeprefix("autogen-")
        policy = result["policy"].split("/")[-1]
        if policy in of_server:
            rule = ""
        # Without a cluster the CLI asks policies of the API server about objects of every kind, and what they are not about makes them fail.
        if (policy, rule) in others or policy in of_server and result["result"] == "error":
            continue
        words = " ".join(result.get("message", "").split())[:200]
        # Who asks is not known to the CLI either.
        if result["result"] == "error" and "no such key: username" in words:
            continue
        kinds = about.get(policy)
        rows += ["\t".join([policy, rule, it["kind"], it.get("namespace", ""), it["name"], result["result"], words])
                 for it in result.get("resources", []) if it.get("namespace") not in LEFT_OUT and (not kinds or "*" in kinds or plural(it["kind"]) in kinds)]
    (case / "verdicts.tsv").write_text("".join(f"{row}\n" for row in sorted(rows)))
    return True


def library(kyverno, root, out):
    for folder in sorted({path.parent for path in root.rglob("*.yaml") if not any(part.startswith(".") for part in path.parts)}):
        policies = [it for path in sorted(folder.glob("*.yaml")) for it in documents(path)]
        policies = [it for it in policies if it.get("kind") in POLICIES and str(it.get("apiVersion")).split("/")[0] in GROUPS]
        objects = {}
        for path in [*folder.glob(".kyverno-test/*.yaml"), *folder.glob(".chainsaw-test/*.yaml")]:
            for it in documents(path):
                meta = it["metadata"]
                if it.get("kind") not in POLICIES | {"Test"} and isinstance(meta.get("name"), str) and meta.get("namespace") not in LEFT_OUT:
                    objects.setdefault((it.get("kind"), meta.get("namespace"), meta["name"]), without_nulls(it))
        case = out / "__".join(folder.relative_to(root).parts)
        if policies and objects:
            write(case, policies, objects.values())
            if not record(kyverno, case):
                print(f"nothing is said of {case.name}")


def gatekeeper(root, out, rego=False):
    asks = {"asserted": 0, "inventory": 0, "review": 0, "unknown": 0}
    for path in sorted(root.glob("library/*/*/suite.yaml")):
        for test in yaml.safe_load(path.read_text())["tests"]:
            [template], [constraint] = documents(path.parent / test["template"]), documents(path.parent / test["constraint"])[:1]
            if rego and any(words in json.dumps(template) for words in ("data.inventory", "userInfo")):
                asks["unknown"] += sum("object" in case for case in test.get("cases", []))
                continue
            if rego:
                for target in template["spec"]["targets"]:
                    target["code"] = [code for code in target.get("code") or [] if code["engine"] == "Rego"]
            elif "K8sNativeValidation" not in json.dumps(template):
                continue
            for at, case in enumerate(test.get("cases", [])):
                objects = documents(path.parent / case["object"])
                asserted = [it["violations"] for it in case.get("assertions", []) if "violations" in it]
                asks["asserted"] += bool(asserted)
                asks["inventory"] += bool(case.get("inventory"))
                asks["review"] += any(it["kind"] == "AdmissionReview" for it in objects)
                if case.get("inventory") or not asserted or not objects or any(it["kind"] == "AdmissionReview" for it in objects):
                    continue
                result = "fail" if any(it not in (False, "no", 0) for it in asserted) else "pass"
                folder = out / "__".join([path.parent.name, test["name"], str(at)]).replace(" ", "-")
                write(folder, [template, constraint], objects)
                who = [constraint["kind"], constraint["metadata"]["name"]]
                rows = ["\t".join([*who, it["kind"], it["metadata"].get("namespace", ""), it["metadata"].get("name", ""), result, ""]) for it in objects]
                (folder / "verdicts.tsv").write_text("".join(f"{row}\n" for row in rows))
    print(f"{asks['asserted']} cases are asserted; {asks['inventory']} have an inventory, {asks['review']} are whole reviews; {asks['unknown']} more are of "
          "templates that ask for what only a cluster knows")


def main():
    match sys.argv[1:]:
        case ["--gatekeeper", root, out]:
            gatekeeper(pathlib.Path(root), pathlib.Path(out))
        case ["--rego", root, out]:
            gatekeeper(pathlib.Path(root), pathlib.Path(out), rego=True)
        case [kyverno, "--library", root, out]:
            library(kyverno, pathlib.Path(root), pathlib.Path(out))
        case [kyverno, *cases] if cases:
            silent = [case for case in cases if not record(kyverno, pathlib.Path(case))]
            sys.exit(f"nothing is said of {', '.join(silent)}" if silent else 0)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
