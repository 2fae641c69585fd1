"""The simulated carrier, as far as ordering numbers goes. Its books are tables of their own, which nothing else reads.

A switch makes it misbehave (`PUT /operator/v1/sandbox/carrier`), until it is set back to `ok`:
`reject` refuses; `timeout` does what is asked and never answers, so that who orders again carelessly has two; `late`
takes the order, answers that it is working on it, and has the number ready a few seconds after. A search is then
answered with an error, never, and after those seconds.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from dialplane.adapters.postgres.connection import queries
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.adapters.postgres.stores import PostgresTransaction
from dialplane.domain.supply.inventory import ItemQuery, NewItem
from dialplane.domain.supply.item_matching import fits, sort_key
from dialplane.domain.supply.sandbox_stock import sandbox_shelf
from dialplane.services.settings import CarrierSwitch, carrier_switch
from dialplane.services.supply.carriers import Answer, CarrierFailed, CarrierTimeout, Ordered, Pending, Refused

LATE = timedelta(seconds=3)
"""How long a `late` order takes."""

REFUSAL = "the number is no longer available"

_SQL = queries("sandbox_carrier")


class SandboxCarrier:
    """Fulfils `services.supply.carriers.Carrier` and `CarrierSearch`."""

    is_local = False

    def __init__(self, database: PostgresDatabase, *, late: timedelta = LATE) -> None:
        self._database = database
        self._late = late

    async def order(self, number: str, reference: str) -> Answer:
        async with self._database.transaction() as tx:
            switch = await carrier_switch(tx)
            state, reason, ready_in = "owned", "", timedelta(0)
            if switch is CarrierSwitch.REJECT:
                state, reason = "refused", REFUSAL
            elif switch is CarrierSwitch.LATE:
                ready_in = self._late
            answer = await self._book(tx, number, reference, state, reason, datetime.now(UTC) + ready_in)
        if switch is CarrierSwitch.TIMEOUT:
            raise CarrierTimeout
        return answer

    async def _book(
        self, tx: PostgresTransaction, number: str, reference: str, state: str, reason: str, ready_at: datetime
    ) -> Answer:
        """Write the order down, or find it where the reference is known; somebody else's number is refused."""
        row = await tx.connection.fetchrow(_SQL["order"], reference, number, state, reason, ready_at)
        row = row or await tx.connection.fetchrow(_SQL["find_order"], reference)
        return Refused(REFUSAL) if row is None else _answer(row["state"], row["reason"], row["completes_at"])

    async def find_order(self, reference: str) -> Answer | None:
        async with self._database.reading() as tx:
            await _answers(tx)
            row = await tx.connection.fetchrow(_SQL["find_order"], reference)
        return None if row is None else _answer(row["state"], row["reason"], row["completes_at"])

    async def owns(self, number: str) -> bool:
        async with self._database.reading() as tx:
            await _answers(tx)
            return bool(await tx.connection.fetchval(_SQL["owns"], number, datetime.now(UTC)))

    async def release(self, number: str) -> None:
        async with self._database.transaction() as tx:
            await _answers(tx)
            await tx.connection.execute(_SQL["release"], number)

    async def search(self, query: ItemQuery, limit: int) -> Sequence[NewItem]:
        async with self._database.reading() as tx:
            switch = await carrier_switch(tx)
        if switch is CarrierSwitch.REJECT:
            raise CarrierFailed("the simulated carrier takes no searches")
        if switch is CarrierSwitch.TIMEOUT:
            await asyncio.Event().wait()
        if switch is CarrierSwitch.LATE:
            await asyncio.sleep(self._late.total_seconds())
        found = sorted((item for item in sandbox_shelf() if fits(query, item)), key=lambda item: sort_key(query, item))
        sold = await self._sold([item.number for item in found])
        return [item for item in found if item.number not in sold][:limit]

    async def _sold(self, numbers: list[str]) -> set[str]:
        async with self._database.reading() as tx:
            return {row["number"] for row in await tx.connection.fetch(_SQL["sold"], numbers)}


async def _answers(tx: PostgresTransaction) -> None:
    if await carrier_switch(tx) is CarrierSwitch.TIMEOUT:
        raise CarrierTimeout


def _answer(state: str, reason: str, completes_at: datetime) -> Answer:
    if state != "owned":
        return Refused(reason or REFUSAL)
    return Ordered() if completes_at <= datetime.now(UTC) else Pending()
