"""Each verb: its attributes, defaults, commands and what its outcome asks for (Restcomm reference 5.5)."""

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
    Digits,
    Failed,
    Finish,
    Gather,
    Hangup,
    Heard,
    JoinConference,
    JoinQueue,
    LeaveQueue,
    Medium,
    MessageQueued,
    Party,
    Play,
    QueueLeft,
    Record,
    Recorded,
    Referred,
    ReferTo,
    Say,
    SendDigits,
    SendEmail,
    SendMessage,
    Sleep,
    StartStream,
    StopStream,
    TranscribeRecording,
)
from dialplane.domain.programs.dialling import RecordingWish
from dialplane.domain.programs.recognition import SpeechWish
from dialplane.domain.programs.rooms import Waiting
from dialplane.domain.programs.sources import RESTCOMM_VERSION, DocumentSource, StatusCallback
from dialplane.domain.rcml.context import Role
from tests.domain.rcml.acting import RECORDINGS, TWILIO, URL, Results, play, xml

SAY = "<Say>Hello</Say>"
HELLO = Say("Hello", gender="male")
OTHER = UUID("01900000-0000-7000-8000-0000000000c2")
RECORDING = UUID("01900000-0000-7000-8000-0000000000e1")
NEXT = "https://app.example/voice/next.xml"


# --- Say, Play, Pause ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("<Say>Hello</Say>", HELLO),
        (
            '<Say voice="woman" language="de" loop="3">Hallo</Say>',
            Say("Hallo", "de-DE", "female", loop=3),
        ),
        ('<Say voice="alice" language="pt-BR">Oi</Say>', Say("Oi", language="pt-BR", gender="female")),
        ('<Say language="bp" loop="0">Oi</Say>', Say("Oi", language="pt-BR", gender="male", loop=0)),
        ('<Say voice="Polly.Joanna">Hi</Say>', Say("Hi", voice_id="Polly.Joanna")),
        (
            '<Say>One <break time="1s"/>two</Say>',
            Say('<speak>One <break time="1s" />two</speak>', gender="male"),
        ),
    ],
)
def test_say(written: str, said: Say) -> None:
    assert play(xml(written)).heard == [said]


def test_say_without_text_says_nothing() -> None:
    assert play(xml("<Say/>", SAY)).heard == [HELLO]


def test_voice_that_nobody_has_is_noted_and_the_default_speaks() -> None:
    played = play(xml('<Say voice="bob">Hello</Say>'), results={Say: Failed("there is no voice bob")})

    assert played.heard == [Say("Hello", voice_id="bob"), HELLO]
    assert played.notes == [13511]


def test_bad_loop_is_noted_and_counts_as_one() -> None:
    played = play(xml('<Say loop="many">Hello</Say>', '<Play loop="-1">a.wav</Play>'))

    assert played.notes == [13510, 13410]
    assert played.heard == [HELLO, Play(("https://app.example/voice/a.wav",))]


def test_file_that_cannot_be_had_ends_the_call_for_restcomm_and_not_for_twilio() -> None:
    page = xml("<Play>a.wav</Play>", SAY)
    failing: Results = {Play: Failed("404")}

    restcomm, twilio = play(page, results=failing), play(page, results=failing, version=TWILIO)

    assert restcomm.notes == twilio.notes == [13233]
    assert restcomm.last == Hangup()
    assert twilio.heard[-1] == HELLO


def test_play_sends_digits_with_pauses() -> None:
    assert play(xml('<Play digits="ww12w3"/>')).heard == [Sleep(1000), SendDigits("12"), Sleep(500), SendDigits("3")]


def test_pause_has_a_length_and_one_second_without() -> None:
    played = play(xml(SAY, '<Pause length="7"/>', "<Pause/>", '<Pause length="x"/>'))

    assert played.heard == [HELLO, Sleep(7000), Sleep(1000), Sleep(1000)]
    assert played.notes == [13910]


# --- Gather ----------------------------------------------------------------------------------------------------------


