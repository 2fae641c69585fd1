"""What the signed-in agent has of the account (VoIPBIN reference 1.10)."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from dialplane.domain.addresses import Address, tel
from dialplane.domain.ids import AgentId, new_id, utc_now
from dialplane.services.messaging.conversations import list_conversations, update_conversation
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant, stock
from tests.faces.recorded import called
from tests.faces.test_storage import upload

NUMBER, ANN, BOB = "+14155550124", "+12025550101", "+12025550102"
SECRET = {"username": "ann@example.org", "password": "correct horse"}
PATH = "/v1.0/service_agents"


@dataclass(frozen=True)
class Desk:
    """An agent of the lowest permission, signed in."""

    id: UUID
    client: Client


@pytest.fixture
async def desk(client: Client) -> Desk:
    extension = (await client.ask("POST", "/v1.0/extensions", {"extension": "100", "password": "p"})).json["id"]
    await client.ask("POST", "/v1.0/extensions", {"extension": "200", "password": "p"})
    addresses = [{"type": "extension", "target": extension}, {"type": "tel", "target": ANN}]
    made = await client.ask("POST", "/v1.0/agents", {**SECRET, "permission": 16, "addresses": addresses})
    token = (await client.ask("POST", "/auth/login", SECRET)).json["token"]
    return Desk(UUID(made.json["id"]), Client(client.base, client.session, token))


async def test_agent_sees_itself_its_colleagues_and_the_account(desk: Desk, tenant: Tenant) -> None:
    me = await desk.client.ask("GET", f"{PATH}/me")
    changed = await desk.client.ask("PUT", f"{PATH}/me/status", {"status": "available"})
    named = await desk.client.ask("PUT", f"{PATH}/me", {"name": "Ann"})
    moved = await desk.client.ask("PUT", f"{PATH}/me/addresses", {"addresses": [{"target": BOB}]})
    colleagues = (await desk.client.ask("GET", f"{PATH}/agents")).json["result"]

    assert (me.json["id"], changed.json["status"], named.json["name"]) == (str(desk.id), "available", "Ann")
    assert [each["target"] for each in moved.json["addresses"]] == [BOB]
    assert {each["username"] for each in colleagues} == {"ann@example.org", tenant.username}
    assert (await desk.client.ask("GET", f"{PATH}/agents/{desk.id}")).json == moved.json
    assert (await desk.client.ask("GET", f"{PATH}/customer")).json["id"] == str(tenant.id)


async def test_agent_has_its_own_calls_and_extensions_and_no_others(
    desk: Desk, tenant: Tenant, database: Database
) -> None:
    extensions = (await desk.client.ask("GET", f"{PATH}/extensions")).json["result"]
    [own] = extensions
    mine = await called(database, tenant.id, source=tel(ANN))
    rung = await called(database, tenant.id, source=Address("extension", own["id"], target_name="100"))
    others = await called(database, tenant.id, source=tel(BOB))

    listed = (await desk.client.ask("GET", f"{PATH}/calls")).json["result"]
    one = await desk.client.ask("GET", f"{PATH}/calls/{mine.id}")
    foreign = await desk.client.ask("GET", f"{PATH}/calls/{others.id}")

    assert (own["extension"], {each["id"] for each in listed}) == ("100", {str(mine.id), str(rung.id)})
    assert (one.json["id"], foreign.status, foreign.reason) == (str(mine.id), 404, "CALL_NOT_FOUND")
    assert (await desk.client.ask("GET", f"{PATH}/extensions/{own['id']}")).json == own
    assert (await desk.client.ask("GET", f"{PATH}/extensions/{uuid4()}")).reason == "EXTENSION_NOT_FOUND"


async def test_agent_answers_in_conversations_that_are_left_to_it(
    desk: Desk, client: Client, tenant: Tenant, database: Database
) -> None:
    await stock(database, NUMBER)
    await client.ask("POST", "/v1.0/numbers", {"number": NUMBER})
    for peer in (ANN, BOB):
        await receive_message(database, InboundMessage(peer, NUMBER, "hi"), utc_now())
    found = await list_conversations(database, tenant.id, before=None, limit=10)
    mine, other = sorted(found, key=lambda each: each.peer.target)
    await update_conversation(database, tenant.id, mine.id, owner_id=AgentId(desk.id), now=utc_now())

    listed = (await desk.client.ask("GET", f"{PATH}/conversations")).json["result"]
    sent = await desk.client.ask("POST", f"{PATH}/conversations/{mine.id}/messages", {"text": "Hello Ann"})
    texts = (await desk.client.ask("GET", f"{PATH}/conversations/{mine.id}/messages")).json["result"]
    refused = [
        await desk.client.ask("GET", f"{PATH}/conversations/{other.id}"),
        await desk.client.ask("GET", f"{PATH}/conversations/{other.id}/messages"),
        await desk.client.ask("POST", f"{PATH}/conversations/{other.id}/messages", {"text": "Hello Bob"}),
        await desk.client.ask("GET", f"{PATH}/conversations/{new_id(utc_now())}"),
    ]

    assert [each["id"] for each in listed] == [str(mine.id)]
    assert sent.status == 200, sent
    assert [each["text"] for each in texts] == ["Hello Ann", "hi"]
    assert {(answer.status, answer.reason) for answer in refused} == {(404, "CONVERSATION_NOT_FOUND")}


async def test_agent_reads_files_contacts_and_tags(desk: Desk, client: Client) -> None:
    file = (await upload(client, b"how to", type="rag")).json
    contact = (await client.ask("POST", "/v1.0/contacts", {"company": "Acme"})).json
    tag = (await client.ask("POST", "/v1.0/tags", {"name": "sales"})).json

    assert (await desk.client.ask("GET", f"{PATH}/files")).json["result"] == [file]
    assert (await desk.client.ask("GET", f"{PATH}/files/{file['id']}")).json == file
    assert (await desk.client.ask("GET", f"{PATH}/files/{file['id']}/file")).raw == b"how to"
    assert (await desk.client.ask("GET", f"{PATH}/contacts")).json["result"] == [contact]
    assert (await desk.client.ask("GET", f"{PATH}/tags")).json["result"] == [tag]
    assert (await desk.client.ask("POST", "/v1.0/contacts", {"company": "Other"})).status == 403


async def test_access_key_is_nobody_who_signed_in_and_a_new_password_counts(desk: Desk, client: Client) -> None:
    for path in ("me", "calls", "conversations", "customer", "agents", "files"):
        answer = await client.ask("GET", f"{PATH}/{path}")
        assert (answer.status, answer.reason) == (403, "PERMISSION_DENIED"), path
    changed = await desk.client.ask("PUT", f"{PATH}/me/password", {"password": "another horse"})
    again = await client.ask("POST", "/auth/login", {**SECRET, "password": "another horse"})

    assert (changed.status, again.status) == (200, 200)
