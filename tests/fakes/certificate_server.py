"""A carrier's https server of certificates."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from aiohttp import web
from cryptography import x509

from tests.stir.authority import Holder, authority


@dataclass
class CertificateServer:
    """Answers `files` by their path, and whatever else as its name says."""

    trusting: ssl.SSLContext
    """What a client needs to believe this server."""
    port: int = 0
    files: dict[str, str] = field(default_factory=dict)
    max_age_s: int | None = 600
    asked: list[str] = field(default_factory=list)

    def url(self, path: str = "/shaken.pem") -> str:
        return f"https://127.0.0.1:{self.port}{path}"

    def serve(self, holder: Holder, path: str = "/shaken.pem") -> str:
        self.files[path] = holder.pem
        return self.url(path)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.path == "/moved":
            return web.Response(status=302, headers={"Location": "/shaken.pem"})
        if request.path == "/silent":
            await asyncio.sleep(60)
        if request.path == "/huge":
            return web.Response(body=b"-" * 10_241)
        if request.path not in self.files:
            return web.Response(status=404)
        headers = {} if self.max_age_s is None else {"Cache-Control": f"public, max-age={self.max_age_s}"}
        return web.Response(text=self.files[request.path], headers=headers)


@asynccontextmanager
async def certificate_server(folder: Path) -> AsyncIterator[CertificateServer]:
    root = authority("of web servers")
    here = root.certify(None, extras=[x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])])
    (folder / "server.pem").write_text(here.pem + here.key_pem)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "server.pem")
    server = CertificateServer(ssl.create_default_context(cadata=root.pem))
    application = web.Application()
    application.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(application, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=serving)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()
