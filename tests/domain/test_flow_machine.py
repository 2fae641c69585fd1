"""The flow machine: the order of execution, the limits, the rules for errors, and what its record tells."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplane.domain.addresses import tel
from dialplane.domain.flows.machine import APOLOGY, FlowProgram
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.programs import commands
from dialplane.domain.programs.commands import (
    Answer,
    Beep,
    CallsStarted,
    Command,
    Dialled,
    Digits,
    Done,
    Failed,
    Fetched,
    Finish,
    FlowLoaded,
    Hangup,
    LoadFlow,
    Medium,
    RecordingStarted,
    Result,
    Say,
    SendMessage,
    Sleep,
)  # fmt: skip

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
A, B, C, D = (f"aaaaaaaa-0000-4000-8000-00000000000{number}" for number in "1234")
BOB = {"type": "tel", "target": "+15550100002"}


def step(type: str, id: str = "", next_id: str = "", **option: object) -> dict[str, object]:
    return {"type": type, "id": id, "next_id": next_id, "option": option}


def program(
    *actions: object, medium: Medium = Medium.CALL, variables: dict[str, str] | None = None, after: UUID | None = None
) -> FlowProgram:
    return FlowProgram(validate_actions(list(actions)), medium=medium, variables=variables, on_complete_flow_id=after)


def answers(command: Command) -> Result:
    """A friendly world: everything works."""
    match command:
        case commands.Gather():
            return Digits("", "timeout")
        case commands.Dial():
            return Dialled("answered")
        case commands.StartCalls():
            return CallsStarted(())
        case commands.StartRecording():
            return RecordingStarted(uuid4())
        case commands.FetchDocument() | commands.SendWebhook():
            return Fetched(200, "[]")
        case commands.LoadFlow():
            return FlowLoaded(())
        case _:
            return Done()


def play(run: FlowProgram, *results: Result) -> list[Command]:
    """Every command to the end; `results` answer the first ones, the friendly world the rest."""
    waiting = iter(results)
    told = [run.start(NOW)]
    while not isinstance(told[-1], Hangup | Finish):
        told.append(run.resume(next(waiting, None) or answers(told[-1]), NOW))
    return told


def types(run: FlowProgram) -> list[object]:
    return [action["type"] for action in run.record().executed_actions]


# --- order -----------------------------------------------------------------------------------------------------------


def test_actions_run_in_their_order_and_then_the_run_finishes() -> None:
    assert play(program(step("answer"), step("beep"))) == [Answer(), Beep(), Finish()]


def test_empty_flow_finishes_at_once() -> None:
    assert play(program()) == [Finish()]


def test_next_id_goes_before_the_order_of_the_list() -> None:
    run = program(step("answer", next_id=C), step("beep"), step("sleep", id=C, duration=5))

    assert play(run) == [Answer(), Sleep(5), Finish()]


def test_jump_goes_before_next_id() -> None:
    run = program(step("branch", next_id=B, default_target_id=C), step("beep", id=B), step("sleep", id=C, duration=5))

    assert play(run) == [Sleep(5), Finish()]


@pytest.mark.parametrize(
    ("place", "expected"),
    [(0, [Beep(), Finish()]), (2, [Finish()]), (3, [Beep(), Finish()])],
    ids=["nil", "finish", "next"],
)
def test_reserved_places_mean_what_they_say(place: int, expected: list[Command]) -> None:
    run = program(step("branch", default_target_id=str(UUID(int=place))), step("beep"))

    assert play(run) == expected


def test_start_is_the_first_action_of_the_list() -> None:
    run = program(step("beep"), step("goto", target_id=str(UUID(int=1)), loop_count=2))

    assert play(run) == [Beep(), Beep(), Beep(), Finish()]


def test_fetched_actions_run_in_place_and_the_run_comes_back() -> None:
    run = program(step("fetch_flow", flow_id=A), step("beep"))

    told = play(run, FlowLoaded((step("sleep", duration=7),)))

    assert told == [LoadFlow(UUID(A)), Sleep(7), Beep(), Finish()]


def test_next_id_of_a_fetch_counts_after_its_list() -> None:
    run = program(step("fetch_flow", next_id=C, flow_id=A), step("beep"), step("sleep", id=C, duration=5))

    assert play(run, FlowLoaded((step("answer"),))) == [LoadFlow(UUID(A)), Answer(), Sleep(5), Finish()]


def test_stop_in_a_fetched_list_leaves_that_list_only() -> None:
    run = program(step("fetch_flow", flow_id=A), step("beep"))

    told = play(run, FlowLoaded((step("stop"), step("answer"))))

    assert told == [LoadFlow(UUID(A)), Beep(), Finish()]


def test_fetched_list_may_jump_out_of_itself() -> None:
    run = program(step("fetch", event_url="https://example.test/"), step("beep"), step("sleep", id=C, duration=5))

    told = play(run, Fetched(200, f'[{{"type": "goto", "option": {{"target_id": "{C}", "loop_count": 1}}}}]'))

    assert told[1:] == [Sleep(5), Finish()]


@pytest.mark.parametrize("medium", [Medium.MESSAGE, Medium.NONE])
def test_actions_that_need_a_call_are_skipped_in_silence_without_one(medium: Medium) -> None:
    run = program(step("talk", text="x"), step("message_send", destinations=[BOB], text="Hello"), medium=medium)

    assert play(run) == [SendMessage(None, (tel("+15550100002"),), "Hello"), Finish()]
    assert types(run) == ["message_send"]


def test_skipped_actions_are_named_in_the_record_beside_those_that_ran() -> None:
    """Nothing that cannot run goes untold, and still nobody hears of it."""
    run = program(
        step("talk", id=A, text="x"), step("variable_set", key="a", value="b"), step("beep", id=B), medium=Medium.NONE
    )

    play(run)

    (ran,) = run.record().executed_actions
    assert ran["skipped_before"] == [{"id": A, "type": "talk", "why": "does not suit a run without a call"}]
    assert ran["skipped_after"] == [{"id": B, "type": "beep", "why": "does not suit a run without a call"}]


def test_run_of_which_nothing_suits_says_so() -> None:
    run = program(step("block"), step("ai_task"))

    assert play(run) == [Finish("block does not suit a call, ai_task does not suit a call")]


# --- limits ----------------------------------------------------------------------------------------------------------


def test_flow_that_jumps_to_itself_is_stopped_and_the_caller_hears_an_error() -> None:
    """IN-3."""
    run = program(step("branch", id=A, default_target_id=A))

    told = play(run)

    assert told == [Say(APOLOGY), Finish("limit: 100 actions")]
    assert len(run.record().executed_actions) == 100
    assert run.record().error == "limit: 100 actions"


def test_skipped_actions_that_point_at_themselves_are_stopped_after_a_thousand_steps() -> None:
    """IN-3."""
    run = program(step("talk", id=A, next_id=A, text="x"), medium=Medium.MESSAGE)

    assert play(run) == [Finish("limit: 1000 steps")]


def test_flow_that_fetches_itself_is_stopped() -> None:
    """IN-3."""
    itself = step("fetch_flow", flow_id=A)
    run = program(itself, medium=Medium.NONE)
    run.start(NOW)

    told = [run.resume(FlowLoaded((itself,)), NOW) for _ in range(100)]

    assert told[-1] in (Finish("limit: 100 actions"), Finish("limit: 100 lists within each other"))


def test_loop_count_is_how_often_the_jump_is_made_in_all() -> None:
    run = program(step("beep", id=A), step("goto", target_id=A, loop_count=2))

    assert play(run) == [Beep(), Beep(), Beep(), Finish()]


@pytest.mark.parametrize("loop_count", [0, -1])
def test_no_jump_is_made_for_a_loop_count_of_nothing(loop_count: int) -> None:
    assert play(program(step("beep", id=A), step("goto", target_id=A, loop_count=loop_count))) == [Beep(), Finish()]


def test_substitution_cannot_fill_the_memory() -> None:
    run = program(
        step("variable_set", key="long", value="x" * 30_000),
        step("webhook_send", uri="https://example.test/", data="${long}" * 9_000),
        step("beep"),
    )

    assert play(run) == [Beep(), Finish()]
    assert "longer than 262144 characters" in run.problems[0]


# --- errors ----------------------------------------------------------------------------------------------------------

ENDS = [
    step("call", id=A, destinations=[BOB]),
    step("connect", id=A, destinations=[BOB]),
    step("message_send", id=A, destinations=[BOB], text="x"),
    step("fetch", id=A, event_url="https://example.test/"),
    step("fetch_flow", id=A, flow_id=B),
]
GOES_ON = [
    step("answer", id=A),
    step("beep", id=A),
    step("talk", id=A, text="x"),
    step("play", id=A, stream_urls=["https://example.test/"]),
    step("digits_receive", id=A, length=1),
    step("digits_send", id=A, digits="1"),
    step("sleep", id=A, duration=1),
    step("echo", id=A),
    step("recording_start", id=A),
    step("recording_stop", id=A),
    step("webhook_send", id=A, uri="https://example.test/", sync=True),
]


@pytest.mark.parametrize("action", ENDS, ids=lambda action: str(action["type"]))
def test_failure_of_this_action_ends_the_run(action: dict[str, object]) -> None:
    run = program(action, step("beep"))

    told = play(run, Failed("no luck"))

    assert told[1:] == [Finish(f"action {A} ({action['type']}): no luck")]
    assert (run.record().ended, run.record().error) == (True, f"action {A} ({action['type']}): no luck")


@pytest.mark.parametrize("action", GOES_ON, ids=lambda action: str(action["type"]))
def test_failure_of_this_action_is_noted_and_the_run_goes_on(action: dict[str, object]) -> None:
    run = program(action, step("stop"))

    told = play(run, Failed("no luck"))

    assert told[1:] == [Finish()]
    assert run.problems == [f"action {A} ({action['type']}): no luck"]


@pytest.mark.parametrize(
    "action",
    [
        step("branch", target_ids={"": "${nowhere}"}, default_target_id="${nowhere}x"),
        step("goto", target_id="${word}", loop_count=1),
        step("condition_variable", condition="${word}", variable="x"),
        step("condition_datetime", condition="==", hour="${word}"),
        step("condition_variable", condition="==", variable="x", value_string="y", false_target_id="${elsewhere}"),
    ],
)
def test_decision_that_substitution_spoils_ends_the_run(action: dict[str, object]) -> None:
    run = program(action, step("beep"), variables={"word": "soon", "elsewhere": D})

    told = play(run)

    assert isinstance(told[-1], Finish)
    assert told[-1].error
    assert Beep() not in told


def test_fetched_actions_are_checked_like_written_ones() -> None:
    run = program(step("fetch", event_url="https://example.test/"), step("beep"))

    told = play(run, Fetched(200, '[{"type": "dance"}]'))

    assert isinstance(told[-1], Finish)
    assert told[-1].error.endswith("action 0 (dance) is of an unknown type")


@pytest.mark.parametrize(
    "answer", [Fetched(204, ""), Fetched(200, "no json"), Fetched(200, "{}"), Fetched(200, "[" * 50_000)]
)
def test_fetch_takes_only_a_json_array_with_status_200(answer: Fetched) -> None:
    told = play(program(step("fetch", event_url="https://example.test/"), step("beep")), answer)

    assert isinstance(told[-1], Finish)
    assert told[-1].error


def test_result_of_a_wrong_kind_counts_as_failure() -> None:
    run = program(step("digits_receive", length=1), step("beep"))

    assert play(run, Done())[1:] == [Beep(), Finish()]
    assert run.problems


# --- the end ---------------------------------------------------------------------------------------------------------


def test_finish_names_the_flow_that_follows() -> None:
    after = UUID(D)

    assert play(program(after=after)) == [Finish("", after)]


def test_chain_of_flows_ends_after_five() -> None:
    run = program(after=UUID(D), variables={"voipbin.activeflow.complete_count": "5"})

    assert play(run) == [Finish("", None)]


def test_program_that_is_over_only_repeats_that_it_is() -> None:
    run = program(step("hangup", reason="busy"), step("beep"))

    assert play(run) == [Hangup("busy")]
    assert run.resume(Done(), NOW) == Finish()


# --- the record ------------------------------------------------------------------------------------------------------


def test_record_shows_actions_as_they_were_run() -> None:
    run = program(step("talk", id=A, text="Hello ${who}"), variables={"who": "Ann"})

    run.start(NOW)

    shown = {
        "id": A,
        "type": "talk",
        "option": {"text": "Hello Ann"},
        "tm_execute": "2026-01-15T09:30:00.000000Z",
    }
    record = run.record()
    assert (record.current_action, record.executed_actions, record.ended) == (shown, (shown,), False)


def test_record_is_the_same_object_until_something_changes() -> None:
    run = program(step("beep"), step("beep"))
    run.start(NOW)
    first = run.record()

    assert run.record() is first
    run.resume(Done(), NOW)
    assert run.record() is not first
    assert run.record().executed_actions[0] is first.executed_actions[0]
    assert run.record().variables is first.variables


def test_facts_from_the_runtime_are_there_at_once() -> None:
    run = program(step("talk", text="${voipbin.call.id}"))
    run.set_variables({"voipbin.call.id": "7"})

    assert run.start(NOW) == Say("7")
    assert run.record().variables == {"voipbin.call.id": "7"}


# --- properties ------------------------------------------------------------------------------------------------------

TEXT = st.sampled_from(["", "1", "x", "${x}", "${voipbin.call.digits}", "${long}"])
TARGET = st.sampled_from([A, B, C, D, "${x}", str(UUID(int=1)), str(UUID(int=2)), str(UUID(int=3))])
ACTION = st.one_of(
    st.builds(lambda target: step("branch", default_target_id=target, target_ids={"1": target}), TARGET),
    st.builds(lambda target, loops: step("goto", target_id=target, loop_count=loops), TARGET, st.integers(-1, 200)),
    st.builds(
        lambda target, text: step(
            "condition_variable", condition="!=", variable="x", value_string=text, false_target_id=target
        ),
        TARGET,
        TEXT,
    ),
    st.builds(lambda key, value: step("variable_set", key=key, value=value * 1000), TEXT, TEXT),
    st.builds(lambda text: step("talk", text=text), TEXT),
    st.just(step("digits_receive", duration=10, length=2)),
    st.just(step("fetch", event_url="https://example.test/")),
    st.just(step("fetch_flow", flow_id=A)),
    st.just(step("webhook_send", uri="https://example.test/", sync=True)),
    st.just(step("connect", destinations=[BOB])),
    st.just(step("stop")),
    st.just(step("hangup")),
)
RESULT = st.one_of(
    st.just(Done()),
    st.just(Failed("x")),
    st.builds(Digits, TEXT, st.just("timeout")),
    st.just(Dialled("busy")),
    st.just(Fetched(200, '[{"type": "talk", "option": {"text": "${x}"}}, {"type": "stop"}]')),
    st.just(Fetched(200, '{"x": "y", "voipbin.call.id": "forged", "n": 5}')),
    st.just(FlowLoaded((step("fetch_flow", flow_id=A),))),
    st.just(RecordingStarted(UUID(A))),
    st.just(CallsStarted(())),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(ACTION, min_size=4, max_size=8),
    st.lists(RESULT, min_size=1, max_size=10),
    st.sampled_from(list(Medium)),
)
def test_no_flow_and_no_results_keep_a_run_from_ending(
    actions: list[dict[str, object]], results: list[Result], medium: Medium
) -> None:
    """IN-3."""
    ids = iter((A, B, C, D))
    named = [action | {"id": next(ids, "")} for action in actions]
    run = program(*named, medium=medium, variables={"voipbin.call.id": "true"})
    commands_told = 1
    command = run.start(NOW)
    endless: Iterator[int] = count()

    while not isinstance(command, Hangup | Finish):
        command = run.resume(results[next(endless) % len(results)], NOW)
        commands_told += 1

    record = run.record()
    assert commands_told <= 102
    assert len(record.executed_actions) <= 100
    assert record.ended
    assert record.variables["voipbin.call.id"] == "true"
    assert sum(len(name) + len(value) for name, value in record.variables.items()) <= 256 * 1024 + 1000
