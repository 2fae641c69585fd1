"""Documents: how they are read, asked for, failed and left (Restcomm reference 5.1 to 5.4)."""

import pytest

from dialplane.domain.programs.commands import (
    Answer,
    Failed,
    FetchDocument,
    Fetched,
    Finish,
    Hangup,
    Play,
    Say,
    Sleep,
    WriteNotification,
)
from dialplane.domain.rcml.document import DocumentFault, parse_document
from tests.domain.rcml.acting import TWILIO, URL, play, xml

SAY = "<Say>Hello</Say>"
HELLO = Say("Hello", gender="male")


def test_document_is_asked_for_with_the_parameters_in_order_and_its_verbs_run() -> None:
    played = play(xml("<Say>Hello</Say>", "<Play>hello.wav</Play>"))

    (asked,) = played.fetched
    assert (asked.url, asked.method, asked.signed, asked.timeout_s) == (URL, "POST", True, 6.0)
    assert [name for name, _ in asked.form] == [
        "CallSid", "AccountSid", "From", "To", "CallStatus", "ApiVersion", "Direction", "CallTimestamp",
    ]  # fmt: skip
    assert played.form()["CallStatus"] == "ringing"
    assert played.commands[1:] == [Answer(), HELLO, Play(("https://app.example/voice/hello.wav",))]
    assert played.last == Finish()


def test_twilio_gets_its_places_beside_and_its_time() -> None:
    played = play(xml(SAY), version=TWILIO)

    form = played.form()
    assert played.fetched[0].timeout_s == 15.0
    assert form["Caller"] == "+12125550111"
    assert (form["FromCountry"], form["ToCountry"], form["FromCity"]) == ("US", "US", "")


def test_names_and_headers_of_the_invite_are_told() -> None:
    form = play(
        xml(SAY), caller_name="Ann", forwarded_from="+12025550199", sip_headers=(("X-Tenant", "7"),), instance="ID1"
    ).form()

    assert form["CallerName"] == "Ann"
    assert form["ForwardedFrom"] == "+12025550199"
    assert form["SipHeader_X-Tenant"] == "7"
    assert form["InstanceId"] == "ID1"


def test_unknown_verb_is_skipped_and_its_children_run() -> None:
    played = play(xml(f"<Wrapper>{SAY}</Wrapper>", "<Pause/>"))

    assert played.heard == [HELLO, Sleep(1000)]
    assert played.notes == [12200]


@pytest.mark.parametrize("verb", ["Pay", "Prompt", "Foo"])
def test_unknown_verb_is_a_warning_for_twilio_and_skipped_with_all_of_it(verb: str) -> None:
    """Twilio: 12200, and the next verb."""
    played = play(xml(f"<{verb}><Say>not this</Say></{verb}>", SAY), version=TWILIO)

    assert (played.notes, len(played.heard)) == ([12200], 1)
    note = next(each for each in played.commands if isinstance(each, WriteNotification))
    assert not note.is_error


def test_names_are_case_sensitive() -> None:
    assert play(xml("<say>Hello</say>", SAY)).heard == [HELLO]


def test_bare_ampersand_is_repaired() -> None:
    assert play(xml("<Play>http://a.example/x?a=1&b=2</Play>")).heard == [Play(("http://a.example/x?a=1&b=2",))]


@pytest.mark.parametrize(
    "text",
    ['<!DOCTYPE a [<!ENTITY x "y">]><Response><Say>&x;</Say></Response>', "<Response>", "", "<a>" * 60 + "</a>" * 60],
)
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(DocumentFault):
        parse_document(text)


def test_pause_before_anything_else_waits_before_the_answer() -> None:
    played = play(xml('<Pause length="3"/>', SAY))

    assert played.commands[1:] == [Sleep(3000), Answer(), HELLO]


@pytest.mark.parametrize(("reason", "code"), [("", 603), ('reason="rejected"', 603), ('reason="busy"', 486)])
def test_reject_first_is_told_to_the_caller_without_an_answer(reason: str, code: int) -> None:
    played = play(xml(f"<Reject {reason}/>"))

    assert len(played.commands) == 1
    assert isinstance(played.last, Hangup)
    assert played.last.sip_code == code


def test_reject_after_the_answer_hangs_up() -> None:
    assert play(xml(SAY, "<Reject/>")).last == Hangup()


def test_redirect_replaces_the_document_and_what_follows_it_never_runs() -> None:
    played = play(xml("<Redirect>../next.xml</Redirect>", "<Say>never</Say>"), xml(SAY))

    assert [asked.url for asked in played.fetched] == [URL, "https://app.example/next.xml"]
    assert played.form()["CallStatus"] == "in-progress"
    assert played.heard == [HELLO]


def test_address_after_redirects_is_what_relative_ones_are_read_against() -> None:
    moved = Fetched(200, f"<Response>{'<Redirect>b.xml</Redirect>'}</Response>", "text/xml", url="https://b.example/x/")

    assert play(moved).fetched[1].url == "https://b.example/x/b.xml"


