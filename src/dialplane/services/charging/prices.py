"""What a call or a text would cost: the look-up that whatever begins makes, for those who only ask."""

from dataclasses import dataclass
from typing import Literal

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.charging.rating import CostType, Price
from dialplane.domain.charging.tariffs import DeckLine
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import AccountId
from dialplane.domain.numbering.numbers import VIRTUAL_PREFIX
from dialplane.services.charging.rates import find_version, tariff_of
from dialplane.services.transaction import Database

Kind = Literal["call", "message"]
Direction = Literal["outgoing", "incoming"]


@dataclass(frozen=True, slots=True)
class Enquiry:
    """`number` is the one that is called or written to; of what comes in, one of the account's own."""

    number: str
    kind: Kind = "call"
    direction: Direction = "outgoing"
    seconds: int = 60
    """Of a call."""
    segments: int = 1
    """Of a message."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The line that the price comes from, and what `units` of it cost in credit and, where there are any, in tokens."""

    number: str
    line: DeckLine
    units: int
    in_credit: Price
    in_tokens: Price | None


async def quote_for(database: Database, account_id: AccountId, enquiry: Enquiry) -> Quote:
    """What the account would pay now. Raises Invalid (`number`), NotFound for the account."""
    number = normalize_tel(enquiry.number, field="number")
    async with database.reading() as tx:
        if await tx.accounts.find(account_id) is None:
            raise NotFound("There is no such account", reason="ACCOUNT_NOT_FOUND")
        line = (await tariff_of(tx, account_id, number)).line(_cost_type(enquiry, number), number)
    return _quote(number, line, enquiry)


async def quote_of_deck(database: Database, deck: str, enquiry: Enquiry) -> Quote:
    """What who pays by the deck would pay now. Raises Invalid (`number`), NotFound."""
    number = normalize_tel(enquiry.number, field="number")
    async with database.reading() as tx:
        await find_version(tx, deck)
        line = (await tx.rates.tariff_of(deck, [number])).line(_cost_type(enquiry, number), number)
    return _quote(number, line, enquiry)


def _cost_type(enquiry: Enquiry, number: str) -> CostType:
    if enquiry.kind == "message":
        return CostType.SMS
    if number.startswith(VIRTUAL_PREFIX):
        return CostType.CALL_VN
    return CostType.CALL_PSTN_OUTGOING if enquiry.direction == "outgoing" else CostType.CALL_PSTN_INCOMING


def _quote(number: str, line: DeckLine, enquiry: Enquiry) -> Quote:
    units = line.rate.units_in(enquiry.seconds) if enquiry.kind == "call" else enquiry.segments
    in_tokens = line.rate.split(units, units * line.rate.tokens) if line.rate.tokens else None
    return Quote(number, line, units, line.rate.split(units, 0), in_tokens)
