"""The media process: one thread, one epoll, nothing else.

Python carries thousands of streams this way, and falls to pieces as soon as another thread wants the interpreter
(measured: 200 streams beside a busy thread start seconds late). So there is no asyncio here, no logging per packet,
and the collector is told to leave alone what exists at the start.
"""

import contextlib
import gc
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import structlog

from dialplane.media import protocol, room_protocol
from dialplane.media.connection import ClientGoneError, Connection
from dialplane.media.descriptors import Descriptors
from dialplane.media.leg import Leg
from dialplane.media.leg_orders import LegOrders
from dialplane.media.legs import UPKEEP_TURNS, Legs
from dialplane.media.mixer import Mixer
from dialplane.media.playout import PromptCache
from dialplane.media.ports import PortPool
from dialplane.media.recordings import Recordings
from dialplane.media.rooms import Rooms
from dialplane.media.steady import SteadyStreams
from dialplane.media.tapes import Tapes
from dialplane.media.ticker import Ticker

SILENCE_S = 60.0
"""SIP-16: a party that should send and has not for so long is reported."""


_REST_S = 0.004
"""After packets were handled the process rests this long, so that the next wake-up finds several (as network cards
moderate their interrupts). It is the delay that we add to a relayed packet at most; 4 ms in place of 2 save a fifth
of its cost."""
_MOST_TURNS = 3
"""Late turns are made up for so many at a time: where a turn takes longer than 20 ms, orders are still obeyed."""
_NICENESS = -10
_REALTIME_PRIORITY = 1
_UPKEEP_S = 0.02
_IDLE_UPKEEP_S = 0.1
"""Where there is nothing to look after; also how long the order to stop may take then."""
_SECURE_TURNS = 5
"""Handshakes of WebRTC legs that wait for an answer are looked after ten times a second."""

log = structlog.get_logger()