def gathered(attributes: str = "", *, version: str = RESTCOMM_VERSION, inner: str = "") -> Gather:
    (command,) = play(xml(f"<Gather {attributes}>{inner}</Gather>"), version=version).heard
    assert isinstance(command, Gather)
    return command


def test_gather_has_the_documented_defaults() -> None:
    assert gathered() == Gather(5000, end_keys="#", between_ms=5000, start_keys="*0123456789")
    assert gathered(version=TWILIO).start_keys == ""


def test_gather_reads_its_attributes_and_prompts() -> None:
    command = gathered(
        'timeout="3" numDigits="4" finishOnKey="*" input="dtmf speech" language="de-DE" hints="ja, nein"'
        ' partialResultCallback="part.xml" partialResultCallbackMethod="GET" speechTimeout="2"',
        inner="<Say>Hello</Say><Play>a.wav</Play><Pause/><Dial>1</Dial>",
    )

    assert (command.timeout_ms, command.max_digits, command.end_keys) == (3000, 4, "*")
    assert command.prompts == (HELLO, Play(("https://app.example/voice/a.wav",)), Sleep(1000))
    assert command.speech == SpeechWish(
        "de-DE", ("ja", "nein"), 2000, partial=DocumentSource("https://app.example/voice/part.xml", "GET")
    )


def test_empty_finish_key_is_none() -> None:
    assert gathered('finishOnKey=""').end_keys == ""


@pytest.mark.parametrize(
    ("attribute", "code"),
    [
        ('timeout="0"', 13313),
        ('numDigits="0"', 13314),
        ('finishOnKey="x"', 13310),
        ('startInputKey="abc"', 13315),
    ],
)
def test_bad_attribute_of_gather_is_noted_and_the_default_holds(attribute: str, code: int) -> None:
    played = play(xml(f"<Gather {attribute}/>"))

    assert played.notes == [code]
    assert played.heard == [Gather(5000, end_keys="#", between_ms=5000, start_keys="*0123456789")]


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (Digits("12#", "key"), {"Digits": "12"}),
        (Digits("12", "timeout"), {"Digits": "12"}),
        (Digits("1234", "length"), {"Digits": "1234"}),
        (Heard("yes please", 0.87), {"SpeechResult": "yes please"}),
        (CallOver(Digits("12", "timeout")), {"Digits": "12", "CallStatus": "completed"}),
    ],
)
def test_what_was_entered_goes_to_the_action(result: Digits | Heard, told: dict[str, str]) -> None:
    played = play(xml('<Gather action="next.xml" method="GET"/>', SAY), results={Gather: result})

    asked = played.fetched[-1]
    assert (asked.url, asked.method) == (NEXT, "GET")
    assert told.items() <= dict(asked.form).items()
    assert HELLO not in played.heard


def test_without_action_the_document_itself_is_asked() -> None:
    assert play(xml("<Gather/>"), results={Gather: Digits("1", "timeout")}).fetched[-1].url == URL


@pytest.mark.parametrize("result", [Digits("", "timeout"), Digits("#", "key"), Heard(""), Failed("no recognition")])
def test_nothing_entered_goes_on_without_a_request(result: Digits | Heard | Failed) -> None:
    played = play(xml('<Gather action="next.xml"/>', SAY), results={Gather: result})

    assert len(played.fetched) == 1
    assert played.heard[-1] == HELLO


def test_twilio_is_told_of_nothing_where_it_asks_and_of_confidence() -> None:
    empty = play(xml('<Gather actionOnEmptyResult="true"/>'), results={Gather: Digits("", "timeout")}, version=TWILIO)
    heard = play(xml('<Gather input="speech"/>'), results={Gather: Heard("yes", 0.5)}, version=TWILIO)

    assert empty.form()["Digits"] == ""
    assert (heard.form()["SpeechResult"], heard.form()["Confidence"]) == ("yes", "0.50")


