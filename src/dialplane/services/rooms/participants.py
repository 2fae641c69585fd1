"""Participants of conferences as a resource: read, muted, held, coached, removed, and told something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from dialplane.domain.errors import Conflict, Invalid, NotFound
from dialplane.domain.ids import AccountId, CallId, ConferencecallId, ConferenceId, new_id
from dialplane.domain.rooms.conferences import LONGEST_LABEL, Conference, Participant, ParticipantStatus
from dialplane.services.rooms.conferences import load_conference, order
from dialplane.services.transaction import Database, Transaction


@dataclass(frozen=True, slots=True)
class ParticipantChange:
    """What is wanted of somebody in a conference; None leaves it as it is."""

    muted: bool | None = None
    hold: bool | None = None
    hold_url: str = ""
    """What is heard on hold; "" is the usual music."""
    hold_method: str = "POST"
    announce_url: str = ""
    announce_method: str = "POST"
    coaching: bool | None = None
    coached_call_id: UUID | None = None
    ends: bool | None = None
    beeps_on_exit: bool | None = None


async def list_stays(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[Participant]:
    """VoIPBIN's conferencecalls: of all conferences, those that are over too, newest first."""
    async with database.reading() as tx:
        return await tx.conferences.participants_for(account_id, before=before, limit=limit)


async def get_stay(database: Database, account_id: AccountId, participant_id: ConferencecallId) -> Participant:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return await _load_stay(tx, account_id, participant_id)


async def remove_stay(
    database: Database, account_id: AccountId, participant_id: ConferencecallId, now: datetime
) -> Participant:
    """Take the call out of the conference it is in; its own program goes on. Raises NotFound, Conflict."""
    async with database.transaction() as tx:
        found = await _load_stay(tx, account_id, participant_id, lock=True)
        if not found.is_in:
            raise Conflict("The call has left the conference already")
        leaving = replace(found, status=ParticipantStatus.LEAVING, updated_at=now)
        await tx.conferences.save_participants([leaving])
        await order(tx, [leaving], "conference_kick", _payload(leaving), now)
    return leaving


async def list_participants(
    database: Database, account_id: AccountId, conference_id: ConferenceId
) -> tuple[Conference, list[Participant]]:
    """Who is in, in the order in which they came; nobody is in one that is over. Raises NotFound."""
    async with database.reading() as tx:
        conference = await load_conference(tx, account_id, conference_id)
        return conference, list(await tx.conferences.participants_in([conference_id]))


async def get_participant(
    database: Database, account_id: AccountId, conference_id: ConferenceId, who: CallId | str
) -> tuple[Conference, Participant]:
    """By call or by label. Raises NotFound."""
    async with database.reading() as tx:
        conference = await load_conference(tx, account_id, conference_id)
        return conference, await _load(tx, conference_id, who)


async def update_participant(
    database: Database,
    account_id: AccountId,
    conference_id: ConferenceId,
    who: CallId | str,
    change: ParticipantChange,
    now: datetime,
) -> tuple[Conference, Participant]:
    """Change what is given, and order the sound to be changed. Raises NotFound, Invalid (`coached_call_id`)."""
    async with database.transaction() as tx:
        conference = await load_conference(tx, account_id, conference_id, lock=True)
        old = await _load(tx, conference_id, who)
        new = replace(
            old,
            muted=old.muted if change.muted is None else change.muted,
            hold=old.hold if change.hold is None else change.hold,
            coached_call_id=await _coached(tx, old, change),
            ends=old.ends if change.ends is None else change.ends,
            updated_at=now,
        )
        await tx.conferences.save_participants([new])
        wanted: dict[str, object] = {
            **_payload(new),
            "muted": new.muted,
            "hold": new.hold,
            "hold_url": change.hold_url,
            "hold_method": change.hold_method,
            "coached_call_id": str(new.coached_call_id) if new.coached_call_id else None,
            "ends": new.ends,
            "beeps_on_exit": change.beeps_on_exit,
            "announce_url": change.announce_url,
            "announce_method": change.announce_method,
        }
        await order(tx, [new], "conference_change", wanted, now)
    return conference, new


async def remove_participant(
    database: Database, account_id: AccountId, conference_id: ConferenceId, who: CallId | str, now: datetime
) -> Participant:
    """Take a call out of the conference; its own program goes on. Raises NotFound."""
    async with database.transaction() as tx:
        await load_conference(tx, account_id, conference_id, lock=True)
        leaving = replace(await _load(tx, conference_id, who), status=ParticipantStatus.LEAVING, updated_at=now)
        await tx.conferences.save_participants([leaving])
        await order(tx, [leaving], "conference_kick", _payload(leaving), now)
    return leaving


async def announce(
    database: Database, account_id: AccountId, conference_id: ConferenceId, *, url: str, method: str, now: datetime
) -> Conference:
    """Play what is behind `url` to everybody in the conference. Raises NotFound, Conflict where nobody is in."""
    async with database.transaction() as tx:
        conference = await load_conference(tx, account_id, conference_id)
        present = await tx.conferences.participants_in([conference_id])
        if not present:
            raise Conflict("Nobody is in the conference")
        # Any one of them may have gone when the order comes: all carry it, and the node plays it once.
        payload = {"conference_id": str(conference_id), "id": str(new_id(now)), "url": url, "method": method}
        await order(tx, present, "conference_announce", payload, now)
    return conference


def check_label(label: str) -> str:
    """Raises Invalid (`label`)."""
    if len(label) > LONGEST_LABEL:
        raise Invalid(f"label has {LONGEST_LABEL} characters at most", field="label")
    return label


async def _coached(tx: Transaction, old: Participant, change: ParticipantChange) -> UUID | None:
    if change.coaching is False:
        return None
    if change.coached_call_id is None:
        if change.coaching and old.coached_call_id is None:
            raise Invalid("coached_call_id says whom", field="coached_call_id")
        return old.coached_call_id
    present = await tx.conferences.participants_in([old.conference_id])
    if change.coached_call_id == old.call_id or all(each.call_id != change.coached_call_id for each in present):
        raise Invalid("coached_call_id is nobody else in this conference", field="coached_call_id")
    return change.coached_call_id


async def _load(tx: Transaction, conference_id: ConferenceId, who: CallId | str) -> Participant:
    for each in await tx.conferences.participants_in([conference_id]):
        if who in (each.call_id, each.label or None):
            return each
    raise NotFound("There is no such participant", reason="PARTICIPANT_NOT_FOUND")


async def _load_stay(
    tx: Transaction, account_id: AccountId, participant_id: ConferencecallId, *, lock: bool = False
) -> Participant:
    found = await tx.conferences.find_participant(account_id, participant_id, lock=lock)
    if found is None:
        raise NotFound("There is no such conferencecall", reason="CONFERENCECALL_NOT_FOUND")
    return found


def _payload(participant: Participant) -> Mapping[str, object]:
    return {"conference_id": str(participant.conference_id), "participant_id": str(participant.id)}
