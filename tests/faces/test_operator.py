"""The operator's face: the key, accounts with every credential, stock, money, trunks, the sandbox's strings."""

from datetime import timedelta
from uuid import uuid4

import pytest

from dialplane.domain.ids import utc_now
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant, stock


async def _new_account(operator: Client, **fields: object) -> dict[str, object]:
    organization = (await operator.ask("POST", "/organizations", {"name": "Acme", "domains": []})).json
    draft = {"name": "Acme", "email": "ann@example.com", "organization_id": organization["id"]}
    answer = await operator.ask("POST", "/accounts", draft | fields)
    assert answer.status == 201, answer.raw
    made: dict[str, object] = answer.json
    return made


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "AUTHENTICATION_REQUIRED"),
        ("Bearer wrong", "INVALID_CREDENTIALS"),
        ("Basic b3A6a2V5", "INVALID_CREDENTIALS"),
    ],
)
async def test_without_the_operators_key_nothing_is_done(
    operator: Client, anonymous: Client, header: str, reason: str
) -> None:
    """API-9."""
    headers = {"Authorization": header} if header else {}

    answer = await anonymous.ask("POST", "/operator/v1/organizations", {"name": "X"}, **headers)

    assert (answer.status, answer.json["reason"]) == (401, reason)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_tenants_key_is_not_the_operators(operator: Client, client: Client) -> None:
    """API-9: an access key does not open the operator's face."""
    assert (await client.ask("GET", "/operator/v1/accounts")).status == 401


async def test_new_account_works_with_each_of_its_credentials(operator: Client, anonymous: Client) -> None:
    made = await _new_account(operator, plan="basic", credit_micros=5_000_000, verified=True)

    keyed = Client(anonymous.base, anonymous.session, str(made["access_key"]))
    numbers = await keyed.ask("GET", "/v1.0/numbers")
    login = {"username": made["portal_email"], "password": made["portal_password"]}
    signed_in = await anonymous.ask("POST", "/auth/login", login)

    assert numbers.status == 200
    assert signed_in.status == 200
    assert made["id"] == made["customer_id"] == made["project_id"]
    assert made["account_sid"] == "AC" + str(made["id"]).replace("-", "")
    assert (made["plan"], made["verified"], made["status"]) == ("basic", True, "active")
    shown = (await operator.ask("GET", f"/accounts/{made['id']}")).json
    assert not {"auth_token", "access_key", "portal_password", "project_token"} & shown.keys()


async def test_query_with_a_nul_is_refused_by_name(operator: Client) -> None:
    """API-2."""
    answer = await operator.ask("GET", "/sandbox/messages?to=%00")

    assert answer.status == 400
    assert answer.json["errors"][0]["field"] == "to"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": None}, "email"),
        ({"name": ""}, "name"),
        ({"plan": "gold"}, "plan"),
        ({"organization_id": str(uuid4())}, "organization_id"),
    ],
)
async def test_refused_account_names_the_field(operator: Client, change: dict[str, object], field: str) -> None:
    organization = (await operator.ask("POST", "/organizations", {"name": "Acme"})).json
    draft = {"name": "Acme", "email": "ann@example.com", "organization_id": organization["id"]} | change

    answer = await operator.ask("POST", "/accounts", draft)

    assert answer.status in (400, 404)
    assert [error["field"] for error in answer.json["errors"]] == [field]


async def test_same_email_cannot_sign_in_to_two_accounts(operator: Client) -> None:
    first = await _new_account(operator)
    again = {"name": "B", "email": "ANN@example.com", "organization_id": first["organization_id"]}

    answer = await operator.ask("POST", "/accounts", again)

    assert answer.status == 409
    assert [error["field"] for error in answer.json["errors"]] == ["email"]


async def test_standing_of_an_account_is_changed_and_kept(operator: Client) -> None:
    made = await _new_account(operator)

    change = {"plan": "professional", "verified": True, "status": "suspended"}
    changed = await operator.ask("PATCH", f"/accounts/{made['id']}", change)

    assert changed.status == 200
    shown = (await operator.ask("GET", f"/accounts/{made['id']}")).json
    assert shown == changed.json
    assert (shown["plan"], shown["verified"], shown["status"]) == ("professional", True, "suspended")


async def test_credit_with_the_same_key_is_given_once(operator: Client) -> None:
    """LED-5: the key is the business key of the entry."""
    made = await _new_account(operator)
    path = f"/accounts/{made['id']}/credits"

    first = await operator.ask("POST", path, {"amount_micros": 7, "reason": "gift"}, Idempotency_Key="k")
    again = await operator.ask("POST", path, {"amount_micros": 7, "reason": "gift"}, Idempotency_Key="k")

    assert first.status == again.status == 201
    assert first.json == again.json
    assert first.json["balance_micros"] == 7
    assert (await operator.ask("GET", "/ledger/check")).json["balanced"] is True


