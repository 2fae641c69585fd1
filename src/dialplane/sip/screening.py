"""What a user agent server checks before its application sees a request (RFC 3261 8.2).

Checks that need more than the message (dialogs, loops, credentials) are made elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dialplane.sip.errors import SipParseError, UnsupportedScheme
from dialplane.sip.grammar import parse_parameters
from dialplane.sip.message import Request, Response
from dialplane.sip.uri import SipUri

_SDP = ("application/sdp",)
ACCEPTED_BODIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "INVITE": _SDP,
        "ACK": _SDP,
        "PRACK": _SDP,
        "UPDATE": _SDP,
        "OPTIONS": _SDP,
        "INFO": ("application/dtmf-relay", "application/dtmf", "application/media_control+xml"),
        "MESSAGE": ("text/plain",),
    }
)
_READ_BY_THE_PARSER = frozenset({"top Via", "From", "To", "CSeq"})
"""What `Headers.parsed` holds of a message that has all of them."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this user agent can do, as its answers and refusals declare it."""

    methods: tuple[str, ...] = (
        "INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "MESSAGE", "REGISTER", "UPDATE", "REFER", "NOTIFY",
        "PRACK",
    )  # fmt: skip
    extensions: frozenset[str] = frozenset({"100rel", "timer"})
    bodies: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: ACCEPTED_BODIES)
    """Media types by method; a body of a method that is not here is never looked at."""

    @property
    def allow(self) -> str:
        return ", ".join(self.methods)

    def allow_but(self, method: str) -> str:
        """The `Allow` of a 405 to `method`, which is not allowed where it came (20.5, 21.4.6)."""
        return ", ".join(each for each in self.methods if each != method)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """What the answer to OPTIONS tells of them (11.2)."""
        return [("Allow", self.allow), ("Supported", ", ".join(sorted(self.extensions)))]


def screen(request: Request, capabilities: Capabilities) -> Response | None:
    """The refusal that the request deserves, None where the application may have it.

    The answer has no To tag yet. For an ACK, which nobody may answer, a refusal means: drop it.
    """
    try:
        return _screen(request, capabilities)
    except SipParseError as error:
        return request.response(error.status, error.reason)


def _screen(request: Request, capabilities: Capabilities) -> Response | None:
    _require_fields(request)
    if request.method not in capabilities.methods:
        return _refuse(request, 501, "Allow", capabilities.allow)
    if request.cseq.method != request.method:
        raise SipParseError("CSeq of another method")
    _read_fields(request)
    if request.method in ("ACK", "CANCEL"):
        return None
    there = request.headers.first
    return (
        ("Require" in there and _refuse_extensions(request, capabilities))
        or ("Replaces" in there and _refuse_replacement(request))
        or (request.body and _refuse_body(request, capabilities))
        or ("Accept" in there and _refuse_answer_format(request))
        or None
    )


def _require_fields(request: Request) -> None:
    """Raises SipParseError where a mandatory field is missing (8.1.1) or malformed."""
    if not request.headers.parsed.keys() >= _READ_BY_THE_PARSER:
        _ = request.top_via, request.from_, request.to, request.cseq
    call_id = request.call_id
    if " " in call_id or not call_id.isprintable():
        raise SipParseError("Call-ID malformed")


def _read_fields(request: Request) -> None:
    """Raises SipParseError where a field that somebody will rely on cannot be read."""
    SipUri.parse(request.uri)
    there = request.headers.first
    if "Max-Forwards" in there:
        _ = request.max_forwards
    if "Contact" in there and (there["Contact"] != "*" or request.method != "REGISTER"):
        _ = request.contacts
    if "Route" in there or "Record-Route" in there:
        _ = request.routes, request.record_routes
    if "," in there["Via"] or "Via" in request.headers.duplicated():
        _ = request.vias
    if request.method == "REGISTER":
        try:
            SipUri.parse(request.to.uri)
        except UnsupportedScheme as error:
            # The address of record must be a SIP one (10.2); 416 speaks of the Request-URI only.
            raise SipParseError("To is no SIP address") from error


def _refuse_extensions(request: Request, capabilities: Capabilities) -> Response | None:
    required = [tag for tag in request.headers.split_values("Require") if tag]
    unknown = [tag for tag in required if tag.lower() not in capabilities.extensions]
    return _refuse(request, 420, "Unsupported", ", ".join(unknown)) if unknown else None


def _refuse_replacement(request: Request) -> Response | None:
    """RFC 3891 section 3: two such fields contradict each other, and a dialog that cannot be replaced is not found.
    None can here: who takes a call over does so by REFER."""
    if request.method != "INVITE":
        return None
    return request.response(400 if len(request.headers.split_values("Replaces")) > 1 else 481)


def _refuse_body(request: Request, capabilities: Capabilities) -> Response | None:
    accepted = capabilities.bodies.get(request.method)
    there = request.headers.first
    if accepted is None or ("Content-Disposition" in there and _is_optional(request)):
        return None
    encoding = there.get("Content-Encoding")
    if encoding is not None and encoding.strip().lower() != "identity":
        return _refuse(request, 415, "Accept-Encoding", "identity")
    content_type = request.content_type
    if content_type is None:
        raise SipParseError("Content-Type missing")
    return None if content_type in accepted else _refuse(request, 415, "Accept", ", ".join(accepted))


def _is_optional(request: Request) -> bool:
    """The sender says that not understanding the body does no harm (20.11)."""
    disposition = request.headers.get("Content-Disposition")
    if disposition is None:
        return False
    _, semicolon, parameters = disposition.partition(";")
    return (parse_parameters(semicolon + parameters).get("handling") or "").lower() == "optional"


def _refuse_answer_format(request: Request) -> Response | None:
    """406 where the sender of an INVITE would not take the SDP that any answer to it has."""
    if request.method != "INVITE":
        return None
    ranges = [member.partition(";")[0].strip().lower() for member in request.headers.split_values("Accept")]
    if any(wanted in ("application/sdp", "application/*", "*/*") for wanted in ranges):
        return None
    return _refuse(request, 406, "Accept", "application/sdp")


def _refuse(request: Request, status: int, header: str, value: str) -> Response:
    response = request.response(status)
    response.headers.add(header, value)
    return response
