"""Dial with its nouns, conferences and queues: attributes, defaults and outcomes (reference 5.5)."""

from uuid import UUID

import pytest

from dialplane.domain.addresses import Address
from dialplane.domain.programs.commands import (
    Answer,
    CallOver,
    ConferenceLeft,
    Dial,
    Dialled,
    DialQueue,
    Failed,
    Finish,
    Hangup,
    JoinConference,
    JoinQueue,
    LeaveQueue,
    Party,
    QueueLeft,
    Say,
)
from dialplane.domain.programs.dialling import RecordingWish
from dialplane.domain.programs.recognition import DetectMachine
from dialplane.domain.programs.rooms import Waiting
from dialplane.domain.programs.sources import DocumentSource, StatusCallback
from dialplane.domain.rcml.context import Role
from tests.domain.rcml.acting import RECORDINGS, TWILIO, play, xml

SAY = "<Say>Hello</Say>"
HELLO = Say("Hello", gender="male")
OTHER = UUID("01900000-0000-7000-8000-0000000000c2")
RECORDING = UUID("01900000-0000-7000-8000-0000000000e1")
NEXT = "https://app.example/voice/next.xml"


def dialled(written: str, **facts: object) -> Dial:
    command = play(xml(written), results={Dial: Dialled("answered", OTHER)}, **facts).heard[0]  # type: ignore[arg-type]
    assert isinstance(command, Dial)
    return command


def test_dial_has_the_documented_defaults() -> None:
    assert dialled("<Dial>+12025550144</Dial>") == Dial(
        Address("tel", "+12125550111"), (Party(Address("tel", "+12025550144")),), timeout_s=30, time_limit_s=14_400
    )


@pytest.mark.parametrize(
    ("written", "party"),
    [
        ("(202) 555-0144", Party(Address("tel", "+12025550144"))),
        ("bob@example.com", Party(Address("sip", "bob@example.com"))),
        ("client:alice", Party(Address("extension", "alice"))),
        ("<Number>+12025550144?X-A=1&amp;X-B=two</Number>",
         Party(Address("tel", "+12025550144"), headers=(("X-A", "1"), ("X-B", "two")))),
        ("<Client>alice</Client>", Party(Address("extension", "alice"))),
        ('<Client name="alice"/>', Party(Address("extension", "alice"))),
        ("<Client><Identity>alice</Identity></Client>", None),
        ('<Sip username="u" password="p">sip:bob@example.com:5070?X-A=1</Sip>',
         Party(Address("sip", "bob@example.com:5070"), headers=(("X-A", "1"),), username="u", password="p")),
        ("<Uri>sip:bob@example.com</Uri>", Party(Address("sip", "bob@example.com"))),
        ("<Sip>sip:bob;x=1@example.com;user=phone;transport=TCP</Sip>",
         Party(Address("sip", "bob;x=1@example.com;transport=tcp"))),
        ("<Sip>sips:bob@example.com</Sip>", Party(Address("sip", "bob@example.com;transport=tls"))),
        ('<Number url="whisper.xml" method="GET" sendDigits="ww1">+12025550144</Number>',
         Party(Address("tel", "+12025550144"), send_digits="ww1",
               before_joining=DocumentSource("https://app.example/voice/whisper.xml", "GET"))),
        ('<Number statusCallback="/s" statusCallbackEvent="ringing, answered completed">+12025550144</Number>',
         Party(Address("tel", "+12025550144"), status=StatusCallback(
             "https://app.example/s", events=frozenset({"ringing", "answered", "completed"})))),
    ],
)  # fmt: skip
def test_whom_dial_calls(written: str, party: Party | None) -> None:
    played = play(xml(f"<Dial>{written}</Dial>"), results={Dial: Dialled("busy")})

    dial = next(command for command in played.commands if isinstance(command, Dial))
    assert dial.parties == (party or Party(Address("extension", "alice")),)


