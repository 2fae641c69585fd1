"""How a trunk wants to be spoken to: where its gateways are, its audio, its numbers, its limits."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal
from uuid import UUID

import phonenumbers

from dialplane.domain.calling.media import ANY_AUDIO, MediaProfile

TrunkTransport = Literal["udp", "tcp", "tls"]
MOST_GATEWAYS = 16
MOST_HEADERS = 20
LONGEST_AFFIX = 16


@dataclass(frozen=True, slots=True)
class Gateway:
    """One place that takes a trunk's calls. Lower priorities first; among equal ones as often as its weight says."""

    host: str
    port: int = 5060
    transport: TrunkTransport = "udp"
    priority: int = 10
    weight: int = 1


class NumberStyle(StrEnum):
    """How a trunk writes numbers, to it and in the caller ID."""

    E164 = "e164"
    """`+12025550143`"""
    PLAIN = "plain"
    """`12025550143`"""
    NATIONAL = "national"
    """`2025550143` for the trunk's own country, with its trunk prefix where it has one (`02079460000`); `00` and all
    digits for any other."""


class Reliable(StrEnum):
    """Reliable provisional answers (RFC 3262)."""

    OFF = "off"
    SUPPORTED = "supported"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """Numbers as a trunk has them; what came is kept raw on the call all the same."""

    style: NumberStyle = NumberStyle.E164
    country: str = "US"
    """In which numbers without `+` from the trunk are read."""
    prefix: str = ""
    """Put before each number that the trunk is asked for (VoIPBIN's `tech_prefix`)."""
    postfix: str = ""

    def callee(self, number: str) -> str:
        """The number as the request URI has it."""
        return f"{self.prefix}{self.shown(number)}{self.postfix}"

    def shown(self, number: str) -> str:
        """A number in E.164 as the trunk writes it; anything else as it is."""
        if self.style is NumberStyle.E164 or not number.startswith("+"):
            return number
        if self.style is NumberStyle.PLAIN:
            return number[1:]
        try:
            parsed = phonenumbers.parse(number)
        except phonenumbers.NumberParseException:
            return number[1:]
        if phonenumbers.country_code_for_region(self.country) != parsed.country_code:
            return f"00{number[1:]}"
        trunk_prefix = phonenumbers.ndd_prefix_for_region(self.country, True) or ""
        significant = phonenumbers.national_significant_number(parsed)
        return significant if parsed.country_code == 1 else f"{trunk_prefix}{significant}"


@dataclass(frozen=True, slots=True)
class TrunkTerms:
    """Everything about a trunk that most trunks leave as it is."""

    gateways: tuple[Gateway, ...] = ()
    """Beside the trunk's own host."""
    own_priority: int = 10
    """Of its own host among its gateways; `priority` of the trunk ranks trunks."""
    weight: int = 1
    """Of its own host among its gateways of the same priority."""
    media: MediaProfile = field(default=ANY_AUDIO)
    numbers: NumberFormat = field(default=NumberFormat())
    headers: tuple[tuple[str, str], ...] = ()
    """That every INVITE to it has (VoIPBIN's `tech_headers`)."""
    calls_at_once: int | None = None
    """Both ways, on one voice node; None: no limit."""
    calls_per_second: float | None = None
    """The same."""
    probe_s: int = 0
    """Between two OPTIONS to each gateway; 0: only while one is taken for dead."""
    registers: bool = False
    """Whether we register there, with the trunk's name and password."""
    register_s: int = 3600
    """The expiry that is asked for."""
    session_timer_s: int = 0
    """The session interval that our calls ask for (RFC 4028); 0: none."""
    reliable: Reliable = Reliable.OFF
    verifies: bool = True
    """Over TLS: whether a gateway's certificate must be right for its name."""
    cost_deck_id: UUID | None = None
    """A rate deck with what the operator pays: among routes of equal rank the cheapest goes first."""


USUAL_TERMS = TrunkTerms()
