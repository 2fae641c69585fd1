"""Asks name servers (RFC 1035), by dnspython: over UDP, over TCP where an answer does not fit.

Names that are no domain names (`localhost`, a container's) are this machine's own affair: its resolver is asked, in a
thread. Nothing is kept here.
"""

import asyncio
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.rdata
import dns.rdatatype
import dns.resolver
import structlog
from dns.nameserver import Do53Nameserver
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from dns.rdtypes.IN.NAPTR import NAPTR
from dns.rdtypes.IN.SRV import SRV

from dialplane.services.calling.places import Answer, NoAnswer
from dialplane.sip.locating import Naptr, Srv

TRY_S = 0.6
"""For one name server's answer to one packet."""
PATIENCE_S = 1.5
"""For an answer in all: who waits is a call."""
SYSTEM_KEPT_S = 60.0
"""How long the machine's own answers hold, which say nothing of it."""
LONGEST_KEPT_S = 86_400.0

log = structlog.get_logger()
_KINDS = {4: dns.rdatatype.A, 6: dns.rdatatype.AAAA}


class DnsNames:
    """Fulfils `services.calling.places.Names`."""

    def __init__(self, servers: Sequence[tuple[str, int]] = (), *, versions: Collection[int] = (4, 6)) -> None:
        """`servers`: addresses and ports of name servers; none: those of the machine (`/etc/resolv.conf`). `versions`:
        of IP, that we can send by."""
        self._kinds = [kind for version, kind in _KINDS.items() if version in versions]
        self._is_own = not servers
        self._threads = ThreadPoolExecutor(2, "names")
        self._resolver = _resolver(servers)

    async def find_naptr(self, name: str) -> Answer[Naptr]:
        records, ttl_s = await self._ask(name, dns.rdatatype.NAPTR)
        return Answer([_naptr(each) for each in records if isinstance(each, NAPTR)], ttl_s)

    async def find_srv(self, name: str) -> Answer[Srv]:
        records, ttl_s = await self._ask(name, dns.rdatatype.SRV)
        return Answer([_srv(each) for each in records if isinstance(each, SRV)], ttl_s)

    async def find_addresses(self, name: str) -> Answer[str]:
        if "." not in name.rstrip("."):
            return await self._ask_system(name)
        found = await asyncio.gather(*(self._ask(name, kind) for kind in self._kinds))
        hosts = [each.address for records, _ in found for each in records if isinstance(each, A | AAAA)]
        if not hosts and self._is_own:
            return await self._ask_system(name)  # the hosts file
        return Answer(hosts, min(ttl_s for _, ttl_s in found))

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> tuple[Sequence[dns.rdata.Rdata], float]:
        """Raises NoAnswer."""
        if self._resolver is None:
            return (), SYSTEM_KEPT_S
        try:
            response = (await self._resolver.resolve(name, kind, raise_on_no_answer=False, search=False)).response
        except dns.resolver.NXDOMAIN as absence:
            responses = cast("Callable[[], Mapping[dns.name.Name, dns.message.QueryMessage]]", absence.responses)
            response = next(iter(responses().values()))
        except (dns.exception.DNSException, OSError) as fault:
            raise NoAnswer(name) from fault
        chain = response.resolve_chaining()
        return list(chain.answer or ()), min(float(chain.minimum_ttl), LONGEST_KEPT_S)

    async def _ask_system(self, name: str) -> Answer[str]:
        """Raises NoAnswer where it takes too long."""
        loop = asyncio.get_running_loop()
        asked = loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM, family=self._family())
        )
        try:
            async with asyncio.timeout(PATIENCE_S):
                found = await asked
        except TimeoutError as fault:
            raise NoAnswer(name) from fault
        except OSError:
            return Answer((), SYSTEM_KEPT_S)
        return Answer(list(dict.fromkeys(str(each[4][0]) for each in found)), SYSTEM_KEPT_S)

    def _family(self) -> socket.AddressFamily:
        if len(self._kinds) > 1:
            return socket.AF_UNSPEC
        return socket.AF_INET if self._kinds == [dns.rdatatype.A] else socket.AF_INET6

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _resolver(servers: Sequence[tuple[str, int]]) -> dns.asyncresolver.Resolver | None:
    """None where the machine has no name servers."""
    try:
        made = dns.asyncresolver.Resolver(configure=not servers)
    except dns.resolver.NoResolverConfiguration:
        log.warning("no_name_servers")
        return None
    if servers:
        made.nameservers = [Do53Nameserver(host, port) for host, port in servers]
    made.timeout, made.lifetime = TRY_S, PATIENCE_S
    return made


def _naptr(record: NAPTR) -> Naptr:
    flags, service = record.flags.decode("ascii", "replace"), record.service.decode("ascii", "replace")
    return Naptr(record.order, record.preference, flags, service, _text(record.replacement))


def _srv(record: SRV) -> Srv:
    return Srv(record.priority, record.weight, record.port, _text(record.target))


def _text(name: dns.name.Name) -> str:
    """Without the dot at its end, but for the root's."""
    return name.to_text(omit_final_dot=True) if len(name) > 1 else "."
