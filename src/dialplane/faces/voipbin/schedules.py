"""`/v1.0/schedules`: business hours with holidays, which numbers go by and flows ask."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.calling.holiday_files import MAX_FILE
from dialplane.domain.calling.schedules import (
    MAX_NAME,
    MOST_HOLIDAYS,
    MOST_SPANS,
    WEEKDAYS,
    Holiday,
    Span,
    parse_day,
    parse_span,
)
from dialplane.domain.errors import Invalid
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.calling import schedules as service
from dialplane.services.shapes.handling import schedule_shape

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME)]
_Times = Annotated[list[Annotated[str, msgspec.Meta(max_length=32)]], msgspec.Meta(max_length=MOST_SPANS)]
_Day = Annotated[str, msgspec.Meta(max_length=10, examples=["2026-12-25"])]


class HolidayBody(msgspec.Struct):
    """Days that are not as their weekday is: open at `hours`, or closed where it has none."""

    date: _Day
    to: _Day | None = None
    """The last day; the first one where it is left out."""
    name: Annotated[str, msgspec.Meta(max_length=MAX_NAME)] = ""
    hours: _Times = []
    yearly: bool = False
    """The same day of every year."""


_Hours = Annotated[dict[str, _Times], msgspec.Meta(max_length=7)]
_Holidays = Annotated[list[HolidayBody], msgspec.Meta(max_length=MOST_HOLIDAYS)]
_Zone = Annotated[str, msgspec.Meta(max_length=64, examples=["America/New_York"])]


class ShownSchedule(msgspec.Struct):
    id: UUID
    customer_id: UUID
    name: str
    timezone: str
    hours: dict[str, list[str]]
    holidays: list[HolidayBody]
    tm_create: str | None
    tm_update: str | None


class NewSchedule(msgspec.Struct):
    """`hours` are of `monday` to `sunday`, each with times such as `09:00-17:30`; a day that is left out is closed.
    Without `timezone` they are read in that of the number that is called."""

    name: _Name
    timezone: _Zone = ""
    hours: _Hours = {}
    holidays: _Holidays = []


class ScheduleUpdate(msgspec.Struct):
    """What is left out stays as it is."""

    name: _Name | None = None
    timezone: _Zone | None = None
    hours: _Hours | None = None
    holidays: _Holidays | None = None


class HolidayCalendar(msgspec.Struct):
    calendar: Annotated[str, msgspec.Meta(max_length=MAX_FILE)]
    """An iCalendar file (RFC 5545). Its events of whole days are holidays; one day of each year may repeat."""


@get("/", responses=answers(Paged[ShownSchedule]))
async def list_schedules(request: ApiRequest, page: Paging) -> Fields:
    """The account's schedules, newest first."""
    rows = await service.list_schedules(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, schedule_shape, page)


@post("/", status_code=200, responses=posted(ShownSchedule))
async def create_schedule(request: ApiRequest, data: JSONBody[NewSchedule]) -> Fields:
    """Make a schedule."""
    request.require_manager()
    change = service.ScheduleChange(data.name, data.timezone, _week(data.hours), _holidays(data.holidays))
    return schedule_shape(await service.create_schedule(request.database, request.account_id, change, request.now))


@get("/{schedule_id:str}", responses=answers(ShownSchedule, 404))
async def get_schedule(request: ApiRequest, schedule_id: FromPath[UUID]) -> Fields:
    """One schedule."""
    return schedule_shape(await service.get_schedule(request.database, request.account_id, schedule_id))


@put("/{schedule_id:str}", responses=answers(ShownSchedule, 404))
async def update_schedule(request: ApiRequest, schedule_id: FromPath[UUID], data: JSONBody[ScheduleUpdate]) -> Fields:
    """Change a schedule. It holds for the next call."""
    request.require_manager()
    change = service.ScheduleChange(
        data.name,
        data.timezone,
        None if data.hours is None else _week(data.hours),
        None if data.holidays is None else _holidays(data.holidays),
    )
    return schedule_shape(
        await service.update_schedule(request.database, request.account_id, schedule_id, change, request.now)
    )


@post("/{schedule_id:str}/holidays", status_code=200, responses=posted(ShownSchedule, 404))
async def import_holidays(request: ApiRequest, schedule_id: FromPath[UUID], data: JSONBody[HolidayCalendar]) -> Fields:
    """Add the holidays of a calendar file."""
    request.require_manager()
    changed = await service.import_holidays(
        request.database, request.account_id, schedule_id, data.calendar, request.now
    )
    return schedule_shape(changed)


@delete("/{schedule_id:str}", status_code=200, responses=answers(ShownSchedule, 404, 409))
async def delete_schedule(request: ApiRequest, schedule_id: FromPath[UUID]) -> Fields:
    """Delete a schedule that no number goes by."""
    request.require_manager()
    return schedule_shape(await service.delete_schedule(request.database, request.account_id, schedule_id, request.now))


def _week(hours: dict[str, list[str]]) -> tuple[tuple[Span, ...], ...]:
    unknown = next((day for day in hours if day not in WEEKDAYS), None)
    if unknown is not None:
        raise Invalid(f"hours are of {', '.join(WEEKDAYS)}, not of {unknown[:32]!r}", field="hours")
    return tuple(_spans(hours.get(day, []), f"hours.{day}") for day in WEEKDAYS)


def _holidays(bodies: list[HolidayBody]) -> tuple[Holiday, ...]:
    return tuple(
        Holiday(
            parse_day(body.date, field="holidays.date"),
            parse_day(body.to or body.date, field="holidays.to"),
            body.name,
            _spans(body.hours, "holidays.hours"),
            body.yearly,
        )
        for body in bodies
    )


def _spans(texts: list[str], field: str) -> tuple[Span, ...]:
    return tuple(parse_span(text, field=field) for text in texts)


router = Router(
    "/schedules",
    route_handlers=[list_schedules, create_schedule, get_schedule, update_schedule, import_holidays, delete_schedule],
    tags=["Schedules"],
)
