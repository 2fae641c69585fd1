"""Routes outwards: which trunk takes calls to numbers that begin so (VoIPBIN reference 6.6)."""

import re
from dataclasses import dataclass
from datetime import datetime

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, RouteId, TrunkId

EVERYWHERE = "all"
HIGHEST_PRIORITY = 1_000_000
LONGEST_NAME = 255
LONGEST_DETAIL = 4096

_TARGET = re.compile(r"\+?([0-9]{1,15})")


@dataclass(frozen=True, slots=True)
class Route:
    id: RouteId
    account_id: AccountId | None
    """None: everybody's."""
    trunk_id: TrunkId
    target: str
    """What numbers begin with, digits of E.164; empty: all numbers."""
    priority: int
    """Lower first, among routes of equally long targets."""
    created_at: datetime
    name: str = ""
    detail: str = ""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


def read_target(text: str) -> str:
    """`1`, `+1`, `4420` or `all`, as it is kept. Raises Invalid."""
    if text == EVERYWHERE:
        return ""
    match = _TARGET.fullmatch(text)
    if match is None:
        raise Invalid("target is what numbers begin with, such as 1 or +4420, or all", field="target")
    return match[1]


def show_target(target: str) -> str:
    return target or EVERYWHERE


def check_route(route: Route) -> None:
    """Raises Invalid naming the field."""
    if not 0 <= route.priority <= HIGHEST_PRIORITY:
        raise Invalid(f"priority is 0 to {HIGHEST_PRIORITY}", field="priority")
    if len(route.name) > LONGEST_NAME:
        raise Invalid(f"name may have {LONGEST_NAME} characters at most", field="name")
    if len(route.detail) > LONGEST_DETAIL:
        raise Invalid(f"detail may have {LONGEST_DETAIL} characters at most", field="detail")
