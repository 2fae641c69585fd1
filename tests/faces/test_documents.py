"""Documents through the native API: handed in as a form and as JSON, reviewed by the operator, and the order's end."""

import asyncio
import base64
import io
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

from dialplane.adapters.carriers.owned import OwnedCarrier
from dialplane.adapters.carriers.registry import CarrierRegistry
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import utc_now
from dialplane.domain.money import usd
from dialplane.domain.numbering.documents import LARGEST
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import OWNED, NewItem
from dialplane.services.numbering.reconcile import reconcile_orders
from dialplane.services.supply.inventory import import_items
from tests.faces.conftest import Answer, Client, Tenant

NUMBER = "+493012345678"
PDF = b"%PDF-1.7\n\0\xff\xfe of a test"


@pytest.fixture(autouse=True)
async def stocked(database: PostgresDatabase) -> None:
    item = NewItem(
        NUMBER, NumberKind.LOCAL, "DE", setup_micros=usd(1), monthly_micros=usd(1), documents_required=("address",)
    )
    await import_items(database, [item], utc_now())


async def upload(client: Client, **fields: object) -> Answer:
    given = {"kind": "address", "content": base64.b64encode(PDF).decode()} | fields
    return await client.ask("POST", "/v1.0/documents", given)


async def upload_form(client: Client, fields: dict[str, str], content: bytes | None = PDF, **headers: str) -> Answer:
    """As `curl -F kind=address -F file=@bill.pdf` sends it."""
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name, value)
    if content is not None:
        form.add_field("file", io.BytesIO(content), filename="bill.pdf", content_type="text/html")
    sent = {"Authorization": f"Bearer {client.key}"} | {name.replace("_", "-"): text for name, text in headers.items()}
    async with client.session.post(client.base + "/v1.0/documents", data=form, headers=sent) as response:
        return Answer(response.status, response.headers, await response.read())


async def order(client: Client) -> Answer:
    """An order that waits for its document."""
    bought = await client.ask("POST", "/v1.0/numbers", {"number": NUMBER})
    assert (bought.status, bought.json["status"]) == (202, "pending")
    return bought


async def credit(client: Client) -> int:
    balance = (await client.ask("GET", "/v1.0/billing_account")).json["balance_credit"]
    assert isinstance(balance, int)
    return balance


async def test_number_that_needs_a_document_is_ordered_refused_once_and_delivered(
    client: Client, operator: Client, database: PostgresDatabase
) -> None:
    bought = await order(client)
    path = f"/v1.0/orders/{bought.json['id']}"

    blurred = await upload_form(client, {"kind": "address", "order_id": bought.json["id"]})
    to_review = await operator.ask("GET", "/documents?status=pending")
    seen = await operator.ask("GET", f"/documents/{blurred.json['id']}/content")
    rejected = await operator.ask(
        "POST", f"/documents/{blurred.json['id']}/review", {"verdict": "reject", "reason": "it is blurred"}
    )
    waiting = await client.ask("GET", path)
    good = await upload(client)
    attached = await client.ask("POST", f"{path}/documents", {"document_id": good.json["id"]})
    await operator.ask("POST", f"/documents/{good.json['id']}/review", {"verdict": "approve"})
    submitted = await client.ask("GET", path)
    await reconcile_orders(database, CarrierRegistry({OWNED: OwnedCarrier()}), utc_now())
    confirmed = await client.ask("GET", path)

    assert [each["id"] for each in to_review.json["documents"]] == [blurred.json["id"]]
    assert seen.raw == PDF
    assert (rejected.status, rejected.json["status"], rejected.json["reason"]) == (201, "rejected", "it is blurred")
    asked = {"kind": "address", "state": "rejected", "reason": "it is blurred", "document_id": blurred.json["id"]}
    assert (waiting.json["status"], waiting.json["documents"]) == ("pending", [asked])
    assert attached.json["documents"][0]["state"] == "pending"
    assert (submitted.json["status"], confirmed.json["status"]) == ("submitted", "confirmed")
    number = await client.ask("GET", f"/v1.0/numbers/{confirmed.json['number_id']}")
    assert (number.json["number"], number.json["status"]) == (NUMBER, "active")
    assert await credit(client) == usd(98)


