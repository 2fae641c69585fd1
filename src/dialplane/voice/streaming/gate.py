"""Where a node gives the audio of its calls and rooms to the API, for the customer
(`services/calling/media_streams.py`), and takes the SIP of browsers from it (`services/calling/sip_sockets.py`).

One connection is one exchange: the pass, a word of welcome or refusal, then audio both ways, message by message.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any

import structlog

from dialplane.domain.errors import NotFound, Refusal
from dialplane.domain.ids import CallId
from dialplane.services.calling.media_streams import WELCOME, Gate, StreamWish, read_pass
from dialplane.services.calling.sip_sockets import read_socket_pass
from dialplane.services.identity.authentication import TokenSigner
from dialplane.streams.encapsulation import AudioSocket, Encapsulation, Rtp, Samples
from dialplane.voice.leg import Leg
from dialplane.voice.rooms.room_lines import RoomLines
from dialplane.voice.streaming.audio_pipe import AudioPipe, Wanted
from dialplane.voice.streaming.blocks import BlockLink
from dialplane.voice.useragent.sip_sockets import SipSockets

PASS_S = 5.0
"""How long a stranger may take to show its pass."""
MOST_AT_ONCE = 5_000

log = structlog.get_logger()


class AudioGate:
    """Listens from `start` to `close`. Safe to close twice."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        signer: TokenSigner,
        live: Mapping[CallId, Leg],
        sip: SipSockets,
        lines: Callable[[], RoomLines],
        now: Callable[[], datetime],
        spawn: Callable[[Coroutine[Any, Any, Any]], None],
    ) -> None:
        self._host = host
        self._port = port
        self._signer = signer
        self._live = live
        self._sip = sip
        self._lines = lines
        self._now = now
        self._spawn = spawn
        self._server: asyncio.Server | None = None
        self._open = 0

    async def start(self) -> Gate:
        """Where it listens. Raises OSError where the address is taken."""
        self._server = await asyncio.start_server(self._accept, self._host, self._port)
        host, port = self._server.sockets[0].getsockname()[:2]
        return Gate(host, port)

    async def close(self) -> None:
        """No new ones; those that are open for audio end with their calls, those of browsers now."""
        if self._server is not None:
            self._server.close()
        await self._sip.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open == MOST_AT_ONCE:
            writer.close()
            return
        self._spawn(self._serve(BlockLink(reader, writer)))

    async def _serve(self, link: BlockLink) -> None:
        self._open += 1
        try:
            async with asyncio.timeout(PASS_S):
                token = await link.receive()
            if token is not None:
                await self._let_in(link, token)
        except Refusal as refusal:
            log.info("audio_refused", reason=refusal.message)
            await link.send(refusal.message.encode()[:200])
        except OSError:  # a stranger who says nothing, or has gone
            pass
        finally:
            self._open -= 1
            await link.close()

    async def _let_in(self, link: BlockLink, token: bytes) -> None:
        text, now = token.decode("ascii", "replace"), self._now()
        browser = read_socket_pass(self._signer, text, now)
        if browser is not None:
            await self._sip.serve(link, browser)
            return
        source, wish = read_pass(self._signer, text, now)
        if source.kind == "conference":
            async with self._lines().open(source.id) as line:
                await self._carry(link, AudioPipe(line, line.media, _encapsulation(wish), Wanted("in", "out")))
            return
        leg = self._live.get(CallId(source.id))
        if leg is None or not leg.is_answered:
            raise NotFound("The call is not going on here")
        media = await leg.media_ready()
        await self._carry(link, AudioPipe(leg, media, _encapsulation(wish), Wanted(wish.listen, wish.speak)))

    async def _carry(self, link: BlockLink, pipe: AudioPipe) -> None:
        await link.send(WELCOME)
        await pipe.run(link)


def _encapsulation(wish: StreamWish) -> Encapsulation:
    match wish.encapsulation:
        case "rtp":
            return Rtp("ulaw")
        case "sln":
            return Samples("slin")
        case "audiosocket":
            return AudioSocket()
