"""From octets to a message: limits first, then syntax (RFC 3261 section 7).

Splits lines and names and reads only what everybody needs (top Via, Call-ID, CSeq, From, To); other values are read
by whoever wants them. One pass, no pattern that can backtrack, so work grows linearly with the input (SIP-7).
"""

import re
from dataclasses import dataclass

from dialplane.sip.errors import BodyTooLarge, SipParseError, TooLarge, UriTooLong, VersionNotSupported
from dialplane.sip.grammar import TOKEN, parse_number
from dialplane.sip.headers import Headers, spelling
from dialplane.sip.message import Message, Request, Response
from dialplane.sip.values import CSeq, NameAddress, Via

# Blanks before the line end stay: a pattern that began with them would look at a run of n blanks n times.
_FOLD = re.compile(r"\r\n[ \t]+")
_STATUS = re.compile(r"SIP/2\.0 ([1-6][0-9][0-9])(?: ([^\x00-\x08\x0a-\x1f\x7f]*))?", re.IGNORECASE)
_VERSION = re.compile(r"SIP/[0-9]+\.[0-9]+", re.IGNORECASE)
MAGIC_COOKIE = "z9hG4bK"
_USUAL_METHODS = frozenset({"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "INFO", "MESSAGE"})
SINGLE_HEADERS = frozenset({"From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type"})
_CHECKED = (("CSeq", CSeq.parse), ("From", NameAddress.parse), ("To", NameAddress.parse))
_SALVAGED = ("From", "To", "Call-ID", "CSeq")


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes above which a message is refused (SIP-5), in octets unless said otherwise."""

    message: int = 65_535
    header: int = 8_192
    headers: int = 256
    """Header fields in a message."""
    vias: int = 70
    """Vias in a message, the bound that Max-Forwards 70 gives."""
    uri: int = 1_024
    method: int = 64
    body: int = 32_768


DEFAULT = Limits()


def parse_message(data: bytes, limits: Limits = DEFAULT) -> Request | Response:
    """The message in one datagram, or in one frame of a stream.

    Octets after the body (Content-Length) are ignored; without Content-Length everything is body (18.3).
    Raises SipParseError, whose `status` and `partial` say how to answer, or to drop it where `partial` is None.
    """
    try:
        return _parse(data, limits)
    except SipParseError as error:
        error.partial = salvage(data)
        raise


def parse_head(head: bytes, limits: Limits = DEFAULT) -> Request | Response:
    """A message without its body, from the start line to the end of the last header field's line.

    The values that every message has are read and checked. Raises SipParseError (`partial` is not set).
    """
    text = head.decode("utf-8", "surrogateescape")
    if len(head) > limits.header and max(map(len, _FOLD.sub(" ", text).split("\r\n"))) > limits.header:
        raise TooLarge("header field too long")
    lines = text.split("\r\n")
    # All line ends are whole ones: a lone CR or LF is where two readers would see different header fields (CVE-8).
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
        raise SipParseError("lone CR or LF")
    if len(lines) - 1 > limits.headers:
        raise TooLarge("too many header fields")
    try:
        fields = _split_fields(lines)
    except SipParseError:
        # No name begins with a blank, so a folded line always ends here; folding is too rare to look for first.
        lines = _FOLD.sub(" ", text).split("\r\n")
        fields = _split_fields(lines)
    message = _start(lines[0], Headers.of_canonical(fields), limits)
    _check(message, limits)
    return message


def parse_content_length(headers: Headers) -> int | None:
    """Raises SipParseError where the field is there but no plain number (a sign is not a digit)."""
    text = headers.first.get("Content-Length")
    return None if text is None else parse_number(text, 2**31)


def salvage(data: bytes) -> Request | None:
    """As much of a malformed request as an answer needs: method, Vias, From, To, Call-ID, CSeq.

    None for a response, an ACK, anything whose start line has no method or whose first Via has no host.
    """
    head = data[: DEFAULT.message].partition(b"\r\n\r\n")[0].partition(b"\n\n")[0]
    text = re.sub(r"\r?\n[ \t]+", " ", head.decode("utf-8", "surrogateescape"))
    start_line, *lines = re.split(r"\r?\n", text)
    method, _, uri = start_line.partition(" ")
    if method == "ACK" or not TOKEN.fullmatch(method) or method[:4].upper() == "SIP/":
        return None
    kept: list[tuple[str, str]] = []
    seen: set[str] = set()
    for line in lines[: DEFAULT.headers]:
        name, _, value = line.partition(":")
        key = _salvaged_name(name)
        value = value.strip(" \t").replace("\r", "")
        if key == "Via" or (key in _SALVAGED and key not in seen):
            seen.add(key)
            kept.append((key, value[: DEFAULT.header]))
    headers = Headers.of_canonical(kept)
    via = Via.salvage((headers.get("Via") or "").partition(",")[0])
    if via is None:
        return None
    headers.parsed["top Via"] = via
    return Request(method, uri.partition(" ")[0], headers)


def _salvaged_name(name: str) -> str:
    try:
        return spelling(name)
    except SipParseError:
        return ""


def _parse(data: bytes, limits: Limits) -> Request | Response:
    if len(data) > limits.message:
        raise TooLarge("message too large")
    head, end, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not end:
        raise SipParseError("no empty line after the header fields")
    message = parse_head(head, limits)
    length = parse_content_length(message.headers)
    if length is not None:
        if length > len(body):
            raise SipParseError("body shorter than Content-Length")
        body = body[:length]
    if len(body) > limits.body:
        raise BodyTooLarge("body too large")
    message.body = body
    return message


def _split_fields(lines: list[str]) -> list[tuple[str, str]]:
    pieces = [line.partition(":") for line in lines[1:]]
    fields = [(spelling(name), value.strip(" \t")) for name, colon, value in pieces if colon]
    if len(fields) != len(lines) - 1:
        raise SipParseError("header line without colon")
    return fields


def _start(line: str, headers: Headers, limits: Limits) -> Request | Response:
    if line[:4].upper() == "SIP/":
        status = _STATUS.fullmatch(line)
        if status is None:
            raise SipParseError("status line malformed")
        return Response(int(status[1]), status[2] or "", headers)
    parts = line.split(" ")
    if len(parts) != 3 or not (parts[0] in _USUAL_METHODS or TOKEN.fullmatch(parts[0])):
        raise SipParseError("request line malformed")
    method, uri, version = parts
    if version != "SIP/2.0" and version.upper() != "SIP/2.0":
        if _VERSION.fullmatch(version):
            raise VersionNotSupported("SIP version")
        raise SipParseError("request line malformed")
    if len(method) > limits.method:
        raise SipParseError("method too long")
    if len(uri) > limits.uri:
        raise UriTooLong("Request-URI too long")
    if not uri or not uri.isprintable():
        raise SipParseError("Request-URI malformed")
    return Request(method, uri, headers)


def _check(message: Message, limits: Limits) -> None:
    headers = message.headers
    there = headers.first
    is_any_repeated = len(there) != len(headers)
    if is_any_repeated and headers.duplicated() & SINGLE_HEADERS:
        raise SipParseError("single header field given twice")
    if (is_any_repeated or "," in there.get("Via", "")) and _count_vias(headers) > limits.vias:
        raise TooLarge("too many Vias")
    # Missing fields are `screening`'s to refuse; what is there must be readable, for transactions rely on it.
    if message.top_via.branch == MAGIC_COOKIE:
        # The cookie promises a unique branch and there is none: two such requests must never be one transaction.
        raise SipParseError("branch is the bare magic cookie")
    parsed = headers.parsed
    for name, parse in _CHECKED:
        value = there.get(name)
        if value:
            parsed[name] = parse(value)


def _count_vias(headers: Headers) -> int:
    """In lines of their own, or in one with commas between (7.3.1)."""
    return sum(1 + field.count(",") for field in headers.get_all("Via"))
