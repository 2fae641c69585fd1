"""Offer and answer of one WebRTC leg: as `voice/audio.py`, with ICE and DTLS in the descriptions."""

import secrets
from typing import cast

from dialplane.domain.calling.media import IceCredentials, SecureParty
from dialplane.sdp.negotiation import Choice, Direction, NotAcceptable
from dialplane.sdp.session import SdpError, Session
from dialplane.sdp.webrtc import (
    Secured,
    SecureEnd,
    Setup,
    choose_secure,
    make_secure_answer,
    make_secure_offer,
    read_end,
    read_secure_answer,
    setup_for,
)
from dialplane.voice.audio import AudioExchange, remote_of
from dialplane.voice.ports import MediaLeg, SecureMediaLeg

_FRAGMENT_OCTETS, _PASSWORD_OCTETS = 6, 18
"""8 and 24 characters, where RFC 8839 section 5.4 asks for 24 and 128 bits."""


class SecureAudioExchange(AudioExchange):
    """Every `media` that it is given was opened by `Media.open_secure`."""

    is_secure = True

    def __init__(self, offer: bytes = b"") -> None:
        super().__init__()
        self._theirs = Session.parse(offer) if offer else None
        self._choice = choose_secure(self._theirs) if self._theirs else None
        self._credentials: IceCredentials | None = None
        self._party: SecureEnd | None = None
        self._role = Setup.ACTPASS
        """Ours in the handshake, once it is decided."""

    def offer(self, media: MediaLeg, *, on_hold: bool = False) -> bytes:
        self._version += 1
        self._ours = make_secure_offer(
            media.host,
            media.port,
            self._end(_secure(media), Setup.ACTPASS),
            session_id=self._session_id,
            version=self._version,
            direction=Direction.SENDONLY if on_hold else Direction.SENDRECV,
        )
        return bytes(self._ours)

    def take_answer(self, sdp: bytes, media: MediaLeg) -> bool:
        if self._ours is None:
            return False
        try:
            agreed = read_secure_answer(self._ours, Session.parse(sdp))
        except (NotAcceptable, SdpError):
            return False
        self._role = Setup.PASSIVE if agreed.party.setup is Setup.ACTIVE else Setup.ACTIVE
        self._connect(_secure(media), agreed)
        return True

    def _agree(self, theirs: Session, media: MediaLeg, choice: Choice | None = None) -> bytes:
        secure = _secure(media)
        choice = choice or choose_secure(theirs)
        party = read_end(theirs, theirs.media[choice.position])
        if self._party is not None and party.fragment != self._party.fragment:
            self._credentials = None  # the party has begun ICE anew, and so must we (RFC 8839 section 4.4.1.1.1)
        self._role = setup_for(party.setup, current=self._role)
        self._version += 1
        session, agreed = make_secure_answer(
            theirs,
            media.host,
            media.port,
            self._end(secure, self._role),
            session_id=self._session_id,
            version=self._version,
            choice=choice,
        )
        self._connect(secure, agreed)
        return bytes(session)

    def _end(self, media: SecureMediaLeg, setup: Setup) -> SecureEnd:
        """What we say of ourselves; the media is told before the party is."""
        if self._credentials is None:
            self._credentials = IceCredentials(_word(_FRAGMENT_OCTETS), _word(_PASSWORD_OCTETS))
            media.await_checks(self._credentials)
        return SecureEnd(self._credentials.fragment, self._credentials.password, media.fingerprint, setup)

    def _connect(self, media: SecureMediaLeg, agreed: Secured) -> None:
        self._party = agreed.party
        party = SecureParty(agreed.party.fingerprint, self._role is Setup.PASSIVE, agreed.event_clock_hz)
        media.connect_securely(remote_of(agreed.audio), party)


def _secure(media: MediaLeg) -> SecureMediaLeg:
    return cast("SecureMediaLeg", media)  # see the class's docstring


def _word(octets: int) -> str:
    """Of the characters that ICE allows (RFC 8839 section 5.4): letters, digits, `+` and `/`."""
    return secrets.token_urlsafe(octets).replace("-", "+").replace("_", "/")
