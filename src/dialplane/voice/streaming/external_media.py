"""A call's audio to and from a host that the program names: `StartExternalMedia`, `StopExternalMedia` (VoIPBIN 3.5).

RTP over UDP, AudioSocket over TCP, and samples, packets or frames over a websocket.
"""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

from dialplane.domain.errors import Invalid, Unavailable
from dialplane.domain.ids import CallId
from dialplane.domain.programs.commands import Done, Failed, Result, StartExternalMedia
from dialplane.domain.programs.media_streams import why_not_carried
from dialplane.streams.audiosocket import introduction
from dialplane.streams.encapsulation import AudioSocket, Encapsulation, Rtp, Samples
from dialplane.voice.leg import Leg
from dialplane.voice.streaming.audio_pipe import AudioPipe, Link, Wanted
from dialplane.voice.streaming.links import TcpLink, UdpLink, WebsocketLink
from dialplane.voice.streaming.sockets import Sockets

MOST_OF_A_CALL = 5
CONNECT_S = 10.0
_LOWEST_PORT = 1024


@dataclass(frozen=True, slots=True)
class ExternalMedia:
    """The exchanges of a node's calls with hosts outside."""

    sockets: Sockets
    _live: dict[CallId, set[AudioPipe]] = field(default_factory=dict)

    async def start(self, leg: Leg, command: StartExternalMedia) -> Result:
        """Goes on as soon as the host is reached. Raises Invalid and Unavailable where it is not."""
        fault = why_not_carried(command.encapsulation, command.transport, command.format, command.transport_data)
        if fault:
            return Failed(fault)
        media = await leg.media_ready()
        pipes = self._live.setdefault(leg.call.id, set())
        if len(pipes) == MOST_OF_A_CALL:
            return Failed(f"the call has {MOST_OF_A_CALL} external media already")
        pipe = AudioPipe(leg, media, _encapsulation(command), Wanted(command.listen, command.speak))
        pipes.add(pipe)
        try:
            link = await self._open(leg, command)
        except BaseException:
            self._forget(leg.call.id, pipe)
            raise
        leg.keep(self._carry(leg.call.id, pipe, link))
        return Done()

    async def stop(self, leg: Leg) -> Done:
        for pipe in self._live.pop(leg.call.id, set()):
            pipe.end()
        return Done()

    async def _carry(self, call_id: CallId, pipe: AudioPipe, link: Link) -> None:
        try:
            await pipe.run(link)
        finally:
            self._forget(call_id, pipe)

    def _forget(self, call_id: CallId, pipe: AudioPipe) -> None:
        pipes = self._live.get(call_id, set())
        pipes.discard(pipe)
        if not pipes:
            self._live.pop(call_id, None)

    async def _open(self, leg: Leg, command: StartExternalMedia) -> Link:
        if command.transport == "websocket":
            link: Link = WebsocketLink(await self.sockets.open_websocket(command.host, {}, timeout_s=CONNECT_S))
        else:
            host, port = _split(command.host)
            address = await self.sockets.find_address(host)
            link = await _connect(address, port, over_tcp=command.transport == "tcp")
        if command.encapsulation == "audiosocket":
            await link.send(introduction(_read_id(command.data) or leg.call.id))
        return link


async def _connect(address: str, port: int, *, over_tcp: bool) -> Link:
    try:
        async with asyncio.timeout(CONNECT_S):
            if over_tcp:
                return TcpLink(*await asyncio.open_connection(address, port))
            return await UdpLink.open(address, port)
    except OSError as fault:
        raise Unavailable("the host does not answer") from fault


def _encapsulation(command: StartExternalMedia) -> Encapsulation:
    match command.encapsulation:
        case "rtp":
            return Rtp(command.format)
        case "audiosocket":
            return AudioSocket()
        case "none":
            return Samples(command.format)


def _split(host: str) -> tuple[str, int]:
    name, colon, port = host.rpartition(":")
    if not colon or not name or not port.isdecimal() or not _LOWEST_PORT <= int(port) <= 65535:
        raise Invalid("external_host is host:port, with a port from 1024 to 65535", field="external_host")
    return name.strip("[]"), int(port)


def _read_id(text: str) -> UUID | None:
    """AudioSocket's peer knows the call by the id that the program gave in `data`."""
    try:
        return UUID(text)
    except ValueError:
        return None
