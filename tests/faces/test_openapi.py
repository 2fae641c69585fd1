"""The OpenAPI document is true, and no request that it allows brings the server down (API-2, API-6)."""

import asyncio
import math
import re
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dialplane.services.transaction import Database
from tests.effort import full
from tests.faces.belongings import own_ids
from tests.faces.conftest import Client, Tenant, stock

REQUESTS = 50_000
"""Of each document, in `make soak`."""
PARTS = range(full(1, 8))
"""Several workers share the operations."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


UNASKED = (["Platform"], ["Service agents"])
"""Nobody but the operator is told anything there; nobody but a signed-in agent (`test_service_agents.py`)."""
_SECOND = re.compile(r"\{[^}]*\}")
"""What a path names within what it names first."""


def try_every_operation(document: dict[str, Any], base: str, key: str, part: int) -> list[str]:
    """What schemathesis finds wrong with a part of them. Blocking, so it runs in a thread beside the server's loop."""
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=base)
    found: list[str] = []
    every = list(schema.get_all_operations())
    for result in every[part :: len(PARTS)]:
        assert isinstance(result, Ok), result
        operation = result.ok()

        @settings(
            max_examples=full(8, math.ceil(REQUESTS / len(every))),
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def run(case: Any) -> None:
            case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=CHECKS, timeout=30)

        try:
            run()
        except Exception as failure:  # noqa: BLE001  # a report of every operation says more than the first failure
            found.append(f"{operation.method} {operation.path}: {failure!r} {getattr(failure, 'exceptions', '')}")
    return found


@pytest.mark.parametrize("part", PARTS)
async def test_answers_conform_to_the_document_and_none_is_500(
    client: Client, anonymous: Client, database: Database, part: int
) -> None:
    """API-2."""
    await stock(database, "+14155550100")
    document = (await anonymous.ask("GET", "/openapi.json")).json

    found = await asyncio.to_thread(try_every_operation, document, client.base, client.key, part)

    assert found == []


async def test_foreign_id_answers_exactly_as_an_unknown_one(
    client: Client, other_tenant: Tenant, database: Database
) -> None:
    """API-6."""
    owner = Client(client.base, client.session, other_tenant.key)
    ids = await own_ids(owner, database, other_tenant.id)
    document = (await client.ask("GET", "/openapi.json")).json
    tried: set[str] = set()
    nobody = str(uuid4())

    for path, item in document["paths"].items():
        name = path.partition("{")[2].partition("}")[0]
        for method in {"get", "put", "post", "delete"} & set(item) if name else ():
            if item[method]["tags"] in UNASKED:
                continue
            body: object = {} if "requestBody" in item[method] else None
            foreign, unknown = [
                await client.ask(method.upper(), _SECOND.sub(nobody, path.replace(f"{{{name}}}", each)), body)
                for each in (ids.get(name, str(uuid4())), str(uuid4()))
            ]

            errors = [answer.json["error"] | {"request_id": ""} for answer in (foreign, unknown)]
            assert errors[0] == errors[1], path
            if errors[0]["reason"] != "INVALID_ARGUMENT":  # an empty body is refused before anything is looked up
                assert (foreign.status, unknown.status) == (404, 404), path
            tried.add(name)
    assert tried == {*ids, "name", "account_id"}  # templates are nobody's, sub-accounts are made in another dialect


async def test_document_names_every_operation_once_and_every_answer(anonymous: Client) -> None:
    document = (await anonymous.ask("GET", "/openapi.json")).json

    operations = [
        operation
        for path, item in document["paths"].items()
        if path.startswith("/v1.0")
        for method, operation in item.items()
        if method in ("get", "put", "post", "delete")
    ]
    names = [operation["operationId"] for operation in operations]
    assert document["openapi"].startswith("3.1")
    assert len(names) == len(set(names))
    for operation in operations:
        assert {"400", "401", "403", "429", "503"} <= set(operation["responses"])
        assert {"200", "201", "202", "307"} & set(operation["responses"])
        assert operation["description"]


async def test_page_of_the_documentation_needs_nobody_else(anonymous: Client) -> None:
    page = await anonymous.ask("GET", "/docs")

    text = page.raw.decode()
    assert (page.status, page.headers["Content-Type"].partition(";")[0]) == (200, "text/html")
    assert "/v1.0/numbers/{number_id}" in text
    assert "<script" not in text
    assert "https://" not in text.replace("https://example.org", "")


@pytest.mark.parametrize("path", ["/swagger/index.html", "/swagger/", "/redoc/index.html", "/redoc"])
async def test_addresses_of_voipbins_pages_lead_to_ours(anonymous: Client, path: str) -> None:
    """Reference 1.1: `/swagger/*` and `/redoc/*`, without credentials."""
    answer = await anonymous.ask("GET", path)

    assert answer.status == 302
    assert answer.headers["Location"] == "/docs"
