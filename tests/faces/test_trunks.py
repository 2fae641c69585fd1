"""`/v1.0/trunks` (VoIPBIN reference 6.5)."""

import asyncio
from typing import Any

from dialplane.adapters.postgres.database import PostgresDatabase
from tests.faces.conftest import Client, Tenant

TRUNK: dict[str, Any] = {
    "name": "office",
    "detail": "the old PBX",
    "domain_name": "office-one",
    "auth_types": ["basic", "ip"],
    "username": "pbx",
    "password": "secret",
    "allowed_ips": ["203.0.113.7", "198.51.100.0/28", "2001:db8::1"],
}


async def test_trunk_is_made_read_changed_and_deleted(client: Client) -> None:
    made = await client.ask("POST", "/v1.0/trunks", TRUNK)
    path = f"/v1.0/trunks/{made.json['id']}"
    changed = await client.ask("PUT", path, {"detail": "the new PBX", "auth_types": ["ip"]})
    read = await client.ask("GET", path)
    listed = await client.ask("GET", "/v1.0/trunks")
    deleted = await client.ask("DELETE", path)
    after = await client.ask("GET", path)

    assert (made.status, changed.status, read.status, deleted.status, after.status) == (200, 200, 200, 200, 404)
    assert {name: made.json[name] for name in TRUNK} == TRUNK
    assert read.json == changed.json
    assert {name: read.json[name] for name in TRUNK} == {**TRUNK, "detail": "the new PBX", "auth_types": ["ip"]}
    assert listed.json["result"] == [read.json]
    assert deleted.json["tm_delete"] is not None
    assert after.reason == "TRUNK_NOT_FOUND"
    assert (await client.ask("GET", "/v1.0/trunks")).json == {"result": [], "next_page_token": ""}


BAD: list[tuple[dict[str, Any], str]] = [
    ({"domain_name": ""}, "domain_name"),
    ({"domain_name": "two words"}, "domain_name"),
    ({"domain_name": "office.trunk.voipbin.net"}, "domain_name"),
    ({"domain_name": "o" * 129}, "domain_name"),
    ({"domain_name": None}, "domain_name"),
    ({"auth_types": []}, "auth_types"),
    ({"auth_types": ["digest"]}, "auth_types"),
    ({"username": ""}, "username"),
    ({"username": 'a"b'}, "username"),
    ({"password": ""}, "password"),
    ({"password": "p" * 129}, "password"),
    ({"allowed_ips": []}, "allowed_ips"),
    ({"allowed_ips": ["pbx.example.com"]}, "allowed_ips"),
    ({"allowed_ips": ["0.0.0.0/0"]}, "allowed_ips"),
    ({"allowed_ips": ["203.0.113.7/24"]}, "allowed_ips"),
    ({"allowed_ips": ["203.0.113.7"] * 101}, "allowed_ips"),
    ({"name": "n" * 256}, "name"),
    ({"detail": "d" * 4097}, "detail"),
]


async def test_bad_field_is_named_and_nothing_is_made(client: Client) -> None:
    for change, field in BAD:
        answer = await client.ask("POST", "/v1.0/trunks", TRUNK | change)

        assert (answer.status, answer.json["error"]["status"]) == (400, "INVALID_ARGUMENT"), change
        assert answer.json["error"]["details"][0]["field"].startswith(field)
    assert (await client.ask("GET", "/v1.0/trunks")).json["result"] == []


async def test_change_that_leaves_no_way_in_is_refused_and_changes_nothing(client: Client) -> None:
    made = await client.ask("POST", "/v1.0/trunks", TRUNK)
    path = f"/v1.0/trunks/{made.json['id']}"

    answer = await client.ask("PUT", path, {"allowed_ips": []})

    assert (answer.status, answer.json["error"]["details"][0]["field"]) == (400, "allowed_ips")
    assert (await client.ask("GET", path)).json == made.json


async def test_plan_limit_is_429_and_a_deleted_trunk_makes_room(client: Client) -> None:
    """Reference 7.2: the free plan has one."""
    made = await client.ask("POST", "/v1.0/trunks", TRUNK)
    second = await client.ask("POST", "/v1.0/trunks", TRUNK | {"domain_name": "office-two"})
    await client.ask("DELETE", f"/v1.0/trunks/{made.json['id']}")
    third = await client.ask("POST", "/v1.0/trunks", TRUNK)

    assert (second.status, second.reason) == (429, "RESOURCE_LIMIT_EXCEEDED")
    assert third.status == 200


async def test_domain_name_of_another_account_is_409_in_any_spelling(client: Client, other_tenant: Tenant) -> None:
    stranger = Client(client.base, client.session, other_tenant.key)
    await client.ask("POST", "/v1.0/trunks", TRUNK)
    other = await stranger.ask("POST", "/v1.0/trunks", TRUNK | {"domain_name": "mine"})

    made = await stranger.ask("PUT", f"/v1.0/trunks/{other.json['id']}", {"domain_name": "Office-One"})

    assert (made.status, made.reason) == (409, "ALREADY_EXISTS")
    assert made.json["error"]["details"][0]["field"] == "domain_name"


async def test_of_many_who_take_a_domain_name_at_once_one_gets_it(client: Client, other_tenant: Tenant) -> None:
    stranger = Client(client.base, client.session, other_tenant.key)
    paths = []
    for each, name in ((client, "one"), (stranger, "two")):
        made = await each.ask("POST", "/v1.0/trunks", TRUNK | {"domain_name": name})
        paths.append((each, f"/v1.0/trunks/{made.json['id']}"))

    answers = await asyncio.gather(
        *(each.ask("PUT", path, {"domain_name": "wanted"}) for each, path in paths),
        *(each.ask("POST", "/v1.0/trunks", TRUNK | {"domain_name": "wanted"}) for each, _ in paths),
    )

    assert sorted(answer.status for answer in answers) == [200, 409, 429, 429]


async def test_trunk_of_another_account_is_as_unknown(client: Client, other_tenant: Tenant) -> None:
    stranger = Client(client.base, client.session, other_tenant.key)
    made = await client.ask("POST", "/v1.0/trunks", TRUNK)
    path = f"/v1.0/trunks/{made.json['id']}"

    answers = [
        await stranger.ask("GET", path),
        await stranger.ask("PUT", path, {"name": "mine"}),
        await stranger.ask("DELETE", path),
    ]

    assert [(each.status, each.reason) for each in answers] == [(404, "TRUNK_NOT_FOUND")] * 3
    assert (await client.ask("GET", path)).json == made.json
    assert (await stranger.ask("GET", "/v1.0/trunks")).json["result"] == []


async def test_password_is_sealed_in_the_store_and_in_no_event(client: Client, database: PostgresDatabase) -> None:
    await client.ask("POST", "/v1.0/trunks", TRUNK)

    async with database.reading() as tx:
        kept = await tx.connection.fetchval("select password from pbx_trunks")
        told = await tx.connection.fetch("select type, public, data::text from events where type like 'trunk%'")

    assert kept.startswith("sealed:")
    assert [(row["type"], row["public"]) for row in told] == [("trunk_created", False)]
    assert "secret" not in told[0]["data"]
