"""Talks with assistants as a resource: kept turn by turn, listed and deleted by their owner."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import AccountId, new_id
from dialplane.domain.programs.aicalls import Aicall, AicallStatus, Aimessage
from dialplane.domain.programs.commands import Converse, Conversed
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.aicalls import aicall_shape, aimessage_shape
from dialplane.services.transaction import Database, Transaction

MOST_LEFT = 500
_AFTER = timedelta(microseconds=1)
"""An answer is younger than what it answers, however fast it comes: pages go by time."""


class AicallStore(Protocol):
    """Port. Deleted ones are not found."""

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

    async def delete_aimessage(self, message_id: UUID, now: datetime) -> None: ...


# --- in a run ------------------------------------------------------------------------------------------------------


async def open_talk(database: Database, run: Run, command: Converse, now: datetime) -> Aicall:
    """The talk that a turn belongs to, made where it is the first. Raises NotFound where it is gone."""
    async with database.transaction() as tx:
        if command.conversation_id is not None:
            return await _load(tx, run.account_id, command.conversation_id)
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
        await _tell(tx, made, "initializing", now)
        await _tell(tx, made, "progressing", now)
    return made


async def keep_turn(database: Database, aicall: Aicall, command: Converse, answer: Conversed, now: datetime) -> None:
    """What was said to the assistant last, and what it said; the talk is over where nobody goes on with it."""
    said = command.text or next((text for who, text in command.turns[-1:] if who == "user"), "")
    messages = [Aimessage(new_id(now), aicall.account_id, aicall.id, "user", said, now)] if said else []
    messages.append(Aimessage(new_id(now), aicall.account_id, aicall.id, "assistant", answer.text, now + _AFTER))
    async with database.transaction() as tx:
        await tx.aicalls.add_aimessages(messages)
        for each in messages:
            await publish(tx, Event(each.account_id, "aimessage_created", each.id, aimessage_shape(each), now))
        changed = replace(aicall, engine_model=answer.model[:255], updated_at=now)
        if answer.is_over or not command.goes_on:
            await _end(tx, changed, now)
        else:
            await tx.aicalls.save_aicall(changed)


async def end_talk(database: Database, account_id: AccountId, aicall_id: UUID, now: datetime) -> Aicall:
    """Safe to repeat. Raises NotFound."""
    async with database.transaction() as tx:
        aicall = await _load(tx, account_id, aicall_id, lock=True)
        if aicall.status is AicallStatus.TERMINATED:
            return aicall
        return await _end(tx, aicall, now)


async def end_left_talks(database: Database, now: datetime) -> None:
    """Whoever hangs up in the middle of a talk leaves it open: it ends when its run is over."""
    async with database.transaction() as tx:
        for aicall in await tx.aicalls.lock_left_aicalls(limit=MOST_LEFT):
            await _end(tx, aicall, now)


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
        return await _load(tx, account_id, aicall_id)


async def delete_aicall(database: Database, account_id: AccountId, aicall_id: UUID, now: datetime) -> Aicall:
    """Out of the lists, with what was said. Raises NotFound, Conflict (STATE_INVALID) while it goes on."""
    async with database.transaction() as tx:
        aicall = await _load(tx, account_id, aicall_id, lock=True)
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
        await _load(tx, account_id, aicall_id)
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


async def _load(tx: Transaction, account_id: AccountId, aicall_id: UUID, *, lock: bool = False) -> Aicall:
    found = await tx.aicalls.find_aicall(account_id, aicall_id, lock=lock)
    if found is None:
        raise NotFound("There is no such aicall", reason="AICALL_NOT_FOUND")
    return found


async def _load_message(tx: Transaction, account_id: AccountId, message_id: UUID) -> Aimessage:
    found = await tx.aicalls.find_aimessage(account_id, message_id)
    if found is None:
        raise NotFound("There is no such aimessage", reason="AIMESSAGE_NOT_FOUND")
    return found


async def _end(tx: Transaction, aicall: Aicall, now: datetime) -> Aicall:
    ended = aicall.ended(now)
    await tx.aicalls.save_aicall(ended)
    await _tell(tx, ended, "terminated", now)
    return ended


async def _tell(tx: Transaction, aicall: Aicall, status: str, now: datetime) -> None:
    """Reference 6.10: the first is told as `initializing`."""
    kind = f"aicall_status_{status}"
    await publish(tx, Event(aicall.account_id, kind, aicall.id, aicall_shape(aicall), now, run_id=aicall.run_id))
