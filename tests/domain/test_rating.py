"""Units, rates, the split between the two purses, plans, months."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.errors import Invalid, LimitExceeded
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import NumberKind, a_month_after, check_virtual, parse_kind
from dialplane.domain.tenancy.accounts import Plan
from dialplane.domain.tenancy.plans import check_limit

counts = st.integers(0, 10**6)


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 0), (0.1, 1), (60, 1), (60.5, 2), (125, 3)])
def test_minutes_are_counted_as_they_begin(seconds: float, minutes: int) -> None:
    assert Rate(CostType.CALL_VN, Micros(1)).units_in(seconds) == minutes


rates = st.builds(
    Rate,
    st.just(CostType.CALL_VN),
    counts.map(Micros),
    st.integers(0, 50),
    increment_s=st.integers(1, 3600),
    setup=counts.map(Micros),
)


@given(units=counts, rate=rates, available=counts, has_begun=st.booleans())
def test_split_loses_no_unit(units: int, rate: Rate, available: int, has_begun: bool) -> None:
    """LED-2: whole units, whole micros, whole tokens; set-up once, and only where there is a unit."""
    price = rate.split(units, available, has_begun=has_begun)

    by_tokens = price.tokens // rate.tokens if rate.tokens else 0
    assert price.tokens <= available
    assert price.micros == (units - by_tokens) * rate.micros + (rate.setup if units and not has_begun else 0)


@given(first=counts, more=counts, rate=rates)
def test_price_of_units_that_come_in_two_parts_is_that_of_all(first: int, more: int, rate: Rate) -> None:
    """LED-2: a hold that grows sets aside what the whole costs."""
    parts = rate.split(first, 0).plus(rate.split(more, 0, has_begun=first > 0))

    assert parts == rate.split(first + more, 0)


@given(units=counts, rate=rates, credit=counts, available=counts, has_begun=st.booleans())
def test_payable_units_can_be_paid(units: int, rate: Rate, credit: int, available: int, has_begun: bool) -> None:
    """LED-4"""
    payable = rate.payable_units(units, credit=credit, tokens=available, has_begun=has_begun)

    price = rate.split(payable, available, has_begun=has_begun)
    assert 0 <= payable <= units
    assert price.micros <= credit
    assert price.tokens <= available


def test_month_after_the_31st_comes_back_to_the_31st() -> None:
    bought = datetime(2026, 1, 31, 8, tzinfo=UTC)

    february = a_month_after(bought, day=31)
    march = a_month_after(february, day=31)

    assert (february.month, february.day) == (2, 28)
    assert (march.month, march.day) == (3, 31)


@pytest.mark.parametrize("number", ["+89900012345", "+8990001234567", "+899000123456", "899123456789", "+89912345678x"])
def test_malformed_or_reserved_virtual_number_is_refused(number: str) -> None:
    with pytest.raises(Invalid):
        check_virtual(number)


@pytest.mark.parametrize("text", ["toll_free", "toll-free", "tollfree"])
def test_spellings_of_toll_free_are_one(text: str) -> None:
    assert parse_kind(text) is NumberKind.TOLL_FREE


def test_plan_limit_refuses_one_more() -> None:
    check_limit(Plan.FREE, "virtual_numbers", existing=4)
    check_limit(Plan.UNLIMITED, "virtual_numbers", existing=10**6)
    with pytest.raises(LimitExceeded) as refusal:
        check_limit(Plan.FREE, "virtual_numbers", existing=5)
    assert refusal.value.reason == "RESOURCE_LIMIT_EXCEEDED"
