"""Sockets and limits of the user agent: streams cut anywhere, connections dropped or never used, sizes (1.2, 1.4)."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from secrets import token_hex

import pytest

from dialplane.sip.framing import StreamFramer
from dialplane.sip.message import Response
from dialplane.voice.useragent import binding, transport_stream
from dialplane.voice.useragent.agent import EndKind, UserAgent
from tests.effort import PATIENCE_S
from tests.voice.agents import QUICK, SDP, Answering, RawPeer, running


def _message(method: str = "OPTIONS", extra: str = "", body: bytes = b"") -> bytes:
    return (
        f"{method} sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK{token_hex(8)}\r\n"
        f"From: <sip:a@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: {token_hex(8)}\r\n"
        f"CSeq: 1 {method}\r\n{extra}Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


class Stream:
    """A TCP connection to an agent."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._framer = StreamFramer()
        self._statuses: list[int] = []

    async def statuses(self, count: int) -> list[int]:
        """The next `count` responses' statuses; fewer where the connection ended."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self._statuses) < count and (data := await self.reader.read(65_536)):
                self._statuses += [one.status for one in self._framer.feed(data) if isinstance(one, Response)]
        found, self._statuses = self._statuses[:count], self._statuses[count:]
        return found

    async def ends(self) -> bool:
        """Wait until the other side closed."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return await self.reader.read(1) == b""
            except ConnectionResetError:
                return True


@asynccontextmanager
async def connected(agent: UserAgent) -> AsyncIterator[Stream]:
    reader, writer = await asyncio.open_connection("127.0.0.1", agent.port)
    try:
        yield Stream(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionResetError):
            await writer.wait_closed()


async def test_two_messages_in_one_write_get_two_answers() -> None:
    """SIP-3."""
    async with running() as agent, connected(agent) as stream:
        stream.writer.write(_message() + _message())

        assert await stream.statuses(2) == [200, 200]


async def test_messages_cut_anywhere_get_two_answers() -> None:
    """SIP-3: one octet per write, and a cut at every 29th offset."""
    async with running() as agent, connected(agent) as stream:
        data = _message() + _message()
        for octet in data:
            stream.writer.write(bytes([octet]))
            await stream.writer.drain()
        assert await stream.statuses(2) == [200, 200]
        for cut in range(0, len(data), 29):
            again = _message() + _message()
            stream.writer.write(again[:cut])
            await stream.writer.drain()
            stream.writer.write(again[cut:])
            assert await stream.statuses(2) == [200, 200]


@pytest.mark.parametrize("length", ["", "Content-Length: 0\r\nContent-Length: 0\r\n", "Content-Length: +0\r\n"])
async def test_stream_without_a_plain_content_length_is_answered_and_closed(length: str) -> None:
    """SIP-3."""
    async with running() as agent, connected(agent) as stream:
        stream.writer.write(_message().replace(b"Content-Length: 0\r\n", length.encode()))

        assert await stream.statuses(1) == [400]
        assert await stream.ends()


