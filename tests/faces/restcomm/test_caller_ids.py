"""`OutgoingCallerIds` in both dialects (reference 4.9); the call that verifies one: `tests/voice`."""

import pytest

from dialplane.domain.ids import utc_now
from dialplane.services.transaction import Database
from tests.faces.conftest import Tenant, stock
from tests.faces.restcomm.conftest import FormClient

OWN, FOREIGN = "+14155550100", "+14155550177"


@pytest.fixture
async def caller(database: Database, twilio: FormClient) -> None:
    """A number of the account, and a node that would call from it."""
    await stock(database, OWN)
    assert (await twilio.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": OWN})).status == 201
    async with database.transaction() as tx:
        await tx.nodes.begin("nobody", sip_host="127.0.0.1", sip_port=5060, version="", now=utc_now())


async def key_the_code(database: Database) -> None:
    """As if it had been keyed in the call."""
    async with database.transaction() as tx:
        await tx.connection.execute(  # type: ignore[attr-defined]  # the real store's
            "update runs set variables = jsonb_build_object('voipbin.call.digits', code)"
            " from outgoing_caller_ids where run_id = runs.id"
        )


async def test_number_is_shown_with_its_code_until_that_was_keyed(
    restcomm: FormClient, twilio: FormClient, database: Database, caller: None
) -> None:
    made = await restcomm.ask("POST", "OutgoingCallerIds.json", {"PhoneNumber": FOREIGN})
    path = f"OutgoingCallerIds/{made.json['sid']}.json"
    early = await twilio.ask("GET", path)
    await key_the_code(database)
    verified = await twilio.ask("GET", path)
    listed = (await restcomm.ask("GET", f"OutgoingCallerIds.json?PhoneNumber={FOREIGN}")).json

    assert (made.status, made.json["friendly_name"], len(made.json["validation_code"])) == (200, "(415) 555-0177", 6)
    assert (early.status, verified.status) == (404, 200)
    assert set(verified.json) == {
        "sid", "date_created", "date_updated", "friendly_name", "account_sid", "phone_number", "uri",
    }  # fmt: skip
    assert [each.get("validation_code") for each in listed] == [None]


async def test_number_is_renamed_and_deleted(restcomm: FormClient, caller: None) -> None:
    sid = (await restcomm.ask("POST", "OutgoingCallerIds.json", {"PhoneNumber": FOREIGN})).json["sid"]
    path = f"OutgoingCallerIds/{sid}.json"

    renamed = await restcomm.ask("PUT", path, {"FriendlyName": "Home"})
    gone = await restcomm.ask("DELETE", path)

    assert (renamed.json["friendly_name"], gone.status) == ("Home", 204)
    assert (await restcomm.ask("GET", path)).status == 404


@pytest.mark.parametrize("form", [{}, {"PhoneNumber": "five"}, {"PhoneNumber": FOREIGN, "CallDelay": "61"}])
async def test_bad_number_is_refused(twilio: FormClient, caller: None, form: dict[str, str]) -> None:
    answer = await twilio.ask("POST", "OutgoingCallerIds.json", form)

    assert answer.status == 400
    assert (await twilio.ask("GET", "OutgoingCallerIds.json")).json["outgoing_caller_ids"] == []


async def test_account_without_a_number_cannot_have_one_verified(twilio: FormClient) -> None:
    answer = await twilio.ask("POST", "OutgoingCallerIds.json", {"PhoneNumber": FOREIGN})

    assert (answer.status, answer.json["code"]) == (400, 21212)


async def test_caller_id_of_another_account_is_not_found(
    restcomm: FormClient, database: Database, other_tenant: Tenant, caller: None
) -> None:
    sid = (await restcomm.ask("POST", "OutgoingCallerIds.json", {"PhoneNumber": FOREIGN})).json["sid"]
    async with database.transaction() as tx:
        await tx.connection.execute(  # type: ignore[attr-defined]  # the real store's
            "update outgoing_caller_ids set account_id = $1", other_tenant.id
        )

    for method in ("GET", "POST", "DELETE"):
        answer = await restcomm.ask(
            method, f"OutgoingCallerIds/{sid}.json", {"FriendlyName": "x"} if method == "POST" else None
        )
        assert answer.status == 404
