"""Documents: handed in by an account, looked at by the operator, waited for by orders.

Whoever needs both locks the document first and the orders after, so that a review and a hand-in cannot wait for each
other.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.errors import Conflict, LimitExceeded, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, DocumentId, OrderId, new_id
from dialplane.domain.numbering.documents import (
    LONGEST_REASON,
    MOST,
    Document,
    DocumentDraft,
    DocumentStatus,
    Verdict,
    check_verdict,
    content_key,
    media_type_of,
)
from dialplane.domain.numbering.orders import Order, OrderStatus, hand_in, heed
from dialplane.domain.numbering.picture_facts import without_picture_facts
from dialplane.domain.numbering.port_exceptions import PortException, PortFault
from dialplane.services.eventing.events import publish
from dialplane.services.numbering.orders import lock_order, order_event
from dialplane.services.numbering.port_progress import stop_port
from dialplane.services.objects import ObjectStore, written
from dialplane.services.shapes.documents import show_document
from dialplane.services.shapes.orders import show_order
from dialplane.services.transaction import Database, Transaction


class DocumentStore(Protocol):
    """Port. Deleted documents are never found."""

    async def add(self, document: Document) -> None: ...

    async def save(self, document: Document) -> None:
        """Write what may change: status, reason, times."""
        ...

    async def find(
        self, account_id: AccountId | None, document_id: DocumentId, *, lock: bool = False
    ) -> Document | None:
        """Any account's where `account_id` is None. `lock`: nobody else changes it until the transaction ends."""
        ...

    async def list_for(
        self, account_id: AccountId | None, *, status: DocumentStatus | None, before: datetime | None, limit: int
    ) -> list[Document]:
        """Newest first; made before `before`; every account's where `account_id` is None."""
        ...

    async def count(self, account_id: AccountId) -> int: ...

    async def find_keys(self, document_ids: Sequence[UUID]) -> set[str]:
        """Where the contents of those that exist are kept."""
        ...


# --- the account's side ----------------------------------------------------------------------------------------------


async def upload_document(
    database: Database,
    objects: ObjectStore,
    account_id: AccountId,
    draft: DocumentDraft,
    now: datetime,
    *,
    order_id: OrderId | None = None,
) -> Document:
    """Keep a document, and hand it in for the order where one is named. Of pictures nothing is kept but what is seen.

    Raises Invalid naming the field, LimitExceeded, and what `attach_document` raises; nothing is kept then. A crash
    leaves at most a file that nothing knows of.
    """
    draft.check(now)
    draft = replace(draft, content=without_picture_facts(draft.content))
    document = _made(account_id, draft, now)
    async with written(objects, _key(document), draft.content), database.transaction() as tx:
        if await tx.documents.count(account_id) >= MOST:
            raise LimitExceeded(f"An account has {MOST} documents at most", reason="RESOURCE_LIMIT_EXCEEDED")
        await tx.documents.add(document)
        await publish(tx, _event(document, "document_created", now))
        if order_id is not None:
            await _hand_in(tx, account_id, order_id, document, now)
    return document


def _made(account_id: AccountId, draft: DocumentDraft, now: datetime) -> Document:
    return Document(
        id=DocumentId(new_id(now)),
        account_id=account_id,
        kind=draft.kind,
        name=draft.name,
        media_type=media_type_of(draft.content),
        size=len(draft.content),
        sha256=hashlib.sha256(draft.content).hexdigest(),
        status=DocumentStatus.PENDING,
        created_at=now,
        expires_on=draft.expires_on,
    )


async def attach_document(
    database: Database, account_id: AccountId, order_id: OrderId, document_id: DocumentId, now: datetime
) -> Order:
    """Hand in one of the account's documents for a pending order, in place of one of its kind that stood there.

    Raises NotFound (ORDER_NOT_FOUND, DOCUMENT_NOT_FOUND), Conflict where the order waits for none, Invalid where it
    asks for no such kind, or the document was rejected or has expired.
    """
    async with database.transaction() as tx:
        document = await tx.documents.find(account_id, document_id, lock=True)
        if document is None:
            await lock_order(tx, account_id, order_id)  # a foreign order is named first
            raise _not_found(field="document_id")
        return await _hand_in(tx, account_id, order_id, document, now)


async def list_documents(
    database: Database,
    account_id: AccountId | None,
    *,
    status: DocumentStatus | None = None,
    before: datetime | None = None,
    limit: int = 100,
) -> list[Document]:
    """Newest first; every account's, for the operator, where `account_id` is None."""
    async with database.reading() as tx:
        return await tx.documents.list_for(account_id, status=status, before=before, limit=limit)


