"""The states of a port: the table, its words, and the spellings that carriers use."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from dialplane.domain.errors import Conflict, Invalid
from dialplane.domain.ids import AccountId, PortId
from dialplane.domain.numbering.porting import (
    MEANING,
    MOST_STEPS,
    MOVES,
    Holder,
    Port,
    PortStatus,
    cancelled,
    check_move,
    moved,
    parse_status,
)

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
NOBODY = UUID(int=1)


def port(status: PortStatus) -> Port:
    return Port(PortId(NOBODY), AccountId(NOBODY), status, (), Holder(), NOW, NOW)


def test_every_status_has_a_row_and_a_meaning_and_an_end_leads_nowhere() -> None:
    assert set(MOVES) == set(MEANING) == set(PortStatus)
    assert [status for status in PortStatus if status.is_over] == [
        status for status in PortStatus if not MOVES[status] and status is not PortStatus.DRAFT
    ]


@pytest.mark.parametrize("status", PortStatus)
@pytest.mark.parametrize("to", PortStatus)
def test_a_step_is_allowed_where_the_table_says_so_and_refused_elsewhere(status: PortStatus, to: PortStatus) -> None:
    if to in MOVES[status]:
        check_move(port(status), to)
    else:
        with pytest.raises(Conflict):
            check_move(port(status), to)


@pytest.mark.parametrize("status", PortStatus)
def test_what_is_called_off_is_over_at_once_or_waits_for_the_carrier(status: PortStatus) -> None:
    if status.is_over or status is PortStatus.CANCEL_PENDING:
        with pytest.raises(Conflict):
            cancelled(port(status), NOW)
    else:
        sketch = status is PortStatus.DRAFT
        after = cancelled(port(status), NOW)
        assert after.status is (PortStatus.CANCELLED if sketch else PortStatus.CANCEL_PENDING)
        assert (after.ended_at is not None) == sketch


def test_way_of_an_order_that_goes_back_and_forth_takes_no_more_than_its_room() -> None:
    order = port(PortStatus.IN_PROCESS)
    for _ in range(MOST_STEPS):
        order = moved(moved(order, PortStatus.EXCEPTION, NOW), PortStatus.IN_PROCESS, NOW)

    assert len(order.steps) == MOST_STEPS


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("in process", PortStatus.IN_PROCESS),
        ("in-process", PortStatus.IN_PROCESS),
        ("FOC-Date-Confirmed", PortStatus.DATE_CONFIRMED),
        ("canceled", PortStatus.CANCELLED),
        *((status.value, status) for status in PortStatus),
    ],
)
def test_words_of_carriers_are_understood(text: str, status: PortStatus) -> None:
    assert parse_status(text, field="to") is status


def test_other_words_are_refused_by_their_field() -> None:
    with pytest.raises(Invalid) as refusal:
        parse_status("done", field="to")

    assert refusal.value.field == "to"
