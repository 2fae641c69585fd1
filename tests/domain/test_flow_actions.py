"""What each action type asks of the runtime, and what it makes of the result (reference 3.5 and 3.7)."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from dialplane.domain.addresses import Address, tel
from dialplane.domain.flows.catalogue import CATALOGUE
from dialplane.domain.flows.machine import FlowProgram
from dialplane.domain.flows.steps import BEGIN
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.programs.commands import (
    Answer,
    Beep,
    CallsStarted,
    Command,
    Dial,
    Dialled,
    Digits,
    Done,
    Echo,
    FetchDocument,
    Fetched,
    Finish,
    Gather,
    Hangup,
    LoadFlow,
    Medium,
    Party,
    Play,
    RecordingStarted,
    Result,
    Say,
    SendDigits,
    SendMessage,
    SendToConversation,
    SendWebhook,
    Sleep,
    StartCalls,
    StartExternalMedia,
    StartRecording,
    StopRecording,
)  # fmt: skip

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
"""A Thursday."""
A = "aaaaaaaa-0000-4000-8000-000000000001"
BOB = {"type": "tel", "target": "+1 (555) 010-0002"}
ANN = {"type": "sip", "target": "ann@example.test", "target_name": "Ann"}
BOB_ADDRESS = tel("+15550100002")
ANN_ADDRESS = Address("sip", "ann@example.test", "Ann")


def started(
    type: str,
    *more: dict[str, object],
    medium: Medium = Medium.CALL,
    variables: dict[str, str] | None = None,
    **option: Any,
) -> tuple[FlowProgram, Command]:
    actions = validate_actions([{"type": type, "option": option}, *more])
    run = FlowProgram(actions, medium=medium, variables=variables)
    return run, run.start(NOW)


def command(type: str, variables: dict[str, str] | None = None, **option: Any) -> Command:
    return started(type, variables=variables, **option)[1]


def holds(type: str, variables: dict[str, str] | None = None, **option: Any) -> bool:
    """Whether a condition goes on (beeps) instead of jumping."""
    yes: dict[str, object] = {"type": "beep"}
    no: dict[str, object] = {"type": "answer", "id": A}
    _, told = started(type, yes, no, variables=variables, false_target_id=A, **option)
    return told == Beep()


def heard(run: FlowProgram, *results: Result) -> list[Command]:
    return [run.resume(result, NOW) for result in results]


def test_every_available_type_has_a_step() -> None:
    assert set(BEGIN) == set(CATALOGUE)


@pytest.mark.parametrize(
    ("type", "option", "expected"),
    [
        ("answer", {}, Answer()),
        ("beep", {}, Beep()),
        ("talk", {"text": "Hello"}, Say("Hello")),
        (
            "talk",
            {"text": "Hallo", "language": "de-DE", "gender": "male", "digits_handle": "next", "async": True},
            Say("Hallo", "de-DE", "male", stop_on_digit=True, wait=False),
        ),
        ("talk", {"text": "x", "provider": "gcp", "voice_id": "v1"}, Say("x", provider="gcp", voice_id="v1")),
        ("play", {"stream_urls": ["https://a.test/1", "https://a.test/2"]}, Play(("https://a.test/1", "https://a.test/2"))),
        ("digits_send", {"digits": "12#"}, SendDigits("12#", 100, 100)),
        ("digits_send", {"digits": "1", "duration": 250, "interval": 0}, SendDigits("1", 250, 0)),
        ("sleep", {"duration": 1500}, Sleep(1500)),
        ("echo", {}, Echo(180_000)),
        ("recording_start", {}, StartRecording()),
        (
            "recording_start",
            {
                "format": "mp3", "end_of_silence": 3, "end_of_key": "any", "duration": 60, "beep_start": True,
                "on_end_flow_id": A,
            },
            StartRecording("mp3", 3, "0123456789ABCD*#", 60, True, UUID(A)),
        ),
        ("recording_start", {"end_of_key": "none"}, StartRecording()),
        ("recording_stop", {}, StopRecording()),
        ("hangup", {}, Hangup("normal")),
        ("hangup", {"reason": "busy", "reference_id": A}, Hangup("busy", UUID(A))),
        ("stop", {}, Finish()),
        ("fetch_flow", {"flow_id": A}, LoadFlow(UUID(A))),
        (
            "message_send",
            {"source": BOB, "destinations": [BOB], "text": "Hi"},
            SendMessage(BOB_ADDRESS, (BOB_ADDRESS,), "Hi"),
        ),
        ("webhook_send", {"uri": "https://a.test/"}, SendWebhook("https://a.test/")),
        (
            "webhook_send",
            {"uri": "https://a.test/", "method": "PUT", "data_type": "text/plain", "data": "x", "sync": True},
            SendWebhook("https://a.test/", "PUT", "x", "text/plain", True),
        ),
    ],
)  # fmt: skip
def test_action_asks_the_runtime_for(type: str, option: dict[str, Any], expected: Command) -> None:
    assert command(type, **option) == expected


# --- digits ----------------------------------------------------------------------------------------------------------


def test_digits_accumulate_with_the_end_key_kept() -> None:
    more: dict[str, object] = {"type": "digits_receive", "option": {"length": 5, "duration": 100}}
    run, first = started("digits_receive", more, key="#", duration=3000)

    told = heard(run, Digits("12#", "key"), Digits("45", "length"))

    assert first == Gather(3000, 0, "#")
    assert told == [Gather(100, 2, ""), Finish()]
    assert run.record().variables["voipbin.call.digits"] == "12#45"


@pytest.mark.parametrize("option", [{"length": 1}, {"key": "#"}])
def test_digits_that_are_there_already_fulfil_the_condition(option: dict[str, Any]) -> None:
    assert command("digits_receive", {"voipbin.call.digits": "1#"}, **option) == Finish()


@pytest.mark.parametrize("wanted", ["12", "12#"])
def test_decisions_find_digits_with_the_end_key_and_without_it(wanted: str) -> None:
    """The peer's documentation and its engine differ (3.7)."""
    gather: dict[str, object] = {"type": "digits_receive", "option": {"key": "#", "duration": 3000}}
    equal: dict[str, object] = {
        "type": "condition_variable",
        "option": {
            "condition": "==",
            "variable": "${voipbin.call.digits}",
            "value_string": wanted,
            "false_target_id": A,
        },
    }
    unlike: dict[str, object] = {
        "type": "condition_variable",
        "option": {"condition": "!=", "variable": "voipbin.call.digits", "value_string": wanted},
    }
    branch: dict[str, object] = {"type": "branch", "option": {"target_ids": {wanted: A}}}
    tail: list[dict[str, object]] = [{"type": "beep"}, {"type": "answer", "id": A}]

    for decision, expected in (([equal, branch], Answer()), ([unlike], Beep())):
        run = FlowProgram(validate_actions([gather, *decision, *tail]), medium=Medium.CALL)
        run.start(NOW)
        assert run.resume(Digits("12#", "key"), NOW) == expected


