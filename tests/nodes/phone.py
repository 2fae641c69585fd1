"""A phone that registers through the edge, and answers: signalling only, its audio is silence."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dialplane.sip.message import Request, Response
from dialplane.voice.useragent.agent import CallEnd, IncomingCall, IncomingRequest, SipCall, Source, UserAgent
from dialplane.voice.useragent.challenge import Credentials

PASSWORD = "a phone's own words"


def _sdp(host: str) -> bytes:
    return (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio 6100 RTP/AVP 0\r\na=recvonly\r\n"
    ).encode()


class Phone:
    """Fulfils the user agent's `Handler` and its calls' `CallWatcher`."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.agent = UserAgent(host=host, port=0, handler=self)
        self.callers: list[str] = []
        """Whom it answered, by their Call-ID."""
        self.seen_from: set[str] = set()
        """The addresses that their calls came from."""

    async def register(self, name: str, edge: tuple[str, int]) -> Response:
        place = Source(*edge, "udp")
        return await self.agent.request(
            "REGISTER",
            target=f"sip:{edge[0]}:{edge[1]}",
            caller=f"<sip:{name}@{edge[0]}>",
            callee=f"<sip:{name}@{edge[0]}>",
            destination=place,
            headers=(("Contact", f"<sip:{name}@{self.host}:{self.agent.port}>"), ("Expires", "600")),
            credentials=Credentials(name, PASSWORD),
        )

    def may_send(self, source: Source) -> bool:
        return True

    def on_asking(self, peer: Source) -> None:
        """Everybody may answer."""

    def on_invite(self, call: IncomingCall) -> None:
        call.watcher = self
        self.callers.append(call.id)
        self.seen_from.add(call.source.host)
        call.answer(_sdp(self.host))

    def on_request(self, request: IncomingRequest) -> None:
        request.respond(405)

    def on_provisional(self, call: SipCall, response: Response) -> None:
        """It calls nobody."""

    def on_answered(self, call: SipCall, sdp: bytes) -> None:
        """The caller has acknowledged."""

    def on_renegotiated(self, call: SipCall, sdp: bytes) -> None:
        """Silence is silence."""

    def on_offer(self, call: SipCall, sdp: bytes) -> bytes | int:
        return _sdp(self.host)

    def on_info(self, call: SipCall, request: Request) -> None:
        """Nothing listens."""

    def on_ended(self, call: SipCall, end: CallEnd) -> None:
        """Whoever called has had enough."""


@asynccontextmanager
async def open_phone(host: str) -> AsyncIterator[Phone]:
    phone = Phone(host)
    await phone.agent.start()
    try:
        yield phone
    finally:
        await phone.agent.close()
