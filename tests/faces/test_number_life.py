"""The life of a number through the native API: filters, protection, history, transfer, the sandbox's clock."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from dialplane.adapters.carriers.owned import OwnedCarrier
from dialplane.adapters.carriers.registry import CarrierRegistry
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import utc_now
from dialplane.domain.supply.inventory import OWNED
from dialplane.services.numbering.reconcile import reconcile_stock
from dialplane.services.numbering.renewal import renew_numbers
from dialplane.services.settings import read_clock
from dialplane.services.transaction import Database
from tests.faces.conftest import Answer, Client, Tenant, make_tenant, stock

NUMBER, OTHER = "+14155550100", "+14155550101"


@pytest.fixture(autouse=True)
async def stocked(database: Database) -> None:
    await stock(database, NUMBER, OTHER)


async def buy(client: Client, number: str = NUMBER, **facts: object) -> str:
    bought = await client.ask("POST", "/v1.0/numbers", {"number": number, **facts})
    assert bought.status == 200, bought.raw
    return f"/v1.0/numbers/{bought.json['id']}"


def shown(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.raw
    return [row["number"] for row in answer.json["result"]]


async def test_protected_number_is_not_released_and_the_answer_says_how_to(client: Client) -> None:
    path = await buy(client)
    await client.ask("PUT", path, {"protected": True})

    refused = await client.ask("DELETE", path)
    await client.ask("PUT", path, {"protected": False})
    released = await client.ask("DELETE", path)

    assert (refused.status, refused.reason) == (409, "NUMBER_PROTECTED")
    assert refused.json["error"]["details"] == [{"field": "protected"}]
    assert "set `protected` to false first" in refused.json["error"]["message"]
    assert (released.status, released.json["status"]) == (200, "released")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tag=sales", [OTHER, NUMBER]),
        ("tag=sales&tag=berlin", [NUMBER]),
        ("tag=none", []),
        ("metadata=floor:3", [NUMBER]),
        ("metadata=vip:true&metadata=site:HQ", [NUMBER]),
        ("metadata=site:HQ&metadata=floor:4", []),
        ("name=front", [NUMBER]),
        ("number=0101", [OTHER]),
        ("number=%2B1415", [OTHER, NUMBER]),
        ("number_type=local&status=active", [OTHER, NUMBER]),
        ("number_type=toll-free", []),
        ("status=suspended", []),
    ],
)
async def test_numbers_are_found_by_what_stands_on_them(client: Client, query: str, found: list[str]) -> None:
    metadata = {"floor": 3, "vip": True, "site": "HQ"}
    await buy(client, NUMBER, name="Front desk", tags=["sales", "berlin"], metadata=metadata)
    await buy(client, OTHER, tags=["sales"])

    assert shown(await client.ask("GET", f"/v1.0/numbers?{query}")) == found


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=gone", "status"),
        ("number_type=gold", "number_type"),
        ("metadata=floor", "metadata"),
        ("name=%00", "name"),
        (f"name={'x' * 601}", "name"),
    ],
)
async def test_filter_that_cannot_be_is_refused_by_its_name(client: Client, query: str, field: str) -> None:
    """API-8"""
    answer = await client.ask("GET", f"/v1.0/numbers?{query}")

    assert answer.status == 400
    assert answer.json["error"]["details"][0]["field"] == field


async def test_metadata_is_laid_over_and_taken_off(client: Client) -> None:
    path = await buy(client, metadata={"a": 1, "b": "two"})

    put = await client.ask("PUT", path, {"metadata": {"a": None, "c": False}})
    documented = await client.ask("PUT", f"{path}/metadata", {"rtp_debug": True})
    refused = await client.ask("PUT", f"{path}/metadata", {"rtp_debug": "perhaps"})

    assert put.json["metadata"] == {"rtp_debug": False, "b": "two", "c": False}
    assert documented.json["metadata"] == {"rtp_debug": True, "b": "two", "c": False}
    assert (refused.status, refused.json["error"]["details"][0]["field"]) == (400, "metadata.rtp_debug")


async def test_history_tells_each_change_by_page(client: Client, operator: Client, tenant: Tenant) -> None:
    path = await buy(client, name="desk")
    await client.ask("PUT", path, {"name": "door", "tags": ["a"]})
    await client.ask("PUT", f"{path}/targets", {"voice": {"type": "forward", "pstn": "+12025550123"}})
    await operator.ask("POST", f"/numbers/{path.rpartition('/')[2]}/suspend", {})

    first = await client.ask("GET", f"{path}/history?page_size=3")
    rest = await client.ask("GET", f"{path}/history?page_token={first.json['next_page_token']}")

    told = first.json["result"] + rest.json["result"]
    assert [each["what"] for each in told] == ["suspended", "updated", "updated", "created"]
    assert [each["actor"]["type"] for each in told] == ["operator", "access_key", "access_key", "access_key"]
    assert told[2]["changes"] == [
        {"field": "name", "from": "desk", "to": "door"},
        {"field": "tags", "from": [], "to": ["a"]},
    ]
    assert {(each["number"], each["customer_id"]) for each in told} == {(NUMBER, str(tenant.id))}
    keys = await client.ask("GET", "/v1.0/accesskeys")
    assert told[3]["actor"]["id"] == keys.json["result"][0]["id"]


async def test_history_of_a_foreign_number_is_that_of_an_unknown_one(client: Client, other_tenant: Tenant) -> None:
    """API-6"""
    path = await buy(client)
    other = Client(client.base, client.session, other_tenant.key)

    answers = [await other.ask("GET", f"{each}/history") for each in (path, f"/v1.0/numbers/{uuid4()}")]

    assert [(answer.status, answer.reason) for answer in answers] == [(404, "NUMBER_NOT_FOUND")] * 2


async def test_number_goes_to_an_account_below_and_to_no_other(
    client: Client, tenant: Tenant, other_tenant: Tenant, database: PostgresDatabase
) -> None:
    below = await make_tenant(database, name="below")
    await database.pool.execute("update accounts set parent_id = $2 where id = $1", below.id, tenant.id)
    path = await buy(client)

    strange = await client.ask("POST", f"{path}/transfer", {"customer_id": str(other_tenant.id)})
    unknown = await client.ask("POST", f"{path}/transfer", {"customer_id": str(uuid4())})
    moved = await client.ask("POST", f"{path}/transfer", {"customer_id": str(below.id)})
    gone = await client.ask("GET", path)
    there = await Client(client.base, client.session, below.key).ask("GET", path)

    assert [(each.status, each.reason) for each in (strange, unknown)] == [(404, "ACCOUNT_NOT_FOUND")] * 2
    assert (moved.status, moved.json["customer_id"]) == (200, str(below.id))
    assert (gone.status, there.status) == (404, 200)


async def come_by(database: Database) -> None:
    """What the worker does about numbers, by the clock that the sandbox shows."""
    now = await read_clock(database, now=utc_now())
    await renew_numbers(database, now)
    await reconcile_stock(database, CarrierRegistry({OWNED: OwnedCarrier()}), now)


async def told(database: PostgresDatabase) -> list[str]:
    rows = await database.pool.fetch("select type, data from events where resource = 'number' order by resource_seq")
    assert {row["data"]["number"] for row in rows} == {NUMBER}
    return [row["type"] for row in rows]


async def test_month_of_a_number_by_the_sandboxs_clock(
    client: Client, operator: Client, tenant: Tenant, database: PostgresDatabase
) -> None:
    """Warned 7, 3 and 1 days before, unpaid, a week of grace, suspended, paid for: DESIGN section 9, "Renewal"."""
    path = await buy(client)
    credits = f"/accounts/{tenant.id}/credits"
    assert (await operator.ask("POST", credits, {"amount_micros": -98_000_000})).status == 201
    due = datetime.fromisoformat((await client.ask("GET", path)).json["tm_renew"])

    for days in (-7, -3, -1, 0, 6, 7):
        await operator.ask("PUT", "/sandbox/clock", {"now": (due + timedelta(days=days)).isoformat()})
        await come_by(database)
        standing = (await client.ask("GET", path)).json
        assert (standing["status"], standing["suspended_for"]) == (
            ("active", "") if days < 7 else ("suspended", "unpaid")
        )
    await operator.ask("POST", credits, {"amount_micros": 5_000_000})
    await come_by(database)

    back = (await client.ask("GET", path)).json
    assert back["status"] == "active"
    assert datetime.fromisoformat(back["tm_renew"]) > due + timedelta(days=27)
    assert (await client.ask("GET", "/v1.0/billing_account")).json["balance_credit"] == 4_000_000
    assert await told(database) == [
        "number_created", "number_renewal_due", "number_renewal_due", "number_renewal_due", "number_renewal_failed",
        "number_suspended", "number_updated", "number_renewed", "number_reactivated", "number_updated",
    ]  # fmt: skip


async def test_operators_reactivation_gives_a_week_by_the_sandboxs_clock(
    client: Client, operator: Client, tenant: Tenant, database: PostgresDatabase
) -> None:
    path = await buy(client)
    await operator.ask("POST", f"/accounts/{tenant.id}/credits", {"amount_micros": -98_000_000})
    due = datetime.fromisoformat((await client.ask("GET", path)).json["tm_renew"])
    for days in (0, 7):
        await operator.ask("PUT", "/sandbox/clock", {"now": (due + timedelta(days=days)).isoformat()})
        await come_by(database)

    reactivated = await operator.ask("POST", f"/numbers/{path.rpartition('/')[2]}/reactivate", {})
    statuses = []
    for days in (13, 15):
        await operator.ask("PUT", "/sandbox/clock", {"now": (due + timedelta(days=days)).isoformat()})
        await come_by(database)
        statuses.append((await client.ask("GET", path)).json["status"])

    assert (reactivated.status, reactivated.json["status"]) == (201, "active")
    assert statuses == ["active", "suspended"]
    assert (await told(database))[-4:] == [
        "number_reactivated", "number_updated", "number_suspended", "number_updated",
    ]  # fmt: skip


async def test_reservation_ends_by_the_sandboxs_clock(
    client: Client, operator: Client, other_tenant: Tenant, database: PostgresDatabase
) -> None:
    other = Client(client.base, client.session, other_tenant.key)
    held = await client.ask("POST", "/v1.0/reservations", {"number": NUMBER})
    path = f"/v1.0/reservations/{held.json['id']}"

    early = await other.ask("POST", "/v1.0/numbers", {"number": NUMBER})
    await operator.ask("PUT", "/sandbox/clock", {"now": (utc_now() + timedelta(minutes=31)).isoformat()})
    ended = await client.ask("GET", path)
    listed = await client.ask("GET", "/v1.0/reservations")
    refused = await client.ask("DELETE", path)
    late = await other.ask("POST", "/v1.0/numbers", {"number": NUMBER})

    assert (early.status, early.reason) == (409, "ALREADY_EXISTS")
    assert (ended.json["status"], listed.json["result"], refused.status) == ("expired", [], 409)
    assert late.status == 200


async def test_reservation_is_used_up_by_the_purchase_and_given_back_by_its_deletion(client: Client) -> None:
    used = await client.ask("POST", "/v1.0/reservations", {"number": NUMBER})
    returned = await client.ask("POST", "/v1.0/reservations", {"number": f" {OTHER} "})
    await buy(client)

    given_back = await client.ask("DELETE", f"/v1.0/reservations/{returned.json['id']}")
    after = await client.ask("GET", f"/v1.0/reservations/{used.json['id']}")
    no_number = await client.ask("POST", "/v1.0/reservations", {"number": "415"})

    assert (given_back.json["status"], given_back.json["number"]) == ("released", OTHER)
    assert after.json["status"] == "used"
    assert (no_number.status, no_number.json["error"]["details"]) == (400, [{"field": "number"}])
