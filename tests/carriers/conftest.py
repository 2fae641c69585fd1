"""What the tests of real carriers' adapters share."""

from collections.abc import AsyncIterator

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.supply.carrier_accounts import CarrierKind
from tests.fakes.carriers import Wired, wired


@pytest.fixture(params=list(CarrierKind))
async def wire(request: pytest.FixtureRequest, database: PostgresDatabase) -> AsyncIterator[Wired]:
    """Each carrier in turn."""
    async with wired(database, request.param) as made:
        yield made


@pytest.fixture
async def telnyx(database: PostgresDatabase) -> AsyncIterator[Wired]:
    async with wired(database, CarrierKind.TELNYX) as made:
        yield made


@pytest.fixture
async def twilio(database: PostgresDatabase) -> AsyncIterator[Wired]:
    async with wired(database, CarrierKind.TWILIO) as made:
        yield made
