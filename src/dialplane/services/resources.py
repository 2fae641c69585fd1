"""What many small resources of an account share: made, listed, read, changed and deleted by their owner, and told of.

A subject declares one `Resource` and has these five; what it does beyond them stands in its own module.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar
from uuid import UUID

from dialplane.domain.errors import LimitExceeded, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId
from dialplane.services.eventing.events import publish
from dialplane.services.transaction import Database, Transaction


class Owned(Protocol):
    """A frozen dataclass that is an account's; who has `deleted_at` is gone for everybody."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def id(self) -> UUID: ...
    @property
    def account_id(self) -> AccountId: ...
    @property
    def created_at(self) -> datetime: ...


ThingT = TypeVar("ThingT", bound=Owned)


class ResourceStore(Protocol[ThingT]):
    """Port. Deleted ones are not found."""

    async def save(self, *things: ThingT) -> None:
        """Insert, or write over the rows of the same ids."""
        ...

    async def add(self, thing: ThingT) -> bool:
        """Insert; False where there is, or was, one of its id."""
        ...

    async def find(self, account_id: AccountId, wanted: UUID, *, lock: bool = False) -> ThingT | None:
        """`lock`: nobody else changes it until the transaction ends."""
        ...

    async def list_for(
        self, account_id: AccountId, *, before: datetime | None, limit: int, **equal: object
    ) -> Sequence[ThingT]:
        """Newest first, those made before `before`.

        With the fields `equal` of these values; a sequence: of any of its members; None: whatever they are.
        """
        ...

    async def count(self, account_id: AccountId, **equal: object) -> int: ...


@dataclass(frozen=True, slots=True)
class Resource(Generic[ThingT]):
    """The use cases of one kind. Its events are `<word>_created`, `_updated` and `_deleted`."""

    word: str
    store: Callable[[Transaction], ResourceStore[ThingT]]
    show: Callable[[ThingT], Mapping[str, object]]
    called: str = ""
    """In the text and the reason of a refusal; empty: as `word`."""
    public: bool = True
    """Whether its events reach webhooks (reference 8.2)."""
    most: int = 0
    """Of one account; 0: any number."""
    field: str = ""
    """Where other resources name it."""
    check: Callable[[Transaction, ThingT], Awaitable[ThingT]] | None = None
    """Gives it as it is to be kept. Raises Invalid, NotFound."""

    async def create(self, database: Database, thing: ThingT) -> ThingT:
        """Raises LimitExceeded, and what `check` raises."""
        async with database.transaction() as tx:
            return await self.add(tx, thing)

    async def add(self, tx: Transaction, thing: ThingT) -> ThingT:
        """As `create`, for use cases that compose."""
        if self.most and await self.store(tx).count(thing.account_id) >= self.most:
            raise LimitExceeded(f"There are {self.most} of them at most", reason="RESOURCE_LIMIT_EXCEEDED")
        return await self.save(tx, thing, "created", thing.created_at)

    async def list_for(
        self, database: Database, account_id: AccountId, *, before: datetime | None, limit: int, **equal: object
    ) -> Sequence[ThingT]:
        """Newest first; those made before `before`, with the fields `equal`."""
        async with database.reading() as tx:
            return await self.store(tx).list_for(account_id, before=before, limit=limit, **equal)

    async def get(self, database: Database, account_id: AccountId, wanted: UUID) -> ThingT:
        """Raises NotFound for another account's too."""
        async with database.reading() as tx:
            return await self.load(tx, account_id, wanted)

    async def update(
        self, database: Database, account_id: AccountId, wanted: UUID, fields: Mapping[str, Any], now: datetime
    ) -> ThingT:
        """Change the given fields. Raises NotFound, and what `check` raises."""
        async with database.transaction() as tx:
            old = await self.load(tx, account_id, wanted, lock=True)
            return await self.save(tx, replace(old, **fields, updated_at=now), "updated", now)

    async def delete(
        self, database: Database, account_id: AccountId, wanted: UUID, now: datetime, **wiped: str
    ) -> ThingT:
        """With `wiped`, these fields are kept no longer. Raises NotFound."""
        async with database.transaction() as tx:
            return await self.drop(tx, await self.load(tx, account_id, wanted, lock=True), now, **wiped)

    async def drop(self, tx: Transaction, thing: ThingT, now: datetime, **wiped: str) -> ThingT:
        """As `delete`, of one that is at hand."""
        deleted = replace(thing, **wiped, updated_at=now, deleted_at=now)
        await self.store(tx).save(deleted)
        await self.tell(tx, "deleted", deleted, now)
        return deleted

    async def load(self, tx: Transaction, account_id: AccountId, wanted: UUID, *, lock: bool = False) -> ThingT:
        """For use cases that compose. Raises NotFound."""
        found = await self.store(tx).find(account_id, wanted, lock=lock)
        if found is None:
            raise self.unknown()
        return found

    def unknown(self) -> NotFound:
        """How one answers that there is not, or that is not for whoever asks."""
        name = self.called or self.word
        return NotFound(
            f"There is no such {name}", reason=f"{name.upper().replace(' ', '_')}_NOT_FOUND", field=self.field
        )

    async def save(self, tx: Transaction, thing: ThingT, verb: str, now: datetime) -> ThingT:
        """Check, keep and tell."""
        kept = thing if self.check is None else await self.check(tx, thing)
        await self.store(tx).save(kept)
        await self.tell(tx, verb, kept, now)
        return kept

    async def tell(self, tx: Transaction, verb: str, thing: ThingT, now: datetime) -> None:
        kind = f"{self.word}_{verb}"
        await publish(tx, Event(thing.account_id, kind, thing.id, self.show(thing), now, public=self.public))
