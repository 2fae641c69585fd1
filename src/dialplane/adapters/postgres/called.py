"""Called numbers with all that the way of a call needs of them, in Postgres."""

from collections.abc import Sequence
from itertools import pairwise

import asyncpg

from dialplane.adapters.postgres.accounts import read_account
from dialplane.adapters.postgres.connection import Connection, Row, queries
from dialplane.adapters.postgres.flows import read_flow
from dialplane.adapters.postgres.numbers import read_number
from dialplane.adapters.secrets.sealing import Seal
from dialplane.services.calling.called_numbers import Called

_SQL = queries("called")
_NEXT_TABLE = "|"
"""The name of the columns between those of two tables, which share many names."""


class PostgresCalledStore:
    """Fulfils `services.calling.called_numbers.CalledStore`."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def find(self, numbers: Sequence[str]) -> Called:
        called = Called({}, {}, {})
        for row in await self._connection.fetch(_SQL["find"], numbers):
            number, account, flow = _tables(row)
            called.numbers[number["number"]] = read_number(number)
            if account["id"] is not None:
                called.accounts[account["id"]] = read_account(account, self._seal)
            if flow["id"] is not None:
                called.flows[flow["id"]] = read_flow(flow)
        return called


def _tables(row: asyncpg.Record) -> list[Row]:
    """The columns of each table."""
    names, values = list(row.keys()), list(row)
    cuts = [-1, *(at for at, name in enumerate(names) if name == _NEXT_TABLE), len(names)]
    return [dict(zip(names[a + 1 : b], values[a + 1 : b], strict=True)) for a, b in pairwise(cuts)]
