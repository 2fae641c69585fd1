"""Sms, Message, Email, what cannot run, Refer, streams and the end (reference 5.5)."""

from uuid import UUID

import pytest

from dialplane.domain.addresses import Address
from dialplane.domain.programs.commands import (
    Answer,
    CallOver,
    Failed,
    Fetched,
    Finish,
    Medium,
    MessageQueued,
    Referred,
    ReferTo,
    Say,
    SendEmail,
    SendMessage,
    SendWebhook,
    StartRecording,
    StartStream,
    StopRecording,
    StopStream,
)
from dialplane.domain.programs.sources import StatusCallback
from tests.domain.rcml.acting import TWILIO, play, xml

SAY = "<Say>Hello</Say>"
HELLO = Say("Hello", gender="male")
OTHER = UUID("01900000-0000-7000-8000-0000000000c2")


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


@pytest.mark.parametrize(
    ("field", "code"), [("", 14107), ("destinations[0]", 14101), ("source", 14102), ("text", 14103)]
)
def test_sms_that_cannot_be_sent_is_told_to_the_action_and_noted_by_what_is_to_blame(field: str, code: int) -> None:
    played = play(xml('<Sms action="next.xml">Hi</Sms>'), results={SendMessage: Failed("it cannot be sent", field)})

    assert played.form()["SmsStatus"] == "failed"
    assert played.notes == [code]


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


def test_action_of_a_reply_is_told_of_the_reply_and_of_nothing_twice() -> None:
    played = play(
        xml('<Message action="next.xml">Hi</Message>'),
        medium=Medium.MESSAGE,
        text="",
        results={SendMessage: MessageQueued(OTHER)},
        version=TWILIO,
    )

    names = [name for name, _ in played.fetched[-1].form]
    assert len(names) == len(set(names))
    assert (played.form()["MessageSid"], played.form()["SmsStatus"]) == (f"SM{OTHER.hex}", "sent")


def test_sound_is_no_answer_to_a_message() -> None:
    """Reference 5.2: error 12300."""
    played = play(Fetched(200, "", "audio/wav"), medium=Medium.MESSAGE, text="")

    assert played.notes == [12300]


def test_email_goes_to_everybody_named() -> None:
    (command,) = play(xml('<Email from="a@x.test" to="b@x.test" cc="c@x.test">Text</Email>')).heard

    assert command == SendEmail(
        (Address("email", "b@x.test"), Address("email", "c@x.test")), "Restcomm Email Service", "Text",
        sender="a@x.test",
    )  # fmt: skip


@pytest.mark.parametrize("verb", ["Fax", "UssdCollect", "UssdMessage", "Geolocation", "Language"])
def test_what_cannot_run_says_so_and_the_next_verb_runs(verb: str) -> None:
    played = play(xml(f"<{verb}>x</{verb}>", SAY))

    assert played.heard == [HELLO]
    assert played.notes == [14199]


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


def test_recording_goes_on_beside_the_verbs_that_follow_until_it_is_stopped() -> None:
    """Twilio's noun: both channels unless it says otherwise."""
    played = play(
        xml(
            "<Start><Recording/></Start>",
            SAY,
            "<Stop><Recording/></Stop>",
            '<Start><Recording channels="mono" track="inbound" trim="trim-silence"',
            ' recordingStatusCallback="/kept" recordingStatusCallbackEvent="in-progress completed"/></Start>',
        ),
        version=TWILIO,
    )

    first, said, stopped, second = played.heard
    assert (first, said, stopped) == (StartRecording(channels=2), HELLO, StopRecording())
    assert isinstance(second, StartRecording)
    assert (second.channels, second.track, second.trim) == (1, "inbound", True)
    assert second.status is not None
    assert (second.status.url, second.status.events) == (
        "https://app.example/kept",
        frozenset({"in-progress", "completed"}),
    )


def test_hangup_ends_the_document() -> None:
    assert play(xml("<Hangup/>", SAY)).commands[1:] == [Answer()]


def test_call_that_is_over_ends_the_program_without_a_request() -> None:
    played = play(xml(SAY, SAY), results={Say: CallOver()})

    assert len(played.heard) == 1
    assert played.last == Finish()


def test_fax_is_said_to_be_impossible_and_told_to_both_its_addresses_as_failed() -> None:
    fax = '<Fax to="+12025550144" action="/sent" statusCallback="/fax">https://app.example/a.pdf</Fax>'
    played = play(xml(fax), xml())

    (told,) = played.heard
    assert isinstance(told, SendWebhook)
    assert (told.url, told.form[-1]) == ("https://app.example/fax", ("FaxStatus", "failed"))
    assert played.notes == [14199]
    assert (played.fetched[-1].url, played.form()["FaxStatus"]) == ("https://app.example/sent", "failed")
