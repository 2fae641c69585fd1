"""What the tests of this folder do as anybody outside would: HTTP with a key, calls from a phone, kills by id."""

import asyncio
import contextlib
import io
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import msgspec

from dialplane.phone.session import open_phone
from dialplane.phone.softphone import PhoneCall, Softphone
from dialplane.voice.useragent.agent import Source
from tests.effort import PATIENCE_S
from tests.platform.running import Platform

CALLER = "sip:+12125550100@127.0.0.1"
STAY_ON_THE_LINE: list[dict[str, Any]] = [{"type": "answer"}, {"type": "sleep", "option": {"duration": 120_000}}]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `json` of a body that is none raises msgspec.DecodeError."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.raw)

    @property
    def reason(self) -> object:
        return self.json["error"]["reason"]


@dataclass
class Web:
    """An HTTP client with one bearer token. Who is told to slow down does."""

    base: str
    token: str
    session: aiohttp.ClientSession

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """`headers` are written with underscores; a body of bytes is sent as it is. Raises aiohttp.ClientError."""
        sent = {"Authorization": f"Bearer {self.token}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        octets = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
        if octets is not None:
            sent.setdefault("Content-Type", "application/json")
        while True:
            data = None if octets is None else io.BytesIO(octets)
            async with self.session.request(method, self.base + path, data=data, headers=sent) as response:
                answer = Answer(response.status, dict(response.headers), await response.read())
            if answer.status != 429 or "Retry-After" not in answer.headers:
                return answer
            await asyncio.sleep(0.3)

    async def get(self, path: str) -> Any:
        """The body of a 200."""
        answer = await self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.json

    async def list(self, path: str) -> list[dict[str, Any]]:
        """Every page of a list."""
        rows: list[dict[str, Any]] = []
        mark = ""
        while True:
            page = await self.get(f"{path}?page_size=100{mark}")
            rows += page["result"]
            if not page["next_page_token"]:
                return rows
            mark = f"&page_token={page['next_page_token']}"

    async def make(self, path: str, body: object = None, **headers: str) -> Any:
        """The body of a POST that succeeds."""
        answer = await self.ask("POST", path, {} if body is None else body, **headers)
        assert answer.status in (200, 201), answer
        return answer.json


@dataclass
class Place:
    """A running platform with the two clients that everybody has: the sandbox customer and the operator."""

    platform: Platform
    customer: Web
    operator: Web
    sip: Source
    buyable: list[str] = field(default_factory=list)

    def number_uri(self, number: str) -> str:
        return f"sip:{number}@{self.sip.host}:{self.sip.port}"

    def client(self, key: str) -> Web:
        """The VoIPBIN face with another account's access key."""
        return Web(self.customer.base, key, self.customer.session)

    async def available(self, count: int) -> list[str]:
        """US local numbers that can be bought, cheapest way: as the search shows them."""
        found = await self.customer.get(f"/available_numbers?country_code=US&type=local&page_size={count}")
        return [item["number"] for item in found["result"]]

    async def buy_with_flow(self, actions: list[dict[str, Any]]) -> str:
        """A bought number that runs `actions` when it is called."""
        flow = await self.customer.make("/flows", {"name": "tried", "actions": actions})
        (number,) = await self.available(1)
        await self.customer.make("/numbers", {"number": number, "call_flow_id": flow["id"]})
        return number


@contextlib.asynccontextmanager
async def place(platform: Platform) -> AsyncIterator[Place]:
    """The clients of a platform that runs."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        ready = platform.ready
        host, _, port = ready["sip"].removeprefix("sip:").rpartition(":")
        yield Place(
            platform,
            Web(ready["http"] + "/v1.0", ready["access_key"], session),
            Web(ready["http"] + "/operator/v1", ready["operator_key"], session),
            Source(host, int(port), "udp"),
        )


@contextlib.asynccontextmanager
async def phone() -> AsyncIterator[Softphone]:
    """A test phone with audio, which may have many calls."""
    async with open_phone() as kit:
        yield kit.phone


async def call(softphone: Softphone, at: Place, number: str) -> PhoneCall:
    """A call to `number` as the telephone network would bring it; returned while it rings."""
    return await softphone.call(at.number_uri(number), caller=f"<{CALLER}>", server=at.sip)


async def call_answered(softphone: Softphone, at: Place, number: str) -> PhoneCall:
    placed = await call(softphone, at, number)
    async with asyncio.timeout(PATIENCE_S):
        assert await placed.wait_answered(), placed.end
    return placed


async def until(look: Callable[[], Awaitable[T | None]], *, timeout_s: float = PATIENCE_S, pause_s: float = 0.1) -> T:
    """Ask again until the answer is true; failed connections count as not yet. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                found = await look()
                if found:
                    return found
            await asyncio.sleep(pause_s)


async def settled(at: Place) -> dict[str, Any] | None:
    """The ledger's check, when no money is set aside any more: every order and call is ended."""
    check: dict[str, Any] = await at.operator.get("/ledger/check")
    return check if check["holds_open"] == 0 else None


def descendants(pid: int) -> list[int]:
    """Every process below `pid`."""
    found = []
    for child in _children(pid):
        found += [child, *descendants(child)]
    return found


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(word) for task in tasks for word in (task / "children").read_text().split()]
    except OSError:
        return []


def kill(pids: Iterable[int]) -> None:
    """SIGKILL, to processes that this test started."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@contextlib.asynccontextmanager
async def database_away(at: Place) -> AsyncIterator[None]:
    """The database is gone and stays away inside, and serves again afterwards."""
    away = asyncio.create_task(_keep_away(at))
    try:
        await until(lambda: _answers_with(at, 503), pause_s=0)
        yield
    finally:
        away.cancel()
        await asyncio.gather(away, return_exceptions=True)
    await until(lambda: _answers_with(at, 200))  # the supervisor's pauses have grown with each death


async def _answers_with(at: Place, status: int) -> bool:
    return (await at.customer.ask("GET", "/numbers")).status == status


async def _keep_away(at: Place) -> None:
    """Kill the database whenever it is there, until cancelled."""
    pid_file = at.platform.data / "pg/data/postmaster.pid"
    killed = 0
    while True:
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(pid_file.read_text().split()[0])
            if pid != killed and str(at.platform.data) in Path(f"/proc/{pid}/cmdline").read_text():
                kill([pid])
                killed = pid
        await asyncio.sleep(0.02)
