"""`/v1.0/number_patterns`, SIP numbers at `/v1.0/numbers`, and what route explain says of them."""

from uuid import uuid4

import pytest

from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant, stock

NIL = "00000000-0000-0000-0000-000000000000"


async def _flow(client: Client) -> str:
    made = await client.ask("POST", "/v1.0/flows", {"name": "menu", "detail": "", "actions": [{"type": "answer"}]})
    return str(made.json["id"])


async def test_pattern_is_made_read_changed_released_and_restored(client: Client) -> None:
    flow = await _flow(client)
    made = await client.ask(
        "POST", "/v1.0/number_patterns", {"pattern": "16508.*", "name": "area", "call_flow_id": flow, "tags": ["a"]}
    )
    path = f"/v1.0/number_patterns/{made.json['id']}"

    read = await client.ask("GET", path)
    listed = await client.ask("GET", "/v1.0/number_patterns")
    as_number = await client.ask("GET", f"/v1.0/numbers/{made.json['id']}")
    changed = await client.ask("PUT", path, {"pattern": "^*77...33#$", "anchored": True, "call_flow_id": NIL})
    released = await client.ask("DELETE", path)
    gone = await client.ask("GET", path)
    restored = await client.ask("POST", f"/v1.0/numbers/{made.json['id']}/restore")

    assert made.status == 200
    assert made.json | {"tm_create": "", "id": "", "customer_id": ""} == {
        "id": "",
        "customer_id": "",
        "pattern": "16508.*",
        "anchored": False,
        "call_flow_id": flow,
        "message_flow_id": NIL,
        "targets": {"voice": {"type": "flow", "flow_id": flow}, "message": None, "refer": None},
        "name": "area",
        "detail": "",
        "status": "active",
        "suspended_for": "",
        "tags": ["a"],
        "protected": False,
        "tm_create": "",
        "tm_update": None,
        "tm_delete": None,
    }
    assert read.json == made.json
    assert listed.json["result"] == [made.json]
    assert (as_number.json["number"], as_number.json["number_type"]) == ("16508.*", "pattern")
    assert (changed.json["pattern"], changed.json["anchored"], changed.json["call_flow_id"]) == (
        "^*77...33#$", True, NIL,
    )  # fmt: skip
    assert (released.status, released.json["status"]) == (200, "released")
    assert (gone.status, gone.reason) == (404, "NUMBER_NOT_FOUND")
    assert (restored.status, restored.json["number"]) == (200, "^*77...33#$")


async def test_targets_are_written_as_with_every_number(client: Client) -> None:
    hook = {"type": "hook", "url": "https://hook.example/sms", "method": "GET", "token": "t"}
    forward = {"type": "forward", "pstn": "+12025550143"}
    made = await client.ask(
        "POST", "/v1.0/number_patterns", {"pattern": "16.*", "targets": {"voice": forward, "message": hook}}
    )
    path = f"/v1.0/numbers/{made.json['id']}/targets"

    assert made.json["targets"] == {"voice": forward, "message": hook, "refer": None}
    assert (await client.ask("GET", path)).json == made.json["targets"]
    await client.ask("PUT", path, {"message": hook})
    read = await client.ask("GET", f"/v1.0/number_patterns/{made.json['id']}")
    assert read.json["targets"] == {"voice": forward, "message": hook, "refer": None}
    await client.ask("PUT", f"/v1.0/number_patterns/{made.json['id']}", {"targets": {"voice": None}})
    assert (await client.ask("GET", path)).json == {"voice": None, "message": hook, "refer": None}


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"7777\8888", "back-reference"),
        ("(?=1)2", "look-ahead"),
        ("[12", "missing ]"),
        ("1{1001}", "repetition size"),
        ("é", "ASCII"),
    ],
)
async def test_pattern_that_is_invalid_or_unsafe_is_400_with_its_reason(client: Client, pattern: str, why: str) -> None:
    """IN-2."""
    good = await client.ask("POST", "/v1.0/number_patterns", {"pattern": "16.*"})
    path = f"/v1.0/number_patterns/{good.json['id']}"

    for answer in (
        await client.ask("POST", "/v1.0/number_patterns", {"pattern": pattern}),
        await client.ask("PUT", path, {"pattern": pattern}),
        await client.ask("POST", "/v1.0/number_patterns/test", {"pattern": pattern, "dialled": ["1"]}),
    ):
        assert (answer.status, answer.reason) == (400, "PATTERN_INVALID")
        assert why in answer.json["error"]["message"]
        assert answer.json["error"]["details"] == [{"field": "pattern"}]

    listed = await client.ask("GET", "/v1.0/number_patterns")
    assert [row["pattern"] for row in listed.json["result"]] == ["16.*"]


