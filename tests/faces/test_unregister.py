"""`/auth/unregister`: leaving, coming back within thirty days, and the end (VoIPBIN's reference 1.4 and 1.5)."""

from datetime import timedelta

import pytest

from dialplane.domain.ids import utc_now
from dialplane.services.tenancy.unregistering import delete_frozen
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant
from tests.faces.test_credentials import sign_in

LEAVE = {"confirmation_phrase": "DELETE"}


async def test_account_leaves_and_the_message_that_it_is_frozen_names_the_way_back(
    client: Client, tenant: Tenant
) -> None:
    left = await client.ask("POST", "/auth/unregister", LEAVE)
    refused = await client.ask("GET", "/v1.0/customer")
    method, path = refused.json["error"]["details"][0]["recovery_endpoint"].split()
    back = await client.ask(method, path)
    works = await client.ask("GET", "/v1.0/customer")

    assert (left.status, left.json["status"]) == (200, "frozen")
    assert left.json["tm_deletion_scheduled"]
    assert (refused.status, refused.reason) == (403, "ACCOUNT_FROZEN")
    assert (back.status, back.json["status"], back.json["tm_deletion_scheduled"]) == (200, "active", None)
    assert works.status == 200


async def test_password_is_as_good_as_the_phrase_and_a_wrong_one_changes_nothing(
    anonymous: Client, tenant: Tenant
) -> None:
    token = await sign_in(anonymous, tenant)
    client = Client(anonymous.base, anonymous.session, token)
    bodies: list[dict[str, object]] = [{}, {"password": "guess"}, {"confirmation_phrase": "delete"}, {"password": 5}]

    refused = [await client.ask("POST", "/auth/unregister", body) for body in bodies]
    good = await client.ask("POST", "/auth/unregister", {"password": tenant.password})

    assert [answer.status for answer in refused] == [400] * 4
    assert (good.status, good.json["status"]) == (200, "frozen")


async def test_account_that_is_not_frozen_has_nothing_to_recover(client: Client) -> None:
    answer = await client.ask("DELETE", "/auth/unregister")

    assert (answer.status, answer.reason) == (409, "STATE_INVALID")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_nobody_leaves_without_a_credential(anonymous: Client, method: str) -> None:
    answer = await anonymous.ask(method, "/auth/unregister", LEAVE if method == "POST" else None)

    assert (answer.status, answer.reason) == (401, "AUTHENTICATION_REQUIRED")


async def test_immediate_closes_for_good(client: Client) -> None:
    left = await client.ask("POST", "/auth/unregister", {**LEAVE, "immediate": True})
    back = await client.ask("DELETE", "/auth/unregister")

    assert (left.status, left.json["status"]) == (200, "deleted")
    assert back.status == 401


async def test_frozen_account_is_deleted_after_thirty_days_and_not_before(client: Client, database: Database) -> None:
    await client.ask("POST", "/auth/unregister", LEAVE)
    now = utc_now()

    early = await delete_frozen(database, now + timedelta(days=29, hours=23))
    due = await delete_frozen(database, now + timedelta(days=30, hours=1))
    back = await client.ask("DELETE", "/auth/unregister")

    assert (early, due) == (0, 1)
    assert back.status == 401


async def test_leaving_twice_does_not_put_the_end_off(client: Client) -> None:
    first = await client.ask("POST", "/auth/unregister", LEAVE)
    second = await client.ask("POST", "/auth/unregister", LEAVE)

    assert second.json["tm_deletion_scheduled"] == first.json["tm_deletion_scheduled"]
