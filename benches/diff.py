#!/usr/bin/env python3
"""What a diff costs beside a check, in whole processes: least wall time and least processor time of several runs.

  benches/diff.py BIN CORPUS             the five largest repositories below CORPUS, each with a commit that edits several files
  benches/diff.py BIN --fleet GENERATOR  a fleet that GENERATOR makes (`GENERATOR DIR --components N`), and an edit of one app

The first prints diff over check. The second prints the diff of an edit of one app, and what is left of it without what reading
takes: `diff` of two equal commits, which reads both trees and renders nothing that changed.
"""
import argparse, os, re, resource, shutil, subprocess, sys, tempfile, time

GIT = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false"]
# What people edit most: tags, numbers of replicas, limits.
EDITS = [
    (re.compile(r"^(\s*(?:tag|newTag|version|targetRevision): *['\"]?v?)(\d+)(\.\d+.*)$", re.M), lambda m: f"{m[1]}{int(m[2]) + 1}{m[3]}"),
    (re.compile(r"^(\s*(?:replicas|replicaCount): *)(\d+)()$", re.M), lambda m: f"{m[1]}{int(m[2]) + 1}"),
    (re.compile(r"^(\s*(?:memory|cpu): *['\"]?)(\d+)([A-Za-z]*['\"]?)$", re.M), lambda m: f"{m[1]}{int(m[2]) * 2}{m[3]}"),
]


def git(repo, *args):
    subprocess.run([*GIT, "-C", repo, *args], check=True, stdout=subprocess.DEVNULL)


def commit(repo):
    git(repo, "add", "-A", "-f")
    git(repo, "commit", "-q", "--no-verify", "--allow-empty", "-m", "bench")


def yaml_files(repo):
    for folder, folders, names in os.walk(repo):
        folders[:] = sorted(it for it in folders if it != ".git")
        yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith((".yaml", ".yml")))


def edit(repo, count):
    """Edits `count` files, spread over the repository; returns how many it edited."""
    can = []
    for path in yaml_files(repo):
        if os.path.islink(path):
            continue
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            text = file.read()
        for pattern, new in EDITS:
            edited = pattern.sub(new, text, count=1)
            if edited != text:
                can.append((path, edited))
                break
    for path, text in can[:: max(1, len(can) // count)][:count]:
        with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
    return min(count, len(can))


def measure(command, cwd, runs):
    """Least wall and least user+system seconds."""
    wall, cpu = [], []
    for _ in range(runs):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wall.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in (0, 1):
            sys.exit(f"{command} ended with {done.returncode}: {done.stderr.decode()[-400:]}")
        cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(wall), min(cpu)


def corpus(binary, repos, runs):
    sizes = sorted(((sum(1 for _ in yaml_files(path.path)), path.path) for path in os.scandir(repos) if path.is_dir()), reverse=True)
    worst = 0
    for files, path in sizes[:5]:
        with tempfile.TemporaryDirectory() as temp:
            repo = os.path.join(temp, "repo")
            shutil.copytree(path, repo, symlinks=True, ignore=shutil.ignore_patterns(".git"))
            git(temp, "init", "-q", repo)
            commit(repo)
            edited = edit(repo, 6)
            commit(repo)
            check = measure([binary, "check"], repo, runs)
            diff = measure([binary, "diff", "HEAD~1", "HEAD", "--format", "json"], repo, runs)
            tree = measure([binary, "diff", "HEAD~1", "--format", "json"], repo, runs)
            worst = max(worst, diff[0] / check[0])
            print(
                f"{os.path.basename(path):45} {files:5} files {edited} edited  check {check[0] * 1e3:6.0f} ms ({check[1] * 1e3:.0f} cpu)"
                f"  diff {diff[0] * 1e3:6.0f} ms ({diff[1] * 1e3:.0f} cpu)  wall x{diff[0] / check[0]:.2f}  cpu x{diff[1] / check[1]:.2f}"
                f"  with the working tree x{tree[0] / check[0]:.2f}", flush=True)
    print(f"worst ratio of wall times: {worst:.2f}")


def fleet(binary, generator, components, runs):
    with tempfile.TemporaryDirectory() as temp:
        repo = os.path.join(temp, "repo")
        subprocess.run([sys.executable, generator, repo, "--components", str(components)], check=True, stdout=subprocess.DEVNULL)
        if not os.path.isdir(os.path.join(repo, ".git")):
            git(temp, "init", "-q", repo)
        commit(repo)
        commit(repo)
        args = ["--format", "json"]
        still = measure([binary, "diff", "HEAD~1", "HEAD", *args], repo, runs)
        check = measure([binary, "check"], repo, runs)
        # A file that only one app reads lies deepest, and in no chart.
        charts = tuple(os.path.dirname(path) + os.sep for path in yaml_files(repo) if os.path.basename(path) == "Chart.yaml")
        paths = [path for path in yaml_files(repo) if not path.startswith(charts)]
        path = max(paths, key=lambda it: (it.count(os.sep), it))
        with open(path) as file:
            text = file.read()
        edited = next((new for new in (pattern.sub(to, text, count=1) for pattern, to in EDITS) if new != text), None)
        edited = edited or re.sub(r"^(\s*\w+: *)(\d+)$", lambda m: f"{m[1]}{int(m[2]) + 1}", text, count=1, flags=re.M)
        with open(path, "w") as file:
            file.write(edited)
        changed = measure([binary, "diff", "HEAD", *args], repo, runs)
        commit(repo)
        diff = measure([binary, "diff", "HEAD~1", "HEAD", *args], repo, runs)
        stat = subprocess.run([binary, "diff", "HEAD~1", "HEAD", "--stat"], cwd=repo, capture_output=True, text=True).stdout
        print(f"edit of {os.path.relpath(path, repo)}: {stat.strip().splitlines()[-1:] or 'nothing changes'}")
        for name, (wall, cpu) in [("check", check), ("diff of equal commits", still), ("diff of two commits", diff), ("diff with the working tree", changed)]:
            print(f"  {name:28} {wall * 1e3:7.0f} ms wall  {cpu * 1e3:7.0f} ms processor")
        print(f"  the edit costs {(diff[0] - still[0]) * 1e3:.0f} ms more than the equal commits")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("binary", type=os.path.abspath)
parser.add_argument("corpus", nargs="?")
parser.add_argument("--fleet", metavar="GENERATOR")
parser.add_argument("--components", type=int, default=480)
parser.add_argument("--runs", type=int, default=5)
args = parser.parse_args()
if args.corpus:
    corpus(args.binary, args.corpus, args.runs)
if args.fleet:
    fleet(args.binary, args.fleet, args.components, args.runs)
