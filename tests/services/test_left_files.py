"""Files that no row names go after a day; a file that a row names never goes."""

import asyncio
import os
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from dialplane.adapters.objects.folder import FolderObjects
from dialplane.adapters.objects.sounds import RecordedSounds
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import AccountId, CallId, RecordingId, utc_now
from dialplane.domain.messaging.arrivals import InboundMessage
from dialplane.domain.messaging.messages import Message
from dialplane.domain.recording.recordings import Recording, RecordingStatus
from dialplane.services.left_files import OLD, sweep_documents, sweep_media, sweep_recordings
from dialplane.services.messaging.inbound_messages import receive_message
from dialplane.services.messaging.messages import delete_message
from dialplane.services.numbering.documents import delete_document
from dialplane.services.recording.recordings import delete_recording
from tests.effort import PATIENCE_S
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit, add_number
from tests.fakes.stepping import Death
from tests.fakes.stopping import StopsAt
from tests.services.life import handed_in
from tests.worker.working import working

TODAY = utc_now()
LONG_AGO = TODAY - OLD - timedelta(seconds=1)


def write(folder: Path, key: str, *, written_at: datetime = LONG_AGO) -> None:
    (folder / key).parent.mkdir(parents=True, exist_ok=True)
    (folder / key).write_bytes(b"x")
    date(folder / key, written_at)


def date(path: Path, written_at: datetime) -> None:
    os.utime(path, (written_at.timestamp(), written_at.timestamp()))


def keys(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


class DiesWithTheFile(FolderObjects):
    """The process ends between the file and the commit of the row that names it."""

    async def put(self, key: str, content: bytes) -> None:
        await super().put(key, content)
        raise Death


async def recorded(database: PostgresDatabase, account_id: AccountId) -> Recording:
    recording_id = RecordingId(uuid4())
    path = f"{account_id}/{recording_id}.wav"
    recording = Recording(recording_id, account_id, CallId(uuid4()), RecordingStatus.ENDED, path, TODAY)
    async with database.transaction() as tx:
        await tx.recordings.save(recording)
    return recording


@pytest.fixture
async def account_id(database: PostgresDatabase) -> AccountId:
    return await add_account(database)


async def test_uploads_that_die_at_any_step_leave_nothing_after_a_day(
    database: PostgresDatabase, account_id: AccountId, tmp_path: Path
) -> None:
    """Of each upload that died there is the document and its file, or neither."""
    objects = FolderObjects(tmp_path)
    for step in range(60):
        dying = StopsAt(handed_in(database, objects, account_id), step)
        try:
            await dying
        except asyncio.CancelledError:
            continue
        break
    with pytest.raises(Death):
        await handed_in(database, DiesWithTheFile(tmp_path), account_id)
    left = keys(tmp_path)
    for key in left:
        date(tmp_path / key, LONG_AGO)

    removed = await sweep_documents(database, objects, TODAY)

    rows = await database.pool.fetch("select account_id || '/' || id from documents")
    assert keys(tmp_path) == {row[0] for row in rows}
    assert removed == len(left) - len(rows) > 0


async def test_what_a_row_names_stays_and_so_does_what_is_new_or_not_ours(
    database: PostgresDatabase, account_id: AccountId, tmp_path: Path
) -> None:
    objects = FolderObjects(tmp_path)
    kept = f"{account_id}/{(await handed_in(database, objects, account_id)).id}"
    gone = await handed_in(database, objects, account_id)
    await delete_document(database, objects, account_id, gone.id, TODAY)
    write(tmp_path, f"{account_id}/{gone.id}")  # as if the process had died before it removed the content
    write(tmp_path, f"{account_id}/{uuid4()}")
    write(tmp_path, f"{kept}.4711")  # a write that never came to its end
    write(tmp_path, f"{account_id}/notes.txt")
    new = f"{account_id}/{uuid4()}"
    write(tmp_path, new, written_at=TODAY - OLD + timedelta(minutes=1))
    date(tmp_path / kept, LONG_AGO)

    assert await sweep_documents(database, objects, TODAY) == 3
    assert keys(tmp_path) == {kept, new, f"{account_id}/notes.txt"}
    assert await sweep_documents(database, objects, TODAY) == 0


async def test_folder_that_is_not_there_is_no_fault(database: PostgresDatabase, tmp_path: Path) -> None:
    assert await sweep_recordings(database, FolderObjects(tmp_path / "none"), TODAY) == 0


async def test_worker_removes_deleted_and_nameless_recordings(
    database: PostgresDatabase, dsn: str, account_id: AccountId, tmp_path: Path
) -> None:
    kept, deleted = await recorded(database, account_id), await recorded(database, account_id)
    folder = tmp_path / "recordings"
    await delete_recording(database, RecordedSounds(folder), account_id, deleted.id, TODAY)
    for path in (kept.path, deleted.path, f"{account_id}/{uuid4()}.wav"):
        write(folder, path)

    async with working(database, dsn, tmp_path), asyncio.timeout(PATIENCE_S):
        while keys(folder) != {kept.path}:
            await asyncio.sleep(0)


async def test_media_of_deleted_messages_are_removed_and_others_stay(
    database: PostgresDatabase, account_id: AccountId, tmp_path: Path
) -> None:
    await add_number(database, account_id, "+12025550100", LONG_AGO)
    await add_credit(database, account_id, 1_000_000, LONG_AGO)
    messages = []
    for n in range(2):
        inbound = InboundMessage("+12025550199", "+12025550100", str(n), ("https://example.org/a.png",))
        messages.append(await receive_message(database, inbound, LONG_AGO))
    kept, deleted = messages
    assert isinstance(kept, Message)
    assert isinstance(deleted, Message)
    await delete_message(database, account_id, deleted.id, TODAY)
    rows = await database.pool.fetch("select id, message_id from message_media")
    names = {row["message_id"]: f"{account_id}/{row['id']}" for row in rows}
    for key in (*names.values(), f"{account_id}/{uuid4()}"):
        write(tmp_path, key)

    removed = await sweep_media(database, FolderObjects(tmp_path), TODAY)

    assert removed == 2
    assert keys(tmp_path) == {names[kept.id]}
