"""The days on which months end, from any day and hour: none is skipped, none comes twice (LED-11)."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dialplane.domain.numbering.numbers import a_month_after

moments = st.datetimes(datetime(1999, 1, 1), datetime(2104, 12, 31), timezones=st.just(UTC))


def months_of(moment: datetime) -> int:
    return moment.year * 12 + moment.month


@given(bought=moments, count=st.integers(1, 60))
def test_each_due_day_is_in_the_next_month_on_the_day_of_the_purchase_or_the_last(bought: datetime, count: int) -> None:
    """Month ends and leap years: the 31st comes back after a February."""
    due = bought
    for n in range(1, count + 1):
        due = a_month_after(due, day=bought.day)

        assert months_of(due) == months_of(bought) + n
        assert due.day == min(bought.day, monthrange(due.year, due.month)[1])
        assert due.timetz() == bought.timetz()


@given(bought=moments)
def test_month_is_28_to_31_days(bought: datetime) -> None:
    assert timedelta(days=28) <= a_month_after(bought, day=bought.day) - bought <= timedelta(days=31)
