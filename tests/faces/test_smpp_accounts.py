"""`/v1.0/smpp_accounts` and `/operator/v1/smpp_carriers`."""

from typing import Any

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from tests.faces.conftest import Client

CARRIER: dict[str, Any] = {
    "name": "aggregator", "host": "smsc.example.com", "port": 2775, "system_id": "us", "password": "hidden",
    "rate": 20, "carries": ["owned", "other"],
}  # fmt: skip


async def test_system_is_made_with_a_password_that_is_shown_once(client: Client) -> None:
    made = await client.ask("POST", "/v1.0/smpp_accounts", {"system_id": "acme", "name": "gateway", "rate": 50})
    path = f"/v1.0/smpp_accounts/{made.json['id']}"
    changed = await client.ask("PUT", path, {"inbound": False, "long_messages": "payload"})
    read = await client.ask("GET", path)
    renewed = await client.ask("POST", f"{path}/password")
    listed = await client.ask("GET", "/v1.0/smpp_accounts")
    deleted = await client.ask("DELETE", path)
    after = await client.ask("GET", path)

    assert (made.status, changed.status, renewed.status, deleted.status, after.status) == (200, 200, 200, 200, 404)
    assert (made.json["system_id"], made.json["rate"], made.json["inbound"]) == ("acme", 50, True)
    assert len(made.json["password"]) == len(renewed.json["password"]) == 8
    assert made.json["password"] != renewed.json["password"]
    assert read.json == changed.json
    assert (read.json["inbound"], read.json["long_messages"], read.json["rate"]) == (False, "payload", 50)
    assert {each["password"] for each in (read.json, *listed.json["result"], deleted.json)} == {""}
    assert after.reason == "SMPP_ACCOUNT_NOT_FOUND"


async def test_name_of_a_system_is_drawn_where_none_is_given_and_free_again_when_it_is_gone(client: Client) -> None:
    drawn = await client.ask("POST", "/v1.0/smpp_accounts", {})
    taken = await client.ask("POST", "/v1.0/smpp_accounts", {"system_id": drawn.json["system_id"]})
    await client.ask("DELETE", f"/v1.0/smpp_accounts/{drawn.json['id']}")
    again = await client.ask("POST", "/v1.0/smpp_accounts", {"system_id": drawn.json["system_id"]})

    assert (drawn.status, taken.status, again.status) == (200, 409, 200)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"system_id": "a b"}, "system_id"),
        ({"system_id": "x" * 16}, "system_id"),
        ({"rate": 0}, "rate"),
        ({"rate": 10_001}, "rate"),
        ({"window": 1_001}, "window"),
        ({"max_sessions": 51}, "max_sessions"),
        ({"long_messages": "post"}, "long_messages"),
        ({"name": "n" * 256}, "name"),
        ({"inbound": "yes"}, "inbound"),
    ],
)
async def test_bad_system_is_refused_by_its_field(client: Client, body: dict[str, object], field: str) -> None:
    refused = await client.ask("POST", "/v1.0/smpp_accounts", body)

    assert refused.status == 400, refused.raw
    assert field.encode() in refused.raw


async def test_carrier_is_set_up_changed_and_taken_away_without_its_password(
    operator: Client, database: PostgresDatabase
) -> None:
    made = await operator.ask("POST", "/smpp_carriers", CARRIER)
    path = f"/smpp_carriers/{made.json['id']}"
    changed = await operator.ask("PATCH", path, {"status": "paused", "window": 5})
    listed = await operator.ask("GET", "/smpp_carriers")
    twice = await operator.ask("POST", "/smpp_carriers", CARRIER)
    kept = await database.pool.fetchval("select password from smpp_carriers")
    deleted = await operator.ask("DELETE", path)
    after = await operator.ask("GET", path)

    assert (made.status, changed.status, twice.status, deleted.status, after.status) == (201, 200, 409, 200, 404)
    assert {name: made.json.get(name) for name in CARRIER if name != "password"} == {
        name: value for name, value in CARRIER.items() if name != "password"
    }
    assert (changed.json["status"], changed.json["window"], changed.json["bind"]) == ("paused", 5, None)
    assert listed.json == {"smpp_carriers": [changed.json]}
    assert b"hidden" not in made.raw + changed.raw + listed.raw
    assert kept.startswith("sealed:")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "A B"}, "name"), ({"host": "a b"}, "host"), ({"port": 0}, "port"),
        ({"system_id": "x" * 16}, "system_id"),
        ({"password": "x" * 64}, "password"), ({"carries": []}, "carries"), ({"carries": ["No"]}, "carries"),
        ({"enquire_s": 1}, "enquire_s"), ({"binds": "both"}, "binds"), ({"alphabet": "morse"}, "alphabet"),
        ({"system_type": "ä"}, "system_type"), ({"system_id": "a\x00b"}, "system_id"),
    ],
)  # fmt: skip
async def test_bad_carrier_is_refused_by_its_field(operator: Client, change: dict[str, object], field: str) -> None:
    refused = await operator.ask("POST", "/smpp_carriers", CARRIER | change)

    assert refused.status == 400, refused.raw
    assert field in [error["field"] for error in refused.json["errors"]], refused.raw
