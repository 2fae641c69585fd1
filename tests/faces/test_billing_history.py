"""Billings and credit history: filters, and files that add up to the ledger (LED-3, SIP-10)."""

import csv
import io
from datetime import timedelta

import pytest

from dialplane.domain.charging.entry_filters import EVERY_ENTRY
from dialplane.domain.ids import utc_now
from dialplane.domain.money import Micros
from dialplane.services.charging import billing_files
from dialplane.services.charging.billing import add_credit
from dialplane.services.charging.billing_files import write_billings
from dialplane.services.transaction import Database
from tests.faces.conftest import PLENTY, Client, Tenant, stock

NUMBERS = ("+14155550101", "+14155550102", "+14155550103")
FORMULA = "=HYPERLINK(1)"


@pytest.fixture
async def spent(database: Database, tenant: Tenant, client: Client) -> list[str]:
    """The ids of three numbers, each bought for two dollars; and three movements of credit beside the opening one."""
    await stock(database, *NUMBERS)
    bought = [(await client.ask("POST", "/v1.0/numbers", {"number": number})).json["id"] for number in NUMBERS]
    now = utc_now()
    for n, amount in enumerate((5_000_000, -1_000_000, 250_000)):
        await add_credit(database, tenant.id, Micros(amount), FORMULA, key=f"k{n}", now=now + timedelta(seconds=n))
    return bought


def rows(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode())))


async def test_billings_are_filtered_by_what_they_are_about(spent: list[str], client: Client) -> None:
    async def amounts(query: str) -> list[int]:
        answer = await client.ask("GET", f"/v1.0/billings?{query}")
        assert answer.status == 200, answer.raw
        return [entry["amount_credit"] for entry in answer.json["result"]]

    tomorrow = (utc_now() + timedelta(days=1)).date()
    assert await amounts("transaction_type=usage") == [-2_000_000] * 3
    assert await amounts("reference_type=number&cost_type=number") == [-2_000_000] * 3
    assert await amounts(f"reference_id={spent[1]}") == [-2_000_000]
    assert await amounts("transaction_type=adjustment") == [-1_000_000]
    assert await amounts("reference_type=sms") == []
    assert await amounts(f"since={tomorrow}") == []
    assert len(await amounts(f"until={tomorrow}T00:00:00+00:00")) == len(await amounts("")) == 8


async def test_filtered_list_is_paged_to_its_end(spent: list[str], client: Client) -> None:
    """API-3."""
    seen, token = [], ""
    while True:
        page = (await client.ask("GET", f"/v1.0/billings?transaction_type=usage&page_size=1&page_token={token}")).json
        seen += [entry["reference_id"] for entry in page["result"]]
        token = page["next_page_token"]
        if not token:
            break

    assert seen == spent[::-1]


async def test_credit_history_has_no_use_in_it(spent: list[str], client: Client) -> None:
    found = (await client.ask("GET", "/v1.0/credit_history")).json["result"]

    assert [entry["amount_credit"] for entry in found] == [250_000, -1_000_000, 5_000_000, PLENTY]
    assert found[0].keys() == {
        "id", "customer_id", "transaction_type", "reference_type", "reference_id", "detail", "amount_credit",
        "balance_credit_snapshot", "tm_create",
    }  # fmt: skip


async def test_files_add_up_to_the_balance(spent: list[str], client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """LED-3: however many batches a file is read in, and SIP-10: no cell is a formula."""
    monkeypatch.setattr(billing_files, "BATCH", 3)
    balance = (await client.ask("GET", "/v1.0/billing_account")).json

    answer = await client.ask("GET", "/v1.0/billings.csv")
    history = await client.ask("GET", "/v1.0/credit_history.csv")

    billings, credits = rows(answer.raw), rows(history.raw)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="billings.csv"'
    assert sum(int(row["amount_credit"]) for row in billings) == balance["balance_credit"]
    assert sum(int(row["amount_token"]) for row in billings) == balance["balance_token"]
    assert sum(int(row["amount_credit"]) for row in credits) == balance["balance_credit"] + 6_000_000
    assert [row["id"] for row in billings] == [
        entry["id"] for entry in (await client.ask("GET", "/v1.0/billings")).json["result"]
    ]
    assert {row["detail"] for row in credits[:3]} == {f"'{FORMULA}"}
    only = rows((await client.ask("GET", "/v1.0/billings.csv?transaction_type=adjustment")).raw)
    assert [row["amount_credit"] for row in only] == ["-1000000"]


async def test_what_is_posted_while_a_file_is_written_is_left_out(
    spent: list[str], tenant: Tenant, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(billing_files, "BATCH", 2)
    parts = []

    async for part in write_billings(database, tenant.id, EVERY_ENTRY):
        parts.append(part)
        key = f"late{len(parts)}"
        await add_credit(database, tenant.id, Micros(1), "late", key=key, now=utc_now() + timedelta(minutes=1))

    late = [row for row in rows("".join(parts).encode()) if row["detail"] == "late"]
    assert (len(rows("".join(parts).encode())), len(late)) == (9, 1)


async def test_bad_filter_is_refused_by_name(client: Client) -> None:
    """API-2."""
    for query, field in (
        ("since=yesterday", "since"),
        ("until=2026-13-01", "until"),
        ("since=0001-01-01T00:00:00%2B14:00", "since"),
        ("transaction_type=gift", "transaction_type"),
        ("reference_type=x", "reference_type"),
        ("reference_id=x", "reference_id"),
        ("cost_type=x", "cost_type"),
    ):
        for path in ("billings", "billings.csv", "credit_history", "credit_history.csv"):
            answer = await client.ask("GET", f"/v1.0/{path}?{query}")
            assert (answer.status, answer.json["error"]["details"][0]["field"]) == (400, field)


async def test_use_is_no_part_of_the_credit_history(client: Client) -> None:
    for path in ("credit_history", "credit_history.csv"):
        answer = await client.ask("GET", f"/v1.0/{path}?transaction_type=usage")
        assert (answer.status, answer.json["error"]["details"][0]["field"]) == (400, "transaction_type")


async def test_billing_account_is_named_and_says_how_it_is_paid(client: Client) -> None:
    """Reference 7.1."""
    first = (await client.ask("GET", "/v1.0/billing_account")).json
    named = await client.ask("PUT", "/v1.0/billing_account", {"name": "Acme", "detail": "books"})
    paid = await client.ask(
        "PUT", "/v1.0/billing_account/payment_info", {"payment_type": "prepaid", "payment_method": "credit card"}
    )

    assert (first["payment_type"], first["payment_method"]) == ("prepaid", "")
    assert first["tm_last_topup"] is not None
    assert (named.json["name"], named.json["detail"]) == ("Acme", "books")
    shown = (await client.ask("GET", "/v1.0/billing_account")).json
    assert shown | {"tm_update": None} == paid.json | {"tm_update": None}
    assert shown["payment_method"] == "credit card"
    for body in ({"payment_type": "later", "payment_method": ""}, {"payment_type": ""}, {"payment_type": 1}):
        assert (await client.ask("PUT", "/v1.0/billing_account/payment_info", body)).status == 400
    assert (await client.ask("PUT", "/v1.0/billing_account", {"name": "x" * 256})).status == 400
