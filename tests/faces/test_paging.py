"""Lists: newest first, by pages, each row once (reference 1.6)."""

import pytest

from dialplane.domain.accounts import Plan
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, make_tenant


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
