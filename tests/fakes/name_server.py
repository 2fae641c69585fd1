"""A name server on the loopback: answers over UDP what it was given, tells for how long nothing is there, or is
silent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from dialplane.adapters.dns.names import DnsNames


class NameServer(asyncio.DatagramProtocol):
    """Knows the zone `test.`"""

    def __init__(self) -> None:
        self.records: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset] = {}
        self.asked: list[str] = []
        """`NAPTR sip.carrier.test`, in order."""
        self.is_silent = False
        self.nothing_s = 60
        """How long an absence holds (RFC 2308)."""
        self.port = 0

    def set(self, name: str, kind: str, *values: str, ttl_s: int = 60) -> None:
        """What the name has of a kind from now on; no values: nothing."""
        place = dns.name.from_text(name)
        self.records.pop((place, dns.rdatatype.from_text(kind)), None)
        if values:
            found = dns.rrset.from_text(place, ttl_s, "IN", kind, *values)
            self.records[place, found.rdtype] = found

    def names(self) -> DnsNames:
        """Whoever asks this server."""
        return DnsNames([("127.0.0.1", self.port)], versions=(4,))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request = dns.message.from_wire(data)
        question = request.question[0]
        self.asked.append(f"{dns.rdatatype.to_text(question.rdtype)} {question.name.to_text(omit_final_dot=True)}")
        if self.is_silent:
            return
        response = dns.message.make_response(request)
        response.flags |= dns.flags.AA | dns.flags.RA
        name = question.name
        while (alias := self.records.get((name, dns.rdatatype.CNAME))) is not None:
            response.answer.append(alias)
            name = alias[0].target
        found = self.records.get((name, question.rdtype))
        if found is not None:
            response.answer.append(found)
        else:
            if all(name != question.name for name, _ in self.records):
                response.set_rcode(dns.rcode.NXDOMAIN)
            response.authority.append(
                dns.rrset.from_text("test.", 3_600, "IN", "SOA", f"ns.test. root.test. 1 2 3 4 {self.nothing_s}")
            )
        self._transport.sendto(response.to_wire(), addr)


@asynccontextmanager
async def name_server() -> AsyncIterator[NameServer]:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        NameServer, local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()