async def test_too_long_a_pattern_is_refused_by_name(client: Client) -> None:
    answer = await client.ask("POST", "/v1.0/number_patterns", {"pattern": "1" * 256})

    assert answer.status == 400
    assert answer.json["error"]["details"][0]["field"] == "pattern"


async def test_pattern_that_the_organization_has_is_409(client: Client) -> None:
    await client.ask("POST", "/v1.0/number_patterns", {"pattern": "16.*"})
    other = await client.ask("POST", "/v1.0/number_patterns", {"pattern": "17.*"})

    again = await client.ask("POST", "/v1.0/number_patterns", {"pattern": "16.*"})
    renamed = await client.ask("PUT", f"/v1.0/number_patterns/{other.json['id']}", {"pattern": "16.*"})

    assert [(each.status, each.reason) for each in (again, renamed)] == [(409, "ALREADY_EXISTS")] * 2
    assert again.json["error"]["details"] == [{"field": "pattern"}]


async def test_foreign_patterns_and_ordinary_numbers_are_as_unknown_ones(
    client: Client, other_tenant: Tenant, database: Database
) -> None:
    """API-6."""
    await stock(database, "+14155550100")
    other = Client(client.base, client.session, other_tenant.key)
    foreign = (await other.ask("POST", "/v1.0/number_patterns", {"pattern": "16.*"})).json["id"]
    ordinary = (await client.ask("POST", "/v1.0/numbers", {"number": "+14155550100"})).json["id"]

    for number_id in (foreign, ordinary, str(uuid4())):
        path = f"/v1.0/number_patterns/{number_id}"
        for answer in (
            await client.ask("GET", path),
            await client.ask("PUT", path, {"name": "x"}),
            await client.ask("DELETE", path),
            await client.ask("POST", f"{path}/test", {"dialled": ["1"]}),
        ):
            assert (answer.status, answer.reason) == (404, "NUMBER_NOT_FOUND")
    assert (await other.ask("GET", f"/v1.0/number_patterns/{foreign}")).json["name"] == ""


async def test_test_tells_for_each_dialled_string_whether_and_as_what_it_is_taken(client: Client) -> None:
    question = {"pattern": "^+1650.*", "dialled": ["16508251255", "+16508251255", "+44207", "alice"]}

    answer = await client.ask("POST", "/v1.0/number_patterns/test", question)

    assert answer.status == 200
    assert [(row["dialled"], row["matches"], row["matched"]) for row in answer.json["result"]] == [
        ("16508251255", True, "+16508251255"),
        ("+16508251255", True, "+16508251255"),
        ("+44207", False, ""),
        ("alice", False, ""),
    ]
    assert "digits" in answer.json["result"][3]["reason"]


async def test_pattern_of_the_account_is_tested_with_its_own_switch(client: Client) -> None:
    made = await client.ask("POST", "/v1.0/number_patterns", {"pattern": "7777|8888", "anchored": True})

    answer = await client.ask("POST", f"/v1.0/number_patterns/{made.json['id']}/test", {"dialled": ["8888", "18888"]})

    assert [row["matches"] for row in answer.json["result"]] == [True, False]


