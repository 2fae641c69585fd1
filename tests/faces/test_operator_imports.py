"""Imports, exports and lists of the operator's stock, over HTTP."""

import asyncio
import csv
import io
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialplane.domain.ids import utc_now
from dialplane.domain.supply.inventory import StockQuery
from dialplane.services.supply.imports import go_on_with_imports
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant

CSV = b"Phone Number;City;MRC\n(202) 555-0123;Washington;1.15\n+1 202 555 0124;Washington;\n"
BAD = b"number\n+12025550123\n1.2025550123E+10\n"


async def read_file(operator: Client, body: bytes, query: str = "", **headers: str) -> Any:
    answer = await operator.ask("POST", f"/inventory/import?{query}", body, Content_Type="text/csv", **headers)
    assert answer.status in (200, 201), answer.raw
    return answer.json


async def end(operator: Client, database: Database, import_id: str) -> Any:
    """The import when the worker is through with it."""
    while await go_on_with_imports(database, utc_now()):
        pass
    return (await operator.ask("GET", f"/inventory/imports/{import_id}")).json


async def test_preview_says_what_was_guessed_and_is_applied_by_its_id(operator: Client, client: Client) -> None:
    preview = await read_file(operator, CSV, "country=US")
    shown = await operator.ask("GET", f"/inventory/imports/{preview['id']}")
    applied = await operator.ask("POST", f"/inventory/imports/{preview['id']}/apply")
    again = await operator.ask("POST", f"/inventory/imports/{preview['id']}/apply")

    assert preview["reading"] == {
        "format": "csv",
        "delimiter": ";",
        "headings": True,
        "columns": {"number": "Phone Number", "locality": "City", "monthly": "MRC"},
        "ignored": [],
    }
    assert (preview["new"], preview["numbers"]) == (2, ["+12025550123", "+12025550124"])
    assert (shown.json["state"], shown.json["lines"], shown.json["done"]) == ("previewed", 2, 0)
    assert (applied.status, applied.json["state"], applied.json["added"]) == (201, "applied", 2)
    assert again.json == applied.json
    offered = (await client.ask("GET", "/v1.0/available_numbers?country_code=US")).json["result"]
    assert [(one["number"], one["monthly_micros"]) for one in offered] == [
        ("+12025550123", 1_150_000), ("+12025550124", 0),
    ]  # fmt: skip
    assert [one["id"] for one in (await operator.ask("GET", "/inventory/imports")).json["imports"]] == [preview["id"]]


async def test_problems_are_paged_and_hold_everything_back_unless_passed_over(operator: Client) -> None:
    body = b"number\n+12025550199\n" + b"".join(b"x%d\n" % n for n in range(5))
    preview = await read_file(operator, body)
    path = f"/inventory/imports/{preview['id']}"

    first = (await operator.ask("GET", f"{path}/lines?outcome=problem&limit=3")).json
    second = (await operator.ask("GET", f"{path}/lines?outcome=problem&limit=3&after={first['next']}")).json
    refused = await operator.ask("POST", f"{path}/apply")
    applied = await operator.ask("POST", f"{path}/apply?skip_problems=true")

    assert [line["line"] for line in first["lines"] + second["lines"]] == [3, 4, 5, 6, 7]
    assert second["next"] is None
    assert (refused.status, refused.json["reason"]) == (400, "IMPORT_HAS_PROBLEMS")
    assert (applied.json["added"], applied.json["problems"]) == (1, 5)


async def test_large_import_shows_its_progress_until_the_worker_is_through(
    operator: Client, database: Database
) -> None:
    preview = await read_file(operator, b"number,count\n+12022000000,2500\n")

    begun = await operator.ask("POST", f"/inventory/imports/{preview['id']}/apply")
    ended = await end(operator, database, preview["id"])
    undoing = await operator.ask("POST", f"/inventory/imports/{preview['id']}/undo")
    undone = await end(operator, database, preview["id"])

    assert (begun.json["state"], begun.json["lines"], begun.json["done"]) == ("applying", 2500, 1000)
    assert (ended["state"], ended["done"], ended["added"]) == ("applied", 2500, 2500)
    assert (undoing.json["state"], undoing.json["done"]) == ("undoing", 1000)
    assert (undone["state"], undone["done"], undone["withdrawn"]) == ("undone", 2500, 2500)
    assert (await operator.ask("POST", f"/inventory/imports/{preview['id']}/undo")).status == 409
    assert (await operator.ask("GET", "/inventory")).json == {"items": [], "next": ""}


