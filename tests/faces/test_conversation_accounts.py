"""Accounts at other networks over the API (VoIPBIN reference 5.3): none is carried, so none is made."""

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import new_id, utc_now
from dialplane.domain.messaging.conversation_accounts import ConversationAccount, Network
from tests.faces.conftest import Client, Tenant

PATH = "/v1.0/conversation_accounts"


@pytest.mark.parametrize(
    ("network", "says"), [("line", "LINE"), ("whatsapp", "WhatsApp"), ("sms", "message_flow_id"), ("pigeon", "type")]
)
async def test_account_that_would_carry_nothing_is_refused_with_the_reason(
    client: Client, network: str, says: str
) -> None:
    answer = await client.ask("POST", PATH, {"type": network, "name": "shop", "token": "the token"})

    assert (answer.status, answer.json["error"]["details"][0]["field"]) == (400, "type")
    assert says in answer.json["error"]["message"]
    assert (await client.ask("GET", PATH)).json["result"] == []


async def test_account_of_an_earlier_version_is_changed_told_and_deleted_and_no_secret_is_shown(
    client: Client, tenant: Tenant, database: PostgresDatabase
) -> None:
    kept = ConversationAccount(
        new_id(utc_now()), tenant.id, Network.WHATSAPP, utc_now(), "shop", "in town", "the secret", "the token", "10055"
    )
    async with database.transaction() as tx:
        await tx.conversation_accounts.save(kept)
    path = f"{PATH}/{kept.id}"
    changed = await client.ask("PUT", path, {"name": "store", "provider_data": {"app_secret": "another"}})
    listed = await client.ask("GET", PATH)
    async with database.reading() as tx:
        [row] = await tx.connection.fetch("select * from conversation_accounts")
    deleted = await client.ask("DELETE", path)
    async with database.reading() as tx:
        events = await tx.connection.fetch("select type, data from events where type like 'account_%' order by id")
        [left] = await tx.connection.fetch("select secret, token, app_secret from conversation_accounts")

    assert (changed.json["name"], changed.json["provider_data"]) == ("store", {"phone_number_id": "10055"})
    assert listed.json["result"] == [changed.json]
    assert deleted.json["tm_delete"] is not None
    assert (await client.ask("GET", path)).reason == "CONVERSATION_ACCOUNT_NOT_FOUND"
    assert [event["type"] for event in events] == ["account_updated", "account_deleted"]
    told = str([dict(event["data"]) for event in events]) + str(listed.json)
    for secret in ("the secret", "the token", "another"):
        assert secret not in told
        assert secret not in str(dict(row))
    assert set(left.values()) == {""}
