"""Conferences as a resource: made, read, changed and ended by their owner. What goes on in one: `conference_rooms`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import NIL, AccountId, ConferencecallId, ConferenceId, FlowId, new_id
from dialplane.domain.rooms.conferences import (
    Conference,
    ConferenceStatus,
    ConferenceType,
    Participant,
    check_conference,
)
from dialplane.services.calling.calls import NodeCommand
from dialplane.services.calling.direct_hashes import new_direct_hash
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.conferences import conference_shape
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.tenancy.plans import check_plan
from dialplane.services.transaction import Database, Transaction

Phase = Literal["init", "in-progress", "completed"]
LARGEST_DATA = 16_384


@dataclass(frozen=True, slots=True)
class ConferenceFilters:
    """Of the lists in Restcomm's and Twilio's dialects; None is whatever there is."""

    phases: Sequence[Phase] | None = None
    name: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    updated_from: datetime | None = None
    updated_before: datetime | None = None


class ConferenceStore(Protocol):
    """Port."""

    async def save(self, conference: Conference) -> None:
        """Insert, or write over the row of the same id."""
        ...

    async def find(
        self, account_id: AccountId, conference_id: ConferenceId, *, lock: bool = False
    ) -> Conference | None:
        """`lock`: nobody else enters, leaves or changes it until the transaction ends."""
        ...

    async def lock_session(self, account_id: AccountId, name: str) -> Conference | None:
        """The room behind a name that is open now."""
        ...

    async def find_by_direct_hash(self, direct_hash: str) -> Conference | None:
        """Of any account."""
        ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Conference]: ...

    async def query(
        self, account_id: AccountId, filters: ConferenceFilters, *, offset: int, limit: int
    ) -> tuple[Sequence[Conference], int]:
        """Newest first, and how many fit in all (0 where the page is empty)."""
        ...

    async def count(self, account_id: AccountId) -> int:
        """Those that are not over."""
        ...

    async def lock_outlived(self, *, made_before: datetime, now: datetime, limit: int) -> Sequence[Conference]:
        """Rooms behind names that were made before and never entered, and conferences that nobody is in and whose time
        is over."""
        ...

    async def lock_on_node(self, node: str) -> Sequence[Conference]: ...

    async def lock_of(self, accounts: Collection[AccountId]) -> Sequence[Conference]:
        """All that are not over."""
        ...

    async def save_participants(self, participants: Sequence[Participant]) -> None: ...

    async def participants_in(self, conference_ids: Sequence[ConferenceId]) -> Sequence[Participant]:
        """Who is in, in the order in which they came."""
        ...

    async def find_participant(
        self, account_id: AccountId, participant_id: ConferencecallId, *, lock: bool = False
    ) -> Participant | None: ...

    async def participants_for(
        self, account_id: AccountId, *, before: datetime | None, limit: int
    ) -> Sequence[Participant]: ...


@dataclass(frozen=True, slots=True)
class ConferenceChange:
    """What a client writes; None leaves a field as it is. The nil UUID takes a flow away."""

    name: str | None = None
    detail: str | None = None
    timeout_s: int | None = None
    data: Mapping[str, object] | None = None
    pre_flow_id: UUID | None = None
    post_flow_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A conference with who is in it."""

    conference: Conference
    present: tuple[Participant, ...] = ()

    @property
    def created_at(self) -> datetime:
        return self.conference.created_at


async def create_conference(
    database: Database,
    account_id: AccountId,
    change: ConferenceChange,
    *,
    kind: ConferenceType = "conference",
    now: datetime,
) -> Standing:
    """A conference that stays until it is deleted.

    Raises Invalid naming the field, LimitExceeded where the plan allows no more.
    """
    async with database.transaction() as tx:
        account = await load_account(tx, account_id, for_update=True)
        await check_plan(tx, account.plan, "conferences", existing=await tx.conferences.count(account_id))
        bare = Conference(
            id=ConferenceId(new_id(now)),
            account_id=account_id,
            name="",
            status=ConferenceStatus.PROGRESSING,
            created_at=now,
            type=kind,
            direct_hash=new_direct_hash(),
        )
        made = await _changed(tx, bare, change)
        await tx.conferences.save(made)
        await tell_conference(tx, "conference_created", made, now)
    return Standing(made)


