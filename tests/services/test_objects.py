"""Contents of files lie outside the transactions of the rows that name them."""

import asyncio
from pathlib import Path

import pytest

from dialplane.adapters.objects.folder import FolderObjects
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import LimitExceeded, Unavailable
from dialplane.domain.ids import utc_now
from dialplane.services.objects import written
from dialplane.services.stored_files import keep_file
from dialplane.services.tenancy.account_locks import hold_active_alone
from tests.effort import PATIENCE_S
from tests.fakes.accounts import add_account


class SlowFolder(FolderObjects):
    """As behind a scanner for viruses that takes its time."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def put(self, key: str, content: bytes) -> None:
        self.asked.set()
        await self.may_go_on.wait()
        await super().put(key, content)


async def test_account_is_free_while_its_file_is_put_away(database: PostgresDatabase, tmp_path: Path) -> None:
    account_id, objects = await add_account(database), SlowFolder(tmp_path)
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        keeping = group.create_task(
            keep_file(database, objects, account_id, kind="rag", name="a", content=b"abc", now=utc_now())
        )
        await objects.asked.wait()

        async with database.transaction() as tx:
            await tx.connection.execute("set local lock_timeout = '100ms'")
            await hold_active_alone(tx, account_id)

        objects.may_go_on.set()
    assert await objects.get(f"{account_id}/{keeping.result().id}") == b"abc"


async def test_content_goes_where_its_row_is_refused_and_stays_where_nobody_knows(tmp_path: Path) -> None:
    """What was perhaps committed must find its content; the sweep sees to the rest."""
    objects = FolderObjects(tmp_path)
    for refusal, left in ((LimitExceeded("full"), None), (Unavailable("the store went away amid the commit"), b"abc")):
        with pytest.raises(type(refusal)):
            async with written(objects, "account/file", b"abc"):
                raise refusal
        assert await objects.get("account/file") == left
