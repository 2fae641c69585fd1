"""Carriers that we bind to by SMPP: how the operator sets them up, and the port to what is under way with them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.errors import AlreadyExists, Conflict, NotFound
from dialplane.domain.ids import AccountId, MessageId, new_id
from dialplane.domain.messaging.smpp_accounts import LongMessages
from dialplane.domain.messaging.smpp_carriers import (
    Binds,
    BindStanding,
    BindState,
    CarrierAlphabet,
    SmppCarrier,
)
from dialplane.domain.supply.carrier_accounts import CarrierStatus
from dialplane.services.transaction import Database, Transaction

MOST_CARRIERS = 100


@dataclass(frozen=True, slots=True)
class Queued:
    """The message's target whose answer a submission brings."""

    message_id: MessageId
    account_id: AccountId
    position: int
    parts: int


@dataclass(frozen=True, slots=True)
class SegmentBody:
    """User data of one short message; in hex, as the row is JSON."""

    user_data: str
    data_coding: int = 0
    esm_class: int = 0
    tlvs: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SmppSubmission:
    """A message that a carrier is to take; its segments follow each other."""

    reference: UUID
    carrier_id: UUID
    queued: Queued
    source: str
    destination: str
    segments: tuple[SegmentBody, ...]
    expires_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a submission, leased to a process."""

    reference: UUID
    number: int
    source: str
    destination: str
    body: SegmentBody
    sends: int
    """How often it was handed to a session, this time included."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SubmissionStanding:
    """How the segments of a submission stand."""

    queued: Queued
    is_ended: bool
    waiting: int
    """Not answered yet."""
    failed: int
    delivered: int
    undelivered: int
    total: int


