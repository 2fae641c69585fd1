"""SIP, SIPS and tel URIs (RFC 3261 19.1, RFC 3966; IPv6 as RFC 5118 explains)."""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import NamedTuple
from urllib.parse import quote as escape
from urllib.parse import unquote as unescape

from dialplane.sip.errors import SipParseError, UnsupportedScheme
from dialplane.sip.grammar import HOST, KEPT, LONGEST_KEPT, NO_PARAMETERS, Parameters, parse_number

_SIP_URI = re.compile(
    rf"(?:([A-Za-z0-9\-_.!~*'()&=+$,;?/%:#]+)@)?({HOST})(?::([0-9]{{1,5}}))?(;[^?@\s<>\"]*)?(?:\?([^@\s<>\"]+))?"
)
_TEL_URI = re.compile(r"(\+?[0-9A-Fa-f*#().\-]+)(;[^?@\s<>\"]*)?")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_USER_SAFE = "-_.!~*'()&=+$,;?/"
_PARAMETER_SAFE = "-_.!~*'()[]/:&+$"
# RFC 3261 19.1.4: with these, absence in one URI makes a difference.
_TELLING_PARAMETERS = frozenset({"user", "ttl", "method", "maddr", "transport"})


class SipUri(NamedTuple):
    """One URI, escapes in user and parameters taken away once (so `%2541` is `%41`, not `A`).

    `scheme` and `host` are in lower case; `host` keeps the brackets of IPv6 and is empty for `tel`, whose number,
    visual separators taken away, is `user`. `headers` keep their escapes: they are never turned into header fields.
    """

    scheme: str
    user: str | None
    host: str
    port: int | None = None
    parameters: Parameters = NO_PARAMETERS
    headers: str = ""
    """What follows `?`, as it was written."""
    password: str | None = None

    @classmethod
    def parse(cls, text: str) -> "SipUri":
        """Raises UnsupportedScheme for any other scheme and SipParseError for a malformed URI."""
        return _known(text) if len(text) <= LONGEST_KEPT else cls.read(text)

    @classmethod
    def read(cls, text: str) -> "SipUri":
        """`parse` without a look at what was read before."""
        if not text.isascii():
            raise SipParseError("URI not in ASCII")
        scheme, colon, rest = text.partition(":")
        scheme = scheme.lower()
        if scheme in ("sip", "sips") and colon:
            return cls._parse_sip(scheme, rest)
        if scheme == "tel" and colon:
            return cls._parse_tel(rest)
        if not colon or not re.fullmatch(r"[a-z][a-z0-9+.\-]*", scheme):
            raise SipParseError("URI malformed")
        raise UnsupportedScheme("URI scheme unknown")

    @classmethod
    def _parse_sip(cls, scheme: str, rest: str) -> "SipUri":
        match = _SIP_URI.fullmatch(rest)
        if match is None or ("%" in rest and _BAD_ESCAPE.search(rest)):
            raise SipParseError("URI malformed")
        userinfo, host, port, parameters, headers = match.groups()
        user = password = None
        if userinfo is not None:
            user, colon, password = userinfo.partition(":")
            user = _unescape(user)
            password = _unescape(password) if colon else None
        return cls(
            scheme,
            user,
            _checked_host(host),
            None if port is None else parse_number(port, 65535),
            _parse_uri_parameters(parameters or ""),
            headers or "",
            password,
        )

    @classmethod
    def _parse_tel(cls, rest: str) -> "SipUri":
        match = _TEL_URI.fullmatch(rest)
        if match is None:
            raise SipParseError("tel URI malformed")
        number = match[1].translate(str.maketrans("", "", "().-"))
        return cls("tel", number, "", parameters=_parse_uri_parameters(match[2] or ""))

    @property
    def transport(self) -> str | None:
        """In lower case, None where it is not given."""
        value = self.parameters.get("transport")
        return value.lower() if value else None

    @property
    def address_of_record(self) -> str:
        """`user@host` in the form in which registrations are kept: no port, no parameters, escapes kept once."""
        user = "" if self.user is None else f"{_escape(self.user, _USER_SAFE)}@"
        return f"{user}{self.host}"

    def matches(self, other: "SipUri") -> bool:
        """Equivalence of RFC 3261 19.1.4: user with regard to case, the rest without, port as it was written."""
        if (self.scheme, self.user, self.password, self.host, self.port) != (
            other.scheme, other.user, other.password, other.host, other.port,
        ):  # fmt: skip
            return False
        mine, theirs = _folded(self.parameters), _folded(other.parameters)
        if any(mine[name] != theirs[name] for name in mine.keys() & theirs.keys()):
            return False
        if (mine.keys() ^ theirs.keys()) & _TELLING_PARAMETERS:
            return False
        return _folded_headers(self.headers) == _folded_headers(other.headers)

    def __str__(self) -> str:
        if self.scheme == "tel":
            return f"tel:{self.user}{_format_uri_parameters(self.parameters)}"
        userinfo = ""
        if self.user is not None:
            password = (
                "" if self.password is None else ":" + escape(self.password, "&=+$,-_.!~*'()", errors="surrogateescape")
            )
            userinfo = f"{_escape(self.user, _USER_SAFE)}{password}@"
        port = "" if self.port is None else f":{self.port}"
        headers = f"?{self.headers}" if self.headers else ""
        return f"{self.scheme}:{userinfo}{self.host}{port}{_format_uri_parameters(self.parameters)}{headers}"


_known = lru_cache(maxsize=KEPT)(SipUri.read)


def _escape(text: str, safe: str) -> str:
    return escape(text, safe, errors="surrogateescape")


def _unescape(text: str) -> str:
    return unescape(text, errors="surrogateescape") if "%" in text else text


def _checked_host(host: str) -> str:
    if host[0] != "[":
        return host.lower()
    # RFC 5118 4.10: the grammar of RFC 3261 made some senders write three colons; reading them as two harms nobody.
    inside = host[1:-1].replace(":::", "::")
    try:
        IPv6Address(inside)
    except AddressValueError as error:
        raise SipParseError("IPv6 reference malformed") from error
    return f"[{inside.lower()}]"


def _parse_uri_parameters(text: str) -> Parameters:
    if not text:
        return NO_PARAMETERS
    parameters: dict[str, str | None] = {}
    for piece in text.split(";")[1:]:
        name, equals, value = piece.partition("=")
        if not name:
            raise SipParseError("URI parameter malformed")
        parameters.setdefault(_unescape(name).lower(), _unescape(value) if equals else None)
    return parameters


def _format_uri_parameters(parameters: Parameters) -> str:
    return "".join(
        f";{_escape(name, _PARAMETER_SAFE)}" + ("" if value is None else f"={_escape(value, _PARAMETER_SAFE)}")
        for name, value in parameters.items()
    )


def _folded(parameters: Parameters) -> dict[str, str]:
    return {name: (value or "").lower() for name, value in parameters.items()}


def _folded_headers(headers: str) -> list[str]:
    return sorted(unescape(header).lower() for header in headers.split("&"))