async def test_patterns_are_paged_newest_first(client: Client) -> None:
    for n in range(5):
        await client.ask("POST", "/v1.0/number_patterns", {"pattern": f"1{n}.*"})

    first = await client.ask("GET", "/v1.0/number_patterns?page_size=3")
    second = await client.ask("GET", f"/v1.0/number_patterns?page_token={first.json['next_page_token']}")

    shown = [row["pattern"] for row in first.json["result"] + second.json["result"]]
    assert shown == ["14.*", "13.*", "12.*", "11.*", "10.*"]
    assert second.json["next_page_token"] == ""


async def test_repeated_request_makes_one_pattern(client: Client) -> None:
    """API-1."""
    body = {"pattern": "16.*"}
    first = await client.ask("POST", "/v1.0/number_patterns", body, Idempotency_Key="once")
    again = await client.ask("POST", "/v1.0/number_patterns", body, Idempotency_Key="once")

    assert (again.status, again.json) == (200, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("number", "kind"), [("1234", "sip"), ("mms:+12345678", "channel"), ("16.*", "pattern"), ("+899", "sip")]
)
async def test_numbers_that_no_carrier_gives_are_taken_at_numbers_for_nothing(
    client: Client, number: str, kind: str
) -> None:
    taken = await client.ask("POST", "/v1.0/numbers", {"number": number, "type": kind})

    assert taken.status == 200
    assert (taken.json["number"], taken.json["type"], taken.json["number_type"]) == (number, "normal", kind)
    assert (taken.json["monthly_micros"], taken.json["tm_renew"]) == (0, None)
    billed = await client.ask("GET", "/v1.0/billings")
    assert [row for row in billed.json["result"] if row["reference_type"] == "number"] == []


async def test_sip_number_is_taken_once_in_an_organization(client: Client, other_tenant: Tenant) -> None:
    other = Client(client.base, client.session, other_tenant.key)
    body = {"number": "1234", "type": "sip"}

    answers = [await each.ask("POST", "/v1.0/numbers", body) for each in (client, client, other)]

    assert [answer.status for answer in answers] == [200, 409, 200]


async def test_word_that_is_no_channel_is_refused_by_name(client: Client) -> None:
    answer = await client.ask("POST", "/v1.0/numbers", {"number": "1234", "type": "channel"})

    assert (answer.status, answer.json["error"]["details"]) == (400, [{"field": "number"}])


async def test_route_explain_shows_every_pattern_with_its_reason(client: Client) -> None:
    flow = await _flow(client)
    for pattern in ("16.*", "16508.*", "17.*"):
        await client.ask("POST", "/v1.0/number_patterns", {"pattern": pattern, "call_flow_id": flow})

    answer = await client.ask("POST", "/v1.0/route_explain", {"kind": "call", "to": "16508251255"})

    assert (answer.status, answer.json["verdict"]) == (200, "run")
    assert answer.json["target"] == {"type": "flow", "flow_id": flow}
    assert [(each["what"], each["value"], each["verdict"]) for each in answer.json["candidates"]] == [
        ("number", "+16508251255", "no match"),
        ("number", "16508251255", "no match"),
        ("sip_number", "16508251255", "no match"),
        ("pattern", "16508.*", "chosen"),
        ("pattern", "16.*", "passed over"),
        ("pattern", "17.*", "no match"),
    ]
    assert all(each["reason"] for each in answer.json["candidates"])


async def test_message_of_a_carrier_reaches_a_channel(client: Client, operator: Client) -> None:
    """The document's Omnichannel number."""
    channel = await client.ask("POST", "/v1.0/numbers", {"number": "mms:+12345678", "type": "channel"})

    sent = await operator.ask(
        "POST", "/sandbox/messages", {"from": "+12125550111", "to": "mms:+12345678", "text": "hello"}
    )

    messages = await client.ask("GET", "/v1.0/messages")
    assert (sent.status, channel.status) == (201, 200)
    assert [row["targets"][0]["destination"]["target"] for row in messages.json["result"]] == ["mms:+12345678"]
