"""`IncomingPhoneNumbers` in both dialects: buying, configuring, lists, release (reference 2)."""

import re
from dataclasses import replace
from uuid import UUID

import pytest

from dialplane.domain.ids import NumberId, to_sid, utc_now
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.numbering.number_life import restore_number
from dialplane.services.tenancy.accounts import get_account
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant, stock
from tests.faces.restcomm.conftest import RESTCOMM, FormClient, child_of, client_of

NUMBER = "+15105555555"


@pytest.fixture(autouse=True)
async def stocked(database: Database) -> None:
    await stock(database, NUMBER, "+14216902867", "+15216902867")


async def buy(client: FormClient, number: str = NUMBER, **form: str) -> dict[str, object]:
    answer = await client.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": number, **form})
    assert answer.status in (200, 201), answer.raw
    shown: dict[str, object] = answer.json
    return shown


# --- buying ----------------------------------------------------------------------------------------------------------


async def test_twilio_answers_201_with_every_member_and_its_own_words(twilio: FormClient) -> None:
    answer = await twilio.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": NUMBER})

    shown = answer.json
    assert answer.status == 201
    assert shown["capabilities"] == {"voice": True, "sms": True, "mms": False, "fax": False}
    assert (shown["beta"], shown["address_requirements"], shown["emergency_status"]) == (False, "none", "Inactive")
    assert (shown["status"], shown["voice_receive_mode"], shown["type"]) == ("in-use", "voice", "local")
    assert (shown["api_version"], shown["voice_url"], shown["voice_method"]) == ("2010-04-01", None, "POST")
    assert "ussd_url" not in shown


async def test_number_is_taken_everywhere_once_it_is_bought(
    restcomm: FormClient, twilio: FormClient, other_tenant: Tenant
) -> None:
    """NUM-1."""
    await buy(restcomm)

    again = await restcomm.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": NUMBER})
    twilios = await twilio.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": NUMBER})
    unknown = await restcomm.ask("POST", "IncomingPhoneNumbers", {"PhoneNumber": "+15105550000"})

    assert (again.status, again.raw, again.headers["Content-Type"].partition(";")[0]) == (400, b"21452", "text/plain")
    assert (twilios.status, twilios.json["code"]) == (400, 21422)
    assert (unknown.status, unknown.raw) == (400, b"21452")


async def test_neither_number_nor_area_code_is_400(restcomm: FormClient, twilio: FormClient) -> None:
    for path, needed in (("", " or AreaCode"), ("/Local", ""), ("/TollFree", ""), ("/Mobile", "")):
        path = f"IncomingPhoneNumbers{path}"
        restcomms = await restcomm.ask("POST", f"{path}.json", {"FriendlyName": "x"})
        twilios = await twilio.ask("POST", f"{path}.json", {})

        assert (restcomms.status, restcomms.raw) == (400, b"Phone number can not be null.")
        assert (twilios.status, twilios.json["message"]) == (400, f"PhoneNumber{needed} is needed")


async def test_area_code_wins_over_the_number(restcomm: FormClient) -> None:
    answer = await restcomm.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": NUMBER, "AreaCode": "421"})

    assert answer.json["phone_number"] == "+14216902867"


async def test_area_code_without_numbers_or_malformed_is_400(restcomm: FormClient, twilio: FormClient) -> None:
    empty = [await each.ask("POST", "IncomingPhoneNumbers.json", {"AreaCode": "999"}) for each in (restcomm, twilio)]
    malformed = await twilio.ask("POST", "IncomingPhoneNumbers.json", {"AreaCode": "12"})

    assert (empty[0].status, empty[0].raw) == (400, b"21452")
    assert (empty[1].status, empty[1].json["code"]) == (400, 21452)
    assert (malformed.status, malformed.json["code"]) == (400, 21451)


