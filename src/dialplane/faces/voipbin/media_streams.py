"""`/v1.0/calls/{id}/media_stream`: a live call's audio over a websocket, in binary messages of 20 ms (reference 4.3).

`encapsulation` is `rtp` (mu-law), `sln` (linear, 16 bit, little-endian) or `audiosocket`. Beyond the peer: `listen` and
`speak` (`in`, `out`, `both`; seen from the party) say what is heard and where what is sent goes; without them the
client hears the party and speaks to it.
"""

import asyncio
from uuid import UUID

from litestar import Router, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromPath

from dialplane.domain.errors import Invalid, NotPermitted, Refusal, Unavailable
from dialplane.domain.ids import CallId
from dialplane.faces.voipbin.denial import deny
from dialplane.faces.voipbin.request import ApiSocket
from dialplane.services.media_streams import AudioConnection, open_media_stream, read_wish
from dialplane.streams.blocks import LARGEST

CHECK_EVERY_S = 0.5
"""API-4: a revoked credential stops within a second."""


@websocket("/{call_id:str}/media_stream")
async def stream_media(socket: ApiSocket, call_id: FromPath[str]) -> None:
    try:
        audio = await _open(socket, call_id)
    except Refusal as refusal:
        await deny(socket.scope, socket.send, refusal)
        return
    waits: list[asyncio.Task[None]] = []
    try:
        await socket.accept()
        waits = [asyncio.create_task(each) for each in (_take(socket, audio), _give(socket, audio), _watch(socket))]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await audio.close()
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
    if socket.connection_state != "disconnect":
        await socket.close()


async def _open(socket: ApiSocket, call_id: str) -> AudioConnection:
    if not socket.user.is_manager:
        raise NotPermitted("This needs the permission of a manager or an admin")
    try:
        wanted = CallId(UUID(call_id))
    except ValueError:
        raise Invalid("The call's id is no UUID", reason="INVALID_ID", field="call_id") from None
    ports = socket.ports
    return await open_media_stream(
        ports.database,
        ports.gates,
        ports.signer,
        socket.user.account_id,
        wanted,
        read_wish(dict(socket.query_params)),
        ports.clock(),
    )


async def _take(socket: ApiSocket, audio: AudioConnection) -> None:
    """From the client to the call. What is longer than a message can be is cut off."""
    try:
        while True:
            message = await socket.receive_data("binary")
            if message:
                await audio.send(message[:LARGEST])
    except (WebSocketDisconnect, OSError):
        return


async def _give(socket: ApiSocket, audio: AudioConnection) -> None:
    """From the call to the client, until either is gone."""
    try:
        while (message := await audio.receive()) is not None:
            await socket.send_data(message, "binary")
    except OSError:
        return


async def _watch(socket: ApiSocket) -> None:
    """Returns when the credential is not good any more. A store that is away is no reason to part (AV-3)."""
    while True:
        await asyncio.sleep(CHECK_EVERY_S)
        try:
            await socket.check_credential()
        except Unavailable:
            continue
        except Refusal:
            return


router = Router("/calls", route_handlers=[stream_media])
