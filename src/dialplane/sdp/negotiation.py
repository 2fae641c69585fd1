"""Offer and answer (RFC 3264) for one stream of audio: G.711 and telephone-event (RFC 4733).

Pure: descriptions in, descriptions and what was agreed out. Every other stream of an offer is refused with port 0,
in its place.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar, NamedTuple

from dialplane.sdp.session import Attribute, MediaDescription, Origin, SdpError, Session, address_family, is_shared

TELEPHONE_EVENT = 101
"""Our own payload type for digits."""
_STATIC = {"PCMU": 0, "PCMA": 8}
STATIC_NAMES = {"0": "PCMU", "8": "PCMA"}
_PROTOCOLS = frozenset({"RTP/AVP", "RTP/AVPF"})
USER = "dialplane"


class NotAcceptable(Exception):
    """The two sides have nothing in common (488). `problem` is a constant phrase."""

    status: ClassVar[int] = 488

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class Direction(StrEnum):
    """Who sends, seen by the side whose description says it."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"


_DIRECTIONS = {direction.value: direction for direction in Direction}
SENDING = frozenset({Direction.SENDRECV, Direction.SENDONLY})
RECEIVING = frozenset({Direction.SENDRECV, Direction.RECVONLY})


class Negotiated(NamedTuple):
    """Where and how the other party wants its audio."""

    host: str
    """An address, never a name."""
    port: int
    codec: str
    """`PCMU` or `PCMA`."""
    payload_type: int
    telephone_event: int | None
    """The party's payload type for digits, None where it takes none."""
    ptime_ms: int
    sends: bool
    """The party talks both ways, so its silence means something. False also where it only sends: a phone that holds
    us says `sendonly` whether or not it has music to send."""
    receives: bool
    """We may send to it."""


class Choice(NamedTuple):
    """What of a description is used."""

    position: int
    """Of the stream among the description's media."""
    codec: str
    payload_type: int
    telephone_event: int | None


def make_offer(
    host: str,
    port: int,
    session_id: int,
    version: int,
    *,
    codecs: Sequence[str] = ("PCMU", "PCMA"),
    direction: Direction = Direction.SENDRECV,
    ptime_ms: int = 20,
) -> Session:
    """An offer of audio at `host` and `port`, codecs in the order of preference, and digits."""
    formats = [(str(_STATIC[codec]), f"{codec}/8000") for codec in codecs]
    media = _our_media(port, tuple(formats), str(TELEPHONE_EVENT), direction, ptime_ms)
    return Session(Origin(USER, session_id, version, host), host, (media,))


def choose(session: Session, codecs: Sequence[str] = ("PCMU", "PCMA")) -> Choice:
    """The first live audio stream with a codec of ours. Raises NotAcceptable where there is none or where we cannot
    send to it, SdpError where the stream contradicts itself."""
    problem = "no audio over RTP"
    for position, media in enumerate(session.media):
        if media.kind != "audio" or media.port == 0 or media.protocol not in _PROTOCOLS:
            continue
        chosen = _choose_codec(media.formats, media.attributes, tuple(codecs))
        if chosen is not None:
            media_host(session, media)
            return Choice(position, *chosen)
        problem = "no codec in common"
    raise NotAcceptable(problem)


def make_answer(
    offer: Session,
    host: str,
    port: int,
    *,
    session_id: int,
    version: int,
    codecs: Sequence[str] = ("PCMU", "PCMA"),
    direction: Direction = Direction.SENDRECV,
    choice: Choice | None = None,
) -> tuple[Session, Negotiated]:
    """Answer `offer` with audio at `host` and `port`: the offerer's first codec that is among `codecs`, or the
    `choice` that was made already.

    `direction` is what we would do if the offer did not restrict it. Raises NotAcceptable where no stream of the
    offer suits and SdpError where the offer contradicts itself.
    """
    chosen = choice or choose(offer, codecs)
    theirs = offer.media[chosen.position]
    agreed = answer_direction(direction_of(offer, theirs), direction)
    negotiated = as_negotiated(offer, theirs, chosen, agreed)
    audio = _our_media(
        port,
        ((str(chosen.payload_type), f"{chosen.codec}/8000"),),
        None if chosen.telephone_event is None else str(chosen.telephone_event),
        agreed,
        20,
        protocol=theirs.protocol,
    )
    media = tuple(audio if i == chosen.position else refused(other) for i, other in enumerate(offer.media))
    return Session(Origin(USER, session_id, version, host), host, media), negotiated


def read_answer(offer: Session, answer: Session) -> Negotiated:
    """What an answer to our `offer` agrees to. Raises NotAcceptable or SdpError."""
    offered = next(media for media in offer.media if media.kind == "audio")
    codecs = [codec for codec in _STATIC if str(_STATIC[codec]) in offered.formats]
    chosen = choose(answer, codecs)
    theirs = answer.media[chosen.position]
    agreed = answer_direction(direction_of(answer, theirs), direction_of(offer, offered))
    return as_negotiated(answer, theirs, chosen, agreed)