async def test_area_code_does_not_count_below_local(restcomm: FormClient) -> None:
    alone = await restcomm.ask("POST", "IncomingPhoneNumbers/Local.json", {"AreaCode": "510"})
    beside = await restcomm.ask("POST", "IncomingPhoneNumbers/Local.json", {"AreaCode": "421", "PhoneNumber": NUMBER})

    assert (alone.status, beside.json["phone_number"]) == (400, NUMBER)


async def test_number_of_another_type_is_refused_and_not_bought(restcomm: FormClient) -> None:
    refused = await restcomm.ask("POST", "IncomingPhoneNumbers/TollFree.json", {"PhoneNumber": NUMBER})

    assert refused.status == 400
    assert (await restcomm.ask("GET", "IncomingPhoneNumbers.json")).json["total"] == 0


@pytest.mark.parametrize("given", ["+15105555555", "15105555555", "5105555555", "+1 (510) 555-5555", "(510) 555-5555"])
async def test_number_is_understood_however_it_is_written(restcomm: FormClient, given: str) -> None:
    assert (await buy(restcomm, given))["phone_number"] == NUMBER


async def test_what_is_no_number_is_400_and_named(twilio: FormClient) -> None:
    for given in ("+", "abc", "+12", "1234", "mms:+12345678", "+1510555555555555555"):
        answer = await twilio.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": given})

        assert (answer.status, answer.json["code"]) == (400, 21421)
        assert "PhoneNumber" in answer.json["message"]


async def test_repeated_purchase_with_one_key_gives_the_first_answer(twilio: FormClient, client: Client) -> None:
    """API-1."""
    form = {"PhoneNumber": NUMBER}
    first = await twilio.ask("POST", "IncomingPhoneNumbers.json", form, Idempotency_Key="one")
    again = await twilio.ask("POST", "IncomingPhoneNumbers.json", form, Idempotency_Key="one")
    other = await twilio.ask("POST", "IncomingPhoneNumbers.json", {"AreaCode": "421"}, Idempotency_Key="one")

    billings = await client.ask("GET", "/v1.0/billings")
    assert (again.status, again.raw, again.headers["Content-Type"]) == (201, first.raw, "application/json")
    assert (other.status, other.json["status"]) == (422, 422)
    assert [row["amount_credit"] for row in billings.json["result"] if row["reference_type"] == "number"] == [
        -2_000_000
    ]


async def test_sip_number_may_exist_once_in_each_organization(
    restcomm: FormClient, anonymous: Client, other_tenant: Tenant, database: Database
) -> None:
    other = client_of(anonymous, await get_account(database, other_tenant.id), RESTCOMM)
    form = {"PhoneNumber": "*777#", "isSIP": "true"}

    first = await restcomm.ask("POST", "IncomingPhoneNumbers.json", form)
    again = await restcomm.ask("POST", "IncomingPhoneNumbers.json", form)
    others = await other.ask("POST", "IncomingPhoneNumbers.json", form)

    assert (first.status, first.json["phone_number"]) == (200, "*777#")
    assert (again.status, again.raw, others.status) == (400, b"21452", 200)


