"""What the call runtime needs from outside: media for a leg, speech and files as prompts.

`media/client.py` fulfils `Media` over a Unix socket to the media process; `adapters/speech` fulfils `Prompts`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, Self

from dialplane.domain.calling.media import (
    AudioTrack,
    IceCredentials,
    MediaCounters,
    PlayEnd,
    Prompt,
    RecordedTracks,
    RecordingEnd,
    RemoteMedia,
    SecureParty,
    SrtpKeys,
)

__all__ = [
    "AudioTap",
    "AudioTrack",
    "Media",
    "MediaCounters",
    "MediaLeg",
    "MediaRoom",
    "PlayEnd",
    "Prompt",
    "Prompts",
    "RecordedTracks",
    "RecordingEnd",
    "RemoteMedia",
]


class MediaLeg(Protocol):
    """The audio of one leg. Orders are carried out in order; every method may be called any number of times."""

    leg_id: int
    host: str
    """The address for our SDP."""
    port: int
    """Our RTP port (even); RTCP is the next one."""
    on_digit: Callable[[str], None] | None
    """Called once for each RFC 4733 digit, in order."""
    on_silence: Callable[[], None] | None
    """Called once when the party, expected to send, has sent nothing for 60 s (SIP-16)."""

    def connect(self, remote: RemoteMedia) -> None:
        """Set or change the far end. Unlocks and locks the source anew (RTP-1)."""
        ...

    def connect_adapted(self, remote: RemoteMedia, *, keys: SrtpKeys | None, event_clock_hz: int = 8_000) -> None:
        """`connect` to a party that wants SRTP or a codec beside G.711. Not for a WebRTC leg."""
        ...

    async def play(self, prompts: list[Prompt], *, stop_on_digit: bool = False, loop: bool = False) -> PlayEnd:
        """Play one after the other; replaces what plays now, which ends with `STOPPED`."""
        ...

    def stop_playing(self) -> None: ...

    async def send_digits(self, digits: str, *, duration_ms: int, interval_ms: int) -> None:
        """By RFC 4733 where the party has telephone-event, else as tones in the audio. Returns when all are sent."""
        ...

    def echo(self, on: bool) -> None:
        """Send back what is heard."""
        ...

    def bridge(self, other: Self | None) -> None:
        """Join both ways with `other` (digits pass through too), or part (None). A leg has one partner at most."""
        ...

    def mute(self, *, heard: bool, hears: bool) -> None:
        """`heard` False: what the party says goes nowhere. `hears` False: nothing is sent to it but silence."""
        ...

    async def start_recording(
        self,
        path: Path,
        *,
        end_of_silence_s: int = 0,
        end_of_key: str = "",
        duration_s: int = 0,
        tracks: RecordedTracks = "mixed",
        trim: bool = False,
    ) -> None:
        """A WAV (16 bit, 8,000 Hz) at `path`: both directions mixed, both as left and right, or one of them alone.

        With `trim`, silence at both ends is cut off when it ends. Returns when the file is open.
        """
        ...

    def pause_recording(self, paused: bool, *, silent: bool = False) -> None:
        """While paused nothing is written and the time does not count; with `silent`, silence is written."""
        ...

    async def wait_recording(self) -> RecordingEnd:
        """Wait for the end of the running recording."""
        ...

    def stop_recording(self) -> None: ...

    def end_recording_by(self, key: str) -> None:
        """End the running recording where `key`, which did not come with the audio, is one that ends it."""
        ...

    def tap(
        self, on_audio: Callable[[AudioTrack, int, bytes], None], *, heard: bool = True, sent: bool = False
    ) -> "AudioTap":
        """Have a copy of what is heard from the party (`inbound`) and of what it is sent (`outbound`).

        `on_audio(track, at_ms, frame)`: milliseconds since the tap began, 20 ms of mu-law. Lost packets leave gaps.
        """
        ...

    def feed(self, audio: bytes) -> None:
        """Play mu-law audio of any length after what was fed before; goes before the partner's and the room's sound.

        Prompts and digits go before it. Raises Invalid where more than ten minutes would wait; then nothing is taken.
        """
        ...

    async def feed_mark(self) -> None:
        """Wait until all that was fed before now has been played or cleared, or the leg is gone."""
        ...

    def clear_feed(self) -> None:
        """Drop what was fed and not yet played."""
        ...

    async def close(self) -> MediaCounters:
        """Free the ports; everything that plays or records ends. Safe to call twice."""
        ...

    def release(self) -> None:
        """The same for who does not want the figures: nothing waits for the media process."""
        ...


class SecureMediaLeg(MediaLeg, Protocol):
    """The audio of a WebRTC leg: ICE, DTLS-SRTP, and Opus beside G.711, on the one port."""

    fingerprint: str
    """Of our certificate, for our SDP."""
    on_failed: Callable[[str], None] | None
    """Called once with the reason where the party is not who its description says; nothing is heard of it then."""

    def await_checks(self, ours: IceCredentials) -> None:
        """The party is about to be told these."""
        ...

    def connect_securely(self, remote: RemoteMedia, party: SecureParty) -> None:
        """In place of `connect`. The same certificate again keeps what runs; another begins a new handshake."""
        ...


class MediaRoom(Protocol):
    """A mix of many legs of one media process: each hears all but itself (N-1)."""

    room_id: int

    def add(
        self, leg: MediaLeg, *, hears: frozenset[int] | None = None, heard_by: frozenset[int] | None = None
    ) -> None:
        """Put the leg in. `hears` and `heard_by` (leg ids) restrict whom, for coaching; None is everybody.

        A leg that is in already is changed. It parts from its partner and leaves any other room; a later `bridge`
        takes it out of this one. What it plays by itself (waiting music) goes before the mix.
        """
        ...

    def remove(self, leg: MediaLeg) -> None:
        """Safe where it is not in."""
        ...

    async def play(self, prompts: list[Prompt]) -> PlayEnd:
        """Mixed into what everybody hears (a beep, an announcement); one after the other with what plays already.

        `STOPPED` where the room was closed before the end, or a prompt cannot be read.
        """
        ...

    async def start_recording(self, path: Path, *, duration_s: int = 0, trim: bool = False) -> None:
        """All of the mix as a WAV (mono), but what is said to some alone. Returns when the file is open."""
        ...

    def pause_recording(self, paused: bool, *, silent: bool = False) -> None: ...

    def stop_recording(self) -> None: ...

    async def wait_recording(self) -> RecordingEnd: ...

    async def close(self) -> None:
        """Whoever is in hears silence again. Safe to call twice."""
        ...


class AudioTap(Protocol):
    """A copy of a leg's audio, frame by frame."""

    def close(self) -> None:
        """Safe to call twice."""
        ...


class Media(Protocol):
    async def open_room(self) -> MediaRoom:
        """Raises Unavailable where the media process is away."""
        ...

    async def open(self) -> MediaLeg:
        """A leg with a pair of ports.

        Raises Unavailable where no port is free or the media process is away.
        """
        ...

    async def open_secure(self) -> SecureMediaLeg:
        """A WebRTC leg; the same errors."""
        ...


class Prompts(Protocol):
    """Speech and files, as audio ready to send. What was made once comes from the cache."""

    async def say(self, text: str, *, language: str, gender: str, voice_id: str, provider: str = "") -> Prompt:
        """Raises Invalid where there is no such voice or provider; it never takes another voice."""
        ...

    async def fetch(self, url: str) -> Prompt:
        """A WAV or MP3 behind a tenant's URL, through the guarded client (IN-4: 5 minutes, 10 MiB).

        Raises Refusal where the address is refused, the server fails or the file is no audio.
        """
        ...

    async def beep(self) -> Prompt: ...

    async def ringing(self, country: str = "us") -> Prompt:
        """One cadence of a country's ringing tone, to be looped. Raises Invalid where the country is not known."""
        ...

    async def music(self) -> Prompt:
        """Waiting music, to be looped."""
        ...
