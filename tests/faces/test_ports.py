"""Porting in through the native API and the operator's, to the minute of the cut-over."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import utc_now
from dialplane.domain.money import usd
from dialplane.services.numbering.port_progress import cut_over_ports, play_ports
from dialplane.services.settings import read_clock
from tests.faces.conftest import Answer, Client, Tenant, stock

NUMBER, SECOND = "+14155550123", "+14155550124"
HOLDER = {
    "name": "Acme Inc.",
    "authorized_person": "Ada Lovelace",
    "carrier": "Old Telephone Co.",
    "account_number": "A-4711",
    "pin": "1234",
    "street": "1 Main Street",
    "locality": "San Francisco",
    "region": "CA",
    "postal_code": "94103",
    "country": "US",
}
DAY = datetime(2999, 3, 1, 9, 30, tzinfo=UTC)


async def letter(client: Client, kind: str = "letter_of_authorization") -> str:
    content = base64.b64encode(b"%PDF-1.7\nsigned").decode()
    answer = await client.ask("POST", "/v1.0/documents", {"kind": kind, "content": content})
    return str(answer.json["id"])


async def draft(client: Client, *numbers: object, **fields: object) -> Answer:
    body = {"numbers": numbers or (NUMBER,), "holder": HOLDER, "document_ids": [await letter(client)]}
    return await client.ask("POST", "/v1.0/ports", body | fields)


async def submitted(client: Client, *numbers: object, **fields: object) -> str:
    """The path of an order that was handed in."""
    made = await draft(client, *numbers, **fields)
    assert made.status == 200, made.raw
    path = f"/v1.0/ports/{made.json['id']}"
    answer = await client.ask("POST", f"{path}/submit")
    assert (answer.status, answer.json["status"]) == (200, "submitted"), answer.raw
    return path


async def advance(operator: Client, path: str, to: str, **fields: object) -> Answer:
    return await operator.ask("POST", f"/ports/{path.rpartition('/')[2]}/advance", {"to": to, **fields})


async def confirmed(client: Client, operator: Client, *numbers: object, **fields: object) -> str:
    path = await submitted(client, *numbers, **fields)
    await advance(operator, path, "in_process")
    answer = await advance(operator, path, "date_confirmed", foc_date=DAY.isoformat())
    assert (answer.status, answer.json["status"]) == (201, "date_confirmed"), answer.raw
    return path


async def clock(operator: Client, database: PostgresDatabase, moment: datetime) -> None:
    """Move the billing clock, and let the worker come by."""
    await operator.ask("PUT", "/sandbox/clock", {"now": moment.isoformat()})
    now = await read_clock(database, now=utc_now())
    await play_ports(database, now)
    await cut_over_ports(database, now)


async def work(database: PostgresDatabase) -> None:
    """Let the worker come by."""
    now = await read_clock(database, now=utc_now())
    await play_ports(database, now)
    await cut_over_ports(database, now)


async def told(database: PostgresDatabase) -> list[tuple[str, Mapping[str, Any]]]:
    """Events of ports, in the order in which they were told."""
    rows = await database.pool.fetch("select type, data from events where type like 'port%' order by resource_seq")
    return [(row["type"], row["data"]) for row in rows]


async def test_numbers_are_ported_and_work_from_the_minute_of_the_cut_over(
    client: Client, operator: Client, database: PostgresDatabase
) -> None:
    flow = await client.ask("POST", "/v1.0/flows", {"name": "menu", "actions": [{"type": "answer"}]})
    path = await confirmed(
        client, operator, {"number": NUMBER, "name": "desk", "call_flow_id": flow.json["id"]}, SECOND
    )

    await clock(operator, database, DAY - timedelta(minutes=1))
    before = await client.ask("GET", "/v1.0/numbers")
    await clock(operator, database, DAY)
    port = await client.ask("GET", path)
    numbers = await client.ask("GET", "/v1.0/numbers")

    assert before.json["result"] == []
    assert (port.json["status"], port.json["meaning"]) == ("ported", "The numbers are yours here and work.")
    found = {row["number"]: row for row in numbers.json["result"]}
    assert set(found) == {NUMBER, SECOND}
    desk = found[NUMBER]
    assert (desk["status"], desk["name"], desk["call_flow_id"]) == ("active", "desk", flow.json["id"])
    assert [each["number_id"] for each in port.json["numbers"]] == [desk["id"], found[SECOND]["id"]]
    assert [step["status"] for step in port.json["steps"]] == [
        "draft", "submitted", "in_process", "date_confirmed", "ported",
    ]  # fmt: skip
    assert [(what, [each["number"] for each in data["numbers"]]) for what, data in await told(database)] == [
        (f"port_{what}", [NUMBER, SECOND])
        for what in ("created", "submitted", "in_process", "date_confirmed", "ported")
    ]


async def test_first_month_is_paid_at_the_cut_over_and_the_next_a_month_later(
    client: Client, operator: Client, database: PostgresDatabase
) -> None:
    await confirmed(client, operator, NUMBER)

    await clock(operator, database, DAY)
    await work(database)

    number = (await client.ask("GET", "/v1.0/numbers")).json["result"][0]
    balance = (await client.ask("GET", "/v1.0/billing_account")).json["balance_credit"]
    assert number["tm_renew"][:10] == "2999-04-01"
    assert balance == usd(99)


async def test_exception_says_what_to_correct_and_the_corrected_order_goes_on(
    client: Client, operator: Client, database: PostgresDatabase
) -> None:
    path = await submitted(client)
    await advance(operator, path, "in_process")

    stopped = await advance(operator, path, "exception", reason="no such account", code="ACCOUNT_NUMBER_MISMATCH")
    corrected = await client.ask("PUT", path, {"holder": {"account_number": "A-4712"}})
    again = await client.ask("POST", f"{path}/submit")

    assert stopped.json["exception"] == {
        "code": "ACCOUNT_NUMBER_MISMATCH", "reason": "no such account", "correct": ["holder.account_number"],
    }  # fmt: skip
    assert (corrected.json["holder"]["account_number"], corrected.json["holder"]["name"]) == ("A-4712", "Acme Inc.")
    assert (again.status, again.json["status"], again.json["exception"]) == (200, "in_process", None)
    assert [what for what, _ in await told(database)][-3:] == ["port_exception", "port_updated", "port_in_process"]


async def test_draft_is_cancelled_at_once_and_a_submitted_order_when_the_carrier_agrees(
    client: Client, operator: Client
) -> None:
    sketch = await draft(client, SECOND)
    path = await submitted(client)

    gone = await client.ask("DELETE", f"/v1.0/ports/{sketch.json['id']}")
    asked = await client.ask("POST", f"{path}/cancel")
    twice = await client.ask("POST", f"{path}/cancel")
    agreed = await advance(operator, path, "cancelled")
    after = await advance(operator, path, "in_process")
    free = await client.ask("POST", "/v1.0/ports/check", {"numbers": [NUMBER]})

    assert (gone.status, gone.json["status"]) == (200, "cancelled")
    assert (asked.json["status"], twice.status) == ("cancel_pending", 409)
    assert (agreed.json["status"], after.status) == ("cancelled", 409)
    assert free.json["result"][0]["portable"] is True


async def test_cut_over_does_not_come_for_an_order_that_is_being_called_off(
    client: Client, operator: Client, database: PostgresDatabase
) -> None:
    path = await confirmed(client, operator)
    await client.ask("POST", f"{path}/cancel")

    await clock(operator, database, DAY)

    assert (await client.ask("GET", path)).json["status"] == "cancel_pending"
    assert (await client.ask("GET", "/v1.0/numbers")).json["result"] == []


@pytest.mark.parametrize(
    ("to", "fields"), [("ported", {}), ("date_confirmed", {"foc_date": "2999-01-01"}), ("cancelled", {}), ("draft", {})]
)
async def test_step_that_the_table_has_not_is_refused_and_changes_nothing(
    client: Client, operator: Client, to: str, fields: dict[str, str]
) -> None:
    path = await submitted(client)

    refused = await advance(operator, path, to, **fields)

    assert (refused.status, refused.json["errors"][0]["field"]) == (409, "to")
    assert (await client.ask("GET", path)).json["status"] == "submitted"


async def test_operator_sees_every_order_and_finds_those_to_pass_on(
    client: Client, operator: Client, other_tenant: Tenant
) -> None:
    mine = await submitted(client)
    await draft(Client(client.base, client.session, other_tenant.key), SECOND)

    every = await operator.ask("GET", "/ports")
    waiting = await operator.ask("GET", "/ports?status=submitted")
    one = await operator.ask("GET", f"/ports/{mine.rpartition('/')[2]}")

    assert len(every.json["ports"]) == 2
    assert [each["id"] for each in waiting.json["ports"]] == [one.json["id"]]


async def test_portability_is_answered_for_each_number_with_its_reason(
    client: Client, database: PostgresDatabase
) -> None:
    await stock(database, SECOND)
    await submitted(client)
    asked = ["+44 20 7183 8750", "+18005550199", "+12025550901", SECOND, NUMBER, "+899100000001", "+3725123456"]

    answer = await client.ask("POST", "/v1.0/ports/check", {"numbers": asked})

    known = [(each["number"], each["portable"], each["reason"], each["number_type"]) for each in answer.json["result"]]
    assert known == [
        ("+442071838750", True, "", "local"),
        ("+18005550199", True, "", "toll_free"),
        ("+12025550901", False, "RATE_CENTER_NOT_PORTABLE", "local"),
        (SECOND, False, "ALREADY_HERE", "local"),
        (NUMBER, False, "ALREADY_IN_PORTING", "local"),
        ("+899100000001", False, "VIRTUAL_NUMBER", ""),
        ("+3725123456", False, "COUNTRY_NOT_SERVED", "mobile"),
    ]


async def test_number_is_in_one_order_from_its_submission_on(client: Client, other_tenant: Tenant) -> None:
    stranger = Client(client.base, client.session, other_tenant.key)
    theirs = await draft(stranger)
    await submitted(client)

    late = await stranger.ask("POST", f"/v1.0/ports/{theirs.json['id']}/submit")
    another = await draft(client)

    assert (late.status, another.status) == (409, 409)
    assert late.json["error"]["details"][0]["field"] == "numbers[0]"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"numbers": []}, "numbers"),
        ({"numbers": "+14155550123"}, "numbers"),
        ({"numbers": ["soon"]}, "numbers[0]"),
        ({"numbers": [NUMBER, NUMBER]}, "numbers"),
        ({"numbers": [NUMBER, "+442071838750"]}, "numbers"),
        ({"numbers": [NUMBER, "+12025550901"]}, "numbers[1]"),
        ({"numbers": [{"number": NUMBER, "voice": {"type": "hook"}}]}, "numbers"),
        ({"holder": {"name": "x" * 256}}, "holder.name"),
        ({"holder": {"name": "a\nb"}}, "holder.name"),
        ({"document_ids": ["7"]}, "document_ids"),
        ({"requested_date": "2001-01-01"}, "requested_date"),
        ({"requested_date": "soon"}, "requested_date"),
        ({"requested_date": "2999-01-01T09:00:00"}, "requested_date"),
        ({"name": "x" * 256}, "name"),
    ],
)
async def test_bad_order_is_refused_by_its_field_and_nothing_is_made(
    client: Client, fields: dict[str, object], field: str
) -> None:
    answer = await draft(client, **fields)

    assert answer.status == 400, answer.raw
    assert answer.json["error"]["details"][0]["field"].startswith(field), answer.raw
    assert (await client.ask("GET", "/v1.0/ports")).json["result"] == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"holder": {}}, "holder.name"),
        ({"holder": HOLDER | {"postal_code": " "}}, "holder.postal_code"),
        ({"document_ids": []}, "document_ids"),
    ],
)
async def test_incomplete_draft_is_kept_and_its_submission_names_what_is_missing(
    client: Client, fields: dict[str, object], field: str
) -> None:
    made = await draft(client, **fields)

    answer = await client.ask("POST", f"/v1.0/ports/{made.json['id']}/submit")

    assert (answer.status, answer.json["error"]["details"][0]["field"]) == (400, field)


async def test_reason_that_is_a_carriers_word_says_what_to_correct(client: Client, operator: Client) -> None:
    """DESIGN 9: `POST /ports/{id}/advance {to, reason?, foc_date?}` has no other place for it."""
    path = await submitted(client)

    await advance(operator, path, "exception", reason="ACCOUNT_NUMBER_MISMATCH")

    assert (await client.ask("GET", path)).json["exception"] == {
        "code": "ACCOUNT_NUMBER_MISMATCH",
        "reason": "ACCOUNT_NUMBER_MISMATCH",
        "correct": ["holder.account_number"],
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "to"),
        ({"to": "nowhere"}, "to"),
        ({"to": "in_process", "foc_date": "soon"}, "foc_date"),
        ({"to": "in_process", "foc_date": "2001-01-01"}, "foc_date"),
        ({"to": "in_process", "reason": "x" * 1025}, "reason"),
        ({"to": "exception"}, "reason"),
        ({"to": "exception", "code": "WEATHER"}, "code"),
    ],
)
async def test_bad_step_is_refused_by_its_field(
    client: Client, operator: Client, body: dict[str, object], field: str
) -> None:
    path = await submitted(client)

    answer = await operator.ask("POST", f"/ports/{path.rpartition('/')[2]}/advance", body)

    assert answer.status == 400, answer.raw
    assert answer.json["errors"][0]["field"] == field


async def test_date_has_to_come_from_somebody(client: Client, operator: Client) -> None:
    path = await submitted(client)
    await advance(operator, path, "in_process")

    nobody = await advance(operator, path, "date-confirmed")
    await client.ask("PUT", f"{path}/targets", {"numbers": [{"number": NUMBER, "name": "desk"}]})
    operators = await advance(operator, path, "foc-date-confirmed", foc_date="2999-03-01")

    assert (nobody.status, nobody.json["errors"][0]["field"]) == (400, "foc_date")
    assert operators.json["foc_date"] == "2999-03-01T00:00:00.000000Z"
    assert operators.json["numbers"][0]["name"] == "desk"


async def test_what_is_somebody_elses_is_not_there(client: Client, operator: Client, other_tenant: Tenant) -> None:
    """API-6."""
    stranger = Client(client.base, client.session, other_tenant.key)
    path = f"/v1.0/ports/{(await draft(client)).json['id']}"

    answers = [
        await stranger.ask("GET", path),
        await stranger.ask("PUT", path, {"name": "mine"}),
        await stranger.ask("PUT", f"{path}/targets", {"numbers": [{"number": NUMBER}]}),
        await stranger.ask("POST", f"{path}/submit"),
        await stranger.ask("POST", f"{path}/cancel"),
        await stranger.ask("DELETE", path),
        await draft(stranger, document_ids=[await letter(client)]),
        await draft(stranger, {"number": NUMBER, "call_flow_id": str(uuid4())}),
        await client.ask("PUT", f"{path}/targets", {"numbers": [{"number": SECOND}]}),
        await operator.ask("POST", f"/ports/{uuid4()}/advance", {"to": "in_process"}),
    ]

    assert [answer.status for answer in answers] == [404] * len(answers)


async def test_pin_is_never_shown_and_a_document_in_use_is_not_deleted(
    client: Client, database: PostgresDatabase
) -> None:
    path = await submitted(client)
    port = await client.ask("GET", path)

    refused = await client.ask("DELETE", f"/v1.0/documents/{port.json['documents'][0]['document_id']}")

    assert port.json["holder"]["has_pin"] is True
    assert "1234" not in [data["holder"].get("pin") for _, data in await told(database)]
    assert b'"pin"' not in port.raw
    assert refused.status == 409


@pytest.mark.parametrize(
    ("digits", "way"),
    [
        ("902", ["submitted", "in_process", "exception", "in_process", "date_confirmed", "ported"]),
        ("903", ["submitted", "in_process", "date_confirmed", "ported"]),
        ("904", ["submitted", "in_process", "exception", "in_process", "date_confirmed", "ported"]),
        ("905", ["submitted", "in_process", "date_confirmed", "exception", "in_process", "date_confirmed", "ported"]),
    ],
)
async def test_simulated_carrier_plays_its_own_numbers(
    client: Client, database: PostgresDatabase, digits: str, way: list[str]
) -> None:
    path = await submitted(client, f"+12125550{digits}")
    await work(database)
    if "exception" in way:
        assert (await client.ask("GET", path)).json["status"] == "exception"
        await client.ask("POST", f"{path}/submit")
        await work(database)

    port = await client.ask("GET", path)

    assert [step["status"] for step in port.json["steps"]] == ["draft", *way]


async def test_orders_are_listed_newest_first_by_page_and_by_status(client: Client) -> None:
    made = [(await draft(client, f"+1415555010{n}")).json["id"] for n in range(3)]

    first = await client.ask("GET", "/v1.0/ports?page_size=2&status=draft")
    second = await client.ask("GET", f"/v1.0/ports?page_token={first.json['next_page_token']}")

    assert [row["id"] for row in first.json["result"] + second.json["result"]] == made[::-1]


async def test_rejected_letter_stops_the_order_and_another_one_lets_it_go_on(client: Client, operator: Client) -> None:
    path = await submitted(client)
    first = (await client.ask("GET", path)).json["documents"][0]["document_id"]

    await operator.ask("POST", f"/documents/{first}/review", {"verdict": "reject", "reason": "not signed"})
    stopped = await client.ask("GET", path)
    same = await client.ask("POST", f"{path}/submit")
    await client.ask("PUT", path, {"document_ids": [await letter(client)]})
    again = await client.ask("POST", f"{path}/submit")

    assert stopped.json["exception"] == {
        "code": "DOCUMENT_REJECTED", "reason": "letter_of_authorization: not signed", "correct": ["document_ids"],
    }  # fmt: skip
    assert stopped.json["documents"][0]["status"] == "rejected"
    assert (same.status, same.json["error"]["details"][0]["field"]) == (400, "document_ids")
    assert (again.status, again.json["status"]) == (200, "in_process")


async def test_letter_that_expired_meanwhile_is_not_handed_in(
    client: Client, operator: Client, database: PostgresDatabase
) -> None:
    content = base64.b64encode(b"%PDF-1.7\nsigned").decode()
    paper = {"kind": "letter_of_authorization", "content": content, "expires_on": "2999-01-01"}
    made = await draft(client, document_ids=[(await client.ask("POST", "/v1.0/documents", paper)).json["id"]])
    await clock(operator, database, DAY)

    answer = await client.ask("POST", f"/v1.0/ports/{made.json['id']}/submit")

    assert (answer.status, answer.json["error"]["details"][0]["field"]) == (400, "document_ids")