async def test_repeated_request_imports_once(operator: Client) -> None:
    """API-1."""
    first = await operator.ask("POST", "/inventory/import?apply=true&country=US", CSV, Idempotency_Key="k")
    again = await operator.ask("POST", "/inventory/import?apply=true&country=US", CSV, Idempotency_Key="k")

    assert (first.status, first.json["imported"]) == (201, 2)
    assert again.raw == first.raw
    assert again.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize(
    ("query", "body", "field", "says"),
    [
        ("", b"number\n\xff\n", "body", "UTF-8"),
        ("", b"Colour\nred\n", "csv", "known as the number"),
        ("", b"[{]", "json", "not JSON"),
        ("column=number:Nowhere", CSV, "column", "Nowhere"),
        ("column=colour:City", CSV, "column", "FIELD:HEADING"),
        ("country=USA", CSV, "country", "two letters"),
        ("type=gold", CSV, "type", "gold"),
        ("trunk=nowhere", CSV, "trunk", "nowhere"),
        ("account_id=7", CSV, "account_id", ""),
        ("monthly_micros=-1", CSV, "monthly_micros", ""),
        ("apply=true", BAD, "number", "spreadsheet"),
    ],
)
async def test_file_that_cannot_be_read_is_400_with_the_reason(
    operator: Client, query: str, body: bytes, field: str, says: str
) -> None:
    """API-2."""
    answer = await operator.ask("POST", f"/inventory/import?{query}", body, Content_Type="text/csv")

    assert answer.status == 400, answer.raw
    assert says in answer.json["detail"]
    assert field in [error["field"] for error in answer.json["errors"]] or field == "body"
    assert (await operator.ask("GET", "/inventory")).json["items"] == []


async def test_unknown_import_is_404(operator: Client) -> None:
    path = f"/inventory/imports/{uuid4()}"
    for method, end_of_path in (("GET", ""), ("GET", "/lines"), ("POST", "/apply"), ("POST", "/undo")):
        answer = await operator.ask(method, path + end_of_path)
        assert (answer.status, answer.json["reason"]) == (404, "IMPORT_NOT_FOUND")


async def test_number_on_a_trunk_is_given_to_its_account_by_file_or_one_by_one(
    operator: Client, client: Client, tenant: Tenant
) -> None:
    trunk = (await operator.ask("POST", "/trunks", {"name": "PBX", "networks": ["203.0.113.0/24"]})).json
    item: dict[str, object] = {"number": "+12025550101", "type": "local", "country": "US", "name": "Front desk"}
    item |= {"account_id": str(tenant.id), "trunk_id": trunk["id"], "monthly_micros": 2_000_000}

    single = await operator.ask("POST", "/inventory", {"items": [item, item]})
    await read_file(operator, b"number\n+12025550102\n", f"apply=true&account_id={tenant.id}&trunk=PBX")

    assert single.json == {"imported": 1, "numbers": ["+12025550101"], "known": 1}
    held = (await client.ask("GET", "/v1.0/numbers")).json["result"]
    assert sorted((each["number"], each["name"], each["status"]) for each in held) == [
        ("+12025550101", "Front desk", "active"), ("+12025550102", "", "active"),
    ]  # fmt: skip
    listed = (await operator.ask("GET", f"/inventory?state=assigned&account_id={tenant.id}")).json["items"]
    assert [each["trunk"] for each in listed] == [trunk["id"]] * 2
    billings = (await client.ask("GET", "/v1.0/billings")).json["result"]
    assert [
        (each["reference_type"], each["amount_credit"]) for each in billings if each["reference_type"] == "number"
    ] == [("number", -2_000_000)]


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"account_id": str(uuid4())}, 400, "account_id"),
        ({"trunk_id": str(uuid4())}, 400, "trunk"),
        ({"monthly_micros": 10**12}, 402, ""),
    ],
)
async def test_single_number_that_cannot_be_given_is_refused(
    operator: Client, tenant: Tenant, change: dict[str, object], status: int, field: str
) -> None:
    item = {"number": "+12025550101", "type": "local", "country": "US", "account_id": str(tenant.id)} | change

    answer = await operator.ask("POST", "/inventory", {"items": [item]})

    assert answer.status == status
    assert [error["field"] for error in answer.json["errors"]] == ([field] if field else [])
    assert (await operator.ask("GET", "/inventory")).json["items"] == []


# --- lists and exports -----------------------------------------------------------------------------------------------

STOCK = [
    {"number": "+12025550101", "type": "local", "country": "US", "region": "DC", "locality": "Washington"},
    {"number": "+18005550101", "type": "toll_free", "country": "US", "capabilities": []},
    {
        "number": "+442079460101",
        "type": "local",
        "country": "GB",
        "documents_required": ["identity", "proof of address"],
    },
]


async def test_stock_is_listed_by_number_in_pages_and_by_filters(operator: Client) -> None:
    await operator.ask("POST", "/inventory", {"items": STOCK})

    async def numbers(query: str) -> list[str]:
        return [each["number"] for each in (await operator.ask("GET", f"/inventory?{query}")).json["items"]]

    first = (await operator.ask("GET", "/inventory?limit=2")).json
    assert [each["number"] for each in first["items"]] == ["+12025550101", "+18005550101"]
    assert await numbers(f"limit=2&after={first['next']}") == ["+442079460101"]  # the + is a space then
    assert await numbers("starts_with=1800&state=offered") == ["+18005550101"]
    assert await numbers("country=gb&type=local&carrier=owned") == ["+442079460101"]
    assert await numbers("locality=washington&region=DC") == ["+12025550101"]
    assert await numbers(f"account_id={uuid4()}") == await numbers("state=held") == []
    for query in ("state=gone", "type=gold", "starts_with=x", "after=%00", "limit=1001", "region=" + "x" * 129):
        assert (await operator.ask("GET", f"/inventory?{query}")).status == 400, query


