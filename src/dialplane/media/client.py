"""The call runtime's end of the media process: `MediaClient` fulfils the runtime's `Media` port.

Orders are written in the order of the calls, all of one turn of the event loop in one write, so a thousand calls a
second cost a fraction of the runtime. Nothing here waits for the media process except what needs its answer.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol, TypeVar, cast

import structlog

from dialplane.audio.wav import duration_ms_of
from dialplane.domain.errors import Invalid, Unavailable
from dialplane.domain.media import MediaCounters, PlayEnd, Prompt, RecordingEnd, RemoteMedia
from dialplane.media import protocol

_ANSWER_TIMEOUT_S = 2.0
_GATHER_S = 0.01
_RETRY_S = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Pauses between attempts to reach the process again; the last one is repeated."""

log = structlog.get_logger()

T = TypeVar("T")


class _AnyLeg(Protocol):
    """A leg as the runtime's port shows it; it must be one of the same client."""

    leg_id: int


class MediaClientLeg:
    """One leg, as its runtime holds it. See the port `MediaLeg` for the promises.

    When the leg is lost (the media process died, or dropped it because its handling failed), whatever waits ends as
    after `close`; a leg that was dropped alone reports it through `on_silence`.
    """

    def __init__(self, client: "MediaClient", opened: protocol.Opened) -> None:
        self.leg_id = opened.leg
        self.host = client.advertised_host or opened.host
        self.port = opened.port
        self.on_digit: Callable[[str], None] | None = None
        self.on_silence: Callable[[], None] | None = None
        self._client = client
        self._plays: dict[int, asyncio.Future[PlayEnd]] = {}
        self._current_play = 0
        self._recordings: dict[Path, asyncio.Future[RecordingEnd]] = {}
        """By file; the last one is the running or finished one that `wait_recording` is about."""
        self._counters: asyncio.Future[MediaCounters] | None = None
        self._is_gone = False

    def connect(self, remote: RemoteMedia) -> None:
        """Raises Invalid where the host is no IP address (names are looked up by whoever reads the SDP)."""
        try:
            ip_address(remote.host)
        except ValueError as error:
            raise Invalid(f"{remote.host!r} is no IP address", field="host") from error
        self._send(protocol.Connect(self.leg_id, remote))

    async def play(self, prompts: list[Prompt], *, stop_on_digit: bool = False, loop: bool = False) -> PlayEnd:
        """Cancelling stops the playing."""
        if self._is_gone:
            return PlayEnd.STOPPED
        number = self._current_play = self._client.next_request()
        ended: asyncio.Future[PlayEnd] = asyncio.get_running_loop().create_future()
        self._plays[number] = ended
        paths = [str(prompt.path) for prompt in prompts]
        self._send(protocol.Play(self.leg_id, number, paths, stop_on_digit, loop))
        try:
            return await ended
        except asyncio.CancelledError:
            if self._current_play == number:
                self.stop_playing()
            raise
        finally:
            self._plays.pop(number, None)

    def stop_playing(self) -> None:
        self._send(protocol.StopPlaying(self.leg_id))

    async def send_digits(self, digits: str, *, duration_ms: int = 100, interval_ms: int = 100) -> None:
        if digits and not self._is_gone:
            request = self._client.next_request()
            order = protocol.SendDigits(self.leg_id, request, digits, duration_ms, interval_ms)
            with contextlib.suppress(Unavailable):  # nobody is left who could hear them
                await self._client.ask(order, request, self.leg_id, timeout_s=None)

    def echo(self, on: bool) -> None:
        self._send(protocol.Echo(self.leg_id, on))

    def bridge(self, other: _AnyLeg | None) -> None:
        self._send(protocol.Bridge(self.leg_id, other.leg_id if other is not None else None))

    def mute(self, *, heard: bool, hears: bool) -> None:
        self._send(protocol.Mute(self.leg_id, heard, hears))

    async def start_recording(
        self, path: Path, *, end_of_silence_s: int = 0, end_of_key: str = "", duration_s: int = 0
    ) -> None:
        """Raises Unavailable where the file cannot be opened or the leg is gone."""
        request = self._client.next_request()
        order = protocol.StartRecording(self.leg_id, request, str(path), end_of_silence_s, end_of_key, duration_s)
        if self._is_gone:
            raise Unavailable("the leg is closed")
        ended: asyncio.Future[RecordingEnd] = asyncio.get_running_loop().create_future()
        self._recordings[path] = ended  # before the answer: the end may be in the same read as the start
        answer = await self._client.ask(order, request, self.leg_id)
        assert isinstance(answer, protocol.RecordingStarted)
        if answer.failure:
            del self._recordings[path]
            raise Unavailable(f"recording cannot be opened: {answer.failure}")

    async def wait_recording(self) -> RecordingEnd:
        """The end of the recording that was started last. Raises Unavailable where none was started."""
        if not self._recordings:
            raise Unavailable("nothing is being recorded")
        return await asyncio.shield(list(self._recordings.values())[-1])

    def stop_recording(self) -> None:
        self._send(protocol.StopRecording(self.leg_id))

    async def close(self) -> MediaCounters:
        """The figures are zero where the media process died before it could tell them."""
        if self._counters is None:
            self._counters = asyncio.get_running_loop().create_future()
            if self._is_gone:
                self._counters.set_result(MediaCounters())
            else:
                self._send(protocol.Close(self.leg_id, self._client.next_request()))
        return await asyncio.shield(self._counters)

    def take(self, report: protocol.Report) -> None:
        """A report about this leg, from the client that owns the socket."""
        match report:
            case protocol.Digit(_, digit):
                if self.on_digit is not None:
                    self.on_digit(digit)
            case protocol.Silence():
                self._tell_silence()
            case protocol.PlayEnded(_, number, how):
                _resolve(self._plays.get(number), PlayEnd(how))
            case protocol.RecordingEnded(_, path, ended_by, duration_ms):
                _resolve(self._recordings.get(Path(path)), RecordingEnd(Path(path), ended_by, duration_ms))
            case protocol.Closed(_, request, counters):
                self.end(counters)
                if request == 0:
                    self._tell_silence()
            case _:
                pass

    def end(self, counters: MediaCounters) -> None:
        """The leg is gone: end whatever waits for it."""
        self._is_gone = True
        for ended in self._plays.values():
            _resolve(ended, PlayEnd.STOPPED)
        for path, recorded in self._recordings.items():
            if not recorded.done():
                recorded.set_result(RecordingEnd(path, "closed", duration_ms_of(path)))
        if self._counters is None:
            self._counters = asyncio.get_running_loop().create_future()
        _resolve(self._counters, counters)

    def _tell_silence(self) -> None:
        if self.on_silence is not None:
            self.on_silence()

    def _send(self, order: protocol.Order) -> None:
        if not self._is_gone:
            self._client.send(order)


