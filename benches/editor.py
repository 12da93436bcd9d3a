#!/usr/bin/env python3
"""editor.py BIN REPOSITORY [--edits N] [--seed S] [--compare K] [--memory N]: how an editor fares in a repository.

Prints the time of a `check`, of the first analysis of `lsp`, and of random edits until what is found is told again (median, 95 of
100, worst): a scalar of a random values file or manifest gets another value, or half a line is typed. After every K edits what is told is
compared with a fresh check of the same texts. With --memory, that many more edits follow, and the memory in use is compared with that
after the first analysis. Exits with 1 where a bound does not hold: see BOUNDS."""

import argparse
import json
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from urllib.parse import quote, unquote

# Milliseconds of an edit (median), first analysis relative to a check, memory relative to that after the first analysis.
BOUNDS = {"median": 100, "first": 1.2, "memory": 1.5}

SCALAR = re.compile(r"^(\s*(?:- )?[\w.-]+: )([\w./:-]+)$", re.MULTILINE)


class Server:
    def __init__(self, bin_path, root):
        self.root, self.id = root, 0
        self.diagnostics = {}
        self.process = subprocess.Popen(
            [bin_path, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.ask("initialize", {"rootUri": self.uri("").rstrip("/"), "capabilities": {}})
        self.notify("initialized", {})
        self.settled()

    def uri(self, path):
        return f"file://{quote(str(self.root))}/{quote(path)}"

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self):
        length = 0
        while (line := self.process.stdout.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        if not length:
            raise SystemExit(f"the server ended: {self.process.wait()}")
        return json.loads(self.process.stdout.read(length))

    def notify(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params):
        self.id += 1
        self.send({"id": self.id, "method": method, "params": params})
        while (message := self.receive()).get("id") != self.id:
            if message.get("method") == "textDocument/publishDiagnostics":
                self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        return message.get("result")

    def settled(self):
        """The answer says that the edits before have been checked; a second one, that all of it has been told."""
        self.ask("gitopsLint/status", {})

    def told(self):
        root = self.uri("")
        return sorted(
            (unquote(uri.removeprefix(root)), it["range"]["start"]["line"] + 1, it["code"], it["data"])
            for uri, found in self.diagnostics.items()
            for it in found
        )

    def memory(self):
        """Kilobytes in use."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))


def fresh(bin_path, root, texts):
    with tempfile.TemporaryDirectory() as copied:
        copied = pathlib.Path(copied) / "repo"
        shutil.copytree(root, copied, symlinks=True)
        for path, text in texts.items():
            (copied / path).write_text(text)
        run = subprocess.run([bin_path, "check", "--format", "json"], cwd=copied, capture_output=True, check=False)
        found = json.loads(run.stdout)["findings"]
        return sorted(
            (it["file"], it["line"], it["rule"], it["fingerprint"]) for it in found if (copied / it["file"]).is_file()
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("repository")
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--compare", type=int, default=40)
    parser.add_argument("--memory", type=int, default=0)
    parser.add_argument("--no-clock", action="store_true", help="print times, but let none fail: the machine has other work")
    args = parser.parse_args()
    dice = random.Random(args.seed)
    bin_path = str(pathlib.Path(args.bin).resolve())
    bad = []
    with tempfile.TemporaryDirectory() as copied:
        root = pathlib.Path(copied) / "repo"
        shutil.copytree(args.repository, root, symlinks=True)
        checks = []
        for _ in range(5):
            begun = time.monotonic()
            subprocess.run([bin_path, "check", "--format", "json"], cwd=root, capture_output=True, check=False)
            checks.append(time.monotonic() - begun)
        check = statistics.median(checks)
        firsts = []
        for _ in range(5):
            begun = time.monotonic()
            server = Server(bin_path, root)
            firsts.append(time.monotonic() - begun)
            if len(firsts) < 5:
                server.process.kill()
                server.process.wait()
        first = statistics.median(firsts)
        server.settled()
        start = server.memory()
        print(f"{root.name} of {args.repository}, seed {args.seed}")
        print(f"check {check:.3f} s, first analysis {first:.3f} s: {first / check:.2f} times; {start // 1024} MiB")
        if first / check > BOUNDS["first"] and not args.no_clock:
            bad.append("the first analysis")

        files = []
        for path in sorted(root.rglob("*")):
            if path.suffix not in (".yaml", ".yml") or ".git" in path.parts or not path.is_file() or path.is_symlink():
                continue
            try:
                text = path.read_bytes().decode()
            except UnicodeDecodeError:
                continue
            if "\r" not in text and len(text) < 100_000 and SCALAR.search(text):
                files.append(str(path.relative_to(root)))
        texts, originals = {}, {}

        def edit():
            path = dice.choice(files)
            if path not in texts:
                texts[path] = originals[path] = (root / path).read_text()
                item = {"uri": server.uri(path), "languageId": "yaml", "version": 1, "text": texts[path]}
                server.notify("textDocument/didOpen", {"textDocument": item})
                server.settled()
            text = texts[path]
            found = list(SCALAR.finditer(text))
            # What was broken is mended as often as something is broken: a repository that is all rubble is no test.
            if not found or text != originals[path] and dice.random() < 0.5:
                text = originals[path]
            else:
                at = dice.choice(found)
                new = dice.choice(["changed", "7", "true", f"{at.group(2)}x", ""])
                text = text[: at.start(2)] + new + text[at.end(2) :]
            texts[path] = text
            begun = time.monotonic()
            params = {"textDocument": {"uri": server.uri(path), "version": 2}, "contentChanges": [{"text": text}]}
            server.notify("textDocument/didChange", params)
            server.settled()
            return time.monotonic() - begun

        took = []
        for number in range(1, args.edits + 1):
            took.append(edit() * 1000)
            if args.compare and number % args.compare == 0:
                server.settled()
                told, want = server.told(), fresh(bin_path, root, texts)
                if told != want:
                    more, less = sorted(set(told) - set(want)), sorted(set(want) - set(told))
                    raise SystemExit(f"edit {number}: told and not found {more}; found and not told {less}")
        took.sort()
        median, high = statistics.median(took), took[len(took) * 95 // 100]
        compared = args.edits // args.compare if args.compare else 0
        print(f"{args.edits} edits: median {median:.0f} ms, 95% within {high:.0f} ms, worst {took[-1]:.0f} ms;", end=" ")
        print(f"{compared} comparisons with a fresh check agree")
        if median > BOUNDS["median"] and not args.no_clock:
            bad.append("an edit")
        if args.memory:
            most = start
            for number in range(1, args.memory + 1):
                edit()
                if number % 50 == 0:
                    most = max(most, server.memory())
                if number % 1000 == 0:
                    print(f"after {number} more edits: {server.memory() // 1024} MiB", flush=True)
            ratio = most / start
            print(f"memory: at most {most // 1024} MiB over {args.memory} edits, {ratio:.2f} times the start")
            if ratio > BOUNDS["memory"]:
                bad.append("memory")
        server.process.kill()
    for what in bad:
        print(f"beyond its bound: {what}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
