#!/usr/bin/env python3
"""script.py BIN [SEED] [REPOSITORY]: an editor at work. Questions whose answers are known, then random edits, questions and
cancellations; after every few of them, what is told equals what a fresh `check` finds in the same texts.

With REPOSITORY, only the random part, in a copy of it. Needs pygls."""

import asyncio
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

import repository
from client import Editor

ROUNDS = 60


class Asked:
    """Counts interactions, and says which one failed."""

    def __init__(self):
        self.count = 0

    def that(self, what, holds, got):
        self.count += 1
        if not holds:
            raise SystemExit(f"{what}: {got!r}")


def fresh(bin_path, editor):
    """What a check of the texts that the editor has finds, in files of the repository."""
    with tempfile.TemporaryDirectory() as copied:
        root = pathlib.Path(copied) / "repo"
        shutil.copytree(editor.root, root, symlinks=True)
        for path, text in editor.texts.items():
            (root / path).write_bytes(text.encode())
        run = subprocess.run([bin_path, "check", "--format", "json"], cwd=root, capture_output=True, check=False)
        assert run.returncode <= 1, run.stderr.decode()
        report = json.loads(run.stdout)
        found = []
        for it in report["findings"]:
            if (root / it["file"]).is_file():
                found.append((it["file"], it["line"], it["rule"], it["fingerprint"]))
        return sorted(found)


async def compare(bin_path, editor, what):
    await editor.settled()
    told, want = editor.told(), fresh(bin_path, editor)
    if told != want:
        more, less = sorted(set(told) - set(want)), sorted(set(want) - set(told))
        raise SystemExit(f"{what}: told and not found: {more}; found and not told: {less}")


async def scripted(bin_path):
    asked = Asked()
    with tempfile.TemporaryDirectory() as root:
        repository.write(root)
        async with Editor(bin_path, root) as editor:
            await compare(bin_path, editor, "at first")
            status = await editor.settled()
            asked.that("status", status.apps == 6 and status.notRendered == 0, status)

            # Hover.
            for path, what, want in [
                ("values/prod.yaml", "replicas", "`replicas` = `3`"),
                ("charts/shop/values.yaml", "replicas", "overridden by `values/prod.yaml:1`"),
                ("apps/teams.yaml", "generators", "generates 2 Applications"),
                ("apps/shop.yaml", "kind", "**Application shop** renders 1 object"),
                ("clusters/flux.yaml", "kind", "**Kustomization infra** renders 1 object"),
                ("overlays/red/kustomization.yaml", "newTag", "Deployment `web`"),
                ("overlays/red/kustomization.yaml", "more.yaml", "`spec.replicas`"),
                ("overlays/red/more.yaml", "kind", "**this patch** acts in 1 app"),
                ("base/web.yaml", "imagePullPolicy", "reaches 2 apps"),
            ]:
                got = await editor.hover(path, what)
                asked.that(f"hover {path} {what}", want in got, got)

            # Definition and references.
            for path, what, skip, want in [
                ("values/prod.yaml", "replicas", 1, ["charts/shop/templates/web.yaml:6"]),
                ("charts/shop/templates/web.yaml", ".Values.image.tag", 3, ["values/prod.yaml:3"]),
                ("charts/shop/templates/web.yaml", "shop.name", 1, ["charts/shop/templates/_helpers.tpl:1"]),
                ("apps/shop.yaml", "../../values/prod.yaml", 9, ["values/prod.yaml:1"]),
                ("apps/shop.yaml", "teams", 1, ["apps/project.yaml:4"]),
                ("base/kustomization.yaml", "web.yaml", 1, ["base/web.yaml:1"]),
                ("overlays/red/kustomization.yaml", "../../base", 1, ["base/kustomization.yaml:1"]),
                ("base/web.yaml", "web-secret", 1, ["base/rest.yaml:4"]),
                ("clusters/flux.yaml", "fleet", 1, ["clusters/flux.yaml:17"]),
            ]:
                got = await editor.definition(path, what, skip)
                asked.that(f"definition {path} {what}", got == want, got)
            got = await editor.references("apps/project.yaml", "name: teams", 8)
            asked.that("references of a project", got == ["apps/plain.yaml:7", "apps/shop.yaml:7", "apps/teams.yaml:17"], got)
            got = await editor.references("base/web.yaml", "kind", 1)
            asked.that("references of a file", got == ["base/kustomization.yaml:2"], got)

            # Hints and links.
            got = await editor.hints("values/prod.yaml")
            asked.that("hints", "1: overrides charts/shop/values.yaml:1" in got and "4: nothing reads this" in got, got)
            got = await editor.links("base/kustomization.yaml")
            asked.that("links", got == ["base/web.yaml", "base/rest.yaml"], got)

            # Completion, of half a line.
            for path, old, new, want in [
                ("values/prod.yaml", "  tag: '2.0'\n", "  pullPolicy: ", "Never"),
                ("values/prod.yaml", "  tag: '2.0'\n", "  pu", "pullPolicy"),
                ("base/kustomization.yaml", "- rest.yaml", "- r", "rest.yaml"),
                ("base/kustomization.yaml", "resources:", "ima", "images"),
                ("apps/shop.yaml", "  project: teams", "  project: ", "teams"),
                ("base/web.yaml", "            name: web-secret", "            name: ", "web-secret"),
                ("base/web.yaml", "        imagePullPolicy: Always", "        imag", "imagePullPolicy"),
            ]:
                await editor.open(path)
                before = editor.texts[path]
                editor.replace(path, old, new)
                got = await editor.complete(path, new, len(new))
                asked.that(f"completion {path} {new!r}", want in got, got)
                editor.edit(path, 0, len(editor.texts[path]), before)
                await editor.close(path)
            await compare(bin_path, editor, "after completions")

            # A mistake, its mending, and the comment that says it is meant.
            path = "plain/settings.yaml"
            for title in ("fix", "comment"):
                await editor.open(path)
                editor.replace(path, "a: b", "a: yes")
                await editor.settled()
                found = editor.diagnostics[editor.uri(path)]
                asked.that("a finding", [it.code for it in found] == ["implicit-type"], found)
                actions = await editor.actions(path, found[0].range.start.line)
                action = next(it for it in actions if bool(it.is_preferred) == (title == "fix"))
                asked.that(f"the {title} is proved", action.data["proved"] if isinstance(action.data, dict) else action.data.proved, action)
                editor.apply(action)
                await compare(bin_path, editor, title)
                asked.that(f"the {title} helps", not editor.diagnostics[editor.uri(path)], editor.diagnostics)
                await editor.close(path)

            # Files that come and go behind the editor's back.
            file = pathlib.Path(root) / "values/prod.yaml"
            text = file.read_text()
            for kind in (lsp.FileChangeType.Deleted, lsp.FileChangeType.Created):
                file.unlink() if kind == lsp.FileChangeType.Deleted else file.write_text(text)
                event = lsp.FileEvent(uri=editor.uri("values/prod.yaml"), type=kind)
                editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams(changes=[event]))
                await compare(bin_path, editor, f"a file: {kind}")
                asked.count += 1
    return asked.count


