"""The dry run of a flow (`POST /v1.0/flows/{id}/dry_run`): reading what to play, and playing it at no charge."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from dialplane.domain.errors import Invalid
from dialplane.domain.flows.action import Action
from dialplane.domain.flows.options import OptionFault, Zone
from dialplane.domain.flows.simulator import DryRun, DryRunInput, HttpAnswer, Simulator
from dialplane.domain.ids import AccountId, FlowId
from dialplane.services.flows import find_flow
from dialplane.services.rates import current_rates
from dialplane.services.transaction import Database

_DIGITS = re.compile(r"[0-9A-D#*]{0,100}")

MAX_FLOWS = 100
"""Flows that one dry run may fetch."""


def read_dry_run_input(raw: Mapping[str, object], now: datetime) -> DryRunInput:
    """The input from a request's body `{from, to, at, timezone, digits, text, http}`, all optional.

    `at` without an offset is read in `timezone` (UTC where left out).
    Raises Invalid naming the field.
    """
    return DryRunInput(
        at=_read_time(raw, now),
        source=_read_text(raw, "from") or "",
        destination=_read_text(raw, "to") or "",
        digits=_read_digits(raw.get("digits") or []),
        text=_read_text(raw, "text"),
        http=_read_http(raw.get("http") or {}),
    )


def _read_digits(raw: object) -> tuple[str, ...]:
    """What the caller presses each time that digits are asked for; "" is nothing."""
    if not isinstance(raw, list) or len(raw) > 100:
        raise Invalid("digits must be a list of at most 100 strings", reason="INVALID_ARGUMENT", field="digits")
    for at, pressed in enumerate(raw):
        if not isinstance(pressed, str) or not _DIGITS.fullmatch(pressed):
            field = f"digits[{at}]"
            raise Invalid(f"{field} must be at most 100 of 0-9 A-D # *", reason="INVALID_ARGUMENT", field=field)
    return tuple(raw)


def _read_text(raw: Mapping[str, object], name: str) -> str | None:
    value = raw.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > 16_384):
        raise Invalid(f"{name} must be a string", reason="INVALID_ARGUMENT", field=name)
    return value


def _read_time(raw: Mapping[str, object], now: datetime) -> datetime:
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
        raise Invalid("at must be a time such as 2026-01-15T09:30:00Z", reason="INVALID_ARGUMENT", field="at") from None


def _read_http(raw: object) -> dict[str, HttpAnswer]:
    if not isinstance(raw, dict):
        raise Invalid("http must be an object", reason="INVALID_ARGUMENT", field="http")
    answers = {}
    for url, answer in raw.items():
        status = answer.get("status", 200) if isinstance(answer, dict) else None
        if not isinstance(answer, dict) or not isinstance(status, int) or not 100 <= status <= 599:
            raise Invalid(
                "http must give {status, body} for each address, the status as HTTP has them",
                reason="INVALID_ARGUMENT",
                field=f"http.{url[:100]}",
            )
        body = answer.get("body", "")
        answers[url] = HttpAnswer(status, body if isinstance(body, str) else json.dumps(body))
    return answers


async def dry_run_flow(database: Database, account_id: AccountId, flow_id: FlowId, wanted: DryRunInput) -> DryRun:
    """Play one of the account's flows; those that it fetches are found as in a real run.

    Raises NotFound (FLOW_NOT_FOUND).
    """
    async with database.reading() as tx:
        flow = await find_flow(tx, account_id, flow_id)
        flows: dict[UUID, Sequence[Action]] = {}
        looked_for: set[UUID] = set()
        rates = await current_rates(tx)
        while True:
            simulator = Simulator(flow.actions, wanted, flows, rates)
            played = simulator.play()
            missing = simulator.missing - looked_for
            if not missing or len(looked_for) >= MAX_FLOWS:
                return played
            looked_for |= missing
            for missed in missing:
                found = await tx.flows.find(account_id, FlowId(missed))
                if found is not None:
                    flows[missed] = found.actions


def dry_run_shape(played: DryRun) -> dict[str, object]:
    """The answer's JSON form."""
    return {
        "steps": [
            {"action": step.action, "at": step.at, "duration_ms": step.duration_ms, "result": step.result}
            for step in played.steps
        ],
        "ended": played.ended,
        "duration_ms": played.duration_ms,
        "price_micros": played.price_micros,
        "problems": list(played.problems),
    }
