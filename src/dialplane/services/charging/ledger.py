"""Money moves here: holds, charges, credits. Functions take the caller's transaction, so that what is paid for and
its price are one commit.

Whoever posts locks the account's purse first; entries of one account are therefore in one order, and each shows the
balance that it left. The forms for many take any number of accounts in five or six round trips, in the order given:
a busy account's calls are decided together, not one transaction each.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.charging.entry_filters import EVERY_ENTRY, EntryFilter
from dialplane.domain.charging.ledger import (
    Charge,
    Entry,
    Hold,
    HoldRequest,
    HoldState,
    LedgerTotals,
    Purse,
    ReferenceType,
    Settlement,
    TransactionType,
    grow,
    use,
)
from dialplane.domain.charging.rating import NOTHING, CostType, Rate
from dialplane.domain.errors import InsufficientBalance, NotFound
from dialplane.domain.ids import AccountId, EntryId, HoldId, new_id
from dialplane.domain.money import Micros
from dialplane.domain.values import dataclass
from dialplane.services.transaction import Transaction


class LedgerStore(Protocol):
    """Port: purses, holds and the append-only ledger."""

    async def lock_purses(self, account_ids: Iterable[AccountId]) -> dict[AccountId, Purse]:
        """The purses, locked until the transaction ends, in the order of the ids so that no two callers wait for each
        other. An account without a purse gets an empty one."""
        ...

    async def find_purse(self, account_id: AccountId) -> Purse | None: ...

    async def save_purses(self, purses: Iterable[Purse]) -> None:
        """Write locked purses back. The table refuses one that holds more than it has."""
        ...

    async def add_holds(self, holds: Sequence[Hold]) -> None: ...

    async def find_holds(self, keys: Sequence[str]) -> dict[str, Hold]: ...

    async def close_holds(self, keys: Sequence[str], state: HoldState, now: datetime) -> dict[str, Hold]:
        """Close those of the holds that are open, and return them as they were."""
        ...

    async def change_holds(self, holds: Sequence[Hold]) -> None:
        """Write price, units and expiry of open holds."""
        ...

    async def expired_holds(self, now: datetime, *, limit: int) -> list[Hold]:
        """Open holds whose time is over."""
        ...

    async def find_entries(self, keys: Sequence[str]) -> dict[str, Entry]: ...

    async def append(self, entries: Sequence[Entry]) -> None:
        """Write the entries and their postings. To be called on a `together`."""
        ...

    async def get_entry(self, account_id: AccountId, entry_id: EntryId) -> Entry | None: ...

    async def list_entries(
        self,
        account_id: AccountId,
        *,
        before: datetime | None,
        limit: int,
        wanted: EntryFilter = EVERY_ENTRY,
        after: tuple[datetime, EntryId] | None = None,
    ) -> list[Entry]:
        """Newest first; made before `before`; those that follow upon the entry of this time and id."""
        ...

    async def accounts_to_top_up(self, now: datetime, *, limit: int) -> list[AccountId]: ...

    async def save_top_up(self, account_id: AccountId, *, at: datetime, next_at: datetime) -> None: ...

    async def totals(self) -> LedgerTotals: ...


# --- holds -----------------------------------------------------------------------------------------------------------


async def place_hold(
    tx: Transaction, account_id: AccountId, amount: Micros, *, key: str, expires_at: datetime | None, now: datetime
) -> Hold:
    """Set `amount` of credit aside. The same key again gives the first hold.

    Raises InsufficientBalance where less than that is free.
    """
    request = HoldRequest(account_id, key, Rate(CostType.NONE, amount), 1, expires_at)
    return (await _hold(tx, [request], now))[0] or _refuse(amount)


async def hold_many(tx: Transaction, requests: Sequence[HoldRequest], now: datetime) -> list[bool]:
    """Decide the requests in order: whether each was granted.

    The units of a request are those of its key in all: asked again with as many, or fewer, nothing changes; asked
    again with more, the hold grows by the difference or, where that is not free, stays as it was and the answer is no.
    Never raises for lack of money, so that one account's empty purse is no matter of the others in the batch.
    """
    return [hold is not None for hold in await _hold(tx, requests, now)]


async def extend_many(tx: Transaction, requests: Sequence[HoldRequest], now: datetime) -> list[int]:
    """As `hold_many`, for those who want to know how many units are held in all: 0 where the answer is no."""
    return [hold.units if hold is not None else 0 for hold in await _hold(tx, requests, now)]


async def could_hold(tx: Transaction, request: HoldRequest, now: datetime) -> bool:
    """Whether the request would be granted now; nothing is locked or set aside."""
    purse = await tx.ledger.find_purse(request.account_id) or Purse(request.account_id)
    return _decide([request], {}, {request.account_id: purse}, now).answers[0] is not None


async def hold_for_new(tx: Transaction, requests: Sequence[HoldRequest], now: datetime) -> "Reserved":
    """Decide the requests in order, as `hold_many` does, for a caller who writes the holds `together` with what they
    are for.

    Their keys must be of things that this very transaction makes: they are not looked up.
    """
    return _decide(requests, {}, await tx.ledger.lock_purses({request.account_id for request in requests}), now)


def reserve(purses: dict[AccountId, Purse], requests: Sequence[HoldRequest], now: datetime) -> list[Hold] | None:
    """Work out holds for something new on locked purses, all or none of them; `purses` change with them.

    For a caller who writes both `together` with what they are for; keys are not looked up.
    """
    left = {request.account_id: purses[request.account_id] for request in requests}
    reserved = _decide(requests, {}, left, now)
    if any(hold is None for hold in reserved.answers):
        return None
    purses.update(left)
    return reserved.added


async def _hold(tx: Transaction, requests: Sequence[HoldRequest], now: datetime) -> list[Hold | None]:
    purses = await tx.ledger.lock_purses({request.account_id for request in requests})
    holds = await tx.ledger.find_holds([request.key for request in requests])
    reserved = _decide(requests, holds, purses, now)
    async with tx.together() as batch:
        await reserved.write(batch)
    return reserved.answers


@dataclass(frozen=True, slots=True)
class Reserved:
    """Holds that were worked out on locked purses and wait to be written."""

    answers: list[Hold | None]
    """For each request its hold, None where the money is not there."""
    added: list[Hold]
    grown: list[Hold]
    purses: Mapping[AccountId, Purse]

    async def write(self, batch: Transaction) -> None:
        if self.added or self.grown:
            await batch.ledger.add_holds(self.added)
            await batch.ledger.change_holds(self.grown)
            await batch.ledger.save_purses(self.purses.values())


def _decide(
    requests: Sequence[HoldRequest], holds: Mapping[str, Hold], purses: dict[AccountId, Purse], now: datetime
) -> Reserved:
    held = dict(holds)
    changed: dict[str, Hold] = {}
    answers: list[Hold | None] = []
    for request in requests:
        before = held.get(request.key)
        grown = grow(before, request, purses[request.account_id], HoldId(new_id(now)), now)
        answers.append(grown)
        if grown is not None and grown is not before:
            more = grown.price if before is None else grown.price.minus(before.price)
            purses[request.account_id] = purses[request.account_id].hold(more)
            held[request.key] = changed[request.key] = grown
    added = [hold for key, hold in changed.items() if key not in holds]
    return Reserved(answers, added, [hold for key, hold in changed.items() if key in holds], purses)


async def release_hold(tx: Transaction, key: str, now: datetime) -> None:
    """Give the money back; nothing happens where the hold is closed already or was never placed."""
    await release_many(tx, [key], now)


async def release_many(tx: Transaction, keys: Sequence[str], now: datetime) -> None:
    found = await tx.ledger.find_holds(keys)
    purses = await tx.ledger.lock_purses({hold.account_id for hold in found.values()})
    closed = await tx.ledger.close_holds(keys, HoldState.RELEASED, now)
    for hold in closed.values():
        purses[hold.account_id] = _without(purses[hold.account_id], hold)
    await tx.ledger.save_purses(purses.values())


async def settle_hold(tx: Transaction, key: str, charge: Charge, now: datetime) -> Entry:
    """Take the hold back and charge what was really used, which may be less. Settling again gives the first entry.

    Units beyond the hold are charged as far as the balance goes (see `domain.charging.ledger.use`).

    Raises NotFound where there was never such a hold.
    """
    hold = (await tx.ledger.find_holds([key])).get(key)
    if hold is None:
        raise NotFound("There is no such hold", reason="HOLD_NOT_FOUND")
    return (await settle_many(tx, [Settlement(hold.account_id, key, charge)], now))[0]


async def settle_many(tx: Transaction, settlements: Sequence[Settlement], now: datetime) -> list[Entry]:
    """Settle each, in order; a hold that is closed already counts for nothing, and its charge is made all the same."""
    settled = await draw_up_many(tx, settlements, now)
    async with tx.together() as batch:
        await settled.write(batch)
    return settled.entries


async def draw_up_many(tx: Transaction, settlements: Sequence[Settlement], now: datetime) -> "Settled":
    """Close the holds of the settlements and work their charges out, for a caller who writes them `together` with what
    else it has to tell."""
    return await _work_out(tx, [(one.account_id, one.charge, one.hold_key) for one in settlements], now)


async def release_expired_holds(tx: Transaction, now: datetime, *, limit: int = 500) -> int:
    """Give back what nobody settled or released in time; how many they were."""
    expired = await tx.ledger.expired_holds(now, limit=limit)
    await release_many(tx, [hold.key for hold in expired], now)
    return len(expired)


# --- entries ---------------------------------------------------------------------------------------------------------


async def charge(tx: Transaction, account_id: AccountId, wanted: Charge, now: datetime) -> Entry:
    """Charge at once, without a hold. The same key again gives the first entry (LED-5).

    Raises InsufficientBalance where the account cannot pay all of it.
    """
    return (await _charge(tx, [(account_id, wanted, None)], now))[0]


@dataclass(frozen=True, slots=True)
class Bill:
    """A charge that was worked out on a locked purse and waits to be written."""

    entry: Entry
    purse: Purse

    async def write(self, batch: Transaction) -> None:
        await batch.ledger.append([self.entry])
        await batch.ledger.save_purses([self.purse])


def draw_up(purse: Purse, wanted: Charge, now: datetime) -> Bill:
    """Work the charge out on a locked purse, for a caller who writes it `together` with what is paid for.

    The key must be of something that this very transaction makes: it is not looked up.

    Raises InsufficientBalance.
    """
    entry = use(purse, wanted, EntryId(new_id(now)), now)
    if entry.units < wanted.units:
        _refuse(wanted.rate.split(wanted.units, purse.free_tokens).micros)
    return Bill(entry, purse.move(micros=entry.amount_micros, tokens=entry.amount_tokens))


@dataclass(frozen=True, slots=True)
class SetAside:
    """A hold that was worked out on a locked purse and waits to be written."""

    hold: Hold
    purse: Purse


def set_aside(purse: Purse, amount: Micros, *, key: str, now: datetime) -> SetAside:
    """As `place_hold`, on a locked purse, for a caller who writes it `together` with what it is for.

    The key must be of something that this very transaction makes: it is not looked up.

    Raises InsufficientBalance.
    """
    request = HoldRequest(purse.account_id, key, Rate(CostType.NONE, amount), 1, None)
    hold = grow(None, request, purse, HoldId(new_id(now)), now) or _refuse(amount)
    return SetAside(hold, purse.hold(hold.price))


@dataclass(frozen=True, slots=True)
class Settled:
    """Entries that were worked out on locked purses; the fresh ones wait to be written."""

    entries: list[Entry]
    fresh: list[Entry]
    purses: Mapping[AccountId, Purse]

    async def write(self, batch: Transaction) -> None:
        await batch.ledger.append(self.fresh)
        await batch.ledger.save_purses(self.purses.values())


async def _charge(
    tx: Transaction, wanted: Sequence[tuple[AccountId, Charge, str | None]], now: datetime
) -> list[Entry]:
    settled = await _work_out(tx, wanted, now)
    async with tx.together() as batch:
        await settled.write(batch)
    return settled.entries


async def _work_out(tx: Transaction, wanted: Sequence[tuple[AccountId, Charge, str | None]], now: datetime) -> Settled:
    purses = await tx.ledger.lock_purses({account_id for account_id, _, _ in wanted})
    hold_keys = [key for _, _, key in wanted if key is not None]
    closed = await tx.ledger.close_holds(hold_keys, HoldState.SETTLED, now) if hold_keys else {}
    # What was still held under the charge's own key cannot have been charged: most charges need no look-up.
    asked = [charge.key for _, charge, key in wanted if key != charge.key or key not in closed]
    known = await tx.ledger.find_entries(asked) if asked else {}
    fresh: list[Entry] = []
    for account_id, charge, hold_key in wanted:
        purse = purses[account_id]
        hold = closed.pop(hold_key, None) if hold_key is not None else None
        if hold is not None:
            purse = _without(purse, hold)
        if charge.key not in known:
            entry = known[charge.key] = use(purse, charge, EntryId(new_id(now)), now)
            if hold_key is None and entry.units < charge.units:
                _refuse(charge.rate.split(charge.units, purse.free_tokens).micros)  # nothing is written yet
            fresh.append(entry)
            purse = purse.move(micros=entry.amount_micros, tokens=entry.amount_tokens)
        purses[account_id] = purse
    return Settled([known[charge.key] for _, charge, _ in wanted], fresh, purses)


async def credit(
    tx: Transaction,
    account_id: AccountId,
    amount: Micros,
    reason: str,
    *,
    key: str,
    now: datetime,
    transaction_type: TransactionType = TransactionType.TOP_UP,
    reference_type: ReferenceType = ReferenceType.CREDIT_ADJUSTMENT,
    reference_id: UUID | None = None,
) -> Entry:
    """Add credit (or take it off, with a negative amount). The same key again gives the first entry.

    Numbers that wait for money are looked at again at once.

    Raises InsufficientBalance where a negative amount takes more than is free.
    """
    if amount > 0:
        await tx.numbers.hasten_unpaid(account_id)  # before the purse: the renewal locks in this order too
    purse = (await tx.ledger.lock_purses([account_id]))[account_id]
    known = (await tx.ledger.find_entries([key])).get(key)
    if known is not None:
        return known
    if purse.free_credit + amount < 0:
        _refuse(-amount)
    entry = _adjustment(purse, now, key, transaction_type, reference_type, reference_id, reason, micros=amount)
    async with tx.together() as batch:
        await batch.ledger.append([entry])
        await batch.ledger.save_purses([purse.move(micros=amount, tokens=0)])
    return entry


async def set_tokens(tx: Transaction, account_id: AccountId, allowance: int, *, key: str, now: datetime) -> Entry:
    """Set the tokens back to the month's allowance; they do not add up. The same key again gives the first entry.

    What holds have set aside stays, also where the allowance became smaller than that.
    """
    purse = (await tx.ledger.lock_purses([account_id]))[account_id]
    known = (await tx.ledger.find_entries([key])).get(key)
    if known is not None:
        return known
    change = max(allowance, purse.tokens_held) - purse.tokens
    entry = _adjustment(
        purse, now, key, TransactionType.TOP_UP, ReferenceType.MONTHLY_ALLOWANCE, None, "monthly allowance",
        tokens=change,
    )  # fmt: skip
    async with tx.together() as batch:
        await batch.ledger.append([entry])
        await batch.ledger.save_purses([purse.move(micros=0, tokens=change)])
    return entry


def _adjustment(
    purse: Purse,
    now: datetime,
    key: str,
    transaction_type: TransactionType,
    reference_type: ReferenceType,
    reference_id: UUID | None,
    detail: str,
    *,
    micros: int = 0,
    tokens: int = 0,
) -> Entry:
    return Entry(
        id=EntryId(new_id(now)),
        account_id=purse.account_id,
        key=key,
        transaction_type=transaction_type,
        reference_type=reference_type,
        reference_id=reference_id,
        rate=Rate(CostType.NONE, Micros(0)),
        units=0,
        seconds=0,
        amount_micros=micros,
        amount_tokens=tokens,
        credit_after=purse.credit + micros,
        tokens_after=purse.tokens + tokens,
        started_at=now,
        ended_at=now,
        created_at=now,
        detail=detail,
    )


def _without(purse: Purse, hold: Hold) -> Purse:
    return purse.hold(NOTHING.minus(hold.price))


def _refuse(amount: int) -> Hold:
    raise InsufficientBalance(
        "The account's balance does not cover this",
        reason="INSUFFICIENT_BALANCE",
        details=({"required_micros": amount},),
    )
