"""One media process for each worker, one node for each test that asks."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from tests.media.conftest import MediaProcess
from tests.ports import free_range
from tests.voice.platform import VoiceNode, voice_node


@pytest.fixture(scope="session")
def media_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaProcess]:
    process = MediaProcess(tmp_path_factory.mktemp("media"), *free_range(64))
    yield process
    assert process.end() == 0


@pytest.fixture
async def node(
    dsn: str, database: PostgresDatabase, media_process: MediaProcess, tmp_path: Path
) -> AsyncIterator[VoiceNode]:
    async with voice_node(dsn, database, media_process, tmp_path) as running:
        yield running
