"""VoxCPaaS's usage logs and credit history: the portal's pages as answers (section 3.6), all of them the ledger's."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.charging.ledger import Charge, ReferenceType
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.ids import utc_now
from dialplane.domain.money import Micros
from dialplane.services.charging.ledger import charge
from tests.faces.vox.conftest import DID, TOLL_FREE, Project, Vox

pytestmark = pytest.mark.usefixtures("offered")
NOTHING = {"quantity": 0, "amount": 0}


@pytest.fixture
async def spent(database: PostgresDatabase, vox: Vox, project: Project) -> None:
    """Two numbers, a call and a text of one of them, a recording, and something else."""
    for number in (DID, TOLL_FREE):
        answer = await vox.post("/purchasenumber", f"{project.keys}&number={number}&action=purchase")
        assert answer.status == 200, answer.raw
    now = utc_now()
    number_id = await database.pool.fetchval("select id from numbers where number = $1", DID)
    call_id, message_id = uuid4(), uuid4()
    async with database.transaction() as tx:
        await tx.connection.execute(
            "insert into calls (id, account_id, direction, status, source, destination, number_id, created_at)"
            " values ($1, $2, 'incoming', 'hangup', '{}', '{}', $3, $4)",
            call_id, project.account_id, number_id, now,
        )  # fmt: skip
        await tx.connection.execute(
            "insert into messages (id, account_id, direction, source, text, number_id, created_at)"
            " values ($1, $2, 'outbound', '{}', 'x', $3, $4)",
            message_id, project.account_id, number_id, now,
        )  # fmt: skip
        for kind, reference, units, seconds, micros in (
            (ReferenceType.CALL, call_id, 65, 65, 1_000),
            (ReferenceType.SMS, message_id, 3, 0, 10_000),
            (ReferenceType.RECORDING, uuid4(), 2, 61, 30_000),
            (ReferenceType.SPEAKING, uuid4(), 1, 10, 7),
        ):
            rate = Rate(CostType.NONE, Micros(micros))
            used = Charge(f"{kind}:{reference}", rate, units, kind, reference, now, now, seconds=seconds)
            await charge(tx, project.account_id, used, now)


def rows(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode())))


async def test_usage_history_splits_what_the_ledger_took(spent: None, vox: Vox, project: Project) -> None:
    answer = (await vox.get(f"/numberusagehistory?{project.keys}")).json

    today = utc_now().date()
    dids = 2.234567 + 1.1
    assert answer == {
        "status": "Success",
        "code": 200,
        "data": {
            "fromdate": str(today.replace(day=1)),
            "todate": str(today),
            "quantity": 6,
            "amount": pytest.approx(dids + 0.065 + 0.03 + 0.06 + 0.000007),
            "usage": [
                {"type": "SMS", "quantity": 3, "amount": 0.03},
                {"type": "Voice", "quantity": 2, "amount": 0.065},
                {"type": "DID Charges", "quantity": 2, "amount": pytest.approx(dids)},
                {"type": "Storage", "quantity": 2, "amount": 0.06},
                {"type": "PayG", "quantity": 1, "amount": 0.000007},
            ],
        },
    }


async def test_each_view_adds_up_to_what_was_taken(
    spent: None, vox: Vox, project: Project, database: PostgresDatabase
) -> None:
    """LED-3: JSON and CSV of each."""
    taken = await database.pool.fetchval(
        "select sum(amount) from ledger_postings where book = 'revenue' and currency = 'USD'"
    )

    for path in ("numberspentsummary", "numberusagehistory", "numberusage"):
        shown = await vox.get(f"/{path}?{project.keys}")
        file = await vox.post(f"/{path}", f"{project.keys}&format=csv")
        assert round(shown.json["data"]["amount"] * 1_000_000) == taken
        assert sum(Decimal(row["amount"]) for row in rows(file.raw)) * 1_000_000 == taken
        assert file.headers["Content-Type"] == "text/csv; charset=utf-8"


async def test_number_s_usage_is_told_by_number_and_type(spent: None, vox: Vox, project: Project) -> None:
    everything = (await vox.get(f"/numberusage?{project.keys}")).json
    of_number = (await vox.get(f"/numberusage?{project.keys}&number={DID.removeprefix('+')}&type=voice")).json
    page = (await vox.get(f"/numberusage?{project.keys}&limit=1,2")).json

    assert [(each["number"], each["type"]) for each in everything["data"]["usage"]] == [
        (None, "Storage"),
        (None, "PayG"),
        (DID, "SMS"),
        (DID, "Voice"),
        (DID, "DID Charges"),
        (TOLL_FREE, "DID Charges"),
    ]
    assert of_number["data"]["usage"] == [{"number": DID, "type": "Voice", "quantity": 2, "amount": 0.065}]
    assert (page["count"], page["total"], page["data"]["usage"]) == (2, 6, everything["data"]["usage"][1:3])


async def test_other_days_and_other_projects_have_nothing(
    spent: None, vox: Vox, project: Project, other_project: Project
) -> None:
    """API-4."""
    tomorrow = utc_now().date() + timedelta(days=1)
    for query in (f"{project.keys}&fromdate={tomorrow}", f"{project.keys}&fromdate=2020-02-28&todate=2020-02-29",
                  other_project.keys):  # fmt: skip
        data = (await vox.get(f"/numberusagehistory?{query}")).json["data"]
        assert (data["quantity"], data["amount"]) == (0, 0)
        assert [line | NOTHING for line in data["usage"]] == data["usage"]


async def test_credit_history_tells_what_was_paid_in(spent: None, vox: Vox, project: Project) -> None:
    answer = (await vox.get(f"/credithistory?{project.keys}")).json
    file = await vox.get(f"/credithistory?{project.keys}&format=csv")

    (paid,) = answer["data"]["history"]
    assert (paid["type"], paid["amount"], paid["balance"], answer["count"]) == ("top_up", 100.0, 100.0, 1)
    assert [row["amount"] for row in rows(file.raw)] == ["100.0000"]


async def test_bad_request_is_refused_in_this_dialect(vox: Vox, project: Project) -> None:
    """API-2, API-4."""
    for path in ("numberspentsummary", "numberusagehistory", "numberusage", "credithistory"):
        for query, field in (
            ("fromdate=yesterday", "fromdate"),
            ("todate=9999-12-31", "todate"),
            ("fromdate=2026-01-02&todate=2026-01-01", "todate"),
            ("format=xls", "format"),
        ):
            answer = await vox.get(f"/{path}?{project.keys}&{query}")
            assert (answer.status, answer.json["code"], answer.json["field"]) == (400, 400, field)
        assert (await vox.get(f"/{path}?projectid={project.id}&authtoken=wrong")).status == 401
        wrong_method = await vox.client.ask("DELETE", f"/{path}?{project.keys}")
        assert (wrong_method.status, wrong_method.json["code"]) == (405, 405)
    for query, field in (("type=fax", "type"), ("limit=x", "limit")):
        assert (await vox.get(f"/numberusage?{project.keys}&{query}")).json["field"] == field
