"""What the tests of SMPP on the wire share."""

from collections.abc import AsyncIterator

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from tests.binds.node import Node, node


@pytest.fixture
async def smsc(database: PostgresDatabase, dsn: str) -> AsyncIterator[Node]:
    """The platform's message centre."""
    async with node(database, dsn) as made:
        yield made
