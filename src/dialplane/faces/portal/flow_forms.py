"""What forms of flows say: the JSON of a flow, and what a dry run is to play. One-line faults, each with its field."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import NIL, find_uuid
from dialplane.domain.simulation.script import Script
from dialplane.faces.portal.forms import Fields
from dialplane.services.programs.dry_run_input import read_script

LONGEST_JSON = 1 << 20
"""As the API takes."""


@dataclass(frozen=True, slots=True)
class FlowText:
    """A flow as somebody wrote or exported it; None where it does not say."""

    actions: object
    name: str | None = None
    detail: str | None = None
    on_complete_flow_id: UUID | None = None


def read_flow_text(text: str, *, field: str = "actions") -> FlowText:
    """A list of actions, or an object with `actions`, as `GET /v1.0/flows/{id}` answers one.

    Raises Invalid naming `field`, with the line that cannot be read.
    """
    raw = read_json(text, field)
    if isinstance(raw, list):
        return FlowText(raw)
    if not isinstance(raw, dict) or not isinstance(raw.get("actions"), list):
        raise Invalid("Write a list of actions, or an object with actions", field=field)
    return FlowText(
        raw["actions"],
        _text(raw, "name"),
        _text(raw, "detail"),
        find_uuid(str(raw.get("on_complete_flow_id"))),
    )


def _text(raw: Mapping[str, Any], name: str) -> str | None:
    value = raw.get(name)
    return value if isinstance(value, str) and "\0" not in value else None


def read_json(text: str, field: str) -> object:
    """Raises Invalid naming `field`."""
    if len(text) > LONGEST_JSON:
        raise Invalid(f"At most {LONGEST_JSON >> 20} MB of JSON", field=field)
    if "\\u0000" in text:  # Postgres keeps none
        raise Invalid("No text may hold a NUL", field=field)
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as fault:
        raise Invalid(f"This is not JSON{_place(text, str(fault))}", field=field) from fault
    except (RecursionError, UnicodeEncodeError) as fault:
        raise Invalid("This is not JSON that can be read", field=field) from fault


def _place(text: str, fault: str) -> str:
    """Where the decoder stopped: it counts octets, people count lines."""
    _, _, at = fault.rpartition("byte ")
    digits = at.rstrip(")")
    if not digits.isdigit():
        return f": {fault}" if text.strip() else ""
    line = text.encode()[: int(digits)].count(b"\n") + 1
    return f": line {line}"


def following_of(fields: Fields) -> UUID | None:
    """The flow that follows; nil takes it away, None leaves it."""
    chosen = fields.get("on_complete")
    if chosen == "none":
        return NIL
    return find_uuid(chosen)


def script_of(fields: Fields, now: datetime) -> Script:
    """Raises Invalid naming the field as the dry run calls it."""
    return read_script(question_of(fields), now)


def question_of(fields: Fields) -> dict[str, object]:
    """The dry run's question as the API takes it, without what was left empty."""
    digits = [part.strip() for part in fields.get("digits").split(",")] if fields.get("digits") else []
    http = fields.get("http")
    asked: dict[str, object] = {
        "from": fields.get("from"),
        "to": fields.get("to"),
        "at": fields.get("at"),
        "timezone": fields.get("timezone"),
        "digits": digits,
        "http": read_json(http, "http") if http else {},
        "answered_by": fields.get("answered_by"),
    }
    if status := fields.get("dial"):
        asked["dial"] = [{"status": status}]
    if fields.get("kind") == "message":
        asked["text"] = fields.get("text")
    return {name: value for name, value in asked.items() if value or name == "text"}
