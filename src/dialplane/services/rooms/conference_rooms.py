"""What the voice nodes report of conferences: who enters, when the talk begins, who leaves, and the end.

The row is the truth about who is in; the sound is the node's. Everybody enters with the row locked, so that two nodes
never mix the same conference.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from dialplane.domain.calling.calls import Call
from dialplane.domain.errors import Conflict, Invalid, LimitExceeded, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, ConferencecallId, ConferenceId, RecordingId, from_sid, new_id
from dialplane.domain.programs.rooms import JoinConference
from dialplane.domain.programs.sources import StatusCallback
from dialplane.domain.rooms.conferences import (
    LONGEST_LABEL,
    LONGEST_NAME,
    Conference,
    ConferenceStatus,
    EndReason,
    Participant,
    ParticipantStatus,
    has_place,
    has_started,
)
from dialplane.services.eventing.events import publish
from dialplane.services.rooms.conferences import load_conference, tell_conference
from dialplane.services.shapes.conferences import participant_shape
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.tenancy.plans import check_plan
from dialplane.services.transaction import Database, Transaction

_SID = re.compile("CF[0-9a-f]{32}")
NEVER_ENTERED = timedelta(minutes=15)
"""Longer than a call may ring."""


@dataclass(frozen=True, slots=True)
class Entered:
    """The conference as it is with the newcomer in."""

    conference: Conference
    participant: Participant
    present: int
    begins: bool
    """The talk begins with this one."""


class MixedElsewhere(Conflict):
    """Another voice node, `node`, mixes the conference."""

    def __init__(self, conference_id: ConferenceId, node: str, here: str) -> None:
        super().__init__(
            f"The conference is mixed by the voice node {node}, and this call is on {here}",
            reason="CONFERENCE_ELSEWHERE",
        )
        self.conference_id = conference_id
        self.node = node


async def enter(database: Database, call: Call, command: JoinConference, now: datetime) -> Entered:
    """Put a call into a conference, which this makes where it is a name that nobody is in.

    Raises NotFound, LimitExceeded (CONFERENCE_FULL, or the plan's), Conflict (CONFERENCE_OVER, CONFERENCE_ELSEWHERE).
    """
    async with database.transaction() as tx:
        conference = await _open(tx, call.account_id, command, now)
        _check_open(conference, call.node, now)
        inside = await tx.conferences.participants_in([conference.id])
        if not has_place(len(inside), command.max_participants):
            raise LimitExceeded("The conference is full", reason="CONFERENCE_FULL")
        participant = Participant(
            id=ConferencecallId(new_id(now)),
            account_id=call.account_id,
            conference_id=conference.id,
            call_id=call.id,
            node=call.node,
            status=ParticipantStatus.JOINING,
            created_at=now,
            label=command.label[:LONGEST_LABEL],
            muted=command.muted,
            coached_call_id=command.coached_call_id,
            starts=command.starts,
            ends=command.ends,
        )
        begins = conference.started_at is None and has_started((*inside, participant))
        conference = replace(
            conference,
            node=call.node,
            callback=conference.callback or command.status,
            status=ConferenceStatus.PROGRESSING if begins or not conference.is_session else conference.status,
            started_at=now if begins else conference.started_at,
            updated_at=now,
        )
        await tx.conferences.save(conference)
        await tx.conferences.save_participants([participant])
        await _tell(tx, "conferencecall_joining", participant, now)
        await tell_conference(tx, "conference_updated", conference, now, (*inside, participant))
    return Entered(conference, participant, len(inside) + 1, begins)


async def _open(tx: Transaction, account_id: AccountId, command: JoinConference, now: datetime) -> Conference:
    if command.conference_id is not None:
        found = await tx.conferences.find(account_id, ConferenceId(command.conference_id), lock=True)
        if found is None:
            raise NotFound("There is no such conference", reason="CONFERENCE_NOT_FOUND")
        return found
    return await _named(tx, account_id, command.name, command.status, now)


async def expect(database: Database, account_id: AccountId, which: UUID | str, now: datetime) -> Conference:
    """The conference that somebody is about to be called into: by id, or by a name, which is made where there is none.

    Raises NotFound, Conflict where it is over, Invalid (`name`), LimitExceeded.
    """
    async with database.transaction() as tx:
        if isinstance(which, str):
            return await _named(tx, account_id, which, None, now)
        conference = await load_conference(tx, account_id, ConferenceId(which))
    if conference.is_over:
        raise Conflict("The conference is over", reason="CONFERENCE_OVER")
    return conference


async def _named(
    tx: Transaction, account_id: AccountId, name: str, callback: StatusCallback | None, now: datetime
) -> Conference:
    """The room behind a name. A sid in its place is the conference of that id, as invitations into one have it."""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(f"A conference's name has 1 to {LONGEST_NAME} characters", field="name")
    if _SID.fullmatch(name):
        found = await tx.conferences.find(account_id, ConferenceId(from_sid("CF", name)), lock=True)
        if found is not None:
            return found
    # Two that enter a name at once come one after the other.
    account = await load_account(tx, account_id, for_update=True)
    found = await tx.conferences.lock_session(account_id, name)
    if found is not None:
        return found
    await check_plan(tx, account.plan, "conferences", existing=await tx.conferences.count(account_id))
    made = Conference(
        id=ConferenceId(new_id(now)),
        account_id=account_id,
        name=name,
        status=ConferenceStatus.STARTING,
        created_at=now,
        is_session=True,
        callback=callback,
    )
    await tx.conferences.save(made)
    await tell_conference(tx, "conference_created", made, now)
    return made


def _check_open(conference: Conference, node: str, now: datetime) -> None:
    if conference.is_over or (conference.expires_at and conference.expires_at <= now):
        raise Conflict("The conference is over", reason="CONFERENCE_OVER")
    if conference.node not in ("", node):
        raise MixedElsewhere(conference.id, conference.node, node)


async def joined(database: Database, participant: Participant, now: datetime) -> Participant:
    """The participant is in the mix."""
    async with database.transaction() as tx:
        current = await _current(tx, participant)
        if not current.is_in:
            return current
        new = replace(current, status=ParticipantStatus.JOINED, joined_at=current.joined_at or now, updated_at=now)
        await tx.conferences.save_participants([new])
        await _tell(tx, "conferencecall_joined", new, now)
    return new


async def left(
    database: Database, participant: Participant, now: datetime, *, closes: EndReason = ""
) -> Conference | None:
    """The participant is out; with `closes` the conference is over with that. None where it was deleted meanwhile.

    A conference that stays is only empty then, and may be mixed by any node next.
    """
    async with database.transaction() as tx:
        conference = await tx.conferences.find(participant.account_id, participant.conference_id, lock=True)
        gone = replace(await _current(tx, participant), status=ParticipantStatus.LEAVED, left_at=now, updated_at=now)
        await tx.conferences.save_participants([gone])
        await _tell(tx, "conferencecall_leaved", gone, now)
        if conference is None:
            return None
        inside = await tx.conferences.participants_in([conference.id])
        after = _after_leaving(conference, gone, closes, is_empty=not inside, now=now)
        await tx.conferences.save(after)
        await tell_conference(tx, "conference_updated", after, now, inside)
    return after


def _after_leaving(
    conference: Conference, gone: Participant, closes: EndReason, *, is_empty: bool, now: datetime
) -> Conference:
    if closes == "last-participant-left" and not is_empty:
        closes = ""  # somebody has come in meanwhile
    if closes and not conference.end_reason and (conference.is_session or closes == "timeout"):
        ended_by = gone.call_id if closes != "timeout" else None
        conference = replace(conference, status=ConferenceStatus.TERMINATING, end_reason=closes, ended_by=ended_by)
    if not is_empty:
        return replace(conference, updated_at=now)
    if conference.is_over:
        return replace(
            conference, status=ConferenceStatus.TERMINATED, node="", ended_at=conference.ended_at or now, updated_at=now
        )
    return replace(conference, node="", started_at=None, updated_at=now)


async def recorded(database: Database, conference: Conference, recording_id: RecordingId, now: datetime) -> None:
    """A recording of the conference has begun; one that was ordered is known already."""
    async with database.transaction() as tx:
        current = await tx.conferences.find(conference.account_id, conference.id, lock=True)
        if current is not None and recording_id not in current.recording_ids:
            await add_recording(tx, current, recording_id, now)


async def add_recording(
    tx: Transaction, conference: Conference, recording_id: RecordingId, now: datetime
) -> Conference:
    """Of a conference whose row is locked."""
    recording_ids = (*conference.recording_ids, recording_id)
    return await _save(tx, replace(conference, recording_ids=recording_ids, recording_id=recording_id, updated_at=now))


async def recorded_no_longer(
    database: Database, conference: Conference, recording_id: RecordingId, now: datetime
) -> None:
    """A recording of the conference has ended."""
    async with database.transaction() as tx:
        current = await tx.conferences.find(conference.account_id, conference.id, lock=True)
        if current is not None and current.recording_id == recording_id:
            await _save(tx, replace(current, recording_id=None, updated_at=now))


async def _save(tx: Transaction, conference: Conference) -> Conference:
    now = conference.updated_at or conference.created_at
    await tx.conferences.save(conference)
    present = await tx.conferences.participants_in([conference.id])
    await tell_conference(tx, "conference_updated", conference, now, present)
    return conference


async def end_outlived(database: Database, now: datetime, *, limit: int = 100) -> int:
    """A duty of the worker: end rooms that somebody was called into who never came, and conferences whose time is over
    while nobody is in; how many they were."""
    async with database.transaction() as tx:
        outlived = await tx.conferences.lock_outlived(made_before=now - NEVER_ENTERED, now=now, limit=limit)
        for conference in outlived:
            reason: EndReason = "timeout" if conference.timeout_s else ""
            after = replace(
                conference, status=ConferenceStatus.TERMINATED, end_reason=reason, ended_at=now, updated_at=now
            )
            await tx.conferences.save(after)
            await tell_conference(tx, "conference_updated", after, now)
    return len(outlived)


async def close_orphans(database: Database, node: str, now: datetime) -> None:
    """End what a node left behind when it died: nobody is in its conferences any more (AV-2)."""
    async with database.transaction() as tx:
        for conference in await tx.conferences.lock_on_node(node):
            lost = [
                replace(each, status=ParticipantStatus.LEAVED, left_at=now, updated_at=now)
                for each in await tx.conferences.participants_in([conference.id])
            ]
            await tx.conferences.save_participants(lost)
            ends = conference.is_session or conference.is_over
            after = replace(
                conference,
                node="",
                started_at=conference.started_at if ends else None,
                status=ConferenceStatus.TERMINATED if ends else conference.status,
                end_reason=conference.end_reason or ("node-lost" if ends else ""),
                ended_at=now if ends else None,
                updated_at=now,
            )
            await tx.conferences.save(after)
            await tell_conference(tx, "conference_updated", after, now)


async def _current(tx: Transaction, participant: Participant) -> Participant:
    """As the row has it now: mute, hold and label are changed there."""
    found = await tx.conferences.find_participant(participant.account_id, participant.id, lock=True)
    return found or participant


async def _tell(tx: Transaction, kind: str, participant: Participant, now: datetime) -> None:
    """For the log only: `conferencecall_*` does not reach customers' webhooks (reference 6.1)."""
    shape = participant_shape(participant)
    await publish(tx, Event(participant.account_id, kind, participant.id, shape, now, public=False))
