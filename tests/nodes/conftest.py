"""One site for the tests of a module, which follow each other on it: starting it costs some fifteen processes."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from dialplane.adapters.postgres.database import connect
from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from tests.databases import make
from tests.nodes.machines import require_namespaces
from tests.nodes.site import Site, running_site
from tests.sealing import SEAL


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(cluster: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    require_namespaces()
    mine = await make(cluster)
    database = await connect(mine.dsn, SEAL, max_size=10)
    try:
        async with running_site(mine.dsn, database, tmp_path_factory.mktemp("site")) as running:
            yield running
    finally:
        await database.close()
        await mine.drop()
