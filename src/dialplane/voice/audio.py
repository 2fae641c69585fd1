"""Offer and answer of one leg, joined to its media: what was agreed is what the media process is told."""

import secrets

from dialplane.sdp.negotiation import (
    Choice,
    Direction,
    Negotiated,
    NotAcceptable,
    choose,
    make_answer,
    make_offer,
    placed,
    read_answer,
)
from dialplane.sdp.session import SdpError, Session
from dialplane.voice.ports import MediaLeg, RemoteMedia


class AudioExchange:
    """Keeps the side of the exchange that we are on, and the version of our description (RFC 3264 section 8)."""

    is_secure = False
    """Whether its media is to be opened by `Media.open_secure`."""

    def __init__(self, offer: bytes = b"") -> None:
        """`offer` is the caller's SDP, b"" where we make the offer.

        Raises SdpError where it is malformed, NotAcceptable where it holds no audio that we speak.
        """
        self._theirs = Session.parse(offer) if offer else None
        self._choice = choose(self._theirs) if self._theirs else None
        self._ours: Session | None = None
        """The stream that we offered."""
        self._described: Session | None = None
        """What we told the party last: every later offer has as many streams."""
        self._answer = b""
        self._session_id = secrets.randbits(31)
        self._version = 0

    @property
    def has_offer(self) -> bool:
        return self._theirs is not None

    def answer(self, media: MediaLeg) -> bytes:
        """Our answer to the caller's offer; the same one each time, as 183 and 200 must agree."""
        if not self._answer and self._theirs is not None:
            self._answer = self._agree(self._theirs, media, self._choice)
        return self._answer

    def offer(self, media: MediaLeg, *, on_hold: bool = False) -> bytes:
        """A fresh description of ours; `on_hold` asks the party to be silent."""
        self._version += 1
        direction = Direction.SENDONLY if on_hold else Direction.SENDRECV
        self._ours = make_offer(media.host, media.port, self._session_id, self._version, direction=direction)
        self._described = placed(self._ours, self._described)
        return bytes(self._described)

    def take_answer(self, sdp: bytes, media: MediaLeg) -> bool:
        """Take the answer to our offer. False where it has nothing in common with it."""
        if self._ours is None:
            return False
        try:
            media.connect(remote_of(read_answer(self._ours, Session.parse(sdp))))
        except (NotAcceptable, SdpError):
            return False
        return True

    def renegotiate(self, sdp: bytes, media: MediaLeg) -> bytes | int:
        """Answer a new offer within the call (hold, resume, a new address), or 488."""
        try:
            return self._agree(Session.parse(sdp), media)
        except (NotAcceptable, SdpError):
            return 488

    def _agree(self, theirs: Session, media: MediaLeg, choice: Choice | None = None) -> bytes:
        version = self._version + 1  # by one from what was sent before: what is refused counts for nothing
        session, negotiated = make_answer(
            theirs, media.host, media.port, session_id=self._session_id, version=version, choice=choice
        )
        self._version = version
        media.connect(remote_of(negotiated))
        self._described = session
        return bytes(session)


def remote_of(agreed: Negotiated) -> RemoteMedia:
    """What was agreed, as the media process is told."""
    return RemoteMedia(
        host=agreed.host,
        port=agreed.port,
        codec=agreed.codec,
        payload_type=agreed.payload_type,
        telephone_event=agreed.telephone_event,
        ptime_ms=agreed.ptime_ms,
        sends=agreed.sends,
        receives=agreed.receives,
    )
