"""The call runtime's end of the media process: `MediaClient` fulfils the runtime's `Media` port.

Orders are written in the order of the calls, all of one turn of the event loop in one write, so a thousand calls a
second cost a fraction of the runtime. Nothing here waits for the media process except what needs its answer.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import cast

import structlog

from dialplane.domain.calling.media import MediaCounters, RecordingEnd
from dialplane.domain.errors import Unavailable
from dialplane.media import frames, protocol, room_protocol
from dialplane.media.client_leg import MediaClientLeg
from dialplane.media.client_room import MediaClientRoom
from dialplane.media.client_secure_leg import SecureClientLeg
from dialplane.media.orders import RecordingEnds

_ANSWER_TIMEOUT_S = 10.0
"""On a machine that has too much to do a caller rather waits than is refused; a process that died is known at once."""
_AWAY = "the media process is away"
_SILENT = "the media process does not answer"
_GATHER_S = 0.01
_DENSE = 4
"""Reports at once after which the socket rests twice as long."""
_RETRY_S = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Pauses between attempts to reach the process again; the last one is repeated."""

log = structlog.get_logger()


class MediaClient:
    """The connection to one media process. `start` before use, `stop` after; both in the same event loop."""

    def __init__(self, socket_path: Path, *, advertised_host: str = "") -> None:
        """`advertised_host` is what legs name in their SDP, where it is not the address that the ports are bound to."""
        self.advertised_host = advertised_host
        self.on_lost: Callable[[], None] | None = None
        """Called when the media process went away; every leg of it is closed by then."""
        self.recordings = RecordingEnds()
        self._socket_path = socket_path
        self._requests = itertools.count(1)
        self._pending: dict[int, tuple[object, asyncio.Future[protocol.Report]]] = {}
        """By request: the leg or room that it belongs to, if any, and who waits for the answer."""
        self._legs: dict[int, MediaClientLeg] = {}
        self._rooms: dict[int, MediaClientRoom] = {}
        self._opened: dict[int, MediaClientLeg | MediaClientRoom] = {}
        """By request: what is on its way to whoever asked for it."""
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._is_connected = asyncio.Event()
        self._is_lost = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def is_connected(self) -> bool:
        return self._transport is not None

    async def start(self, *, wait_s: float = 60.0) -> None:
        """Connect, and stay connected until `stop`. Raises Unavailable where the process is not up in `wait_s`."""
        self._keeper = asyncio.create_task(self._keep_connected(), name="media-connection")
        try:
            async with asyncio.timeout(wait_s):
                await self._is_connected.wait()
        except TimeoutError:
            await self.stop()
            raise Unavailable(f"no media process at {self._socket_path}") from None

    async def stop(self) -> None:
        """Disconnect; all legs are closed by it. Safe to call twice."""
        self.on_lost = None
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper

    async def open(self) -> MediaClientLeg:
        """See the port `Media`. Cancelling it gives the leg back."""
        request = self.next_request()
        leg = await self._open(protocol.Open(request), request)
        assert isinstance(leg, MediaClientLeg)
        return leg

    async def open_secure(self) -> SecureClientLeg:
        """See the port `Media`. Cancelling it gives the leg back."""
        request = self.next_request()
        leg = await self._open(protocol.OpenSecure(request), request)
        assert isinstance(leg, SecureClientLeg)
        return leg

    async def open_room(self) -> MediaClientRoom:
        """See the port `Media`. Cancelling it closes the room."""
        request = self.next_request()
        room = await self._open(room_protocol.OpenRoom(request), request)
        assert isinstance(room, MediaClientRoom)
        return room

    async def _open(
        self, order: protocol.Open | protocol.OpenSecure | room_protocol.OpenRoom, request: int
    ) -> MediaClientLeg | MediaClientRoom:
        try:
            answer = await self.ask(order, request, None)
        except asyncio.CancelledError:
            opened = self._opened.pop(request, None)
            if opened is not None:  # the answer and the cancelling met in one turn of the loop
                self._give_up(opened)
            raise
        if isinstance(answer, protocol.OpenRefused):
            raise Unavailable(answer.reason)
        opened = self._opened.pop(request, None)
        if opened is None:
            raise Unavailable(_AWAY)
        return opened

    async def stats(self) -> protocol.Stats:
        """Figures of the media process. Raises Unavailable."""
        request = self.next_request()
        answer = await self.ask(protocol.AskStats(request), request, None)
        assert isinstance(answer, protocol.Stats)
        return answer

    def next_request(self) -> int:
        return next(self._requests)

    async def ask(
        self, order: protocol.Order, request: int, owner: object, *, timeout_s: float | None = _ANSWER_TIMEOUT_S
    ) -> protocol.Report:
        """Send an order and wait for its answer. Raises Unavailable where none comes, or its leg or room has ended."""
        if self._transport is None:
            raise Unavailable(_AWAY)
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[protocol.Report] = loop.create_future()
        self._pending[request] = (owner, answered)
        self.send(order)
        # A handle of the loop instead of `asyncio.timeout`, which takes nine calls more for the same.
        limit = None if timeout_s is None else loop.call_later(timeout_s, _refuse, answered, _SILENT)
        try:
            return await answered
        finally:
            self._pending.pop(request, None)
            if limit is not None:
                limit.cancel()

    def send(self, order: protocol.Order) -> None:
        """Write with the next turn of the loop; quietly nowhere while the process is away."""
        if self._transport is not None:
            if not self._unsent:
                asyncio.get_running_loop().call_soon(self._flush)
            self._unsent.append(frames.encode(order))

    def _flush(self) -> None:
        data = b"".join(self._unsent)
        self._unsent.clear()
        if self._transport is not None:
            self._transport.write(data)

    # --- the connection --------------------------------------------------------------------------------------------

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        pauses = iter(_RETRY_S)
        try:
            while True:
                try:
                    self._transport, _ = await loop.create_unix_connection(lambda: _Link(self), str(self._socket_path))
                except OSError:
                    await asyncio.sleep(next(pauses, _RETRY_S[-1]))
                    continue
                pauses = iter(_RETRY_S)
                self._is_lost.clear()
                self._is_connected.set()
                await self._is_lost.wait()
        finally:
            if self._transport is not None:
                self._transport.close()
            self.lost()

    def received(self, report: protocol.Report) -> None:
        match report:
            case protocol.Opened(request, leg_id):
                leg = self._legs[leg_id] = MediaClientLeg(self, report)
                self._hand_over(request, report, leg)
            case protocol.SecureOpened(request, leg_id):
                secure = self._legs[leg_id] = SecureClientLeg(self, report)
                self._hand_over(request, report, secure)
            case room_protocol.RoomOpened(request, room_id):
                room = self._rooms[room_id] = MediaClientRoom(self, room_id)
                self._hand_over(request, report, room)
            case (
                protocol.OpenRefused(request)
                | protocol.Stats(request)
                | protocol.DigitsSent(_, request)
                | protocol.RecordingStarted(request)
                | protocol.FeedReached(_, request)
            ):
                self._answer(request, report)
            case protocol.Closed(leg_id):
                gone = self._legs.pop(leg_id, None)
                if gone is not None:
                    self._refuse_pending(gone)
                    gone.take(report)
            case room_protocol.RoomClosed(room_id, request):
                closed = self._rooms.pop(room_id, None)
                self._answer(request, report)
                if closed is not None:
                    self._refuse_pending(closed)
                    closed.take(report)
            case protocol.RecordingEnded(path, ended_by, duration_ms, failure):
                self.recordings.tell(RecordingEnd(Path(path), ended_by, duration_ms, failure))
            case room_protocol.RoomPlayEnded():
                known_room = self._rooms.get(report.room)
                if known_room is not None:
                    known_room.take(report)
            case _:
                known = self._legs.get(report.leg)
                if known is not None:
                    known.take(report)

    def lost(self) -> None:
        """The socket is closed: by the process's end, or by ours."""
        if self._transport is None:
            return
        self._transport = None
        self._is_connected.clear()
        self._unsent.clear()
        self._opened.clear()
        for _, waiting in list(self._pending.values()):
            _refuse(waiting)
        legs, self._legs = self._legs, {}
        for leg in legs.values():
            leg.end(MediaCounters())
        rooms, self._rooms = self._rooms, {}
        for room in rooms.values():
            room.end()
        self.recordings.close()
        self._is_lost.set()
        if self.on_lost is not None:
            log.warning("media_lost", legs=len(legs), rooms=len(rooms))
            self.on_lost()

    def _hand_over(
        self,
        request: int,
        report: protocol.Opened | protocol.SecureOpened | room_protocol.RoomOpened,
        opened: MediaClientLeg | MediaClientRoom,
    ) -> None:
        """Give what was opened to whoever asked for it; if they have given up, so do we."""
        if self._answer(request, report):
            self._opened[request] = opened
        else:
            self._give_up(opened)

    def _give_up(self, opened: MediaClientLeg | MediaClientRoom) -> None:
        """Close what nobody waits for any more."""
        if isinstance(opened, MediaClientLeg):
            self.send(protocol.Close(opened.leg_id, self.next_request()))
            opened.end(MediaCounters())
        else:
            self.send(room_protocol.CloseRoom(opened.room_id, self.next_request()))
            opened.end()

    def _answer(self, request: int, report: protocol.Report) -> bool:
        _, waiting = self._pending.get(request, (None, None))
        if waiting is None or waiting.done():
            return False
        waiting.set_result(report)
        return True

    def _refuse_pending(self, gone: object) -> None:
        for owner, waiting in list(self._pending.values()):
            if owner is gone:
                _refuse(waiting)


def _refuse(waiting: "asyncio.Future[protocol.Report]", why: str = _AWAY) -> None:
    if not waiting.done():
        waiting.set_exception(Unavailable(why))


class _Link(asyncio.Protocol):
    """Cuts what arrives into reports.

    Where reports come close together the socket is read at intervals: being woken by each would cost more than reading
    it.
    """

    def __init__(self, client: MediaClient) -> None:
        self._client = client
        self._reader = frames.FrameReader()
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._read_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by inheritance

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        count = 0
        try:
            for body in self._reader.feed(data):
                self._client.received(protocol.decode_report(body))
                count += 1
        except (frames.ProtocolError, ValueError):
            log.exception("media_protocol_error")
            self._transport.close()
            return
        now = self._loop.time()
        if now - self._read_at < _GATHER_S:
            self._transport.pause_reading()
            self._loop.call_later(2 * _GATHER_S if count >= _DENSE else _GATHER_S, self._read_on)
        self._read_at = now

    def connection_lost(self, _error: Exception | None) -> None:
        self._client.lost()

    def _read_on(self) -> None:
        self._read_at = self._loop.time()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