class SmppCarrierStore(Protocol):
    """Port."""

    async def save(self, carrier: SmppCarrier) -> None:
        """Insert it, or write over the one of its id, and tell the processes. Raises AlreadyExists where another has
        its name."""
        ...

    async def list_all(self) -> Sequence[SmppCarrier]:
        """By name."""
        ...

    async def find(self, carrier_id: UUID, *, lock: bool = False) -> SmppCarrier | None: ...

    async def find_for(self, number_carrier: str) -> SmppCarrier | None:
        """Which takes the messages of that carrier's numbers: the first by name, an active one before a paused one."""
        ...

    async def takes_national_tables(self, number: str) -> bool:
        """Whether the carrier that the number's messages go to by SMPP does; with `+` before it or without."""
        ...

    async def delete(self, carrier_id: UUID) -> None: ...

    async def count_open(self, carrier_id: UUID) -> int:
        """Submissions that have no answer yet."""
        ...

    async def standings(self) -> dict[UUID, BindStanding]:
        """Of carriers that a living process has."""
        ...

    async def take_lease(self, carrier_id: UUID, node: int, now: datetime) -> bool:
        """Whether the bind is this process's: it was, or nobody living had it."""
        ...

    async def note_standing(self, carrier_id: UUID, node: int, standing: BindStanding) -> None:
        """Of a bind that is this process's."""
        ...

    async def add_submission(self, submission: SmppSubmission) -> bool:
        """And wake who is bound to the carrier. False, and nothing is written, where the reference is known."""
        ...

    async def claim_segments(self, carrier_id: UUID, node: int, *, now: datetime, limit: int) -> Sequence[Segment]:
        """Oldest submission first; those of one that failed are left out."""
        ...

    async def return_segment(self, segment: Segment, node: int, *, due_at: datetime, was_sent: bool) -> None:
        """It waits again, if it is `node` that has sent it. Not `was_sent`: it is known not to have been taken."""
        ...

    async def return_foreign(self, carrier_id: UUID, node: int, now: datetime) -> None:
        """What was sent by other processes than `node`, which are gone, waits again."""
        ...

    async def accept_segment(self, reference: UUID, number: int, message_key: str) -> None: ...

    async def fail_segment(self, reference: UUID, number: int) -> None:
        """And those behind it that wait."""
        ...

    async def find_standing(self, reference: UUID) -> SubmissionStanding | None:
        """Locks the submission first: two answers at once count one after the other."""
        ...

    async def end_submission(self, reference: UUID, now: datetime) -> None: ...

    async def note_receipt(
        self, carrier_id: UUID, message_keys: Sequence[str], destination: str, *, delivered: bool
    ) -> UUID | None:
        """The reference of the segment that the first of the keys names, and that has no receipt yet."""
        ...

    async def expired(self, now: datetime, *, limit: int) -> Sequence[UUID]:
        """Submissions that no carrier took in time and that nothing is under way of."""
        ...

    async def forget(self, *, before: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class SmppCarrierChange:
    """What the operator writes; None leaves a field as it is."""

    name: str | None = None
    host: str | None = None
    port: int | None = None
    system_id: str | None = None
    password: str | None = field(default=None, repr=False)
    system_type: str | None = None
    address_range: str | None = None
    binds: Binds | None = None
    rate: int | None = None
    window: int | None = None
    enquire_s: int | None = None
    long_messages: LongMessages | None = None
    alphabet: CarrierAlphabet | None = None
    tls: bool | None = None
    national_tables: bool | None = None
    carries: tuple[str, ...] | None = None
    status: CarrierStatus | None = None

    def applied_to(self, carrier: SmppCarrier, now: datetime) -> SmppCarrier:
        """Raises Invalid naming the field."""
        given = {name: getattr(self, name) for name in self.__slots__ if getattr(self, name) is not None}
        changed = replace(carrier, **given, updated_at=now)
        changed.check()
        return changed


async def add_smpp_carrier(database: Database, given: SmppCarrierChange, now: datetime) -> SmppCarrier:
    """Raises Invalid naming the field, AlreadyExists, Conflict where there are too many."""
    made = given.applied_to(SmppCarrier(new_id(now), "", "", 0, "", "", now, now), now)
    async with database.transaction() as tx:
        every = await tx.smpp_carriers.list_all()
        if len(every) >= MOST_CARRIERS:
            raise Conflict(f"There are {MOST_CARRIERS} SMPP carriers already", reason="RESOURCE_LIMIT_EXCEEDED")
        if any(each.name == made.name for each in every):
            raise AlreadyExists(f"There is an SMPP carrier {made.name} already", field="name")
        await tx.smpp_carriers.save(made)
    return made


@dataclass(frozen=True, slots=True)
class SeenCarrier:
    """A carrier and how things stand with it. `standing` None: no process has its bind."""

    carrier: SmppCarrier
    standing: BindStanding | None = None
    waiting: int = 0
    """Messages that have no answer yet."""


async def list_smpp_carriers(database: Database) -> Sequence[SmppCarrier]:
    """By name."""
    async with database.reading() as tx:
        return await tx.smpp_carriers.list_all()


async def look_at_smpp_carriers(database: Database) -> Sequence[SeenCarrier]:
    """By name, each with how it stands."""
    async with database.reading() as tx:
        return [await _seen(tx, each) for each in await tx.smpp_carriers.list_all()]


async def look_at_smpp_carrier(database: Database, carrier_id: UUID) -> SeenCarrier:
    """Raises NotFound."""
    async with database.reading() as tx:
        return await _seen(tx, _given(await tx.smpp_carriers.find(carrier_id)))


async def change_smpp_carrier(
    database: Database, carrier_id: UUID, change: SmppCarrierChange, now: datetime
) -> SmppCarrier:
    """Bound to anew with it, within seconds. Raises NotFound, Invalid, AlreadyExists."""
    async with database.transaction() as tx:
        changed = change.applied_to(_given(await tx.smpp_carriers.find(carrier_id, lock=True)), now)
        if any(each.name == changed.name and each.id != carrier_id for each in await tx.smpp_carriers.list_all()):
            raise AlreadyExists(f"There is an SMPP carrier {changed.name} already", field="name")
        await tx.smpp_carriers.save(changed)
    return changed


async def delete_smpp_carrier(database: Database, carrier_id: UUID) -> SmppCarrier:
    """Raises NotFound, and Conflict while messages wait for it."""
    async with database.transaction() as tx:
        found = _given(await tx.smpp_carriers.find(carrier_id, lock=True))
        if count := await tx.smpp_carriers.count_open(carrier_id):
            raise Conflict(f"{count} messages still wait for {found.name}; pause it first", reason="CARRIER_IN_USE")
        await tx.smpp_carriers.delete(carrier_id)
    return found


async def _seen(tx: Transaction, carrier: SmppCarrier) -> SeenCarrier:
    standing = (await tx.smpp_carriers.standings()).get(carrier.id)
    is_active = carrier.status is CarrierStatus.ACTIVE
    return SeenCarrier(carrier, standing if is_active else None, await tx.smpp_carriers.count_open(carrier.id))


def _given(found: SmppCarrier | None) -> SmppCarrier:
    if found is None:
        raise NotFound("There is no such SMPP carrier", reason="CARRIER_NOT_FOUND")
    return found


async def take_lease(database: Database, carrier_id: UUID, node: int, now: datetime) -> bool:
    """Whether the carrier is this process's to bind to. At the first time, what its last owner had under way waits
    again."""
    async with database.transaction() as tx:
        if not await tx.smpp_carriers.take_lease(carrier_id, node, now):
            return False
        await tx.smpp_carriers.return_foreign(carrier_id, node, now)
    return True


async def note_standing(
    database: Database, carrier_id: UUID, node: int, state: BindState, fault: str, now: datetime
) -> None:
    """For the operator to see."""
    async with database.transaction() as tx:
        await tx.smpp_carriers.note_standing(carrier_id, node, BindStanding(state, now, fault[:255]))