# --- decisions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["voipbin.call.digits", "${voipbin.call.digits}", None])
def test_branch_jumps_by_value_and_resets_the_variable(variable: str | None) -> None:
    option: dict[str, Any] = {"variable": variable} if variable else {}
    more: tuple[dict[str, object], ...] = ({"type": "beep"}, {"type": "answer", "id": A})

    run, told = started("branch", *more, variables={"voipbin.call.digits": "1"}, target_ids={"1": A}, **option)

    assert told == Answer()
    assert run.record().variables == {"voipbin.call.digits": ""}


def test_branch_without_a_target_for_the_value_takes_the_default_or_goes_on() -> None:
    more: tuple[dict[str, object], ...] = ({"type": "beep"}, {"type": "answer", "id": A})

    assert started("branch", *more, variable="x", target_ids={"1": A}, default_target_id=A)[1] == Answer()
    assert started("branch", *more, variable="x", target_ids={"1": A})[1] == Beep()


@pytest.mark.parametrize("written", ["word", "${word}"])
def test_condition_takes_a_bare_name_and_a_reference(written: str) -> None:
    assert holds("condition_variable", {"word": "HOURS"}, condition="==", variable=written, value_string="HOURS")
    assert not holds("condition_variable", {"word": "x"}, condition="==", variable=written, value_string="HOURS")


def test_value_of_a_reference_is_not_looked_up_again() -> None:
    variables = {"text": "secret", "secret": "42"}

    assert holds("condition_variable", variables, condition="==", variable="${text}", value_string="secret")


@pytest.mark.parametrize(
    ("condition", "value_type", "option", "expected"),
    [
        ("==", "number", {"value_number": 12}, True),
        (">", "number", {"value_number": 2}, True),
        ("<=", "number", {"value_number": 11.5}, False),
        (">", "string", {"value_string": "2"}, False),
        ("==", "length", {"value_length": 2}, True),
        ("<", "length", {"value_length": 2}, False),
        (">=", "length", {"value_length": 2}, True),
        ("!=", "string", {"value_string": "12"}, False),
    ],
)
def test_condition_compares_as_text_number_or_length(
    condition: str, value_type: str, option: dict[str, Any], expected: bool
) -> None:
    found = holds("condition_variable", {"x": "12"}, condition=condition, variable="x", value_type=value_type, **option)

    assert found is expected


