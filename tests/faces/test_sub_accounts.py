"""`/v1.0/sub_accounts`: credit and tokens of the accounts below."""

from dialplane.domain.ids import utc_now
from dialplane.domain.money import Micros
from dialplane.domain.tenancy.account_tree import SubAccountDraft
from dialplane.services.tenancy.account_tree import create_sub_account
from dialplane.services.transaction import Database
from tests.faces.conftest import PLENTY, CheapHasher, Client, Tenant


async def test_credit_goes_down_once_for_a_key_and_comes_back(
    client: Client, tenant: Tenant, database: Database
) -> None:
    """LED-1, LED-5, API-1."""
    child = await create_sub_account(database, CheapHasher(), tenant.id, SubAccountDraft(name="below"), now=utc_now())
    path = f"/v1.0/sub_accounts/{child.id}"

    moved, _again = [
        await client.ask("POST", f"{path}/credits", {"amount_micros": 300}, Idempotency_Key="k" * 255) for _ in range(2)
    ]
    back = await client.ask("POST", f"{path}/credits", {"amount_micros": -100})
    too_much = await client.ask("POST", f"{path}/credits", {"amount_micros": PLENTY})
    nothing = await client.ask("POST", f"{path}/credits", {"amount_micros": 0})

    assert (moved.json["credit_micros"], back.json["credit_micros"]) == (300, 200)
    assert (too_much.status, nothing.status) == (402, 400)
    assert (await client.ask("GET", path)).json["free_micros"] == Micros(200)


async def test_new_auth_token_is_shown_and_the_old_one_is_void(
    client: Client, tenant: Tenant, database: Database
) -> None:
    child = await create_sub_account(database, CheapHasher(), tenant.id, SubAccountDraft(name="below"), now=utc_now())

    rotated = await client.ask("POST", f"/v1.0/sub_accounts/{child.id}/auth_token")

    assert rotated.status == 200
    assert rotated.json["auth_token"] != child.auth_token


async def test_account_beside_is_not_found(client: Client, other_tenant: Tenant) -> None:
    """API-6."""
    answers = [
        await client.ask("GET", f"/v1.0/sub_accounts/{other_tenant.id}"),
        await client.ask("POST", f"/v1.0/sub_accounts/{other_tenant.id}/credits", {"amount_micros": 1}),
        await client.ask("POST", f"/v1.0/sub_accounts/{other_tenant.id}/auth_token"),
    ]

    assert [answer.status for answer in answers] == [404, 404, 404]
