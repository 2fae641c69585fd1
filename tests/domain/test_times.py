"""Times as text."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from dialplane.domain.times import rfc3339

ZONES = st.integers(-24 * 60 + 1, 24 * 60 - 1).map(lambda minutes: timezone(timedelta(minutes=minutes))) | st.just(UTC)
MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES)


@given(MOMENTS)
def test_moment_is_told_in_utc_with_six_decimals_and_read_back_as_it_was(moment: datetime) -> None:
    told = rfc3339(moment)

    assert told == moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert datetime.fromisoformat(told) == moment
