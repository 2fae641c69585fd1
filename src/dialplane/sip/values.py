"""Values of the header fields that every message has: Via, CSeq, From and To, and lists like Contact.

Named tuples instead of frozen dataclasses, because making one costs a third, and a call makes dozens.
"""

import re
from typing import NamedTuple

from dialplane.sip.errors import SipParseError
from dialplane.sip.grammar import (
    HOST,
    QUOTED,
    TOKEN,
    TOKEN_CHARACTERS,
    Parameters,
    format_parameters,
    parse_number,
    parse_parameters,
    quote,
    unquote,
)

HIGHEST_CSEQ = 2**31 - 1
_SENT = rf"[ \t]*/[ \t]*([{TOKEN_CHARACTERS}]+)[ \t]+({HOST})(?:[ \t]*:[ \t]*([0-9]{{1,5}}))?[ \t]*(;.*)?"
_VIA = re.compile(rf"SIP[ \t]*/[ \t]*2\.0{_SENT}", re.IGNORECASE | re.DOTALL)
_VIA_OF_ANY_VERSION = re.compile(rf"SIP[ \t]*/[ \t]*[0-9]+\.[0-9]+{_SENT}", re.IGNORECASE | re.DOTALL)
_CSEQ = re.compile(rf"([0-9]+)[ \t]+([{TOKEN_CHARACTERS}]+)")
# What a URI may hold inside <>; what a display name may hold without quotes (more than tokens: peers write UTF-8).
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20<>\"\x7f]+")
_DISPLAY = re.compile(r'[^\x00-\x08\x0a-\x1f",;<>\\\x7f]*')


class CSeq(NamedTuple):
    """RFC 3261 20.16. `number` is below 2**31 (8.1.1.5)."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> "CSeq":
        match = _CSEQ.fullmatch(text)
        if match is None:
            raise SipParseError("CSeq malformed")
        return cls(parse_number(match[1], HIGHEST_CSEQ), match[2])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


class Via(NamedTuple):
    """RFC 3261 20.42. `host` keeps the brackets of an IPv6 address; `transport` is in capitals."""

    transport: str
    host: str
    port: int | None
    parameters: Parameters

    @classmethod
    def parse(cls, text: str) -> "Via":
        match = _VIA.fullmatch(text)
        if match is None:
            raise SipParseError("Via malformed")
        transport, host, port, parameters = match.groups()
        return cls(
            transport.upper(),
            host,
            None if port is None else parse_number(port, 65535),
            parse_parameters(parameters or ""),
        )

    @classmethod
    def salvage(cls, text: str) -> "Via | None":
        """The sent-by of a field whose parameters may be malformed, so that its sender can be told (badinv01)."""
        match = _VIA_OF_ANY_VERSION.match(text)
        if match is None:
            return None
        transport, host, port, parameters = match.groups()
        readable: Parameters = {}
        for piece in (parameters or "").split(";"):
            name, equals, value = piece.partition("=")
            if name.strip().lower() in ("branch", "rport"):
                readable[name.strip().lower()] = value.strip() if equals else None
        return cls(transport.upper(), host, int(port) if port and int(port) <= 65535 else None, readable)

    @property
    def branch(self) -> str | None:
        return self.parameters.get("branch")

    @property
    def received(self) -> str | None:
        """Without brackets, whichever way it was written (RFC 5118 4.5)."""
        received = self.parameters.get("received")
        return received.strip("[]") if received else None

    @property
    def wants_rport(self) -> bool:
        """The sender asks to be answered at the port it sent from (RFC 3581)."""
        return "rport" in self.parameters

    @property
    def rport(self) -> int | None:
        """The source port that the receiver wrote in, None where it has not."""
        rport = self.parameters.get("rport")
        return int(rport) if rport and rport.isascii() and rport.isdigit() and len(rport) <= 5 else None

    @property
    def answer_address(self) -> tuple[str, int]:
        """Host and port that an answer over UDP goes to (RFC 3261 18.2.2, RFC 3581 4); no brackets."""
        host = self.received or self.host.strip("[]")
        default = 5061 if self.transport == "TLS" else 5060
        return host, self.rport or self.port or default

    def seen_from(self, host: str, port: int) -> "Via":
        """With `received` and `rport` as the receiver adds them (RFC 3261 18.2.1, RFC 3581 4)."""
        parameters = self.parameters.copy()
        if self.wants_rport:
            parameters["rport"] = str(port)
        if self.wants_rport or self.host.strip("[]") != host:
            parameters["received"] = host
        return self._replace(parameters=parameters)

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {self.host}{port}{format_parameters(self.parameters)}"


class NameAddress(NamedTuple):
    """A party: From, To, Contact, Route (RFC 3261 20.10). Parameters are the field's, not the URI's."""

    display_name: str
    uri: str
    """As it was written; `SipUri.parse` takes it apart."""
    parameters: Parameters

    @classmethod
    def parse(cls, text: str) -> "NameAddress":
        if "<" in text:
            return cls._parse_name_addr(text)
        # Without <> all parameters are the field's, and neither `?` nor `,` can be part of the URI (20.10).
        uri, semicolon, parameters = text.partition(";")
        uri = uri.rstrip(" \t")
        if "?" in uri or "," in uri or not _URI.fullmatch(uri):
            raise SipParseError("address malformed")
        return cls("", uri, parse_parameters(semicolon + parameters))

    @classmethod
    def _parse_name_addr(cls, text: str) -> "NameAddress":
        name, rest = "", text
        if text[0] == '"':
            quoted = QUOTED.match(text)
            if quoted is None:
                raise SipParseError("display name unterminated")
            name = unquote(quoted.group())
            rest = text[quoted.end() :].lstrip(" \t")
            if rest[:1] != "<":
                raise SipParseError("address malformed")
        before, _, rest = rest.partition("<")
        uri, closed, parameters = rest.partition(">")
        if not closed or not _DISPLAY.fullmatch(before) or not _URI.fullmatch(uri):
            raise SipParseError("address malformed")
        return cls(name or before.strip(" \t"), uri, parse_parameters(parameters.strip(" \t")))

    @property
    def tag(self) -> str | None:
        return self.parameters.get("tag")

    def with_tag(self, tag: str) -> "NameAddress":
        return self._replace(parameters=self.parameters | {"tag": tag})

    def __str__(self) -> str:
        name = f"{quote(self.display_name)} " if self.display_name else ""
        return f"{name}<{self.uri}>{format_parameters(self.parameters)}"


def is_token(text: str) -> bool:
    return TOKEN.fullmatch(text) is not None
