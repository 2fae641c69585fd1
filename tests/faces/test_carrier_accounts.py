"""Accounts at carriers, as the operator sets them up: keys go in and never come out."""

import pytest

from tests.faces.conftest import Client

ACCOUNT: dict[str, object] = {
    "kind": "telnyx",
    "name": "telnyx-us",
    "api_key": "KEY_very_secret",
    "signing_key": "cHVibGljIGtleQ==",
    "public_url": "https://voice.example.com",
    "voice": "connection-1",
    "requirements": {"DE/local": "group-1"},
}


async def test_account_is_shown_without_its_keys(operator: Client) -> None:
    made = await operator.ask("POST", "/carrier_accounts", ACCOUNT)
    shown = await operator.ask("GET", f"/carrier_accounts/{made.json['id']}")
    listed = await operator.ask("GET", "/carrier_accounts")

    assert made.status == 201, made.raw
    assert shown.json == made.json == listed.json["accounts"][0]
    assert made.json["webhook_url"] == f"https://voice.example.com/carriers/v1/{made.json['id']}/messages"
    assert (made.json["has_signing_key"], made.json["requirements"]) == (True, {"DE/local": "group-1"})
    assert b"very_secret" not in made.raw + shown.raw + listed.raw


async def test_change_keeps_what_is_left_out(operator: Client) -> None:
    made = (await operator.ask("POST", "/carrier_accounts", ACCOUNT)).json

    changed = await operator.ask("PATCH", f"/carrier_accounts/{made['id']}", {"status": "paused", "voice": "c-2"})

    assert changed.status == 200
    assert changed.json == made | {"status": "paused", "voice": "c-2", "updated_at": changed.json["updated_at"]}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "owned"}, "name"),
        ({"name": "Upper"}, "name"),
        ({"api_key": ""}, "api_key"),
        ({"public_url": "ftp://x"}, "public_url"),
        ({"public_url": "https://user@x.example"}, "public_url"),
        ({"api_url": "nonsense"}, "api_url"),
        ({"requirements": {"Germany": "x"}}, "requirements"),
        ({"kind": "twilio"}, "account_sid"),
        ({"kind": "twilio", "account_sid": "AC" + "0" * 32}, "monthly_micros"),
        ({"kind": "pigeon"}, "kind"),
        ({"monthly_micros": -1}, "monthly_micros"),
        ({"apikey": "x"}, "apikey"),
    ],
)
async def test_bad_account_is_refused_and_the_field_named(
    operator: Client, wrong: dict[str, object], field: str
) -> None:
    answer = await operator.ask("POST", "/carrier_accounts", ACCOUNT | wrong)

    assert answer.status == 400
    assert field in answer.json["detail"]
    assert (await operator.ask("GET", "/carrier_accounts")).json == {"accounts": []}


async def test_second_account_of_a_name_is_a_conflict(operator: Client) -> None:
    await operator.ask("POST", "/carrier_accounts", ACCOUNT)

    again = await operator.ask("POST", "/carrier_accounts", ACCOUNT)

    assert (again.status, again.json["errors"][0]["field"]) == (409, "name")


async def test_deleted_account_is_gone(operator: Client) -> None:
    made = (await operator.ask("POST", "/carrier_accounts", ACCOUNT)).json

    deleted = await operator.ask("DELETE", f"/carrier_accounts/{made['id']}")

    assert deleted.status == 200
    assert (await operator.ask("GET", f"/carrier_accounts/{made['id']}")).status == 404


async def test_unknown_account_and_unknown_number_are_not_found(operator: Client) -> None:
    where = "/carrier_accounts/5b7c8a4e-3d0f-4c59-9f57-6a1b2c3d4e5f"

    for method, path in (("GET", where), ("DELETE", where), ("POST", f"{where}/numbers/+13125550100/repair")):
        assert (await operator.ask(method, path)).status == 404, path
    assert (await operator.ask("GET", "/carrier_exchanges?carrier=none")).json["result"] == []
    assert (await operator.ask("GET", "/carrier_numbers?state=stray")).json == {"numbers": []}