async def test_request_before_what_ends_a_stream_is_answered_however_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIP-1: `dblreq` on a stream, whose second message is five octets longer than it says. A call is answered after
    the store was asked; what nobody can read comes at once."""
    monkeypatch.setattr(transport_stream, "LINGER_S", 0.5)
    handler = Answering()
    async with running(handler) as agent, connected(agent) as stream:
        contact = "Contact: <sip:a@127.0.0.1;transport=tcp>\r\nContent-Type: application/sdp\r\n"
        stream.writer.write(_message("INVITE", contact, SDP) + b"C\r\n\r\n" + _message())
        call = await handler.calls.get()
        assert await stream.statuses(1) == [100]  # it was not answered at once

        call.reject(486)

        assert await stream.statuses(1) == [486]
        assert await stream.ends()
    assert handler.requests == []


async def test_keep_alive_is_answered_on_a_stream() -> None:
    """SIP-4, RFC 5626 3.5.1."""
    async with running() as agent, connected(agent) as stream:
        stream.writer.write(b"\r\n\r\n")

        assert await stream.reader.readexactly(2) == b"\r\n"


@pytest.mark.parametrize(
    "noise",
    [b"", b"\r\n\r\n", b"\x00" * 40, bytes.fromhex("000100002112a442") + b"x" * 12, b"\xff" * 100, b"hello"],
    ids=["empty", "keep-alive", "NUL", "STUN", "binary", "text"],
)
async def test_noise_over_udp_is_harmless_and_unanswered(noise: bytes) -> None:
    """SIP-4: 1,000 times each."""
    async with running() as agent:
        with RawPeer(agent) as peer:
            for _ in range(10):
                for _ in range(100):
                    peer.send(noise)
                assert await peer.is_served()

            assert peer.pending() == []


@pytest.mark.parametrize(
    ("within", "beyond", "status"),
    [
        (f"X-Long: {'x' * (8192 - 8)}\r\n", f"X-Long: {'x' * (8193 - 8)}\r\n", 513),
        ("X-A: 1\r\n" * 248, "X-A: 1\r\n" * 249, 513),
        ("Via: SIP/2.0/UDP a.example\r\n" * 69, "Via: SIP/2.0/UDP a.example\r\n" * 70, 513),
    ],
    ids=["header", "headers", "vias"],
)
async def test_message_above_a_limit_is_refused_and_below_served(within: str, beyond: str, status: int) -> None:
    """SIP-5."""
    async with running() as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("OPTIONS", extra=within))
            assert (await peer.receive_response()).status == 200
            peer.send(peer.request("OPTIONS", extra=beyond))
            assert await peer.receive_status() == status


async def test_body_and_uri_above_their_limits_are_refused() -> None:
    """SIP-5: 413 and 414."""
    async with running() as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("MESSAGE", body=b"x" * 32_769))
            assert (await peer.receive_response()).status == 413
            peer.send(peer.request("OPTIONS").replace(b"sip:bob@127.0.0.1", b"sip:" + b"b" * 1_024 + b"@127.0.0.1", 1))
            assert (await peer.receive_response()).status == 414


async def test_connections_dropped_in_mid_invite_leave_nothing_behind() -> None:
    """CVE-5: 100 connections, each with ten INVITEs and a reset; half of them cut the last one short."""
    callee = Answering(lambda call: call.answer(SDP))
    async with running(callee) as agent:
        for number in range(100):
            with socket.create_connection(("127.0.0.1", agent.port)) as peer:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                contact = "Contact: <sip:gone@127.0.0.1:9;transport=tcp>\r\nContent-Type: application/sdp\r\n"
                data = b"".join(_message("INVITE", contact, SDP) for _ in range(10))
                peer.sendall(data[:-100] if number % 2 else data)
            with RawPeer(agent) as probe:
                assert await probe.is_served()

        for watcher in callee.watchers:
            assert (await watcher.wait_end()).kind in (EndKind.NO_ACK, EndKind.FAILED)
        assert agent.live_calls == 0
        await _until(lambda: agent.live_transactions == 0)


async def test_refused_peer_that_is_still_sending_sees_the_answer_and_an_orderly_end() -> None:
    """Closed with octets unread, the connection would be reset, and the answer lost on the way (SIP-3)."""
    async with running(Answering()) as agent, connected(agent) as stream:
        stream.writer.write(_message().replace(b"Content-Length: 0", b"Content-Length: -1") + b"x" * 1_000_000)
        assert await stream.statuses(1) == [400]
        assert await stream.reader.read(1) == b""


async def test_connection_that_brings_no_message_is_closed() -> None:
    """CVE-6, with the time-out of 30 s set to 0.2 s."""
    agent = UserAgent(host="127.0.0.1", port=0, handler=Answering(), timers=QUICK, tcp_idle_s=0.2)
    await agent.start()
    async with connected(agent) as idle, connected(agent) as slow, connected(agent) as busy:
        slow.writer.write(_message()[:20])
        busy.writer.write(_message())
        assert await busy.statuses(1) == [200]

        assert await idle.ends()
        assert await slow.ends()
        busy.writer.write(_message())
        assert await busy.statuses(1) == [200]
    await agent.close()


async def test_one_address_gets_fifty_connections_and_others_are_served() -> None:
    """CVE-6."""
    async with running() as agent:
        opened = [await asyncio.open_connection("127.0.0.1", agent.port) for _ in range(50)]
        async with connected(agent) as too_many:
            assert await too_many.ends()
        reader, writer = await asyncio.open_connection("127.0.0.1", agent.port, local_addr=("127.0.0.3", 0))
        writer.write(_message())
        assert await Stream(reader, writer).statuses(1) == [200]
        for _, one in [*opened, (reader, writer)]:
            one.close()
        await _until(lambda: agent.connections == 0)
        async with connected(agent) as again:
            again.writer.write(_message())
            assert await again.statuses(1) == [200]


async def test_start_waits_for_a_port_that_somebody_has_for_a_moment() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as passing:
        passing.bind(("127.0.0.1", 0))
        agent = UserAgent(host="127.0.0.1", port=passing.getsockname()[1], handler=Answering())
        starting = asyncio.create_task(agent.start())
        await asyncio.sleep(0)  # it has tried once
        assert not starting.done()
    async with asyncio.timeout(PATIENCE_S):
        await starting
    await agent.close()


async def test_start_on_a_taken_port_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "BIND_PATIENCE_S", 0.0)
    async with running() as agent:
        other = UserAgent(host="127.0.0.1", port=agent.port, handler=Answering())
        with pytest.raises(OSError, match="in use"):
            await other.start()


async def _until(reached: object) -> None:
    assert callable(reached)
    async with asyncio.timeout(PATIENCE_S):
        while not reached():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("burst", [1, 3, 63, 64, 65, 130])
async def test_every_datagram_is_read_however_close_they_come(burst: int) -> None:
    """One after the other, some at once, and as many as a turn reads and more; again after each rest."""
    async with running(Answering(lambda call: None)) as agent:
        with RawPeer(agent) as peer:
            for _ in range(3):
                for _ in range(burst):
                    peer.send(peer.request("OPTIONS"))
                answers = [await peer.receive_response(200) for _ in range(burst)]

                assert len(answers) == burst
