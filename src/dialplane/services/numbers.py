"""Numbers that accounts hold: read, configured, released, taken back, suspended."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from dialplane.domain.ids import AccountId, FlowId, NumberId
from dialplane.domain.numbers import Number


class NumberStore(Protocol):
    """Port."""

    async def add(self, number: Number) -> None:
        """Raises AlreadyExists where somebody holds the number (NUM-1)."""
        ...

    async def save(self, number: Number) -> None:
        """Write over the row of the same id. Raises AlreadyExists as `add` does."""
        ...

    async def find(self, account_id: AccountId, number_id: NumberId) -> Number | None:
        """Whatever its status."""
        ...

    async def find_locked(self, account_id: AccountId | None, number_id: NumberId) -> Number | None:
        """The same, locked until the transaction ends; any account's where `account_id` is None."""
        ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Number]:
        """Live ones, newest first; made before `before`."""
        ...

    async def find_live(self, numbers: Sequence[str]) -> list[Number]:
        """The live ordinary and virtual numbers among `numbers`, in one query by the unique index."""
        ...

    async def is_resting(self, number: str, *, since: datetime) -> bool:
        """Whether somebody released the number after `since`."""
        ...

    async def taken(self, numbers: Sequence[str], *, since: datetime) -> set[str]:
        """Those of `numbers` that are live or were released after `since`."""
        ...

    async def count_virtual(self, account_id: AccountId) -> int:
        """Live virtual numbers of the account, which stays locked against others that count until the transaction
        ends."""
        ...

    async def clear_flow(self, flow_id: FlowId, now: datetime) -> list[NumberId]:
        """Take the flow out of every target of every number."""
        ...

    async def due(self, now: datetime, *, limit: int) -> list[Number]:
        """Live numbers whose `look_at` has come, locked; those that others have locked are left out."""
        ...

    async def renewable_before(self, moment: datetime, *, limit: int) -> list[Number]:
        """Live numbers whose due day is before `moment`, locked; those that others have locked are left out."""
        ...

    async def hasten_unpaid(self, account_id: AccountId, now: datetime) -> None:
        """Let the renewal look at once at the account's numbers that wait for money."""
        ...
