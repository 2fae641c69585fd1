"""`IncomingPhoneNumbers` in both dialects: buying, configuring, lists, release (reference 2; the page's own curls)."""

import pytest

from dialplane.services.transaction import Database
from tests.faces.conftest import stock
from tests.faces.restcomm.conftest import FormClient

NUMBER = "+15105555555"
CURL_BUY = "PhoneNumber=+15105555555&VoiceUrl=https://mycompany.com/restcomm/demos/hello-play.xml"
CURL_SIP = "PhoneNumber=1234&VoiceUrl=https://mycompany.com/restcomm/demos/hello-play.xml&isSIP=true"
CURL_MMS = "PhoneNumber=mms:+12345678&SmsUrl=https://mycompany.com/api/demos/echo.xml&isSIP=true"
"""The page's `-d` arguments as curl joins them: not encoded, so that each `+` arrives as a space."""


@pytest.fixture(autouse=True)
async def stocked(database: Database) -> None:
    await stock(database, NUMBER, "+14216902867", "+15216902867")


async def buy(client: FormClient, number: str = NUMBER, **form: str) -> dict[str, object]:
    answer = await client.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": number, **form})
    assert answer.status in (200, 201), answer.raw
    shown: dict[str, object] = answer.json
    return shown


# --- the page's curls ------------------------------------------------------------------------------------------------


async def test_curl_that_attaches_a_number_as_printed(restcomm: FormClient) -> None:
    answer = await restcomm.ask("POST", "IncomingPhoneNumbers.json", CURL_BUY)

    shown = answer.json
    assert answer.status == 200
    assert (shown["phone_number"], shown["account_sid"]) == (NUMBER, restcomm.sid)
    assert shown["friendly_name"] == "(510) 555-5555"
    assert shown["voice_url"] == "https://mycompany.com/restcomm/demos/hello-play.xml"
    assert [
        shown[f"{kind}_method"] for kind in ("voice", "voice_fallback", "status_callback", "sms", "sms_fallback")
    ] == (["POST"] * 5)
    assert (shown["voice_caller_id_lookup"], shown["api_version"]) == (False, "2012-04-24")
    assert shown["uri"] == (f"/restcomm/2012-04-24/Accounts/{restcomm.sid}/IncomingPhoneNumbers/{shown['sid']}.json")


async def test_curl_that_attaches_a_sip_number_as_printed(restcomm: FormClient) -> None:
    answer = await restcomm.ask("POST", "IncomingPhoneNumbers.json", CURL_SIP)

    assert (answer.status, answer.json["phone_number"], answer.json["friendly_name"]) == (200, "1234", "1234")


async def test_curl_that_enables_mms_as_printed(restcomm: FormClient) -> None:
    answer = await restcomm.ask("POST", "IncomingPhoneNumbers.json", CURL_MMS)

    assert (answer.status, answer.json["sms_url"]) == (200, "https://mycompany.com/api/demos/echo.xml")
    assert answer.json["phone_number"] == "mms:+12345678"


async def test_curl_that_deletes_as_printed(restcomm: FormClient) -> None:
    sid = (await buy(restcomm))["sid"]

    deleted = await restcomm.ask("DELETE", f"IncomingPhoneNumbers/{sid}.json")
    again = await restcomm.ask("DELETE", f"IncomingPhoneNumbers/{sid}.json")

    assert (deleted.status, deleted.raw, again.status) == (204, b"", 404)


async def test_curl_that_lists_as_printed(restcomm: FormClient) -> None:
    bought = await buy(restcomm)

    answer = await restcomm.ask("GET", "IncomingPhoneNumbers.json")

    assert answer.json["incomingPhoneNumbers"] == [bought]
    assert list(bought) == [
        "sid", "account_sid", "friendly_name", "phone_number", "voice_url", "voice_method", "voice_fallback_url",
        "voice_fallback_method", "status_callback", "status_callback_method", "voice_caller_id_lookup",
        "voice_application_sid", "date_created", "date_updated", "sms_url", "sms_method", "sms_fallback_url",
        "sms_fallback_method", "sms_application_sid", "ussd_url", "ussd_method", "ussd_fallback_url",
        "ussd_fallback_method", "ussd_application_sid", "refer_url", "refer_method", "refer_application_sid",
        "capabilities", "api_version", "uri",
    ]  # fmt: skip
    assert bought["capabilities"] == {
        "voice_capable": True,
        "sms_capable": True,
        "mms_capable": False,
        "fax_capable": False,
    }
