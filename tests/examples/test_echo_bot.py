"""The example bot: as a machine by itself, and on a real call; its README as pasted."""

import asyncio
import contextlib
import importlib.util
import os
import re
import shutil
import signal
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from dialplane.audio.g711 import decode_ulaw, encode_ulaw
from dialplane.audio.listening import judge
from dialplane.domain.numbering.targets import DocumentTarget
from tests.effort import PATIENCE_S
from tests.platform.running import running
from tests.ports import free_port
from tests.voice.documents import document_number
from tests.voice.platform import VoiceNode
from tests.voice.test_streams_on_calls import loud, pitch, speak, tone

FOLDER = Path(__file__).parents[2] / "examples" / "echo_bot"
NUMBER = "+12025550143"
LOUD, QUIET = encode_ulaw(np.full(160, 6_000, dtype=np.int16)), b"\xff" * 160


def load() -> Any:
    spec = importlib.util.spec_from_file_location("echo_bot", FOLDER / "bot.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BOT = load()


class Platform:
    """What the bot has said."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.bot = BOT.Bot(self._keep)

    async def _keep(self, message: dict[str, Any]) -> None:
        self.told.append(message)

    async def hear(self, frame: bytes, times: int) -> None:
        for _ in range(times):
            payload = b64encode(frame).decode()
            await self.bot.take({"event": "media", "media": {"track": "inbound", "payload": payload}})

    @property
    def events(self) -> list[str]:
        return [str(message["event"]) for message in self.told]


async def test_bot_says_what_it_heard_after_a_pause() -> None:
    platform = Platform()
    await platform.hear(QUIET, 20)
    await platform.hear(LOUD, 50)
    await platform.hear(QUIET, BOT.ENDS_AFTER - 1)
    assert platform.told == []
    await platform.hear(QUIET, 1)

    assert platform.events == ["media", "mark"]
    assert b64decode(platform.told[0]["media"]["payload"]) == LOUD * 50


async def test_bot_that_is_interrupted_clears_and_listens() -> None:
    platform = Platform()
    await platform.hear(LOUD, 50)
    await platform.hear(QUIET, BOT.ENDS_AFTER)
    await platform.hear(LOUD, 10)
    await platform.hear(QUIET, BOT.ENDS_AFTER)

    assert platform.events == ["media", "mark", "clear", "media", "mark"]
    assert b64decode(platform.told[3]["media"]["payload"]) == LOUD * 10


async def test_speech_after_the_answer_was_heard_interrupts_nobody() -> None:
    platform = Platform()
    await platform.hear(LOUD, 50)
    await platform.hear(QUIET, BOT.ENDS_AFTER)
    await platform.bot.take({"event": "mark", "mark": platform.told[1]["mark"]})
    await platform.hear(LOUD, 10)

    assert platform.events == ["media", "mark"]


async def test_click_is_no_speech() -> None:
    platform = Platform()
    await platform.hear(LOUD, BOT.BEGINS_AFTER - 1)
    await platform.hear(QUIET, 100)

    assert platform.told == []


def test_bots_own_mu_law_is_that_of_the_standard() -> None:
    samples = np.arange(-32_000, 32_000, 37, dtype=np.int16)

    mine = decode_ulaw(bytes(BOT.to_ulaw(int(sample)) for sample in samples)).astype(int)

    assert np.abs(mine - decode_ulaw(encode_ulaw(samples)).astype(int)).max() <= 1_024
    assert BOT.loudness(LOUD) == pytest.approx(6_000, rel=0.05)


async def test_caller_hears_itself_after_a_pause_and_can_interrupt(node: VoiceNode, tmp_path: Path) -> None:
    runner = web.AppRunner(BOT.application(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    await document_number(
        node, NUMBER, DocumentTarget(f"http://127.0.0.1:{runner.addresses[0][1]}/voice", method="GET")
    )
    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, NUMBER)
        assert await call.wait_answered()
        await call.media.start_recording(tmp_path / "heard.wav", tracks="heard")
        await speak(call, tone(400, 2.0), tmp_path)
        await speak(call, b"\xff" * 8_000, tmp_path)  # the pause, in which the bot begins to answer
        await speak(call, tone(600, 0.5), tmp_path)
        await speak(call, b"\xff" * 12_000, tmp_path)
        call.hang_up()
        await call.ended.wait()
    await runner.cleanup()

    heard = np.frombuffer((tmp_path / "heard.wav").read_bytes()[44:], dtype="<i2")
    frames = [each for each in np.array_split(heard, len(heard) // 800) if len(loud(each)) > 400]
    pitches = [pitch(each) for each in frames]
    first = sum(abs(each - 400) < 30 for each in pitches) / 10
    second = sum(abs(each - 600) < 30 for each in pitches) / 10
    assert 0.1 <= first < 1.6  # seconds: of the two that were said, the rest was cleared
    assert 0.3 <= second <= 0.7


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
async def test_readme_works_as_pasted(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    (tmp_path / "examples").symlink_to(FOLDER.parent)
    port = str(free_port())
    pasted = "\n".join(re.findall(r"^```sh\n(.*?)^```$", (FOLDER / "README.md").read_text(), re.MULTILINE | re.DOTALL))
    pasted = pasted.replace("bot.py", f"bot.py --port {port}").replace("8765", port)

    async with running(tmp_path / "var"):
        shell = await asyncio.create_subprocess_exec(
            "bash", "-ec", pasted, cwd=tmp_path, start_new_session=True, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(100):
                status = await shell.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)

    assert status == 0
    heard = np.frombuffer((tmp_path / "var" / "bot.wav").read_bytes()[44:], dtype="<i2")
    assert judge(heard).sounding_ms > 300
    assert abs(pitch(loud(heard)) - 880) < 20
