"""Who asks, and how much (reference 1.2, 1.4, 1.9)."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from dialplane.domain.ids import utc_now
from dialplane.domain.tenancy.accounts import AccountStatus
from dialplane.faces.rate_limits import Rate, RateLimits
from dialplane.services.tenancy.administration import set_status
from dialplane.services.transaction import Database
from tests.effort import PATIENCE_S
from tests.faces.conftest import Client, Tenant, dependencies, serving


async def sign_in(anonymous: Client, tenant: Tenant) -> str:
    body = {"username": tenant.username, "password": tenant.password}
    answer = await anonymous.ask("POST", "/auth/login", body)
    assert answer.status == 200, answer.raw
    token: str = answer.json["token"]
    return token


async def test_request_without_credential_is_401_with_envelope(anonymous: Client) -> None:
    answer = await anonymous.ask("GET", "/v1.0/numbers?token=")

    error = answer.json["error"]
    assert answer.status == 401
    assert (error["status"], error["reason"]) == ("UNAUTHENTICATED", "AUTHENTICATION_REQUIRED")
    assert error["request_id"] == answer.headers["X-Request-Id"]


async def test_every_place_of_a_credential_works(anonymous: Client, tenant: Tenant) -> None:
    token = await sign_in(anonymous, tenant)
    ways: list[tuple[str, dict[str, str]]] = [
        ("", {"Cookie": f"token={token}"}),
        (f"?token={token}", {}),
        ("", {"Authorization": f"Bearer {token}"}),
        ("", {"Cookie": f"accesskey={tenant.key}"}),
        (f"?accesskey={tenant.key}", {}),
        (f"?token=&accesskey={tenant.key}", {}),
        (f"?token=&token={token}", {}),  # an address of the documentation with a credential put behind it
        ("", {"Authorization": f"Bearer {tenant.key}"}),
    ]

    answers = [await anonymous.ask("GET", f"/v1.0/customer{query}", **headers) for query, headers in ways]

    assert [answer.status for answer in answers] == [200] * len(ways)
    assert {answer.json["id"] for answer in answers} == {str(tenant.id)}


async def test_bad_credential_does_not_fall_through_to_a_good_one(anonymous: Client, tenant: Tenant) -> None:
    answer = await anonymous.ask("GET", f"/v1.0/customer?token=nonsense&accesskey={tenant.key}")

    assert (answer.status, answer.reason) == (401, "INVALID_CREDENTIALS")


async def test_login_sets_cookie_and_failure_has_the_envelope(anonymous: Client, tenant: Tenant) -> None:
    good = {"username": tenant.username, "password": tenant.password}

    right = await anonymous.ask("POST", "/auth/login", good)
    wrong = await anonymous.ask("POST", "/auth/login", good | {"password": "wrong"})

    assert right.json["username"] == tenant.username
    cookie = right.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert (wrong.status, wrong.reason) == (401, "INVALID_CREDENTIALS")


async def test_me_is_the_agent_of_a_token(anonymous: Client, tenant: Tenant) -> None:
    token = await sign_in(anonymous, tenant)

    answer = await anonymous.ask("GET", f"/v1.0/me?token={token}")

    assert answer.json["username"] == tenant.username


async def test_revoked_key_stops_at_once_in_its_process(client: Client, tenant: Tenant) -> None:
    """API-4."""
    made = await client.ask("POST", "/v1.0/accesskeys", {"name": "short-lived", "expire": 60})
    key = Client(client.base, client.session, made.json["token"])
    before = await key.ask("GET", "/v1.0/customer")

    await client.ask("DELETE", f"/v1.0/accesskeys/{made.json['id']}")
    after = await key.ask("GET", "/v1.0/customer")

    assert (before.status, after.status) == (200, 401)
    listed = await client.ask("GET", "/v1.0/accesskeys")
    assert {row["token"] for row in listed.json["result"]} == {""}


async def test_frozen_account_is_403_everywhere(anonymous: Client, tenant: Tenant, database: Database) -> None:
    await set_status(database, tenant.id, AccountStatus.FROZEN, now=utc_now())

    answer = await anonymous.ask("GET", f"/v1.0/numbers?accesskey={tenant.key}")

    assert (answer.status, answer.reason) == (403, "ACCOUNT_FROZEN")
    assert set(answer.json["error"]["details"][0]) == {
        "deletion_scheduled_at",
        "deletion_effective_at",
        "recovery_endpoint",
    }


@pytest.mark.parametrize(
    ("limits", "limited_by"),
    [
        (RateLimits(api_by_account=Rate(1, 3)), "customer"),
        (RateLimits(api_by_address=Rate(1, 3)), "ip"),
    ],
)
async def test_flood_is_429_and_says_when_to_come_back(
    database: Database, tenant: Tenant, tmp_path: Path, limits: RateLimits, limited_by: str
) -> None:
    """API-3."""
    ports = dependencies(database, tmp_path, rate_limits=limits)
    async with serving(ports) as base, aiohttp.ClientSession() as session:
        client = Client(base, session, tenant.key)

        answers = [await client.ask("GET", "/v1.0/customer") for _ in range(4)]

    refused = answers[-1]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert refused.reason == "RATE_LIMIT_EXCEEDED"
    assert refused.json["error"]["details"][0]["limited_by"] == limited_by
    assert int(refused.headers["Retry-After"]) >= 1
    assert "RateLimit-Policy" in refused.headers


async def test_query_tokens_do_not_reach_log_or_metrics(
    anonymous: Client, tenant: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    """API-5."""
    await anonymous.ask("GET", f"/v1.0/customer?accesskey={tenant.key}")

    metrics = await anonymous.ask("GET", "/metrics")

    output = capsys.readouterr()
    assert "/v1.0/customer" in output.out + output.err
    assert tenant.key not in output.out + output.err + metrics.raw.decode()


async def test_revoked_key_stops_within_a_second_on_every_node(
    client: Client, tenant: Tenant, database: Database, tmp_path: Path
) -> None:
    """API-4: another process asks the store again after half a second."""
    async with serving(dependencies(database, tmp_path)) as elsewhere:
        other = Client(elsewhere, client.session, tenant.key)
        keys = (await other.ask("GET", "/v1.0/accesskeys")).json["result"]
        assert (await client.ask("DELETE", f"/v1.0/accesskeys/{keys[0]['id']}")).status == 200

        async with asyncio.timeout(PATIENCE_S):
            while (answer := await other.ask("GET", "/v1.0/customer")).status == 200:
                pass

    assert (answer.status, answer.reason) == (401, "INVALID_CREDENTIALS")
