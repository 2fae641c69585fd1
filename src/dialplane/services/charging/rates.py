"""Rate decks: what a slice of a call or a message's segment costs from now on. What has begun keeps its rate (LED-9).

An account pays by its own deck, else by its plan's, else by the default one. The operator's rates stand over the
built-in ones, each for itself. `services.charging.rate_files` has the lines by prefix.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialplane.domain.charging.rating import DEFAULT_RATES, CostType, Rate, Rates
from dialplane.domain.charging.tariffs import DeckLine, Tariff
from dialplane.domain.errors import AlreadyExists, Invalid, NotFound
from dialplane.domain.ids import AccountId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.numbering.porting import MONTHLY
from dialplane.domain.tenancy.accounts import Plan
from dialplane.services.transaction import Database, Transaction

DEFAULT_DECK = "default"
"""The deck that accounts pay by who have no other, and what other decks stand over."""


@dataclass(frozen=True, slots=True)
class DeckInfo:
    """A deck beside its rates. `version` counts its changes."""

    id: str
    name: str
    version: int
    lines: int
    """Rates by prefix."""
    created_at: datetime
    updated_at: datetime | None
    plans: tuple[Plan, ...] = ()
    accounts: int = 0
    """That have it for their own."""


class RateStore(Protocol):
    """Port: the decks and the rates that the operator has set."""

    async def list_set(self, deck: str) -> Sequence[Rate]:
        """Those without a prefix."""
        ...

    async def save(self, deck: str, rates: Sequence[Rate]) -> None:
        """Set these without a prefix; the others stay as they are."""
        ...

    async def tariffs(self, accounts: Collection[AccountId], numbers: Iterable[str]) -> Mapping[AccountId, Tariff]:
        """What the accounts pay, as far as the numbers ask."""
        ...

    async def tariff_of(self, deck: str, numbers: Iterable[str]) -> Tariff:
        """What who pays by the deck pays."""
        ...

    async def list_lines(self, deck: str) -> Sequence[DeckLine]:
        """By cost type and prefix."""
        ...

    async def save_lines(self, deck: str, lines: Sequence[DeckLine]) -> None: ...

    async def remove_lines(self, deck: str, keys: Collection[tuple[CostType, str]]) -> None: ...

    async def add_deck(self, deck: str, name: str, now: datetime) -> bool:
        """False where it is there."""
        ...

    async def version(self, deck: str, *, lock: bool = False) -> int | None:
        """None where there is no such deck. `lock`: nobody else changes it until the transaction ends."""
        ...

    async def count_change(self, deck: str, now: datetime) -> None: ...

    async def list_decks(self) -> Sequence[DeckInfo]: ...

    async def deck_of(self, account_id: AccountId) -> str:
        """What the account pays by."""
        ...

    async def assign_account(self, account_id: AccountId, deck: str | None) -> None: ...

    async def assign_plan(self, plan: Plan, deck: str | None) -> None: ...

    async def port_prices(self, deck: str) -> Mapping[NumberKind, Micros]:
        """The months of ported numbers that the deck has set."""
        ...

    async def save_port_prices(self, deck: str, prices: Mapping[NumberKind, Micros]) -> None: ...


# --- what an account pays --------------------------------------------------------------------------------------------


async def tariffs(
    tx: Transaction, accounts: Collection[AccountId], numbers: Iterable[str]
) -> Mapping[AccountId, Tariff]:
    """What whatever begins in this transaction costs: one read, however many calls that are. `numbers` are those that
    a rate will be asked for."""
    return await tx.rates.tariffs(accounts, numbers)


async def tariff_of(tx: Transaction, account_id: AccountId, *numbers: str) -> Tariff:
    """As `tariffs`, of one account."""
    return (await tariffs(tx, [account_id], numbers))[account_id]


async def port_prices(tx: Transaction, account_id: AccountId) -> Mapping[NumberKind, Micros]:
    """What a month of each kind of ported number costs the account from now on."""
    return await _port_prices(tx, await tx.rates.deck_of(account_id))


# --- the operator's side ---------------------------------------------------------------------------------------------


async def list_rate_decks(database: Database) -> Sequence[DeckInfo]:
    async with database.reading() as tx:
        return await tx.rates.list_decks()


async def create_rate_deck(database: Database, deck: str, name: str, now: datetime) -> DeckInfo:
    """A deck without a rate of its own. Raises AlreadyExists."""
    async with database.transaction() as tx:
        if not await tx.rates.add_deck(deck, name, now):
            raise AlreadyExists(f"There is a rate deck {deck}", reason="ALREADY_EXISTS", field="id")
    return DeckInfo(deck, name, version=1, lines=0, created_at=now, updated_at=None)


async def get_rate_deck(database: Database, deck: str) -> Rates:
    """The rates without a prefix, those that the deck leaves to others too. Raises NotFound."""
    async with database.reading() as tx:
        await find_version(tx, deck)
        return await _flat(tx, deck)


async def change_rate_deck(database: Database, deck: str, rates: Sequence[Rate], now: datetime) -> Rates:
    """Set these rates for all that begins from now on; the others stay. Gives the whole deck.

    Raises NotFound, Invalid where a rate is no part of the deck or comes twice.
    """
    for position, rate in enumerate(rates):
        field = f"rates[{position}].cost_type"
        if rate.cost_type not in DEFAULT_RATES:
            raise Invalid(f"{rate.cost_type.value or 'nothing'} has no rate in this deck", field=field)
        if any(other.cost_type is rate.cost_type for other in rates[:position]):
            raise Invalid(f"{rate.cost_type} comes twice", field=field)
    async with database.transaction() as tx:
        await lock_deck(tx, deck)
        if rates:
            await tx.rates.save(deck, rates)
            await tx.rates.count_change(deck, now)
        return await _flat(tx, deck)


async def assign_deck_to_account(database: Database, account_id: AccountId, deck: str | None) -> str:
    """Let the account pay by the deck from now on, or with None by its plan's. Gives what it pays by.

    Raises NotFound for account and deck.
    """
    async with database.transaction() as tx:
        if await tx.accounts.find(account_id) is None:
            raise NotFound("There is no such account", reason="ACCOUNT_NOT_FOUND")
        if deck is not None:
            await find_version(tx, deck)
        await tx.rates.assign_account(account_id, deck)
        return await tx.rates.deck_of(account_id)


async def assign_deck_to_plan(database: Database, plan: Plan, deck: str | None) -> str:
    """Let accounts of the plan that have no deck of their own pay by this one. Raises NotFound."""
    async with database.transaction() as tx:
        if deck is not None:
            await find_version(tx, deck)
        await tx.rates.assign_plan(plan, deck)
    return deck or DEFAULT_DECK


async def get_port_prices(database: Database, deck: str) -> Mapping[NumberKind, Micros]:
    """Raises NotFound."""
    async with database.reading() as tx:
        await find_version(tx, deck)
        return await _port_prices(tx, deck)


async def change_port_prices(
    database: Database, deck: str, prices: Mapping[NumberKind, Micros], now: datetime
) -> Mapping[NumberKind, Micros]:
    """Set what a month of ported numbers costs in orders from now on; the kinds left out stay. Raises NotFound."""
    async with database.transaction() as tx:
        await lock_deck(tx, deck)
        if prices:
            await tx.rates.save_port_prices(deck, prices)
            await tx.rates.count_change(deck, now)
        return await _port_prices(tx, deck)


# --- parts -----------------------------------------------------------------------------------------------------------


async def lock_deck(tx: Transaction, deck: str) -> int:
    """The deck's version; changes of one deck come one after the other. Raises NotFound."""
    version = await tx.rates.version(deck, lock=True)
    if version is None:
        raise _not_found()
    return version


async def find_version(tx: Transaction, deck: str) -> int:
    """Raises NotFound where there is no such deck."""
    version = await tx.rates.version(deck)
    if version is None:
        raise _not_found()
    return version


async def _flat(tx: Transaction, deck: str) -> Rates:
    below = await tx.rates.list_set(DEFAULT_DECK)
    own = await tx.rates.list_set(deck) if deck != DEFAULT_DECK else []
    return {**DEFAULT_RATES, **{rate.cost_type: rate for rate in (*below, *own)}}


async def _port_prices(tx: Transaction, deck: str) -> Mapping[NumberKind, Micros]:
    below = await tx.rates.port_prices(DEFAULT_DECK)
    own = await tx.rates.port_prices(deck) if deck != DEFAULT_DECK else {}
    return {**MONTHLY, **below, **own}


def _not_found() -> NotFound:
    return NotFound("There is no such rate deck", reason="RATE_DECK_NOT_FOUND")
