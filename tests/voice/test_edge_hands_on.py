"""An edge that hears nothing of a node gives its calls to another: the first must not answer them, too (RFC 3261
section 13.2.2.4 would give a caller two calls for one INVITE). Kamailio, a real node, and one that answers at once."""

import asyncio
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.sip.message import Message, Request, Response
from dialplane.sip.parser import parse_message
from dialplane.voice.useragent.agent import Source
from tests.media.conftest import MediaProcess
from tests.nodes.edge import kamailio
from tests.ports import free_port
from tests.users.acting import until
from tests.voice.platform import voice_node

pytestmark = pytest.mark.peer("kamailio")

EDGE, NODE, OTHER, CARRIER = "127.0.0.6", "127.0.0.7", "127.0.0.8", "127.0.0.9"
NUMBER = "+12025550143"
ON_ITS_TAG = "other"
CALLS = 6
"""By their Call-IDs the edge gives some of them to either node."""


class OtherNode(threading.Thread):
    """Says at once that it lives and that a call is here, and answers calls when it is told to. In a thread: the loop
    of the test stands still."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((OTHER, 0))
        self.place = f"{OTHER}:{self.socket.getsockname()[1]}"
        self.has_all = threading.Event()
        self.answers = threading.Event()
        self._calls: dict[str, tuple[Request, tuple[str, int]]] = {}

    def run(self) -> None:
        while data := self._read():
            request = parse_message(data[0])
            if not isinstance(request, Request):
                continue
            if request.method == "OPTIONS":
                self.socket.sendto(bytes(request.response(200, to_tag=ON_ITS_TAG)), data[1])
            elif request.method == "INVITE":
                self.socket.sendto(bytes(request.response(100)), data[1])
                self._calls[request.call_id] = (request, data[1])
                if len(self._calls) == CALLS:
                    self.has_all.set()
                    threading.Thread(target=self._answer, daemon=True).start()

    def _read(self) -> tuple[bytes, tuple[str, int]] | None:
        data, peer = self.socket.recvfrom(65_536)
        return (data, peer) if data else None

    def _answer(self) -> None:
        self.answers.wait()
        for request, peer in self._calls.values():
            response = request.response(200, to_tag=ON_ITS_TAG)
            for route in request.headers.get_all("Record-Route"):
                response.headers.add("Record-Route", route)
            response.headers.add("Contact", f"<sip:{self.place}>")
            self.socket.sendto(bytes(response), peer)


class Carrier:
    """Calls the edge and listens, with nothing of asyncio."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((CARRIER, 0))
        self.socket.settimeout(20)
        self.answers: dict[str, set[str]] = defaultdict(set)
        """The tags of all who answered a call."""
        self.statuses: set[int] = set()

    def call(self, call_id: str, at: tuple[str, int]) -> None:
        port = self.socket.getsockname()[1]
        sdp = f"v=0\r\no=- 1 1 IN IP4 {CARRIER}\r\ns=-\r\nc=IN IP4 {CARRIER}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"
        lines = (
            f"INVITE sip:{NUMBER}@{at[0]}:{at[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {CARRIER}:{port};branch=z9hG4bK{call_id}",
            f"From: <sip:+12125550111@{CARRIER}>;tag={call_id}",
            f"To: <sip:{NUMBER}@{at[0]}>",
            f"Call-ID: {call_id}",
            "CSeq: 1 INVITE",
            f"Contact: <sip:carrier@{CARRIER}:{port}>",
            "Max-Forwards: 70",
            "Content-Type: application/sdp",
            f"Content-Length: {len(sdp)}",
        )
        self.socket.sendto("\r\n".join((*lines, "", sdp)).encode(), at)

    def hear(self) -> None:
        """The next answer of anybody."""
        message: Message = parse_message(self.socket.recv(65_536))
        if isinstance(message, Response) and message.is_final:
            self.statuses.add(message.status)
            self.answers[message.call_id].add(message.to.tag or "")

    def hear_of(self, call_ids: Sequence[str]) -> None:
        """Listen until each of the calls has an answer."""
        while not set(call_ids) <= self.answers.keys():
            self.hear()


@contextmanager
def running(other: OtherNode) -> Iterator[OtherNode]:
    other.start()
    try:
        yield other
    finally:
        other.socket.sendto(b"", other.socket.getsockname())
        other.join()
        other.socket.close()


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(EDGE, port)
    except OSError:
        return False
    writer.close()
    return True


@contextmanager
def carrier() -> Iterator[Carrier]:
    made = Carrier()
    try:
        yield made
    finally:
        made.socket.close()


async def test_node_that_wakes_too_late_leaves_its_calls_to_the_node_that_has_them(
    dsn: str, database: PostgresDatabase, media_process: MediaProcess, tmp_path: Path
) -> None:
    """AV-6 for calls that begin: nobody has two calls for one INVITE, on the wire or on record."""
    port = free_port()
    edges = (Source(EDGE, port, "udp"),)
    with running(OtherNode()) as other, carrier() as caller:
        async with voice_node(dsn, database, media_process, tmp_path, host=NODE, edges=edges) as node:
            await node.number(NUMBER, {"type": "answer"}, {"type": "sleep", "option": {"duration": 60_000}})
            here = f"{NODE}:{node.server.port}"
            async with kamailio(tmp_path / "edge", f"{EDGE}:{port}", [here, other.place]):
                await until(lambda: listens(port))
                for number in range(CALLS):
                    caller.call(f"call-{number}", (EDGE, port))
                assert other.has_all.wait(30)  # and our loop stands still, until the edge has passed this node over

                caller.call("direct", (NODE, node.server.port))
                await asyncio.to_thread(caller.hear_of, ["direct"])
                other.answers.set()
                await asyncio.to_thread(caller.hear_of, [f"call-{number}" for number in range(CALLS)])
        carried = [call.sip_call_id for call in await node.calls()]

    assert carried == ["direct"]
    assert {tag for call_id, tags in caller.answers.items() if call_id != "direct" for tag in tags} == {ON_ITS_TAG}
    assert caller.statuses == {200}
