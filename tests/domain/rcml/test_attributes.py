"""Every attribute of every verb and noun: its default, values that count, and what becomes of bad ones (reference 5.5).

A row is tried in the document that it names: left out, it has its default; each good value has its meaning, without a
word; each bad one is noted and counts as the default.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from dialplane.domain.ids import to_sid
from dialplane.domain.programs.commands import (
    Command,
    ConferenceLeft,
    Dial,
    DialQueue,
    Digits,
    Failed,
    Gather,
    JoinConference,
    JoinQueue,
    Play,
    QueueLeft,
    Record,
    Recorded,
    Referred,
    ReferTo,
    Result,
    Say,
    SendEmail,
    SendMessage,
    Sleep,
    StartRecording,
    StartStream,
)
from dialplane.domain.programs.rooms import Waiting
from dialplane.domain.programs.sources import RESTCOMM_VERSION, DocumentSource, StatusCallback
from tests.domain.rcml.acting import CALL, TWILIO, URL, Played, Results, play, xml

BASE = "https://app.example/voice/"
RECORDING = CALL
HEARD: Results = {
    Gather: Digits("1", "timeout"),
    Record: Recorded(RECORDING, 3000, "silence"),
    Dial: Failed("nobody"),
    DialQueue: Failed("nobody"),
    JoinConference: ConferenceLeft("left"),
    JoinQueue: QueueLeft("leave"),
    ReferTo: Referred(202, 200),
}
"""What each verb comes to, so that its action is asked."""


@dataclass(frozen=True)
class Row:
    """`written` has `{}` in the place of the attribute; `read` finds what it comes to in the command `kind`."""

    where: str
    """`Verb attribute`."""
    written: str
    kind: type[Any]
    read: Callable[[Any], object]
    default: object
    good: Mapping[str, object] = field(default_factory=dict)
    bad: tuple[str, ...] = ()
    code: int = 12200
    twilio: object = None
    """Its default there, where it is another."""
    empty: object = None
    """What an attribute without a value comes to, where that is not the default."""

    @property
    def attribute(self) -> str:
        return self.where.partition(" ")[2]

    def come_to(self, value: str | None, version: str) -> tuple[object, list[int]]:
        """What a value comes to, and the notes on it; None leaves the attribute out."""
        text = "" if value is None else f'{self.attribute}="{value}"'
        played = play(xml(self.written.format(text)), results=HEARD, version=version)
        quiet = play(xml(self.written.format("")), results=HEARD, version=version)
        notes = list(played.notes)
        for code in quiet.notes:  # what the document is told anyway: nobody answers here
            notes.remove(code)
        return self.read(_first(played, self.kind)), notes


def _first(played: Played, kind: type[Any]) -> Command:
    found: Command = next(command for command in played.commands if isinstance(command, kind))
    return found


WHOLE = ("x", "-1", "1.5", "0x10", "99999999999999")
FLAGS = {"true": True, "false": False, "TRUE": True}
NO_FLAG = ("yes", "1", "on")
ONE = "<Dial><Number {}>+12125550122</Number></Dial>"
PHONE = "<Dial><Client {}>alice</Client></Dial>"
SIP = "<Dial><Sip {}>sip:a@b.example</Sip></Dial>"
URI = "<Dial><Uri {}>sip:a@b.example</Uri></Dial>"
ROOM = "<Dial><Conference {}>team</Conference></Dial>"
QUEUE = "<Dial><Queue {}>desk</Queue></Dial>"
DIAL = "<Dial {}>+12125550122</Dial>"
AUDIO = "<Gather {}><Say>Hello</Say></Gather>"
SPOKEN = '<Gather input="speech" {}/>'


def party(name: str) -> Callable[[Any], object]:
    return lambda dial: getattr(dial.parties[0], name)


def seconds(name: str) -> Callable[[Any], object]:
    return lambda command: getattr(command, name) / 1000


def wish(name: str) -> Callable[[Any], object]:
    return lambda dial: dial.record and getattr(dial.record, name)


ROWS = [
    Row("Say voice", "<Say {}>Hi</Say>", Say, lambda say: say.gender, "male", {"man": "male", "woman": "female"},
        ("robot",), 13511),
    Row("Say language", "<Say {}>Hi</Say>", Say, lambda say: say.language, "en-US",
        {"bf": "fr-BE", "bp": "pt-BR", "cf": "fr-CA", "dan": "da-DK", "de": "de", "en-gb": "en-gb"},
        ("klingon",), 13511),
    Row("Say loop", "<Say {}>Hi</Say>", Say, lambda say: say.loop, 1, {"0": 0, "3": 3}, WHOLE, 13510),
    Row("Play loop", "<Play {}>a.wav</Play>", Play, lambda play: play.loop, 1, {"0": 0, "3": 3}, WHOLE, 13410),
    Row("Pause length", "<Pause {}/>", Sleep, seconds("duration_ms"), 1, {"7": 7}, WHOLE, 13910),
    # Gather
    Row("Gather timeout", AUDIO, Gather, seconds("timeout_ms"), 5, {"9": 9}, WHOLE, 13313),
    Row("Gather finishOnKey", AUDIO, Gather, lambda gather: gather.end_keys, "#", {"*": "*", "123": "123"},
        ("A", "##########*0#"), 13310, empty=""),
    Row("Gather startInputKey", AUDIO, Gather, lambda gather: gather.start_keys, "*0123456789", {"12": "12"}, ("x",),
        13315, twilio="", empty=""),
    Row("Gather numDigits", AUDIO, Gather, lambda gather: gather.max_digits, 0, {"1": 1, "4": 4}, (*WHOLE, "0"), 13314),
    Row("Gather input", AUDIO, Gather, lambda gather: (gather.digits, gather.speech is not None), (True, False),
        {"speech": (False, True), "dtmf speech": (True, True), "dtmf": (True, False)}, ("voice",)),
    Row("Gather language", SPOKEN, Gather, lambda gather: gather.speech.language, "en-US", {"de-DE": "de-DE"}),
    Row("Gather hints", SPOKEN, Gather, lambda gather: gather.speech.hints, (),
        {"tea, coffee ,": ("tea", "coffee")}),
    Row("Gather partialResultCallback", SPOKEN, Gather,
        lambda gather: gather.speech.partial and gather.speech.partial.url, None, {"part": f"{BASE}part"}),
    Row("Gather partialResultCallbackMethod", '<Gather input="speech" partialResultCallback="p" {}/>', Gather,
        lambda gather: gather.speech.partial.method, "POST", {"GET": "GET", "post": "POST"}, ("PUT",)),
    Row("Gather speechTimeout", SPOKEN, Gather, lambda gather: gather.speech.silence_ms, 1000,
        {"auto": 1000, "3": 3000}, ("soon", "-1", "61")),
    Row("Gather bargeIn", AUDIO, Gather, lambda gather: gather.barge_in, True, FLAGS, NO_FLAG),
    Row("Gather-Say voice", "<Gather><Say {}>Hi</Say></Gather>", Gather, lambda gather: gather.prompts[0].gender,
        "male", {"woman": "female"}, ("robot",), 13321),
    Row("Gather-Say loop", "<Gather><Say {}>Hi</Say></Gather>", Gather, lambda gather: gather.prompts[0].loop, 1,
        {"0": 0, "3": 3}, WHOLE, 13322),
    Row("Gather-Play loop", "<Gather><Play {}>a.wav</Play></Gather>", Gather, lambda gather: gather.prompts[0].loop, 1,
        {"0": 0, "3": 3}, WHOLE, 13322),
    # Record
    Row("Record timeout", "<Record {}/>", Record, lambda record: record.silence_s, 5, {"9": 9}, WHOLE, 13612),
    Row("Record finishOnKey", "<Record {}/>", Record, lambda record: record.end_keys, "1234567890*#",
        {"#": "#", "-1": ""}, ("A",), 13613, empty=""),
    Row("Record maxLength", "<Record {}/>", Record, lambda record: record.longest_s, 3600, {"1": 1, "60": 60},
        (*WHOLE, "0"), 13612),
    Row("Record playBeep", "<Record {}/>", Record, lambda record: record.beep, True, FLAGS, NO_FLAG),
    Row("Record media", "<Record {}/>", Record, lambda _: True, True, {"audio_only": True},
        ("film", "audio_video"), 13612),
    Row("Record trim", "<Record {}/>", Record, lambda record: record.trim, False,
        {"trim-silence": True, "do-not-trim": False}, ("trim",)),
    Row("Record recordingStatusCallback", "<Record {}/>", Record,
        lambda record: record.status and record.status.url, None, {"told": f"{BASE}told"}),
    Row("Record recordingStatusCallbackMethod", '<Record recordingStatusCallback="t" {}/>', Record,
        lambda record: record.status.method, "POST", {"GET": "GET"}, ("PUT",)),
    Row("Record recordingStatusCallbackEvent", '<Record recordingStatusCallback="t" {}/>', Record,
        lambda record: record.status.events, frozenset(),
        {"completed absent": {"completed", "absent"}, "in-progress,completed": {"in-progress", "completed"}},
        ("ready",)),
    # Dial
    Row("Dial timeout", DIAL, Dial, lambda dial: dial.timeout_s, 30, {"1": 1, "90": 90}, (*WHOLE, "0"), 13212),
    Row("Dial timeLimit", DIAL, Dial, lambda dial: dial.time_limit_s, 14_400, {"60": 60}, (*WHOLE, "0"), 13216),
    Row("Dial callerId", DIAL, Dial, lambda dial: dial.source.target, "+12125550111",
        {"+12125550143": "+12125550143", "(212) 555-0143": "+12125550143"}, ("&lt;me&gt;",), 13214),
    Row("Dial record", DIAL, Dial, lambda dial: dial.record and (dial.record.begins, dial.record.channels), None,
        {"true": ("answer", 1), "false": None, "do-not-record": None, "record-from-answer": ("answer", 1),
         "record-from-ringing": ("ringing", 1), "record-from-answer-dual": ("answer", 2),
         "record-from-ringing-dual": ("ringing", 2)}, ("maybe",)),
    Row("Dial trim", '<Dial record="true" {}>+12125550122</Dial>', Dial, wish("trim"), False, {"trim-silence": True},
        ("x",)),
    Row("Dial recordingStatusCallback", '<Dial record="true" {}>+12125550122</Dial>', Dial,
        lambda dial: dial.record.status and dial.record.status.url, None, {"told": f"{BASE}told"}),
    Row("Dial recordingStatusCallbackMethod",
        '<Dial record="true" recordingStatusCallback="t" {}>+12125550122</Dial>', Dial,
        lambda dial: dial.record.status.method, "POST", {"GET": "GET"}, ("PUT",)),
    Row("Dial recordingStatusCallbackEvent",
        '<Dial record="true" recordingStatusCallback="t" {}>+12125550122</Dial>', Dial,
        lambda dial: dial.record.status.events, frozenset(), {"absent": {"absent"}}, ("ready",)),
    Row("Dial answerOnBridge", DIAL, Dial, lambda dial: dial.answer_on_bridge, False, FLAGS, NO_FLAG),
    Row("Dial hangupOnStar", DIAL, Dial, lambda dial: dial.hangup_key == "*", False, FLAGS, NO_FLAG),
    Row("Dial sequential", DIAL, Dial, lambda dial: dial.ring_method == "linear", False, FLAGS, NO_FLAG),
    Row("Dial ringTone", DIAL, Dial, lambda dial: dial.ring_tone, "", {"de": "de"}),
    Row("Dial referUrl", DIAL, Dial, lambda dial: dial.refer and dial.refer.url, None, {"refer": f"{BASE}refer"}),
    Row("Dial referMethod", '<Dial referUrl="r" {}>+12125550122</Dial>', Dial, lambda dial: dial.refer.method, "POST",
        {"GET": "GET"}, ("PUT",)),
    # Nouns
    Row("Number sendDigits", ONE, Dial, party("send_digits"), "", {"ww12#": "ww12#", "A*": "A*"}, ("12p", "１")),
    *(
        Row(f"{noun} {name}", written, Dial, read, default, good, bad)
        for noun, plain in (("Number", ONE), ("Client", PHONE), ("Sip", SIP), ("Uri", URI))
        for name, written, read, default, good, bad in (
            ("url", plain, lambda dial: dial.parties[0].before_joining, None,
             {"whisper": DocumentSource(f"{BASE}whisper", "POST")}, ()),
            ("method", plain.replace("{}", 'url="w" {}'), lambda dial: dial.parties[0].before_joining.method, "POST",
             {"GET": "GET", "get": "GET"}, ("PUT",)),
            ("statusCallback", plain, lambda dial: dial.parties[0].status, None,
             {"told": StatusCallback(f"{BASE}told", "POST", frozenset(), RESTCOMM_VERSION)}, ()),
            ("statusCallbackMethod", plain.replace("{}", 'statusCallback="t" {}'),
             lambda dial: dial.parties[0].status.method, "POST", {"GET": "GET"}, ("PUT",)),
            ("statusCallbackEvent", plain.replace("{}", 'statusCallback="t" {}'),
             lambda dial: dial.parties[0].status.events, frozenset(),
             {"initiated ringing": {"initiated", "ringing"}, "answered, completed": {"answered", "completed"}},
             ("never",)),
        )
    ),
    *(
        Row(f"{noun} {name}", plain, Dial, party(name), "", {"ann": "ann"})
        for noun, plain in (("Sip", SIP), ("Uri", URI))
        for name in ("username", "password")
    ),
    *(
        Row(f"Video {name}", f"<Dial>{noun.format('<Video {}/>')}</Dial>", kind, lambda _: True, True,
            dict.fromkeys(good, True), ("other",), code)
        for noun, kind in (("<Client>alice{}</Client>", Dial), ("<Conference>team{}</Conference>", JoinConference))
        for name, good, code in (
            ("enable", ("false",), 12200),
            ("mode", ("mcu", "sfu"), 15001),
            ("resolution", ("CIF", "4CIF", "16CIF", "QCIF", "VGA", "720p"), 15002),
            ("layout", ("tile", "linear"), 15003),
        )
    ),
    # Conference
    Row("Conference muted", ROOM, JoinConference, lambda join: join.muted, False, FLAGS, NO_FLAG),
    Row("Conference beep", ROOM, JoinConference, lambda join: join.beep, "true",
        {"false": "false", "onEnter": "onEnter", "onExit": "onExit"}, ("loud",)),
    Row("Conference startConferenceOnEnter", ROOM, JoinConference, lambda join: join.starts, True, FLAGS, NO_FLAG),
    Row("Conference endConferenceOnExit", ROOM, JoinConference, lambda join: join.ends, False, FLAGS, NO_FLAG),
    Row("Conference waitUrl", ROOM, JoinConference, lambda join: join.waiting, Waiting.MUSIC,
        {"hold.xml": DocumentSource(f"{BASE}hold.xml", "POST")}, empty=Waiting.SILENCE),
    Row("Conference waitMethod", ROOM.replace("{}", 'waitUrl="w" {}'), JoinConference,
        lambda join: join.waiting.method, "POST", {"GET": "GET"}, ("PUT",), 13234),
    Row("Conference maxParticipants", ROOM, JoinConference, lambda join: join.max_participants, 40,
        {"2": 2, "250": 250}, (*WHOLE, "0", "251"), twilio=250),
    Row("Conference statusCallback", ROOM, JoinConference, lambda join: join.status and join.status.url, None,
        {"told": f"{BASE}told"}),
    Row("Conference statusCallbackMethod", ROOM.replace("{}", 'statusCallback="t" {}'), JoinConference,
        lambda join: join.status.method, "POST", {"GET": "GET"}, ("PUT",)),
    Row("Conference statusCallbackEvent", ROOM.replace("{}", 'statusCallback="t" {}'), JoinConference,
        lambda join: join.status.events, frozenset(),
        {"start end join leave mute hold speaker": {"start", "end", "join", "leave", "mute", "hold", "speaker"}},
        ("answered",)),
    Row("Conference record", ROOM, JoinConference, lambda join: join.record, False,
        {"record-from-start": True, "do-not-record": False, "true": True}, ("sometimes",)),
    Row("Conference trim", ROOM, JoinConference, lambda join: join.trim, False, {"trim-silence": True}, ("x",)),
    Row("Conference coach", ROOM, JoinConference, lambda join: join.coached_call_id, None,
        {to_sid("CA", CALL): CALL}, ("CA12", "me")),
    Row("Conference participantLabel", ROOM, JoinConference, lambda join: join.label, "", {"ann": "ann"}),
    Row("Conference eventCallbackUrl", ROOM, JoinConference, lambda join: join.recording_status and
        join.recording_status.url, None, {"told": f"{BASE}told"}),
    # Queues
    Row("Queue url", QUEUE, DialQueue, lambda dial: dial.before_joining, None,
        {"whisper": DocumentSource(f"{BASE}whisper", "POST")}),
    Row("Queue method", QUEUE.replace("{}", 'url="w" {}'), DialQueue, lambda dial: dial.before_joining.method, "POST",
        {"GET": "GET"}, ("PUT",)),
    Row("Enqueue waitUrl", "<Enqueue {}>desk</Enqueue>", JoinQueue, lambda join: join.waiting, Waiting.MUSIC,
        {"hold.xml": DocumentSource(f"{BASE}hold.xml", "POST")}, empty=Waiting.SILENCE),
    Row("Enqueue waitUrlMethod", '<Enqueue waitUrl="w" {}>desk</Enqueue>', JoinQueue, lambda join: join.waiting.method,
        "POST", {"GET": "GET"}, ("PUT",), 13234),
    # Texts
    Row("Sms to", "<Sms {}>Hi</Sms>", SendMessage, lambda sms: sms.destinations[0].target, "+12125550111",
        {"+12125550122": "+12125550122"}),
    Row("Sms from", "<Sms {}>Hi</Sms>", SendMessage, lambda sms: sms.source.target, "+12025550143",
        {"+12125550122": "+12125550122"}),
    Row("Sms statusCallback", "<Sms {}>Hi</Sms>", SendMessage, lambda sms: sms.status and sms.status.url, None,
        {"told": f"{BASE}told"}),
    Row("Email subject", '<Email from="a@b.c" to="d@e.f" {}>Hi</Email>', SendEmail, lambda email: email.subject,
        "Restcomm Email Service", {"News": "News"}),
    Row("Email cc", '<Email from="a@b.c" to="d@e.f" {}>Hi</Email>', SendEmail, lambda email: len(email.destinations), 1,
        {"g@h.i": 2, "g@h.i, j@k.l": 3}),
    Row("Email bcc", '<Email from="a@b.c" to="d@e.f" {}>Hi</Email>', SendEmail,
        lambda email: len(email.destinations), 1, {"g@h.i": 2}),
    # Streams
    Row("Stream url", "<Connect><Stream {}/></Connect>", StartStream, lambda stream: stream.url, URL,
        {"wss://bot.example/": "wss://bot.example/"}),
    Row("Stream track", '<Start><Stream url="wss://b.example/" {}/></Start>', StartStream, lambda stream: stream.track,
        "inbound", {"outbound_track": "outbound", "both_tracks": "both"}, ("all",)),
    Row("Stream name", '<Start><Stream url="wss://b.example/" {}/></Start>', StartStream,
        lambda stream: stream.name, "", {"bot": "bot"}),
    Row("Recording channels", "<Start><Recording {}/></Start>", StartRecording, lambda start: start.channels, 2,
        {"mono": 1, "dual": 2}, ("three",)),
    Row("Recording track", "<Start><Recording {}/></Start>", StartRecording, lambda start: start.track, "both",
        {"inbound": "inbound", "outbound": "outbound"}, ("none",)),
]  # fmt: skip

LANGUAGES = (
    "bf", "bp", "en", "en-gb", "cf", "cs", "dan", "fi", "es", "fr", "de", "el", "it", "nl", "no", "pl", "pt", "ru",
    "ar", "ca", "sv", "tr", "zh-cn", "zh-hk", "zh-tw", "da", "en-au", "en-ca", "en-in", "fr-ca", "ja", "ko", "nb",
    "pt-br", "es-mx",
)  # fmt: skip
"""Those that are documented, and those of the voices that Restcomm ships with."""

ACTIONS: Mapping[str, tuple[str, str, str]] = {
    "Gather": ("<Gather {}/>", URL, URL),
    "Record": ("<Record {}/>", URL, URL),
    "Dial": (DIAL, "", ""),
    "Enqueue": ("<Enqueue {}>desk</Enqueue>", "", ""),
    "Refer": ("<Refer {}><Sip>sip:a@b.example</Sip></Refer>", "", ""),
    "Sms": ("<Sms {}>Hi</Sms>", "", ""),
    "Message": ("<Message {}>Hi</Message>", "", ""),
    "Connect": ('<Connect {}><Stream url="wss://b.example/"/></Connect>', "", ""),
    "Fax": ("<Fax {}>a.pdf</Fax>", "", ""),
}
"""What is asked for where a verb has no `action`: in Restcomm's dialect, and in Twilio's."""


@pytest.mark.parametrize("version", [RESTCOMM_VERSION, TWILIO])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.where)
def test_attribute_has_its_default_its_values_and_a_note_for_a_bad_one(row: Row, version: str) -> None:
    """Section 5.5, attribute by attribute."""
    default = row.twilio if version == TWILIO and row.twilio is not None else row.default
    if row.where.startswith("Say language") and version == TWILIO:
        return  # tags alone: no codes of Restcomm's own

    assert row.come_to(None, version) == (default, [])
    for value, meaning in row.good.items():
        come_to, notes = row.come_to(value, version)
        if isinstance(meaning, StatusCallback):
            meaning = StatusCallback(meaning.url, meaning.method, meaning.events, version)
        assert (come_to, notes) == (meaning, []), value
    for value in row.bad:
        assert row.come_to(value, version) == (default, [row.code]), value
    if row.empty is not None:
        assert row.come_to("", version)[0] == row.empty


@pytest.mark.parametrize("version", [RESTCOMM_VERSION, TWILIO])
@pytest.mark.parametrize("verb", ACTIONS)
def test_action_is_asked_by_its_method_or_what_stands_for_it_is(verb: str, version: str) -> None:
    """Section 5.5: without `action` the document itself, or nobody."""
    written, *without = ACTIONS[verb]

    def asked(attributes: str) -> tuple[list[tuple[str, str]], list[int]]:
        played = play(xml(written.format(attributes)), results=HEARD, version=version)
        return [(fetch.url, fetch.method) for fetch in played.fetched[1:]], played.notes

    bare, usual = asked("")
    wanted = without[version == TWILIO]
    assert bare[:1] == ([(wanted, "POST")] if wanted else [])
    assert asked('action="next"') == ([(f"{BASE}next", "POST")], usual)
    assert asked('action="next" method="get"') == ([(f"{BASE}next", "GET")], usual)
    assert asked('action="https://other.example/n"')[0] == [("https://other.example/n", "POST")]
    wrong = asked('action="next" method="PATCH"')
    assert (wrong[0], len(wrong[1])) == ([(f"{BASE}next", "POST")], len(usual) + 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_documented_language_is_spoken(language: str) -> None:
    """Section 5.5: the documented codes, and those of the voices that Restcomm ships with."""
    played = play(xml(f'<Say language="{language}">Hi</Say>'))

    assert played.notes == []
    assert isinstance(played.heard[0], Say)


@pytest.mark.parametrize(
    ("text", "kind", "target"),
    [
        ("+12125550122", "tel", "+12125550122"),
        ("212-555-0122", "tel", "+12125550122"),
        ("client:alice", "extension", "alice"),
        ("sip:bob@example.org", "sip", "bob@example.org"),
        ("bob@example.org", "sip", "bob@example.org"),
    ],
)
def test_bare_text_of_dial_is_read_by_its_form(text: str, kind: str, target: str) -> None:
    dial = _first(play(xml(f"<Dial>{text}</Dial>"), results=HEARD), Dial)

    assert isinstance(dial, Dial)
    assert (dial.parties[0].address.type, dial.parties[0].address.target) == (kind, target)


@pytest.mark.parametrize(
    ("outer", "inner"),
    [("Gather", "Dial"), ("Gather", "Record"), ("Dial", "Say"), ("Dial", "Gather"), ("Message", "Say")],
)
def test_what_does_not_nest_is_noted_and_skipped(outer: str, inner: str) -> None:
    """Section 5.1, *Nesting*; Twilio's schema warning."""
    played = play(xml(f"<{outer}>+12125550122<{inner}>x</{inner}></{outer}>"), results=HEARD, version=TWILIO)

    assert 12200 in played.notes


def results_of(verb: str, result: Result) -> tuple[dict[str, str], list[int]]:
    """The parameters that the action is told beside those of every request, and the notes."""
    kinds: dict[str, type[Any]] = {"Gather": Gather, "Record": Record, "Dial": Dial}
    written = ACTIONS[verb][0].format('action="next"')
    played = play(xml(written), results={kinds[verb]: result})
    usual = dict(played.fetched[0].form)
    return {name: value for name, value in played.form().items() if name not in usual}, played.notes


def test_record_that_the_caller_ends_by_hanging_up_tells_so() -> None:
    told, notes = results_of("Record", Recorded(RECORDING, 3000, "hangup"))

    assert (told["Digits"], told["RecordingDuration"], notes) == ("hangup", "3.0", [])
