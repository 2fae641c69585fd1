"""Orders as a resource (being written)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialplane.domain.accounts import AccountStatus, IdentityStatus, Plan
from dialplane.domain.ids import AccountId, ItemId, OrderId, OrganizationId
from dialplane.domain.orders import Order


@dataclass(frozen=True, slots=True)
class Buyer:
    """What a purchase asks about the account."""

    account_id: AccountId
    organization_id: OrganizationId
    status: AccountStatus
    identity_status: IdentityStatus
    plan: Plan
    free_credit: int


class OrderStore(Protocol):
    """Port."""

    async def find_buyer(self, account_id: AccountId) -> Buyer | None: ...

    async def add(self, order: Order) -> None: ...

    async def save(self, order: Order) -> None: ...

    async def find(self, account_id: AccountId, order_id: OrderId) -> Order | None: ...

    async def find_by_key(self, account_id: AccountId, idempotency_key: str) -> Order | None: ...

    async def find_open(self, item_id: ItemId) -> Order | None: ...

    async def lock(self, order_id: OrderId) -> Order | None: ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Order]: ...

    async def take_due(self, now: datetime, *, limit: int) -> list[Order]:
        """Open orders whose `check_at` has come, locked; those that others have locked are left out."""
        ...
