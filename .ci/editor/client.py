"""A language client over pygls: `gitops-lint lsp` as a process, diagnostics by file, and the files as the editor has them."""

import asyncio
import pathlib
from urllib.parse import quote

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient


class Editor:
    """An editor with a repository open. Texts of open files are kept as the server should have them."""

    def __init__(self, bin_path, root):
        self.root = pathlib.Path(root)
        self.command = [str(bin_path), "lsp"]
        self.texts = {}
        self.versions = {}
        self.diagnostics = {}
        self.statuses = []
        self.client = LanguageClient("gitops-lint-ci", "1")

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params):
            self.diagnostics[params.uri] = params.diagnostics

        @self.client.feature("gitopsLint/status")
        def status(params):
            self.statuses.append(params)

        @self.client.feature(lsp.WINDOW_LOG_MESSAGE)
        def logged(_params):
            pass

        @self.client.feature(lsp.CLIENT_REGISTER_CAPABILITY)
        def registered(_params):
            return None

    async def __aenter__(self):
        await self.client.start_io(*self.command)
        capabilities = lsp.ClientCapabilities(
            general=lsp.GeneralClientCapabilities(position_encodings=[lsp.PositionEncodingKind.Utf16]),
            workspace=lsp.WorkspaceClientCapabilities(
                did_change_watched_files=lsp.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
            ),
        )
        result = await self.client.initialize_async(
            lsp.InitializeParams(capabilities=capabilities, root_uri=self.uri("").rstrip("/"))
        )
        assert result.server_info.name == "gitops-lint"
        self.capabilities = result.capabilities
        self.client.initialized(lsp.InitializedParams())
        await self.settled()
        return self

    async def __aexit__(self, kind, *_):
        if kind is None:
            await self.client.shutdown_async(None)
            self.client.exit(None)
        elif self.client._server:
            self.client._server.kill()
        await asyncio.wait_for(self.client.stop(), 20)

    def uri(self, path):
        return "file://" + quote(f"{self.root}/{path}")

    def text(self, path):
        return self.texts.get(path) or (self.root / path).read_text()

    async def settled(self):
        """What the server sends comes in order, so an answer says that everything before has been told."""
        return await self.client.protocol.send_request_async("gitopsLint/status", {})

    async def open(self, path):
        text = (self.root / path).read_bytes().decode()
        self.texts[path], self.versions[path] = text, 1
        item = lsp.TextDocumentItem(uri=self.uri(path), language_id="yaml", version=1, text=text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(text_document=item))

    async def close(self, path):
        self.texts.pop(path)
        item = lsp.TextDocumentIdentifier(uri=self.uri(path))
        self.client.text_document_did_close(lsp.DidCloseTextDocumentParams(text_document=item))

    def position(self, text, offset):
        before = text[:offset]
        line = before.count("\n")
        start = before.rfind("\n") + 1
        return lsp.Position(line, len(before[start:].encode("utf-16-le")) // 2)

    def edit(self, path, start, end, new):
        """Replaces letters of an open file."""
        text = self.texts[path]
        change = lsp.TextDocumentContentChangePartial(
            range=lsp.Range(self.position(text, start), self.position(text, end)), text=new
        )
        self.texts[path] = text[:start] + new + text[end:]
        self.versions[path] += 1
        item = lsp.VersionedTextDocumentIdentifier(uri=self.uri(path), version=self.versions[path])
        self.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(text_document=item, content_changes=[change])
        )

    def replace(self, path, old, new):
        start = self.texts[path].index(old)
        self.edit(path, start, start + len(old), new)

    def at(self, kind, path, what, skip=1):
        """The parameters of a question about the place where something stands."""
        text = self.text(path)
        position = self.position(text, text.index(what) + skip)
        return kind(text_document=lsp.TextDocumentIdentifier(uri=self.uri(path)), position=position)

    async def hover(self, path, what, skip=1):
        found = await self.client.text_document_hover_async(self.at(lsp.HoverParams, path, what, skip))
        return found.contents.value if found else ""

    async def definition(self, path, what, skip=1):
        found = await self.client.text_document_definition_async(self.at(lsp.DefinitionParams, path, what, skip))
        return self.places(found)

    async def references(self, path, what, skip=1):
        text = self.text(path)
        position = self.position(text, text.index(what) + skip)
        params = lsp.ReferenceParams(
            text_document=lsp.TextDocumentIdentifier(uri=self.uri(path)),
            position=position,
            context=lsp.ReferenceContext(include_declaration=False),
        )
        return self.places(await self.client.text_document_references_async(params))

    async def complete(self, path, what, skip):
        found = await self.client.text_document_completion_async(self.at(lsp.CompletionParams, path, what, skip))
        return [item.label for item in found or []]

    async def hints(self, path):
        range_ = lsp.Range(lsp.Position(0, 0), lsp.Position(10_000, 0))
        item = lsp.TextDocumentIdentifier(uri=self.uri(path))
        found = await self.client.text_document_inlay_hint_async(lsp.InlayHintParams(text_document=item, range=range_))
        return [f"{hint.position.line + 1}: {hint.label}" for hint in found or []]

    async def links(self, path):
        item = lsp.TextDocumentIdentifier(uri=self.uri(path))
        found = await self.client.text_document_document_link_async(lsp.DocumentLinkParams(text_document=item))
        return [link.target.removeprefix(self.uri("")) for link in found or []]

    async def actions(self, path, line):
        range_ = lsp.Range(lsp.Position(line, 0), lsp.Position(line, 0))
        params = lsp.CodeActionParams(
            text_document=lsp.TextDocumentIdentifier(uri=self.uri(path)),
            range=range_,
            context=lsp.CodeActionContext(diagnostics=self.diagnostics.get(self.uri(path), [])),
        )
        return await self.client.text_document_code_action_async(params) or []

    def apply(self, action):
        """Takes over the edits of an action in open files, the last one first."""
        for uri, edits in action.edit.changes.items():
            path = uri.removeprefix(self.uri(""))
            for edit in sorted(edits, key=lambda it: (it.range.start.line, it.range.start.character), reverse=True):
                start, end = (self.offset(path, at) for at in (edit.range.start, edit.range.end))
                self.edit(path, start, end, edit.new_text)

    def offset(self, path, at):
        lines = self.texts[path].split("\n")
        head = lines[at.line].encode("utf-16-le")[: 2 * at.character].decode("utf-16-le")
        return sum(len(line) + 1 for line in lines[: at.line]) + len(head)

    def places(self, found):
        found = found if isinstance(found, (list, tuple)) else [found] if found else []
        return [f"{it.uri.removeprefix(self.uri(''))}:{it.range.start.line + 1}" for it in found]

    def told(self):
        """Everything that is told now: file, line, rule, fingerprint."""
        root = self.uri("")
        return sorted(
            (uri.removeprefix(root), it.range.start.line + 1, it.code, it.data)
            for uri, all_ in self.diagnostics.items()
            for it in all_
        )
