"""Flows are checked when they are written; each refusal names the action and the field."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.domain.errors import Invalid
from dialplane.domain.flows.action import Action, from_document
from dialplane.domain.flows.catalogue import CATALOGUE
from dialplane.domain.flows.validation import check_medium, validate_actions
from dialplane.domain.programs.commands import Medium

ONE = "aaaaaaaa-0000-4000-8000-000000000001"
TWO = "aaaaaaaa-0000-4000-8000-000000000002"
NOWHERE = "bbbbbbbb-0000-4000-8000-000000000009"
BOB = {"type": "tel", "target": "+15550100002"}

GOOD: dict[str, dict[str, object]] = {
    "condition_call_status": {"status": "progressing"},
    "confbridge_join": {"confbridge_id": ONE},
    "conference_join": {"conference_id": ONE},
    "email_send": {"destinations": [{"type": "email", "target": "ann@example.test"}], "subject": "Hi"},
    "external_media_start": {"external_host": "127.0.0.1:9000"},
    "queue_join": {"queue_id": ONE},
    "branch": {"target_ids": {"1": ONE}, "default_target_id": ONE},
    "call": {"destinations": [BOB], "actions": [{"type": "answer"}]},
    "condition_datetime": {"condition": "==", "weekdays": [0, 6], "timezone": "Asia/Seoul"},
    "condition_variable": {"condition": "==", "variable": "voipbin.call.digits"},
    "connect": {"source": BOB, "destinations": [BOB]},
    "conversation_send": {"text": "9 to 5"},
    "digits_send": {"digits": "12#"},
    "fetch": {"event_url": "https://example.test/next"},
    "fetch_flow": {"flow_id": ONE},
    "goto": {"target_id": ONE, "loop_count": 2},
    "message_send": {"destinations": [BOB], "text": "Hello"},
    "play": {"stream_urls": ["https://example.test/a.wav"]},
    "talk": {"text": "Hello"},
    "variable_set": {"key": "who", "value": "Ann"},
    "webhook_send": {"uri": "https://example.test/hook"},
}


def action(type: str, **option: object) -> dict[str, object]:
    return {"id": ONE, "type": type, "option": {**GOOD.get(type, {}), **option}}


def refusal(*actions: object) -> Invalid:
    with pytest.raises(Invalid) as refused:
        validate_actions(list(actions))
    return refused.value


def test_catalogue_knows_the_44_types_of_the_dialect() -> None:
    assert len(CATALOGUE) == 44


@pytest.mark.parametrize("type", sorted(CATALOGUE))
def test_action_with_good_options_is_taken_as_it_was_written(type: str) -> None:
    raw = action(type, colour="unknown keys are kept")

    (taken,) = validate_actions([raw])

    assert taken.document() == raw
    assert from_document(taken.document()) == taken


def test_action_without_id_gets_one_of_its_own() -> None:
    first, second = validate_actions([{"type": "answer"}, {"type": "answer", "id": ""}])

    assert first.id != second.id
    assert first.id.version == 4


def test_unknown_type_is_refused_by_name() -> None:
    refused = refusal({"type": "chatbot_talk"})

    assert (refused.reason, refused.field) == ("INVALID_ACTION_TYPE", "actions[0].type")
    assert refused.message == "action 0 (chatbot_talk) is of an unknown type"


@pytest.mark.parametrize("raw", [{}, {"type": ""}, {"type": 7}, {"type": None}])
def test_action_without_type_is_refused(raw: object) -> None:
    refused = refusal(raw)

    assert (refused.reason, refused.field) == ("INVALID_ACTION_TYPE", "actions[0].type")


@pytest.mark.parametrize(
    ("type", "option", "field"),
    [
        ("digits_receive", {"duration": "5000"}, "duration"),
        ("digits_receive", {"duration": -1}, "duration"),
        ("digits_receive", {"duration": 3_600_001}, "duration"),
        ("digits_receive", {"duration": True}, "duration"),
        ("digits_receive", {"key": "x"}, "key"),
        ("digits_send", {"digits": ""}, "digits"),
        ("digits_send", {"digits": "1" * 101}, "digits"),
        ("digits_send", {"duration": 99}, "duration"),
        ("digits_send", {"interval": 5001}, "interval"),
        ("talk", {"text": 5}, "text"),
        ("talk", {"text": "x" * 10_001}, "text"),
        ("talk", {"language": "not a language"}, "language"),
        ("talk", {"digits_handle": "stop"}, "digits_handle"),
        ("talk", {"async": "yes"}, "async"),
        ("play", {"stream_urls": ["ftp://example.test/a.wav"]}, "stream_urls[0]"),
        ("play", {"stream_urls": []}, "stream_urls"),
        ("connect", {"destinations": []}, "destinations"),
        ("connect", {"destinations": [{"type": "tel", "target": "0123"}]}, "destinations[0].target"),
        ("connect", {"destinations": [{"type": "pigeon", "target": "x"}]}, "destinations[0].type"),
        ("connect", {"destinations": ["+15550100002"]}, "destinations[0]"),
        ("connect", {"destinations": [{}]}, "destinations[0].type"),
        ("connect", {"destinations": [{"type": "pigeon", "target": "${who}"}]}, "destinations[0].type"),
        ("connect", {"destinations": [{"target": "0123", "type": "tel", "name": "${who}"}]}, "destinations[0].target"),
        ("email_send", {"destinations": [BOB]}, "destinations[0].type"),
        ("message_send", {"destinations": [{"type": "email", "target": "${who}"}]}, "destinations[0].type"),
        ("message_send", {"source": {"type": "agent", "target": ONE}}, "source.type"),
        ("condition_datetime", {"condition": "~"}, "condition"),
        ("condition_datetime", {"hour": 24}, "hour"),
        ("condition_datetime", {"weekdays": [7]}, "weekdays[0]"),
        ("condition_datetime", {"timezone": "Berlin"}, "timezone"),
        ("condition_datetime", {"timezone": "../etc/passwd"}, "timezone"),
        ("condition_datetime", {"timezone": "Europe"}, "timezone"),
        ("condition_variable", {"value_type": "date"}, "value_type"),
        ("condition_variable", {"value_number": "many"}, "value_number"),
        ("hangup", {"reason": "boredom"}, "reason"),
        ("hangup", {"reference_id": "7"}, "reference_id"),
        ("recording_start", {"format": "flac"}, "format"),
        ("webhook_send", {"uri": "example.test"}, "uri"),
        ("webhook_send", {"uri": "http://[::1"}, "uri"),
        ("webhook_send", {"method": "PATCH"}, "method"),
        ("webhook_send", {"data_type": "text/plain\r\nX: y"}, "data_type"),
        ("branch", {"target_ids": ["1"]}, "target_ids"),
        ("goto", {"loop_count": 1.5}, "loop_count"),
    ],
)
def test_option_out_of_its_limits_is_refused_by_its_path(type: str, option: dict[str, object], field: str) -> None:
    refused = refusal({"type": "answer"}, {"type": "answer"}, action(type, **option))

    assert refused.reason == "INVALID_ARGUMENT"
    assert refused.field == f"actions[2].option.{field}"
    assert refused.message.startswith(f"action 2 ({type}, id {ONE}) option.{field} must")


@pytest.mark.parametrize("type", ["call", "connect"])
def test_anonymous_has_a_reason_of_its_own(type: str) -> None:
    refused = refusal(action(type, anonymous="perhaps"))

    assert (refused.reason, refused.field) == ("INVALID_ANONYMOUS_VALUE", "actions[0].option.anonymous")


def test_missing_option_is_named() -> None:
    refused = refusal({"type": "talk"})

    assert refused.field == "actions[0].option.text"


@pytest.mark.parametrize("nothing", ["", str(UUID(int=0))])
@pytest.mark.parametrize(
    ("type", "option"), [("fetch_flow", "flow_id"), ("conference_join", "conference_id"), ("queue_join", "queue_id")]
)
def test_id_that_names_nothing_is_missing_where_one_is_needed(type: str, option: str, nothing: str) -> None:
    refused = refusal(action(type, **{option: nothing}))

    assert refused.field == f"actions[0].option.{option}"
    assert refused.message.endswith(f"needs option.{option}")


@pytest.mark.parametrize(
    ("type", "option", "field"),
    [
        ("branch", {"target_ids": {"1": NOWHERE}}, "option.target_ids.1"),
        ("branch", {"default_target_id": NOWHERE}, "option.default_target_id"),
        ("condition_variable", {"false_target_id": NOWHERE}, "option.false_target_id"),
        ("condition_datetime", {"false_target_id": NOWHERE}, "option.false_target_id"),
        ("goto", {"target_id": NOWHERE}, "option.target_id"),
    ],
)
def test_jump_to_nowhere_is_refused(type: str, option: dict[str, object], field: str) -> None:
    refused = refusal(action(type, **option))

    assert (refused.reason, refused.field) == ("INVALID_ARGUMENT", f"actions[0].{field}")
    assert NOWHERE in refused.message


def test_next_id_must_be_an_action_of_the_flow() -> None:
    assert refusal({"type": "answer", "next_id": NOWHERE}).field == "actions[0].next_id"


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_reserved_places_may_be_jumped_to(place: int) -> None:
    target = str(UUID(int=place))

    validate_actions([action("goto", target_id=target), {"type": "answer", "next_id": target}])


@pytest.mark.parametrize("place", [1, 2, 3])
def test_reserved_places_are_no_ids_of_actions(place: int) -> None:
    assert refusal({"type": "answer", "id": str(UUID(int=place))}).field == "actions[0].id"


def test_same_id_twice_is_refused() -> None:
    refused = refusal({"type": "answer", "id": ONE}, {"type": "beep", "id": ONE.upper()})

    assert refused.field == "actions[1].id"


def test_values_with_references_are_left_for_the_run() -> None:
    validate_actions(
        [
            action("digits_receive", duration="${wait}"),
            {"id": TWO, "type": "goto", "option": {"target_id": "${where}", "loop_count": "${times}"}},
            {"type": "connect", "option": {"destinations": [{"type": "tel", "target": "${who}"}]}},
            {"type": "webhook_send", "option": {"uri": "${url}"}},
        ]
    )


def test_actions_within_a_call_are_checked_too() -> None:
    refused = refusal(action("call", actions=[{"type": "answer"}, {"type": "sleep", "option": {"duration": "x"}}]))

    assert refused.field == "actions[0].option.actions[1].option.duration"


def test_flow_of_a_thousand_actions_is_taken_and_one_more_is_not() -> None:
    validate_actions([{"type": "answer"}] * 1000)

    assert "1000 actions" in refusal(*[{"type": "answer"}] * 1001).message


def test_too_deep_and_too_large_values_are_refused() -> None:
    deep: object = "x"
    for _ in range(100_000):
        deep = [deep]

    assert refusal({"type": "answer", "option": {"deep": deep}}).field == "actions"
    assert refusal({"type": "answer", "option": {"text": "x" * 1024 * 1024}}).field == "actions"


def test_call_only_action_is_refused_in_a_message_flow_by_name() -> None:
    actions = validate_actions([action("message_send"), {"id": TWO, "type": "talk", "option": {"text": "Hello"}}])

    with pytest.raises(Invalid) as refused:
        check_medium(actions, Medium.MESSAGE)

    assert refused.value.field == "actions[1].type"
    assert refused.value.message == f"action 1 (talk, id {TWO}) needs a call and cannot be used in a message flow"
    check_medium(actions, Medium.CALL)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from([ONE, "${x}"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
OPTION_NAMES = sorted({name for type in CATALOGUE.values() for name in type.options})
ACTIONS = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(CATALOGUE)) | JSON},
    optional={
        "id": st.sampled_from([ONE, TWO]) | JSON,
        "next_id": st.sampled_from([ONE, NOWHERE]) | JSON,
        "option": st.dictionaries(st.sampled_from(OPTION_NAMES), JSON, max_size=5) | JSON,
    },
)


@given(st.lists(ACTIONS | JSON, max_size=4) | JSON)
def test_any_json_validates_or_is_refused_and_nothing_else(raw: object) -> None:
    refused: Invalid | None = None
    taken: tuple[Action, ...] = ()
    try:
        taken = validate_actions(raw)
    except Invalid as refusal:
        refused = refusal

    if refused is None:
        assert validate_actions([action.document() for action in taken]) == taken
    else:
        assert refused.reason in {"INVALID_ACTION_TYPE", "INVALID_ARGUMENT", "INVALID_ANONYMOUS_VALUE"}
        assert refused.field.startswith("actions")