def test_hints_beyond_their_limits_hang_up() -> None:
    played = play(xml(f'<Gather input="speech" hints="{",".join("abc" * 60)}"/>'), xml(SAY))
    many = play(xml(f'<Gather input="speech" hints="{",".join(f"word{n}" for n in range(51))}"/>'))

    assert many.last == Hangup()
    assert many.error == "hints beyond their limits"
    assert played.last == Hangup()


# --- Record ----------------------------------------------------------------------------------------------------------


def test_record_has_the_documented_defaults_and_reads_its_attributes() -> None:
    (plain,) = play(xml("<Record/>"), results={Record: Failed("")}).heard
    (other,) = play(
        xml(
            '<Record timeout="2" maxLength="20" finishOnKey="-1" playBeep="false" trim="trim-silence"'
            ' recordingStatusCallback="/status"/>'
        ),
        results={Record: Failed("")},
    ).heard

    assert plain == Record(3600, 5, "1234567890*#", beep=True)
    assert other == Record(20, 2, "", beep=False, trim=True, status=StatusCallback("https://app.example/status"))


def test_recording_is_told_to_the_action_in_each_dialects_words() -> None:
    made: Results = {Record: Recorded(RECORDING, 6400, "key", "#")}
    page = xml('<Record action="next.xml"/>')

    restcomm, twilio = play(page, results=made).form(), play(page, results=made, version=TWILIO).form()

    sid = f"RE{RECORDING.hex}"
    assert (restcomm["RecordingUrl"], restcomm["RecordingDuration"], restcomm["Digits"]) == (
        f"{RECORDINGS}{sid}.wav", "6.4", "#",
    )  # fmt: skip
    assert restcomm["PublicRecordingUrl"] == restcomm["RecordingUrl"]
    assert (twilio["RecordingUrl"], twilio["RecordingDuration"], twilio["RecordingSid"]) == (
        f"{RECORDINGS}{sid}", "6", sid,
    )  # fmt: skip


def test_caller_who_hangs_up_ends_the_recording_and_the_action_is_asked() -> None:
    over: Results = {Record: CallOver(Recorded(RECORDING, 1000, "hangup"))}
    played = play(xml('<Record action="next.xml"/>', SAY), xml(SAY), results=over)

    assert (played.form()["Digits"], played.form()["CallStatus"]) == ("hangup", "completed")
    assert len(played.heard) == 1
    assert played.last == Finish()


def test_nothing_recorded_goes_on() -> None:
    played = play(xml('<Record action="next.xml"/>', SAY), results={Record: Recorded(None, 0, "silence")})

    assert played.heard[-1] == HELLO


def test_recording_is_transcribed_where_it_is_wanted() -> None:
    played = play(
        xml('<Record transcribe="true" transcribeCallback="/text"/>'),
        results={Record: Recorded(RECORDING, 1000, "silence")},
    )

    wanted = next(command for command in played.commands if isinstance(command, TranscribeRecording))
    assert wanted == TranscribeRecording(RECORDING, direction="in", status=StatusCallback("https://app.example/text"))


# --- Dial ------------------------------------------------------------------------------------------------------------


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
        ("<Client><Identity>alice</Identity></Client>", None),
        ('<Sip username="u" password="p">sip:bob@example.com:5070?X-A=1</Sip>',
         Party(Address("sip", "bob@example.com:5070"), headers=(("X-A", "1"),), username="u", password="p")),
        ("<Uri>sip:bob@example.com</Uri>", Party(Address("sip", "bob@example.com"))),
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


# --- rooms -----------------------------------------------------------------------------------------------------------


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


# --- texts -----------------------------------------------------------------------------------------------------------


def test_sms_in_a_call_goes_from_the_called_number_to_the_caller() -> None:
    played = play(
        xml('<Sms action="next.xml" statusCallback="/s">Hi</Sms>'), results={SendMessage: MessageQueued(OTHER)}
    )

    assert played.heard == [
        SendMessage(
            Address("tel", "+12025550143"),
            (Address("tel", "+12125550111"),),
            "Hi",
            status=StatusCallback("https://app.example/s"),
        )
    ]
    assert (played.form()["SmsSid"], played.form()["SmsStatus"]) == (f"SM{OTHER.hex}", "sent")


