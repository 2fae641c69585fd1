"""Where the SIP servers of a name are: what its DNS records come to (RFC 3263 section 4, RFC 2782).

Records in, an order of servers out. Who asks for the records, and remembers them, is elsewhere.
"""

import random
from collections.abc import Collection, Sequence
from typing import NamedTuple

from dialplane.sip.transaction_peer import Wire

_SERVICES: dict[str, Wire] = {"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"}
_LABELS: dict[Wire, str] = {"udp": "_sip._udp", "tcp": "_sip._tcp", "tls": "_sips._tcp"}
UNSPOKEN: tuple[Wire, ...] = ("udp", "tcp", "tls")
"""Ours, the first first, where the name does not say what it likes."""


class Naptr(NamedTuple):
    """RFC 3403 section 4.1."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


class Srv(NamedTuple):
    """RFC 2782. A target of `.` says that there is no such service."""

    priority: int
    weight: int
    port: int
    target: str


class Service(NamedTuple):
    """SRV records that may be asked for, and what they lead to is spoken to by."""

    name: str
    wire: Wire


class Server(NamedTuple):
    """One SRV record's, or the name itself. Lower ranks, then lower priorities come first."""

    rank: int
    priority: int
    weight: int
    port: int
    wire: Wire
    host: str
    """A name or an address."""


def services_of(name: str, records: Sequence[Naptr], wires: Collection[Wire]) -> list[Service]:
    """What a name offers of the transports that we speak, in its own order (4.1); nothing where its NAPTR records do
    not tell."""
    found = []
    for record in sorted(records, key=lambda each: (each.order, each.preference)):
        wire = _SERVICES.get(record.service.upper())
        if wire in wires and wire is not None and record.flags.lower() == "s":
            found.append(Service(record.replacement, wire))
    return found


def usual_services(name: str, wires: Collection[Wire]) -> list[Service]:
    """What may be asked for where nothing else is known."""
    return [Service(f"{_LABELS[wire]}.{name}", wire) for wire in UNSPOKEN if wire in wires]


def servers_of(services: Sequence[Service], found: Sequence[Sequence[Srv]]) -> list[Server]:
    """Of the SRV records that were found for each service."""
    return [
        Server(rank, record.priority, record.weight, record.port, service.wire, record.target)
        for rank, (service, records) in enumerate(zip(services, found, strict=True))
        for record in records
        if record.target not in ("", ".")
    ]


def in_order(servers: Sequence[Server], chance: random.Random) -> list[Server]:
    """For one call: by rank and priority; among equal ones each comes next as often as its weight says, and one without
    weight seldom before one that has some (RFC 2782)."""
    left = list(servers)
    ordered: list[Server] = []
    while left:
        first = min((each.rank, each.priority) for each in left)
        group = sorted((each for each in left if (each.rank, each.priority) == first), key=lambda each: each.weight)
        point = chance.randint(0, sum(each.weight for each in group))
        for each in group:
            point -= each.weight
            if point <= 0:
                ordered.append(each)
                left.remove(each)
                break
    return ordered
