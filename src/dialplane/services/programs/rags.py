"""What assistants know, as a resource: texts of the account's files, cut into passages, searched for each question."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from dialplane.domain.errors import Invalid, LimitExceeded, NotFound
from dialplane.domain.ids import AccountId
from dialplane.domain.programs.rags import GIVEN_PASSAGES, MOST_FILES, MOST_PASSAGES, Passage, Rag, cut, read_text
from dialplane.services.objects import ObjectStore
from dialplane.services.resources import Resource
from dialplane.services.shapes.rags import rag_shape
from dialplane.services.stored_files import read_file
from dialplane.services.transaction import Database, Transaction

MOST_RAGS = 100


class PassageStore(Protocol):
    """Port."""

    async def replace_passages(self, rag_id: UUID, passages: Sequence[Passage]) -> None: ...

    async def search(self, rag_id: UUID, text: str, *, limit: int) -> Sequence[Passage]:
        """Those with any word of the text, the best first."""
        ...


RAGS = Resource("rag", lambda tx: tx.rags, rag_shape, public=False, most=MOST_RAGS, field="rag_id")


async def create_rag(database: Database, objects: ObjectStore, rag: Rag) -> Rag:
    """Raises Invalid (`storage_file_ids`: no text), NotFound (FILE_NOT_FOUND), LimitExceeded."""
    passages = await _read(database, objects, rag)
    async with database.transaction() as tx:
        made = await RAGS.add(tx, rag)
        await tx.passages.replace_passages(made.id, passages)
    return made


async def update_rag(
    database: Database,
    objects: ObjectStore,
    account_id: AccountId,
    rag_id: UUID,
    fields: Mapping[str, Any],
    now: datetime,
) -> Rag:
    """Change the given fields; the files are read anew. Raises as `create_rag`."""
    wanted = replace(await RAGS.get(database, account_id, rag_id), **fields)
    passages = await _read(database, objects, wanted)
    async with database.transaction() as tx:
        old = await RAGS.load(tx, account_id, rag_id, lock=True)
        changed = await RAGS.save(tx, replace(old, **fields, updated_at=now), "updated", now)
        await tx.passages.replace_passages(rag_id, passages)
    return changed


async def delete_rag(database: Database, account_id: AccountId, rag_id: UUID, now: datetime) -> Rag:
    """Assistants that name it answer without; the files stay. Raises NotFound."""
    async with database.transaction() as tx:
        deleted = await RAGS.drop(tx, await RAGS.load(tx, account_id, rag_id, lock=True), now)
        await tx.passages.replace_passages(rag_id, [])
    return deleted


async def search_rag(
    database: Database, account_id: AccountId, rag_id: UUID, text: str, *, limit: int
) -> Sequence[Passage]:
    """The passages that fit best. Raises NotFound."""
    async with database.reading() as tx:
        await RAGS.load(tx, account_id, rag_id)
        return await tx.passages.search(rag_id, text, limit=limit)


async def knowledge_for(
    database: Database, account_id: AccountId, rag_id: UUID | None, question: str
) -> tuple[str, ...]:
    """What goes along with a question to an assistant; nothing where it has no rag any more."""
    if rag_id is None or not question:
        return ()
    async with database.reading() as tx:
        if await tx.rags.find(account_id, rag_id) is None:
            return ()
        return tuple(each.text for each in await tx.passages.search(rag_id, question, limit=GIVEN_PASSAGES))


async def check_rag(tx: Transaction, account_id: AccountId, rag_id: UUID | None) -> None:
    """Raises NotFound (RAG_NOT_FOUND)."""
    if rag_id is not None:
        await RAGS.load(tx, account_id, rag_id)


async def _read(database: Database, objects: ObjectStore, rag: Rag) -> list[Passage]:
    """All passages of its files. Raises Invalid, NotFound, LimitExceeded."""
    if len(set(rag.file_ids)) > MOST_FILES:
        raise Invalid(f"storage_file_ids names {MOST_FILES} files at most", field="storage_file_ids")
    passages: list[Passage] = []
    for file_id in dict.fromkeys(rag.file_ids):
        try:
            file, content = await read_file(database, objects, rag.account_id, file_id)
        except NotFound as refusal:
            raise NotFound(refusal.message, reason=refusal.reason, field="storage_file_ids") from refusal
        text = read_text(file.name, content)
        passages += [Passage(file_id, position, piece) for position, piece in enumerate(cut(text))]
        if len(passages) > MOST_PASSAGES:
            raise LimitExceeded(
                f"The files of a rag have {MOST_PASSAGES} passages at most", reason="RESOURCE_LIMIT_EXCEEDED"
            )
    return passages