async def test_export_is_a_file_whose_texts_are_no_formulas(operator: Client) -> None:
    """SIP-10."""
    evil = ["=cmd()", "+1", "-1", "@SUM(A1)", "'=x", "a\x1b[1m\r\nb"]
    items: list[dict[str, object]] = [
        {"number": f"+1202555010{n}", "type": "local", "country": "US", "locality": text} for n, text in enumerate(evil)
    ]
    items[0] |= {"latitude": 38.9, "longitude": -77.03}
    assert (await operator.ask("POST", "/inventory", {"items": items})).status == 201

    answer = await operator.ask("GET", "/inventory/export?starts_with=1202")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.raw.decode(), newline="")))
    assert [row["locality"] for row in rows] == [
        "'=cmd()", "'+1", "'-1", "'@SUM(A1)", "''=x", "a\x1b[1m\r\nb",
    ]  # fmt: skip
    assert (rows[0]["number"], rows[0]["longitude"]) == ("+12025550100", "-77.03")


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=16).map(str.strip)
ITEMS = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["local", "toll_free", "mobile"]),
            "country": st.sampled_from(["US", "GB"]),
            "region": TEXT,
            "locality": TEXT | st.sampled_from(["=cmd()", "'+1", 'a "quoted", word']),
            "postal_code": TEXT,
            "capabilities": st.lists(st.sampled_from(["voice", "sms", "fax"]), unique=True),
            "setup_micros": st.integers(0, 10**12),
            "monthly_micros": st.integers(0, 10**12),
            "documents_required": st.lists(
                st.sampled_from(["identity", "proof of address", "a;b", "=x", "-"]), max_size=3
            ),
        },
        optional={"latitude": st.floats(-90, 90)},
    ),
    min_size=1,
    max_size=4,
)


async def test_export_imported_again_is_the_same(operator: Client, database: Database) -> None:
    """As CSV and as JSON, whatever the texts are."""
    loop = asyncio.get_running_loop()

    async def round_trip(items: list[dict[str, Any]], form: str) -> None:
        for n, item in enumerate(items):
            item["number"] = f"+1202555{n:04}"
            if "latitude" in item:
                item["longitude"] = item["latitude"] * 2
        made = await operator.ask("POST", "/inventory", {"items": items})
        assert made.status == 201, made.raw
        before = (await operator.ask("GET", f"/inventory/export?format={form}")).raw
        await _clear(database)
        again = await operator.ask("POST", "/inventory/import?apply=true", before, Content_Type="text/csv")
        assert (again.status, again.json["imported"]) == (201, len(items)), again.raw
        assert (await operator.ask("GET", f"/inventory/export?format={form}")).raw == before
        await _clear(database)

    @settings(max_examples=12, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(items=ITEMS, form=st.sampled_from(["csv", "json"]))
    def run(items: list[dict[str, Any]], form: str) -> None:
        asyncio.run_coroutine_threadsafe(round_trip(items, form), loop).result(30)

    await asyncio.to_thread(run)


async def _clear(database: Database) -> None:
    async with database.transaction() as tx:
        items = await tx.inventory.list_stock(StockQuery(), after="", limit=1000)
        await tx.inventory.remove_untouched([item.id for item in items])


async def test_export_gives_an_accounts_numbers_back_to_it(
    operator: Client, client: Client, tenant: Tenant, database: Database
) -> None:
    items = [{"number": "+12025550101", "type": "local", "country": "US", "account_id": str(tenant.id)}]
    await operator.ask("POST", "/inventory", {"items": [*items, STOCK[2]]})
    await client.ask("POST", "/v1.0/reservations", {"number": "+442079460101"})

    exported = (await operator.ask("GET", "/inventory/export?format=json")).json["items"]

    assert [(each["account_id"], each["state"]) for each in exported] == [
        (str(tenant.id), "assigned"), (None, "held"),
    ]  # fmt: skip


async def test_others_are_answered_while_a_large_file_is_read(operator: Client) -> None:
    """API-8: 8 MB are taken, and nobody waits until they are read."""
    rows = [{"number": f"+1415{2_000_000 + n}", "locality": "San Francisco", "note": "x" * 800} for n in range(10_000)]
    as_json = msgspec.json.encode(rows)

    reading = asyncio.create_task(operator.ask("POST", "/inventory/import", as_json, Content_Type="application/json"))
    answered = 0
    while not reading.done():
        assert (await operator.ask("GET", "/plans")).status == 200
        answered += 1

    assert len(as_json) > 8 << 20
    assert (await reading).json["new"] == 10_000
    assert answered > 5
