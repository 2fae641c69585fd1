"""What a number or an account does with calls before a target runs, as JSON: answers show it so, and so it is kept."""

from dataclasses import asdict

from dialplane.domain.calling.schedules import WEEKDAYS, Holiday, Schedule
from dialplane.domain.calling.screening import Consequence, Screening
from dialplane.domain.numbering.handling import EmergencyAddress, Handling, Hours, Split
from dialplane.services.shapes.common import show_id, show_time
from dialplane.services.shapes.targets import target_shape

Shape = dict[str, object]


def handling_shape(handling: Handling | None) -> Shape | None:
    """None where there is no arrangement at all."""
    if handling is None or handling == Handling():
        return None
    return {
        "screening": handling.screening and screening_shape(handling.screening),
        "hours": handling.hours and hours_shape(handling.hours),
        "split": handling.split and split_shape(handling.split),
        "emergency": handling.emergency and emergency_shape(handling.emergency),
    }


def screening_shape(screening: Screening) -> Shape:
    return {
        "allow": list(screening.allow),
        "deny": list(screening.deny),
        "only_allowed": screening.only_allowed,
        "denied": _consequence(screening.denied),
        "spam_score": screening.spam_score,
        "spam": _consequence(screening.spam),
    }


def _consequence(consequence: Consequence) -> Shape:
    return {
        "deed": consequence.deed.value,
        "status": consequence.status,
        "target": target_shape(consequence.target),
    }


def hours_shape(hours: Hours) -> Shape:
    return {"schedule_id": show_id(hours.schedule_id), "closed": target_shape(hours.closed)}


def split_shape(split: Split) -> Shape:
    return {
        "target": target_shape(split.target),
        "percent": split.percent,
        "failed_percent": split.failed_percent,
        "least_calls": split.least_calls,
        "started_at": split.started_at.isoformat(),
    }


def emergency_shape(address: EmergencyAddress) -> Shape:
    return asdict(address)


def schedule_shape(schedule: Schedule) -> Shape:
    return {
        "id": show_id(schedule.id),
        "customer_id": show_id(schedule.account_id),
        "name": schedule.name,
        "timezone": schedule.zone,
        "hours": {
            day: [str(span) for span in spans] for day, spans in zip(WEEKDAYS, schedule.week, strict=True) if spans
        },
        "holidays": [_holiday(holiday) for holiday in schedule.holidays],
        "tm_create": show_time(schedule.created_at),
        "tm_update": show_time(schedule.updated_at),
    }


def _holiday(holiday: Holiday) -> Shape:
    return {
        "date": holiday.first.isoformat(),
        "to": holiday.last.isoformat(),
        "name": holiday.name,
        "hours": [str(span) for span in holiday.spans],
        "yearly": holiday.is_yearly,
    }
