"""Search over our own stock and the carriers that can be asked, all at once; and buying what only a carrier has.

What a carrier shows is no item of ours yet. Who wants it has it taken in first; from then on it is sold like any other,
and so to one buyer only (NUM-2).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

import structlog

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.errors import NotFound, Unavailable
from dialplane.domain.ids import AccountId
from dialplane.domain.supply.inventory import ItemQuery, NewItem, Offer, Reservation, SortKey
from dialplane.domain.supply.item_matching import fits, sort_key
from dialplane.services.supply.carriers import CarrierFailed, Carriers, CarrierSearch, CarrierTimeout
from dialplane.services.supply.inventory import import_items, offer_of, read_offers, reserve, search
from dialplane.services.transaction import Database

log = structlog.get_logger()

SEARCH_TIMEOUT_S = 2.0
"""A person waits this long for the slowest carrier; the search goes on without it."""

_TAKEN_IN = 10
"""Of those that fit: the first may be another buyer's already."""

Result = TypeVar("Result")


class CarrierReply(StrEnum):
    ANSWERED = "answered"
    TIMED_OUT = "timed_out"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page of what can be had, in the query's order."""

    offers: Sequence[Offer]
    next_key: SortKey | None = None
    """Where the page ends; None on the last one."""
    carriers: Mapping[str, CarrierReply] = field(default_factory=dict)
    """What each carrier that was asked did."""

    @property
    def is_partial(self) -> bool:
        """Whether a carrier may have more that fits."""
        return any(reply is not CarrierReply.ANSWERED for reply in self.carriers.values())


async def search_everywhere(
    database: Database, carriers: Carriers, query: ItemQuery, now: datetime, *, timeout_s: float = SEARCH_TIMEOUT_S
) -> SearchResult:
    """What is on offer now, at most `query.limit`. A carrier that fails or is slow takes nothing away from the rest.

    Raises Invalid naming the field.
    """
    query.check()
    if query.is_virtual:
        return SearchResult(await search(database, query, now))
    count = query.offset + query.limit + 1
    async with asyncio.TaskGroup() as group:
        own = group.create_task(_search_own(database, query, now)) if not query.offset else None
        shown, replies = await _ask(carriers, query, count, timeout_s)
    if own is not None:
        offers = own.result()
    else:
        # So many of the carriers' may stand before ours that fewer of ours are passed over.
        passed = max(0, query.offset - len(shown))
        offers = await _search_own(database, replace(query, offset=passed), now, beside=len(shown))
        query = replace(query, offset=query.offset - passed)
    return _page(query, offers, await _unknown(database, [item for _, item in shown]), replies)


async def _search_own(database: Database, query: ItemQuery, now: datetime, *, beside: int = 0) -> list[Offer]:
    """One more than is shown tells whether a page follows."""
    async with database.browsing() as tx:
        return await read_offers(tx, replace(query, limit=query.limit + beside + 1), now)


async def _ask(
    carriers: Carriers, query: ItemQuery, count: int, timeout_s: float
) -> tuple[list[tuple[str, NewItem]], dict[str, CarrierReply]]:
    """What the carriers show, each with its name, and what each did. All are asked at once."""
    asked = await carriers.searches()
    answers = await asyncio.gather(*(_ask_one(name, asked[name], query, count, timeout_s) for name in asked))
    shown = [(name, item) for name, (_, items) in zip(asked, answers, strict=True) for item in items]
    return shown, {name: reply for name, (reply, _) in zip(asked, answers, strict=True)}


async def _ask_one(
    name: str, carrier: CarrierSearch, query: ItemQuery, count: int, timeout_s: float
) -> tuple[CarrierReply, list[NewItem]]:
    try:
        async with asyncio.timeout(timeout_s):
            items = await carrier.search(query, count)
    except (CarrierTimeout, TimeoutError):
        log.warning("carrier_search_timed_out", carrier=name)
        return CarrierReply.TIMED_OUT, []
    except (CarrierFailed, Unavailable) as fault:
        log.warning("carrier_search_failed", carrier=name, fault=str(fault))
        return CarrierReply.FAILED, []
    return CarrierReply.ANSWERED, [item for item in items if fits(query, item)]


async def _unknown(database: Database, items: Sequence[NewItem]) -> list[NewItem]:
    """Those that are not among our items, each number once: of what is, our own books say whether it can be had."""
    if not items:
        return []
    async with database.reading() as tx:
        known = await tx.inventory.find_known([item.number for item in items])
    return list({item.number: item for item in reversed(items) if item.number not in known}.values())


def _page(
    query: ItemQuery, own: Sequence[Offer], found: Sequence[NewItem], replies: Mapping[str, CarrierReply]
) -> SearchResult:
    every = sorted([*own, *map(offer_of, found)], key=lambda offer: sort_key(query, offer))
    end = query.offset + query.limit
    next_key = sort_key(query, every[end - 1]) if len(every) > end else None
    return SearchResult(every[query.offset : end], next_key, replies)


# --- what only a carrier has -----------------------------------------------------------------------------------------


async def with_carriers(
    database: Database,
    carriers: Carriers,
    query: ItemQuery,
    now: datetime,
    act: Callable[[], Awaitable[Result]],
    *,
    timeout_s: float = SEARCH_TIMEOUT_S,
) -> Result:
    """Do what needs an item that fits; where none is in stock, once more after the carriers were asked for some.

    Raises what `act` raises, and Unavailable where a carrier that may have such a number did not answer.
    """
    try:
        return await act()
    except NotFound as fault:
        if fault.reason != "NUMBER_NOT_FOUND" or not await _take_in(database, carriers, query, now, timeout_s):
            raise
    return await act()


async def _take_in(database: Database, carriers: Carriers, query: ItemQuery, now: datetime, timeout_s: float) -> bool:
    """Make items of what the carriers show; whether they show anything, though another buyer had it taken in before."""
    shown, replies = await _ask(carriers, query, _TAKEN_IN, timeout_s)
    new = {item.number for item in await _unknown(database, [item for _, item in shown])}
    for name in replies:
        items = {item.number: item for carrier, item in shown if carrier == name and item.number in new}
        if items:
            await import_items(database, list(items.values()), now, carrier=name)
    if not shown and any(reply is not CarrierReply.ANSWERED for reply in replies.values()):
        raise Unavailable("A carrier that may have such a number does not answer")
    return bool(shown)


async def reserve_anywhere(
    database: Database, carriers: Carriers, account_id: AccountId, number: str, now: datetime
) -> Reservation:
    """`reserve`, also of a number that only a carrier has. Raises what that raises, and Unavailable."""
    wanted = ItemQuery(number=normalize_tel(number, field="number"))
    return await with_carriers(database, carriers, wanted, now, lambda: reserve(database, account_id, number, now))
