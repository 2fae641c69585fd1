"""The actions that talk to rooms, queues, recognizers, assistants, mail and cases (reference 3.4, 3.5, 3.7)."""

from typing import Any
from uuid import UUID

import pytest

from dialplane.domain.addresses import Address
from dialplane.domain.programs.commands import (
    AskCallStatus,
    Beep,
    Block,
    CallStanding,
    CaseOpened,
    Command,
    ConferenceLeft,
    Converse,
    Conversed,
    DetectMachine,
    Done,
    Echo,
    EmailKept,
    Failed,
    Finish,
    FlowLoaded,
    Hangup,
    JoinConference,
    JoinQueue,
    LoadFlow,
    MachineDetected,
    Medium,
    Mute,
    OpenCase,
    QueueLeft,
    Result,
    SendEmail,
    SendToConversation,
    StartExternalMedia,
    StartTranscription,
    StopExternalMedia,
    StopTranscription,
    TranscribeRecording,
    TranscriptionStarted,
)
from tests.domain.test_flow_actions import NOW, A, holds, started

BEEP: dict[str, object] = {"type": "beep"}
B = "bbbbbbbb-0000-4000-8000-000000000009"
ANN = {"type": "email", "target": "ann@example.test"}
NON_RTC = {"ai_summary", "ai_task", "block"}


def begun(type: str, *, variables: dict[str, str] | None = None, **option: Any) -> Any:
    medium = Medium.NONE if type in NON_RTC else Medium.CALL
    return started(type, BEEP, medium=medium, variables=variables, **option)


@pytest.mark.parametrize(
    ("type", "option", "expected"),
    [
        ("ai_summary", {"reference_type": "call", "reference_id": A, "language": "de-DE"},
         Converse("summary", language="de-DE", reference_type="call", reference_id=UUID(A))),
        ("ai_talk", {"assistance_type": "team", "assistance_id": A, "duration": 60},
         Converse("talk", "team", UUID(A), 60)),
        ("ai_talk", {"ai_id": A}, Converse("talk", "ai", UUID(A))),
        ("ai_task", {"assistance_id": A}, Converse("task", "ai", UUID(A))),
        ("amd", {}, DetectMachine()),
        ("amd", {"machine_handle": "hangup", "async": True}, DetectMachine(wait=False, hang_up_on_machine=True)),
        ("block", {}, Block()),
        ("case_create", {"name": "n", "detail": "d", "note": "o", "sync": True}, OpenCase("n", "d", "o", True)),
        ("condition_call_status", {"status": "progressing"}, AskCallStatus()),
        ("confbridge_join", {"confbridge_id": A}, JoinConference(conference_id=UUID(A))),
        ("conference_join", {"conference_id": A}, JoinConference(conference_id=UUID(A))),
        ("conversation_send", {"conversation_id": A, "text": "Hi"}, SendToConversation(UUID(A), "Hi")),
        ("email_send",
         {"destinations": [ANN], "subject": "S", "content": "C",
          "attachments": [{"reference_type": "recording", "reference_id": A}]},
         SendEmail((Address("email", "ann@example.test"),), "S", "C", (UUID(A),))),
        ("external_media_start", {"external_host": "127.0.0.1:9"},
         StartExternalMedia("127.0.0.1:9", listen="in", speak="out")),
        ("external_media_start",
         {"external_host": "ws://a.test/", "encapsulation": "none", "transport": "websocket", "transport_data": "t",
          "connection_type": "client", "format": "slin", "direction_listen": "both", "direction_speak": "in",
          "data": "d"},
         StartExternalMedia("ws://a.test/", "none", "websocket", "t", "slin", "both", "in", "d")),
        ("external_media_stop", {}, StopExternalMedia()),
        ("mute", {}, Mute("both")),
        ("mute", {"direction": ""}, Mute("")),
        ("queue_join", {"queue_id": A}, JoinQueue(queue_id=UUID(A))),
        ("stream_echo", {}, Echo(180_000)),
        ("transcribe_recording", {"language": "fr-FR"}, TranscribeRecording(None, "fr-FR")),
        ("transcribe_start", {"language": "en-GB", "direction": "in", "provider": "gcp", "on_end_flow_id": A},
         StartTranscription("en-GB", "in", "gcp", UUID(A))),
        ("transcribe_start", {}, StartTranscription()),
        ("transcribe_stop", {}, StopTranscription()),
    ],
)  # fmt: skip
def test_action_asks_the_runtime_for(type: str, option: dict[str, Any], expected: Command) -> None:
    assert begun(type, **option)[1] == expected


