"""Lists of callers, hours, shares and emergency addresses through the native API, and what route explain says."""

from uuid import uuid4

import pytest

from dialplane.services.transaction import Database
from tests.faces.conftest import Client, stock

NUMBER, CALLER = "+14155550100", "+12125550111"
MONDAY_NOON, SUNDAY_NOON = "2026-06-01T19:00:00Z", "2026-06-07T19:00:00Z"


@pytest.fixture(autouse=True)
async def stocked(database: Database) -> None:
    await stock(database, NUMBER)


async def buy(client: Client) -> str:
    bought = await client.ask("POST", "/v1.0/numbers", {"number": NUMBER})
    assert bought.status == 200, bought.raw
    return f"/v1.0/numbers/{bought.json['id']}"


async def flow(client: Client) -> str:
    return str((await client.ask("POST", "/v1.0/flows", {"name": "f", "actions": [{"type": "answer"}]})).json["id"])


async def explain(client: Client, caller: str = CALLER, at: str = MONDAY_NOON) -> dict[str, object]:
    body = {"kind": "call", "from": caller, "to": NUMBER, "at": at}
    return dict((await client.ask("POST", "/v1.0/route_explain", body)).json)


async def test_denied_caller_is_explained(client: Client) -> None:
    path = await buy(client)
    refused = {"deed": "refuse", "status": 608, "target": None}
    wanted = {"deny": ["+1212*"], "denied": refused}

    written = await client.ask("PUT", f"{path}/screening", wanted)

    assert written.status == 200
    assert written.json == (await client.ask("GET", f"{path}/screening")).json
    assert (written.json["deny"], written.json["denied"], written.json["allow"]) == (["+1212*"], refused, [])
    decision = await explain(client)
    assert (decision["verdict"], decision["refused"]) == ("refuse", "CALLER_NOT_WANTED")
    assert decision["candidates"][-1] == {  # type: ignore[index]  # JSON
        "what": "caller",
        "id": None,
        "value": CALLER,
        "verdict": "refused",
        "reason": "+1212* is on the deny list",
    }
    assert (await explain(client, "+13105550111"))["verdict"] == "run"

    await client.ask("PUT", "/v1.0/screening", {"allow": [CALLER]})
    assert (await explain(client))["verdict"] == "run", "the account's allow list goes before the number's deny list"
    await client.ask("DELETE", "/v1.0/screening")
    await client.ask("DELETE", f"{path}/screening")
    assert (await explain(client))["verdict"] == "run"
    changes = (await client.ask("GET", f"{path}/history")).json["result"]
    assert any(change["field"] == "handling" for entry in changes for change in entry["changes"])


