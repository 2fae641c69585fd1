"""`GET /v1.0/available_numbers` with every filter, its pages, what it costs, and what is refused."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dialplane.adapters.carriers.registry import CarrierRegistry
from dialplane.adapters.carriers.sandbox import SandboxCarrier
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import utc_now
from dialplane.domain.money import usd
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import SANDBOX, NewItem
from dialplane.domain.supply.sandbox_stock import sandbox_shelf
from dialplane.services.settings import CarrierSwitch, set_carrier_switch
from dialplane.services.supply.inventory import import_items
from tests.faces.conftest import Client, Tenant, application, dependencies, serving

SF, LA, FREE, LONDON = "+14153569377", "+13105557777", "+18005551234", "+442079460000"
PATH = "/v1.0/available_numbers"


@pytest.fixture
async def shop(client: Client, database: PostgresDatabase) -> Client:
    san_francisco = NewItem(
        SF, NumberKind.LOCAL, "US", "CA", "San Francisco", "94103", 37.7749, -122.4194, ("voice", "sms", "mms"),
        setup_micros=usd(1), monthly_micros=usd(2),
    )  # fmt: skip
    los_angeles = NewItem(
        LA, NumberKind.LOCAL, "US", "CA", "Los Angeles", "90012", 34.05, -118.24, ("voice",), monthly_micros=usd(1)
    )
    free = NewItem(FREE, NumberKind.TOLL_FREE, "US", setup_micros=usd(5), monthly_micros=usd(1))
    london = NewItem(LONDON, NumberKind.LOCAL, "GB", documents_required=("proof_of_address",), monthly_micros=usd(3))
    await import_items(database, [san_francisco, los_angeles, free, london], utc_now())
    return client


async def numbers(client: Client, query: str) -> list[str]:
    answer = await client.ask("GET", f"{PATH}?{query}")
    assert answer.status == 200, answer.raw
    return [row["number"] for row in answer.json["result"]]


async def test_offer_says_what_its_purchase_charges_at_once(shop: Client) -> None:
    answer = await shop.ask("GET", f"{PATH}?country_code=us&postal_code=94103&latitude=37.8044&longitude=-122.2712")

    assert answer.json == {
        "result": [
            {
                "number": SF,
                "country": "US",
                "region": "CA",
                "postal_code": "94103",
                "features": ["mms", "sms", "voice"],
                "number_type": "local",
                "locality": "San Francisco",
                "latitude": 37.7749,
                "longitude": -122.4194,
                "setup_micros": 1_000_000,
                "monthly_micros": 2_000_000,
                "total_micros": 3_000_000,
                "documents_required": [],
                "distance_km": 13.43,
            }
        ],
        "next_page_token": "",
        "partial": False,
        "carriers": [],
    }


async def test_every_filter_narrows_the_search(shop: Client) -> None:
    expected = {
        "country_code=US": [LA, SF, FREE],
        "country_code=US,GB": [LA, SF, FREE, LONDON],
        "country_code=US&type=local,toll-free": [LA, SF, FREE],
        "country_code=US&type=toll_free": [FREE],
        "country_code=US&letters=flowers": [SF],
        "country_code=US&contains=FLOWERS": [SF],
        "country_code=US&contains=35*937": [SF],
        "country_code=US&contains=5%3F57": [LA],
        "country_code=US&starts_with=1310": [LA],
        "country_code=US&ends_with=12%3F4": [FREE],
        "country_code=US&area_code=415&contains=FLO&ends_with=7": [SF],
        "country_code=US&region=CA": [LA, SF],
        "country_code=US&locality=los%20angeles": [LA],
        "country_code=US&features=voice,sms": [SF, FREE],
        "country_code=US&max_setup_micros=0": [LA],
        "country_code=US,GB&max_monthly_micros=1000000": [LA, FREE],
        "country_code=US&max_total_micros=3000000": [LA, SF],
        "country_code=GB&documents_required=none": [],
        "country_code=GB&documents_required=any": [LONDON],
        "country_code=US&near_number=%2B14153569377": [SF],
        "country_code=US&near_number=14153569377&distance_km=1000": [SF, LA],
        "country_code=US,GB&order=price": [LA, FREE, SF, LONDON],
        "country_code=US&near_number=14153569377&distance_km=1000&order=price": [LA, SF],
    }

    assert {query: await numbers(shop, query) for query in expected} == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "country_code"),
        ("country_code=XXX", "country_code"),
        ("country_code=,", "country_code"),
        ("country_code=US&type=pager", "type"),
        ("country_code=US&type=virtual,local", "type"),
        ("country_code=US&contains=12-3", "contains"),
        ("country_code=US&starts_with=1234567890123456", "starts_with"),
        ("country_code=US&ends_with=%25", "ends_with"),
        ("country_code=US&letters=%C3%9C", "letters"),
        ("country_code=US,CA&area_code=415", "area_code"),
        ("country_code=US&area_code=415&starts_with=1", "area_code"),
        ("country_code=US&features=telepathy", "features"),
        ("country_code=US&documents_required=some", "documents_required"),
        ("country_code=US&max_total_micros=-1", "max_total_micros"),
        ("country_code=US&latitude=1", "longitude"),
        ("country_code=US&latitude=91&longitude=0", "latitude"),
        ("country_code=US&latitude=nan&longitude=0", "latitude"),
        ("country_code=US&latitude=1&longitude=1&distance_km=0", "distance_km"),
        ("country_code=US&latitude=1&longitude=1&near_number=1415", "near_number"),
        ("country_code=US&near_number=%2B4989123", "near_number"),
        ("country_code=US&order=colour", "order"),
        ("country_code=US&order=distance", "order"),
        ("country_code=US&locality=%00", "locality"),
        ("country_code=US&page_token=2026-01-15T09:30:00Z", "page_token"),
        ("country_code=US&page_token=W10", "page_token"),
    ],
)
async def test_bad_filter_is_refused_by_its_name(shop: Client, query: str, field: str) -> None:
    """API-2."""
    answer = await shop.ask("GET", f"{PATH}?{query}")

    assert answer.status == 400, answer.raw
    assert field in [detail.get("field") for detail in answer.json["error"]["details"]], answer.raw


async def test_pages_follow_each_other_by_token(shop: Client) -> None:
    for order in ("number", "price"):
        query = f"country_code=US,GB&order={order}"
        seen: list[str] = []
        token = ""
        while True:
            page: Any = (await shop.ask("GET", f"{PATH}?{query}&page_size=1&page_token={token}")).json
            seen += [row["number"] for row in page["result"]]
            token = page["next_page_token"]
            if not token:
                break
        assert seen == await numbers(shop, query)

    other_order = await shop.ask("GET", f"{PATH}?country_code=US&order=number&page_size=1")
    token = other_order.json["next_page_token"]
    mixed = await shop.ask("GET", f"{PATH}?country_code=US&order=price&page_token={token}")
    assert (mixed.status, mixed.json["error"]["details"][0]["field"]) == (400, "page_token")


@pytest.fixture
async def market(tenant: Tenant, database: PostgresDatabase, tmp_path: Path) -> AsyncIterator[Client]:
    """An installation with a carrier that can be asked, and nothing in stock."""
    carrier = SandboxCarrier(database)
    registry = CarrierRegistry({SANDBOX: carrier}, searches={SANDBOX: carrier})
    ports = replace(dependencies(database, tmp_path), carriers=registry)
    async with serving(ports, application(ports)) as base, aiohttp.ClientSession() as session:
        yield Client(base, session, tenant.key)


async def test_number_of_a_carrier_is_found_reserved_and_bought(market: Client) -> None:
    """NUM-2."""
    shelf = [item.number for item in sandbox_shelf() if item.country == "GB"]

    found = await market.ask("GET", f"{PATH}?country_code=GB&page_size=100")
    reserved = await market.ask("POST", "/v1.0/reservations", {"number": shelf[0]})
    bought = await market.ask("POST", "/v1.0/numbers", {"number": shelf[0]})
    left = await numbers(market, "country_code=GB&page_size=100")

    assert [row["number"] for row in found.json["result"]] == sorted(shelf)
    assert found.json["carriers"] == [{"name": "sandbox", "reply": "answered"}]
    assert (reserved.status, bought.status, bought.json["number"]) == (200, 200, shelf[0])
    assert left == sorted(shelf[1:])


async def test_search_without_a_carrier_that_fails_says_so(market: Client, database: PostgresDatabase) -> None:
    await set_carrier_switch(database, CarrierSwitch.REJECT)

    answer = await market.ask("GET", f"{PATH}?country_code=GB")

    assert answer.json == {
        "result": [],
        "next_page_token": "",
        "partial": True,
        "carriers": [{"name": "sandbox", "reply": "failed"}],
    }
