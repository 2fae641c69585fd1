"""Tags as a resource: made, read, changed and deleted by their owner; agents and queues carry them."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, TagId, new_id
from dialplane.domain.rooms.tags import MOST_TAGS, Tag, check_tag
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.tags import tag_shape
from dialplane.services.transaction import Database, Transaction


class TagStore(Protocol):
    """Port."""

    async def save(self, tag: Tag) -> None:
        """Insert, or write over the tag of the same id."""
        ...

    async def find(self, account_id: AccountId, tag_id: TagId) -> Tag | None: ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Tag]: ...

    async def known(self, account_id: AccountId, tag_ids: Collection[UUID]) -> set[UUID]:
        """Those of the ids that are tags of the account."""
        ...

    async def take_off(self, account_id: AccountId, tag_id: TagId) -> None:
        """Off all agents and queues of the account."""
        ...


async def create_tag(database: Database, account_id: AccountId, *, name: str, detail: str, now: datetime) -> Tag:
    """Raises Invalid."""
    tag = check_tag(Tag(TagId(new_id(now)), account_id, name, now, detail))
    async with database.transaction() as tx:
        await tx.tags.save(tag)
        await _publish(tx, "tag_created", tag, now)
    return tag


async def list_tags(database: Database, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Tag]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.tags.list_for(account_id, before=before, limit=limit)


async def get_tag(database: Database, account_id: AccountId, tag_id: TagId) -> Tag:
    """Raises NotFound for another account's tag too."""
    async with database.reading() as tx:
        return await _get(tx, account_id, tag_id)


async def update_tag(
    database: Database, account_id: AccountId, tag_id: TagId, *, name: str | None, detail: str | None, now: datetime
) -> Tag:
    """Change what is given. Raises Invalid, NotFound."""
    async with database.transaction() as tx:
        old = await _get(tx, account_id, tag_id)
        new = check_tag(
            replace(
                old,
                name=old.name if name is None else name,
                detail=old.detail if detail is None else detail,
                updated_at=now,
            )
        )
        await tx.tags.save(new)
        await _publish(tx, "tag_updated", new, now)
    return new


async def delete_tag(database: Database, account_id: AccountId, tag_id: TagId, now: datetime) -> Tag:
    """Take it away, and off every agent and queue that has it."""
    async with database.transaction() as tx:
        deleted = replace(await _get(tx, account_id, tag_id), updated_at=now, deleted_at=now)
        await tx.tags.save(deleted)
        await tx.tags.take_off(account_id, tag_id)
        await _publish(tx, "tag_deleted", deleted, now)
    return deleted


async def check_tags(tx: Transaction, account_id: AccountId, tag_ids: Sequence[UUID]) -> tuple[TagId, ...]:
    """The ids, each once. Raises Invalid (`tag_ids`) where one is no tag of the account, or there are too many."""
    wanted = tuple(dict.fromkeys(tag_ids))
    if len(wanted) > MOST_TAGS:
        raise Invalid(f"tag_ids has {MOST_TAGS} tags at most", field="tag_ids")
    known = await tx.tags.known(account_id, wanted) if wanted else set()
    if missing := [each for each in wanted if each not in known]:
        raise Invalid(f"tag_ids: there is no tag {missing[0]}", reason="TAG_NOT_FOUND", field="tag_ids")
    return tuple(TagId(each) for each in wanted)


async def _get(tx: Transaction, account_id: AccountId, tag_id: TagId) -> Tag:
    found = await tx.tags.find(account_id, tag_id)
    if found is None:
        raise NotFound("There is no such tag", reason="TAG_NOT_FOUND")
    return found


async def _publish(tx: Transaction, kind: str, tag: Tag, now: datetime) -> None:
    """For the log only: `tag_*` does not reach customers' webhooks (reference 8.2)."""
    await publish(tx, Event(tag.account_id, kind, tag.id, tag_shape(tag), now, public=False))
