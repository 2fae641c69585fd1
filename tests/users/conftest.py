"""One `dialplane up` for each module: its tests follow each other on it, as users do."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from dialplane.phone.softphone import Softphone
from tests.platform.running import running
from tests.users.acting import Place, phone, place


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """The module's platform."""
    async with running(tmp_path_factory.mktemp("platform") / "data") as platform, place(platform) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def softphone() -> AsyncIterator[Softphone]:
    """A phone in the public network."""
    async with phone() as opened:
        yield opened
