"""When a conference begins, who may enter, and when it ends for all."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, ConferenceId
from dialplane.domain.programs.rooms import Beeps
from dialplane.domain.rooms.conferences import (
    Conference,
    ConferenceStatus,
    beeps_on_entry,
    beeps_on_exit,
    check_conference,
    ends_for_all,
    has_place,
    has_started,
)

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Somebody:
    starts: bool


def conference(**fields: object) -> Conference:
    base = {"name": "a", "timeout_s": 0} | fields
    return Conference(
        ConferenceId(UUID(int=1)),
        AccountId(UUID(int=2)),
        status=ConferenceStatus.PROGRESSING,
        created_at=NOON,
        **base,  # type: ignore[arg-type]  # given by name
    )


def test_talk_begins_with_the_first_who_may_start_it() -> None:
    assert not has_started([Somebody(False), Somebody(False)])
    assert has_started([Somebody(False), Somebody(True)])


@pytest.mark.parametrize(
    ("leaver_ends", "remaining", "reason"),
    [
        (True, 5, "participant-with-end-conference-on-exit-left"),
        (True, 0, "participant-with-end-conference-on-exit-left"),
        (False, 0, "last-participant-left"),
        (False, 1, ""),
    ],
)
def test_leaving_ends_it_for_all_where_the_leaver_or_emptiness_says_so(
    leaver_ends: bool, remaining: int, reason: str
) -> None:
    assert ends_for_all(leaver_ends, remaining=remaining) == reason


def test_room_is_full_at_the_newcomers_limit_and_never_above_250() -> None:
    assert has_place(1, 2)
    assert not has_place(2, 2)
    assert not has_place(250, 1000)


@pytest.mark.parametrize(
    ("beep", "entry", "exit_"),
    [("true", True, True), ("false", False, False), ("onEnter", True, False), ("onExit", False, True)],
)
def test_beeps_are_heard_as_the_newcomer_wants(beep: Beeps, entry: bool, exit_: bool) -> None:
    assert (beeps_on_entry(beep), beeps_on_exit(beep)) == (entry, exit_)


def test_timeout_counts_from_the_making() -> None:
    assert conference(timeout_s=60).expires_at == NOON + timedelta(seconds=60)
    assert conference().expires_at is None


@pytest.mark.parametrize(("field", "value"), [("name", "x" * 256), ("detail", "x" * 4097)])
def test_text_that_is_too_long_is_refused_by_name(field: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_conference(conference(**{field: value}))

    assert refused.value.field == field
