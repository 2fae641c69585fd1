"""The audio of one leg: orders in, and what arrives on its port becoming what is sent from others.

`receive` and `take_turn` run for every packet of every call; all else is rare.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import repeat
from operator import methodcaller

from dialplane.audio.g711 import ALAW_TO_ULAW, ULAW_SILENCE, ULAW_TO_ALAW
from dialplane.domain.media import MediaCounters, PlayEnd, RemoteMedia
from dialplane.media.incoming import DATAGRAM, Incoming
from dialplane.media.outgoing import Outgoing
from dialplane.media.playout import SILENT_FRAME, EventFrame, Playing, digit_frames
from dialplane.media.ports import PortPair
from dialplane.media.protocol import Digit, DigitsSent, Message, PlayEnded, RecordingEnded, Silence
from dialplane.media.recording import Recording
from dialplane.media.reports import Reports
from dialplane.media.steady import SteadyStreams
from dialplane.media.ticker import Ticker
from dialplane.rtp.events import EventReceiver
from dialplane.rtp.packet import HEADER_OCTETS, MalformedPacketError
from dialplane.rtp.rtcp import REPORT_INTERVAL_S
from dialplane.rtp.source import Address
from dialplane.rtp.statistics import ReceiveStatistics

_LARGEST = HEADER_OCTETS + 960
"""With 120 ms of G.711; nobody sends longer frames."""
_PASSED_TONE_MS = 100


class Leg:
    """One leg. Times are seconds on the monotonic clock. What happens to it goes to `report`."""

    __slots__ = (
        "_digits",
        "_digits_request",
        "_echoes",
        "_event_type",
        "_events",
        "_events_of",
        "_has_turns",
        "_hears",
        "_incoming",
        "_is_alaw",
        "_is_heard",
        "_is_silent",
        "_may_send",
        "_outgoing",
        "_partner",
        "_payload_type",
        "_playing",
        "_queued_digits",
        "_remote",
        "_report",
        "_reports",
        "_sink",
        "_steady",
        "_ticker",
        "_to_sink",
        "_visits",
        "leg_id",
        "receive_rtcp",
        "recording",
    )

    def __init__(
        self,
        leg_id: int,
        pair: PortPair,
        *,
        report: Callable[[Message], None],
        ticker: "Ticker[Leg]",
        steady: "SteadyStreams[Leg]",
    ) -> None:
        self.leg_id = leg_id
        self.recording: Recording | None = None
        self._report = report
        self._ticker = ticker
        self._steady = steady
        self._incoming = Incoming(pair.rtp, self._take_source)
        self._outgoing = Outgoing(pair.rtp)
        self._reports = Reports(pair.rtcp, self._incoming, self._outgoing)
        self.receive_rtcp = self._reports.receive
        # The far end
        self._remote: RemoteMedia | None = None
        self._payload_type = -1
        self._event_type = -1
        self._is_alaw = False
        self._may_send = False
        self._events = EventReceiver()
        self._events_of: ReceiveStatistics | None = None
        """The stream that they belong to: another one has other timestamps."""
        self._is_silent = False
        """Whether its silence has been reported."""
        self._visits = 0
        # Who hears whom
        self._partner: Leg | None = None
        self._echoes = False
        self._hears = True
        self._is_heard = True
        self._sink: Leg | None = None
        """The leg that gets what this one hears, at this moment."""
        self._to_sink: bytes | None = None
        """The translation from our law into its, where they differ."""
        # What is sent of our own accord
        self._has_turns = False
        self._playing: Playing | None = None
        self._digits: Iterator[EventFrame | bytes] | None = None
        self._digits_request = 0
        self._queued_digits: deque[tuple[int, Iterator[EventFrame | bytes]]] = deque()

    # --- orders ----------------------------------------------------------------------------------------------------

    def connect(self, remote: RemoteMedia, now: float) -> None:
        """Take a new SDP. Raises ValueError where its host is a name."""
        self._incoming.expect(remote, now)
        self._remote = remote
        self._payload_type = remote.payload_type
        self._event_type = -1 if remote.telephone_event is None else remote.telephone_event
        self._is_alaw = remote.codec == "PCMA"
        self._may_send = remote.receives
        self._is_silent = False
        self._refresh()

    def play(self, playing: Playing) -> None:
        self.end_playing(PlayEnd.STOPPED)
        self._playing = playing
        self._refresh()

    def end_playing(self, how: PlayEnd) -> None:
        if self._playing is not None:
            number, self._playing = self._playing.number, None
            self._report(PlayEnded(self.leg_id, number, how))
            self._refresh()

    def send_digits(self, request: int, digits: str, *, duration_ms: int, interval_ms: int) -> None:
        """Queue digits; `request` 0 asks for no report."""
        as_events = self._event_type >= 0
        frames = digit_frames(digits, duration_ms=duration_ms, interval_ms=interval_ms, as_events=as_events)
        self._queued_digits.append((request, frames))
        self._next_digits()

    def echo(self, on: bool) -> None:
        self._echoes = on
        self._refresh()

    def bridge(self, other: "Leg | None") -> None:
        """Join with `other` both ways; earlier partners of either are left alone."""
        for leg in (self, other):
            if leg is not None and leg._partner is not None:
                former, leg._partner = leg._partner, None
                former._partner = None
                former._refresh()
        if other is not None and other is not self:
            self._partner, other._partner = other, self
            other._refresh()
        self._refresh()

    def mute(self, *, heard: bool, hears: bool) -> None:
        self._is_heard, self._hears = heard, hears
        self._refresh()

    def start_recording(self, recording: Recording, now: float) -> None:
        self.end_recording("stopped", now)
        self.recording = recording
        self._refresh()

    def end_recording(self, ended_by: str, now: float) -> None:
        recording, self.recording = self.recording, None
        if recording is None:
            return
        with suppress(OSError):  # a full disk: what is there stays there
            recording.finish(now)
        self._report(RecordingEnded(self.leg_id, str(recording.path), ended_by, recording.duration_ms))

    def close(self, now: float) -> MediaCounters:
        """End everything. The ports are the caller's to give back."""
        self.end_playing(PlayEnd.STOPPED)
        self.end_recording("closed", now)
        self.bridge(None)
        self._ticker.remove(self)
        with suppress(OSError):
            self._reports.send(now, bye=True)
        return self.counters()

    # --- every packet ----------------------------------------------------------------------------------------------

    def receive(self, now: float) -> None:
        """Take one datagram from the RTP port."""
        incoming = self._incoming
        size = incoming.read(now)
        if not size:
            return
        payload_type = DATAGRAM[1] & 0x7F
        if payload_type == self._payload_type and size <= _LARGEST:
            if self.recording is not None or not self._is_heard:
                self._keep_heard(size, now)
            sink = self._sink
            if sink is not None:
                if self._to_sink is not None:
                    DATAGRAM[HEADER_OCTETS:size] = DATAGRAM[HEADER_OCTETS:size].translate(self._to_sink)
                sink._outgoing.pass_on(incoming, size, sink._payload_type, now)
                if sink.recording is not None:
                    sink._keep_sent(DATAGRAM[HEADER_OCTETS:size], now)
        elif payload_type == self._event_type:
            self._hear_event(size, now)

    def take_turn(self, now: float) -> None:
        """Send the next 20 ms."""
        frame: EventFrame | bytes | None = None
        if self._digits is not None:
            frame = next(self._digits, None)
            if frame is None:
                self._end_digits()
        if frame is None and self._playing is not None:
            frame = next(self._playing.frames, None)
            if frame is None:
                self.end_playing(PlayEnd.FINISHED)
        if not self._may_send or not self._has_turns:
            return
        if isinstance(frame, EventFrame):
            self._outgoing.send_event(frame, self._event_type, now)
            return
        if frame is None or not self._hears:
            frame = SILENT_FRAME
        if self._is_alaw:
            frame = frame.translate(ULAW_TO_ALAW)
        self._outgoing.send_frame(frame, self._payload_type, now)
        if self.recording is not None:
            self._keep_sent(frame, now)
        elif self._hears and self._digits is None and self._outgoing.target is None:
            self._go_steady()

    def leave_steady(self) -> None:
        """Take turns of our own again: something has changed, or the frames are at an end."""
        if self._outgoing.steady is not None:
            self._outgoing.leave_steady()
            self._steady.leave(self)
            self._ticker.add(self)

    def _go_steady(self) -> None:
        """Nothing but the next frame is to be sent until something changes: go on together with the others."""
        frames = self._playing.frames if self._playing is not None else repeat(SILENT_FRAME)
        if self._is_alaw:
            frames = map(methodcaller("translate", ULAW_TO_ALAW), frames)
        self._ticker.remove(self)
        self._outgoing.go_steady(self._steady, self, frames)

    def _keep_heard(self, size: int, now: float) -> None:
        """Record the packet in the buffer, or blank it out where the party is muted."""
        if not self._is_heard:
            silent = bytes((ULAW_SILENCE,)) * (size - HEADER_OCTETS)
            DATAGRAM[HEADER_OCTETS:size] = silent.translate(ULAW_TO_ALAW) if self._is_alaw else silent
        if self.recording is not None:
            audio = self._as_ulaw(DATAGRAM[HEADER_OCTETS:size])
            self.recording.heard.put(self._incoming.timestamp, audio, self.recording.position(now))

    def _keep_sent(self, audio: bytes | bytearray, now: float) -> None:
        assert self.recording is not None
        position = self.recording.position(now)
        self.recording.sent.put(self._outgoing.timestamp, self._as_ulaw(audio), position)

    def _as_ulaw(self, audio: bytes | bytearray) -> bytes | bytearray:
        return audio.translate(ALAW_TO_ULAW) if self._is_alaw else audio

    def _hear_event(self, size: int, now: float) -> None:
        if self._events_of is not self._incoming.statistics:
            self._events_of = self._incoming.statistics
            self._events = EventReceiver()
        try:
            digit = self._events.receive(self._incoming.timestamp, bytes(DATAGRAM[HEADER_OCTETS:size]))
        except MalformedPacketError:
            return
        sink = self._sink
        if sink is not None and self._is_heard and sink._event_type >= 0:
            sink._outgoing.pass_on(self._incoming, size, sink._event_type, now)
        if digit is not None:
            self._hear_digit(digit, now)

    def _hear_digit(self, digit: str, now: float) -> None:
        self._report(Digit(self.leg_id, digit))
        if self.recording is not None and self.recording.ends_by_key(digit):
            self.end_recording("key", now)
        if self._playing is not None and self._playing.stop_on_digit:
            self.end_playing(PlayEnd.DIGIT)
        partner = self._partner
        if partner is not None and self._is_heard and partner._event_type < 0:
            partner.send_digits(0, digit, duration_ms=_PASSED_TONE_MS, interval_ms=20)

    # --- changes ---------------------------------------------------------------------------------------------------

    def _take_source(self, source: Address, is_connected: bool) -> None:
        self._outgoing.target = None if is_connected else source
        self._reports.target = (source[0], min(source[1] + 1, 0xFFFF))

    def _next_digits(self) -> None:
        if self._digits is None and self._queued_digits:
            self._digits_request, self._digits = self._queued_digits.popleft()
        self._refresh()

    def _end_digits(self) -> None:
        self._digits = None
        if self._digits_request:
            self._report(DigitsSent(self.leg_id, self._digits_request))
        self._next_digits()

    def _refresh(self) -> None:
        """After any change: whether this leg needs turns, and who gets whose packets."""
        self.leave_steady()
        is_fed = self._hears and (self._partner is not None or self._echoes)
        wants_turns = self._playing is not None or self._digits is not None or (self._may_send and not is_fed)
        if wants_turns and not self._has_turns:
            self._outgoing.resumes = True
            self._ticker.add(self)
        elif not wants_turns:
            self._ticker.remove(self)
        self._has_turns = wants_turns
        self._find_sink()
        if self._partner is not None:
            self._partner._find_sink()

    def _find_sink(self) -> None:
        sink = self if self._echoes else self._partner
        if sink is None or sink._has_turns or not sink._may_send:
            self._sink = self._to_sink = None
            return
        self._sink = sink
        differs = sink._is_alaw is not self._is_alaw
        self._to_sink = (ALAW_TO_ULAW if self._is_alaw else ULAW_TO_ALAW) if differs else None

    # --- now and then ----------------------------------------------------------------------------------------------

    def look_after(self, now: float, *, silence_s: float) -> None:
        """Once a second: settle the source, notice a party that fell silent, send reports."""
        self._incoming.settle(now)
        is_expected = self._remote is not None and self._remote.sends
        if is_expected and not self._is_silent and now - self._incoming.heard_at >= silence_s:
            self._is_silent = True
            self._report(Silence(self.leg_id))
        self._visits += 1
        if self._visits % REPORT_INTERVAL_S == 0:
            with suppress(OSError):
                self._reports.send(now)

    def counters(self) -> MediaCounters:
        incoming = self._incoming
        statistics = incoming.statistics
        self._outgoing.catch_up()
        return MediaCounters(
            packets_sent=self._outgoing.packets_sent,
            packets_received=incoming.received,
            packets_lost=incoming.lost,
            jitter_ms=round(statistics.jitter_ms, 3) if statistics is not None else 0.0,
            strangers_dropped=incoming.strangers,
        )
