"""Messages in Restcomm's and Twilio's dialects: what is sent, shown, changed and refused (reference 4.7)."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar
from urllib.parse import urlencode

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client as TwilioClient

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import new_id, to_sid, utc_now
from dialplane.domain.messaging.messages import Message, TargetStatus
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.messaging.message_sending import (
    Accepted,
    Receipt,
    claim_targets,
    record_answer,
    record_receipt,
    why_not,
)
from dialplane.services.messaging.sender_pools import create_pool
from tests.faces.conftest import Client
from tests.faces.restcomm.conftest import FormClient
from tests.fakes.numbers import add_number

OWN, PEER, OTHER = "+14155550100", "+12125550187", "+12125550193"
T = TypeVar("T")


@pytest.fixture(autouse=True)
async def own_number(database: PostgresDatabase, account: Account) -> None:
    await add_number(database, account.id, OWN, utc_now())


@pytest.fixture
def twilio_client(anonymous: Client, account: Account) -> TwilioClient:
    client = TwilioClient(to_sid("AC", account.id), account.auth_token)
    client.api.base_url = anonymous.base
    return client


async def aside(work: Callable[[], T]) -> T:
    """The library blocks; the server is on this loop."""
    return await asyncio.to_thread(work)


async def carried(database: PostgresDatabase, receipt: TargetStatus | None = None, *, code: int = 0) -> None:
    """A carrier takes what is queued and, with `receipt`, says what became of it."""
    now = utc_now()
    for queued in await claim_targets(database, 1, limit=10, sweep=False, now=now):
        name = f"carrier-{queued.message_id}"
        await record_answer(database, queued, Accepted(name), now)
        if receipt is not None:
            await record_receipt(database, Receipt(name, receipt, error_code=code), now)


async def told(database: PostgresDatabase) -> list[dict[str, str]]:
    """The forms of the status callbacks, in their order."""
    async with database.reading() as tx:
        rows = await tx.connection.fetch("select data from events where type = 'status_callback' order by resource_seq")
    return [dict(row["data"]["form"]) for row in rows]


async def test_library_sends_fetches_redacts_and_deletes_a_message(
    twilio_client: TwilioClient, database: PostgresDatabase
) -> None:
    made = await aside(lambda: twilio_client.messages.create(to=PEER, from_=OWN, body="Hello"))
    await carried(database, TargetStatus.DELIVERED)

    fetched = await aside(lambda: twilio_client.messages(str(made.sid)).fetch())
    redacted = await aside(lambda: twilio_client.messages(str(made.sid)).update(body=""))
    deleted = await aside(lambda: twilio_client.messages(str(made.sid)).delete())

    assert (made.status, made.direction, made.num_segments, made.num_media) == ("queued", "outbound-api", "1", "0")
    assert (made.to, made.from_, made.body, made.error_code, made.price_unit) == (PEER, OWN, "Hello", None, "USD")
    assert (fetched.status, fetched.price) == ("delivered", "-0.01000")
    assert fetched.date_sent is not None
    assert (redacted.body, redacted.status) == ("", "delivered")
    assert deleted
    assert await aside(lambda: twilio_client.messages.list()) == []


async def test_library_pages_through_all_messages_and_each_is_there_once(
    twilio_client: TwilioClient, database: PostgresDatabase, account: Account
) -> None:
    for n in range(7):
        medias = ("https://example.org/cat.jpg",) if n % 2 else ()
        await receive_message(
            database, InboundMessage(PEER, OWN, f"text {n}", medias), utc_now() + timedelta(seconds=n)
        )

    found = await aside(lambda: twilio_client.messages.list(page_size=2))

    assert [message.body for message in found] == [f"text {n}" for n in reversed(range(7))]
    assert {str(message.sid)[:2] for message in found} == {"SM", "MM"}
    assert {message.direction for message in found} == {"inbound"}


async def test_library_filters_by_both_parties_and_by_day(
    twilio_client: TwilioClient, database: PostgresDatabase
) -> None:
    today = utc_now()
    await receive_message(database, InboundMessage(PEER, OWN, "today"), today)
    await receive_message(database, InboundMessage(PEER, OWN, "long ago"), today - timedelta(days=40))
    await receive_message(database, InboundMessage(OTHER, OWN, "another"), today)

    def bodies(**filters: object) -> list[str]:
        return [str(each.body) for each in twilio_client.messages.list(**filters)]

    assert await aside(lambda: bodies(from_=PEER)) == ["today", "long ago"]
    assert await aside(lambda: bodies(from_=PEER, date_sent_after=today - timedelta(days=1))) == ["today"]
    assert await aside(lambda: bodies(date_sent=(today - timedelta(days=40)).date())) == ["long ago"]
    assert await aside(lambda: bodies(to=PEER)) == []


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": OWN, "Body": "x"}, 21604),
        ({"To": PEER, "Body": "x"}, 21603),
        ({"To": PEER, "From": OWN}, 21602),
        ({"To": PEER, "From": OWN, "Body": "x" * 1601}, 21617),
        ({"To": "nobody", "From": OWN, "Body": "x"}, 21211),
        ({"To": PEER, "From": "nobody", "Body": "x"}, 21212),
        ({"To": PEER, "From": "+14155550199", "Body": "x"}, 21606),
        ({"To": OWN, "From": OWN, "Body": "x"}, 21266),
        ({"To": PEER, "From": OWN, "Body": "x", "StatusCallback": "ftp://x"}, 21402),
        ({"To": PEER, "From": OWN, "Body": "x", "ApplicationSid": "AP0"}, 21218),
        ({"To": PEER, "From": OWN, "Body": "x", "ScheduleType": "fixed", "SendAt": "2100-01-01T00:00:00Z"}, 35117),
        ({"To": PEER, "From": OWN, "Body": "x", "ValidityPeriod": "0"}, 20001),
    ],
)
async def test_bad_parameters_have_the_codes_of_the_catalogue(
    twilio: FormClient, form: dict[str, str], code: int
) -> None:
    answer = await twilio.ask("POST", "Messages.json", form)

    assert (answer.status, answer.json["code"], answer.json["status"]) == (400, code, 400)
    assert (await twilio.ask("GET", "Messages.json")).json["messages"] == []


async def test_library_gives_feedback_and_the_last_word_counts(
    twilio_client: TwilioClient, twilio: FormClient, database: PostgresDatabase
) -> None:
    sent = await aside(lambda: twilio_client.messages.create(to=PEER, from_=OWN, body="Your code is 1234"))
    came = await receive_message(database, InboundMessage(PEER, OWN, "1234"), utc_now())
    assert isinstance(came, Message)
    feedback = twilio_client.messages(str(sent.sid)).feedback

    confirmed = await aside(lambda: feedback.create())
    again = await aside(lambda: feedback.create(outcome="confirmed"))
    changed = await aside(lambda: feedback.create(outcome="unconfirmed"))
    refused = [
        await twilio.ask("POST", f"Messages/{sid}/Feedback.json", {"Outcome": outcome})
        for sid, outcome in (
            (sent.sid, "perhaps"),
            (to_sid("SM", came.id), "confirmed"),
            (to_sid("SM", new_id(utc_now())), ""),
        )
    ]

    assert (confirmed.outcome, confirmed.message_sid, changed.outcome) == ("confirmed", sent.sid, "unconfirmed")
    assert again.date_updated == confirmed.date_created == changed.date_created
    assert [answer.status for answer in refused] == [400, 400, 404]
    rows = await database.pool.fetch("select data from events where type = 'message_feedback' order by resource_seq")
    assert [row["data"]["outcome"] for row in rows] == ["confirmed", "unconfirmed"]


async def test_status_callback_tells_each_step_with_the_documented_parameters(
    twilio: FormClient, database: PostgresDatabase
) -> None:
    callback = "https://example.org/status"
    form = {"To": PEER, "From": OWN, "Body": "Hello", "StatusCallback": callback}
    sid = (await twilio.ask("POST", "Messages.json", form)).json["sid"]

    await carried(database, TargetStatus.UNDELIVERED, code=30003)

    forms = await told(database)
    assert [each["MessageStatus"] for each in forms] == ["queued", "sending", "sent", "undelivered"]
    assert forms[-1] == {
        "From": OWN,
        "To": PEER,
        "Body": "Hello",
        "AccountSid": twilio.sid,
        "MessageSid": sid,
        "MessageStatus": "undelivered",
        "ErrorCode": "30003",
        "SmsSid": sid,
        "SmsStatus": "undelivered",
        "ApiVersion": "2010-04-01",
    }
    shown = (await twilio.ask("GET", f"Messages/{sid}.json")).json
    assert (shown["error_code"], shown["error_message"]) == (30003, "Unreachable destination handset")


async def test_restcomm_sends_and_lists_in_xml_and_json(restcomm: FormClient, database: PostgresDatabase) -> None:
    made = await restcomm.ask("POST", "SMS/Messages", {"To": PEER, "From": OWN, "Body": "Grüße", "Encoding": "UCS-2"})
    await carried(database)

    listed = await restcomm.ask("GET", "SMS/Messages.json")
    one = listed.json["messages"][0]
    xml = await restcomm.ask("GET", "SMS/Messages")
    got = await restcomm.ask("GET", f"SMS/Messages/{one['sid']}.json")

    assert made.status == 200
    assert "<Status>queued</Status>" in made.raw.decode()
    assert "<SMSMessage><Sid>SM" in made.raw.decode()
    assert (listed.json["total"], one["status"], one["body"], one["direction"]) == (1, "sent", "Grüße", "outbound-api")
    assert "error_code" not in one
    assert one["uri"].endswith(f"/SMS/Messages/{one['sid']}.json")
    assert '<SMSMessages page="0" numpages="0"' in xml.raw.decode()
    assert got.json == one


@pytest.mark.parametrize(
    ("query", "bodies"),
    [
        ({"Status": "received"}, ["b", "a"]),
        ({"Status": "sent"}, []),
        ({"Body": "A"}, ["a"]),
        ({"From": PEER, "SortBy": "Body:asc"}, ["a", "b"]),
        ({"StartTime": "2000-01-01", "EndTime": "2000-01-02"}, []),
    ],
)
async def test_restcomm_filters_and_sorts(
    restcomm: FormClient, database: PostgresDatabase, query: dict[str, str], bodies: list[str]
) -> None:
    await receive_message(database, InboundMessage(PEER, OWN, "a"), utc_now())
    await receive_message(database, InboundMessage(PEER, OWN, "b"), utc_now())

    answer = await restcomm.ask("GET", f"SMS/Messages.json?{urlencode(query)}")

    assert [each["body"] for each in answer.json["messages"]] == bodies


@pytest.mark.parametrize("query", ["Status=lost", "SortBy=Nothing", "StartTime=yesterday", "Page=7"])
async def test_restcomm_refuses_bad_filters(restcomm: FormClient, query: str) -> None:
    assert (await restcomm.ask("GET", f"SMS/Messages.json?{query}")).status == 400


async def test_waiting_message_is_neither_redacted_nor_deleted(twilio: FormClient) -> None:
    sid = (await twilio.ask("POST", "Messages.json", {"To": PEER, "From": OWN, "Body": "x"})).json["sid"]

    redacted = await twilio.ask("POST", f"Messages/{sid}.json", {"Body": ""})
    deleted = await twilio.ask("DELETE", f"Messages/{sid}.json")
    canceled = await twilio.ask("POST", f"Messages/{sid}.json", {"Status": "canceled"})

    assert [(each.status, each.json["code"]) for each in (redacted, deleted, canceled)] == [
        (409, 20009),
        (409, 20009),
        (400, 30409),
    ]


async def test_foreign_and_malformed_sids_are_not_found(twilio: FormClient) -> None:
    for sid in (to_sid("SM", new_id(utc_now())), "SM0", "CA" + "0" * 32):
        answer = await twilio.ask("GET", f"Messages/{sid}.json")
        assert (answer.status, answer.json["code"]) == (404, 20404)


async def test_message_that_no_carrier_takes_in_its_validity_fails(
    twilio: FormClient, database: PostgresDatabase
) -> None:
    form = {"To": PEER, "From": OWN, "Body": "x", "ValidityPeriod": "1"}
    await twilio.ask("POST", "Messages.json", form)
    later = utc_now() + timedelta(seconds=2)

    (queued,) = await claim_targets(database, 1, limit=10, sweep=False, now=later)

    rejected = why_not(queued, later)
    assert rejected is not None
    assert rejected.error_code == 30001
    assert why_not(queued, later - timedelta(seconds=2)) is None


async def test_library_reads_the_error_of_a_refusal(twilio_client: TwilioClient) -> None:
    with pytest.raises(TwilioRestException) as raised:
        await aside(lambda: twilio_client.messages.create(to=PEER, from_="+14155550199", body="x"))

    assert (raised.value.status, raised.value.code) == (400, 21606)


async def test_library_schedules_from_a_pool_and_cancels(
    twilio_client: TwilioClient, database: PostgresDatabase, account: Account
) -> None:
    pool = await create_pool(database, account.id, "all", [OWN], number_rate=0, destination_rate=0, now=utc_now())
    sid, at = to_sid("MG", pool.id), utc_now() + timedelta(hours=1)

    made = await aside(
        lambda: twilio_client.messages.create(
            to=PEER, messaging_service_sid=sid, body="later", schedule_type="fixed", send_at=at
        )
    )
    canceled = await aside(lambda: twilio_client.messages(str(made.sid)).update(status="canceled"))

    assert (made.status, made.from_, made.messaging_service_sid) == ("scheduled", OWN, sid)
    assert canceled.status == "canceled"


async def test_channel_sends_named_as_it_is_kept_and_no_other_account_does_so(
    restcomm: FormClient, twilio: FormClient
) -> None:
    """FRD-8."""
    channel = "mms:+12345678"
    unknown = await twilio.ask("POST", "Messages.json", {"To": PEER, "From": channel, "Body": "x"})
    await restcomm.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": channel, "isSIP": "true"})

    by_twilio = await twilio.ask("POST", "Messages.json", {"To": PEER, "From": channel, "Body": "x"})
    by_restcomm = await restcomm.ask("POST", "SMS/Messages.json", {"To": OTHER, "From": channel, "Body": "x"})
    listed = await twilio.ask("GET", "Messages.json")

    assert unknown.status == 400
    assert (by_twilio.json["from"], by_restcomm.json["from"]) == (channel, channel)
    assert {each["from"] for each in listed.json["messages"]} == {channel}


async def test_who_opted_out_is_not_written_to(twilio: FormClient, database: PostgresDatabase) -> None:
    await receive_message(database, InboundMessage(PEER, OWN, "Stop. Thank you"), utc_now())

    answer = await twilio.ask("POST", "Messages.json", {"To": PEER, "From": OWN, "Body": "x"})

    assert (answer.status, answer.json["code"]) == (400, 21610)


async def test_native_api_notes_consent_and_shows_the_record(
    client: Client, database: PostgresDatabase, account: Account
) -> None:
    changed = await client.ask(
        "PUT", "/v1.0/consent", {"stop_words": ["Basta!"], "quiet_from": "21:00", "quiet_to": "8:00"}
    )
    kept = await client.ask("PUT", "/v1.0/consent", {"stop_words": ["Basta!"]})
    await receive_message(database, InboundMessage(PEER, OWN, "basta"), utc_now())
    noted = await client.ask("POST", "/v1.0/consent/records", {"peer": PEER, "wish": "START", "text": "on paper"})
    records = await client.ask("GET", f"/v1.0/consent/records?peer=%2B{PEER[1:]}")

    assert changed.status == 400
    assert (kept.status, kept.json["stop_words"], kept.json["enabled"]) == (200, ["basta"], True)
    assert noted.status == 200
    assert [(each["wish"], each["source"], each["text"]) for each in records.json["result"]] == [
        ("START", "api", "on paper"),
        ("STOP", "message", "basta"),
    ]


async def test_native_api_makes_changes_and_deletes_a_pool(client: Client) -> None:
    made = await client.ask("POST", "/v1.0/sender_pools", {"name": "all", "numbers": [OWN], "number_rate": 60})
    path = f"/v1.0/sender_pools/{made.json['id']}"
    changed = await client.ask("PUT", path, {"name": "alerts"})
    message = await client.ask(
        "POST",
        "/v1.0/messages",
        {"pool_id": made.json["id"], "destinations": [{"target": PEER}], "text": "hi"},
    )
    deleted = await client.ask("DELETE", path)

    assert (made.status, made.json["numbers"], changed.json["name"]) == (200, [OWN], "alerts")
    assert (message.status, message.json["source"]["target"]) == (200, OWN)
    assert deleted.status == 200
    assert (await client.ask("GET", path)).status == 404
    assert (
        await client.ask("POST", "/v1.0/messages", {"destinations": [{"target": PEER}], "text": "hi"})
    ).status == 400


async def test_restcomm_sends_to_a_client_of_the_account_by_its_name(restcomm: FormClient, twilio: FormClient) -> None:
    """Reference 4.7; Twilio has no such receivers."""

    async def send(source: str, to: str, dialect: FormClient = restcomm) -> tuple[int, dict[str, object]]:
        path = "Messages.json" if dialect is twilio else "SMS/Messages.json"
        answer = await dialect.ask("POST", path, {"From": source, "To": to, "Body": "Lunch?"})
        return answer.status, answer.json

    await restcomm.ask("POST", "Clients.json", {"Login": "alice", "Password": "1234aBcd!"})
    status, sent = await send(OWN, "client:alice")
    shown = await restcomm.ask("GET", f"SMS/Messages/{sent['sid']}.json")
    back_status, back = await send("client:alice", "client:alice")
    refused = [await send(OWN, "client:nobody"), await send(OWN, "client:alice", twilio)]
    foreign_status, _ = await send("client:nobody", "client:alice")

    assert (status, sent["to"], sent["from"], sent["status"]) == (200, "client:alice", OWN, "queued")
    assert shown.json["to"] == "client:alice"
    assert (back_status, back["from"]) == (200, "client:alice")
    assert [status for status, _ in refused] == [400, 400]
    assert refused[1][1]["code"] == 21211
    assert foreign_status == 400
