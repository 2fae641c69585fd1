"""What can be had: items of carriers' stock, how they are looked for, and reservations of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import phonenumbers

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, ItemId, TrunkId
from dialplane.domain.money import ZERO, Micros
from dialplane.domain.numbering.documents import LONGEST_KIND
from dialplane.domain.numbering.numbers import NumberKind

RESERVATION = timedelta(minutes=30)

MOST_RESERVED = 1000
"""Numbers that one account may hold at once without buying them: nobody takes a whole stock off the market."""

OWNED = "owned"
"""The carrier of items that the operator imported: the operator's own ranges."""

SANDBOX = "sandbox"
"""The simulated carrier."""

CAPABILITIES = ("voice", "sms", "mms", "fax", "emergency")

MOST_PASSED_OVER = 100_000
"""Of a search: each item passed over is read."""

_MOST_DOCUMENTS = 20
_LONGEST_FILTER = 128
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_PATTERN = re.compile(r"[0-9*]{0,15}")


class ItemState(StrEnum):
    OFFERED = "offered"
    HELD = "held"
    ASSIGNED = "assigned"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Item:
    """One number of a carrier's stock."""

    id: ItemId
    number: str
    carrier: str
    kind: NumberKind
    country: str
    state: ItemState
    setup_micros: Micros
    monthly_micros: Micros
    created_at: datetime
    region: str = ""
    locality: str = ""
    postal_code: str = ""
    latitude: float | None = None
    longitude: float | None = None
    capabilities: tuple[str, ...] = ()
    documents_required: tuple[str, ...] = ()
    account_id: AccountId | None = None
    """Who holds, has or last had it."""
    state_until: datetime | None = None
    """The end of a reservation or of the quarantine; None where an order or an owner has it."""
    trunk_id: TrunkId | None = None
    """By which it is reached, where that is known: calls that it makes leave there first."""

    def may_be_ordered_by(self, account_id: AccountId, now: datetime) -> bool:
        """Offered, or reserved by this account, or reserved by somebody whose time is over."""
        if self.state is ItemState.OFFERED:
            return True
        if self.state is not ItemState.HELD or self.state_until is None:
            return False
        return self.account_id == account_id or self.state_until <= now


@dataclass(frozen=True, slots=True)
class Offer:
    """What a search answers with. A virtual number is offered without an item: there is no stock of them."""

    number: str
    kind: NumberKind
    country: str
    capabilities: tuple[str, ...]
    region: str = ""
    locality: str = ""
    postal_code: str = ""
    latitude: float | None = None
    longitude: float | None = None
    setup_micros: Micros = ZERO
    monthly_micros: Micros = ZERO
    documents_required: tuple[str, ...] = ()
    item_id: ItemId | None = None


class Ordering(StrEnum):
    """The order of what a search answers with; numbers decide among equals."""

    NUMBER = "number"
    PRICE = "price"
    """What a month costs, then what is paid once."""
    DISTANCE = "distance"


SortKey = tuple[float, float, str]
"""Where an offer stands in an order: two measures, which are 0 where the order has none, and the number."""