async def get_document(database: Database, account_id: AccountId | None, document_id: DocumentId) -> Document:
    """Raises NotFound (DOCUMENT_NOT_FOUND) for another account's too; the operator's account is None."""
    async with database.reading() as tx:
        return _given(await tx.documents.find(account_id, document_id))


async def read_content(
    database: Database, objects: ObjectStore, account_id: AccountId | None, document_id: DocumentId
) -> tuple[Document, bytes]:
    """Raises NotFound for the document, or (FILE_NOT_FOUND) where its content is not here."""
    document = await get_document(database, account_id, document_id)
    content = await objects.get(_key(document))
    if content is None:
        raise NotFound("The content of this document is not here", reason="FILE_NOT_FOUND")
    return document, content


async def delete_document(
    database: Database, objects: ObjectStore, account_id: AccountId, document_id: DocumentId, now: datetime
) -> Document:
    """The content goes for good (within a day where we die in between), what became of the document is kept.

    Raises NotFound, or Conflict while an order waits on it or a port goes by it.
    """
    async with database.transaction() as tx:
        document = _given(await tx.documents.find(account_id, document_id, lock=True))
        if await tx.orders.waiting_on(account_id, document_id):
            raise Conflict("An order waits on this document: cancel the order first", reason="STATE_INVALID")
        if await tx.ports.uses(document_id):
            raise Conflict("A port goes by this document: take it out of the port first", reason="STATE_INVALID")
        deleted = replace(document, deleted_at=now)
        await tx.documents.save(deleted)
        await publish(tx, _event(deleted, "document_deleted", now))
    await objects.delete(_key(document))
    return deleted


# --- the operator's side ---------------------------------------------------------------------------------------------


async def review_document(
    database: Database, document_id: DocumentId, verdict: Verdict, reason: str, now: datetime
) -> Document:
    """Say whether a document will do. An order whose last document is approved goes to its carrier; one with a
    rejected document waits for another, and a port with one becomes an exception.

    Raises Invalid where a rejection has no reason, NotFound, Conflict where it was reviewed before or, for an
    approval, has expired.
    """
    check_verdict(verdict, reason)
    async with database.transaction() as tx:
        document = _given(await tx.documents.find(None, document_id, lock=True))
        if document.status is not DocumentStatus.PENDING:
            raise Conflict(f"The document is {document.status} already", reason="STATE_INVALID")
        if verdict is Verdict.APPROVE and document.has_expired(now):
            raise Conflict(f"The document expired on {document.expires_on}", reason="DOCUMENT_EXPIRED")
        status = DocumentStatus.APPROVED if verdict is Verdict.APPROVE else DocumentStatus.REJECTED
        reviewed = replace(document, status=status, reason=reason, reviewed_at=now)
        await tx.documents.save(reviewed)
        await publish(tx, _event(reviewed, f"document_{status}", now))
        for order in await tx.orders.waiting_on(document.account_id, document_id):
            await _save(tx, heed(order, reviewed, now), now)
        if verdict is Verdict.REJECT:
            wrong = PortException(PortFault.DOCUMENT_REJECTED, f"{document.kind}: {reason}"[:LONGEST_REASON])
            for port in await tx.ports.waiting_on(document_id):
                await stop_port(tx, port, wrong, now)
    return reviewed


# --- parts -----------------------------------------------------------------------------------------------------------


async def _hand_in(
    tx: Transaction, account_id: AccountId, order_id: OrderId, document: Document, now: datetime
) -> Order:
    order = await lock_order(tx, account_id, order_id)
    return await _save(tx, hand_in(order, document, now), now)


async def _save(tx: Transaction, order: Order, now: datetime) -> Order:
    """From `submitted` on the reconciler leads the order: the money stays held until the carrier has said yes or no."""
    await tx.orders.save(order)
    if order.status is OrderStatus.PENDING:
        await publish(tx, Event(order.account_id, "order_updated", order.id, show_order(order), now))
    else:
        await publish(tx, order_event(order, now))
    return order


def _event(document: Document, what: str, now: datetime) -> Event:
    return Event(document.account_id, what, document.id, show_document(document), now)


def _key(document: Document) -> str:
    return content_key(document.account_id, document.id)


def _given(document: Document | None) -> Document:
    if document is None:
        raise _not_found()
    return document


def _not_found(*, field: str = "") -> NotFound:
    return NotFound("There is no such document", reason="DOCUMENT_NOT_FOUND", field=field)