@pytest.mark.parametrize("caller", ["+12025550199", "alice", "client:alice", "sip:alice@example.com", "???", "a\x7fb"])
def test_caller_id_that_is_neither_number_nor_client_is_noted_and_the_caller_is_shown(caller: str) -> None:
    played = play(xml(f'<Dial callerId="{caller}">+12025550144</Dial>'), results={Dial: Dialled("busy")})

    dial = next(command for command in played.commands if isinstance(command, Dial))
    is_bad = caller in ("???", "a\x7fb")
    assert played.notes == ([13214] if is_bad else [])
    assert (dial.source == Address("tel", "+12125550111")) is is_bad


@pytest.mark.parametrize(("shown", "notes"), [("+12025550143", [13214]), ("+13105550123", []), ("", [])])
def test_caller_id_that_may_not_be_shown_is_noted_with_what_was_shown(shown: str, notes: list[int]) -> None:
    """FRD-8: a number that is neither held nor proved does not go out, and its author hears of it."""
    outcome = Dialled("busy", OTHER, shown=shown)

    named = play(xml('<Dial callerId="+13105550123">+12025550144</Dial>'), results={Dial: outcome})
    unnamed = play(xml("<Dial>+12025550144</Dial>"), results={Dial: outcome})

    assert (named.notes, unnamed.notes) == (notes, [])


def test_client_that_is_registered_nowhere_is_noted_as_that() -> None:
    outcome = Dialled("failed", OTHER, sip_code=404, reason="The extension alice is not registered")

    client = play(xml("<Dial><Client>alice</Client></Dial>"), results={Dial: outcome})
    number = play(xml("<Dial>+12025550144</Dial>"), results={Dial: outcome})

    assert (client.notes, number.notes) == ([11008], [13220])


def test_dial_reads_its_attributes() -> None:
    command = dialled(
        '<Dial timeout="10" timeLimit="60" callerId="+12025550199" record="record-from-ringing-dual"'
        ' trim="trim-silence" hangupOnStar="true" ringTone="fr" sequential="true">'
        "<Number>+12025550144</Number><Client>alice</Client></Dial>"
    )

    assert command == Dial(
        Address("tel", "+12025550199"),
        (Party(Address("tel", "+12025550144")), Party(Address("extension", "alice"))),
        timeout_s=10,
        ring_method="linear",
        time_limit_s=60,
        hangup_key="*",
        record=RecordingWish("ringing", 2, trim=True),
        ring_tone="fr",
    )


def test_caller_who_waits_for_the_answer_of_a_party_is_told_how_that_refused() -> None:
    """Reference 5.4: the callee's failure status is passed to the caller."""
    played = play(xml('<Dial answerOnBridge="true">+12025550144</Dial>'), results={Dial: Dialled("busy", sip_code=486)})

    assert isinstance(played.last, Hangup)
    assert played.last.sip_code == 486


def test_dial_that_answers_on_bridge_leaves_the_caller_unanswered() -> None:
    joined = play(
        xml('<Dial answerOnBridge="true">+12025550144</Dial>', SAY),
        results={Dial: Dialled("answered", OTHER)},
        version=TWILIO,
    )
    refused = play(
        xml('<Dial answerOnBridge="true">+12025550144</Dial>', SAY), results={Dial: Dialled("busy")}, version=TWILIO
    )

    assert Answer() not in joined.commands
    assert refused.commands[2:] == [Answer(), HELLO]


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (Dialled("answered", OTHER, 12), "completed"),
        (Dialled("busy"), "busy"),
        (Dialled("noanswer"), "no-answer"),
        (Dialled("noanswer", sip_code=603), "failed"),
        (Dialled("failed"), "failed"),
        (Dialled("cancel"), "canceled"),
        (CallOver(Dialled("answered", OTHER, 12)), "completed"),
        (CallOver(), "canceled"),
    ],
)
def test_action_of_dial_is_asked_however_it_ended(result: Dialled | CallOver, status: str) -> None:
    played = play(xml('<Dial action="next.xml">+12025550144</Dial>'), results={Dial: result})

    assert played.fetched[-1].url == NEXT
    assert played.form()["DialCallStatus"] == status