@dataclass(frozen=True, slots=True)
class Near:
    """Within `distance_km` of a point, as the crow flies."""

    latitude: float
    longitude: float
    distance_km: float = 40.0


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """What is looked for; every given part must hold. Digit patterns are digits and `*` for any one digit."""

    country: str = ""
    """ISO 3166 alpha-2, upper case."""
    countries: tuple[str, ...] = ()
    """Any one of these, where several will do."""
    kinds: tuple[NumberKind, ...] = ()
    number: str = ""
    """Exactly this one, in E.164."""
    starts_with: str = ""
    """Digits after the `+`, country code included."""
    contains: str = ""
    spells: str = ""
    """What it contains too: digits of a word on the keypad."""
    ends_with: str = ""
    area_code: str = ""
    """The digits after the country code; needs `country`."""
    region: str = ""
    locality: str = ""
    """In whatever case."""
    postal_code: str = ""
    capabilities: tuple[str, ...] = ()
    incapable_of: tuple[str, ...] = ()
    """None of these capabilities."""
    without_documents: bool = False
    """Only what can be had at once."""
    max_setup_micros: int | None = None
    max_monthly_micros: int | None = None
    max_total_micros: int | None = None
    """Of set-up and first month together, which is what a purchase charges."""
    near: Near | None = None
    order: Ordering | None = None
    after: SortKey | None = None
    """Only what stands behind this in the order."""
    limit: int = 100
    offset: int = 0
    """So many of what fits are passed over; without effect on virtual numbers, which are drawn."""

    @property
    def is_virtual(self) -> bool:
        return self.kinds == (NumberKind.VIRTUAL,)

    @property
    def ordering(self) -> Ordering:
        """Nearest first where a point is given and nothing else is asked for."""
        return self.order or (Ordering.NUMBER if self.near is None else Ordering.DISTANCE)

    @property
    def any_country(self) -> tuple[str, ...]:
        """The countries that will do; empty: all."""
        return self.countries or ((self.country,) if self.country else ())

    @property
    def head(self) -> str:
        """The pattern that the number begins with, `+` included; "" where none is asked for."""
        if self.number:
            return self.number
        if self.area_code:
            return f"+{phonenumbers.country_code_for_region(self.country)}{self.area_code}"
        return f"+{self.starts_with}" if self.starts_with else ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The patterns that stand anywhere in the number."""
        return tuple(pattern for pattern in (self.contains, self.spells) if pattern)

    def check(self) -> None:
        """Raises Invalid naming the field."""
        for field in ("starts_with", "contains", "spells", "ends_with", "area_code"):
            if not _PATTERN.fullmatch(getattr(self, field)):
                raise _invalid(field, "is made of digits and * for any one digit, 15 at most")
        if self.number and not _E164.fullmatch(self.number):
            raise _invalid("number", "is + and 7 to 15 digits")
        for country in self.any_country:
            if not _COUNTRY.fullmatch(country):
                raise _invalid("country", "is a country's two letters (ISO 3166)")
        if not self.any_country and not self.is_virtual and not (self.head or self.parts or self.ends_with):
            raise _invalid("country", "is needed", reason="INVALID_ARGUMENT")
        self._check_combinations()
        if not 1 <= self.limit <= 1000:
            raise _invalid("limit", "is 1 to 1000")
        if not 0 <= self.offset <= MOST_PASSED_OVER:
            raise _invalid("offset", f"is 0 to {MOST_PASSED_OVER}")

    def _check_combinations(self) -> None:
        if self.country and self.countries:
            raise _invalid("country", "is one or several")
        if self.area_code and not phonenumbers.country_code_for_region(self.country):
            raise _invalid("area_code", "needs a country")
        if self.area_code and self.starts_with:
            raise _invalid("area_code", "and starts_with exclude each other")
        near = self.near
        if near is not None and not (abs(near.latitude) <= 90 and abs(near.longitude) <= 180 and near.distance_km > 0):
            raise _invalid("near", "is a latitude and a longitude in degrees")
        if self.order is Ordering.DISTANCE and near is None:
            raise _invalid("order", "by distance needs a point")


def _invalid(field: str, says: str, *, reason: str = "INVALID_ARGUMENT") -> Invalid:
    return Invalid(f"{field} {says}", reason=reason, field=field)


@dataclass(frozen=True, slots=True)
class StockCount:
    """How many items each carrier has in each state; those without any are left out."""

    by_carrier: Mapping[str, Mapping[ItemState, int]]
    is_estimated: bool = False


@dataclass(frozen=True, slots=True)
class StockQuery:
    """Which items the operator looks at; every given part must hold."""

    states: tuple[ItemState, ...] = ()
    kinds: tuple[NumberKind, ...] = ()
    country: str = ""
    starts_with: str = ""
    """Digits after the `+`."""
    region: str = ""
    locality: str = ""
    """In whatever case."""
    carrier: str = ""
    account_id: AccountId | None = None
    """Who holds, has or last had it."""
    trunk_id: TrunkId | None = None

    def check(self) -> None:
        """Raises Invalid naming the field."""
        if not _PATTERN.fullmatch(self.starts_with) or "*" in self.starts_with:
            raise _invalid("starts_with", "is made of digits, 15 at most")
        for name in ("country", "region", "locality", "carrier"):
            value = getattr(self, name)
            if len(value) > _LONGEST_FILTER or "\0" in value:
                raise _invalid(name, f"has {_LONGEST_FILTER} characters at most")


class ReservationStatus(StrEnum):
    HELD = "held"
    USED = "used"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Reservation:
    """An item kept for an account until `expires_at`."""

    id: UUID
    account_id: AccountId
    item_id: ItemId
    number: str
    status: ReservationStatus
    expires_at: datetime
    created_at: datetime
    ended_at: datetime | None = None

    def at(self, now: datetime) -> "Reservation":
        """As it stands at `now`: nobody need have noticed its end."""
        if self.status is ReservationStatus.HELD and self.expires_at <= now:
            return replace(self, status=ReservationStatus.EXPIRED)
        return self


@dataclass(frozen=True, slots=True)
class NewItem:
    """One line of an import, checked."""

    number: str
    kind: NumberKind
    country: str
    region: str = ""
    locality: str = ""
    postal_code: str = ""
    latitude: float | None = None
    longitude: float | None = None
    capabilities: tuple[str, ...] = ("voice", "sms")
    setup_micros: Micros = ZERO
    monthly_micros: Micros = ZERO
    documents_required: tuple[str, ...] = ()
    trunk_id: TrunkId | None = None

    def check(self) -> None:
        """Raises Invalid naming the field."""
        if not _E164.fullmatch(self.number):
            raise _invalid("number", f"is + and 7 to 15 digits, got {self.number[:40]!r}")
        if self.number.startswith("+899"):
            raise _invalid("number", "of +899 are virtual: there is no stock of them")
        if not self.kind.is_ordinary:
            raise _invalid("type", "of an item is local, toll_free or mobile")
        if not _COUNTRY.fullmatch(self.country):
            raise _invalid("country", "is a country's two letters (ISO 3166)")
        for capability in self.capabilities:
            if capability not in CAPABILITIES:
                raise _invalid("capabilities", f"are among {', '.join(CAPABILITIES)}, got {capability[:40]!r}")
        for kind in self.documents_required:
            # The comma parts them where they are written into the store.
            if not 1 <= len(kind) <= LONGEST_KIND or not kind.isprintable() or "," in kind:
                raise _invalid("documents_required", f"are words of 1 to {LONGEST_KIND} characters without a comma")
        if len(self.documents_required) > _MOST_DOCUMENTS:
            raise _invalid("documents_required", f"are {_MOST_DOCUMENTS} at most")
        for field in ("setup_micros", "monthly_micros"):
            if not 0 <= getattr(self, field) <= 10**12:
                raise _invalid(field, "is a whole number of micros, 0 to 10^12")
        if (self.latitude is None) != (self.longitude is None):
            raise _invalid("latitude", "and longitude come together")
        for field, most in (("region", 64), ("locality", 128), ("postal_code", 16)):
            if len(getattr(self, field)) > most:
                raise _invalid(field, f"has {most} characters at most")
