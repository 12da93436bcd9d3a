#!/usr/bin/env python3
"""Policies of repositories, on what these repositories render: .ci/oracle/corpus_policies.py BIN KYVERNO OUT REPOSITORY...

BIN is gitops-lint, KYVERNO the CLI (see policies.py, whose cases this makes: one per repository that has policies). Policies are those of
all files and those that apps render; of two of one name the first is taken, and the others are counted. Objects are those of all apps.
`cargo test --lib agrees_with_the_tools -- --nocapture` compares OUT, when it is target/policies.
"""
import hashlib
import json
import pathlib
import subprocess
import sys

import policies as oracle
from server_policies import placed

OTHERS = {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "CustomResourceDefinition", "Kustomization"}
# The most objects of one case.
MOST = 3000
# Those of the sample, and their kinds.
SAMPLE = 250
ACROSS = {"Pod", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Service", "Ingress", "Namespace", "ConfigMap"}


def is_policy(it):
    return it.get("kind") in oracle.POLICIES and str(it.get("apiVersion")).split("/")[0] in oracle.GROUPS


def rendered(bin_, repo):
    apps = json.loads(subprocess.run([bin_, "apps", "--format", "json"], cwd=repo, capture_output=True, text=True).stdout or '{"apps": []}')["apps"]
    for app in apps:
        if app.get("status") in ("failed", "skipped") or not app.get("objects"):
            continue
        told = subprocess.run([bin_, "render", "app", app["name"], "--format", "json"], cwd=repo, capture_output=True, text=True, timeout=60).stdout
        try:
            yield from json.loads(told).get("items", [])
        except (ValueError, AttributeError):
            continue


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    bin_, kyverno, out, *repos = sys.argv[1:]
    bin_ = str(pathlib.Path(bin_).resolve())
    all_policies, all_objects = {}, {}
    for repo in map(pathlib.Path, repos):
        everything = list(rendered(bin_, repo))
        files = [path for ending in ("yaml", "yml") for path in sorted(repo.rglob(f"*.{ending}")) if ".git" not in path.parts]
        written = [it for path in files if "kyverno.io" in (text := path.read_text(errors="replace")) or "AdmissionPolicy" in text
                   for it in oracle.documents(path)]
        found, doubles = {}, 0
        for it in [*(it for it in everything if is_policy(it)), *(it for it in written if is_policy(it))]:
            meta = it["metadata"]
            if not isinstance(meta.get("name"), str) or "{{" in meta["name"]:
                continue
            id_ = (it["apiVersion"], it["kind"], meta.get("namespace"), meta["name"])
            doubles += id_ in found and found[id_] != it
            found.setdefault(id_, it)
        objects = {}
        for it in everything:
            meta = it.get("metadata") or {}
            if is_policy(it) or it.get("kind") in OTHERS or not isinstance(meta.get("name"), str) or meta.get("namespace") in oracle.LEFT_OUT:
                continue
            # The CLI puts what has no namespace into this one.
            placed(it)
            objects.setdefault((it.get("kind"), meta.get("namespace"), meta["name"]), oracle.without_nulls(it))
        for id_, it in objects.items():
            if it.get("kind") in ACROSS:
                all_objects.setdefault((repo.name, *id_), it)
        if not found:
            continue
        if any(it["kind"] != "PolicyException" for it in found.values()):
            all_policies[repo.name] = found
        if not objects:
            continue
        case = pathlib.Path(out) / repo.name
        oracle.write(case, found.values(), list(objects.values())[:MOST])
        said = oracle.record(kyverno, case)
        if not said:
            # None of the policies is about any of the objects.
            (case / "verdicts.tsv").write_text("")
        rows = len((case / "verdicts.tsv").read_text().splitlines())
        print(f"{repo.name}: {len(found)} policies ({doubles} more of the same name), {len(objects)} objects, {rows} verdicts")
    # Policies of each on a sample of what the others render.
    sample = {}
    for id_, it in sorted(all_objects.items(), key=lambda pair: hashlib.sha1(repr(pair[0]).encode()).hexdigest()):
        sample.setdefault(id_[1:], it)
    for name, found in all_policies.items():
        case = pathlib.Path(out) / f"{name}__across"
        oracle.write(case, found.values(), list(sample.values())[:SAMPLE])
        said = oracle.record(kyverno, case)
        rows = len((case / "verdicts.tsv").read_text().splitlines()) if said else 0
        if not said:
            (case / "verdicts.tsv").write_text("")
        print(f"{name} across: {rows} verdicts")


main()