async def list_conferences(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> list[Standing]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await with_present(tx, await tx.conferences.list_for(account_id, before=before, limit=limit))


async def query_conferences(
    database: Database, account_id: AccountId, filters: ConferenceFilters, *, offset: int, limit: int
) -> tuple[list[Standing], int]:
    async with database.reading() as tx:
        found, total = await tx.conferences.query(account_id, filters, offset=offset, limit=limit)
        return await with_present(tx, found), total


async def get_conference(database: Database, account_id: AccountId, conference_id: ConferenceId) -> Standing:
    """Raises NotFound for another account's conference too."""
    async with database.reading() as tx:
        [found] = await with_present(tx, [await load_conference(tx, account_id, conference_id)])
    return found


async def update_conference(
    database: Database, account_id: AccountId, conference_id: ConferenceId, change: ConferenceChange, now: datetime
) -> Standing:
    """Change what is given; who is in already goes on as before. Raises Invalid naming the field, NotFound."""
    async with database.transaction() as tx:
        old = await load_conference(tx, account_id, conference_id, lock=True)
        new = replace(await _changed(tx, old, change), updated_at=now)
        await tx.conferences.save(new)
        [standing] = await with_present(tx, [new])
        await tell_conference(tx, "conference_updated", new, now, standing.present)
    return standing


async def regenerate_direct_hash(
    database: Database, account_id: AccountId, conference_id: ConferenceId, now: datetime
) -> Standing:
    """Give the conference another direct hash; the old one is void at once."""
    async with database.transaction() as tx:
        old = await load_conference(tx, account_id, conference_id, lock=True)
        new = replace(old, direct_hash=new_direct_hash(), updated_at=now)
        await tx.conferences.save(new)
        [standing] = await with_present(tx, [new])
        await tell_conference(tx, "conference_updated", new, now, standing.present)
    return standing


async def delete_conference(
    database: Database, account_id: AccountId, conference_id: ConferenceId, now: datetime
) -> Standing:
    """Take it out of the lists; everybody in it is removed, and goes on with its own program."""
    async with database.transaction() as tx:
        old = await load_conference(tx, account_id, conference_id, lock=True)
        return await delete_in(tx, old, now)


async def delete_in(tx: Transaction, locked: Conference, now: datetime) -> Standing:
    """As `delete_conference`, inside the caller's transaction."""
    ended = await end_in(tx, locked, now)
    deleted = replace(ended, direct_hash="", updated_at=now, deleted_at=now)
    await tx.conferences.save(deleted)
    await tell_conference(tx, "conference_deleted", deleted, now)
    return Standing(deleted)


async def end_conference(
    database: Database, account_id: AccountId, conference_id: ConferenceId, now: datetime
) -> Standing:
    """Remove everybody and close it (Twilio's `Status=completed`); one that is over already is left as it is.

    Raises NotFound.
    """
    async with database.transaction() as tx:
        old = await load_conference(tx, account_id, conference_id, lock=True)
        if old.is_over:
            return Standing(old)
        ended = await end_in(tx, old, now)
        await tell_conference(tx, "conference_updated", ended, now)
    return Standing(ended)


async def end_in(tx: Transaction, conference: Conference, now: datetime) -> Conference:
    """Order the node that mixes it to let everybody go; where nobody is in, it is over at once."""
    present = await tx.conferences.participants_in([conference.id])
    status = ConferenceStatus.TERMINATING if present else ConferenceStatus.TERMINATED
    ended = replace(
        conference,
        status=conference.status if conference.ended_at else status,
        end_reason=conference.end_reason or "conference-ended-via-api",
        ended_at=conference.ended_at or (None if present else now),
        updated_at=now,
    )
    await tx.conferences.save(ended)
    await order(tx, present, "conference_end", {"conference_id": str(conference.id)}, now)
    return ended


async def order(
    tx: Transaction, participants: Sequence[Participant], kind: str, payload: Mapping[str, object], now: datetime
) -> None:
    """Tell the nodes of these participants what is wanted of them."""
    if participants:
        await tx.calls.post_commands(
            [NodeCommand(new_id(now), each.node, each.call_id, kind, payload, now) for each in participants]
        )


async def load_conference(
    tx: Transaction, account_id: AccountId, conference_id: ConferenceId, *, lock: bool = False
) -> Conference:
    """Raises NotFound for another account's conference too."""
    found = await tx.conferences.find(account_id, conference_id, lock=lock)
    if found is None:
        raise NotFound("There is no such conference", reason="CONFERENCE_NOT_FOUND")
    return found


async def with_present(tx: Transaction, conferences: Sequence[Conference]) -> list[Standing]:
    """In the same order, with one query for all."""
    live = [each.id for each in conferences if each.node]
    present = await tx.conferences.participants_in(live) if live else []
    return [Standing(each, tuple(one for one in present if one.conference_id == each.id)) for each in conferences]


async def tell_conference(
    tx: Transaction, kind: str, conference: Conference, now: datetime, present: Sequence[Participant] = ()
) -> None:
    shape = conference_shape(conference, present)
    await publish(tx, Event(conference.account_id, kind, conference.id, shape, now))


async def _changed(tx: Transaction, old: Conference, change: ConferenceChange) -> Conference:
    data = old.data if change.data is None else dict(change.data)
    if len(str(data)) > LARGEST_DATA:
        raise Invalid(f"data has {LARGEST_DATA} characters at most", field="data")
    return check_conference(
        replace(
            old,
            name=old.name if change.name is None else change.name,
            detail=old.detail if change.detail is None else change.detail,
            timeout_s=old.timeout_s if change.timeout_s is None else change.timeout_s,
            data=data,
            pre_flow_id=await flow_of(tx, old.account_id, change.pre_flow_id, old.pre_flow_id, field="pre_flow_id"),
            post_flow_id=await flow_of(tx, old.account_id, change.post_flow_id, old.post_flow_id, field="post_flow_id"),
        )
    )


async def flow_of(
    tx: Transaction, account_id: AccountId, given: UUID | None, kept: FlowId | None, *, field: str
) -> FlowId | None:
    """The flow that a client names: None keeps what there is, the nil UUID takes it away.

    Raises NotFound (`FLOW_NOT_FOUND`) naming the field.
    """
    if given is None:
        return kept
    if given == NIL:
        return None
    if await tx.flows.find(account_id, FlowId(given)) is None:
        raise NotFound(f"{field}: there is no such flow", reason="FLOW_NOT_FOUND", field=field)
    return FlowId(given)
