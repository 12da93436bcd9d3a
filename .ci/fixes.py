#!/usr/bin/env python3
"""fixes.py BIN DIR...: mends copies of repositories with `fix --unsafe`, and tells for each rule that has fixes how many
findings it has, how many offer a fix, how many were mended, and why the others were left.

Afterwards every copy is checked anew by another process: no app may be rendered less than before, and no rule may find more of a message in
a file than before. Exits with 1 where that does not hold. --save FILE keeps the numbers as JSON."""

import argparse
import collections
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ORDER = {"rendered": 0, "partial": 1, "skipped": 2, "failed": 3}

def run(bin_path, root, *args):
    done = subprocess.run([bin_path, *args], cwd=root, capture_output=True, check=False)
    if done.returncode > 1:
        raise SystemExit(f"{root}: {args}: {done.stderr.decode()}")
    return json.loads(done.stdout)


def reason_kind(reason):
    """Reasons by their kind: names, places and messages are taken out."""
    reason = re.sub(r"`([a-z-]+)` would be found.*", r"`\1` would be found", reason, flags=re.DOTALL)
    reason = re.sub(r"^\S+/\S+( \S+)? of .* would change, too$", "something else would change, too", reason)
    reason = re.sub(r"`[^`]+` would not be rendered in full.*", "an app would not be rendered in full", reason, flags=re.DOTALL)
    return re.sub(r"`[^`]*[/.][^`]*`", "a file", reason)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("dirs", nargs="+")
    parser.add_argument("--save")
    parser.add_argument("--strict", action="store_true", help="the strict preset, too")
    args = parser.parse_args()
    bin_path = str(pathlib.Path(args.bin).resolve())
    preset = ["--preset", "strict"] if args.strict else []
    known = run(bin_path, ".", "rules", "--format", "json")["rules"]
    with_fixes = {it["name"] for it in known if it.get("fix")}
    rules = collections.defaultdict(lambda: {"found": 0, "offered": 0, "applied": 0, "left": collections.Counter()})
    broken = []
    for source in map(pathlib.Path, args.dirs):
        with tempfile.TemporaryDirectory() as copied:
            root = pathlib.Path(copied) / source.name
            shutil.copytree(source, root, symlinks=True)
            before = run(bin_path, root, "check", "--format", "json", *preset)
            outcome = run(bin_path, root, "fix", "--unsafe", "--format", "json", *preset)
            after = run(bin_path, root, "check", "--format", "json", *preset)
            for it in before["findings"]:
                rules[it["rule"]]["found"] += 1
                rules[it["rule"]]["offered"] += "fix" in it
            for it in outcome["applied"]:
                rules[it["rule"]]["applied"] += 1
            for it in outcome["left"]:
                rules[it["rule"]]["left"][reason_kind(it["reason"])] += 1
            def states(report):
                return {(it["kind"], it["name"], it["file"]): it["status"] for it in report["apps"]}
            was, is_ = states(before), states(after)
            worse = [app for app, status in is_.items() if app in was and ORDER[status] > ORDER[was[app]]]
            broken += [f"{source.name}: {app} is {is_[app]}, was {was[app]}" for app in worse]
            def counts(report):
                return collections.Counter((it["rule"], it["file"], it["message"]) for it in report["findings"])
            more = counts(after) - counts(before)
            broken += [f"{source.name}: new: {it}" for it in more]
            print(f"{source.name}: {len(outcome['applied'])} applied, {len(outcome['left'])} left", file=sys.stderr, flush=True)
    print(f"{'rule':36} {'found':>6} {'offered':>8} {'mended':>7}  left, and why")
    for name in sorted(rules):
        it = rules[name]
        if name not in with_fixes and not it["offered"]:
            continue
        why = "; ".join(f"{count} {reason}" for reason, count in it["left"].most_common(4))
        print(f"{name:36} {it['found']:6} {it['offered']:8} {it['applied']:7}  {why}")
    total = collections.Counter()
    for it in rules.values():
        total.update({key: it[key] for key in ("offered", "applied")})
        total["left"] += sum(it["left"].values())
    print(f"together: {total['offered']} offered at first, {total['applied']} mended, {total['left']} left")
    for line in broken:
        print(f"BROKEN {line}")
    if args.save:
        pathlib.Path(args.save).write_text(json.dumps(rules, indent=2))
    sys.exit(1 if broken else 0)


main()
