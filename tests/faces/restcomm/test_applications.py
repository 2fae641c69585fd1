"""`Applications` in both dialects, and through Twilio's own library (reference 4.3)."""

import pytest

from tests.faces.restcomm.conftest import FormClient
from tests.faces.restcomm.test_accounts import calling, official

URL = "https://app.test/main.xml"


async def test_application_is_made_read_changed_and_deleted(restcomm: FormClient) -> None:
    made = await restcomm.ask(
        "POST", "Applications.json",
        {"FriendlyName": "menu", "RcmlUrl": URL, "Kind": "voice", "VoiceCallerIdLookup": "true"},
    )  # fmt: skip
    path = f"Applications/{made.json['sid']}.json"
    changed = await restcomm.ask("PUT", path, {"FriendlyName": "other", "RcmlUrl": ""})
    deleted = await restcomm.ask("DELETE", path)

    assert made.status == 200
    facts = {name: value for name, value in made.json.items() if name not in ("sid", "date_created", "date_updated")}
    assert facts == {
        "friendly_name": "menu",
        "account_sid": restcomm.sid,
        "api_version": "2012-04-24",
        "voice_caller_id_lookup": True,
        "uri": f"/restcomm/2012-04-24/Accounts/{restcomm.sid}/{path}",
        "rcml_url": URL,
        "kind": "voice",
    }
    assert (changed.json["friendly_name"], "rcml_url" in changed.json) == ("other", False)
    assert deleted.status == 200
    assert (await restcomm.ask("GET", path)).status == 404


async def test_list_shows_attached_numbers_only_where_they_are_wanted(restcomm: FormClient) -> None:
    application = (await restcomm.ask("POST", "Applications.json", {"FriendlyName": "menu"})).json
    number = (
        await restcomm.ask(
            "POST", "IncomingPhoneNumbers.json",
            {"PhoneNumber": "1234", "isSIP": "true", "VoiceApplicationSid": application["sid"]},
        )
    ).json  # fmt: skip

    plain = (await restcomm.ask("GET", "Applications.json")).json
    with_numbers = (await restcomm.ask("GET", "Applications.json?includeNumbers=true")).json
    xml = (await restcomm.ask("GET", "Applications?includeNumbers=true")).raw.decode()

    assert plain == [application]
    assert with_numbers[0]["numbers"] == [
        {
            "sid": number["sid"],
            "friendly_name": "1234",
            "phone_number": "1234",
            "voice_application_sid": application["sid"],
        }
    ]
    assert "<Application><Sid>" in xml
    assert f"<VoiceApplicationSid>{application['sid']}</VoiceApplicationSid>" in xml


async def test_number_goes_on_with_its_own_url_when_its_application_is_deleted(restcomm: FormClient) -> None:
    application = (await restcomm.ask("POST", "Applications.json", {"FriendlyName": "menu"})).json
    form = {
        "PhoneNumber": "1234",
        "isSIP": "true",
        "VoiceUrl": URL,
        "VoiceApplicationSid": application["sid"],
        "UssdApplicationSid": application["sid"],
    }
    number = (await restcomm.ask("POST", "IncomingPhoneNumbers.json", form)).json

    await restcomm.ask("DELETE", f"Applications/{application['sid']}.json")

    after = (await restcomm.ask("GET", f"IncomingPhoneNumbers/{number['sid']}.json")).json
    assert number["voice_application_sid"] == application["sid"]
    assert (after["voice_application_sid"], after["ussd_application_sid"]) == (None, None)
    assert after["voice_url"] == URL


async def test_number_takes_no_application_of_another_account(restcomm: FormClient, twilio: FormClient) -> None:
    form = {"PhoneNumber": "1234", "isSIP": "true", "VoiceApplicationSid": "AP" + "1" * 32}

    assert (await restcomm.ask("POST", "IncomingPhoneNumbers.json", form)).status == 400
    refused = await twilio.ask("POST", "IncomingPhoneNumbers.json", form)
    assert (refused.status, refused.json["code"]) == (400, 21218)


@pytest.mark.parametrize(
    ("form", "parameter"),
    [
        ({}, "FriendlyName"),
        ({"FriendlyName": "x" * 65}, "FriendlyName"),
        ({"FriendlyName": "menu", "RcmlUrl": "ftp://x"}, "RcmlUrl"),
        ({"FriendlyName": "menu", "Kind": "fax"}, "Kind"),
        ({"FriendlyName": "menu", "VoiceMethod": "PUT"}, "VoiceMethod"),
        ({"FriendlyName": "menu", "VoiceCallerIdLookup": "maybe"}, "VoiceCallerIdLookup"),
        ({"FriendlyName": "menu", "ApiVersion": "x" * 17}, "ApiVersion"),
    ],
)
async def test_bad_parameter_is_refused_by_name(restcomm: FormClient, form: dict[str, str], parameter: str) -> None:
    """API-2."""
    answer = await restcomm.ask("POST", "Applications.json", form)

    assert (answer.status, parameter in answer.json["message"]) == (400, True)
    assert (await restcomm.ask("GET", "Applications.json")).json == []


async def test_one_address_of_restcomm_is_what_twilio_sees_and_the_last_write_wins(
    restcomm: FormClient, twilio: FormClient
) -> None:
    made = (await restcomm.ask("POST", "Applications.json", {"FriendlyName": "menu", "RcmlUrl": URL})).json
    path = f"Applications/{made['sid']}.json"

    seen = (await twilio.ask("GET", path)).json
    await twilio.ask("POST", path, {"VoiceUrl": "https://app.test/voice"})
    overwritten = (await twilio.ask("GET", path)).json
    await restcomm.ask("POST", path, {"RcmlUrl": "https://app.test/new"})
    at_last = (await twilio.ask("GET", path)).json

    assert (seen["voice_url"], seen["sms_url"]) == (URL, URL)
    assert (overwritten["voice_url"], overwritten["sms_url"]) == ("https://app.test/voice", URL)
    assert at_last["voice_url"] == "https://app.test/new"


async def test_twilio_library_does_all_calls_of_applications(twilio: FormClient) -> None:
    client = official(twilio)
    wanted = {
        "voice_url": URL, "voice_method": "GET", "voice_fallback_url": URL, "voice_fallback_method": "GET",
        "status_callback": URL, "status_callback_method": "GET", "voice_caller_id_lookup": True, "sms_url": URL,
        "sms_method": "GET", "sms_fallback_url": URL, "sms_fallback_method": "GET", "sms_status_callback": URL,
        "message_status_callback": URL, "friendly_name": "menu", "public_application_connect_enabled": True,
    }  # fmt: skip

    def work() -> None:
        made = client.applications.create(**wanted)
        fetched = client.applications(str(made.sid)).fetch()
        listed = client.applications.list(friendly_name="menu")
        changed = made.update(sms_url="")
        assert {name: getattr(fetched, name) for name in wanted} == wanted
        assert fetched.api_version == "2010-04-01"
        assert [each.sid for each in listed] == [made.sid]
        assert (changed.sms_url, changed.voice_url) == (None, URL)
        assert client.applications(str(made.sid)).delete()
        assert client.applications.list() == []

    await calling(work)


async def test_pages_of_twilio_lead_through_all_applications(twilio: FormClient) -> None:
    client = official(twilio)

    def work() -> list[str | None]:
        for index in range(5):
            client.applications.create(friendly_name=f"a{index}")
        return [each.friendly_name for each in client.applications.stream(page_size=2)]

    assert await calling(work) == [f"a{index}" for index in range(5)]
