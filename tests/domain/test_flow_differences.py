"""What differs between two versions, step by step."""

from dialplane.domain.flows.differences import Change, compare_actions

ANSWER: dict[str, object] = {"id": "a", "type": "answer"}
TALK: dict[str, object] = {"id": "b", "type": "talk", "option": {"text": "Hello", "voice": {"gender": "male"}}}
HANGUP: dict[str, object] = {"id": "c", "type": "hangup"}


def changes(old: list[dict[str, object]], new: list[dict[str, object]]) -> list[tuple[str, object]]:
    return [(each.change.value, each.action["type"]) for each in compare_actions(old, new)]


def test_equal_lists_do_not_differ() -> None:
    assert {each.change for each in compare_actions([ANSWER, TALK], [ANSWER, TALK])} == {Change.SAME}


def test_step_that_came_and_step_that_went_stand_where_they_are_looked_for() -> None:
    beep: dict[str, object] = {"id": "d", "type": "beep"}

    assert changes([ANSWER, TALK, HANGUP], [ANSWER, beep, HANGUP]) == [
        ("same", "answer"),
        ("added", "beep"),
        ("removed", "talk"),
        ("same", "hangup"),
    ]


def test_changed_fields_are_told_one_by_one() -> None:
    other: dict[str, object] = {
        "id": "b",
        "type": "talk",
        "option": {"text": "Bye", "voice": {"gender": "male"}, "async": True},
    }

    (found,) = compare_actions([TALK], [other])

    assert [(field.path, field.old, field.new) for field in found.fields] == [
        ("option.text", "Hello", "Bye"),
        ("option.async", None, True),
    ]


def test_step_in_another_place_has_moved() -> None:
    assert sorted(changes([ANSWER, TALK, HANGUP], [TALK, ANSWER, HANGUP])).count(("same", "hangup")) == 1
    assert [kind for kind, _ in changes([ANSWER, TALK, HANGUP], [TALK, ANSWER, HANGUP])].count("moved") == 1


def test_flow_written_anew_without_ids_is_compared_by_type_and_order() -> None:
    old: list[dict[str, object]] = [{**ANSWER, "id": "x"}, {**TALK, "id": "y"}]

    assert changes(old, [ANSWER, TALK]) == [("same", "answer"), ("same", "talk")]
