"""Business hours: a week of open times, holidays, and whether a moment is inside."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId
from dialplane.domain.numbering.zones import find_zone, zones_of

MOST_SCHEDULES, MOST_SPANS, MOST_HOLIDAYS, MAX_NAME = 200, 50, 500, 255
DAY_MINUTES = 24 * 60
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UTC = ZoneInfo("UTC")
_CLOCK = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class Span:
    """Open from one minute of the day up to another, which is the first that is closed again."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"


@dataclass(frozen=True, slots=True)
class Holiday:
    """Days that are not as their weekday is: open in `spans`, or closed all day where it has none."""

    first: date
    last: date
    name: str = ""
    spans: tuple[Span, ...] = ()
    is_yearly: bool = False
    """The same days of every year; it is of one day."""

    def covers(self, day: date) -> bool:
        if self.is_yearly:
            return (day.month, day.day) == (self.first.month, self.first.day)
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Schedule:
    id: UUID
    account_id: AccountId
    name: str
    created_at: datetime
    zone: str = ""
    """Of the time zone database; empty: that of the number that is called."""
    week: tuple[tuple[Span, ...], ...] = ((),) * 7
    """From Monday on."""
    holidays: tuple[Holiday, ...] = ()
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """Whether it is open, and the words for a person who asks why."""

    is_open: bool
    why: str


def moment_of(schedule: Schedule, at: datetime, number: str) -> Moment:
    """Whether the schedule is open at `at` for calls to `number`. Holidays go before weekdays."""
    zone = find_zone(schedule.zone) or next(iter(zones_of(number)), _UTC)
    local = at.astimezone(zone)
    day, minute = local.date(), local.hour * 60 + local.minute
    holiday = next((each for each in schedule.holidays if each.covers(day)), None)
    spans = schedule.week[day.weekday()] if holiday is None else holiday.spans
    is_open = any(span.start <= minute < span.end for span in spans)
    what = WEEKDAYS[day.weekday()].capitalize() if holiday is None else holiday.name or "a holiday"
    return Moment(is_open, f"{'open' if is_open else 'closed'}: {what}, {local:%H:%M} in {zone}")


def check_zone(name: str) -> str:
    """Raises Invalid (timezone)."""
    if name and (len(name) > 64 or find_zone(name) is None):
        raise Invalid("timezone is a name of the time zone database, or empty", field="timezone")
    return name


def parse_span(text: str, *, field: str) -> Span:
    """`09:00-17:30`; the end may be `24:00`. Raises Invalid."""
    first, dash, last = text.partition("-")
    times = (_CLOCK.fullmatch(first.strip()), _CLOCK.fullmatch(last.strip()))
    if dash and times[0] and times[1]:
        start, end = (int(time[1]) * 60 + int(time[2]) for time in times if time)
        if start < end <= DAY_MINUTES:
            return Span(start, end)
    raise Invalid(f"{field} holds times such as 09:00-17:30, not {text[:32]!r}", field=field)


def parse_day(text: str, *, field: str) -> date:
    """Raises Invalid."""
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Invalid(f"{field} is a day such as 2026-12-25, not {text[:32]!r}", field=field)


def check_schedule(schedule: Schedule) -> Schedule:
    """Raises Invalid naming the field."""
    if not 1 <= len(schedule.name) <= MAX_NAME:
        raise Invalid(f"name has 1 to {MAX_NAME} characters", field="name")
    check_zone(schedule.zone)
    if sum(map(len, schedule.week)) > MOST_SPANS:
        raise Invalid(f"hours holds at most {MOST_SPANS} times", field="hours")
    if len(schedule.holidays) > MOST_HOLIDAYS:
        raise Invalid(f"holidays holds at most {MOST_HOLIDAYS} entries", field="holidays")
    for holiday in schedule.holidays:
        if holiday.last < holiday.first or holiday.last - holiday.first > timedelta(days=366):
            raise Invalid("holidays: the last day lies before the first, or a year behind it", field="holidays")
        if len(holiday.name) > MAX_NAME or len(holiday.spans) > MOST_SPANS:
            raise Invalid("holidays: a name is too long, or there are too many times", field="holidays")
    return schedule
