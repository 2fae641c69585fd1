"""API-1 where the store goes away between a deed and the keeping of its answer: 503, and the client asks again."""

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from tests.faces.conftest import Client

ENDS_THE_SESSION = """
    create function end_session() returns trigger language plpgsql as $$
        begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
    create trigger store_goes_away before update or delete on idempotency_keys execute function end_session();
"""


async def let_the_store_go(database: PostgresDatabase) -> None:
    """From now on whoever ends a key loses his connection."""
    async with database.transaction() as tx:
        await tx.connection.execute(ENDS_THE_SESSION)


async def bring_it_back(database: PostgresDatabase) -> None:
    async with database.transaction() as tx:
        await tx.connection.execute("drop trigger store_goes_away on idempotency_keys; drop function end_session()")


@pytest.mark.parametrize("name", ["", "x" * 300], ids=["done and not kept", "refused and not freed"])
async def test_answer_that_cannot_be_kept_is_503_in_the_faces_own_words(
    client: Client, database: PostgresDatabase, name: str
) -> None:
    flow = {"name": name, "actions": []}
    await let_the_store_go(database)

    lost = await client.ask("POST", "/v1.0/flows", flow, Idempotency_Key="one")

    await bring_it_back(database)
    assert lost.status == 503, lost.raw
    assert lost.json["error"]["status"] == "UNAVAILABLE"


async def test_purchase_whose_answer_was_lost_is_found_by_its_key(client: Client, database: PostgresDatabase) -> None:
    wish = {"number": "+899100000077"}
    await let_the_store_go(database)
    lost = await client.ask("POST", "/v1.0/numbers", wish, Idempotency_Key="one")
    await bring_it_back(database)

    again = await client.ask("POST", "/v1.0/numbers", wish, Idempotency_Key="one")

    numbers = (await client.ask("GET", "/v1.0/numbers")).json["result"]
    assert (lost.status, again.status) == (503, 200)
    assert [row["id"] for row in numbers] == [again.json["id"]]
