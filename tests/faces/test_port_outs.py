"""Other carriers ask for numbers: with the PIN or without, and what the owner says in the meantime."""

from datetime import timedelta
from uuid import uuid4

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import utc_now
from dialplane.services.numbering.port_outs import finish_port_outs
from tests.faces.conftest import Answer, Client, Tenant, stock

NUMBER, PIN = "+14155550100", "4711ab"
ASK = {"number": NUMBER, "pin": PIN, "carrier": "New Telephone Co."}


@pytest.fixture(autouse=True)
async def number_id(client: Client, database: PostgresDatabase) -> str:
    """A number of an account that has a PIN."""
    await stock(database, NUMBER)
    bought = await client.ask("POST", "/v1.0/numbers", {"number": NUMBER})
    await client.ask("PUT", "/v1.0/port_out_pin", {"pin": PIN})
    return str(bought.json["id"])


async def told(database: PostgresDatabase) -> list[str]:
    rows = await database.pool.fetch(
        "select type from events where type like 'port_out%' order by occurred_at, resource_seq"
    )
    return [row["type"] for row in rows]


async def asked(operator: Client, **fields: object) -> Answer:
    return await operator.ask("POST", "/port_outs", ASK | fields)


async def test_number_goes_when_its_owner_says_nothing_and_never_comes_back(
    client: Client, operator: Client, database: PostgresDatabase, number_id: str
) -> None:
    request = await asked(operator)
    now = utc_now()

    await finish_port_outs(database, now + timedelta(hours=47))
    kept = await client.ask("GET", f"/v1.0/numbers/{number_id}")
    await finish_port_outs(database, now + timedelta(hours=49))
    gone = await client.ask("GET", f"/v1.0/numbers/{number_id}")
    restored = await client.ask("POST", f"/v1.0/numbers/{number_id}/restore")
    sold_again = await client.ask("POST", "/v1.0/numbers", {"number": NUMBER})
    history = await client.ask("GET", f"/v1.0/numbers/{number_id}/history")
    portable = await client.ask("POST", "/v1.0/ports/check", {"numbers": [NUMBER]})

    assert (request.status, request.json["status"], kept.json["status"]) == (201, "pending", "active")
    assert (gone.status, restored.status, sold_again.status) == (404, 409, 409)
    assert (await client.ask("GET", "/v1.0/port_outs")).json["result"][0]["status"] == "ported"
    assert history.json["result"][0]["what"] == "ported_out"
    assert portable.json["result"][0]["portable"] is True
    assert await told(database) == ["port_out_pending", "port_out_authorized", "port_out_ported"]


async def test_owner_keeps_the_number(client: Client, operator: Client, database: PostgresDatabase) -> None:
    path = f"/v1.0/port_outs/{(await asked(operator)).json['id']}"

    rejected = await client.ask("POST", f"{path}/reject", {"reason": "we stay"})
    twice = await client.ask("POST", f"{path}/approve")
    await finish_port_outs(database, utc_now() + timedelta(days=9))

    assert (rejected.status, rejected.json["status"], rejected.json["reason"]) == (200, "rejected", "we stay")
    assert twice.status == 409
    assert len((await client.ask("GET", "/v1.0/numbers")).json["result"]) == 1


async def test_approved_number_goes_on_its_day_and_not_before(
    client: Client, operator: Client, database: PostgresDatabase
) -> None:
    now = utc_now()
    path = f"/v1.0/port_outs/{(await asked(operator, port_date=(now + timedelta(days=5)).isoformat())).json['id']}"
    await client.ask("POST", f"{path}/approve")

    await finish_port_outs(database, now + timedelta(days=4))
    before = await client.ask("GET", path)
    await finish_port_outs(database, now + timedelta(days=5))
    after = await client.ask("GET", path)

    assert (before.json["status"], after.json["status"]) == ("authorized", "ported")


async def test_request_that_is_withdrawn_changes_nothing(client: Client, operator: Client) -> None:
    request = await asked(operator)

    again = await asked(operator)
    withdrawn = await operator.ask("POST", f"/port_outs/{request.json['id']}/cancel")
    listed = await operator.ask("GET", "/port_outs?status=cancelled")

    assert (again.status, withdrawn.json["status"]) == (409, "cancelled")
    assert [each["id"] for each in listed.json["port_outs"]] == [request.json["id"]]


async def test_wrong_pin_is_refused_and_the_owner_is_told(
    client: Client, operator: Client, database: PostgresDatabase, number_id: str
) -> None:
    wrong = await asked(operator, pin="0000")
    await client.ask("PUT", f"/v1.0/numbers/{number_id}", {"protected": True})
    protected = await asked(operator)

    assert (wrong.status, wrong.json["reason"], wrong.json["errors"][0]["field"]) == (403, "PIN_MISMATCH", "pin")
    assert (protected.status, protected.json["reason"]) == (409, "NUMBER_PROTECTED")
    assert await told(database) == ["port_out_refused"] * 2
    assert (await client.ask("GET", "/v1.0/port_outs")).json["result"] == []


async def test_account_without_a_pin_lets_nothing_go(
    client: Client, operator: Client, other_tenant: Tenant, database: PostgresDatabase
) -> None:
    other = Client(client.base, client.session, other_tenant.key)
    await stock(database, "+14155550101")
    await other.ask("POST", "/v1.0/numbers", {"number": "+14155550101"})

    refused = await asked(operator, number="+14155550101", pin="")

    assert refused.status == 403
    assert (await other.ask("GET", "/v1.0/port_out_pin")).json == {"has_pin": False}
    assert (await client.ask("GET", "/v1.0/port_out_pin")).json == {"has_pin": True}


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"number": "soon"}, 400, "number"),
        ({"number": "+14155550199"}, 404, "number"),
        ({"carrier": " "}, 400, "carrier"),
        ({"carrier": "x" * 256}, 400, "carrier"),
        ({"pin": 7}, 400, "pin"),
        ({"port_date": "soon"}, 400, "port_date"),
        ({"port_date": "2001-01-01"}, 400, "port_date"),
    ],
)
async def test_bad_request_is_refused_by_its_field(
    operator: Client, fields: dict[str, object], status: int, field: str
) -> None:
    answer = await asked(operator, **fields)

    assert (answer.status, answer.json["errors"][0]["field"]) == (status, field)


async def test_bad_pin_is_refused_and_strangers_find_no_request(
    client: Client, operator: Client, other_tenant: Tenant
) -> None:
    """API-6."""
    stranger = Client(client.base, client.session, other_tenant.key)
    path = f"/v1.0/port_outs/{(await asked(operator)).json['id']}"

    bad = [await client.ask("PUT", "/v1.0/port_out_pin", {"pin": pin}) for pin in ("1", "12 34", "x" * 16)]
    foreign = [
        await stranger.ask("GET", path),
        await stranger.ask("POST", f"{path}/approve"),
        await stranger.ask("POST", f"{path}/reject", {}),
        await operator.ask("POST", f"/port_outs/{uuid4()}/cancel"),
    ]

    assert [(each.status, each.json["error"]["details"][0]["field"]) for each in bad] == [(400, "pin")] * 3
    assert [each.status for each in foreign] == [404] * 4
