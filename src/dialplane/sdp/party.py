"""Offer and answer with a party whose audio somebody has ideas about: SRTP with keys in the descriptions (RFC 4568),
G.722 (RFC 3551) and Opus (RFC 7587) beside G.711.

`RTP/SAVP` asks for encryption; crypto lines under `RTP/AVP` offer it (RFC 8643). Everybody else's calls are
`negotiation`'s alone.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from dialplane.sdp.negotiation import (
    STATIC_NAMES,
    USER,
    Choice,
    Direction,
    Negotiated,
    NotAcceptable,
    answer_direction,
    as_negotiated,
    direction_of,
    media_host,
    refused,
    rtpmaps,
)
from dialplane.sdp.sdes import Crypto, read_cryptos
from dialplane.sdp.session import Attribute, MediaDescription, Origin, Session

CODECS = ("PCMU", "PCMA", "G722", "OPUS")

_PLAIN = frozenset({"RTP/AVP", "RTP/AVPF"})
_PROTECTED = frozenset({"RTP/SAVP", "RTP/SAVPF"})
_FORMATS = {"PCMU": ("0", "PCMU/8000"), "PCMA": ("8", "PCMA/8000"), "G722": ("9", "G722/8000"),
            "OPUS": ("111", "opus/48000/2")}  # fmt: skip
_NAMES = {"PCMU": "PCMU", "PCMA": "PCMA", "G722": "G722", "OPUS/48000/2": "OPUS"}
_STATIC = STATIC_NAMES | {"9": "G722"}
_G711 = ("PCMU", "PCMA")
_EVENT_CLOCKS = {"TELEPHONE-EVENT": 8_000, "TELEPHONE-EVENT/48000": 48_000}
_OUR_EVENT, _OUR_OPUS_EVENT = "101", "110"


class Encryption(StrEnum):
    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class PartyTerms(NamedTuple):
    """What may be agreed."""

    encryption: Encryption
    codecs: tuple[str, ...] = ()
    """Of `CODECS`, in the order in which we offer them. None: we offer G.711, and take the others from whoever has
    nothing else."""


class PartyChoice(NamedTuple):
    """What of a description is used."""

    stream: Choice
    event_clock_hz: int
    crypto: Crypto | None
    """The party's line, where the audio is encrypted."""


class PartyAudio(NamedTuple):
    """What was agreed."""

    audio: Negotiated
    event_clock_hz: int
    crypto: Crypto | None
    """As in `PartyChoice`."""


def choose_party(session: Session, terms: PartyTerms) -> PartyChoice:
    """The first audio stream that suits. Raises NotAcceptable, SdpError."""
    problem = "no audio over RTP"
    for position, media in enumerate(session.media):
        if media.kind != "audio" or media.port == 0 or media.protocol not in _PLAIN | _PROTECTED:
            continue
        crypto = None if terms.encryption is Encryption.OFF else next(iter(read_cryptos(media)), None)
        if crypto is None and (media.protocol in _PROTECTED or terms.encryption is Encryption.REQUIRED):
            problem = "no encryption in common"
            continue
        found = _choose_codec(position, media, terms)
        if found is not None:
            media_host(session, media)
            return PartyChoice(*found, crypto)
        problem = "no codec in common"
    raise NotAcceptable(problem)


def make_party_offer(
    host: str,
    port: int,
    *,
    session_id: int,
    version: int,
    terms: PartyTerms,
    cryptos: Sequence[Crypto],
    direction: Direction = Direction.SENDRECV,
) -> Session:
    """An offer of audio; `cryptos` empty: it is not encrypted."""
    codecs = terms.codecs or _G711
    formats = [_FORMATS[codec] for codec in codecs]
    events = [(_OUR_EVENT, 8_000)] + ([(_OUR_OPUS_EVENT, 48_000)] if "OPUS" in codecs else [])
    protocol = "RTP/SAVP" if terms.encryption is Encryption.REQUIRED else "RTP/AVP"
    media = _our_media(port, protocol, formats, events, cryptos, direction)
    return Session(Origin(USER, session_id, version, host), host, (media,))


