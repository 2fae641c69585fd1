"""How many calls a campaign begins, which destination of a target it tries, and what a try makes of its target."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dialplane.domain.addresses import tel
from dialplane.domain.campaigns.campaigns import (
    LOST_AFTER,
    MOST_AT_ONCE,
    Campaign,
    Campaigncall,
    CampaigncallStatus,
    Standing,
    after_try,
    given_back,
    moved_on,
    next_destination,
    places,
)
from dialplane.domain.campaigns.outdials import OutdialTarget, TargetStatus
from dialplane.domain.campaigns.outplans import Outplan
from dialplane.domain.ids import AccountId

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
ID = UUID(int=1)
OURS = AccountId(UUID(int=2))
PLAN = Outplan(ID, OURS, "plan", NOW, try_interval_ms=60_000, max_try_counts=(2, 0, 1, 1, 1))
HOME, DESK, CELL = (tel(f"+1202555010{digit}") for digit in "123")
TARGET = OutdialTarget(ID, OURS, ID, (HOME, DESK, CELL, None, None), NOW, NOW)
CALL = Campaigncall(ID, OURS, ID, ID, ID, ID, "call", None, HOME, 0, 1, NOW, reference_id=ID)
CAMPAIGN = Campaign(ID, OURS, "c", NOW, service_level=150)


@pytest.mark.parametrize(
    ("ringing", "agents", "expected"),
    [(0, 4, 6), (5, 4, 1), (9, 4, 0), (0, 0, 0), (0, None, MOST_AT_ONCE), (45, None, 5), (60, None, 0)],
)
def test_service_level_says_how_many_ring_for_the_agents_that_are_free(
    ringing: int, agents: int | None, expected: int
) -> None:
    assert places(CAMPAIGN, ringing=ringing, available_agents=agents) == expected


@pytest.mark.parametrize(
    ("try_counts", "expected"),
    [((0, 0, 0, 0, 0), 0), ((1, 0, 0, 0, 0), 0), ((2, 0, 0, 0, 0), 2), ((2, 0, 1, 0, 0), None)],
)
def test_destinations_are_tried_in_order_each_as_often_as_the_plan_says(
    try_counts: tuple[int, ...], expected: int | None
) -> None:
    assert next_destination(replace(TARGET, try_counts=try_counts), PLAN) == expected


def test_call_that_was_answered_is_a_success_and_its_target_done() -> None:
    call = moved_on(Standing(CALL, NOW, NOW, ""), NOW)

    assert (call.status, call.result) == (CampaigncallStatus.DONE, "success")
    assert after_try(TARGET, PLAN, call, NOW).status is TargetStatus.DONE


def test_call_that_was_not_answered_is_tried_again_after_the_interval() -> None:
    call = moved_on(Standing(CALL, None, NOW, ""), NOW)
    target = after_try(replace(TARGET, try_counts=(1, 0, 0, 0, 0)), PLAN, call, NOW)

    assert (call.result, target.status, target.due_at) == ("fail", TargetStatus.IDLE, NOW + timedelta(minutes=1))
    assert after_try(replace(TARGET, try_counts=(2, 0, 1, 0, 0)), PLAN, call, NOW).status is TargetStatus.DONE
    assert after_try(TARGET, None, call, NOW).status is TargetStatus.DONE


def test_call_is_progressing_while_somebody_talks() -> None:
    ringing, talking = Standing(CALL, None, None, ""), Standing(CALL, NOW, None, "")

    assert moved_on(ringing, NOW) is CALL
    assert moved_on(talking, NOW).status is CampaigncallStatus.PROGRESSING


def test_try_that_no_call_came_of_is_given_up_after_a_minute() -> None:
    standing = Standing(replace(CALL, reference_id=None), None, None, "")

    assert moved_on(standing, NOW + LOST_AFTER) is standing.campaigncall
    assert moved_on(standing, NOW + LOST_AFTER + timedelta(seconds=1)).result == "fail"


@pytest.mark.parametrize(("error", "result"), [("", "success"), ("limit: 100 actions", "fail")])
def test_run_of_a_campaign_without_calls_succeeds_where_it_ends_well(error: str, result: str) -> None:
    assert moved_on(Standing(replace(CALL, reference_type="flow"), None, NOW, error), NOW).result == result


def test_try_that_could_not_be_made_is_not_counted() -> None:
    target = replace(TARGET, status=TargetStatus.PROGRESSING, try_counts=(1, 0, 0, 0, 0))

    assert given_back(target, CALL, NOW, NOW) == replace(TARGET, updated_at=NOW)
