"""The call runtime's end of one leg of the media process."""

import asyncio
import contextlib
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

from dialplane.domain.calling.media import (
    LONGEST_FEED_S,
    AudioTrack,
    MediaCounters,
    PlayEnd,
    Prompt,
    RecordedTracks,
    RecordingEnd,
    RemoteMedia,
    SrtpKeys,
)
from dialplane.domain.errors import Invalid, Unavailable
from dialplane.media import protocol
from dialplane.media.orders import Orders, OwnRecording, PlayEnds, resolve
from dialplane.rtp.packet import CLOCK_HZ

_FEED_OCTETS = 64 << 10
"""Of audio in one order, far below the longest frame of the socket."""

OnAudio = Callable[[AudioTrack, int, bytes], None]


class AnyLeg(Protocol):
    """A leg as the runtime's port shows it; it must be one of the same client."""

    leg_id: int


class MediaClientLeg:
    """One leg, as its runtime holds it. See the port `MediaLeg` for the promises.

    When the leg is lost (the media process died, or dropped it because its handling failed), whatever waits ends as
    after `close`; a leg that was dropped alone reports it through `on_silence`.
    """

    def __init__(self, client: Orders, opened: protocol.Opened | protocol.SecureOpened) -> None:
        self.leg_id = opened.leg
        self.host = client.advertised_host or opened.host
        self.port = opened.port
        self.on_digit: Callable[[str], None] | None = None
        self.on_silence: Callable[[], None] | None = None
        self._client = client
        self._plays = PlayEnds()
        self._current_play = 0
        self._recording = OwnRecording(client)
        self._taps: dict[int, OnAudio] = {}
        self._fed_until = 0.0
        """When all that was fed will have been played, in the loop's time."""
        self._counters: asyncio.Future[MediaCounters] | None = None
        """Made when somebody waits for the figures."""
        self._figures = MediaCounters()
        """Once it is gone."""
        self._is_adapted = False
        self._is_released = False
        self._is_gone = False

    def connect(self, remote: RemoteMedia) -> None:
        """Raises Invalid where the host is no IP address (names are looked up by whoever reads the SDP)."""
        if not _is_address(remote.host):
            raise Invalid(f"{remote.host!r} is no IP address", field="host")
        if self._is_adapted:
            self.connect_adapted(remote, keys=None)
        else:
            self._send(protocol.Connect(self.leg_id, remote))

    def connect_adapted(self, remote: RemoteMedia, *, keys: SrtpKeys | None, event_clock_hz: int = CLOCK_HZ) -> None:
        """Raises Invalid as `connect`."""
        if not _is_address(remote.host):
            raise Invalid(f"{remote.host!r} is no IP address", field="host")
        self._is_adapted = True
        self._send(protocol.ConnectAdapted(self.leg_id, remote, event_clock_hz, keys))

    # --- what it is sent -------------------------------------------------------------------------------------------

    async def play(self, prompts: list[Prompt], *, stop_on_digit: bool = False, loop: bool = False) -> PlayEnd:
        """Cancelling stops the playing."""
        if self._is_gone:
            return PlayEnd.STOPPED
        number = self._current_play = self._client.next_request()
        paths = [str(prompt.path) for prompt in prompts]
        self._send(protocol.Play(self.leg_id, number, paths, stop_on_digit, loop))
        try:
            return await self._plays.wait(number)
        except asyncio.CancelledError:
            if self._current_play == number:
                self.stop_playing()
            raise

    def stop_playing(self) -> None:
        self._send(protocol.StopPlaying(self.leg_id))

    async def send_digits(self, digits: str, *, duration_ms: int = 100, interval_ms: int = 100) -> None:
        if digits and not self._is_gone:
            request = self._client.next_request()
            order = protocol.SendDigits(self.leg_id, request, digits, duration_ms, interval_ms)
            with contextlib.suppress(Unavailable):  # nobody is left who could hear them
                await self._client.ask(order, request, self, timeout_s=None)

    def feed(self, audio: bytes) -> None:
        """Raises Invalid where more than ten minutes would wait; nothing of it is played then."""
        now = asyncio.get_running_loop().time()
        until = max(now, self._fed_until) + len(audio) / CLOCK_HZ
        if until - now > LONGEST_FEED_S:
            raise Invalid(f"more than {LONGEST_FEED_S} s of audio wait to be played", field="audio")
        self._fed_until = until
        for begin in range(0, len(audio), _FEED_OCTETS):
            self._send(protocol.Feed(self.leg_id, bytes(audio[begin : begin + _FEED_OCTETS])))

    async def feed_mark(self) -> None:
        """Returns too when the leg is gone."""
        if not self._is_gone:
            request = self._client.next_request()
            with contextlib.suppress(Unavailable):
                await self._client.ask(protocol.MarkFeed(self.leg_id, request), request, self, timeout_s=None)

    def clear_feed(self) -> None:
        self._fed_until = 0.0
        self._send(protocol.ClearFeed(self.leg_id))

    # --- who hears whom --------------------------------------------------------------------------------------------

    def echo(self, on: bool) -> None:
        self._send(protocol.Echo(self.leg_id, on))

    def bridge(self, other: AnyLeg | None) -> None:
        self._send(protocol.Bridge(self.leg_id, other.leg_id if other is not None else None))

    def mute(self, *, heard: bool, hears: bool) -> None:
        self._send(protocol.Mute(self.leg_id, heard, hears))

    def tap(self, on_audio: OnAudio, *, heard: bool = True, sent: bool = False) -> "MediaClientTap":
        tap = MediaClientTap(self, self._client.next_request())
        if not self._is_gone:
            self._taps[tap.number] = on_audio
            self._send(protocol.Tap(self.leg_id, tap.number, heard, sent))
        return tap

    def untap(self, number: int) -> None:
        """See `MediaClientTap.close`."""
        if self._taps.pop(number, None) is not None:
            self._send(protocol.Untap(self.leg_id, number))

    # --- recording -------------------------------------------------------------------------------------------------

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
        """Raises Unavailable where the file cannot be opened or the leg is gone."""
        if self._is_gone:
            raise Unavailable("the leg is closed")
        request = self._client.next_request()
        order = protocol.StartRecording(
            self.leg_id, request, str(path), end_of_silence_s, end_of_key, duration_s, tracks, trim
        )
        await self._recording.start(order)

    def pause_recording(self, paused: bool, *, silent: bool = False) -> None:
        self._send(protocol.PauseRecording(self.leg_id, paused, silent))

    async def wait_recording(self) -> RecordingEnd:
        """The end of the recording that was started last. Raises Unavailable where none was started."""
        return await self._recording.wait()

    def stop_recording(self) -> None:
        self._send(protocol.StopRecording(self.leg_id))

    def end_recording_by(self, key: str) -> None:
        self._send(protocol.StopRecording(self.leg_id, key))

    # --- its end ---------------------------------------------------------------------------------------------------

    async def close(self) -> MediaCounters:
        """The figures are zero where the media process died before it could tell them."""
        self.release()
        if self._counters is None:
            self._counters = asyncio.get_running_loop().create_future()
            if self._is_gone:
                self._counters.set_result(self._figures)
        return await asyncio.shield(self._counters)

    def release(self) -> None:
        """`close` for who does not want the figures. Safe to call twice."""
        if not self._is_released:
            self._is_released = True
            self._send(protocol.Close(self.leg_id, self._client.next_request()))

    def take(self, report: protocol.LegReport) -> None:
        """A report about this leg, from the client that owns the socket."""
        match report:
            case protocol.Digit(_, digit):
                if self.on_digit is not None:
                    self.on_digit(digit)
            case protocol.TapAudio(_, number, track, at_ms, frame):
                on_audio = self._taps.get(number)
                if on_audio is not None:
                    on_audio("inbound" if track == "inbound" else "outbound", at_ms, frame)
            case protocol.Silence():
                self._tell_silence()
            case protocol.PlayEnded(_, number, how):
                self._plays.tell(number, how)
            case protocol.Closed(_, request, counters):
                self.end(counters)
                if request == 0:
                    self._tell_silence()
            case _:
                pass

    def end(self, counters: MediaCounters) -> None:
        """The leg is gone: end whatever waits for it."""
        self._is_gone = True
        self._figures = counters
        self._plays.close()
        self._taps.clear()
        if self._counters is not None:
            resolve(self._counters, counters)

    def _tell_silence(self) -> None:
        if self.on_silence is not None:
            self.on_silence()

    def _send(self, order: protocol.Order) -> None:
        if not self._is_gone:
            self._client.send(order)


@lru_cache(maxsize=1024)
def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class MediaClientTap:
    """A running copy of a leg's audio."""

    def __init__(self, leg: MediaClientLeg, number: int) -> None:
        self.number = number
        self._leg = leg

    def close(self) -> None:
        """Nothing is told after it. Safe to call twice."""
        self._leg.untap(self.number)
