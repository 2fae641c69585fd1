"""The API's side of a voice node's gate (`voice/streaming/gate.py`)."""

import asyncio

from dialplane.domain.errors import Conflict, Unavailable
from dialplane.services.calling.media_streams import WELCOME, Gate
from dialplane.voice.streaming.blocks import BlockLink

CONNECT_S = 3.0


class NodeGates:
    """Fulfils `services.calling.media_streams.Gates`."""

    async def open(self, gate: Gate, token: str) -> BlockLink:
        try:
            async with asyncio.timeout(CONNECT_S):
                link = BlockLink(*await asyncio.open_connection(gate.host, gate.port))
                await link.send(token.encode())
                answer = await link.receive()
        except OSError as fault:
            raise Unavailable("The node that carries the call does not answer") from fault
        if answer != WELCOME:
            await link.close()
            raise Conflict((answer or b"The call has ended").decode(), reason="CALL_STATE_INVALID")
        return link
