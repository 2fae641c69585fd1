"""Adding credit: the payment is somebody else's business, behind a port; the credit is the ledger's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.charging.ledger import Entry
from dialplane.domain.errors import Invalid, Unavailable
from dialplane.domain.ids import AccountId
from dialplane.domain.money import Micros, usd
from dialplane.services.charging.billing import add_credit
from dialplane.services.transaction import Database

LEAST, MOST = usd(1), usd(10_000)


@dataclass(frozen=True, slots=True)
class Paid:
    """The money is there."""

    reference: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """The payer goes on at the payment service; it tells of the money later."""

    url: str


class PaymentGateway(Protocol):
    """Port."""

    async def pay(self, account_id: AccountId, amount: Micros, *, reference: UUID) -> Paid | Redirect:
        """Take the amount. The same reference again is the same payment. Raises Unavailable, Invalid (refused)."""
        ...


async def top_up(
    database: Database,
    gateway: PaymentGateway | None,
    account_id: AccountId,
    amount: Micros,
    reference: UUID,
    now: datetime,
) -> Entry | Redirect:
    """Pay, and add the credit. A form that is sent twice has the same `reference` and pays once.

    Raises Invalid (`amount`), Unavailable where no payment service is set up.
    """
    if not LEAST <= amount <= MOST:
        raise Invalid("Enter an amount from 1 to 10,000 USD", field="amount")
    if gateway is None:
        raise Unavailable("No payment service is set up here; ask the operator for credit", field="amount")
    done = await gateway.pay(account_id, amount, reference=reference)
    if isinstance(done, Redirect):
        return done
    key = f"payment:{account_id}:{reference}"
    return await add_credit(database, account_id, amount, f"Payment {done.reference}", key=key, now=now)
