"""Methods that a path does not take, HEAD and OPTIONS, at every face (RFC 9110, 9.3.2, 9.3.7, 15.5.6)."""

import pytest

from dialplane.domain.tenancy.accounts import Account
from dialplane.services.tenancy.accounts import get_account
from dialplane.services.transaction import Database
from tests.faces.conftest import Answer, Client, Tenant
from tests.faces.restcomm.conftest import RESTCOMM, TWILIO, FormClient, client_of

ALLOWED = {
    "/v1.0/numbers": "GET, HEAD, OPTIONS, POST",
    "/v1.0/available_numbers?country_code=US": "GET, HEAD, OPTIONS",
    "/auth/login": "OPTIONS, POST",
    "/operator/v1/plans": "GET, HEAD, OPTIONS",
    "/operator/v1/trunks": "GET, HEAD, OPTIONS, POST",
    "/listnewnumbers?country=US": "GET, HEAD, OPTIONS, POST",
    "/purchasenumber": "OPTIONS, POST",
    "/api/callrouting": "DELETE, OPTIONS, POST",
    "/healthz": "GET, HEAD, OPTIONS",
    "/openapi.json": "GET, HEAD, OPTIONS",
}


@pytest.fixture
async def account(database: Database, tenant: Tenant) -> Account:
    return await get_account(database, tenant.id)


async def test_options_names_the_methods_of_each_path_to_anybody(anonymous: Client, account: Account) -> None:
    expected = dict(ALLOWED)
    for base in (RESTCOMM, TWILIO):
        expected[f"{base}/Accounts/{client_of(anonymous, account, base).sid}/IncomingPhoneNumbers.json"] = (
            "GET, HEAD, OPTIONS, POST"
        )

    told = {path: await anonymous.ask("OPTIONS", path) for path in expected}

    assert {path: answer.headers.get("Allow") for path, answer in told.items()} == expected
    assert {(answer.status, answer.raw) for answer in told.values()} == {(204, b"")}
    assert (await anonymous.ask("OPTIONS", "/nothing")).status == 404


async def test_head_is_the_head_of_get_at_every_base(anonymous: Client, client: Client, account: Account) -> None:
    asked: list[tuple[Client | FormClient, str]] = [
        (client, "/v1.0/numbers"),
        (client, "/v1.0/numbers/01890a5d-ac96-774b-bcce-b302099a8057"),
        (anonymous, "/v1.0/numbers"),
        (anonymous, "/healthz"),
        (anonymous, "/listnewnumbers?country=US"),
        (anonymous, "/operator/v1/plans"),
    ]
    asked += [(client_of(anonymous, account, base), "IncomingPhoneNumbers.json") for base in (RESTCOMM, TWILIO)]

    for caller, path in asked:
        got, head = await caller.ask("GET", path), await caller.ask("HEAD", path)

        assert (head.status, head.raw) == (got.status, b""), path
        assert head.headers["Content-Length"] == str(len(got.raw)), path


async def test_refusal_of_a_method_names_those_that_the_path_takes(
    anonymous: Client, client: Client, account: Account
) -> None:
    """The VoIPBIN dialect knows no 405: it answers 404 (reference 1.5), with the same Allow."""
    restcomm = client_of(anonymous, account, RESTCOMM)
    refused: dict[str, Answer] = {path: await client.ask("TRACE", path) for path in ALLOWED}
    deletion = await restcomm.ask("DELETE", f"Calls/CA{'0' * 32}.json")

    assert {path: answer.headers.get("Allow") for path, answer in refused.items()} == ALLOWED
    assert {path: answer.status for path, answer in refused.items() if answer.status != 404} == dict.fromkeys(
        [path for path in ALLOWED if path.startswith(("/operator", "/list", "/purchase", "/api"))], 405
    )
    assert refused["/operator/v1/plans"].json["reason"] == "METHOD_NOT_ALLOWED"
    assert refused["/purchasenumber"].json["code"] == 405
    assert (deletion.status, deletion.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST, PUT")
