"""Numbers that accounts hold: what they are, what may be done with them, and when their month is over."""

import calendar
import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, ItemId, NumberId, OrganizationId
from dialplane.domain.money import ZERO, Micros
from dialplane.domain.numbering.handling import Handling
from dialplane.domain.numbering.number_settings import NumberSettings
from dialplane.domain.numbering.targets import Targets
from dialplane.domain.values import dataclass

QUARANTINE = timedelta(days=30)
"""A released number rests this long before anybody else may have it (NUM-4), and can be taken back meanwhile."""

GRACE = timedelta(days=7)
"""After the due day, before a number that cannot be paid is suspended."""

VIRTUAL_PREFIX = "+899"
_VIRTUAL = re.compile(r"\+899[0-9]{9}")
_VIRTUAL_RESERVED = "+899000"


class NumberKind(StrEnum):
    LOCAL = "local"
    TOLL_FREE = "toll_free"
    MOBILE = "mobile"
    VIRTUAL = "virtual"
    SIP = "sip"
    """Anything that can stand in a SIP address, unique in its organization: a short code, `1234`."""
    PATTERN = "pattern"
    CHANNEL = "channel"

    @property
    def is_ordinary(self) -> bool:
        """Whether it is a number of the public telephone network, which a carrier gives and which costs money."""
        return self in (NumberKind.LOCAL, NumberKind.TOLL_FREE, NumberKind.MOBILE)


_SPELLINGS = {"toll-free": "toll_free", "tollfree": "toll_free"}


def parse_kind(text: str, *, field: str = "type") -> NumberKind:
    """`toll_free`, `toll-free` and `tollfree` are one. Raises Invalid."""
    try:
        return NumberKind(_SPELLINGS.get(text, text))
    except ValueError:
        raise Invalid(f"{field}: there is no type {text[:40]!r}", reason="INVALID_ARGUMENT", field=field) from None


class NumberStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    RELEASED = "released"


class SuspendedFor(StrEnum):
    NOTHING = ""
    UNPAID = "unpaid"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Number:
    """One number of one account."""

    id: NumberId
    account_id: AccountId
    organization_id: OrganizationId
    number: str
    """E.164 with `+`; for `sip`, `pattern` and `channel` as it was given."""
    kind: NumberKind
    status: NumberStatus
    created_at: datetime
    targets: Targets = field(default_factory=Targets)
    name: str = ""
    detail: str = ""
    tags: tuple[str, ...] = ()
    metadata: dict[str, object] = field(default_factory=dict)
    settings: NumberSettings = field(default_factory=NumberSettings)
    handling: Handling | None = None
    protected: bool = False
    """Releasing it is refused until this is taken off."""
    suspended_for: SuspendedFor = SuspendedFor.NOTHING
    country: str = ""
    capabilities: tuple[str, ...] = ()
    item_id: ItemId | None = None
    carrier: str = ""
    monthly_micros: Micros = ZERO
    purchased_at: datetime | None = None
    renews_at: datetime | None = None
    """The due day of the next month; None: it never has to be renewed."""
    look_at: datetime | None = None
    """When the renewal has something to do next."""
    warned_days: int | None = None
    """The last step told before or on the due day: 7, 3 or 1 days before; 0: it could not be paid."""
    grace_until: datetime | None = None
    """While a renewal is unpaid: when the number will be suspended."""
    idempotency_key: str = ""
    """Of the request that took a virtual number, for which there is no order."""
    updated_at: datetime | None = None
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NumberFilter:
    """Which of an account's numbers a list shows; every given part must hold."""

    statuses: tuple[NumberStatus, ...] = ()
    kinds: tuple[NumberKind, ...] = ()
    contains: str = ""
    """A part of the number, as it is written."""
    name: str = ""
    """A part of the name, in whatever case."""
    tags: tuple[str, ...] = ()
    """All of them."""
    capabilities: tuple[str, ...] = ()
    """All of them. Heeded where lists go by number (`list_after`)."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Keys whose values are written like this: `true`, `12`, `Berlin`."""


def check_virtual(number: str) -> None:
    """Raises Invalid unless `number` is `+899` and nine digits outside the reserved `+899000`."""
    if not _VIRTUAL.fullmatch(number):
        raise Invalid("A virtual number is +899 and nine digits", reason="INVALID_ARGUMENT", field="number")
    if number.startswith(_VIRTUAL_RESERVED):
        raise Invalid("+899000 is reserved", reason="INVALID_ARGUMENT", field="number")


def a_month_after(moment: datetime, *, day: int) -> datetime:
    """The same time in the next month, on `day` or the month's last day where it is shorter.

    `day` is the day of the purchase, so that a number bought on the 31st comes back to the 31st.
    """
    year, month = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
    return moment.replace(year=year, month=month, day=min(day, calendar.monthrange(year, month)[1]))
