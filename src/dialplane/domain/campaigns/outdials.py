"""Whom a campaign dials: targets of five destinations each, tried in their order (6.9)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId

DESTINATIONS = 5


@dataclass(frozen=True, slots=True)
class Outdial:
    id: UUID
    account_id: AccountId
    name: str
    created_at: datetime
    detail: str = ""
    data: str = ""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


class TargetStatus(StrEnum):
    IDLE = "idle"
    PROGRESSING = "progressing"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class OutdialTarget:
    """Somebody to be reached, by one of five destinations."""

    id: UUID
    account_id: AccountId
    outdial_id: UUID
    destinations: tuple[Address | None, ...]
    created_at: datetime
    due_at: datetime
    """Not to be tried before."""
    name: str = ""
    detail: str = ""
    data: str = ""
    status: TargetStatus = TargetStatus.IDLE
    try_counts: tuple[int, ...] = (0, 0, 0, 0, 0)
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


def check_target(target: OutdialTarget) -> OutdialTarget:
    """Raises Invalid naming the destination that is none, or where there is none at all."""
    if not any(target.destinations):
        raise Invalid("One of destination_0 to destination_4 says whom to call", field="destination_0")
    for index, destination in enumerate(target.destinations):
        if destination is not None and destination.type not in ("tel", "sip"):
            field = f"destination_{index}"
            raise Invalid(f"{field} must be of type tel or sip", field=field)
    return target