async def test_numbers_are_put_on_offer_once(operator: Client, client: Client) -> None:
    item = {"number": "+14155550199", "type": "tollfree", "country": "US", "monthly_micros": 5}

    first = await operator.ask("POST", "/inventory", {"items": [item]})
    again = await operator.ask("POST", "/inventory", {"items": [item]})

    assert (first.status, first.json) == (201, {"imported": 1, "numbers": ["+14155550199"], "known": 0})
    assert again.json == {"imported": 0, "numbers": [], "known": 1}
    offered = (await client.ask("GET", "/v1.0/available_numbers?country_code=US")).json["result"]
    assert [(one["number"], one["monthly_micros"]) for one in offered] == [("+14155550199", 5)]


async def test_spreadsheet_is_previewed_then_applied_as_a_whole(operator: Client) -> None:
    good = (
        b"\xef\xbb\xbfNumber,type,country,capabilities\r\n+14155550101,local,us,voice;sms\r\n+14155550102,local,US,\r\n"
    )
    bad = good + b"+1,local,US,\r\n+14155550101,local,US,\r\n"

    preview = await operator.ask("POST", "/inventory/import", bad, Content_Type="text/csv")
    refused = await operator.ask("POST", "/inventory/import?apply=true", bad, Content_Type="text/csv")
    applied = await operator.ask("POST", "/inventory/import?apply=true", good, Content_Type="text/csv")
    after = await operator.ask("POST", "/inventory/import", good, Content_Type="text/csv")

    assert preview.status == 200
    assert (preview.json["new"], preview.json["problem_count"]) == (2, 2)
    assert [(one["line"], one["field"]) for one in preview.json["problems"]] == [(4, "number"), (5, "number")]
    assert refused.status == 400
    assert (applied.status, applied.json["imported"]) == (201, 2)
    assert (after.json["new"], after.json["known"]) == (0, 2)


async def test_suspended_number_is_let_in_again(
    operator: Client, client: Client, tenant: Tenant, database: Database
) -> None:
    await stock(database, "+14155550155")
    bought = (await client.ask("POST", "/v1.0/numbers", {"number": "+14155550155"})).json

    suspended = await operator.ask("POST", f"/numbers/{bought['id']}/suspend")
    active = await operator.ask("POST", f"/numbers/{bought['id']}/reactivate")

    assert (suspended.status, suspended.json["status"]) == (201, "suspended")
    assert active.json["status"] == "active"
    assert (await operator.ask("POST", f"/numbers/{uuid4()}/suspend")).status == 404


async def test_trunk_is_shown_without_its_password(operator: Client) -> None:
    trunk = {"name": "Carrier", "networks": ["203.0.113.0/24"], "host": "sip.example.com", "password": "hidden"}

    made = await operator.ask("POST", "/trunks", trunk)
    refused = await operator.ask("POST", "/trunks", trunk | {"networks": ["203.0.113.1/24"]})

    assert made.status == 201
    assert b"hidden" not in made.raw
    assert (await operator.ask("GET", "/trunks")).json == {"trunks": [made.json]}
    assert [error["field"] for error in refused.json["errors"]] == ["networks"]


async def test_billing_clock_moves_and_goes_back(operator: Client) -> None:
    wanted = utc_now() + timedelta(days=40)

    moved = await operator.ask("PUT", "/sandbox/clock", {"now": wanted.isoformat()})
    back = await operator.ask("PUT", "/sandbox/clock", {"now": None})
    local = await operator.ask("PUT", "/sandbox/clock", {"now": "2030-01-01T00:00:00"})

    assert moved.json["now"].startswith(f"{wanted:%Y-%m-%d}")
    assert back.json["now"].startswith(f"{utc_now():%Y-%m-%d}")
    assert local.json["errors"][0]["field"] == "now"


async def test_carrier_misbehaves_until_set_back(operator: Client) -> None:
    assert (await operator.ask("PUT", "/sandbox/carrier", {"next": "late"})).json == {"next": "late"}
    assert (await operator.ask("GET", "/sandbox/carrier")).json == {"next": "late"}
    assert (await operator.ask("PUT", "/sandbox/carrier", {"next": "never"})).json["errors"][0]["field"] == "next"


async def test_injected_message_arrives_at_the_number_or_says_why_not(
    operator: Client, client: Client, tenant: Tenant, database: Database
) -> None:
    await stock(database, "+14155550156")
    await client.ask("POST", "/v1.0/numbers", {"number": "+14155550156"})
    message = {"from": "+12025550100", "to": "+14155550156", "text": "HOURS", "media": []}

    arrived = await operator.ask("POST", "/sandbox/messages", message)
    refused = await operator.ask("POST", "/sandbox/messages", message | {"to": "+14155550000"})
    sent = await operator.ask("GET", "/sandbox/messages?to=%2B12025550100")

    assert (arrived.status, arrived.json["text"]) == (201, "HOURS")
    assert (refused.status, refused.json["reason"]) == (404, "UNKNOWN_NUMBER")
    assert sent.json == {"messages": []}
