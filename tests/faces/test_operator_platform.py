"""Rates, carriers and refused calls, as the operator sees them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import utc_now
from dialplane.domain.supply.inventory import ItemState, StockCount
from dialplane.services.calling.calls import RefusedCall
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, stock

SECOND = timedelta(seconds=1)
DECK = "/rate_decks/default"


async def test_set_rate_stands_and_the_others_stay(operator: Client) -> None:
    before = (await operator.ask("GET", DECK)).json

    change = {"rates": [{"cost_type": "sms", "credit_micros": 7, "tokens": 2}]}
    changed = await operator.ask("PUT", DECK, change)

    assert changed.status == 200
    assert (await operator.ask("GET", DECK)).json == changed.json
    wanted = [change["rates"][0] if rate["cost_type"] == "sms" else rate for rate in before["rates"]]
    assert changed.json == {"id": "default", "currency": "USD", "rates": wanted}


async def test_deck_as_it_was_read_can_be_put_back(operator: Client) -> None:
    before = (await operator.ask("GET", DECK)).json
    await operator.ask("PUT", DECK, {"rates": [{"cost_type": "sms", "credit_micros": 7}]})

    back = await operator.ask("PUT", DECK, before)

    assert (back.status, back.json) == (200, before)


@pytest.mark.parametrize(
    ("rate", "field"),
    [
        ({"cost_type": "gold", "credit_micros": 1}, "cost_type"),
        ({"cost_type": "number", "credit_micros": 1}, "cost_type"),
        ({"cost_type": "sms", "credit_micros": -1}, "credit_micros"),
        ({"cost_type": "sms", "credit_micros": 1.5}, "credit_micros"),
        ({"cost_type": "sms", "credit_micros": True}, "credit_micros"),
        ({"cost_type": "sms", "credit_micros": 10**30}, "credit_micros"),
        ({"cost_type": "sms"}, "credit_micros"),
        ({"cost_type": "sms", "credit_micros": 1, "tokens": -1}, "tokens"),
        ({"cost_type": "sms", "credit_micros": 1, "price": 2}, "price"),
    ],
)
async def test_refused_rate_names_the_field_and_changes_nothing(
    operator: Client, rate: dict[str, object], field: str
) -> None:
    before = (await operator.ask("GET", DECK)).json
    good = {"cost_type": "email", "credit_micros": 5}

    answer = await operator.ask("PUT", DECK, {"rates": [good, rate]})

    assert answer.status == 400, answer.raw
    assert field in str(answer.json["errors"]), answer.raw
    assert (await operator.ask("GET", DECK)).json == before


async def test_carriers_are_shown_with_what_they_have(operator: Client, client: Client, database: Database) -> None:
    await stock(database, "+14155550101", "+14155550102")
    await client.ask("POST", "/v1.0/numbers", {"number": "+14155550101"})

    carriers = (await operator.ask("GET", "/carriers")).json["carriers"]

    assert carriers == [
        {
            "name": "owned",
            "kind": "local",
            "stock": {"offered": 1, "held": 0, "assigned": 1, "quarantined": 0},
            "estimated": False,
        }
    ]


async def test_stock_that_is_too_large_to_be_counted_is_estimated(database: PostgresDatabase) -> None:
    await stock(database, "+14155550101", "+14155550102", "+14155550103")
    await database.pool.execute("analyze inventory_items")

    async with database.reading() as tx:
        counted = await tx.inventory.count_by_carrier(exactly_up_to=3)
        estimated = await tx.inventory.count_by_carrier(exactly_up_to=2)

    assert counted == StockCount({"owned": {ItemState.OFFERED: 3}})
    assert estimated == StockCount({"owned": {ItemState.OFFERED: 3}}, is_estimated=True)


async def test_refused_calls_are_listed_newest_first_by_pages(operator: Client, database: Database) -> None:
    now = utc_now()
    calls = [
        RefusedCall(
            uuid4(), "203.0.113.9", "+1", f"+1415555010{n}", 404, "unknown", now + timedelta(seconds=n), {"n": n}
        )
        for n in range(3)
    ]
    async with database.transaction() as tx:
        await tx.calls.refuse_many(calls)

    first = (await operator.ask("GET", "/refused_calls?page_size=2")).json
    token = first["next_page_token"].replace("+", "%2B")
    last = (await operator.ask("GET", f"/refused_calls?page_size=2&page_token={token}")).json

    assert [one["destination"] for one in first["result"]] == ["+14155550102", "+14155550101"]
    assert [one["destination"] for one in last["result"]] == ["+14155550100"]
    assert last["next_page_token"] == ""
    shown = last["result"][0]
    assert (shown["reason"], shown["route"], shown["sip_code"]) == ("unknown", {"n": 0}, 404)
    assert (shown["source_host"], shown["source"]) == ("203.0.113.9", "+1")
