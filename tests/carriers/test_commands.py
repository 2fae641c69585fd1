"""`dialplane number doctor` and `dialplane carrier fake`, as a user types them."""

import asyncio
import json

import pytest
from typer.testing import CliRunner, Result

from dialplane.faces.cli.application import app
from dialplane.faces.cli.tools import add_tools
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, anonymous, client, stock, tenant

NUMBER = "+14155550100"
__all__ = ["anonymous", "client", "tenant"]


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    if not app.registered_groups:
        add_tools(app)


def dialplane(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


async def test_doctor_says_what_to_do_and_ends_with_1_where_there_is_a_problem(
    client: Client, database: Database
) -> None:
    await stock(database, NUMBER)
    await client.ask("POST", "/v1.0/numbers", {"number": NUMBER})
    where = ("--api", client.base, "--key", client.key)

    told = await asyncio.to_thread(dialplane, "number", "doctor", NUMBER, *where)
    as_json = await asyncio.to_thread(dialplane, "number", "doctor", NUMBER, *where, "--json")

    assert told.exit_code == as_json.exit_code == 1
    assert "nothing is attached for calls" in told.output
    assert "→ attach a flow" in told.output
    (line,) = [each for each in as_json.output.splitlines() if each.startswith('{"id"')]
    assert json.loads(line)["verdict"] == "problem"


async def test_doctor_of_a_number_that_is_not_there_says_so(client: Client) -> None:
    told = await asyncio.to_thread(dialplane, "number", "doctor", NUMBER, "--api", client.base, "--key", client.key)

    assert told.exit_code == 1
    assert f"this account has no number {NUMBER}" in told.output


@pytest.mark.parametrize("arguments", [("pigeon",), ("telnyx", "--http", "nowhere"), ("twilio", "--http", "a:99999")])
def test_fake_with_bad_arguments_says_what_is_wrong(arguments: tuple[str, ...]) -> None:
    told = dialplane("carrier", "fake", *arguments)

    assert told.exit_code == 2
