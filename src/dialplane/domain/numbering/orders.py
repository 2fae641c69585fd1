"""Orders: a purchase on its way, which survives that the carrier says nothing."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from dialplane.domain.errors import Conflict, Invalid
from dialplane.domain.ids import AccountId, DocumentId, ItemId, NumberId, OrderId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.documents import Document, DocumentStatus
from dialplane.domain.numbering.history import Actor
from dialplane.domain.numbering.number_settings import NumberSettings
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.numbering.targets import Targets
from dialplane.domain.supply.inventory import ItemQuery

_FIRST_CHECK = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=1)

IN_HAND = timedelta(seconds=20)
"""So long the request that made an order may be at work on it; after that the reconciler takes over."""


class OrderStatus(StrEnum):
    RECEIVED = "received"
    """Item and money are held; the carrier may or may not have heard of it."""
    PENDING = "pending"
    """Waits for documents."""
    SUBMITTED = "submitted"
    """The carrier has it, or did not answer."""
    CONFIRMED = "confirmed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self in (OrderStatus.CONFIRMED, OrderStatus.FAILED, OrderStatus.CANCELLED)


class DocumentState(StrEnum):
    MISSING = "missing"
    PENDING = "pending"
    """Handed in, and not looked at yet."""
    APPROVED = "approved"
    REJECTED = "rejected"
    """Another one has to be handed in."""


@dataclass(frozen=True, slots=True)
class OrderDocument:
    """A document that the carrier asks for before it gives the number."""

    kind: str
    state: DocumentState = DocumentState.MISSING
    reason: str = ""
    document_id: DocumentId | None = None


@dataclass(frozen=True, slots=True)
class NumberOrder:
    """What a buyer asks for: one number, or any one that fits `query`."""

    number: str = ""
    kind: NumberKind | None = None
    """None: as the number says (`+899` is virtual) or the item."""
    query: ItemQuery | None = None
    targets: Targets = field(default_factory=Targets)
    name: str = ""
    detail: str = ""
    tags: tuple[str, ...] = ()
    metadata: dict[str, object] = field(default_factory=dict)
    settings: NumberSettings = field(default_factory=NumberSettings)
    by: Actor | None = None
    """Who buys, for the number's history; the account, where nothing more is known."""
    idempotency_key: str = ""
    """The request's key: buying again with it finds the first order, whatever became of its answer (API-1)."""


@dataclass(frozen=True, slots=True)
class Order:
    """One purchase of one item by one account; its id is the reference at the carrier."""

    id: OrderId
    account_id: AccountId
    item_id: ItemId
    number: str
    carrier: str
    status: OrderStatus
    request: NumberOrder
    setup_micros: Micros
    monthly_micros: Micros
    created_at: datetime
    updated_at: datetime
    reason: str = ""
    documents: tuple[OrderDocument, ...] = ()
    number_id: NumberId | None = None
    check_at: datetime | None = None
    attempts: int = 0
    ended_at: datetime | None = None

    @property
    def reference(self) -> str:
        """How the carrier knows the order: ordering again with it is no second order."""
        return str(self.id)

    @property
    def hold_key(self) -> str:
        return f"order:{self.id}"

    @property
    def charge_key(self) -> str:
        return f"number:{self.id}"


def hand_in(order: Order, document: Document, now: datetime) -> Order:
    """The order with the document in its place; what stood there before counts no more.

    Raises Conflict where the order waits for no documents, Invalid where it asks for none of this kind or the document
    counts no more.
    """
    if order.status is not OrderStatus.PENDING:
        raise Conflict(f"The order is {order.status}: it waits for no documents", reason="STATE_INVALID")
    if document.kind not in {each.kind for each in order.documents}:
        asked = ", ".join(each.kind for each in order.documents)
        raise Invalid(
            f"The order asks for {asked}, and for no {document.kind}", reason="INVALID_ARGUMENT", field="kind"
        )
    if document.status is DocumentStatus.REJECTED or document.has_expired(now):
        why = "has expired" if document.has_expired(now) else f"was rejected: {document.reason}"
        raise Invalid(f"The document {why}", reason="INVALID_ARGUMENT", field="document_id")
    placed = OrderDocument(document.kind, document_id=document.id)
    kept = tuple(placed if each.kind == document.kind else each for each in order.documents)
    return heed(replace(order, documents=kept), document, now)


def heed(order: Order, document: Document, now: datetime) -> Order:
    """The order after a word on one of its documents; with the last approval it goes to the carrier."""
    state = DocumentState(document.status.value)
    documents = tuple(
        replace(each, state=state, reason=document.reason) if each.document_id == document.id else each
        for each in order.documents
    )
    heard = replace(order, documents=documents, updated_at=now)
    if any(each.state is not DocumentState.APPROVED for each in documents):
        return heard
    return replace(heard, status=OrderStatus.SUBMITTED, check_at=now)


def next_check(attempts: int, now: datetime) -> datetime:
    """When to look again after `attempts` looks: 5, 10, 20, 40 seconds, then every minute."""
    doubled: timedelta = _FIRST_CHECK * (1 << min(attempts, 8))
    return now + min(doubled, _LONGEST_PAUSE)
