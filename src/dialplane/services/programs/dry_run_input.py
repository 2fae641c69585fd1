"""Reading what a dry run is asked to play, from a request's body or a test file."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from dialplane.domain.errors import Invalid
from dialplane.domain.flows.options import OptionFault, Zone
from dialplane.domain.flows.variables import check_start_variables
from dialplane.domain.simulation.script import (
    ANSWERED_BY,
    DIAL_STATUSES,
    CallerTurn,
    DialOutcome,
    HttpAnswer,
    Script,
)

_DIGITS = re.compile(r"[0-9A-D#*]{0,100}")
MAX_TURNS = 100
MAX_ANSWERS = 100
"""Of one address."""
MAX_TEXT = 16_384
MAX_BODY = 64 * 1024
LONGEST_MS = 3_600_000

Fields = Mapping[str, object]

SCRIPT_FIELDS = frozenset(
    {
        "from", "to", "at", "timezone", "digits", "caller", "hangs_up_at_ms", "text", "http", "dial", "answered_by",
        "variables",
    }
)  # fmt: skip
"""What `read_script` reads."""
Word = TypeVar("Word", bound=str)


def read_script(raw: Fields, now: datetime) -> Script:
    """The script from `{from, to, at, timezone, digits, caller, hangs_up_at_ms, text, http, dial, answered_by,
    variables}`, all optional.

    `at` without an offset is read in `timezone` (UTC where left out).
    Raises Invalid naming the field.
    """
    hangs_up = raw.get("hangs_up_at_ms")
    return Script(
        at=_read_time(raw, now),
        source=_read_text(raw, "from") or "",
        destination=_read_text(raw, "to") or "",
        caller=(*_read_digits(raw.get("digits") or []), *_read_caller(raw.get("caller") or [])),
        text=_read_text(raw, "text"),
        http=_read_http(raw.get("http") or {}),
        dial=_read_dial(raw.get("dial") or []),
        hangs_up_at_ms=None if hangs_up is None else _whole(hangs_up, "hangs_up_at_ms", LONGEST_MS),
        answered_by=_one_of(raw.get("answered_by") or "human", ANSWERED_BY, "answered_by"),
        variables=check_start_variables(raw.get("variables")),
    )


def _refuse(field: str, text: str) -> Invalid:
    return Invalid(f"{field} {text}", reason="INVALID_ARGUMENT", field=field)


def _list(raw: object, field: str, limit: int, what: str = "objects") -> Sequence[object]:
    if not isinstance(raw, list) or len(raw) > limit:
        raise _refuse(field, f"must be a list of at most {limit} {what}")
    return raw


def _object(raw: object, field: str, known: frozenset[str]) -> Fields:
    if not isinstance(raw, dict) or not set(raw) <= known:
        raise _refuse(field, f"must be an object with {', '.join(sorted(known))}")
    return raw


def _whole(raw: object, field: str, most: int) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or not 0 <= raw <= most:
        raise _refuse(field, f"must be a whole number from 0 to {most}")
    return raw


def _words(raw: object, field: str) -> str:
    if not isinstance(raw, str) or len(raw) > MAX_TEXT:
        raise _refuse(field, "must be a string")
    return raw


def _one_of(raw: object, words: Sequence[Word], field: str) -> Word:
    found = next((word for word in words if word == raw), None)
    if found is None:
        raise _refuse(field, f"must be one of {', '.join(words)}")
    return found


def _keys(raw: object, field: str) -> str:
    if not isinstance(raw, str) or not _DIGITS.fullmatch(raw):
        raise _refuse(field, "must be at most 100 of 0-9 A-D # *")
    return raw


def _read_digits(raw: object) -> list[CallerTurn]:
    """What the caller presses each time that digits are asked for; "" is nothing."""
    listed = _list(raw, "digits", MAX_TURNS, "strings")
    return [CallerTurn(_keys(pressed, f"digits[{at}]")) for at, pressed in enumerate(listed)]


_TURN = frozenset({"press", "say", "at_ms"})


def _read_caller(raw: object) -> list[CallerTurn]:
    turns = []
    for at, item in enumerate(_list(raw, "caller", MAX_TURNS)):
        field = f"caller[{at}]"
        turn = _object(item, field, _TURN)
        when = turn.get("at_ms")
        turns.append(
            CallerTurn(
                _keys(turn.get("press", ""), f"{field}.press"),
                _words(turn.get("say", ""), f"{field}.say"),
                None if when is None else _whole(when, f"{field}.at_ms", LONGEST_MS),
            )
        )
    return turns


_OUTCOME = frozenset({"to", "status", "talk_s", "ring_s", "sip_code"})


def _read_dial(raw: object) -> tuple[DialOutcome, ...]:
    outcomes = []
    for at, item in enumerate(_list(raw, "dial", MAX_TURNS)):
        field = f"dial[{at}]"
        outcome = _object(item, field, _OUTCOME)
        outcomes.append(
            DialOutcome(
                _words(outcome.get("to", ""), f"{field}.to"),
                _one_of(outcome.get("status", "answered"), DIAL_STATUSES, f"{field}.status"),
                _whole(outcome.get("talk_s", 60), f"{field}.talk_s", 3600),
                _whole(outcome.get("ring_s", 5), f"{field}.ring_s", 600),
                _whole(outcome.get("sip_code", 0), f"{field}.sip_code", 699),
            )
        )
    return tuple(outcomes)


def _read_text(raw: Fields, name: str) -> str | None:
    value = raw.get(name)
    return None if value is None else _words(value, name)


def _read_time(raw: Fields, now: datetime) -> datetime:
    try:
        zone = ZoneInfo(Zone().read(raw.get("timezone") or "UTC", "timezone", running=False))
    except OptionFault as fault:
        raise Invalid(str(fault), reason="INVALID_ARGUMENT", field="timezone") from None
    text = _read_text(raw, "at")
    if not text:
        return now
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _refuse("at", "must be a time such as 2026-01-15T09:30:00Z") from None


def _read_http(raw: object) -> dict[str, tuple[HttpAnswer, ...]]:
    """One answer for each address, or a list of them in the order in which they are given."""
    if not isinstance(raw, dict) or len(raw) > MAX_ANSWERS:
        raise _refuse("http", f"must be an object of at most {MAX_ANSWERS} addresses")
    answers = {}
    for url, given in raw.items():
        field = f"http.{url[:100]}"
        listed = _list(given, field, MAX_ANSWERS) if isinstance(given, list) else [given]
        if not listed:
            raise _refuse(field, "must have an answer")
        answers[url] = tuple(_read_answer(each, field) for each in listed)
    return answers


def _read_answer(raw: object, field: str) -> HttpAnswer:
    status = raw.get("status", 200) if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(status, int) or not (status == 0 or 100 <= status <= 599):
        raise _refuse(field, "must give {status, body}, the status as HTTP has them, or 0 where nobody answers")
    body = raw.get("body", "")
    text = body if isinstance(body, str) else json.dumps(body)
    if len(text) > MAX_BODY:
        raise _refuse(f"{field}.body", f"must have at most {MAX_BODY} characters")
    return HttpAnswer(status, text, _words(raw.get("content_type", ""), f"{field}.content_type"))
