#!/usr/bin/env python3
"""Compares whole runs: `gitops-lint render helm` with `helm template`, chart by chart, on one machine in one run.

  helm_ratio.py --bin target/release/gitops-lint --helm HELM --charts DIR [--count N] [--runs N] CHART...

CHART are directories below DIR; without any, every directory with a Chart.yaml that `helm template` renders is taken,
evenly chosen up to --count (60). Each chart is run --runs times (3) by each tool, in turns; the fastest run counts.
Prints the median and the quartiles of the ratio, and the slowest charts of ours. A build with --release is meant.
"""
import argparse, os, statistics, subprocess, sys, time


def charts(root):
    for folder, dirs, files in os.walk(root):
        if "Chart.yaml" in files:
            dirs.clear()
            yield os.path.relpath(folder, root)


def run(command, cwd):
    start = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start, done.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="target/release/gitops-lint")
    parser.add_argument("--helm", default="helm")
    parser.add_argument("--charts", default="target/corpus/helm/charts")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("chart", nargs="*")
    args = parser.parse_args()
    binary = os.path.abspath(args.bin)
    todo = args.chart or sorted(charts(args.charts))
    step = max(1, len(todo) // args.count) if not args.chart else 1
    rows = []
    for chart in todo[::step]:
        if len(rows) >= args.count:
            break
        ours, theirs = [], []
        helm = [args.helm, "template", "rel", chart, "-n", "ns", "--include-crds"]
        own = [binary, "render", "helm", chart, "--release", "rel", "--namespace", "ns", "--include-crds"]
        for _ in range(args.runs):
            took, good = run(helm, args.charts)
            if not good:
                break
            theirs.append(took)
            took, good = run(own, args.charts)
            if not good:
                print(f"we failed: {chart}", file=sys.stderr)
                break
            ours.append(took)
        if len(ours) == args.runs:
            rows.append((min(theirs) / min(ours), min(ours), min(theirs), chart))
    if not rows:
        sys.exit("no chart was rendered")
    ratios = sorted(row[0] for row in rows)
    quarter = len(ratios) // 4
    print(f"{len(rows)} charts: helm takes {statistics.median(ratios):.1f} times as long (median;"
          f" quartiles {ratios[quarter]:.1f} and {ratios[-1 - quarter]:.1f}, least {ratios[0]:.1f})")
    print(f"in all: {sum(row[1] for row in rows):.3f} s, helm {sum(row[2] for row in rows):.3f} s")
    for ratio, own, other, chart in sorted(rows, key=lambda row: -row[1])[:5]:
        print(f"  {own * 1000:8.1f} ms, helm {other * 1000:8.1f} ms, {ratio:5.1f}x  {chart}")


if __name__ == "__main__":
    main()
