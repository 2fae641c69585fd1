"""The media process: one thread, one epoll, nothing else.

Python carries thousands of streams this way, and falls to pieces as soon as another thread wants the interpreter
(measured: 200 streams beside a busy thread start seconds late). So there is no asyncio here, no logging per packet,
and the collector is told to leave alone what exists at the start.
"""

import contextlib
import gc
import os
import resource
import select
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import structlog

from dialplane.media import protocol
from dialplane.media.connection import ClientGoneError, Connection
from dialplane.media.leg import Leg
from dialplane.media.leg_orders import LegOrders
from dialplane.media.mixer import Mixer
from dialplane.media.playout import PromptCache
from dialplane.media.ports import NoPortError, PortPair, PortPool
from dialplane.media.recordings import Recordings
from dialplane.media.rooms import Rooms
from dialplane.media.steady import SteadyStreams
from dialplane.media.tapes import Tapes
from dialplane.media.ticker import Ticker
from dialplane.media.webrtc.legs import SecureLegs, drain

SILENCE_S = 60.0
"""SIP-16: a party that should send and has not for so long is reported."""


_REST_S = 0.004
"""After packets were handled the process rests this long, so that the next wake-up finds several (as network cards
moderate their interrupts). It is the delay that we add to a relayed packet at most; 4 ms in place of 2 save a fifth
of its cost."""
_MOST_TURNS = 3
"""Late turns are made up for so many at a time: where a turn takes longer than 20 ms, orders are still obeyed."""
_NICENESS = -10
_UPKEEP_S = 0.02
_UPKEEP_TURNS = 50
"""Each leg is looked after once in so many upkeeps, that is once a second."""
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
        self._pool = PortPool(host, first_port, last_port)
        self._silence_s = silence_s
        prompts = PromptCache()
        self._secure = SecureLegs()
        self._leg_orders = LegOrders(prompts, self._recordings, self._secure)
        self._epoll = select.epoll()
        self._readers: dict[int, Callable[[float], None]] = {}
        self._owners: dict[int, tuple[Connection, int]] = {}
        """By descriptor: which leg fails when its reader does."""
        self._connections: dict[int, Connection] = {}
        self._steady: SteadyStreams[Leg] = SteadyStreams()
        self._mixer = Mixer()
        self._rooms = Rooms(self._mixer, prompts, self._recordings)
        self._ticker: Ticker[Leg] = Ticker(time.monotonic(), self._steady, self._mixer)
        self._last_leg = 0
        self._looked_after: list[dict[Leg, None]] = [{} for _ in range(_UPKEEP_TURNS)]
        """All legs, by the upkeep in which each has its turn."""
        self._upkeep_turn = 0
        self._upkeep_at = time.monotonic()
        self._failures = 0
        self._counts_before = [0, 0]
        """Packets sent and received by legs that are closed."""
        self._is_stopping = False
        self._listener = _listen(socket_path)
        self._watch(self._listener.fileno(), self._accept)

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
            self._epoll.close()

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
        wake_at = self._upkeep_at if due is None else due  # upkeep does not need a wake-up of its own beside the turns
        events = self._epoll.poll(max(0.0, wake_at - now))
        has_packets = bool(events) and events[0][0] in self._owners  # an order alone is answered at once
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

    def _read(self, events: list[tuple[int, int]], until: float) -> bool:
        """Serve every descriptor that is ready, again and again until a turn is due or nothing is left (True)."""
        readers = self._readers
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
            events = self._epoll.poll(0)
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
        self._upkeep_turn = (self._upkeep_turn + 1) % _UPKEEP_TURNS
        self._recordings.take_turn(now)
        if self._upkeep_turn % _SECURE_TURNS == 0:
            self._secure.repeat()
        if self._upkeep_turn == 0:
            self._mixer.look_after()
        for leg in list(self._looked_after[self._upkeep_turn]):
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
        self._watch(accepted.fileno(), lambda now: self._serve(connection, now))

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
                    self._close(connection, order.leg, 0, now)
                elif isinstance(order, protocol.RoomOrder) and not isinstance(order, protocol.OpenRoom):
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
            self._close(connection, leg_id, 0, now)
        with contextlib.suppress(ClientGoneError):
            connection.flush()
        self._unwatch(descriptor)
        connection.socket.close()

    def _carry_out(self, order: protocol.Order, connection: Connection, now: float) -> None:
        match order:
            case protocol.Open(request):
                self._open(connection, request)
                return
            case protocol.OpenSecure(request):
                self._open_secure(connection, request)
                return
            case protocol.AskStats(request):
                connection.report(self._stats(request))
                return
            case protocol.Close(leg_id, request):
                self._close(connection, leg_id, request, now)
                return
            case protocol.Connect() | protocol.Play():
                pass  # the most frequent ones are not asked whether they are about a room
            case _:
                if isinstance(order, protocol.RoomOrder):
                    self._rooms.carry_out(order, connection, now)
                    return
        owned = connection.legs.get(order.leg)
        if owned is not None:  # else it was closed in the meantime; its client knows, or is about to read it
            self._leg_orders.carry_out(owned[0], order, connection, now)
        elif isinstance(order, protocol.StartRecording):
            connection.report(protocol.RecordingStarted(order.request, "its leg is closed"))

    # --- legs ------------------------------------------------------------------------------------------------------

    def _open(self, connection: Connection, request: int) -> None:
        pair = self._take_ports(connection, request)
        if pair is None:
            return
        leg = Leg(self._last_leg, pair, report=connection.report, ticker=self._ticker, steady=self._steady)
        self._own(connection, leg, pair)
        self._watch(pair.rtcp.fileno(), leg.receive_rtcp, (connection, leg.leg_id))
        connection.report(protocol.Opened(request, leg.leg_id, self._pool.host, pair.port))

    def _open_secure(self, connection: Connection, request: int) -> None:
        pair = self._take_ports(connection, request)
        if pair is None:
            return
        edge = self._secure.make_edge(self._last_leg, pair, connection.report)
        leg = Leg(self._last_leg, edge, report=connection.report, ticker=self._ticker, steady=self._steady)
        self._secure.attach(edge, leg)
        self._own(connection, leg, pair)
        self._watch(pair.rtcp.fileno(), lambda _: drain(pair.rtcp), (connection, leg.leg_id))
        connection.report(self._secure.opened(request, leg.leg_id, self._pool.host, pair.port))

    def _take_ports(self, connection: Connection, request: int) -> PortPair | None:
        """Ports for the next leg, whose number is `_last_leg` then; None where the order was refused."""
        try:
            pair = self._pool.take()
        except NoPortError as refused:
            connection.report(protocol.OpenRefused(request, str(refused)))
            return None
        self._last_leg += 1
        return pair

    def _own(self, connection: Connection, leg: Leg, pair: PortPair) -> None:
        connection.legs[leg.leg_id] = (leg, pair)
        self._looked_after[leg.leg_id % _UPKEEP_TURNS][leg] = None
        self._watch(pair.rtp.fileno(), leg.receive, (connection, leg.leg_id))

    def _close(self, connection: Connection, leg_id: int, request: int, now: float) -> None:
        owned = connection.legs.pop(leg_id, None)
        if owned is None:
            return
        leg, pair = owned
        del self._looked_after[leg_id % _UPKEEP_TURNS][leg]
        self._unwatch(pair.rtp.fileno())
        self._unwatch(pair.rtcp.fileno())
        try:
            counters = leg.close(now)
        except Exception:
            log.exception("media_close_failed", leg=leg_id)
            counters = leg.counters()
        self._secure.close(leg_id)
        self._pool.give_back(pair)
        self._counts_before[0] += counters.packets_sent
        self._counts_before[1] += counters.packets_received
        connection.report(protocol.Closed(leg_id, request, counters))

    def _fail(self, descriptor: int) -> None:
        """The reader of this descriptor raised: end the leg behind it, or the client, and go on."""
        self._failures += 1
        log.exception("media_reader_failed")
        if descriptor in self._owners:
            connection, leg_id = self._owners[descriptor]
            self._close(connection, leg_id, 0, time.monotonic())
        elif descriptor in self._connections:
            self._drop(self._connections[descriptor], "failed")

    def _fail_leg(self, leg: Leg) -> None:
        self._failures += 1
        log.exception("media_leg_failed", leg=leg.leg_id)
        for connection in self._connections.values():
            self._close(connection, leg.leg_id, 0, time.monotonic())

    def _stats(self, request: int) -> protocol.Stats:
        legs = [leg for connection in self._connections.values() for leg, _ in connection.legs.values()]
        counters = [leg.counters() for leg in legs]
        return protocol.Stats(
            request=request,
            legs=len(legs),
            rooms=len(self._mixer),
            ports_free=self._pool.free,
            packets_sent=self._counts_before[0] + sum(each.packets_sent for each in counters),
            packets_received=self._counts_before[1] + sum(each.packets_received for each in counters),
            ticks=self._ticker.turns,
            ticks_late=self._ticker.late,
            worst_lateness_ms=round(self._ticker.worst_s * 1000, 3),
            failures=self._failures,
        )

    # --- descriptors -----------------------------------------------------------------------------------------------

    def _watch(
        self, descriptor: int, reader: Callable[[float], None], owner: tuple[Connection, int] | None = None
    ) -> None:
        self._readers[descriptor] = reader
        if owner is not None:
            self._owners[descriptor] = owner
        self._epoll.register(descriptor, select.EPOLLIN)

    def _unwatch(self, descriptor: int) -> None:
        self._epoll.unregister(descriptor)
        del self._readers[descriptor]
        self._owners.pop(descriptor, None)


def _allow_many_sockets() -> None:
    """A leg takes two descriptors, and the usual limit is 1,024: go as far as we are allowed to."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _go_first() -> None:
    """Ask the scheduler to prefer us: a packet cannot wait, and what the others do can. Root may, others need not."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)


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
