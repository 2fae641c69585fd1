"""A bot in the shape of an AI agent that needs no account: it says again what it heard, and can be interrupted.

Dialplane speaks Twilio's Media Streams protocol, so what stands here is what any voice agent does. Put recognition, a
language model and speech where `answer` is, and the rest can stay.

    python bot.py [--port 8765]

`/voice` is the XML document for a number, `/stream` the websocket that it leads to.
"""

import argparse
import asyncio
import base64
import json
import math
from collections.abc import Awaitable, Callable
from enum import Enum

from aiohttp import WSMsgType, web

FRAME_MS = 20
LOUD = 900
"""Mean magnitude of a frame (16 bit) from which somebody speaks."""
BEGINS_AFTER = 3
"""Loud frames until it counts as speech: a click is none."""
ENDS_AFTER = 30
"""Quiet frames until the caller has finished: 0.6 s."""
LONGEST = 30 * 50
"""Frames that are kept of one turn."""

DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<Response>
  <Connect>
    <Stream url="{url}"><Parameter name="greeting" value="beep"/></Stream>
  </Connect>
  <Say>The bot has gone. Goodbye.</Say>
</Response>
"""

Send = Callable[[dict[str, object]], Awaitable[None]]


class Turn(Enum):
    """Whose turn it is."""

    NOBODY = "nobody"
    CALLER = "caller"
    BOT = "bot"


class Bot:
    """One call. Fed the platform's messages; `send` takes them back."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._turn = Turn.NOBODY
        self._heard: list[bytes] = []
        self._loud = 0
        self._quiet = 0
        self._answers = 0
        self._stream_sid = ""

    async def take(self, message: dict[str, object]) -> None:
        """One message of the platform. Those that mean nothing to the bot are passed over."""
        match message:
            case {"event": "start", "streamSid": str(sid), "start": {"customParameters": dict(parameters)}}:
                self._stream_sid = sid
                if parameters.get("greeting") == "beep":
                    await self._say(beep())
            case {"event": "media", "media": {"track": "inbound", "payload": str(payload)}}:
                await self._hear(base64.b64decode(payload))
            case {"event": "dtmf"}:
                await self._say(beep())
            case {"event": "mark", "mark": {"name": str(name)}} if name == f"answer {self._answers}":
                if self._turn is Turn.BOT:
                    self._turn = Turn.NOBODY

    async def _hear(self, frame: bytes) -> None:
        is_loud = loudness(frame) >= LOUD
        self._loud = self._loud + 1 if is_loud else 0
        self._quiet = 0 if is_loud else self._quiet + 1
        self._heard = [*self._heard, frame][-LONGEST:]
        if self._turn is not Turn.CALLER:
            self._heard = self._heard[-BEGINS_AFTER:]
            if self._loud >= BEGINS_AFTER:
                await self._begin()
        elif self._quiet >= ENDS_AFTER:
            await self._say(answer(b"".join(self._heard[:-ENDS_AFTER])))

    async def _begin(self) -> None:
        """The caller speaks. Who is interrupted stops at once: what waits on the platform's side is dropped."""
        if self._turn is Turn.BOT:
            await self._tell("clear")
        self._turn = Turn.CALLER

    async def _say(self, ulaw: bytes) -> None:
        self._turn = Turn.BOT
        self._heard = []
        self._answers += 1
        await self._tell("media", media={"payload": base64.b64encode(ulaw).decode()})
        await self._tell("mark", mark={"name": f"answer {self._answers}"})  # comes back when the caller has heard it

    async def _tell(self, event: str, **facts: object) -> None:
        await self._send({"event": event, "streamSid": self._stream_sid, **facts})


def answer(heard: bytes) -> bytes:
    """What the bot has to say to what it heard. An agent would understand it first."""
    return heard


def beep() -> bytes:
    """A fifth of a second, 880 Hz."""
    return bytes(to_ulaw(round(8_000 * math.sin(2 * math.pi * 880 * n / 8_000))) for n in range(1_600))


def loudness(ulaw: bytes) -> float:
    return sum(_MAGNITUDES[octet] for octet in ulaw) / max(len(ulaw), 1)


def to_ulaw(sample: int) -> int:
    """ITU-T G.711, 16 bit to mu-law."""
    magnitude = min(abs(sample) + 132, 32_767)
    exponent = magnitude.bit_length() - 8
    code = exponent << 4 | magnitude >> exponent + 3 & 0x0F
    return ~(code | (0x80 if sample < 0 else 0)) & 0xFF


_MAGNITUDES = [(((code & 0x0F) << 3) + 132 << (code >> 4 & 0x07)) - 132 for code in (~octet for octet in range(256))]
"""Of each mu-law octet, 16 bit."""


async def show_document(request: web.Request) -> web.Response:
    return web.Response(text=DOCUMENT.format(url=f"ws://{request.host}/stream"), content_type="text/xml")


async def serve_stream(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    bot = Bot(socket.send_json)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await bot.take(json.loads(message.data))
    return socket


def application() -> web.Application:
    app = web.Application()
    app.router.add_route("*", "/voice", show_document)
    app.router.add_get("/stream", serve_stream)
    return app


async def main(port: int) -> None:
    runner = web.AppRunner(application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(f"document: http://127.0.0.1:{port}/voice  stream: ws://127.0.0.1:{port}/stream", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--port", type=int, default=8765)
    asyncio.run(main(arguments.parse_args().port))
