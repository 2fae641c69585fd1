"""Offer and answer with a WebRTC party (RFC 8829, RFC 8839, RFC 8842): one bundled audio stream over DTLS-SRTP.

We are an ICE-lite end with one address, so a description of ours is complete at once, and the party's candidates need
not be read: it comes to us. Header extensions, feedback and streams other than the first good one are left out of what
we say, which refuses them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dialplane.sdp.negotiation import (
    SENDING,
    STATIC_NAMES,
    USER,
    Choice,
    Direction,
    Negotiated,
    NotAcceptable,
    answer_direction,
    ptime_of,
    refused,
    rtpmaps,
    stated_direction,
)
from dialplane.sdp.session import Attribute, MediaDescription, Origin, SdpError, Session

PROTOCOL = "UDP/TLS/RTP/SAVPF"
OPUS_CLOCK_HZ = 48_000
"""Of its RTP timestamps, whatever the audio holds (RFC 7587 section 4.1)."""
ANY_HOST = "0.0.0.0"
"""Where the party's audio comes from is found by its checks."""

_PROTOCOLS = frozenset({PROTOCOL, "UDP/TLS/RTP/SAVP", "RTP/SAVPF", "RTP/SAVP"})
"""RFC 8829 section 5.1.2: the last two by old browsers; without a fingerprint they are something else."""
_CODECS = {"PCMU": "PCMU", "PCMA": "PCMA", "OPUS/48000/2": "OPUS"}
_EVENT_CLOCKS = {"TELEPHONE-EVENT": 8_000, "TELEPHONE-EVENT/48000": OPUS_CLOCK_HZ}
_OPUS_FORMAT = "111"
_OFFERED = (("0", "PCMU/8000"), ("8", "PCMA/8000"), (_OPUS_FORMAT, "opus/48000/2"))
"""G.711 first: what our other parties speak needs no transcoding, and at 8,000 Hz Opus sounds no better."""
_OFFERED_EVENTS = (("101", 8_000), ("110", OPUS_CLOCK_HZ))
_OPUS_LIMITS = "maxplaybackrate=8000;sprop-maxcapturerate=8000;stereo=0;sprop-stereo=0;minptime=20"
"""Telephony goes no higher, so that neither side spends octets on what nobody hears (RFC 7587 section 6.1)."""
_HOST_PRIORITY = 126 << 24 | 65_535 << 8 | 255
"""RFC 8445 section 5.1.2.1, for the one address that there is."""
_ICE_WORD = re.compile(r"[A-Za-z0-9+/]{4,256}")
_FINGERPRINT = re.compile(r"[a-z0-9\-]{1,16} [0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){15,63}")
_MID = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`{|}~]{1,64}")


class Setup(StrEnum):
    """Who begins the handshake, seen by who says it (RFC 4145, RFC 8842)."""

    ACTIVE = "active"
    PASSIVE = "passive"
    ACTPASS = "actpass"


@dataclass(frozen=True, slots=True)
class SecureEnd:
    """What one end says of itself for ICE and DTLS."""

    fragment: str
    password: str
    fingerprint: str
    """`sha-256 0A:1B:…`"""
    setup: Setup


@dataclass(frozen=True, slots=True)
class Secured:
    """What was agreed: the audio, and how it is kept."""

    audio: Negotiated
    party: SecureEnd
    event_clock_hz: int


def is_secure(session: Session) -> bool:
    """Whether the first live audio stream is a WebRTC one."""
    first = next((media for media in session.media if media.kind == "audio" and media.port), None)
    return first is not None and first.protocol in _PROTOCOLS


def choose_secure(session: Session) -> Choice:
    """The first live WebRTC audio with a codec of ours, the offerer's first. Raises NotAcceptable, SdpError."""
    problem = "no audio over DTLS-SRTP"
    for position, media in enumerate(session.media):
        if media.kind != "audio" or media.port == 0 or media.protocol not in _PROTOCOLS:
            continue
        if _attribute(session, media, "fingerprint") is None:
            continue
        if media.attribute("rtcp-mux") is None:
            problem = "RTCP on a port of its own"
            continue
        choice = _choose_codec(position, media)
        if choice is not None:
            return choice
        problem = "no codec in common"
    raise NotAcceptable(problem)


def make_secure_offer(
    host: str,
    port: int,
    end: SecureEnd,
    *,
    session_id: int,
    version: int,
    direction: Direction = Direction.SENDRECV,
) -> Session:
    """An offer of audio at `host` and `port`, codecs in the order of preference, and digits."""
    media = _our_media(host, port, end, "0", _OFFERED, _OFFERED_EVENTS, direction, PROTOCOL)
    return _our_session(host, session_id, version, "0", (media,))


def make_secure_answer(
    offer: Session,
    host: str,
    port: int,
    end: SecureEnd,
    *,
    session_id: int,
    version: int,
    choice: Choice | None = None,
) -> tuple[Session, Secured]:
    """Answer `offer`; `end` is ours, its `setup` what suits the offer's (`setup_for`).

    Raises NotAcceptable where no stream suits, SdpError where the offer contradicts itself.
    """
    chosen = choice or choose_secure(offer)
    theirs = offer.media[chosen.position]
    agreed = answer_direction(_direction_of(offer, theirs), Direction.SENDRECV)
    clock_hz = _event_clock(theirs, chosen)
    events = () if chosen.telephone_event is None else ((str(chosen.telephone_event), clock_hz),)
    mid = _mid(theirs)
    encoding = next(name for _, name in _OFFERED if name.upper().startswith(chosen.codec))
    formats = ((str(chosen.payload_type), encoding),)
    audio = _our_media(host, port, end, mid, formats, events, agreed, theirs.protocol)
    media = tuple(audio if i == chosen.position else refused(other) for i, other in enumerate(offer.media))
    session = _our_session(host, session_id, version, mid, media)
    return session, Secured(_negotiated(theirs, chosen, agreed), read_end(offer, theirs), clock_hz)


def read_secure_answer(offer: Session, answer: Session) -> Secured:
    """What an answer to our `offer` agrees to. Raises NotAcceptable or SdpError."""
    chosen = choose_secure(answer)
    theirs = answer.media[chosen.position]
    agreed = answer_direction(_direction_of(answer, theirs), _direction_of(offer, offer.media[0]))
    party = read_end(answer, theirs)
    if party.setup is Setup.ACTPASS:
        raise SdpError("setup is no answer")  # RFC 8842 section 5.3
    return Secured(_negotiated(theirs, chosen, agreed), party, _event_clock(theirs, chosen))


def read_end(session: Session, media: MediaDescription) -> SecureEnd:
    """What the party says of itself, in the stream or for all of them. Raises SdpError."""
    fragment = _attribute(session, media, "ice-ufrag") or ""
    password = _attribute(session, media, "ice-pwd") or ""
    if not _ICE_WORD.fullmatch(fragment) or not _ICE_WORD.fullmatch(password) or len(password) < 22:
        raise SdpError("ICE credentials missing or malformed")
    fingerprint = _attribute(session, media, "fingerprint") or ""
    name, _, digest = fingerprint.strip().partition(" ")
    fingerprint = f"{name.lower()} {digest.strip()}"
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise SdpError("fingerprint malformed")
    try:
        setup = Setup(_attribute(session, media, "setup") or Setup.ACTPASS)
    except ValueError:
        raise SdpError("setup unknown") from None
    return SecureEnd(fragment, password, fingerprint, setup)


def setup_for(offered: Setup, *, current: Setup = Setup.ACTPASS) -> Setup:
    """Our answer: the party begins wherever it may, as it knows when it can reach us (RFC 8842 section 5.3).

    `current` is our role so far, which a later offer does not turn round without need.
    """
    if offered is Setup.ACTPASS:
        return Setup.PASSIVE if current is Setup.ACTPASS else current
    return Setup.ACTIVE if offered is Setup.PASSIVE else Setup.PASSIVE


def _choose_codec(position: int, media: MediaDescription) -> Choice | None:
    names = _names(media)
    chosen = next((format_ for format_ in media.formats if names.get(format_) in _CODECS), None)
    if chosen is None:
        return None
    codec = _CODECS[names[chosen]]
    events = [format_ for format_ in media.formats if names.get(format_) in _EVENT_CLOCKS]
    wanted_hz = OPUS_CLOCK_HZ if codec == "OPUS" else 8_000
    suiting = [format_ for format_ in events if _EVENT_CLOCKS[names[format_]] == wanted_hz]
    event = next(iter(suiting or (events if codec == "OPUS" else [])), None)
    return Choice(position, codec, int(chosen), None if event is None else int(event))


def _event_clock(media: MediaDescription, choice: Choice) -> int:
    return _EVENT_CLOCKS.get(_names(media).get(str(choice.telephone_event), ""), 8_000)


def _names(media: MediaDescription) -> dict[str, str]:
    return {payload_type: name.upper() for payload_type, name in (STATIC_NAMES | rtpmaps(media.attributes)).items()}


def _direction_of(session: Session, media: MediaDescription) -> Direction:
    """As it is stated. An address of zeros only says that candidates are to come (RFC 8840), not that we are held."""
    return stated_direction(media.attributes) or stated_direction(session.attributes) or Direction.SENDRECV


def _negotiated(media: MediaDescription, choice: Choice, agreed: Direction) -> Negotiated:
    return Negotiated(
        host=ANY_HOST,
        port=media.port,
        codec=choice.codec,
        payload_type=choice.payload_type,
        telephone_event=choice.telephone_event,
        ptime_ms=ptime_of(media),
        sends=agreed is Direction.SENDRECV,
        receives=agreed in SENDING,
    )


def _attribute(session: Session, media: MediaDescription, name: str) -> str | None:
    own = media.attribute(name)
    return own if own is not None else next((value or "" for key, value in session.attributes if key == name), None)


def _mid(media: MediaDescription) -> str:
    mid = media.attribute("mid") or ""
    return mid if _MID.fullmatch(mid) else ""


def _our_session(host: str, session_id: int, version: int, mid: str, media: tuple[MediaDescription, ...]) -> Session:
    attributes: list[Attribute] = [("ice-lite", None)]
    if mid:
        attributes.append(("group", f"BUNDLE {mid}"))
    return Session(Origin(USER, session_id, version, host), host, media, tuple(attributes))


def _our_media(
    host: str,
    port: int,
    end: SecureEnd,
    mid: str,
    formats: Sequence[tuple[str, str]],
    events: Sequence[tuple[str, int]],
    direction: Direction,
    protocol: str,
) -> MediaDescription:
    attributes: list[Attribute] = [("mid", mid)] if mid else []
    attributes += [
        ("ice-ufrag", end.fragment),
        ("ice-pwd", end.password),
        ("fingerprint", end.fingerprint),
        ("setup", end.setup.value),
        ("rtcp-mux", None),
        ("msid", "dialplane audio"),
    ]
    for payload_type, encoding in formats:
        attributes.append(("rtpmap", f"{payload_type} {encoding}"))
        if encoding.startswith("opus"):
            attributes.append(("fmtp", f"{payload_type} {_OPUS_LIMITS}"))
    for payload_type, clock_hz in events:
        attributes += [("rtpmap", f"{payload_type} telephone-event/{clock_hz}"), ("fmtp", f"{payload_type} 0-15")]
    attributes += [
        ("ptime", "20"),
        (direction.value, None),
        ("candidate", f"1 1 udp {_HOST_PRIORITY} {host} {port} typ host"),
        ("end-of-candidates", None),
    ]
    names = (*(name for name, _ in formats), *(name for name, _ in events))
    return MediaDescription("audio", port, protocol, names, None, tuple(attributes))
