"""Accounts at other networks over the API (VoIPBIN reference 5.3)."""

from uuid import uuid4

from dialplane.adapters.postgres.database import PostgresDatabase
from tests.faces.conftest import Client

WRITTEN = {
    "type": "whatsapp",
    "name": "shop",
    "detail": "in town",
    "secret": "the secret",
    "token": "the token",
    "provider_data": {"phone_number_id": "10055", "app_secret": "the app's"},
}
PATH = "/v1.0/conversation_accounts"


async def test_account_is_made_changed_told_and_deleted_and_no_secret_is_shown(
    client: Client, database: PostgresDatabase
) -> None:
    made = await client.ask("POST", PATH, WRITTEN)
    path = f"{PATH}/{made.json['id']}"
    changed = await client.ask("PUT", path, {"name": "store", "provider_data": {"app_secret": "another"}})
    listed = await client.ask("GET", PATH)
    async with database.reading() as tx:
        [row] = await tx.connection.fetch("select * from conversation_accounts")
    deleted = await client.ask("DELETE", path)
    async with database.reading() as tx:
        events = await tx.connection.fetch("select type, data from events where type like 'account_%' order by id")

    assert (made.status, made.json["type"], made.json["provider_data"]) == (
        200, "whatsapp", {"phone_number_id": "10055"}
    )  # fmt: skip
    assert changed.json == {**made.json, "name": "store", "tm_update": changed.json["tm_update"]}
    assert listed.json["result"] == [changed.json]
    assert deleted.json["tm_delete"] is not None
    assert (await client.ask("GET", path)).status == 404
    assert [event["type"] for event in events] == ["account_created", "account_updated", "account_deleted"]
    told = str([dict(event["data"]) for event in events]) + str(listed.json)
    kept = str(dict(row))
    for secret in ("the secret", "the token", "the app's", "another"):
        assert secret not in told
        assert secret not in kept


async def test_unknown_type_and_unknown_flow_are_refused_by_name(client: Client) -> None:
    typed = await client.ask("POST", PATH, {**WRITTEN, "type": "pigeon"})
    flow = await client.ask("POST", PATH, {**WRITTEN, "message_flow_id": str(uuid4())})

    assert (typed.status, typed.json["error"]["details"][0]["field"]) == (400, "type")
    assert (flow.status, flow.reason) == (404, "FLOW_NOT_FOUND")
    assert (await client.ask("GET", PATH)).json["result"] == []
