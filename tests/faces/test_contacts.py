"""Contacts, their addresses and what passed between them and the account (VoIPBIN reference 6.11)."""

from typing import Any
from uuid import uuid4

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.messaging.messages import Message
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant, stock
from tests.faces.recorded import called

ANN = {"first_name": "Ann", "company": "Acme", "external_id": "crm-7"}
PHONE = "+12025550101"


async def make_contact(client: Client, *addresses: dict[str, object], **fields: object) -> dict[str, Any]:
    answer = await client.ask("POST", "/v1.0/contacts", {**ANN, "addresses": list(addresses), **fields})
    assert answer.status == 201, answer
    made: dict[str, Any] = answer.json
    return made


async def test_contact_is_made_with_addresses_changed_and_deleted_with_them(
    client: Client, database: PostgresDatabase
) -> None:
    tag = (await client.ask("POST", "/v1.0/tags", {"name": "customer"})).json["id"]
    made = await make_contact(client, {"target": "(+1) 202 555-0101"}, tag_ids=[tag])
    path = f"/v1.0/contacts/{made['id']}"
    added = await client.ask(
        "POST",
        "/v1.0/contact_addresses",
        {"contact_id": made["id"], "type": "email", "target": "ann@example.org", "is_primary": True},
    )
    changed = await client.ask("PUT", path, {"job_title": "Buyer", "tag_ids": []})
    listed = await client.ask("GET", "/v1.0/contacts")
    whose = await client.ask("GET", "/v1.0/contact_addresses?target=%2B12025550101")
    deleted = await client.ask("DELETE", path)

    assert (made["tag_ids"], [each["target"] for each in made["addresses"]]) == ([tag], [PHONE])
    assert (added.status, added.json["is_primary"]) == (201, True)
    assert (changed.json["job_title"], changed.json["tag_ids"], changed.json["first_name"]) == ("Buyer", [], "Ann")
    assert listed.json["result"] == [changed.json]
    assert [each["target"] for each in changed.json["addresses"]] == [PHONE, "ann@example.org"]
    assert [each["contact_id"] for each in whose.json["result"]] == [made["id"]]
    assert deleted.json["tm_delete"] is not None
    assert (await client.ask("GET", path)).reason == "CONTACT_NOT_FOUND"
    assert (await client.ask("GET", "/v1.0/contact_addresses")).json["result"] == []
    async with database.reading() as tx:
        public = await tx.connection.fetch("select 1 from events where type like 'contact%' and public")
    assert public == []  # reference 8.2: contact_* stays inside


async def test_contact_has_an_address_once_and_one_of_them_is_primary(client: Client) -> None:
    made = await make_contact(client, {"target": PHONE, "is_primary": True})
    path = "/v1.0/contact_addresses"
    again = await client.ask("POST", path, {"contact_id": made["id"], "target": "+1 202 555 0101"})
    other = await client.ask("POST", path, {"contact_id": made["id"], "target": "ann@example.org", "is_primary": True})
    shared = await make_contact(client, {"target": PHONE}, first_name="Bob")
    shown = (await client.ask("GET", f"/v1.0/contacts/{made['id']}")).json["addresses"]

    assert (again.status, again.reason) == (409, "ALREADY_EXISTS")
    assert (other.json["type"], shared["addresses"][0]["target"]) == ("sip", PHONE)
    assert [(each["target"], each["is_primary"]) for each in shown] == [(PHONE, False), ("ann@example.org", True)]


async def test_bad_contact_is_refused_by_name_and_nothing_is_kept(client: Client) -> None:
    cases: list[tuple[str, dict[str, object], int, str]] = [
        ("contacts", {"notes": "nobody"}, 400, "display_name"),
        ("contacts", {**ANN, "tag_ids": [str(uuid4())]}, 400, "tag_ids"),
        ("contacts", {**ANN, "addresses": [{"target": "12"}]}, 400, "addresses[0].target"),
        ("contacts", {**ANN, "addresses": [{"target": "x", "type": "agent"}]}, 400, "addresses[0].type"),
        ("contacts", {**ANN, "addresses": [{"target": PHONE}, {"target": PHONE}]}, 409, "target"),
        ("contact_addresses", {"contact_id": str(uuid4()), "target": PHONE}, 404, "contact_id"),
    ]
    for path, body, status, field in cases:
        answer = await client.ask("POST", f"/v1.0/{path}", body)
        named = answer.json["error"]["details"][0]["field"]
        assert (answer.status, named) == (status, field), body
    assert (await client.ask("GET", "/v1.0/contacts")).json["result"] == []


async def test_interactions_are_the_calls_and_messages_with_any_address(
    client: Client, tenant: Tenant, database: Database
) -> None:
    await stock(database, "+14155550124")
    await client.ask("POST", "/v1.0/numbers", {"number": "+14155550124"})
    call = await called(database, tenant.id)
    party = call.source if call.direction == "incoming" else call.destination
    message = await receive_message(database, InboundMessage(PHONE, "+14155550124", "hi"), call.created_at)
    made = await make_contact(client, {"target": party.target}, {"target": PHONE})
    nobody = await make_contact(client, {"target": "+12025550999"})

    found = (await client.ask("GET", f"/v1.0/contact_interactions?contact_id={made['id']}")).json["result"]
    none = await client.ask("GET", f"/v1.0/contact_interactions?contact_id={nobody['id']}")

    assert isinstance(message, Message)
    assert {(each["reference_type"], each["reference_id"]) for each in found} == {
        ("call", str(call.id)),
        ("message", str(message.id)),
    }
    assert {each["direction"] for each in found} == {"incoming", call.direction}
    assert none.json["result"] == []
    assert (await client.ask("GET", "/v1.0/contact_interactions")).status == 400
    assert (await client.ask("GET", f"/v1.0/contact_interactions?contact_id={uuid4()}")).reason == "CONTACT_NOT_FOUND"


async def test_case_is_opened_for_a_contact_changed_until_it_is_closed(client: Client) -> None:
    contact = await make_contact(client)
    made = await client.ask("POST", "/v1.0/contact_cases", {"name": "broken", "contact_id": contact["id"]})
    path = f"/v1.0/contact_cases/{made.json['id']}"
    noted = await client.ask("PUT", path, {"note": "called back"})
    closed = await client.ask("POST", f"{path}/close")
    late = await client.ask("PUT", path, {"note": "again"})
    unknown = await client.ask("POST", "/v1.0/contact_cases", {"name": "x", "contact_id": str(uuid4())})

    assert (made.json["contact_id"], made.json["status"]) == (contact["id"], "open")
    assert (noted.json["note"], noted.json["contact_id"]) == ("called back", contact["id"])
    assert (closed.json["status"], late.status, late.reason) == ("closed", 409, "CASE_CLOSED")
    assert (unknown.status, unknown.reason) == (404, "CONTACT_NOT_FOUND")
