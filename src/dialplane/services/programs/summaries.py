"""Summaries as a resource: made by order of the API or by a flow's `ai_summary`, listed and deleted by their owner."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.errors import NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import AccountId, FlowId
from dialplane.domain.programs.commands import Converse, Conversed
from dialplane.domain.programs.summaries import LONGEST_CONTENT, AiSummary
from dialplane.services.eventing.events import publish
from dialplane.services.programs.assistants import Assistants, converse
from dialplane.services.programs.flows import find_flow
from dialplane.services.shapes.ais import summary_shape
from dialplane.services.transaction import Database, Transaction


class SummaryStore(Protocol):
    """Port. Deleted ones are not found."""

    async def add(self, summary: AiSummary) -> None: ...

    async def find(self, account_id: AccountId, summary_id: UUID) -> AiSummary | None: ...

    async def list_made(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[AiSummary]: ...

    async def delete(self, summary_id: UUID, now: datetime) -> None: ...


async def make_summary(
    database: Database,
    assistants: Assistants,
    account_id: AccountId,
    command: Converse,
    on_end_flow_id: UUID | None,
    now: datetime,
) -> AiSummary:
    """Have it summarized and keep what comes of it.

    Raises NotFound (of the reference or the flow), Invalid where there is nothing to summarize, Unavailable.
    """
    if on_end_flow_id is not None:
        async with database.reading() as tx:
            await find_flow(tx, account_id, FlowId(on_end_flow_id))
    answer = await converse(database, assistants, account_id, command, now)
    made = _summary(account_id, command, answer, now)
    made = replace(made, on_end_flow_id=None if on_end_flow_id is None else FlowId(on_end_flow_id))
    return await _keep(database, made)


async def keep_summary(database: Database, run: Run, command: Converse, answer: Conversed, now: datetime) -> None:
    """What a run's own `ai_summary` came to."""
    await _keep(database, replace(_summary(run.account_id, command, answer, now), run_id=run.id))


async def list_summaries(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[AiSummary]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.summaries.list_made(account_id, before=before, limit=limit)


async def get_summary(database: Database, account_id: AccountId, summary_id: UUID) -> AiSummary:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return await _load(tx, account_id, summary_id)


async def delete_summary(database: Database, account_id: AccountId, summary_id: UUID, now: datetime) -> AiSummary:
    """Raises NotFound."""
    async with database.transaction() as tx:
        deleted = replace(await _load(tx, account_id, summary_id), deleted_at=now)
        await tx.summaries.delete(summary_id, now)
        await publish(tx, Event(account_id, "summary_deleted", summary_id, summary_shape(deleted), now))
    return deleted


def _summary(account_id: AccountId, command: Converse, answer: Conversed, now: datetime) -> AiSummary:
    return AiSummary(
        id=answer.conversation_id,
        account_id=account_id,
        reference_type=command.reference_type,
        reference_id=command.reference_id,
        language=command.language,
        content=answer.text[:LONGEST_CONTENT],
        created_at=now,
    )


async def _keep(database: Database, made: AiSummary) -> AiSummary:
    async with database.transaction() as tx:
        await tx.summaries.add(made)
        told = summary_shape(made)
        await publish(tx, Event(made.account_id, "summary_created", made.id, told, made.created_at, run_id=made.run_id))
    return made


async def _load(tx: Transaction, account_id: AccountId, summary_id: UUID) -> AiSummary:
    found = await tx.summaries.find(account_id, summary_id)
    if found is None:
        raise NotFound("There is no such summary", reason="SUMMARY_NOT_FOUND")
    return found