async def at_random(bin_path, seed, source):
    dice = random.Random(seed)
    count = cancelled = 0
    with tempfile.TemporaryDirectory() as copied:
        root = pathlib.Path(copied) / "repo"
        if source:
            shutil.copytree(source, root, symlinks=True)
        else:
            repository.write(root)
        files = sorted(
            str(it.relative_to(root))
            for it in root.rglob("*")
            if it.is_file() and it.suffix in (".yaml", ".yml", ".tpl") and ".git" not in it.parts
        )
        readable = []
        for path in files:
            try:
                text = (root / path).read_bytes().decode()
            except UnicodeDecodeError:
                continue
            if "\r" not in text and len(text) < 200_000:
                readable.append(path)
        async with Editor(bin_path, root) as editor:
            for round_ in range(ROUNDS):
                path = dice.choice(readable)
                if path not in editor.texts:
                    await editor.open(path)
                text = editor.texts[path]
                start = dice.randrange(len(text) + 1)
                end = min(len(text), start + dice.choice([0, 0, 1, 5, 40]))
                new = dice.choice(["", "x", "\n", ": ", "é😀", "- a\n", "{{ .Values", "'", "  ", "name: web\n", text[start:end] * 2])
                editor.edit(path, start, end, new)
                position = editor.position(editor.texts[path], min(start, len(editor.texts[path])))
                item = lsp.TextDocumentIdentifier(uri=editor.uri(path))
                line = lsp.Range(lsp.Position(position.line, 0), lsp.Position(position.line + 3, 0))
                method, params = dice.choice(
                    [
                        ("textDocument/hover", lsp.HoverParams(item, position)),
                        ("textDocument/definition", lsp.DefinitionParams(item, position)),
                        ("textDocument/completion", lsp.CompletionParams(item, position)),
                        ("textDocument/references", lsp.ReferenceParams(lsp.ReferenceContext(False), item, position)),
                        ("textDocument/documentLink", lsp.DocumentLinkParams(item)),
                        ("textDocument/inlayHint", lsp.InlayHintParams(item, line)),
                        ("textDocument/codeAction", lsp.CodeActionParams(item, line, lsp.CodeActionContext([]))),
                    ]
                )
                protocol, request = editor.client.protocol, f"request-{round_}"
                asked = asyncio.ensure_future(protocol.send_request_async(method, params, msg_id=request))
                await asyncio.sleep(0)
                if dice.random() < 0.3:
                    protocol.notify("$/cancelRequest", lsp.CancelParams(id=request))
                try:
                    await asyncio.wait_for(asked, 60)
                except JsonRpcException as error:
                    # An answer may be quicker than the cancellation.
                    if error.code != lsp.LSPErrorCodes.RequestCancelled.value:
                        raise
                    cancelled += 1
                count += 1
                if round_ % 10 == 9:
                    await compare(bin_path, editor, f"seed {seed}, round {round_}")
    return count, cancelled


async def main():
    bin_path = str(pathlib.Path(sys.argv[1]).resolve())
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    source = sys.argv[3] if len(sys.argv) > 3 else None
    scripted_count = 0 if source else await scripted(bin_path)
    count, cancelled = await at_random(bin_path, seed, source)
    print(
        f"{scripted_count} scripted interactions, {count} edits with a question at random, {cancelled} of them cancelled "
        f"(seed {seed}): told is what a fresh check finds"
    )


asyncio.run(main())
