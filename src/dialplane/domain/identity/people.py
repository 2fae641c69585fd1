"""People who use the portal, and what each role lets them do in an account. One person may be in many accounts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dialplane.domain.errors import Invalid, NotPermitted
from dialplane.domain.ids import AccountId, OrganizationId, PersonId

LONGEST_EMAIL, LONGEST_NAME, LONGEST_PHONE = 320, 255, 32

_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\\x00-\x1f\x7f]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{5,30}")
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}")


class Role(StrEnum):
    """What somebody is in an account, the mightiest first."""

    OWNER = "owner"
    ADMIN = "admin"
    DEVELOPER = "developer"
    BILLING = "billing"
    VIEWER = "viewer"


class Deed(StrEnum):
    """What is done in an account. Each page asks for one."""

    VIEW = "view"
    CONFIGURE = "configure"
    """Numbers, flows, phones, settings."""
    BUY = "buy"
    """Spend credit, and give numbers up."""
    KEYS = "keys"
    """See and change what signs in to the APIs."""
    PAY = "pay"
    """Add credit."""
    PEOPLE = "people"
    """Invite, change roles, remove; the project's own name too."""


_ALL = frozenset(Deed)
_DEEDS: Mapping[Role, frozenset[Deed]] = {
    Role.OWNER: _ALL,
    Role.ADMIN: _ALL,
    Role.DEVELOPER: frozenset({Deed.VIEW, Deed.CONFIGURE, Deed.BUY, Deed.KEYS}),
    Role.BILLING: frozenset({Deed.VIEW, Deed.PAY}),
    Role.VIEWER: frozenset({Deed.VIEW}),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an e-mail address, which is compared without regard to case, and a password."""

    id: PersonId
    email: str
    name: str
    password_hash: str = field(repr=False)
    created_at: datetime
    phone: str = ""
    timezone: str = "UTC"
    organization_id: OrganizationId | None = None
    """Where this person's own projects are made; None before the first."""
    terms_accepted_at: datetime | None = None
    totp_secret: str = field(default="", repr=False)
    totp_confirmed_at: datetime | None = None
    totp_last_step: int = 0
    """The time step of the last code that was accepted: none of it or before it is accepted again."""
    wrong_codes: int = 0
    codes_blocked_until: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    operator_since: datetime | None = None
    """Since when this person may use the operator's desk; None: not at all."""

    @property
    def is_operator(self) -> bool:
        return self.operator_since is not None

    @property
    def has_totp(self) -> bool:
        return self.totp_confirmed_at is not None


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's place in an account."""

    person_id: PersonId
    account_id: AccountId
    role: Role
    created_at: datetime

    def may(self, deed: Deed) -> bool:
        return deed in _DEEDS[self.role]

    def require(self, deed: Deed) -> None:
        """Raises NotPermitted."""
        if not self.may(deed):
            raise NotPermitted(f"Your role in this project ({self.role}) does not include this", reason="ROLE")


def roles_that_may(deed: Deed) -> tuple[Role, ...]:
    return tuple(role for role in Role if deed in _DEEDS[role])


def check_email(text: str) -> str:
    """The address without blanks around it. Raises Invalid (`email`)."""
    email = text.strip()
    if len(email) > LONGEST_EMAIL or not _EMAIL.fullmatch(email) or ".." in email:
        raise Invalid("Enter an e-mail address such as ann@example.com", field="email")
    return email


def check_name(text: str, *, field: str = "name") -> str:
    """Raises Invalid."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid(f"Enter a name of 1 to {LONGEST_NAME} characters", field=field)
    return name


def check_phone(text: str) -> str:
    """A number as people write it; "" is none. Raises Invalid (`phone`)."""
    phone = text.strip()
    if phone and not _PHONE.fullmatch(phone):
        raise Invalid("Enter a phone number such as +1 415 555 2671", field="phone")
    return phone


def check_timezone(text: str) -> str:
    """Raises Invalid (`timezone`)."""
    try:
        if not _ZONE.fullmatch(text):
            raise ValueError(text)
        ZoneInfo(text)
    except (ValueError, ZoneInfoNotFoundError, OSError):
        raise Invalid("Choose a time zone such as Europe/Berlin", field="timezone") from None
    return text


def parse_role(text: str) -> Role:
    """Raises Invalid (`role`)."""
    try:
        return Role(text)
    except ValueError:
        raise Invalid("Choose one of the roles", field="role") from None
