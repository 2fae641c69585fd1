"""Ports that a carrier carries out: handed in there, followed, and led on here by what it says.

The operator names the carrier. What is to be done follows from where the order stands on both sides, so that each look
may be repeated and none is lost by a crash: an order that was submitted since it was handed in is handed in (again),
one that its owner called off is called off there, and the carrier's word leads ours by the steps that `MOVES` allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

from dialplane.domain.errors import Conflict, NotFound, Refusal
from dialplane.domain.ids import PortId
from dialplane.domain.numbering.documents import Document, content_key
from dialplane.domain.numbering.port_exceptions import PortFault
from dialplane.domain.numbering.porting import MOVES, Port, PortStatus
from dialplane.services.numbering.port_progress import advance_port
from dialplane.services.objects import ObjectStore
from dialplane.services.supply.carriers import CarrierFailed, CarrierTimeout
from dialplane.services.transaction import Database

LOOK_EVERY = timedelta(minutes=10)
"""Carriers send webhooks too; this is for the ones that are lost."""
_IN_HAND = timedelta(minutes=2)

_NOT_YET = (PortStatus.DRAFT, PortStatus.PORTED, PortStatus.CANCELLED)
_BETWEEN = (PortStatus.IN_PROCESS, PortStatus.DATE_CONFIRMED)
"""Statuses that an order may be led through on its way to another."""


@dataclass(frozen=True, slots=True)
class CarrierPort:
    """One order of ours at the carrier that carries it out."""

    port_id: PortId
    carrier: str
    created_at: datetime
    handed_at: datetime | None = None
    look_at: datetime | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A document with its content."""

    document: Document
    content: bytes


@dataclass(frozen=True, slots=True)
class Standing:
    """How the carrier has the order; of an order that it split, as the parts together stand. `status` is None while
    it says nothing that would lead ours on."""

    status: PortStatus | None
    reason: str = ""
    fault: PortFault | None = None
    foc_at: datetime | None = None


class CarrierPorting(Protocol):
    """A carrier that numbers can be ported to. Raises CarrierTimeout, CarrierFailed; all may be repeated."""

    async def hand_in(self, port: Port, papers: Sequence[Paper]) -> None:
        """Hand the order in, or what was corrected of it; its id is the reference."""
        ...

    async def find_port(self, port: Port) -> Standing | None:
        """None where the carrier has never heard of it."""
        ...

    async def cancel(self, port: Port) -> None:
        """Ask for it to be called off."""
        ...


class PortCarriers(Protocol):
    async def find_porting(self, name: str) -> CarrierPorting | None:
        """None where numbers cannot be ported to the carrier, or it is not set up."""
        ...


async def assign_port(
    database: Database, carriers: PortCarriers, port_id: PortId, carrier: str, now: datetime
) -> CarrierPort:
    """Let a carrier carry the order out. Raises NotFound, and Conflict for an order that is no one's to carry out or
    another carrier's."""
    if await carriers.find_porting(carrier) is None:
        raise NotFound(f"Numbers cannot be ported to {carrier[:64]}", reason="CARRIER_NOT_FOUND", field="carrier")
    async with database.transaction() as tx:
        port = await tx.ports.find(None, port_id, lock=True)
        if port is None:
            raise NotFound("There is no such port", reason="PORT_NOT_FOUND")
        if port.status in _NOT_YET:
            raise Conflict(f"The port is {port.status}", reason="STATE_INVALID")
        earlier = await tx.carriers.find_port(port_id)
        if earlier is not None and earlier.carrier != carrier:
            raise Conflict(f"The port is carried out by {earlier.carrier}", reason="STATE_INVALID", field="carrier")
        assigned = replace(earlier or CarrierPort(port_id, carrier, now), look_at=now)
        await tx.carriers.save_port(assigned)
    return assigned


async def follow_ports(
    database: Database, carriers: PortCarriers, objects: ObjectStore, now: datetime, *, limit: int = 10
) -> int:
    """Do what is due with ports at carriers; how many were looked at. `now` is the billing clock."""
    async with database.transaction() as tx:
        due = await tx.carriers.take_ports(now, until=now + _IN_HAND, limit=limit)
    for each in due:
        followed = await _follow(database, carriers, objects, each, now)
        async with database.transaction() as tx:
            await tx.carriers.save_port(followed)
    return len(due)


async def _follow(
    database: Database, carriers: PortCarriers, objects: ObjectStore, each: CarrierPort, now: datetime
) -> CarrierPort:
    async with database.reading() as tx:
        port = await tx.ports.find(None, each.port_id)
    if port is None or port.status.is_over:
        return replace(each, look_at=None)
    later = replace(each, look_at=now + LOOK_EVERY, fault="")
    porting = await carriers.find_porting(each.carrier)
    try:
        if porting is None:
            raise CarrierFailed(f"the carrier {each.carrier} is not set up")
        if port.status is PortStatus.CANCEL_PENDING:
            await porting.cancel(port)
        elif each.handed_at is None or _submitted_at(port) > each.handed_at:
            await porting.hand_in(port, await _papers(database, objects, port))
            later = replace(later, handed_at=now)
        standing = await porting.find_port(port)
        if standing is not None and standing.status is not None:
            port = await _lead(database, port, standing, now)
    except (CarrierTimeout, CarrierFailed, Refusal) as fault:
        return replace(later, fault=str(fault)[:512])
    return replace(later, look_at=None) if port.status.is_over else later


def _submitted_at(port: Port) -> datetime:
    """When its owner last handed it in: a step out of `exception` is one, too."""
    steps = port.steps
    back = [after.at for before, after in pairwise(steps) if before.status is PortStatus.EXCEPTION]
    return max([port.submitted_at or port.created_at, *back])


async def _papers(database: Database, objects: ObjectStore, port: Port) -> list[Paper]:
    papers = []
    for document_id in port.document_ids:
        async with database.reading() as tx:
            document = await tx.documents.find(port.account_id, document_id)
        content = None if document is None else await objects.get(content_key(port.account_id, document.id))
        if document is not None and content is not None:
            papers.append(Paper(document, content))
    return papers


async def _lead(database: Database, port: Port, standing: Standing, now: datetime) -> Port:
    """Lead ours to where the carrier's is. Raises Refusal where there is no way."""
    to = standing.status
    assert to is not None  # the caller looked
    if port.status is to and (to is not PortStatus.DATE_CONFIRMED or standing.foc_at in (None, port.foc_at)):
        return port
    for step in _way(port.status, to):
        port = await advance_port(
            database,
            port.id,
            step,
            now,
            reason=standing.reason if step is PortStatus.EXCEPTION else "",
            fault=standing.fault if step is PortStatus.EXCEPTION else None,
            foc_at=max(standing.foc_at, now) if standing.foc_at and step is PortStatus.DATE_CONFIRMED else None,
        )
    return port


def _way(start: PortStatus, end: PortStatus) -> list[PortStatus]:
    """The shortest way; the end alone where there is none, so that the refusal names it."""
    ways = [[start]]
    while ways:
        way = ways.pop(0)
        for step in MOVES[way[-1]]:
            if step is end:
                return [*way[1:], end]
            if step in _BETWEEN and step not in way:
                ways.append([*way, step])
    return [end]
