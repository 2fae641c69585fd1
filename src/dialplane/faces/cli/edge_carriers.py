"""Whose messages an edge does not count: networks as they are written, and where carriers' names lead now."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from dialplane.adapters.dns.names import DnsNames
from dialplane.domain.calling.trunk_terms import Gateway, read_gateway
from dialplane.services.calling.places import Names, find_place
from dialplane.sip.transaction_peer import Wire

Network = IPv4Network | IPv6Network
WIRES: tuple[Wire, ...] = ("udp", "tcp", "tls")
"""That an edge speaks."""
NOBODY = ip_network("192.0.2.0/32")
"""RFC 5737: an address of documents, so that the list is never empty."""
GROUP = 1
"""Of Kamailio's `permissions`."""


@dataclass(frozen=True, slots=True, order=True)
class Carrier:
    """One network that is not counted."""

    network: Network
    name: str = ""
    """That leads there."""


@dataclass(frozen=True, slots=True)
class Found:
    carriers: tuple[Carrier, ...]
    lost: tuple[str, ...] = ()
    """Names that lead nowhere, or of which nobody tells."""


def read_carrier(text: str) -> Network | Gateway:
    """A network, or a name that DNS is asked for. Raises Invalid or ValueError."""
    try:
        return ip_network(text)
    except ValueError:
        if "." not in text:  # no name of another's machine
            raise
    return read_gateway(text, None, None)


async def find_carriers(
    written: Sequence[Network], named: Sequence[Gateway], before: Sequence[Carrier], servers: Sequence[tuple[str, int]]
) -> Found:
    """All of them. A name of which nobody tells keeps the networks that it had `before`: a silent name server must not
    make strangers of carriers. `servers` are asked; none: those of this machine."""
    names = DnsNames(servers)
    try:
        found = await asyncio.gather(*(_find(names, gateway, before) for gateway in dict.fromkeys(named)))
    finally:
        names.close()
    carriers = [Carrier(network) for network in written] + [each for one in found for each in one.carriers]
    return Found(tuple(dict.fromkeys(carriers)), tuple(dict.fromkeys(name for one in found for name in one.lost)))


async def _find(names: Names, gateway: Gateway, before: Sequence[Carrier]) -> Found:
    place = await find_place(names, gateway, WIRES)
    hosts = dict.fromkeys(host for _, hosts in place.servers for host in hosts)
    found = [Carrier(ip_network(host), gateway.host) for host in hosts]
    if not place.is_whole:
        found += [each for each in before if each.name == gateway.host]
    return Found(tuple(dict.fromkeys(found)), () if hosts else (gateway.host,))


def list_of(carriers: Sequence[Carrier]) -> str:
    """The file of Kamailio's `permissions`: group, address, length, any port, the name as a tag."""
    lines = [
        f"{GROUP} {each.network.network_address} {each.network.prefixlen} 0 {each.name}".rstrip()
        for each in carriers or (Carrier(NOBODY),)
    ]
    return "\n".join(["# Whose messages are not counted. After a change: kamcmd permissions.addressReload", *lines, ""])


def read_list(path: Path) -> list[Carrier]:
    """What `list_of` wrote there; nothing where nobody did. Raises OSError."""
    if not path.exists():
        return []
    words = [line.split() for line in path.read_text().splitlines() if not line.startswith("#")]
    return [
        Carrier(ip_network(f"{each[1]}/{each[2]}"), each[4] if len(each) > 4 else "") for each in words if len(each) > 3
    ]
