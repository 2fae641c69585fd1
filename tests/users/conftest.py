"""One `dialplane up` for each module: its tests follow each other on it, as users do.

Starting one costs a quarter of a minute of one core, so modules that kill nothing and look at their own accounts only
may share one (`common`, as their own `at`); they run on one worker then (tests/conftest.py).
"""

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


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def common(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """The platform of the modules that share one."""
    async with running(tmp_path_factory.mktemp("common") / "data") as platform, place(platform) as found:
        yield found


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def common_phone() -> AsyncIterator[Softphone]:
    """A phone in the public network, beside `common`."""
    async with phone() as opened:
        yield opened