async def test_cancelled_order_costs_nothing(client: Client) -> None:
    bought = await order(client)

    cancelled = await client.ask("DELETE", f"/v1.0/orders/{bought.json['id']}")
    again = await client.ask("DELETE", f"/v1.0/orders/{bought.json['id']}")
    listed = await client.ask("GET", "/v1.0/orders?status=cancelled")
    none = await client.ask("GET", "/v1.0/orders?status=pending")

    assert (cancelled.status, cancelled.json["status"], again.status) == (200, "cancelled", 409)
    assert [row["id"] for row in listed.json["result"]] == [bought.json["id"]]
    assert none.json["result"] == []
    assert await credit(client) == usd(100)


async def test_both_forms_give_the_same_document_and_the_content_says_what_it_is(client: Client) -> None:
    form = await upload_form(client, {"kind": "address", "expires_on": "2999-12-31"})
    body = await upload(client, name="bill.pdf", expires_on="2999-12-31")
    content = await client.ask("GET", f"/v1.0/documents/{form.json['id']}/content")

    same = ("kind", "name", "media_type", "size", "sha256", "status", "expires_on")
    assert [form.json[field] for field in same] == [body.json[field] for field in same]
    assert (form.json["name"], form.json["media_type"], form.json["size"]) == ("bill.pdf", "application/pdf", len(PDF))
    assert content.raw == PDF
    assert content.headers["Content-Disposition"] == f'attachment; filename="{form.json["id"]}.pdf"'
    assert content.headers["X-Content-Type-Options"] == "nosniff"


async def test_documents_are_listed_and_deleted(client: Client) -> None:
    made = [(await upload(client)).json["id"] for _ in range(3)]

    first = await client.ask("GET", "/v1.0/documents?page_size=2&status=pending")
    second = await client.ask("GET", f"/v1.0/documents?page_token={first.json['next_page_token']}")
    deleted = await client.ask("DELETE", f"/v1.0/documents/{made[0]}")
    gone = [await client.ask("GET", f"/v1.0/documents/{made[0]}{part}") for part in ("", "/content")]

    assert [row["id"] for row in first.json["result"] + second.json["result"]] == made[::-1]
    assert (deleted.status, deleted.json["tm_delete"] is not None) == (200, True)
    assert [(each.status, each.reason) for each in gone] == [(404, "DOCUMENT_NOT_FOUND")] * 2


async def test_repetition_with_one_key_keeps_one_document_whatever_its_boundary(client: Client) -> None:
    """API-1: a client draws a new boundary for each try."""
    first = await upload_form(client, {"kind": "address"}, Idempotency_Key="k")
    again = await upload_form(client, {"kind": "address"}, Idempotency_Key="k")
    other = await upload_form(client, {"kind": "identity"}, Idempotency_Key="k")

    assert (again.raw, again.headers["Idempotent-Replayed"]) == (first.raw, "true")
    assert other.status == 422
    assert len((await client.ask("GET", "/v1.0/documents")).json["result"]) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "x" * 65}, "kind"),
        ({"kind": 7}, "kind"),
        ({"content": "not base64!"}, "content"),
        ({"content": ""}, "content"),
        ({"content": base64.b64encode(b"<html>").decode()}, "content"),
        ({"name": "x" * 256}, "name"),
        ({"expires_on": "2001-01-01"}, "expires_on"),
        ({"expires_on": "soon"}, "expires_on"),
        ({"order_id": "7"}, "order_id"),
    ],
)
async def test_bad_document_is_refused_by_its_field(client: Client, fields: dict[str, object], field: str) -> None:
    answer = await upload(client, **fields)

    assert (answer.status, answer.json["error"]["details"][0]["field"]) == (400, field)
    assert (await client.ask("GET", "/v1.0/documents")).json["result"] == []


async def test_bad_form_is_refused_by_its_field(client: Client) -> None:
    answers = [
        await upload_form(client, {"kind": "address"}, content=None),
        await upload_form(client, {}),
        await upload_form(client, {"kind": "address", "expires_on": "soon"}),
        await upload_form(client, {"kind": "address"}, PDF + bytes(LARGEST)),
    ]

    found = [(answer.status, answer.json["error"]["details"][0]["field"]) for answer in answers]
    assert found == [(400, "file"), (400, "kind"), (400, "expires_on"), (400, "content")]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"kind": "address\\u0000", "content": ""}'])
