"""The transport: how datagrams leave (decision 0016)."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest

from dialplane.sip.framing import Frame
from dialplane.sip.transaction_peer import Source
from dialplane.voice.useragent.transport import BURST, Transport


class Nobody:
    """Nothing arrives in these tests."""

    def may_read(self, source: Source) -> bool:
        return False

    def on_datagram(self, data: bytes, source: Source) -> None:
        raise AssertionError(data)

    def on_frame(self, frame: Frame, source: Source) -> None:
        raise AssertionError(frame)

    def on_unreachable(self, peer: Source) -> None:
        raise AssertionError(peer)


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    made = Transport(Nobody(), Counter(), idle_s=30.0, per_address=8)
    await made.start("127.0.0.1", 0)
    yield made
    await made.close()


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.setblocking(False)
        bound.bind(("127.0.0.1", 0))
        yield bound


def source_of(peer: socket.socket) -> Source:
    host, port = peer.getsockname()
    return Source(host, port, "udp")


def read(peer: socket.socket) -> list[bytes]:
    arrived = []
    while True:
        try:
            arrived.append(peer.recv(100))
        except BlockingIOError:
            return arrived


async def test_what_is_sent_in_one_turn_leaves_together(transport: Transport, peer: socket.socket) -> None:
    for n in range(BURST - 1):
        transport.send(b"%d" % n, source_of(peer))
    assert read(peer) == []
    await asyncio.sleep(0)
    assert read(peer) == [b"%d" % n for n in range(BURST - 1)]


async def test_of_a_large_turn_no_more_than_a_burst_arrives_at_once(transport: Transport, peer: socket.socket) -> None:
    sent = [b"%d" % n for n in range(5 * BURST + 3)]
    arrived = []
    for data in sent:
        transport.send(data, source_of(peer))
        at_once = read(peer)
        assert len(at_once) <= BURST
        arrived += at_once
    assert arrived == sent[: 5 * BURST], "what is a whole burst waits for nothing"
    await asyncio.sleep(0)
    assert arrived + read(peer) == sent
