"""Status callbacks: who is told what, in which order, and how it is signed (Restcomm reference 5.5, WH-3, WH-4)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import Address
from dialplane.domain.calling.calls import Call, CallExtras, CallStatus, Direction, HangupReason
from dialplane.domain.ids import AccountId, CallId, new_id, to_sid
from dialplane.domain.programs.sources import RESTCOMM_VERSION, TWILIO_VERSION, StatusCallback
from dialplane.domain.rcml.callbacks import Progress, progress_form
from dialplane.domain.rcml.parameters import Form
from dialplane.domain.recording.recordings import RecordingStatus
from dialplane.services.eventing.deliveries import build_request, settle_and_claim
from dialplane.services.eventing.status_callbacks import Told, tell, tell_progress
from tests.faces.recorded import WHEN, called, recorded
from tests.services.buying import buyer

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
STATUS = StatusCallback("https://app.example/status?tenant=7&name=a%20b")


def call(direction: Direction, version: str, *, answered: bool = True, **facts: object) -> Call:
    ringing = Call(
        id=CallId(new_id(NOW)),
        account_id=AccountId(new_id(NOW)),
        direction=direction,
        status=CallStatus.RINGING,
        source=Address("tel", "+12125550111"),
        destination=Address("tel", "+12025550143"),
        created_at=NOW,
        ringing_at=NOW,
        progressing_at=NOW if answered else None,
        extras=CallExtras(api_version=version),
    )
    return replace(ringing, **facts)  # type: ignore[arg-type]  # tests write facts by name


def form(told: Call, event: Progress, version: str, *events: str, recording: Form = ()) -> dict[str, str] | None:
    callback = StatusCallback("https://a.example/", events=frozenset(events), api_version=version)
    fields = progress_form(told, event, callback, NOW, instance="ID1", recording=recording)
    return None if fields is None else dict(fields)


def test_number_tells_of_ringing_in_progress_and_completed() -> None:
    ringing = call(Direction.INCOMING, RESTCOMM_VERSION, answered=False)
    talking = replace(ringing, status=CallStatus.PROGRESSING, progressing_at=NOW)
    over = replace(talking, status=CallStatus.HANGUP, ended_at=NOW + timedelta(seconds=61))

    told = [
        form(ringing, Progress.RINGING, RESTCOMM_VERSION),
        form(talking, Progress.ANSWERED, RESTCOMM_VERSION),
        form(over, Progress.COMPLETED, RESTCOMM_VERSION),
    ]

    assert [(each["CallStatus"], each["SequenceNumber"]) for each in told if each] == [
        ("ringing", "0"), ("in-progress", "1"), ("completed", "2"),
    ]  # fmt: skip
    assert told[2] is not None
    assert told[2]["CallDuration"] == "61"
    assert told[2]["Timestamp"] == "Wed, 04 Mar 2026 05:06:07 +0000"
    assert told[2]["InstanceId"] == "ID1"


def test_twilio_number_tells_of_the_end_alone() -> None:
    over = call(Direction.INCOMING, TWILIO_VERSION, status=CallStatus.HANGUP, ended_at=NOW + timedelta(seconds=61))

    assert form(over, Progress.RINGING, TWILIO_VERSION) is None
    told = form(over, Progress.COMPLETED, TWILIO_VERSION)
    assert told is not None
    assert (told["SequenceNumber"], told["CallDuration"], told["Duration"]) == ("0", "61", "2")


def test_leg_of_restcomm_has_fixed_numbers_and_the_event_as_its_status() -> None:
    events = ("initiated", "ringing", "answered", "completed")
    over = call(Direction.OUTGOING, RESTCOMM_VERSION, answered=False, master_call_id=CallId(new_id(NOW)))
    over = replace(over, status=CallStatus.HANGUP, hangup_reason=HangupReason.BUSY, ended_at=NOW)

    told = [form(over, event, RESTCOMM_VERSION, *events) for event in (Progress.INITIATED, Progress.COMPLETED)]

    assert [(each["CallStatus"], each["SequenceNumber"]) for each in told if each] == [
        ("initiated", "0"), ("completed", "3"),
    ]  # fmt: skip
    assert told[0] is not None
    assert list(told[0]) == [
        "CallSid", "ParentCallSid", "AccountSid", "From", "To", "Direction", "CallStatus", "Timestamp",
        "CallbackSource", "SequenceNumber", "InstanceId",
    ]  # fmt: skip
    recorded = form(over, Progress.COMPLETED, RESTCOMM_VERSION, recording=(("RecordingSid", "RE1"),))
    assert recorded is not None
    assert list(recorded)[-3:] == ["SequenceNumber", "InstanceId", "RecordingSid"]
    assert form(over, Progress.RINGING, RESTCOMM_VERSION) is None, "a party of Dial tells of the end alone by default"


def test_leg_of_twilio_tells_its_true_status_and_counts_from_zero() -> None:
    over = call(Direction.OUTGOING, TWILIO_VERSION, answered=False, master_call_id=CallId(new_id(NOW)))
    over = replace(over, status=CallStatus.HANGUP, hangup_reason=HangupReason.BUSY, sip_code=486, ended_at=NOW)

    told = form(over, Progress.COMPLETED, TWILIO_VERSION, "ringing", "completed")

    assert told is not None
    assert (told["CallStatus"], told["SequenceNumber"], told["SipResponseCode"]) == ("busy", "1", "486")


async def test_callbacks_of_a_call_arrive_one_after_the_other_signed_for_the_very_address(
    database: PostgresDatabase,
) -> None:
    account_id = await buyer(database)
    async with database.transaction() as tx:
        account = await tx.accounts.get(account_id)
        about = CallId(new_id(NOW))
        told = [Told(account_id, about, STATUS, (("Event", str(number)), ("Text", "ä & b"))) for number in range(3)]
        await tell(tx, told, NOW)

    (claimed,) = await settle_and_claim(database, 1, [], limit=10, sweep=False, now=NOW)

    request = build_request(claimed, NOW)
    assert request.url == STATUS.url
    assert dict(parse_qsl(request.body.decode())) == {"Event": "0", "Text": "ä & b"}
    assert RequestValidator(account.auth_token).validate(
        request.url, dict(parse_qsl(request.body.decode())), request.headers["X-Twilio-Signature"]
    )


async def test_get_carries_the_parameters_beside_the_query_that_is_there(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    async with database.transaction() as tx:
        account = await tx.accounts.get(account_id)
        told = Told(account_id, CallId(new_id(NOW)), replace(STATUS, method="GET"), (("Event", "0"),))
        await tell(tx, [told], NOW)

    (claimed,) = await settle_and_claim(database, 1, [], limit=10, sweep=False, now=NOW)

    request = build_request(claimed, NOW)
    assert request.body == b""
    assert request.url == f"{STATUS.url}&Event=0"
    assert RequestValidator(account.auth_token).validate(request.url, {}, request.headers["X-Twilio-Signature"])


async def test_address_that_is_none_is_left_out_and_nothing_else_fails(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    extras = CallExtras(status=StatusCallback("javascript:alert(1)"))
    bad = call(Direction.INCOMING, RESTCOMM_VERSION, account_id=account_id, extras=extras)

    async with database.transaction() as tx:
        await tell_progress(tx, [(bad, Progress.RINGING)], NOW)

    assert await settle_and_claim(database, 1, [], limit=10, sweep=False, now=NOW) == []


async def test_end_of_a_recorded_call_tells_the_length_of_a_recording_that_ends_with_it(
    database: PostgresDatabase,
) -> None:
    """Reference 5.5: three fields of the recording, whichever of the two ends is kept first."""
    account_id = await buyer(database)
    extras = CallExtras(api_version=RESTCOMM_VERSION, status=STATUS)
    over = await called(database, account_id, direction=Direction.OUTGOING, extras=extras)
    began_at = WHEN + timedelta(seconds=2)
    going_on = RecordingStatus.RECORDING
    recording = await recorded(database, over, at=began_at, status=going_on, duration_ms=0, ended_at=None)

    async with database.transaction() as tx:
        await tell_progress(tx, [(replace(over, recording_ids=(recording.id,)), Progress.COMPLETED)], NOW)
    (claimed,) = await settle_and_claim(database, 1, [], limit=10, sweep=False, now=NOW)

    told = dict(parse_qsl(build_request(claimed, NOW).body.decode()))
    assert (told["CallDuration"], told["RecordingDuration"]) == ("7", "7")
    assert told["RecordingSid"] == to_sid("RE", recording.id)
