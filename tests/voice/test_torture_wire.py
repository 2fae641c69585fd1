"""RFC 4475 and RFC 5118 on the wire: every message gets the answer of `expected.tsv`, and we are alive after it.

SIP-1, SIP-2, DOS-3. The server treats every domain as its own, knows the user `user`, and takes requests without
authentication; the second round asks for it.
"""

import asyncio
import csv
import os
import re
import socket
import time
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from secrets import token_hex

import pytest

from dialplane.sip.digest import Authenticator
from dialplane.sip.registrar import Binding, RegistrationPlan, plan_registration
from dialplane.voice.useragent.agent import IncomingCall, IncomingRequest, Source, UserAgent
from tests.effort import PATIENCE_S, business, held_up_s

CAPTURES = Path(__file__).parents[1] / "captures"
ACCEPT = frozenset({200, 202, 401, 403, 404, 407, 480, 481, 484, 486, 487, 488, 603, *range(100, 200)})
VIA_PORTS = (5050, 5060, 5061, 5070, 6050, 19823)
HOST = f"127.{os.getpid() >> 8 & 255}.{os.getpid() & 255}.2"
"""Answers go to the port that the Via names, so the tester needs these; an address of its own has them free."""
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NO_LENGTH = {"inv2543.dat", "insuf.dat", "baddn.dat"}
"""On a stream nobody can say where these end: 400 and close (SIP-3)."""


class Domain:
    """A registrar and a phone that is busy, for `user` of whatever domain."""

    def __init__(self, *, authenticates: bool) -> None:
        self._bindings: tuple[Binding, ...] = ()
        self._authenticates = authenticates
        self._authenticator = Authenticator("torture", b"secret")

    def may_send(self, source: Source) -> bool:
        return True

    def on_asking(self, peer: Source) -> None:
        """Nothing of ours waits for an answer."""

    def on_invite(self, call: IncomingCall) -> None:
        if self._authenticates:
            call.refuse_with(self._authenticator.challenge(call.request, call.source.host, 0.0, proxy=True))
        else:
            call.reject(486)

    def on_request(self, request: IncomingRequest) -> None:
        message = request.request
        if self._authenticates or "Authorization" in message.headers:
            request.send(self._authenticator.challenge(message, request.source.host, 0.0))
        elif message.method == "REGISTER":
            self._register(request)
        else:
            request.respond(202)

    def _register(self, request: IncomingRequest) -> None:
        outcome = plan_registration(request.request, (), NOW)
        if isinstance(outcome, RegistrationPlan):
            self._bindings = outcome.bindings
            outcome = outcome.answer(request.request, NOW)
        request.send(outcome)


def _cases() -> Iterator[tuple[Path, frozenset[int]]]:
    for folder in ("rfc4475", "rfc5118"):
        with (CAPTURES / folder / "expected.tsv").open() as file:
            rows = csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t")
            for row in rows:
                path = CAPTURES / folder / row["file"]
                statuses: set[int] = set()
                for word in row["accepted"].split("|"):
                    statuses |= ACCEPT if word == "accept" else set() if word == "drop" else {int(word)}
                yield path, frozenset(statuses)


CASES = list(_cases())
NAMES = [path.stem for path, _ in CASES]


