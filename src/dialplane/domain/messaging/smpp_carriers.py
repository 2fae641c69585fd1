"""Carriers that we bind to by SMPP, as the operator sets them up."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.messaging.smpp_accounts import MOST_RATE, MOST_WINDOW, LongMessages
from dialplane.domain.supply.carrier_accounts import CarrierStatus
from dialplane.domain.supply.inventory import OWNED

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_HOST = re.compile(r"[A-Za-z0-9:][A-Za-z0-9.:-]{0,254}")
_MOST_CARRIES = 20


class Binds(StrEnum):
    TRANSCEIVER = "transceiver"
    SEPARATE = "separate"
    """A transmitter and a receiver."""


class CarrierAlphabet(StrEnum):
    """What the carrier means by data coding 0."""

    GSM7 = "gsm7"
    LATIN1 = "latin1"
    ASCII = "ascii"


class BindState(StrEnum):
    CONNECTING = "connecting"
    BOUND = "bound"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class SmppCarrier:
    id: UUID
    name: str
    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    created_at: datetime
    updated_at: datetime
    system_type: str = ""
    address_range: str = ""
    binds: Binds = Binds.TRANSCEIVER
    rate: int = 50
    """Segments a second."""
    window: int = 10
    """Segments that may wait for their answer."""
    enquire_s: int = 30
    long_messages: LongMessages = LongMessages.UDH
    alphabet: CarrierAlphabet = CarrierAlphabet.GSM7
    tls: bool = False
    """Over TLS, with a certificate for `host` that is believed."""
    national_tables: bool = False
    """It takes the national tables of GSM 03.38: what they hold need not go in UCS-2."""
    carries: tuple[str, ...] = (OWNED,)
    """Carriers of the numbers whose messages go this way: `owned` are the operator's own ranges."""
    status: CarrierStatus = CarrierStatus.ACTIVE
    """Paused: not bound to; messages wait."""

    def check(self) -> None:
        """Raises Invalid naming the field."""
        _check(bool(_NAME.fullmatch(self.name)), "name", "is 1 to 32 small letters, digits, - and _")
        _check(bool(_HOST.fullmatch(self.host)), "host", "is a host name or an address")
        _check(1 <= self.port <= 65535, "port", "is 1 to 65535")
        _check(1 <= len(self.system_id) <= 15, "system_id", "has 1 to 15 characters")
        _check(len(self.password) <= 63, "password", "has 63 characters at most")
        _check(len(self.system_type) <= 12, "system_type", "has 12 characters at most")
        _check(len(self.address_range) <= 40, "address_range", "has 40 characters at most")
        for name in ("system_id", "password", "system_type", "address_range"):
            value = getattr(self, name)
            _check(value.isascii() and (not value or value.isprintable()), name, "is of printable ASCII characters")
        _check(1 <= self.rate <= MOST_RATE, "rate", f"is 1 to {MOST_RATE}")
        _check(1 <= self.window <= MOST_WINDOW, "window", f"is 1 to {MOST_WINDOW}")
        _check(5 <= self.enquire_s <= 600, "enquire_s", "is 5 to 600")
        _check(1 <= len(self.carries) <= _MOST_CARRIES, "carries", f"has 1 to {_MOST_CARRIES} names")
        for each in self.carries:
            _check(bool(_NAME.fullmatch(each)), "carries", "are names of carriers, such as owned")


@dataclass(frozen=True, slots=True)
class BindStanding:
    """How the bind stands, as the process that has it last said."""

    state: BindState
    since: datetime
    fault: str = ""


def _check(holds: bool, name: str, says: str) -> None:
    if not holds:
        raise Invalid(f"{name} {says}", reason="INVALID_ARGUMENT", field=name)
