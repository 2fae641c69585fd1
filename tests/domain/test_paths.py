"""The difference of two ways."""

from dialplane.domain.simulation.paths import compare


def step(type: str, id: str = "", **option: object) -> dict[str, object]:
    return {"id": id, "type": type, "option": option}


def kinds(first: list[dict[str, object]], second: list[dict[str, object]]) -> list[str]:
    return [each.kind for each in compare(first, second)]


def test_ways_of_the_same_steps_are_the_same_whatever_their_ids() -> None:
    assert kinds([step("answer", "1"), step("beep")], [step("answer", "2"), step("beep")]) == ["same", "same"]


def test_other_words_are_a_change_and_other_steps_are_missing_and_new() -> None:
    first = [step("answer"), step("talk", text="Hi"), step("hangup")]

    assert kinds(first, [step("answer"), step("talk", text="Hello"), step("hangup")]) == ["same", "changed", "same"]
    assert kinds(first, [step("answer"), step("hangup")]) == ["same", "missing", "same"]
    assert kinds(first, [step("answer"), step("play"), step("hangup")]) == ["same", "missing", "new", "same"]
