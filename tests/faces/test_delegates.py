"""The platform's operator acts for a customer, for a while and for a reason (VoIPBIN reference 1.2, 1.4)."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import NIL, AccountId, utc_now
from dialplane.domain.operating.audit import DeedFilter, Outcome
from dialplane.domain.tenancy.accounts import Permission, Principal
from dialplane.faces.rate_limits import Rate
from dialplane.services.identity.delegation import DEED, delegate
from dialplane.services.operating.audit import list_deeds
from dialplane.services.settings import set_operator_key
from tests.faces.conftest import NO_LIMITS, Answer, Client, Tenant, dependencies, serving

REASON = "Ticket 4711: the flow does not answer"


@pytest.fixture
def platform(operator: Client) -> Client:
    """The operator's key at the native API."""
    return Client(operator.base.removesuffix("/operator/v1"), operator.session, operator.key)


async def act_for(asker: Client, tenant: Tenant, reason: object = REASON) -> Answer:
    return await asker.ask("POST", "/auth/delegate", {"customer_id": str(tenant.id), "reason": reason})


async def delegated(asker: Client, tenant: Tenant) -> Client:
    answer = await act_for(asker, tenant)
    assert answer.status == 200, answer
    return Client(asker.base, asker.session, answer.json["token"])


async def test_operator_does_what_an_administrator_may_and_the_log_says_why(
    platform: Client, tenant: Tenant, database: PostgresDatabase
) -> None:
    answer = await act_for(platform, tenant)
    acting = Client(platform.base, platform.session, answer.json["token"])
    customer = await acting.ask("GET", "/v1.0/customer")
    key = await acting.ask("POST", "/v1.0/accesskeys", {"name": "repair"})
    [deed] = await list_deeds(database, DeedFilter(deed=DEED))
    [done] = await list_deeds(database, DeedFilter(deed="accesskeys"))

    assert {name: answer.json[name] for name in ("type", "customer_id")} == {
        "type": "delegate", "customer_id": str(tenant.id)
    }  # fmt: skip
    assert (customer.json["id"], key.status) == (str(tenant.id), 200)
    assert (deed.actor, deed.account_id, deed.facts, deed.outcome) == (
        "operator's key", tenant.id, {"reason": REASON}, Outcome.DONE
    )  # fmt: skip
    assert (done.deed, done.actor, done.account_id, done.facts) == (
        "post accesskeys", f"delegate {deed.id}", tenant.id, {}
    )  # fmt: skip


async def test_token_is_the_customers_and_nothing_of_the_platforms(
    platform: Client, tenant: Tenant, other_tenant: Tenant
) -> None:
    acting = await delegated(platform, tenant)

    again = await act_for(acting, other_tenant)
    providers = await acting.ask("GET", "/v1.0/providers")
    agents = await acting.ask("GET", "/v1.0/service_agents/me")
    own_api = await acting.ask("GET", "/operator/v1/accounts")

    assert [each.status for each in (again, providers, agents, own_api)] == [403, 403, 403, 401]


async def test_nobody_but_the_operator_acts_for_others(client: Client, anonymous: Client, tenant: Tenant) -> None:
    signed_in = {"username": tenant.username, "password": tenant.password}
    token = (await anonymous.ask("POST", "/auth/login", signed_in)).json["token"]
    agent = Client(client.base, client.session, token)

    answers = [await act_for(each, tenant) for each in (client, agent, anonymous)]

    assert [(each.status, each.reason) for each in answers] == [
        (403, "PERMISSION_DENIED"), (403, "PERMISSION_DENIED"), (401, "AUTHENTICATION_REQUIRED")
    ]  # fmt: skip


@pytest.mark.parametrize("reason", ["", "too short", "x" * 201, "a reason with \u00e9", "line\nafter line", " " * 20])
async def test_reason_that_gives_none_is_refused(
    platform: Client, tenant: Tenant, database: PostgresDatabase, reason: str
) -> None:
    refused = await act_for(platform, tenant, reason)

    assert (refused.status, refused.json["error"]["details"]) == (422, [{"field": "reason"}])
    assert await list_deeds(database, DeedFilter(deed=DEED)) == []


async def test_customer_that_there_is_not_is_404(platform: Client) -> None:
    nobody: Any = replace(Tenant(AccountId(NIL), "", "", ""))

    refused = await act_for(platform, nobody)

    assert (refused.status, refused.reason) == (404, "CUSTOMER_NOT_FOUND")


async def test_token_ends_after_eight_hours_and_with_the_operators_key(
    platform: Client, tenant: Tenant, database: PostgresDatabase, tmp_path: Path
) -> None:
    operator = Principal(AccountId(NIL), Permission.PLATFORM_ADMIN, via="operator")
    signer, then = dependencies(database, tmp_path).signer, utc_now() - timedelta(hours=8, seconds=1)
    old = await delegate(database, signer, operator, tenant.id, REASON, address="", now=then)
    over = await Client(platform.base, platform.session, old.token).ask("GET", "/v1.0/customer")
    acting = await delegated(platform, tenant)
    async with database.transaction() as tx:
        await set_operator_key(tx, "another key of the operator")

    void = await acting.ask("GET", "/v1.0/customer")

    assert {(each.status, each.reason) for each in (over, void)} == {(401, "INVALID_CREDENTIALS")}


async def test_each_token_has_a_limit_of_its_own(
    platform: Client, tenant: Tenant, database: PostgresDatabase, tmp_path: Path
) -> None:
    """Reference 1.9."""
    few = replace(NO_LIMITS, api_by_delegation=Rate(0.001, 2))
    async with serving(dependencies(database, tmp_path, rate_limits=few)) as base, aiohttp.ClientSession() as session:
        first, second = [
            Client(base, session, (await delegated(Client(base, session, platform.key), tenant)).key) for _ in range(2)
        ]
        asked = [await first.ask("GET", "/v1.0/customer") for _ in range(3)]
        others = [await each.ask("GET", "/v1.0/customer") for each in (second, Client(base, session, tenant.key))]

    assert [each.status for each in asked + others] == [200, 200, 429, 200, 200]
