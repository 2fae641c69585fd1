"""Holidays out of an iCalendar file (RFC 5545): whole days, with the yearly rule that such files use."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from dialplane.domain.calling.schedules import MAX_NAME, MOST_HOLIDAYS, Holiday
from dialplane.domain.errors import Invalid

MAX_FILE = 262_144
_ESCAPED = re.compile(r"\\([nN,;\\])")


def read_holidays(text: str) -> tuple[Holiday, ...]:
    """One for each event of whole days; events with times of day are passed over.

    Raises Invalid (calendar) where it is no calendar, holds too many, or a rule other than each year.
    """
    if len(text) > MAX_FILE:
        raise Invalid(f"calendar has at most {MAX_FILE} characters", field="calendar")
    lines = _unfolded(text)
    if not lines or lines[0].upper() != "BEGIN:VCALENDAR":
        raise Invalid("calendar is no iCalendar file", field="calendar")
    found = [holiday for event in _events(lines) if (holiday := _holiday(event)) is not None]
    if len(found) > MOST_HOLIDAYS:
        raise Invalid(f"calendar holds more than {MOST_HOLIDAYS} holidays", field="calendar")
    return tuple(found)


def _unfolded(text: str) -> list[str]:
    """Section 3.1: a line that begins with a blank goes on from the one before."""
    return re.sub(r"\r?\n[ \t]", "", text.lstrip("\ufeff")).replace("\r\n", "\n").split("\n")


def _events(lines: list[str]) -> Iterator[dict[str, tuple[str, str]]]:
    """Of each VEVENT its properties: name → parameters and value; the first of each name."""
    event: dict[str, tuple[str, str]] | None = None
    depth = 0
    for line in lines:
        name, _, value = line.partition(":")
        word, _, parameters = name.partition(";")
        word = word.upper()
        if (word, value.upper()) == ("BEGIN", "VEVENT"):
            event, depth = {}, 0
        elif (word, value.upper()) == ("END", "VEVENT"):
            if event is not None:
                yield event
            event = None
        elif word in ("BEGIN", "END"):  # of an alarm inside
            depth += 1 if word == "BEGIN" else -1
        elif event is not None and depth == 0:
            event.setdefault(word, (parameters.upper(), value))


def _holiday(event: dict[str, tuple[str, str]]) -> Holiday | None:
    parameters, start = event.get("DTSTART", ("", ""))
    if "T" in start or ("VALUE=DATE" not in parameters and len(start) != 8):
        return None
    first = _day(start)
    _, end = event.get("DTEND", ("", ""))
    last = _day(end) - timedelta(days=1) if end else first  # the day after the last, section 3.6.1
    _, rule = event.get("RRULE", ("", ""))
    name = _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], event.get("SUMMARY", ("", ""))[1])
    return Holiday(first, max(first, last), name.replace("\x00", "")[:MAX_NAME], (), _is_yearly(rule, first, last))


def _is_yearly(rule: str, first: date, last: date) -> bool:
    if not rule:
        return False
    parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
    own = {"FREQ": "YEARLY", "INTERVAL": "1", "BYMONTH": str(first.month), "BYMONTHDAY": str(first.day)}
    if parts.get("FREQ") != "YEARLY" or any(own.get(name) != value for name, value in parts.items()) or last > first:
        raise Invalid("calendar holds a rule that is not one day of each year", field="calendar")
    return True


def _day(text: str) -> date:
    try:
        if len(text) == 8 and text.isascii() and text.isdigit():
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        pass
    raise Invalid(f"calendar holds {text[:32]!r}, which is no day", field="calendar")
