"""Speech by espeak-ng: the platform's end of the helper process."""

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass

import numpy as np
import structlog

from dialplane.audio.g711 import Samples
from dialplane.domain.errors import Invalid, Unavailable

LONGEST_SPEECH_S = 300
_TIMEOUT_S = 20.0
"""Five minutes of speech take 0.3 s; whatever takes so long is stuck."""
_LONGEST_LINE = 1 << 20

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Helper:
    process: asyncio.subprocess.Process
    rate_hz: int


class EspeakSynthesizer:
    """Speaks one text at a time. The helper is started when it is first needed and again whenever it has died."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._helper: _Helper | None = None

    async def start(self) -> None:
        """Start the helper now. Raises Unavailable where it cannot be."""
        async with self._turn:
            await self._running()

    async def speak(self, text: str, *, voice: str, ssml: bool) -> tuple[Samples, int]:
        """Samples and their rate in Hz. Raises Invalid (`voice_id`) or Unavailable."""
        request = {"voice": voice, "text": text, "ssml": ssml, "longest_s": LONGEST_SPEECH_S}
        async with self._turn:
            for attempt in (1, 2):  # a helper that died between two calls is noticed only by talking to it
                helper = await self._running()
                try:
                    async with asyncio.timeout(_TIMEOUT_S):
                        head, body = await _ask(helper.process, request)
                    break
                except (OSError, EOFError, TimeoutError, ValueError) as error:
                    log.warning("speech_helper_failed", attempt=attempt, error=repr(error))
                    await self._end()
                except asyncio.CancelledError:
                    await self._end()  # its answer would be taken for the next one's
                    raise
            else:
                raise Unavailable("speech synthesis does not work")
        if head["error"]:
            raise Invalid(str(head["error"]), field="voice_id")
        return np.frombuffer(body, dtype="<i2").astype(np.int16), helper.rate_hz

    async def close(self) -> None:
        """End the helper. Safe to call twice."""
        async with self._turn:
            await self._end()

    async def _running(self) -> _Helper:
        if self._helper is None or self._helper.process.returncode is not None:
            self._helper = await _start()
        return self._helper

    async def _end(self) -> None:
        helper, self._helper = self._helper, None
        if helper is not None:
            await _kill(helper.process)


async def _start() -> _Helper:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "dialplane.adapters.speech.espeak_helper",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            greeting = json.loads(await process.stdout.readline())
    except (TimeoutError, ValueError) as error:
        await _kill(process)
        raise Unavailable("speech synthesis does not start") from error
    except asyncio.CancelledError:
        await _kill(process)
        raise
    return _Helper(process, greeting["rate_hz"])


async def _ask(process: asyncio.subprocess.Process, request: dict[str, object]) -> tuple[dict[str, object], bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(request).encode() + b"\n")
    await process.stdin.drain()
    line = await process.stdout.readline()
    head = json.loads(line)
    return head, await process.stdout.readexactly(head["octets"])


async def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
    if process.stdin is not None:
        process.stdin.close()
