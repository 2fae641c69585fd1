"""Lists: newest first, by pages, each row once (reference 1.6)."""

from datetime import timedelta

import pytest

from dialplane.domain.ids import utc_now
from dialplane.domain.tenancy.accounts import Plan
from dialplane.services.identity.access_keys import create_key
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant, make_tenant


@pytest.fixture
async def rich(anonymous: Client, database: Database) -> Client:
    """An account with seven flows."""
    tenant = await make_tenant(database, plan=Plan.BASIC, name="rich")
    client = Client(anonymous.base, anonymous.session, tenant.key)
    for number in range(7):
        await client.ask("POST", "/v1.0/flows", {"name": f"flow {number}", "actions": []})
    return client


async def test_pages_give_every_row_once_newest_first_and_the_last_token_is_empty(rich: Client) -> None:
    names: list[str] = []
    token, pages = "", 0
    while pages == 0 or token:
        answer = await rich.ask("GET", f"/v1.0/flows?page_size=3&page_token={token}")
        names += [row["name"] for row in answer.json["result"]]
        token, pages = answer.json["next_page_token"], pages + 1

    assert names == [f"flow {number}" for number in reversed(range(7))]
    assert pages == 3


async def test_page_size_out_of_range_is_100(rich: Client) -> None:
    for size in (-1, 0, 101, 10**18):
        answer = await rich.ask("GET", f"/v1.0/flows?page_size={size}")

        assert (answer.status, len(answer.json["result"])) == (200, 7), size


async def test_empty_list_is_a_list(client: Client) -> None:
    answer = await client.ask("GET", "/v1.0/calls")

    assert answer.json == {"result": [], "next_page_token": ""}


@pytest.mark.parametrize("page_size", [1, 2, 3, 7])
async def test_rows_of_one_time_are_all_shown_wherever_a_page_ends(
    client: Client, tenant: Tenant, database: Database, page_size: int
) -> None:
    """A batch of calls shares its time."""
    now = utc_now()
    times = [now, *[now + timedelta(seconds=1)] * 5, now + timedelta(seconds=2)]
    keys = [await create_key(database, tenant.id, name=f"key {i}", now=time) for i, time in enumerate(times)]
    made = {str(issued.key.id) for issued in keys}

    shown: list[str] = []
    token = ""
    while not shown or token:
        answer = await client.ask("GET", f"/v1.0/accesskeys?page_size={page_size}&page_token={token}")
        shown += [row["id"] for row in answer.json["result"]]
        token = answer.json["next_page_token"]

    assert len(shown) == len(set(shown)) == len(made) + 1  # the tenant's own key
    assert made < set(shown)


@pytest.mark.parametrize(
    "token", ["x", "2026-01-15T09:30:00Z~x", "2026-01-15T09:30:00Z~-1", "9999-12-31T23:59:59.999999Z~1"]
)
async def test_token_of_no_list_is_refused_by_name(client: Client, token: str) -> None:
    answer = await client.ask("GET", f"/v1.0/calls?page_token={token}")

    assert (answer.status, answer.json["error"]["details"][0]["field"]) == (400, "page_token")
