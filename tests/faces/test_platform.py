"""What VoIPBIN's face has for the platform's operator alone: providers, routes, forced calls (reference 1.10, 6.6)."""

from typing import Any
from uuid import uuid4

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import utc_now
from dialplane.domain.operating.audit import DeedFilter, Outcome
from dialplane.services.operating.audit import list_deeds
from tests.faces.conftest import Client, Tenant, stock

PROVIDER: dict[str, Any] = {
    "type": "sip",
    "hostname": "sip.carrier.example:5080",
    "tech_prefix": "99",
    "tech_postfix": "",
    "tech_headers": {"X-Customer": "7"},
    "name": "carrier",
    "detail": "of last resort",
    "codecs": "PCMU,PCMA",
}
EVERYBODY = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def platform(operator: Client) -> Client:
    """The operator's key at the native API."""
    return Client(operator.base.removesuffix("/operator/v1"), operator.session, operator.key)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/providers"),
        ("POST", "/providers"),
        ("DELETE", "/providers/1"),
        ("POST", "/providers/setup"),
        ("GET", "/routes"),
        ("PUT", "/routes/1"),
        ("POST", "/providercalls"),
        ("GET", "/customers"),
        ("POST", "/customers/1/2"),
        ("GET", "/billing_accounts"),
        ("PUT", "/outbound_configs/1"),
        ("POST", "/numbers/renew"),
    ],
)
async def test_tenant_is_not_permitted_whatever_it_sends(client: Client, method: str, path: str) -> None:
    refused = await client.ask(method, f"/v1.0{path}", {} if method in ("POST", "PUT") else None)

    assert (refused.status, refused.reason) == (403, "PERMISSION_DENIED")


async def test_provider_is_a_trunk_of_the_operators_and_goes_with_it(platform: Client, operator: Client) -> None:
    made = await platform.ask("POST", "/v1.0/providers", PROVIDER)
    path = f"/v1.0/providers/{made.json['id']}"
    trunk = await operator.ask("GET", f"/trunks/{made.json['id']}")
    changed = await platform.ask("PUT", path, {"tech_prefix": "", "hostname": "192.0.2.7"})
    listed = await platform.ask("GET", "/v1.0/providers")
    deleted = await platform.ask("DELETE", path)

    assert {name: made.json[name] for name in PROVIDER} == PROVIDER
    assert (made.json["health_status"], made.json["health_checked_at"], made.json["metadata"]) == ("unknown", None, {})
    assert (trunk.json["host"], trunk.json["port"], trunk.json["tech_prefix"]) == ("sip.carrier.example", 5080, "99")
    assert changed.json == {
        **made.json, "tech_prefix": "", "hostname": "192.0.2.7", "tm_update": changed.json["tm_update"]
    }  # fmt: skip
    assert listed.json["result"] == [changed.json]
    assert deleted.json["tm_delete"] is not None
    assert (await platform.ask("GET", path)).reason == "PROVIDER_NOT_FOUND"


async def test_what_the_platform_asks_for_is_in_the_audit_log(platform: Client, database: PostgresDatabase) -> None:
    """SUP-6: by the operator's key at this face as at its own; what was refused, too."""
    made = await platform.ask("POST", "/v1.0/providers", PROVIDER)
    route = {"customer_id": EVERYBODY, "provider_id": made.json["id"], "priority": 1, "target": "44"}
    await platform.ask("POST", "/v1.0/routes", route)
    await platform.ask("PUT", f"/v1.0/providers/{made.json['id']}", {"hostname": "two words"})
    await platform.ask("GET", "/v1.0/providers")
    await platform.ask("DELETE", f"/v1.0/providers/{made.json['id']}")

    deeds = reversed(await list_deeds(database, DeedFilter(actor="operator's key")))

    assert [(each.deed, each.outcome, each.subject) for each in deeds] == [
        ("post providers", Outcome.DONE, ""),
        ("post routes", Outcome.DONE, ""),
        ("put providers", Outcome.REFUSED, made.json["id"]),
        ("delete providers", Outcome.DONE, made.json["id"]),
    ]


@pytest.mark.parametrize(
    "hostname", ["sip.carrier.example", "sip.carrier.example:5060", "192.0.2.7", "[2001:db8::7]:5080"]
)
async def test_hostname_of_a_provider_is_shown_as_it_was_written(platform: Client, hostname: str) -> None:
    """A name without a port is found in DNS, and one with the usual port is not (RFC 3263 section 4.2)."""
    made = await platform.ask("POST", "/v1.0/providers", {**PROVIDER, "hostname": "192.0.2.9:5070"})

    changed = await platform.ask("PUT", f"/v1.0/providers/{made.json['id']}", {"hostname": hostname})

    assert (changed.status, changed.json["hostname"]) == (200, hostname)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"hostname": "no host"}, "hostname"),
        ({"hostname": "host:99999"}, "hostname"),
        ({"hostname": None}, "hostname"),
        ({"codecs": "G729"}, "codecs"),
        ({"type": "pstn"}, "type"),
        ({"tech_headers": {"Via": "x"}}, "tech_headers"),
        ({"tech_prefix": "9;evil=1"}, "tech_prefix"),
    ],
)
async def test_bad_provider_is_refused_by_name(platform: Client, change: dict[str, Any], field: str) -> None:
    refused = await platform.ask("POST", "/v1.0/providers", {**PROVIDER, **change})

    assert (refused.status, refused.json["error"]["details"][0]["field"]) == (400, field)
    assert (await platform.ask("GET", "/v1.0/providers")).json["result"] == []


