"""Speakings: a client begins one, says sentence after sentence, and stops it; the node of the call or room speaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.calling.speakings import LONGEST_TEXT, Speaking, SpeakingStatus, SpokenTo
from dialplane.domain.errors import Conflict, Invalid, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, CallId, ConferenceId, new_id
from dialplane.domain.programs.recognition import Hearing
from dialplane.domain.speech.voices import check_voice
from dialplane.services.calling.call_orders import find_answered
from dialplane.services.calling.calls import NodeCommand
from dialplane.services.eventing.events import publish
from dialplane.services.rooms.conferences import load_conference
from dialplane.services.shapes.speakings import speaking_shape
from dialplane.services.transaction import Database, Transaction


class SpeakingStore(Protocol):
    """Port. Deleted ones are never found."""

    async def save(self, speaking: Speaking) -> None:
        """Insert, or write over the row of the same id."""
        ...

    async def find(self, account_id: AccountId, speaking_id: UUID, *, lock: bool = False) -> Speaking | None: ...

    async def list_for(self, account_id: AccountId, *, limit: int) -> Sequence[Speaking]:
        """Newest first."""
        ...

    async def lock_on_node(self, node: str) -> Sequence[Speaking]:
        """Those of a node that are not over."""
        ...


@dataclass(frozen=True, slots=True)
class SpeakingWish:
    reference_type: SpokenTo
    reference_id: UUID
    language: str = "en-US"
    provider: str = ""
    voice_id: str = ""
    direction: Hearing = "out"


async def start_speaking(database: Database, account_id: AccountId, wish: SpeakingWish, now: datetime) -> Speaking:
    """Get ready to speak into an answered call, or into a conference that somebody is in.

    Raises NotFound (of the call or conference), Conflict (CALL_ALREADY_HANGUP, CALL_STATE_INVALID, STATE_INVALID),
    Invalid naming the field where there is no such voice.
    """
    check_voice(language=wish.language, voice_id=wish.voice_id, provider=wish.provider)
    async with database.transaction() as tx:
        made = Speaking(
            id=new_id(now),
            account_id=account_id,
            reference_type=wish.reference_type,
            reference_id=wish.reference_id,
            node="",
            created_at=now,
            language=wish.language,
            provider=wish.provider,
            voice_id=wish.voice_id,
            direction=wish.direction,
        )
        calls, node = await _spoken_to(tx, made)
        made = replace(made, node=node)
        await tx.speakings.save(made)
        await _tell(tx, made, "speaking_created", now)
        await _post(tx, made, calls, "speak_start", {}, now)
    return made


async def say(database: Database, account_id: AccountId, speaking_id: UUID, text: str, now: datetime) -> Speaking:
    """Say a text after what was said before. Raises Invalid (`text`), NotFound, Conflict where it is over."""
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise Invalid(f"text has 1 to {LONGEST_TEXT} characters", field="text")
    return await _order(database, account_id, speaking_id, "speak_say", {"text": text}, now)


async def flush(database: Database, account_id: AccountId, speaking_id: UUID, now: datetime) -> Speaking:
    """Drop what is not said yet. Raises NotFound, Conflict where it is over."""
    return await _order(database, account_id, speaking_id, "speak_flush", {}, now)


async def stop(database: Database, account_id: AccountId, speaking_id: UUID, now: datetime) -> Speaking:
    """Fall silent for good. Raises NotFound, Conflict where it is over."""
    await _order(database, account_id, speaking_id, "speak_stop", {}, now)
    return await end_speaking(database, account_id, speaking_id, now)


async def list_speakings(database: Database, account_id: AccountId, *, limit: int) -> Sequence[Speaking]:
    """Newest first."""
    async with database.reading() as tx:
        return await tx.speakings.list_for(account_id, limit=limit)


async def get_speaking(database: Database, account_id: AccountId, speaking_id: UUID) -> Speaking:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return _found(await tx.speakings.find(account_id, speaking_id))


# --- for the node that speaks --------------------------------------------------------------------------------------


async def begin_speaking(database: Database, account_id: AccountId, speaking_id: UUID, now: datetime) -> Speaking:
    """The node is ready to speak. Raises NotFound."""
    async with database.transaction() as tx:
        speaking = _found(await tx.speakings.find(account_id, speaking_id, lock=True))
        if speaking.status is not SpeakingStatus.INITIATING:
            return speaking
        active = replace(speaking, status=SpeakingStatus.ACTIVE, updated_at=now)
        await tx.speakings.save(active)
        await _tell(tx, active, "speaking_started", now)
    return active


async def end_speaking(database: Database, account_id: AccountId, speaking_id: UUID, now: datetime) -> Speaking:
    """It is over: it was stopped, or the call or conference has ended. Safe to call twice. Raises NotFound."""
    async with database.transaction() as tx:
        return await _end(tx, _found(await tx.speakings.find(account_id, speaking_id, lock=True)), now)


async def close_orphans(database: Database, node: str, now: datetime) -> None:
    """End what a node left behind when it died (AV-2)."""
    async with database.transaction() as tx:
        for speaking in await tx.speakings.lock_on_node(node):
            await _end(tx, speaking, now)


# --- inside --------------------------------------------------------------------------------------------------------


async def _spoken_to(tx: Transaction, speaking: Speaking) -> tuple[list[CallId], str]:
    """The calls by any of which the node is told, and the node."""
    if speaking.reference_type == "call":
        call = await find_answered(tx, speaking.account_id, CallId(speaking.reference_id))
        return [call.id], call.node
    conference = await load_conference(tx, speaking.account_id, ConferenceId(speaking.reference_id))
    present = await tx.conferences.participants_in([conference.id])
    if not present:
        raise Conflict("Nobody is in the conference")
    return [each.call_id for each in present], conference.node


async def _order(
    database: Database,
    account_id: AccountId,
    speaking_id: UUID,
    kind: str,
    payload: Mapping[str, object],
    now: datetime,
) -> Speaking:
    async with database.transaction() as tx:
        speaking = _found(await tx.speakings.find(account_id, speaking_id))
        if speaking.status is SpeakingStatus.STOPPED:
            raise Conflict("The speaking has been stopped, or what it spoke to is over")
        calls, _ = await _spoken_to(tx, speaking)
        await _post(tx, speaking, calls, kind, payload, now)
    return speaking


async def _post(
    tx: Transaction,
    speaking: Speaking,
    calls: Sequence[CallId],
    kind: str,
    payload: Mapping[str, object],
    now: datetime,
) -> None:
    """Of a conference's calls any may be gone when the order comes: all carry it, and the node obeys once."""
    once = {**payload, "speaking_id": str(speaking.id), "account_id": str(speaking.account_id)}
    once["order_id"] = str(new_id(now))
    await tx.calls.post_commands([NodeCommand(new_id(now), speaking.node, each, kind, once, now) for each in calls])


async def _end(tx: Transaction, speaking: Speaking, now: datetime) -> Speaking:
    if speaking.status is SpeakingStatus.STOPPED:
        return speaking
    stopped = replace(speaking, status=SpeakingStatus.STOPPED, ended_at=now, updated_at=now)
    await tx.speakings.save(stopped)
    await _tell(tx, stopped, "speaking_stopped", now)
    return stopped


def _found(speaking: Speaking | None) -> Speaking:
    if speaking is None:
        raise NotFound("There is no such speaking", reason="SPEAKING_NOT_FOUND")
    return speaking


async def _tell(tx: Transaction, speaking: Speaking, event: str, now: datetime) -> None:
    """For the log only: `speaking_*` does not reach customers' webhooks (reference 8.2)."""
    await publish(tx, Event(speaking.account_id, event, speaking.id, speaking_shape(speaking), now, public=False))
