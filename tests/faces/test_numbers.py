"""Searching, buying and configuring numbers, with the curls of the documentation (reference 2, seeds)."""

import asyncio
from uuid import uuid4

import pytest

from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant, stock

NUMBER = "+14155550100"
UNKNOWN = "0f0e0d0c-0b0a-4908-8706-050403020100"


@pytest.fixture(autouse=True)
async def stocked(database: Database) -> None:
    await stock(database, NUMBER, "+14155550101")


async def test_documented_search_with_the_older_path(client: Client) -> None:
    answer = await client.ask("GET", "/v1.0/number_availables?token=&country=US&type=local")

    assert answer.status == 200
    assert answer.json["result"][0] == {
        "number": NUMBER,
        "country": "US",
        "type": "local",
        "region": "CA",
        "city": "",
    }


async def test_search_needs_a_country_unless_virtual(client: Client) -> None:
    without = await client.ask("GET", "/v1.0/available_numbers")
    virtual = await client.ask("GET", "/v1.0/available_numbers?type=virtual&page_size=2")

    assert (without.status, without.reason) == (400, "INVALID_ARGUMENT")
    assert [(row["country"], row["features"]) for row in virtual.json["result"]] == [("899", ["voice"])] * 2


async def test_number_is_bought_configured_released_and_restored(client: Client) -> None:
    flow = await client.ask("POST", "/v1.0/flows", {"name": "menu", "detail": "", "actions": [{"type": "answer"}]})
    bought = await client.ask("POST", "/v1.0/numbers?token=", {"number": NUMBER})
    path = f"/v1.0/numbers/{bought.json['id']}"

    changed = await client.ask("PUT", f"{path}?token=", {"call_flow_id": flow.json["id"]})
    renamed = await client.ask("PUT", path, {"name": "desk"})
    targets = await client.ask("GET", f"{path}/targets")
    released = await client.ask("DELETE", path)
    gone = await client.ask("GET", path)
    restored = await client.ask("POST", f"{path}/restore")

    assert (bought.status, bought.json["type"], bought.json["status"]) == (200, "normal", "active")
    assert changed.json["call_flow_id"] == flow.json["id"]
    assert (renamed.json["name"], renamed.json["call_flow_id"]) == ("desk", flow.json["id"])
    assert targets.json == {"voice": {"type": "flow", "flow_id": flow.json["id"]}, "message": None, "refer": None}
    assert (released.status, released.json["status"]) == (200, "released")
    assert (gone.status, gone.reason) == (404, "NUMBER_NOT_FOUND")
    assert (restored.json["id"], restored.json["name"], restored.json["status"]) == (
        bought.json["id"],
        "desk",
        "active",
    )


async def test_virtual_number_is_known_by_its_prefix(client: Client) -> None:
    good = await client.ask("POST", "/v1.0/numbers", {"number": "+899100000001"})
    reserved = await client.ask("POST", "/v1.0/numbers", {"number": "+899000000001"})

    assert (good.status, good.json["type"], good.json["tm_renew"]) == (200, "virtual", None)
    assert (reserved.status, reserved.reason) == (400, "INVALID_ARGUMENT")


async def test_sixth_virtual_number_of_the_free_plan_is_429(client: Client) -> None:
    answers = [await client.ask("POST", "/v1.0/numbers", {"number": f"+89910000000{n}"}) for n in range(6)]

    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert answers[-1].reason == "RESOURCE_LIMIT_EXCEEDED"


async def test_unknown_flow_is_404_and_nothing_is_bought(client: Client) -> None:
    answer = await client.ask("POST", "/v1.0/numbers", {"number": NUMBER, "call_flow_id": str(uuid4())})

    listed = await client.ask("GET", "/v1.0/numbers")
    assert (answer.status, answer.reason) == (404, "FLOW_NOT_FOUND")
    assert listed.json["result"] == []


async def test_target_union_is_written_and_read_back(client: Client) -> None:
    bought = await client.ask("POST", "/v1.0/numbers", {"number": NUMBER})
    path = f"/v1.0/numbers/{bought.json['id']}/targets"
    wanted = {
        "voice": {"type": "forward", "pstn": "+12025550123"},
        "message": {"type": "hook", "url": "https://example.org/in", "method": "GET", "token": "t"},
        "refer": None,
    }

    written = await client.ask("PUT", path, wanted)
    two_ways = await client.ask("PUT", path, {"voice": {"type": "forward", "pstn": "+12025550123", "sip": "a@b"}})

    assert (written.status, written.json) == (200, wanted)
    assert two_ways.status == 400


async def test_target_that_is_left_out_stays_and_null_takes_it_off(client: Client) -> None:
    """Reference 10: a PUT with some of the fields is a partial update; DESIGN "Undo and targets"."""
    bought = await client.ask("POST", "/v1.0/numbers", {"number": NUMBER})
    path = f"/v1.0/numbers/{bought.json['id']}/targets"
    forward, hook = {"type": "forward", "pstn": "+12025550123"}, {"type": "hook", "url": "https://example.org:443/in"}
    kept = hook | {"method": "POST", "token": "incoming-sms"}

    await client.ask("PUT", path, {"voice": forward})
    both = await client.ask("PUT", path, {"message": hook})
    same = await client.ask("PUT", path, {})
    one = await client.ask("PUT", path, {"voice": None})

    assert both.json == {"voice": forward, "message": kept, "refer": None}
    assert same.json == both.json
    assert one.json == {"voice": None, "message": kept, "refer": None}


