"""Values about a call's audio that the call runtime and the media process share."""

from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import Literal

from dialplane.domain.values import dataclass

AudioTrack = Literal["inbound", "outbound"]
"""What is heard from the party; what it is sent."""
RecordedTracks = Literal["mixed", "both", "heard", "sent"]
"""Both directions in one channel; what is heard left and what is sent right; one of the two alone."""

LONGEST_FILE_S = 300
"""How long a tenant's file may play (IN-4)."""
LONGEST_FEED_S = 600
"""How much audio may wait to be played to one leg."""


@dataclass(frozen=True, slots=True)
class RemoteMedia:
    """Where and how the party wants its audio: the outcome of offer and answer (RFC 3264)."""

    host: str
    port: int
    codec: str
    """`PCMU` or `PCMA`; `OPUS` for a WebRTC leg, and with `G722` for one that is adapted."""
    payload_type: int
    telephone_event: int | None
    """Payload type of RFC 4733 events, None where the party has none."""
    ptime_ms: int = 20
    sends: bool = True
    """False: the party does not send (it holds us or is inactive): silence from it is no fault."""
    receives: bool = True
    """False: we must not send to it."""


@dataclass(frozen=True, slots=True)
class IceCredentials:
    """What one end of a WebRTC leg tells the other for its connectivity checks (RFC 8839 section 5.4)."""

    fragment: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SecureParty:
    """What a WebRTC party said of itself, beside what every party says."""

    fingerprint: str
    """Of its certificate, as its description has it: `sha-256 0A:1B:…` (RFC 8122)."""
    begins: bool
    """The party begins the DTLS handshake; else we do (RFC 8842)."""
    event_clock_hz: int = 8_000
    """In which the durations of its telephone events are told."""


class SrtpPolicy(StrEnum):
    """Whether a party's audio is encrypted with keys in its SDP (RFC 4568)."""

    OFF = "off"
    OPTIONAL = "optional"
    """Where the party offers it; offered by us where the signalling is encrypted too, so that nobody reads the keys."""
    REQUIRED = "required"
    """Or there is no call."""


class SrtpSuite(StrEnum):
    """RFC 4568 section 6.2; both have keys of 30 octets, salt included."""

    AES_CM_128_HMAC_SHA1_80 = "AES_CM_128_HMAC_SHA1_80"
    AES_CM_128_HMAC_SHA1_32 = "AES_CM_128_HMAC_SHA1_32"


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """What was agreed for both directions: master key and salt, 30 octets each."""

    suite: SrtpSuite
    ours: bytes = field(repr=False)
    theirs: bytes = field(repr=False)


CODECS = ("PCMU", "PCMA", "G722", "OPUS")
"""Those that a party may be spoken to in."""


@dataclass(frozen=True, slots=True)
class MediaProfile:
    """How a party's audio is to be, as far as somebody has said so."""

    srtp: SrtpPolicy = SrtpPolicy.OPTIONAL
    codecs: tuple[str, ...] = ()
    """Of `CODECS`, those that are allowed, in the order in which we offer them. None named: we offer G.711, and take
    the others from whoever has nothing else, because each of them costs a translation."""


ANY_AUDIO = MediaProfile()


@dataclass(frozen=True, slots=True)
class Prompt:
    """Audio ready to send: a file of raw mu-law at 8,000 Hz, frames of 160 octets."""

    path: Path
    duration_ms: int


class PlayEnd(StrEnum):
    """Why playing ended."""

    FINISHED = "finished"
    DIGIT = "digit"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class RecordingEnd:
    """A finished recording: what ended it (`stopped`, `silence`, `key`, `duration`, `closed`, `disk`) and its file."""

    path: Path
    ended_by: str
    duration_ms: int
    failure: str = ""
    """Why the file holds less than there was to record: what the disk said."""


@dataclass(frozen=True, slots=True)
class MediaCounters:
    """RTP figures of one leg, both ways, for the record of the call."""

    packets_sent: int = 0
    packets_received: int = 0
    packets_lost: int = 0
    jitter_ms: float = 0.0
    strangers_dropped: int = 0
