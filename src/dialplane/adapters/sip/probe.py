"""Asks a SIP peer whether it is there: one OPTIONS (RFC 3261 section 11), repeated over UDP until an answer comes.

Of a name every target is asked, in the order in which a call would, until one answers (RFC 3263 section 4.3).
"""

import asyncio
import random
import secrets
import ssl
from time import monotonic

from dialplane.domain.calling.trunks import Trunk
from dialplane.services.calling.places import Names, find_place, place_of_address
from dialplane.services.calling.trunk_health import Probe
from dialplane.sip.errors import SipParseError
from dialplane.sip.framing import StreamFramer
from dialplane.sip.headers import Headers
from dialplane.sip.locating import UNSPOKEN
from dialplane.sip.message import Request, Response
from dialplane.sip.parser import parse_message
from dialplane.sip.transaction_peer import Source

PATIENCE_S = 2.0
"""For each target."""
MOST_ASKED = 3
_T1_S = 0.5
"""Between two sendings (RFC 3261 section 17.1.1.1)."""


class SipProber:
    """Fulfils `services.calling.trunk_health.Prober`."""

    def __init__(self, names: Names) -> None:
        self._names = names

    async def probe(self, trunk: Trunk) -> Probe:
        said = "its name leads nowhere"
        for target in await self._targets(trunk):
            began = monotonic()
            try:
                async with asyncio.timeout(PATIENCE_S):
                    status = await (_over_udp if target.transport == "udp" else _over_stream)(trunk, target)
            except TimeoutError:
                said = f"no answer within {PATIENCE_S:.0f} seconds"
            except (OSError, SipParseError) as fault:
                said = str(fault)[:200]
            else:
                return Probe(status, took_ms=round((monotonic() - began) * 1000))
        return Probe(None, said=said)

    async def _targets(self, trunk: Trunk) -> list[Source]:
        gateway = trunk.own_gateway
        place = await find_place(self._names, gateway, UNSPOKEN) if gateway.is_named else place_of_address(gateway)
        return place.targets(random.Random())[:MOST_ASKED]


async def _over_udp(trunk: Trunk, target: Source) -> int:
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[int] = loop.create_future()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Answers(answered), remote_addr=target[:2])
    try:
        packet = bytes(_options(trunk, transport.get_extra_info("sockname")[:2], "UDP"))
        while not answered.done():
            transport.sendto(packet)
            await asyncio.wait([answered], timeout=_T1_S)
        return answered.result()
    finally:
        transport.close()


class _Answers(asyncio.DatagramProtocol):
    def __init__(self, answered: asyncio.Future[int]) -> None:
        self._answered = answered

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            message = parse_message(data)
        except SipParseError:
            return
        if isinstance(message, Response) and message.is_final and not self._answered.done():
            self._answered.set_result(message.status)

    def error_received(self, exc: Exception) -> None:
        """The peer's host says that nobody listens there."""
        if not self._answered.done():
            self._answered.set_exception(exc)


async def _over_stream(trunk: Trunk, target: Source) -> int:
    context = _context(trunk) if target.transport == "tls" else None
    reader, writer = await asyncio.open_connection(
        *target[:2], ssl=context, server_hostname=trunk.host if context is not None else None
    )
    try:
        writer.write(bytes(_options(trunk, writer.get_extra_info("sockname")[:2], target.transport.upper())))
        framer = StreamFramer()
        while data := await reader.read(4096):
            for frame in framer.feed(data):
                if isinstance(frame, Response) and frame.is_final:
                    return frame.status
        raise ConnectionError("the connection was closed without an answer")
    finally:
        writer.close()


def _context(trunk: Trunk) -> ssl.SSLContext:
    """Believes what the trunk's terms let it believe."""
    context = ssl.create_default_context()
    if not trunk.terms.verifies:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _options(trunk: Trunk, own: tuple[str, int], transport: str) -> Request:
    host = f"[{own[0]}]" if ":" in own[0] else own[0]
    peer = f"sip:{trunk.own_gateway.shown_place}"
    fields = [
        ("Via", f"SIP/2.0/{transport} {host}:{own[1]};branch=z9hG4bK{secrets.token_hex(8)};rport"),
        ("Max-Forwards", "70"),
        ("From", f"<sip:probe@{host}>;tag={secrets.token_hex(4)}"),
        ("To", f"<{peer}>"),
        ("Call-ID", secrets.token_hex(12)),
        ("CSeq", "1 OPTIONS"),
        ("Accept", "application/sdp"),
        ("Content-Length", "0"),
    ]
    return Request("OPTIONS", peer, Headers(fields))
