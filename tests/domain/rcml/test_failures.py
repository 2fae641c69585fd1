"""What becomes of a call whose document cannot be had: every event of reference 5.3, for a first and a later one."""

from collections.abc import Mapping

import pytest

from dialplane.domain.calling.calls import HangupReason
from dialplane.domain.programs.commands import Answer, Failed, Fetched, Finish, Hangup, Result, Say
from dialplane.domain.programs.sources import RESTCOMM_VERSION
from tests.domain.rcml.acting import TWILIO, URL, Played, play, xml

FALLBACK = "https://app.example/fallback.xml"
SAY = "<Say>Sorry</Say>"
SORRY = Say("Sorry", gender="male")
LEADS_ON = xml('<Redirect method="GET">later.xml</Redirect>')

EVENTS: Mapping[str, tuple[Result, int, int, int]] = {
    "no answer in time": (Failed("no answer within 6 s"), 500, 11205, 11205),
    "no connection": (Failed("refused"), 500, 11205, 11205),
    "500": (Fetched(500, "broken", "text/plain"), 500, 11206, 11200),
    "403": (Fetched(403, "", ""), 500, 11206, 11200),
    "404": (Fetched(404, "", ""), 404, 21402, 11200),
    "not well-formed": (Fetched(200, "<Response><Say>", "text/xml"), 500, 12100, 12100),
    "a DOCTYPE": (Fetched(200, "<!DOCTYPE a><Response/>", "text/xml"), 500, 12100, 12100),
    "no document": (Fetched(200, "%PDF", "application/pdf"), 500, 12300, 12300),
}
"""What comes back; the status that a caller hears who was not answered; the notification's code for each dialect."""


def codes(event: str, version: str) -> int:
    _, _, restcomm, twilio = EVENTS[event]
    return twilio if version == TWILIO else restcomm


def unanswered(event: str, played: Played) -> None:
    """404 or 500, with the reason."""
    assert isinstance(played.last, Hangup)
    assert (played.last.reason, played.last.sip_code) == (HangupReason.FAILED.value, EVENTS[event][1])
    assert played.last.sip_reason


@pytest.mark.parametrize("version", [RESTCOMM_VERSION, TWILIO])
@pytest.mark.parametrize("event", EVENTS)
def test_first_document_without_fallback_is_told_to_the_caller_who_was_not_answered(event: str, version: str) -> None:
    played = play(EVENTS[event][0], version=version)

    unanswered(event, played)
    assert played.notes == [codes(event, version)]
    assert [fetch.url for fetch in played.fetched] == [URL]


@pytest.mark.parametrize("version", [RESTCOMM_VERSION, TWILIO])
@pytest.mark.parametrize("event", EVENTS)
def test_first_document_is_asked_of_the_fallback_which_runs_in_its_place(event: str, version: str) -> None:
    played = play(EVENTS[event][0], xml(SAY), fallback=FALLBACK, version=version)

    told = {"ErrorCode": str(codes(event, version)), "ErrorUrl": URL} if version == TWILIO else {}
    assert played.heard == [SORRY]
    assert (played.fetched[1].url, played.notes) == (FALLBACK, [codes(event, version)])
    assert {name: value for name, value in played.form().items() if name.startswith("Error")} == told


@pytest.mark.parametrize("version", [RESTCOMM_VERSION, TWILIO])
@pytest.mark.parametrize("event", EVENTS)
def test_fallback_that_fails_too_is_as_none_and_both_are_noted(event: str, version: str) -> None:
    played = play(EVENTS[event][0], EVENTS[event][0], fallback=FALLBACK, version=version)

    unanswered(event, played)
    assert played.notes == [codes(event, version)] * 2
    assert [fetch.url for fetch in played.fetched] == [URL, FALLBACK]  # it is asked once


@pytest.mark.parametrize("version", [RESTCOMM_VERSION, TWILIO])
@pytest.mark.parametrize("event", EVENTS)
def test_later_document_hangs_up_or_is_asked_of_the_fallback(event: str, version: str) -> None:
    failing = EVENTS[event][0]
    alone = play(LEADS_ON, failing, answered=True, version=version)
    saved = play(LEADS_ON, failing, xml(SAY), answered=True, fallback=FALLBACK, version=version)

    assert (alone.last, alone.notes) == (Hangup(), [codes(event, version)])
    assert (saved.heard, saved.notes) == ([SORRY], [codes(event, version)])


@pytest.mark.parametrize("written", ["", "<Nonsense/>", "<say>small letters</say>"])
def test_document_without_a_verb_is_500_or_an_answer_and_a_hang_up(written: str) -> None:
    restcomm, twilio, later = (
        play(xml(written)),
        play(xml(written), version=TWILIO),
        play(xml(written), answered=True),
    )

    assert isinstance(restcomm.last, Hangup)
    assert restcomm.last.sip_code == 500
    assert (twilio.last, later.last) == (Finish(), Finish())
    assert any(isinstance(command, Answer) for command in twilio.commands)


@pytest.mark.parametrize("hints", [",".join(["tea"] * 51), "x" * 101])
def test_document_that_breaks_a_limit_inside_hangs_up_and_asks_no_fallback(hints: str) -> None:
    played = play(xml(f'<Gather input="speech" hints="{hints}"/>', SAY), fallback=FALLBACK)

    assert (played.last, len(played.fetched), played.heard) == (Hangup(), 1, [])
    assert played.notes == [13330]


@pytest.mark.parametrize(
    ("kind", "body", "heard"),
    [
        *((kind, f"<Response>{SAY}</Response>", "Say") for kind in ("text/xml", "application/xml", "text/html")),
        *((kind, "RIFF", "Play") for kind in ("audio/wav", "audio/wave", "audio/x-wav")),
        ("text/plain", "Sorry", "Say"),
        ("text/xml; charset=utf-8", f"<Response>{SAY}</Response>", "Say"),
    ],
)
def test_content_type_says_what_a_document_is(kind: str, body: str, heard: str) -> None:
    """Reference 5.2, *Content type of the answer*."""
    played = play(Fetched(200, body, kind))

    assert [type(command).__name__ for command in played.heard] == [heard]
    assert played.notes == []