@pytest.mark.parametrize(
    "type",
    ["ai_summary", "ai_task", "ai_talk", "condition_call_status", "conference_join", "queue_join"],
)
def test_failure_ends_the_run_and_says_why(type: str) -> None:
    options: dict[str, dict[str, Any]] = {
        "condition_call_status": {"status": "ringing"}, "conference_join": {"conference_id": A},
        "queue_join": {"queue_id": A},
    }  # fmt: skip
    run, _ = begun(type, **options.get(type, {}))

    ended = run.resume(Failed("not here"), NOW)

    assert isinstance(ended, Finish)
    assert ended.error.endswith(f"({type}): not here")
    assert run.record().executed_actions[-1]["error"] == "not here"


@pytest.mark.parametrize(
    ("type", "option"),
    [
        ("amd", {}), ("case_create", {}), ("confbridge_join", {"confbridge_id": A}),
        ("conversation_send", {"conversation_id": A, "text": "x"}), ("email_send", {"destinations": [ANN]}),
        ("external_media_start", {"external_host": "h:1"}), ("mute", {}), ("transcribe_start", {}),
        ("transcribe_recording", {}), ("stream_echo", {}),
    ],
)  # fmt: skip
def test_failure_is_noted_in_the_run_and_it_goes_on(type: str, option: dict[str, Any]) -> None:
    run, _ = begun(type, **option)

    told = run.resume(Failed("not here"), NOW)

    assert told == Beep()
    assert [action.get("error") for action in run.record().executed_actions] == ["not here", None]


@pytest.mark.parametrize(
    ("type", "option", "result", "expected"),
    [
        ("case_create", {}, CaseOpened(UUID(B)), {"contact_case_id": B}),
        ("transcribe_start", {"direction": "out"}, TranscriptionStarted(UUID(B)),
         {"voipbin.transcribe.id": B, "voipbin.transcribe.language": "en-US", "voipbin.transcribe.direction": "out"}),
        ("queue_join", {"queue_id": A}, QueueLeft("bridged", UUID(A), UUID(B), 3, 4, {"voipbin.queue.name": "desk"}),
         {"voipbin.queue.id": A, "voipbin.queue.name": "desk"}),
        ("conference_join", {"conference_id": A}, ConferenceLeft("left", facts={"voipbin.conference.size": "2"}),
         {"voipbin.conference.id": A, "voipbin.conference.size": "2"}),
        ("amd", {}, MachineDetected("machine_start"), {"voipbin.call.answered_by": "machine_start"}),
        ("ai_task", {"assistance_id": A}, Conversed(UUID(B), "Yes", "rules"),
         {"voipbin.aicall.id": B, "voipbin.aicall.ai_id": A, "voipbin.aicall.ai_engine_model": "rules",
          "voipbin.aicall.text": "Yes"}),
        ("ai_summary", {"reference_type": "call", "reference_id": A, "language": "en-US"}, Conversed(UUID(B), "Short"),
         {"voipbin.ai_summary.id": B, "voipbin.ai_summary.reference_type": "call",
          "voipbin.ai_summary.reference_id": A, "voipbin.ai_summary.language": "en-US",
          "voipbin.ai_summary.content": "Short"}),
    ],
)  # fmt: skip
def test_result_becomes_variables(type: str, option: dict[str, Any], result: Result, expected: dict[str, str]) -> None:
    run, _ = begun(type, **option)

    assert run.resume(result, NOW) == (Finish() if type in NON_RTC else Beep())
    assert run.record().variables == expected


@pytest.mark.parametrize(
    ("handle", "answered_by", "expected"),
    [
        ("hangup", "machine_end_beep", Hangup("amd")), ("hangup", "fax", Hangup("amd")),
        ("hangup", "human", Beep()), ("hangup", "unknown", Beep()), ("continue", "machine_start", Beep()),
    ],
)  # fmt: skip
def test_amd_hangs_up_on_a_machine_where_told(handle: str, answered_by: Any, expected: Command) -> None:
    run, _ = begun("amd", machine_handle=handle)

    assert run.resume(MachineDetected(answered_by), NOW) == expected


