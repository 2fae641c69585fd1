"""Kannel, a gateway that others wrote, bound to an SMPP server: bearerbox, smsbox, and what they tell by HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web

from tests.ports import free_port

CORE = """
group = core
admin-port = {admin}
admin-password = test
smsbox-port = {box}
log-file = "{folder}/bearerbox.log"
log-level = 0
dlr-storage = internal
sms-resend-freq = 1

{smscs}
group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {http}
log-file = "{folder}/smsbox.log"
log-level = 0

group = sendsms-user
username = test
password = test
max-messages = 10
concatenation = true

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "http://127.0.0.1:{hooks}/message?from=%p&to=%P&text=%b&coding=%c"
"""

SMSC = """
group = smsc
smsc = smpp
smsc-id = dialplane
host = 127.0.0.1
{line}
smsc-username = {system_id}
smsc-password = {password}
system-type = ""
interface-version = 34
enquire-link-interval = 30
reconnect-delay = 1
max-pending-submits = 10
throughput = 200
source-addr-autodetect = true
dest-addr-ton = 1
dest-addr-npi = 1
"""


@dataclass
class Kannel:
    """A running Kannel. `messages` and `receipts` are the forms that its calls brought."""

    http: int
    hooks: int
    messages: asyncio.Queue[dict[str, str]] = field(default_factory=asyncio.Queue)
    receipts: asyncio.Queue[dict[str, str]] = field(default_factory=asyncio.Queue)

    async def send(self, source: str, destination: str, text: str, *, mark: str = "", coding: int = 0) -> int:
        """Hand a message over; the status of Kannel's answer. `mark` comes back with its receipts."""
        query = {
            "username": "test",
            "password": "test",
            "from": source,
            "to": destination,
            "text": text,
            "charset": "UTF-8",
            "coding": str(coding),
            "dlr-mask": "19",
            "dlr-url": f"http://127.0.0.1:{self.hooks}/receipt?mark={mark}&kind=%d&answer=%A",
        }
        address = f"http://127.0.0.1:{self.http}/cgi-bin/sendsms"
        async with aiohttp.ClientSession() as session, session.get(address, params=query) as answer:
            return answer.status

    async def receipt(self, mark: str) -> list[str]:
        """The kinds of the receipts for one message up to its last: 1 delivered, 2 failed, 8 taken, 16 refused."""
        kinds: list[str] = []
        while not kinds or kinds[-1] not in ("1", "2", "16"):
            told = await self.receipts.get()
            if told["mark"] == mark:
                kinds.append(told["kind"])
        return kinds

    async def _hear(self, request: web.Request) -> web.Response:
        query = parse_qs(request.raw_path.partition("?")[2], keep_blank_values=True, encoding="latin-1")
        form = {name: values[0] for name, values in query.items()}
        if "text" in form:
            alphabet = "utf-16-be" if form["coding"] == "2" else "utf-8"
            form["text"] = form["text"].encode("latin-1").decode(alphabet)
        where = self.messages if request.path == "/message" else self.receipts
        where.put_nowait(form)
        return web.Response(text="")


@contextlib.asynccontextmanager
async def kannel(
    folder: Path, port: int, system_id: str, password: str, *, transceiver: bool = True
) -> AsyncIterator[Kannel]:
    """Kannel, bound (or trying to be) to the server at `port`, until the block ends."""
    admin, box, http, hooks = (free_port() for _ in range(4))
    made = Kannel(http, hooks)
    config = folder / "kannel.conf"
    lines = [f"port = {port}\ntransceiver-mode = true"]
    if not transceiver:
        lines = [f"port = {port}", f"receive-port = {port}"]
    smscs = "".join(SMSC.format(line=line, system_id=system_id, password=password) for line in lines)
    config.write_text(CORE.format(admin=admin, box=box, http=http, hooks=hooks, folder=folder, smscs=smscs))
    application = web.Application()
    application.router.add_get("/message", made._hear)
    application.router.add_get("/receipt", made._hear)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", hooks).start()
    processes = []
    try:
        for name, ready in (("bearerbox", box), ("smsbox", http)):
            processes.append(
                await asyncio.create_subprocess_exec(
                    name, str(config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
                )
            )
            await _listening(ready)
        yield made
    finally:
        for process in reversed(processes):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        await runner.cleanup()


async def _listening(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)  # another program's start has no event that we could wait for
            else:
                writer.close()
                return