@lru_cache(maxsize=1024)
def _choose_codec(
    formats: tuple[str, ...], attributes: tuple[Attribute, ...], codecs: tuple[str, ...]
) -> tuple[str, int, int | None] | None:
    """Codec, its payload type and that of digits. Kept, for phones of one kind offer the same in each call; who puts
    something of the call beside it is read anew."""
    names = STATIC_NAMES | rtpmaps(attributes)
    chosen = next((format_ for format_ in formats if names.get(format_) in codecs), None)
    if chosen is None:
        return None
    event = next((format_ for format_ in formats if names.get(format_) == "TELEPHONE-EVENT"), None)
    return names[chosen], int(chosen), None if event is None else int(event)


def rtpmaps(attributes: Sequence[Attribute]) -> dict[str, str]:
    """Payload type to encoding name in capitals, for those with a clock of 8,000 Hz and one channel."""
    maps: dict[str, str] = {}
    for name, value in attributes:
        if name != "rtpmap":
            continue
        payload_type, _, encoding = (value or "").partition(" ")
        if not (payload_type.isascii() and payload_type.isdigit() and len(payload_type) <= 3):
            raise SdpError("rtpmap malformed")
        codec, _, clock = encoding.strip().partition("/")
        # A rate or channel that we cannot play makes it another codec, also under a static payload type.
        maps[payload_type] = codec.upper() if clock in ("8000", "8000/1") else f"{codec}/{clock}"
    return maps


def direction_of(session: Session, media: MediaDescription) -> Direction:
    """The stream's own direction, else the session's, else both ways; an address of zeros is the old hold."""
    direction = stated_direction(media.attributes) or stated_direction(session.attributes) or Direction.SENDRECV
    if session.host_of(media) in ("0.0.0.0", "::"):
        return Direction.SENDONLY if direction in SENDING else Direction.INACTIVE
    return direction


def stated_direction(attributes: Sequence[Attribute]) -> Direction | None:
    return next((_DIRECTIONS[name] for name, _ in attributes if name in _DIRECTIONS), None)


def answer_direction(theirs: Direction, ours: Direction) -> Direction:
    """What is left for us when they say `theirs` and we would say `ours` (RFC 3264 6.1)."""
    sends = theirs in RECEIVING and ours in SENDING
    receives = theirs in SENDING and ours in RECEIVING
    if sends:
        return Direction.SENDRECV if receives else Direction.SENDONLY
    return Direction.RECVONLY if receives else Direction.INACTIVE


def as_negotiated(session: Session, media: MediaDescription, choice: Choice, agreed: Direction) -> Negotiated:
    """What was agreed about a stream of theirs. Raises SdpError, NotAcceptable where its address cannot be used."""
    return Negotiated(
        host=media_host(session, media),
        port=media.port,
        codec=choice.codec,
        payload_type=choice.payload_type,
        telephone_event=choice.telephone_event,
        ptime_ms=ptime_of(media),
        sends=agreed is Direction.SENDRECV,
        receives=agreed in SENDING,
    )


def media_host(session: Session, media: MediaDescription) -> str:
    """The address that a stream is sent to. Raises SdpError, NotAcceptable where that is not one machine's."""
    host = session.host_of(media)
    if host is None:
        raise SdpError("no connection address")
    if address_family(host) is None:
        # Looking a name up takes time that nobody bounds and may lead anywhere; no phone or carrier does this.
        raise NotAcceptable("media address is a name")
    if is_shared(host):
        raise NotAcceptable("media address is nobody's own")  # a call is between two: nobody may have us flood many
    return host


def ptime_of(media: MediaDescription) -> int:
    """The packet time the party asks for: 10 to 60 ms in tens, else the usual 20."""
    text = (media.attribute("ptime") or "").partition(".")[0]
    if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) in (10, 20, 30, 40, 50, 60):
        return int(text)
    return 20


def _our_media(
    port: int,
    formats: tuple[tuple[str, str], ...],
    event: str | None,
    direction: Direction,
    ptime_ms: int,
    *,
    protocol: str = "RTP/AVP",
) -> MediaDescription:
    names, attributes = _our_attributes(formats, event, direction.value, ptime_ms)
    return MediaDescription("audio", port, protocol, names, None, attributes)


@lru_cache(maxsize=256)
def _our_attributes(
    formats: tuple[tuple[str, str], ...], event: str | None, direction: str, ptime_ms: int
) -> tuple[tuple[str, ...], tuple[Attribute, ...]]:
    """The formats of our stream, and what we say of them."""
    attributes: list[Attribute] = [("rtpmap", f"{payload_type} {encoding}") for payload_type, encoding in formats]
    names = [payload_type for payload_type, _ in formats]
    if event is not None:
        names.append(event)
        attributes += [("rtpmap", f"{event} telephone-event/8000"), ("fmtp", f"{event} 0-15")]
    attributes += [("ptime", str(ptime_ms)), (direction, None)]
    return tuple(names), tuple(attributes)


def placed(offer: Session, last: Session | None) -> Session:
    """A new `offer` of one stream, with a place for every stream of the `last` description that we gave (RFC 3264
    section 8): it stands where the live one stood, and what was refused stays so."""
    if last is None or len(last.media) == 1:
        return offer
    position = next((i for i, media in enumerate(last.media) if media.port), 0)
    media = tuple(offer.media[0] if i == position else refused(other) for i, other in enumerate(last.media))
    return offer._replace(media=media)


def refused(media: MediaDescription) -> MediaDescription:
    return MediaDescription(media.kind, 0, media.protocol, media.formats)