async def test_what_is_no_json_is_refused(client: Client, body: bytes) -> None:
    """API-2"""
    assert (await client.ask("POST", "/v1.0/documents", body)).status == 400


async def test_form_that_is_broken_is_refused(client: Client) -> None:
    """API-2"""
    for body in (b"", b"--x\r\n", b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\n\xff\r\n--x--\r\n'):
        kind = "multipart/form-data; boundary=x"
        assert (await client.ask("POST", "/v1.0/documents", body, Content_Type=kind)).status == 400
    assert (await client.ask("POST", "/v1.0/documents", b"--", Content_Type="multipart/form-data")).status == 400


async def test_large_document_is_kept_and_a_body_beyond_it_is_refused(client: Client) -> None:
    """API-8: the larger limit is this path's alone."""
    content = base64.b64encode(PDF + bytes(LARGEST - len(PDF))).decode()

    kept = await upload(client, content=content)
    beyond = await upload(client, content=content + "A" * 100_000)
    elsewhere = await client.ask("POST", "/v1.0/flows", {"name": "x" * (2 << 20)})

    assert (kept.status, kept.json["size"]) == (200, LARGEST)
    assert (beyond.status, elsewhere.status) == (400, 400)


async def test_foreign_documents_are_unknown(client: Client, other_tenant: Tenant) -> None:
    """API-6"""
    other = Client(client.base, client.session, other_tenant.key)
    foreign = (await upload(client)).json["id"]
    bought = await order(client)
    own = (await upload(other)).json["id"]

    for unknown in (foreign, str(uuid4())):
        for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
            answer = await other.ask(method, f"/v1.0/documents/{unknown}{path}")
            assert (answer.status, answer.reason) == (404, "DOCUMENT_NOT_FOUND")
    for order_id in (bought.json["id"], str(uuid4())):
        for answer in (
            await other.ask("POST", f"/v1.0/orders/{order_id}/documents", {"document_id": own}),
            await upload(other, order_id=order_id),
        ):
            assert (answer.status, answer.reason) == (404, "ORDER_NOT_FOUND")


async def test_review_needs_a_reason_to_reject_and_happens_once(client: Client, operator: Client) -> None:
    path = f"/documents/{(await upload(client)).json['id']}/review"

    silent = await operator.ask("POST", path, {"verdict": "reject"})
    odd = await operator.ask("POST", path, {"verdict": "maybe"})
    verdicts = [operator.ask("POST", path, {"verdict": "approve"}) for _ in range(5)]
    answers = await asyncio.gather(*verdicts)
    unknown = await operator.ask("POST", f"/documents/{uuid4()}/review", {"verdict": "approve"})
    tenants = await client.ask("POST", f"/operator/v1{path}", {"verdict": "approve"})

    assert (silent.status, silent.json["errors"][0]["field"]) == (400, "reason")
    assert (odd.status, odd.json["errors"][0]["field"]) == (400, "verdict")
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409]
    assert (unknown.status, tenants.status) == (404, 401)


async def test_review_goes_by_the_sandboxs_clock(client: Client, operator: Client) -> None:
    made = await upload(client, expires_on=utc_now().date().isoformat())
    await operator.ask("PUT", "/sandbox/clock", {"now": datetime(2999, 1, 1, tzinfo=UTC).isoformat()})

    late = await operator.ask("POST", f"/documents/{made.json['id']}/review", {"verdict": "approve"})

    assert (late.status, late.json["reason"]) == (409, "DOCUMENT_EXPIRED")


async def test_file_that_is_gone_is_said_so(client: Client, tmp_path: Path) -> None:
    made = await upload(client)
    for path in (tmp_path / "documents").rglob("*"):
        if path.is_file():
            path.unlink()

    answer = await client.ask("GET", f"/v1.0/documents/{made.json['id']}/content")

    assert (answer.status, answer.reason) == (404, "FILE_NOT_FOUND")