def test_value_that_is_no_number_is_unlike_every_number() -> None:
    option: dict[str, Any] = {"variable": "x", "value_type": "number", "value_number": 0}

    assert [holds("condition_variable", condition=condition, **option) for condition in ("==", "!=", "<", ">=")] == [
        False, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ({"condition": "==", "hour": 9, "minute": 30}, True),
        ({"condition": "==", "hour": 9, "minute": -1}, True),
        ({"condition": "==", "hour": 9}, False),
        ({"condition": ">=", "hour": 9}, True),
        ({"condition": ">=", "minute": 0}, True),
        ({"condition": "<", "hour": 18, "minute": -1}, True),
        ({"condition": "==", "hour": -1, "minute": -1, "day": 15, "month": 1}, True),
        ({"condition": "==", "hour": -1, "minute": -1, "day": 16}, False),
        ({"condition": "==", "hour": -60, "minute": -2, "day": -7, "month": -(2**31)}, True),
        ({"condition": "==", "hour": -1, "minute": -1, "weekdays": [1, 2, 3, 4, 5]}, True),
        ({"condition": "==", "hour": -1, "minute": -1, "weekdays": [0, 6]}, False),
        ({"condition": "!=", "hour": -1, "minute": -1, "weekdays": [0, 6]}, True),
        ({"condition": "!=", "hour": -1, "minute": -1, "weekdays": [4, 5]}, False),
        ({"condition": "==", "hour": 18, "minute": 30, "timezone": "Asia/Seoul"}, True),
        ({"condition": "==", "hour": 4, "minute": 30, "timezone": "America/New_York"}, True),
    ],
)
def test_time_condition_compares_every_given_part(option: dict[str, Any], expected: bool) -> None:
    """09:30 UTC on Thursday 15 January; a left-out hour or minute is compared as 0, one below 0 is not compared."""
    assert holds("condition_datetime", **option) is expected


def test_sunday_is_day_0_and_follows_the_zone() -> None:
    actions = validate_actions(
        [
            {"type": "condition_datetime", "option": {
                "condition": "==", "hour": -1, "minute": -1, "weekdays": [0], "timezone": "Pacific/Auckland",
                "false_target_id": A,
            }},
            {"type": "beep"},
            {"type": "answer", "id": A},
        ]
    )  # fmt: skip
    saturday_noon_utc = datetime(2026, 1, 17, 12, 0, tzinfo=UTC)

    assert FlowProgram(actions, medium=Medium.CALL).start(saturday_noon_utc) == Beep()


def test_decision_stands_in_the_run_with_its_reason() -> None:
    """User-asks J: a time condition that does not fire says why."""
    run, _ = started("condition_datetime", condition=">=", hour=18, minute=-1, timezone="Europe/Berlin")

    (executed,) = run.record().executed_actions
    assert executed["why"] == "at 2026-01-15 10:30 Europe/Berlin (Thursday) hour 10 >= 18 is false"


def test_reference_data_is_the_call_as_json() -> None:
    variables = {"voipbin.call.id": A, "voipbin.call.source.type": "tel", "voipbin.call.source.target": "+15550100002"}

    told = command("talk", variables, text="${voipbin.flow.reference_data}")

    assert isinstance(told, Say)
    assert json.loads(told.text) == {"id": A, "source": {"type": "tel", "target": "+15550100002"}}


def test_decision_tells_why() -> None:
    run, _ = started("condition_datetime", condition="==", hour=10, minute=-1, timezone="Europe/Berlin")
    late, _ = started("condition_datetime", condition=">=", hour=18, minute=-1, timezone="Europe/Berlin")

    assert run.explanations == ["at 2026-01-15 10:30 Europe/Berlin (Thursday) every part is =="]
    assert late.explanations == ["at 2026-01-15 10:30 Europe/Berlin (Thursday) hour 10 >= 18 is false"]


def test_variable_is_set_and_used_by_later_actions() -> None:
    more: dict[str, object] = {"type": "talk", "option": {"text": "Hello ${who}${unknown}"}}

    assert started("variable_set", more, key="who", value="${name}", variables={"name": "Ann"})[1] == Say("Hello Ann")


