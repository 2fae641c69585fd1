"""Requests and responses: header fields and a body, with the values that everybody needs read on demand.

Parsing bytes is `parser.parse_message`. A message may be changed until it is sent; a value read from a header field
is kept until the fields change (`Headers.parsed`).
"""

from collections.abc import Callable
from typing import TypeVar

from dialplane.sip.errors import SipParseError
from dialplane.sip.grammar import parse_number
from dialplane.sip.headers import Headers
from dialplane.sip.values import CSeq, NameAddress, Via

V = TypeVar("V")
REASONS = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
    200: "OK", 202: "Accepted", 300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily",
    305: "Use Proxy", 380: "Alternative Service", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
    407: "Proxy Authentication Required", 408: "Request Timeout", 410: "Gone", 412: "Conditional Request Failed",
    413: "Request Entity Too Large", 414: "Request-URI Too Long", 415: "Unsupported Media Type",
    416: "Unsupported URI Scheme", 420: "Bad Extension", 421: "Extension Required", 422: "Session Interval Too Small",
    423: "Interval Too Brief",
    428: "Use Identity Header", 429: "Provide Referrer Identity", 433: "Anonymity Disallowed",
    436: "Bad Identity-Info", 437: "Unsupported Certificate", 438: "Invalid Identity Header",
    480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected",
    483: "Too Many Hops", 484: "Address Incomplete", 485: "Ambiguous", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending", 493: "Undecipherable",
    500: "Server Internal Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Server Time-out", 505: "Version Not Supported", 513: "Message Too Large", 600: "Busy Everywhere",
    603: "Decline", 604: "Does Not Exist Anywhere", 606: "Not Acceptable",
}  # fmt: skip
_CLASS_REASONS = {1: "Progress", 2: "OK", 3: "Redirect", 4: "Client Error", 5: "Server Error", 6: "Global Failure"}
HIGHEST_EXPIRES = 2**32 - 1
_UNREAD = object()


class Message:
    """What requests and responses share. Every property that reads a value raises SipParseError where it is
    malformed or, unless its type says None, missing."""

    __slots__ = ("body", "headers")
    headers: Headers
    body: bytes

    @property
    def call_id(self) -> str:
        value = self.headers.first.get("Call-ID")
        if not value:
            raise SipParseError("Call-ID missing")
        return value

    # These are asked for a dozen times of each message, so what was read before is found without a call.

    @property
    def cseq(self) -> CSeq:
        return self.headers.parsed.get("CSeq") or self._required("CSeq", CSeq.parse)  # type: ignore[return-value]

    @property
    def from_(self) -> NameAddress:
        return self.headers.parsed.get("From") or self._required("From", NameAddress.parse)  # type: ignore[return-value]

    @property
    def to(self) -> NameAddress:
        return self.headers.parsed.get("To") or self._required("To", NameAddress.parse)  # type: ignore[return-value]

    @property
    def top_via(self) -> Via:
        # The key differs from the names' own: a list of all Vias is kept as "all Via".
        parsed = self.headers.parsed
        via = parsed.get("top Via")
        if via is None:
            via = parsed["top Via"] = Via.parse(self._top_via_text())
        return via  # type: ignore[return-value]  # only this property writes the key

    @property
    def vias(self) -> list[Via]:
        return self._list("Via", Via.parse)

    @property
    def contacts(self) -> list[NameAddress]:
        """Without the `*` of a REGISTER, see `registrar`."""
        return self._list("Contact", NameAddress.parse)

    @property
    def record_routes(self) -> list[NameAddress]:
        return self._list("Record-Route", NameAddress.parse)

    @property
    def routes(self) -> list[NameAddress]:
        return self._list("Route", NameAddress.parse)

    @property
    def max_forwards(self) -> int | None:
        value = self.headers.first.get("Max-Forwards")
        return None if value is None else parse_number(value, 255)

    @property
    def expires(self) -> int | None:
        """Seconds; None where there is none or it is no number, so that the default applies (RFC 4475 3.1.2.4)."""
        return parse_expires(self.headers.get("Expires"))

    @property
    def content_type(self) -> str | None:
        """`type/subtype` in lower case, without its parameters."""
        value = self.headers.first.get("Content-Type")
        return None if value is None else value.partition(";")[0].strip(" \t").lower()

    def _top_via_text(self) -> str:
        value = self.headers.first.get("Via")
        if not value:
            raise SipParseError("Via missing")
        # A comma inside a quoted parameter of a Via is legal but unheard of; only then the slow way is needed.
        if "," in value:
            return self.headers.split_values("Via")[0] if '"' in value else value.partition(",")[0].rstrip(" \t")
        return value

    def _required(self, name: str, parse: Callable[[str], V]) -> V:
        parsed = self.headers.parsed
        value = parsed.get(name)
        if value is None:
            text = self.headers.get(name)
            if not text:
                raise SipParseError(f"{name} missing")
            value = parsed[name] = parse(text)
        return value  # type: ignore[return-value]  # each name is always read by the same function

    def _list(self, name: str, parse: Callable[[str], V]) -> list[V]:
        first = self.headers.first.get(name)
        if first is None:
            return []
        key = f"all {name}"
        parsed = self.headers.parsed
        values = parsed.get(key)
        if values is None:
            is_alone = first and "," not in first and not self.headers.duplicated()
            texts = [first] if is_alone else self.headers.split_values(name)
            values = parsed[key] = [parse(text) for text in texts]
        return values  # type: ignore[return-value]  # each name is always read by the same function

    def _serialize(self, start_line: str) -> bytes:
        lines = [start_line]
        lines += [f"{name}: {value}" for name, value in self.headers if name != "Content-Length"]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        head = "\r\n".join(lines)
        # One line end per line: more means a line break inside a value, which would smuggle a header field in.
        if head.count("\n") != len(lines) + 1 or head.count("\r") != len(lines) + 1:
            raise ValueError("a header value holds a line break")
        return head.encode("utf-8", "surrogateescape") + self.body

    def _same_content(self, other: "Message") -> bool:
        mine = [field for field in self.headers if field[0] != "Content-Length"]
        theirs = [field for field in other.headers if field[0] != "Content-Length"]
        return self.body == other.body and mine == theirs

    __hash__ = None  # type: ignore[assignment]  # it changes, so it must not be a key


