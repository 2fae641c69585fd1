"""Caller IDs of other carriers: numbers that an account may show once it has proved that it can be reached there."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dialplane.domain.ids import AccountId, RunId

CODE_DIGITS = 6
LONGEST_NAME = 64
MOST_CALLER_IDS = 1000
"""Of one account."""

_LISTENS_MS = 20_000


@dataclass(frozen=True, slots=True)
class CallerId:
    """One number. `code` is what must be keyed in the call whose run is `run_id`."""

    id: UUID
    account_id: AccountId
    number: str
    name: str
    code: str
    run_id: RunId
    created_at: datetime
    verified_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallerIdFilter:
    """What lists narrow by; empty takes all."""

    number: str = ""
    name: str = ""
    only_verified: bool = False


def new_code() -> str:
    return "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))


def verifying_actions(extension: str = "", delay_s: int = 0) -> list[dict[str, object]]:
    """What runs on the call: it asks for the code, and whether that was right is seen in the run's variables."""
    actions: list[dict[str, object]] = [{"type": "answer"}]
    if delay_s:
        actions.append({"type": "sleep", "option": {"duration": delay_s * 1000}})
    if extension:
        actions.append({"type": "digits_send", "option": {"digits": extension}})
    asks = {"text": "Please enter the code of six digits, to confirm this number.", "language": "en-US"}
    return [
        *actions,
        {"type": "talk", "option": {**asks, "digits_handle": "next"}},
        {"type": "digits_receive", "option": {"duration": _LISTENS_MS, "length": CODE_DIGITS}},
        {"type": "talk", "option": {"text": "Thank you. Goodbye.", "language": "en-US"}},
    ]
