"""REFER (RFC 3515): what the peer asks for in Refer-To, and how the outcome is told in NOTIFY (RFC 3420, RFC 3891).

Pure: it reads and writes fields and bodies. Who may transfer whom, and where to, is decided elsewhere.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from dialplane.sip.errors import SipParseError
from dialplane.sip.grammar import parse_parameters
from dialplane.sip.message import Request
from dialplane.sip.uri import SipUri
from dialplane.sip.values import NameAddress

SIPFRAG = "message/sipfrag;version=2.0"
EVENT = "refer"
MOST_HEADERS = 20
"""Of the URI in Refer-To."""
_STATUS_LINE = re.compile(rb"SIP/2\.0 ([1-6][0-9]{2})[ \r\n]")


@dataclass(frozen=True, slots=True)
class Replaced:
    """The dialog that the new call is to take the place of (RFC 3891), as the peer of the transferor names it."""

    call_id: str
    to_tag: str
    from_tag: str


@dataclass(frozen=True, slots=True)
class ReferTarget:
    """Whom to call instead."""

    uri: SipUri
    replaced: Replaced | None = None
    wants_notify: bool = True
    """False: `Refer-Sub: false` (RFC 4488)."""

    @property
    def user(self) -> str:
        return self.uri.user or ""


def read_refer(request: Request) -> ReferTarget:
    """What a REFER asks for. Raises SipParseError where Refer-To is missing, there twice, or malformed."""
    values = request.headers.get_all("Refer-To")
    if len(values) != 1:
        raise SipParseError("Refer-To missing or repeated")
    uri = SipUri.parse(NameAddress.parse(values[0]).uri)
    if uri.headers.count("&") >= MOST_HEADERS:
        raise SipParseError("too many headers in Refer-To")
    wants_notify = (request.headers.get("Refer-Sub") or "true").strip().lower() != "false"
    return ReferTarget(uri, _replaced(uri), wants_notify)


def _replaced(uri: SipUri) -> Replaced | None:
    """The header `Replaces` within the URI, its escapes taken away."""
    for name, value in parse_qsl(uri.headers.replace("+", "%2B"), max_num_fields=MOST_HEADERS):
        if name.lower() == "replaces":
            call_id, semicolon, rest = value.partition(";")
            parameters = parse_parameters(semicolon + rest)
            return Replaced(call_id.strip(), parameters.get("to-tag") or "", parameters.get("from-tag") or "")
    return None


def notify_fields(*, is_final: bool) -> list[tuple[str, str]]:
    """The fields of a NOTIFY that tells how the transfer goes."""
    state = "terminated;reason=noresource" if is_final else "active;expires=60"
    return [("Event", EVENT), ("Subscription-State", state), ("Content-Type", SIPFRAG)]


def sipfrag(status: int, reason: str) -> bytes:
    """The body of such a NOTIFY: a status line."""
    return f"SIP/2.0 {status} {reason}\r\n".encode()


def read_notify(request: Request) -> int | None:
    """The status that a NOTIFY reports; None where it is about something else, or says nothing."""
    event = (request.headers.get("Event") or "").partition(";")[0].strip().lower()
    found = _STATUS_LINE.match(request.body)
    return int(found[1]) if event == EVENT and found is not None else None
