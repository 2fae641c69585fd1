"""Session descriptions (RFC 4566, RFC 8866): the lines that offer and answer need, read and written.

Lines that we have no use for (times, bandwidths, keys) are skipped when read. Values are checked where they are read,
so that what comes out is safe to use as a number or an address (CVE-4). Named tuples, because making one costs a third
of a frozen dataclass, and a call makes six.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import ClassVar, NamedTuple

HIGHEST_MEDIA = 32
"""Media descriptions in one session (SIP-5)."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HOST = re.compile(r"[A-Za-z0-9.:_\-]{1,255}")
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
# The module `ipaddress` takes five times as long, and nearly every address is one of these.
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_LONGEST_KEPT = 100
_USUAL_ATTRIBUTES = frozenset({"rtpmap", "fmtp", "ptime", "sendrecv", "sendonly", "recvonly", "rtcp", "maxptime"})
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`{|}~/]+")
_MEDIA = re.compile(r"([A-Za-z0-9\-]+) +([0-9]{1,5})(?:/[0-9]{1,5})? +([A-Za-z0-9/\-]+)((?: +[^ ]+)*) *")
_PAYLOAD_TYPES = re.compile(r"(?: +(?:12[0-7]|1[01][0-9]|[1-9]?[0-9]))+")
_ORIGIN = re.compile(r"(\S+) +([0-9]{1,20}) +([0-9]{1,20}) +IN +(IP[46]) +(\S+)")
_CONNECTION = re.compile(r"IN +(IP[46]) +([^\s/]+)(?:/[0-9/]+)?")

Attribute = tuple[str, str | None]


_FIRST_SHARED = IPv4Address("224.0.0.0")


class SdpError(Exception):
    """A description that cannot be read. `problem` is a constant phrase."""

    status: ClassVar[int] = 488

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class Origin(NamedTuple):
    """Who made the description, and which version of it this is (RFC 4566 5.2)."""

    user: str
    session_id: int
    version: int
    host: str


class MediaDescription(NamedTuple):
    """One `m=` line and what belongs to it."""

    kind: str
    """`audio`, `video`, `image`, ..."""
    port: int
    """0: refused or switched off."""
    protocol: str
    formats: tuple[str, ...]
    host: str | None = None
    """Of its own `c=` line."""
    attributes: tuple[Attribute, ...] = ()

    def attribute(self, name: str) -> str | None:
        """The value of the first attribute `name`; an empty string for one without a value."""
        return next((value or "" for key, value in self.attributes if key == name), None)


class Session(NamedTuple):
    """A whole description. Hosts are addresses without brackets, or names."""

    origin: Origin
    host: str | None
    media: tuple[MediaDescription, ...]
    attributes: tuple[Attribute, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> "Session":
        """Raises SdpError. Bare LF is taken as a line end, as RFC 4566 5 asks of readers."""
        text = data.decode("utf-8", "replace")
        if _CONTROL.search(text):
            raise SdpError("control character")
        lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
        if lines[0].rstrip() != "v=0":
            raise SdpError("not version 0")
        head, sections = _split_sections(lines)
        origin = host = None
        attributes: list[Attribute] = []
        for kind, value in head:
            if kind == "o":
                origin = _parse_origin(value)
            elif kind == "c":
                host = _known_connection(value)
            elif kind == "a":
                attributes.append(_parse_attribute(value))
        if origin is None:
            raise SdpError("origin missing")
        return cls(origin, host, tuple(_parse_media(section) for section in sections), tuple(attributes))

    def host_of(self, media: MediaDescription) -> str | None:
        """The address that `media` is to be sent to: its own, else the session's."""
        return media.host or self.host

    def __bytes__(self) -> bytes:
        origin = self.origin
        lines = [
            "v=0",
            f"o={origin.user} {origin.session_id} {origin.version} {_network(origin.host)}",
            "s=-",
        ]
        if self.host is not None:
            lines.append(f"c={_network(self.host)}")
        lines.append("t=0 0")
        if self.attributes:
            lines.append(_format_attributes(self.attributes))
        for media in self.media:
            lines.append(f"m={media.kind} {media.port} {media.protocol} {' '.join(media.formats)}")
            if media.host is not None:
                lines.append(f"c={_network(media.host)}")
            if media.attributes:
                lines.append(_format_attributes(media.attributes))
        lines.append("")
        return "\r\n".join(lines).encode()


@lru_cache(maxsize=1024)
def address_family(host: str) -> str | None:
    """`IP4` or `IP6` for an address, None for a name."""
    if _IPV4.fullmatch(host):
        return "IP4"
    try:
        return f"IP{ip_address(host).version}"
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def is_shared(host: str) -> bool:
    """Whether an address is that of many machines: multicast, broadcast."""
    address = ip_address(host)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return address.is_multicast
        address = address.ipv4_mapped
    return address >= _FIRST_SHARED


Line = tuple[str, str]


def _split_sections(lines: list[str]) -> tuple[list[Line], list[list[Line]]]:
    """The lines before the first `m=`, and one list for each `m=`, as type letter and value."""
    head: list[Line] = []
    sections: list[list[Line]] = []
    current = head
    for line in lines:
        if line[1:2] != "=":
            raise SdpError("line malformed")
        if line[0] == "m":
            if len(sections) == HIGHEST_MEDIA:
                raise SdpError("too many media descriptions")
            current = []
            sections.append(current)
        current.append((line[0], line[2:]))
    return head, sections


def _parse_media(section: list[Line]) -> MediaDescription:
    match = _MEDIA.fullmatch(section[0][1])
    if match is None:
        raise SdpError("media line malformed")
    kind, port, protocol, formats = match.groups()
    if int(port) > 65535:
        raise SdpError("port out of range")
    host = None
    attributes: list[Attribute] = []
    for letter, value in section[1:]:
        if letter == "a":
            attributes.append(_parse_attribute(value))
        elif letter == "c" and host is None:
            host = _known_connection(value)
    names = tuple(formats.split())
    if "RTP/" in protocol and not _PAYLOAD_TYPES.fullmatch(formats):
        raise SdpError("payload type out of range")
    return MediaDescription(kind, int(port), protocol, names, host, tuple(attributes))


def _parse_origin(value: str) -> Origin:
    match = _ORIGIN.fullmatch(value.strip())
    host = "" if match is None else match[5].strip("[]")  # sipp writes IPv6 as a URI has it
    if match is None or not _HOST.fullmatch(host):
        raise SdpError("origin malformed")
    return Origin(match[1], int(match[2]), int(match[3]), host)


def _parse_connection(value: str) -> str:
    match = _CONNECTION.fullmatch(value.strip())
    if match is None or not _HOST.fullmatch(match[2]):
        raise SdpError("connection malformed")
    family, host = match.groups()
    found = address_family(host)
    if found is None and ":" in host:
        raise SdpError("connection malformed")
    if found is not None and found != family:
        raise SdpError("address of the other family")
    return host


# A peer's calls come from few addresses.
_known_connection = lru_cache(maxsize=1024)(_parse_connection)


def _parse_attribute(value: str) -> Attribute:
    return _known_attribute(value) if len(value) <= _LONGEST_KEPT else _read_attribute(value)


def _read_attribute(value: str) -> Attribute:
    name, colon, content = value.partition(":")
    if name in _USUAL_ATTRIBUTES:
        return name, content.strip() if colon else None
    name = name.rstrip()
    if not _TOKEN.fullmatch(name):
        raise SdpError("attribute malformed")
    return name, content.strip() if colon else None


# Phones of one kind say the same of their codecs in every call.
_known_attribute = lru_cache(maxsize=1024)(_read_attribute)


@lru_cache(maxsize=1024)
def _format_attributes(attributes: tuple[Attribute, ...]) -> str:
    """Their lines. What we say of our codecs is the same in most calls."""
    return "\r\n".join(f"a={name}" if value is None else f"a={name}:{value}" for name, value in attributes)


def _network(host: str) -> str:
    return f"IN IP6 {host}" if ":" in host else f"IN IP4 {host}"