def serve(
    socket_path: Path,
    host: str,
    first_port: int,
    last_port: int,
    *,
    silence_s: float = SILENCE_S,
    on_serving: Callable[[], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT. Blocks; to be called in the main thread of a process of its own.

    `on_serving` is called once, when clients can connect.

    `host` is the address that the ports are bound to and that legs report for the SDP. Raises OSError where the
    socket cannot be made, or another process serves on it.
    """
    server = MediaServer(socket_path, host, first_port, last_port, silence_s=silence_s)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    _allow_many_sockets()
    _go_first()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
    log.info("media_started", socket=str(socket_path), host=host, ports=f"{first_port}-{last_port}")
    if on_serving is not None:
        on_serving()
    server.run()
    log.info("media_stopped")


class MediaServer:
    """The loop, its clients and their legs."""

    def __init__(
        self, socket_path: Path, host: str, first_port: int, last_port: int, *, silence_s: float = SILENCE_S
    ) -> None:
        self._tapes = Tapes()
        self._recordings = Recordings(self._tapes)
        self._socket_path = socket_path
        self._silence_s = silence_s
        prompts = PromptCache()
        self._descriptors = Descriptors()
        self._connections: dict[int, Connection] = {}
        self._steady: SteadyStreams[Leg] = SteadyStreams()
        self._mixer = Mixer()
        self._rooms = Rooms(self._mixer, prompts, self._recordings)
        self._ticker: Ticker[Leg] = Ticker(time.monotonic(), self._steady, self._mixer)
        self._legs = Legs(PortPool(host, first_port, last_port), self._descriptors, self._ticker, self._steady)
        self._leg_orders = LegOrders(prompts, self._recordings, self._legs.secure, self._legs.adapted)
        self._upkeep_turn = 0
        self._upkeep_at = time.monotonic()
        self._failures = 0
        self._is_stopping = False
        self._listener = _listen(socket_path)
        self._descriptors.watch(self._listener.fileno(), self._accept)

    def stop(self) -> None:
        """End the loop soon. May be called by a signal's handler."""
        self._is_stopping = True

    def run(self) -> None:
        try:
            while not self._is_stopping:
                self._turn()
        finally:
            self._end_recordings()
            for connection in list(self._connections.values()):
                self._drop(connection, "stopping")
            self._listener.close()
            self._socket_path.unlink(missing_ok=True)
            self._descriptors.close()

    def _end_recordings(self) -> None:
        """Before the clients are left alone, so that they hear what became of what was recorded."""
        now = time.monotonic()
        for connection in self._connections.values():
            for leg, _ in connection.legs.values():
                leg.end_recording("closed", now)
            for room in connection.rooms.values():
                room.end_recording("closed", now)
        self._tapes.close()

    # --- the loop --------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        now = time.monotonic()
        due = self._ticker.next_at()
        if due is None and self._is_idle():
            self._upkeep_at = now + _IDLE_UPKEEP_S
        wake_at = self._upkeep_at if due is None else due  # upkeep does not need a wake-up of its own beside the turns
        events = self._descriptors.epoll.poll(max(0.0, wake_at - now))
        has_packets = bool(events) and events[0][0] in self._descriptors.owners  # an order alone is answered at once
        is_all_read = self._read(events, wake_at)
        self._tick()
        now = time.monotonic()
        if now >= self._upkeep_at:
            self._upkeep(now)
        for connection in list(self._connections.values()):
            self._flush(connection)
        if self._tapes.has_unsent:
            self._tapes.flush()
        if has_packets and is_all_read:  # who rests before a queue that a stall has left never gets to its end
            due = self._ticker.next_at()
            rest = _REST_S if due is None else min(_REST_S, due - time.monotonic())
            if rest > 0:
                time.sleep(rest)

    def _is_idle(self) -> bool:
        """Whether there is no leg, no room and no recording."""
        has_rooms = any(connection.rooms for connection in self._connections.values())
        return not (len(self._legs) or has_rooms or self._recordings)

    def _read(self, events: list[tuple[int, int]], until: float) -> bool:
        """Serve every descriptor that is ready, again and again until a turn is due or nothing is left (True)."""
        readers, epoll = self._descriptors.readers, self._descriptors.epoll
        while events:
            now = time.monotonic()
            for descriptor, _ in events:
                reader = readers.get(descriptor)
                if reader is None:  # closed by an earlier event of this batch
                    continue
                try:
                    reader(now)
                except Exception:  # noqa: BLE001 - whatever one leg's packets trigger must end that leg only
                    self._fail(descriptor)
            if time.monotonic() >= until:
                return False
            events = epoll.poll(0)
        return True

    def _tick(self) -> None:
        for _ in range(_MOST_TURNS):
            now = time.monotonic()
            due = self._ticker.take_due(now)
            if due is None:
                return
            self._mix(now)
            for leg in self._steady.take_turn(now):
                leg.leave_steady()
            for leg in self._ticker.members():
                try:
                    leg.take_turn(now)
                except Exception:  # noqa: BLE001 - as above
                    self._fail_leg(leg)
            self._ticker.finished(due, time.monotonic())

    def _mix(self, now: float) -> None:
        for group in self._mixer.groups:
            try:
                group.mix(now)
            except Exception:
                self._failures += 1
                log.exception("media_mix_failed", rooms=len(group.rooms))
                for room in list(group.rooms):
                    for connection in self._connections.values():
                        self._rooms.close(connection, room.room_id, 0, now)
        self._mixer.step()

    def _upkeep(self, now: float) -> None:
        self._upkeep_at = max(self._upkeep_at + _UPKEEP_S, now - 1)
        self._upkeep_turn = (self._upkeep_turn + 1) % UPKEEP_TURNS
        self._recordings.take_turn(now)
        if self._upkeep_turn % _SECURE_TURNS == 0:
            self._legs.secure.repeat()
        if self._upkeep_turn == 0:
            self._mixer.look_after()
        for leg in self._legs.of_turn(self._upkeep_turn):
            try:
                leg.look_after(now, silence_s=self._silence_s)
            except Exception:  # noqa: BLE001 - as above
                self._fail_leg(leg)

    # --- clients ---------------------------------------------------------------------------------------------------

    def _accept(self, _now: float) -> None:
        try:
            accepted, _ = self._listener.accept()
        except OSError:  # gone again, or no descriptor left: the client will see it
            return
        connection = Connection(accepted)
        self._connections[accepted.fileno()] = connection
        self._descriptors.watch(accepted.fileno(), lambda now: self._serve(connection, now))

    def _serve(self, connection: Connection, now: float) -> None:
        try:
            orders = connection.read()
        except ClientGoneError as gone:
            self._drop(connection, str(gone))
            return
        for order in orders:
            try:
                self._carry_out(order, connection, now)
            except Exception:
                self._failures += 1
                log.exception("media_order_failed", order=type(order).__name__)
                if isinstance(order, protocol.LegOrder):
                    self._legs.close(connection, order.leg, 0, now)
                elif isinstance(order, room_protocol.RoomOrder) and not isinstance(order, room_protocol.OpenRoom):
                    self._rooms.close(connection, order.room, 0, now)

    def _flush(self, connection: Connection) -> None:
        try:
            connection.flush()
        except ClientGoneError as gone:
            self._drop(connection, str(gone))

    def _drop(self, connection: Connection, reason: str) -> None:
        """A client is gone: so are its legs."""
        descriptor = connection.socket.fileno()
        if self._connections.pop(descriptor, None) is None:
            return
        log.info("media_client_gone", reason=reason, legs=len(connection.legs))
        now = time.monotonic()
        for room_id in list(connection.rooms):
            self._rooms.close(connection, room_id, 0, now)
        for leg_id in list(connection.legs):
            self._legs.close(connection, leg_id, 0, now)
        with contextlib.suppress(ClientGoneError):
            connection.flush()
        self._descriptors.unwatch(descriptor)
        connection.socket.close()

    def _carry_out(self, order: protocol.Order, connection: Connection, now: float) -> None:
        match order:
            case protocol.Open(request):
                self._legs.open(connection, request)
                return
            case protocol.OpenSecure(request):
                self._legs.open_secure(connection, request)
                return
            case protocol.AskStats(request):
                connection.report(self._stats(request))
                return
            case protocol.Close(leg_id, request):
                self._legs.close(connection, leg_id, request, now)
                return
            case protocol.Connect() | protocol.Play():
                pass  # the most frequent ones are not asked whether they are about a room
            case _:
                if isinstance(order, room_protocol.RoomOrder):
                    self._rooms.carry_out(order, connection, now)
                    return
        owned = connection.legs.get(order.leg)
        if owned is not None:  # else it was closed in the meantime; its client knows, or is about to read it
            self._leg_orders.carry_out(owned[0], order, connection, now)
        elif isinstance(order, protocol.StartRecording):
            connection.report(protocol.RecordingStarted(order.request, "its leg is closed"))

    def _fail(self, descriptor: int) -> None:
        """The reader of this descriptor raised: end the leg behind it, or the client, and go on."""
        self._failures += 1
        log.exception("media_reader_failed")
        if descriptor in self._descriptors.owners:
            connection, leg_id = self._descriptors.owners[descriptor]
            self._legs.close(connection, leg_id, 0, time.monotonic())
        elif descriptor in self._connections:
            self._drop(self._connections[descriptor], "failed")

    def _fail_leg(self, leg: Leg) -> None:
        self._failures += 1
        log.exception("media_leg_failed", leg=leg.leg_id)
        for connection in self._connections.values():
            self._legs.close(connection, leg.leg_id, 0, time.monotonic())

    def _stats(self, request: int) -> protocol.Stats:
        sent, received = self._legs.packets()
        return protocol.Stats(
            request=request,
            legs=len(self._legs),
            rooms=len(self._mixer),
            ports_free=self._legs.ports_free,
            packets_sent=sent,
            packets_received=received,
            ticks=self._ticker.turns,
            ticks_late=self._ticker.late,
            worst_lateness_ms=round(self._ticker.worst_s * 1000, 3),
            failures=self._failures,
        )


def _allow_many_sockets() -> None:
    """A leg takes two descriptors, and the usual limit is 1,024: go as far as we are allowed to."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _go_first() -> None:
    """Ask the scheduler to let us run as soon as there is something to do: a packet cannot wait, and what the others do
    can. Root may, and whoever has RLIMIT_RTPRIO or RLIMIT_NICE; where neither is granted all stays as usual.

    The kernel keeps a twentieth of the time for the others, unless it is told not to (`sched_rt_runtime_us`). The
    recorder, a child of ours, waits for disks: it stays in the usual class.
    """
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # some containers answer otherwise than by EPERM
            os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(_REALTIME_PRIORITY))


def _listen(path: Path) -> socket.socket:
    """The control socket, for this user only. A socket file that nobody serves any more is replaced."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
        else:
            listener.close()
            raise FileExistsError(f"another media process serves on {path}")
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(64)
    listener.setblocking(False)
    return listener
