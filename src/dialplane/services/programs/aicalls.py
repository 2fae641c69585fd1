"""Talks with assistants as a resource: kept turn by turn, listed and deleted by their owner.

Who begins and steers one by the API: `services/programs/aicall_orders.py`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import AccountId, new_id
from dialplane.domain.programs.aicalls import Aicall, AicallStatus, Aimessage
from dialplane.domain.programs.assistants import MAX_TURNS
from dialplane.domain.programs.commands import Converse, Conversed
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.aicalls import aicall_shape, aimessage_shape
from dialplane.services.transaction import Database, Transaction

MOST_LEFT = 500
SaidTurn: TypeAlias = tuple[Literal["user", "assistant"], str]
_AFTER = timedelta(microseconds=1)
"""An answer is younger than what it answers, however fast it comes: pages go by time."""


class AicallStore(Protocol):
    """Port. Deleted ones are not found."""

    async def add_aicall(self, aicall: Aicall) -> bool:
        """False where there is, or was, one of its id."""
        ...

    async def save_aicall(self, aicall: Aicall) -> None:
        """Insert, or write over the row of the same id."""
        ...

    async def find_aicall(self, account_id: AccountId, aicall_id: UUID, *, lock: bool = False) -> Aicall | None: ...

    async def list_aicalls(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Aicall]: ...

    async def lock_left_aicalls(self, *, limit: int) -> Sequence[Aicall]:
        """Of all accounts: those that go on although their run is over."""
        ...

    async def add_aimessages(self, messages: list[Aimessage]) -> None: ...

    async def find_aimessage(self, account_id: AccountId, message_id: UUID) -> Aimessage | None: ...

    async def list_aimessages(
        self, account_id: AccountId, aicall_id: UUID, *, before: datetime | None, limit: int
    ) -> Sequence[Aimessage]: ...

    async def count_aimessages(self, aicall_id: UUID) -> int:
        """Of one talk, the deleted ones among them."""
        ...

    async def delete_aimessage(self, message_id: UUID, now: datetime) -> None: ...


# --- in a run ------------------------------------------------------------------------------------------------------


async def open_talk(database: Database, run: Run, command: Converse, now: datetime) -> Aicall:
    """The talk that a turn belongs to, made where it is the first, taken up where the API began it or resumed it.

    Raises NotFound where it is gone.
    """
    async with database.transaction() as tx:
        if command.conversation_id is not None:
            found = await load_aicall(tx, run.account_id, command.conversation_id, lock=True)
            if found.status not in (AicallStatus.INITIATING, AicallStatus.RESUMING):
                return found
            return await move_aicall(tx, replace(found, run_id=run.id), AicallStatus.PROGRESSING, now)
        made = Aicall(
            id=new_id(now),
            account_id=run.account_id,
            run_id=run.id,
            created_at=now,
            assistance_type=command.assistance_type if command.assistance_id else "",
            assistance_id=command.assistance_id,
            reference_type=run.reference_type,
            reference_id=run.reference_id,
            language=command.language[:64],
        )
        await tx.aicalls.save_aicall(made)
        await tell_aicall(tx, made, "initializing", now)
        await tell_aicall(tx, made, "progressing", now)
    return made


async def past_turns(database: Database, aicall: Aicall) -> tuple[SaidTurn, ...]:
    """What was said in the talk so far, the oldest first."""
    async with database.reading() as tx:
        said = await tx.aicalls.list_aimessages(aicall.account_id, aicall.id, before=None, limit=MAX_TURNS)
    return tuple((each.role, each.content) for each in reversed(said))


async def keep_turn(
    database: Database, aicall: Aicall, command: Converse, answer: Conversed, now: datetime
) -> list[Aimessage]:
    """What was said to the assistant last, and what it said; the talk is over where nobody goes on with it."""
    said = command.text or next((text for who, text in command.turns[-1:] if who == "user"), "")
    messages = [Aimessage(new_id(now), aicall.account_id, aicall.id, "user", said, now)] if said else []
    messages.append(Aimessage(new_id(now), aicall.account_id, aicall.id, "assistant", answer.text, now + _AFTER))
    async with database.transaction() as tx:
        await tx.aicalls.add_aimessages(messages)
        for each in messages:
            await publish(tx, Event(each.account_id, "aimessage_created", each.id, aimessage_shape(each), now))
        # While the assistant thought, somebody may have paused the talk, or ended it.
        kept = await load_aicall(tx, aicall.account_id, aicall.id, lock=True)
        changed = replace(kept, engine_model=answer.model[:255], member_id=answer.member_id, updated_at=now)
        if kept.status is AicallStatus.TERMINATED:
            return messages
        if answer.is_over or not command.goes_on:
            await end_aicall(tx, changed, now)
        else:
            await tx.aicalls.save_aicall(changed)
    return messages


async def end_talk(database: Database, account_id: AccountId, aicall_id: UUID, now: datetime) -> Aicall:
    """Safe to repeat. Raises NotFound."""
    async with database.transaction() as tx:
        aicall = await load_aicall(tx, account_id, aicall_id, lock=True)
        if aicall.status is AicallStatus.TERMINATED:
            return aicall
        return await end_aicall(tx, aicall, now)


async def end_left_talks(database: Database, now: datetime) -> None:
    """Whoever hangs up in the middle of a talk leaves it open: it ends when its run is over."""
    async with database.transaction() as tx:
        for aicall in await tx.aicalls.lock_left_aicalls(limit=MOST_LEFT):
            await end_aicall(tx, aicall, now)


# --- as a resource -------------------------------------------------------------------------------------------------


async def list_aicalls(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[Aicall]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.aicalls.list_aicalls(account_id, before=before, limit=limit)


async def get_aicall(database: Database, account_id: AccountId, aicall_id: UUID) -> Aicall:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return await load_aicall(tx, account_id, aicall_id)


async def delete_aicall(database: Database, account_id: AccountId, aicall_id: UUID, now: datetime) -> Aicall:
    """Out of the lists, with what was said. Raises NotFound, Conflict (STATE_INVALID) while it goes on."""
    async with database.transaction() as tx:
        aicall = await load_aicall(tx, account_id, aicall_id, lock=True)
        if aicall.status is not AicallStatus.TERMINATED:
            raise Conflict("The talk goes on", reason="STATE_INVALID")
        deleted = replace(aicall, updated_at=now, deleted_at=now)
        await tx.aicalls.save_aicall(deleted)
    return deleted


async def list_aimessages(
    database: Database, account_id: AccountId, aicall_id: UUID, *, before: datetime | None, limit: int
) -> Sequence[Aimessage]:
    """What was said in a talk, newest first. Raises NotFound (AICALL_NOT_FOUND)."""
    async with database.reading() as tx:
        await load_aicall(tx, account_id, aicall_id)
        return await tx.aicalls.list_aimessages(account_id, aicall_id, before=before, limit=limit)


async def get_aimessage(database: Database, account_id: AccountId, message_id: UUID) -> Aimessage:
    """Raises NotFound (AIMESSAGE_NOT_FOUND)."""
    async with database.reading() as tx:
        return await _load_message(tx, account_id, message_id)


async def delete_aimessage(database: Database, account_id: AccountId, message_id: UUID, now: datetime) -> Aimessage:
    """Raises NotFound (AIMESSAGE_NOT_FOUND)."""
    async with database.transaction() as tx:
        message = await _load_message(tx, account_id, message_id)
        await tx.aicalls.delete_aimessage(message.id, now)
    return replace(message, deleted_at=now)


async def load_aicall(tx: Transaction, account_id: AccountId, aicall_id: UUID, *, lock: bool = False) -> Aicall:
    found = await tx.aicalls.find_aicall(account_id, aicall_id, lock=lock)
    if found is None:
        raise NotFound("There is no such aicall", reason="AICALL_NOT_FOUND")
    return found


async def _load_message(tx: Transaction, account_id: AccountId, message_id: UUID) -> Aimessage:
    found = await tx.aicalls.find_aimessage(account_id, message_id)
    if found is None:
        raise NotFound("There is no such aimessage", reason="AIMESSAGE_NOT_FOUND")
    return found


async def end_aicall(tx: Transaction, aicall: Aicall, now: datetime) -> Aicall:
    ended = aicall.ended(now)
    await tx.aicalls.save_aicall(ended)
    await tell_aicall(tx, ended, "terminated", now)
    return ended


async def move_aicall(tx: Transaction, aicall: Aicall, status: AicallStatus, now: datetime) -> Aicall:
    """Into another status, of which it is told."""
    moved = aicall.moved(status, now)
    await tx.aicalls.save_aicall(moved)
    await tell_aicall(tx, moved, status.value, now)
    return moved


async def tell_aicall(tx: Transaction, aicall: Aicall, status: str, now: datetime) -> None:
    """Reference 6.10: the first is told as `initializing`."""
    kind = f"aicall_status_{status}"
    await publish(tx, Event(aicall.account_id, kind, aicall.id, aicall_shape(aicall), now, run_id=aicall.run_id))