async def test_trunk_that_takes_no_calls_or_is_a_tenants_is_no_provider(
    platform: Client, operator: Client, tenant: Tenant
) -> None:
    inward = await operator.ask("POST", "/trunks", {"name": "in", "networks": ["203.0.113.7"]})
    own = await operator.ask("POST", "/trunks", {"name": "own", "host": "192.0.2.1", "account_id": str(tenant.id)})

    found = [(await platform.ask("GET", f"/v1.0/providers/{each.json['id']}")).status for each in (inward, own)]

    assert (found, (await platform.ask("GET", "/v1.0/providers")).json["result"]) == ([404, 404], [])


async def test_routes_are_of_everybody_or_of_a_customer(platform: Client, tenant: Tenant) -> None:
    provider_id = (await platform.ask("POST", "/v1.0/providers", PROVIDER)).json["id"]
    base = {"provider_id": provider_id, "name": "r", "detail": "", "priority": 5}
    default = await platform.ask("POST", "/v1.0/routes", {**base, "customer_id": EVERYBODY, "target": "all"})
    own = await platform.ask("POST", "/v1.0/routes", {**base, "customer_id": str(tenant.id), "target": "+44"})
    path = f"/v1.0/routes/{own.json['id']}"

    changed = await platform.ask("PUT", path, {"priority": 1})
    listed = [
        [row["id"] for row in (await platform.ask("GET", f"/v1.0/routes?customer_id={whose}")).json["result"]]
        for whose in (EVERYBODY, tenant.id)
    ]
    deleted = await platform.ask("DELETE", path)

    assert (default.json["customer_id"], default.json["target"]) == (EVERYBODY, "all")
    assert (own.json["customer_id"], own.json["target"]) == (str(tenant.id), "44")
    assert (changed.json["priority"], changed.json["target"]) == (1, "44")
    assert listed == [[default.json["id"]], [own.json["id"]]]
    assert deleted.json["tm_delete"] is not None
    assert (await platform.ask("GET", path)).status == 404


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"target": "abc"}, 400, "target"),
        ({"priority": -1}, 400, "priority"),
        ({"provider_id": str(uuid4())}, 404, "provider_id"),
        ({"customer_id": str(uuid4())}, 404, "customer_id"),
    ],
)
async def test_bad_route_is_refused_by_name(platform: Client, change: dict[str, Any], status: int, field: str) -> None:
    provider_id = (await platform.ask("POST", "/v1.0/providers", PROVIDER)).json["id"]

    refused = await platform.ask("POST", "/v1.0/routes", {"provider_id": provider_id, **change})

    assert (refused.status, refused.json["error"]["details"][0]["field"]) == (status, field)


async def test_forced_call_is_the_customers_and_is_listed_by_its_provider(
    platform: Client, client: Client, tenant: Tenant, database: PostgresDatabase
) -> None:
    await stock(database, "+14155550124")
    await client.ask("POST", "/v1.0/numbers", {"number": "+14155550124"})
    async with database.transaction() as tx:
        await tx.nodes.begin("node", sip_host="127.0.0.1", sip_port=5060, version="", now=utc_now())
    provider_id = (await platform.ask("POST", "/v1.0/providers", PROVIDER)).json["id"]
    wish = {
        "customer_id": str(tenant.id),
        "provider_id": provider_id,
        "source": {"type": "tel", "target": "+14155550124"},
        "destinations": [{"type": "tel", "target": "+12125550187"}],
        "actions": [{"type": "answer"}],
    }

    made = await platform.ask("POST", "/v1.0/providercalls", wish)
    [call] = made.json["calls"]
    listed = await platform.ask("GET", f"/v1.0/providercalls?provider_id={provider_id}")
    one = await platform.ask("GET", f"/v1.0/providercalls/{call['id']}")
    async with database.reading() as tx:
        [order] = await tx.connection.fetch("select payload from node_commands where kind = 'dial'")

    assert (made.json["groupcalls"], call["customer_id"]) == ([], str(tenant.id))
    assert listed.json["result"] == [one.json]
    assert (one.json["provider_id"], one.json["call_id"]) == (provider_id, call["id"])
    assert order["payload"]["manner"]["trunk_id"] == provider_id
    assert (await client.ask("GET", f"/v1.0/calls/{call['id']}")).status == 200


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"provider_id": str(uuid4())}, 404, "PROVIDER_NOT_FOUND"),
        ({"customer_id": None}, 404, "CUSTOMER_NOT_FOUND"),
        ({"destinations": [{"type": "sip", "target": "a@b.example"}]}, 400, "INVALID_ARGUMENT"),
    ],
)
async def test_forced_call_that_cannot_be_is_refused(
    platform: Client, tenant: Tenant, change: dict[str, Any], status: int, reason: str
) -> None:
    provider_id = (await platform.ask("POST", "/v1.0/providers", PROVIDER)).json["id"]
    wish = {
        "customer_id": str(tenant.id),
        "provider_id": provider_id,
        "destinations": [{"type": "tel", "target": "+12125550187"}],
        **change,
    }

    refused = await platform.ask("POST", "/v1.0/providercalls", wish)

    assert (refused.status, refused.reason) == (status, reason)
    assert (await platform.ask("GET", "/v1.0/providercalls")).json["result"] == []