@pytest.mark.parametrize(
    ("written", "reason", "field"),
    [
        ({"voice": {"type": "flow", "flow_id": UNKNOWN}}, "FLOW_NOT_FOUND", "voice.flow_id"),
        ({"message": {"type": "flow", "flow_id": UNKNOWN}}, "FLOW_NOT_FOUND", "message.flow_id"),
        (
            {"refer": {"type": "application", "application_id": UNKNOWN}},
            "APPLICATION_NOT_FOUND",
            "refer.application_id",
        ),
    ],
    ids=["voice", "message", "refer"],
)
async def test_target_that_the_account_has_not_is_404_under_the_name_that_was_written(
    client: Client, written: dict[str, object], reason: str, field: str
) -> None:
    bought = await client.ask("POST", "/v1.0/numbers", {"number": NUMBER})
    path = f"/v1.0/numbers/{bought.json['id']}/targets"

    answer = await client.ask("PUT", path, written)

    assert (answer.status, answer.reason) == (404, reason)
    assert answer.json["error"]["details"] == [{"field": field}]
    assert (await client.ask("GET", path)).json == {"voice": None, "message": None, "refer": None}


@pytest.mark.parametrize(
    "server",
    ["a b", "a@b\r\nX: y", "x@y:99999", "x:0", "@", "user@", "${voipbin.call.id}@x", "<sip:a@b>", "a@b@c", " "],
)
async def test_sip_server_that_is_no_address_is_400_and_nothing_is_written(client: Client, server: str) -> None:
    """API-2; VoxCPaaS 3.4 e: "Enter the IP address of the SIP server and port number"."""
    bought = await client.ask("POST", "/v1.0/numbers", {"number": NUMBER})
    path = f"/v1.0/numbers/{bought.json['id']}/targets"
    await client.ask("PUT", path, {"voice": {"type": "forward", "sip": "sip:[::1]:5060"}})

    answer = await client.ask("PUT", path, {"voice": {"type": "forward", "sip": server}})

    assert (answer.status, answer.json["error"]["details"][0]["field"]) == (400, "voice.sip")
    assert (await client.ask("GET", path)).json["voice"] == {"type": "forward", "sip": "[::1]:5060"}


@pytest.mark.parametrize(("kind", "word"), [("call", "voice"), ("message", "message")])
async def test_route_explain_says_that_a_number_has_no_target(client: Client, kind: str, word: str) -> None:
    """What users ask, A: "the number is configured; why did the call not reach my app?"."""
    await client.ask("POST", "/v1.0/numbers", {"number": NUMBER})

    answer = await client.ask("POST", "/v1.0/route_explain", {"kind": kind, "from": "+12125550123", "to": NUMBER})

    why = f"{NUMBER} is held by this account and active, but has no {word} target: nothing runs"
    assert (answer.json["verdict"], answer.json["target"], answer.json["reason"]) == ("run", None, why)
    assert [each["reason"] for each in answer.json["candidates"]] == [why]


async def test_equal_parallel_posts_with_one_key_buy_once(client: Client) -> None:
    """API-1."""
    body = {"number": NUMBER}
    posts = [client.ask("POST", "/v1.0/numbers", body, Idempotency_Key="one") for _ in range(100)]

    answers = await asyncio.gather(*posts)
    again = await client.ask("POST", "/v1.0/numbers", body, Idempotency_Key="one")
    other = await client.ask("POST", "/v1.0/numbers", {"number": "+14155550101"}, Idempotency_Key="one")
    billings = await client.ask("GET", "/v1.0/billings")

    assert {answer.status for answer in answers} <= {200, 409}
    first = next(answer for answer in answers if answer.status == 200)
    assert (again.status, again.raw) == (200, first.raw)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (other.status, other.reason) == (422, "IDEMPOTENCY_KEY_REUSED")
    purchases = [row for row in billings.json["result"] if row["reference_type"] == "number"]
    assert [row["amount_credit"] for row in purchases] == [-2_000_000]


async def test_refused_input_does_not_use_the_key_up(client: Client) -> None:
    """API-1."""
    bad = await client.ask("POST", "/v1.0/numbers", {"number": ""}, Idempotency_Key="k")
    good = await client.ask("POST", "/v1.0/numbers", {"number": NUMBER}, Idempotency_Key="k")

    assert (bad.status, good.status) == (400, 200)


async def test_reservation_keeps_others_away(client: Client, other_tenant: Tenant) -> None:
    other = Client(client.base, client.session, other_tenant.key)
    held = await client.ask("POST", "/v1.0/reservations", {"number": NUMBER})

    refused = await other.ask("POST", "/v1.0/numbers", {"number": NUMBER})
    bought = await client.ask("POST", "/v1.0/numbers", {"number": NUMBER})

    assert (held.status, held.json["status"]) == (200, "held")
    assert (refused.status, refused.reason) == (409, "ALREADY_EXISTS")
    assert bought.status == 200


async def test_renewing_is_for_the_operator(client: Client) -> None:
    answer = await client.ask("POST", "/v1.0/numbers/renew", {"tm_renew": "2030-01-01T00:00:00Z"})

    assert (answer.status, answer.reason) == (403, "PERMISSION_DENIED")
