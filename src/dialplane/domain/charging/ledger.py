"""The ledger's values and rules: purses, holds, charges, and what an entry writes on which book. No store, no clock."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from dialplane.domain.charging.rating import Price, Rate
from dialplane.domain.ids import AccountId, EntryId, HoldId
from dialplane.domain.values import dataclass


class TransactionType(StrEnum):
    USAGE = "usage"
    TOP_UP = "top_up"
    ADJUSTMENT = "adjustment"
    REFUND = "refund"


class ReferenceType(StrEnum):
    """What an entry is about, in the words of VoIPBIN's ledger (section 7.4)."""

    NONE = ""
    CALL = "call"
    CALL_EXTENSION = "call_extension"
    SMS = "sms"
    EMAIL = "email"
    NUMBER = "number"
    NUMBER_RENEW = "number_renew"
    CREDIT_FREE_TIER = "credit_free_tier"
    MONTHLY_ALLOWANCE = "monthly_allowance"
    CREDIT_ADJUSTMENT = "credit_adjustment"
    TOKEN_ADJUSTMENT = "token_adjustment"
    SPEAKING = "speaking"
    RECORDING = "recording"
    TRANSCRIBE = "transcribe"
    CALLER_ID_LOOKUP = "caller_id_lookup"


class HoldState(StrEnum):
    HELD = "held"
    SETTLED = "settled"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Purse:
    """What an account has, and what of it is set aside."""

    account_id: AccountId
    credit: int = 0
    credit_held: int = 0
    tokens: int = 0
    tokens_held: int = 0
    next_top_up_at: datetime | None = None
    topped_up_at: datetime | None = None
    """When the month's tokens came."""

    @property
    def free_credit(self) -> int:
        return self.credit - self.credit_held

    @property
    def free_tokens(self) -> int:
        return self.tokens - self.tokens_held

    def covers(self, price: Price) -> bool:
        return price.micros <= self.free_credit and price.tokens <= self.free_tokens

    def hold(self, price: Price) -> "Purse":
        """The purse with `price` set aside; a negative price gives back."""
        return self._with(held=price.micros, tokens_held=price.tokens)

    def move(self, *, micros: int, tokens: int) -> "Purse":
        """The purse after an entry of these signed amounts."""
        return self._with(credit=micros, tokens=tokens)

    def _with(self, *, credit: int = 0, held: int = 0, tokens: int = 0, tokens_held: int = 0) -> "Purse":
        """The purse with so much more of each. Three times a call, so without `replace`, which asks for each field."""
        return Purse(
            self.account_id,
            self.credit + credit,
            self.credit_held + held,
            self.tokens + tokens,
            self.tokens_held + tokens_held,
            self.next_top_up_at,
            self.topped_up_at,
        )


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """Money to set aside for `units` of `rate` in all. `key` names the act; asked again with more, its hold grows."""

    account_id: AccountId
    key: str
    rate: Rate
    units: int
    expires_at: datetime | None
    """Past this moment the worker gives the money back, should nobody have settled or released it. None: whoever
    placed it has a record of its own that ends it."""
    is_divisible: bool = False
    """Where not all of it is free, as many units as are will do."""


@dataclass(frozen=True, slots=True)
class Hold:
    id: HoldId
    account_id: AccountId
    key: str
    units: int
    rate: Rate
    """What the thing costs until it ends, whatever the rates become meanwhile (LED-9)."""
    price: Price
    state: HoldState
    expires_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Charge:
    """One billable event. `key` is its business key: the second posting of a key gives the first entry (LED-5)."""

    key: str
    rate: Rate
    """As frozen when the thing began (LED-9)."""
    units: int
    reference_type: ReferenceType
    reference_id: UUID | None
    started_at: datetime
    ended_at: datetime
    seconds: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """A charge with the hold that was placed for it."""

    account_id: AccountId
    hold_key: str
    charge: Charge


