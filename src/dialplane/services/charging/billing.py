"""An account's money as its owner and the operator see it: balance, billings, credits, monthly tokens, the check."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Literal

from dialplane.domain.charging.entry_filters import EVERY_ENTRY, EntryFilter
from dialplane.domain.charging.ledger import Entry, LedgerTotals, Purse, TransactionType
from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.ids import AccountId, EntryId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import a_month_after
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.charging.ledger import credit, set_tokens
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.tenancy.plans import all_limits
from dialplane.services.transaction import Database, Transaction

_PAYMENT = "payment"


@dataclass(frozen=True, slots=True)
class Balance:
    """What the account has, and what of it can be spent now."""

    account: Account
    purse: Purse


async def get_balance(database: Database, account_id: AccountId) -> Balance:
    """Raises NotFound."""
    async with database.reading() as tx:
        account = await _account(tx, account_id)
        return Balance(account, await tx.ledger.find_purse(account_id) or Purse(account_id))


PaymentType = Literal["", "prepaid"]
PaymentMethod = Literal["", "credit card"]


@dataclass(frozen=True, slots=True)
class Payment:
    """How the account says that it pays, in VoIPBIN's words. Nothing goes by it: credit comes before its use."""

    type: PaymentType = "prepaid"
    method: PaymentMethod = ""


def payment_of(account: Account) -> Payment:
    kept = account.metadata.get(_PAYMENT)
    return Payment(**kept) if isinstance(kept, dict) else Payment()


async def set_payment(database: Database, account_id: AccountId, payment: Payment, now: datetime) -> Balance:
    """Raises NotFound."""
    async with database.transaction() as tx:
        account = await load_account(tx, account_id, for_update=True)
        account = replace(account, metadata={**account.metadata, _PAYMENT: asdict(payment)}, updated_at=now)
        await tx.accounts.update(account)
        return Balance(account, await tx.ledger.find_purse(account_id) or Purse(account_id))


async def list_billings(
    database: Database,
    account_id: AccountId,
    *,
    before: datetime | None = None,
    limit: int = 100,
    wanted: EntryFilter = EVERY_ENTRY,
) -> list[Entry]:
    """The ledger's entries of the account, newest first."""
    async with database.browsing() as tx:
        return await tx.ledger.list_entries(account_id, before=before, limit=limit, wanted=wanted)


async def get_billing(database: Database, account_id: AccountId, entry_id: EntryId) -> Entry:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        entry = await tx.ledger.get_entry(account_id, entry_id)
    if entry is None:
        raise NotFound("There is no such billing", reason="BILLING_NOT_FOUND")
    return entry


async def add_credit(
    database: Database, account_id: AccountId, amount: Micros, reason: str, *, key: str, now: datetime
) -> Entry:
    """Add credit, or take it off with a negative amount. The same key again gives the first entry.

    Raises NotFound, Invalid (no amount), InsufficientBalance (more taken off than is free).
    """
    if not 0 < abs(amount) <= 10**15:
        raise Invalid("amount_micros is not 0 and at most 10^15", reason="INVALID_ARGUMENT", field="amount_micros")
    kind = TransactionType.TOP_UP if amount > 0 else TransactionType.ADJUSTMENT
    async with database.transaction() as tx:
        await _account(tx, account_id)
        return await credit(tx, account_id, amount, reason[:255], key=key, now=now, transaction_type=kind)


async def open_purse(tx: Transaction, account: Account, credit_micros: Micros, now: datetime) -> None:
    """Give a new account its first credit and the tokens of its plan's first month. Safe to repeat."""
    if credit_micros:
        await credit(tx, account.id, credit_micros, "opening credit", key=f"opening:{account.id}", now=now)
    await _top_up(tx, account, now)


async def top_up_tokens(database: Database, now: datetime, *, limit: int = 200) -> int:
    """Set tokens back to the allowance where a month is over; how many accounts. Once for each account and month."""
    async with database.reading() as tx:
        due = await tx.ledger.accounts_to_top_up(now, limit=limit)
    for account_id in due:
        async with database.transaction() as tx:
            await _top_up(tx, await _account(tx, account_id), now)
    return len(due)


async def _top_up(tx: Transaction, account: Account, now: datetime) -> None:
    purse = (await tx.ledger.lock_purses([account.id]))[account.id]
    due = purse.next_top_up_at or now
    if due > now:
        return  # another worker was faster
    key = f"tokens:{account.id}:{due:%Y-%m-%d}"
    allowance = (await all_limits(tx))[account.plan].tokens_a_month
    await set_tokens(tx, account.id, allowance, key=key, now=now)
    while due <= now:
        due = a_month_after(due, day=account.created_at.day)
    await tx.ledger.save_top_up(account.id, at=now, next_at=due)


async def check_ledger(database: Database) -> LedgerTotals:
    """Add the whole ledger up (LED-1, LED-3)."""
    async with database.reading() as tx:
        return await tx.ledger.totals()


async def _account(tx: Transaction, account_id: AccountId) -> Account:
    account = await tx.accounts.find(account_id)
    if account is None:
        raise NotFound("There is no such account", reason="ACCOUNT_NOT_FOUND")
    return account
