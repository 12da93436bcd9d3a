#!/usr/bin/env python3
"""How much faster than the real tools: whole processes, one after the other, on the inputs of the corpus.

  benches/against_tools.py kustomize --bin target/release/gitops-lint --corpus target/corpus --tool kubectl
  benches/against_tools.py helm      --bin target/release/gitops-lint --corpus target/corpus --tool helm
                                     [--count 120] [--repeat 3] [--warm target/release/deps/warm-*]

Takes COUNT inputs evenly spread over those that the tool can render, runs both programs REPEAT times on each, first the
one and then the other, takes the best time of each, and prints the median and the quartiles of the ratios and the slowest
inputs. Our program is copied first, as an installation does: the system reads a file that was written in one go with fewer
page faults than one that a linker wrote here and there. With --warm, the bench of that name says how long the charts take
inside of one process that has rendered them before.
"""
import argparse, csv, os, shutil, statistics, subprocess, tempfile, time


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


def summary(what, rows):
    """Prints the distribution of (theirs, ours, name)."""
    ratios = [theirs / ours for theirs, ours, _ in rows]
    quarters = statistics.quantiles(ratios, n=4)
    print(f"{what}: {len(rows)} inputs, theirs {sum(row[0] for row in rows):.2f} s, ours {sum(row[1] for row in rows):.3f} s in all")
    print(f"  ratio: median {quarters[1]:.1f}, quartiles {quarters[0]:.1f} and {quarters[2]:.1f}, least {min(ratios):.1f}")
    for theirs, ours, name in sorted(rows, key=lambda row: -row[1])[:3]:
        print(f"  slowest: {ours * 1000:.1f} ms, theirs {theirs * 1000:.1f} ms: {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["kustomize", "helm"])
    parser.add_argument("--bin", required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--tool", required=True, help="kubectl or helm")
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--warm", help="the bench `warm` as an executable: charts, with their own values")
    args = parser.parse_args()
    installed = tempfile.TemporaryDirectory()
    args.bin = shutil.copy(args.bin, installed.name)
    cases = list({"kustomize": kustomize, "helm": helm}[args.kind](args))
    step = max(1, len(cases) // args.count)
    cold, loaded, anew = [], [], []
    for theirs, ours in cases[::step][: args.count]:
        a, b = best(theirs, args.repeat), best(ours, args.repeat)
        if a is None or b is None:
            print("failed, left out:", " ".join(theirs if a is None else ours))
            continue
        name = os.path.relpath(theirs[3] if args.kind == "helm" else theirs[2], args.corpus)
        cold.append((a, b, name))
        if args.warm and args.kind == "helm" and "-f" not in theirs:
            words = subprocess.run([args.warm, theirs[3]], capture_output=True, text=True, check=True).stdout.split()
            anew.append((a, int(words[0]) / 1e6, name))
            loaded.append((a, max(int(words[1]), 1) / 1e6, name))
    summary("whole processes", cold)
    if loaded:
        summary("in a warm process, chart loaded", loaded)
        summary("in a warm process, chart read and parsed anew", anew)


if __name__ == "__main__":
    main()