def test_platform_s_own_variables_cannot_be_set() -> None:
    run, told = started("variable_set", key="voipbin.call.id", value="forged", variables={"voipbin.call.id": "7"})

    assert told == Finish()
    assert run.record().variables == {"voipbin.call.id": "7"}
    assert "cannot be set" in run.problems[0]


def test_goto_jumps() -> None:
    more: tuple[dict[str, object], ...] = ({"type": "beep"}, {"type": "answer", "id": A})

    assert started("goto", *more, target_id=A, loop_count=1)[1] == Answer()


# --- other parties ---------------------------------------------------------------------------------------------------


def test_connect_dials_and_goes_on_when_the_leg_ends() -> None:
    more: dict[str, object] = {"type": "beep"}
    run, told = started("connect", more, source=BOB, destinations=[ANN, BOB], early_media=True, anonymous="yes")

    assert told == Dial(BOB_ADDRESS, (Party(ANN_ADDRESS), Party(BOB_ADDRESS)), early_media=True, anonymous="yes")
    assert heard(run, Dialled("noanswer")) == [Beep()]


NOT_SHOWN = f"source {BOB_ADDRESS.target} is no normal number of the account and not verified: +12025550143 was shown"


@pytest.mark.parametrize(
    ("shown", "warning"),
    [
        (
            "+12025550143",
            NOT_SHOWN,
        ),
        (BOB_ADDRESS.target, None),
        ("", None),
    ],
)
def test_connect_tells_of_a_source_that_was_not_shown(shown: str, warning: str | None) -> None:
    """FRD-8: what may not be shown is replaced, and the run's record says so."""
    run, _ = started("connect", {"type": "beep"}, source=BOB, destinations=[ANN])

    heard(run, Dialled("busy", shown=shown))

    assert run.record().executed_actions[0].get("warning") == warning


@pytest.mark.parametrize(
    ("status", "reason"),
    [("answered", "normal"), ("busy", "busy"), ("noanswer", "noanswer"), ("failed", "failed"), ("cancel", "cancel")],
)
def test_connect_can_hang_up_with_the_reason_of_the_leg(status: str, reason: str) -> None:
    run, _ = started("connect", {"type": "beep"}, destinations=[BOB], relay_reason=True)

    told = heard(run, Dialled(status, UUID(A)))  # type: ignore[arg-type]  # the parameters are its words

    assert told == [Hangup(reason, UUID(A))]


def test_call_starts_others_and_goes_on() -> None:
    inner = [{"type": "talk", "option": {"text": "for ${who}"}}]
    run, told = started(
        "call", {"type": "beep"}, variables={"who": "Ann"}, destinations=[BOB], actions=inner, chained=True
    )

    substituted: tuple[dict[str, object], ...] = ({"type": "talk", "option": {"text": "for Ann"}},)
    assert told == StartCalls(None, (BOB_ADDRESS,), actions=substituted, chained=True)
    assert heard(run, CallsStarted((UUID(A),))) == [Beep()]


def test_recording_leaves_its_id_in_the_variables() -> None:
    run, _ = started("recording_start")
    heard(run, RecordingStarted(UUID(A)))

    assert run.record().variables == {
        "voipbin.recording.id": A, "voipbin.recording.format": "wav", "voipbin.recording.recording_name": A,
        "voipbin.recording.filenames": f"{A}.wav", "voipbin.recording.reference_type": "call",
        "voipbin.recording.reference_id": "",
    }  # fmt: skip


CONVERSATION = {
    "voipbin.conversation.id": A,
    "voipbin.conversation.peer.type": "tel",
    "voipbin.conversation.peer.target": "+15550100002",
    "voipbin.conversation_message.text": "HOURS",
}


@pytest.mark.parametrize("conversation_id", ["${voipbin.conversation.id}", A, ""])
def test_conversation_send_answers_the_peer(conversation_id: str) -> None:
    _, told = started(
        "conversation_send",
        medium=Medium.MESSAGE,
        variables=CONVERSATION,
        conversation_id=conversation_id,
        text="9 to 5",
    )

    assert told == SendMessage(None, (BOB_ADDRESS,), "9 to 5")


@pytest.mark.parametrize("variables", [CONVERSATION, {}])
def test_conversation_send_writes_into_any_conversation_that_is_named(variables: dict[str, str]) -> None:
    other = "bbbbbbbb-0000-4000-8000-000000000009"

    _, told = started("conversation_send", variables=variables, conversation_id=other, text="x")

    assert told == SendToConversation(UUID(other), "x")


