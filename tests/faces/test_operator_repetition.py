"""`Idempotency-Key` on the operator's POSTs: the same rules as in every face (API-1)."""

import asyncio
from uuid import uuid4

import pytest

from tests.faces.conftest import Client


async def test_repeated_organization_is_made_once(operator: Client) -> None:
    first = await operator.ask("POST", "/organizations", {"name": "Acme"}, Idempotency_Key="k")
    again = await operator.ask("POST", "/organizations", {"name": "Acme"}, Idempotency_Key="k")

    assert (first.status, again.status, first.raw) == (201, 201, again.raw)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert len((await operator.ask("GET", "/organizations")).json["organizations"]) == 1


async def test_key_with_another_body_or_query_is_another_request(operator: Client) -> None:
    csv = b"number,type,country\n+14155550101,local,US\n"
    await operator.ask("POST", "/inventory/import", csv, Idempotency_Key="k")

    body = await operator.ask("POST", "/inventory/import", csv + b"+14155550102,local,US\n", Idempotency_Key="k")
    applied = await operator.ask("POST", "/inventory/import?apply=true", csv, Idempotency_Key="k")

    assert (body.status, body.json["reason"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert body.headers["content-type"] == "application/problem+json"
    assert applied.status == 422


async def test_of_equal_requests_at_once_one_acts(operator: Client) -> None:
    """The others get its answer, or 409 while it runs."""
    organization = (await operator.ask("POST", "/organizations", {"name": "Acme"})).json
    draft = {"name": "Acme", "email": "ann@example.com", "organization_id": organization["id"]}

    answers = await asyncio.gather(*(operator.ask("POST", "/accounts", draft, Idempotency_Key="k") for _ in range(10)))

    made = [answer.json["id"] for answer in answers if answer.status == 201]
    assert {answer.status for answer in answers} <= {201, 409}
    assert len(set(made)) == 1
    assert len((await operator.ask("GET", "/accounts")).json["accounts"]) == 1
    running = [answer.json["reason"] for answer in answers if answer.status == 409]
    assert set(running) <= {"REQUEST_IN_PROGRESS"}


async def test_failure_is_replayed_as_the_problem_that_it_was(operator: Client) -> None:
    path = f"/accounts/{uuid4()}/credits"

    first = await operator.ask("POST", path, {"amount_micros": 1}, Idempotency_Key="k")
    again = await operator.ask("POST", path, {"amount_micros": 1}, Idempotency_Key="k")

    assert (first.status, again.status, first.raw) == (404, 404, again.raw)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-type"] == "application/problem+json"


async def test_key_of_a_refused_body_may_be_used_with_the_corrected_one(operator: Client) -> None:
    refused = await operator.ask("POST", "/organizations", {"name": ""}, Idempotency_Key="k")
    corrected = await operator.ask("POST", "/organizations", {"name": "Acme"}, Idempotency_Key="k")

    assert (refused.status, corrected.status) == (400, 201)


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_key_of_a_bad_length_is_400(operator: Client, key: str) -> None:
    answer = await operator.ask("POST", "/organizations", {"name": "Acme"}, Idempotency_Key=key)

    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "Idempotency-Key")


async def test_stranger_gets_no_answer_replayed(operator: Client, anonymous: Client, client: Client) -> None:
    """API-9: nor does a tenant with the same key and body."""
    await operator.ask("POST", "/organizations", {"name": "Acme"}, Idempotency_Key="k")

    for other in (anonymous, client):
        answer = await other.ask("POST", "/operator/v1/organizations", {"name": "Acme"}, Idempotency_Key="k")
        assert answer.status == 401
