"""Streams of a call's audio to an application's websocket: `StartStream` and `StopStream` (carriers reference a)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from dialplane.domain.errors import Refusal, Unavailable
from dialplane.domain.ids import CallId, from_sid, new_id, to_sid
from dialplane.domain.programs.commands import (
    Done,
    Failed,
    Result,
    StartStream,
    StatusCallback,
    StopStream,
)
from dialplane.domain.rcml.forms import SIGNATURE, twilio_signature
from dialplane.services.eventing.status_callbacks import Told, tell
from dialplane.services.transaction import Database
from dialplane.streams.media_streams import StreamWriter, Track
from dialplane.voice.leg import Leg
from dialplane.voice.streaming.sockets import MessageSocket, Sockets
from dialplane.voice.streaming.stream import AudioStream

HANDSHAKE_S = 10.0
MOST_OF_A_CALL = 4

_TRACKS: dict[str, tuple[Track, ...]] = {
    "inbound": ("inbound",),
    "outbound": ("outbound",),
    "both": ("inbound", "outbound"),
}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams of a node's calls."""

    sockets: Sockets
    database: Database
    now: Callable[[], datetime]
    _live: dict[CallId, dict[str, AudioStream]] = field(default_factory=dict)

    async def start(self, leg: Leg, command: StartStream) -> Result:
        """A two-way stream is waited for, and ends with whoever waits."""
        await leg.answer()
        media = await leg.media_ready()
        others = self._live.setdefault(leg.call.id, {})
        if len(others) == MOST_OF_A_CALL:
            return Failed(f"the call has {MOST_OF_A_CALL} streams already")
        if command.name in others:
            return Failed(f"the call has a stream {command.name} already")
        writer = StreamWriter(
            stream_sid=to_sid("MZ", new_id(self.now())),
            account_sid=to_sid("AC", leg.call.account_id),
            call_sid=to_sid("CA", leg.call.id),
            tracks=("inbound",) if command.two_way else _TRACKS[command.track],
            parameters=dict(command.parameters),
        )
        name = command.name or writer.stream_sid
        stream = AudioStream(leg, media, writer, two_way=command.two_way)
        others[name] = stream
        over: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        # In a task of its own, because the program's is cancelled with the call, and `stop` is still to be said.
        leg.keep(self._carry(leg, stream, command, _Status(self, leg, writer, command.status, name), over))
        if not command.two_way:
            return Done()
        try:
            return await over
        finally:
            stream.end()

    async def stop(self, leg: Leg, command: StopStream) -> Done:
        if stream := self._live.get(leg.call.id, {}).get(command.name):
            stream.end()
        return Done()

    async def _carry(
        self, leg: Leg, stream: AudioStream, command: StartStream, status: "_Status", over: "asyncio.Future[Result]"
    ) -> None:
        result: Result = Failed("the stream broke off")
        try:
            result = await self._run(leg, stream, command, status)
        finally:
            self._forget(leg.call.id, status.name)
            if not over.done():
                over.set_result(result)

    async def _run(self, leg: Leg, stream: AudioStream, command: StartStream, status: "_Status") -> Result:
        try:
            socket = await self._connect(leg, command.url)
        except Refusal as refusal:
            log.info("stream_not_opened", call_id=str(leg.call.id), reason=refusal.message)
            await status.tell("stream-error", refusal.message)
            return Failed(refusal.message)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(status.tell("stream-started"))
            lost_because = await _run_until_lost(stream, socket)
        if lost_because:
            log.info("stream_lost", call_id=str(leg.call.id), reason=lost_because)
        await status.tell("stream-error" if lost_because else "stream-stopped", lost_because)
        return Done()

    async def _connect(self, leg: Leg, url: str) -> MessageSocket:
        """Raises Refusal with the reason."""
        async with self.database.reading() as tx:
            account = await tx.accounts.find(leg.call.account_id)
        headers = {} if account is None else {SIGNATURE: twilio_signature(account.auth_token, url)}
        return await self.sockets.open_websocket(url, headers, timeout_s=HANDSHAKE_S)

    def _forget(self, call_id: CallId, name: str) -> None:
        streams = self._live[call_id]
        del streams[name]
        if not streams:
            del self._live[call_id]


async def _run_until_lost(stream: AudioStream, socket: MessageSocket) -> str:
    """Why the application was lost; "" where the stream ended in order."""
    try:
        await stream.run(socket)
    except ConnectionError as fault:
        return str(fault)
    return ""


@dataclass(frozen=True, slots=True)
class _Status:
    """Who is told of a stream's progress, and about which stream."""

    streams: Streams
    leg: Leg
    writer: StreamWriter
    callback: StatusCallback | None
    name: str

    async def tell(self, event: str, error: str = "") -> None:
        if self.callback is None:
            return
        now = self.streams.now()
        form = (
            ("AccountSid", self.writer.account_sid),
            ("CallSid", self.writer.call_sid),
            ("StreamSid", self.writer.stream_sid),
            ("StreamName", self.name),
            ("StreamEvent", event),
            ("Timestamp", now.isoformat(timespec="milliseconds").replace("+00:00", "Z")),
            *((("StreamError", error),) if error else ()),
        )
        about = from_sid("MZ", self.writer.stream_sid)
        told = Told(self.leg.call.account_id, about, self.callback, form)
        try:
            async with self.streams.database.transaction() as tx:
                await tell(tx, [told], now)
        except Unavailable:  # the stream goes on without the store, as its call does
            log.warning("stream_not_told", stream=self.writer.stream_sid, event_told=event)
