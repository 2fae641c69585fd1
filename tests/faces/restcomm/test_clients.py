"""`Clients` (reference 4.8); a call that one of them places: `tests/voice`."""

import hashlib

import pytest

from dialplane.domain.ids import utc_now
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.calling.extensions import get_extension
from dialplane.services.calling.registrations import Binding
from dialplane.services.transaction import Database
from tests.faces.conftest import Client
from tests.faces.restcomm.conftest import FormClient, child_of, client_of

GOOD = {"Login": "alice", "Password": "1234aBcd!"}


async def test_client_shows_what_is_documented(restcomm: FormClient) -> None:
    form = {**GOOD, "FriendlyName": "Alice", "VoiceUrl": "http://example.org/v", "VoiceMethod": "GET"}

    made = await restcomm.ask("POST", "Clients.json", form)

    sid = made.json["sid"]
    digest = made.json["password"]
    shown = (await restcomm.ask("GET", f"Clients/{sid}.json")).json
    assert made.status == 200
    assert digest == hashlib.md5(b"alice::1234aBcd!").hexdigest()
    assert {name: shown[name] for name in shown if name not in ("date_created", "date_updated")} == {
        "sid": sid,
        "account_sid": restcomm.sid,
        "api_version": "2012-04-24",
        "friendly_name": "Alice",
        "login": "alice",
        "password": digest,
        "password_algorithm": "MD5",
        "status": 1,
        "voice_url": "http://example.org/v",
        "voice_method": "GET",
        "voice_fallback_method": "POST",
        "uri": f"{restcomm.base}/Accounts/{restcomm.sid}/Clients/{sid}.json",
    }
    assert (await restcomm.ask("GET", "Clients.json")).json == [shown]
    assert b"<Client><Sid>CL" in (await restcomm.ask("GET", f"Clients/{sid}")).raw


async def test_client_is_changed_and_deleted(restcomm: FormClient) -> None:
    sid = (await restcomm.ask("POST", "Clients.json", GOOD)).json["sid"]
    application = (await restcomm.ask("POST", "Applications.json", {"FriendlyName": "desk"})).json["sid"]
    path = f"Clients/{sid}.json"

    changed = await restcomm.ask(
        "PUT", path, {"VoiceApplicationSid": application, "Status": "0", "IsPushEnabled": "true"}
    )
    back = await restcomm.ask("POST", path, {"VoiceApplicationSid": "", "Status": "1"})
    gone = await restcomm.ask("DELETE", path)

    assert (changed.json["voice_application_sid"], changed.json["status"]) == (application, 0)
    assert changed.json["push_client_identity"] == sid
    assert ("voice_application_sid" in back.json, back.json["status"], gone.status) == (False, 1, 200)
    assert (await restcomm.ask("GET", path)).status == 404


async def test_login_is_one_for_the_organization(
    restcomm: FormClient, anonymous: Client, account: Account, database: Database
) -> None:
    child = client_of(anonymous, await child_of(database, account), restcomm.base)
    first = await restcomm.ask("POST", "Clients.json", GOOD)

    again = await restcomm.ask("POST", "Clients.json", {**GOOD, "Password": "another1Aa!"})
    taken = await child.ask("POST", "Clients.json", GOOD)

    assert (again.status, again.json) == (200, first.json)
    assert taken.status == 409


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"Login": "a@b"}, "invalid"),
        ({"Login": "a?b"}, "invalid"),
        ({"Password": "short"}, "weak"),
        ({"Login": ""}, "INVALID_ARGUMENT"),
        ({"Status": "2"}, "INVALID_ARGUMENT"),
        ({"VoiceUrl": "ftp://example.org"}, "URL_INVALID"),
    ],
)
async def test_bad_client_is_refused(restcomm: FormClient, change: dict[str, str], error: str) -> None:
    answer = await restcomm.ask("POST", "Clients.json", {**GOOD, **change})

    assert (answer.status, answer.json["error"]) == (400, error)
    assert (await restcomm.ask("GET", "Clients.json")).json == []


async def test_disabled_client_is_registered_nowhere_and_found_by_nobody(
    restcomm: FormClient, database: Database, account: Account
) -> None:
    sid = (await restcomm.ask("POST", "Clients.json", GOOD)).json["sid"]
    async with database.reading() as tx:
        found = await tx.registrations.find_extension_named(account.id, "alice")
    assert found is not None
    now = utc_now()
    binding = Binding("sip:alice@127.0.0.1", "id", 1, "127.0.0.1", 5060, "udp", "nobody", now.replace(year=2100))
    async with database.transaction() as tx:
        await tx.registrations.replace_bindings(found.extension_id, [binding])

    await restcomm.ask("POST", f"Clients/{sid}.json", {"Status": "0"})

    async with database.reading() as tx:
        assert await tx.registrations.find_extension_named(account.id, "alice") is None
        assert await tx.registrations.bindings(found.extension_id, now) == []
    assert not (await get_extension(database, account.id, found.extension_id)).is_enabled


async def test_client_of_another_account_is_not_found(
    restcomm: FormClient, anonymous: Client, account: Account, database: Database
) -> None:
    sid = (await restcomm.ask("POST", "Clients.json", GOOD)).json["sid"]
    other = client_of(anonymous, await child_of(database, account), restcomm.base)

    for method, form in (("GET", None), ("POST", {"Status": "0"}), ("DELETE", None)):
        assert (await other.ask(method, f"Clients/{sid}.json", form)).status == 404


async def test_twilio_has_no_clients(twilio: FormClient) -> None:
    assert (await twilio.ask("GET", "Clients.json")).status == 404
