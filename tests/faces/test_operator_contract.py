"""The operator's document is true, and no input brings the face down (API-2)."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from dialplane.services.transaction import Database
from tests.faces.conftest import Client, stock
from tests.faces.test_openapi import PARTS, try_every_operation

UNKNOWN = UUID("5b7c8a4e-3d0f-4c59-9f57-6a1b2c3d4e5f")


@pytest.mark.parametrize("part", PARTS)
async def test_answers_conform_to_the_operators_document_and_none_is_500(
    operator: Client, anonymous: Client, database: Database, part: int
) -> None:
    """API-2."""
    await stock(database, "+14155550100")
    document = (await anonymous.ask("GET", "/operator/v1/openapi.json")).json

    found = await asyncio.to_thread(try_every_operation, document, anonymous.base, operator.key, part)

    assert found == []


async def test_every_route_of_the_face_is_in_its_document_and_in_no_other(anonymous: Client) -> None:
    document: dict[str, Any] = (await anonymous.ask("GET", "/operator/v1/openapi.json")).json
    tenants: dict[str, Any] = (await anonymous.ask("GET", "/openapi.json")).json

    operations = {(method, path) for path, item in document["paths"].items() for method in item}

    below = "/operator/v1"
    assert {path for _, path in operations if not path.startswith(below)} == set()
    assert {path for path in tenants["paths"] if path.startswith(below)} == set()
    assert {
        ("put", f"{below}/rate_decks/{{deck_id}}"),
        ("get", f"{below}/carriers"),
        ("get", f"{below}/accounts/{{account_id}}"),
        ("get", f"{below}/refused_calls"),
        ("put", f"{below}/sandbox/clock"),
    } <= operations
    for method, path in operations:
        operation = document["paths"][path][method]
        assert "application/problem+json" in operation["responses"]["401"]["content"], path
        takes_key = any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", []))
        assert takes_key == (method == "post"), path
        assert operation["description"], path


async def test_page_for_people_is_made_from_the_document(anonymous: Client) -> None:
    page = await anonymous.ask("GET", "/operator/v1/docs")

    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert b"/operator/v1/rate_decks" in page.raw
    assert b"/operator/v1/openapi.json" in page.raw
    assert b"/operator/v1/docs" in (await anonymous.ask("GET", "/docs")).raw


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/organizations", {"name": 7}, "name"),
        ("POST", "/organizations", {"name": "x" * 256}, "name"),
        ("POST", "/organizations", {"name": "A", "domains": "a.example"}, "domains"),
        ("POST", "/organizations", [], "body"),
        ("POST", "/accounts", {"name": "A", "email": "a@b.example"}, "organization_id"),
        ("POST", "/accounts", {"name": "A", "email": "a@b.example", "organization_id": 7}, "organization_id"),
        ("PATCH", f"/accounts/{UNKNOWN}", {"verified": "yes"}, "verified"),
        ("PATCH", f"/accounts/{UNKNOWN}", {"status": "gone"}, "status"),
        ("POST", f"/accounts/{UNKNOWN}/credits", {"amount_micros": 1.5}, "amount_micros"),
        ("POST", f"/accounts/{UNKNOWN}/credits", {"amount_micros": 10**16}, "amount_micros"),
        ("POST", f"/accounts/{UNKNOWN}/credits", {"amount_micros": 0}, "amount_micros"),
        ("GET", "/accounts?before=yesterday", None, "before"),
        ("POST", "/inventory", {"items": 7}, "items"),
        ("POST", "/inventory", {"items": [{"number": "+1", "type": "local", "country": "US"}]}, "number"),
        ("POST", "/inventory", {"items": [{"number": "+14155550100", "type": "gold", "country": "US"}]}, "type"),
        ("POST", "/inventory/import?apply=perhaps", b"number,type,country\n", "apply"),
        ("POST", "/trunks", {"name": "T", "host": "h.example", "port": "five"}, "port"),
        ("POST", "/trunks", {"name": "T", "host": "h.example", "port": 65536}, "port"),
        ("POST", "/trunks", {"name": "T", "host": "h.example", "transport": "smoke"}, "transport"),
        ("PUT", "/sandbox/clock", {"now": "soon"}, "now"),
        ("PUT", "/sandbox/clock", {"now": ""}, "now"),
        ("PUT", "/sandbox/clock", {"now": 5}, "now"),
        ("PUT", "/sandbox/clock", {"now": "9999-12-31T23:59:59Z"}, "now"),
        ("PUT", "/sandbox/clock", {"now": "0001-01-01T00:00:00Z"}, "now"),
        ("PUT", "/sandbox/carrier", {}, "next"),
        ("POST", "/sandbox/messages", {"from": "+12025550100"}, "to"),
        ("POST", "/sandbox/messages", {"from": "+1", "to": "+14155550100", "text": "x" * 20_000}, "text"),
        ("PUT", "/rate_decks/default", {}, "rates"),
        ("PUT", "/rate_decks/default", {"rates": 7}, "rates"),
        ("PUT", "/rate_decks/default", {"rates": [], "currency": "EUR"}, "currency"),
        ("GET", "/refused_calls?page_size=many", None, "page_size"),
        ("GET", "/refused_calls?page_token=now", None, "page_token"),
    ],
)
async def test_bad_input_is_400_and_names_the_field(
    operator: Client, method: str, path: str, body: object, field: str
) -> None:
    """API-2."""
    answer = await operator.ask(method, path, body)

    assert answer.status == 400, answer.raw
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in [error["field"] for error in answer.json["errors"]], answer.raw


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/accounts/{UNKNOWN}", None),
        ("GET", "/accounts/not-an-id", None),
        ("PATCH", f"/accounts/{UNKNOWN}", {"plan": "basic"}),
        ("POST", f"/accounts/{UNKNOWN}/credits", {"amount_micros": 1}),
        ("POST", f"/numbers/{UNKNOWN}/suspend", None),
        ("POST", f"/numbers/{UNKNOWN}/reactivate", None),
        ("POST", "/trunks", {"name": "T", "host": "h.example", "account_id": str(UNKNOWN)}),
        ("GET", "/rate_decks/gold", None),
        ("PUT", "/rate_decks/gold", {"rates": []}),
        ("GET", "/nothing", None),
    ],
)
async def test_unknown_things_are_404(operator: Client, method: str, path: str, body: object) -> None:
    answer = await operator.ask(method, path, body)

    assert answer.status == 404, answer.raw


async def test_body_that_is_too_large_is_refused_and_a_large_spreadsheet_is_not(operator: Client) -> None:
    """API-8."""
    heading = b"number,type,country,locality\n"
    lines = (b"+14155550100,local,US," + b"x" * 100_000 + b"\n") * 20
    endless = b"+14155550100,local,US," + b"x" * 200_000

    large = await operator.ask("POST", "/organizations", b'{"name": "' + b"x" * (2 << 20) + b'"}')
    read = await operator.ask("POST", "/inventory/import", heading + lines, Content_Type="text/csv")

    refused = await operator.ask("POST", "/inventory/import", heading + endless, Content_Type="text/csv")

    assert len(lines) > 1 << 20
    assert large.status == 413
    assert read.status == 200, read.raw
    assert (refused.status, refused.json["errors"][0]["field"]) == (400, "csv")
