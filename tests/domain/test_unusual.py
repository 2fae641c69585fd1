"""When traffic is not as usual (FRD-5, FRD-6)."""

from datetime import UTC, datetime, timedelta

import pytest

from dialplane.domain.ids import AccountId, new_id
from dialplane.domain.money import usd
from dialplane.domain.operating.unusual import (
    CallsOfAccount,
    Sent,
    SpentByAccount,
    Stranger,
    TextsOfAccount,
    calls_alerts,
    pumping_alerts,
    spending_alerts,
    stranger_alerts,
    texts_alerts,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACME = AccountId(new_id(NOW))
WEEK_AGO = NOW - timedelta(days=7, hours=1)


@pytest.mark.parametrize(
    ("hour", "week", "severe"),
    [
        ("9.99", "0", []),  # nothing before, and not much now
        ("10", "0", [False]),
        ("20", "0", [True]),
        ("19.99", "336", []),  # two dollars an hour are usual
        ("20", "336", [False]),
        ("40", "336", [True]),
    ],
)
def test_spending_is_measured_by_the_usual_hour_of_a_week(hour: str, week: str, severe: list[bool]) -> None:
    """FRD-5: ten times is an alert, twenty times a severe one."""
    spent = SpentByAccount(ACME, "Acme", usd(hour), usd(week), WEEK_AGO)

    assert [alert.is_severe for alert in spending_alerts([spent], NOW)] == severe


def test_usual_hour_of_a_young_account_is_that_of_its_days() -> None:
    spent = SpentByAccount(ACME, "Acme", usd(40), usd(48), NOW - timedelta(hours=13))

    assert [alert.says for alert in spending_alerts([spent], NOW)] == [
        "$40.00 in the last hour, 10 times its usual hour"
    ]


@pytest.mark.parametrize(
    ("hour", "week", "hours_before", "paused"),
    [
        ("19.99", "0", 168, False),
        ("20", "0", 168, True),
        ("39.99", "336", 168, False),  # two dollars an hour are usual
        ("40", "336", 168, True),
        ("500", "0", 22, False),  # its first day
    ],
)
def test_traffic_is_paused_at_twenty_times_the_usual_hour(
    hour: str, week: str, hours_before: int, paused: bool
) -> None:
    """FRD-5. A first day has no usual: what holds then is the credit, and what the operator has set."""
    spent = SpentByAccount(ACME, "Acme", usd(hour), usd(week), NOW - timedelta(hours=hours_before + 1))

    assert spent.calls_for_pause(NOW) is paused


@pytest.mark.parametrize(
    ("last", "found"), [(4, 0), (5, 1)], ids=["five numbers in a row are let be", "the sixth is one too many"]
)
def test_texts_to_numbers_in_a_row_are_seen_whatever_their_order(last: int, found: int) -> None:
    """FRD-6."""
    numbers = [f"+4479460000{n}" for n in range(last, -1, -1)] + ["+14155550100", "+447946000020", "no number"]

    alerts = pumping_alerts([Sent(ACME, "Acme", number) for number in [*numbers, *numbers]])

    assert len(alerts) == found


def test_numbers_in_a_row_are_counted_account_by_account() -> None:
    """FRD-6."""
    other = AccountId(new_id(NOW))
    sent = [Sent(ACME if n % 2 else other, "Acme", f"+4479460000{n:02}") for n in range(40)]

    assert pumping_alerts(sent) == []


@pytest.mark.parametrize(("ended", "delivered", "found"), [(49, 0, 0), (50, 4, 1), (50, 5, 0), (1000, 99, 1)])
def test_texts_that_do_not_arrive_are_told_of(ended: int, delivered: int, found: int) -> None:
    """FRD-6: less than a tenth of fifty or more."""
    assert len(texts_alerts([TextsOfAccount(ACME, "Acme", ended, delivered)])) == found


def test_refused_calls_and_strangers_are_told_of_from_a_number_on() -> None:
    calls = [
        CallsOfAccount(ACME, "Acme", 19, 19),
        CallsOfAccount(ACME, "Acme", 20, 10),
        CallsOfAccount(ACME, "A", 90, 9),
    ]
    strangers = [Stranger("192.0.2.1", 19, ["unknown_number"]), Stranger("192.0.2.2", 20, ["unknown_number"])]

    assert [alert.says for alert in calls_alerts(calls)] == ["10 of 20 calls of an hour were refused"]
    assert [alert.subject for alert in stranger_alerts(strangers)] == ["192.0.2.2"]
