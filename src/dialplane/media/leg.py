"""The audio of one leg: what arrives on its port, what is sent from it, and where the one becomes the other.

`receive` and `take_turn` run for every packet of every call, so they are written out flat; all else is rare. A leg
keeps one SSRC, one sequence and one clock for all that it sends, wherever it comes from, so the party hears one
unbroken stream (RFC 3550 section 7.3 would have us mix for that; a rewritten header is enough for two).
"""

import os
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import ip_address

from dialplane.audio.g711 import ALAW_TO_ULAW, ULAW_SILENCE, ULAW_TO_ALAW
from dialplane.domain.media import MediaCounters, PlayEnd, RemoteMedia
from dialplane.media.playout import SILENT_FRAME, EventFrame, Playing, digit_frames
from dialplane.media.ports import PortPair
from dialplane.media.protocol import Digit, DigitsSent, Message, PlayEnded, RecordingEnded, Silence
from dialplane.media.recording import Recording
from dialplane.media.ticker import Ticker
from dialplane.media.unconnect import unconnect
from dialplane.rtp.events import EventReceiver
from dialplane.rtp.packet import CLOCK_HZ, FRAME_SAMPLES, HEADER, HEADER_OCTETS, MalformedPacketError, payload_span
from dialplane.rtp.rtcp import Report, ReportBlock, build_report, ntp_time, parse_compound
from dialplane.rtp.source import SourceLock
from dialplane.rtp.statistics import ReceiveStatistics

_DATAGRAM = bytearray(2_048)
"""Where every packet is received and rewritten: one at a time, in a process of one thread."""
_VIEW = memoryview(_DATAGRAM)
_USUAL = HEADER_OCTETS + FRAME_SAMPLES
_USUAL_VIEW = _VIEW[:_USUAL]
_LONGEST_PAYLOAD = 960
"""120 ms of G.711; nobody sends longer frames."""
_PASSED_TONE_MS = 100
_NEW_SSRC_AFTER_S = 2.0
"""A locked source may change its SSRC only after this much silence under the old one. RTP-1 wants it ignored, yet
carriers switch the sender behind one address without a new SDP; a stranger cannot silence the real one."""
REPORT_EVERY_S = 5


