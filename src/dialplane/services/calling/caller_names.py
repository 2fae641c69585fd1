"""Names of callers by their numbers (CNAM), for numbers that want them looked up (`VoiceCallerIdLookup`).

`CallerNames` is the port. The embedded default is a table that the operator fills; an adapter of a CNAM provider may
take its place.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.calling.calls import Call
from dialplane.domain.charging.ledger import Charge, ReferenceType
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.errors import InsufficientBalance, Invalid, Unavailable
from dialplane.domain.ids import CallId
from dialplane.services.charging.ledger import charge
from dialplane.services.charging.rates import tariff_of
from dialplane.services.transaction import Database

LONGEST_NAME = 255
MOST_AT_ONCE = 10_000


class CallerNames(Protocol):
    """Port: the look-up. Called while the caller waits."""

    async def find(self, number: str) -> str:
        """The name of who calls from `number` (E.164); "" where it is not known or cannot be asked for now."""
        ...


class CallerNameStore(Protocol):
    """Port of the embedded table."""

    async def find(self, number: str) -> str | None: ...

    async def save_many(self, names: Mapping[str, str]) -> None:
        """Write over what is known; an empty name takes it away."""
        ...

    async def list_all(self, *, after: str, limit: int) -> Sequence[tuple[str, str]]:
        """In the order of the numbers."""
        ...


class StoredCallerNames:
    """Fulfils `CallerNames` from the operator's table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, number: str) -> str:
        try:
            async with self._database.reading() as tx:
                return await tx.caller_names.find(number) or ""
        except Unavailable:  # no name is no reason to lose the call
            return ""


async def look_up_caller(database: Database, names: CallerNames, call: Call, now: datetime) -> str:
    """The name of who calls, at the price of a look-up; "" where nobody knows it, or the account cannot pay for it."""
    try:
        async with database.transaction() as tx:
            rate = (await tariff_of(tx, call.account_id)).rate(CostType.CALLER_ID_LOOKUP)
            if not rate.is_free:
                await charge(tx, call.account_id, _look_up(call, rate, now), now)
    except (InsufficientBalance, Unavailable):  # no name is no reason to lose the call
        return ""
    return await names.find(call.source.target)


def _look_up(call: Call, rate: Rate, now: datetime) -> Charge:
    kind = ReferenceType.CALLER_ID_LOOKUP
    return Charge(look_up_key(call.id), rate, 1, kind, call.id, started_at=now, ended_at=now)


def look_up_key(call_id: CallId) -> str:
    return f"caller_id_lookup:{call_id}"


async def write_caller_names(database: Database, names: Mapping[str, str]) -> int:
    """Keep names; an empty one is forgotten. Gives how many were written. Raises Invalid, and writes nothing then."""
    if len(names) > MOST_AT_ONCE:
        raise Invalid(f"At most {MOST_AT_ONCE} names at once", reason="INVALID_ARGUMENT", field="names")
    checked = {normalize_tel(number, field="names"): name.strip() for number, name in names.items()}
    for number, name in checked.items():
        if len(name) > LONGEST_NAME or "\x00" in name:
            raise Invalid(
                f"The name of {number} has at most {LONGEST_NAME} characters", reason="INVALID_ARGUMENT", field="names"
            )
    async with database.transaction() as tx:
        await tx.caller_names.save_many(checked)
    return len(checked)


async def list_caller_names(database: Database, *, after: str, limit: int) -> Sequence[tuple[str, str]]:
    async with database.reading() as tx:
        return await tx.caller_names.list_all(after=after, limit=limit)