async def test_unsafe_pattern_is_400_with_the_reason(restcomm: FormClient) -> None:
    answer = await restcomm.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": "([12]", "isSIP": "true"})

    assert (answer.status, "message" in answer.json) == (400, True)


async def test_capabilities_of_a_sip_number_are_as_its_holder_says(restcomm: FormClient) -> None:
    form = {"PhoneNumber": "1234", "isSIP": "true", "FaxCapable": "true", "SmsCapable": "false"}

    answer = await restcomm.ask("POST", "IncomingPhoneNumbers.json", form)

    assert answer.json["capabilities"] == {
        "voice_capable": True,
        "sms_capable": False,
        "mms_capable": False,
        "fax_capable": True,
    }


# --- configuration ---------------------------------------------------------------------------------------------------

EVERY_FIELD = {
    "FriendlyName": "Front desk",
    "ApiVersion": "2012-04-24",
    "VoiceUrl": "https://example.org/voice",
    "VoiceMethod": "GET",
    "VoiceFallbackUrl": "https://example.org/fallback",
    "VoiceFallbackMethod": "GET",
    "StatusCallback": "https://example.org/status",
    "StatusCallbackMethod": "GET",
    "VoiceCallerIdLookup": "true",
    "SmsUrl": "https://example.org/sms",
    "SmsMethod": "GET",
    "SmsFallbackUrl": "https://example.org/sms-fallback",
    "SmsFallbackMethod": "GET",
    "UssdUrl": "https://example.org/ussd",
    "UssdMethod": "GET",
    "UssdFallbackUrl": "https://example.org/ussd-fallback",
    "UssdFallbackMethod": "GET",
    "ReferUrl": "https://example.org/refer",
    "ReferMethod": "GET",
}


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


APPLICATIONS = ("VoiceApplicationSid", "SmsApplicationSid", "UssdApplicationSid", "ReferApplicationSid")


async def application(client: FormClient, name: str = "menu") -> str:
    sid: str = (await client.ask("POST", "Applications.json", {"FriendlyName": name})).json["sid"]
    return sid


async def every_field(client: FormClient) -> dict[str, str]:
    """The fields, with one application in all the places of applications."""
    return EVERY_FIELD | dict.fromkeys(APPLICATIONS, await application(client))


SHOWN = {snake(name): value == "true" if value == "true" else value for name, value in EVERY_FIELD.items()}


async def test_every_field_is_stored_and_shown_on_create_and_on_update(restcomm: FormClient) -> None:
    form = await every_field(restcomm)
    shown = SHOWN | {snake(name): form[name] for name in APPLICATIONS}
    created = await buy(restcomm, **form)
    bare = await buy(restcomm, "+14216902867")
    updated = await restcomm.ask("PUT", f"IncomingPhoneNumbers/{bare['sid']}.json", form)

    assert {name: created[name] for name in shown} == shown
    assert {name: updated.json[name] for name in shown} == shown
    for answer in (created, updated.json):
        assert [answer[snake(name).replace("_sid", "_name")] for name in APPLICATIONS] == ["menu"] * 4
    assert (await restcomm.ask("GET", f"IncomingPhoneNumbers/{created['sid']}.json")).json == created


async def test_application_of_another_account_is_400_as_an_unknown_one(
    restcomm: FormClient, twilio: FormClient, anonymous: Client, other_tenant: Tenant, database: Database
) -> None:
    foreign = await application(client_of(anonymous, await get_account(database, other_tenant.id), RESTCOMM))
    sid = (await buy(restcomm))["sid"]

    for given in (foreign, "AP" + "1" * 32):
        created = await restcomm.ask(
            "POST", "IncomingPhoneNumbers.json", {"PhoneNumber": "+14216902867", "SmsApplicationSid": given}
        )
        updated = await twilio.ask("POST", f"IncomingPhoneNumbers/{sid}.json", {"VoiceApplicationSid": given})
        assert (created.status, created.json["message"]) == (400, "SmsApplicationSid: there is no such application")
        assert (updated.status, updated.json["code"]) == (400, 21218)
        for name in APPLICATIONS:
            for path, form in (
                ("IncomingPhoneNumbers.json", {"PhoneNumber": "+14216902867"}),
                ("IncomingPhoneNumbers.json", {"PhoneNumber": "1234", "isSIP": "true"}),
                (f"IncomingPhoneNumbers/{sid}.json", {"FriendlyName": "taken"}),
            ):
                refused = await restcomm.ask("POST", path, form | {name: given})
                assert (refused.status, name in refused.json["message"]) == (400, True)
    assert (await restcomm.ask("GET", "IncomingPhoneNumbers.json")).json["total"] == 1


async def test_application_goes_before_the_urls_and_gives_way_when_taken_off(
    restcomm: FormClient, client: Client
) -> None:
    sid = str((await buy(restcomm, **await every_field(restcomm)))["sid"])
    path, targets = f"IncomingPhoneNumbers/{sid}.json", f"/v1.0/numbers/{UUID(sid[2:])}/targets"
    with_application = await client.ask("GET", targets)

    await restcomm.ask("POST", path, {"VoiceApplicationSid": "", "SmsApplicationSid": "", "ReferApplicationSid": ""})

    without = await client.ask("GET", targets)
    assert [target["type"] for target in with_application.json.values()] == ["application"] * 3
    assert without.json["voice"] == {
        "type": "document",
        "url": "https://example.org/voice",
        "method": "GET",
        "fallback_url": "https://example.org/fallback",
        "fallback_method": "GET",
        "status_url": "https://example.org/status",
        "status_method": "GET",
    }
    assert (without.json["message"]["url"], without.json["refer"]["method"]) == ("https://example.org/sms", "GET")


async def test_last_write_wins_whatever_face_it_came_through(restcomm: FormClient, client: Client) -> None:
    sid = str((await buy(restcomm, VoiceUrl="https://example.org/a", SmsUrl="https://example.org/b"))["sid"])
    path, number = f"IncomingPhoneNumbers/{sid}.json", f"/v1.0/numbers/{UUID(sid[2:])}"
    flow = await client.ask("POST", "/v1.0/flows", {"name": "menu", "detail": "", "actions": [{"type": "answer"}]})

    await client.ask("PUT", number, {"call_flow_id": flow.json["id"]})
    renamed = await restcomm.ask("POST", path, {"FriendlyName": "still a flow"})
    kept = await client.ask("GET", number)
    await restcomm.ask("POST", path, {"VoiceUrl": "https://example.org/c"})
    overwritten = await client.ask("GET", f"{number}/targets")

    assert (renamed.json["voice_url"], renamed.json["sms_url"]) == (None, "https://example.org/b")
    assert (kept.json["call_flow_id"], kept.json["name"]) == (flow.json["id"], "still a flow")
    assert overwritten.json["voice"]["url"] == "https://example.org/c"


async def test_empty_value_clears_and_a_left_out_one_stays(restcomm: FormClient) -> None:
    path = f"IncomingPhoneNumbers/{(await buy(restcomm, **EVERY_FIELD))['sid']}.json"

    cleared = await restcomm.ask("POST", path, {"VoiceUrl": "", "FriendlyName": "", "StatusCallback": ""})

    assert [cleared.json[name] for name in ("voice_url", "status_callback", "voice_method", "friendly_name")] == [
        None,
        None,
        "GET",
        "(510) 555-5555",
    ]


BAD_VALUES = [
    ("FriendlyName", "x" * 65),
    ("VoiceUrl", "ftp://example.org"),
    ("VoiceUrl", "https://user@example.org/"),
    ("VoiceUrl", "https://example.org/" + "x" * 2048),
    ("SmsMethod", "PATCH"),
    ("VoiceCallerIdLookup", "maybe"),
    ("VoiceApplicationSid", "AP1"),
    ("ApiVersion", "latest"),
    ("AccountSid", "AC1"),
    ("AccountSid", "AC" + "0" * 32),
    ("TrunkSid", "TK" + "0" * 32),
    ("EmergencyStatus", "Active"),
    ("VoiceReceiveMode", "pigeon"),
    ("FriendlyName", "a\0b"),
]


async def test_bad_values_are_400_naming_the_parameter_and_change_nothing(
    restcomm: FormClient, twilio: FormClient
) -> None:
    """IN-1."""
    for client, number in ((restcomm, NUMBER), (twilio, "+14216902867")):
        path = f"IncomingPhoneNumbers/{(await buy(client, number))['sid']}.json"
        before = (await client.ask("GET", path)).json

        for name, value in BAD_VALUES:
            refused = await client.ask("POST", path, {"SmsUrl": "https://example.org/x", name: value})
            assert (refused.status, name in refused.json["message"]) == (400, True), (name, value, refused.raw)

        assert (await client.ask("GET", path)).json == before


async def test_body_that_is_no_form_is_415_and_a_huge_one_413(restcomm: FormClient) -> None:
    json = await restcomm.ask("POST", "IncomingPhoneNumbers.json", "{}", Content_Type="application/json")
    huge = await restcomm.ask("POST", "IncomingPhoneNumbers.json", "x" * 10_000_001)

    assert (json.status, huge.status) == (415, 413)


async def test_number_of_another_account_is_unknown(
    restcomm: FormClient, anonymous: Client, other_tenant: Tenant, database: Database
) -> None:
    sid = (await buy(restcomm))["sid"]
    other = client_of(anonymous, await get_account(database, other_tenant.id), RESTCOMM)

    for method in ("GET", "POST", "PUT", "DELETE"):
        assert (await other.ask(method, f"IncomingPhoneNumbers/{sid}.json")).status == 404
        assert (await other.ask(method, "IncomingPhoneNumbers/PN1.json")).status == 404


# --- transfer --------------------------------------------------------------------------------------------------------


async def test_number_moves_within_the_tree_on_its_parents_behalf(
    restcomm: FormClient, account: Account, database: Database
) -> None:
    """Between the parent and a child, and from child to child (reference 2.8)."""
    first, second = [await child_of(database, account) for _ in range(2)]
    menu = await application(restcomm)
    form = {"SmsUrl": "https://example.org/b", "SmsApplicationSid": menu, "UssdApplicationSid": menu}
    sid = (await buy(restcomm, VoiceUrl="https://example.org/a", **form))["sid"]
    path = f"IncomingPhoneNumbers/{sid}.json"
    as_first = replace(restcomm, sid=to_sid("AC", first.id))

    down = await restcomm.ask("POST", path, {"AccountSid": as_first.sid, "FriendlyName": "moved"})
    gone = await restcomm.ask("GET", path)
    across = await as_first.ask("POST", path, {"AccountSid": to_sid("AC", second.id)})

    assert (down.status, down.json["account_sid"], down.json["friendly_name"]) == (200, as_first.sid, "moved")
    assert [down.json[f"{kind}_application_sid"] for kind in ("voice", "sms", "ussd", "refer")] == [None] * 4
    assert (down.json["voice_url"], down.json["sms_url"]) == ("https://example.org/a", "https://example.org/b")
    assert (gone.status, across.json["account_sid"]) == (404, to_sid("AC", second.id))


async def test_number_moves_neither_to_the_parent_by_the_child_nor_out_of_the_tree(
    restcomm: FormClient, account: Account, other_tenant: Tenant, database: Database
) -> None:
    child = await child_of(database, account)
    sid = (await buy(restcomm))["sid"]
    path = f"IncomingPhoneNumbers/{sid}.json"
    as_child = replace(restcomm, sid=to_sid("AC", child.id), user=to_sid("AC", child.id), token="child")

    out = await restcomm.ask("POST", path, {"AccountSid": to_sid("AC", other_tenant.id), "FriendlyName": "out"})
    still = await restcomm.ask("GET", path)
    await restcomm.ask("POST", path, {"AccountSid": as_child.sid})
    up = await as_child.ask("POST", path, {"AccountSid": restcomm.sid})

    assert (out.status, still.json["friendly_name"], up.status) == (400, "(510) 555-5555", 400)


async def test_moved_number_is_its_new_holders_to_release_and_to_take_back(
    restcomm: FormClient, account: Account, database: Database
) -> None:
    """The item follows the number."""
    child = await child_of(database, account)
    sid = str((await buy(restcomm))["sid"])
    as_child = replace(restcomm, sid=to_sid("AC", child.id))
    await restcomm.ask("POST", f"IncomingPhoneNumbers/{sid}.json", {"AccountSid": as_child.sid})

    released = await as_child.ask("DELETE", f"IncomingPhoneNumbers/{sid}.json")
    restored = await restore_number(database, child.id, NumberId(UUID(sid[2:])), utc_now())

    assert (released.status, restored.account_id) == (204, child.id)