def test_sms_that_cannot_be_sent_is_told_to_the_action_and_noted() -> None:
    played = play(xml('<Sms action="next.xml">Hi</Sms>'), results={SendMessage: Failed("no money")})

    assert played.form()["SmsStatus"] == "failed"
    assert played.notes == [14107]


def test_sms_without_a_body_stops_the_document() -> None:
    played = play(xml("<Sms/>", SAY))

    assert played.heard == []
    assert played.notes == [14103]


def test_message_has_body_and_media() -> None:
    (command,) = play(
        xml('<Message to="+12025550188"><Body>See</Body><Media>a.png</Media></Message>'),
        results={SendMessage: MessageQueued(OTHER)},
        version=TWILIO,
    ).heard

    assert isinstance(command, SendMessage)
    assert (command.text, command.media_urls) == ("See", ("https://app.example/voice/a.png",))
    assert command.destinations == (Address("tel", "+12025550188"),)


def test_reply_to_a_message_is_sent_by_its_number_with_the_answers_headers() -> None:
    answer = xml("<Sms>Hi</Sms>")
    answer = type(answer)(answer.status, answer.body, answer.content_type, headers=(("X-Tenant", "7"),))
    played = play(answer, medium=Medium.MESSAGE, text="", results={SendMessage: MessageQueued(OTHER)})

    assert played.heard == [SendMessage(None, (Address("tel", "+12125550111"),), "Hi", headers=(("X-Tenant", "7"),))]


def test_email_goes_to_everybody_named() -> None:
    (command,) = play(xml('<Email from="a@x.test" to="b@x.test" cc="c@x.test">Text</Email>')).heard

    assert command == SendEmail(
        (Address("email", "b@x.test"), Address("email", "c@x.test")), "Restcomm Email Service", "Text",
        sender="a@x.test",
    )  # fmt: skip


@pytest.mark.parametrize("verb", ["Fax", "UssdCollect", "UssdMessage", "Geolocation", "Language", "Pay"])
def test_what_cannot_run_says_so_and_the_next_verb_runs(verb: str) -> None:
    played = play(xml(f"<{verb}>x</{verb}>", SAY))

    assert played.heard == [HELLO]
    assert played.notes == [14199]


# --- elsewhere -------------------------------------------------------------------------------------------------------


def test_refer_tells_its_outcome() -> None:
    played = play(
        xml('<Refer action="next.xml"><Sip>sip:bob@example.com</Sip></Refer>'),
        results={ReferTo: Referred(202, 200)},
        version=TWILIO,
    )

    assert played.heard == [ReferTo("sip:bob@example.com")]
    told = {"ReferCallStatus": "completed", "ReferSipResponseCode": "202", "NotifySipResponseCode": "200"}
    assert told.items() <= played.form().items()


def test_streams_are_connected_started_and_stopped() -> None:
    played = play(
        xml(
            '<Start><Stream name="a" url="wss://s.example/a" track="both_tracks"/></Start>',
            '<Stop><Stream name="a"/></Stop>',
            '<Connect><Stream url="wss://s.example/b"><Parameter name="k" value="v"/></Stream></Connect>',
            SAY,
        ),
        version=TWILIO,
    )

    assert played.heard == [
        StartStream("wss://s.example/a", False, "both", "a"),
        StopStream("a"),
        StartStream("wss://s.example/b", True, parameters=(("k", "v"),)),
        HELLO,
    ]


def test_hangup_ends_the_document() -> None:
    assert play(xml("<Hangup/>", SAY)).commands[1:] == [Answer()]


def test_call_that_is_over_ends_the_program_without_a_request() -> None:
    played = play(xml(SAY, SAY), results={Say: CallOver()})

    assert len(played.heard) == 1
    assert played.last == Finish()
