"""Rate decks, prices and plans over HTTP: the operator's import and export, what a tenant is told (API-2, SIP-10)."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from dialplane.domain.ids import utc_now
from dialplane.services.charging.rate_changes import apply_due_changes
from dialplane.services.settings import read_clock
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant

CSV = b"prefix,description,per_minute,increment_s,setup\n44,=HYPERLINK(1),0.06,1,0.01\n447,UK mobile,0.12,6,\n"
IMPORT = "/rate_decks/default/import"
UK = "%2B442071838750"


async def test_import_is_previewed_then_applied_then_exported(operator: Client) -> None:
    """SIP-10 in the export."""
    preview = await operator.ask("POST", IMPORT, CSV)
    applied = await operator.ask("POST", f"{IMPORT}?apply=true&mode=replace&version={preview.json['version']}", CSV)
    late = await operator.ask("POST", f"{IMPORT}?apply=true&version={preview.json['version']}", CSV)
    exported = await operator.ask("GET", "/rate_decks/default/export")
    again = await operator.ask("POST", f"{IMPORT}?mode=replace", exported.raw)

    assert (preview.status, preview.json["added"], preview.json["problems"]) == (200, 2, [])
    assert (applied.status, applied.json["added"], applied.json["version"]) == (201, 2, preview.json["version"] + 1)
    assert late.status == 409
    assert exported.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert exported.raw.decode().splitlines() == [
        "cost_type,prefix,description,per_slice_micros,increment_s,setup_micros",
        "call_pstn_outgoing,44,'=HYPERLINK(1),1000,1,10000",
        "call_pstn_outgoing,447,UK mobile,12000,6,0",
    ]
    assert (again.json["unchanged"], again.json["changed"], again.json["removed"]) == (2, 0, 0)
    assert again.json["added"] == 0


async def test_problems_stand_by_line_and_keep_the_file_out(operator: Client) -> None:
    """API-2."""
    faulty = b"prefix,per_minute\n44,0.01\n44,0.02\nx,0.01\n45,free\n"

    preview = await operator.ask("POST", IMPORT, faulty)
    applied = await operator.ask("POST", f"{IMPORT}?apply=true", faulty)

    problems = [(each["line"], each["field"]) for each in preview.json["problems"]]
    assert problems == [(3, "prefix"), (4, "prefix"), (5, "per_minute")]
    assert (applied.status, applied.json["errors"][0]["field"]) == (400, "csv")
    assert (await operator.ask("GET", "/rate_decks")).json["rate_decks"][0]["lines"] == 0


async def test_import_with_a_day_waits_for_it_and_can_be_called_off(operator: Client, database: Database) -> None:
    now = await read_clock(database, now=utc_now())
    day = (now + timedelta(days=2)).date()
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)

    waiting = await operator.ask("POST", f"{IMPORT}?apply=true&effective_at={day}", CSV)
    other = await operator.ask("POST", f"{IMPORT}?apply=true&mode=replace&effective_at={day}", CSV)
    gone = await operator.ask("DELETE", f"/rate_decks/default/changes/{other.json['change_id']}")
    again = await operator.ask("DELETE", f"/rate_decks/default/changes/{other.json['change_id']}")
    early = await apply_due_changes(database, midnight - timedelta(microseconds=1))
    before = (await operator.ask("GET", f"/rate_decks/default/price?number={UK}")).json
    applied = await apply_due_changes(database, midnight), await apply_due_changes(database, midnight)
    after = (await operator.ask("GET", f"/rate_decks/default/price?number={UK}")).json
    changes = (await operator.ask("GET", "/rate_decks/default/changes")).json["changes"]

    assert (waiting.status, waiting.json["added"]) == (202, 2)
    assert datetime.fromisoformat(waiting.json["effective_at"]) == midnight
    assert (gone.status, gone.json["state"], again.status) == (200, "cancelled", 409)
    assert (early, applied) == (0, (1, 0))
    assert before != after
    assert [(each["id"], each["mode"], each["state"]) for each in changes] == [
        (other.json["change_id"], "replace", "cancelled"),
        (waiting.json["change_id"], "merge", "applied"),
    ]


async def test_workers_apply_the_changes_of_a_deck_once_and_in_the_order_of_their_days(
    operator: Client, database: Database
) -> None:
    """LED-9"""
    now = await read_clock(database, now=utc_now())
    for days in (3, 1, 2):
        when = (now + timedelta(days=days)).isoformat().replace("+00:00", "Z")
        body = f"prefix,per_minute\n44,0.0{days}\n".encode()
        await operator.ask("POST", f"{IMPORT}?apply=true&effective_at={when}", body)

    applied = await asyncio.gather(*(apply_due_changes(database, now + timedelta(days=4)) for _ in range(3)))

    exported = await operator.ask("GET", "/rate_decks/default/export")
    assert sum(applied) == 3
    assert exported.raw.decode().splitlines()[1:] == ["call_pstn_outgoing,44,,30000,60,0"]


async def test_bad_input_is_refused(operator: Client) -> None:
    """API-2."""
    for method, path, body, status in (
        ("POST", IMPORT, b"\xff\xfe", 400),
        ("POST", IMPORT, b"prefix,per_minute\n4\x004,1\n", 400),
        ("POST", IMPORT, b"", 400),
        ("POST", f"{IMPORT}?mode=add", CSV, 400),
        ("POST", f"{IMPORT}?version=one", CSV, 400),
        ("POST", f"{IMPORT}?apply=true&effective_at=soon", CSV, 400),
        ("POST", f"{IMPORT}?apply=true&effective_at=2020-01-01", CSV, 400),
        ("POST", f"{IMPORT}?apply=true&effective_at=2090-01-01", b"prefix,per_minute\nx,1\n", 400),
        ("POST", "/rate_decks/none/import?apply=true&effective_at=2090-01-01", CSV, 404),
        ("GET", "/rate_decks/none/changes", None, 404),
        ("DELETE", f"/rate_decks/default/changes/{UUID(int=1)}", None, 404),
        ("POST", "/rate_decks/none/import", CSV, 404),
        ("GET", "/rate_decks/none/export", None, 404),
        ("POST", "/rate_decks", {"id": "No Such Name"}, 400),
        ("POST", "/rate_decks", {"id": "default"}, 409),
        ("PUT", "/rate_decks/none/ported_numbers", {"local": 1}, 404),
        ("PUT", "/rate_decks/default/ported_numbers", {"local": -1}, 400),
        ("PUT", "/plans/gold/rate_deck", {"rate_deck": None}, 400),
        ("PUT", "/plans/free/rate_deck", {"rate_deck": "none"}, 404),
        ("GET", "/rate_decks/default/price?number=x", None, 400),
        ("GET", f"/rate_decks/default/price?number={UK}&seconds=-1", None, 400),
        ("GET", "/rate_decks/default/price", None, 400),
        ("GET", f"/rate_decks/none/price?number={UK}", None, 404),
    ):
        answer = await operator.ask(method, path, body)
        assert (answer.status, answer.json["status"]) == (status, status), path


async def test_tenant_and_operator_are_told_the_same_price(operator: Client, client: Client, tenant: Tenant) -> None:
    await operator.ask("POST", f"{IMPORT}?apply=true", CSV)

    told = await client.ask("GET", f"/v1.0/price?number={UK}&seconds=62")
    by_operator = await operator.ask("GET", f"/accounts/{tenant.id}/price?number={UK}&seconds=62")

    assert told.json == by_operator.json
    assert told.json == {
        "number": "+442071838750",
        "cost_type": "call_pstn_outgoing",
        "prefix": "44",
        "description": "=HYPERLINK(1)",
        "unit": "seconds",
        "unit_seconds": 1,
        "rate_credit_per_unit": 1000,
        "rate_token_per_unit": 0,
        "setup_credit": 10000,
        "units": 62,
        "cost_credit": 72000,
        "cost_token": 0,
        "cost": "0.072",
    }
    unescaped = (await client.ask("GET", "/v1.0/price?number=+12025550100&kind=message&segments=3")).json
    assert (unescaped["cost_type"], unescaped["cost_credit"], unescaped["unit"]) == ("sms", 30_000, "segment")
    assert (await client.ask("GET", "/v1.0/price?number=abc")).json["error"]["details"][0]["field"] == "number"


async def test_deck_of_an_account_and_of_a_plan_is_chosen(operator: Client, client: Client, tenant: Tenant) -> None:
    await operator.ask("POST", "/rate_decks", {"id": "gold", "name": "Gold"})
    await operator.ask("POST", "/rate_decks/gold/import?apply=true", b"prefix,per_slice_micros\n44,5\n")

    async def price() -> object:
        return (await client.ask("GET", f"/v1.0/price?number={UK}")).json["rate_credit_per_unit"]

    chosen = await operator.ask("PUT", f"/accounts/{tenant.id}/rate_deck", {"rate_deck": "gold"})
    assert (chosen.json, await price()) == ({"rate_deck": "gold"}, 5)
    chosen = await operator.ask("PUT", f"/accounts/{tenant.id}/rate_deck", {"rate_deck": None})
    assert (chosen.json, await price()) == ({"rate_deck": "default"}, 10_000)
    await operator.ask("PUT", "/plans/free/rate_deck", {"rate_deck": "gold"})
    assert await price() == 5
    shown = (await operator.ask("GET", "/rate_decks")).json["rate_decks"][1]
    assert (shown["id"], shown["plans"], shown["lines"]) == ("gold", ["free"], 1)


async def test_month_of_ported_numbers_is_the_operators_to_set(operator: Client, client: Client) -> None:
    assert (await operator.ask("GET", "/rate_decks/default/ported_numbers")).json == {
        "local": 1_000_000,
        "mobile": 1_000_000,
        "toll_free": 2_000_000,
    }
    changed = await operator.ask("PUT", "/rate_decks/default/ported_numbers", {"local": 250_000})

    port = await client.ask("POST", "/v1.0/ports", {"numbers": ["+14155550123"]})

    assert changed.json == {"local": 250_000, "mobile": 1_000_000, "toll_free": 2_000_000}
    assert port.json["numbers"][0]["monthly_micros"] == 250_000


async def test_tenant_sees_the_plans_and_what_it_has_used(client: Client) -> None:
    await client.ask("POST", "/v1.0/numbers", {"number": "+899100000001"})

    plans = (await client.ask("GET", "/v1.0/plans")).json["result"]
    free = (await client.ask("GET", "/v1.0/plans/free")).json

    assert [plan["name"] for plan in plans] == ["free", "basic", "professional", "unlimited"]
    assert free == plans[0]
    assert (free["is_current"], free["virtual_numbers"], free["used"]["virtual_numbers"]) == (True, 5, 1)
    assert plans[3]["extensions"] is None
    assert (await client.ask("GET", "/v1.0/plans/gold")).status == 404


async def test_each_limit_refuses_the_next_one(client: Client) -> None:
    """Reference 7.2: the limit's resource and size stand in the refusal."""
    for what, path, name, first in (
        ("extensions", "/v1.0/extensions", "extension", 100),
        ("virtual_numbers", "/v1.0/numbers", "number", 899_100_000_000),
    ):
        bodies = [{name: f"{'+' if name == 'number' else ''}{first + n}", "password": "p"} for n in range(6)]
        answers = [await client.ask("POST", path, body) for body in bodies]
        assert [answer.status for answer in answers] == [200] * 5 + [429]
        assert answers[-1].reason == "RESOURCE_LIMIT_EXCEEDED"
        assert {"resource": what, "limit": 5}.items() <= answers[-1].json["error"]["details"][0].items()


async def test_operator_changes_what_a_plan_allows(operator: Client, client: Client) -> None:
    changed = await operator.ask("PATCH", "/plans/free", {"virtual_numbers": 1, "extensions": None})

    shown = {plan["name"]: plan for plan in (await operator.ask("GET", "/plans")).json["plans"]}
    assert (changed.status, changed.json) == (200, shown["free"])
    assert (shown["free"]["virtual_numbers"], shown["free"]["extensions"], shown["free"]["agents"]) == (1, None, 5)
    assert shown["basic"]["virtual_numbers"] == 50
    answers = [await client.ask("POST", "/v1.0/numbers", {"number": f"+89910000000{n}"}) for n in range(2)]
    assert [answer.status for answer in answers] == [200, 429]
    made = [await client.ask("POST", "/v1.0/extensions", {"extension": f"10{n}", "password": "p"}) for n in range(6)]
    assert {answer.status for answer in made} == {200}
    for path, body in (("gold", {}), ("free", {"flows": -1}), ("free", {"tokens_a_month": None}), ("free", {"x": 1})):
        assert (await operator.ask("PATCH", f"/plans/{path}", body)).status == 400