@pytest.fixture(params=[False, True], ids=["open", "authenticated"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[UserAgent]:
    agent = UserAgent(host="127.0.0.1", port=0, handler=Domain(authenticates=request.param), tcp_idle_s=0.2)
    await agent.start()
    yield agent
    await agent.close()
    assert not {name for name in agent.counters if name.endswith("_failed")}


@pytest.mark.parametrize(("path", "expected"), CASES, ids=NAMES)
async def test_torture_message_over_udp_gets_the_right_answer(
    server: UserAgent, path: Path, expected: frozenset[int]
) -> None:
    """SIP-1, SIP-2, DOS-3."""
    data = path.read_bytes()

    answers = await exchange_datagram(server, data)

    # The rest of an answer may repeat a malformed Via, so only its first line is sure to be readable.
    statuses = [int(answer.split(b" ", 2)[1]) for answer in answers]
    _judge(statuses, expected)
    assert all(len(answer) <= 3 * len(data) for answer in answers)


@pytest.mark.parametrize(("path", "expected"), CASES, ids=NAMES)
async def test_torture_message_over_tcp_gets_the_right_answer(
    server: UserAgent, path: Path, expected: frozenset[int]
) -> None:
    """SIP-1, SIP-2, SIP-3."""
    if path.name in NO_LENGTH:
        expected = frozenset({400})
    elif path.name == "clerr.dat":
        expected = frozenset()  # the body never comes: we wait, then close

    statuses = await _exchange_stream(server, path.read_bytes())

    if path.name == "dblreq.dat":
        assert len(statuses) >= 2  # on a stream it is two messages
        statuses = [status for status in statuses if status in expected]
    _judge(statuses, expected)


def _judge(statuses: list[int], expected: frozenset[int]) -> None:
    if not expected:
        assert statuses == []
    else:
        assert statuses
        allowed = expected | ({401, 407, 100} if expected & {200, 202} else set())
        assert set(statuses) <= allowed


@contextmanager
def _sockets() -> Iterator[dict[int, socket.socket]]:
    opened = {port: socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for port in VIA_PORTS}
    try:
        for port, one in opened.items():
            one.setblocking(False)
            one.bind((HOST, port))
        yield opened
    finally:
        for one in opened.values():
            one.close()


async def exchange_datagram(
    server: UserAgent, data: bytes, *, seen: Collection[bytes] = (), until_final: bool = False
) -> list[bytes]:
    """Send `data`, then an OPTIONS; all that came back until the OPTIONS was answered, without `seen`.

    The OPTIONS is answered within 500 ms ("alive"), not counting what others on the machine take.

    `until_final` goes on until a final response came: a call that the store has to be asked about is answered later.
    """
    probe, probe_id = _probe(HOST)
    answers: list[bytes] = []
    is_answered = False
    began, held_up = time.monotonic(), held_up_s()
    took_s = inf
    with _sockets() as sockets:
        sockets[5060].sendto(data, ("127.0.0.1", server.port))
        sockets[5060].sendto(probe, ("127.0.0.1", server.port))
        async with asyncio.timeout(PATIENCE_S):
            while not is_answered or (until_final and not any(map(_is_final, answers))):
                received = await _receive(list(sockets.values()))
                if not is_answered and any(probe_id in answer for answer in received):
                    is_answered, took_s = True, time.monotonic() - began - (held_up_s() - held_up)
                answers += (answer for answer in received if probe_id not in answer and answer not in seen)
    assert took_s < 0.5 * business()
    return answers


async def _receive(sockets: Sequence[socket.socket]) -> list[bytes]:
    """What there is on any of them, as soon as there is something."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    for one in sockets:
        loop.add_reader(one, ready.set)
    try:
        await ready.wait()
    finally:
        for one in sockets:
            loop.remove_reader(one)
    return [answer for one in sockets for answer in _waiting(one)]


def _is_final(answer: bytes) -> bool:
    return not answer.startswith(b"SIP/2.0 1")


def _waiting(one: socket.socket) -> list[bytes]:
    found = []
    while True:
        try:
            found.append(one.recv(65_536))
        except BlockingIOError:
            return found


async def _exchange_stream(server: UserAgent, data: bytes) -> list[int]:
    """Statuses of what came back on a connection until an OPTIONS on it was answered, or it was closed."""
    probe, probe_id = _probe("127.0.0.1")
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    received = b""
    writer.write(data + probe)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while probe_id not in received and (more := await reader.read(65_536)):
                received += more
    finally:
        writer.close()
        await writer.wait_closed()
    # Not by our own framer, because an answer may repeat what was malformed in the request.
    answers = re.split(rb"^SIP/2\.0 ", received, flags=re.MULTILINE)[1:]
    return [int(answer[:3]) for answer in answers if probe_id not in answer]


def _probe(host: str) -> tuple[bytes, bytes]:
    call_id = f"{token_hex(8)}@probe"
    text = (
        f"OPTIONS sip:user@example.com SIP/2.0\r\nVia: SIP/2.0/UDP {host}:5060;branch=z9hG4bK{token_hex(8)}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:probe@example.com>;tag=1\r\nTo: <sip:user@example.com>\r\n"
        f"Call-ID: {call_id}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
    return text.encode(), call_id.encode()
