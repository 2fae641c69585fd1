"""`/v1.0/calls/{id}/media_stream` and `/v1.0/conferences/{id}/media_stream`: live audio over a websocket, in binary
messages of 20 ms (reference 4.3, 6.1).

`encapsulation` is `rtp` (mu-law), `sln` (linear, 16 bit, little-endian) or `audiosocket`. Beyond the peer: `listen` and
`speak` (`in`, `out`, `both`; seen from the party) say what is heard and where what is sent goes; without them the
client hears the party and speaks to it. In a conference it hears all, and all hear it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from litestar import Router, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromPath

from dialplane.domain.errors import Invalid, NotPermitted, Refusal, Unavailable
from dialplane.domain.ids import AccountId, CallId, ConferenceId, find_uuid
from dialplane.faces.voipbin.denial import deny
from dialplane.faces.voipbin.request import ApiSocket
from dialplane.services.calling.media_streams import (
    AudioConnection,
    Gates,
    StreamWish,
    open_conference_stream,
    open_media_stream,
    read_wish,
)
from dialplane.services.identity.authentication import TokenSigner
from dialplane.services.transaction import Database
from dialplane.streams.blocks import LARGEST

CHECK_EVERY_S = 0.5
"""API-4: a revoked credential stops within a second."""


@websocket("/calls/{call_id:str}/media_stream")
async def stream_call(socket: ApiSocket, call_id: FromPath[str]) -> None:
    async def open_audio() -> AudioConnection:
        return await open_media_stream(*_asked(socket), CallId(_id(call_id, "call_id")), *_how(socket))

    await _stream(socket, open_audio)


@websocket("/conferences/{conference_id:str}/media_stream")
async def stream_conference(socket: ApiSocket, conference_id: FromPath[str]) -> None:
    async def open_audio() -> AudioConnection:
        wanted = ConferenceId(_id(conference_id, "conference_id"))
        return await open_conference_stream(*_asked(socket), wanted, *_how(socket))

    await _stream(socket, open_audio)


def _asked(socket: ApiSocket) -> tuple[Database, Gates, TokenSigner, AccountId]:
    """By whom, and what it takes."""
    if not socket.user.is_manager:
        raise NotPermitted("This needs the permission of a manager or an admin")
    ports = socket.ports
    return ports.database, ports.gates, ports.signer, socket.user.account_id


def _how(socket: ApiSocket) -> tuple[StreamWish, datetime]:
    return read_wish(dict(socket.query_params)), socket.ports.clock()


def _id(text: str, field: str) -> UUID:
    found = find_uuid(text)
    if found is None:
        raise Invalid("The id in the path is no UUID", reason="INVALID_ID", field=field)
    return found


async def _stream(socket: ApiSocket, open_audio: Callable[[], Awaitable[AudioConnection]]) -> None:
    try:
        audio = await open_audio()
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


router = Router("/", route_handlers=[stream_call, stream_conference])
