"""`Notifications` in both dialects, and through Twilio's own library (reference 4.9)."""

from datetime import UTC, datetime, timedelta

from dialplane.domain.ids import AccountId, CallId, from_sid, new_id
from dialplane.domain.programs.commands import WriteNotification
from dialplane.domain.programs.sources import RESTCOMM_VERSION
from dialplane.services.programs.notifications import write_notification
from dialplane.services.transaction import Database
from tests.faces.restcomm.conftest import FormClient
from tests.faces.restcomm.test_accounts import calling, official

THEN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
URL = "https://app.test/menu.xml"


async def noted(
    database: Database, client: FormClient, code: int, *, days: int = 0, call_id: CallId | None = None
) -> str:
    """The sid of a notification, so many days after the first."""
    wrong = WriteNotification(code, f"fault {code}", is_error=code < 12_200, request_url=URL, response_body="oops")
    written = await write_notification(
        database,
        AccountId(from_sid("AC", client.sid)),
        wrong,
        call_id=call_id,
        api_version=RESTCOMM_VERSION,
        now=THEN + timedelta(days=days),
    )
    return f"NO{written.id.hex}"


async def test_notification_is_shown_with_its_request_and_answer(database: Database, restcomm: FormClient) -> None:
    call_id = CallId(new_id(THEN))
    sid = await noted(database, restcomm, 11206, call_id=call_id)

    found = await restcomm.ask("GET", f"Notifications/{sid}.json")

    assert found.json == {
        "sid": sid,
        "date_created": "Wed, 4 Mar 2026 05:06:07 +0000",
        "date_updated": "Wed, 4 Mar 2026 05:06:07 +0000",
        "account_sid": restcomm.sid,
        "call_sid": f"CA{call_id.hex}",
        "api_version": "2012-04-24",
        "log": 0,
        "error_code": 11206,
        "more_info": "https://www.twilio.com/docs/errors/11206",
        "message_text": "fault 11206",
        "message_date": "2026-03-04T05:06:07.000Z",
        "request_url": URL,
        "request_method": "",
        "request_variables": "",
        "response_headers": "",
        "response_body": "oops",
        "uri": f"/restcomm/2012-04-24/Accounts/{restcomm.sid}/Notifications/{sid}.json",
    }


async def test_filters_and_pages_hold_together(database: Database, restcomm: FormClient) -> None:
    sids = [await noted(database, restcomm, code, days=day) for day, code in enumerate((11206, 12200, 21402))]

    async def listed(query: str) -> list[str]:
        answer = await restcomm.ask("GET", f"Notifications.json?{query}")
        return [row["sid"] for row in answer.json["notifications"]]

    assert await listed("") == sids[::-1]
    assert await listed("ErrorCode=12200") == [sids[1]]
    assert await listed("StartTime=2026-03-05&EndTime=2026-03-05") == [sids[1]]
    assert await listed("MessageText=21402") == [sids[2]]
    assert await listed("RequestUrl=app.test&PageSize=2") == [sids[2], sids[1]]
    assert (await restcomm.ask("GET", "Notifications.json?StartTime=yesterday")).status == 400
    assert (await restcomm.ask("GET", "Notifications/NOx.json")).status == 404
    assert (await restcomm.ask("GET", f"Calls/CA{'0' * 32}/Notifications.json")).status == 404


async def test_xml_has_the_names_in_camel_case(database: Database, restcomm: FormClient) -> None:
    sid = await noted(database, restcomm, 11206)

    text = (await restcomm.ask("GET", f"Notifications/{sid}")).raw.decode()

    assert "<ErrorCode>11206</ErrorCode>" in text


async def test_twilios_library_lists_and_fetches_them(database: Database, twilio: FormClient) -> None:
    sid = await noted(database, twilio, 11206)

    listed = await calling(lambda: official(twilio).api.v2010.account.notifications.list())
    one = await calling(lambda: official(twilio).api.v2010.account.notifications(sid).fetch())

    assert [(each.sid, each.error_code, each.log) for each in listed] == [(sid, "11206", "0")]
    assert one.response_body == "oops"
    assert one.message_date == THEN
