"""Trunks with all their terms, and routes, as the operator writes them (VoIPBIN reference 6.6)."""

from typing import Any

import pytest

from dialplane.services.transaction import Database
from tests.faces.conftest import Client

FULL: dict[str, Any] = {
    "name": "carrier",
    "host": "sip.carrier.example",
    "port": 5061,
    "transport": "tls",
    "username": "line-1",
    "password": "carrier pigeon",
    "gateways": [{"host": "192.0.2.7", "port": 5060, "transport": "udp", "priority": 20, "weight": 3}],
    "srtp": "required",
    "codecs": ["g722", "PCMU"],
    "number_style": "plain",
    "country": "GB",
    "tech_prefix": "99",
    "tech_headers": {"X-Customer": "7"},
    "calls_at_once": 3,
    "calls_per_second": 0.5,
    "probe_s": 30,
    "registers": True,
    "session_timer_s": 1800,
    "reliable": "supported",
}


async def test_trunk_is_shown_as_it_was_written_but_for_its_passwords(operator: Client) -> None:
    made = await operator.ask("POST", "/trunks", FULL)
    read = await operator.ask("GET", f"/trunks/{made.json['id']}")

    assert made.status == 201
    shown = {name: read.json[name] for name in FULL if name != "password"}
    assert shown == {**{name: value for name, value in FULL.items() if name != "password"}, "codecs": ["G722", "PCMU"]}
    assert "pigeon" not in str(read.json)
    assert (read.json["health"], read.json["seen"], read.json["registrations"]) == ("unknown", [], [])


@pytest.mark.parametrize(
    ("written", "port", "transport"),
    [
        ({"host": "sip.carrier.example"}, None, None),
        ({"host": "sip.carrier.example", "port": None, "transport": "tls"}, None, "tls"),
        ({"host": "sip.carrier.example", "port": 5080}, 5080, "udp"),
        ({"host": "192.0.2.7"}, 5060, "udp"),
        ({"host": "2001:db8::7", "transport": "tls"}, 5061, "tls"),
        ({"host": "kamailio"}, 5060, "udp"),
    ],
)
async def test_what_dns_says_of_a_trunk_is_null_and_stays_so(
    operator: Client, written: dict[str, Any], port: int | None, transport: str | None
) -> None:
    """RFC 3263: of a domain name, what nobody wrote."""
    made = await operator.ask("POST", "/trunks", {"name": "named", **written, "gateways": [written]})

    changed = await operator.ask("PATCH", f"/trunks/{made.json['id']}", {"priority": 3})

    assert (made.status, changed.status) == (201, 200)
    for shown in (made.json, changed.json, made.json["gateways"][0], changed.json["gateways"][0]):
        assert (shown["host"], shown["port"], shown["transport"]) == (written["host"], port, transport)


async def test_what_a_change_leaves_out_stays(operator: Client, database: Database) -> None:
    trunk_id = (await operator.ask("POST", "/trunks", FULL)).json["id"]

    changed = await operator.ask("PATCH", f"/trunks/{trunk_id}", {"priority": 3, "gateways": []})

    async with database.reading() as tx:
        (kept,) = [trunk for trunk in await tx.trunks.list_live() if str(trunk.id) == trunk_id]
    assert (changed.json["priority"], changed.json["gateways"], changed.json["srtp"]) == (3, [], "required")
    assert kept.password == "carrier pigeon"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"host": "no host"}, "host"),
        ({"gateways": [{"host": "a b"}]}, "gateways"),
        ({"country": "ZZ"}, "country"),
        ({"codecs": ["G729"]}, "codecs"),
        ({"tech_prefix": "9;evil=1"}, "tech_prefix"),
        ({"tech_headers": {"Via": "x"}}, "tech_headers"),
        ({"tech_headers": {"X-A": "a\r\nVia: b"}}, "tech_headers"),
        ({"username": ""}, "registers"),
        ({"probe_s": 1}, "probe_s"),
        ({"session_timer_s": 60}, "session_timer_s"),
        ({"cost_deck": "none"}, "cost_deck"),
        ({"login_username": "x", "login_password": "short"}, "login_username"),
        ({"port": "x"}, "port"),
        ({"port": 65_536}, "port"),
        ({"transport": "sctp"}, "transport"),
        ({"networks": ["203.0.113.300/24"]}, "networks"),
    ],
)
async def test_bad_term_is_refused_by_name_and_changes_nothing(
    operator: Client, change: dict[str, Any], field: str
) -> None:
    trunk_id = (await operator.ask("POST", "/trunks", FULL)).json["id"]

    refused = await operator.ask("PATCH", f"/trunks/{trunk_id}", change)

    assert (refused.status, refused.json["errors"][0]["field"]) == (400, field)
    assert (await operator.ask("GET", f"/trunks/{trunk_id}")).json["port"] == 5061


async def test_two_trunks_may_not_have_one_login(operator: Client) -> None:
    login = {"login_username": "carrier-1", "login_password": "long enough"}
    first = await operator.ask("POST", "/trunks", {"name": "one", **login})
    second = await operator.ask("POST", "/trunks", {"name": "two", **login})

    assert (first.status, second.status) == (201, 409)


async def test_route_is_made_read_changed_and_goes_with_its_trunk(operator: Client) -> None:
    trunk_id = (await operator.ask("POST", "/trunks", FULL)).json["id"]
    made = await operator.ask("POST", "/routes", {"trunk_id": trunk_id, "target": "+44", "priority": 5})
    path = f"/routes/{made.json['id']}"

    changed = await operator.ask("PATCH", path, {"target": "all"})
    listed = (await operator.ask("GET", "/routes")).json["result"]
    await operator.ask("DELETE", f"/trunks/{trunk_id}")

    assert (made.status, made.json["target"], changed.json["target"]) == (201, "44", "all")
    assert [(row["id"], row["priority"]) for row in listed] == [(made.json["id"], 5)]
    assert (await operator.ask("GET", path)).status == 404


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"target": "abc"}, 400, "target"),
        ({"target": "1" * 16}, 400, "target"),
        ({"trunk_id": "5b7c8a4e-3d0f-4c59-9f57-6a1b2c3d4e5f"}, 404, "trunk_id"),
        ({"account_id": "5b7c8a4e-3d0f-4c59-9f57-6a1b2c3d4e5f"}, 404, "account_id"),
    ],
)
async def test_bad_route_is_refused_by_name(operator: Client, change: dict[str, Any], status: int, field: str) -> None:
    trunk_id = (await operator.ask("POST", "/trunks", FULL)).json["id"]

    refused = await operator.ask("POST", "/routes", {"trunk_id": trunk_id, **change})

    assert (refused.status, refused.json["errors"][0]["field"]) == (status, field)
