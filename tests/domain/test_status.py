"""What of a system's state an operator is told to look at."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dialplane.domain.operating.figures import Spread
from dialplane.domain.operating.status import (
    DatabaseFacts,
    NodeStatus,
    QueueLength,
    SystemStatus,
    WorkerStatus,
    problems,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NODE = NodeStatus("voice-1", "192.0.2.1", 5060, False, NOW, NOW, 3)
DATABASE = DatabaseFacts("18.0", 1, 20, 100, 54, 97, 0.1, "0047")
WELL = SystemStatus([NODE], [WorkerStatus(1, NOW, 0)], [], [], 3, DATABASE)
LATE = QueueLength("Webhook deliveries", 9, 4, NOW - timedelta(minutes=7))


def test_nothing_is_said_where_all_is_well() -> None:
    on_time = replace(LATE, oldest_due_at=NOW - timedelta(seconds=2))

    assert problems(replace(WELL, queues=[on_time], is_balanced=True), NOW) == []


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (
            replace(WELL, nodes=[replace(NODE, seen_at=NOW - timedelta(minutes=5))]),
            ["Voice node voice-1 has said nothing for 5 min", "No voice node takes calls"],
        ),
        (replace(WELL, nodes=[replace(NODE, draining=True)]), ["No voice node takes calls"]),
        (replace(WELL, workers=[]), ["No worker is connected: webhooks, messages and renewals wait"]),
        (replace(WELL, queues=[LATE]), ["Webhook deliveries: the first of 4 has been due for 7 min"]),
        (
            replace(WELL, database=replace(DATABASE, connections=95)),
            ["95 of 100 connections to the database are in use"],
        ),
        (
            replace(WELL, database=replace(DATABASE, promised_connections=120)),
            [
                "The processes may open 120 connections to the database together, and it has 97: raise its"
                " max_connections, or lower DIALPLANE_CONNECTIONS"
            ],
        ),
        (replace(WELL, database=replace(DATABASE, longest_transaction_s=9_000.0)), ["A transaction is open for 2 h"]),
        (replace(WELL, is_balanced=False), ["The ledger does not balance"]),
    ],
)
def test_each_thing_that_is_wrong_is_named(status: SystemStatus, said: list[str]) -> None:
    assert problems(status, NOW) == said


def test_spread_counts_each_value_at_and_below_its_bound() -> None:
    spread = Spread((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        spread.add(value)

    assert list(spread.cumulated()) == [(1.0, 2), (2.0, 3), (float("inf"), 4)]
    assert spread.total == 12.0