class Request(Message):
    """A request. Equal to another one if everything but Content-Length, which follows from the body, is."""

    __slots__ = ("method", "uri")

    def __init__(self, method: str, uri: str, headers: Headers, body: bytes = b"") -> None:
        self.method = method
        self.uri = uri
        self.headers = headers
        self.body = body

    def response(self, status: int, reason: str | None = None, to_tag: str | None = None) -> "Response":
        """The answer as RFC 3261 8.2.6 builds it: Via, From, To, Call-ID, CSeq and, for 100, Timestamp copied.

        `to_tag` is put on To where the request's To has none. Record-Route is not copied: a dialog does that.
        """
        there = self.headers.first
        fields = [field for field in self.headers if field[0] == "Via"]
        for name in ("From", "To", "Call-ID", "CSeq"):
            value = there.get(name)
            if value is None:
                continue
            if name == "To" and to_tag is not None and not has_tag(value):
                value = f"{value};tag={to_tag}" if ">" in value or "<" not in value else value
            fields.append((name, value))
        if status == 100 and (timestamp := there.get("Timestamp")) is not None:
            fields.append(("Timestamp", timestamp))
        return Response(status, reason, Headers.of_canonical(fields))

    def __bytes__(self) -> bytes:
        return self._serialize(f"{self.method} {self.uri} SIP/2.0")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Request):
            return NotImplemented
        return self.method == other.method and self.uri == other.uri and self._same_content(other)

    __hash__ = None

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.uri} {self.headers.get('Call-ID')}>"


class Response(Message):
    """A response; `reason` None takes the usual phrase of the status."""

    __slots__ = ("reason", "status")

    def __init__(self, status: int, reason: str | None, headers: Headers, body: bytes = b"") -> None:
        self.status = status
        self.reason = REASONS.get(status) or _CLASS_REASONS[status // 100] if reason is None else reason
        self.headers = headers
        self.body = body

    @property
    def is_provisional(self) -> bool:
        return self.status < 200

    @property
    def is_final(self) -> bool:
        return self.status >= 200

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def __bytes__(self) -> bytes:
        return self._serialize(f"SIP/2.0 {self.status} {self.reason}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Response):
            return NotImplemented
        return self.status == other.status and self.reason == other.reason and self._same_content(other)

    __hash__ = None

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.reason} {self.headers.get('Call-ID')}>"


def has_tag(text: str) -> bool:
    """Whether the text of a From or To carries a tag; cheap, because every answer asks."""
    parameters = text.rpartition(">")[2] if "<" in text else text
    if "tag" not in parameters.lower():
        return False
    try:
        return NameAddress.parse(text).tag is not None
    except SipParseError:
        return True  # unreadable: leave it alone


def parse_expires(text: str | None) -> int | None:
    """Seconds of an Expires field or parameter, at most 2**32 - 1; None where it is missing or no number."""
    if not text or not (text.isascii() and text.isdigit()):
        return None
    return HIGHEST_EXPIRES if len(text) > 10 else min(int(text), HIGHEST_EXPIRES)
