"""Accounts that call or write to a country for the first time, or call there at a high price: they are told (FRD-5).

It is looked for in the records, beside the traffic and not in its way, within a minute.
"""

from datetime import datetime, timedelta

from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import first_id
from dialplane.domain.money import Micros, show_usd
from dialplane.domain.operating.unusual import First, FirstKind, Reached, firsts_of
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.common import show_id, show_time
from dialplane.services.transaction import Database

LOOK_BACK = timedelta(minutes=5)
"""Several looks long: what began just before one is in the next."""


async def look_for_firsts(database: Database, now: datetime) -> int:
    """Tell of what accounts never did before; how much there is. Their home country is nothing new."""
    async with database.reading() as tx:
        found = firsts_of(await tx.watch.reached(first_id(now - LOOK_BACK)))
    if not found:
        return 0
    async with database.transaction() as tx:
        new = await tx.watch.note_firsts(list(found), now)
        accounts = await tx.accounts.find_many({each.account_id for each in new})
        told = [
            each
            for each in new
            if each.kind is FirstKind.PRICE or each.country != accounts[each.account_id].home_country.upper()
        ]
        await publish(tx, *(_event(each, found[each], now) for each in told))
    return len(told)


def _event(first: First, reached: Reached, now: datetime) -> Event:
    data: dict[str, object] = {
        "customer_id": show_id(first.account_id),
        "country": first.country,
        "number": reached.number,
        "tm_create": show_time(now),
    }
    if first.kind is FirstKind.COUNTRY:
        data["message"] = f"The first call or text to {first.country}: {reached.number}"
        return Event(first.account_id, "outbound_country_new", first.account_id, data, now)
    price = show_usd(Micros(reached.minute_micros))
    data |= {
        "price_per_minute_micros": reached.minute_micros,
        "message": f"The first call to {first.country} at ${price} a minute: {reached.number}",
    }
    return Event(first.account_id, "outbound_price_high", first.account_id, data, now)
