"""Values of the header fields that every message has: Via, CSeq, From and To, and lists like Contact.

Named tuples instead of frozen dataclasses, because making one costs a third, and a call makes dozens.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from dialplane.sip.errors import SipParseError
from dialplane.sip.grammar import (
    HOST,
    KEPT,
    LONGEST_KEPT,
    NO_PARAMETERS,
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
# The shape that nearly every sender writes: one match instead of a match and a walk through the parameters.
_USUAL_VIA = re.compile(
    rf"SIP/2\.0/(UDP|TCP|TLS|WSS?) ([A-Za-z0-9.\-]+)(?::([0-9]{{1,4}}))?"
    rf"(;rport)?;branch=([{TOKEN_CHARACTERS}]+)(;rport)?"
)
_CSEQ = re.compile(rf"([0-9]+)[ \t]+([{TOKEN_CHARACTERS}]+)")
# What a URI may hold inside <>; what a display name may hold without quotes (more than tokens: peers write UTF-8).
_URI_TEXT = r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20<>\"\x7f]+"
_DISPLAY_TEXT = r'[^\x00-\x08\x0a-\x1f",;<>\\\x7f]*'
_URI = re.compile(_URI_TEXT)
_NAME_ADDR = re.compile(rf"({QUOTED.pattern}[ \t]*|{_DISPLAY_TEXT})<({_URI_TEXT})>[ \t]*(;.*)?", re.DOTALL)
_TAG_ONLY = re.compile(rf";tag=([{TOKEN_CHARACTERS}]+)")


class CSeq(NamedTuple):
    """RFC 3261 20.16. `number` is below 2**31 (8.1.1.5)."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> "CSeq":
        return _known_cseq(text) if len(text) <= LONGEST_KEPT else cls.read(text)

    @classmethod
    def read(cls, text: str) -> "CSeq":
        """`parse` without a look at what was read before."""
        match = _CSEQ.fullmatch(text)
        if match is None:
            raise SipParseError("CSeq malformed")
        number, method = match.groups()
        return cls(int(number) if len(number) < 10 else parse_number(number, HIGHEST_CSEQ), method)

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
        match = _USUAL_VIA.fullmatch(text)
        if match is not None:
            transport, host, port, rport_before, branch, rport = match.groups()
            usual: dict[str, str | None] = {"rport": None, "branch": branch} if rport_before else {"branch": branch}
            if rport:
                usual["rport"] = None
            return cls(transport, host, None if port is None else int(port), usual)
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
        readable: dict[str, str | None] = {}
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
        wants_rport = "rport" in self.parameters
        if not wants_rport and self.host.strip("[]") == host:
            return self
        parameters = dict(self.parameters)
        if wants_rport:
            parameters["rport"] = str(port)
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
        return _known_address(text) if len(text) <= LONGEST_KEPT else cls.read(text)

    @classmethod
    def read(cls, text: str) -> "NameAddress":
        """`parse` without a look at what was read before."""
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
        match = _NAME_ADDR.fullmatch(text)
        if match is None:
            raise SipParseError("address malformed")
        name, uri, parameters = match.groups()
        if name:
            name = name.strip(" \t")
            name = unquote(name) if name[0:1] == '"' else name
        if parameters is None:
            return cls(name, uri, NO_PARAMETERS)
        tag = _TAG_ONLY.fullmatch(parameters)
        return cls(name, uri, parse_parameters(parameters) if tag is None else {"tag": tag[1]})

    @property
    def tag(self) -> str | None:
        return self.parameters.get("tag")

    def with_tag(self, tag: str) -> "NameAddress":
        return self._replace(parameters={**self.parameters, "tag": tag})

    def __str__(self) -> str:
        name = f"{quote(self.display_name)} " if self.display_name else ""
        return f"{name}<{self.uri}>{format_parameters(self.parameters)}"


# The messages of a call repeat From, To and CSeq, and calls of one peer more than that: to look a text up costs a tenth
# of reading it. What cannot be read is not kept.
_known_cseq = lru_cache(maxsize=KEPT)(CSeq.read)
_known_address = lru_cache(maxsize=KEPT)(NameAddress.read)


def is_token(text: str) -> bool:
    return TOKEN.fullmatch(text) is not None
