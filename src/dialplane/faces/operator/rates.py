"""The rate deck: what a started minute and a message's segment cost from the next call and message on."""

from typing import Annotated, Literal

import msgspec
from litestar import Router, get, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.charging.rating import CostType, Rate, Rates
from dialplane.domain.money import Micros
from dialplane.faces.operator.answers import refusals
from dialplane.faces.operator.request import OperatorRequest
from dialplane.services.charging import rates as service

_Micros = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
_Tokens = Annotated[int, msgspec.Meta(ge=0, le=10**9)]


class DeckRate(msgspec.Struct, forbid_unknown_fields=True):
    """The price of one unit: `tokens` while there are enough (where not 0), `credit_micros` else."""

    cost_type: CostType
    credit_micros: _Micros
    tokens: _Tokens = 0


class RateDeck(msgspec.Struct):
    id: str
    currency: str
    rates: list[DeckRate]


class RateDeckChange(msgspec.Struct, forbid_unknown_fields=True):
    """A deck as GET shows it, or the part of its rates that changes."""

    rates: Annotated[list[DeckRate], msgspec.Meta(max_length=100)]
    id: str | None = None
    """Read over: the path says which deck it is."""
    currency: Literal["USD"] = "USD"


@get("/rate_decks/{deck_id:str}", responses=refusals(404))
async def get_rate_deck(request: OperatorRequest, deck_id: FromPath[str]) -> RateDeck:
    """The prices of one unit: a started minute, a message's segment. There is one deck, `default`."""
    return show_deck(deck_id, await service.get_rate_deck(request.database, deck_id))


@put("/rate_decks/{deck_id:str}", responses=refusals(404, 413))
async def put_rate_deck(request: OperatorRequest, deck_id: FromPath[str], data: JSONBody[RateDeckChange]) -> RateDeck:
    """Set rates; those that are left out stay. Live calls and queued messages keep the price they began with."""
    rates = [Rate(rate.cost_type, Micros(rate.credit_micros), rate.tokens) for rate in data.rates]
    return show_deck(deck_id, await service.change_rate_deck(request.database, deck_id, rates, request.now))


def show_deck(deck_id: str, rates: Rates) -> RateDeck:
    return RateDeck(deck_id, "USD", [DeckRate(rate.cost_type, rate.micros, rate.tokens) for rate in rates.values()])


router = Router("/", route_handlers=[get_rate_deck, put_rate_deck], tags=["Rates"])