@dataclass(frozen=True, slots=True)
class Entry:
    """One dated event that sums to zero, as an account's billing list shows it. Amounts are signed: negative is use."""

    id: EntryId
    account_id: AccountId
    key: str
    transaction_type: TransactionType
    reference_type: ReferenceType
    reference_id: UUID | None
    rate: Rate
    units: int
    seconds: int
    amount_micros: int
    amount_tokens: int
    credit_after: int
    tokens_after: int
    started_at: datetime
    ended_at: datetime
    created_at: datetime
    detail: str = ""


Book = Literal["customer", "revenue", "funding", "allowance"]
"""The customer's own, and the platform's: what was earned, what was paid in, what tokens were given out."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of an entry on one book."""

    entry_id: EntryId
    book: Book
    account_id: AccountId | None
    currency: Literal["USD", "TOKEN"]
    amount: int


def postings(entry: Entry) -> list[Posting]:
    """The entry's lines: the customer's book and the platform's against it, in each currency that moves."""
    lines: list[Posting] = []
    earned = entry.transaction_type in (TransactionType.USAGE, TransactionType.REFUND)
    usd_book: Book = "revenue" if earned else "funding"
    token_book: Book = "revenue" if earned else "allowance"
    if entry.amount_micros:
        lines.append(Posting(entry.id, "customer", entry.account_id, "USD", entry.amount_micros))
        lines.append(Posting(entry.id, usd_book, None, "USD", -entry.amount_micros))
    if entry.amount_tokens:
        lines.append(Posting(entry.id, "customer", entry.account_id, "TOKEN", entry.amount_tokens))
        lines.append(Posting(entry.id, token_book, None, "TOKEN", -entry.amount_tokens))
    return lines


def grow(hold: Hold | None, request: HoldRequest, purse: Purse, new_id: HoldId, now: datetime) -> Hold | None:
    """The hold that answers `request`: the one that is there, if it covers as many units; else a new or larger one.

    None where the purse does not cover what is missing, or of a divisible request nothing of it, and where the hold of
    the key is closed.
    """
    if hold is not None and hold.state is not HoldState.HELD:
        return None
    if hold is not None and hold.units >= request.units:
        return hold
    begun = hold.units if hold else 0
    wanted, rate, has_begun = request.units - begun, request.rate, begun > 0
    if request.is_divisible:
        wanted = rate.payable_units(wanted, credit=purse.free_credit, tokens=purse.free_tokens, has_begun=has_begun)
        if not wanted:
            return None
    more = rate.split(wanted, purse.free_tokens, has_begun=has_begun)
    if not purse.covers(more):
        return None
    if hold is None:
        return Hold(
            id=new_id,
            account_id=request.account_id,
            key=request.key,
            units=wanted,
            rate=request.rate,
            price=more,
            state=HoldState.HELD,
            expires_at=request.expires_at,
            created_at=now,
        )
    return replace(hold, units=begun + wanted, price=hold.price.plus(more), expires_at=request.expires_at)


def use(purse: Purse, charge: Charge, entry_id: EntryId, now: datetime) -> Entry:
    """The entry that `charge` makes on `purse`.

    Units that nothing is left for are not charged: a prepaid balance never goes below zero, and who spends beyond
    what was held is stopped by the hold, not by a debt.
    """
    units = charge.rate.payable_units(charge.units, credit=purse.free_credit, tokens=purse.free_tokens)
    price = charge.rate.split(units, purse.free_tokens)
    return Entry(
        id=entry_id,
        account_id=purse.account_id,
        key=charge.key,
        transaction_type=TransactionType.USAGE,
        reference_type=charge.reference_type,
        reference_id=charge.reference_id,
        rate=charge.rate,
        units=units,
        seconds=charge.seconds,
        amount_micros=-price.micros,
        amount_tokens=-price.tokens,
        credit_after=purse.credit - price.micros,
        tokens_after=purse.tokens - price.tokens,
        started_at=charge.started_at,
        ended_at=charge.ended_at,
        created_at=now,
        detail=charge.detail,
    )


@dataclass(frozen=True, slots=True)
class LedgerTotals:
    """The whole ledger's check. Balanced: every entry sums to zero in each currency, every purse is the sum of its
    postings, and its held part the sum of its open holds."""

    balanced: bool
    accounts: int
    postings: int
    holds_open: int
