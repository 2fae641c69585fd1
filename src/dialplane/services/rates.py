"""The rate deck: what a minute or a segment costs from now on. What has begun keeps its rate (LED-9).

The operator's rates stand over the built-in ones, each for itself.
"""

from collections.abc import Sequence
from typing import Protocol

from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.rating import DEFAULT_RATES, CostType, Rate, Rates
from dialplane.services.transaction import Database, Transaction

DEFAULT_DECK = "default"
"""The deck that every account pays by."""


class RateStore(Protocol):
    """Port: the rates that the operator has set."""

    async def list_set(self, deck: str) -> Sequence[Rate]: ...

    async def save(self, deck: str, rates: Sequence[Rate]) -> None:
        """Set these; the others stay as they are."""
        ...


async def current_rates(tx: Transaction) -> Rates:
    """The rates of whatever begins in this transaction: one read, however many calls that are."""
    return {**DEFAULT_RATES, **{rate.cost_type: rate for rate in await tx.rates.list_set(DEFAULT_DECK)}}


async def current_rate(tx: Transaction, cost_type: CostType) -> Rate:
    return (await current_rates(tx))[cost_type]


async def get_rate_deck(database: Database, deck: str) -> Rates:
    """Raises NotFound."""
    _check_deck(deck)
    async with database.reading() as tx:
        return await current_rates(tx)


async def change_rate_deck(database: Database, deck: str, rates: Sequence[Rate]) -> Rates:
    """Set these rates for all that begins from now on; the others stay. Gives the whole deck.

    Raises NotFound, Invalid where a rate is no part of the deck or comes twice.
    """
    _check_deck(deck)
    for position, rate in enumerate(rates):
        field = f"rates[{position}].cost_type"
        if rate.cost_type not in DEFAULT_RATES:
            raise Invalid(f"{rate.cost_type.value or 'nothing'} has no rate in this deck", field=field)
        if any(other.cost_type is rate.cost_type for other in rates[:position]):
            raise Invalid(f"{rate.cost_type} comes twice", field=field)
    async with database.transaction() as tx:
        if rates:
            await tx.rates.save(deck, rates)
        return await current_rates(tx)


def _check_deck(deck: str) -> None:
    if deck != DEFAULT_DECK:
        raise NotFound("There is no such rate deck", reason="RATE_DECK_NOT_FOUND")