def test_conversation_send_without_a_conversation_is_noted_and_the_run_goes_on() -> None:
    run, told = started("conversation_send", text="x")

    assert told == Finish()
    assert "conversation" in run.problems[0]


def test_auto_reply_of_the_documentation_answers_its_keyword() -> None:
    """The message flow of reference section 11, as it stands there."""
    flow = json.loads(
        """
        [
          {"type": "condition_variable", "option": {
             "condition": "==", "variable": "${voipbin.conversation_message.text}", "value_type": "string",
             "value_string": "HOURS", "false_target_id": "bbbbbbbb-0000-4000-8000-000000000009"}},
          {"type": "conversation_send", "option": {"conversation_id": "${voipbin.conversation.id}", "text": "9 to 5"}},
          {"id": "bbbbbbbb-0000-4000-8000-000000000009", "type": "stop"}]
        """
    )
    actions = validate_actions(flow)

    asked = FlowProgram(actions, medium=Medium.MESSAGE, variables=CONVERSATION).start(NOW)
    other = {**CONVERSATION, "voipbin.conversation_message.text": "hello"}
    chatted = FlowProgram(actions, medium=Medium.MESSAGE, variables=other).start(NOW)

    assert asked == SendMessage(None, (BOB_ADDRESS,), "9 to 5")
    assert chatted == Finish()


def test_answer_of_a_synchronous_webhook_becomes_variables() -> None:
    more: dict[str, object] = {"type": "talk", "option": {"text": "${name} ${age} ${tags} ${voipbin.call.id}"}}
    run, _ = started("webhook_send", more, variables={"voipbin.call.id": "7"}, uri="https://a.test/", sync=True)

    told = heard(run, Fetched(200, '{"name": "Ann", "age": 7, "tags": ["a"], "voipbin.call.id": "forged"}'))

    assert told == [Say('Ann 7 ["a"] 7')]


@pytest.mark.parametrize("body", ["", "[]", "no json", "[" * 50_000])
def test_answer_that_is_no_object_changes_nothing(body: str) -> None:
    run, _ = started("webhook_send", uri="https://a.test/", sync=True)

    assert heard(run, Fetched(200, body)) == [Finish()]
    assert run.record().variables == {}


def test_webhook_without_waiting_goes_on() -> None:
    run, _ = started("webhook_send", {"type": "beep"}, uri="https://a.test/")

    assert heard(run, Done()) == [Beep()]


def test_fetch_posts_the_run_and_runs_the_answer() -> None:
    variables = {"voipbin.activeflow.id": A, "voipbin.activeflow.reference_id": "ref"}
    run, told = started("fetch", variables=variables, event_url="https://a.test/")

    body = json.dumps({"activeflow_id": A, "reference_id": "ref"})
    assert told == FetchDocument("https://a.test/", "POST", body)
    assert heard(run, Fetched(200, '[{"type": "beep"}]')) == [Beep()]


def test_number_that_comes_from_a_variable_is_read_when_the_action_runs() -> None:
    assert command("sleep", {"wait": "250"}, duration="${wait}") == Sleep(250)


def test_number_from_a_variable_out_of_its_limits_is_a_failure_of_the_action() -> None:
    run, told = started("sleep", variables={"wait": "soon"}, duration="${wait}")

    assert told == Finish()
    assert "option.duration must be a whole number" in run.problems[0]


@pytest.mark.parametrize("source", [{}, {"type": "tel", "target": ""}, {"target": "${nobody}"}])
def test_source_without_a_target_counts_as_left_out(source: dict[str, str]) -> None:
    """Reference 4.3: the call comes from the number of the outbound config then."""
    _, command = started("connect", source=source, destinations=[{"type": "tel", "target": "+15550100002"}])

    assert isinstance(command, Dial)
    assert command.source is None


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ({"direction_listen": "both", "direction_speak": ""}, StartExternalMedia("192.0.2.1:4000", listen="both")),
        (
            {"encapsulation": "audiosocket", "transport": "tcp"},
            StartExternalMedia(
                "192.0.2.1:4000", encapsulation="audiosocket", transport="tcp", format="slin", listen="in", speak="out"
            ),
        ),
    ],
)
def test_external_media_takes_part_in_the_call_unless_told_otherwise(
    option: dict[str, Any], expected: StartExternalMedia
) -> None:
    _, told = started("external_media_start", external_host="192.0.2.1:4000", **option)

    assert told == expected
