#!/usr/bin/env python3
"""How much faster than the real tools: whole processes, one after the other, on the inputs of the corpus.

  benches/against_tools.py kustomize --bin target/release/gitops-lint --corpus target/corpus --tool kubectl
  benches/against_tools.py helm      --bin target/release/gitops-lint --corpus target/corpus --tool helm
                                     [--count 120] [--repeat 3]

Takes COUNT inputs evenly spread over those that the tool can render, runs both programs REPEAT times on each, takes
the best time of each, and prints the median and the quartiles of the ratios.
"""
import argparse, csv, os, statistics, subprocess, time


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def kustomize(args):
    """Command lines (theirs, ours) per overlay."""
    for row in rows(os.path.join(args.corpus, "kustomize", "manifest.tsv")):
        if row["expect"] == "ok":
            directory = os.path.join(args.corpus, "repos", row["dir"])
            flags = row["flags"].split()
            yield [args.tool, "kustomize", directory, *flags], [args.bin, "render", "kustomize", directory, *flags]


def helm(args):
    """Command lines (theirs, ours) per chart and values file."""
    for row in rows(os.path.join(args.corpus, "helm", "manifest.tsv")):
        if row["expect"] == "ok":
            chart = os.path.join(args.corpus, "helm", "charts", row["chart_dir"])
            values = ["-f", os.path.join(chart, row["values_file"])] if row["values_file"] else []
            rest = [row["release"], chart, "--include-crds", *values]
            namespace = ["--namespace", row["namespace"]]
            yield (
                [args.tool, "template", *rest, *namespace],
                [args.bin, "render", "helm", chart, "--release", row["release"], "--include-crds", *values, *namespace],
            )


def best(command, repeat):
    """The shortest time in seconds, or None where the command fails."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
        if done.returncode:
            return None
    return min(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["kustomize", "helm"])
    parser.add_argument("--bin", required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--tool", required=True, help="kubectl or helm")
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    cases = list({"kustomize": kustomize, "helm": helm}[args.kind](args))
    step = max(1, len(cases) // args.count)
    ratios, ours_total, theirs_total = [], 0.0, 0.0
    for theirs, ours in cases[::step][: args.count]:
        a, b = best(theirs, args.repeat), best(ours, args.repeat)
        if a is None or b is None:
            print("failed, left out:", " ".join(theirs if a is None else ours))
            continue
        ratios.append(a / b)
        theirs_total += a
        ours_total += b
    quarters = statistics.quantiles(ratios, n=4)
    print(f"{len(ratios)} inputs: theirs {theirs_total:.2f} s, ours {ours_total:.2f} s in all")
    print(f"ratio: median {quarters[1]:.1f}, quartiles {quarters[0]:.1f} and {quarters[2]:.1f}, least {min(ratios):.1f}")


if __name__ == "__main__":
    main()