class Leg:
    """One leg. Times are seconds on the monotonic clock. What happens to it goes to `report`."""

    __slots__ = (
        "_clock_resumes",
        "_counts_before",
        "_digits",
        "_digits_request",
        "_event_receiver",
        "_event_timestamp",
        "_event_type",
        "_frame",
        "_heard_at",
        "_is_alaw",
        "_is_locked",
        "_last_report",
        "_lock",
        "_octets_sent",
        "_packets_sent",
        "_pair",
        "_passes_on",
        "_payload_type",
        "_queued_digits",
        "_relays",
        "_report",
        "_rtcp_target",
        "_rtp",
        "_sent_at",
        "_sequence",
        "_sequence_offset",
        "_silence_reported",
        "_sink",
        "_ssrc",
        "_statistics",
        "_strangers",
        "_takes_over",
        "_ticker",
        "_timestamp",
        "_timestamp_offset",
        "_visits",
        "echoes",
        "hears",
        "is_heard",
        "leg_id",
        "partner",
        "playing",
        "recording",
        "remote",
        "slot",
    )

    def __init__(
        self, leg_id: int, pair: PortPair, *, report: Callable[[Message], None], ticker: "Ticker[Leg]"
    ) -> None:
        self.leg_id = leg_id
        self.remote: RemoteMedia | None = None
        self.partner: Leg | None = None
        self.playing: Playing | None = None
        self.recording: Recording | None = None
        self.echoes = False
        self.hears = True
        self.is_heard = True
        self.slot: int | None = None
        self._pair = pair
        self._rtp: socket.socket = pair.rtp
        self._report = report
        self._ticker = ticker
        self._digits: Iterator[EventFrame | bytes] | None = None
        self._digits_request = 0
        self._queued_digits: deque[tuple[int, Iterator[EventFrame | bytes]]] = deque()
        # What arrives
        self._lock: SourceLock | None = None
        self._is_locked = False
        self._takes_over = True
        """Whether the next SSRC may become the stream's: after a new SDP."""
        self._statistics: ReceiveStatistics | None = None
        self._counts_before = (0, 0)
        """Received and lost under earlier SSRCs."""
        self._strangers = 0
        self._heard_at = 0.0
        self._silence_reported = False
        self._event_receiver = EventReceiver()
        self._payload_type = -1
        self._event_type = -1
        self._is_alaw = False
        self._last_report = (0, 0.0)
        self._rtcp_target: tuple[str, int] | None = None
        self._visits = 0
        # What is sent
        self._sink: Leg | None = None
        """The leg that gets what this one hears."""
        self._passes_on: ReceiveStatistics | None = None
        """Whose stream is being passed on to this leg; another one needs other offsets."""
        self._sequence_offset = 0
        self._timestamp_offset = 0
        random = os.urandom(10)
        self._ssrc = int.from_bytes(random[:4], "big")
        self._sequence = int.from_bytes(random[4:6], "big")
        self._timestamp = int.from_bytes(random[6:], "big")
        self._event_timestamp = 0
        self._sent_at = 0.0
        self._clock_resumes = True
        self._packets_sent = 0
        self._octets_sent = 0
        self._frame = bytearray(_USUAL)

    # --- orders ----------------------------------------------------------------------------------------------------

    def connect(self, remote: RemoteMedia, now: float) -> None:
        """Take a new SDP: the source is open again, for its preferred address at once and others for 3 s.

        Raises ValueError where the host is a name: looking it up would keep everybody waiting.
        """
        host = str(ip_address(remote.host))  # as the kernel will spell it in what it receives
        if self._is_locked:
            unconnect(self._rtp)
            self._is_locked = False
        self.remote = remote
        self._lock = SourceLock((host, remote.port), now)
        self._rtcp_target = (host, remote.port + 1)
        self._takes_over = True
        self._payload_type = remote.payload_type
        self._event_type = -1 if remote.telephone_event is None else remote.telephone_event
        self._is_alaw = remote.codec == "PCMA"
        self._heard_at = now
        self._silence_reported = False
        self._refresh()

    def play(self, playing: Playing) -> None:
        self.end_playing(PlayEnd.STOPPED)
        self.playing = playing
        self._refresh()

    def end_playing(self, how: PlayEnd) -> None:
        if self.playing is not None:
            number, self.playing = self.playing.number, None
            self._report(PlayEnded(self.leg_id, number, how))
            self._refresh()

    def send_digits(self, request: int, digits: str, *, duration_ms: int, interval_ms: int) -> None:
        """Queue digits; `request` 0 asks for no report."""
        frames = digit_frames(digits, duration_ms=duration_ms, interval_ms=interval_ms, as_events=self._event_type >= 0)
        self._queued_digits.append((request, frames))
        self._next_digits()

    def echo(self, on: bool) -> None:
        self.echoes = on
        self._refresh()

    def bridge(self, other: "Leg | None") -> None:
        """Join with `other` both ways; earlier partners of either are left alone."""
        for leg in (self, other):
            if leg is not None and leg.partner is not None:
                former, leg.partner = leg.partner, None
                former.partner = None
                former._refresh()
        if other is not None and other is not self:
            self.partner, other.partner = other, self
            other._refresh()
        self._refresh()

    def mute(self, *, heard: bool, hears: bool) -> None:
        self.is_heard, self.hears = heard, hears
        self._refresh()

    def start_recording(self, recording: Recording, now: float) -> None:
        self.end_recording("stopped", now)
        self.recording = recording

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
            self._send_rtcp(now, bye=True)
        return self.counters()

    # --- what arrives ----------------------------------------------------------------------------------------------

    def receive(self, now: float) -> None:
        """Take one datagram from the RTP port."""
        try:
            if self._is_locked:
                size = self._rtp.recv_into(_DATAGRAM)  # connected: the kernel lets nobody else's through
            else:
                size, source = self._rtp.recvfrom_into(_DATAGRAM)
                if not self._admit_source(source[:2], now):
                    return
        except OSError:  # the ICMP answer to something we sent: the far end has closed its port, or not opened it yet
            return
        if size <= HEADER_OCTETS or _DATAGRAM[0] != 0x80:
            size = _strip(size)
            if not size:
                return
        _, second, sequence, timestamp, ssrc = HEADER.unpack_from(_DATAGRAM)
        statistics = self._statistics
        if statistics is None or ssrc != statistics.ssrc or self._takes_over:
            statistics = self._admit_stream(ssrc, now)
            if statistics is None:
                return
        statistics.receive(sequence, timestamp, now)
        self._heard_at = now
        payload_type = second & 0x7F
        if payload_type == self._event_type:
            self._hear_event(timestamp, bytes(_VIEW[HEADER_OCTETS:size]), now)
            is_event = True
        elif payload_type == self._payload_type and size <= HEADER_OCTETS + _LONGEST_PAYLOAD:
            is_event = False
            if not self.is_heard:
                _DATAGRAM[HEADER_OCTETS:size] = _silence(size - HEADER_OCTETS, is_alaw=self._is_alaw)
            if self.recording is not None:
                self.recording.heard.put(timestamp, self._as_ulaw(size), self.recording.position(now))
        else:
            return
        sink = self._sink
        if sink is not None and not (is_event and not self.is_heard):
            sink._pass_on(self, statistics, size, second & 0x80, sequence, timestamp, now, is_event)

    def _pass_on(
        self,
        source: "Leg",
        stream: ReceiveStatistics,
        size: int,
        marker: int,
        sequence: int,
        timestamp: int,
        now: float,
        is_event: bool,
    ) -> None:
        """Send the packet in the buffer as one of ours."""
        payload_type = self._payload_type
        if is_event:
            payload_type = self._event_type
            if payload_type < 0:
                return
        if self._passes_on is not stream:
            self._passes_on = stream
            self._sequence_offset = self._sequence + 1 - sequence
            self._timestamp_offset = self._resumed_timestamp(now) - timestamp
            marker = 0x80
        sequence = sequence + self._sequence_offset & 0xFFFF
        timestamp = timestamp + self._timestamp_offset & 0xFFFF_FFFF
        if source._is_alaw is not self._is_alaw and not is_event:
            table = ALAW_TO_ULAW if source._is_alaw else ULAW_TO_ALAW
            _DATAGRAM[HEADER_OCTETS:size] = _DATAGRAM[HEADER_OCTETS:size].translate(table)
        HEADER.pack_into(_DATAGRAM, 0, 0x80, payload_type | marker, sequence, timestamp, self._ssrc)
        self._transmit(_USUAL_VIEW if size == _USUAL else _VIEW[:size])
        if (sequence - self._sequence) & 0xFFFF < 0x8000:  # a late packet does not turn the clock back
            self._sequence, self._timestamp, self._sent_at = sequence, timestamp, now
        if self.recording is not None and not is_event:
            self.recording.sent.put(timestamp, self._as_ulaw(size), self.recording.position(now))

    def receive_rtcp(self, now: float) -> None:
        """Take one datagram from the RTCP port; who may send it is decided by the RTP source's host."""
        try:
            datagram, source = self._pair.rtcp.recvfrom(2_048)
        except OSError:
            return
        if self._lock is None or source[0] != self._lock.source[0]:
            self._strangers += 1
            return
        try:
            packets = parse_compound(datagram)
        except MalformedPacketError:
            return
        self._rtcp_target = source[:2]
        for packet in packets:
            if isinstance(packet, Report) and packet.packets_sent:
                self._last_report = (packet.middle_of_ntp_time, now)

    def _admit_source(self, source: tuple[str, int], now: float) -> bool:
        lock = self._lock
        if lock is None:
            return False
        before = lock.source
        if not lock.accept(source, now):
            self._strangers += 1
            return False
        if lock.source != before:
            self._takes_over = True
            self._rtcp_target = (source[0], source[1] + 1)
        if lock.is_settled:
            self._fix_source()
        return True

    def _fix_source(self) -> None:
        assert self._lock is not None
        with suppress(OSError):  # no way to it right now: stay as we are, the next packet or second tries again
            self._rtp.connect(self._lock.source)
            self._is_locked = True

    def _admit_stream(self, ssrc: int, now: float) -> ReceiveStatistics | None:
        """The statistics of this SSRC, None where it may not become the stream."""
        current = self._statistics
        if current is not None and current.ssrc == ssrc:
            self._takes_over = False
            return current
        if current is not None and not self._takes_over and now - self._heard_at < _NEW_SSRC_AFTER_S:
            self._strangers += 1
            return None
        if current is not None:
            received, lost = self._counts_before
            self._counts_before = (received + current.received, lost + current.lost)
        self._takes_over = False
        self._event_receiver = EventReceiver()
        self._statistics = ReceiveStatistics(ssrc)
        return self._statistics

    def _hear_event(self, timestamp: int, payload: bytes, now: float) -> None:
        try:
            digit = self._event_receiver.receive(timestamp, payload)
        except MalformedPacketError:
            return
        if digit is None:
            return
        self._report(Digit(self.leg_id, digit))
        if self.recording is not None and self.recording.ends_by_key(digit):
            self.end_recording("key", now)
        if self.playing is not None and self.playing.stop_on_digit:
            self.end_playing(PlayEnd.DIGIT)
        partner = self.partner
        if partner is not None and self.is_heard and partner._event_type < 0:
            partner.send_digits(0, digit, duration_ms=_PASSED_TONE_MS, interval_ms=20)

    def _as_ulaw(self, size: int) -> bytearray:
        payload = _DATAGRAM[HEADER_OCTETS:size]
        return payload.translate(ALAW_TO_ULAW) if self._is_alaw else payload

    # --- what is sent ----------------------------------------------------------------------------------------------

    def take_turn(self, now: float) -> None:
        """Send the next 20 ms."""
        frame: EventFrame | bytes | None = None
        if self._digits is not None:
            frame = next(self._digits, None)
            if frame is None:
                self._end_digits()
        if frame is None and self.playing is not None:
            frame = self.playing.next_frame()
            if frame is None:
                self.end_playing(PlayEnd.FINISHED)
        remote = self.remote
        if remote is None or not remote.receives or self.slot is None:
            return
        marker = 0
        if self._clock_resumes:
            self._timestamp = self._resumed_timestamp(now)
            self._clock_resumes = False
            marker = 0x80
        else:
            self._timestamp = self._timestamp + FRAME_SAMPLES & 0xFFFF_FFFF
        self._sequence = self._sequence + 1 & 0xFFFF
        self._sent_at = now
        self._passes_on = None
        if isinstance(frame, EventFrame):
            self._send_event(frame)
            return
        if frame is None or not self.hears:
            frame = SILENT_FRAME
        if self.recording is not None:
            self.recording.sent.put(self._timestamp, frame, self.recording.position(now))
        packet = self._frame
        HEADER.pack_into(packet, 0, 0x80, self._payload_type | marker, self._sequence, self._timestamp, self._ssrc)
        packet[HEADER_OCTETS:] = frame.translate(ULAW_TO_ALAW) if self._is_alaw else frame
        self._transmit(packet)

    def _send_event(self, frame: EventFrame) -> None:
        if frame.is_first:
            self._event_timestamp = self._timestamp
        second = self._event_type | frame.is_first << 7
        header = HEADER.pack(0x80, second, self._sequence, self._event_timestamp, self._ssrc)
        self._transmit(header + frame.payload)

    def _transmit(self, packet: bytes | bytearray | memoryview) -> None:
        try:
            if self._is_locked:
                self._rtp.send(packet)
            elif self._lock is not None:
                self._rtp.sendto(packet, self._lock.source)
        except OSError:  # unreachable for the moment, or the queue is full: the network drops packets too
            return
        self._packets_sent += 1
        self._octets_sent += len(packet) - HEADER_OCTETS

    def _resumed_timestamp(self, now: float) -> int:
        """Our clock after a pause: it went on with the time of day, in whole frames."""
        frames = max(1, round((now - self._sent_at) * CLOCK_HZ / FRAME_SAMPLES)) if self._sent_at else 1
        return self._timestamp + frames * FRAME_SAMPLES & 0xFFFF_FFFF

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
        remote = self.remote
        can_send = remote is not None and remote.receives
        is_fed = self.hears and (self.partner is not None or self.echoes)
        if self.playing is not None or self._digits is not None or (can_send and not is_fed):
            if self.slot is None:
                self._clock_resumes = True
                self._ticker.add(self)
        else:
            self._ticker.remove(self)
        self._find_sink()
        if self.partner is not None:
            self.partner._find_sink()

    def _find_sink(self) -> None:
        sink = self if self.echoes else self.partner
        is_open = sink is not None and sink.slot is None and sink.remote is not None and sink.remote.receives
        self._sink = sink if is_open else None

    # --- now and then ----------------------------------------------------------------------------------------------

    def look_after(self, now: float, *, silence_s: float) -> None:
        """Once a second: settle the source, notice a party that fell silent, send reports."""
        if self._lock is not None and not self._is_locked and self._lock.settle(now):
            self._fix_source()
        is_expected = self.remote is not None and self.remote.sends
        if is_expected and not self._silence_reported and now - self._heard_at >= silence_s:
            self._silence_reported = True
            self._report(Silence(self.leg_id))
        self._visits += 1
        if self._visits % REPORT_EVERY_S == 0:
            with suppress(OSError):
                self._send_rtcp(now)

    def _send_rtcp(self, now: float, *, bye: bool = False) -> None:
        statistics = self._statistics
        if self._rtcp_target is None or (statistics is None and not self._packets_sent):
            return
        blocks: tuple[ReportBlock, ...] = ()
        if statistics is not None:
            last, arrived = self._last_report
            delay = int((now - arrived) * 65_536) if last else 0
            blocks = (statistics.report(last_sender_report=last, delay=delay),)
        report = Report(
            self._ssrc, blocks, ntp_time(time.time()), self._timestamp, self._packets_sent, self._octets_sent
        )
        datagram = build_report(report, cname=f"{self._ssrc:08x}", bye=bye)
        self._pair.rtcp.sendto(datagram, self._rtcp_target)

    def counters(self) -> MediaCounters:
        received, lost = self._counts_before
        statistics = self._statistics
        if statistics is not None:
            received, lost = received + statistics.received, lost + statistics.lost
        return MediaCounters(
            packets_sent=self._packets_sent,
            packets_received=received,
            packets_lost=lost,
            jitter_ms=round(statistics.jitter_ms, 3) if statistics is not None else 0.0,
            strangers_dropped=self._strangers,
        )


def _strip(size: int) -> int:
    """Bring an unusual packet in the buffer (padding, extension, CSRC list) into the usual form.

    The answer is its new size, 0 where it is no RTP or has no payload.
    """
    try:
        start, end = payload_span(_VIEW[:size])
    except MalformedPacketError:
        return 0
    if start == end:
        return 0
    payload = bytes(_VIEW[start:end])
    _DATAGRAM[0] = 0x80
    _DATAGRAM[HEADER_OCTETS : HEADER_OCTETS + len(payload)] = payload
    return HEADER_OCTETS + len(payload)


def _silence(size: int, *, is_alaw: bool) -> bytes:
    silent = bytes((ULAW_SILENCE,)) * size
    return silent.translate(ULAW_TO_ALAW) if is_alaw else silent
