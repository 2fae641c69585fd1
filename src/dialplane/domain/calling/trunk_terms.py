"""How a trunk wants to be spoken to: where its gateways are, its audio, its numbers, its limits."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import Literal, cast, get_args

import phonenumbers

from dialplane.domain.calling.media import ANY_AUDIO, MediaProfile
from dialplane.domain.errors import Invalid

TrunkTransport = Literal["udp", "tcp", "tls"]
MOST_GATEWAYS = 16
MOST_HEADERS = 20
LONGEST_AFFIX = 16
LONGEST_HEADER = 255
MOST_METADATA = 50
LONGEST_METADATA = 500

_HOST = re.compile(r"[A-Za-z0-9.\-_:]{1,255}")
_AFFIX = re.compile(rf"[A-Za-z0-9*#+.\-]{{0,{LONGEST_AFFIX}}}")
_HEADER = re.compile(r"[XP]-[A-Za-z0-9\-]{1,62}", re.IGNORECASE)
"""Those that no rule of SIP hangs on: private ones, and those of carriers (RFC 3325)."""


class FoundBy(StrEnum):
    """Which records of a gateway's name are asked for (RFC 3263 section 4), beside those of addresses."""

    AS_WRITTEN = ""
    """None: its port is written."""
    SRV = "srv"
    """Those of the transport that is written."""
    NAPTR = "naptr"
    """Those that choose the transport, then its SRV records."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """One place that takes a trunk's calls. Lower priorities first; among equal ones as often as its weight says.

    Port and transport of a name that DNS is asked for are what holds where it has no such records.
    """

    host: str
    port: int = 5060
    transport: TrunkTransport = "udp"
    priority: int = 10
    weight: int = 1
    found_by: FoundBy = FoundBy.AS_WRITTEN

    @property
    def is_named(self) -> bool:
        """Its addresses are whatever DNS has now."""
        return not is_address(self.host)

    @property
    def shown_place(self) -> str:
        """Host and port as a URI has them: no port where DNS says it (RFC 3263 section 4)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.written_port is None else f"{host}:{self.port}"

    @property
    def written_port(self) -> int | None:
        return self.port if self.found_by is FoundBy.AS_WRITTEN else None

    @property
    def written_transport(self) -> TrunkTransport | None:
        return None if self.found_by is FoundBy.NAPTR else self.transport


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
    cost_deck: str = ""
    """The id of a rate deck with what the operator pays: among routes of equal rank the cheapest goes first."""
    metadata: tuple[tuple[str, str], ...] = ()
    """What its owner keeps beside it, such as its names at the carrier; nothing here looks at it."""


USUAL_TERMS = TrunkTerms()


def check_terms(terms: TrunkTerms) -> None:
    """Raises Invalid naming the field."""
    if len(terms.gateways) > MOST_GATEWAYS:
        raise Invalid(f"gateways holds {MOST_GATEWAYS} at most", field="gateways")
    for gateway in terms.gateways:
        check_host(gateway.host, field="gateways")
        _check_range(gateway.port, 1, 65_535, "gateways", "port")
        _check_range(gateway.priority, 0, 65_535, "gateways", "priority")
        _check_range(gateway.weight, 0, 65_535, "gateways", "weight")
    _check_range(terms.weight, 0, 65_535, "weight")
    _check_range(terms.own_priority, 0, 65_535, "gateway_priority")
    if phonenumbers.country_code_for_region(terms.numbers.country) == 0:
        raise Invalid("country is an ISO code of two letters, such as US", field="country")
    for name in ("prefix", "postfix"):
        if not _AFFIX.fullmatch(getattr(terms.numbers, name)):
            raise Invalid(f"tech_{name} has {LONGEST_AFFIX} digits, letters, * or # at most", field=f"tech_{name}")
    _check_headers(terms.headers)
    _check_metadata(terms.metadata)
    _check_limits(terms)


def read_gateway(host: str, port: int | None, transport: str | None, *, priority: int = 10, weight: int = 1) -> Gateway:
    """A gateway as somebody writes it: of a name, what is left out is found in DNS. Raises Invalid naming the field."""
    if transport is not None and transport not in get_args(TrunkTransport):
        raise Invalid("transport is udp, tcp or tls", field="transport")
    if port is not None:
        _check_range(port, 1, 65_535, "port")
    found_by = FoundBy.SRV if transport else FoundBy.NAPTR
    if port is not None or is_address(host) or "." not in host:  # a name without a dot is this machine's own
        found_by = FoundBy.AS_WRITTEN
    given = cast("TrunkTransport", transport or "udp")
    return Gateway(host, port or usual_port(given), given, priority, weight, found_by)


def usual_port(transport: str) -> int:
    """RFC 3261 section 19.1.2."""
    return 5061 if transport == "tls" else 5060


def is_address(host: str) -> bool:
    """IPv6 without brackets."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def check_host(host: str, *, field: str) -> None:
    """Raises Invalid naming the field for what is neither an address (IPv6 without brackets) nor a name."""
    if not _HOST.fullmatch(host):
        raise Invalid(f"{host[:64]!r} is no address or name of a host", field=field)


def _check_limits(terms: TrunkTerms) -> None:
    if terms.calls_at_once is not None:
        _check_range(terms.calls_at_once, 0, 1_000_000, "calls_at_once")
    if terms.calls_per_second is not None and not 0 < terms.calls_per_second <= 100_000:
        raise Invalid("calls_per_second is above 0 and 100000 at most", field="calls_per_second")
    if terms.probe_s:
        _check_range(terms.probe_s, 5, 3_600, "probe_s")
    _check_range(terms.register_s, 60, 86_400, "register_s")
    if terms.session_timer_s:
        _check_range(terms.session_timer_s, 90, 86_400, "session_timer_s")
    if len(terms.cost_deck) > 64:
        raise Invalid("cost_deck is the id of a rate deck", field="cost_deck")


def _check_headers(headers: tuple[tuple[str, str], ...]) -> None:
    if len(headers) > MOST_HEADERS:
        raise Invalid(f"tech_headers holds {MOST_HEADERS} at most", field="tech_headers")
    for name, value in headers:
        if not _HEADER.fullmatch(name):
            raise Invalid(
                "tech_headers have names that begin with X- or P-, and 64 characters at most", field="tech_headers"
            )
        if len(value) > LONGEST_HEADER or not value.isprintable():
            raise Invalid(
                f"tech_headers have printable values of {LONGEST_HEADER} characters at most", field="tech_headers"
            )


def _check_metadata(metadata: tuple[tuple[str, str], ...]) -> None:
    if len(metadata) > MOST_METADATA:
        raise Invalid(f"metadata holds {MOST_METADATA} at most", field="metadata")
    for name, value in metadata:
        if not 1 <= len(name) <= LONGEST_METADATA or len(value) > LONGEST_METADATA or "\0" in name + value:
            raise Invalid(f"metadata has names and values of {LONGEST_METADATA} characters at most", field="metadata")


def _check_range(value: int, least: int, most: int, field: str, what: str = "") -> None:
    if not least <= value <= most:
        raise Invalid(f"{what or field} is {least} to {most}", field=field)