def test_action_of_dial_is_told_of_the_leg_and_its_recording() -> None:
    outcome = Dialled(
        "answered", OTHER, 12, 200, ring_s=3, sip_call_id="abc@h", headers=(("X-Q", "9"),), recording_id=RECORDING,
        recording_ms=12_000,
    )  # fmt: skip
    form = play(xml('<Dial action="next.xml"><Sip>bob@example.com</Sip></Dial>'), results={Dial: outcome}).form()

    told = {
        "OutboundCallSid": f"CA{OTHER.hex}",
        "DialCallSid": f"CA{OTHER.hex}",
        "DialCallDuration": "12",
        "DialRingDuration": "3",
        "RecordingUrl": f"{RECORDINGS}RE{RECORDING.hex}.wav",
        "DialSipCallId": "abc@h",
        "DialSipResponseCode": "200",
        "DialSipHeader_X-Q": "9",
    }
    assert told.items() <= form.items()


@pytest.mark.parametrize("result", [Dialled("answered", OTHER), Dialled("busy"), Dialled("failed")])
def test_without_action_the_next_verb_runs(result: Dialled) -> None:
    assert play(xml("<Dial>+12025550144</Dial>", SAY), results={Dial: result}).heard[-1] == HELLO


def test_dial_without_anybody_goes_on() -> None:
    assert play(xml("<Dial/>", SAY)).heard == [HELLO]


def test_queue_noun_takes_the_longest_waiting_caller() -> None:
    played = play(
        xml('<Dial action="next.xml"><Queue url="whisper.xml">support</Queue></Dial>'),
        results={DialQueue: Dialled("answered", OTHER, 5)},
        version=TWILIO,
    )

    assert played.heard == [DialQueue("support", DocumentSource("https://app.example/voice/whisper.xml"), 30, 14_400)]
    assert played.form()["DialCallStatus"] == "completed"


def test_conference_has_the_documented_defaults() -> None:
    (restcomm,) = play(xml("<Dial><Conference>sales</Conference></Dial>"), results={JoinConference: Failed("")}).heard
    (twilio,) = play(
        xml("<Dial><Conference>sales</Conference></Dial>"), results={JoinConference: Failed("")}, version=TWILIO
    ).heard

    assert restcomm == JoinConference("sales", max_participants=40)
    assert twilio == JoinConference("sales", max_participants=250)


def test_conference_reads_its_attributes() -> None:
    (command,) = play(
        xml(
            '<Dial record="true" hangupOnStar="true"><Conference muted="true" beep="onEnter" maxParticipants="3"'
            ' startConferenceOnEnter="false" endConferenceOnExit="true" waitUrl="wait.xml" waitMethod="GET"'
            f' participantLabel="boss" coach="CA{OTHER.hex}" statusCallback="/s" statusCallbackEvent="join leave">'
            "sales</Conference></Dial>"
        ),
        results={JoinConference: Failed("")},
    ).heard

    assert command == JoinConference(
        "sales",
        muted=True,
        beep="onEnter",
        starts=False,
        ends=True,
        waiting=DocumentSource("https://app.example/voice/wait.xml", "GET"),
        max_participants=3,
        record=True,
        label="boss",
        coached_call_id=OTHER,
        status=StatusCallback("https://app.example/s", events=frozenset({"join", "leave"})),
        hangup_key="*",
    )


def test_empty_wait_url_is_silence() -> None:
    (command,) = play(
        xml('<Dial><Conference waitUrl="">a</Conference></Dial>'), results={JoinConference: Failed("")}
    ).heard

    assert isinstance(command, JoinConference)
    assert command.waiting is Waiting.SILENCE