@pytest.mark.parametrize(
    ("type", "option", "result", "why"),
    [
        ("conference_join", {"conference_id": A}, ConferenceLeft("full"), "the conference is full"),
        ("queue_join", {"queue_id": A}, QueueLeft("queue-full"), "the queue did not take the call: queue-full"),
        ("queue_join", {"queue_id": A}, QueueLeft("error", reason="There is no such queue"), "There is no such queue"),
    ],
)
def test_room_that_took_nobody_in_is_a_failure_that_says_why(
    type: str, option: dict[str, Any], result: Result, why: str
) -> None:
    run, _ = begun(type, **option)

    end = run.resume(result, NOW)

    assert isinstance(end, Finish)
    assert end.error.endswith(why)


@pytest.mark.parametrize("why", ["left", "removed", "ended", "timeout"])
def test_conference_that_was_left_lets_the_flow_go_on(why: Any) -> None:
    run, _ = begun("conference_join", conference_id=A)

    assert run.resume(ConferenceLeft(why), NOW) == Beep()


@pytest.mark.parametrize(
    ("option", "digits", "expected"),
    [
        ({"length": 2}, "12", True), ({"length": 3}, "12", False), ({"key": "#"}, "1#", True),
        ({"key": "*"}, "1#", False), ({}, "1", False),
    ],
)  # fmt: skip
def test_digits_condition_looks_at_the_digits_that_are_there(
    option: dict[str, Any], digits: str, expected: bool
) -> None:
    assert holds("condition_call_digits", {"voipbin.call.digits": digits}, **option) is expected


@pytest.mark.parametrize(("status", "expected"), [("progressing", True), ("ringing", False)])
def test_status_condition_compares_with_the_call(status: str, expected: bool) -> None:
    more: tuple[dict[str, object], ...] = (BEEP, {"type": "answer", "id": A})
    run, _ = started("condition_call_status", *more, status="progressing", false_target_id=A)

    told = run.resume(CallStanding(status), NOW)

    assert (told == Beep()) is expected


def test_summary_is_followed_by_the_flow_that_it_names() -> None:
    run, _ = begun("ai_summary", on_end_flow_id=B)

    loading = run.resume(Conversed(UUID(A), "Short"), NOW)
    sending = run.resume(
        FlowLoaded(({"type": "webhook_send", "option": {"uri": "https://a.test/${voipbin.ai_summary.content}"}},)),
        NOW,
    )

    assert loading == LoadFlow(UUID(B))
    assert sending.url == "https://a.test/Short"


def test_last_recording_is_the_one_that_is_transcribed() -> None:
    _, told = begun("transcribe_recording", variables={"voipbin.recording.id": A})

    assert told == TranscribeRecording(UUID(A))


@pytest.mark.parametrize(
    ("type", "option", "result"),
    [
        ("ai_task", {}, Conversed(UUID(A), "x", warning="only rules")),
        ("email_send", {"destinations": [ANN]}, EmailKept(UUID(A), "only rules")),
    ],
)
def test_stand_in_for_what_is_not_configured_says_so_in_the_run(
    type: str, option: dict[str, Any], result: Result
) -> None:
    run, _ = begun(type, **option)
    run.resume(result, NOW)

    assert run.record().executed_actions[0]["warning"] == "only rules"


def test_empty_does_nothing_and_block_goes_on_when_it_is_let() -> None:
    assert begun("empty")[1] == Beep()
    run, _ = begun("block")
    assert run.resume(Done(), NOW) == Finish()


@pytest.mark.parametrize("type", sorted(NON_RTC))
def test_action_that_is_not_for_calls_is_skipped_on_one(type: str) -> None:
    assert started(type, BEEP, medium=Medium.CALL)[1] == Beep()


def test_mail_to_somebody_without_an_address_is_a_failure() -> None:
    """A kind that stands there is looked at when the flow is written, one that comes from a variable when it runs."""
    to = {"type": "${kind}", "target": "+15550100002"}
    run, told = begun("email_send", variables={"kind": "tel"}, destinations=[to])

    assert told == Beep()
    assert "type must be one of email" in run.problems[0]
