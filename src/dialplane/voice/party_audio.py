"""Offer and answer of one leg whose audio is encrypted with keys in the SDP, or not G.711: as `voice/audio.py`, with a
profile that says what may be."""

import secrets

from dialplane.domain.calling.media import MediaProfile, SrtpKeys, SrtpSuite
from dialplane.sdp.negotiation import Choice, Direction, NotAcceptable, placed
from dialplane.sdp.party import (
    Encryption,
    PartyAudio,
    PartyTerms,
    choose_party,
    make_party_answer,
    make_party_offer,
    read_party_answer,
)
from dialplane.sdp.sdes import KEY_OCTETS, Suite, make_cryptos
from dialplane.sdp.session import SdpError, Session
from dialplane.voice.audio import AudioExchange, remote_of
from dialplane.voice.ports import MediaLeg


class PartyAudioExchange(AudioExchange):
    """Every `media` that it is given is an ordinary leg's."""

    def __init__(self, offer: bytes = b"", *, profile: MediaProfile, offers_keys: bool = True) -> None:
        """`offers_keys` False: the signalling is not encrypted, so keys are named in it only where they must be.

        Raises as AudioExchange does.
        """
        super().__init__()
        self._terms = PartyTerms(Encryption(profile.srtp), profile.codecs)
        self._offers_keys = offers_keys
        self._own_keys = {suite: secrets.token_bytes(KEY_OCTETS) for suite in Suite}
        """A key goes to one party and stays for the whole call: what protects is counted on by it."""
        self._theirs = Session.parse(offer) if offer else None
        self._first_choice = choose_party(self._theirs, self._terms) if self._theirs else None

    def offer(self, media: MediaLeg, *, on_hold: bool = False) -> bytes:
        self._version += 1
        is_encrypted = self._terms.encryption is Encryption.REQUIRED or (
            self._terms.encryption is Encryption.OPTIONAL and self._offers_keys
        )
        self._ours = make_party_offer(
            media.host,
            media.port,
            session_id=self._session_id,
            version=self._version,
            terms=self._terms,
            cryptos=make_cryptos(list(self._own_keys.items())) if is_encrypted else [],
            direction=Direction.SENDONLY if on_hold else Direction.SENDRECV,
        )
        self._described = placed(self._ours, self._described)
        return bytes(self._described)

    def take_answer(self, sdp: bytes, media: MediaLeg) -> bool:
        if self._ours is None:
            return False
        try:
            agreed = read_party_answer(self._ours, Session.parse(sdp), self._terms)
        except (NotAcceptable, SdpError):
            return False
        self._connect(media, agreed)
        return True

    def _agree(self, theirs: Session, media: MediaLeg, choice: Choice | None = None) -> bytes:
        chosen = self._first_choice if theirs is self._theirs else None
        chosen = chosen or choose_party(theirs, self._terms)
        version = self._version + 1
        key = self._own_keys[chosen.crypto.suite] if chosen.crypto is not None else b""
        session, agreed = make_party_answer(
            theirs, media.host, media.port, chosen, session_id=self._session_id, version=version, key=key
        )
        self._version = version
        self._connect(media, agreed)
        self._described = session
        return bytes(session)

    def _connect(self, media: MediaLeg, agreed: PartyAudio) -> None:
        crypto = agreed.crypto
        keys = None if crypto is None else SrtpKeys(SrtpSuite(crypto.suite), self._own_keys[crypto.suite], crypto.key)
        media.connect_adapted(remote_of(agreed.audio), keys=keys, event_clock_hz=agreed.event_clock_hz)
