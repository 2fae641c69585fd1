"""Say, Play, Pause, Gather and Record: attributes, defaults, commands and outcomes (reference 5.5)."""

from dataclasses import replace
from uuid import UUID

import pytest

from dialplane.domain.programs.commands import (
    CallOver,
    Digits,
    Failed,
    Finish,
    Gather,
    Hangup,
    Heard,
    Play,
    Record,
    Recorded,
    Say,
    SendDigits,
    Sleep,
    TranscribeRecording,
)
from dialplane.domain.programs.recognition import Missed, SpeechWish
from dialplane.domain.programs.sources import RESTCOMM_VERSION, StatusCallback
from tests.domain.rcml.acting import RECORDINGS, TWILIO, URL, Results, play, xml

SAY = "<Say>Hello</Say>"
HELLO = Say("Hello", gender="male")
RECORDING = UUID("01900000-0000-7000-8000-0000000000e1")
NEXT = "https://app.example/voice/next.xml"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("<Say>Hello</Say>", HELLO),
        (
            '<Say voice="woman" language="de" loop="3">Hallo</Say>',
            Say("Hallo", "de", "female", loop=3),
        ),
        ('<Say voice="alice" language="pt-BR">Oi</Say>', Say("Oi", language="pt-br", gender="female")),
        ('<Say language="bp" loop="0">Oi</Say>', Say("Oi", language="pt-BR", gender="male", loop=0)),
        (
            '<Say>One <break time="1s"/>two</Say>',
            Say('<speak>One <break time="1s" />two</speak>', gender="male"),
        ),
        (
            '<Say>You &amp; <amazon:effect name="whispered">me</amazon:effect></Say>',
            Say('<speak>You &amp; <amazon-effect name="whispered">me</amazon-effect></speak>', gender="male"),
        ),
    ],
)
def test_say(written: str, said: Say) -> None:
    assert play(xml(written)).heard == [said]


def test_twilios_voices_speak_with_the_language_and_gender_that_they_have() -> None:
    assert play(xml('<Say voice="Polly.Joanna">Hi</Say>'), version=TWILIO).heard == [Say("Hi", gender="female")]


def test_say_without_text_says_nothing() -> None:
    assert play(xml("<Say/>", SAY)).heard == [HELLO]


def test_voice_that_nobody_has_is_noted_and_the_default_speaks() -> None:
    played = play(xml('<Say voice="bob">Hello</Say>'))

    assert played.heard == [HELLO]
    assert played.notes == [13511]


def test_speech_that_fails_is_said_by_the_default_voice() -> None:
    played = play(xml('<Say language="de">Hallo</Say>'), results={Say: Failed("the voice is away")})

    assert played.heard == [Say("Hallo", "de", "male"), Say("Hallo", gender="male")]
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
    assert command.speech is not None
    assert command.speech.partial is not None
    told, command_speech = dict(command.speech.partial.parameters), replace(command.speech, partial=None)
    assert command_speech == SpeechWish("de-DE", ("ja", "nein"), 2000)
    assert (command.speech.partial.url, command.speech.partial.method) == ("https://app.example/voice/part.xml", "GET")
    assert (told["CallSid"][:2], told["From"], told["CallStatus"]) == ("CA", "+12125550111", "in-progress")


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


def test_prompt_of_a_gather_that_was_not_heard_is_noted_and_the_input_counts() -> None:
    missed = (Missed("Play", "answered 404"), Missed("Say", "no such voice"))

    played = play(xml('<Gather action="next.xml"/>'), results={Gather: Digits("1", "timeout", missed)})

    assert played.form()["Digits"] == "1"
    assert played.notes == [13325, 13321]


def test_hints_beyond_their_limits_hang_up() -> None:
    played = play(xml(f'<Gather input="speech" hints="{",".join("abc" * 60)}"/>'), xml(SAY))
    many = play(xml(f'<Gather input="speech" hints="{",".join(f"word{n}" for n in range(51))}"/>'))

    assert many.last == Hangup()
    assert many.error == "hints beyond their limits"
    assert played.last == Hangup()


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


def test_gather_says_what_of_its_speech_attributes_this_server_does_not_carry_out() -> None:
    written = '<Gather input="speech" speechModel="phone_call" enhanced="false" bargeIn="false"/>'
    played = play(xml(written), results={Gather: Digits("", "timeout")}, version=TWILIO)

    (command,) = (each for each in played.commands if isinstance(each, Gather))
    assert not command.barge_in
    assert played.notes == [12200]
