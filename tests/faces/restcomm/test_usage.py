"""`Usage/Records` in both dialects, and through Twilio's own library (reference 4.9)."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest

from dialplane.domain.ids import utc_now
from dialplane.services.transaction import Database
from tests.faces.conftest import stock
from tests.faces.restcomm.conftest import FormClient
from tests.faces.restcomm.test_accounts import calling, official

NUMBER = "+15105555555"
VIEWS = ("AllTime", "Daily", "Monthly", "Yearly", "Today", "Yesterday", "ThisMonth", "LastMonth")


@pytest.fixture
async def spent(database: Database, restcomm: FormClient) -> None:
    """A number for a dollar and a dollar a month."""
    await stock(database, NUMBER)
    assert (await restcomm.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": NUMBER})).status == 200


async def test_record_has_the_fields_of_the_documentation(spent: None, restcomm: FormClient) -> None:
    today = str(utc_now().date())

    found = (await restcomm.ask("GET", "Usage/Records/Today.json?Category=phonenumbers-local")).json

    assert found == [
        {
            "category": "phonenumbers-local",
            "description": "Local Phone Numbers",
            "account_sid": restcomm.sid,
            "start_date": today,
            "end_date": today,
            "usage": 1,
            "usage_unit": "numbers",
            "count": 1,
            "count_unit": "numbers",
            "price": 2.0,
            "price_unit": "USD",
            "uri": (
                f"/restcomm/2012-04-24/Accounts/{restcomm.sid}/Usage/Records/Today.json"
                f"?Category=phonenumbers-local&StartDate={today}&EndDate={today}"
            ),
        }
    ]


@pytest.mark.parametrize(
    ("view", "price"),
    [(view, 0 if view in ("Yesterday", "LastMonth") else 2) for view in VIEWS],
)
async def test_each_sub_resource_shows_its_days(spent: None, restcomm: FormClient, view: str, price: int) -> None:
    found = (await restcomm.ask("GET", f"Usage/Records/{view}.json?Category=totalprice")).json

    assert sum(record["price"] for record in found) == price


async def test_xml_carries_the_same(spent: None, restcomm: FormClient) -> None:
    answer = (await restcomm.ask("GET", "Usage/Records/Today?Category=totalprice")).raw.decode()

    assert "<UsageRecords page=" in answer
    assert "<UsageRecord><Category>totalprice</Category>" in answer


async def test_range_of_days_and_offsets_narrow_the_records(spent: None, restcomm: FormClient) -> None:
    yesterday = utc_now().date() - timedelta(days=1)

    async def total(query: str) -> float:
        found = (await restcomm.ask("GET", f"Usage/Records.json?Category=totalprice&{query}")).json
        return sum(float(record["price"]) for record in found)

    assert await total("StartDate=-30days") == 2
    assert await total("StartDate=0001-01-01&EndDate=9999-12-31") == 2
    assert await total(f"EndDate={yesterday}") == 0
    assert await total("StartDate=-30days&EndDate=%2B30days") == 2


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("Category=bananas", "Category"),
        ("StartDate=today", "StartDate"),
        ("EndDate=2026-13-01", "EndDate"),
        ("StartDate=-999999days", "StartDate"),
        ("StartDate=2026-02-02&EndDate=2026-02-01", "EndDate"),
        ("IncludeSubaccounts=perhaps", "IncludeSubaccounts"),
    ],
)
async def test_bad_filter_is_refused_by_name(restcomm: FormClient, query: str, parameter: str) -> None:
    """API-2."""
    answer = await restcomm.ask("GET", f"Usage/Records/Daily.json?{query}")

    assert (answer.status, parameter in answer.json["message"]) == (400, True)
    assert (await restcomm.ask("GET", "Usage/Records/Weekly.json")).status == 404


async def test_twilio_library_reads_all_usage_records(spent: None, twilio: FormClient) -> None:
    client = official(twilio)

    def work() -> None:
        records = client.usage.records
        today = utc_now().date()
        (bare,) = records.list(category="totalprice")
        assert (bare.price, bare.price_unit, bare.end_date) == (Decimal(2), "usd", today)
        everything = records.all_time.list()
        assert len({record.category for record in everything}) == len(everything) == 26
        numbers = next(record for record in everything if record.category == "phonenumbers")
        assert (numbers.count, numbers.usage, numbers.usage_unit) == ("1", "1", "numbers")
        for view in (records.daily, records.monthly, records.yearly, records.today, records.this_month):
            (record,) = view.list(category="phonenumbers-local", include_subaccounts=False)
            assert record.price == Decimal(2)
        for view in (records.yesterday, records.last_month):
            (record,) = view.list(category="phonenumbers-local")
            assert record.price == 0
        assert records.daily.list(start_date=today - timedelta(days=9), end_date=today - timedelta(days=1)) == []

    await calling(work)


async def test_csv_has_every_record_and_the_same_sums(spent: None, restcomm: FormClient, twilio: FormClient) -> None:
    """LED-3, SIP-10: all of them in one file, which adds up as the list does."""
    for client, path in ((restcomm, "Usage/Records.csv"), (restcomm, "Usage/Records/Daily.csv"),
                         (twilio, "Usage/Records/AllTime.csv")):  # fmt: skip
        answer = await client.ask("GET", path)
        rows = list(csv.DictReader(io.StringIO(answer.raw.decode())))
        price = {row["category"]: Decimal(row["price"]) for row in rows}
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert (price["totalprice"], price["phonenumbers-local"]) == (Decimal(2), Decimal(2))
        assert {row["account_sid"] for row in rows} == {client.sid}

    only = (await restcomm.ask("GET", "Usage/Records/LastMonth.csv?Category=totalprice")).raw.decode().splitlines()
    assert (len(only), only[1].split(",")[0]) == (2, "totalprice")
    assert (await restcomm.ask("GET", "Usage/Records.csv?Category=bananas")).status == 400
    assert (await restcomm.ask("GET", "Usage/Records/Weekly.csv")).status == 404
