"""Accounts that the operator has at carriers, and how a number of ours stands there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import OWNED, SANDBOX

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_REQUIREMENT = re.compile(r"[A-Z]{2}/(local|toll_free|mobile)")
_MOST_REQUIREMENTS = 500
_LONGEST_SECRET = 512
_LONGEST_URL = 1024
_LONGEST_ID = 128


class CarrierKind(StrEnum):
    TELNYX = "telnyx"
    TWILIO = "twilio"


class CarrierStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    """Nothing is searched or bought there; numbers, messages and webhooks go on."""


@dataclass(frozen=True, slots=True)
class CarrierAccount:
    """One account at one carrier. Its name is the carrier of its numbers."""

    id: UUID
    name: str
    kind: CarrierKind
    api_key: str = field(repr=False)
    """Telnyx: the API key. Twilio: the auth token, or an API key as `SK...:secret`."""
    public_url: str
    """Where the carrier reaches this platform. Twilio signs addresses: it must be as the carrier calls it."""
    created_at: datetime
    updated_at: datetime
    account_sid: str = ""
    """Twilio's `AC...`."""
    signing_key: str = field(default="", repr=False)
    """Telnyx: the account's public key, in base64. Twilio: the auth token, where `api_key` is none."""
    api_url: str = ""
    """Of another server that speaks the carrier's API; empty: the carrier's own."""
    voice: str = ""
    """What brings calls of the numbers: Telnyx's connection, Twilio's trunk."""
    messaging: str = ""
    """Telnyx's messaging profile."""
    setup_micros: int | None = None
    """What we ask for a number; None: what the carrier says."""
    monthly_micros: int | None = None
    requirements: Mapping[str, str] = field(default_factory=dict)
    """By country and type (`DE/local`): Telnyx's requirement group, Twilio's bundle."""
    status: CarrierStatus = CarrierStatus.ACTIVE

    @property
    def webhook_base(self) -> str:
        """Below it lie the addresses that the carrier sends to."""
        return f"{self.public_url.rstrip('/')}/carriers/v1/{self.id}"

    def requirement(self, country: str, kind: NumberKind) -> str:
        """What an order of such a number goes with; "" where nothing is set."""
        return self.requirements.get(f"{country}/{kind.value}", "")

    def check(self) -> None:
        """Raises Invalid naming the field."""
        if not _NAME.fullmatch(self.name) or self.name in (OWNED, SANDBOX):
            raise _invalid("name", "is 1 to 32 small letters, digits, - and _, and neither owned nor sandbox")
        if not 1 <= len(self.api_key) <= _LONGEST_SECRET or not self.api_key.isprintable():
            raise _invalid("api_key", f"has 1 to {_LONGEST_SECRET} printable characters")
        if len(self.signing_key) > _LONGEST_SECRET or not self.signing_key.isprintable():
            raise _invalid("signing_key", f"has {_LONGEST_SECRET} printable characters at most")
        if self.kind is CarrierKind.TWILIO:
            self._check_twilio()
        for name in ("account_sid", "voice", "messaging"):
            value = getattr(self, name)
            if len(value) > _LONGEST_ID or not value.isprintable():
                raise _invalid(name, f"has {_LONGEST_ID} printable characters at most")
        _check_url("public_url", self.public_url)
        if self.api_url:
            _check_url("api_url", self.api_url)
        for name in ("setup_micros", "monthly_micros"):
            price = getattr(self, name)
            if price is not None and not 0 <= price <= 10**12:
                raise _invalid(name, "is a whole number of micros, 0 to 10^12")
        self._check_requirements()

    def _check_twilio(self) -> None:
        if not re.fullmatch(r"AC[0-9a-f]{32}", self.account_sid):
            raise _invalid("account_sid", "is AC and 32 hex digits")
        if self.monthly_micros is None:
            raise _invalid("monthly_micros", "is needed: Twilio's search says no prices")

    def _check_requirements(self) -> None:
        if len(self.requirements) > _MOST_REQUIREMENTS:
            raise _invalid("requirements", f"are {_MOST_REQUIREMENTS} at most")
        for where, what in self.requirements.items():
            if not _REQUIREMENT.fullmatch(where):
                raise _invalid("requirements", "are named by country and type, such as DE/local")
            if not 1 <= len(what) <= _LONGEST_ID or not what.isprintable():
                raise _invalid("requirements", f"have 1 to {_LONGEST_ID} printable characters each")


@dataclass(frozen=True, slots=True)
class CarrierAccess:
    """A key for a carrier's API that is used once and not kept."""

    kind: CarrierKind
    api_key: str = field(repr=False)
    api_url: str = ""
    """Of another server that speaks the carrier's API; empty: the carrier's own."""

    def check(self) -> None:
        """Raises Invalid naming the field, as it is named where the key is given."""
        printable = self.api_key.isascii() and self.api_key.isprintable()
        if not 1 <= len(self.api_key) <= _LONGEST_SECRET or not printable:
            raise _invalid("credentials.api_key", f"has 1 to {_LONGEST_SECRET} printable ASCII characters")
        if self.api_url:
            _check_url("api_url", self.api_url)


class CarrierNumberState(StrEnum):
    IN_STEP = "in_step"
    DRIFTED = "drifted"
    """Its settings at the carrier are not ours."""
    MISSING = "missing"
    """We hold it, and the carrier does not know it in our account."""
    STRAY = "stray"
    """It is in our account at the carrier, which costs money, and nobody here has it."""
    UNKNOWN = "unknown"
    """The carrier did not answer."""


@dataclass(frozen=True, slots=True)
class CarrierNumber:
    """How one number stands at its carrier, as it was last seen."""

    carrier: str
    number: str
    state: CarrierNumberState
    looked_at: datetime
    wanted: Mapping[str, str] = field(default_factory=dict)
    """Settings as they are to be, by the carrier's names."""
    found: Mapping[str, str] = field(default_factory=dict)
    """The same settings as the carrier says they are."""
    saved: Mapping[str, str] | None = None
    """As they were before ours were first written; None: ours were never written, or the old ones are back."""
    fault: str = ""
    """Why the carrier could not be asked."""
    written_at: datetime | None = None

    @property
    def drift(self) -> tuple[str, ...]:
        """The names of the settings that differ."""
        return tuple(name for name, value in self.wanted.items() if self.found.get(name, "") != value)


def _check_url(field: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    sound = parts.scheme in ("http", "https") and parts.hostname and parts.username is None and port != 0
    if not sound or parts.query or parts.fragment or len(url) > _LONGEST_URL or not url.isprintable() or " " in url:
        raise _invalid(field, "is an http or https address without user, query and fragment")


def _invalid(field: str, says: str) -> Invalid:
    return Invalid(f"{field} {says}", reason="INVALID_ARGUMENT", field=field)