class MediaClient:
    """The connection to one media process. `start` before use, `stop` after; both in the same event loop."""

    def __init__(self, socket_path: Path, *, advertised_host: str = "") -> None:
        """`advertised_host` is what legs name in their SDP, where it is not the address that the ports are bound to."""
        self.advertised_host = advertised_host
        self.on_lost: Callable[[], None] | None = None
        """Called when the media process went away; every leg of it is closed by then."""
        self._socket_path = socket_path
        self._requests = itertools.count(1)
        self._pending: dict[int, tuple[int, asyncio.Future[protocol.Report]]] = {}
        """By request: the leg that it belongs to (0 for none) and who waits for the answer."""
        self._legs: dict[int, MediaClientLeg] = {}
        self._opened: dict[int, MediaClientLeg] = {}
        """By request: legs that are on their way to whoever asked for them."""
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._is_connected = asyncio.Event()
        self._is_lost = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    async def start(self, *, wait_s: float = 10.0) -> None:
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
        try:
            answer = await self.ask(protocol.Open(request), request, 0)
        except asyncio.CancelledError:
            opened = self._opened.pop(request, None)
            if opened is not None:  # the answer and the cancelling met in one turn of the loop
                self._give_up(opened)
            raise
        if isinstance(answer, protocol.OpenRefused):
            raise Unavailable(answer.reason)
        leg = self._opened.pop(request, None)
        if leg is None:
            raise Unavailable("the media process is away")
        return leg

    async def stats(self) -> protocol.Stats:
        """Figures of the media process. Raises Unavailable."""
        request = self.next_request()
        answer = await self.ask(protocol.AskStats(request), request, 0)
        assert isinstance(answer, protocol.Stats)
        return answer

    def next_request(self) -> int:
        return next(self._requests)

    async def ask(
        self, order: protocol.Order, request: int, leg_id: int, *, timeout_s: float | None = _ANSWER_TIMEOUT_S
    ) -> protocol.Report:
        """Send an order and wait for its answer. Raises Unavailable where none comes."""
        if self._transport is None:
            raise Unavailable("the media process is away")
        answered: asyncio.Future[protocol.Report] = asyncio.get_running_loop().create_future()
        self._pending[request] = (leg_id, answered)
        self.send(order)
        try:
            async with asyncio.timeout(timeout_s):
                return await answered
        except TimeoutError:
            raise Unavailable("the media process does not answer") from None
        finally:
            self._pending.pop(request, None)

    def send(self, order: protocol.Order) -> None:
        """Write with the next turn of the loop; quietly nowhere while the process is away."""
        if self._transport is not None:
            if not self._unsent:
                asyncio.get_running_loop().call_soon(self._flush)
            self._unsent.append(protocol.encode(order))

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
                if self._answer(request, report):
                    self._opened[request] = leg
                else:  # whoever asked has given up
                    self._give_up(leg)
            case (
                protocol.OpenRefused(request)
                | protocol.Stats(request)
                | protocol.DigitsSent(_, request)
                | protocol.RecordingStarted(_, request)
            ):
                self._answer(request, report)
            case protocol.Closed(leg_id):
                gone = self._legs.pop(leg_id, None)
                self._refuse_pending(leg_id)
                if gone is not None:
                    gone.take(report)
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
        legs, self._legs = self._legs, {}
        for leg in legs.values():
            self._refuse_pending(leg.leg_id)
            leg.end(MediaCounters())
        self._refuse_pending(0)
        self._is_lost.set()
        if self.on_lost is not None:
            log.warning("media_lost", legs=len(legs))
            self.on_lost()

    def _give_up(self, leg: MediaClientLeg) -> None:
        """Close a leg that nobody waits for any more."""
        self.send(protocol.Close(leg.leg_id, self.next_request()))
        leg.end(MediaCounters())

    def _answer(self, request: int, report: protocol.Report) -> bool:
        _, waiting = self._pending.get(request, (0, None))
        if waiting is None or waiting.done():
            return False
        waiting.set_result(report)
        return True

    def _refuse_pending(self, leg_id: int) -> None:
        for owner, waiting in list(self._pending.values()):
            if owner == leg_id and not waiting.done():
                waiting.set_exception(Unavailable("the media process is away"))


class _Link(asyncio.Protocol):
    """Cuts what arrives into reports.

    Where reports come close together the socket is read at intervals: being woken by each would cost more than reading
    it.
    """

    def __init__(self, client: MediaClient) -> None:
        self._client = client
        self._reader = protocol.FrameReader()
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._read_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by inheritance

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        try:
            for body in self._reader.feed(data):
                self._client.received(protocol.decode_report(body))
        except (protocol.ProtocolError, ValueError):
            log.exception("media_protocol_error")
            self._transport.close()
            return
        now = self._loop.time()
        if now - self._read_at < _GATHER_S:
            self._transport.pause_reading()
            self._loop.call_later(_GATHER_S, self._read_on)
        self._read_at = now

    def connection_lost(self, _error: Exception | None) -> None:
        self._client.lost()

    def _read_on(self) -> None:
        self._read_at = self._loop.time()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()


def _resolve(waiting: "asyncio.Future[T] | None", result: T) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(result)