def test_wav_is_played_and_plain_text_is_said() -> None:
    assert play(Fetched(200, "", "audio/x-wav")).heard == [Play((URL,))]
    assert play(Fetched(200, " Hello ", "text/plain")).heard == [HELLO]


@pytest.mark.parametrize(
    "failure", [Failed("no answer in time"), Fetched(500, "oops", "text/html"), Fetched(200, "<R", "text/xml")]
)
def test_failing_first_document_is_asked_of_the_fallback(failure: Fetched | Failed) -> None:
    played = play(failure, xml(SAY), fallback="https://app.example/fallback.xml")

    assert [asked.url for asked in played.fetched] == [URL, "https://app.example/fallback.xml"]
    assert played.heard == [HELLO]
    assert len(played.notes) == 1


def test_twilio_tells_the_fallback_what_was_wrong() -> None:
    form = play(Fetched(500, ""), xml(SAY), fallback="https://f.example/", version=TWILIO).form()

    assert (form["ErrorCode"], form["ErrorUrl"]) == ("11200", URL)


def test_address_that_is_none_is_noted_as_that() -> None:
    played = play(xml(SAY, "<Redirect>ftp://app.example/next</Redirect>"), Failed("the URL is not an http address"))

    assert played.notes == [11100]


def test_document_that_twilio_could_not_retrieve_is_11200_whatever_was_answered() -> None:
    played = play(Fetched(404, "gone", "text/html"), version=TWILIO)

    assert played.notes == [11200]
    assert isinstance(played.last, Hangup)
    assert played.last.sip_code == 404


def test_missing_document_without_fallback_is_404_and_notification_21402() -> None:
    played = play(Fetched(404, "gone", "text/html"))

    assert played.notes == [21402]
    assert isinstance(played.last, Hangup)
    assert (played.last.sip_code, played.last.sip_reason) == (404, f"{URL} answered 404")


def test_failure_without_fallback_is_500_before_the_answer_and_bye_after() -> None:
    first, later = play(Failed("refused")), play(xml(SAY, "<Redirect>x</Redirect>"), Failed("refused"))

    assert isinstance(first.last, Hangup)
    assert first.last.sip_code == 500
    assert first.notes == later.notes == [11205]
    assert later.last == Hangup()


def test_document_in_another_encoding_than_it_says_is_asked_of_the_fallback() -> None:
    played = play(
        Fetched(200, "<Response><Say>caf\ufffd</Say></Response>", "text/xml"),
        xml(SAY),
        fallback="https://app.example/fallback.xml",
    )

    assert [each.url for each in played.fetched] == [URL, "https://app.example/fallback.xml"]
    assert played.notes == [12100]


def test_failing_fallback_is_as_no_fallback() -> None:
    played = play(Failed("refused"), Fetched(404, "", "text/html"), fallback="https://f.example/")

    assert played.notes == [11205, 21402]
    assert isinstance(played.last, Hangup)
    assert played.last.sip_code == 404


def test_notification_holds_the_request_and_the_answer() -> None:
    played = play(Fetched(500, "Traceback", "text/plain"))

    (note,) = [command for command in played.commands if isinstance(command, WriteNotification)]
    assert (note.request_url, note.request_method, note.response_body) == (URL, "POST", "Traceback")
    assert note.request_variables.startswith("CallSid=CA")


def test_other_content_types_are_12300() -> None:
    assert play(Fetched(200, "{}", "application/json")).notes == [12300]


def test_empty_document_is_500_for_restcomm_and_a_hang_up_for_twilio() -> None:
    restcomm, twilio = play(xml()), play(xml(), version=TWILIO)

    assert isinstance(restcomm.last, Hangup)
    assert restcomm.last.sip_code == 500
    assert (twilio.last, twilio.commands[-1]) == (Finish(), Answer())


def test_document_that_came_with_the_request_runs_without_asking_anybody() -> None:
    played = play(text=f"<Response>{SAY}</Response>", answered=True)

    assert played.commands == [HELLO]


def test_circle_of_redirects_ends_with_a_reason() -> None:
    played = play(*[xml("<Redirect>start.xml</Redirect>")] * 100)

    assert len(played.fetched) == 20
    assert played.error == "limit: 20 documents in a row without anything to hear"
    assert played.notes == [12101]


def test_documents_with_something_to_hear_may_come_back_more_often() -> None:
    played = play(*[xml(SAY, "<Redirect>start.xml</Redirect>")] * 1000)

    assert len(played.fetched) == 500
    assert played.error == "limit: 500 documents"


def test_verbs_have_a_limit() -> None:
    played = play(xml("<Pause/>" * 1500))

    assert len(played.heard) == 1000
    assert played.error == "limit: 1000 verbs"


def test_run_shows_documents_and_verbs_as_actions() -> None:
    played = play(xml('<Say voice="woman">Hello</Say>'))

    assert played.program is not None
    shown = [(action["type"], action["option"]) for action in played.program.record().executed_actions]
    assert shown == [
        ("document", {"url": URL, "method": "POST"}),
        ("Say", {"voice": "woman", "text": "Hello"}),
    ]
    assert isinstance(played.commands[0], FetchDocument)
