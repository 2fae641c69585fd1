"""What the arrangements of numbers make of arrivals; only calls to numbers or accounts that have some pay for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from dialplane.domain.calling.routing import RouteDecision
from dialplane.domain.calling.treatment import Circumstances, is_treated, screenings_of, treat
from dialplane.domain.ids import NumberId
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.transaction import Transaction

LATELY = timedelta(minutes=10)


class SplitCallStore(Protocol):
    """Port: calls of the shares that try another target, and how often somebody rang lately."""

    async def add(self, calls: Sequence[tuple[UUID, NumberId]], now: datetime) -> None:
        """Also inside a batch of writes."""
        ...

    async def count(self, number_id: NumberId, since: datetime) -> tuple[int, int]:
        """Of the share's calls since then: how many have ended, and how many of these went wrong."""
        ...

    async def numbers_with_split(self, *, after: NumberId | None, limit: int) -> list[NumberId]: ...

    async def count_recent(self, number_id: NumberId, caller: str, since: datetime) -> int:
        """Calls of `caller` to the number, as far as the thousand newest go."""
        ...

    async def forget(self, *, before: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A decision to be treated, with who calls."""

    decision: RouteDecision
    account: Account
    circumstances: Circumstances


async def treat_calls(tx: Transaction, asked: Sequence[Asked]) -> list[RouteDecision]:
    """Each decision after its number's arrangements. Schedules are read once for all."""
    wanted = {
        each.decision.number.handling.hours.schedule_id
        for each in asked
        if each.decision.number and each.decision.number.handling and each.decision.number.handling.hours
    }
    schedules = {schedule.id: schedule for schedule in await tx.schedules.find_many(wanted)} if wanted else {}
    return [
        treat(each.decision, each.account, await _with_recent(tx, each), schedules)
        if is_treated(each.decision, each.account)
        else each.decision
        for each in asked
    ]


async def _with_recent(tx: Transaction, asked: Asked) -> Circumstances:
    number = asked.decision.number
    if number is None or not any(each.spam_score for each in screenings_of(asked.decision, asked.account)):
        return asked.circumstances
    since = asked.circumstances.at - LATELY
    recent = await tx.split_calls.count_recent(number.id, asked.circumstances.caller, since)
    return replace(asked.circumstances, recent_calls=recent)
