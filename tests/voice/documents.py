"""A tenant's server of XML documents, and numbers that run them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from dialplane.domain.numbering.number_settings import NumberSettings
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.targets import DocumentTarget, Targets
from tests.fakes.receiver import Received, Receiver
from tests.voice.platform import VoiceNode

Page = str | int | Callable[[dict[str, str]], str]
"""A document, a status, or what makes a document of the parameters."""


@dataclass
class DocumentServer:
    """Serves `pages` by their path; keeps the parameters of each request."""

    receiver: Receiver
    pages: dict[str, Page] = field(default_factory=dict)
    moves: dict[str, str] = field(default_factory=dict)
    """Paths that are answered with a redirect to another one."""
    kind: str = "text/xml"
    headers: dict[str, str] = field(default_factory=dict)

    def url(self, path: str = "/start") -> str:
        return self.receiver.url(path)

    def asked(self, path: str) -> list[dict[str, str]]:
        """The parameters of the requests for `path`, in order."""
        return [parameters(each) for each in self.receiver.requests if urlsplit(each.path).path == path]

    async def answer(self, received: Received) -> web.StreamResponse:
        if moved := self.moves.get(urlsplit(received.path).path):
            return web.Response(status=302, headers={"Location": moved})
        page = self.pages.get(urlsplit(received.path).path, 404)
        if isinstance(page, int):
            return web.Response(status=page)
        text = page if isinstance(page, str) else page(parameters(received))
        return web.Response(text=text, content_type=self.kind, headers=self.headers)


def parameters(received: Received) -> dict[str, str]:
    """Of the query and of the body."""
    query = parse_qsl(urlsplit(received.path).query, keep_blank_values=True)
    return dict(query + parse_qsl(received.body.decode(), keep_blank_values=True))


@asynccontextmanager
async def document_server(pages: dict[str, Page]) -> AsyncIterator[DocumentServer]:
    async with Receiver.listening() as receiver:
        server = DocumentServer(receiver, pages)
        receiver.answer = server.answer
        yield server


async def document_number(
    node: VoiceNode, text: str, target: DocumentTarget, settings: NumberSettings | None = None
) -> Number:
    """A bought number whose calls run a document."""
    number = await node.bare_number(text)
    changed = replace(number, targets=Targets(voice=target), settings=settings or NumberSettings())
    async with node.database.transaction() as tx:
        await tx.numbers.save(changed)
    return changed
