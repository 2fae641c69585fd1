"""Business hours: weeks, holidays, zones and the files that calendars come in."""

from datetime import UTC, date, datetime

import pytest

from dialplane.domain.calling.holiday_files import read_holidays
from dialplane.domain.calling.schedules import Holiday, Schedule, Span, moment_of, parse_span
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, new_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NEW_YORK, BERLIN = "+12125550143", "+4930123456"
OFFICE = ((Span(9 * 60, 12 * 60), Span(13 * 60, 17 * 60 + 30)),) * 5 + ((), ())


def schedule(zone: str = "", *holidays: Holiday) -> Schedule:
    return Schedule(new_id(NOW), AccountId(new_id(NOW)), "office", NOW, zone, OFFICE, holidays)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-06-01T12:59:59Z", False),  # Monday, 08:59 in New York
        ("2026-06-01T13:00:00Z", True),
        ("2026-06-01T15:59:59Z", True),
        ("2026-06-01T16:00:00Z", False),  # lunch
        ("2026-06-01T21:29:59Z", True),
        ("2026-06-01T21:30:00Z", False),
        ("2026-12-01T13:30:00Z", False),  # winter time
        ("2026-12-01T14:30:00Z", True),
        ("2026-06-06T15:00:00Z", False),  # Saturday
    ],
)
def test_hours_are_read_in_the_zone_of_the_number(at: str, is_open: bool) -> None:
    assert moment_of(schedule(), datetime.fromisoformat(at), NEW_YORK).is_open is is_open


def test_zone_of_the_schedule_goes_before_the_number() -> None:
    at = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)

    assert moment_of(schedule(), at, BERLIN).is_open
    assert not moment_of(schedule("America/New_York"), at, BERLIN).is_open
    assert moment_of(schedule(), at, BERLIN).why == "open: Monday, 10:00 in Europe/Berlin"


def test_holiday_goes_before_the_weekday() -> None:
    closed = Holiday(date(2026, 12, 24), date(2026, 12, 26), "Christmas")
    yearly = Holiday(date(2020, 5, 1), date(2020, 5, 1), is_yearly=True)
    half = Holiday(date(2026, 12, 31), date(2026, 12, 31), spans=(Span(10 * 60, 12 * 60),))
    one = schedule("UTC", closed, yearly, half)

    def is_open(*at: int) -> bool:
        return moment_of(one, datetime(*at, tzinfo=UTC), NEW_YORK).is_open  # type: ignore[misc, arg-type]  # a moment

    assert [is_open(2026, 12, 23, 10), is_open(2026, 12, 24, 10), is_open(2026, 12, 25, 10)] == [True, False, False]
    assert [is_open(2026, 5, 1, 10), is_open(2026, 5, 4, 10)] == [False, True]
    assert [is_open(2026, 12, 31, 10), is_open(2026, 12, 31, 14)] == [True, False]


@pytest.mark.parametrize("text", ["", "9-17", "09:00", "17:00-09:00", "09:00-24:01", "09:00-09:00", "25:00-26:00"])
def test_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_span(text, field="hours")
    assert str(parse_span("09:00-24:00", field="hours")) == "09:00-24:00"


def test_calendar_file_is_read() -> None:
    """RFC 5545: folded lines, whole days, the exclusive end, yearly rules, and events of hours passed over."""
    calendar = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
        "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227\r\nSUMMARY:Christmas\\, and\r\n"
        "  the day after\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20200501\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Labour Day\r\n"
        "BEGIN:VALARM\r\nSUMMARY:not this\r\nEND:VALARM\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nDTSTART:20260101T100000Z\r\nSUMMARY:a meeting\r\nEND:VEVENT\r\n"
        "END:VCALENDAR\r\n"
    )

    assert read_holidays(calendar) == (
        Holiday(date(2026, 12, 25), date(2026, 12, 26), "Christmas, and the day after"),
        Holiday(date(2020, 5, 1), date(2020, 5, 1), "Labour Day", is_yearly=True),
    )


@pytest.mark.parametrize(
    "event",
    [
        "DTSTART;VALUE=DATE:20261399",
        "DTSTART;VALUE=DATE:tomorrow",
        "DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=WEEKLY",
        "DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=YEARLY;BYDAY=4TH",
    ],
)
def test_calendar_that_cannot_be_kept_as_it_means_is_refused(event: str) -> None:
    with pytest.raises(Invalid):
        read_holidays(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{event}\nEND:VEVENT\nEND:VCALENDAR")
    with pytest.raises(Invalid):
        read_holidays("nonsense")
