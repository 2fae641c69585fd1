"""Which kind of offer and answer a leg has: plain G.711, a browser's, or a party's with keys or other codecs."""

from contextlib import suppress

from dialplane.domain.calling.media import ANY_AUDIO, MediaProfile
from dialplane.sdp.negotiation import NotAcceptable
from dialplane.sdp.session import Session
from dialplane.sdp.webrtc import is_secure
from dialplane.voice.audio import AudioExchange
from dialplane.voice.party_audio import PartyAudioExchange
from dialplane.voice.secure_audio import SecureAudioExchange

_KEYS = b"a=crypto:"


def exchange_for(offer: bytes, *, over_websocket: bool = False) -> AudioExchange:
    """The exchange that suits a caller's SDP, b"" where we make the offer.

    Raises SdpError where it is malformed, NotAcceptable where it holds no audio that we speak.
    """
    if not offer:
        return SecureAudioExchange() if over_websocket else AudioExchange()
    if _KEYS in offer:
        with suppress(NotAcceptable):
            return PartyAudioExchange(offer, profile=ANY_AUDIO)
    try:
        return AudioExchange(offer)
    except NotAcceptable:
        if is_secure(Session.parse(offer)):
            return SecureAudioExchange(offer)
        return PartyAudioExchange(offer, profile=ANY_AUDIO)


def settled(exchange: AudioExchange, offer: bytes, profile: MediaProfile, *, is_private: bool) -> AudioExchange:
    """The exchange with a caller whose profile is known by now. `is_private`: the signalling is encrypted.

    Raises NotAcceptable where the offer does not suit it. A browser's audio always is encrypted.
    """
    if exchange.is_secure or profile == ANY_AUDIO:
        return exchange
    return PartyAudioExchange(offer, profile=profile, offers_keys=is_private)