def make_party_answer(
    offer: Session,
    host: str,
    port: int,
    choice: PartyChoice,
    *,
    session_id: int,
    version: int,
    key: bytes,
) -> tuple[Session, PartyAudio]:
    """Answer `offer` with what was chosen of it; `key` is ours, where the audio is encrypted. Raises as
    `choose_party`."""
    stream = choice.stream
    theirs = offer.media[stream.position]
    agreed = answer_direction(direction_of(offer, theirs), Direction.SENDRECV)
    audio = as_negotiated(offer, theirs, stream, agreed)
    _, encoding = _FORMATS[stream.codec]
    events = [] if stream.telephone_event is None else [(str(stream.telephone_event), choice.event_clock_hz)]
    cryptos = [] if choice.crypto is None else [choice.crypto._replace(key=key)]
    ours = _our_media(port, theirs.protocol, [(str(stream.payload_type), encoding)], events, cryptos, agreed)
    media = tuple(ours if at == stream.position else refused(other) for at, other in enumerate(offer.media))
    answer = Session(Origin(USER, session_id, version, host), host, media)
    return answer, PartyAudio(audio, choice.event_clock_hz, choice.crypto)


def read_party_answer(offer: Session, answer: Session, terms: PartyTerms) -> PartyAudio:
    """What an answer to our `offer` agrees to. Raises NotAcceptable or SdpError."""
    offered = offer.media[0]
    tags = {crypto.tag: crypto.suite for crypto in read_cryptos(offered)}
    wanted = PartyTerms(terms.encryption if tags else Encryption.OFF, terms.codecs or _G711)
    choice = choose_party(answer, wanted)
    if choice.crypto is not None and tags.get(choice.crypto.tag) is not choice.crypto.suite:
        raise NotAcceptable("an encryption that was not offered")
    theirs = answer.media[choice.stream.position]
    agreed = answer_direction(direction_of(answer, theirs), direction_of(offer, offered))
    return PartyAudio(as_negotiated(answer, theirs, choice.stream, agreed), choice.event_clock_hz, choice.crypto)


def _choose_codec(position: int, media: MediaDescription, terms: PartyTerms) -> tuple[Choice, int] | None:
    written = {payload_type: name.upper() for payload_type, name in (_STATIC | rtpmaps(media.attributes)).items()}
    names = {payload_type: _NAMES[name] for payload_type, name in written.items() if name in _NAMES}
    # Where nobody has said which, G.711 goes before all that has to be translated, wherever the offer puts it.
    for allowed in (terms.codecs,) if terms.codecs else (_G711, CODECS):
        chosen = next((format_ for format_ in media.formats if names.get(format_) in allowed), None)
        if chosen is not None:
            break
    else:
        return None
    codec = names[chosen]
    clock_hz = 48_000 if codec == "OPUS" else 8_000
    events = [format_ for format_ in media.formats if written.get(format_) in _EVENT_CLOCKS]
    suiting = [format_ for format_ in events if _EVENT_CLOCKS[written[format_]] == clock_hz]
    event = next(iter(suiting or (events if codec == "OPUS" else [])), None)
    choice = Choice(position, codec, int(chosen), None if event is None else int(event))
    return choice, 8_000 if event is None else _EVENT_CLOCKS[written[event]]


def _our_media(
    port: int,
    protocol: str,
    formats: Sequence[tuple[str, str]],
    events: Sequence[tuple[str, int]],
    cryptos: Sequence[Crypto],
    direction: Direction,
) -> MediaDescription:
    attributes: list[Attribute] = [("rtpmap", f"{payload_type} {encoding}") for payload_type, encoding in formats]
    for payload_type, clock_hz in events:
        attributes += [("rtpmap", f"{payload_type} telephone-event/{clock_hz}"), ("fmtp", f"{payload_type} 0-15")]
    attributes += [("crypto", str(crypto)) for crypto in cryptos]
    attributes += [("ptime", "20"), (direction.value, None)]
    names = (*(name for name, _ in formats), *(name for name, _ in events))
    return MediaDescription("audio", port, protocol, names, None, tuple(attributes))
