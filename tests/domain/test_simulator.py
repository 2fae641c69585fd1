"""Programs of both languages against a script: callers, clocks, web answers, outcomes, machines (issue's part 7)."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.programs.sources import DocumentSource, DocumentText
from dialplane.domain.simulation.script import CallerTurn, DialOutcome, HttpAnswer, Script
from dialplane.domain.simulation.simulator import DryRun, Simulator, document_maker, flow_maker

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
A, B = "aaaaaaaa-0000-4000-8000-00000000000a", "aaaaaaaa-0000-4000-8000-00000000000b"
URL = "https://app.example/next"


def talk(text: str, **more: object) -> dict[str, object]:
    return {"type": "talk", "option": {"text": text}, **more}


MENU: tuple[dict[str, object], ...] = (
    talk("Press 1 or 2"),
    {"type": "digits_receive", "option": {"duration": 5000, "length": 1}},
    {"type": "branch", "option": {"target_ids": {"1": A}, "default_target_id": B}},
    talk("One", id=A, next_id="00000000-0000-0000-0000-000000000002"),
    talk("Other", id=B),
)


def played(*actions: dict[str, object], **script: Any) -> DryRun:
    return Simulator(flow_maker(validate_actions(list(actions))), Script(NOW, **script), {}).play()


def document(xml: str, **script: Any) -> DryRun:
    return Simulator(document_maker(DocumentText(xml)), Script(NOW, **script), {}).play()


def types(run: DryRun) -> list[object]:
    return [step.action["type"] for step in run.steps]


# --- callers ---------------------------------------------------------------------------------------------------------


def test_caller_answers_the_next_question() -> None:
    assert played(*MENU, caller=(CallerTurn("1"),)).said == ("Press 1 or 2", "One")
    assert played(*MENU).said == ("Press 1 or 2", "Other")


def test_key_that_is_pressed_at_its_time_counts_for_the_question_of_that_time() -> None:
    early = played(*MENU, caller=(CallerTurn("1", at_ms=500),))
    late = played(*MENU, caller=(CallerTurn("1", at_ms=60_000),))

    assert early.said[-1] == "One"
    assert late.said[-1] == "Other"


def test_caller_who_hangs_up_ends_the_run_where_it_stands() -> None:
    run = played(*MENU, {"type": "sleep", "option": {"duration": 60_000}}, talk("Never"), hangs_up_at_ms=4_000)

    assert (run.ended, run.duration_ms) == ("caller", 4_000)
    assert "Never" not in run.said


def test_what_nobody_asked_for_is_a_problem() -> None:
    run = played({"type": "answer"}, caller=(CallerTurn("1"), CallerTurn(say="Hello")))

    assert run.problems == ("digits ['1'] were never asked for", "['Hello'] was never listened to")


# --- the world -------------------------------------------------------------------------------------------------------


def test_server_answers_one_after_the_other_and_the_last_again() -> None:
    ask: dict[str, object] = {"type": "webhook_send", "option": {"uri": URL, "sync": True}}
    answers = (HttpAnswer(body='{"n": "1"}'), HttpAnswer(body='{"n": "2"}'))

    run = played(ask, talk("${n}"), ask, talk("${n}"), ask, talk("${n}"), http={URL: answers})

    assert run.said == ("1", "2", "2")


def test_server_that_does_not_answer_ends_a_fetch() -> None:
    run = played({"type": "fetch", "option": {"event_url": URL}}, talk("x"), http={URL: (HttpAnswer(0),)})

    assert run.ended == "error"
    assert "nobody answers" in run.problems[0]


@pytest.mark.parametrize(
    ("status", "talk_s", "duration_ms"), [("answered", 10, 15_000), ("busy", 60, 5_000), ("noanswer", 60, 5_000)]
)
def test_dialled_party_does_as_the_script_says(status: Any, talk_s: int, duration_ms: int) -> None:
    connect: dict[str, object] = {
        "type": "connect",
        "option": {"destinations": [{"type": "tel", "target": "+15550100002"}]},
    }
    run = played(connect, dial=(DialOutcome("+15550100002", status, talk_s),))

    assert run.duration_ms == duration_ms
    assert run.steps[0].result == f"the leg ended: {status}"


def test_outcomes_of_one_party_come_in_their_order() -> None:
    connect: dict[str, object] = {"type": "connect", "option": {"destinations": [{"type": "sip", "target": "a@b"}]}}
    run = played(connect, connect, dial=(DialOutcome("a@b", "busy"), DialOutcome("a@b", "answered", 1)))

    assert [step.result for step in run.steps] == ["the leg ended: busy", "the leg ended: answered"]


@pytest.mark.parametrize(("answered_by", "ended"), [("human", "finished"), ("machine_start", "hangup")])
def test_machine_detection_finds_what_the_script_says(answered_by: Any, ended: str) -> None:
    run = played({"type": "amd", "option": {"machine_handle": "hangup"}}, answered_by=answered_by, is_answered=True)

    assert run.ended == ended


def test_every_action_of_the_dialect_can_be_played() -> None:
    """Nothing answers "not part of a dry run"."""
    run = played(
        {"type": "mute"}, {"type": "stream_echo", "option": {"duration": 1}}, {"type": "transcribe_start"},
        {"type": "transcribe_stop"}, {"type": "transcribe_recording"}, {"type": "case_create"},
        {"type": "conference_join", "option": {"conference_id": A}},
        {"type": "confbridge_join", "option": {"confbridge_id": A}},
        {"type": "queue_join", "option": {"queue_id": A}},
        {"type": "external_media_start", "option": {"external_host": "h:1"}}, {"type": "external_media_stop"},
        {"type": "email_send", "option": {"destinations": [{"type": "email", "target": "a@b.test"}]}},
        {"type": "condition_call_status", "option": {"status": "progressing"}},
        {"type": "condition_call_digits", "option": {"length": 0}}, {"type": "empty"},
        {"type": "conversation_send", "option": {"conversation_id": A, "text": "x"}},
    )  # fmt: skip

    assert run.problems == ()
    assert len(run.steps) == 16


def test_talk_with_the_assistant_goes_on_until_one_takes_leave() -> None:
    run = played({"type": "ai_talk"}, caller=(CallerTurn(say="Red"), CallerTurn(say="bye")))

    assert run.said == ("Hello. How can I help you?", "You said: Red", "Goodbye.")
    assert run.problems == ()


def test_flow_that_was_not_given_is_missing() -> None:
    fetch: dict[str, object] = {"type": "fetch_flow", "option": {"flow_id": A}}
    simulator = Simulator(flow_maker(validate_actions([fetch])), Script(NOW), {})

    assert simulator.play().ended == "error"
    assert simulator.missing == {UUID(A)}


# --- documents -------------------------------------------------------------------------------------------------------

HELLO = "<Response><Say>Hello</Say><Hangup/></Response>"
GATHER = f"<Response><Gather numDigits='1' action='{URL}'><Say>Press</Say></Gather><Say>Nothing</Say></Response>"


def test_document_is_played_like_a_flow() -> None:
    run = document(HELLO)

    assert (run.said, run.ended, types(run)) == (("Hello",), "hangup", ["Say", "Hangup"])


def test_document_asks_the_server_of_the_script() -> None:
    pressed = document(GATHER, caller=(CallerTurn("1"),), http={URL: (HttpAnswer(body=HELLO),)})
    silent = document(GATHER)

    assert pressed.said == ("Press", "Hello")
    assert silent.said == ("Press", "Nothing")


def test_document_behind_an_address_is_fetched_from_the_script() -> None:
    make = document_maker(DocumentSource(URL))

    found = Simulator(make, Script(NOW, http={URL: (HttpAnswer(body=HELLO),)}), {}).play()
    missing = Simulator(make, Script(NOW), {}).play()

    assert found.said == ("Hello",)
    assert any("put it into http" in problem for problem in missing.problems)


def test_speech_is_heard_by_a_gather_that_wants_it() -> None:
    xml = f"<Response><Gather input='speech' action='{URL}'/><Say>Nothing</Say></Response>"

    run = document(xml, caller=(CallerTurn(say="sales please"),), http={URL: (HttpAnswer(body=HELLO),)})

    assert run.said == ("Hello",)