def test_full_conference_lets_the_next_verb_run_and_another_asks_the_action() -> None:
    page = xml('<Dial action="next.xml"><Conference>a</Conference></Dial>', SAY)

    full = play(page, results={JoinConference: ConferenceLeft("full")})
    left = play(page, results={JoinConference: ConferenceLeft("left", OTHER, 9)})

    assert full.heard[-1] == HELLO
    assert left.form()["DialCallStatus"] == "completed"
    assert "DialCallSid" not in left.form()


def test_enqueue_waits_and_tells_the_action() -> None:
    played = play(
        xml('<Enqueue waitUrl="wait.xml" action="next.xml">support</Enqueue>'),
        results={JoinQueue: QueueLeft("bridged", OTHER, waited_s=4)},
        version=TWILIO,
    )

    assert played.heard == [JoinQueue("support", waiting=DocumentSource("https://app.example/voice/wait.xml"))]
    told = {"QueueResult": "bridged", "QueueTime": "4", "QueueSid": f"QU{OTHER.hex}"}
    assert told.items() <= played.form().items()


def test_leave_ends_the_document_of_a_waiting_caller_and_is_noted_elsewhere() -> None:
    assert play(xml("<Leave/>"), role=Role.WAITING, answered=True).last == LeaveQueue()
    assert play(xml("<Leave/>", SAY)).heard == [HELLO]


def test_document_of_a_waiting_caller_may_not_dial() -> None:
    played = play(xml("<Dial>1</Dial>", SAY), role=Role.WAITING, answered=True)

    assert played.heard == [HELLO]
    assert played.notes == [13200]
    assert played.last == Finish()


def test_callee_is_joined_at_the_end_of_its_document_and_not_after_a_hangup() -> None:
    assert play(xml(SAY), role=Role.CALLEE, answered=True).last == Finish()
    assert play(xml(SAY, "<Hangup/>"), role=Role.CALLEE, answered=True).last == Hangup()


def test_queue_noun_reads_its_attributes() -> None:
    written = '<Dial record="true" recordingTrack="inbound" hangupOnStar="true"><Queue>sales</Queue></Dial>'
    (command,) = play(xml(written), results={DialQueue: Dialled("failed")}).heard

    assert isinstance(command, DialQueue)
    assert (command.record, command.hangup_key) == (RecordingWish(track="inbound"), "*")


def test_waiting_document_of_enqueue_has_a_method_of_its_own() -> None:
    """Twilio's `waitUrlMethod`; a conference has `waitMethod`."""
    written = '<Enqueue waitUrl="/w" waitUrlMethod="GET">sales</Enqueue>'
    (command,) = play(xml(written), results={JoinQueue: QueueLeft("leave")}, version=TWILIO).heard

    assert command == JoinQueue(name="sales", waiting=DocumentSource("https://app.example/w", "GET"))


def test_queue_that_does_not_take_the_call_is_noted_with_the_reason() -> None:
    refused = QueueLeft("queue-full", reason="The queue desk is full")

    played = play(xml('<Enqueue action="next.xml">desk</Enqueue>'), results={JoinQueue: refused})

    assert (played.notes, played.form()["QueueResult"]) == ([13240], "queue-full")


def test_workflow_of_a_task_router_is_said_to_be_none_of_ours() -> None:
    played = play(xml('<Enqueue workflowSid="WW1"><Task>{}</Task></Enqueue>', SAY), version=TWILIO)

    assert 13240 in played.notes
    assert any(isinstance(command, Say) for command in played.heard)


def test_dial_tells_who_decides_on_transfers_and_who_listens_for_machines() -> None:
    command = dialled(
        '<Dial referUrl="/refer" referMethod="GET"><Number machineDetection="Enable" machineDetectionTimeout="9"'
        ' amdStatusCallback="/amd">+12025550144</Number></Dial>'
    )

    assert command.refer == DocumentSource("https://app.example/refer", "GET")
    assert command.parties[0].machine == DetectMachine(
        wait=False, longest_ms=9_000, status=StatusCallback("https://app.example/amd")
    )