async def test_number_goes_by_its_schedule(client: Client) -> None:
    path, closed = await buy(client), await flow(client)
    hours = {"monday": ["09:00-17:00"], "tuesday": ["09:00-17:00"]}
    made = await client.ask("POST", "/v1.0/schedules", {"name": "office", "hours": hours})
    assert (made.status, made.json["hours"], made.json["timezone"]) == (200, hours, "")
    target = {"type": "flow", "flow_id": closed}
    set_ = await client.ask("PUT", f"{path}/hours", {"schedule_id": made.json["id"], "closed": target})
    assert (set_.status, set_.json["closed"]) == (200, target)

    open_, over = await explain(client), await explain(client, at=SUNDAY_NOON)

    assert (open_["target"], over["target"]) == (None, target)
    assert over["candidates"][-1]["reason"] == "closed: Sunday, 12:00 in America/Los_Angeles"  # type: ignore[index]
    schedule = f"/v1.0/schedules/{made.json['id']}"
    calendar = (
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260601\nSUMMARY:Our day\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    imported = await client.ask("POST", f"{schedule}/holidays", {"calendar": calendar})
    assert [day["name"] for day in imported.json["holidays"]] == ["Our day"]
    assert (await client.ask("POST", f"{schedule}/holidays", {"calendar": calendar})).json == imported.json | {
        "tm_update": (await client.ask("GET", schedule)).json["tm_update"]
    }
    assert (await explain(client))["target"] == target
    assert (await client.ask("DELETE", schedule)).status == 409
    await client.ask("DELETE", f"{path}/hours")
    assert (await client.ask("DELETE", schedule)).status == 200
    assert (await client.ask("GET", schedule)).status == 404


async def test_share_is_told_of_without_choosing(client: Client) -> None:
    path, other = await buy(client), await flow(client)
    wanted = {"target": {"type": "flow", "flow_id": other}, "percent": 10}

    made = await client.ask("PUT", f"{path}/split", wanted)

    shown = {key: made.json[key] for key in ("target", "percent", "failed_percent", "least_calls", "ended", "failed")}
    assert shown == wanted | {"failed_percent": 25, "least_calls": 20, "ended": 0, "failed": 0}
    decision = await explain(client)
    assert decision["target"] is None
    assert decision["candidates"][-1]["verdict"] == "noted"  # type: ignore[index]
    assert (await client.ask("DELETE", f"{path}/split")).json["percent"] == 10
    assert (await client.ask("GET", f"{path}/split")).status == 404


async def test_emergency_address_shows_on_the_number(client: Client) -> None:
    path = await buy(client)
    address = {"name": "Acme", "street": "1 Main St", "city": "Oakland", "country": "us"}
    assert (await client.ask("GET", path)).json["emergency_enabled"] is False

    written = await client.ask("PUT", f"{path}/emergency_address", address)

    assert written.json == address | {"country": "US", "region": "", "postal_code": ""}
    assert (await client.ask("GET", path)).json["emergency_enabled"] is True
    await client.ask("DELETE", f"{path}/emergency_address")
    assert (await client.ask("GET", f"{path}/emergency_address")).status == 404


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/screening", {"deny": ["12"]}, "deny"),
        ("/screening", {"denied": {"deed": "refuse", "status": 200}}, "denied.status"),
        ("/screening", {"denied": {"deed": "divert"}}, "denied.target"),
        ("/screening", {"spam": {"deed": "divert", "target": {"type": "forward"}}}, "spam.target"),
        ("/screening", {"spam_score": 101}, "spam_score"),
        ("/split", {"percent": 10}, "target"),
        ("/split", {"percent": 100, "target": {"type": "forward", "pstn": "+12025550143"}}, "percent"),
        ("/split", {"percent": 1, "target": {"type": "document", "url": "ftp://x"}}, "target.url"),
        ("/emergency_address", {"name": "", "street": "x", "city": "y", "country": "US"}, "name"),
        ("/emergency_address", {"name": "n", "street": "x", "city": "y", "country": "1!"}, "country"),
    ],
)
async def test_bad_input_is_refused_by_the_name_of_its_field(
    client: Client, path: str, body: dict[str, object], field: str
) -> None:
    number = await buy(client)
    answer = await client.ask("PUT", number + path, body)
    assert (answer.status, field in answer.raw.decode()) == (400, True), answer.raw


async def test_schedule_that_is_none_is_refused(client: Client) -> None:
    bodies: list[tuple[dict[str, object], str]] = [
        ({"name": "", "hours": {}}, "name"),
        ({"name": "x", "timezone": "Mars/Olympus"}, "timezone"),
        ({"name": "x", "timezone": "../../etc/passwd"}, "timezone"),
        ({"name": "x", "hours": {"someday": []}}, "hours"),
        ({"name": "x", "hours": {"monday": ["17:00-09:00"]}}, "hours.monday"),
        ({"name": "x", "holidays": [{"date": "2026-02-30"}]}, "holidays.date"),
        ({"name": "x", "holidays": [{"date": "2026-02-03", "to": "2026-02-01"}]}, "holidays"),
    ]
    for body, field in bodies:
        answer = await client.ask("POST", "/v1.0/schedules", body)
        assert (answer.status, field in answer.raw.decode()) == (400, True), (body, answer.raw)


async def test_what_is_anothers_or_nobodys_is_not_found(client: Client, database: Database) -> None:
    path = await buy(client)
    unknown = str(uuid4())
    assert (await client.ask("PUT", f"{path}/hours", {"schedule_id": unknown})).status == 404
    target = {"type": "flow", "flow_id": unknown}
    assert (await client.ask("PUT", f"{path}/split", {"percent": 5, "target": target})).status == 404
    for part in ("screening", "hours", "split", "emergency_address"):
        assert (await client.ask("GET", f"/v1.0/numbers/{unknown}/{part}")).status == 404
