"""Dialogs: what two user agents keep between requests (RFC 3261 section 12). No I/O.

A dialog makes the requests of its call (without Via, which is the transport's) and judges those of the peer. How a
call begins, is renegotiated and ends is the call's business.
"""

from dialplane.sip.errors import SipParseError
from dialplane.sip.headers import Headers
from dialplane.sip.message import Message, Request, Response
from dialplane.sip.values import NameAddress

Field = tuple[str, str]


class Dialog:
    """One dialog, early or confirmed, seen from our side."""

    __slots__ = (
        "call_id",
        "local",
        "local_cseq",
        "local_tag",
        "remote",
        "remote_cseq",
        "remote_tag",
        "routes",
        "target",
    )

    def __init__(
        self,
        *,
        call_id: str,
        local: str,
        local_tag: str,
        remote: str,
        remote_tag: str,
        target: str,
        routes: tuple[str, ...],
        local_cseq: int,
        remote_cseq: int,
    ) -> None:
        self.call_id = call_id
        self.local = local
        """Our party as the field says it (the From of our requests), tag included."""
        self.local_tag = local_tag
        self.remote = remote
        self.remote_tag = remote_tag
        """Empty where the peer gave none (RFC 2543)."""
        self.target = target
        """The peer's Contact: the Request-URI of our requests."""
        self.routes = routes
        """Route fields of our requests, nearest first."""
        self.local_cseq = local_cseq
        self.remote_cseq = remote_cseq

    @classmethod
    def of_incoming(cls, invite: Request, local_tag: str) -> "Dialog":
        """Our side of an INVITE that we received (12.1.1). Raises SipParseError for a bad Contact or Record-Route."""
        contacts = invite.contacts
        return cls(
            call_id=invite.call_id,
            local=f"{invite.headers.get('To')};tag={local_tag}",
            local_tag=local_tag,
            remote=invite.headers.get("From") or "",
            remote_tag=invite.from_.tag or "",
            # A Contact is required; RFC 2543 callers leave it out and are reached at their From.
            target=contacts[0].uri if contacts else invite.from_.uri,
            routes=tuple(str(route) for route in invite.record_routes),
            local_cseq=0,
            remote_cseq=invite.cseq.number,
        )

    @classmethod
    def of_outgoing(cls, invite: Request, response: Response) -> "Dialog":
        """Our side of an INVITE that we sent, by an answer with a To tag (12.1.2). Raises SipParseError."""
        contacts = response.contacts
        return cls(
            call_id=invite.call_id,
            local=invite.headers.get("From") or "",
            local_tag=invite.from_.tag or "",
            remote=response.headers.get("To") or "",
            remote_tag=response.to.tag or "",
            target=contacts[0].uri if contacts else invite.uri,
            routes=tuple(str(route) for route in reversed(response.record_routes)),
            local_cseq=invite.cseq.number,
            remote_cseq=-1,
        )

    @property
    def next_hop(self) -> str:
        """The URI whose host gets our requests: the nearest proxy of the route set, else the peer (12.2.1.1)."""
        return NameAddress.parse(self.routes[0]).uri if self.routes else self.target

    def request(self, method: str, fields: list[Field], body: bytes = b"") -> Request:
        """The next request of this dialog (12.2.1.1)."""
        self.local_cseq += 1
        return self._request(method, self.local_cseq, fields, body)

    def ack(self, cseq: int, fields: list[Field]) -> Request:
        """The ACK of the 2xx to our INVITE number `cseq` (13.2.2.4)."""
        return self._request("ACK", cseq, fields, b"")

    def refusal(self, request: Request) -> int | None:
        """The status that refuses `request` of the peer as out of order, else None: it is the newest now (12.2.2)."""
        if request.cseq.number <= self.remote_cseq:
            return 500
        self.remote_cseq = request.cseq.number
        return None

    def refresh(self, message: Message) -> None:
        """Take the peer's new Contact from a re-INVITE, an UPDATE or the 2xx to ours (12.2)."""
        try:
            contacts = message.contacts
        except SipParseError:
            return  # the old target still stands
        if contacts:
            self.target = contacts[0].uri

    def _request(self, method: str, cseq: int, fields: list[Field], body: bytes) -> Request:
        uri, routes = self.target, self.routes
        if routes and not _is_loose(routes[0]):
            # A strict router (RFC 2543) takes the Request-URI as its own and finds the target at the end.
            uri = NameAddress.parse(routes[0]).uri
            routes = (*routes[1:], f"<{self.target}>")
        lines = [("Max-Forwards", "70")]
        lines += [("Route", route) for route in routes]
        lines += [
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{cseq} {method}"),
            *fields,
        ]
        return Request(method, uri, Headers(lines), body)


def _is_loose(route: str) -> bool:
    """Whether a route's URI has `lr` (16.12)."""
    parameters = NameAddress.parse(route).uri.lower().split(";")[1:]
    return any(parameter == "lr" or parameter.startswith("lr=") for parameter in parameters)
