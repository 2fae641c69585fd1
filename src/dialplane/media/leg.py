"""The audio of one leg: orders in, and what arrives on its port becoming what is sent from others.

`receive` and `take_turn` run for every packet of every call; all else is rare.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import repeat

from dialplane.audio.g711 import ALAW_TO_ULAW, ULAW_SILENCE, ULAW_TO_ALAW
from dialplane.domain.calling.media import MediaCounters, PlayEnd, RemoteMedia
from dialplane.media.copies import Copies
from dialplane.media.frames import Message
from dialplane.media.incoming import DATAGRAM, VIEW, Incoming
from dialplane.media.outgoing import Outgoing
from dialplane.media.own_audio import OwnAudio
from dialplane.media.playout import SILENT_FRAME, EventFrame, digit_frames
from dialplane.media.ports import Ends
from dialplane.media.protocol import Digit, Silence
from dialplane.media.recording import Recording
from dialplane.media.reports import Reports
from dialplane.media.room import Room
from dialplane.media.steady import SteadyStreams
from dialplane.media.tap import Tap
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
        "_copies",
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
        "_remote",
        "_report",
        "_reports",
        "_room",
        "_sink",
        "_steady",
        "_ticker",
        "_to_sink",
        "_touches_heard",
        "_touches_sent",
        "_visits",
        "leg_id",
        "own",
        "receive_rtcp",
    )

    def __init__(
        self,
        leg_id: int,
        pair: Ends,
        *,
        report: Callable[[Message], None],
        ticker: "Ticker[Leg]",
        steady: "SteadyStreams[Leg]",
    ) -> None:
        self.leg_id = leg_id
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
        self._room: Room | None = None
        self._echoes = False
        self._hears = True
        self._is_heard = True
        self._sink: Leg | None = None
        """The leg that gets what this one hears, at this moment."""
        self._to_sink: bytes | None = None
        """The translation from our law into its, where they differ."""
        self._copies = Copies()
        self._touches_heard = False
        """Whether what the party says is not only passed on: it is copied, or muted."""
        self._touches_sent = False
        # What is sent of our own accord
        self._has_turns = False
        self.own = OwnAudio(leg_id, report, self._refresh)

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

    def go_through(self, ends: Ends) -> None:
        """Reach the party by these from now on, which stand before its own; to be followed by `connect`."""
        self.leave_steady()
        self._incoming.go_through(ends.rtp)
        self._outgoing.go_through(ends.rtp)
        self._reports.go_through(ends.rtcp)

    def send_digits(self, request: int, digits: str, *, duration_ms: int, interval_ms: int) -> None:
        """Queue digits; `request` 0 asks for no report."""
        as_events = self._event_type >= 0
        frames = digit_frames(digits, duration_ms=duration_ms, interval_ms=interval_ms, as_events=as_events)
        self.own.send_digits(request, frames)

    def echo(self, on: bool) -> None:
        self._echoes = on
        self._refresh()

    def bridge(self, other: "Leg | None") -> None:
        """Join with `other` both ways; earlier partners of either are left alone, and both leave their rooms."""
        for leg in (self, other):
            if leg is None:
                continue
            if other is not None:
                leg.leave_room()
            if leg._partner is not None:
                former, leg._partner = leg._partner, None
                former._partner = None
                former._refresh()
        if other is not None and other is not self:
            self._partner, other._partner = other, self
            other._refresh()
        self._refresh()

    def enter_room(
        self, room: Room, *, hears: frozenset[int] | None = None, heard_by: frozenset[int] | None = None
    ) -> None:
        """Leave the partner or another room for this one. In it already: change who hears whom. Raises NoSeatError."""
        if self._room is not room:
            self.leave_room()
            self.bridge(None)
        self._copies.seat = room.add(self.leg_id, hears=hears, heard_by=heard_by)
        self._room = room
        self._refresh()

    def leave_room(self, room: Room | None = None) -> None:
        """Leave the room; with `room`, only that one."""
        if self._room is None or (room is not None and room is not self._room):
            return
        former, self._room, self._copies.seat = self._room, None, None
        self._refresh()  # before its seat is another's
        former.remove(self.leg_id)

    def mute(self, *, heard: bool, hears: bool) -> None:
        self._is_heard, self._hears = heard, hears
        self._refresh()

    def tap(self, number: int, tap: Tap) -> None:
        self._copies.taps[number] = tap
        self._refresh()

    def untap(self, number: int) -> None:
        if self._copies.taps.pop(number, None) is not None:
            self._refresh()

    @property
    def recording(self) -> Recording | None:
        return self._copies.recording

    def start_recording(self, recording: Recording, now: float) -> None:
        self.end_recording("stopped", now)
        self._copies.recording = recording
        self._refresh()

    def end_recording(self, ended_by: str, now: float) -> None:
        recording, self._copies.recording = self._copies.recording, None
        if recording is not None:
            recording.finish(ended_by, now)
            self._refresh()

    def close(self, now: float) -> MediaCounters:
        """End everything. The ports are the caller's to give back."""
        self.own.end_playing(PlayEnd.STOPPED)
        self.end_recording("closed", now)
        self.leave_room()
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
            if self._touches_heard:
                self._copy_heard(size, now)
            sink = self._sink
            if sink is not None:
                if self._to_sink is not None:
                    DATAGRAM[HEADER_OCTETS:size] = DATAGRAM[HEADER_OCTETS:size].translate(self._to_sink)
                timestamp = sink._outgoing.pass_on(incoming, size, sink._payload_type, now)
                if sink._touches_sent:
                    audio = DATAGRAM[HEADER_OCTETS:size]
                    sink._copies.put_sent(timestamp, audio.translate(ALAW_TO_ULAW) if sink._is_alaw else audio, now)
        elif payload_type == self._event_type:
            self._hear_event(size, now)

    def take_turn(self, now: float) -> None:
        """Send the next 20 ms."""
        frame = self.own.next_frame()
        if not self._may_send or not self._has_turns:
            return
        if isinstance(frame, EventFrame):
            self._outgoing.send_event(frame, self._event_type, now)
            return
        if not self._hears:
            frame = SILENT_FRAME
        elif frame is None:
            seat = self._copies.seat
            frame = SILENT_FRAME if seat is None else seat.heard.tobytes()
        wanted = frame.translate(ULAW_TO_ALAW) if self._is_alaw else frame
        self._outgoing.send_frame(wanted, self._payload_type, now)
        if self._touches_sent:
            self._copies.put_sent(self._outgoing.timestamp, frame, now)
        elif self._hears and self.own.is_steady and self._outgoing.target is None:
            self._go_steady()

    def leave_steady(self) -> None:
        """Take turns of our own again: something has changed, or the frames are at an end."""
        if self._outgoing.steady is not None:
            self._outgoing.leave_steady()
            self._steady.leave(self)
            self._ticker.add(self)

    def _go_steady(self) -> None:
        """Nothing but the next frame is to be sent until something changes: go on together with the others."""
        frames: Iterator[bytes | memoryview]
        if self.own.playing is not None:
            frames = self.own.playing.frames
        elif self._copies.seat is not None:
            frames = repeat(self._copies.seat.heard)
        else:
            frames = repeat(SILENT_FRAME)
        if self._is_alaw:
            frames = (bytes(frame).translate(ULAW_TO_ALAW) for frame in frames)
        self._ticker.remove(self)
        self._outgoing.go_steady(self._steady, self, frames)

    def _copy_heard(self, size: int, now: float) -> None:
        """Give copies of the packet in the buffer, or blank it out where the party is muted."""
        if not self._is_heard:
            silent = bytes((ULAW_SILENCE,)) * (size - HEADER_OCTETS)
            DATAGRAM[HEADER_OCTETS:size] = silent.translate(ULAW_TO_ALAW) if self._is_alaw else silent
        audio = DATAGRAM[HEADER_OCTETS:size].translate(ALAW_TO_ULAW) if self._is_alaw else VIEW[HEADER_OCTETS:size]
        incoming = self._incoming
        self._copies.put_heard(incoming.statistics, incoming.timestamp, audio, now, is_muted=not self._is_heard)

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
        if self.own.playing is not None and self.own.playing.stop_on_digit:
            self.own.end_playing(PlayEnd.DIGIT)
        partner = self._partner
        if partner is not None and self._is_heard and partner._event_type < 0:
            partner.send_digits(0, digit, duration_ms=_PASSED_TONE_MS, interval_ms=20)

    # --- changes ---------------------------------------------------------------------------------------------------

    def _take_source(self, source: Address, is_connected: bool) -> None:
        self._outgoing.target = None if is_connected else source
        self._reports.target = (source[0], min(source[1] + 1, 0xFFFF))

    def _refresh(self) -> None:
        """After any change: whether this leg needs turns, and who gets whose packets."""
        self.leave_steady()
        self._touches_heard = not self._is_heard or self._copies.take_heard
        self._touches_sent = self._copies.take_sent
        is_fed = self._hears and (self._partner is not None or self._echoes)
        wants_turns = self.own.is_waiting or (self._may_send and not is_fed)
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
