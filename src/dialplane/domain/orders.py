"""Orders: a purchase on its way, which survives that the carrier says nothing."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from dialplane.domain.ids import AccountId, ItemId, NumberId, OrderId
from dialplane.domain.inventory import ItemQuery
from dialplane.domain.money import Micros
from dialplane.domain.number_settings import NumberSettings
from dialplane.domain.numbers import NumberKind
from dialplane.domain.targets import Targets

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


@dataclass(frozen=True, slots=True)
class OrderDocument:
    """A document that the carrier asks for before it gives the number."""

    kind: str
    state: str = "missing"
    reason: str = ""


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


def next_check(attempts: int, now: datetime) -> datetime:
    """When to look again after `attempts` looks: 5, 10, 20, 40 seconds, then every minute."""
    doubled: timedelta = _FIRST_CHECK * (1 << min(attempts, 8))
    return now + min(doubled, _LONGEST_PAUSE)
