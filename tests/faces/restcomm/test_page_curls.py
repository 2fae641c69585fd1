"""A Restcomm user with the page's own curl lines: as printed, with nothing replaced but host, account and number."""

import pytest

from dialplane.services.transaction import Database
from tests.faces.conftest import Answer, stock
from tests.faces.restcomm.conftest import FormClient
from tests.faces.restcomm.curl import Curl, run_curl

ATTACH = r"""curl -X POST https://mycompany.restcomm.com/restcomm/2012-04-24/Accounts/ACCOUNT_SID/IncomingPhoneNumbers.json \
-d 'PhoneNumber=+15105555555' \
-d 'VoiceUrl=https://mycompany.com/restcomm/demos/hello-play.xml' \
-u 'YourAccountSid:YourAuthToken'
"""  # noqa: E501  # as printed
ATTACH_SIP = r"""curl -X POST https://mycompany.restcomm.com/restcomm/2012-04-24/Accounts/ACCOUNT_SID/IncomingPhoneNumbers.json \
-d 'PhoneNumber=1234' \
-d 'VoiceUrl=https://mycompany.com/restcomm/demos/hello-play.xml' \
-d 'isSIP=true' \
-u 'YourAccountSid:YourAuthToken'
"""  # noqa: E501  # as printed
ENABLE_MMS = r"""curl -X POST https://mycompany.restcomm.com/restcomm/2012-04-24/Accounts/ACCOUNT_SID/IncomingPhoneNumbers.json \
-d 'PhoneNumber=mms:+12345678' \
-d 'SmsUrl=https://mycompany.com/api/demos/echo.xml' \
-d 'isSIP=true' \
-u 'YourAccountSid:YourAuthToken'
"""  # noqa: E501  # as printed
DELETE = r"""curl -X DELETE https://mycompany.restcomm.com/restcomm/2012-04-24/Accounts/ACCOUNT_SID/IncomingPhoneNumbers/PHONENUMBER_SID.json \
-u 'YourAccountSid:YourAuthToken'
"""  # noqa: E501  # as printed
LIST = r"""curl -X GET https://mycompany.restcomm.com/restcomm/2012-04-24/Accounts/ACCOUNT_SID/IncomingPhoneNumbers.json \
-u 'YourAccountSid:YourAuthToken'
"""  # noqa: E501  # as printed

SHOWN = [
    "sid", "account_sid", "friendly_name", "phone_number", "voice_url", "voice_method", "voice_fallback_url",
    "voice_fallback_method", "status_callback", "status_callback_method", "voice_caller_id_lookup",
    "voice_application_sid", "voice_application_name", "date_created", "date_updated", "sms_url", "sms_method",
    "sms_fallback_url", "sms_fallback_method", "sms_application_sid", "sms_application_name", "ussd_url",
    "ussd_method", "ussd_fallback_url", "ussd_fallback_method", "ussd_application_sid", "ussd_application_name",
    "refer_url", "refer_method", "refer_application_sid", "refer_application_name", "capabilities", "api_version",
    "uri",
]  # fmt: skip


@pytest.fixture(autouse=True)
async def stocked(database: Database) -> None:
    await stock(database, "+15105555555")


async def run(command: str, client: FormClient, *, number_sid: str = "") -> Answer:
    """The printed command of this client's account."""
    for printed, own in (
        ("https://mycompany.restcomm.com", client.server),
        ("PHONENUMBER_SID", number_sid),
        ("ACCOUNT_SID", client.sid),
        ("YourAccountSid:YourAuthToken", f"{client.user}:{client.token}"),
    ):
        command = command.replace(printed, own)
    return await run_curl(command)


def test_command_becomes_the_bytes_that_curl_sends() -> None:
    """Taken down from curl 7.88.1."""
    command = "curl -X POST http://127.0.0.1:1/a.json -d 'A=+1' -d 'B=https://x/y' -u 'AC1:t'"

    assert Curl.parse(command).request() == (
        b"POST /a.json HTTP/1.1\r\nHost: 127.0.0.1:1\r\nAuthorization: Basic QUMxOnQ=\r\nUser-Agent: curl/7.88.1\r\n"
        b"Accept: */*\r\nContent-Length: 18\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nA=+1&B=https://x/y"
    )


async def test_number_is_attached_to_an_application(restcomm: FormClient) -> None:
    """The `+` that curl does not encode arrives as a space, and is meant all the same."""
    answer = await run(ATTACH, restcomm)

    shown = answer.json
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert list(shown) == SHOWN
    own = {"sid": None, "date_created": None, "date_updated": None}
    assert {**shown, **own} == {
        **dict.fromkeys(SHOWN),
        "account_sid": restcomm.sid,
        "friendly_name": "(510) 555-5555",
        "phone_number": "+15105555555",
        "voice_url": "https://mycompany.com/restcomm/demos/hello-play.xml",
        **{name: "POST" for name in SHOWN if name.endswith("_method")},
        "voice_caller_id_lookup": False,
        "capabilities": {"voice_capable": True, "sms_capable": True, "mms_capable": False, "fax_capable": False},
        "api_version": "2012-04-24",
        "uri": f"/restcomm/2012-04-24/Accounts/{restcomm.sid}/IncomingPhoneNumbers/{shown['sid']}.json",
    }


async def test_sip_number_and_channel_are_attached_as_they_are_written(restcomm: FormClient) -> None:
    sip, channel = await run(ATTACH_SIP, restcomm), await run(ENABLE_MMS, restcomm)

    assert (sip.status, sip.json["phone_number"], sip.json["friendly_name"]) == (200, "1234", "1234")
    assert sip.json["voice_url"] == "https://mycompany.com/restcomm/demos/hello-play.xml"
    assert (channel.status, channel.json["phone_number"]) == (200, "mms:+12345678")
    assert (channel.json["sms_url"], channel.json["voice_url"]) == ("https://mycompany.com/api/demos/echo.xml", None)


async def test_what_was_attached_is_listed_until_it_is_deleted(restcomm: FormClient) -> None:
    attached = [await run(command, restcomm) for command in (ATTACH, ATTACH_SIP, ENABLE_MMS)]
    listed = await run(LIST, restcomm)

    deleted = [await run(DELETE, restcomm, number_sid=answer.json["sid"]) for answer in attached]
    again = await run(DELETE, restcomm, number_sid=attached[0].json["sid"])

    assert listed.json["incomingPhoneNumbers"] == [answer.json for answer in attached]
    assert [(answer.status, answer.raw) for answer in deleted] == [(204, b"")] * 3
    assert (again.status, (await run(LIST, restcomm)).json["incomingPhoneNumbers"]) == (404, [])


async def test_number_that_is_attached_twice_is_400_with_restcomms_code(restcomm: FormClient) -> None:
    for command in (ATTACH, ATTACH_SIP, ENABLE_MMS):
        await run(command, restcomm)
        again = await run(command, restcomm)

        assert (again.status, again.raw, again.headers["content-type"].partition(";")[0]) == (
            400,
            b"21452",
            "text/plain",
        )
